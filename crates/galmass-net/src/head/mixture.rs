//! A mixture of Gaussians with any covariance.

use std::f64::consts::TAU;

use burn::prelude::*;
use ndarray::ArrayView2;
use rand_chacha::ChaCha8Rng;

use super::Head;
use super::profile::{softplus, softplus_tensor};
use crate::Posterior;
use crate::initial::normal;
use crate::posterior::{Component, Mixtures};

/// The least that a diagonal element of `L` can be, in scaled targets: the density of a sample learnt by heart stays
/// finite.
const LEAST_WIDTH: f64 = 1e-4;

/// `ln(e - 1)`, of which the softplus is 1.
const WIDTH_ONE: f32 = 0.541_324_85;

/// A mixture `sum_k w_k N(mu_k, L_k L_k^T)` with lower-triangular factors whose diagonals are softplus.
///
/// The outputs are the logarithms of the weights, to be normalised, then the means of all components, the numbers
/// under the softplus, and those below the diagonals row by row. The loss is `-ln sum_k w_k N_k`.
///
/// # References
/// C. M. Bishop 1994, "Mixture Density Networks", Aston University.
#[derive(Clone, Copy, Debug)]
pub struct MixtureHead {
    /// Targets.
    pub n_outputs: usize,
    /// Components.
    pub n_components: usize,
}

impl<B: Backend> Head<B> for MixtureHead {
    fn losses(&self, outputs: Tensor<B, 2>, truths: Tensor<B, 2>) -> Tensor<B, 1> {
        let (n, k) = (self.n_outputs, self.n_components);
        let n_samples = outputs.dims()[0];
        let part = |start: usize, length: usize| {
            outputs.clone().narrow(1, start, k * length).reshape([n_samples, k, length])
        };
        let below = (n > 1).then(|| part(k + 2 * k * n, n_off_diagonal(n)));
        let densities = log_densities(truths, part(k, n), part(k + k * n, n), below);
        let weights = outputs.clone().narrow(1, 0, k);
        let log_sum = log_sum_exp(weights.clone(), 1);
        (log_sum_exp(densities + weights, 1) - log_sum).squeeze_dim::<1>(1).neg()
    }

    fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior> {
        let (n, k) = (self.n_outputs, self.n_components);
        let galaxies = outputs.rows().into_iter().map(|row| {
            let row = row.to_vec();
            let part = |start: usize, length: usize, index: usize| {
                &row[start + index * length..start + (index + 1) * length]
            };
            let weights = row[..k].iter().map(|&weight| f64::from(weight));
            let largest = weights.clone().fold(f64::NEG_INFINITY, f64::max);
            let log_sum = largest + weights.clone().map(|w| (w - largest).exp()).sum::<f64>().ln();
            let of = |(index, weight): (usize, f64)| {
                let below = part(k + 2 * k * n, n_off_diagonal(n), index);
                component(weight - log_sum, part(k, n, index), part(k + k * n, n, index), below)
            };
            weights.enumerate().map(of).collect()
        });
        Box::new(Mixtures::new(n, galaxies.collect()))
    }
}

/// Numbers below the diagonal of an `n x n` matrix.
pub(super) fn n_off_diagonal(n: usize) -> usize {
    n * n.saturating_sub(1) / 2
}

/// Means, diagonal and what is below it.
pub(super) fn n_parameters_of_gaussian(n: usize) -> usize {
    2 * n + n_off_diagonal(n)
}

pub(super) fn first_biases_of_gaussian(n: usize) -> Vec<f32> {
    [vec![0.0; n], vec![WIDTH_ONE; n], vec![0.0; n_off_diagonal(n)]].concat()
}

pub(super) fn first_biases(n: usize, k: usize, generator: &mut ChaCha8Rng) -> Vec<f32> {
    let means = (0..k * n).map(|_| normal(generator)).collect();
    [vec![0.0; k], means, vec![WIDTH_ONE; k * n], vec![0.0; k * n_off_diagonal(n)]].concat()
}

/// The logarithms of Gaussian densities, by forward substitution.
///
/// # Shapes
/// truths `[n, D]`, means and numbers under the softplus `[n, K, D]`, below the diagonal `[n, K, D (D - 1) / 2]` where
/// D is more than 1 -> `[n, K]`
pub(super) fn log_densities<B: Backend>(
    truths: Tensor<B, 2>,
    means: Tensor<B, 3>,
    diagonal: Tensor<B, 3>,
    below: Option<Tensor<B, 3>>,
) -> Tensor<B, 2> {
    let [_, _, n] = means.dims();
    let residuals = truths.unsqueeze_dim::<3>(1) - means;
    let widths = softplus_tensor(diagonal).add_scalar(LEAST_WIDTH);
    let mut z: Vec<Tensor<B, 3>> = Vec::with_capacity(n);
    for row in 0..n {
        let mut residual = residuals.clone().narrow(2, row, 1);
        if let Some(below) = below.as_ref().filter(|_| row > 0) {
            let factors = below.clone().narrow(2, n_off_diagonal(row), row);
            residual = residual - (factors * Tensor::cat(z.clone(), 2)).sum_dim(2);
        }
        z.push(residual / widths.clone().narrow(2, row, 1));
    }
    let z = Tensor::cat(z, 2);
    let exponent = (z.clone() * z).mul_scalar(-0.5) - widths.log();
    exponent.sum_dim(2).squeeze_dim::<2>(2).sub_scalar(0.5 * n as f64 * TAU.ln())
}

/// `ln sum exp` over a dimension, which becomes 1.
pub(super) fn log_sum_exp<B: Backend, const D: usize>(
    values: Tensor<B, D>,
    dimension: usize,
) -> Tensor<B, D> {
    let largest = values.clone().max_dim(dimension).detach();
    largest.clone() + (values - largest).exp().sum_dim(dimension).log()
}

/// One component in plain numbers, from the outputs that describe it.
pub(super) fn component(log_weight: f64, mean: &[f32], diagonal: &[f32], below: &[f32]) -> Component {
    let mut factor = Vec::with_capacity(diagonal.len() + below.len());
    for (row, &diagonal) in diagonal.iter().enumerate() {
        let start = n_off_diagonal(row);
        factor.extend(below[start..start + row].iter().map(|&value| f64::from(value)));
        factor.push(softplus(diagonal.into()) + LEAST_WIDTH);
    }
    Component { log_weight, mean: mean.iter().map(|&value| value.into()).collect(), factor }
}
