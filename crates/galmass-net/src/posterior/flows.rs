//! Densities of a masked autoregressive flow.

use std::f64::consts::TAU;

use galmass_core::seed;
use ndarray::{Array2, ArrayView1};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Posterior, choose, log_sum_exp, normal};
use crate::head::{LARGEST_LOG_SCALE, PlainContext, PlainMade};

/// A flow and the context of each galaxy.
///
/// A layer is inverted by walking through the targets in its order, each known before the next is asked for: exact,
/// and no dearer than the way there.
#[derive(Clone, Debug)]
pub(crate) struct Flows {
    layers: Vec<PlainMade>,
    base: Option<PlainMade>,
    contexts: Array2<f64>,
    n_dimensions: usize,
}

/// The flow of one galaxy.
struct Galaxy<'a> {
    layers: Vec<(&'a PlainMade, PlainContext)>,
    base: Option<(&'a PlainMade, PlainContext)>,
}

impl Flows {
    pub(crate) fn new(layers: Vec<PlainMade>, base: Option<PlainMade>, contexts: Array2<f64>) -> Self {
        let n_dimensions = layers.first().map_or(0, PlainMade::n_dimensions);
        Self { layers, base, contexts, n_dimensions }
    }

    fn galaxy(&self, galaxy: usize) -> Galaxy<'_> {
        let context = self.contexts.row(galaxy).to_vec();
        let with_context = |made| (made, PlainMade::context(made, &context));
        Galaxy {
            layers: self.layers.iter().map(with_context).collect(),
            base: self.base.as_ref().map(with_context),
        }
    }
}

impl Galaxy<'_> {
    /// The numbers of the base that a point comes from, and the sum of the logarithms of the scales.
    fn base_of(&self, point: &[f64]) -> (Vec<f64>, f64) {
        let (mut u, mut log_scales) = (point.to_vec(), 0.0);
        for (made, context) in &self.layers {
            let y = u.clone();
            made.walk(context, |target, numbers| {
                let log_scale = bounded(numbers[1]);
                u[target] = (y[target] - numbers[0]) * (-log_scale).exp();
                log_scales += log_scale;
                y[target]
            });
        }
        (u, log_scales)
    }

    /// The point that numbers of the base lead to.
    fn point_of(&self, base: &[f64]) -> Vec<f64> {
        let mut y = base.to_vec();
        for (made, context) in self.layers.iter().rev() {
            made.walk(context, |target, numbers| {
                y[target] = y[target] * bounded(numbers[1]).exp() + numbers[0];
                y[target]
            });
        }
        y
    }

    fn log_density_of_base(&self, u: &[f64]) -> f64 {
        let Some((made, context)) = &self.base else {
            return u.iter().map(|u| -0.5 * (u * u + TAU.ln())).sum();
        };
        let mut sum = 0.0;
        made.walk(context, |target, numbers| {
            let k = numbers.len() / 3;
            let component = |index: usize| {
                let log_width = bounded(numbers[2 * k + index]);
                let z = (u[target] - numbers[k + index]) * (-log_width).exp();
                numbers[index] - 0.5 * (z * z + TAU.ln()) - log_width
            };
            sum += log_sum_exp((0..k).map(component)) - log_sum_exp(numbers[..k].iter().copied());
            u[target]
        });
        sum
    }

    fn draw_base(&self, n_dimensions: usize, generator: &mut ChaCha8Rng) -> Vec<f64> {
        let mut u = vec![0.0; n_dimensions];
        let Some((made, context)) = &self.base else {
            u.fill_with(|| normal(generator));
            return u;
        };
        made.walk(context, |target, numbers| {
            let k = numbers.len() / 3;
            let log_sum = log_sum_exp(numbers[..k].iter().copied());
            let weights = numbers[..k].iter().map(|weight| (weight - log_sum).exp());
            let index = choose(weights, generator.random());
            u[target] = numbers[k + index] + bounded(numbers[2 * k + index]).exp() * normal(generator);
            u[target]
        });
        u
    }
}

fn bounded(log_scale: f64) -> f64 {
    LARGEST_LOG_SCALE * (log_scale / LARGEST_LOG_SCALE).tanh()
}

impl Posterior for Flows {
    fn n_galaxies(&self) -> usize {
        self.contexts.nrows()
    }

    fn n_dimensions(&self) -> usize {
        self.n_dimensions
    }

    fn draw(&self, galaxy: usize, n_draws: usize, seed: u64) -> Array2<f64> {
        let (galaxy, generator) = (self.galaxy(galaxy), &mut seed::generator(seed));
        let mut draws = Array2::zeros((n_draws, self.n_dimensions));
        for mut draw in draws.rows_mut() {
            let point = galaxy.point_of(&galaxy.draw_base(self.n_dimensions, generator));
            draw.assign(&ArrayView1::from(&point));
        }
        draws
    }

    fn log_density(&self, galaxy: usize, point: ArrayView1<'_, f64>) -> f64 {
        assert_eq!(point.len(), self.n_dimensions, "the dimensions of a point");
        let galaxy = self.galaxy(galaxy);
        let (u, log_scales) = galaxy.base_of(&point.to_vec());
        galaxy.log_density_of_base(&u) - log_scales
    }
}

#[cfg(test)]
impl Flows {
    /// A point there and back.
    pub(crate) fn there_and_back(&self, galaxy: usize, point: &[f64]) -> Vec<f64> {
        let galaxy = self.galaxy(galaxy);
        galaxy.point_of(&galaxy.base_of(point).0)
    }
}
