//! What can be wrong with a table of stellar populations.

use std::io;

use thiserror::Error;

/// A table of stellar populations that cannot be read, or is none. Lines count from 1, indices from 0.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PopulationTableError {
    /// The source of the text failed, or what it holds is no text.
    #[error("a table of stellar populations cannot be read")]
    Read {
        /// What the source said.
        source: io::Error,
    },
    /// There is no population at all.
    #[error("a table of stellar populations has none")]
    Empty,
    /// A line has too few or too many columns.
    #[error("line {line} has {found} columns where {expected} are needed")]
    WrongColumns {
        /// The line.
        line: usize,
        /// The number of columns of the layout.
        expected: usize,
        /// The number of columns found.
        found: usize,
    },
    /// What should be a number is none.
    #[error("line {line}: `{column}` is `{found}`, which is no number")]
    NotANumber {
        /// The line.
        line: usize,
        /// The column.
        column: &'static str,
        /// What was found.
        found: String,
    },
    /// A number in a line is out of the range of its column.
    #[error("line {line}: `{column}` cannot be {value}")]
    ImpossibleAt {
        /// The line.
        line: usize,
        /// The column.
        column: &'static str,
        /// What was found.
        value: f64,
    },
    /// Two lines describe the same population.
    #[error("line {line} repeats the age and the metallicity of line {first_line}")]
    Repeated {
        /// The later line.
        line: usize,
        /// The earlier line.
        first_line: usize,
    },
    /// The populations do not fill a grid.
    #[error(
        "there is no population of {age_gyr} Gyr with a metallicity of {metallicity}, though others have that age \
         and that metallicity"
    )]
    Missing {
        /// The age \[Gyr\].
        age_gyr: f64,
        /// The metal mass fraction.
        metallicity: f64,
    },
    /// A number handed in is out of the range of its column.
    #[error("`{column}` cannot be {value} at index {index}")]
    Impossible {
        /// The column.
        column: &'static str,
        /// Where it stands.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// An axis does not ascend.
    #[error("`{column}` does not ascend at index {index}")]
    NotAscending {
        /// The axis.
        column: &'static str,
        /// The first value that is not above the one before.
        index: usize,
    },
    /// There are more or fewer magnitudes than points of the grid.
    #[error("`{column}` has {found} values where the grid has {expected}")]
    WrongLength {
        /// The column.
        column: &'static str,
        /// The number of points of the grid.
        expected: usize,
        /// The number of values found.
        found: usize,
    },
}
