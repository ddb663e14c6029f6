//! Datasets, checked before they are read and while they become physical.

use hdf5_metno::types::{H5Type, TypeDescriptor};
use hdf5_metno::{self as hdf5, Dataset, Group};
use ndarray::s;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::error::Place;
use crate::units::Quantity;

/// A group of datasets that each hold one row a particle.
#[derive(Debug)]
pub(crate) struct FieldGroup {
    group: Group,
    place: Place,
}

impl FieldGroup {
    pub(crate) fn new(group: Group, place: Place) -> Self {
        Self { group, place }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.group.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.group.link_exists(name)
    }

    pub(crate) fn attributes(&self) -> Attributes<'_> {
        Attributes::new(&self.group, self.place.clone())
    }

    /// Opens a dataset, if it is there.
    pub(crate) fn find(&self, name: &str) -> Result<Option<CheckedDataset>, SnapshotError> {
        if !self.has(name) {
            return Ok(None);
        }
        let place = self.place.child(name);
        match self.group.dataset(name) {
            Ok(dataset) => CheckedDataset::new(dataset, place).map(Some),
            Err(_) if self.group.group(name).is_ok() => Err(place.wrong_type("a dataset", "a group")),
            Err(source) => Err(place.hdf5(source)),
        }
    }

    /// Opens a dataset, which must be there.
    pub(crate) fn dataset(&self, name: &str) -> Result<CheckedDataset, SnapshotError> {
        self.find(name)?.ok_or_else(|| self.place.child(name).missing_field())
    }
}

/// A dataset, open, of which nothing but the shape and the type has been read.
#[derive(Debug)]
pub(crate) struct CheckedDataset {
    dataset: Dataset,
    place: Place,
    shape: Vec<usize>,
    /// The type, or why it is none that we know.
    found: Result<TypeDescriptor, hdf5::Error>,
}

impl CheckedDataset {
    fn new(dataset: Dataset, place: Place) -> Result<Self, SnapshotError> {
        let space = dataset.space().map_err(|source| place.hdf5(source))?;
        let found = dataset.dtype().and_then(|dtype| dtype.to_descriptor());
        Ok(Self { shape: space.shape(), dataset, place, found })
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn attributes(&self) -> Attributes<'_> {
        Attributes::new(&self.dataset, self.place.clone())
    }

    /// The rows of a one-dimensional dataset.
    pub(crate) fn n_rows(&self) -> Result<usize, SnapshotError> {
        match self.shape[..] {
            [n_rows] => Ok(n_rows),
            _ => Err(self.place.wrong_shape("(n)", self.shape.clone())),
        }
    }

    /// The rows of a dataset with three columns.
    pub(crate) fn n_vectors(&self) -> Result<usize, SnapshotError> {
        match self.shape[..] {
            [n_rows, 3] => Ok(n_rows),
            _ => Err(self.place.wrong_shape("(n, 3)", self.shape.clone())),
        }
    }

    /// Reads one number a row.
    pub(crate) fn scalars(&self) -> Result<Vec<f64>, SnapshotError> {
        self.require_numbers()?;
        let mut values = self.room_for(self.n_rows()?)?;
        self.read_into(&mut values)?;
        Ok(values)
    }

    /// Reads three numbers a row.
    pub(crate) fn vectors(&self) -> Result<Vec<[f64; 3]>, SnapshotError> {
        self.require_numbers()?;
        let mut values: Vec<[f64; 3]> = self.room_for(self.n_vectors()?)?;
        self.read_into(values.as_flattened_mut())?;
        Ok(values)
    }

    /// Reads one of eight columns.
    pub(crate) fn column_of_eight(&self, column: usize) -> Result<Vec<f64>, SnapshotError> {
        self.require_numbers()?;
        let [n_rows, 8] = self.shape[..] else {
            return Err(self.place.wrong_shape("(n, 8)", self.shape.clone()));
        };
        self.room_for::<[f64; 8]>(n_rows)?;
        let values = self.dataset.read_slice_1d(s![.., column]);
        values.map(|values| values.to_vec()).map_err(|source| self.place.hdf5(source))
    }

    /// The columns of a compound dataset: their names and types.
    pub(crate) fn columns(&self) -> Result<Vec<(&str, &TypeDescriptor)>, SnapshotError> {
        match &self.found {
            Ok(TypeDescriptor::Compound(compound)) => {
                Ok(compound.fields.iter().map(|field| (field.name.as_str(), &field.ty)).collect())
            }
            Ok(found) => Err(self.place.wrong_type("named columns (a compound type)", found)),
            Err(found) => Err(self.place.wrong_type("named columns (a compound type)", found)),
        }
    }

    /// Reads one record a row, its columns found by name. The caller has asked [`CheckedDataset::columns`] whether they
    /// are there: HDF5 leaves absent ones as they are in `T::default()`.
    pub(crate) fn records<T: H5Type + Copy + Default>(&self) -> Result<Vec<T>, SnapshotError> {
        let mut records = self.room_for(self.n_rows()?)?;
        self.read_into(&mut records)?;
        Ok(records)
    }

    fn require_numbers(&self) -> Result<(), SnapshotError> {
        match &self.found {
            Ok(found) if is_number(found) => Ok(()),
            Ok(found) => Err(self.place.wrong_type("numbers", found)),
            Err(found) => Err(self.place.wrong_type("numbers", found)),
        }
    }

    /// Makes room for the rows of this dataset, if it can plausibly hold them: a damaged shape must not take all
    /// memory or end the process.
    fn room_for<T: Copy + Default>(&self, n_rows: usize) -> Result<Vec<T>, SnapshotError> {
        let declared_bytes = (n_rows as u64).saturating_mul(size_of::<T>() as u64);
        let stored_bytes = self.dataset.storage_size();
        let plausible = declared_bytes <= UNQUESTIONED_BYTES
            || declared_bytes / LARGEST_COMPRESSION <= stored_bytes.saturating_mul(LARGEST_WIDENING);
        let mut room = Vec::new();
        if !plausible || room.try_reserve_exact(n_rows).is_err() {
            return Err(self.place.too_large(declared_bytes, stored_bytes));
        }
        room.resize(n_rows, T::default());
        Ok(room)
    }

    fn read_into<T: H5Type + Copy>(&self, values: &mut [T]) -> Result<(), SnapshotError> {
        if values.is_empty() {
            return Ok(());
        }
        self.dataset.read_into_raw(values).map(drop).map_err(|source| self.place.hdf5(source))
    }
}

/// Datasets up to this size \[bytes\] are read whatever the file stores of them.
const UNQUESTIONED_BYTES: u64 = 1 << 30;

/// The most that deflate, the filter of the suites, can compress: 1032 to 1.
const LARGEST_COMPRESSION: u64 = 1032;

/// The most that reading widens a stored number: one byte becomes a double.
const LARGEST_WIDENING: u64 = 8;

/// Whether HDF5 turns this type into a double by value.
pub(crate) fn is_number(found: &TypeDescriptor) -> bool {
    matches!(found, TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) | TypeDescriptor::Float(_))
}

/// The rows of a group that a component consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    These(Vec<usize>),
}

impl Rows {
    /// The row of the file that the chosen row `index` is.
    pub(crate) fn in_file(&self, index: usize) -> usize {
        match self {
            Self::All => index,
            Self::These(rows) => rows[index],
        }
    }
}

/// A value with one or more components.
pub(crate) trait Value: Copy {
    fn components(&self) -> &[f64];
    fn times(self, factor: f64) -> Self;
}

impl Value for f64 {
    fn components(&self) -> &[f64] {
        std::slice::from_ref(self)
    }

    fn times(self, factor: f64) -> Self {
        self * factor
    }
}

impl Value for [f64; 3] {
    fn components(&self) -> &[f64] {
        self
    }

    fn times(self, factor: f64) -> Self {
        self.map(|component| component * factor)
    }
}

/// The values of a dataset or column as they are stored, and what they are in physical units.
#[derive(Clone, Debug)]
pub(crate) struct Field<T> {
    place: Place,
    quantity: Quantity,
    factor: f64,
    values: Vec<T>,
}

impl<T: Value> Field<T> {
    /// Stored values that `factor` turns into the unit of `quantity`.
    pub(crate) fn new(place: Place, quantity: Quantity, factor: f64, values: Vec<T>) -> Self {
        Self { place, quantity, factor, values }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The values of some rows in physical units. Rows that are left out may hold anything.
    ///
    /// # Errors
    /// The first value that is not finite, or negative where it must not be, as it is stored.
    pub(crate) fn physical(&self, rows: &Rows) -> Result<Vec<T>, SnapshotError> {
        match rows {
            Rows::All => (0..self.values.len()).map(|row| self.physical_at(row)).collect(),
            Rows::These(rows) => rows.iter().map(|&row| self.physical_at(row)).collect(),
        }
    }

    fn physical_at(&self, row: usize) -> Result<T, SnapshotError> {
        let value = self.values[row];
        for &component in value.components() {
            if !component.is_finite() {
                return Err(self.place.not_finite(row, component));
            }
            if component < 0.0 && !self.quantity.may_be_negative() {
                return Err(self.place.negative(row, component));
            }
        }
        Ok(value.times(self.factor))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn masses(values: &[f64]) -> Field<f64> {
        let place = Place::new(Path::new("f.hdf5"), "/PartType4/Masses");
        Field::new(place, Quantity::Mass, 2.0, values.to_vec())
    }

    #[test]
    fn rows_are_chosen_and_converted() {
        let field = masses(&[1.0, 2.0, 3.0]);
        assert_eq!(field.physical(&Rows::All).unwrap(), [2.0, 4.0, 6.0]);
        assert_eq!(field.physical(&Rows::These(vec![2, 0])).unwrap(), [6.0, 2.0]);
        assert!(field.physical(&Rows::These(vec![])).unwrap().is_empty());
    }

    #[test]
    fn errors_name_the_row_of_the_file_and_the_value_stored() {
        let error = masses(&[1.0, 2.0, -3.0]).physical(&Rows::These(vec![0, 2])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/PartType4/Masses` in `f.hdf5` holds -3 at index 2, which must not be negative"
        );
        let error = masses(&[1.0, f64::NAN]).physical(&Rows::All).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/PartType4/Masses` in `f.hdf5` holds NaN at index 1, which is not a finite number"
        );
    }

    #[test]
    fn rows_left_out_may_hold_anything() {
        assert_eq!(masses(&[f64::NAN, 1.0]).physical(&Rows::These(vec![1])).unwrap(), [2.0]);
    }
}
