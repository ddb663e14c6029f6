//! Photon noise of the galaxy and of the sky, and the noise of the detector.

use galmass_core::seed::{derive, generator};
use galmass_core::{Map, Unit};
use ndarray::{Array2, Zip};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Poisson, StandardNormal};
use serde::{Deserialize, Serialize};

use super::exposure::{AppliedTo, Exposure, with_values};
use super::length::{Length, Scales, check_range, square_radius};
use crate::ObserveError;

/// Noise at a stated signal-to-noise ratio: photons of galaxy and sky, and the detector.
///
/// The exposure is as long as it takes for a pixel of the mean brightness inside a circle to have the signal-to-noise
/// ratio `signal_to_noise`. With F the flux of a pixel, g photons for each unit of it, S sky photons and a detector of
/// read noise r in each pixel, the signal-to-noise ratio of a pixel is that of the CCD equation (Howell 2006),
///
/// ```text
/// S/N = g F / sqrt(g F + S + r^2)
/// ```
///
/// With N photons from the pixel of mean brightness F_0 and S = `sky_fraction` N, that is N = (A + sqrt(A^2 + 4 B)) / 2
/// where A = (S/N)^2 (1 + `sky_fraction`) and B = (S/N)^2 r^2, and g = N / F_0. Each pixel then becomes
///
/// ```text
/// F' = (Poisson(g F + S) + Normal(0, r) - S) / g
/// ```
///
/// in the unit of the map: the mean of F' is F, its standard deviation sqrt(g F + S + r^2) / g, which is kept as
/// [`Exposure::image_noise`] and [`Exposure::flux_noise`]; F over it is [`Exposure::signal_to_noise`]. In the dark parts F' is below zero as often as above it.
///
/// * On the maps only the flux changes; what noise does to velocities is an effect of its own,
///   [`KinematicErrors`](super::KinematicErrorsConfig), after any binning.
/// * With both products chosen, each has `signal_to_noise` in its own pixels, and noise of its own.
/// * The mean is over the pixels inside the field whose centres lie in the circle; if it is zero, or there is none,
///   nothing sets the scale: the map stays as it is and its noise is NaN.
/// * Pixels outside the field stay as they are, their noise is NaN. A pixel of unknown flux stays unknown.
/// * The noise of a pixel does not depend on the number of threads, but on the seed, the galaxy, the line of sight and
///   the pixels before it. Above 1e9 photons a normal deviate stands for that of Poisson.
///
/// # Examples
/// ```
/// use galmass_observe::{Effect, NoiseConfig};
///
/// let text = r#"{"noise": {"signal_to_noise": 30.0, "sky_fraction": 0.5, "on": "maps"}}"#;
/// let Effect::Noise(noise) = serde_json::from_str(text).unwrap() else { panic!("another effect") };
/// assert_eq!((noise.signal_to_noise, noise.read_noise), (30.0, NoiseConfig::default().read_noise));
/// ```
///
/// # References
/// * Howell 2006, Handbook of CCD Astronomy, 2nd edition, section 4.4.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoiseConfig {
    /// The signal-to-noise ratio of a pixel of the mean brightness inside the circle, 1e-3 to 1e6; default 20.
    pub signal_to_noise: f64,
    /// The radius of the circle about the origin; default one half-light radius.
    pub inside: Length,
    /// Sky photons for each photon of the galaxy, at the mean brightness inside the circle, 0 to 1e6; default 1: a
    /// galaxy as bright as the dark sky.
    pub sky_fraction: f64,
    /// The standard deviation of what the detector adds to each pixel \[photons\], 0 to 1e6; default 0.
    pub read_noise: f64,
    /// What becomes noisy; default both.
    pub on: AppliedTo,
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self {
            signal_to_noise: 20.0,
            inside: Length::HalfLightRadii(1.0),
            sky_fraction: 1.0,
            read_noise: 0.0,
            on: AppliedTo::Both,
        }
    }
}

/// The random streams of one line of sight.
const IMAGE_STREAM: u64 = 0;
const FLUX_STREAM: u64 = 1;
/// More photons than this are normal to the last digit that matters.
const MANY_PHOTONS: f64 = 1e9;

impl NoiseConfig {
    pub(super) fn check(&self) -> Result<(), ObserveError> {
        check_range("signal_to_noise", self.signal_to_noise, 1e-3, 1e6, "between 1e-3 and 1e6")?;
        check_range("sky_fraction", self.sky_fraction, 0.0, 1e6, "between 0 and 1e6")?;
        check_range("read_noise", self.read_noise, 0.0, 1e6, "between 0 and 1e6 photons")?;
        self.inside.check("inside")
    }

    pub(super) fn apply(
        &self,
        exposure: &mut Exposure,
        scales: &Scales,
        seed: u64,
    ) -> Result<(), ObserveError> {
        let observation = &mut exposure.observation;
        if self.on.image() {
            let seed = derive(seed, IMAGE_STREAM);
            let field = exposure.image_field.as_ref();
            let (image, noise) = self.expose(&observation.image, field, scales, seed)?;
            observation.image = image;
            exposure.image_noise = Some(noise);
        }
        if self.on.maps() {
            let seed = derive(seed, FLUX_STREAM);
            let field = exposure.map_field.as_ref();
            let (flux, noise) = self.expose(&observation.flux, field, scales, seed)?;
            let signal_to_noise = observation.flux.values() / noise.values();
            exposure.signal_to_noise = Some(Map::new(noise.grid(), Unit::Dimensionless, signal_to_noise)?);
            observation.flux = flux;
            exposure.flux_noise = Some(noise);
        }
        Ok(())
    }

    /// The noisy map and the standard deviation of its noise.
    fn expose(
        &self,
        map: &Map,
        field: Option<&Array2<bool>>,
        scales: &Scales,
        seed: u64,
    ) -> Result<(Map, Map), ObserveError> {
        let in_field = |pixel: (usize, usize)| field.is_none_or(|field| field[pixel]);
        let square_inside = self.inside.kpc(scales).powi(2);
        let inside = |&(pixel, flux): &((usize, usize), &f64)| {
            in_field(pixel) && flux.is_finite() && square_radius(map.grid(), pixel) <= square_inside
        };
        let (sum, n_inside) = map
            .values()
            .indexed_iter()
            .filter(inside)
            .fold((0.0, 0usize), |(sum, n_inside), (_, &flux)| (sum + flux, n_inside + 1));
        let reference = sum / n_inside as f64;
        let photons = self.photons_at_reference();
        let gain = photons / reference;

        let mut values = map.values().clone();
        let mut noise = Array2::from_elem(values.dim(), f64::NAN);
        // Zero, below zero, or without a pixel: nothing to expose for.
        if gain > 0.0 && gain.is_finite() {
            let mut exposure = PixelExposure {
                gain,
                sky: self.sky_fraction * photons,
                read_noise: self.read_noise,
                random: generator(seed),
            };
            Zip::indexed(&mut values).and(&mut noise).for_each(|pixel, value, noise| {
                if in_field(pixel) && value.is_finite() {
                    (*value, *noise) = exposure.take(*value);
                }
            });
        }
        Ok((with_values(map, values)?, with_values(map, noise)?))
    }

    /// The photons from a galaxy pixel of the mean brightness, by the CCD equation.
    fn photons_at_reference(&self) -> f64 {
        let square = self.signal_to_noise * self.signal_to_noise;
        let linear = square * (1.0 + self.sky_fraction);
        0.5 * (linear + (linear * linear + 4.0 * square * self.read_noise * self.read_noise).sqrt())
    }
}

/// A detector that is read out pixel by pixel.
struct PixelExposure {
    gain: f64,
    sky: f64,
    read_noise: f64,
    random: ChaCha8Rng,
}

impl PixelExposure {
    /// The flux that is read, and its standard deviation.
    fn take(&mut self, flux: f64) -> (f64, f64) {
        let mean = (self.gain * flux).max(0.0) + self.sky;
        let variance = mean + self.read_noise * self.read_noise;
        let detector: f64 = if self.read_noise > 0.0 { self.normal() * self.read_noise } else { 0.0 };
        let counted = self.photons(mean) + detector;
        ((counted - self.sky) / self.gain, variance.sqrt() / self.gain)
    }

    fn photons(&mut self, mean: f64) -> f64 {
        if mean > MANY_PHOTONS {
            return mean + mean.sqrt() * self.normal();
        }
        // No distribution has the mean 0, and no photons come from it.
        Poisson::new(mean).map_or(0.0, |poisson| self.random.sample(poisson))
    }

    fn normal(&mut self) -> f64 {
        self.random.sample(StandardNormal)
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::PixelGrid;

    use super::*;

    const SCALES: Scales = Scales { half_mass_radius_kpc: 1.0, half_light_radius_kpc: 1.0 };

    fn flat(n_px: usize, flux: f64) -> Map {
        let grid = PixelGrid::new(n_px, 2.0).unwrap();
        Map::new(grid, Unit::SolarLuminosity, Array2::from_elem((n_px, n_px), flux)).unwrap()
    }

    #[test]
    fn a_pixel_of_the_mean_has_the_signal_to_noise_that_was_asked_for() {
        for (signal_to_noise, sky_fraction, read_noise) in
            [(5.0, 0.0, 0.0), (20.0, 3.0, 0.0), (3.0, 1.0, 30.0), (1e5, 1.0, 0.0), (0.1, 0.0, 5.0)]
        {
            let config = NoiseConfig { signal_to_noise, sky_fraction, read_noise, ..NoiseConfig::default() };
            let map = flat(200, 7.0e5);
            let (noisy, noise) = config.expose(&map, None, &SCALES, 1).unwrap();
            assert!(noise.values().iter().all(|sigma| (7.0e5 / sigma / signal_to_noise - 1.0).abs() < 1e-12));
            let n = map.values().len() as f64;
            let mean = noisy.sum() / n;
            let scatter = (noisy.values().mapv(|v| (v - 7.0e5).powi(2)).sum() / n).sqrt();
            // 40,000 draws: the mean is known to 0.5 %, the scatter to 0.35 % of the scatter; five times that.
            let sigma = 7.0e5 / signal_to_noise;
            assert!((mean - 7.0e5).abs() < 0.025 * sigma, "{signal_to_noise}: mean {mean}");
            assert!(
                (scatter / sigma - 1.0).abs() < 0.0176,
                "{signal_to_noise}: scatter {scatter} of {sigma}"
            );
        }
    }

    #[test]
    fn photons_come_in_whole_numbers() {
        let config = NoiseConfig { signal_to_noise: 1.0, sky_fraction: 0.0, ..NoiseConfig::default() };
        let (noisy, _) = config.expose(&flat(30, 5.0), None, &SCALES, 3).unwrap();
        // One photon is the flux of one pixel.
        assert!(noisy.values().iter().all(|flux| (flux / 5.0).fract() == 0.0));
        let none = noisy.values().iter().filter(|&&flux| flux == 0.0).count() as f64 / 900.0;
        assert!((none - (-1.0f64).exp()).abs() < 0.08, "{none}");
    }

    #[test]
    fn the_dark_sky_scatters_about_zero() {
        let mut values = flat(100, 0.0).into_values();
        values.slice_mut(ndarray::s![40..60, 40..60]).fill(1.0);
        let map = with_values(&flat(100, 0.0), values).unwrap();
        let config = NoiseConfig { inside: Length::Kpc(0.2), ..NoiseConfig::default() };
        let (noisy, noise) = config.expose(&map, None, &SCALES, 9).unwrap();
        let sky = noisy.values().slice(ndarray::s![..40, ..]).to_owned();
        let sigma = noise.values()[[0, 0]];
        assert!((sky.mean().unwrap() / sigma).abs() < 5.0 / 4000f64.sqrt());
        assert!((sigma / (0.05 / 2f64.sqrt()) - 1.0).abs() < 1e-12, "{sigma}");
        assert!(sky.iter().any(|&flux| flux < 0.0));
    }

    #[test]
    fn where_nothing_sets_the_scale_nothing_changes() {
        let config = NoiseConfig::default();
        for map in [flat(10, 0.0), flat(10, f64::NAN)] {
            let (same, noise) = config.expose(&map, None, &SCALES, 1).unwrap();
            assert_eq!(same.values().map(|v| v.to_bits()), map.values().map(|v| v.to_bits()));
            assert!(noise.values().iter().all(|sigma| sigma.is_nan()));
        }
        let nowhere = Scales { half_light_radius_kpc: f64::NAN, ..SCALES };
        assert!(config.expose(&flat(10, 1.0), None, &nowhere, 1).unwrap().1.sum().is_nan());
    }

    #[test]
    fn the_field_is_all_that_is_exposed() {
        let field = Array2::from_shape_fn((10, 10), |(row, _)| row > 3);
        let (noisy, noise) = NoiseConfig::default().expose(&flat(10, 8.0), Some(&field), &SCALES, 1).unwrap();
        for (pixel, &inside) in field.indexed_iter() {
            assert_eq!(noise.values()[pixel].is_nan(), !inside);
            assert!(inside || noisy.values()[pixel] == 8.0);
        }
        // A count may well be the mean, but hardly often.
        assert!(noisy.values().iter().filter(|&&flux| flux == 8.0).count() < 50);
    }

    #[test]
    fn impossible_settings_are_refused() {
        let fine = NoiseConfig::default();
        for bad in [
            NoiseConfig { signal_to_noise: 0.0, ..fine },
            NoiseConfig { signal_to_noise: f64::NAN, ..fine },
            NoiseConfig { sky_fraction: -1.0, ..fine },
            NoiseConfig { read_noise: f64::INFINITY, ..fine },
            NoiseConfig { inside: Length::Kpc(0.0), ..fine },
        ] {
            assert!(matches!(bad.check(), Err(ObserveError::BadSetting { .. })), "{bad:?}");
        }
        assert_eq!(fine.check(), Ok(()));
    }
}
