//! What can be wrong with the text of a model.

use crate::TreeFault;

/// What is wrong with the text of a model, and where. Lines count from 1; values are cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelTextError {
    /// A line that should be another.
    #[error("line {line}: {expected} is expected, not {found:?}")]
    Unexpected {
        /// The line.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The end of the text where it should go on.
    #[error("line {line}: the text ends where {expected} is expected")]
    Unfinished {
        /// The line after the last.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A key that is not there.
    #[error("line {line}, {key}: there is none in the section that begins here")]
    Missing {
        /// The first line of the section: of the header, or of a tree.
        line: usize,
        /// The key.
        key: &'static str,
    },
    /// A key that is there twice.
    #[error("line {line}, {key}: it is there already")]
    Twice {
        /// The line of the second.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value that is none of the kind of its key.
    #[error("line {line}, {key}: {value:?} is not {expected}")]
    Malformed {
        /// The line.
        line: usize,
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// More or fewer values than other keys ask for.
    #[error("line {line}, {key}: {found} where {expected} are expected")]
    Count {
        /// The line.
        line: usize,
        /// The key.
        key: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A value that this library does not know.
    #[error("line {line}, {key}: {value:?} is not supported")]
    Unsupported {
        /// The line.
        line: usize,
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// Nodes and leaves that are no tree.
    #[error("line {line}, {key}: {fault}")]
    NoTree {
        /// The line of the children.
        line: usize,
        /// Their key.
        key: &'static str,
        /// What is wrong.
        fault: TreeFault,
    },
}
