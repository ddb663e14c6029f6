//! NumPy arrays with one star a row, in physical units.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::ops::Range;
use std::path::Path;

use galmass_core::Component;
use ndarray::Array2;
use ndarray_npy::{ReadNpyError, ReadNpyExt};

use crate::SnapshotError;
use crate::error::Place;
use crate::group::{Column, Group, Part};
use crate::header::Header;
use crate::npy_header::{NpyHeader, NpyHeaderError, unquoted};
use crate::rule::{Kind, Rule, Shape, Stored};
use crate::source::{NPY_MAGIC, Source, Start};
use crate::suite::Suite;
use crate::units::Quantity;

/// An array (n, 7 or more) in single or double precision: m \[Msun\], x, y, z \[kpc\], vx, vy, vz \[km/s\], and
/// columns that are ignored, such as an identifier.
pub(crate) struct StarTable;

/// The columns that must be there, in this order.
const COLUMNS: [&str; 7] = ["m", "x", "y", "z", "vx", "vy", "vz"];

const RULES: &[Rule] = &[
    Rule::vector(Stored::Positions, &["x", "y", "z"], Quantity::Length).shaped(Shape::Axes),
    Rule::vector(Stored::Velocities, &["vx", "vy", "vz"], Quantity::Velocity).shaped(Shape::Axes),
    Rule::new(Stored::Masses, &["m"], Quantity::Mass).required(),
];

impl Suite for StarTable {
    fn recognises(&self, source: &Source) -> bool {
        matches!(source, Source::Npy)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        // NumPy's files can be larger than memory, too, but no galaxy's table of stars is.
        Ok(Box::new(Table { array: read_table(path)?, place: array_place(path), header: Header::none(path) }))
    }
}

/// The whole table, in memory.
struct Table {
    array: Array2<f64>,
    place: Place,
    header: Header,
}

impl Part for Table {
    fn header(&self) -> &Header {
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new(4, ARRAY, Component::Stars, &[RULES])]
    }

    fn open(&self, _: &Kind) -> Result<Option<Box<dyn Group + '_>>, SnapshotError> {
        Ok(Some(Box::new(Rows { table: self })))
    }
}

struct Rows<'a> {
    table: &'a Table,
}

impl Group for Rows<'_> {
    fn place(&self) -> &Place {
        &self.table.place
    }

    fn n_rows(&self) -> usize {
        self.table.array.nrows()
    }

    fn find(&self, rule: &Rule) -> Result<Option<Box<dyn Column + '_>>, SnapshotError> {
        let index = |name: &&str| COLUMNS.iter().position(|column| column == name);
        let columns = rule.names.iter().filter_map(index).collect();
        let place = self.table.place.column(rule.names[0]);
        Ok(Some(Box::new(TableColumn { table: self.table, place, columns })))
    }
}

struct TableColumn<'a> {
    table: &'a Table,
    place: Place,
    columns: Vec<usize>,
}

impl Column for TableColumn<'_> {
    fn place(&self) -> &Place {
        &self.place
    }

    fn place_of(&self, component: usize) -> Place {
        self.table.place.column(COLUMNS[self.columns[component]])
    }

    fn factor(&self) -> f64 {
        1.0
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        let array = &self.table.array;
        Ok(rows.flat_map(|row| self.columns.iter().map(move |&column| array[[row, column]])).collect())
    }
}

/// What errors call the one array of a NumPy file.
const ARRAY: &str = "array";

fn array_place(path: &Path) -> Place {
    Place::new(path, ARRAY)
}

fn read_table(path: &Path) -> Result<Array2<f64>, SnapshotError> {
    let start = Start::of(path)?;
    if !start.bytes.starts_with(NPY_MAGIC) {
        return Err(SnapshotError::NotNpy { path: path.to_owned() });
    }
    let blame = |error: ReadNpyError| damaged(path, start.n_bytes, error);
    let mut reader = BufReader::new(File::open(path).map_err(|error| blame(error.into()))?);
    let header = NpyHeader::read(&mut reader).map_err(|error| match error {
        NpyHeaderError::Io(error) => blame(error.into()),
        _ => SnapshotError::Npy { path: path.to_owned(), source: Box::new(error) },
    })?;
    let precision = check_header(path, &header, start.n_bytes)?;
    reader.rewind().map_err(|error| blame(error.into()))?;
    let table = match precision {
        Precision::Single => Array2::<f32>::read_npy(reader).map(|table| table.mapv(f64::from)),
        Precision::Double => Array2::<f64>::read_npy(reader),
    };
    table.map_err(blame)
}

/// The number of bytes of a value.
#[derive(Clone, Copy, Debug)]
enum Precision {
    Single = 4,
    Double = 8,
}

/// Sees to it that the array is a table of stars that the file can hold, before room for it is made.
fn check_header(path: &Path, header: &NpyHeader, n_bytes: u64) -> Result<Precision, SnapshotError> {
    let place = array_place(path);
    let (n_rows, n_columns) = match header.shape[..] {
        [n_rows, n_columns] if n_columns >= COLUMNS.len() => (n_rows, n_columns),
        _ => return Err(place.wrong_shape("(n, 7 or more)", header.shape.clone())),
    };
    let precision = match unquoted(&header.type_descriptor) {
        Some("<f4" | ">f4") => Precision::Single,
        Some("<f8" | ">f8") => Precision::Double,
        _ => return Err(place.wrong_type("single or double precision numbers", &header.type_descriptor)),
    };
    let declared_bytes = (n_rows as u128).saturating_mul(n_columns as u128).saturating_mul(precision as u128);
    if declared_bytes > u128::from(n_bytes) {
        return Err(damaged(path, n_bytes, ReadNpyError::MissingData));
    }
    Ok(precision)
}

fn damaged(path: &Path, n_bytes: u64, error: ReadNpyError) -> SnapshotError {
    let path = path.to_owned();
    match error {
        ReadNpyError::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            SnapshotError::Truncated { path, n_bytes, source: Box::new(source) }
        }
        ReadNpyError::Io(source) => SnapshotError::Io { path, source },
        ReadNpyError::MissingData => SnapshotError::Truncated { path, n_bytes, source: Box::new(error) },
        _ => SnapshotError::Npy { path, source: Box::new(error) },
    }
}
