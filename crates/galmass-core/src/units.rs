//! The one unit system: physical kpc, Msun, km/s and Gyr.
//!
//! A scale factor or a little-h is removed where a snapshot is read and is never seen again; there is no switch.
//! Names of quantities end in their unit (`half_mass_radius_kpc`, `masses_msun`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The gravitational constant \[kpc (km/s)^2 / Msun\].
pub const GRAVITATIONAL_CONSTANT: f64 = 4.300_91e-6;

/// One kpc/(km/s) \[Gyr\].
pub const KPC_PER_KM_S_GYR: f64 = 0.977_792_221_513_461;

/// The absolute AB magnitude of the Sun in SDSS g (Willmer 2018).
pub const SUN_MAGNITUDE_G: f64 = 5.11;

/// The absolute AB magnitude of the Sun in SDSS r (Willmer 2018).
pub const SUN_MAGNITUDE_R: f64 = 4.65;

/// Turns an absolute magnitude into a luminosity in units of the Sun's in the same band.
///
/// # Examples
/// ```
/// use galmass_core::units::{SUN_MAGNITUDE_R, luminosity_lsun};
///
/// assert_eq!(luminosity_lsun(SUN_MAGNITUDE_R, SUN_MAGNITUDE_R), 1.0);
/// assert!((luminosity_lsun(SUN_MAGNITUDE_R - 5.0, SUN_MAGNITUDE_R) - 100.0).abs() < 1e-10);
/// ```
pub fn luminosity_lsun(absolute_magnitude: f64, sun_magnitude: f64) -> f64 {
    10f64.powf(-0.4 * (absolute_magnitude - sun_magnitude))
}

/// The unit of a map or a column, as it is written into files and beside colour bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Unit {
    /// Solar masses.
    SolarMass,
    /// Solar luminosities in the band of the map.
    SolarLuminosity,
    /// Kilometres per second.
    KilometrePerSecond,
    /// Magnitudes.
    Magnitude,
    /// A number of particles.
    Count,
    /// A pure number.
    Dimensionless,
}

impl Unit {
    /// The symbol written into files: `Msun`, `Lsun`, `km/s`, `mag`, `count`, `1`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::SolarMass => "Msun",
            Self::SolarLuminosity => "Lsun",
            Self::KilometrePerSecond => "km/s",
            Self::Magnitude => "mag",
            Self::Count => "count",
            Self::Dimensionless => "1",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}
