//! Numbers in attributes.

use hdf5_metno::{self as hdf5, MinorErrorCode};

use crate::SnapshotError;
use crate::error::Place;
use crate::field::is_number;

/// The attributes of a group or dataset.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    location: &'a hdf5::Location,
    place: Place,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(location: &'a hdf5::Location, place: Place) -> Self {
        Self { location, place }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// One number, if the attribute is there. Codes disagree whether that is a scalar or an array of one, and
    /// whether a count is an integer.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, SnapshotError> {
        match self.open(name)? {
            Some((_, shape)) if shape.iter().product::<usize>() != 1 => {
                Err(self.place.attribute_shape(name, "one number", shape))
            }
            Some((attribute, _)) => self.read(name, &attribute).map(|numbers| numbers.first().copied()),
            None => Ok(None),
        }
    }

    /// One number, which must be there.
    pub(crate) fn required(&self, name: &str) -> Result<f64, SnapshotError> {
        self.number(name)?.ok_or_else(|| self.place.missing_attribute(name))
    }

    /// One number, which must be there, finite and above zero.
    pub(crate) fn positive(&self, name: &str) -> Result<f64, SnapshotError> {
        let value = self.required(name)?;
        if value > 0.0 && value.is_finite() {
            Ok(value)
        } else {
            Err(self.place.bad_attribute(name, "a positive number", value))
        }
    }

    /// One number, which must be there and finite.
    pub(crate) fn finite(&self, name: &str) -> Result<f64, SnapshotError> {
        let value = self.required(name)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self.place.bad_attribute(name, "a finite number", value))
        }
    }

    /// One number for each of the six particle types, if the attribute is there.
    pub(crate) fn six(&self, name: &str) -> Result<Option<[f64; 6]>, SnapshotError> {
        let Some((attribute, shape)) = self.open(name)? else { return Ok(None) };
        if shape != [6] {
            return Err(self.place.attribute_shape(name, "(6)", shape));
        }
        let numbers = self.read(name, &attribute)?;
        Ok(<[f64; 6]>::try_from(numbers).ok())
    }

    fn open(&self, name: &str) -> Result<Option<(hdf5::Attribute, Vec<usize>)>, SnapshotError> {
        let attribute = match self.location.attr(name) {
            Ok(attribute) => attribute,
            Err(source) if source.contains_minor(MinorErrorCode::NotFound) => return Ok(None),
            Err(source) => return Err(self.place.hdf5(source)),
        };
        let space = attribute.space().map_err(|source| self.place.hdf5(source))?;
        // An attribute without a value has no dimensions either, and would pass for a scalar.
        let shape = if space.is_null() { vec![0] } else { space.shape() };
        Ok(Some((attribute, shape)))
    }

    fn read(&self, name: &str, attribute: &hdf5::Attribute) -> Result<Vec<f64>, SnapshotError> {
        let found = attribute.dtype().and_then(|dtype| dtype.to_descriptor());
        match found {
            Ok(found) if is_number(&found) => attribute.read_raw().map_err(|source| self.place.hdf5(source)),
            Ok(found) => Err(self.place.attribute_type(name, found.to_string())),
            Err(found) => Err(self.place.attribute_type(name, found.to_string())),
        }
    }
}
