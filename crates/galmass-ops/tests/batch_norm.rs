//! The fused batch normalisation against Burn's own layer, the formula, and numbers of PyTorch's rule.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::strategy::BalancedCheckpointing;
use burn::module::{AutodiffModule, Param};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::activation::relu;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{DType, Tensor, TensorData};
use burn_flex::Flex;
use galmass_ops::{FusedBackend, batch_norm, batch_norm_add_relu, batch_norm_relu};

type Graph = Autodiff<Flex>;
type Forward<B> = fn(&BatchNorm<B>, Tensor<B, 4>) -> Tensor<B, 4>;

/// Of values of order one that were summed in `f32` in another order.
const TOLERANCE: f32 = 1e-5;

/// `[n, channels, height, width]`: one pixel, two samples, odd sizes, planes longer than a block of the sums, one
/// sample, one value in each channel.
const SHAPES: [[usize; 4]; 8] = [
    [8, 5, 1, 1],
    [2, 3, 4, 4],
    [3, 7, 5, 3],
    [40, 16, 15, 15],
    [40, 128, 2, 2],
    [2, 2, 61, 47],
    [1, 4, 6, 7],
    [1, 3, 1, 1],
];

/// Numbers in `[-1, 1)` that look random: the fractional parts of multiples of the golden ratio.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (1..=n).map(|i| (2.0 * ((i + 1000 * seed) as f64 * 0.618_033_988_749_895).fract() - 1.0) as f32).collect()
}

fn maps<B: Backend>(shape: [usize; 4], seed: usize) -> Tensor<B, 4> {
    let values = numbers(shape.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

/// A layer with gamma and beta of its own in each channel.
fn layer<B: Backend>(n_channels: usize) -> BatchNorm<B> {
    let device = Default::default();
    let mut layer = BatchNormConfig::new(n_channels).init(&device);
    let parameter = |values| Param::from_data(TensorData::new(values, [n_channels]), &device);
    layer.gamma = parameter(numbers(n_channels, 1));
    layer.beta = parameter(numbers(n_channels, 2));
    layer
}

fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("f32")
}

/// The same values, side by side in memory.
fn copy_of<B: Backend>(tensor: &Tensor<B, 4>) -> Tensor<B, 4> {
    Tensor::from_data(tensor.to_data(), &Default::default())
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= TOLERANCE * expected.abs().max(1.0),
            "{what}[{index}]: found {found}, expected {expected}"
        );
    }
}

/// Output, gradients of input, gamma and beta, running mean and variance.
type Outcome = [(&'static str, Vec<f32>); 6];

fn step<B: AutodiffBackend>(layer: &BatchNorm<B>, input: Tensor<B, 4>, forward: Forward<B>) -> Outcome {
    let input = input.require_grad();
    let output = forward(layer, input.clone());
    let gradients = (output.clone() * maps(input.dims(), 3)).sum().backward();
    let n_values = input.dims()[0] * input.dims()[2] * input.dims()[3];
    let mean = |sums: Vec<f32>| sums.into_iter().map(|sum| sum / n_values as f32).collect();
    [
        ("output", values(output)),
        ("gradient of input", values(input.grad(&gradients).expect("a gradient"))),
        ("mean gradient of gamma", mean(values(layer.gamma.grad(&gradients).expect("a gradient")))),
        ("mean gradient of beta", mean(values(layer.beta.grad(&gradients).expect("a gradient")))),
        ("running mean", values(layer.running_mean.value_sync())),
        ("running variance", values(layer.running_var.value_sync())),
    ]
}

fn stock<B: Backend>(layer: &BatchNorm<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    layer.forward(input)
}

/// All but the running variance, which is Burn's times `m / (m - 1)`: see below.
fn assert_same(found: &Outcome, expected: &Outcome, which: &str) {
    for ((what, found), (_, expected)) in found.iter().zip(expected).take(5) {
        assert_close(found, expected, &format!("{which} {what}"));
    }
}

#[test]
fn training_equals_burn_s_layer() {
    for shape in SHAPES {
        let input = maps::<Graph>(shape, 4) * 3.0 + 0.5;
        let found = step(&layer(shape[1]), input.clone(), batch_norm);
        let expected = step(&layer(shape[1]), input, stock);
        assert_same(&found, &expected, &format!("{shape:?}"));
    }
}

#[test]
fn inference_equals_burn_s_layer() {
    for shape in SHAPES {
        let trained = layer::<Graph>(shape[1]);
        batch_norm(&trained, maps::<Graph>(shape, 4) * 3.0 + 0.5);
        let trained = trained.valid();
        let input = maps::<Flex>(shape, 5);
        let found = values(batch_norm(&trained, input.clone()));
        assert_close(&found, &values(trained.forward(input)), &format!("{shape:?}"));
    }
}

#[test]
fn inference_leaves_running_statistics_and_shared_inputs_alone() {
    let layer = layer::<Flex>(3);
    let input = maps::<Flex>([2, 3, 4, 5], 4);
    batch_norm(&layer, input.clone());
    assert_eq!(values(input), numbers(120, 4));
    assert_eq!(values(layer.running_mean.value_sync()), [0.0; 3]);
    assert_eq!(values(layer.running_var.value_sync()), [1.0; 3]);
}

#[test]
fn training_leaves_its_inputs_alone() {
    let (layer, input) = (layer::<Graph>(3), maps::<Graph>([2, 3, 4, 5], 4).require_grad());
    let output = batch_norm(&layer, input.clone());
    let before = values(output.clone());
    // The gradient reaches the input on two ways, as around a residual block, and is shared between them.
    let sum = output.clone() + input.clone();
    let gradients = (sum * maps([2, 3, 4, 5], 3)).sum().backward();
    assert_eq!(values(input.clone()), numbers(120, 4));
    assert_eq!(values(output), before);

    let found = values(input.grad(&gradients).expect("a gradient"));
    let alone = step(&self::layer(3), maps::<Graph>([2, 3, 4, 5], 4), stock);
    let expected: Vec<f32> = alone[1].1.iter().zip(numbers(120, 3)).map(|(a, b)| a + b).collect();
    assert_close(&found, &expected, "gradient of both ways");
}

#[test]
fn strided_inputs_and_gradients_count_as_their_contiguous_copies() {
    let strided = maps::<Graph>([5, 4, 3, 5], 4).permute([2, 1, 3, 0]);
    let copy = copy_of(&strided);
    let fused: Forward<Graph> = |layer, input| batch_norm(layer, input).swap_dims(2, 3);
    let own: Forward<Graph> = |layer, input| layer.forward(input).swap_dims(2, 3);
    assert_same(&step(&layer(4), strided.clone(), fused), &step(&layer(4), copy, own), "permuted");

    let (layer, strided) = (layer::<Flex>(4), strided.inner());
    let copy = copy_of(&strided);
    assert_close(&values(batch_norm(&layer, strided)), &values(layer.forward(copy)), "inference");
}

#[test]
fn a_slice_of_a_larger_tensor_counts_as_its_copy() {
    let slice = maps::<Graph>([6, 4, 3, 5], 4).slice([2..5, 0..4, 0..3, 0..5]);
    let copy = copy_of(&slice);
    assert_same(&step(&layer(4), slice, batch_norm), &step(&layer(4), copy, stock), "slice");
}

/// mean <- 0.9 mean + 0.1 batch mean, variance <- 0.9 variance + 0.1 batch variance m / (m - 1), which Burn leaves out.
#[test]
fn running_statistics_follow_the_unbiased_rule() {
    let shape = [4, 2, 2, 2];
    let m = 16.0;
    let (fused, own) = (layer::<Graph>(2), layer::<Graph>(2));
    let (mut mean, mut variance, mut biased) = ([0.0; 2], [1.0; 2], [1.0; 2]);
    for seed in 0..5 {
        let input = maps::<Graph>(shape, seed) * 2.0 + seed as f64;
        let numbers = values(input.clone());
        for channel in 0..2 {
            let of_channel: Vec<f64> =
                (0..32).filter(|i| i / 4 % 2 == channel).map(|i| f64::from(numbers[i])).collect();
            let batch_mean = of_channel.iter().sum::<f64>() / m;
            let squares = of_channel.iter().map(|x| (x - batch_mean).powi(2)).sum::<f64>();
            mean[channel] = 0.9 * mean[channel] + 0.1 * batch_mean;
            variance[channel] = 0.9 * variance[channel] + 0.1 * squares / (m - 1.0);
            biased[channel] = 0.9 * biased[channel] + 0.1 * squares / m;
        }
        batch_norm(&fused, input.clone());
        own.forward(input);
    }
    let single = |values: [f64; 2]| values.map(|value| value as f32);
    assert_close(&values(fused.running_mean.value_sync()), &single(mean), "mean");
    assert_close(&values(fused.running_var.value_sync()), &single(variance), "variance");
    assert_close(&values(own.running_var.value_sync()), &single(biased), "Burn's variance");
    assert_close(
        &values(fused.valid().running_var.value()),
        &single(variance),
        "variance of the valid module",
    );
}

/// `torch.nn.BatchNorm2d(1)` with weight 2 and bias 0.5 on the values 1, 2, 3, 6 of two samples; loss = sum(w y) with
/// w = 1, -2, 3, 0.5. Mean 3, variance 14 / 4, z = (x - 3) / sqrt(3.5 + 1e-5), y = 2 z + 0.5;
/// gradients sum(w z), sum(w) and 2 / sqrt(3.5 + 1e-5) (w - mean(w) - z mean(w z)); running variance 0.9 + 0.1 14 / 3.
#[test]
fn one_case_by_hand() {
    let device = Default::default();
    let layer: BatchNorm<Graph> = layer(1);
    let layer = BatchNorm {
        gamma: Param::from_data([2.0], &device),
        beta: Param::from_data([0.5], &device),
        ..layer
    };
    let input = Tensor::<Graph, 4>::from_floats([[[[1.0, 2.0]]], [[[3.0, 6.0]]]], &device).require_grad();
    let output = batch_norm(&layer, input.clone());
    let weights = Tensor::from_floats([[[[1.0, -2.0]]], [[[3.0, 0.5]]]], &device);
    let gradients = (output.clone() * weights).sum().backward();
    assert_close(&values(output), &[-1.638_086_9, -0.569_043_4, 0.5, 3.707_130_3], "output");
    assert_close(
        &values(input.grad(&gradients).expect("a gradient")),
        &[0.629_971_4, -2.691_699, 2.538_978, -0.477_250_4],
        "input",
    );
    assert_close(&values(layer.gamma.grad(&gradients).expect("a gradient")), &[0.801_782_6], "gamma");
    assert_close(&values(layer.beta.grad(&gradients).expect("a gradient")), &[2.5], "beta");
    assert_close(&values(layer.running_mean.value_sync()), &[0.3], "mean");
    assert_close(&values(layer.running_var.value_sync()), &[1.366_666_7], "variance");
}

/// A mean far from zero: in double precision the outputs of 1000 + {-1, 1} 2^-7 are -1 and 1.
#[test]
fn a_small_scatter_about_a_large_mean_is_kept() {
    let device = Default::default();
    let layer: BatchNorm<Graph> = BatchNormConfig::new(1).with_epsilon(0.0).init(&device);
    let signs: Vec<f32> = (0..450).map(|i| if i % 2 == 0 { -1.0 } else { 1.0 }).collect();
    let signs = Tensor::<Graph, 4>::from_data(TensorData::new(signs, [2, 1, 15, 15]), &device);
    let output = batch_norm(&layer, signs.clone() / 128.0 + 1000.0);
    assert_close(&values(output), &values(signs), "output");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| {
            let layer = layer::<Graph>(16);
            let training = step(&layer, maps([40, 16, 15, 15], 4), batch_norm);
            let inference = values(batch_norm(&layer.valid(), maps([40, 16, 15, 15], 5)));
            let mut bits: Vec<u32> = inference.iter().map(|value| value.to_bits()).collect();
            bits.extend(training.iter().flat_map(|(_, values)| values).map(|value| value.to_bits()));
            bits
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn inputs_without_gradients_train_gamma_and_beta() {
    let (fused, own) = (layer::<Graph>(3), layer::<Graph>(3));
    let gradients_of = |layer: &BatchNorm<Graph>, forward: Forward<Graph>| {
        let output = forward(layer, maps([5, 3, 2, 2], 4));
        let gradients = (output * maps([5, 3, 2, 2], 3)).sum().backward();
        values(layer.gamma.grad(&gradients).expect("a gradient"))
    };
    assert_close(&gradients_of(&fused, batch_norm), &gradients_of(&own, stock), "gamma");
}

#[test]
fn a_layer_without_gradients_still_follows_its_inputs() {
    use burn::module::Module;
    let layer = layer::<Graph>(3).no_grad();
    let input = maps::<Graph>([5, 3, 2, 2], 4);
    let output = batch_norm(&layer, input.clone());
    let expected = self::layer::<Graph>(3).no_grad().forward(input);
    assert_close(&values(output), &values(expected), "output");
    assert!(values(layer.running_mean.value_sync()).iter().all(|&mean| mean != 0.0));
}

#[test]
fn checkpointing_changes_nothing() {
    let shape = [6, 4, 5, 5];
    let through_relu = |layer: &BatchNorm<Autodiff<Flex, BalancedCheckpointing>>, input: Tensor<_, 4>| {
        batch_norm(layer, burn::tensor::activation::relu(input))
    };
    let plain: Forward<Graph> = |layer, input| batch_norm(layer, burn::tensor::activation::relu(input));
    let found = step(&layer(4), maps(shape, 4), through_relu);
    assert_eq!(found, step(&layer(4), maps::<Graph>(shape, 4), plain));
}

#[test]
fn other_types_than_f32_are_left_to_burn() {
    let double = |layer: BatchNorm<Graph>| BatchNorm {
        gamma: layer.gamma.map(|gamma| gamma.cast(DType::F64).detach().require_grad()),
        beta: layer.beta.map(|beta| beta.cast(DType::F64).detach().require_grad()),
        running_mean: burn::module::RunningState::new(layer.running_mean.value_sync().cast(DType::F64)),
        running_var: burn::module::RunningState::new(layer.running_var.value_sync().cast(DType::F64)),
        ..layer
    };
    let (single, double) = (layer::<Graph>(3), double(layer::<Graph>(3)));
    let input = maps::<Graph>([4, 3, 3, 3], 4);
    let output = batch_norm(&double, input.clone().cast(DType::F64));
    assert_eq!(output.dtype(), DType::F64);
    assert_close(&values(output.cast(DType::F32)), &values(batch_norm(&single, input)), "output");
    // The running variance is unbiased all the same.
    let [found, expected] =
        [double, single].map(|layer| values(layer.running_var.value_sync().cast(DType::F32)));
    assert_close(&found, &expected, "running variance");
}

#[test]
fn gradients_of_gradients_are_left_to_burn() {
    const { assert!(<Autodiff<Graph> as FusedBackend>::FUSED) };
    let found = step(&layer::<Autodiff<Graph>>(4), maps([3, 4, 2, 2], 4), batch_norm);
    assert_same(&found, &step(&layer::<Graph>(4), maps([3, 4, 2, 2], 4), batch_norm), "nested");
}

#[test]
fn an_empty_input_is_returned() {
    let layer = layer::<Graph>(3);
    let output = batch_norm(&layer, Tensor::empty([0, 3, 4, 4], &Default::default()));
    assert_eq!(output.dims(), [0, 3, 4, 4]);
    assert_eq!(values(layer.running_mean.value_sync()), [0.0; 3]);
}

#[test]
fn a_nan_stays_in_its_channel() {
    let input = Tensor::<Graph, 4>::from_floats([[[[1.0, f32::NAN]], [[1.0, 3.0]]]], &Default::default());
    let output = values(batch_norm(&BatchNormConfig::new(2).init(&Default::default()), input));
    assert!(output[..2].iter().all(|value| value.is_nan()));
    assert_close(&output[2..], &[-1.0, 1.0], "the other channel");
}

#[test]
#[should_panic(expected = "batch normalisation of 3 channels found 2")]
fn another_number_of_channels_is_refused() {
    batch_norm(&layer::<Flex>(3), maps([1, 2, 1, 1], 4));
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_agrees_with_flex() {
    type Slow = Autodiff<burn_ndarray::NdArray>;
    const { assert!(!Slow::FUSED) };
    let (fused, slow) = (layer::<Graph>(4), layer::<Slow>(4));
    for seed in 4..7 {
        let found = step(&fused, maps([5, 4, 3, 3], seed), batch_norm);
        let expected = step(&slow, maps([5, 4, 3, 3], seed), batch_norm);
        assert_same(&found, &expected, "ndarray");
        assert_close(&found[5].1, &expected[5].1, "running variance");
    }
}

#[test]
fn running_statistics_have_burn_s_outputs_and_pass_gradients() {
    use galmass_ops::with_running_statistics;
    let trained = layer::<Graph>(3);
    batch_norm(&trained, maps([5, 3, 4, 4], 4));
    let before = values(trained.running_var.value_sync());
    let input = maps::<Graph>([5, 3, 2, 2], 3).require_grad();
    let output = with_running_statistics(|| batch_norm(&trained, input.clone()));
    let expected = trained.valid().forward(input.clone().inner());
    assert_close(&values(output.clone()), &values(expected.clone()), "output");
    // Linear in the input: the gradient is what one more in the input does to the output.
    let gradient = input.grad(&output.sum().backward()).expect("a gradient");
    let more = trained.valid().forward(input.inner() + 1.0) - expected;
    assert_close(&values(gradient), &values(more), "gradient");
    assert_eq!(values(trained.running_var.value_sync()), before, "left alone");
    // And only there.
    batch_norm(&trained, maps([5, 3, 4, 4], 4));
    assert_ne!(values(trained.running_var.value_sync()), before);
}

/// Output and gradients of input, gamma, beta and shortcut.
fn ended(
    shape: [usize; 4],
    end: impl Fn(&BatchNorm<Graph>, Tensor<Graph, 4>, Tensor<Graph, 4>) -> Tensor<Graph, 4>,
) -> Vec<Vec<f32>> {
    let layer = layer::<Graph>(shape[1]);
    let input = (maps::<Graph>(shape, 4) * 3.0 + 0.5).require_grad();
    let shortcut = maps::<Graph>(shape, 6).require_grad();
    let output = end(&layer, input.clone(), shortcut.clone());
    let gradients = (output.clone() * maps(shape, 3)).sum().backward();
    let parameters = [&layer.gamma, &layer.beta].map(|of_channels| of_channels.grad(&gradients));
    let n_values = (shape[0] * shape[2] * shape[3]) as f64;
    let mut all = vec![values(output), values(input.grad(&gradients).expect("a gradient"))];
    all.extend(parameters.map(|gradient| values(gradient.expect("a gradient") / n_values)));
    all.extend(shortcut.grad(&gradients).map(values));
    all
}

#[test]
fn endings_equal_burn_s_operations() {
    for shape in SHAPES {
        let pairs = [
            (
                ended(shape, |layer, input, _| batch_norm_relu(layer, input)),
                ended(shape, |layer, input, _| relu(layer.forward(input))),
            ),
            (
                ended(shape, batch_norm_add_relu),
                ended(shape, |layer, input, shortcut| relu(layer.forward(input) + shortcut)),
            ),
        ];
        for (found, expected) in pairs {
            assert_eq!(found.len(), expected.len());
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_close(found, expected, &format!("{shape:?} {index}"));
            }
        }
    }
}

#[test]
fn endings_of_inference_equal_burn_s_operations() {
    for shape in SHAPES {
        let trained = layer::<Graph>(shape[1]);
        batch_norm(&trained, maps::<Graph>(shape, 4) * 3.0 + 0.5);
        let trained = trained.valid();
        let (input, shortcut) = (maps::<Flex>(shape, 5), maps::<Flex>(shape, 6));
        let found = values(batch_norm_relu(&trained, input.clone()));
        assert_close(&found, &values(relu(trained.forward(input.clone()))), "rectified");
        let found = values(batch_norm_add_relu(&trained, input.clone(), shortcut.clone()));
        assert_close(&found, &values(relu(trained.forward(input) + shortcut.clone())), "with shortcut");
        assert_eq!(values(shortcut), numbers(shape.iter().product(), 6));
    }
}

#[test]
fn a_shortcut_of_other_strides_counts_as_its_copy() {
    let shortcut = || maps::<Graph>([5, 4, 3, 5], 6).permute([2, 1, 0, 3]).require_grad();
    let through = |shortcut: Tensor<Graph, 4>| {
        let output = batch_norm_add_relu(&layer(4), maps([3, 4, 5, 5], 4), shortcut.clone());
        let gradients = (output.clone() * maps([3, 4, 5, 5], 3)).sum().backward();
        [values(output), values(shortcut.grad(&gradients).expect("a gradient"))]
    };
    assert_eq!(through(shortcut()), through(copy_of(&shortcut()).require_grad()));
}

#[test]
fn what_is_rectified_may_be_no_number() {
    let input = Tensor::<Graph, 4>::from_floats([[[[1.0, f32::NAN]], [[1.0, 3.0]]]], &Default::default());
    let layer = BatchNormConfig::new(2).init(&Default::default());
    let output = values(batch_norm_relu(&layer, input));
    assert!(output[..2].iter().all(|value| value.is_nan()));
    assert_close(&output[2..], &[0.0, 1.0], "the other channel");
}

#[test]
#[should_panic(expected = "the shortcut has another shape")]
fn another_shape_of_the_shortcut_is_refused() {
    batch_norm_add_relu(&layer::<Flex>(3), maps([1, 3, 2, 2], 4), maps([1, 3, 1, 1], 4));
}

#[test]
fn frozen_layers_end_as_well() {
    use galmass_ops::with_running_statistics;
    let trained = layer::<Graph>(3);
    let input = maps::<Graph>([5, 3, 2, 2], 3);
    let output = with_running_statistics(|| batch_norm_relu(&trained, input.clone()));
    assert_close(&values(output), &values(relu(trained.valid().forward(input.inner()))), "rectified");
}

#[test]
fn a_residual_block_adds_the_gradients_of_its_input() {
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use galmass_ops::{Fork, batch_norm_add_relu_of_fork, conv2d_of_fork};
    let shape = [6, 4, 5, 5];
    let weights = Param::from_tensor(maps::<Graph>([4, 4, 1, 1], 7));
    let mut convolution: Conv2d<Graph> =
        Conv2dConfig::new([4, 4], [1, 1]).with_bias(false).init(&Default::default());
    convolution.weight = weights;
    let through = |is_fused: bool| {
        let layer = layer::<Graph>(4);
        let input = maps::<Graph>(shape, 4).require_grad();
        // Not the input itself: the gradient of its gradient's sum must arrive there, once.
        let inner = input.clone() * 2.0;
        let output = if is_fused {
            let fork = Fork::new(inner);
            batch_norm_add_relu_of_fork(&layer, conv2d_of_fork(&convolution, &fork), &fork)
        } else {
            relu(layer.forward(convolution.forward(inner.clone())) + inner)
        };
        let gradients = (output.clone() * maps(shape, 3)).sum().backward();
        [values(output), values(input.grad(&gradients).expect("a gradient"))]
    };
    let ([output, gradient], [expected, expected_gradient]) = (through(true), through(false));
    assert_close(&output, &expected, "output");
    assert_close(&gradient, &expected_gradient, "gradient");
}
