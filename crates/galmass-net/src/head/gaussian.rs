//! A Gaussian with any covariance.

use burn::prelude::*;
use ndarray::ArrayView2;

use super::Head;
use super::mixture::{component, log_densities, n_off_diagonal};
use crate::Posterior;
use crate::posterior::Mixtures;

/// A Gaussian `N(mu, L L^T)` with a lower-triangular factor `L`, whose diagonal is a softplus.
///
/// The outputs are the `n` means, the `n` numbers under the softplus, and the `n (n - 1) / 2` numbers below the
/// diagonal row by row. The loss is `|L^-1 (y - mu)|^2 / 2 + sum ln L_ii + n ln(2 pi) / 2`.
#[derive(Clone, Copy, Debug)]
pub struct GaussianHead {
    /// Targets.
    pub n_outputs: usize,
}

impl<B: Backend> Head<B> for GaussianHead {
    fn losses(&self, outputs: Tensor<B, 2>, truths: Tensor<B, 2>) -> Tensor<B, 1> {
        let n = self.n_outputs;
        let part = |start, length| outputs.clone().narrow(1, start, length).unsqueeze_dim(1);
        let below = (n > 1).then(|| part(2 * n, n_off_diagonal(n)));
        log_densities(truths, part(0, n), part(n, n), below).squeeze_dim::<1>(1).neg()
    }

    fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior> {
        let n = self.n_outputs;
        let galaxies = outputs.rows().into_iter().map(|row| {
            let row = row.to_vec();
            vec![component(0.0, &row[..n], &row[n..2 * n], &row[2 * n..])]
        });
        Box::new(Mixtures::new(n, galaxies.collect()))
    }
}
