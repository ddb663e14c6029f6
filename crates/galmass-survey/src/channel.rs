//! The maps of a sample.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A map of a sample; in files by [`SurveyChannel::name`].
///
/// Images have `image_px` pixels a side, maps `map_px`, both over +-`half_width_rhsm` half-mass radii. Arrays are
/// `[row, column]`, row 0 at the bottom. Where nothing is known is NaN, or the fill of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SurveyChannel {
    /// r luminosity per pixel of the image \[Lsun\] behind the dust; mass \[Msun\] where the light is not known or stars are
    /// weighed by mass, with the flag `image_is_mass`.
    ImageR,
    /// g - r of each pixel of the image \[mag\], that of all light in pixels without any; NaN where the light is not known.
    ColourGR,
    /// The mean line-of-sight velocity of the stars \[km/s\], positive where they recede.
    Velocity,
    /// The dispersion of the line-of-sight velocity of the stars \[km/s\].
    Dispersion,
    /// 1 where both moments of the stars are known, 0 where not.
    Occupancy,
    /// The mean line-of-sight velocity of the gas \[km/s\].
    GasVelocity,
    /// The dispersion of the line-of-sight velocity of the gas cells \[km/s\], without thermal broadening.
    GasDispersion,
    /// 1 where both moments of the gas are known, 0 where not.
    GasOccupancy,
    /// The mass of the stars per area of the sky \[log10 Msun/kpc2\], on the mesh of the maps; NaN where there are none.
    StellarSurfaceDensity,
    /// The same of the gas that the maps of gas show.
    GasSurfaceDensity,
    /// The same of the dark matter.
    DarkMatterSurfaceDensity,
}

impl SurveyChannel {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ImageR,
        Self::ColourGR,
        Self::Velocity,
        Self::Dispersion,
        Self::Occupancy,
        Self::GasVelocity,
        Self::GasDispersion,
        Self::GasOccupancy,
        Self::StellarSurfaceDensity,
        Self::GasSurfaceDensity,
        Self::DarkMatterSurfaceDensity,
    ];

    /// The name of the array in a shard.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImageR => "image_r",
            Self::ColourGR => "colour_g_r",
            Self::Velocity => "velocity",
            Self::Dispersion => "dispersion",
            Self::Occupancy => "occupancy",
            Self::GasVelocity => "gas_velocity",
            Self::GasDispersion => "gas_dispersion",
            Self::GasOccupancy => "gas_occupancy",
            Self::StellarSurfaceDensity => "log10_stellar_surface_density",
            Self::GasSurfaceDensity => "log10_gas_surface_density",
            Self::DarkMatterSurfaceDensity => "log10_dark_matter_surface_density",
        }
    }

    /// The unit of its values.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::ImageR => "Lsun",
            Self::ColourGR => "mag",
            Self::Velocity | Self::Dispersion | Self::GasVelocity | Self::GasDispersion => "km/s",
            Self::Occupancy | Self::GasOccupancy => "1",
            Self::StellarSurfaceDensity | Self::GasSurfaceDensity | Self::DarkMatterSurfaceDensity => {
                "log10 Msun/kpc2"
            }
        }
    }

    /// What it shows, in a sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::ImageR => {
                "r luminosity of the stars per pixel behind the dust; mass [Msun] where the flag image_is_mass is up"
            }
            Self::ColourGR => "g - r of each pixel; that of all light in pixels without any",
            Self::Velocity => "mean line-of-sight velocity of the stars, positive where they recede",
            Self::Dispersion => "dispersion of the line-of-sight velocity of the stars",
            Self::Occupancy => "1 where velocity and dispersion of the stars are known, 0 where not",
            Self::GasVelocity => "mean line-of-sight velocity of the gas, positive where it recedes",
            Self::GasDispersion => "dispersion of the line-of-sight velocity of the gas cells, not thermal",
            Self::GasOccupancy => "1 where velocity and dispersion of the gas are known, 0 where not",
            Self::StellarSurfaceDensity => "stellar mass per area of the sky",
            Self::GasSurfaceDensity => "mass of the gas that the maps of gas show per area of the sky",
            Self::DarkMatterSurfaceDensity => "dark matter mass per area of the sky",
        }
    }

    /// Whether it is on the mesh of the image, and not on that of the maps.
    pub const fn is_image(self) -> bool {
        matches!(self, Self::ImageR | Self::ColourGR)
    }
}

impl fmt::Display for SurveyChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which gas the maps of gas show; in files `best-known`, `neutral-hydrogen`, `cold` or `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GasTracer {
    /// Neutral hydrogen where its masses are known, else cold gas where temperatures or star formation rates are, else all
    /// gas, with the flag `gas_is_all_gas`.
    #[default]
    BestKnown,
    /// Each cell counts for its neutral hydrogen, as in maps of 21 cm; none where that is not known.
    NeutralHydrogen,
    /// Each cell below 10^4.5 K, or that forms stars, counts for its mass; none where neither is known.
    Cold,
    /// Each cell counts for its mass, that of the hot halo too, which does not rotate.
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_configuration_or_say_the_logarithm() {
        for channel in SurveyChannel::ALL {
            let stated = serde_json::to_value(channel).unwrap();
            let name = channel.name();
            let expected = match name.strip_prefix("log10_") {
                Some(rest) => rest.to_string(),
                None => name.to_string(),
            };
            assert_eq!(stated, expected);
        }
    }
}
