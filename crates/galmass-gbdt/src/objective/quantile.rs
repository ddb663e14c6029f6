//! The tilted absolute difference.

use super::{Objective, Targets, percentile, pointwise};
use crate::GbdtError;

/// The tilted absolute difference: its mean is least at a quantile of the labels.
///
/// A label above the score costs `alpha` times the difference, one below it (1 - `alpha`) times (Koenker & Bassett 1978).
/// The value of a leaf is the quantile of what its rows leave.
#[derive(Clone, Copy, Debug)]
pub struct Quantile {
    /// The quantile, above 0 and below 1.
    pub alpha: f32,
}

impl Default for Quantile {
    fn default() -> Self {
        Self { alpha: 0.9 }
    }
}

impl Objective for Quantile {
    fn name(&self) -> String {
        "quantile".to_owned()
    }

    fn check(&self, _targets: Targets<'_>) -> Result<(), GbdtError> {
        if self.alpha > 0.0 && self.alpha < 1.0 {
            return Ok(());
        }
        let (setting, value) = ("alpha", f64::from(self.alpha));
        Err(GbdtError::OutOfRange { setting, value, allowed: "above 0 and below 1" })
    }

    fn initial_score(&self, targets: Targets<'_>, _output: usize) -> f64 {
        percentile::of_labels(targets, f64::from(self.alpha))
    }

    fn slopes(
        &self,
        scores: &[f64],
        targets: Targets<'_>,
        gradients: &mut [f32],
        hessians: &mut [f32],
    ) -> bool {
        // In single precision, as LightGBM has it.
        let [below, above] = [1.0 - self.alpha, -self.alpha].map(f64::from);
        pointwise(scores, targets, gradients, hessians, |score, label| {
            let is_below = (score - label) as f32 >= 0.0;
            [if is_below { below } else { above }, 1.0]
        });
        targets.weights.is_none()
    }

    fn renews_leaves(&self) -> bool {
        true
    }

    fn leaf_value(&self, rows: &[u32], scores: &[f64], targets: Targets<'_>) -> f64 {
        percentile::of_leaf(rows, scores, targets, f64::from(self.alpha))
    }
}
