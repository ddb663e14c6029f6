//! A masked autoregressive flow.

use std::f64::consts::TAU;

use burn::prelude::*;
use ndarray::{Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;

use super::Head;
use super::made::{Made, MadeConfig};
use super::mixture::log_sum_exp;
use crate::Posterior;
use crate::initial::normal;
use crate::posterior::Flows;

/// How far the logarithm of a scale can be from 0: the bend is smooth, and one wild sample cannot overflow a layer.
pub(crate) const LARGEST_LOG_SCALE: f64 = 5.0;

/// A conditional masked autoregressive flow (Papamakarios, Pavlakou & Murray 2017).
///
/// Each layer makes of its input `y` and the context `c` the numbers `u_i = (y_i - m_i(y_<i, c)) exp(-a_i(y_<i, c))`,
/// with `m` and `a` from a masked network; the order of the targets is reversed from a layer to the next. The density
/// of `y` is that of the base at the last `u`, times `exp(-sum a)` of all layers. The base is a standard normal
/// distribution, or makes each `u_i` a mixture of Gaussians that depends on `u_<i` and `c` (their MAF MoG).
///
/// # References
/// Papamakarios, Pavlakou & Murray (2017), arXiv:1705.07057; Germain, Gregor, Murray & Larochelle (2015),
/// arXiv:1502.03509.
#[derive(Module, Debug)]
pub struct Flow<B: Backend> {
    layers: Vec<Made<B>>,
    base: Option<Made<B>>,
}

impl<B: Backend> Flow<B> {
    pub(super) fn new(
        n_dimensions: usize,
        n_layers: usize,
        n_hidden: usize,
        n_components: usize,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let config = |index: usize, n_numbers| MadeConfig {
            n_dimensions,
            n_hidden,
            n_numbers,
            is_reversed: index % 2 == 1,
        };
        let layers = (0..n_layers)
            .map(|index| Made::new(config(index, 2), vec![0.0; 2 * n_dimensions], generator, device))
            .collect();
        let base = (n_components > 1).then(|| {
            // Components that start alike stay alike.
            let n = n_components * n_dimensions;
            let means = (0..n).map(|_| normal(generator)).collect();
            let first_biases = [vec![0.0; n], means, vec![0.0; n]].concat();
            Made::new(config(n_layers, 3 * n_components), first_biases, generator, device)
        });
        Self { layers, base }
    }

    /// The flow in plain numbers, with the contexts of some galaxies.
    pub(super) fn plain(&self, contexts: Array2<f64>) -> Flows {
        let layers = self.layers.iter().map(Made::to_plain).collect();
        Flows::new(layers, self.base.as_ref().map(Made::to_plain), contexts)
    }

    /// The logarithm of the density.
    ///
    /// # Shapes
    /// targets `[n, D]`, context `[n, n_hidden]` -> `[n]`
    pub fn log_densities(&self, targets: Tensor<B, 2>, context: Tensor<B, 2>) -> Tensor<B, 1> {
        let [n_samples, n] = targets.dims();
        let (mut u, mut log_scales) = (targets, Tensor::zeros([n_samples, n], &context.device()));
        for layer in &self.layers {
            let numbers = layer.forward(u.clone(), context.clone());
            let number = |index| numbers.clone().narrow(1, index, 1).squeeze_dim::<2>(1);
            let log_scale = bounded(number(1));
            u = (u - number(0)) * log_scale.clone().neg().exp();
            log_scales = log_scales + log_scale;
        }
        let base = match &self.base {
            None => (u.clone() * u).mul_scalar(-0.5),
            Some(base) => {
                let numbers = base.forward(u.clone(), context);
                let k = numbers.dims()[1] / 3;
                let part = |index| numbers.clone().narrow(1, index * k, k);
                let log_widths = bounded(part(2));
                let z = (u.unsqueeze_dim::<3>(1) - part(1)) * log_widths.clone().neg().exp();
                let densities = (z.clone() * z).mul_scalar(-0.5) - log_widths;
                let log_sum = log_sum_exp(part(0), 1);
                (log_sum_exp(densities + part(0), 1) - log_sum).squeeze_dim::<2>(1)
            }
        };
        (base.sub_scalar(0.5 * TAU.ln()) - log_scales).sum_dim(1).squeeze_dim::<1>(1)
    }
}

fn bounded<B: Backend, const D: usize>(log_scale: Tensor<B, D>) -> Tensor<B, D> {
    log_scale.div_scalar(LARGEST_LOG_SCALE).tanh().mul_scalar(LARGEST_LOG_SCALE)
}

/// A [`Flow`] as a head: the outputs of the fully connected layer are its context, the loss is the negative logarithm
/// of its density.
#[derive(Debug)]
pub struct FlowHead<'a, B: Backend> {
    /// The flow.
    pub flow: &'a Flow<B>,
}

impl<B: Backend> Head<B> for FlowHead<'_, B> {
    fn losses(&self, outputs: Tensor<B, 2>, truths: Tensor<B, 2>) -> Tensor<B, 1> {
        self.flow.log_densities(truths, outputs).neg()
    }

    fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior> {
        Box::new(self.flow.plain(outputs.mapv(f64::from)))
    }
}
