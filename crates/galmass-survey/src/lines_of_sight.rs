//! From where galaxies are seen.

use std::f64::consts::{PI, TAU};

use galmass_core::{Particles, seed};
use galmass_project::{Axis, View};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::error::GalaxyError;

/// From where each galaxy is seen; in files `"axes"`, `"face-on-edge-on"`, `{"fibonacci": 8}` or `{"random": 8}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LinesOfSight {
    /// Along the three axes of the box, as Chu et al. (2024) do.
    #[default]
    Axes,
    /// From so many directions spread evenly over the sphere, the same for all galaxies: [`View::fibonacci`].
    Fibonacci(usize),
    /// Along the angular momentum of the stars inside two half-mass radii, and at right angles to it. A galaxy whose
    /// stars do not turn has no face, and fails.
    FaceOnEdgeOn,
    /// From so many random directions, uniform over the sphere, with the camera turned at random: others for each galaxy,
    /// by its seed.
    Random(usize),
}

impl LinesOfSight {
    /// The number of samples of a galaxy.
    pub fn len(&self) -> usize {
        match *self {
            Self::Axes => 3,
            Self::FaceOnEdgeOn => 2,
            Self::Fibonacci(n) | Self::Random(n) => n,
        }
    }

    /// Whether nobody looks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The views of one galaxy at rest about the origin.
    pub(crate) fn views(
        &self,
        stars: &Particles,
        half_mass_radius_kpc: f64,
        seed: u64,
    ) -> Result<Vec<View>, GalaxyError> {
        match *self {
            Self::Axes => Ok(Axis::ALL.map(View::along).to_vec()),
            Self::Fibonacci(n) => Ok(View::fibonacci(n)),
            Self::FaceOnEdgeOn => {
                let spin = angular_momentum(stars, 2.0 * half_mass_radius_kpc);
                Ok(vec![View::face_on(spin)?, View::edge_on(spin)?])
            }
            Self::Random(n) => random_views(n, seed),
        }
    }
}

fn random_views(n: usize, seed: u64) -> Result<Vec<View>, GalaxyError> {
    let mut random = seed::generator(seed);
    let mut view = || {
        let height: f64 = random.random_range(-1.0..=1.0);
        let (longitude, turn) = (random.random_range(0.0..TAU), random.random_range(-PI..PI));
        let radius = ((1.0 - height) * (1.0 + height)).sqrt();
        let direction = [radius * longitude.cos(), radius * longitude.sin(), height];
        Ok(View::towards(direction)?.rotated_by(turn)?)
    };
    (0..n).map(|_| view()).collect()
}

/// The sum of m x cross v inside a sphere \[Msun kpc km/s\].
fn angular_momentum(particles: &Particles, radius_kpc: f64) -> [f64; 3] {
    let mut sum = [0.0; 3];
    let rows = particles.positions_kpc().iter().zip(particles.velocities_km_s()).zip(particles.masses_msun());
    for ((x, v), mass) in rows {
        if x.iter().map(|x| x * x).sum::<f64>() <= radius_kpc * radius_kpc {
            for (axis, sum) in sum.iter_mut().enumerate() {
                let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
                *sum += mass * (x[a] * v[b] - x[b] * v[a]);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Particles {
        let positions = vec![[3.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [0.0, 100.0, 0.0]];
        // About z, but for one far out.
        let velocities = vec![[0.0, 200.0, 0.0], [0.0, -200.0, 0.0], [0.0, 0.0, 900.0]];
        Particles::new(positions, velocities, vec![1.0; 3]).unwrap()
    }

    #[test]
    fn a_galaxy_is_seen_from_as_many_sides_as_it_says() {
        for lines in [
            LinesOfSight::Axes,
            LinesOfSight::Fibonacci(7),
            LinesOfSight::FaceOnEdgeOn,
            LinesOfSight::Random(4),
        ] {
            assert_eq!(lines.views(&ring(), 3.0, 1).unwrap().len(), lines.len());
        }
        assert!(LinesOfSight::Fibonacci(0).is_empty());
        let text = serde_json::to_string(&LinesOfSight::Fibonacci(7)).unwrap();
        assert_eq!(text, r#"{"fibonacci":7}"#);
        assert_eq!(serde_json::to_string(&LinesOfSight::FaceOnEdgeOn).unwrap(), r#""face-on-edge-on""#);
    }

    #[test]
    fn face_on_is_along_the_spin_of_the_inner_stars() {
        let views = LinesOfSight::FaceOnEdgeOn.views(&ring(), 3.0, 1).unwrap();
        assert_eq!(views[0].line_of_sight(), [0.0, 0.0, 1.0]);
        assert_eq!(views[1].up(), [0.0, 0.0, 1.0]);
        let still = Particles::new(vec![[1.0; 3]], vec![[0.0; 3]], vec![1.0]).unwrap();
        let error = LinesOfSight::FaceOnEdgeOn.views(&still, 1.0, 1).unwrap_err();
        assert!(matches!(error, GalaxyError::Project(_)), "{error}");
    }

    #[test]
    fn random_directions_are_those_of_the_seed_and_favour_none() {
        let views = |seed| LinesOfSight::Random(2000).views(&ring(), 3.0, seed).unwrap();
        assert_eq!(views(5), views(5));
        assert_ne!(views(5)[0], views(6)[0]);
        for axis in 0..3 {
            let mean = |of: &dyn Fn(&View) -> f64| views(5).iter().map(of).sum::<f64>() / 2000.0;
            // Four standard errors of 2000 uniform deviates from -1 to 1, and of their squares.
            assert!(mean(&|view| view.line_of_sight()[axis]).abs() < 0.052);
            assert!((mean(&|view| view.line_of_sight()[axis].powi(2)) - 1.0 / 3.0).abs() < 0.027);
            assert!(mean(&|view| view.up()[axis]).abs() < 0.052);
        }
    }
}
