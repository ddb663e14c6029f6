//! Counts with a mean that is the exponential of the score.

use super::{Objective, Targets, check_labels, pointwise};
use crate::GbdtError;

/// Minus the logarithm of the likelihood of Poisson counts, exp(score) - label x score: predictions are exp(score).
///
/// The second derivative is taken exp(`max_delta_step`) times too large, so that steps are not too long.
#[derive(Clone, Copy, Debug)]
pub struct Poisson {
    /// How far second derivatives are raised, from 0 on.
    pub max_delta_step: f64,
}

impl Default for Poisson {
    fn default() -> Self {
        Self { max_delta_step: 0.7 }
    }
}

impl Objective for Poisson {
    fn name(&self) -> String {
        "poisson".to_owned()
    }

    /// Labels are 0 or more, and some are above 0.
    fn check(&self, targets: Targets<'_>) -> Result<(), GbdtError> {
        check_labels(targets, "poisson", "0 or more", |label| label >= 0.0)?;
        let is_in_range = self.max_delta_step >= 0.0 && self.max_delta_step.is_finite();
        if !is_in_range {
            let (setting, value) = ("max_delta_step", self.max_delta_step);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "0 or more, and finite" });
        }
        match targets.labels.iter().all(|&label| label == 0.0) && !targets.labels.is_empty() {
            true => Err(GbdtError::OneLabel { objective: "poisson", value: 0.0 }),
            false => Ok(()),
        }
    }

    fn initial_score(&self, targets: Targets<'_>, _output: usize) -> f64 {
        let mean = targets.mean();
        if mean > 0.0 { mean.ln() } else { 0.0 }
    }

    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool {
        let raised = self.max_delta_step.exp();
        pointwise(scores, targets, gradients, hessians, |score, label| {
            let mean = score.exp();
            [mean - label, mean * raised]
        });
        false
    }
}
