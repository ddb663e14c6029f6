//! Each head learns a density that is known, and is as wide as it should be.

use std::f64::consts::TAU;

use burn::backend::Autodiff;
use burn::module::AutodiffModule;
use burn::nn::Linear;
use burn::optim::{AdamConfig, GradientsParams, Optimizer};
use burn::prelude::*;
use burn_flex::Flex;
use galmass_core::seed;
use galmass_metrics::{
    Posteriors, TarpConfig, central_coverage, kolmogorov_smirnov, measure_joint_coverage,
    probability_integral_transforms,
};
use ndarray::Array2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::Posterior;
use crate::initial::{linear, parameter};
use crate::posterior::normal;

/// So many that the noise of what is learnt from is small beside that of the test, a quarter of it.
const N_TRAINING: usize = 8000;
const N_TEST: usize = 500;
const N_DRAWS: usize = 100;

/// A network of one number, in place of branches.
#[derive(Module, Debug)]
struct Toy<B: Backend> {
    hidden: Linear<B>,
    fc: Linear<B>,
    head: NetworkHead<B>,
}

impl<B: Backend> Toy<B> {
    fn new(config: &NetworkConfig) -> Self {
        let (generator, device) = (&mut seed::generator(1), Default::default());
        let n_parameters = config.head.n_parameters(config.n_outputs);
        let hidden = linear(1, 24, generator, &device);
        let mut fc = linear(24, n_parameters, generator, &device);
        if let Some(biases) = config.head.first_biases(config.n_outputs, generator) {
            fc.bias = Some(parameter(biases, [n_parameters], &device));
        }
        Self { hidden, fc, head: NetworkHead::new(config, generator, &device) }
    }

    fn forward(&self, x: &[f32]) -> Tensor<B, 2> {
        let x = Tensor::from_data(TensorData::new(x.to_vec(), [x.len(), 1]), &Default::default());
        self.fc.forward(self.hidden.forward(x.mul_scalar(4.0)).tanh())
    }
}

/// Numbers and the targets that belong to them, and the logarithm of the density of each.
struct Sample {
    x: Vec<f32>,
    targets: Array2<f32>,
    mean_log_density: f64,
}

type Law = fn(f64, &mut ChaCha8Rng) -> ([f64; 2], f64);

fn sample(law: Law, n: usize, seed: u64) -> Sample {
    let generator = &mut seed::generator(seed);
    let (mut x, mut targets, mut sum) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..n {
        let value = generator.random_range(-1.0..1.0);
        let (target, log_density) = law(value, generator);
        x.push(value as f32);
        targets.extend(target.map(|target| target as f32));
        sum += log_density;
    }
    Sample { x, targets: Array2::from_shape_vec((n, 2), targets).unwrap(), mean_log_density: sum / n as f64 }
}

/// A Gaussian whose mean, widths and correlation all change.
fn heteroscedastic(x: f64, generator: &mut ChaCha8Rng) -> ([f64; 2], f64) {
    let (width, correlation) = (0.2 + 0.3 * (x + 1.0), 0.8 * x);
    let (a, b) = (normal(generator), normal(generator));
    let own = 0.4 * (1.0 - correlation * correlation).sqrt();
    let log_density = -0.5 * (a * a + b * b) - TAU.ln() - width.ln() - own.ln();
    ([x + width * a, -0.5 * x + 0.4 * correlation * a + own * b], log_density)
}

/// Two modes that part as x grows, of unlike weight, the second target following the first.
fn bimodal(x: f64, generator: &mut ChaCha8Rng) -> ([f64; 2], f64) {
    let separation = 0.8 + 0.4 * x;
    let side = |positive: bool| if positive { separation } else { -separation };
    let (positive, a, b) = (generator.random::<f64>() < 0.7, normal(generator), normal(generator));
    let first = side(positive) + 0.2 * a;
    let density = |mean: f64| (-0.5 * ((first - mean) / 0.2).powi(2)).exp() / 0.2;
    let both = 0.7 * density(side(true)) + 0.3 * density(side(false));
    let log_density = both.ln() - TAU.ln() - 0.5 * b * b - 0.3_f64.ln();
    ([first, 0.5 * first * first - 0.4 + 0.3 * b], log_density)
}

fn train(config: &NetworkConfig, sample: &Sample, n_steps: usize) -> Toy<Flex> {
    let mut toy = Toy::<Autodiff<Flex>>::new(config);
    let mut optimiser = AdamConfig::new().with_epsilon(1e-8).init();
    let n_batches = N_TRAINING / 250;
    for step in 0..n_steps {
        let batch = step % n_batches * 250..(step % n_batches + 1) * 250;
        let truths = sample.targets.slice(ndarray::s![batch.clone(), ..]);
        let loss = toy.head.losses(toy.forward(&sample.x[batch]), truths).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &toy);
        let rate = 0.015 * (1.0 - step as f64 / n_steps as f64);
        toy = optimiser.step(rate, toy, gradients);
    }
    toy.valid()
}

/// Trains, and checks density and calibration on samples that were not trained on.
fn learns(head: HeadConfig, law: Law, n_steps: usize, nats: f64) {
    let config = config(head, 2, None);
    let toy = train(&config, &sample(law, N_TRAINING, 10), n_steps);
    let test = sample(law, N_TEST, 20);
    let outputs = toy.forward(&test.x).into_data().to_vec::<f32>().unwrap();
    let outputs = Array2::from_shape_vec((N_TEST, outputs.len() / N_TEST), outputs).unwrap();
    let posterior = toy.head.posterior(outputs.view());

    let truths = test.targets.mapv(f64::from);
    let found = posterior.log_densities(truths.view()).unwrap().iter().sum::<f64>() / N_TEST as f64;
    let lost = test.mean_log_density - found;
    assert!(lost < nats, "{:?} loses {lost} nats", config.head);
    check_calibration(posterior.as_ref(), &truths);
}

fn check_calibration(posterior: &dyn Posterior, truths: &Array2<f64>) {
    let samples = posterior.samples(N_DRAWS, 1);
    let samples = samples.as_slice().unwrap();
    let posteriors = Posteriors::new(samples, truths.as_slice().unwrap(), N_DRAWS, 2).unwrap();
    for dimension in 0..2 {
        let transforms = probability_integral_transforms(&posteriors, dimension).unwrap();
        let test = kolmogorov_smirnov(&transforms).unwrap();
        assert!(test.probability > 0.005, "dimension {dimension}: {test:?}");
        // The shot noise of 500 is 0.021 and 0.010.
        for (level, noise) in [(0.68, 0.06), (0.95, 0.03)] {
            let coverage = central_coverage(&transforms, level).unwrap();
            assert!((coverage - level).abs() < noise, "dimension {dimension}: {coverage} of {level}");
        }
    }
    let tarp = measure_joint_coverage(&posteriors, &TarpConfig::default()).unwrap();
    assert!(tarp.largest_deviation() < 0.08, "{}", tarp.largest_deviation());
}

#[test]
fn a_gaussian_learns_widths_and_correlations_that_change() {
    learns(HeadConfig::Gaussian, heteroscedastic, 300, 0.05);
}

#[test]
fn a_mixture_learns_two_modes() {
    learns(HeadConfig::Mixture { n_components: 4 }, bimodal, 300, 0.1);
}

#[test]
fn a_flow_learns_two_modes() {
    learns(HeadConfig::Flow { n_layers: 2, n_hidden: 16, n_components: 4 }, bimodal, 300, 0.1);
}

#[test]
fn points_learn_the_mean() {
    let config = config(HeadConfig::Point, 2, None);
    let toy = train(&config, &sample(heteroscedastic, N_TRAINING, 10), 200);
    let x = [-0.8, -0.3, 0.2, 0.7];
    let outputs = toy.forward(&x).into_data().to_vec::<f32>().unwrap();
    for (x, output) in x.iter().zip(outputs.chunks(2)) {
        let error = (output[0] - x).hypot(output[1] + 0.5 * x);
        assert!(error < 0.12, "{x}: {output:?}");
    }
}

#[test]
fn an_ensemble_is_no_worse_than_its_mean_member() {
    let config = config(HeadConfig::Gaussian, 2, None);
    let test = sample(heteroscedastic, N_TEST, 20);
    let truths = test.targets.mapv(f64::from);
    let score = |posterior: &dyn Posterior| {
        posterior.log_densities(truths.view()).unwrap().iter().sum::<f64>() / N_TEST as f64
    };
    let member = |seed| {
        let toy = train(&config, &sample(heteroscedastic, N_TRAINING, seed), 100);
        let outputs = toy.forward(&test.x).into_data().to_vec::<f32>().unwrap();
        toy.head.posterior(Array2::from_shape_vec((N_TEST, outputs.len() / N_TEST), outputs).unwrap().view())
    };
    let members: Vec<Box<dyn Posterior>> = [10, 11, 12].map(member).into();
    let mean = members.iter().map(|member| score(member.as_ref())).sum::<f64>() / 3.0;
    let ensemble = crate::Ensemble::new(members).unwrap();
    assert!(score(&ensemble) >= mean, "{} {mean}", score(&ensemble));
    check_calibration(&ensemble, &truths);
}
