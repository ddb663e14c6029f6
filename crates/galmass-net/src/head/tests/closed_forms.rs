//! Tensors against plain numbers, gradients against differences, densities against their integrals.

use burn::backend::Autodiff;
use burn::prelude::*;
use burn_flex::Flex;
use galmass_core::seed;
use ndarray::{Array1, Array2, array};
use rand::RngExt;

use super::*;
use crate::posterior::normal;

/// Outputs of a fully connected layer, spread as those of a trained one.
fn outputs(config: &NetworkConfig, n_samples: usize) -> Array2<f32> {
    let generator = &mut seed::generator(17);
    let n_parameters = config.head.n_parameters(config.n_outputs);
    Array2::from_shape_simple_fn((n_samples, n_parameters), || 0.8 * normal(generator) as f32)
}

fn truths(n_samples: usize, n_outputs: usize) -> Array2<f32> {
    let generator = &mut seed::generator(18);
    Array2::from_shape_simple_fn((n_samples, n_outputs), || generator.random_range(-1.5..1.5))
}

fn tensor<B: Backend>(values: &Array2<f32>) -> Tensor<B, 2> {
    let data =
        TensorData::new(values.iter().copied().collect::<Vec<f32>>(), [values.nrows(), values.ncols()]);
    Tensor::from_data(data, &Default::default())
}

fn rising() -> ProfileConfig {
    ProfileConfig { lengths: vec![2], means: vec![9.0, 9.8], standard_deviations: vec![0.5, 0.4] }
}

#[test]
fn losses_are_the_densities_of_the_posterior() {
    for (kind, n_outputs) in
        [(GAUSSIAN, 1), (GAUSSIAN, 4), (MIXTURE, 1), (MIXTURE, 3), (PLAIN_FLOW, 3), (FLOW, 1), (FLOW, 4)]
    {
        let config = config(kind, n_outputs, None);
        let (outputs, truths) = (outputs(&config, 5), truths(5, n_outputs));
        let head = head(&config);
        let losses: Vec<f32> = head.losses(tensor(&outputs), truths.view()).into_data().to_vec().unwrap();
        let posterior = head.posterior(outputs.view());
        let densities = posterior.log_densities(truths.mapv(f64::from).view()).unwrap();
        for (loss, density) in losses.iter().zip(densities) {
            let error = (f64::from(*loss) + density).abs();
            assert!(error < 1e-4 * (1.0 + density.abs()), "{:?}: {loss} {density}", config.head);
        }
    }
}

#[test]
fn losses_of_profiles_are_the_densities_of_the_targets() {
    for kind in [GAUSSIAN, MIXTURE, FLOW] {
        let config = config(kind, 2, Some(rising()));
        let outputs = outputs(&config, 2);
        // Truths that rise: 0.8 dex, and 0.3 dex.
        let truths = array![[0.0_f32, 0.0], [1.0, 0.0]];
        let head = head(&config);
        let losses: Vec<f32> = head.losses(tensor(&outputs), truths.view()).into_data().to_vec().unwrap();
        let densities = head.posterior(outputs.view()).log_densities(truths.mapv(f64::from).view()).unwrap();
        for (loss, density) in losses.iter().zip(densities) {
            assert!((f64::from(*loss) + density).abs() < 1e-4 * (1.0 + density.abs()), "{loss} {density}");
        }
    }
}

#[test]
fn a_point_s_loss_is_the_mean_squared_error() {
    let outputs = array![[1.0_f32, 2.0], [0.0, 0.0]];
    let head = head(&config(HeadConfig::Point, 2, None));
    let losses = head.losses(tensor(&outputs), array![[0.0, 0.0], [0.0, 3.0]].view());
    assert_eq!(losses.into_data().to_vec::<f32>().unwrap(), [2.5, 4.5]);
    assert_eq!(head.posterior(outputs.view()).medians(), outputs.mapv(f64::from));
}

/// The network's gradients in `f32` against differences of the posterior, which is an implementation of its own in
/// `f64`.
#[test]
fn gradients_are_the_differences_of_the_densities() {
    for (kind, profiles) in
        [(GAUSSIAN, None), (MIXTURE, None), (PLAIN_FLOW, None), (FLOW, None), (GAUSSIAN, Some(rising()))]
    {
        let config = config(kind, 2, profiles);
        let outputs = outputs(&config, 1);
        let truth = array![[0.4_f32, 0.1]];
        let with_graph: NetworkHead<Autodiff<Flex>> =
            NetworkHead::new(&config, &mut seed::generator(3), &Default::default());
        let variable = tensor::<Autodiff<Flex>>(&outputs).require_grad();
        let loss = with_graph.losses(variable.clone(), truth.view()).sum();
        let gradient: Vec<f32> = variable.grad(&loss.backward()).unwrap().into_data().to_vec().unwrap();

        let head = head(&config);
        let step = 1.0 / 256.0;
        for (index, gradient) in gradient.into_iter().enumerate() {
            let at = |sign: f32| {
                let mut moved = outputs.clone();
                moved[[0, index]] += sign * step;
                -head.posterior(moved.view()).log_density(0, truth.mapv(f64::from).row(0))
            };
            let difference = (at(1.0) - at(-1.0)) / (2.0 * f64::from(step));
            let error = (f64::from(gradient) - difference).abs();
            assert!(
                error < 2e-3 * (1.0 + difference.abs()),
                "{:?} {index}: {gradient} {difference}",
                config.head
            );
        }
    }
}

/// Sum, mean and covariance of a density on a grid, against those of its draws.
#[test]
fn densities_integrate_to_one_and_have_the_moments_of_their_draws() {
    for (kind, profiles) in [(PLAIN_FLOW, None), (FLOW, None), (MIXTURE, None), (GAUSSIAN, Some(rising()))] {
        let config = config(kind, 2, profiles);
        // Kept small: wild outputs make widths that no grid resolves.
        let outputs = outputs(&config, 1).mapv(|value| 0.4 * value);
        let posterior = head(&config).posterior(outputs.view());
        let cell = 0.06;
        let axis = || (-150..150).map(|i| cell * (f64::from(i) + 0.5));
        let mut sums = [0.0; 6];
        for (x, y) in axis().flat_map(|x| axis().map(move |y| (x, y))) {
            let density = posterior.log_density(0, Array1::from(vec![x, y]).view()).exp() * cell * cell;
            for (sum, weight) in sums.iter_mut().zip([1.0, x, y, x * x, x * y, y * y]) {
                *sum += density * weight;
            }
        }
        // A density of profiles ends at a line that crosses cells.
        let tolerance = if config.profiles.is_some() { 2e-2 } else { 2e-3 };
        assert!((sums[0] - 1.0).abs() < tolerance, "{:?}: {}", config.head, sums[0]);

        let draws = posterior.draw(0, 20_000, 5);
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            draws.rows().into_iter().map(|draw| of(draw[0], draw[1])).sum::<f64>() / draws.nrows() as f64
        };
        let moments =
            [mean(&|x, _| x), mean(&|_, y| y), mean(&|x, _| x * x), mean(&|x, y| x * y), mean(&|_, y| y * y)];
        for (drawn, integrated) in moments.iter().zip(&sums[1..]) {
            // Four times the noise of 20,000 draws of numbers of this size.
            let noise = 4.0 * (0.3 + 2.0 * sums[3].max(sums[5])) / 20_000.0_f64.sqrt();
            assert!(
                (drawn - integrated).abs() < noise + tolerance,
                "{:?}: {drawn} {integrated}",
                config.head
            );
        }
    }
}

#[test]
fn the_inverse_of_a_flow_is_its_forward() {
    for n_outputs in [1, 2, 10] {
        let config = config(FLOW, n_outputs, None);
        let head = head(&config);
        let flow = head.flow.as_ref().unwrap();
        let flows = flow.plain(outputs(&config, 1).mapv(|value| f64::from(3.0 * value)));
        let point: Vec<f64> = (0..n_outputs).map(|i| (1.7 * i as f64).sin()).collect();
        for (there, back) in point.iter().zip(flows.there_and_back(0, &point)) {
            assert!((there - back).abs() < 1e-11, "{n_outputs}: {there} {back}");
        }
    }
}

#[test]
fn draws_keep_their_bits_and_more_begin_with_fewer() {
    for kind in [GAUSSIAN, MIXTURE, FLOW] {
        let config = config(kind, 2, None);
        let posterior = head(&config).posterior(outputs(&config, 3).view());
        let samples = posterior.samples(4, 1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(samples, pool.install(|| posterior.samples(4, 1)));
        assert_eq!(samples, posterior.samples(9, 1).slice(ndarray::s![.., ..4, ..]));
        assert_ne!(samples, posterior.samples(4, 2));
        assert!(samples.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn draws_of_profiles_rise() {
    let profiles = rising();
    let config = config(MIXTURE, 2, Some(profiles.clone()));
    let posterior = head(&config).posterior(outputs(&config, 4).view());
    let mass = |draw: ndarray::ArrayView1<'_, f64>, k: usize| {
        draw[k] * profiles.standard_deviations[k] + profiles.means[k]
    };
    let samples = posterior.samples(200, 1);
    assert!(samples.lanes(ndarray::Axis(2)).into_iter().all(|draw| mass(draw, 1) >= mass(draw, 0)));
    // Beyond the line that masses rise from, all that is left is the least rise.
    let falling = array![[1.0, -3.0], [1.0, -3.0], [1.0, -3.0], [1.0, -3.0]];
    assert!(posterior.log_densities(falling.view()).unwrap().iter().all(|density| density.is_finite()));
}

#[test]
fn truths_and_levels_that_do_not_fit_are_refused() {
    let config = config(GAUSSIAN, 2, None);
    let posterior = head(&config).posterior(outputs(&config, 3).view());
    assert!(posterior.log_densities(Array2::zeros((2, 2)).view()).is_err());
    assert!(posterior.log_densities(Array2::zeros((3, 1)).view()).is_err());
    for level in [0.0, 1.0, f64::NAN] {
        assert!(posterior.all_quantiles(&[0.5, level]).is_err(), "{level}");
    }
    assert_eq!(posterior.all_quantiles(&[0.16, 0.5, 0.84]).unwrap().dim(), (3, 3, 2));
}
