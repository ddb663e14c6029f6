//! Tensors of Flex as slices, and back.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;
use burn_flex::{Flex, FlexTensor};

use super::kernel::{self, Moments, Shape};
use super::{Normalised, Statistics, delegate, is_f32};
use crate::tensors::{contiguous, dims, from_vec, primitive, slice, tensor, to_vec};

/// Normalises with the running statistics, in place where the input is not shared.
pub(crate) fn inference(layer: &BatchNorm<Flex>, input: Tensor<Flex, 4>) -> Tensor<Flex, 4> {
    if !is_f32(layer, &input) {
        return delegate(layer, input);
    }
    let shape = Shape::from(input.dims());
    let mut values = contiguous(primitive(input));
    let [gamma, beta, mean, variance] = [
        layer.gamma.val(),
        layer.beta.val(),
        layer.running_mean.value_sync(),
        layer.running_var.value_sync(),
    ]
    .map(|parameter| contiguous(primitive(parameter)));
    let moments = Moments { mean: to_vec(&mean), variance: to_vec(&variance) };
    let [gamma, beta] = [&gamma, &beta].map(slice);
    kernel::normalise_in_place(values.storage_mut(), shape, &moments, gamma, beta, layer.epsilon);
    tensor(values)
}

/// See [`Kernels::normalise`](crate::Kernels::normalise).
pub(crate) fn normalise(
    input: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    epsilon: f64,
) -> Normalised<Flex> {
    let dims = dims(&input);
    let shape = Shape::from(dims);
    let [input, gamma, beta] = [input, gamma, beta].map(contiguous);
    let [values, gamma, beta] = [&input, &gamma, &beta].map(slice);
    let moments = kernel::moments(values, shape);
    let output = kernel::normalise(values, shape, &moments, gamma, beta, epsilon);
    let Moments { mean, variance } = moments;
    Normalised {
        output: from_vec(output, dims),
        statistics: Statistics { mean: from_vec(mean, [dims[1]]), variance: from_vec(variance, [dims[1]]) },
    }
}

/// See [`Kernels::normalise_gradients`](crate::Kernels::normalise_gradients); the gradient becomes that of the input
/// in place where it is not shared.
pub(crate) fn gradients(
    gradient: FlexTensor,
    input: FlexTensor,
    gamma: FlexTensor,
    statistics: Statistics<Flex>,
    epsilon: f64,
) -> [FlexTensor; 3] {
    let dims = dims(&input);
    let [mut gradient, input, gamma] = [gradient, input, gamma].map(contiguous);
    let [mean, variance] = [statistics.mean, statistics.variance].map(|of_channels| to_vec(&of_channels));
    let moments = Moments { mean, variance };
    let [values, gamma] = [&input, &gamma].map(slice);
    let (of_gamma, of_beta) =
        kernel::gradients(gradient.storage_mut(), values, Shape::from(dims), &moments, gamma, epsilon);
    [gradient, from_vec(of_gamma, [dims[1]]), from_vec(of_beta, [dims[1]])]
}
