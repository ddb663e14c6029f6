//! Predictions from sparse rows: some rows at a time are written out, and predicted as those of any table.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use crate::{Booster, GbdtError, Iterations, SparseRows};

/// Rows that are written out at a time, but for very wide tables.
const ROWS: usize = 256;

/// The most numbers that are written out at a time, but for single rows.
const NUMBERS: usize = 1 << 20;

impl Booster {
    /// Predicts the labels of sparse rows: see [`Booster::predict`].
    ///
    /// The time goes with rows times columns, but the table as a whole is never there. Results are the same.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset, SparseRows};
    /// use ndarray::Array2;
    ///
    /// let table = Array2::from_shape_fn((100, 3), |(row, feature)| f64::from(u8::from(row % 3 == feature)));
    /// let labels: Vec<f64> = (0..100).map(|row| f64::from(row % 3)).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig::default())?;
    /// let booster = Booster::train(&BoosterConfig::default(), &dataset, &labels)?;
    ///
    /// let (starts, columns): (Vec<usize>, Vec<usize>) = ((0..=100).collect(), (0..100).map(|row| row % 3).collect());
    /// let rows = SparseRows::new(3, &starts, &columns, &[1.0; 100])?;
    /// assert_eq!(booster.predict_sparse(rows)?, booster.predict(table.view())?);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn predict_sparse(&self, rows: SparseRows<'_>) -> Result<Vec<f64>, GbdtError> {
        self.iterations(..).predict_sparse(rows)
    }

    /// Predicts all outputs of sparse rows: see [`Booster::predict_outputs`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_outputs_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_outputs_sparse(rows)
    }

    /// Predicts the scores of sparse rows: see [`Booster::predict_raw`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_raw_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_raw_sparse(rows)
    }

    /// Finds the leaves of sparse rows: see [`Booster::predict_leaf`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_leaf_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<u32>, GbdtError> {
        self.iterations(..).predict_leaf_sparse(rows)
    }

    /// Finds what each feature contributes to the scores of sparse rows: see [`Booster::predict_contrib`].
    /// Contributions are not sparse: each row has one of every feature.
    ///
    /// # Errors
    /// As there.
    pub fn predict_contrib_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_contrib_sparse(rows)
    }
}

impl Iterations<'_> {
    /// See [`Booster::predict_sparse`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_sparse(&self, rows: SparseRows<'_>) -> Result<Vec<f64>, GbdtError> {
        let n_outputs = self.booster().n_outputs;
        if n_outputs != 1 {
            return Err(GbdtError::SeveralOutputs { n_outputs });
        }
        Ok(self.predict_outputs_sparse(rows)?.into_raw_vec_and_offset().0)
    }

    /// See [`Booster::predict_outputs_sparse`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_outputs_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<f64>, GbdtError> {
        by_blocks(rows, self.booster().n_outputs, |table| self.predict_outputs(table))
    }

    /// See [`Booster::predict_raw_sparse`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_raw_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<f64>, GbdtError> {
        by_blocks(rows, self.booster().n_outputs, |table| self.predict_raw(table))
    }

    /// See [`Booster::predict_leaf_sparse`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_leaf_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<u32>, GbdtError> {
        by_blocks(rows, self.trees().len(), |table| self.predict_leaf(table))
    }

    /// See [`Booster::predict_contrib_sparse`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_contrib_sparse(&self, rows: SparseRows<'_>) -> Result<Array2<f64>, GbdtError> {
        let booster = self.booster();
        let width = booster.n_outputs * (booster.n_features() + 1);
        by_blocks(rows, width, |table| self.predict_contrib(table))
    }
}

/// Fills `width` numbers for each row, by some rows at a time.
fn by_blocks<T: Clone + Default + Send + Sync>(
    rows: SparseRows<'_>,
    width: usize,
    of: impl Fn(ArrayView2<'_, f64>) -> Result<Array2<T>, GbdtError> + Sync,
) -> Result<Array2<T>, GbdtError> {
    // What does not depend on the rows is wrong without one, too.
    of(Array2::zeros((0, rows.n_columns())).view())?;
    let n_rows = (NUMBERS / rows.n_columns().max(1)).clamp(1, ROWS);
    let mut filled = Array2::from_elem((rows.n_rows(), width), T::default());
    let blocks = filled.axis_chunks_iter_mut(Axis(0), n_rows).into_par_iter().enumerate();
    let fill = |table: &mut Array2<f64>, (block, mut filled): (usize, ArrayViewMut2<'_, T>)| {
        let (first, n_filled) = (block * n_rows, filled.nrows());
        let is = first..first + n_filled;
        for (index, row) in is.clone().enumerate() {
            rows.row(row).for_each(|(column, value)| table[[index, column]] = value);
        }
        filled.assign(&of(table.slice(s![..n_filled, ..]))?);
        for (index, row) in is.enumerate() {
            rows.row(row).for_each(|(column, _)| table[[index, column]] = 0.0);
        }
        Ok::<(), GbdtError>(())
    };
    blocks.try_for_each_init(|| Array2::zeros((n_rows, rows.n_columns())), fill)?;
    Ok(filled)
}
