//! What a map shows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The quantity of one map; it decides how unknown pixels are filled and how values are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Channel {
    /// Light (or mass) per pixel. A pixel without light holds 0 or NaN, and both mean no light.
    Light,
    /// Mean line-of-sight velocity \[km/s\] relative to the galaxy, positive away from the observer.
    Velocity,
    /// Line-of-sight velocity dispersion \[km/s\].
    Dispersion,
    /// Mean line-of-sight velocity of the gas \[km/s\], beside that of the stars.
    GasVelocity,
    /// Line-of-sight velocity dispersion of the gas \[km/s\].
    GasDispersion,
    /// Colour \[mag\], such as g - r.
    Colour,
}

impl Channel {
    /// The name used in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Velocity => "velocity",
            Self::Dispersion => "dispersion",
            Self::GasVelocity => "gas_velocity",
            Self::GasDispersion => "gas_dispersion",
            Self::Colour => "colour",
        }
    }

    /// Whether the values change sign when all that moves moves backwards.
    pub const fn is_odd_in_velocity(self) -> bool {
        matches!(self, Self::Velocity | Self::GasVelocity)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
