//! One line of sight of one galaxy.

use serde::{Deserialize, Serialize};

/// Whose sample it is, and what splits ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleKey {
    /// The galaxy, unique within its suite. All lines of sight of a galaxy share it.
    pub galaxy_id: u64,
    /// The halo in which the galaxy lives; its neighbours in that halo share it.
    pub halo_id: u64,
    /// The line of sight, counted from 0.
    pub line_of_sight: u32,
    /// The suite, as an index into [`SetDescription::suites`](crate::SetDescription::suites).
    pub suite: u16,
    /// The eighth of the box in which the galaxy lies, 0 to 7; [`SampleKey::NO_OCTANT`] where it is not known.
    pub octant: u8,
    /// Bits that the maker of the set defines; 0 where there is nothing to say.
    pub flags: u32,
}

impl SampleKey {
    /// The octant of a galaxy whose place in the box is not known.
    pub const NO_OCTANT: u8 = 255;
}

/// A sample on its way to a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Whose it is.
    pub key: SampleKey,
    /// The values of each array in the order of the layout, each in row order; NaN where one is not known.
    pub values: Vec<Vec<f32>>,
}
