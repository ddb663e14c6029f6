//! The seam under all suites: particles of one type in one file, as columns of which ranges of rows are read.

use std::ops::Range;

use crate::SnapshotError;
use crate::error::Place;
use crate::header::Header;
use crate::rule::{Kind, Rule};

/// One file of a snapshot, open by the rules of its suite.
pub(crate) trait Part {
    /// What the file says about the whole snapshot.
    fn header(&self) -> &Header;

    /// The types of particles that the suite knows, in the order in which their components are put together.
    fn kinds(&self) -> Vec<Kind>;

    /// Opens the particles of a type; `None` where the file has none.
    fn open(&self, kind: &Kind) -> Result<Option<Box<dyn Group + '_>>, SnapshotError>;
}

/// The particles of one type in one file, of which nothing but their number has been read.
pub(crate) trait Group {
    /// What errors call it.
    fn place(&self) -> &Place;

    fn n_rows(&self) -> usize;

    /// Whether the rows are those of other files, which a virtual file shows as its own.
    fn is_virtual(&self) -> bool {
        false
    }

    /// Opens a column, if it is there: its shape, its type, its rows and its unit have been checked.
    fn find(&self, rule: &Rule) -> Result<Option<Box<dyn Column + '_>>, SnapshotError>;
}

/// One column, of which nothing has been read.
pub(crate) trait Column {
    /// What errors call it.
    fn place(&self) -> &Place;

    /// What errors call one of its components, where those have names of their own.
    fn place_of(&self, _component: usize) -> Place {
        self.place().clone()
    }

    /// What values are multiplied by to be physical.
    fn factor(&self) -> f64;

    /// Reads some of its rows as they are stored: one number a row, or three in turn.
    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError>;
}

/// A value that all rows share.
#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub(crate) place: Place,
    pub(crate) value: f64,
}

impl Column for Constant {
    fn place(&self) -> &Place {
        &self.place
    }

    fn factor(&self) -> f64 {
        1.0
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f64>, SnapshotError> {
        Ok(vec![self.value; rows.len()])
    }
}
