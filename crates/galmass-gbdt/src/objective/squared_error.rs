//! Half the squared difference.

use super::{Objective, Targets, pointwise};

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
        for ((gradient, &score), &label) in gradients.iter_mut().zip(scores).zip(targets.labels) {
            *gradient = (score - f64::from(label)) as f32;
        }
        true
    }
}
