//! What a particle is made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One kind of matter, in the order of the particle types that simulations write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Gas cells or particles, with wind particles counted among them.
    Gas,
    /// Dark matter particles.
    DarkMatter,
    /// Star particles; wind is not among them.
    Stars,
    /// Black holes.
    BlackHoles,
}

impl Component {
    /// All four, in the order in which a [`Galaxy`](crate::Galaxy) lists them.
    pub const ALL: [Self; 4] = [Self::Gas, Self::DarkMatter, Self::Stars, Self::BlackHoles];

    /// The name used in files and messages: `gas`, `dark_matter`, `stars`, `black_holes`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gas => "gas",
            Self::DarkMatter => "dark_matter",
            Self::Stars => "stars",
            Self::BlackHoles => "black_holes",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
