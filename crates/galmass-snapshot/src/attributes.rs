//! Numbers in attributes.

use hdf5_metno::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5_metno::{self as hdf5, MinorErrorCode};

use crate::SnapshotError;
use crate::error::Place;
use crate::field::is_number;

/// The most particle types that a code of this line knows.
const MOST_TYPES: usize = 16;

/// Texts are cut to this length \[bytes\]: names of units.
const LONGEST_TEXT: usize = 128;

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

    /// One number for each particle type, of which there are six or more, if the attribute is there.
    pub(crate) fn by_type(&self, name: &str) -> Result<Option<Vec<f64>>, SnapshotError> {
        let Some((attribute, shape)) = self.open(name)? else { return Ok(None) };
        match shape[..] {
            [n_types] if (6..=MOST_TYPES).contains(&n_types) => self.read(name, &attribute).map(Some),
            _ => Err(self.place.attribute_shape(name, "(6 or more)", shape)),
        }
    }

    /// One count for each particle type, if the attribute is there.
    pub(crate) fn counts_by_type(&self, name: &str) -> Result<Option<Vec<u64>>, SnapshotError> {
        let Some(numbers) = self.by_type(name)? else { return Ok(None) };
        numbers.into_iter().map(|number| self.count(name, number)).collect::<Result<_, _>>().map(Some)
    }

    /// The first of the numbers, if the attribute is there: the side of a box that may be given for each axis.
    pub(crate) fn first(&self, name: &str) -> Result<Option<f64>, SnapshotError> {
        match self.open(name)? {
            Some((_, shape)) if !(1..=3).contains(&shape.iter().product::<usize>()) => {
                Err(self.place.attribute_shape(name, "(1 to 3)", shape))
            }
            Some((attribute, _)) => {
                let numbers = self.read(name, &attribute)?;
                let [first, ref others @ ..] = numbers[..] else { return Ok(None) };
                match others.iter().find(|&&other| other != first) {
                    Some(&other) => Err(self.place.bad_attribute(name, "the same for all axes", other)),
                    None => Ok(Some(first)),
                }
            }
            None => Ok(None),
        }
    }

    /// A count, if the attribute is there.
    pub(crate) fn n(&self, name: &str) -> Result<Option<u64>, SnapshotError> {
        self.number(name)?.map(|number| self.count(name, number)).transpose()
    }

    fn count(&self, name: &str, number: f64) -> Result<u64, SnapshotError> {
        // Doubles hold every whole number up to 2^53.
        if number >= 0.0 && number <= 2f64.powi(53) && number.fract() == 0.0 {
            Ok(number as u64)
        } else {
            Err(self.place.bad_attribute(name, "a count", number))
        }
    }

    /// Whether the attribute is there, whatever it holds.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.location.attr(name).is_ok()
    }

    /// A short text, if the attribute is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, SnapshotError> {
        let Some((attribute, _)) = self.open(name)? else { return Ok(None) };
        let found = attribute.dtype().and_then(|dtype| dtype.to_descriptor());
        let found = found.map_err(|source| self.place.hdf5(source))?;
        let text = match found {
            TypeDescriptor::VarLenUnicode => {
                attribute.read_scalar::<VarLenUnicode>().map(|text| text.as_str().to_owned())
            }
            TypeDescriptor::VarLenAscii => {
                attribute.read_scalar::<VarLenAscii>().map(|text| text.as_str().to_owned())
            }
            TypeDescriptor::FixedAscii(_) => {
                attribute.read_scalar::<FixedAscii<LONGEST_TEXT>>().map(|text| text.as_str().to_owned())
            }
            TypeDescriptor::FixedUnicode(_) => {
                attribute.read_scalar::<FixedUnicode<LONGEST_TEXT>>().map(|text| text.as_str().to_owned())
            }
            found => return Err(self.place.attribute_wanted(name, "a text", found.to_string())),
        };
        text.map(Some).map_err(|source| self.place.hdf5(source))
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
