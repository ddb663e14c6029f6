//! The fused convolution against Burn's own layer.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::strategy::BalancedCheckpointing;
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{DType, Tensor, TensorData};
use burn_flex::Flex;
use galmass_ops::{Fork, conv2d, conv2d_of_fork};

type Graph = Autodiff<Flex>;
type Forward<B> = fn(&Conv2d<B>, Tensor<B, 4>) -> Tensor<B, 4>;

/// Of sums of some hundred products of order one, in another order, relative to the largest value.
const TOLERANCE: f32 = 1e-5;

/// Input `[n, channels, height, width]`, channels out, kernel, stride, padding at top, left, bottom and right.
type Case = ([usize; 4], usize, [usize; 2], [usize; 2], [usize; 4]);

const CASES: [Case; 11] = [
    ([5, 3, 8, 8], 4, [3, 3], [1, 1], [1, 1, 1, 1]),
    ([5, 3, 9, 7], 4, [3, 3], [2, 2], [1, 1, 1, 1]),
    ([2, 2, 30, 30], 8, [7, 7], [2, 2], [3, 3, 3, 3]),
    ([40, 16, 2, 2], 16, [3, 3], [1, 1], [1, 1, 1, 1]),
    ([7, 6, 5, 4], 3, [1, 1], [2, 2], [0, 0, 0, 0]),
    ([3, 2, 6, 9], 5, [2, 4], [3, 2], [0, 1, 2, 3]),
    ([1, 1, 5, 5], 1, [5, 5], [1, 1], [0, 0, 0, 0]),
    // One sample a product, and a batch that no number of samples divides.
    ([3, 2, 40, 33], 2, [3, 3], [1, 1], [1, 1, 1, 1]),
    ([11, 2, 9, 9], 2, [3, 3], [1, 1], [1, 1, 1, 1]),
    // Rows and columns of the output that see nothing but padding.
    ([2, 2, 3, 3], 2, [2, 2], [1, 1], [3, 3, 3, 3]),
    ([3, 2, 1, 1], 4, [3, 3], [2, 2], [1, 1, 1, 1]),
];

/// Numbers in `[-1, 1)` that look random: the fractional parts of multiples of the golden ratio.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (1..=n)
        .map(|i| (2.0 * ((i * i + 1000 * seed) as f64 * 0.618_033_988_749_895).fract() - 1.0) as f32)
        .collect()
}

fn maps<B: Backend>(shape: [usize; 4], seed: usize) -> Tensor<B, 4> {
    let values = numbers(shape.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

fn layer<B: Backend>(config: Conv2dConfig) -> Conv2d<B> {
    let mut layer: Conv2d<B> = config.init(&Default::default());
    let shape = layer.weight.dims();
    layer.weight = Param::from_tensor(maps(shape, 1));
    if layer.bias.is_some() {
        layer.bias =
            Some(Param::from_data(TensorData::new(numbers(shape[0], 2), [shape[0]]), &Default::default()));
    }
    layer
}

fn config(
    n_in: usize,
    n_out: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 4],
) -> Conv2dConfig {
    let [top, left, bottom, right] = padding;
    Conv2dConfig::new([n_in, n_out], kernel)
        .with_stride(stride)
        .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
        .with_bias(false)
}

fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("f32")
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(difference <= TOLERANCE * largest, "{what}[{index}]: found {found}, expected {expected}");
    }
}

/// Output, gradients of input and weights.
type Outcome = [(&'static str, Vec<f32>); 3];

fn step<B: AutodiffBackend>(layer: &Conv2d<B>, input: Tensor<B, 4>, forward: Forward<B>) -> Outcome {
    let input = input.require_grad();
    let output = forward(layer, input.clone());
    let gradients = (output.clone() * maps(output.dims(), 3)).sum().backward();
    [
        ("output", values(output)),
        ("gradient of input", values(input.grad(&gradients).expect("a gradient"))),
        ("gradient of weights", values(layer.weight.grad(&gradients).expect("a gradient"))),
    ]
}

fn stock<B: Backend>(layer: &Conv2d<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    layer.forward(input)
}

fn assert_same(found: &Outcome, expected: &Outcome, which: &str) {
    for ((what, found), (_, expected)) in found.iter().zip(expected) {
        assert_close(found, expected, &format!("{which} {what}"));
    }
}

#[test]
fn training_and_inference_equal_burn_s_layer() {
    for case in CASES {
        let (shape, n_out, kernel, stride, padding) = case;
        let config = || config(shape[1], n_out, kernel, stride, padding);
        let found = step(&layer::<Graph>(config()), maps(shape, 4), conv2d);
        let expected = step(&layer::<Graph>(config()), maps(shape, 4), stock);
        assert_same(&found, &expected, &format!("{case:?}"));
        let output = values(conv2d(&layer::<Flex>(config()), maps(shape, 4)));
        assert_eq!(output, found[0].1, "{case:?}");
    }
}

#[test]
fn what_is_not_fused_is_left_to_burn() {
    let base = || Conv2dConfig::new([4, 6], [2, 3]).with_bias(false);
    for config in [
        base().with_bias(true),
        base().with_padding(PaddingConfig2d::Same),
        base().with_dilation([2, 1]),
        base().with_groups(2),
    ] {
        let found = step(&layer::<Graph>(config.clone()), maps([3, 4, 6, 7], 4), conv2d);
        let expected = step(&layer::<Graph>(config.clone()), maps([3, 4, 6, 7], 4), stock);
        assert_same(&found, &expected, &config.to_string());
    }
    let mut double = layer::<Graph>(base());
    double.weight = double.weight.map(|weight| weight.cast(DType::F64).detach().require_grad());
    let output = conv2d(&double, maps([3, 4, 6, 7], 4).cast(DType::F64));
    assert_eq!(output.dtype(), DType::F64);
    let single = conv2d(&layer::<Graph>(base()), maps([3, 4, 6, 7], 4));
    assert_close(&values(output.cast(DType::F32)), &values(single), "double");
}

#[test]
fn a_bias_has_its_gradient() {
    let gradient = |forward: Forward<Graph>| {
        let layer = layer::<Graph>(Conv2dConfig::new([2, 3], [3, 3]));
        let output = forward(&layer, maps([4, 2, 5, 5], 4));
        let gradients = (output.clone() * maps(output.dims(), 3)).sum().backward();
        values(layer.bias.expect("a bias").grad(&gradients).expect("a gradient"))
    };
    assert_close(&gradient(conv2d), &gradient(stock), "bias");
}

#[test]
fn strided_inputs_and_gradients_count_as_their_contiguous_copies() {
    let config = || config(4, 3, [3, 3], [1, 1], [1, 1, 1, 1]);
    let strided = maps::<Graph>([5, 4, 3, 5], 4).permute([2, 1, 3, 0]);
    let copy = Tensor::from_data(strided.to_data(), &Default::default());
    let fused: Forward<Graph> = |layer, input| conv2d(layer, input).swap_dims(2, 3);
    let own: Forward<Graph> = |layer, input| layer.forward(input).swap_dims(2, 3);
    assert_same(&step(&layer(config()), strided, fused), &step(&layer(config()), copy, own), "permuted");
}

#[test]
fn inputs_without_gradients_train_the_weights() {
    let config = || config(2, 3, [3, 3], [2, 2], [1, 1, 1, 1]);
    let gradient = |forward: Forward<Graph>| {
        let layer = layer(config());
        let gradients = forward(&layer, maps([4, 2, 5, 5], 4)).powi_scalar(2).sum().backward();
        values(layer.weight.grad(&gradients).expect("a gradient"))
    };
    assert_close(&gradient(conv2d), &gradient(stock), "weights");
}

#[test]
fn inputs_are_left_alone() {
    let input = maps::<Graph>([4, 2, 5, 5], 4);
    let layer = layer(config(2, 3, [3, 3], [1, 1], [1, 1, 1, 1]));
    step(&layer, input.clone(), conv2d);
    assert_eq!(values(input), numbers(200, 4));
    assert_eq!(values(layer.weight.val()), numbers(54, 1));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| {
            let layer = layer::<Graph>(config(16, 16, [3, 3], [1, 1], [1, 1, 1, 1]));
            let outcome = step(&layer, maps([40, 16, 15, 15], 4), conv2d);
            outcome.map(|(_, values)| values.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn checkpointing_changes_nothing() {
    let (shape, config) = ([6, 4, 5, 5], || config(4, 3, [3, 3], [1, 1], [1, 1, 1, 1]));
    let found =
        step(&layer::<Autodiff<Flex, BalancedCheckpointing>>(config()), maps(shape, 4), |layer, input| {
            conv2d(layer, burn::tensor::activation::relu(input))
        });
    let plain: Forward<Graph> = |layer, input| conv2d(layer, burn::tensor::activation::relu(input));
    assert_eq!(found, step(&layer::<Graph>(config()), maps(shape, 4), plain));
}

/// Few channels and many, whole panels of weights and pieces of them, padding beyond the kernel.
#[test]
fn random_shapes_equal_burn_s_layer() {
    // Numerical Recipes' generator; what it draws is named where a shape fails.
    let mut state = 1_u32;
    let mut draw = |low: usize, high: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low + (state >> 8) as usize % (high - low)
    };
    for _ in 0..60 {
        let shape = [draw(1, 4), draw(1, 70), draw(1, 12), draw(1, 12)];
        let (n_out, kernel, stride) = (draw(1, 70), [draw(1, 5), draw(1, 5)], [draw(1, 4), draw(1, 4)]);
        let padding = [draw(0, 3), draw(0, 3), draw(0, 3), draw(0, 3)];
        let [top, left, bottom, right] = padding;
        if top + shape[2] + bottom < kernel[0] || left + shape[3] + right < kernel[1] {
            continue;
        }
        let config = || config(shape[1], n_out, kernel, stride, padding);
        let found = step(&layer::<Graph>(config()), maps(shape, 4), conv2d);
        let expected = step(&layer::<Graph>(config()), maps(shape, 4), stock);
        assert_same(&found, &expected, &format!("{shape:?} {n_out} {kernel:?} {stride:?} {padding:?}"));
    }
}

/// The gradients of both ways are added, wherever channels lie, and once.
#[test]
fn gradients_of_a_fork_are_added() {
    let layers = || {
        [layer::<Graph>(config(3, 5, [3, 3], [1, 1], [1; 4])), layer(config(3, 5, [1, 1], [1, 1], [0; 4]))]
    };
    let through = |forward: fn(&[Conv2d<Graph>; 2], Tensor<Graph, 4>) -> Tensor<Graph, 4>| {
        let input = maps::<Graph>([4, 3, 5, 6], 4).require_grad();
        let output = forward(&layers(), input.clone());
        let gradients = (output.clone() * maps(output.dims(), 3)).sum().backward();
        values(input.grad(&gradients).expect("a gradient"))
    };
    let forked = through(|[first, second], input| {
        // In the middle of a graph, where gradients are consumed, and with a third way of which Burn knows.
        let fork = Fork::new(input * 2.0);
        conv2d_of_fork(first, &fork) + conv2d_of_fork(second, &fork) + conv2d(second, fork.maps())
    });
    let plain = through(|[first, second], input| {
        let input = input * 2.0;
        first.forward(input.clone()) + second.forward(input.clone()) + second.forward(input)
    });
    assert_close(&forked, &plain, "both");
    // A single way waits for nobody.
    let alone = through(|[first, _], input| conv2d_of_fork(first, &Fork::new(input)));
    assert_close(&alone, &through(|[first, _], input| first.forward(input)), "alone");
}
