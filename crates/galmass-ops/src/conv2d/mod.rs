//! Convolution of maps.

pub(crate) mod autodiff;
pub(crate) mod flex;
mod grid;
mod kernel;
mod product;
mod shape;
mod weights;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Tensor};

use crate::{Fork, FusedBackend};

/// How the kernel moves over the map.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Vertical and horizontal.
    pub stride: [usize; 2],
    /// Pixels of value 0 about the map: top, left, bottom, right.
    pub padding: [usize; 4],
}

/// Convolves maps with the kernels of a layer, in the sense of the field: a correlation.
///
/// ```text
/// y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] x[n, c, i stride + k - padding, j stride + l - padding]
/// ```
///
/// The input counts as 0 outside of its maps.
///
/// # Shapes
/// `[n, channels in, height, width]` -> `[n, channels out, (height + padding - kernel) / stride + 1, the same of width]`,
/// rounded down, with the padding of both sides
///
/// Fused for strides, explicit padding and kernels of any size. Dilation, groups, [`PaddingConfig2d::Same`], types other
/// than `f32` and empty inputs or outputs are left to Burn's layer. A bias is added by Burn.
///
/// # Panics
/// As Burn's layer, where the input has not as many channels as the layer or is smaller than the kernel.
///
/// # Examples
/// ```
/// use burn::nn::conv::{Conv2d, Conv2dConfig};
/// use burn::nn::Initializer;
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
///
/// // A kernel of ones sums each 2 x 2 patch.
/// let device = Default::default();
/// let ones = Conv2dConfig::new([1, 1], [2, 2]).with_bias(false).with_initializer(Initializer::Ones);
/// let layer: Conv2d<Flex> = ones.init(&device);
/// let input = Tensor::<Flex, 4>::from_floats([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], &device);
/// let output = galmass_ops::conv2d(&layer, input).into_data();
/// assert_eq!(output.to_vec::<f32>().unwrap(), [12.0, 16.0]);
/// ```
///
/// # References
/// K. Chellapilla, S. Puri & P. Simard 2006, "High Performance Convolutional Neural Networks for Document Processing",
/// IWFHR: convolution as one matrix product.
pub fn conv2d<B: FusedBackend>(layer: &Conv2d<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    B::conv2d_layer(layer, input, None)
}

/// [`conv2d()`] of maps that go other ways as well.
///
/// # Panics
/// As [`conv2d()`].
///
/// # Examples
/// ```
/// use burn::backend::Autodiff;
/// use burn::nn::Initializer;
/// use burn::nn::conv::{Conv2d, Conv2dConfig};
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
/// use galmass_ops::{Fork, conv2d_of_fork};
///
/// // Two convolutions that double their input: the gradient is 2 from each.
/// let device = Default::default();
/// let doubled = Conv2dConfig::new([1, 1], [1, 1]).with_bias(false).with_initializer(Initializer::Constant { value: 2.0 });
/// let layers: [Conv2d<Autodiff<Flex>>; 2] = [doubled.init(&device), doubled.init(&device)];
/// let input = Tensor::from_floats([[[[1.0]]]], &device).require_grad();
/// let fork = Fork::new(input.clone());
/// let output = conv2d_of_fork(&layers[0], &fork) + conv2d_of_fork(&layers[1], &fork);
/// let gradient = input.grad(&output.backward()).unwrap();
/// assert_eq!(gradient.into_data().to_vec::<f32>().unwrap(), [4.0]);
/// ```
pub fn conv2d_of_fork<B: FusedBackend>(layer: &Conv2d<B>, input: &Fork<B>) -> Tensor<B, 4> {
    B::conv2d_layer(layer, input.maps(), Some(&input.meeting))
}

/// How the kernel of a layer moves, if the fused operations can do it for this input.
pub(crate) fn fusible<B: FusedBackend>(layer: &Conv2d<B>, input: &Tensor<B, 4>) -> Option<Geometry> {
    let weight = layer.weight.val();
    let padding = match layer.padding {
        PaddingConfig2d::Valid => [0; 4],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right],
        PaddingConfig2d::Same => return None,
    };
    let geometry = Geometry { stride: layer.stride, padding };
    let is_plain = layer.dilation == [1, 1] && layer.groups == 1 && !layer.stride.contains(&0);
    let is_f32 = [input.dtype(), weight.dtype()] == [DType::F32; 2];
    let shape = (is_plain && is_f32).then(|| shape::Shape::new(input.dims(), weight.dims(), geometry))?;
    shape.map(|_| geometry)
}

/// Adds the bias of a layer to its output.
pub(crate) fn add_bias<B: FusedBackend>(layer: &Conv2d<B>, output: Tensor<B, 4>) -> Tensor<B, 4> {
    match &layer.bias {
        Some(bias) => {
            let bias = bias.val();
            let [n_out] = bias.dims();
            output + bias.reshape([1, n_out, 1, 1])
        }
        None => output,
    }
}
