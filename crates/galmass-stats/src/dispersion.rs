//! How fast stars move along the line of sight, about their mean.

use galmass_core::{Map, Particles};
use ndarray::Array2;

use crate::StatsError;
use crate::error::check_map;
use crate::sky::Sky;

/// A line-of-sight dispersion, as [`fibre_dispersion`] and [`mean_dispersion`] find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// The dispersion \[km/s\], 0 or more; NaN where there is no light.
    pub value_km_s: f64,
    /// The number of particles, or of pixels, with light inside the aperture.
    pub n_used: usize,
    /// What is wrong with the galaxy, if anything.
    pub flags: DispersionFlags,
}

/// What can be wrong with a galaxy whose dispersion is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DispersionFlags {
    /// No particle or pixel inside the aperture has light: the value is NaN.
    pub no_light: bool,
    /// One particle has all the light: its dispersion of 0 says nothing.
    pub one_particle: bool,
    /// Inside the aperture, light below zero, NaN or infinite, or light without a dispersion, was left out.
    pub left_out: bool,
}

impl DispersionFlags {
    /// Whether any flag is up.
    pub fn any(&self) -> bool {
        self.no_light || self.one_particle || self.left_out
    }
}

/// Measures the line-of-sight velocity dispersion \[km/s\] of all light inside a circle of `radius_kpc` about the
/// origin of the plane of the sky, as a fibre would, rotation included (`sigma_v` of Chu et al. 2024, table 1, with
/// two half-mass radii and the luminosities in the r band):
///
/// ```text
/// sigma_v^2 = sum L (v - <v>)^2 / sum L ,   <v> = sum L v / sum L
/// ```
///
/// `luminosities` has one value, in any unit, for each particle; `right` and `up` are the unit vectors of the plane,
/// and the line of sight is across both. A particle on the circle is inside. The systemic velocity does not matter.
///
/// Without light inside, as for a radius below zero or NaN, the value is NaN with a flag, and one particle has 0 with
/// a flag. Light that is below zero or not finite is left out, with a flag.
///
/// # Errors
/// [`StatsError::LengthMismatch`] where there is not one luminosity for each particle; never for a galaxy.
///
/// # Examples
/// ```
/// use galmass_core::Particles;
/// use galmass_stats::fibre_dispersion;
///
/// // Along z: 100 km/s with three parts of the light, -100 km/s with one, so 50 km/s in the mean.
/// let positions = vec![[1.0, 0.0, 7.0], [0.0, 1.0, -7.0], [9.0, 0.0, 0.0]];
/// let velocities = vec![[0.0, 0.0, 100.0], [500.0, 0.0, -100.0], [0.0, 0.0, 900.0]];
/// let stars = Particles::new(positions, velocities, vec![1.0e6; 3])?;
/// let found = fibre_dispersion(&stars, &[3.0, 1.0, 5.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], 2.0)?;
/// assert_eq!(found.value_km_s, 7500.0_f64.sqrt()); // (3 * 50^2 + 150^2) / 4
/// assert_eq!(found.n_used, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Chu et al. (2024), table 1.
pub fn fibre_dispersion(
    particles: &Particles,
    luminosities: &[f64],
    right: [f64; 3],
    up: [f64; 3],
    radius_kpc: f64,
) -> Result<Dispersion, StatsError> {
    if luminosities.len() != particles.len() {
        let (expected, found) = (particles.len(), luminosities.len());
        return Err(StatsError::LengthMismatch { column: "luminosities", expected, found });
    }
    let sky = Sky::new(right, up);
    let mut fibre = FibreLight::default();
    let stars = particles.positions_kpc().iter().zip(particles.velocities_km_s()).zip(luminosities);
    for ((position, velocity), &light) in stars {
        if sky.radius(position) <= radius_kpc {
            fibre.add(light, sky.depth(velocity));
        }
    }
    Ok(fibre.dispersion())
}

/// Light and line-of-sight velocities that fall into a fibre.
#[derive(Clone, Debug, Default)]
pub(crate) struct FibreLight {
    lit: Vec<(f64, f64)>,
    left_out: bool,
}

impl FibreLight {
    pub(crate) fn add(&mut self, light: f64, velocity_km_s: f64) {
        if light > 0.0 && light.is_finite() {
            self.lit.push((light, velocity_km_s));
        } else if light != 0.0 {
            self.left_out = true;
        }
    }

    pub(crate) fn dispersion(&self) -> Dispersion {
        let Self { lit, left_out } = self;
        let flags =
            DispersionFlags { no_light: lit.is_empty(), one_particle: lit.len() == 1, left_out: *left_out };
        // In two passes: the difference of two large means would lose the digits of a small dispersion.
        let mean = mean(lit.iter().copied());
        let variance = self::mean(lit.iter().map(|&(light, velocity)| (light, (velocity - mean).powi(2))));
        Dispersion { value_km_s: variance.sqrt(), n_used: lit.len(), flags }
    }
}

/// Averages a map of line-of-sight velocity dispersions \[km/s\], weighted with the light of each pixel, over the
/// pixels whose centres lie within `radius_kpc` of the middle of the field:
///
/// ```text
/// <sigma> = sum F_p sigma_p / sum F_p
/// ```
///
/// the other reading of `sigma_v` of Chu et al. (2024), table 1, free of rotation where pixels are small. `light` is
/// `[row, column]` on the grid of `dispersion`, in any unit per pixel.
///
/// Pixels without light do not count. Pixels with light whose dispersion is below zero or not finite, and light that
/// is below zero or not finite, are left out, with a flag. Without light inside the value is NaN with a flag.
///
/// # Errors
/// [`StatsError::MapShape`] where the two maps have unlike numbers of pixels; never for a galaxy.
///
/// # Examples
/// ```
/// use galmass_core::{Map, PixelGrid, Unit};
/// use galmass_stats::mean_dispersion;
/// use ndarray::array;
///
/// let grid = PixelGrid::new(2, 1.0)?;
/// let sigma = Map::new(grid, Unit::KilometrePerSecond, array![[100.0, 200.0], [f64::NAN, 200.0]])?;
/// let light = array![[1.0, 1.0], [0.0, 2.0]];
/// assert_eq!(mean_dispersion(&light, &sigma, 1.0)?.value_km_s, 175.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Chu et al. (2024), table 1.
pub fn mean_dispersion(
    light: &Array2<f64>,
    dispersion: &Map,
    radius_kpc: f64,
) -> Result<Dispersion, StatsError> {
    let grid = dispersion.grid();
    check_map("light", light, grid)?;
    let mut flags = DispersionFlags::default();
    let mut lit = Vec::new();
    for (((row, column), &sigma), &light) in dispersion.values().indexed_iter().zip(light) {
        let inside = grid.centre_kpc(column).hypot(grid.centre_kpc(row)) <= radius_kpc;
        if light == 0.0 || !inside {
            continue;
        }
        if light > 0.0 && light.is_finite() && sigma >= 0.0 && sigma.is_finite() {
            lit.push((light, sigma));
        } else {
            flags.left_out = true;
        }
    }
    flags.no_light = lit.is_empty();
    Ok(Dispersion { value_km_s: mean(lit.iter().copied()), n_used: lit.len(), flags })
}

/// The mean of `(weight, value)`; NaN of nothing.
fn mean(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    // Relative to the largest, so that no sum overflows.
    let largest = pairs.clone().map(|(weight, _)| weight).fold(0.0, f64::max);
    let (total, sum) = pairs.fold((0.0, 0.0), |(total, sum), (weight, value)| {
        (total + weight / largest, sum + weight / largest * value)
    });
    sum / total
}

#[cfg(test)]
mod tests {
    use galmass_core::{PixelGrid, Unit};

    use super::*;

    /// Sums of some thousand terms of order one.
    const ROUNDING: f64 = 1e-12;
    const RIGHT: [f64; 3] = [1.0, 0.0, 0.0];
    const UP: [f64; 3] = [0.0, 1.0, 0.0];

    fn seen(velocities: Vec<[f64; 3]>) -> Particles {
        let n = velocities.len();
        Particles::new(vec![[0.5, 0.0, 3.0]; n], velocities, vec![1.0; n]).unwrap()
    }

    #[test]
    fn an_arithmetic_series_has_its_closed_dispersion() {
        // Equal light at 1, 2, .. n km/s: (n^2 - 1) / 12.
        let n = 1001;
        for systemic in [0.0, 1.0e4] {
            let stars = seen((1..=n).map(|i| [7.0, -3.0, systemic + f64::from(i)]).collect());
            let light = vec![1.0e9; n as usize];
            let found = fibre_dispersion(&stars, &light, RIGHT, UP, 1.0).unwrap();
            let expected = ((f64::from(n).powi(2) - 1.0) / 12.0).sqrt();
            assert!((found.value_km_s / expected - 1.0).abs() < ROUNDING, "{found:?}");
            assert!(!found.flags.any());
        }
    }

    #[test]
    fn light_weighs_as_that_many_stars() {
        // Light i at i km/s, i = 1 .. n: <v> = (2 n + 1) / 3 and <v^2> = n (n + 1) / 2.
        let n = 500.0;
        let stars = seen((1..=500).map(|i| [0.0, 0.0, f64::from(i)]).collect());
        let light: Vec<f64> = (1..=500).map(f64::from).collect();
        let found = fibre_dispersion(&stars, &light, RIGHT, UP, 1.0).unwrap();
        let mean: f64 = (2.0 * n + 1.0) / 3.0;
        let expected = (n * (n + 1.0) / 2.0 - mean * mean).sqrt();
        assert!((found.value_km_s / expected - 1.0).abs() < ROUNDING, "{found:?}");
    }

    #[test]
    fn a_ring_is_seen_with_its_rotation_from_any_side() {
        // v sin(i) / sqrt(2) of a ring of many stars.
        let n = 360;
        let angle = |i: i32| std::f64::consts::TAU * f64::from(i) / f64::from(n);
        let positions = (0..n).map(|i| [angle(i).cos(), angle(i).sin(), 0.0]).collect();
        let velocities = (0..n).map(|i| [-200.0 * angle(i).sin(), 200.0 * angle(i).cos(), 0.0]).collect();
        let ring = Particles::new(positions, velocities, vec![1.0; n as usize]).unwrap();
        for inclination in [0.3_f64, 1.0, std::f64::consts::FRAC_PI_2] {
            let up = [0.0, inclination.cos(), inclination.sin()];
            let found = fibre_dispersion(&ring, &vec![1.0; n as usize], RIGHT, up, 1.1).unwrap();
            let expected = 200.0 * inclination.sin() / 2.0_f64.sqrt();
            assert!((found.value_km_s / expected - 1.0).abs() < ROUNDING, "{found:?}");
            assert_eq!(found.n_used, 360);
        }
    }

    #[test]
    fn awkward_light_has_flags() {
        let measure = |light: &[f64], radius: f64| {
            let stars = seen(vec![[0.0, 0.0, 100.0]; light.len()]);
            fibre_dispersion(&stars, light, RIGHT, UP, radius).unwrap()
        };
        for (light, radius) in
            [(&[][..], 1.0), (&[0.0], 1.0), (&[1.0], 0.1), (&[1.0], f64::NAN), (&[1.0], -1.0), (&[-1.0], 1.0)]
        {
            let found = measure(light, radius);
            assert!(found.value_km_s.is_nan() && found.flags.no_light && found.n_used == 0, "{found:?}");
        }
        let one = measure(&[1.0, 0.0], 1.0);
        assert!(one.value_km_s == 0.0 && one.flags.one_particle && !one.flags.left_out, "{one:?}");
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            let found = measure(&[1.0, bad, 1.0], 1.0);
            assert!(found.value_km_s == 0.0 && found.flags.left_out && found.n_used == 2, "{found:?}");
        }
        assert_eq!(measure(&[f64::MAX; 3], 1.0).value_km_s, 0.0, "no overflow");
        let error = fibre_dispersion(&seen(vec![[0.0; 3]]), &[], RIGHT, UP, 1.0);
        let expected = StatsError::LengthMismatch { column: "luminosities", expected: 1, found: 0 };
        assert_eq!(error, Err(expected));
    }

    #[test]
    fn a_map_is_averaged_over_its_circle() {
        // Light and dispersion linear in the column: a closed sum over each row, whole field.
        let n_px = 40;
        let grid = PixelGrid::new(n_px, 2.0).unwrap();
        let rising = Array2::from_shape_fn((n_px, n_px), |(_, column)| (column + 1) as f64);
        let sigma = Map::new(grid, Unit::KilometrePerSecond, rising.clone()).unwrap();
        let found = mean_dispersion(&rising, &sigma, 3.0).unwrap();
        assert!((found.value_km_s / ((2.0 * n_px as f64 + 1.0) / 3.0) - 1.0).abs() < ROUNDING, "{found:?}");
        assert_eq!(found.n_used, n_px * n_px);
        // In a circle the columns are symmetric about the middle: (n + 1) / 2 with even light.
        let even = Array2::from_elem((n_px, n_px), 3.0);
        let found = mean_dispersion(&even, &sigma, 1.0).unwrap();
        assert!((found.value_km_s / 20.5 - 1.0).abs() < ROUNDING, "{found:?}");
        assert!(found.n_used < n_px * n_px / 4 && !found.flags.any(), "{found:?}");
    }

    #[test]
    fn awkward_maps_have_flags() {
        let grid = PixelGrid::new(2, 1.0).unwrap();
        let measure = |light: [f64; 2], sigma: [f64; 2]| {
            let fill =
                |[a, b]: [f64; 2]| Array2::from_shape_fn((2, 2), |(row, _)| if row == 0 { a } else { b });
            let map = Map::new(grid, Unit::KilometrePerSecond, fill(sigma)).unwrap();
            mean_dispersion(&fill(light), &map, 1.0).unwrap()
        };
        let dark = measure([0.0; 2], [100.0; 2]);
        assert!(dark.value_km_s.is_nan() && dark.flags.no_light, "{dark:?}");
        for (light, sigma) in
            [([1.0, 1.0], [70.0, f64::NAN]), ([1.0, f64::NAN], [70.0, 9.0]), ([1.0, 1.0], [70.0, -1.0])]
        {
            let found = measure(light, sigma);
            assert!(found.value_km_s == 70.0 && found.flags.left_out && found.n_used == 2, "{found:?}");
        }
        let map = Map::new(grid, Unit::KilometrePerSecond, Array2::zeros((2, 2))).unwrap();
        let error = mean_dispersion(&Array2::zeros((2, 3)), &map, 1.0);
        assert_eq!(error, Err(StatsError::MapShape { map: "light", rows: 2, columns: 3, n_px: 2 }));
    }
}
