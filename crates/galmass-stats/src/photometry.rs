//! How bright a galaxy is, and of what colour.

use galmass_core::Particles;
use galmass_core::units::{SUN_MAGNITUDE_G, SUN_MAGNITUDE_R};

use crate::{Aperture, StatsError};

/// The light of star particles in one band.
#[derive(Clone, Copy, Debug)]
pub struct BandLight<'a> {
    /// The luminosity of each particle, in units of the Sun's in the band: before dust, or what a line of sight leaves
    /// of it.
    pub luminosities_lsun: &'a [f64],
    /// The absolute AB magnitude of the Sun in the band \[mag\].
    pub sun_magnitude: f64,
}

impl<'a> BandLight<'a> {
    /// Light in SDSS g, with the Sun of [`SUN_MAGNITUDE_G`].
    pub fn g(luminosities_lsun: &'a [f64]) -> Self {
        Self { luminosities_lsun, sun_magnitude: SUN_MAGNITUDE_G }
    }

    /// Light in SDSS r, with the Sun of [`SUN_MAGNITUDE_R`].
    pub fn r(luminosities_lsun: &'a [f64]) -> Self {
        Self { luminosities_lsun, sun_magnitude: SUN_MAGNITUDE_R }
    }
}

/// How bright a galaxy is in one band, as [`measure_brightness`] finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brightness {
    /// The absolute AB magnitude \[mag\]; NaN without light.
    pub magnitude: f64,
    /// The luminosity in units of the Sun's in the band; 0 without light.
    pub luminosity_lsun: f64,
    /// The number of particles with light inside the aperture.
    pub n_used: usize,
    /// What is wrong with the galaxy, if anything.
    pub flags: BrightnessFlags,
}

/// What can be wrong with a galaxy whose light is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrightnessFlags {
    /// No particle inside the aperture has light, or no luminosities are known: the magnitude is NaN.
    pub no_light: bool,
    /// Inside the aperture, light below zero, NaN or infinite was left out.
    pub left_out: bool,
}

impl BrightnessFlags {
    /// Whether any flag is up.
    pub fn any(&self) -> bool {
        self.no_light || self.left_out
    }
}

impl Brightness {
    /// The colour \[mag\] with this band as the bluer one: its magnitude less that of the redder band; NaN where one of
    /// them has no light.
    pub fn colour(&self, redder: &Self) -> f64 {
        self.magnitude - redder.magnitude
    }
}

/// Measures the absolute magnitude of the star particles inside an aperture (M_r of Chu et al. 2024, table 1, in the
/// circle of two half-mass radii on the sky):
///
/// ```text
/// M = M_sun - 2.5 log10 sum L
/// ```
///
/// `light` has one luminosity in units of the Sun's for each particle. The colour of two bands is
/// [`Brightness::colour`].
///
/// Without light inside, as for an aperture with a radius below zero or NaN, the magnitude is NaN with a flag. Light
/// that is below zero or not finite is left out, with a flag.
///
/// # Errors
/// [`StatsError::LengthMismatch`] where there is not one luminosity for each particle; never for a galaxy.
///
/// # Examples
/// ```
/// use galmass_core::Particles;
/// use galmass_stats::{Aperture, BandLight, measure_brightness};
///
/// let positions = vec![[1.0, 0.0, 7.0], [0.0, 1.0, -7.0], [9.0, 0.0, 0.0]];
/// let stars = Particles::new(positions, vec![[0.0; 3]; 3], vec![1.0e6; 3])?;
/// let circle = Aperture::Circle { radius_kpc: 2.0, right: [1.0, 0.0, 0.0], up: [0.0, 1.0, 0.0] };
/// let r = measure_brightness(&stars, &BandLight::r(&[4.0, 6.0, 90.0]), &circle)?;
/// assert!((r.magnitude - (4.65 - 2.5)).abs() < 1e-12); // ten Suns
/// let g = measure_brightness(&stars, &BandLight::g(&[1.0, 9.0, 90.0]), &circle)?;
/// assert!((g.colour(&r) - 0.46).abs() < 1e-12); // the colour of the Sun
/// let all = measure_brightness(&stars, &BandLight::r(&[4.0, 6.0, 90.0]), &Aperture::All)?;
/// assert!((all.magnitude - (4.65 - 5.0)).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Chu et al. (2024), table 1; Willmer (2018), ApJS 236, 47, for the Sun.
pub fn measure_brightness(
    particles: &Particles,
    light: &BandLight<'_>,
    aperture: &Aperture,
) -> Result<Brightness, StatsError> {
    let (expected, found) = (particles.len(), light.luminosities_lsun.len());
    if expected != found {
        return Err(StatsError::LengthMismatch { column: "luminosities", expected, found });
    }
    let mut sum = LightSum::default();
    let inside = aperture.holds();
    for (position, &luminosity) in particles.positions_kpc().iter().zip(light.luminosities_lsun) {
        if inside(position) {
            sum.add(luminosity);
        }
    }
    Ok(sum.brightness(light.sun_magnitude))
}

/// A sum of light and what was wrong with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LightSum {
    luminosity_lsun: f64,
    n_used: usize,
    left_out: bool,
}

impl LightSum {
    pub(crate) fn add(&mut self, luminosity_lsun: f64) {
        if luminosity_lsun > 0.0 && luminosity_lsun.is_finite() {
            self.luminosity_lsun += luminosity_lsun;
            self.n_used += 1;
        } else if luminosity_lsun != 0.0 {
            self.left_out = true;
        }
    }

    pub(crate) fn brightness(&self, sun_magnitude: f64) -> Brightness {
        let Self { luminosity_lsun, n_used, left_out } = *self;
        let no_light = n_used == 0;
        let magnitude = if no_light { f64::NAN } else { sun_magnitude - 2.5 * luminosity_lsun.log10() };
        Brightness { magnitude, luminosity_lsun, n_used, flags: BrightnessFlags { no_light, left_out } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(n: u32) -> Particles {
        let at = |i: u32| [f64::from(i), 0.0, 10.0];
        let positions: Vec<_> = (1..=n).map(at).collect();
        Particles::new(positions, vec![[0.0; 3]; n as usize], vec![1.0; n as usize]).unwrap()
    }

    #[test]
    fn a_sphere_holds_less_light_than_its_circle() {
        let (stars, light) = (ring(20), [1.0; 20]);
        let measure = |aperture| measure_brightness(&stars, &BandLight::r(&light), &aperture).unwrap();
        let (right, up) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        assert_eq!(measure(Aperture::Circle { radius_kpc: 12.0, right, up }).luminosity_lsun, 12.0);
        // sqrt(12^2 - 10^2) = 6.6
        assert_eq!(measure(Aperture::Sphere { radius_kpc: 12.0 }).luminosity_lsun, 6.0);
        assert_eq!(measure(Aperture::All).n_used, 20);
        // Seen from the side, the ring's depth is on the sky.
        let from_the_side = Aperture::Circle { radius_kpc: 12.0, right: up, up: [0.0, 0.0, 1.0] };
        assert_eq!(measure(from_the_side).n_used, 20);
    }

    #[test]
    fn dust_that_dims_all_stars_alike_dims_the_galaxy_by_as_much() {
        let stars = ring(5);
        let light = [3.0, 1.0, 4.0, 1.0, 5.0];
        let behind_dust = light.map(|l| l * 10f64.powf(-0.4 * 0.3));
        let magnitude = |light: &[f64]| {
            measure_brightness(&stars, &BandLight::r(light), &Aperture::All).unwrap().magnitude
        };
        assert!((magnitude(&behind_dust) - magnitude(&light) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn awkward_light_has_flags() {
        let stars = ring(2);
        let measure =
            |light: [f64; 2]| measure_brightness(&stars, &BandLight::g(&light), &Aperture::All).unwrap();
        let dark = measure([0.0, 0.0]);
        assert!(dark.magnitude.is_nan() && dark.luminosity_lsun == 0.0);
        assert!(dark.flags.no_light && !dark.flags.left_out);
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            let found = measure([1.0, bad]);
            assert!(found.magnitude == SUN_MAGNITUDE_G && found.flags.left_out && found.n_used == 1);
        }
        let nothing = measure_brightness(&Particles::default(), &BandLight::g(&[]), &Aperture::All).unwrap();
        assert!(nothing.magnitude.is_nan() && nothing.flags.no_light);
        for radius_kpc in [-1.0, f64::NAN] {
            let aperture = Aperture::Sphere { radius_kpc };
            assert!(measure_brightness(&stars, &BandLight::g(&[1.0; 2]), &aperture).unwrap().flags.no_light);
        }
        let error = measure_brightness(&stars, &BandLight::g(&[1.0]), &Aperture::All);
        assert_eq!(error, Err(StatsError::LengthMismatch { column: "luminosities", expected: 2, found: 1 }));
    }
}
