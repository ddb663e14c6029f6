//! Where in a file something is, for errors to name.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use galmass_core::ParticleError;
use hdf5_metno as hdf5;

use crate::SnapshotError;

/// An object of a file, for errors to name.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    path: PathBuf,
    object: String,
}

impl Place {
    pub(crate) fn new(path: &Path, object: impl Into<String>) -> Self {
        Self { path: path.to_owned(), object: object.into() }
    }

    /// The member `name` of this group.
    pub(crate) fn child(&self, name: &str) -> Self {
        Self::new(&self.path, format!("{}/{name}", self.object.trim_end_matches('/')))
    }

    /// The column `name` of this table.
    pub(crate) fn column(&self, name: &str) -> Self {
        Self::new(&self.path, format!("{}.{name}", self.object))
    }

    /// The attribute `name` of this object.
    fn attribute(&self, name: &str) -> Self {
        Self::new(&self.path, format!("{}@{name}", self.object))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn object(&self) -> &str {
        &self.object
    }

    pub(crate) fn hdf5(&self, source: hdf5::Error) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::Hdf5 { path, object, source: Box::new(source) }
    }

    pub(crate) fn missing_group(&self) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::MissingGroup { path, object }
    }

    pub(crate) fn missing_field(&self) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::MissingField { path, object }
    }

    pub(crate) fn missing_attribute(&self, attribute: &str) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::MissingAttribute { path, object, attribute: attribute.to_owned() }
    }

    pub(crate) fn bad_attribute(&self, attribute: &str, expected: &'static str, value: f64) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::BadAttribute { path, object, attribute: attribute.to_owned(), expected, value }
    }

    pub(crate) fn attribute_shape(
        &self,
        attribute: &str,
        expected: &'static str,
        found: Vec<usize>,
    ) -> SnapshotError {
        self.attribute(attribute).wrong_shape(expected, found)
    }

    pub(crate) fn attribute_type(&self, attribute: &str, found: String) -> SnapshotError {
        self.attribute(attribute).wrong_type("numbers", found)
    }

    pub(crate) fn attribute_wanted(
        &self,
        attribute: &str,
        expected: &'static str,
        found: String,
    ) -> SnapshotError {
        self.attribute(attribute).wrong_type(expected, found)
    }

    pub(crate) fn is_virtual(&self) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::Virtual { path, object }
    }

    pub(crate) fn no_stars_selected(&self) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::NoStarsSelected { path, object }
    }

    pub(crate) fn unknown_unit(&self, found: String, expected: &'static str) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::UnknownUnit { path, object, found, expected }
    }

    pub(crate) fn not_positive(&self, index: usize, value: f64) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::NotPositive { path, object, index, value }
    }

    pub(crate) fn wrong_shape(&self, expected: &'static str, found: Vec<usize>) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::WrongShape { path, object, expected, found }
    }

    pub(crate) fn wrong_type(&self, expected: &'static str, found: impl Display) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::WrongType { path, object, expected, found: found.to_string() }
    }

    pub(crate) fn rows_disagree(&self, reference: &Self, expected: usize, found: usize) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::RowsDisagree { path, object, reference: reference.object.clone(), expected, found }
    }

    pub(crate) fn rows_outside(&self, rows: Range<usize>, n_rows: usize) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::RowsOutside { path, object, first: rows.start, end: rows.end, n_rows }
    }

    pub(crate) fn too_large(&self, declared_bytes: u64, stored_bytes: u64) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::TooLarge { path, object, declared_bytes, stored_bytes }
    }

    pub(crate) fn no_stars(&self, n_rows: usize) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::NoStars { path, object, n_rows }
    }

    pub(crate) fn not_finite(&self, index: usize, value: f64) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::NotFinite { path, object, index, value }
    }

    pub(crate) fn negative(&self, index: usize, value: f64) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::Negative { path, object, index, value }
    }

    pub(crate) fn born_outside_time(&self, index: usize, formed: f64, snapshot: f64) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::BornOutsideTime { path, object, index, formed, snapshot }
    }

    pub(crate) fn particles(&self, source: ParticleError) -> SnapshotError {
        let Self { path, object } = self.clone();
        SnapshotError::Particles { path, object, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_hdf5_writes_paths() {
        let top = Place::new(Path::new("f.hdf5"), "/");
        let stars = top.child("PartType4").child("Masses");
        assert_eq!(stars.object(), "/PartType4/Masses");
        assert_eq!(top.child("stars").column("vx").object(), "/stars.vx");
    }
}
