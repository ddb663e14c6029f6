//! Two classes.

use super::{Objective, Targets, check_labels, pointwise};
use crate::GbdtError;
use crate::splitting::TINY;

/// Minus the logarithm of the likelihood of two classes: labels are 1 or 0, and predictions are the probability of 1,
/// 1 / (1 + exp(-`sigmoid` x score)).
#[derive(Clone, Copy, Debug)]
pub struct Logistic {
    /// How steep the probability is in the score, above 0.
    pub sigmoid: f64,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { sigmoid: 1.0 }
    }
}

impl Logistic {
    /// The share of rows of the class, by weight.
    fn share(targets: Targets<'_>) -> f64 {
        targets.mean_of(|label| if label > 0.0 { 1.0 } else { 0.0 })
    }
}

impl Objective for Logistic {
    fn name(&self) -> String {
        format!("binary sigmoid:{}", self.sigmoid)
    }

    /// Labels are 0 or 1.
    fn check(&self, targets: Targets<'_>) -> Result<(), GbdtError> {
        if self.sigmoid > 0.0 && self.sigmoid.is_finite() {
            return check_labels(targets, "binary", "0 or 1", |label| label == 0.0 || label == 1.0);
        }
        let (setting, value) = ("sigmoid", self.sigmoid);
        Err(GbdtError::OutOfRange { setting, value, allowed: "above 0, and finite" })
    }

    /// Not where all rows are of one class.
    fn needs_trees(&self, targets: Targets<'_>, _output: usize) -> bool {
        let n_above = targets.labels.iter().filter(|&&label| label > 0.0).count();
        n_above > 0 && n_above < targets.labels.len()
    }

    fn initial_score(&self, targets: Targets<'_>, _output: usize) -> f64 {
        if targets.labels.is_empty() {
            return 0.0;
        }
        let share = Self::share(targets).clamp(TINY, 1.0 - TINY);
        (share / (1.0 - share)).ln() / self.sigmoid
    }

    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool {
        let sigmoid = self.sigmoid;
        pointwise(scores, targets, gradients, hessians, |score, label| {
            let sign = if label > 0.0 { 1.0 } else { -1.0 };
            let response = -sign * sigmoid / (1.0 + (sign * sigmoid * score).exp());
            [response, response.abs() * (sigmoid - response.abs())]
        });
        false
    }
}
