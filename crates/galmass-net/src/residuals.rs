//! How far off predictions of single numbers were.

use galmass_dataset::TargetScaling;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// Quantiles that are kept: those of 0.005, 0.01, ..., 0.995.
const N_KEPT: usize = 199;

/// The distribution of true minus predicted value of one target over the validation part, in standard deviations of the
/// target.
///
/// A network that predicts one number says nothing of its error. How far off it was on galaxies which it has not learnt
/// from does: true value minus prediction lies below the quantile q with probability q, were a new galaxy drawn like those
/// of the validation part (split conformal prediction, Vovk et al. 2005). The interval is as wide for every galaxy, and a
/// little too narrow in as far as the validation part has chosen the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualQuantiles {
    /// Validation samples.
    pub n_samples: usize,
    /// The quantiles of 0.005, 0.01, ..., 0.995.
    pub values: Vec<f64>,
}

impl ResidualQuantiles {
    /// Takes the quantiles of some residuals: of rank q (n + 1), between neighbours linearly (Hyndman & Fan 1996, type 6),
    /// and the outermost residuals beyond them.
    pub(crate) fn of(mut residuals: Vec<f64>) -> Self {
        residuals.sort_unstable_by(f64::total_cmp);
        let n_samples = residuals.len();
        let quantile = |fraction: f64| {
            let rank = (fraction * (n_samples + 1) as f64 - 1.0).clamp(0.0, (n_samples - 1) as f64);
            let below = rank.floor() as usize;
            let above = (below + 1).min(n_samples - 1);
            residuals[below] + (rank - rank.floor()) * (residuals[above] - residuals[below])
        };
        let values = (1..=N_KEPT).map(|kept| quantile(kept as f64 / (N_KEPT + 1) as f64)).collect();
        Self { n_samples, values }
    }

    /// One entry a target, from scaled predictions and truths `[sample, target]`.
    pub(crate) fn of_all(predicted: ArrayView2<'_, f64>, truth: ArrayView2<'_, f32>) -> Vec<Self> {
        let residuals =
            predicted.columns().into_iter().zip(truth.columns()).map(|(predicted, truth)| {
                predicted.iter().zip(truth).map(|(&p, &t)| f64::from(t) - p).collect()
            });
        residuals.map(Self::of).collect()
    }

    /// The value below which the truth lies with probability `fraction`, for a predicted value in the unit of the target.
    ///
    /// Fractions are rounded to the nearest of 0.005, 0.01, ..., 0.995.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::TargetScaling;
    /// use galmass_net::ResidualQuantiles;
    ///
    /// let mass = TargetScaling { name: "log10_mass_msun".into(), mean: 10.0, standard_deviation: 0.5 };
    /// // Residuals spread evenly over -1 to 1 standard deviation.
    /// let values = (1..200).map(|k| -1.0 + f64::from(k) / 100.0).collect();
    /// let residuals = ResidualQuantiles { n_samples: 1000, values };
    /// assert!((residuals.quantile(10.2, 0.84, &mass) - (10.2 + 0.68 * 0.5)).abs() < 1e-12);
    /// ```
    pub fn quantile(&self, predicted: f64, fraction: f64, scaling: &TargetScaling) -> f64 {
        let index = (fraction * (N_KEPT + 1) as f64).round().clamp(1.0, N_KEPT as f64) as usize - 1;
        // A file may hold fewer.
        predicted + scaling.standard_deviation * self.values.get(index).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 to 398 are 399 residuals: q (n + 1) - 1 = 400 q - 1.
    #[test]
    fn ranks_are_those_of_an_exchangeable_galaxy() {
        let residuals = ResidualQuantiles::of((0..399).rev().map(f64::from).collect());
        let unit = TargetScaling { name: "unit".into(), mean: 0.0, standard_deviation: 1.0 };
        for (fraction, expected) in [(0.025, 9.0), (0.16, 63.0), (0.5, 199.0), (0.84, 335.0), (0.975, 389.0)]
        {
            assert!((residuals.quantile(0.0, fraction, &unit) - expected).abs() < 1e-9, "{fraction}");
        }
        let few = ResidualQuantiles::of(vec![1.0, 2.0]);
        assert_eq!((few.values[0], few.values[N_KEPT - 1], few.quantile(0.0, 0.5, &unit)), (1.0, 2.0, 1.5));
    }
}
