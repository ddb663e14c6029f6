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
    /// Solar masses per square kiloparsec of the image.
    SolarMassPerSquareKiloparsec,
    /// Solar luminosities in the band of the map per square kiloparsec of the image.
    SolarLuminosityPerSquareKiloparsec,
    /// A number of particles per square kiloparsec of the image.
    CountPerSquareKiloparsec,
}

impl Unit {
    /// The symbol written into files: `Msun`, `Lsun`, `km/s`, `mag`, `count`, `1`, and `Msun/kpc2` and the like.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::SolarMass => "Msun",
            Self::SolarLuminosity => "Lsun",
            Self::KilometrePerSecond => "km/s",
            Self::Magnitude => "mag",
            Self::Count => "count",
            Self::Dimensionless => "1",
            Self::SolarMassPerSquareKiloparsec => "Msun/kpc2",
            Self::SolarLuminosityPerSquareKiloparsec => "Lsun/kpc2",
            Self::CountPerSquareKiloparsec => "count/kpc2",
        }
    }

    /// The unit of an amount of this unit divided by an area \[kpc^2\]; `None` for what is no amount, so that a pixel
    /// twice as large does not hold more of it.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::Unit;
    ///
    /// assert_eq!(Unit::SolarMass.per_area(), Some(Unit::SolarMassPerSquareKiloparsec));
    /// assert_eq!(Unit::KilometrePerSecond.per_area(), None);
    /// ```
    pub const fn per_area(self) -> Option<Self> {
        match self {
            Self::SolarMass => Some(Self::SolarMassPerSquareKiloparsec),
            Self::SolarLuminosity => Some(Self::SolarLuminosityPerSquareKiloparsec),
            Self::Count => Some(Self::CountPerSquareKiloparsec),
            Self::KilometrePerSecond
            | Self::Magnitude
            | Self::Dimensionless
            | Self::SolarMassPerSquareKiloparsec
            | Self::SolarLuminosityPerSquareKiloparsec
            | Self::CountPerSquareKiloparsec => None,
        }
    }

    /// Whether amounts of this unit add up over pixels: masses, luminosities and numbers do, velocities do not.
    pub const fn is_amount(self) -> bool {
        self.per_area().is_some()
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}
