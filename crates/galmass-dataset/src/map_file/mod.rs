//! Maps on disk with all that is needed to read them without us: grids, units and attributes.

mod fits;
mod hdf5;

use galmass_core::Map;
pub(crate) use hdf5::write_attributes;

/// A fact about a file or a group of maps; numbers carry their unit in the name.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A real number.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// A short text.
    Text(String),
    /// A few real numbers, such as a position.
    Vector(Vec<f64>),
}

/// Maps that belong together: one line of sight, say.
#[derive(Clone, Debug, Default)]
pub struct MapGroup<'a> {
    /// The name of the group: letters, digits and underscores.
    pub name: String,
    /// What holds for all maps of the group.
    pub attributes: Vec<(String, Attribute)>,
    /// The maps by name.
    pub maps: Vec<(String, &'a Map)>,
}

/// What [`MapFile::write_hdf5`] and [`MapFile::write_fits`] put into a file. Both write to a temporary name in the
/// same folder and rename it when it is complete: an existing file is replaced as a whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct MapFile<'a> {
    /// What holds for the whole file.
    pub attributes: Vec<(String, Attribute)>,
    /// The groups.
    pub groups: Vec<MapGroup<'a>>,
}
