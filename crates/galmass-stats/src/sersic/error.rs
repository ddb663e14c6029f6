//! What the caller of the Sersic functions can mend.

use thiserror::Error;

/// A profile or a fit that cannot be, as it was asked for.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SersicError {
    /// A parameter lies outside its range, or is NaN.
    #[error("`{parameter}` is {value}, not {expected}")]
    BadParameter {
        /// Its name.
        parameter: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// The columns of a profile are not of one length.
    #[error("there are {found} {what}, but {expected} radii")]
    LengthMismatch {
        /// Which column.
        what: &'static str,
        /// Radii.
        expected: usize,
        /// Entries of that column.
        found: usize,
    },
}
