//! The fused optimiser against Burn's own.

use burn::optim::{AdamWConfig, SimpleOptimizer};
use burn::tensor::backend::Backend;
use burn::tensor::{DType, Tensor, TensorData};
use burn_flex::Flex;
use galmass_ops::FusedAdamW;

/// Numbers in `[-1, 1)` that look random: the fractional parts of multiples of the golden ratio.
fn numbers(shape: [usize; 2], seed: usize) -> Tensor<Flex, 2> {
    let number =
        |i: usize| (2.0 * ((i * i + 1000 * seed) as f64 * 0.618_033_988_749_895).fract() - 1.0) as f32;
    let values = (1..=shape[0] * shape[1]).map(number).collect();
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

fn bits<B: Backend>(tensor: Tensor<B, 2>) -> Vec<u32> {
    tensor.into_data().to_vec::<f32>().expect("f32").into_iter().map(f32::to_bits).collect()
}

/// Weights and moments after each of some steps.
fn steps<O: SimpleOptimizer<Flex>>(optimiser: &O, shape: [usize; 2]) -> Vec<Vec<u32>> {
    let (mut weights, mut state) = (numbers(shape, 0), None);
    (1..5)
        .map(|step| {
            let gradient = numbers(shape, step);
            // Shared with the caller, as a network is that is cloned for the step.
            let before = bits(weights.clone());
            let (after, next) = optimiser.step(1e-2, weights.clone(), gradient.clone(), state.take());
            assert_eq!(bits(weights.clone()), before);
            assert_eq!(bits(gradient), bits(numbers(shape, step)));
            (weights, state) = (after, next);
            bits(weights.clone())
        })
        .collect()
}

#[test]
fn every_step_is_burn_s_to_the_last_bit() {
    for weight_decay in [0.0, 1e-2] {
        let burn = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(weight_decay).build();
        let fused = FusedAdamW::new(0.9, 0.999, 1e-8, weight_decay);
        for shape in [[1, 1], [5, 7], [130, 257]] {
            assert_eq!(steps(&fused, shape), steps(&burn, shape), "{weight_decay} {shape:?}");
        }
    }
}

#[test]
fn strided_gradients_count_as_their_copies() {
    let fused = FusedAdamW::new(0.9, 0.999, 1e-8, 0.0);
    let strided = numbers([4, 6], 3).transpose();
    let copy = Tensor::from_data(strided.to_data(), &Default::default());
    let [found, expected] =
        [strided, copy].map(|gradient| bits(fused.step(1e-2, numbers([6, 4], 1), gradient, None).0));
    assert_eq!(found, expected);
}

#[test]
fn other_types_than_f32_are_left_to_burn() {
    let fused = FusedAdamW::new(0.9, 0.999, 1e-8, 0.0);
    let [weights, gradient] = [1, 2].map(|seed| numbers([3, 4], seed).cast(DType::F64));
    let (found, state) = fused.step(1e-2, weights.clone(), gradient.clone(), None);
    assert_eq!(found.dtype(), DType::F64);
    let burn = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.0).build();
    let (expected, _) = burn.step(1e-2, weights, gradient, None);
    assert_eq!(found.into_data(), expected.into_data());
    assert_eq!(state.expect("a state").momentum.time, 1);
}
