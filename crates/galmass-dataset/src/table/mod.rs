//! Tables on disk: columns with names and units, one row a galaxy or a view.

mod csv;
mod hdf5;

use crate::{Attribute, DatasetError};

/// What [`Table::write_hdf5`] and [`Table::write_csv`] put into a file. Both write to a temporary name in the same folder
/// and rename it when it is complete: an existing file is replaced as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What holds for the whole table; HDF5 alone has room for it.
    pub attributes: Vec<(String, Attribute)>,
    /// The columns, all of one length.
    pub columns: Vec<Column>,
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// Its unit, such as `km/s`; `1` for pure numbers, and for what has none.
    pub unit: String,
    /// One value a row.
    pub values: ColumnValues,
}

/// The values of a [`Column`].
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnValues {
    /// Real numbers; NaN where one is not known.
    Floats(Vec<f64>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Flags.
    Flags(Vec<bool>),
    /// Short texts.
    Texts(Vec<String>),
}

impl Column {
    /// A column of real numbers.
    pub fn floats(name: impl Into<String>, unit: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), unit: unit.into(), values: ColumnValues::Floats(values) }
    }

    /// A column of flags.
    pub fn flags(name: impl Into<String>, values: Vec<bool>) -> Self {
        Self { name: name.into(), unit: "1".into(), values: ColumnValues::Flags(values) }
    }

    /// A column of texts.
    pub fn texts(name: impl Into<String>, values: Vec<String>) -> Self {
        Self { name: name.into(), unit: "1".into(), values: ColumnValues::Texts(values) }
    }
}

impl ColumnValues {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table {
    /// The number of rows; 0 without columns.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    fn check(&self) -> Result<(), DatasetError> {
        let expected = self.n_rows();
        for (index, column) in self.columns.iter().enumerate() {
            let (what, found) = (|| column.name.clone(), column.values.len());
            if found != expected {
                return Err(DatasetError::SampleCount { what: what(), expected, found });
            }
            if self.columns[..index].iter().any(|other| other.name == column.name) {
                return Err(DatasetError::Duplicate { what: what() });
            }
        }
        Ok(())
    }
}
