//! A masked network: numbers for each target that depend on the targets before it alone.

use burn::module::Param;
use burn::nn::Linear;
use burn::prelude::*;
use burn::tensor::activation::relu;
use rand_chacha::ChaCha8Rng;

use crate::initial::{linear, parameter};

/// A masked autoencoder for distribution estimation (MADE; Germain et al. 2015) with two hidden layers and a context.
///
/// Each target has a degree, its place in the order from 1 to D; hidden unit `h` has degree `h mod D`. A unit sees
/// what has its own degree or less, an output what has less than its own: so the numbers for a target depend on the
/// targets before it, and all on the context, those of the first target through the units of degree 0.
#[derive(Module, Debug)]
pub struct Made<B: Backend> {
    input: Param<Tensor<B, 2>>,
    context: Linear<B>,
    hidden: Linear<B>,
    output: Linear<B>,
    output_context: Param<Tensor<B, 2>>,
    #[module(skip)]
    n_dimensions: usize,
    #[module(skip)]
    is_reversed: bool,
}

/// What a masked network looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct MadeConfig {
    pub(super) n_dimensions: usize,
    /// Width of the context and of the hidden layers.
    pub(super) n_hidden: usize,
    /// Numbers for each target.
    pub(super) n_numbers: usize,
    /// Whether the last target comes first.
    pub(super) is_reversed: bool,
}

/// How much smaller than usual the last weights start, so that a flow starts as little more than its base.
const FIRST_OUTPUTS: f32 = 0.1;

impl<B: Backend> Made<B> {
    /// Makes a network whose outputs start near `first_biases`, `[number, dimension]`.
    pub(super) fn new(
        config: MadeConfig,
        first_biases: Vec<f32>,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let MadeConfig { n_dimensions, n_hidden, n_numbers, is_reversed } = config;
        let n_outputs = n_numbers * n_dimensions;
        let small = |weight: Param<Tensor<B, 2>>| weight.map(|weight| weight.mul_scalar(FIRST_OUTPUTS));
        let mut output = linear(n_hidden, n_outputs, generator, device);
        output.weight = small(output.weight);
        output.bias = Some(parameter(first_biases, [n_outputs], device));
        Self {
            input: linear(n_dimensions, n_hidden, generator, device).weight,
            context: linear(n_hidden, n_hidden, generator, device),
            hidden: linear(n_hidden, n_hidden, generator, device),
            output,
            output_context: small(linear(n_hidden, n_outputs, generator, device).weight),
            n_dimensions,
            is_reversed,
        }
    }

    /// The numbers for each target.
    ///
    /// # Shapes
    /// targets `[n, D]`, context `[n, n_hidden]` -> `[n, n_numbers, D]`
    pub fn forward(&self, targets: Tensor<B, 2>, context: Tensor<B, 2>) -> Tensor<B, 3> {
        let [n_samples, n] = targets.dims();
        let order = self.order();
        let [_, n_hidden] = self.input.dims();
        let [_, n_outputs] = self.output_context.dims();
        let of_target = |target: usize| order[target % n];
        let of_unit = |unit: usize| unit % n;
        let device = targets.device();
        let mask = |[rows, columns]: [usize; 2], is_seen: &dyn Fn(usize, usize) -> bool| {
            let seen = (0..rows * columns).map(|index| is_seen(index / columns, index % columns));
            let values: Vec<f32> = seen.map(|seen| f32::from(u8::from(seen))).collect();
            Tensor::<B, 2>::from_data(TensorData::new(values, [rows, columns]), &device)
        };
        let inputs = mask([n, n_hidden], &|target, unit| of_target(target) <= of_unit(unit));
        let between = mask([n_hidden, n_hidden], &|before, after| of_unit(before) <= of_unit(after));
        let outputs = mask([n_hidden, n_outputs], &|unit, output| of_unit(unit) < of_target(output));

        let first = targets.matmul(self.input.val() * inputs) + self.context.forward(context.clone());
        let second = masked(&self.hidden, relu(first), between);
        let numbers = masked(&self.output, relu(second), outputs) + context.matmul(self.output_context.val());
        numbers.reshape([n_samples, n_outputs / n, n])
    }

    /// The degree of each target, from 1.
    fn order(&self) -> Vec<usize> {
        let n = self.n_dimensions;
        (0..n).map(|target| if self.is_reversed { n - target } else { target + 1 }).collect()
    }

    /// The same network in plain numbers.
    pub(super) fn to_plain(&self) -> PlainMade {
        let values = |tensor: Tensor<B, 2>| tensor.into_data().iter::<f64>().collect::<Vec<f64>>();
        let biases = |layer: &Linear<B>| match &layer.bias {
            Some(bias) => bias.val().into_data().iter::<f64>().collect(),
            None => vec![0.0; layer.weight.dims()[1]],
        };
        let degrees = self.order();
        let mut order: Vec<usize> = (0..self.n_dimensions).collect();
        order.sort_by_key(|&target| degrees[target]);
        PlainMade {
            order,
            n_hidden: self.input.dims()[1],
            n_outputs: self.output_context.dims()[1],
            input: values(self.input.val()),
            context: values(self.context.weight.val()),
            context_bias: biases(&self.context),
            hidden: values(self.hidden.weight.val().transpose()),
            hidden_bias: biases(&self.hidden),
            output: values(self.output.weight.val().transpose()),
            output_bias: biases(&self.output),
            output_context: values(self.output_context.val()),
        }
    }
}

fn masked<B: Backend>(layer: &Linear<B>, input: Tensor<B, 2>, mask: Tensor<B, 2>) -> Tensor<B, 2> {
    let output = input.matmul(layer.weight.val() * mask);
    match &layer.bias {
        Some(bias) => output + bias.val().unsqueeze(),
        None => output,
    }
}

/// A masked network that walks through the targets one by one, in `f64`.
#[derive(Clone, Debug)]
pub(crate) struct PlainMade {
    /// The targets in the order of their degrees.
    order: Vec<usize>,
    n_hidden: usize,
    n_outputs: usize,
    input: Vec<f64>,
    context: Vec<f64>,
    context_bias: Vec<f64>,
    /// Transposed: the weights of a unit are side by side.
    hidden: Vec<f64>,
    hidden_bias: Vec<f64>,
    /// Transposed.
    output: Vec<f64>,
    output_bias: Vec<f64>,
    output_context: Vec<f64>,
}

/// What a context adds to the first hidden layer and to the outputs.
#[derive(Clone, Debug)]
pub(crate) struct PlainContext {
    hidden: Vec<f64>,
    outputs: Vec<f64>,
}

impl PlainMade {
    pub(crate) fn n_dimensions(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn context(&self, context: &[f64]) -> PlainContext {
        let layer = |weights: &[f64], biases: &[f64]| {
            let mut sums = biases.to_vec();
            for (value, weights) in context.iter().zip(weights.chunks_exact(biases.len())) {
                add_product(&mut sums, *value, weights);
            }
            sums
        };
        PlainContext {
            hidden: layer(&self.context, &self.context_bias),
            outputs: layer(&self.output_context, &self.output_bias),
        }
    }

    /// Goes through the targets in their order. `next` is told a target and the numbers for it, which depend on the
    /// targets before it, and answers with its value.
    pub(crate) fn walk(&self, context: &PlainContext, mut next: impl FnMut(usize, &[f64]) -> f64) {
        let n = self.order.len();
        let mut sums = context.hidden.clone();
        // Units that are not known yet are 0, and so add nothing: no mask is needed.
        let (mut first, mut second) = (vec![0.0; self.n_hidden], vec![0.0; self.n_hidden]);
        let mut numbers = vec![0.0; self.n_outputs / n];
        for (degree, &target) in self.order.iter().enumerate() {
            let units = || (degree..self.n_hidden).step_by(n);
            for unit in units() {
                first[unit] = sums[unit].max(0.0);
            }
            for unit in units() {
                let weights = &self.hidden[unit * self.n_hidden..(unit + 1) * self.n_hidden];
                second[unit] = (self.hidden_bias[unit] + product(weights, &first)).max(0.0);
            }
            for (index, number) in numbers.iter_mut().enumerate() {
                let output = index * n + target;
                let weights = &self.output[output * self.n_hidden..(output + 1) * self.n_hidden];
                *number = context.outputs[output] + product(weights, &second);
            }
            let value = next(target, &numbers);
            add_product(&mut sums, value, &self.input[target * self.n_hidden..(target + 1) * self.n_hidden]);
        }
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_product(sums: &mut [f64], factor: f64, weights: &[f64]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum += factor * weight;
    }
}
