//! What can be wrong with the settings of a mock.

use galmass_core::ParticleError;
use thiserror::Error;

/// A mock galaxy or population that cannot be made.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MockError {
    /// A setting lies outside its documented range, or is NaN.
    #[error("`{field}` is {value}, not between {lowest} and {highest}")]
    OutOfRange {
        /// The field of the configuration.
        field: &'static str,
        /// What was asked for.
        value: f64,
        /// The lowest value allowed.
        lowest: f64,
        /// The highest value allowed.
        highest: f64,
    },
    /// A number of particles is too small to make a galaxy.
    #[error("`{field}` is {value}, fewer than {lowest}")]
    TooFew {
        /// The field of the configuration.
        field: &'static str,
        /// What was asked for.
        value: usize,
        /// The lowest number allowed.
        lowest: usize,
    },
    /// A galaxy was asked for that the population does not have.
    #[error("there is no galaxy {index} in a population of {n_galaxies}")]
    NoSuchGalaxy {
        /// The index asked for.
        index: usize,
        /// The number of galaxies of the population.
        n_galaxies: usize,
    },
    /// The sampled particles are not valid.
    #[error(transparent)]
    Particles(#[from] ParticleError),
}

/// Refuses a value outside `[lowest, highest]`, and NaN.
pub(crate) fn check_range(
    field: &'static str,
    value: f64,
    [lowest, highest]: [f64; 2],
) -> Result<(), MockError> {
    if (lowest..=highest).contains(&value) {
        Ok(())
    } else {
        Err(MockError::OutOfRange { field, value, lowest, highest })
    }
}

/// Refuses a count below `lowest`.
pub(crate) fn check_count(field: &'static str, value: usize, lowest: usize) -> Result<(), MockError> {
    if value >= lowest { Ok(()) } else { Err(MockError::TooFew { field, value, lowest }) }
}
