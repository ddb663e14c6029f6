//! Ages of stars from the scale factors at which they formed.

use galmass_core::units::KPC_PER_KM_S_GYR;

use crate::SnapshotError;
use crate::error::Place;

/// The Hubble time 1/H0 at h = 1, 1/(100 km/s/Mpc) \[Gyr\].
const HUBBLE_TIME_GYR: f64 = KPC_PER_KM_S_GYR * 1000.0 / 100.0;

/// The most by which `Omega0 + OmegaLambda` may differ from 1: they are given to three or four digits.
const FLATNESS_TOLERANCE: f64 = 1e-3;

/// The most by which a star may seem to form after the snapshot \[Gyr\]. Formation times are single precision, and
/// the last digit of a scale factor near 1 is 1e-6 Gyr.
const ROUNDING_GYR: f64 = 1e-3;

/// A flat universe of matter and a cosmological constant; radiation is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FlatUniverse {
    hubble: f64,
    omega_matter: f64,
    omega_lambda: f64,
}

impl FlatUniverse {
    /// `place` is the header that says so; without a density of dark energy it is what makes the universe flat.
    pub(crate) fn new(
        place: &Place,
        hubble: f64,
        omega_matter: f64,
        omega_lambda: Option<f64>,
    ) -> Result<Self, SnapshotError> {
        let omega_lambda = omega_lambda.unwrap_or(1.0 - omega_matter);
        if (omega_matter + omega_lambda - 1.0).abs() > FLATNESS_TOLERANCE || omega_lambda <= 0.0 {
            let path = place.path().to_owned();
            return Err(SnapshotError::NotFlat { path, omega_matter, omega_lambda });
        }
        Ok(Self { hubble, omega_matter, omega_lambda })
    }

    /// The time since the beginning at scale factor a \[Gyr\]:
    /// t = 2/(3 H0 sqrt(OL)) asinh(sqrt(OL/Om) a^1.5).
    pub(crate) fn time_gyr(self, scale_factor: f64) -> f64 {
        let growth = (self.omega_lambda / self.omega_matter).sqrt() * scale_factor.powf(1.5);
        2.0 * HUBBLE_TIME_GYR / (3.0 * self.hubble * self.omega_lambda.sqrt()) * growth.asinh()
    }

    /// The scale factor at a time since the beginning \[Gyr\]: the inverse of [`FlatUniverse::time_gyr`].
    pub(crate) fn scale_factor(self, time_gyr: f64) -> f64 {
        let growth = (1.5 * time_gyr * self.hubble * self.omega_lambda.sqrt() / HUBBLE_TIME_GYR).sinh();
        (growth * (self.omega_matter / self.omega_lambda).sqrt()).powf(2.0 / 3.0)
    }

    /// The age at scale factor `now` \[Gyr\] of a star that formed at the scale factor `formed`; `None` if that is
    /// no time, or after `now` by more than rounding. A star that seems to form after `now` by rounding has age 0.
    pub(crate) fn age_gyr(self, formed: f64, now: f64) -> Option<f64> {
        let age_gyr = self.time_gyr(now) - self.time_gyr(formed);
        (formed > 0.0 && age_gyr >= -ROUNDING_GYR).then(|| age_gyr.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_agrees_with_the_closed_case_without_dark_energy() {
        // Einstein-de Sitter: t = 2/(3 H0) a^1.5. The first omitted term of asinh is 1e-8 relative here.
        let universe = FlatUniverse { hubble: 0.7, omega_matter: 1.0, omega_lambda: 1e-8 };
        let expected = 2.0 / 3.0 * 9.777_922_215 / 0.7 * 0.5f64.powf(1.5);
        assert!((universe.time_gyr(0.5) / expected - 1.0).abs() < 1e-8);
    }

    #[test]
    fn the_universes_of_the_simulations_have_their_known_ages() {
        // Simpson's rule over dt = da / (a H(a)) with two million intervals, in NumPy.
        let tng = FlatUniverse { hubble: 0.6774, omega_matter: 0.3089, omega_lambda: 0.6911 };
        assert!((tng.time_gyr(1.0) - 13.802_718_3).abs() < 1e-6);
        assert!((tng.time_gyr(0.770_583_63) - 10.298_571_4).abs() < 1e-6);
        let eagle = FlatUniverse { hubble: 0.6777, omega_matter: 0.307, omega_lambda: 0.693 };
        assert!((eagle.time_gyr(1.0) - 13.820_529_8).abs() < 1e-6);
        assert_eq!(tng.time_gyr(0.0), 0.0);
        for scale_factor in [0.05, 0.5, 1.0, 1.5] {
            let back = tng.scale_factor(tng.time_gyr(scale_factor));
            assert!((back / scale_factor - 1.0).abs() < 1e-14);
        }
    }
}
