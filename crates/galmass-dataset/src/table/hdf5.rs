//! Tables as HDF5: one dataset a column.

use std::path::Path;

use hdf5_metno as hdf5;
use hdf5_metno::types::VarLenUnicode;

use super::{Column, ColumnValues, Table};
use crate::atomic::write_atomically;
use crate::map_file::write_attributes;
use crate::{Attribute, DatasetError};

impl Table {
    /// Writes the table as HDF5: one dataset a column, with the attribute `unit`, and the attributes of the table at the
    /// root. Numbers are f64 and i64, texts of variable length, and flags what h5py takes for booleans.
    ///
    /// # Errors
    /// [`DatasetError`] where columns differ in length or share a name, and naming the file where it cannot be written;
    /// nothing is left behind then.
    pub fn write_hdf5(&self, path: &Path) -> Result<(), DatasetError> {
        self.check()?;
        write_atomically(path, |temporary| {
            self.fill(temporary).map_err(|source| DatasetError::Hdf5 { path: path.into(), source })
        })
    }

    fn fill(&self, path: &Path) -> hdf5::Result<()> {
        hdf5::silence_errors(true);
        let file = hdf5::File::create(path)?;
        write_attributes(&file, &self.attributes)?;
        for column in &self.columns {
            let dataset = write_values(&file, column)?;
            write_attributes(&dataset, &[("unit".into(), Attribute::Text(column.unit.clone()))])?;
        }
        file.close()
    }
}

fn write_values(file: &hdf5::File, column: &Column) -> hdf5::Result<hdf5::Dataset> {
    let (builder, name) = (file.new_dataset_builder(), column.name.as_str());
    match &column.values {
        ColumnValues::Floats(values) => builder.with_data(values).create(name),
        ColumnValues::Integers(values) => builder.with_data(values).create(name),
        ColumnValues::Flags(values) => builder.with_data(values).create(name),
        ColumnValues::Texts(values) => {
            let text = |text: &String| text.parse().map_err(|_| hdf5::Error::from("text with a NUL"));
            let values: Vec<VarLenUnicode> = values.iter().map(text).collect::<hdf5::Result<_>>()?;
            builder.with_data(&values).create(name)
        }
    }
}
