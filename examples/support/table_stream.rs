//! A table that grows batch by batch, as text and as HDF5, in the memory of one batch.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use galmass::dataset::{Column, ColumnValues};
use hdf5_metno as hdf5;
use hdf5_metno::types::VarLenUnicode;

/// Rows of a piece of an HDF5 column.
const CHUNK: usize = 1024;

/// `NAME.csv` and `NAME.hdf5` of a folder. They are called `NAME.csv.partial` and so on until they are complete.
pub(crate) struct TableStream {
    paths: [PathBuf; 2],
    csv: csv::Writer<fs::File>,
    hdf5: hdf5::File,
    /// Whether the first rows have come, which decide the columns.
    has_columns: bool,
    n_rows: usize,
}

impl TableStream {
    /// Begins both files, with facts about the whole table as attributes of the HDF5 one.
    pub(crate) fn create(
        folder: &Path,
        name: &str,
        facts: &[(&str, String)],
    ) -> Result<Self, Box<dyn Error>> {
        let paths = [folder.join(format!("{name}.csv")), folder.join(format!("{name}.hdf5"))];
        let [csv_path, hdf5_path] = [&paths[0], &paths[1]].map(|path| partial(path));
        let csv = csv::Writer::from_path(&csv_path).map_err(|e| format!("{}: {e}", csv_path.display()))?;
        hdf5::silence_errors(true);
        let hdf5 = hdf5::File::create(&hdf5_path).map_err(|e| format!("{}: {e}", hdf5_path.display()))?;
        for (name, fact) in facts {
            hdf5.new_attr::<VarLenUnicode>().create(*name)?.write_scalar(&text(fact)?)?;
        }
        Ok(Self { paths, csv, hdf5, has_columns: false, n_rows: 0 })
    }

    /// The rows so far.
    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Appends rows. The first ones decide the columns.
    pub(crate) fn append(&mut self, columns: &[Column]) -> Result<(), Box<dyn Error>> {
        if !self.has_columns {
            self.begin(columns)?;
        }
        let n_new = columns.first().map_or(0, |column| column.values.len());
        for row in 0..n_new {
            self.csv.write_record(columns.iter().map(|column| column.field(row)))?;
        }
        let rows = self.n_rows..self.n_rows + n_new;
        for column in columns {
            let dataset = self.hdf5.dataset(&column.name)?;
            dataset.resize(rows.end)?;
            match &column.values {
                ColumnValues::Floats(values) => dataset.write_slice(values, rows.clone())?,
                ColumnValues::Integers(values) => dataset.write_slice(values, rows.clone())?,
                ColumnValues::Flags(values) => dataset.write_slice(values, rows.clone())?,
                ColumnValues::Texts(values) => {
                    let values = values.iter().map(|value| text(value)).collect::<Result<Vec<_>, _>>()?;
                    dataset.write_slice(&values, rows.clone())?;
                }
            }
        }
        self.n_rows = rows.end;
        Ok(())
    }

    fn begin(&mut self, columns: &[Column]) -> Result<(), Box<dyn Error>> {
        self.has_columns = true;
        self.csv.write_record(columns.iter().map(Column::heading))?;
        for column in columns {
            let dataset = match &column.values {
                ColumnValues::Floats(_) => self.dataset::<f64>(&column.name)?,
                ColumnValues::Integers(_) => self.dataset::<i64>(&column.name)?,
                ColumnValues::Flags(_) => self.dataset::<bool>(&column.name)?,
                ColumnValues::Texts(_) => self.dataset::<VarLenUnicode>(&column.name)?,
            };
            dataset.new_attr::<VarLenUnicode>().create("unit")?.write_scalar(&text(&column.unit)?)?;
        }
        Ok(())
    }

    fn dataset<T: hdf5::H5Type>(&self, name: &str) -> hdf5::Result<hdf5::Dataset> {
        self.hdf5.new_dataset::<T>().chunk(CHUNK).shape(0..).create(name)
    }

    /// Gives both files their names.
    pub(crate) fn finish(mut self) -> Result<(), Box<dyn Error>> {
        self.csv.flush()?;
        self.hdf5.close()?;
        for path in &self.paths {
            fs::rename(partial(path), path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn text(text: &str) -> Result<VarLenUnicode, Box<dyn Error>> {
    text.parse().map_err(|_| format!("`{text}` has a NUL").into())
}
