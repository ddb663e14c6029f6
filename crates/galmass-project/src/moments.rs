//! The line-of-sight velocity moments of the particles in each pixel.

use galmass_core::{Map, PixelGrid, Unit};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::{check_length, check_vectors, check_weights};
use crate::{ProjectError, View, compensated};

/// How [`nearest_moments`] treats sparse pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MomentConfig {
    /// The fewest particles with weight that make a moment; a pixel with fewer is NaN. Default 1, for which a
    /// lonely particle has a mean and a dispersion of 0; 2 blanks it. 0 means 1.
    pub min_count: u32,
}

impl Default for MomentConfig {
    fn default() -> Self {
        Self { min_count: 1 }
    }
}

/// The velocity moments of each pixel, `[row upwards, column to the right]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The sum of the weights, in their unit; 0 in an empty pixel.
    pub weight: Array2<f64>,
    /// The weighted mean line-of-sight velocity \[km/s\], positive where it recedes; NaN where it is not known.
    pub mean: Map,
    /// The weighted standard deviation of the line-of-sight velocity \[km/s\]; NaN where it is not known.
    pub dispersion: Map,
    /// The number of particles with a weight above 0; 0 in an empty pixel.
    pub count: Map,
}

/// Measures the mean and the dispersion of the line-of-sight velocity of the particles in each pixel.
///
/// These are the kinematic maps of Chu et al. (2024, section 2.2): each particle counts in the pixel that holds it
/// (the nearest grid point), without smoothing or binning. With v the component of the velocity along the line
/// of sight,
///
/// ```text
/// V = sum(w v) / sum(w)        sigma^2 = sum(w (v - V)^2) / sum(w)
/// ```
///
/// sigma is that of the sample, without a correction for its size.
///
/// `positions_kpc` \[kpc\], `velocities_km_s` \[km/s\] and `weights` (light, mass or 1, of 0 or more) have one row
/// for each of N particles. Velocities are measured against the frame they come in: subtract the systemic
/// velocity first.
///
/// * A particle outside the field, or without weight, is not counted.
/// * An empty pixel, and one with fewer than `min_count` particles, has NaN for both moments; its weight and count
///   stay what they are.
/// * One particle, or particles of one velocity, have a dispersion of exactly 0.
/// * The two passes and compensated sums keep all digits however large the mean is beside the dispersion.
///
/// # Errors
/// [`ProjectError::LengthMismatch`] where the columns differ in length; [`ProjectError::NotFinite`] and
/// [`ProjectError::Negative`] for the first particle with such a value.
///
/// # Examples
/// ```
/// use galmass_core::PixelGrid;
/// use galmass_project::{Axis, MomentConfig, View, nearest_moments};
///
/// let positions = [[0.5, 0.5, 0.0], [0.6, 0.7, 9.0], [-0.5, 0.5, 0.0]];
/// let velocities = [[0.0, 0.0, 90.0], [0.0, 0.0, 110.0], [5.0, 5.0, -40.0]];
/// let grid = PixelGrid::new(2, 1.0)?;
/// let view = View::along(Axis::Z);
/// let moments =
///     nearest_moments(&positions, &velocities, &[1.0; 3], &view, grid, &MomentConfig::default())?;
/// assert_eq!(moments.mean.values()[[1, 1]], 100.0);
/// assert_eq!(moments.dispersion.values()[[1, 1]], 10.0);
/// assert_eq!(moments.mean.values()[[1, 0]], -40.0);
/// assert_eq!(moments.dispersion.values()[[1, 0]], 0.0);
/// assert!(moments.mean.values()[[0, 0]].is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// * Chu et al. 2024, MNRAS 528, 6354, section 2.2.
pub fn nearest_moments(
    positions_kpc: &[[f64; 3]],
    velocities_km_s: &[[f64; 3]],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
    config: &MomentConfig,
) -> Result<Moments, ProjectError> {
    check_length("velocities", positions_kpc.len(), velocities_km_s.len())?;
    check_length("weights", positions_kpc.len(), weights.len())?;
    check_vectors("positions", positions_kpc)?;
    check_vectors("velocities", velocities_km_s)?;
    check_weights(weights)?;

    let samples = samples(positions_kpc, velocities_km_s, weights, view, grid);
    let mut pixels = vec![Pixel::default(); grid.n_px() * grid.n_px()];
    samples.iter().for_each(|sample| pixels[sample.pixel].add_to_mean(sample));
    pixels.iter_mut().for_each(Pixel::fix_mean);
    samples.iter().for_each(|sample| pixels[sample.pixel].add_to_variance(sample));

    let min_count = u64::from(config.min_count.max(1));
    let known = |value: f64, pixel: &Pixel| if pixel.count >= min_count { value } else { f64::NAN };
    let array = |value: &dyn Fn(&Pixel) -> f64| {
        Array2::from_shape_fn((grid.n_px(), grid.n_px()), |(row, column)| {
            value(&pixels[row * grid.n_px() + column])
        })
    };
    Ok(Moments {
        weight: array(&|pixel| pixel.weight.sum),
        mean: Map::new(grid, Unit::KilometrePerSecond, array(&|pixel| known(pixel.mean, pixel)))?,
        dispersion: Map::new(
            grid,
            Unit::KilometrePerSecond,
            array(&|pixel| known(pixel.dispersion(), pixel)),
        )?,
        count: Map::new(grid, Unit::Count, array(&|pixel| pixel.count as f64))?,
    })
}

/// A particle that lies in a pixel.
struct Sample {
    pixel: usize,
    velocity: f64,
    weight: f64,
}

fn samples(
    positions_kpc: &[[f64; 3]],
    velocities_km_s: &[[f64; 3]],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
) -> Vec<Sample> {
    let particles = positions_kpc.iter().zip(velocities_km_s).zip(weights);
    let with_weight = particles.filter(|&(_, &weight)| weight > 0.0);
    let in_field = with_weight.filter_map(|((&position, &velocity), &weight)| {
        let [x, y] = view.plane(position);
        let pixel = grid.pixel_of(y)? * grid.n_px() + grid.pixel_of(x)?;
        Some(Sample { pixel, velocity: view.depth(velocity), weight })
    });
    in_field.collect()
}

/// A compensated sum.
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        compensated::add(&mut self.sum, &mut self.lost, value);
    }
}

/// What is known of a pixel so far.
#[derive(Clone, Copy, Default)]
struct Pixel {
    count: u64,
    weight: Sum,
    /// The velocity of the first particle, then the mean of all. Velocities are taken relative to the first, so
    /// that equal ones have an exact mean.
    mean: f64,
    /// Of the velocities relative to the first.
    weighted_velocity: Sum,
    /// Of the squared velocities relative to the mean.
    weighted_square: Sum,
}

impl Pixel {
    fn add_to_mean(&mut self, sample: &Sample) {
        if self.count == 0 {
            self.mean = sample.velocity;
        }
        self.count += 1;
        self.weight.add(sample.weight);
        self.weighted_velocity.add(sample.weight * (sample.velocity - self.mean));
    }

    fn fix_mean(&mut self) {
        if self.count > 0 {
            self.mean += self.weighted_velocity.sum / self.weight.sum;
        }
    }

    fn add_to_variance(&mut self, sample: &Sample) {
        self.weighted_square.add(sample.weight * (sample.velocity - self.mean).powi(2));
    }

    fn dispersion(&self) -> f64 {
        (self.weighted_square.sum / self.weight.sum).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::seed::generator;
    use rand::RngExt;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, MapDeserializer};

    use super::*;
    use crate::Axis;
    use crate::testing::{ball, uniform};

    fn along_z(
        positions: &[[f64; 3]],
        v_los: &[f64],
        weights: &[f64],
        grid: PixelGrid,
        min_count: u32,
    ) -> Moments {
        let velocities: Vec<_> = v_los.iter().map(|&v| [0.0, 0.0, v]).collect();
        let view = View::along(Axis::Z);
        nearest_moments(positions, &velocities, weights, &view, grid, &MomentConfig { min_count }).unwrap()
    }

    fn one_pixel() -> PixelGrid {
        PixelGrid::new(1, 1.0).unwrap()
    }

    #[test]
    fn a_particle_half_a_pixel_from_the_centre_falls_in_pixel_24_24() {
        let grid = PixelGrid::new(48, 3.0).unwrap();
        let moments = along_z(&[[0.0625, 0.0625, 0.0]], &[7.0], &[2.0], grid, 1);
        assert_eq!(moments.count.values()[[24, 24]], 1.0);
        assert_eq!(moments.count.sum(), 1.0);
        assert_eq!(moments.weight[[24, 24]], 2.0);
        assert_eq!(moments.mean.values()[[24, 24]], 7.0);
        assert_eq!(moments.mean.values().iter().filter(|v| v.is_nan()).count(), 48 * 48 - 1);
    }

    #[test]
    fn rows_go_up_and_columns_right() {
        let grid = PixelGrid::new(4, 2.0).unwrap();
        let moments = along_z(&[[1.5, -0.5, 0.0]], &[1.0], &[1.0], grid, 1);
        assert_eq!(moments.count.values()[[1, 3]], 1.0);
    }

    #[test]
    fn the_mean_recedes_along_each_line_of_sight() {
        for axis in Axis::ALL {
            let view = View::along(axis);
            let velocity = view.line_of_sight().map(|component| 30.0 * component);
            let config = MomentConfig::default();
            let moments =
                nearest_moments(&[[0.0; 3]], &[velocity], &[1.0], &view, one_pixel(), &config).unwrap();
            assert_eq!(moments.mean.values()[[0, 0]], 30.0);
        }
    }

    /// Products and sums in pairs of doubles, some 32 digits (Dekker 1971, Knuth 1969), for the oracle below.
    fn exact_sum(values: impl Iterator<Item = (f64, f64)>) -> f64 {
        let (mut high, mut low) = (0.0f64, 0.0f64);
        for (a, b) in values {
            let product = a * b;
            let error = a.mul_add(b, -product);
            let total = high + product;
            let part = total - high;
            low += (high - (total - part)) + (product - part) + error;
            high = total;
        }
        high + low
    }

    #[test]
    fn a_large_mean_takes_no_digit_from_a_small_dispersion() {
        for (mean, dispersion) in [(1e3, 1.0), (-1e3, 1.0), (1e6, 1e-3), (0.0, 200.0)] {
            let n = 20_000;
            let spread = uniform(n, -1.0..1.0, 11);
            let v_los: Vec<f64> = spread.iter().map(|s| mean + dispersion * s).collect();
            let weights = uniform(n, 0.1..5.0, 12);
            let moments = along_z(&vec![[0.0; 3]; n], &v_los, &weights, one_pixel(), 1);

            let total = exact_sum(weights.iter().map(|&w| (w, 1.0)));
            // Relative to the nominal mean the velocities are exact, so the oracle has no cancellation at all.
            let offset = exact_sum(v_los.iter().zip(&weights).map(|(&v, &w)| (w, v - mean))) / total;
            let square =
                exact_sum(v_los.iter().zip(&weights).map(|(&v, &w)| (w, (v - mean - offset).powi(2))))
                    / total;
            let found_mean = moments.mean.values()[[0, 0]];
            let found = moments.dispersion.values()[[0, 0]];
            let scale = mean.abs().max(dispersion);
            assert!((found_mean - (mean + offset)).abs() <= 1e-15 * scale, "{found_mean}");
            assert!((found / square.sqrt() - 1.0).abs() < 1e-12, "{found} {}", square.sqrt());
            assert!((moments.weight[[0, 0]] / total - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn equal_velocities_have_no_dispersion_at_all() {
        let moments = along_z(&[[0.0; 3]; 3], &[333.3; 3], &[0.1, 0.7, 1.3], one_pixel(), 1);
        assert_eq!(moments.mean.values()[[0, 0]], 333.3);
        assert_eq!(moments.dispersion.values()[[0, 0]], 0.0);
    }

    #[test]
    fn too_few_particles_are_blanked_and_still_counted() {
        let positions = [[-0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.0]];
        let grid = PixelGrid::new(2, 1.0).unwrap();
        let moments = along_z(&positions, &[1.0, 2.0, 4.0], &[1.0; 3], grid, 2);
        assert!(moments.mean.values()[[0, 0]].is_nan() && moments.dispersion.values()[[0, 0]].is_nan());
        assert_eq!((moments.count.values()[[0, 0]], moments.weight[[0, 0]]), (1.0, 1.0));
        assert_eq!((moments.mean.values()[[1, 1]], moments.dispersion.values()[[1, 1]]), (3.0, 1.0));
    }

    #[test]
    fn particles_without_weight_say_nothing() {
        let moments = along_z(&[[0.0; 3]; 3], &[5.0, 900.0, -900.0], &[1.0, 0.0, 0.0], one_pixel(), 0);
        assert_eq!((moments.mean.values()[[0, 0]], moments.dispersion.values()[[0, 0]]), (5.0, 0.0));
        assert_eq!(moments.count.values()[[0, 0]], 1.0);
        let dark = along_z(&[[0.0; 3]], &[5.0], &[0.0], one_pixel(), 0);
        assert!(dark.mean.values()[[0, 0]].is_nan());
    }

    #[test]
    fn no_particles_make_an_empty_map() {
        let moments = along_z(&[], &[], &[], PixelGrid::new(3, 1.0).unwrap(), 1);
        assert_eq!((moments.count.sum(), moments.weight.sum()), (0.0, 0.0));
        assert!(moments.mean.values().iter().chain(moments.dispersion.values()).all(|v| v.is_nan()));
    }

    #[test]
    fn the_order_of_particles_matters_to_rounding_only() {
        let n = 3000;
        let (mut positions, mut v_los) = (ball(n, 1.0, 1), uniform(n, -300.0..300.0, 2));
        let mut weights = uniform(n, 0.0..3.0, 3);
        let grid = PixelGrid::new(6, 1.0).unwrap();
        let forwards = along_z(&positions, &v_los, &weights, grid, 1);
        positions.reverse();
        v_los.reverse();
        weights.reverse();
        let backwards = along_z(&positions, &v_los, &weights, grid, 1);
        for (a, b) in [(&forwards.mean, &backwards.mean), (&forwards.dispersion, &backwards.dispersion)] {
            for (a, b) in a.values().iter().zip(b.values()) {
                assert!(a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12 * 300.0, "{a} {b}");
            }
        }
        assert_eq!(forwards.count, backwards.count);
    }

    #[test]
    fn bad_calls_are_refused() {
        let view = View::along(Axis::Z);
        let call = |velocities: &[[f64; 3]], weights: &[f64]| {
            nearest_moments(&[[0.0; 3]; 2], velocities, weights, &view, one_pixel(), &MomentConfig::default())
                .unwrap_err()
        };
        assert_eq!(
            call(&[[0.0; 3]], &[1.0; 2]),
            ProjectError::LengthMismatch { column: "velocities", expected: 2, found: 1 }
        );
        assert_eq!(
            call(&[[0.0; 3]; 2], &[1.0; 3]),
            ProjectError::LengthMismatch { column: "weights", expected: 2, found: 3 }
        );
        assert_eq!(
            call(&[[0.0; 3]; 2], &[1.0, -1.0]),
            ProjectError::Negative { column: "weights", index: 1, value: -1.0 }
        );
        let infinite = call(&[[0.0; 3], [f64::INFINITY, 0.0, 0.0]], &[1.0; 2]);
        assert!(matches!(infinite, ProjectError::NotFinite { column: "velocities", index: 1, .. }));
    }

    #[test]
    fn positions_and_velocities_beyond_all_measure_do_not_panic() {
        let mut random = generator(4);
        let huge: Vec<[f64; 3]> =
            (0..50).map(|_| std::array::from_fn(|_| f64::MAX * random.random_range(-1.0..1.0))).collect();
        let view = View::new([0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]).unwrap();
        let config = MomentConfig::default();
        assert!(nearest_moments(&huge, &huge, &[1e308; 50], &view, one_pixel(), &config).is_ok());
    }

    #[test]
    fn the_configuration_knows_its_fields_and_no_others() {
        let read = |entries: Vec<(&str, u32)>| {
            MomentConfig::deserialize(
                MapDeserializer::<_, Error>::new(entries.into_iter()).into_deserializer(),
            )
        };
        assert_eq!(read(vec![]), Ok(MomentConfig::default()));
        assert_eq!(read(vec![("min_count", 2)]), Ok(MomentConfig { min_count: 2 }));
        assert!(read(vec![("minimum_count", 2)]).is_err());
    }
}
