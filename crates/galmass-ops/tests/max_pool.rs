//! The largest values under a window against Burn's own layer.

use burn::backend::Autodiff;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use burn_flex::Flex;
use galmass_ops::max_pool2d;

type Graph = Autodiff<Flex>;

/// Input `[n, channels, height, width]`, window, stride, padding at top, left, bottom and right.
type Case = ([usize; 4], [usize; 2], [usize; 2], [usize; 4]);

const CASES: [Case; 6] = [
    ([3, 4, 8, 8], [3, 3], [2, 2], [1, 1, 1, 1]),
    ([2, 16, 7, 9], [3, 3], [2, 2], [1, 1, 1, 1]),
    ([2, 3, 9, 6], [2, 4], [3, 1], [0, 0, 0, 0]),
    ([1, 5, 5, 5], [5, 5], [1, 1], [2, 2, 2, 2]),
    ([2, 20, 6, 6], [1, 1], [2, 3], [0, 0, 0, 0]),
    ([2, 3, 5, 6], [3, 2], [1, 2], [2, 1, 0, 0]),
];

/// Numbers in `[-1, 1)` that look random: the fractional parts of multiples of the golden ratio.
fn maps<B: Backend>(shape: [usize; 4], seed: usize) -> Tensor<B, 4> {
    let n: usize = shape.iter().product();
    let number =
        |i: usize| (2.0 * ((i * i + 1000 * seed) as f64 * 0.618_033_988_749_895).fract() - 1.0) as f32;
    Tensor::from_data(TensorData::new((1..=n).map(number).collect(), shape), &Default::default())
}

fn layer(window: [usize; 2], stride: [usize; 2], [top, left, bottom, right]: [usize; 4]) -> MaxPool2d {
    let padding = PaddingConfig2d::Explicit(top, left, bottom, right);
    MaxPool2dConfig::new(window).with_strides(stride).with_padding(padding).init()
}

fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("f32")
}

/// Output and gradient of the input.
fn step(input: Tensor<Graph, 4>, forward: impl Fn(Tensor<Graph, 4>) -> Tensor<Graph, 4>) -> [Vec<f32>; 2] {
    let input = input.require_grad();
    let output = forward(input.clone());
    let gradients = (output.clone() * maps(output.dims(), 3)).sum().backward();
    [values(output), values(input.grad(&gradients).expect("a gradient"))]
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        // Gradients of several windows are summed in another order.
        assert!((found - expected).abs() <= 1e-5, "{what}[{index}]: found {found}, expected {expected}");
    }
}

#[test]
fn training_and_inference_equal_burn_s_layer() {
    for case in CASES {
        let (shape, window, stride, padding) = case;
        let layer = layer(window, stride, padding);
        let [output, gradient] = step(maps(shape, 4), |input| max_pool2d(&layer, input));
        let [expected, expected_gradient] = step(maps(shape, 4), |input| layer.forward(input));
        assert_eq!(output, expected, "{case:?}");
        assert_close(&gradient, &expected_gradient, &format!("{case:?}"));
        assert_eq!(values(max_pool2d(&layer, maps::<Flex>(shape, 4))), output, "{case:?}");
    }
}

#[test]
fn the_first_of_equal_values_gets_the_gradient() {
    let layer = layer([2, 2], [2, 2], [0; 4]);
    let input = Tensor::from_floats([[[[1.0, 3.0], [3.0, 3.0]]]], &Default::default());
    let [_, gradient] = step(input, |input| max_pool2d(&layer, input));
    let of_output = values(maps::<Flex>([1, 1, 1, 1], 3))[0];
    assert_eq!(gradient, [0.0, of_output, 0.0, 0.0]);
}

#[test]
fn a_nan_is_the_largest_and_gets_the_gradient() {
    let layer = layer([1, 3], [1, 3], [0; 4]);
    let values = [1.0, f32::NAN, 3.0, -1.0, -2.0, -0.5];
    let input = Tensor::from_floats([[[values]]], &Default::default());
    let [output, gradient] = step(input, |input| max_pool2d(&layer, input));
    assert!(output[0].is_nan());
    assert_eq!(output[1], -0.5);
    assert!(gradient[1] != 0.0 && gradient[5] != 0.0);
    assert_eq!([gradient[0], gradient[2], gradient[3], gradient[4]], [0.0; 4]);
}

#[test]
fn what_is_not_fused_is_left_to_burn() {
    let base = || MaxPool2dConfig::new([2, 2]).with_strides([2, 2]);
    for config in [
        base().with_padding(PaddingConfig2d::Same),
        base().with_dilation([2, 2]),
        base().with_ceil_mode(true),
    ] {
        let layer = config.init();
        let found = step(maps([2, 3, 7, 7], 4), |input| max_pool2d(&layer, input));
        assert_eq!(found, step(maps([2, 3, 7, 7], 4), |input| layer.forward(input)));
    }
}

#[test]
fn strided_inputs_count_as_their_contiguous_copies() {
    let layer = layer([3, 3], [2, 2], [1; 4]);
    let strided = maps::<Graph>([7, 4, 3, 8], 4).permute([2, 1, 3, 0]);
    let copy = Tensor::from_data(strided.to_data(), &Default::default());
    let pool = |input| max_pool2d(&layer, input);
    assert_eq!(step(strided, pool), step(copy, pool));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let layer = layer([3, 3], [2, 2], [1; 4]);
        pool.install(|| step(maps([5, 16, 20, 20], 4), |input| max_pool2d(&layer, input)))
    };
    assert_eq!(on(1), on(3));
}
