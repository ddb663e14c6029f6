//! HDF5 files with one group a particle type: the layout that most codes share, whatever their names and units.

use std::ops::Range;
use std::path::Path;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::error::Place;
use crate::field::{CheckedDataset, FieldGroup};
use crate::group::{Column, Constant, Group, Part};
use crate::header::Header;
use crate::rule::{Kind, Rule, Shape, Stored};
use crate::source::Hdf5File;
use crate::units::{Quantity, StoredUnit};

/// How a suite says the units of its datasets, and which types of particles it has.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// The unit of a dataset whose quantity has one.
    pub(crate) unit: fn(&Attributes<'_>, Quantity, &Header) -> Result<StoredUnit, SnapshotError>,
    /// The types of particles of a snapshot.
    pub(crate) kinds: fn(&Header) -> Vec<Kind>,
}

/// One file of a snapshot.
#[derive(Debug)]
pub(crate) struct Hdf5Part {
    file: Hdf5File,
    header: Header,
    dialect: &'static Dialect,
}

impl Hdf5Part {
    /// Opens a file whose header `header` reads.
    pub(crate) fn open(
        path: &Path,
        dialect: &'static Dialect,
        header: impl FnOnce(&Hdf5File) -> Result<Header, SnapshotError>,
    ) -> Result<Box<dyn Part>, SnapshotError> {
        let file = Hdf5File::open(path)?;
        let header = header(&file)?;
        Ok(Box::new(Self { file, header, dialect }))
    }
}

impl Part for Hdf5Part {
    fn header(&self) -> &Header {
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        (self.dialect.kinds)(&self.header)
    }

    fn open(&self, kind: &Kind) -> Result<Option<Box<dyn Group + '_>>, SnapshotError> {
        match self.file.group(kind.group)? {
            Some(group) if !group.is_empty() => {
                let group = Hdf5Group::new(self, kind, group)?;
                Ok(Some(Box::new(group)))
            }
            _ => Ok(None),
        }
    }
}

/// The group of one type of particles.
#[derive(Debug)]
struct Hdf5Group<'a> {
    part: &'a Hdf5Part,
    number: usize,
    group: FieldGroup,
    /// The dataset that says how many rows there are.
    reference: Place,
    n_rows: usize,
    is_virtual: bool,
}

impl<'a> Hdf5Group<'a> {
    fn new(part: &'a Hdf5Part, kind: &Kind, group: FieldGroup) -> Result<Self, SnapshotError> {
        let positions = kind.rule(Stored::Positions).filter(|rule| rule.shape == Shape::Axes);
        let name = positions.map_or("Coordinates", |rule| rule.names[0]);
        let dataset = group.dataset(name)?;
        let n_rows = if positions.is_some() { dataset.n_rows()? } else { dataset.n_vectors()? };
        let reference = dataset.place().clone();
        let is_virtual = dataset.is_virtual();
        Ok(Self { part, number: kind.number, group, reference, n_rows, is_virtual })
    }

    fn check_rows(&self, dataset: &CheckedDataset, n_rows: usize) -> Result<(), SnapshotError> {
        if n_rows == self.n_rows {
            return Ok(());
        }
        Err(dataset.place().rows_disagree(&self.reference, self.n_rows, n_rows))
    }

    fn checked(&self, dataset: CheckedDataset, rule: &Rule) -> Result<Hdf5Column, SnapshotError> {
        let n_rows = match rule.shape {
            Shape::Scalar | Shape::Axes => dataset.n_rows()?,
            Shape::Vector => dataset.n_vectors()?,
            Shape::ColumnOf(column, n_columns) => dataset.n_rows_of_table(column, Some(n_columns))?,
            Shape::Column(column) => dataset.n_rows_of_table(column, None)?,
        };
        self.check_rows(&dataset, n_rows)?;
        dataset.check_numbers()?;
        let header = &self.part.header;
        let factor = if rule.quantity.has_unit() {
            let unit = (self.part.dialect.unit)(&dataset.attributes(), rule.quantity, header)?;
            unit.factor(rule.quantity, header.epoch, header.constants)
        } else {
            1.0
        };
        let place = match rule.shape {
            Shape::ColumnOf(column, _) | Shape::Column(column) => dataset.place().column(&column.to_string()),
            _ => dataset.place().clone(),
        };
        Ok(Hdf5Column { place, dataset, shape: rule.shape, factor })
    }
}

impl Group for Hdf5Group<'_> {
    fn place(&self) -> &Place {
        self.group.place()
    }

    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn is_virtual(&self) -> bool {
        self.is_virtual
    }

    fn find(&self, rule: &Rule) -> Result<Option<Box<dyn Column + '_>>, SnapshotError> {
        if rule.shape == Shape::Axes {
            return self.find_axes(rule);
        }
        for name in rule.names {
            let Some(dataset) = self.group.find(name)? else { continue };
            let shape = match (rule.shape, dataset.shape()) {
                (Shape::Column(0), [_]) => Shape::Scalar,
                (Shape::Column(column), [_, n_columns]) if column >= *n_columns => continue,
                (Shape::Column(1..), [_]) => continue,
                (shape, _) => shape,
            };
            return Ok(Some(Box::new(self.checked(dataset, &rule.shaped(shape))?)));
        }
        if rule.stored == Stored::Masses
            && let Some(value) = self.part.header.table_mass_msun(self.number)?
        {
            return Ok(Some(Box::new(Constant { place: self.part.header.mass_table_place(), value })));
        }
        Ok(None)
    }
}

impl Hdf5Group<'_> {
    fn find_axes(&self, rule: &Rule) -> Result<Option<Box<dyn Column + '_>>, SnapshotError> {
        if !self.group.has(rule.names[0]) {
            return Ok(None);
        }
        let axes = rule.names.iter().map(|name| self.checked(self.group.dataset(name)?, rule));
        let axes = axes.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Box::new(AxesColumn { axes })))
    }
}

/// A dataset, or a column of one.
#[derive(Debug)]
struct Hdf5Column {
    place: Place,
    dataset: CheckedDataset,
    shape: Shape,
    factor: f64,
}

impl Column for Hdf5Column {
    fn place(&self) -> &Place {
        &self.place
    }

    fn factor(&self) -> f64 {
        self.factor
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        match self.shape {
            Shape::Scalar | Shape::Axes => self.dataset.scalars(rows),
            Shape::Vector => self.dataset.rows(rows),
            Shape::ColumnOf(column, _) | Shape::Column(column) => self.dataset.column_of(rows, column),
        }
    }
}

/// A vector of which each axis has a dataset, with a unit of its own.
#[derive(Debug)]
struct AxesColumn {
    axes: Vec<Hdf5Column>,
}

impl Column for AxesColumn {
    fn place(&self) -> &Place {
        self.axes[0].place()
    }

    fn place_of(&self, component: usize) -> Place {
        self.axes[component].place().clone()
    }

    fn factor(&self) -> f64 {
        1.0
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        let mut vectors = vec![0.0; self.axes.len() * rows.len()];
        for (index, axis) in self.axes.iter().enumerate() {
            let values = axis.read(rows.clone())?;
            for (vector, value) in vectors.chunks_exact_mut(self.axes.len()).zip(values) {
                vector[index] = value * axis.factor;
            }
        }
        Ok(vectors)
    }
}
