//! Tables as text.

use std::io;
use std::path::Path;

use super::{Column, ColumnValues, Table};
use crate::DatasetError;
use crate::atomic::write_atomically;

impl Table {
    /// Writes the table as comma-separated values. The header has the name of each column with its unit in square
    /// brackets, `half_mass_radius_kpc [kpc]`, but for pure numbers. Numbers have all their digits, unknown ones are
    /// `NaN`, flags 0 or 1.
    ///
    /// # Errors
    /// [`DatasetError`] where columns differ in length or share a name, and naming the file where it cannot be written;
    /// nothing is left behind then.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::{Column, Table};
    ///
    /// let columns = vec![
    ///     Column::floats("radius_kpc", "kpc", vec![4.5, f64::NAN]),
    ///     Column::flags("no_extent", vec![false, true]),
    /// ];
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("table.csv");
    /// Table { columns, ..Table::default() }.write_csv(&path)?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "radius_kpc [kpc],no_extent\n4.5,0\nNaN,1\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_csv(&self, path: &Path) -> Result<(), DatasetError> {
        self.check()?;
        write_atomically(path, |temporary| {
            let csv = |source| DatasetError::Csv { path: path.into(), source };
            let mut writer = csv::Writer::from_path(temporary).map_err(csv)?;
            // A table without columns is an empty file, which a record without fields is not.
            if !self.columns.is_empty() {
                writer.write_record(self.columns.iter().map(Column::heading)).map_err(csv)?;
                for row in 0..self.n_rows() {
                    let fields = self.columns.iter().map(|column| column.field(row));
                    writer.write_record(fields).map_err(csv)?;
                }
            }
            let io = |source: io::Error| DatasetError::Io { path: path.into(), source };
            writer.flush().map_err(io)
        })
    }
}

impl Column {
    /// Its heading in a table as text: the name, with the unit in square brackets but for pure numbers.
    pub fn heading(&self) -> String {
        match self.unit.as_str() {
            "" | "1" => self.name.clone(),
            unit => format!("{} [{unit}]", self.name),
        }
    }

    /// The value of a row as it stands in a table as text, see [`Table::write_csv`].
    ///
    /// # Panics
    /// Where there is no such row.
    pub fn field(&self, row: usize) -> String {
        match &self.values {
            // With an exponent where there would be many zeros.
            ColumnValues::Floats(values) => format!("{:?}", values[row]),
            ColumnValues::Integers(values) => values[row].to_string(),
            ColumnValues::Flags(values) => u8::from(values[row]).to_string(),
            ColumnValues::Texts(values) => values[row].clone(),
        }
    }
}
