//! The bands in which galaxies are seen.

use std::fmt;

use galmass_core::units::{SUN_MAGNITUDE_G, SUN_MAGNITUDE_R};
use serde::{Deserialize, Serialize};

/// A photometric band of the SDSS, with AB magnitudes; `g` or `r` in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Band {
    /// g, near 4700 Angstrom.
    G,
    /// r, near 6200 Angstrom.
    R,
}

impl Band {
    /// Both, from blue to red.
    pub const ALL: [Self; 2] = [Self::G, Self::R];

    /// The absolute AB magnitude of the Sun.
    pub const fn sun_magnitude(self) -> f64 {
        match self {
            Self::G => SUN_MAGNITUDE_G,
            Self::R => SUN_MAGNITUDE_R,
        }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::G => "g",
            Self::R => "r",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::*;

    #[test]
    fn bands_are_named_as_astronomers_do() {
        let read = |name: &'static str| Band::deserialize(IntoDeserializer::<Error>::into_deserializer(name));
        assert_eq!(Band::ALL.map(|band| read(if band == Band::G { "g" } else { "r" })), Band::ALL.map(Ok));
        assert_eq!(Band::ALL.map(|band| band.to_string()), ["g", "r"]);
        assert!(read("i").is_err());
    }
}
