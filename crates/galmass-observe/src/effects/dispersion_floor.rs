//! What the resolution of a spectrograph does to a dispersion.

use serde::{Deserialize, Serialize};

use super::exposure::{Exposure, with_values};
use super::length::check_range;
use crate::ObserveError;

/// How the finite resolution of a spectrograph shows in a map of the dispersion.
///
/// A spectrograph widens every line to sigma_obs^2 = sigma^2 + sigma_inst^2. Pipelines take sigma_inst off again, and
/// fail where sigma is far below it: for MaNGA sigma_inst is about 70 km/s (from memory of Law et al. 2021; look it
/// up before quoting it).
///
/// NaN stays NaN. The velocity does not change.
///
/// # Examples
/// ```
/// use galmass_observe::{DispersionFloor, Effect};
///
/// let floor: Effect =
///     serde_json::from_str(r#"{"dispersion-floor": {"blank": {"limit_km_s": 40.0}}}"#).unwrap();
/// assert_eq!(floor, Effect::DispersionFloor(DispersionFloor::Blank { limit_km_s: 40.0 }));
/// assert_eq!(DispersionFloor::Add { instrumental_km_s: 4.0 }.observed_km_s(3.0), 5.0);
/// assert_eq!(DispersionFloor::Clip { limit_km_s: 4.0 }.observed_km_s(3.0), 4.0);
/// assert!(DispersionFloor::Blank { limit_km_s: 4.0 }.observed_km_s(3.0).is_nan());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DispersionFloor {
    /// The dispersion of the lines as they are on the detector: sqrt(sigma^2 + sigma_inst^2).
    Add {
        /// The dispersion of the instrument \[km/s\], 0 to 1e4.
        instrumental_km_s: f64,
    },
    /// Dispersions below the limit are raised to it, as a fit at its bound gives them.
    Clip {
        /// The lowest dispersion \[km/s\], 0 to 1e4.
        limit_km_s: f64,
    },
    /// Dispersions below the limit are unknown: NaN.
    Blank {
        /// The lowest dispersion that can be measured \[km/s\], 0 to 1e4.
        limit_km_s: f64,
    },
}

impl DispersionFloor {
    /// What is observed of a dispersion \[km/s\].
    pub fn observed_km_s(self, dispersion_km_s: f64) -> f64 {
        match self {
            Self::Add { instrumental_km_s } => dispersion_km_s.hypot(instrumental_km_s),
            Self::Clip { limit_km_s } if dispersion_km_s < limit_km_s => limit_km_s,
            Self::Blank { limit_km_s } if dispersion_km_s < limit_km_s => f64::NAN,
            Self::Clip { .. } | Self::Blank { .. } => dispersion_km_s,
        }
    }

    pub(super) fn check(&self) -> Result<(), ObserveError> {
        let (setting, value) = match *self {
            Self::Add { instrumental_km_s } => ("instrumental_km_s", instrumental_km_s),
            Self::Clip { limit_km_s } | Self::Blank { limit_km_s } => ("limit_km_s", limit_km_s),
        };
        check_range(setting, value, 0.0, 1e4, "between 0 and 1e4 km/s")
    }

    pub(super) fn apply(&self, exposure: &mut Exposure) -> Result<(), ObserveError> {
        let dispersion = &exposure.observation.dispersion;
        let observed = dispersion.values().mapv(|sigma| self.observed_km_s(sigma));
        exposure.observation.dispersion = with_values(dispersion, observed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_stays_unknown_and_what_is_wide_stays_itself() {
        for floor in [
            DispersionFloor::Add { instrumental_km_s: 0.0 },
            DispersionFloor::Clip { limit_km_s: 70.0 },
            DispersionFloor::Blank { limit_km_s: 70.0 },
        ] {
            assert!(floor.observed_km_s(f64::NAN).is_nan());
            assert_eq!(floor.observed_km_s(70.0), 70.0);
            assert_eq!(floor.observed_km_s(300.0), 300.0);
        }
    }

    #[test]
    fn impossible_limits_are_refused() {
        let error = DispersionFloor::Blank { limit_km_s: -1.0 }.check().unwrap_err();
        assert_eq!(error.to_string(), "`limit_km_s` is -1, not between 0 and 1e4 km/s");
        assert!(DispersionFloor::Add { instrumental_km_s: f64::NAN }.check().is_err());
    }
}
