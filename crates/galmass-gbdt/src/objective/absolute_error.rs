//! The absolute difference.

use super::{Objective, Targets, percentile, pointwise};

/// The absolute difference of score and label: its mean is least at the median of the labels.
///
/// The value of a leaf is the median of what its rows leave, as the slopes do not tell how far it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct AbsoluteError;

impl Objective for AbsoluteError {
    fn name(&self) -> String {
        "regression_l1".to_owned()
    }

    fn initial_score(&self, targets: Targets<'_>, _output: usize) -> f64 {
        percentile::of_labels(targets, 0.5)
    }

    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool {
        pointwise(scores, targets, gradients, hessians, |score, label| {
            let difference = score - label;
            [if difference == 0.0 { 0.0 } else { difference.signum() }, 1.0]
        });
        targets.weights.is_none()
    }

    fn renews_leaves(&self) -> bool {
        true
    }

    fn leaf_value(&self, rows: &[u32], scores: &[f64], targets: Targets<'_>) -> f64 {
        percentile::of_leaf(rows, scores, targets, 0.5)
    }
}
