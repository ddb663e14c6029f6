//! Layers of a residual network, fused for Burn's Flex backend and equal to PyTorch's.
//!
//! Burn composes batch normalisation from a dozen tensor operations with broadcasting, and on Flex convolves one sample at a
//! time. Here each is one operation with its own gradient, on maps whose channels lie side by side in memory:
//! convolutions take patches where they lie, and batch normalisation ends with the rectifier and the shortcut of a residual
//! block in the same pass.
//!
//! [`batch_norm()`], [`conv2d()`] and [`max_pool2d()`] take the place of `layer.forward`, [`FusedAdamW`] that of Burn's
//! optimiser; the layers, their parameters and their records stay Burn's:
//!
//! ```
//! use burn::backend::Autodiff;
//! use burn::nn::{BatchNorm, BatchNormConfig};
//! use burn::tensor::Tensor;
//! use burn_flex::Flex;
//! use galmass_ops::batch_norm;
//!
//! type Backend = Autodiff<Flex>;
//!
//! let device = Default::default();
//! let layer: BatchNorm<Backend> = BatchNormConfig::new(1).with_epsilon(0.0).init(&device);
//! let input = Tensor::<Backend, 4>::from_floats([[[[1.0, 3.0]]], [[[1.0, 3.0]]]], &device);
//!
//! // Mean 2 and variance 1; the running variance takes in 4/3 of it, the unbiased estimate.
//! let output = batch_norm(&layer, input).into_data();
//! assert_eq!(output.to_vec::<f32>().unwrap(), [-1.0, 1.0, -1.0, 1.0]);
//! let running_mean: f32 = layer.running_mean.value_sync().into_scalar();
//! let running_variance: f32 = layer.running_var.value_sync().into_scalar();
//! assert!((running_mean - 0.1 * 2.0).abs() < 1e-6);
//! assert!((running_variance - (0.9 + 0.1 * 4.0 / 3.0)).abs() < 1e-6);
//! ```
//!
//! | backend | operations | feature |
//! | --- | --- | --- |
//! | [`Flex`](burn_flex::Flex) | fused, for contiguous or strided `f32`; Burn's layers for other types | always |
//! | `NdArray` | Burn's layers | `ndarray` |
//! | `Cuda` | Burn's layers | `cuda` |
//! | [`Autodiff<B>`](burn::backend::Autodiff) | those of `B`, with gradients | always |
//!
//! What these operations return has the shape that Burn's has, but not its strides: `[n, channels, height, width]` with the
//! channels side by side. Burn's own operations take that, some of them slowly; [`Fork`] spares the most frequent of these.
//!
//! Results do not depend on the number of threads: what is summed by one thread, and in which order, is fixed by the shapes.

mod adam;
mod backend;
mod batch_norm;
mod conv2d;
mod fork;
mod max_pool;
mod memory;
mod sink;
mod tensors;
mod vector;

pub use adam::FusedAdamW;
#[doc(hidden)]
pub use adam::Rates;
pub use backend::FusedBackend;
#[doc(hidden)]
pub use backend::{
    AdamStep, Convolve, ConvolveGradients, Kernels, Normalise, NormaliseGradients, Pool, PoolGradient,
};
#[doc(hidden)]
pub use batch_norm::{Affine, Ending, Normalised, Statistics};
pub use batch_norm::{
    batch_norm, batch_norm_add_relu, batch_norm_add_relu_of_fork, batch_norm_relu, with_running_statistics,
};
#[doc(hidden)]
pub use conv2d::Geometry;
pub use conv2d::{conv2d, conv2d_of_fork};
pub use fork::Fork;
#[doc(hidden)]
pub use fork::Meeting;
#[doc(hidden)]
pub use max_pool::Window;
pub use max_pool::max_pool2d;
