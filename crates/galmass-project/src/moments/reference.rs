//! The moments in two passes over the particles of a list: simple, slow, and what the fast way is held to.

use galmass_core::PixelGrid;

use super::velocity::Velocity;
use super::{MomentConfig, Moments, PixelMoments, check_rows, check_values};
use crate::{ProjectError, View, compensated};

/// Measures the moments that [`nearest_moments`](crate::nearest_moments) measures, in two passes: the mean first, then
/// the dispersion about it.
///
/// This is the oracle of the tests, some ten times slower.
///
/// # Errors
/// As [`nearest_moments`](crate::nearest_moments).
///
/// # Examples
/// ```
/// use galmass_core::PixelGrid;
/// use galmass_project::{Axis, MomentConfig, View, reference};
///
/// let velocities = [[0.0, 0.0, 90.0], [0.0, 0.0, 110.0]];
/// let (view, grid) = (View::along(Axis::Z), PixelGrid::new(1, 1.0)?);
/// let config = MomentConfig::default();
/// let moments = reference::nearest_moments(&[[0.0; 3]; 2], &velocities, &[1.0; 2], &view, grid, &config)?;
/// assert_eq!(moments.mean.values()[[0, 0]], 100.0);
/// assert_eq!(moments.dispersion.values()[[0, 0]], 10.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn nearest_moments(
    positions_kpc: &[[f64; 3]],
    velocities_km_s: &[[f64; 3]],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
    config: &MomentConfig,
) -> Result<Moments, ProjectError> {
    measure(positions_kpc, velocities_km_s, weights, view, grid, config)
}

/// The same for velocities of either kind.
pub(super) fn measure<V: Velocity>(
    positions_kpc: &[[f64; 3]],
    velocities_km_s: &[V],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
    config: &MomentConfig,
) -> Result<Moments, ProjectError> {
    check_rows(positions_kpc, velocities_km_s, weights)?;
    config.check(grid)?;
    check_values(positions_kpc, velocities_km_s, weights)?;

    let samples = samples(positions_kpc, velocities_km_s, weights, view, grid, config);
    let mut pixels = vec![Pixel::default(); grid.n_px() * grid.n_px()];
    samples.iter().for_each(|sample| pixels[sample.pixel].add_to_mean(sample));
    pixels.iter_mut().for_each(Pixel::fix_mean);
    samples.iter().for_each(|sample| pixels[sample.pixel].add_to_variance(sample));
    let moments: Vec<PixelMoments> = pixels.iter().map(Pixel::moments).collect();
    Moments::new(grid, &moments, config)
}

/// A particle that lies in a pixel.
struct Sample {
    pixel: usize,
    velocity: f64,
    weight: f64,
}

fn samples<V: Velocity>(
    positions_kpc: &[[f64; 3]],
    velocities_km_s: &[V],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
    config: &MomentConfig,
) -> Vec<Sample> {
    let [near, far] = config.depth_kpc.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    let middle = config.depth_kpc.map_or(0.0, |[near, far]| near + 0.5 * (far - near));
    let image = |position: [f64; 3]| match config.box_size_kpc {
        Some(size) => std::array::from_fn(|axis| {
            let lowest = view.line_of_sight()[axis] * middle - 0.5 * size;
            (position[axis] - lowest).rem_euclid(size) + lowest
        }),
        None => position,
    };
    let particles = positions_kpc.iter().zip(velocities_km_s).zip(weights);
    let with_weight = particles.filter(|&(_, &weight)| weight > 0.0);
    let in_field = with_weight.filter_map(|((&position, &velocity), &weight)| {
        let position = image(position);
        if !(near..far).contains(&view.depth(position)) {
            return None;
        }
        let [x, y] = view.plane(position);
        let pixel = grid.pixel_of(y)? * grid.n_px() + grid.pixel_of(x)?;
        Some(Sample { pixel, velocity: velocity.seen_from(view), weight })
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

    fn moments(&self) -> PixelMoments {
        PixelMoments {
            count: self.count,
            weight: self.weight.sum,
            mean: if self.count > 0 { self.mean } else { f64::NAN },
            dispersion: (self.weighted_square.sum / self.weight.sum).sqrt(),
        }
    }
}
