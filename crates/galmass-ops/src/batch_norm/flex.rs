//! Tensors of Flex as slices, and back.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;
use burn_flex::{Flex, FlexTensor};

use super::kernel::{self, Layer, Moments};
use super::{Affine, Ending, Normalised, Statistics, delegate, is_f32};
use crate::tensors::{
    channels_last, contiguous, dims, from_channels_last, from_vec, primitive, slice, tensor, to_vec,
};

/// Normalises with the running statistics, in place where the input is not shared.
pub(crate) fn inference(
    layer: &BatchNorm<Flex>,
    input: Tensor<Flex, 4>,
    ending: Ending<Tensor<Flex, 4>>,
) -> Tensor<Flex, 4> {
    if !is_f32(layer, &input) {
        return delegate(layer, input, ending);
    }
    let mut values = channels_last(primitive(input));
    let [gamma, beta, mean, variance] = [
        layer.gamma.val(),
        layer.beta.val(),
        layer.running_mean.value_sync(),
        layer.running_var.value_sync(),
    ]
    .map(|parameter| contiguous(primitive(parameter)));
    let moments = Moments { mean: to_vec(&mean), variance: to_vec(&variance) };
    let ending = ending.map(|shortcut| channels_last(primitive(shortcut)));
    let layer = Layer {
        moments: &moments,
        gamma: slice(&gamma),
        beta: slice(&beta),
        epsilon: layer.epsilon,
        rectifies: ending.rectifies(),
    };
    kernel::normalise_in_place(values.storage_mut(), ending.other().map(FlexTensor::storage), layer);
    tensor(values)
}

/// See [`Kernels::normalise`](crate::Kernels::normalise).
pub(crate) fn normalise(
    input: FlexTensor,
    affine: Affine<Flex>,
    ending: Ending<FlexTensor>,
) -> Normalised<Flex> {
    let dims = dims(&input);
    let input = channels_last(input);
    let ending = ending.map(channels_last);
    let [gamma, beta] = [affine.gamma, affine.beta].map(contiguous);
    let moments = kernel::moments(input.storage(), dims[1]);
    let layer = Layer {
        moments: &moments,
        gamma: slice(&gamma),
        beta: slice(&beta),
        epsilon: affine.epsilon,
        rectifies: ending.rectifies(),
    };
    let mut output = vec![0.0; dims.iter().product()];
    kernel::normalise(input.storage(), ending.other().map(FlexTensor::storage), layer, &mut output);
    let Moments { mean, variance } = moments;
    Normalised {
        output: from_channels_last(output, dims),
        statistics: Statistics { mean: from_vec(mean, [dims[1]]), variance: from_vec(variance, [dims[1]]) },
    }
}

/// See [`Kernels::normalise_gradients`](crate::Kernels::normalise_gradients); the gradient becomes that of the input
/// in place where it is not shared.
pub(crate) fn gradients(
    gradient: FlexTensor,
    input: FlexTensor,
    affine: Affine<Flex>,
    statistics: Statistics<Flex>,
    ending: Ending<FlexTensor>,
) -> [Option<FlexTensor>; 4] {
    let dims = dims(&input);
    let [mut gradient, input] = [gradient, input].map(channels_last);
    let ending = ending.map(channels_last);
    let [gamma, beta] = [affine.gamma, affine.beta].map(contiguous);
    let [mean, variance] =
        [statistics.mean, statistics.variance].map(|of_channels| to_vec(&contiguous(of_channels)));
    let moments = Moments { mean, variance };
    let layer = Layer {
        moments: &moments,
        gamma: slice(&gamma),
        beta: slice(&beta),
        epsilon: affine.epsilon,
        rectifies: ending.rectifies(),
    };
    let output = ending.other().map(FlexTensor::storage);
    let mut of_shortcut = output.map(|_: &[f32]| vec![0.0; dims.iter().product()]);
    let (of_gamma, of_beta) =
        kernel::gradients(gradient.storage_mut(), input.storage(), output, layer, of_shortcut.as_deref_mut());
    [
        Some(gradient),
        Some(from_vec(of_gamma, [dims[1]])),
        Some(from_vec(of_beta, [dims[1]])),
        of_shortcut.map(|values| from_channels_last(values, dims)),
    ]
}
