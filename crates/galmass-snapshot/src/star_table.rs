//! NumPy arrays with one star a row, in physical units.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use galmass_core::{Galaxy, Stars};
use ndarray::Array2;
use ndarray_npy::npy::header::Header;
use ndarray_npy::{ReadNpyError, ReadNpyExt};

use crate::error::Place;
use crate::field::{Field, Rows};
use crate::part_type::Columns;
use crate::particle_table::joined;
use crate::source::{NPY_MAGIC, Source, Start};
use crate::suite::Suite;
use crate::units::Quantity;
use crate::{Snapshot, SnapshotError, SuiteKind};

/// An array (n, 7 or more) in single or double precision: m \[Msun\], x, y, z \[kpc\], vx, vy, vz \[km/s\], and
/// columns that are ignored, such as an identifier.
pub(crate) struct StarTable;

/// The columns that must be there, in this order.
const COLUMNS: [(&str, Quantity); 7] = [
    ("m", Quantity::Mass),
    ("x", Quantity::Length),
    ("y", Quantity::Length),
    ("z", Quantity::Length),
    ("vx", Quantity::Velocity),
    ("vy", Quantity::Velocity),
    ("vz", Quantity::Velocity),
];

impl Suite for StarTable {
    fn recognises(&self, source: &Source) -> bool {
        matches!(source, Source::Npy)
    }

    fn read(&self, path: &Path) -> Result<Snapshot, SnapshotError> {
        let table = read_table(path)?;
        let place = array_place(path);
        if table.nrows() == 0 {
            return Err(place.no_stars(0));
        }
        let column = |index: usize| {
            let (name, quantity) = COLUMNS[index];
            Field::new(place.column(name), quantity, 1.0, table.column(index).to_vec()).physical(&Rows::All)
        };
        let columns = Columns {
            masses_msun: column(0)?,
            positions_kpc: joined(&column(1)?, &column(2)?, &column(3)?),
            velocities_km_s: joined(&column(4)?, &column(5)?, &column(6)?),
            potentials_km2_s2: None,
        };
        let stars = Stars::new(columns.into_particles(&place)?);
        let galaxy = Galaxy { stars, ..Galaxy::default() };
        Ok(Snapshot { galaxy, suite: SuiteKind::StarTable, redshift: None })
    }
}

/// What errors call the one array of a NumPy file.
fn array_place(path: &Path) -> Place {
    Place::new(path, "array")
}

fn read_table(path: &Path) -> Result<Array2<f64>, SnapshotError> {
    let start = Start::of(path)?;
    if !start.bytes.starts_with(NPY_MAGIC) {
        return Err(SnapshotError::NotNpy { path: path.to_owned() });
    }
    let blame = |error: ReadNpyError| damaged(path, start.n_bytes, error);
    let mut reader = BufReader::new(File::open(path).map_err(|error| blame(error.into()))?);
    let header = Header::from_reader(&mut reader).map_err(|error| blame(error.into()))?;
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
fn check_header(path: &Path, header: &Header, n_bytes: u64) -> Result<Precision, SnapshotError> {
    let place = array_place(path);
    let (n_rows, n_columns) = match header.shape[..] {
        [n_rows, n_columns] if n_columns >= COLUMNS.len() => (n_rows, n_columns),
        _ => return Err(place.wrong_shape("(n, 7 or more)", header.shape.clone())),
    };
    let precision = match header.type_descriptor.to_string().as_str() {
        "'<f4'" | "'>f4'" => Precision::Single,
        "'<f8'" | "'>f8'" => Precision::Double,
        found => return Err(place.wrong_type("single or double precision numbers", found)),
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
