//! The backends, and which of them have fused operations.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;
use burn_flex::Flex;

use crate::adam::{self, Rates};
use crate::batch_norm::{self, Affine, Ending, Normalised, Statistics};
use crate::conv2d::{self, Geometry};
use crate::fork::Meeting;
use crate::max_pool::{self, Window};
use crate::tensors::{add, primitive, tensor};

/// Backends that galmass networks run on.
///
/// Flex has fused operations, the others delegate to Burn's layers. A backend of one's own joins them with
/// `impl FusedBackend for MyBackend { const FUSED: bool = false; }`.
pub trait FusedBackend: Backend {
    /// Whether there are fused operations for `f32`.
    const FUSED: bool;

    /// Batch normalisation, and what follows it; see [`batch_norm`](crate::batch_norm()).
    #[doc(hidden)]
    fn batch_norm_layer(
        layer: &BatchNorm<Self>,
        input: Tensor<Self, 4>,
        ending: Ending<Tensor<Self, 4>>,
        meeting: Option<&Meeting>,
    ) -> Tensor<Self, 4> {
        let _ = meeting;
        batch_norm::delegate(layer, input, ending)
    }

    /// Convolution; see [`conv2d`](crate::conv2d()).
    #[doc(hidden)]
    fn conv2d_layer(
        layer: &Conv2d<Self>,
        input: Tensor<Self, 4>,
        meeting: Option<&Meeting>,
    ) -> Tensor<Self, 4> {
        let _ = meeting;
        layer.forward(input)
    }

    /// The largest values under a window; see [`max_pool2d`](crate::max_pool2d()).
    #[doc(hidden)]
    fn max_pool2d_layer(layer: &MaxPool2d, input: Tensor<Self, 4>) -> Tensor<Self, 4> {
        layer.forward(input)
    }

    /// What [`Autodiff`] around this backend builds its operations from, for tensors of `f32`.
    #[doc(hidden)]
    fn kernels() -> Option<Kernels<Self>> {
        None
    }
}

/// Fused operations on tensors of `f32` without a graph.
#[doc(hidden)]
#[derive(Debug)]
pub struct Kernels<B: Backend> {
    /// The way there.
    pub normalise: Normalise<B>,
    /// The way back.
    pub normalise_gradients: NormaliseGradients<B>,
    /// The way there.
    pub convolve: Convolve<B>,
    /// The way back.
    pub convolve_gradients: ConvolveGradients<B>,
    /// The way there.
    pub pool: Pool<B>,
    /// The way back.
    pub pool_gradient: PoolGradient<B>,
    /// The sum of two gradients.
    pub add: fn(FloatTensor<B>, FloatTensor<B>) -> FloatTensor<B>,
    /// A step of the optimiser.
    pub adam_step: AdamStep<B>,
}

/// Normalises an input with its own statistics.
#[doc(hidden)]
pub type Normalise<B> = fn(FloatTensor<B>, Affine<B>, Ending<FloatTensor<B>>) -> Normalised<B>;

/// Gradients of input, gamma, beta and, where there was one, the shortcut from the gradient of the output: this, input,
/// parameters, statistics, and the ending with the output.
#[doc(hidden)]
pub type NormaliseGradients<B> = fn(
    FloatTensor<B>,
    FloatTensor<B>,
    Affine<B>,
    Statistics<B>,
    Ending<FloatTensor<B>>,
) -> [Option<FloatTensor<B>>; 4];

/// Convolves an input with weights.
#[doc(hidden)]
pub type Convolve<B> = fn(FloatTensor<B>, FloatTensor<B>, Geometry) -> FloatTensor<B>;

/// Gradients of input, where the last argument asks for it, and weights from the gradient of the output: this, input,
/// weights.
#[doc(hidden)]
pub type ConvolveGradients<B> = fn(
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    Geometry,
    bool,
) -> (Option<FloatTensor<B>>, FloatTensor<B>);

/// Takes the largest values of an input under a window.
#[doc(hidden)]
pub type Pool<B> = fn(FloatTensor<B>, Window) -> FloatTensor<B>;

/// The gradient of the input from that of the output: this, input, output.
#[doc(hidden)]
pub type PoolGradient<B> = fn(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, Window) -> FloatTensor<B>;

/// Weights and moments after a step: weights, gradient and moments before.
#[doc(hidden)]
pub type AdamStep<B> = fn(FloatTensor<B>, FloatTensor<B>, [FloatTensor<B>; 2], Rates) -> [FloatTensor<B>; 3];

impl FusedBackend for Flex {
    const FUSED: bool = true;

    fn batch_norm_layer(
        layer: &BatchNorm<Self>,
        input: Tensor<Self, 4>,
        ending: Ending<Tensor<Self, 4>>,
        _: Option<&Meeting>,
    ) -> Tensor<Self, 4> {
        batch_norm::flex::inference(layer, input, ending)
    }

    fn conv2d_layer(layer: &Conv2d<Self>, input: Tensor<Self, 4>, _: Option<&Meeting>) -> Tensor<Self, 4> {
        match conv2d::fusible(layer, &input) {
            Some(geometry) => {
                let weight = primitive(layer.weight.val());
                let output = conv2d::flex::convolve(primitive(input), weight, geometry);
                conv2d::add_bias(layer, tensor(output))
            }
            None => layer.forward(input),
        }
    }

    fn max_pool2d_layer(layer: &MaxPool2d, input: Tensor<Self, 4>) -> Tensor<Self, 4> {
        match max_pool::fusible(layer, &input) {
            Some(window) => tensor(max_pool::flex::pool(primitive(input), window)),
            None => layer.forward(input),
        }
    }

    fn kernels() -> Option<Kernels<Self>> {
        Some(Kernels {
            normalise: batch_norm::flex::normalise,
            normalise_gradients: batch_norm::flex::gradients,
            convolve: conv2d::flex::convolve,
            convolve_gradients: conv2d::flex::gradients,
            pool: max_pool::flex::pool,
            pool_gradient: max_pool::flex::gradient,
            add,
            adam_step: adam::flex::step,
        })
    }
}

/// Around another `Autodiff` there is nothing fused: gradients of gradients are left to Burn.
impl<B: FusedBackend, S: CheckpointStrategy> FusedBackend for Autodiff<B, S> {
    const FUSED: bool = B::FUSED;

    fn batch_norm_layer(
        layer: &BatchNorm<Self>,
        input: Tensor<Self, 4>,
        ending: Ending<Tensor<Self, 4>>,
        meeting: Option<&Meeting>,
    ) -> Tensor<Self, 4> {
        match B::kernels() {
            Some(kernels) if batch_norm::is_f32(layer, &input) => {
                batch_norm::autodiff::training(kernels, layer, input, ending, meeting)
            }
            _ => batch_norm::delegate(layer, input, ending),
        }
    }

    fn conv2d_layer(
        layer: &Conv2d<Self>,
        input: Tensor<Self, 4>,
        meeting: Option<&Meeting>,
    ) -> Tensor<Self, 4> {
        match B::kernels().zip(conv2d::fusible(layer, &input)) {
            Some((kernels, geometry)) => {
                let output =
                    conv2d::autodiff::convolve(kernels, input, layer.weight.val(), geometry, meeting);
                conv2d::add_bias(layer, output)
            }
            None => layer.forward(input),
        }
    }

    fn max_pool2d_layer(layer: &MaxPool2d, input: Tensor<Self, 4>) -> Tensor<Self, 4> {
        match B::kernels().zip(max_pool::fusible(layer, &input)) {
            Some((kernels, window)) => max_pool::autodiff::pool(kernels, input, window),
            None => layer.forward(input),
        }
    }
}

#[cfg(feature = "ndarray")]
impl FusedBackend for burn_ndarray::NdArray {
    const FUSED: bool = false;
}

#[cfg(feature = "cuda")]
impl FusedBackend for burn_cuda::Cuda {
    const FUSED: bool = false;
}
