//! Datasets, checked before they are read.

use std::fs;
use std::ops::Range;

use hdf5_metno::dataset::Layout;
use hdf5_metno::types::{H5Type, TypeDescriptor};
use hdf5_metno::{self as hdf5, Dataset, Group};
use ndarray::s;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::error::Place;

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

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
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

    /// The columns of a two-dimensional dataset, and its rows.
    fn table(&self, expected: &'static str) -> Result<(usize, usize), SnapshotError> {
        match self.shape[..] {
            [n_rows, n_columns] => Ok((n_rows, n_columns)),
            _ => Err(self.place.wrong_shape(expected, self.shape.clone())),
        }
    }

    /// The rows of a dataset of which [`CheckedDataset::column_of`] reads one column.
    pub(crate) fn n_rows_of_table(
        &self,
        column: usize,
        n_columns: Option<usize>,
    ) -> Result<usize, SnapshotError> {
        let expected = match n_columns {
            Some(8) => "(n, 8)",
            Some(9) => "(n, 9)",
            Some(10) => "(n, 10)",
            _ => "(n, several)",
        };
        let (n_rows, found) = self.table(expected)?;
        if n_columns.is_some_and(|wanted| wanted != found) || column >= found {
            return Err(self.place.wrong_shape(expected, self.shape.clone()));
        }
        Ok(n_rows)
    }

    /// Sees to it that the values are numbers, and that the file can plausibly hold them.
    pub(crate) fn check_numbers(&self) -> Result<(), SnapshotError> {
        match &self.found {
            Ok(found) if is_number(found) => {}
            Ok(found) => return Err(self.place.wrong_type("numbers", found)),
            Err(found) => return Err(self.place.wrong_type("numbers", found)),
        }
        self.check_size(size_of::<f64>() as u64)
    }

    /// Sees to it that the file can plausibly hold this dataset, with values that take so many bytes in memory: a
    /// damaged shape must not take all memory or end the process.
    pub(crate) fn check_size(&self, bytes_of_value: u64) -> Result<(), SnapshotError> {
        let values = self.shape.iter().fold(1u64, |product, &extent| product.saturating_mul(extent as u64));
        let declared_bytes = values.saturating_mul(bytes_of_value);
        if self.is_virtual() {
            return Err(self.place.is_virtual());
        }
        // A damaged layout can claim more storage than the file has bytes.
        let file_bytes = fs::metadata(self.place.path()).map_or(u64::MAX, |file| file.len());
        let stored_bytes = self.dataset.storage_size().min(file_bytes);
        let plausible = declared_bytes <= UNQUESTIONED_BYTES
            || declared_bytes / LARGEST_COMPRESSION <= stored_bytes.saturating_mul(LARGEST_WIDENING);
        if plausible && self.has_all_its_bytes(values, stored_bytes, file_bytes) {
            Ok(())
        } else {
            Err(self.place.too_large(declared_bytes, stored_bytes))
        }
    }

    /// Whether the values of a dataset that is stored in one piece are all there, or none, as where it was never
    /// written. HDF5 would find out only when it reads, after room has been made.
    fn has_all_its_bytes(&self, values: u64, stored_bytes: u64, file_bytes: u64) -> bool {
        if !matches!(self.dataset.layout(), Layout::Contiguous | Layout::Compact) || stored_bytes == 0 {
            return true;
        }
        let bytes_of_stored_value = self.found.as_ref().map_or(0, |found| found.size() as u64);
        let n_bytes = values.saturating_mul(bytes_of_stored_value);
        let end = self.dataset.offset().unwrap_or(0).saturating_add(n_bytes);
        n_bytes <= stored_bytes && end <= file_bytes
    }

    /// Whether its values are those of other datasets, of other files as a rule. HDF5 reads zeros where such a file is
    /// not there.
    pub(crate) fn is_virtual(&self) -> bool {
        self.dataset.layout() == Layout::Virtual
    }

    /// Reads one number of each of these rows.
    pub(crate) fn scalars(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let values = self.dataset.read_slice_1d(s![rows]).map_err(|source| self.place.hdf5(source))?;
        Ok(values.into_raw_vec_and_offset().0)
    }

    /// Reads all numbers of each of these rows of a two-dimensional dataset, row by row.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let values = self.dataset.read_slice_2d(s![rows, ..]).map_err(|source| self.place.hdf5(source))?;
        Ok(values.into_raw_vec_and_offset().0)
    }

    /// Reads one column of these rows.
    pub(crate) fn column_of(&self, rows: Range<usize>, column: usize) -> Result<Vec<f64>, SnapshotError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let values =
            self.dataset.read_slice_1d(s![rows, column]).map_err(|source| self.place.hdf5(source))?;
        Ok(values.into_raw_vec_and_offset().0)
    }

    /// Reads true and false of each of these rows, or numbers that are 0 or not.
    pub(crate) fn truths(&self, rows: Range<usize>) -> Result<Vec<bool>, SnapshotError> {
        if matches!(self.found, Ok(TypeDescriptor::Boolean)) {
            self.check_size(1)?;
            let values = self.dataset.read_slice_1d(s![rows]).map_err(|source| self.place.hdf5(source))?;
            return Ok(values.into_raw_vec_and_offset().0);
        }
        self.check_numbers()?;
        Ok(self.scalars(rows)?.into_iter().map(|value| value != 0.0).collect())
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

    /// Reads one record of each of these rows, its columns found by name. The caller has asked
    /// [`CheckedDataset::columns`] whether they are there.
    pub(crate) fn records<T: H5Type>(&self, rows: Range<usize>) -> Result<Vec<T>, SnapshotError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.dataset.read_slice_1d(s![rows]).map_err(|source| self.place.hdf5(source))?;
        Ok(records.into_raw_vec_and_offset().0)
    }
}

/// Datasets up to this size \[bytes\] are read whatever the file stores of them.
const UNQUESTIONED_BYTES: u64 = 1 << 27;

/// The most that deflate, the filter of the suites, can compress: 1032 to 1.
const LARGEST_COMPRESSION: u64 = 1032;

/// The most that reading widens a stored number: one byte becomes a double.
const LARGEST_WIDENING: u64 = 8;

/// Whether HDF5 turns this type into a double by value.
pub(crate) fn is_number(found: &TypeDescriptor) -> bool {
    matches!(found, TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) | TypeDescriptor::Float(_))
}
