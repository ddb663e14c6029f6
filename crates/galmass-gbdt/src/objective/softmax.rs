//! Several classes.

use rayon::prelude::*;

use super::{Objective, Targets, check_labels};
use crate::splitting::TINY;
use crate::{GbdtError, Link};

/// Rows that one thread does at a time.
const ROWS: usize = 2048;

/// The most classes.
const MOST: usize = 1 << 16;

/// Minus the logarithm of the likelihood of several classes: labels are 0, 1, ... `n_classes` - 1, each class has a
/// score and a tree a round, and predictions are the probabilities of the classes, exp(score) over the sum of all.
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    /// The number of classes, from 2 to 65536.
    pub n_classes: usize,
}

impl Softmax {
    /// The share of the rows of a class, by weight.
    fn share(targets: Targets<'_>, class: usize) -> f64 {
        targets.mean_of(|label| if label as usize == class { 1.0 } else { 0.0 })
    }
}

impl Objective for Softmax {
    fn name(&self) -> String {
        format!("multiclass num_class:{}", self.n_classes)
    }

    fn n_outputs(&self) -> usize {
        self.n_classes
    }

    fn check(&self, targets: Targets<'_>) -> Result<(), GbdtError> {
        if self.n_classes < 2 || self.n_classes > MOST {
            let (setting, value) = ("n_classes", self.n_classes as f64);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "from 2 to 65536" });
        }
        check_labels(targets, "multiclass", "an integer from 0 on, below the number of classes", |label| {
            label >= 0.0 && label.fract() == 0.0 && (label as usize) < self.n_classes
        })
    }

    /// Not for a class without rows or with all of them.
    fn needs_trees(&self, targets: Targets<'_>, output: usize) -> bool {
        let share = Self::share(targets, output);
        share > TINY && share < 1.0 - TINY
    }

    fn initial_score(&self, targets: Targets<'_>, output: usize) -> f64 {
        Self::share(targets, output).max(TINY).ln()
    }

    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool {
        let (n_rows, n_classes) = (targets.labels.len(), self.n_classes);
        // With K scores for K - 1 probabilities that are free, derivatives are too small (Friedman 2001, section 4.6).
        let factor = n_classes as f64 / (n_classes as f64 - 1.0);
        // The chunks of all classes that are of the same rows, side by side.
        let mut chunks: Vec<Vec<(&mut [f32], &mut [f32])>> =
            (0..n_rows.div_ceil(ROWS)).map(|_| Vec::with_capacity(n_classes)).collect();
        if n_rows > 0 {
            for (gradients, hessians) in gradients.chunks_mut(n_rows).zip(hessians.chunks_mut(n_rows)) {
                let parts = gradients.chunks_mut(ROWS).zip(hessians.chunks_mut(ROWS));
                chunks.iter_mut().zip(parts).for_each(|(chunk, part)| chunk.push(part));
            }
        }
        chunks.par_iter_mut().enumerate().for_each(|(chunk, classes)| {
            let mut of_row = vec![0.0; n_classes];
            for index in 0..ROWS.min(n_rows - chunk * ROWS) {
                let row = chunk * ROWS + index;
                for (class, score) in of_row.iter_mut().enumerate() {
                    *score = scores[class * n_rows + row];
                }
                Link::Softmax.apply(&mut of_row);
                let (label, weight) = (targets.labels[row] as usize, targets.weight(row));
                for (class, (gradients, hessians)) in classes.iter_mut().enumerate() {
                    let p = of_row[class];
                    let gradient = if class == label { p - 1.0 } else { p };
                    gradients[index] = (gradient * weight) as f32;
                    hessians[index] = (factor * p * (1.0 - p) * weight) as f32;
                }
            }
        });
        false
    }
}
