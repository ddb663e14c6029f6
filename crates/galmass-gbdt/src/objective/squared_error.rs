//! Half the squared difference.

use rayon::prelude::*;

use super::{Objective, Targets, WORTH_SHARING, pointwise};
use crate::threads;

/// Half the squared difference of score and label: its mean is least at the mean of the labels.
#[derive(Clone, Copy, Debug, Default)]
pub struct SquaredError;

impl Objective for SquaredError {
    fn name(&self) -> String {
        "regression".to_owned()
    }

    fn initial_score(&self, targets: Targets<'_>, _output: usize) -> f64 {
        targets.mean()
    }

    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool {
        if targets.weights.is_some() {
            // Rounded before it is weighted, as in LightGBM.
            pointwise(scores, targets, gradients, hessians, |score, label| {
                [f64::from((score - label) as f32), 1.0]
            });
            return false;
        }
        let fill = |((gradients, scores), labels): ((&mut [f32], &[f64]), &[f32])| {
            for ((gradient, &score), &label) in gradients.iter_mut().zip(scores).zip(labels) {
                *gradient = (score - f64::from(label)) as f32;
            }
        };
        if threads::are_worth(scores.len()) {
            let gradients = gradients.par_chunks_mut(WORTH_SHARING);
            let scores = scores.par_chunks(WORTH_SHARING);
            gradients.zip(scores).zip(targets.labels.par_chunks(WORTH_SHARING)).for_each(fill);
        } else {
            fill(((gradients, scores), targets.labels));
        }
        true
    }
}
