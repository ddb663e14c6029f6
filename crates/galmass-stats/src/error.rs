//! Calls that cannot be answered; an odd galaxy is never among them, it has flags.

use galmass_core::{Map, PixelGrid};
use ndarray::Array2;
use thiserror::Error;

/// A call that cannot be answered as it stands, and what the caller can change.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A column does not describe the same particles or annuli as the others.
    #[error("column `{column}` has {found} rows where {expected} are needed")]
    LengthMismatch {
        /// The column that does not fit.
        column: &'static str,
        /// The number of rows of the others.
        expected: usize,
        /// The number of rows found.
        found: usize,
    },
    /// A map has another number of pixels than the map of velocities or dispersions.
    #[error("the map `{map}` has {rows} x {columns} pixels where {n_px} x {n_px} are needed")]
    MapShape {
        /// The map that does not fit.
        map: &'static str,
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
        /// Pixels a side that are needed.
        n_px: usize,
    },
    /// Two maps cover fields of unlike size.
    #[error("the map `{map}` reaches to {found_kpc} kpc where {expected_kpc} kpc are needed")]
    MapField {
        /// The map that does not fit.
        map: &'static str,
        /// Half the side of the field that is needed \[kpc\].
        expected_kpc: f64,
        /// Half the side of the field found \[kpc\].
        found_kpc: f64,
    },
    /// An image that belongs to another has not its shape.
    #[error("the {image} has (rows, columns) = {found:?} where the image has {expected:?}")]
    ImageShape {
        /// What does not fit.
        image: &'static str,
        /// Rows and columns of the image.
        expected: (usize, usize),
        /// Rows and columns found.
        found: (usize, usize),
    },
    /// A parameter or a setting is outside its range, or NaN.
    #[error("`{name}` is {value}, which is not {range}")]
    OutOfRange {
        /// What it is called.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The values it may have.
        range: &'static str,
    },
    /// A source of gravity has a value that is not finite, or a negative mass or softening length.
    #[error("column `{column}` of the sources holds {value} at index {index}")]
    BadSource {
        /// The column of the value.
        column: &'static str,
        /// The first source concerned.
        index: usize,
        /// What was found.
        value: f64,
    },
}

pub(crate) fn check_map(map: &'static str, values: &Array2<f64>, grid: PixelGrid) -> Result<(), StatsError> {
    let (rows, columns) = values.dim();
    let n_px = grid.n_px();
    if rows != n_px || columns != n_px {
        return Err(StatsError::MapShape { map, rows, columns, n_px });
    }
    Ok(())
}

pub(crate) fn check_grid(map: &'static str, found: &Map, grid: PixelGrid) -> Result<(), StatsError> {
    check_map(map, found.values(), grid)?;
    let (expected_kpc, found_kpc) = (grid.half_width_kpc(), found.grid().half_width_kpc());
    if expected_kpc != found_kpc {
        return Err(StatsError::MapField { map, expected_kpc, found_kpc });
    }
    Ok(())
}
