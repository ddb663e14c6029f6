//! What can keep a galaxy from being observed, in words.

use galmass_core::GridError;
use galmass_project::ProjectError;
use thiserror::Error;

/// Everything that the caller of this crate can mend.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// Without stars there is nothing to see and no half-mass radius.
    #[error("the galaxy has no stars: it cannot be framed")]
    NoStars,
    /// The stars have no mass, or all lie in one point.
    #[error(
        "the stellar half-mass radius of {n_stars} star particles is {half_mass_radius_kpc} kpc: there is no frame"
    )]
    NoExtent {
        /// Star particles.
        n_stars: usize,
        /// What was found; NaN where the stars have no mass.
        half_mass_radius_kpc: f64,
    },
    /// A frame that the caller gave and that cannot be.
    #[error("the given {what} is {value}, not {expected}")]
    BadFrame {
        /// Which part of the frame.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// No star has a magnitude in the band asked for.
    #[error("the stars carry no r magnitudes: weigh them by mass")]
    NoMagnitudes,
    /// The mesh of an image or a map cannot be.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// The projection refused.
    #[error(transparent)]
    Project(#[from] ProjectError),
}
