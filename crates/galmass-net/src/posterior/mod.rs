//! What a network says about galaxies: a joint density of the targets of each, in plain numbers.

mod ensemble;
mod flows;
mod mixtures;
mod points;
mod profiles;
mod rescaled;
mod widened;

pub use ensemble::Ensemble;
pub use points::Points;
pub use rescaled::Rescaled;

pub(crate) use flows::Flows;
pub(crate) use mixtures::{Component, Mixtures};
pub(crate) use profiles::RisingProfiles;
pub(crate) use widened::{Widened, width_factors};

use std::fmt::Debug;

use galmass_core::seed;
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::NetError;

/// Joint densities of the targets of some galaxies, given their maps.
///
/// Everything is computed on the CPU in `f64`, with plain loops, from what the network put out: the same bits on every
/// backend that puts out the same, and for any number of threads.
///
/// # Shapes and units
/// Targets are in the units of whoever made the posterior: an [`Engine`](crate::Engine) gives those of the targets
/// (dex for logarithms of masses), a [`Network`](crate::Network) the scaled ones. Densities are per that unit, in
/// natural logarithms.
///
/// # Panics
/// Where there is no such galaxy, or a point has other dimensions. The functions of `dyn Posterior` check instead.
pub trait Posterior: Debug + Send + Sync {
    /// The number of galaxies.
    fn n_galaxies(&self) -> usize;

    /// The number of targets of each.
    fn n_dimensions(&self) -> usize;

    /// Draws the targets of one galaxy `n_draws` times, `[draw, dimension]`: the same seed gives the same bits, and
    /// more draws begin with fewer.
    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64>;

    /// The logarithm of the density at a point.
    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64;

    /// Quantiles of each target alone, `[level, dimension]`, at levels between 0 and 1.
    ///
    /// Exact where the density has a closed form (all heads but the flow, without profiles); otherwise those of 4000
    /// draws with a seed of their own, which scatter at the median by 1.3 per cent of the width.
    fn quantiles(&self, galaxy: usize, levels: &[f64]) -> Array2<f64> {
        let draws = self.draw(galaxy, QUANTILE_DRAWS, QUANTILE_SEED);
        empirical_quantiles(draws.view(), levels)
    }
}

const QUANTILE_DRAWS: usize = 4000;
const QUANTILE_SEED: u64 = 0x9_0a11_71e5;

impl dyn Posterior + '_ {
    /// Draws all galaxies, `[galaxy, draw, dimension]`; each has its own seed derived from `seed` by its index.
    ///
    /// The slice of the array is what `galmass_metrics::Posteriors` takes.
    pub fn samples(&self, n_draws: usize, seed: u64) -> Array3<f64> {
        let mut samples = Array3::zeros((self.n_galaxies(), n_draws, self.n_dimensions()));
        let galaxies = samples.axis_iter_mut(Axis(0)).into_par_iter().enumerate();
        galaxies.for_each(|(galaxy, mut of_galaxy)| {
            of_galaxy.assign(&self.draw(galaxy, n_draws, seed::derive(seed, galaxy as u64)));
        });
        samples
    }

    /// The logarithm of the density of each galaxy at its truth `[galaxy, dimension]`.
    ///
    /// # Errors
    /// [`NetError::SampleCount`] and [`NetError::TargetCount`] for truths of another shape.
    pub fn log_densities(&self, truths: ArrayView2<'_, f64>) -> Result<Vec<f64>, NetError> {
        let (expected, found) = (self.n_galaxies(), truths.nrows());
        if expected != found {
            return Err(NetError::SampleCount { what: "truths".into(), expected, found });
        }
        let (expected, found) = (self.n_dimensions(), truths.ncols());
        if expected != found {
            return Err(NetError::TargetCount { expected, found });
        }
        Ok(truths.outer_iter().enumerate().map(|(galaxy, truth)| self.log_density(galaxy, truth)).collect())
    }

    /// Quantiles of each target of each galaxy, `[galaxy, level, dimension]`.
    ///
    /// # Errors
    /// [`NetError::BadConfig`] for a level that is not between 0 and 1.
    pub fn all_quantiles(&self, levels: &[f64]) -> Result<Array3<f64>, NetError> {
        if let Some(&value) = levels.iter().find(|&&level| !(level > 0.0 && level < 1.0)) {
            return Err(NetError::BadConfig { field: "level", value, range: "between 0 and 1" });
        }
        let mut quantiles = Array3::zeros((self.n_galaxies(), levels.len(), self.n_dimensions()));
        let galaxies = quantiles.axis_iter_mut(Axis(0)).into_par_iter().enumerate();
        galaxies.for_each(|(galaxy, mut of_galaxy)| of_galaxy.assign(&self.quantiles(galaxy, levels)));
        Ok(quantiles)
    }

    /// The median of each target of each galaxy, `[galaxy, dimension]`.
    pub fn medians(&self) -> Array2<f64> {
        let mut medians = Array2::zeros((self.n_galaxies(), self.n_dimensions()));
        let galaxies = medians.axis_iter_mut(Axis(0)).into_par_iter().enumerate();
        galaxies.for_each(|(galaxy, mut median)| median.assign(&self.quantiles(galaxy, &[0.5]).row(0)));
        medians
    }
}

/// Quantiles of draws `[draw, dimension]`, linear between neighbours; NaN without draws.
fn empirical_quantiles(draws: ArrayView2<'_, f64>, levels: &[f64]) -> Array2<f64> {
    let mut quantiles = Array2::from_elem((levels.len(), draws.ncols()), f64::NAN);
    if draws.is_empty() {
        return quantiles;
    }
    for (dimension, column) in draws.columns().into_iter().enumerate() {
        let mut ordered = column.to_vec();
        ordered.sort_unstable_by(f64::total_cmp);
        for (row, level) in levels.iter().enumerate() {
            let place = level.clamp(0.0, 1.0) * (ordered.len() - 1) as f64;
            let (low, part) = (place as usize, place.fract());
            let high = (low + 1).min(ordered.len() - 1);
            quantiles[[row, dimension]] = ordered[low] + part * (ordered[high] - ordered[low]);
        }
    }
    quantiles
}

/// A standard normal deviate (Box & Muller 1958).
pub(crate) fn normal(generator: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - generator.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * generator.random::<f64>()).cos()
}

/// `ln sum_k exp(x_k)` without overflow.
fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() && !values.clone().any(f64::is_nan) {
        return largest;
    }
    largest + values.map(|value| (value - largest).exp()).sum::<f64>().ln()
}

/// The component that a number from 0 to 1 falls on, among components of these weights, which sum to 1.
fn choose(weights: impl ExactSizeIterator<Item = f64>, at: f64) -> usize {
    let last = weights.len().saturating_sub(1);
    let mut below = 0.0;
    weights
        .into_iter()
        .position(|weight| {
            below += weight;
            at < below
        })
        .unwrap_or(last)
}
