//! Pooling of maps.

pub(crate) mod autodiff;
pub(crate) mod flex;
mod kernel;

use burn::nn::PaddingConfig2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::{DType, Tensor};

use crate::FusedBackend;
use crate::conv2d::Geometry;

/// A window that moves over maps.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Height and width.
    pub size: [usize; 2],
    /// How it moves.
    pub geometry: Geometry,
}

/// Takes the largest value under a window that moves over the maps.
///
/// ```text
/// y[n, c, i, j] = max over k, l of x[n, c, i stride + k - padding, j stride + l - padding]
/// ```
///
/// # Shapes
/// `[n, channels, height, width]` -> `[n, channels, (height + padding - kernel) / stride + 1, the same of width]`,
/// rounded down, with the padding of both sides
///
/// Fused for strides, explicit padding less than the window, and windows of any size. Dilation, rounding up,
/// [`PaddingConfig2d::Same`], types other than `f32` and empty inputs or outputs are left to Burn's layer. A NaN under
/// the window is the largest. The gradient goes to the first of equally large values, row by row, as in PyTorch.
///
/// # Panics
/// As Burn's layer, where the input is smaller than the window.
///
/// # Examples
/// ```
/// use burn::nn::pool::MaxPool2dConfig;
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
///
/// let layer = MaxPool2dConfig::new([2, 2]).with_strides([1, 1]).init();
/// let input = Tensor::<Flex, 4>::from_floats([[[[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]]]], &Default::default());
/// let output = galmass_ops::max_pool2d(&layer, input).into_data();
/// assert_eq!(output.to_vec::<f32>().unwrap(), [6.0, 5.0]);
/// ```
pub fn max_pool2d<B: FusedBackend>(layer: &MaxPool2d, input: Tensor<B, 4>) -> Tensor<B, 4> {
    B::max_pool2d_layer(layer, input)
}

/// The window of a layer, if the fused operations can do it for this input.
pub(crate) fn fusible<B: FusedBackend>(layer: &MaxPool2d, input: &Tensor<B, 4>) -> Option<Window> {
    let padding = match layer.padding {
        PaddingConfig2d::Valid => [0; 4],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right],
        PaddingConfig2d::Same => return None,
    };
    let [height, width] = layer.kernel_size;
    let [top, left, bottom, right] = padding;
    // No window lies in the padding alone.
    let is_inside = top.max(bottom) < height && left.max(right) < width;
    let is_plain = layer.dilation == [1, 1] && !layer.ceil_mode && !layer.stride.contains(&0) && is_inside;
    let window = Window { size: layer.kernel_size, geometry: Geometry { stride: layer.stride, padding } };
    let fits = is_plain && input.dtype() == DType::F32 && kernel::shape(input.dims(), window).is_some();
    fits.then_some(window)
}
