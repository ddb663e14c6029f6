//! Random deviates, directions and rotations.

use std::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A uniform deviate in `[0, 1)`.
pub(crate) fn uniform(generator: &mut ChaCha8Rng) -> f64 {
    generator.random()
}

/// A normal deviate of mean 0 and variance 1 (Box & Muller 1958).
pub(crate) fn normal(generator: &mut ChaCha8Rng) -> f64 {
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let radius = (-2.0 * (1.0 - uniform(generator)).ln()).sqrt();
    radius * (TAU * uniform(generator)).cos()
}

/// A unit vector, uniform on the sphere: z and the azimuth are uniform (Archimedes' hat box).
pub(crate) fn direction(generator: &mut ChaCha8Rng) -> [f64; 3] {
    let z = 2.0 * uniform(generator) - 1.0;
    let (sin, cos) = (TAU * uniform(generator)).sin_cos();
    let r = (1.0 - z * z).sqrt();
    [r * cos, r * sin, z]
}

/// A rotation of space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rotation([[f64; 3]; 3]);

impl Rotation {
    /// The rotation that leaves everything where it is.
    pub(crate) const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

    /// A rotation uniform in SO(3): a unit quaternion uniform on its sphere (Shoemake 1992).
    pub(crate) fn random(generator: &mut ChaCha8Rng) -> Self {
        let share = uniform(generator);
        let (sin_a, cos_a) = (TAU * uniform(generator)).sin_cos();
        let (sin_b, cos_b) = (TAU * uniform(generator)).sin_cos();
        let (low, high) = ((1.0 - share).sqrt(), share.sqrt());
        Self::from_quaternion(low * sin_a, low * cos_a, high * sin_b, high * cos_b)
    }

    fn from_quaternion(x: f64, y: f64, z: f64, w: f64) -> Self {
        Self([
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ])
    }

    /// The rotated vector.
    pub(crate) fn apply(&self, vector: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::seed;

    use super::*;

    const N: usize = 40_000;
    /// Four standard errors of a mean of `N` values of unit variance.
    const TOLERANCE: f64 = 4.0 / 200.0;

    #[test]
    fn normal_deviates_have_the_moments_of_a_normal() {
        let generator = &mut seed::generator(1);
        let deviates: Vec<f64> = (0..N).map(|_| normal(generator)).collect();
        let moment = |power| deviates.iter().map(|x: &f64| x.powi(power)).sum::<f64>() / N as f64;
        assert!(moment(1).abs() < TOLERANCE);
        // The square of a normal deviate has variance 2, its fourth power 96.
        assert!((moment(2) - 1.0).abs() < TOLERANCE * 2f64.sqrt());
        assert!((moment(4) - 3.0).abs() < TOLERANCE * 96f64.sqrt());
    }

    #[test]
    fn random_rotations_send_an_axis_anywhere_alike() {
        let generator = &mut seed::generator(2);
        for axis in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] {
            let turned: Vec<_> = (0..N).map(|_| Rotation::random(generator).apply(axis)).collect();
            assert_isotropic(&turned);
        }
    }

    #[test]
    fn directions_are_isotropic() {
        let generator = &mut seed::generator(3);
        assert_isotropic(&(0..N).map(|_| direction(generator)).collect::<Vec<_>>());
    }

    #[test]
    fn rotations_keep_lengths_angles_and_handedness() {
        let generator = &mut seed::generator(4);
        for _ in 0..100 {
            let rotation = Rotation::random(generator);
            let [x, y, z] =
                [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|axis| rotation.apply(axis));
            let cross = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
            for (found, expected) in cross.into_iter().zip(z) {
                assert!((found - expected).abs() < 1e-14);
            }
        }
    }

    fn assert_isotropic(vectors: &[[f64; 3]]) {
        for k in 0..3 {
            let mean = vectors.iter().map(|v| v[k]).sum::<f64>() / N as f64;
            let mean_square = vectors.iter().map(|v| v[k] * v[k]).sum::<f64>() / N as f64;
            assert!(mean.abs() < TOLERANCE, "component {k}: {mean}");
            assert!((mean_square - 1.0 / 3.0).abs() < TOLERANCE, "component {k}: {mean_square}");
        }
    }
}
