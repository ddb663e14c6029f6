//! A quantity on a pixel grid.

use ndarray::Array2;
use thiserror::Error;

use crate::{PixelGrid, Unit};

/// An array that does not fit its mesh.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MapError {
    /// The array is not square with the side of the mesh.
    #[error("an array of {rows} x {columns} does not fit a grid of {n_px} x {n_px} pixels")]
    Shape {
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
        /// Pixels a side of the mesh.
        n_px: usize,
    },
}

/// A quantity on a [`PixelGrid`]: `values[[row, column]]`, row upwards, column to the right, in `unit`.
/// NaN means that nothing is known in a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    grid: PixelGrid,
    unit: Unit,
    values: Array2<f64>,
}

impl Map {
    /// Puts an array on a mesh.
    ///
    /// # Errors
    /// [`MapError::Shape`] where the array is not `n_px` x `n_px`.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::{Map, PixelGrid, Unit};
    /// use ndarray::array;
    ///
    /// let grid = PixelGrid::new(2, 1.0).unwrap();
    /// let light = Map::new(grid, Unit::SolarLuminosity, array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    /// assert_eq!(light.sum(), 10.0);
    /// assert_eq!(light.values()[[1, 0]], 3.0); // the upper left pixel
    /// assert!(Map::new(grid, Unit::SolarLuminosity, array![[1.0]]).is_err());
    /// ```
    pub fn new(grid: PixelGrid, unit: Unit, values: Array2<f64>) -> Result<Self, MapError> {
        let (rows, columns) = values.dim();
        if rows != grid.n_px() || columns != grid.n_px() {
            return Err(MapError::Shape { rows, columns, n_px: grid.n_px() });
        }
        Ok(Self { grid, unit, values })
    }

    /// The mesh.
    pub fn grid(&self) -> PixelGrid {
        self.grid
    }

    /// The unit of the values.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The values, `[row, column]`.
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// Gives the values away.
    pub fn into_values(self) -> Array2<f64> {
        self.values
    }

    /// The sum over all pixels; NaN if any pixel is.
    pub fn sum(&self) -> f64 {
        self.values.sum()
    }
}
