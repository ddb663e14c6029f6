//! HDF5 files with one compound dataset a component, in physical units: what galaxy-chop publishes.

use std::path::Path;

use galmass_core::{Galaxy, Gas, Particles, Stars};
use hdf5_metno::H5Type;

use crate::error::Place;
use crate::field::{CheckedDataset, Field, Rows, is_number};
use crate::part_type::Columns;
use crate::source::{Hdf5File, Source};
use crate::suite::Suite;
use crate::units::Quantity;
use crate::{Snapshot, SnapshotError, SuiteKind};

/// Datasets `stars`, `gas` and `dark_matter` with columns `m` \[Msun\], `x`, `y`, `z` \[kpc\], `vx`, `vy`, `vz`
/// \[km/s\] and, if known, `potential` \[(km/s)^2\], among others that are ignored, in any order and precision.
pub(crate) struct ParticleTable;

const STARS: &str = "stars";
const GAS: &str = "gas";
const DARK_MATTER: &str = "dark_matter";

/// The columns that must be there.
const COLUMNS: [&str; 7] = ["m", "x", "y", "z", "vx", "vy", "vz"];

/// The column that may be there.
const POTENTIAL: &str = "potential";

/// One row; HDF5 finds its columns by these names and converts them to double precision.
#[derive(Clone, Copy, Debug, Default, H5Type)]
#[repr(C)]
struct Row {
    m: f64,
    x: f64,
    y: f64,
    z: f64,
    vx: f64,
    vy: f64,
    vz: f64,
    potential: f64,
}

impl Suite for ParticleTable {
    fn recognises(&self, source: &Source) -> bool {
        [STARS, GAS, DARK_MATTER].into_iter().any(|name| source.has_dataset(name))
    }

    fn read(&self, path: &Path) -> Result<Snapshot, SnapshotError> {
        let file = Hdf5File::open(path)?;
        let stars = component(&file, STARS)?;
        if stars.is_empty() {
            return Err(Place::new(path, "/").child(STARS).no_stars(0));
        }
        let galaxy = Galaxy {
            gas: Gas::new(component(&file, GAS)?),
            dark_matter: component(&file, DARK_MATTER)?,
            stars: Stars::new(stars),
            ..Galaxy::default()
        };
        Ok(Snapshot { galaxy, suite: SuiteKind::ParticleTable, redshift: None })
    }
}

/// The particles of a component; none where its dataset is absent.
fn component(file: &Hdf5File, name: &str) -> Result<Particles, SnapshotError> {
    let Some(table) = file.root()?.find(name)? else { return Ok(Particles::default()) };
    let has_potential = check_columns(&table)?;
    let rows: Vec<Row> = table.records()?;
    let column = |name: &str, quantity, of: fn(&Row) -> f64| {
        let values = rows.iter().map(of).collect();
        Field::new(table.place().column(name), quantity, 1.0, values).physical(&Rows::All)
    };
    let m = column("m", Quantity::Mass, |row| row.m)?;
    let x = column("x", Quantity::Length, |row| row.x)?;
    let y = column("y", Quantity::Length, |row| row.y)?;
    let z = column("z", Quantity::Length, |row| row.z)?;
    let vx = column("vx", Quantity::Velocity, |row| row.vx)?;
    let vy = column("vy", Quantity::Velocity, |row| row.vy)?;
    let vz = column("vz", Quantity::Velocity, |row| row.vz)?;
    let potentials = has_potential.then(|| column(POTENTIAL, Quantity::Potential, |row| row.potential));
    let columns = Columns {
        positions_kpc: joined(&x, &y, &z),
        velocities_km_s: joined(&vx, &vy, &vz),
        masses_msun: m,
        potentials_km2_s2: potentials.transpose()?,
    };
    columns.into_particles(table.place())
}

/// Sees to it that all columns are there and hold numbers; says whether potentials are among them.
fn check_columns(table: &CheckedDataset) -> Result<bool, SnapshotError> {
    let found = table.columns()?;
    let find = |name: &str| found.iter().find(|(column, _)| *column == name);
    for name in COLUMNS.into_iter().chain([POTENTIAL]) {
        match find(name) {
            Some((_, found)) if !is_number(found) => {
                return Err(table.place().column(name).wrong_type("numbers", found));
            }
            None if name != POTENTIAL => return Err(table.place().column(name).missing_field()),
            _ => {}
        }
    }
    Ok(find(POTENTIAL).is_some())
}

/// Makes vectors of three columns of the same length.
pub(crate) fn joined(x: &[f64], y: &[f64], z: &[f64]) -> Vec<[f64; 3]> {
    x.iter().zip(y).zip(z).map(|((&x, &y), &z)| [x, y, z]).collect()
}
