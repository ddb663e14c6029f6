//! Tensors of Flex as slices, and back.

use burn_flex::FlexTensor;

use super::Window;
use super::kernel::{self, Shape};
use crate::tensors::{channels_last, dims, from_channels_last};

/// See [`Kernels::pool`](crate::Kernels::pool).
pub(crate) fn pool(input: FlexTensor, window: Window) -> FlexTensor {
    let (shape, input) = (shape(&input, window), channels_last(input));
    let output_dims = shape.output(dims(&input));
    let mut output = vec![0.0; output_dims.iter().product()];
    kernel::pool(input.storage(), shape, &mut output);
    from_channels_last(output, output_dims)
}

/// See [`Kernels::pool_gradient`](crate::Kernels::pool_gradient).
pub(crate) fn gradient(
    gradient: FlexTensor,
    input: FlexTensor,
    output: FlexTensor,
    window: Window,
) -> FlexTensor {
    let (shape, dims) = (shape(&input, window), dims(&input));
    let [gradient, input, output] = [gradient, input, output].map(channels_last);
    let mut of_input = vec![0.0; dims.iter().product()];
    kernel::gradient(gradient.storage(), input.storage(), output.storage(), shape, &mut of_input);
    from_channels_last(of_input, dims)
}

fn shape(input: &FlexTensor, window: Window) -> Shape {
    kernel::shape(dims(input), window).expect("`max_pool2d` has left empty outputs to Burn")
}
