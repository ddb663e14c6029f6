//! HDF5 files with one compound dataset a component, in physical units: what galaxy-chop publishes.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use galmass_core::Component;
use hdf5_metno::H5Type;

use crate::SnapshotError;
use crate::error::Place;
use crate::field::{CheckedDataset, is_number};
use crate::group::{Column, Group, Part};
use crate::header::Header;
use crate::rule::{Kind, Rule, Shape, Stored};
use crate::source::{Hdf5File, Source};
use crate::suite::Suite;
use crate::units::Quantity;

/// Datasets `stars`, `gas` and `dark_matter` with columns `m` \[Msun\], `x`, `y`, `z` \[kpc\], `vx`, `vy`, `vz`
/// \[km/s\] and, if known, `potential` \[(km/s)^2\], among others that are ignored, in any order and precision.
pub(crate) struct ParticleTable;

const STARS: &str = "/stars";
const GAS: &str = "/gas";
const DARK_MATTER: &str = "/dark_matter";

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

impl Row {
    fn get(&self, name: &str) -> f64 {
        match name {
            "m" => self.m,
            "x" => self.x,
            "y" => self.y,
            "z" => self.z,
            "vx" => self.vx,
            "vy" => self.vy,
            "vz" => self.vz,
            _ => self.potential,
        }
    }
}

const RULES: &[Rule] = &[
    Rule::vector(Stored::Positions, &["x", "y", "z"], Quantity::Length).shaped(Shape::Axes),
    Rule::vector(Stored::Velocities, &["vx", "vy", "vz"], Quantity::Velocity).shaped(Shape::Axes),
    Rule::new(Stored::Masses, &["m"], Quantity::Mass).required(),
    Rule::new(Stored::Potentials, &[POTENTIAL], Quantity::Potential),
];

const KINDS: [Kind; 3] = [
    Kind::new(4, STARS, Component::Stars, &[RULES]),
    Kind::new(0, GAS, Component::Gas, &[RULES]),
    Kind::new(1, DARK_MATTER, Component::DarkMatter, &[RULES]),
];

impl Suite for ParticleTable {
    fn recognises(&self, source: &Source) -> bool {
        [STARS, GAS, DARK_MATTER].into_iter().any(|name| source.has_dataset(name))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        Ok(Box::new(TablePart { file: Hdf5File::open(path)?, header: Header::none(path) }))
    }
}

struct TablePart {
    file: Hdf5File,
    header: Header,
}

impl Part for TablePart {
    fn header(&self) -> &Header {
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        KINDS.to_vec()
    }

    fn open(&self, kind: &Kind) -> Result<Option<Box<dyn Group + '_>>, SnapshotError> {
        let Some(dataset) = self.file.root()?.find(kind.group.trim_start_matches('/'))? else {
            return Ok(None);
        };
        let has_potential = check_columns(&dataset)?;
        dataset.check_size(size_of::<Row>() as u64)?;
        let n_rows = dataset.n_rows()?;
        Ok(Some(Box::new(Table { dataset, has_potential, n_rows, block: RefCell::default() })))
    }
}

/// A compound dataset.
struct Table {
    dataset: CheckedDataset,
    has_potential: bool,
    n_rows: usize,
    /// The rows that were read last: records are read whole, and asked for column by column.
    block: RefCell<(Range<usize>, Vec<Row>)>,
}

impl Group for Table {
    fn place(&self) -> &Place {
        self.dataset.place()
    }

    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn find(&self, rule: &Rule) -> Result<Option<Box<dyn Column + '_>>, SnapshotError> {
        if rule.stored == Stored::Potentials && !self.has_potential {
            return Ok(None);
        }
        let place = self.dataset.place().column(rule.names[0]);
        Ok(Some(Box::new(TableColumn { table: self, place, names: rule.names })))
    }
}

struct TableColumn<'a> {
    table: &'a Table,
    place: Place,
    names: &'static [&'static str],
}

impl Column for TableColumn<'_> {
    fn place(&self) -> &Place {
        &self.place
    }

    fn place_of(&self, component: usize) -> Place {
        self.table.dataset.place().column(self.names[component])
    }

    fn factor(&self) -> f64 {
        1.0
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        let mut block = self.table.block.borrow_mut();
        if block.0 != rows {
            *block = (rows.clone(), self.table.dataset.records(rows)?);
        }
        let values = |row: &Row| {
            let row = *row;
            self.names.iter().map(move |name| row.get(name))
        };
        Ok(block.1.iter().flat_map(values).collect())
    }
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
