//! Tensors of Flex as slices, and back.

use burn_flex::FlexTensor;

use super::Geometry;
use super::kernel::{self, Shape};
use crate::tensors::{contiguous, dims, from_vec, slice};

/// See [`Kernels::convolve`](crate::Kernels::convolve).
pub(crate) fn convolve(input: FlexTensor, weight: FlexTensor, geometry: Geometry) -> FlexTensor {
    let shape = shape(&input, &weight, geometry);
    let [input, weight] = [input, weight].map(contiguous);
    from_vec(kernel::convolve(slice(&input), slice(&weight), shape), shape.output())
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
    let [gradient, input, weight] = [gradient, input, weight].map(contiguous);
    let [gradient, input, weight] = [&gradient, &input, &weight].map(slice);
    let (of_input, of_weight) = kernel::gradients(gradient, input, weight, shape, wants_input);
    (of_input.map(|values| from_vec(values, input_dims)), from_vec(of_weight, weight_dims))
}

fn shape(input: &FlexTensor, weight: &FlexTensor, geometry: Geometry) -> Shape {
    Shape::new(dims(input), dims(weight), geometry).expect("`conv2d` has left empty outputs to Burn")
}
