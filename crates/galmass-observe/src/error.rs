//! What can keep a galaxy from being observed, in words.

use galmass_core::{GridError, MapError};
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
    /// The stars have no magnitudes, and not the ages and metallicities that would tell them.
    #[error(
        "the stars carry no r magnitudes, nor ages and metallicities to make them from: weigh them by mass"
    )]
    NoMagnitudes,
    /// A setting of an observation effect lies outside its documented range, or is NaN.
    #[error("`{setting}` is {value}, not {expected}")]
    BadSetting {
        /// The field of the configuration.
        setting: &'static str,
        /// What was asked for.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A point spread function given as an array that has no middle.
    #[error(
        "a point spread function of {rows} x {columns} cells has no middle cell: both numbers must be odd"
    )]
    PsfWithoutMiddle {
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
    },
    /// A point spread function whose rows differ in length.
    #[error("row {row} of the point spread function has {found} cells where row 0 has {expected}")]
    PsfRagged {
        /// The first row that differs.
        row: usize,
        /// Cells of row 0.
        expected: usize,
        /// Cells found.
        found: usize,
    },
    /// A cell of a point spread function that is negative or not finite.
    #[error("the point spread function holds {value} in row {row}, column {column}")]
    PsfValue {
        /// The row of the first such cell.
        row: usize,
        /// Its column.
        column: usize,
        /// What was found.
        value: f64,
    },
    /// Two effects in an order that no telescope has.
    #[error("it comes after `{after}`: {reason}")]
    EffectOrder {
        /// The earlier effect.
        after: &'static str,
        /// Why it cannot.
        reason: &'static str,
    },
    /// An effect that builds on another one.
    #[error("it needs a `{needs}` effect on the maps before it")]
    EffectMissing {
        /// The effect that must come first.
        needs: &'static str,
    },
    /// What is wrong with one of the effects of an observation.
    #[error("step {step}, `{effect}`: {source}")]
    Effect {
        /// The index of the step, from 0.
        step: usize,
        /// The name of the effect.
        effect: &'static str,
        /// What is wrong.
        source: Box<ObserveError>,
    },
    /// Two maps of one observation, or the signal and its noise, lie on different meshes.
    #[error(
        "`{map}`, of {rows} x {columns} pixels, is not on the mesh of `{other}`, of {expected_rows} x {expected_columns}"
    )]
    MeshMismatch {
        /// The map that does not fit.
        map: &'static str,
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
        /// The map that it is to fit.
        other: &'static str,
        /// Rows needed.
        expected_rows: usize,
        /// Columns needed.
        expected_columns: usize,
    },
    /// The mesh of an image or a map cannot be.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// An array that does not fit its mesh.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The projection refused.
    #[error(transparent)]
    Project(#[from] ProjectError),
}
