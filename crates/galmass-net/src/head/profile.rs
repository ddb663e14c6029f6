//! Mass profiles that rise by construction.

use burn::prelude::*;
use burn::tensor::activation::log_sigmoid;
use galmass_dataset::Normalisation;
use serde::{Deserialize, Serialize};

use crate::NetError;

/// The least rise from a radius to the next, in units of the mean rise: below it the logarithm of a rise that is none
/// would run away. Truths that rise less are taken to rise by this much.
const LEAST_RISE: f64 = 1e-3;

/// Which targets are cumulative, each the one before it and something positive: `log10 M(<r)` at growing radii.
///
/// The head then speaks of free numbers `v`: the first of a profile is the scaled target itself, `v_1 = y_1`, and the
/// others are rises, `t_k - t_(k-1) = u_k ln(1 + exp(v_k))`, with the target `t` in its own units (dex) and `u_k` the
/// mean rise of the training samples. Whatever the head says of `v`, no sample of the targets falls. The density of
/// the scaled targets is that of `v` times `prod_k s_k / (u_k (1 - exp(-x_k)))` over the rises `x_k = (t_k - t_(k-1))
/// / u_k`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileConfig {
    /// How many targets each profile has, in the order of the targets; a target that stands alone is a profile of one.
    pub lengths: Vec<usize>,
    /// The mean of each target, which the scaling takes away; rising within a profile.
    pub means: Vec<f64>,
    /// The standard deviation of each target, by which the scaling divides; positive.
    pub standard_deviations: Vec<f64>,
}

impl ProfileConfig {
    /// Profiles of these lengths, one after the other, of targets scaled by `normalisation`.
    pub fn new(normalisation: &Normalisation, lengths: &[usize]) -> Self {
        let targets = &normalisation.targets;
        Self {
            lengths: lengths.to_vec(),
            means: targets.iter().map(|target| target.mean).collect(),
            standard_deviations: targets.iter().map(|target| target.standard_deviation).collect(),
        }
    }

    pub(crate) fn check(&self, n_outputs: usize) -> Result<(), NetError> {
        let count = |field, value: usize| {
            let error = NetError::BadConfig { field, value: value as f64, range: "one for each output" };
            if value == n_outputs { Ok(()) } else { Err(error) }
        };
        // Saturating: lengths from a file may be anything.
        count("lengths", self.lengths.iter().fold(0, |sum: usize, &length| sum.saturating_add(length)))?;
        count("means", self.means.len())?;
        count("standard_deviations", self.standard_deviations.len())?;
        let positive = |field, value: f64, range| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(NetError::BadConfig { field, value, range })
            }
        };
        let widths = self.standard_deviations.iter();
        widths.into_iter().try_for_each(|&width| positive("standard_deviations", width, "positive"))?;
        let mut rises = self.rises().into_iter().flatten();
        rises.try_for_each(|rise| positive("means", rise, "rising within a profile"))
    }

    /// The mean rise before each target; none for the first of a profile.
    fn rises(&self) -> Vec<Option<f64>> {
        let mut rises = vec![Some(0.0); self.means.len()];
        for (k, rise) in rises.iter_mut().enumerate().skip(1) {
            *rise = Some(self.means[k] - self.means[k - 1]);
        }
        let mut first = 0;
        for &length in &self.lengths {
            if let Some(rise) = rises.get_mut(first) {
                *rise = None;
            }
            first += length;
        }
        rises
    }

    /// Free numbers of scaled targets, and the logarithm of the density of the targets over that of these.
    pub(crate) fn to_free(&self, scaled: &[f64]) -> (Vec<f64>, f64) {
        let target = |k: usize| scaled[k] * self.standard_deviations[k] + self.means[k];
        let mut log_volume = 0.0;
        let rises = self.rises().into_iter().enumerate();
        let free = rises.map(|(k, unit)| match unit {
            None => scaled[k],
            Some(unit) => {
                let x = ((target(k) - target(k - 1)) / unit).max(LEAST_RISE);
                let complement = -(-x).exp_m1();
                log_volume += (self.standard_deviations[k] / unit / complement).ln();
                x + complement.ln()
            }
        });
        (free.collect(), log_volume)
    }

    /// Scaled targets of free numbers.
    pub(crate) fn to_scaled(&self, free: &[f64]) -> Vec<f64> {
        // The target less its mean: what a rise adds is the rise less its mean.
        let mut excess = 0.0;
        let rises = self.rises().into_iter().enumerate();
        let scaled = rises.map(|(k, unit)| {
            excess = match unit {
                None => free[k] * self.standard_deviations[k],
                Some(unit) => excess + unit * (softplus(free[k]) - 1.0),
            };
            excess / self.standard_deviations[k]
        });
        scaled.collect()
    }

    /// As [`ProfileConfig::to_scaled`], for a batch `[n, n_outputs]` on a device.
    pub(crate) fn to_scaled_tensor<B: Backend>(&self, free: Tensor<B, 2>) -> Tensor<B, 2> {
        let (n, device) = (self.means.len(), free.device());
        let rises = self.rises();
        let constant = |values: Vec<f64>, shape: [usize; 2]| {
            let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
            Tensor::<B, 2>::from_data(TensorData::new(values, shape), &device)
        };
        let firsts = (0..n).map(|k| if rises[k].is_none() { self.standard_deviations[k] } else { 0.0 });
        let units = rises.iter().map(|rise| rise.unwrap_or(0.0)).collect();
        let first_of = |k: usize| (0..=k).rev().find(|&j| rises[j].is_none()).unwrap_or(0);
        let sums = (0..n * n).map(|index| {
            let (j, k) = (index / n, index % n);
            if (first_of(k)..=k).contains(&j) { 1.0 / self.standard_deviations[k] } else { 0.0 }
        });
        let (firsts, sums) = (constant(firsts.collect(), [1, n]), constant(sums.collect(), [n, n]));
        let rise = softplus_tensor(free.clone()).sub_scalar(1.0) * constant(units, [1, n]);
        (free * firsts + rise).matmul(sums)
    }
}

/// `ln(1 + exp(x))` without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `ln(1 + exp(x))` without overflow.
pub(crate) fn softplus_tensor<B: Backend, const D: usize>(x: Tensor<B, D>) -> Tensor<B, D> {
    log_sigmoid(x.neg()).neg()
}

#[cfg(test)]
mod tests {
    use burn_flex::Flex;

    use super::*;

    fn profiles() -> ProfileConfig {
        ProfileConfig {
            lengths: vec![1, 3],
            means: vec![7.0, 9.5, 9.9, 10.1],
            standard_deviations: vec![0.7, 0.5, 0.4, 0.3],
        }
    }

    #[test]
    fn free_numbers_and_targets_go_to_and_fro() {
        let free = [-3.0, 0.3, -2.0, 5.0];
        let scaled = profiles().to_scaled(&free);
        let (again, _) = profiles().to_free(&scaled);
        for (a, b) in free.iter().zip(again) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
        let device = Default::default();
        let tensor = Tensor::<Flex, 2>::from_floats([free.map(|v| v as f32)], &device);
        let on_device: Vec<f32> = profiles().to_scaled_tensor(tensor).into_data().to_vec().unwrap();
        for (a, b) in scaled.iter().zip(on_device) {
            assert!((a - f64::from(b)).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn the_mean_profile_has_free_numbers_of_order_one() {
        // x = 1, so v = ln(e - 1).
        let (free, _) = profiles().to_free(&[0.0; 4]);
        assert_eq!(free[..2], [0.0, 0.0]);
        assert!(free[2..].iter().all(|v| (v - 1.0_f64.exp_m1().ln()).abs() < 1e-12), "{free:?}");
    }

    #[test]
    fn whatever_the_head_says_the_masses_rise() {
        for v in [-100.0, -5.0, 0.0, 5.0, 100.0] {
            let scaled = profiles().to_scaled(&[v; 4]);
            let mass = |k: usize| scaled[k] * profiles().standard_deviations[k] + profiles().means[k];
            // To the rounding of masses of this size.
            assert!(mass(2) > mass(1) - 1e-12 && mass(3) > mass(2) - 1e-12, "{v}");
        }
    }

    #[test]
    fn the_volume_is_the_determinant_of_the_derivative() {
        // Triangular: the diagonal is enough.
        let scaled = profiles().to_scaled(&[0.5, 0.2, -1.0, 1.5]);
        let (_, log_volume) = profiles().to_free(&scaled);
        let step = 1e-6;
        let numeric: f64 = (0..4)
            .map(|k| {
                let at = |sign: f64| {
                    let mut moved = scaled.clone();
                    moved[k] += sign * step;
                    profiles().to_free(&moved).0[k]
                };
                ((at(1.0) - at(-1.0)) / (2.0 * step)).ln()
            })
            .sum();
        assert!((log_volume - numeric).abs() < 1e-6, "{log_volume} {numeric}");
    }

    #[test]
    fn a_truth_that_does_not_rise_is_finite() {
        let (free, log_volume) = profiles().to_free(&[0.0, 1.0, -3.0, -9.0]);
        assert!(free.iter().all(|v| v.is_finite()) && log_volume.is_finite());
    }

    #[test]
    fn profiles_that_do_not_fit_are_refused_by_name() {
        assert!(profiles().check(4).is_ok());
        for (config, field) in [
            (ProfileConfig { lengths: vec![1, 2], ..profiles() }, "lengths"),
            (ProfileConfig { lengths: vec![usize::MAX, 2], ..profiles() }, "lengths"),
            (ProfileConfig { means: vec![0.0; 4], ..profiles() }, "means"),
            (
                ProfileConfig { standard_deviations: vec![1.0, 1.0, 0.0, 1.0], ..profiles() },
                "standard_deviations",
            ),
        ] {
            assert!(config.check(4).unwrap_err().to_string().contains(field), "{field}");
        }
    }
}
