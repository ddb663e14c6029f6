//! The line-of-sight velocity moments of the particles in each pixel.

mod bins;
mod config;
mod count;
mod field;
#[cfg(test)]
mod ladder;
pub(crate) mod reference;
#[cfg(test)]
mod tests;
mod totals;
mod velocity;

use galmass_core::{Map, PixelGrid, Unit};
use ndarray::Array2;

use crate::error::{check_length, check_vectors, check_weights};
use crate::{ProjectError, View};
use bins::Particles;
pub use config::{Blanking, Fill, MomentConfig};
use field::Field;
use velocity::Velocity;

/// The velocity moments of each pixel, `[row upwards, column to the right]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The sum of the weights, in their unit; 0 in an empty pixel.
    pub weight: Array2<f64>,
    /// The weighted mean line-of-sight velocity \[km/s\], positive where it recedes; the fill, by default NaN, where
    /// it is not known.
    pub mean: Map,
    /// The weighted standard deviation of the line-of-sight velocity \[km/s\]; the fill, by default NaN, where it is
    /// not known.
    pub dispersion: Map,
    /// The number of particles with a weight above 0; 0 in an empty pixel.
    pub count: Map,
    /// 1 where both the mean and the dispersion are known, 0 where at least one of them is a fill.
    pub occupancy: Map,
}

impl Moments {
    /// Puts the moments of pixels, row by row, onto maps and blanks those of too few particles.
    fn new(grid: PixelGrid, pixels: &[PixelMoments], config: &MomentConfig) -> Result<Self, ProjectError> {
        let n_px = grid.n_px();
        let array = |value: &dyn Fn(&PixelMoments) -> f64| {
            Array2::from_shape_fn((n_px, n_px), |(row, column)| value(&pixels[row * n_px + column]))
        };
        let too_few = config.blanking.limit(pixels.iter().map(|pixel| pixel.count));
        let known = |pixel: &PixelMoments, min_count: u32| {
            pixel.count > too_few && pixel.count >= u64::from(min_count.max(1))
        };
        let weight = array(&|pixel| pixel.weight);
        let moment = |min_count: u32, fill: Fill, value: &dyn Fn(&PixelMoments) -> f64| {
            let map = array(&|pixel| if known(pixel, min_count) { value(pixel) } else { f64::NAN });
            let fill = fill.value(&map, &weight);
            let map = map.mapv_into(|value| if value.is_nan() { fill } else { value });
            Map::new(grid, Unit::KilometrePerSecond, map)
        };
        let (for_mean, for_dispersion) = (config.min_count_mean, config.min_count_dispersion);
        let for_both = for_mean.max(for_dispersion);
        let occupancy = array(&|pixel| f64::from(u8::from(known(pixel, for_both))));
        Ok(Self {
            mean: moment(for_mean, config.fill_mean, &|pixel| pixel.mean)?,
            dispersion: moment(for_dispersion, config.fill_dispersion, &|pixel| pixel.dispersion)?,
            count: Map::new(grid, Unit::Count, array(&|pixel| pixel.count as f64))?,
            occupancy: Map::new(grid, Unit::Dimensionless, occupancy)?,
            weight,
        })
    }
}

/// The moments of one pixel; of an empty one the count and the weight are 0 and the others NaN.
#[derive(Clone, Copy, Debug)]
struct PixelMoments {
    count: u64,
    weight: f64,
    mean: f64,
    dispersion: f64,
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
/// * A particle outside the field, its limits in depth, or without weight, is not counted.
/// * A pixel with too few particles for a moment, as the [configuration](MomentConfig) has it, holds NaN there, or the
///   fill; its weight and count stay what they are.
/// * One particle, or particles of one velocity, have a dispersion of exactly 0; that of one is not shown unless
///   `min_count_dispersion` is 1.
/// * However large the mean is beside the dispersion, both keep 12 digits: velocities are taken relative to that of
///   a particle of the pixel, and relative to the mean where that one is found to be no good reference. Sums are
///   compensated, so that the order of particles matters to rounding only.
///
/// # Errors
/// [`ProjectError::LengthMismatch`] where the columns differ in length; [`ProjectError::NotFinite`] and
/// [`ProjectError::Negative`] for the first particle with such a value; [`ProjectError::BadDepth`],
/// [`ProjectError::BadBoxSize`] and [`ProjectError::WiderThanBox`] for limits that cannot be.
///
/// # Cost
/// One pass over the particles, as fast as memory delivers them, and a second one where the velocities of a pixel are
/// 30 times closer to each other than to that of its first particle. Threads share chunks of 262,144 particles; the
/// same bits come out for any number of them. Memory of 72 bytes a pixel and thread. Velocities along the line of sight
/// alone, where they are there already, are faster: [`line_of_sight_moments`].
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
/// let config = MomentConfig::default();
/// let moments = nearest_moments(&positions, &velocities, &[1.0; 3], &view, grid, &config)?;
/// assert_eq!(moments.mean.values()[[1, 1]], 100.0);
/// assert_eq!(moments.dispersion.values()[[1, 1]], 10.0);
/// assert_eq!(moments.mean.values()[[1, 0]], -40.0);
/// assert!(moments.dispersion.values()[[1, 0]].is_nan());
/// assert!(moments.mean.values()[[0, 0]].is_nan());
///
/// // For a network: the systemic velocity, and the mean of the known dispersions, where nothing is known.
/// let config = MomentConfig::for_learning();
/// let moments = nearest_moments(&positions, &velocities, &[1.0; 3], &view, grid, &config)?;
/// assert_eq!(moments.mean.values(), ndarray::array![[0.0, 0.0], [-40.0, 100.0]]);
/// assert_eq!(moments.dispersion.values(), ndarray::array![[10.0, 10.0], [10.0, 10.0]]);
/// assert_eq!(moments.occupancy.values(), ndarray::array![[0.0, 0.0], [0.0, 1.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// * Chu et al. 2024, MNRAS 528, 6354, section 2.2.
/// * Chan, Golub & LeVeque 1983, Am. Stat. 37, 242: variances of parts put together.
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

/// Measures the mean and the dispersion in each pixel, as [`nearest_moments`] does, of velocities that are known along
/// the line of sight alone.
///
/// For velocities that have no other components: after the broadening of lines or the errors of a survey, or where one
/// line of sight is mapped many times, with other weights or meshes. `line_of_sight_km_s` \[km/s\] has one velocity for
/// each particle, positive where it recedes: [`View::depth`] of the velocity in space. All else is as there.
///
/// # Errors
/// As [`nearest_moments`]; the column of these velocities is `velocities` too.
///
/// # Cost
/// A sixth less than [`nearest_moments`] takes: 40 bytes a particle are read, not 56.
///
/// # Examples
/// ```
/// use galmass_core::PixelGrid;
/// use galmass_project::{Axis, MomentConfig, View, line_of_sight_moments};
///
/// let (view, grid) = (View::along(Axis::X), PixelGrid::new(1, 1.0)?);
/// let config = MomentConfig::default();
/// let moments = line_of_sight_moments(&[[0.0; 3]; 2], &[90.0, 110.0], &[1.0; 2], &view, grid, &config)?;
/// assert_eq!(moments.mean.values()[[0, 0]], 100.0);
/// assert_eq!(moments.dispersion.values()[[0, 0]], 10.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn line_of_sight_moments(
    positions_kpc: &[[f64; 3]],
    line_of_sight_km_s: &[f64],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
    config: &MomentConfig,
) -> Result<Moments, ProjectError> {
    measure(positions_kpc, line_of_sight_km_s, weights, view, grid, config)
}

fn measure<V: Velocity>(
    positions_kpc: &[[f64; 3]],
    velocities_km_s: &[V],
    weights: &[f64],
    view: &View,
    grid: PixelGrid,
    config: &MomentConfig,
) -> Result<Moments, ProjectError> {
    check_rows(positions_kpc, velocities_km_s, weights)?;
    config.check(grid)?;
    let Some(field) = Field::new(view, grid, config) else {
        return reference::measure(positions_kpc, velocities_km_s, weights, view, grid, config);
    };
    let (pixels, is_suspect) = totals::measure(&field, Particles { positions_kpc, velocities_km_s, weights });
    if is_suspect {
        check_values(positions_kpc, velocities_km_s, weights)?;
    }
    Moments::new(grid, &pixels, config)
}

fn check_rows<V>(positions: &[[f64; 3]], velocities: &[V], weights: &[f64]) -> Result<(), ProjectError> {
    check_length("velocities", positions.len(), velocities.len())?;
    check_length("weights", positions.len(), weights.len())
}

fn check_values<V: Velocity>(
    positions: &[[f64; 3]],
    velocities: &[V],
    weights: &[f64],
) -> Result<(), ProjectError> {
    check_vectors("positions", positions)?;
    V::check(velocities)?;
    check_weights(weights)
}
