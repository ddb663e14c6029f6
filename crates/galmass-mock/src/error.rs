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
    /// A number of particles is too small to make a galaxy, or too large to be meant.
    #[error("`{field}` is {value}, not between {lowest} and {highest}")]
    CountOutOfRange {
        /// The field of the configuration.
        field: &'static str,
        /// What was asked for, or follows from the masses of particles.
        value: usize,
        /// The lowest number allowed.
        lowest: usize,
        /// The highest number allowed.
        highest: usize,
    },
    /// No isotropic distribution of velocities holds this component up in the field of the whole galaxy: it is too flat
    /// at the centre of another one that is concentrated, or of a black hole.
    #[error("no isotropic velocities hold up the {component} at {radius_kpc} kpc")]
    NotIsotropic {
        /// The component concerned.
        component: &'static str,
        /// The innermost radius whose stars would need a negative density in phase space \[kpc\].
        radius_kpc: f64,
    },
    /// Of the galaxies that the relations give, next to none passes the cuts of the sample.
    #[error("none of {n_draws} galaxies drawn in place {index} passes the cuts of the sample")]
    NothingSelected {
        /// The index of the galaxy.
        index: usize,
        /// How many were drawn.
        n_draws: u64,
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

/// Refuses a count outside `[lowest, highest]`.
pub(crate) fn check_count(
    field: &'static str,
    value: usize,
    lowest: usize,
    highest: usize,
) -> Result<(), MockError> {
    if (lowest..=highest).contains(&value) {
        Ok(())
    } else {
        Err(MockError::CountOutOfRange { field, value, lowest, highest })
    }
}
