//! One file of a group catalogue, and the lengths in it.

use std::path::Path;

use crate::SnapshotError;
use crate::field::{CheckedDataset, FieldGroup};
use crate::header::{Header, Presumed};
use crate::source::Hdf5File;
use crate::units::{BaseUnits, Quantity};

/// One file of a group catalogue: `Subhalo` and, where there are groups, `Group`.
#[derive(Debug)]
pub(crate) struct CataloguePiece {
    file: Hdf5File,
    subhaloes: Option<FieldGroup>,
    groups: Option<FieldGroup>,
    /// `None` in catalogues without one, whose lengths are all that can be read.
    header: Option<Header>,
}

impl CataloguePiece {
    pub(crate) fn open(path: &Path) -> Result<Self, SnapshotError> {
        let file = Hdf5File::open(path)?;
        let filled = |group: Option<FieldGroup>| group.filter(|group| !group.is_empty());
        let subhaloes = filled(file.group("/Subhalo")?);
        let groups = filled(file.group("/Group")?);
        let presumed = Presumed { base: BaseUnits::GADGET, may_be_isolated: false };
        let header = if file.has("/Header") { Some(Header::gadget(&file, presumed)?) } else { None };
        if header.is_none() && subhaloes.is_none() {
            return Err(crate::error::Place::new(path, "/Subhalo").missing_group());
        }
        Ok(Self { file, subhaloes, groups, header })
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The group of the subhaloes; `None` where the piece has none.
    pub(crate) fn subhaloes(&self) -> Option<&FieldGroup> {
        self.subhaloes.as_ref()
    }

    /// The group of the groups; `None` where the piece has none.
    pub(crate) fn groups(&self) -> Option<&FieldGroup> {
        self.groups.as_ref()
    }

    /// A count that the header gives.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>, SnapshotError> {
        match self.file.group("/Header")? {
            Some(header) => header.attributes().n(name),
            None => Ok(None),
        }
    }

    /// The files of the catalogue.
    pub(crate) fn n_files(&self) -> Result<u64, SnapshotError> {
        Ok(self.count("NumFiles")?.unwrap_or(1).max(1))
    }

    pub(crate) fn n_subhaloes(&self) -> Result<usize, SnapshotError> {
        match &self.subhaloes {
            Some(group) => group.dataset("SubhaloLenType")?.n_rows_of_table(0, None),
            None => Ok(0),
        }
    }

    /// The particles of each subhalo by type.
    pub(crate) fn subhalo_lengths(&self) -> Result<Vec<Vec<u64>>, SnapshotError> {
        self.subhaloes.as_ref().map_or(Ok(Vec::new()), |group| lengths(group, "SubhaloLenType"))
    }

    /// The particles of each group by type.
    pub(crate) fn group_lengths(&self) -> Result<Vec<Vec<u64>>, SnapshotError> {
        self.groups.as_ref().map_or(Ok(Vec::new()), |group| lengths(group, "GroupLenType"))
    }

    /// The group of each subhalo; `None` in a catalogue that knows none.
    pub(crate) fn group_numbers(&self) -> Result<Option<Vec<u64>>, SnapshotError> {
        let Some(group) = &self.subhaloes else { return Ok(None) };
        let Some(dataset) = group.find("SubhaloGrNr")? else { return Ok(None) };
        dataset.check_numbers()?;
        let n_rows = dataset.n_rows()?;
        if n_rows != self.n_subhaloes()? {
            let reference = group.place().child("SubhaloLenType");
            return Err(dataset.place().rows_disagree(&reference, self.n_subhaloes()?, n_rows));
        }
        counts(&dataset, dataset.scalars(0..n_rows)?).map(Some)
    }

    /// What values of this piece are multiplied by, where its header says a, h and the units.
    pub(crate) fn factor(&self, quantity: Quantity) -> Result<f64, SnapshotError> {
        match &self.header {
            Some(header) => Ok(header.base.of(quantity).factor(quantity, header.epoch, header.constants)),
            None => Err(crate::error::Place::new(self.path(), "/Header").missing_group()),
        }
    }
}

fn lengths(group: &FieldGroup, name: &str) -> Result<Vec<Vec<u64>>, SnapshotError> {
    let dataset = group.dataset(name)?;
    dataset.check_numbers()?;
    let n_rows = dataset.n_rows_of_table(5, None)?;
    let n_types = dataset.shape()[1];
    let values = counts(&dataset, dataset.rows(0..n_rows)?)?;
    Ok(values.chunks_exact(n_types).map(<[u64]>::to_vec).collect())
}

/// Sees to it that values are counts.
pub(crate) fn counts(dataset: &CheckedDataset, values: Vec<f64>) -> Result<Vec<u64>, SnapshotError> {
    let width = values.len().checked_div(dataset.shape()[0]).unwrap_or(1).max(1);
    let count = |(index, value): (usize, f64)| {
        if value >= 0.0 && value <= 2f64.powi(53) {
            Ok(value as u64)
        } else if value < 0.0 {
            Err(dataset.place().negative(index / width, value))
        } else {
            Err(dataset.place().not_finite(index / width, value))
        }
    };
    values.into_iter().enumerate().map(count).collect()
}
