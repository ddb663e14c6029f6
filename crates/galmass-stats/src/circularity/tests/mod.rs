mod analytic;
mod parts;
mod pathologies;

use std::f64::consts::TAU;

use galmass_core::units::GRAVITATIONAL_CONSTANT;
use galmass_core::{Galaxy, Particles, Stars, seed};
use rand::RngExt;

use super::*;

/// G times the mass of each model.
const GM: f64 = GRAVITATIONAL_CONSTANT * MASS;
const MASS: f64 = 1.0e11;
/// The length of each model \[kpc\], and the height of the flat one.
const LENGTH: f64 = 3.0;
const HEIGHT: f64 = 0.3;

/// A galaxy with closed forms.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Model {
    Plummer,
    Hernquist,
    MiyamotoNagai,
}

impl Model {
    const ALL: [Self; 3] = [Self::Plummer, Self::Hernquist, Self::MiyamotoNagai];

    fn potential(self, [x, y, z]: [f64; 3]) -> f64 {
        let square = x * x + y * y;
        match self {
            Self::Plummer => -GM / (square + z * z + LENGTH * LENGTH).sqrt(),
            Self::Hernquist => -GM / ((square + z * z).sqrt() + LENGTH),
            Self::MiyamotoNagai => -GM / (square + (LENGTH + z.hypot(HEIGHT)).powi(2)).sqrt(),
        }
    }

    /// The circular velocity in the midplane.
    fn velocity(self, radius: f64) -> f64 {
        let inverse = match self {
            Self::Plummer => radius * radius / (radius * radius + LENGTH * LENGTH).powf(1.5),
            Self::Hernquist => radius / (radius + LENGTH).powi(2),
            Self::MiyamotoNagai => radius * radius / (radius * radius + (LENGTH + HEIGHT).powi(2)).powf(1.5),
        };
        (GM * inverse).sqrt()
    }

    /// The angular momentum of the circular orbit of an energy, by bisection of the radius.
    fn circular(self, energy: f64) -> f64 {
        let (mut low, mut high) = (1e-6_f64.ln(), 1e6_f64.ln());
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            let (radius, velocity) = (middle.exp(), self.velocity(middle.exp()));
            let above = self.potential([radius, 0.0, 0.0]) + 0.5 * velocity * velocity > energy;
            if above { high = middle } else { low = middle }
        }
        low.exp() * self.velocity(low.exp())
    }

    /// Points of the density of the model; of a spherical one at even fractions of its mass.
    fn points(self, n: usize, seed: u64) -> Vec<[f64; 3]> {
        let mut random = seed::generator(seed);
        let mut point = |index: usize| {
            // From 0, not included, to 1.
            let mut uniform = || 1.0 - random.random_range(0.0..1.0_f64);
            let (cosine, angle) = (2.0 * uniform() - 1.0, TAU * uniform());
            let fraction = (index as f64 + 0.5) / n as f64;
            let (across, height) = match self {
                Self::Plummer => {
                    let radius = LENGTH / (fraction.powf(-2.0 / 3.0) - 1.0).sqrt();
                    (radius * (1.0 - cosine * cosine).sqrt(), radius * cosine)
                }
                Self::Hernquist => {
                    let radius = LENGTH * fraction.sqrt() / (1.0 - fraction.sqrt());
                    (radius * (1.0 - cosine * cosine).sqrt(), radius * cosine)
                }
                // The density summed over the plane is (z^2 + b^2)^(-3/2); in the plane it is a mixture of
                // two powers of q = A / sqrt(R^2 + A^2).
                Self::MiyamotoNagai => {
                    let height = HEIGHT * cosine / (1.0 - cosine * cosine).sqrt();
                    let b = height.hypot(HEIGHT);
                    let a = LENGTH + b;
                    let (chosen, fraction) = (uniform(), uniform());
                    let q = if chosen < 2.0 * LENGTH / (3.0 * a) {
                        // q^3 - 3 q + 2 fraction = 0, falling from 1 to 0.
                        let (mut low, mut high) = (0.0, 1.0);
                        for _ in 0..60 {
                            let q: f64 = 0.5 * (low + high);
                            if q * q * q - 3.0 * q + 2.0 * fraction > 0.0 { low = q } else { high = q }
                        }
                        high
                    } else {
                        fraction.cbrt()
                    };
                    (a * (q.powi(-2) - 1.0).sqrt(), height)
                }
            };
            [across * angle.cos(), across * angle.sin(), height]
        };
        (0..n).map(&mut point).collect()
    }

    /// 1e5 particles of dark matter that make up the whole mass.
    fn dark_matter(self) -> Particles {
        let n = 100_000;
        Particles::new(self.points(n, 1), vec![[0.0; 3]; n], vec![MASS / n as f64; n]).unwrap()
    }
}

/// Stars without mass worth the name.
fn tracers(positions: Vec<[f64; 3]>, velocities: Vec<[f64; 3]>) -> Particles {
    let n = positions.len();
    Particles::new(positions, velocities, vec![1.0; n]).unwrap()
}

fn galaxy(stars: Particles, dark_matter: Particles) -> Galaxy {
    Galaxy { stars: Stars::new(stars), dark_matter, ..Galaxy::default() }
}

fn about_z(method: CircularityMethod) -> CircularityConfig {
    CircularityConfig { method, spin_axis: SpinAxis::Given([0.0, 0.0, 1.0]), ..CircularityConfig::default() }
}
