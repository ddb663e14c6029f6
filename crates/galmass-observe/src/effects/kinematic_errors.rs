//! What noise does to velocities and dispersions.

use galmass_core::seed::{derive, generator};
use galmass_core::{Map, Unit};
use ndarray::Array2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::exposure::{Exposure, with_values};
use super::length::check_range;
use crate::ObserveError;

/// Errors of velocity and dispersion that grow as the signal-to-noise ratio of a pixel or bin falls.
///
/// With sigma_obs^2 = sigma^2 + sigma_inst^2 the width of the lines on the detector, normal errors are added with the
/// standard deviations
///
/// ```text
/// delta V = velocity_factor sigma_obs / (S/N)        delta sigma_obs = dispersion_factor sigma_obs / (S/N)
/// ```
///
/// and sigma is found again from sigma_obs^2 - sigma_inst^2, so that delta sigma = delta sigma_obs sigma_obs / sigma:
/// dispersions far below the instrument's are badly known. The mean and the standard deviation of n photons of a
/// Gaussian line have the errors sigma / sqrt(n) and sigma / sqrt(2 n), so the default factors 1 and 1 / sqrt(2) are
/// those of S/N = sqrt(n) photons of one line: the least errors possible, if S/N is that of the line. Spectra of stars
/// hold many shallow lines instead; calibrate the factors on the spectrograph that is meant.
///
/// * S/N is [`Exposure::signal_to_noise`]: a [noise](super::NoiseConfig) effect on the maps must come before, and
///   binning too. The pixels of a bin share one error.
/// * Velocity and dispersion become NaN where S/N is below `min_signal_to_noise`, where the dispersion is unknown
///   (lines without a width have no error), and the dispersion alone where noise makes sigma_obs less than sigma_inst.
/// * The standard deviations of the errors, from the true dispersion, are kept as [`Exposure::velocity_error`] and
///   [`Exposure::dispersion_error`] \[km/s\]; the latter is infinite at sigma = 0.
///
/// # Examples
/// ```
/// use galmass_observe::{Effect, KinematicErrorsConfig};
///
/// let errors: Effect = serde_json::from_str(r#"{"kinematic-errors": {"velocity_factor": 1.5}}"#).unwrap();
/// let expected = KinematicErrorsConfig { velocity_factor: 1.5, ..KinematicErrorsConfig::default() };
/// assert_eq!(errors, Effect::KinematicErrors(expected));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KinematicErrorsConfig {
    /// The error of the velocity in units of sigma_obs / (S/N), 0 to 1e3; default 1.
    pub velocity_factor: f64,
    /// The error of sigma_obs in units of sigma_obs / (S/N), 0 to 1e3; default 1 / sqrt(2).
    pub dispersion_factor: f64,
    /// The dispersion of the instrument, sigma_inst \[km/s\], 0 to 1e4; default 0. Leave it 0 after
    /// [`DispersionFloor::Add`](super::DispersionFloor::Add), where the map is that of sigma_obs.
    pub instrumental_dispersion_km_s: f64,
    /// Below this signal-to-noise ratio nothing is measured, 1e-3 to 1e6; default 1.
    pub min_signal_to_noise: f64,
}

impl Default for KinematicErrorsConfig {
    fn default() -> Self {
        Self {
            velocity_factor: 1.0,
            dispersion_factor: std::f64::consts::FRAC_1_SQRT_2,
            instrumental_dispersion_km_s: 0.0,
            min_signal_to_noise: 1.0,
        }
    }
}

const STREAM: u64 = 2;

/// What is measured in one pixel or bin, and how well.
#[derive(Clone, Copy)]
struct Measured {
    velocity: f64,
    dispersion: f64,
    velocity_error: f64,
    dispersion_error: f64,
}

impl Measured {
    const NOTHING: Self = Self {
        velocity: f64::NAN,
        dispersion: f64::NAN,
        velocity_error: f64::NAN,
        dispersion_error: f64::NAN,
    };
}

impl KinematicErrorsConfig {
    pub(super) fn check(&self) -> Result<(), ObserveError> {
        check_range("velocity_factor", self.velocity_factor, 0.0, 1e3, "between 0 and 1e3")?;
        check_range("dispersion_factor", self.dispersion_factor, 0.0, 1e3, "between 0 and 1e3")?;
        let instrumental = self.instrumental_dispersion_km_s;
        check_range("instrumental_dispersion_km_s", instrumental, 0.0, 1e4, "between 0 and 1e4 km/s")?;
        check_range("min_signal_to_noise", self.min_signal_to_noise, 1e-3, 1e6, "between 1e-3 and 1e6")
    }

    pub(super) fn apply(&self, exposure: &mut Exposure, seed: u64) -> Result<(), ObserveError> {
        let mut random = generator(derive(seed, STREAM));
        let Some(signal_to_noise) = &exposure.signal_to_noise else {
            return Err(ObserveError::EffectMissing { needs: "noise" });
        };
        let observation = &exposure.observation;
        let mut of_bin = vec![None; exposure.bins.as_ref().map_or(0, |bins| bins.n_bins())];
        let measured = Array2::from_shape_fn(signal_to_noise.values().dim(), |pixel| {
            let mut measure = || {
                let (v, sigma) =
                    (observation.velocity.values()[pixel], observation.dispersion.values()[pixel]);
                self.measure(v, sigma, signal_to_noise.values()[pixel], &mut random)
            };
            match exposure.bins.as_ref().map(|bins| bins.bin_of(pixel)) {
                None => measure(),
                // What lies in no bin is not measured.
                Some(None) => Measured::NOTHING,
                Some(Some(bin)) => *of_bin[bin].get_or_insert_with(measure),
            }
        });
        let grid = observation.flux.grid();
        let map = |of: fn(&Measured) -> f64| Map::new(grid, Unit::KilometrePerSecond, measured.map(of));
        exposure.velocity_error = Some(map(|measured| measured.velocity_error)?);
        exposure.dispersion_error = Some(map(|measured| measured.dispersion_error)?);
        let velocity = with_values(&observation.velocity, measured.map(|measured| measured.velocity))?;
        let dispersion = with_values(&observation.dispersion, measured.map(|measured| measured.dispersion))?;
        exposure.observation.velocity = velocity;
        exposure.observation.dispersion = dispersion;
        Ok(())
    }

    fn measure(&self, v: f64, sigma: f64, signal_to_noise: f64, random: &mut ChaCha8Rng) -> Measured {
        // Two deviates for each, whatever becomes of them: one pixel lost leaves the errors of the others alone.
        let (for_velocity, for_dispersion): (f64, f64) =
            (random.sample(StandardNormal), random.sample(StandardNormal));
        let measurable = signal_to_noise >= self.min_signal_to_noise;
        if !measurable || v.is_nan() || sigma.is_nan() {
            return Measured::NOTHING;
        }
        let instrumental = self.instrumental_dispersion_km_s;
        let observed = sigma.hypot(instrumental);
        let velocity_error = self.velocity_factor * observed / signal_to_noise;
        let observed_error = self.dispersion_factor * observed / signal_to_noise;
        let scattered = observed + observed_error * for_dispersion;
        // The root of a difference below zero is NaN; a width below zero is none.
        let square = scattered.max(0.0).powi(2) - instrumental * instrumental;
        Measured {
            velocity: v + velocity_error * for_velocity,
            dispersion: if observed_error == 0.0 { sigma } else { square.sqrt() },
            velocity_error,
            dispersion_error: if observed_error == 0.0 { 0.0 } else { observed_error * observed / sigma },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure_many(config: &KinematicErrorsConfig, sigma: f64, signal_to_noise: f64) -> Vec<Measured> {
        let mut random = generator(5);
        (0..20_000).map(|_| config.measure(100.0, sigma, signal_to_noise, &mut random)).collect()
    }

    fn mean_and_scatter(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        (mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    }

    #[test]
    fn errors_scatter_by_what_they_say() {
        let config = KinematicErrorsConfig { instrumental_dispersion_km_s: 70.0, ..Default::default() };
        let many = measure_many(&config, 150.0, 30.0);
        let (v, scatter) = mean_and_scatter(many.iter().map(|m| m.velocity));
        let expected = 150f64.hypot(70.0) / 30.0;
        assert!((many[0].velocity_error - expected).abs() < 1e-12);
        // 20,000 draws: 0.7 % of the scatter for the mean, 0.5 % for the scatter; five times that.
        assert!(
            (v - 100.0).abs() < 0.035 * expected && (scatter / expected - 1.0).abs() < 0.025,
            "{v} {scatter}"
        );
        let (sigma, scatter) = mean_and_scatter(many.iter().map(|m| m.dispersion));
        let expected = 150f64.hypot(70.0).powi(2) / 150.0 / (30.0 * 2f64.sqrt());
        assert!((many[0].dispersion_error - expected).abs() < 1e-12);
        assert!((sigma - 150.0).abs() < 0.2 && (scatter / expected - 1.0).abs() < 0.03, "{sigma} {scatter}");
    }

    #[test]
    fn narrow_lines_are_lost_below_the_instrument() {
        let config = KinematicErrorsConfig { instrumental_dispersion_km_s: 70.0, ..Default::default() };
        let many = measure_many(&config, 5.0, 10.0);
        let lost = many.iter().filter(|m| m.dispersion.is_nan()).count() as f64 / many.len() as f64;
        assert!((lost - 0.5).abs() < 0.05, "{lost}");
        assert!(many.iter().all(|m| m.velocity.is_finite()));
    }

    #[test]
    fn too_little_light_measures_nothing() {
        let config = KinematicErrorsConfig::default();
        for (sigma, signal_to_noise) in [(100.0, 0.9), (100.0, -3.0), (100.0, f64::NAN), (f64::NAN, 50.0)] {
            let lost = measure_many(&config, sigma, signal_to_noise);
            assert!(
                lost.iter()
                    .all(|m| m.velocity.is_nan() && m.dispersion.is_nan() && m.velocity_error.is_nan())
            );
        }
    }

    #[test]
    fn no_errors_change_nothing() {
        let config =
            KinematicErrorsConfig { velocity_factor: 0.0, dispersion_factor: 0.0, ..Default::default() };
        let same = measure_many(&config, 123.4, 10.0)[7];
        assert_eq!((same.velocity, same.dispersion), (100.0, 123.4));
        assert_eq!((same.velocity_error, same.dispersion_error), (0.0, 0.0));
    }

    #[test]
    fn impossible_settings_are_refused() {
        let fine = KinematicErrorsConfig::default();
        for bad in [
            KinematicErrorsConfig { velocity_factor: -1.0, ..fine },
            KinematicErrorsConfig { dispersion_factor: f64::NAN, ..fine },
            KinematicErrorsConfig { instrumental_dispersion_km_s: 1e5, ..fine },
            KinematicErrorsConfig { min_signal_to_noise: 0.0, ..fine },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert_eq!(fine.check(), Ok(()));
    }
}
