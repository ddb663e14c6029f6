//! Batch normalisation (Ioffe & Szegedy 2015).

pub(crate) mod autodiff;
pub(crate) mod flex;
mod frozen;
mod kernel;

use burn::nn::BatchNorm;
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn::tensor::{DType, Tensor};

pub use self::frozen::with_running_statistics;
use crate::fork::Meeting;
use crate::{Fork, FusedBackend};

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

/// Scale and level of each channel.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Affine<B: Backend> {
    /// `[channels]`
    pub gamma: FloatTensor<B>,
    /// `[channels]`
    pub beta: FloatTensor<B>,
    /// What is added to the variance.
    pub epsilon: f64,
}

/// What follows the normalisation at once.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Ending<T> {
    /// Nothing.
    Nothing,
    /// `max(y, 0)`
    Rectified,
    /// `max(y + other, 0)`; on the way back the output stands in the place of the other.
    AddRectified(T),
}

impl<T> Ending<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Ending<U> {
        match self {
            Self::Nothing => Ending::Nothing,
            Self::Rectified => Ending::Rectified,
            Self::AddRectified(other) => Ending::AddRectified(f(other)),
        }
    }

    fn rectifies(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn other(&self) -> Option<&T> {
        match self {
            Self::AddRectified(other) => Some(other),
            _ => None,
        }
    }
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
    normalise(layer, input, Ending::Nothing, None)
}

/// [`batch_norm()`], and zero in place of what is negative: `max(y, 0)` in the same pass over the values. NaN stays NaN.
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
/// let device = Default::default();
/// let layer: BatchNorm<Flex> = BatchNormConfig::new(2).with_epsilon(3.0).init(&device);
/// let input = Tensor::<Flex, 4>::from_floats([[[[2.0]], [[-8.0]]]], &device);
/// let output = galmass_ops::batch_norm_relu(&layer, input).into_data();
/// assert_eq!(output.to_vec::<f32>().unwrap(), [1.0, 0.0]);
/// ```
pub fn batch_norm_relu<B: FusedBackend>(layer: &BatchNorm<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    normalise(layer, input, Ending::Rectified, None)
}

/// The end of a residual block: `max(y + shortcut, 0)` of the `y` of [`batch_norm()`], in the same pass over the values.
/// NaN stays NaN.
///
/// # Panics
/// Where the input has not as many channels as the layer, or the shortcut another shape than the input.
///
/// # Examples
/// ```
/// use burn::nn::{BatchNorm, BatchNormConfig};
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
///
/// let device = Default::default();
/// let layer: BatchNorm<Flex> = BatchNormConfig::new(2).with_epsilon(3.0).init(&device);
/// let input = Tensor::<Flex, 4>::from_floats([[[[2.0]], [[-8.0]]]], &device);
/// let shortcut = Tensor::<Flex, 4>::from_floats([[[[-3.0]], [[5.0]]]], &device);
/// let output = galmass_ops::batch_norm_add_relu(&layer, input, shortcut).into_data();
/// assert_eq!(output.to_vec::<f32>().unwrap(), [0.0, 1.0]);
/// ```
pub fn batch_norm_add_relu<B: FusedBackend>(
    layer: &BatchNorm<B>,
    input: Tensor<B, 4>,
    shortcut: Tensor<B, 4>,
) -> Tensor<B, 4> {
    assert_eq!(input.dims(), shortcut.dims(), "the shortcut has another shape");
    normalise(layer, input, Ending::AddRectified(shortcut), None)
}

/// [`batch_norm_add_relu`] with a shortcut that goes other ways as well.
///
/// # Panics
/// As [`batch_norm_add_relu`].
///
/// # Examples
/// ```
/// use burn::nn::{BatchNorm, BatchNormConfig};
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
/// use galmass_ops::Fork;
///
/// let device = Default::default();
/// let layer: BatchNorm<Flex> = BatchNormConfig::new(1).with_epsilon(3.0).init(&device);
/// let fork = Fork::new(Tensor::<Flex, 4>::from_floats([[[[2.0, -8.0]]]], &device));
/// let output = galmass_ops::batch_norm_add_relu_of_fork(&layer, fork.maps(), &fork).into_data();
/// assert_eq!(output.to_vec::<f32>().unwrap(), [3.0, 0.0]);
/// ```
pub fn batch_norm_add_relu_of_fork<B: FusedBackend>(
    layer: &BatchNorm<B>,
    input: Tensor<B, 4>,
    shortcut: &Fork<B>,
) -> Tensor<B, 4> {
    assert_eq!(input.dims(), shortcut.maps.dims(), "the shortcut has another shape");
    normalise(layer, input, Ending::AddRectified(shortcut.maps()), Some(&shortcut.meeting))
}

fn normalise<B: FusedBackend>(
    layer: &BatchNorm<B>,
    input: Tensor<B, 4>,
    ending: Ending<Tensor<B, 4>>,
    meeting: Option<&Meeting>,
) -> Tensor<B, 4> {
    let [n_samples, n_channels, height, width] = input.dims();
    let [expected] = layer.gamma.dims();
    assert_eq!(n_channels, expected, "batch normalisation of {expected} channels found {n_channels}");
    if n_samples * n_channels * height * width == 0 {
        return input;
    }
    if frozen::is_frozen() && B::ad_enabled(&input.device()) {
        return end(frozen::normalise(layer, input), ending);
    }
    B::batch_norm_layer(layer, input, ending, meeting)
}

/// What follows, as Burn's operations.
fn end<B: Backend>(output: Tensor<B, 4>, ending: Ending<Tensor<B, 4>>) -> Tensor<B, 4> {
    match ending {
        Ending::Nothing => output,
        Ending::Rectified => relu(output),
        Ending::AddRectified(other) => relu(output + other),
    }
}

/// Burn's own layer, with the running variance made unbiased.
pub(crate) fn delegate<B: Backend>(
    layer: &BatchNorm<B>,
    input: Tensor<B, 4>,
    ending: Ending<Tensor<B, 4>>,
) -> Tensor<B, 4> {
    if !B::ad_enabled(&input.device()) {
        return end(layer.forward(input), ending);
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
    end(output, ending)
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
