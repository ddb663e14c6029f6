//! Gaussian posteriors whose scores are known in closed form, for tests.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::Posteriors;

/// Galaxies whose truths are drawn from `N(mean, 1)` in each dimension, and samples from `N(mean + shift, narrowed)`:
/// exact posteriors for 1 and 0.
pub(crate) struct Gaussians {
    samples: Vec<f64>,
    truths: Vec<f64>,
    n_samples: usize,
    n_dimensions: usize,
}

impl Gaussians {
    pub(crate) fn draw(
        n_galaxies: usize,
        n_samples: usize,
        n_dimensions: usize,
        narrowed: f64,
        shift: f64,
    ) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(5);
        let (mut samples, mut truths) = (Vec::new(), Vec::new());
        for _ in 0..n_galaxies {
            let means: Vec<f64> = (0..n_dimensions).map(|_| 3.0 * normal(&mut generator)).collect();
            truths.extend(means.iter().map(|mean| mean + normal(&mut generator)));
            for _ in 0..n_samples {
                samples.extend(means.iter().map(|mean| mean + shift + narrowed * normal(&mut generator)));
            }
        }
        Self { samples, truths, n_samples, n_dimensions }
    }

    pub(crate) fn posteriors(&self) -> Posteriors<'_> {
        Posteriors::new(&self.samples, &self.truths, self.n_samples, self.n_dimensions).unwrap()
    }
}

/// A normal deviate, after Box & Muller (1958).
fn normal(generator: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (generator.random(), generator.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
