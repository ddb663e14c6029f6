//! Squared for small differences, absolute for large ones.

use super::{Objective, Targets, pointwise};
use crate::GbdtError;

/// Half the squared difference up to `alpha`, and straight on from there: outliers pull with the same force (Huber
/// 1964).
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    /// Where it goes straight on.
    pub alpha: f64,
}

impl Default for Huber {
    fn default() -> Self {
        Self { alpha: 0.9 }
    }
}

impl Objective for Huber {
    fn name(&self) -> String {
        "huber".to_owned()
    }

    fn check(&self, _targets: Targets<'_>) -> Result<(), GbdtError> {
        if self.alpha > 0.0 {
            return Ok(());
        }
        let (setting, value) = ("alpha", self.alpha);
        Err(GbdtError::OutOfRange { setting, value, allowed: "above 0" })
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
        let alpha = self.alpha;
        pointwise(scores, targets, gradients, hessians, |score, label| {
            [(score - label).clamp(-alpha, alpha), 1.0]
        });
        targets.weights.is_none()
    }
}
