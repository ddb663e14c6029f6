//! Layers with their first weights.
//!
//! The weights are drawn here, from our own generator, rather than by the backend: the random streams of backends
//! differ, are global, and fill layers lazily in the order of first use. So the same seed starts the same network
//! on every device, whatever else the process is doing.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A square convolution without bias, padded to keep its size at stride 1; weights normal with the variance
/// 2 / fan-out of He et al. (2015), as torchvision starts its residual networks.
pub(crate) fn convolution<B: Backend>(
    [n_in, n_out]: [usize; 2],
    kernel: usize,
    stride: usize,
    generator: &mut ChaCha8Rng,
    device: &B::Device,
) -> Conv2d<B> {
    let padding = kernel / 2;
    let mut layer = Conv2dConfig::new([n_in, n_out], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(false)
        .with_initializer(Initializer::Zeros)
        .init(device);
    let standard_deviation = (2.0 / (n_out * kernel * kernel) as f32).sqrt();
    let n_weights = n_out * n_in * kernel * kernel;
    let weights = (0..n_weights).map(|_| standard_deviation * normal(generator)).collect();
    layer.weight = parameter(weights, [n_out, n_in, kernel, kernel], device);
    layer
}

/// Batch normalisation with PyTorch's constants: epsilon 1e-5, momentum 0.1. It is applied by `galmass_ops`.
pub(crate) fn batch_norm<B: Backend>(n_features: usize, device: &B::Device) -> BatchNorm<B> {
    BatchNormConfig::new(n_features).with_epsilon(1e-5).with_momentum(0.1).init(device)
}

/// A fully connected layer; weights and biases uniform within 1 / sqrt(fan-in), as PyTorch starts it.
pub(crate) fn linear<B: Backend>(
    n_in: usize,
    n_out: usize,
    generator: &mut ChaCha8Rng,
    device: &B::Device,
) -> Linear<B> {
    let mut layer = LinearConfig::new(n_in, n_out).with_initializer(Initializer::Zeros).init(device);
    let bound = 1.0 / (n_in as f32).sqrt();
    let mut uniform = |n| (0..n).map(|_| bound * (2.0 * generator.random::<f32>() - 1.0)).collect();
    layer.weight = parameter(uniform(n_in * n_out), [n_in, n_out], device);
    layer.bias = Some(parameter(uniform(n_out), [n_out], device));
    layer
}

pub(crate) fn parameter<B: Backend, const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &B::Device,
) -> Param<Tensor<B, D>> {
    Param::from_data(TensorData::new(values, shape), device)
}

/// A standard normal deviate (Box & Muller 1958).
pub(crate) fn normal(generator: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - generator.random::<f64>()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * generator.random::<f64>()).cos()) as f32
}

#[cfg(test)]
mod tests {
    use burn_flex::Flex;
    use galmass_core::seed;

    use super::*;

    #[test]
    fn convolution_weights_have_the_variance_of_he() {
        let layer = convolution::<Flex>([32, 64], 3, 1, &mut seed::generator(1), &Default::default());
        let weights: Vec<f32> = layer.weight.val().into_data().to_vec().unwrap();
        let n = weights.len() as f32;
        let mean = weights.iter().sum::<f32>() / n;
        let variance = weights.iter().map(|w| w * w).sum::<f32>() / n;
        let expected = 2.0 / (64.0 * 9.0);
        assert!(mean.abs() < 4.0 * (expected / n).sqrt(), "{mean}");
        assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{variance} {expected}");
    }
}
