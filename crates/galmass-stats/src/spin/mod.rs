//! The spin of a galaxy as its maps show it.

mod binned;
mod sums;

use galmass_core::Map;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::StatsError;
use crate::error::{check_grid, check_map};
pub(crate) use binned::Binned;
use sums::Sums;

/// The settings of [`measure_lambda_r`]; the default is the definition of Emsellem et al. (2007).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpinConfig {
    /// The radius of a pixel. Default [`Radii::Circular`].
    pub radii: Radii,
    /// What velocities are relative to. Default [`Systemic::LightWeighted`].
    pub systemic: Systemic,
    /// Whether the noise of the mean of few particles is taken out of `V^2`, which it raises. Default `false`.
    pub correct_sparse: bool,
    /// Pixels of fewer particles are left out where the maps say how many there are. Default 0.
    pub min_count: usize,
}

/// What the radius of a pixel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Radii {
    /// The distance from the middle of the field (Emsellem et al. 2007).
    #[default]
    Circular,
    /// The semi-major axis of the ellipse through the pixel, of one shape everywhere.
    Elliptical {
        /// The minor over the major axis, in `(0, 1]`.
        axis_ratio: f64,
        /// The angle \[degrees\] from the first axis of the view, to the right, to the major axis, counted towards
        /// the second axis, up.
        position_angle_deg: f64,
    },
}

/// What the velocities of a map are relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Systemic {
    /// Their mean over the pixels that count, weighted with light.
    #[default]
    LightWeighted,
    /// This velocity \[km/s\]; 0 for maps that are relative to the galaxy already.
    KilometrePerSecond(f64),
}

/// Maps of one field, `[row, column]`.
#[derive(Clone, Copy, Debug)]
pub struct KinematicMaps<'a> {
    /// The light of each pixel, in any unit; a pixel of 0 does not count.
    pub light: &'a Array2<f64>,
    /// The mean line-of-sight velocity \[km/s\]; NaN where it is not known.
    pub velocity: &'a Map,
    /// The dispersion of line-of-sight velocities \[km/s\], not corrected for the number of particles; NaN where it
    /// is not known.
    pub dispersion: &'a Map,
    /// The number of particles, where known.
    pub count: Option<&'a Map>,
}

/// The spin found by [`measure_lambda_r`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambdaR {
    /// `lambda_R`, from 0 without rotation to 1 without dispersion; NaN where it is not defined.
    pub value: f64,
    /// The velocity that was subtracted \[km/s\]; NaN where no pixel counts.
    pub systemic_km_s: f64,
    /// The number of pixels that count.
    pub n_pixels: usize,
    /// What is wrong with the galaxy, if anything.
    pub flags: LambdaRFlags,
}

/// What can be wrong with a galaxy whose spin is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LambdaRFlags {
    /// No pixel inside the aperture counts: the value is NaN.
    pub no_light: bool,
    /// Nothing moves, or the only pixel is at the very centre: the value is NaN.
    pub no_motion: bool,
    /// Pixels with light inside the aperture were left out: too few particles, or a value that is not known.
    pub left_out: bool,
}

impl LambdaRFlags {
    /// Whether any flag is up.
    pub fn any(&self) -> bool {
        self.no_light || self.no_motion || self.left_out
    }
}

/// Measures the spin parameter `lambda_R` of maps (Emsellem et al. 2007, equation 6; lambda of Chu et al. 2024, table
/// 1, with `radius_kpc` two half-mass radii):
///
/// ```text
/// lambda_R = sum F_p R_p |V_p| / sum F_p R_p sqrt(V_p^2 + sigma_p^2)
/// ```
///
/// over the pixels whose centres have `R_p <= radius_kpc` \[kpc\], with light `F_p`, and velocity `V_p` relative to
/// the systemic velocity. [`SpinConfig`] says what radius and systemic velocity are.
///
/// The mean of N particles scatters by `sigma / sqrt(N)`, so that `V^2` is too high by `sigma^2 / N` and a slow
/// rotator seems to spin. With [`SpinConfig::correct_sparse`] and a map of counts that much moves from `V^2` to
/// `sigma^2`, as `sigma_p^2 / (N - 1)`, since the `sigma_p^2` of N particles is low by `(N - 1) / N` itself; the sum
/// of the two squares stays what it was, and `V^2` is not taken below 0. A pixel of one particle is then left out.
/// Without counts nothing is corrected.
///
/// Pixels without light do not count; those with light but fewer than `min_count` particles, an unknown velocity or
/// dispersion, or light or a dispersion below zero, are left out, with a flag. Without any pixel, as for a radius
/// below zero or NaN, or without any motion, the value is NaN with a flag.
///
/// # Errors
/// [`StatsError::MapShape`] and [`StatsError::MapField`] where the maps do not fit each other,
/// [`StatsError::OutOfRange`] for a setting out of range; never for a galaxy.
///
/// # Examples
/// ```
/// use galmass_core::{Map, PixelGrid, Unit};
/// use galmass_stats::{KinematicMaps, SpinConfig, measure_lambda_r};
/// use ndarray::array;
///
/// let grid = PixelGrid::new(2, 1.0)?;
/// let velocity = Map::new(grid, Unit::KilometrePerSecond, array![[-30.0, 30.0], [-30.0, 30.0]])?;
/// let dispersion = Map::new(grid, Unit::KilometrePerSecond, array![[40.0, 40.0], [40.0, 40.0]])?;
/// let light = array![[1.0, 1.0], [1.0, 1.0]];
/// let maps = KinematicMaps { light: &light, velocity: &velocity, dispersion: &dispersion, count: None };
/// let spin = measure_lambda_r(&maps, 1.0, &SpinConfig::default())?;
/// assert!((spin.value - 0.6).abs() < 1e-15); // 30 / sqrt(30^2 + 40^2)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Emsellem et al. (2007), MNRAS 379, 401; Chu et al. (2024), table 1.
pub fn measure_lambda_r(
    maps: &KinematicMaps<'_>,
    radius_kpc: f64,
    config: &SpinConfig,
) -> Result<LambdaR, StatsError> {
    check_settings(config)?;
    let grid = maps.velocity.grid();
    check_map("light", maps.light, grid)?;
    check_grid("dispersion", maps.dispersion, grid)?;
    if let Some(count) = maps.count {
        check_grid("count", count, grid)?;
    }

    let sums = sums::sum(maps, radius_kpc, config).unwrap_or_else(|| sum_carefully(maps, radius_kpc, config));
    let Sums { n_pixels, left_out, systemic_km_s, ordered, all } = sums;
    let (no_light, moves) = (n_pixels == 0, all > 0.0);
    let flags = LambdaRFlags { no_light, no_motion: !no_light && !moves, left_out };
    Ok(LambdaR { value: if moves { ordered / all } else { f64::NAN }, systemic_km_s, n_pixels, flags })
}

/// The sums pixel by pixel, for numbers of any size.
fn sum_carefully(maps: &KinematicMaps<'_>, radius_kpc: f64, config: &SpinConfig) -> Sums {
    let grid = maps.velocity.grid();
    let mut left_out = false;
    let mut pixels = Vec::new();
    for ((row, column), &light) in maps.light.indexed_iter() {
        let radius = config.radii.of(grid.centre_kpc(column), grid.centre_kpc(row));
        let inside = radius <= radius_kpc;
        if light == 0.0 || !inside {
            continue;
        }
        let at = [row, column];
        let (velocity, sigma) = (maps.velocity.values()[at], maps.dispersion.values()[at]);
        let known = light > 0.0 && light.is_finite() && velocity.is_finite();
        let enough = maps.count.is_none_or(|count| {
            let count = count.values()[at];
            count >= config.min_count as f64 && (count > 1.0 || !config.correct_sparse)
        });
        if !(known && enough && sigma >= 0.0 && sigma.is_finite()) {
            left_out = true;
            continue;
        }
        let noise_squared = match maps.count {
            Some(count) if config.correct_sparse => sigma * sigma / (count.values()[at] - 1.0),
            _ => 0.0,
        };
        pixels.push(Pixel { light, radius, velocity, sigma, noise_squared });
    }

    // Relative to the brightest, so that no sum overflows.
    let brightest = pixels.iter().map(|pixel| pixel.light).fold(0.0, f64::max);
    let systemic_km_s = match config.systemic {
        Systemic::KilometrePerSecond(velocity) => velocity,
        Systemic::LightWeighted => {
            let (total, sum) = pixels.iter().fold((0.0, 0.0), |(total, sum), pixel| {
                let light = pixel.light / brightest;
                (total + light, sum + light * pixel.velocity)
            });
            sum / total
        }
    };
    let (mut ordered, mut all) = (0.0, 0.0);
    for pixel in &pixels {
        let weight = pixel.light / brightest * pixel.radius;
        let velocity = pixel.velocity - systemic_km_s;
        // Without noise no square, which very large and small speeds do not have.
        let speed = match pixel.noise_squared {
            0.0 => velocity.abs(),
            noise => (velocity * velocity - noise).max(0.0).sqrt(),
        };
        ordered += weight * speed;
        all += weight * velocity.hypot(pixel.sigma);
    }
    Sums { n_pixels: pixels.len(), left_out, systemic_km_s, ordered, all }
}

struct Pixel {
    light: f64,
    radius: f64,
    velocity: f64,
    sigma: f64,
    noise_squared: f64,
}

impl Radii {
    fn of(&self, right: f64, up: f64) -> f64 {
        match *self {
            Self::Circular => right.hypot(up),
            Self::Elliptical { axis_ratio, position_angle_deg } => {
                let (sine, cosine) = position_angle_deg.to_radians().sin_cos();
                (right * cosine + up * sine).hypot((up * cosine - right * sine) / axis_ratio)
            }
        }
    }
}

fn check_settings(config: &SpinConfig) -> Result<(), StatsError> {
    if let Radii::Elliptical { axis_ratio, position_angle_deg } = config.radii {
        if !(axis_ratio > 0.0 && axis_ratio <= 1.0) {
            return Err(StatsError::OutOfRange { name: "axis_ratio", value: axis_ratio, range: "in (0, 1]" });
        }
        if !position_angle_deg.is_finite() {
            let (setting, value) = ("position_angle_deg", position_angle_deg);
            return Err(StatsError::OutOfRange { name: setting, value, range: "a finite angle" });
        }
    }
    match config.systemic {
        Systemic::KilometrePerSecond(value) if !value.is_finite() => {
            Err(StatsError::OutOfRange { name: "systemic", value, range: "a finite velocity" })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
