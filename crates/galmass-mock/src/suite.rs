//! Two ways in which galaxy formation may have gone.

use serde::{Deserialize, Serialize};

use crate::HaloResponse;

/// The physics that a population was made with. A model that was trained on one and is asked about the other shows how
/// much it has learnt about the physics, and how much about galaxies.
///
/// | | [`Contracted`](Self::Contracted) | [`Cored`](Self::Cored) |
/// | --- | --- | --- |
/// | halo | contracted (Gnedin et al. 2004) | core of 1.75 R_half (Read, Agertz & Collins 2016), power 0.6 +- 0.1 |
/// | gas | as observed (Catinella et al. 2018) | 0.25 dex more |
/// | height of the disc | as observed (Kregel et al. 2002) | 1.6 times as high |
/// | Toomre's Q | 1.5 | 2 |
/// | turbulence | 8 km/s | 14 km/s |
///
/// The first is like simulations whose feedback is smooth and rare, the second like those where it is bursty and drives
/// gas in and out. The numbers of the second column are chosen to be far enough from the first to matter; real suites
/// differ by as much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// Haloes contracted by their galaxies, thin discs.
    #[default]
    Contracted,
    /// Haloes with cores, thick, gas-rich discs.
    Cored,
}

impl Suite {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Contracted, Self::Cored];

    /// The name that it has in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contracted => "contracted",
            Self::Cored => "cored",
        }
    }

    /// What the halo of a galaxy with a projected half-mass radius has answered.
    pub(crate) fn halo_response(self, half_mass_radius_kpc: f64, deviate: f64) -> HaloResponse {
        match self {
            Self::Contracted => HaloResponse::Gnedin,
            Self::Cored => HaloResponse::Core {
                radius_kpc: (1.75 * half_mass_radius_kpc).clamp(1e-3, 100.0),
                strength: (0.6 + 0.1 * deviate).clamp(0.3, 0.8),
            },
        }
    }

    /// What the suite adds to the logarithm of the gas mass \[dex\].
    pub(crate) fn gas_excess_dex(self) -> f64 {
        match self {
            Self::Contracted => 0.0,
            Self::Cored => 0.25,
        }
    }

    /// What the suite multiplies heights of discs by.
    pub(crate) fn height_factor(self) -> f64 {
        match self {
            Self::Contracted => 1.0,
            Self::Cored => 1.6,
        }
    }

    /// Toomre's Q of stellar discs.
    pub(crate) fn toomre_q(self) -> f64 {
        match self {
            Self::Contracted => 1.5,
            Self::Cored => 2.0,
        }
    }

    /// The turbulence of the gas \[km/s\].
    pub(crate) fn turbulence_km_s(self) -> f64 {
        match self {
            Self::Contracted => 8.0,
            Self::Cored => 14.0,
        }
    }
}
