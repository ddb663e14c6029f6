//! Half the squared difference.

use super::Objective;

/// Half the squared difference of score and label: its mean is at the mean of the labels.
#[derive(Clone, Copy, Debug, Default)]
pub struct SquaredError;

impl Objective for SquaredError {
    fn initial_score(&self, labels: &[f32]) -> f64 {
        if labels.is_empty() {
            return 0.0;
        }
        labels.iter().fold(0.0, |sum, &label| sum + f64::from(label)) / labels.len() as f64
    }

    fn slopes(&self, scores: &[f64], labels: &[f32], gradients: &mut [f32], _hessians: &mut [f32]) -> bool {
        for ((gradient, &score), &label) in gradients.iter_mut().zip(scores).zip(labels) {
            *gradient = (score - f64::from(label)) as f32;
        }
        true
    }

    fn name(&self) -> &str {
        "regression"
    }
}
