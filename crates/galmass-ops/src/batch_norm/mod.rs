//! Batch normalisation (Ioffe & Szegedy 2015).

pub(crate) mod autodiff;
pub(crate) mod flex;
mod frozen;
mod kernel;

use burn::nn::BatchNorm;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{DType, Tensor};

pub use self::frozen::with_running_statistics;
use crate::FusedBackend;

/// An input normalised with its own statistics.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Normalised<B: Backend> {
    /// `[n, channels, height, width]`
    pub output: FloatTensor<B>,
    /// What it was normalised with.
    pub statistics: Statistics<B>,
}

/// Mean and variance of each channel.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Statistics<B: Backend> {
    /// `[channels]`
    pub mean: FloatTensor<B>,
    /// `[channels]`, divided by the number of values: the biased estimate.
    pub variance: FloatTensor<B>,
}

/// Normalises each channel to mean `beta` and standard deviation `gamma`.
///
/// ```text
/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta
/// ```
///
/// While training, which is on every backend that keeps gradients, as for Burn's own layer, mean and variance are those
/// of the channel over all `m = n height width` values of the batch, the variance divided by `m`. The running statistics
/// follow them, the variance as its unbiased estimate:
///
/// ```text
/// running mean     <- (1 - momentum) running mean     + momentum mean
/// running variance <- (1 - momentum) running variance + momentum variance m / (m - 1)
/// ```
///
/// That is PyTorch's rule, on every backend; Burn's own layer leaves out `m / (m - 1)`. Otherwise the running
/// statistics take the place of mean and variance, and are left alone; so they do
/// [where they are asked to](with_running_statistics).
///
/// # Shapes
/// `[n, channels, height, width]` -> the same
///
/// A channel of one value has no variance: while training it counts as 0, and the output is `beta`. An empty input is
/// returned as it is. NaN in one channel leaves the others as they are.
///
/// # Panics
/// Where the input has not as many channels as the layer.
///
/// # Examples
/// ```
/// use burn::nn::{BatchNorm, BatchNormConfig};
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
///
/// // Without gradients: the running statistics of a new layer are mean 0 and variance 1.
/// let device = Default::default();
/// let layer: BatchNorm<Flex> = BatchNormConfig::new(2).with_epsilon(3.0).init(&device);
/// let input = Tensor::<Flex, 4>::from_floats([[[[2.0]], [[-8.0]]]], &device);
/// let output = galmass_ops::batch_norm(&layer, input).into_data();
/// assert_eq!(output.to_vec::<f32>().unwrap(), [1.0, -4.0]);
/// ```
///
/// # References
/// S. Ioffe & C. Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
/// Shift", ICML.
pub fn batch_norm<B: FusedBackend>(layer: &BatchNorm<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    let [n_samples, n_channels, height, width] = input.dims();
    let [expected] = layer.gamma.dims();
    assert_eq!(n_channels, expected, "batch normalisation of {expected} channels found {n_channels}");
    if n_samples * n_channels * height * width == 0 {
        return input;
    }
    if frozen::is_frozen() && B::ad_enabled(&input.device()) {
        return frozen::normalise(layer, input);
    }
    B::batch_norm_layer(layer, input)
}

/// Burn's own layer, with the running variance made unbiased.
pub(crate) fn delegate<B: Backend>(layer: &BatchNorm<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    if !B::ad_enabled(&input.device()) {
        return layer.forward(input);
    }
    let m = n_values(&input);
    let before = layer.running_var.value_sync();
    let output = layer.forward(input);
    if m > 1 {
        // momentum variance m / (m - 1) = momentum variance + momentum variance / (m - 1)
        let after = layer.running_var.value_sync();
        let taken_in = after.clone() - before.to_device(&after.device()) * (1.0 - layer.momentum);
        layer.running_var.update((after + taken_in / (m - 1) as f64).detach());
    }
    output
}

/// Whether input and parameters are `f32`.
pub(crate) fn is_f32<B: Backend>(layer: &BatchNorm<B>, input: &Tensor<B, 4>) -> bool {
    let parameters = [
        layer.gamma.val(),
        layer.beta.val(),
        layer.running_mean.value_sync(),
        layer.running_var.value_sync(),
    ];
    input.dtype() == DType::F32 && parameters.iter().all(|parameter| parameter.dtype() == DType::F32)
}

/// Values in a channel.
fn n_values<B: Backend>(input: &Tensor<B, 4>) -> usize {
    let [n_samples, _, height, width] = input.dims();
    n_samples * height * width
}
