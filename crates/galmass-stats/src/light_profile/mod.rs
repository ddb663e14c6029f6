//! How the light of a galaxy falls off on the sky, from its particles, and the Sersic profile through it.

mod fit;

use std::f64::consts::PI;

use galmass_core::Particles;
use serde::{Deserialize, Serialize};

use crate::StatsError;
use crate::sky::Sky;
pub use fit::fit_light_profile;

/// The annuli in which [`measure_light_profile`] averages light.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LightProfileConfig {
    /// The inner edge of the first annulus \[kpc\], above 0. Default 0.74, the softening of the stars of TNG100: the
    /// light inside is that of the simulation's gravity more than of the galaxy.
    pub inner_kpc: f64,
    /// The number of annuli, of equal width in log R; at least 1, default 30.
    pub n_annuli: usize,
}

impl Default for LightProfileConfig {
    fn default() -> Self {
        Self { inner_kpc: 0.74, n_annuli: 30 }
    }
}

/// The azimuthally averaged light of a galaxy, one value an annulus from the inside out.
#[derive(Clone, Debug, PartialEq)]
pub struct LightProfile {
    /// The edges of the annuli \[kpc\], one more than there are annuli; none where there is no annulus.
    pub edges_kpc: Vec<f64>,
    /// The geometric means of the edges \[kpc\].
    pub radii_kpc: Vec<f64>,
    /// The mean brightnesses, in the unit of the luminosities per kpc^2; 0 in an annulus without light.
    pub brightnesses: Vec<f64>,
    /// The relative Poisson errors `sqrt(sum L^2) / sum L`; NaN in an annulus without light.
    pub relative_errors: Vec<f64>,
    /// The numbers of particles with light.
    pub counts: Vec<usize>,
    /// What is wrong with the galaxy, if anything.
    pub flags: LightProfileFlags,
}

/// What can be wrong with a galaxy whose profile is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LightProfileFlags {
    /// The outer radius is no larger than the inner one: there is no annulus.
    pub too_small: bool,
    /// No particle in any annulus has light.
    pub no_light: bool,
    /// In an annulus, light below zero, NaN or infinite was left out.
    pub left_out: bool,
}

impl LightProfileFlags {
    /// Whether any flag is up.
    pub fn any(&self) -> bool {
        self.too_small || self.no_light || self.left_out
    }
}

/// Measures the brightness of a galaxy in circular annuli about the origin of the plane of the sky, of equal width in
/// log R from [`LightProfileConfig::inner_kpc`] to `outer_kpc` \[kpc\]: the light that n_Ser of Chu et al. (2024), table
/// 1, is fitted to, out to five half-mass radii.
///
/// ```text
/// I_i = sum L / (pi (R_{i+1}^2 - R_i^2)) ,   relative error = sqrt(sum L^2) / sum L
/// ```
///
/// `luminosities` has one value, in any unit, for each particle; `right` and `up` are the unit vectors of the plane. A
/// particle on an edge counts in the annulus outside it, one on the outermost edge in none.
///
/// An annulus without light has a brightness of 0, which is a measurement too. A galaxy so small that `outer_kpc` does
/// not exceed the inner edge, or is NaN, has no annulus, with a flag; light that is below zero or not finite is left
/// out, with a flag.
///
/// # Errors
/// [`StatsError::LengthMismatch`] where there is not one luminosity for each particle, [`StatsError::OutOfRange`] for a
/// setting out of range; never for a galaxy.
///
/// # Examples
/// ```
/// use std::f64::consts::PI;
/// use galmass_core::Particles;
/// use galmass_stats::{LightProfileConfig, measure_light_profile};
///
/// let stars = Particles::new(vec![[1.5, 0.0, 9.0], [0.0, 3.0, 0.0]], vec![[0.0; 3]; 2], vec![1.0e6; 2])?;
/// let config = LightProfileConfig { inner_kpc: 1.0, n_annuli: 2 };
/// let right_and_up = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
/// let found = measure_light_profile(&stars, &[6.0, 24.0], right_and_up.0, right_and_up.1, 4.0, &config)?;
/// assert!((found.edges_kpc[1] - 2.0).abs() < 1e-15);
/// assert!((found.brightnesses[0] - 2.0 / PI).abs() < 1e-12); // 6 over pi (2^2 - 1^2)
/// assert!((found.brightnesses[1] - 2.0 / PI).abs() < 1e-12); // 24 over pi (4^2 - 2^2)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Chu et al. (2024), table 1.
pub fn measure_light_profile(
    particles: &Particles,
    luminosities: &[f64],
    right: [f64; 3],
    up: [f64; 3],
    outer_kpc: f64,
    config: &LightProfileConfig,
) -> Result<LightProfile, StatsError> {
    config.check()?;
    let (expected, found) = (particles.len(), luminosities.len());
    if expected != found {
        return Err(StatsError::LengthMismatch { column: "luminosities", expected, found });
    }
    let sky = Sky::new(right, up);
    let mut annuli = Annuli::new(outer_kpc, config);
    for (position, &light) in particles.positions_kpc().iter().zip(luminosities) {
        annuli.add(sky.radius(position), light);
    }
    Ok(annuli.profile())
}

impl LightProfileConfig {
    pub(crate) fn check(&self) -> Result<(), StatsError> {
        if !(self.inner_kpc > 0.0 && self.inner_kpc.is_finite()) {
            let (name, value) = ("inner_kpc", self.inner_kpc);
            return Err(StatsError::OutOfRange { name, value, range: "a finite length above 0" });
        }
        if self.n_annuli == 0 {
            return Err(StatsError::OutOfRange { name: "n_annuli", value: 0.0, range: "1 or more" });
        }
        Ok(())
    }
}

/// The sums of the light in annuli.
#[derive(Clone, Debug)]
pub(crate) struct Annuli {
    edges_kpc: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
    counts: Vec<usize>,
    log_inner: f64,
    per_log: f64,
    left_out: bool,
}

impl Annuli {
    /// Annuli out to a radius; none if that is not beyond the inner edge.
    pub(crate) fn new(outer_kpc: f64, config: &LightProfileConfig) -> Self {
        let width = (outer_kpc / config.inner_kpc).ln();
        let fits = width > 0.0 && width.is_finite();
        let n = if fits { config.n_annuli } else { 0 };
        let edge = |index: usize| match index {
            _ if index == n => outer_kpc,
            _ => config.inner_kpc * (width * index as f64 / n as f64).exp(),
        };
        Self {
            edges_kpc: if fits { (0..=n).map(edge).collect() } else { Vec::new() },
            sums: vec![0.0; n],
            squares: vec![0.0; n],
            counts: vec![0; n],
            log_inner: config.inner_kpc.ln(),
            per_log: n as f64 / width,
            left_out: false,
        }
    }

    pub(crate) fn add(&mut self, radius_kpc: f64, light: f64) {
        let n = self.sums.len();
        if n == 0 || !(radius_kpc >= self.edges_kpc[0] && radius_kpc < self.edges_kpc[n]) {
            return;
        }
        if !(light > 0.0 && light.is_finite()) {
            self.left_out |= light != 0.0;
            return;
        }
        let near = ((radius_kpc.ln() - self.log_inner) * self.per_log) as usize;
        // The logarithm may round across an edge.
        let near = near.min(n - 1);
        let index = match radius_kpc {
            r if r < self.edges_kpc[near] => near - 1,
            r if r >= self.edges_kpc[near + 1] => near + 1,
            _ => near,
        };
        self.sums[index] += light;
        self.squares[index] += light * light;
        self.counts[index] += 1;
    }

    pub(crate) fn profile(&self) -> LightProfile {
        let areas = areas(&self.edges_kpc);
        let relative = |(sum, squares): (&f64, &f64)| squares.sqrt() / sum;
        LightProfile {
            edges_kpc: self.edges_kpc.clone(),
            radii_kpc: self.edges_kpc.windows(2).map(|edges| (edges[0] * edges[1]).sqrt()).collect(),
            brightnesses: self.sums.iter().zip(areas).map(|(sum, area)| sum / area).collect(),
            relative_errors: self.sums.iter().zip(&self.squares).map(relative).collect(),
            counts: self.counts.clone(),
            flags: LightProfileFlags {
                too_small: self.sums.is_empty(),
                no_light: self.counts.iter().all(|&count| count == 0),
                left_out: self.left_out,
            },
        }
    }
}

/// The areas of the annuli between edges.
fn areas(edges: &[f64]) -> impl Iterator<Item = f64> {
    // As a product: the difference of the squares would lose digits of a narrow annulus.
    edges.windows(2).map(|edges| PI * (edges[1] - edges[0]) * (edges[1] + edges[0]))
}

#[cfg(test)]
mod tests;
