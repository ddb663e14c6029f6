//! What a booster makes small.

mod absolute_error;
mod huber;
mod logistic;
mod percentile;
mod poisson;
mod quantile;
mod softmax;
mod squared_error;

pub use absolute_error::AbsoluteError;
pub use huber::Huber;
pub use logistic::Logistic;
pub use poisson::Poisson;
pub use quantile::Quantile;
use rayon::prelude::*;
pub use softmax::Softmax;
pub use squared_error::SquaredError;

use crate::{GbdtError, Link};

/// Rows below which one thread is faster than several.
const WORTH_SHARING: usize = 1 << 13;

/// What is to be predicted, and how much each row counts.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a> {
    /// The labels, rounded to single precision as LightGBM does.
    pub labels: &'a [f32],
    /// The weights of the rows; 1 where there are none.
    pub weights: Option<&'a [f32]>,
}

impl Targets<'_> {
    /// The weight of a row.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| f64::from(weights[row]))
    }

    /// The weighted mean of the labels; 0 where there are none.
    pub fn mean(&self) -> f64 {
        self.mean_of(f64::from)
    }

    /// The weighted mean of something of the labels; 0 where there are none.
    pub fn mean_of(&self, of: impl Fn(f32) -> f64) -> f64 {
        if self.labels.is_empty() {
            return 0.0;
        }
        match self.weights {
            None => self.labels.iter().fold(0.0, |sum, &label| sum + of(label)) / self.labels.len() as f64,
            Some(weights) => {
                let (mut sum, mut total) = (0.0, 0.0);
                for (&label, &weight) in self.labels.iter().zip(weights) {
                    sum += of(label) * f64::from(weight);
                    total += f64::from(weight);
                }
                sum / total
            }
        }
    }
}

/// A loss, by its slopes. Implement it for a loss of your own; [`pointwise`] helps where that of a row depends on
/// its own score alone.
///
/// # Examples
/// The logarithm of the hyperbolic cosine, between squared and absolute error:
/// ```
/// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset, Objective, Targets, pointwise};
/// use ndarray::Array2;
///
/// struct LogCosh;
///
/// impl Objective for LogCosh {
///     fn name(&self) -> String {
///         "log_cosh".to_owned()
///     }
///
///     fn initial_score(&self, targets: Targets<'_>, _: usize) -> f64 {
///         targets.mean()
///     }
///
///     fn slopes(&self, scores: &[f64], targets: Targets<'_>, gradients: &mut [f32], hessians: &mut [f32]) -> bool {
///         pointwise(scores, targets, gradients, hessians, |score, label| {
///             let slope = (score - label).tanh();
///             [slope, 1.0 - slope * slope]
///         });
///         false
///     }
/// }
///
/// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
/// let labels: Vec<f64> = (0..100).map(|row| if row < 50 { 1.0 } else { 3.0 }).collect();
/// let dataset = Dataset::new(table.view(), &BinningConfig::default())?;
/// let booster = Booster::train_for(&LogCosh, &BoosterConfig::default(), &dataset, &labels)?;
/// assert!((booster.predict_row(&[10.0]) - 1.0).abs() < 0.01);
/// assert!((booster.predict_row(&[80.0]) - 3.0).abs() < 0.01);
/// # Ok::<(), galmass_gbdt::GbdtError>(())
/// ```
pub trait Objective: Sync {
    /// The name by which the text of a model knows it, with what it takes to turn scores into predictions.
    fn name(&self) -> String;

    /// The number of scores of a row: as many trees are grown in a round. The scores of all rows for the first output
    /// come first, and so do slopes.
    fn n_outputs(&self) -> usize {
        1
    }

    /// Refuses labels that it makes no sense for.
    ///
    /// # Errors
    /// Its own choice; [`GbdtError::LabelOutOfRange`] is meant for it.
    fn check(&self, _targets: Targets<'_>) -> Result<(), GbdtError> {
        Ok(())
    }

    /// Whether trees are to be grown for an output at all: not where its initial value can not be bettered.
    fn needs_trees(&self, _targets: Targets<'_>, _output: usize) -> bool {
        true
    }

    /// The score that all rows begin with.
    fn initial_score(&self, targets: Targets<'_>, output: usize) -> f64;

    /// Fills the first derivatives of the loss of each row with respect to its scores, and the second, both times the
    /// weight of the row; returns whether all second derivatives are 1, in which case they need not be filled.
    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool;

    /// Whether it knows the values of leaves better than the slopes do: [`Objective::leaf_value`].
    fn renews_leaves(&self) -> bool {
        false
    }

    /// The best value for a leaf with these rows, if it renews leaves.
    fn leaf_value(&self, _rows: &[u32], _scores: &[f64], _targets: Targets<'_>) -> f64 {
        0.0
    }

    /// What turns scores into predictions, for metrics: by default as its name says.
    fn link(&self) -> Link {
        Link::of(&self.name())
    }
}

/// Fills the slopes of a loss that depends, for each row, on its score and its label alone. `slopes` gives the first and
/// the second derivative from the two, without weights.
pub fn pointwise(
    scores: &[f64],
    targets: Targets<'_>,
    gradients: &mut [f32],
    hessians: &mut [f32],
    slopes: impl Fn(f64, f64) -> [f64; 2] + Sync,
) {
    let fill = |first: usize, gradients: &mut [f32], hessians: &mut [f32]| {
        let rows = first..first + gradients.len();
        let weights = targets.weights.map(|weights| &weights[rows.clone()]);
        let pairs = scores[rows.clone()].iter().zip(&targets.labels[rows]);
        for (index, (&score, &label)) in pairs.enumerate() {
            let mut slopes = slopes(score, f64::from(label));
            if let Some(weights) = weights {
                slopes = slopes.map(|slope| slope * f64::from(weights[index]));
            }
            [gradients[index], hessians[index]] = slopes.map(|slope| slope as f32);
        }
    };
    if scores.len() < WORTH_SHARING || rayon::current_num_threads() == 1 {
        return fill(0, gradients, hessians);
    }
    let chunks = gradients.par_chunks_mut(WORTH_SHARING).zip(hessians.par_chunks_mut(WORTH_SHARING));
    chunks
        .enumerate()
        .for_each(|(chunk, (gradients, hessians))| fill(chunk * WORTH_SHARING, gradients, hessians));
}

/// The label that is out of a range, as an error.
fn check_labels(
    targets: Targets<'_>,
    objective: &'static str,
    allowed: &'static str,
    is_allowed: impl Fn(f32) -> bool,
) -> Result<(), GbdtError> {
    match targets.labels.iter().position(|&label| !is_allowed(label)) {
        None => Ok(()),
        Some(row) => {
            let value = f64::from(targets.labels[row]);
            Err(GbdtError::LabelOutOfRange { objective, row, value, allowed })
        }
    }
}
