//! Tensors of Flex as slices, and back.

use burn_flex::FlexTensor;

use super::Geometry;
use super::kernel;
use super::shape::Shape;
use crate::tensors::{channels_last, contiguous, dims, from_channels_last, from_vec, slice};

/// See [`Kernels::convolve`](crate::Kernels::convolve).
pub(crate) fn convolve(input: FlexTensor, weight: FlexTensor, geometry: Geometry) -> FlexTensor {
    let shape = shape(&input, &weight, geometry);
    let (input, weight) = (channels_last(input), contiguous(weight));
    let mut output = vec![0.0; shape.output().iter().product()];
    kernel::convolve(input.storage(), slice(&weight), shape, &mut output);
    from_channels_last(output, shape.output())
}

/// See [`Kernels::convolve_gradients`](crate::Kernels::convolve_gradients).
pub(crate) fn gradients(
    gradient: FlexTensor,
    input: FlexTensor,
    weight: FlexTensor,
    geometry: Geometry,
    wants_input: bool,
) -> (Option<FlexTensor>, FlexTensor) {
    let shape = shape(&input, &weight, geometry);
    let (input_dims, weight_dims) = (dims(&input), dims(&weight));
    let (gradient, input) = (channels_last(gradient), channels_last(input));
    let mut of_weight = vec![0.0; weight_dims.iter().product()];
    kernel::weight_gradient(gradient.storage(), input.storage(), shape, &mut of_weight);
    let of_input = wants_input.then(|| {
        let mut of_input = vec![0.0; input_dims.iter().product()];
        kernel::input_gradient(gradient.storage(), slice(&contiguous(weight)), shape, &mut of_input);
        from_channels_last(of_input, input_dims)
    });
    (of_input, from_vec(of_weight, weight_dims))
}

fn shape(input: &FlexTensor, weight: &FlexTensor, geometry: Geometry) -> Shape {
    Shape::new(dims(input), dims(weight), geometry).expect("`conv2d` has left empty outputs to Burn")
}
