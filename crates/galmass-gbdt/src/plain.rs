//! Tables in plain vectors, row by row.

use ndarray::ArrayView2;

use crate::{BinningConfig, Booster, Dataset, GbdtError};

impl Dataset {
    /// Puts a table into bins that is in a plain slice, row by row: see [`Dataset::new`].
    ///
    /// # Errors
    /// As there; [`GbdtError::LengthMismatch`] if the last row is not whole, or there are values without a column.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Dataset};
    ///
    /// let dataset = Dataset::from_slice(&[1.0, 0.0, 2.0, 5.0, 3.0, 5.0], 2, &BinningConfig::default())?;
    /// assert_eq!((dataset.n_rows(), dataset.n_features()), (3, 2));
    /// let error = Dataset::from_slice(&[1.0, 0.0, 2.0], 2, &BinningConfig::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "the last row has 1 entries where 2 are expected");
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn from_slice(values: &[f64], n_columns: usize, config: &BinningConfig) -> Result<Self, GbdtError> {
        Self::new(table(values, n_columns)?, config)
    }
}

impl Booster {
    /// Predicts the labels of a table that is in a plain slice, row by row: see [`Booster::predict`].
    ///
    /// # Errors
    /// As there; [`GbdtError::LengthMismatch`] if the last row is not whole.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    ///
    /// // One column.
    /// let values: Vec<f64> = (0..100).map(f64::from).collect();
    /// let labels: Vec<f64> = (0..100).map(|row| f64::from(row / 50)).collect();
    /// let dataset = Dataset::from_slice(&values, 1, &BinningConfig { min_data_in_bin: 1, ..Default::default() })?;
    /// let config = BoosterConfig { learning_rate: 1.0, num_iterations: 1, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// assert_eq!(booster.predict_slice(&values)?, labels);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn predict_slice(&self, values: &[f64]) -> Result<Vec<f64>, GbdtError> {
        self.predict(table(values, self.n_features())?)
    }
}

/// The rows of a slice.
fn table(values: &[f64], n_columns: usize) -> Result<ArrayView2<'_, f64>, GbdtError> {
    let n_rows = values.len().checked_div(n_columns).unwrap_or(0);
    let left = values.len() - n_rows * n_columns;
    let not_whole = GbdtError::LengthMismatch { what: "the last row", expected: n_columns, found: left };
    if left > 0 {
        return Err(not_whole);
    }
    ArrayView2::from_shape((n_rows, n_columns), values).map_err(|_| not_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_whole_are_refused() {
        let shape = |values: &[f64], n_columns| table(values, n_columns).map(|table| table.dim());
        assert_eq!(shape(&[], 0), Ok((0, 0)));
        assert_eq!(shape(&[], 3), Ok((0, 3)));
        assert_eq!(shape(&[0.0; 6], 3), Ok((2, 3)));
        for (n, n_columns, found) in [(5, 3, 2), (2, 3, 2), (4, 0, 4), (1, usize::MAX, 1)] {
            let error = GbdtError::LengthMismatch { what: "the last row", expected: n_columns, found };
            assert_eq!(shape(&vec![0.0; n], n_columns), Err(error));
        }
    }
}
