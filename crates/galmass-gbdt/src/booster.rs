//! Trees added up.

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::tree::Tree;
use crate::{BinMapper, GbdtError};

/// Rows that one thread predicts at a time.
const ROWS: usize = 1024;

/// A sum of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booster {
    pub(crate) trees: Vec<Tree>,
    pub(crate) mappers: Vec<BinMapper>,
    pub(crate) objective: String,
    /// Trees of one round.
    pub(crate) n_outputs: usize,
}

impl Booster {
    /// Its trees, in the order in which they were grown.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The number of features of a row.
    pub fn n_features(&self) -> usize {
        self.mappers.len()
    }

    /// Predicts the label of a row.
    ///
    /// # Panics
    /// If the row has fewer values than there are features.
    pub fn predict_row(&self, row: &[f64]) -> f64 {
        self.trees.iter().map(|tree| tree.predict(row)).sum()
    }

    /// Predicts the labels of the rows of a table.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if the table has more or fewer columns than there are features.
    pub fn predict(&self, table: ArrayView2<'_, f64>) -> Result<Vec<f64>, GbdtError> {
        let (expected, found) = (self.n_features(), table.ncols());
        if expected != found {
            return Err(GbdtError::LengthMismatch { what: "a row", expected, found });
        }
        let mut predictions = vec![0.0; table.nrows()];
        predictions.par_chunks_mut(ROWS).enumerate().for_each(|(chunk, predictions)| {
            let mut copy = vec![0.0; expected];
            for (prediction, row) in predictions.iter_mut().zip(table.axis_iter(Axis(0)).skip(chunk * ROWS)) {
                *prediction = match row.as_slice() {
                    Some(row) => self.predict_row(row),
                    None => {
                        copy.iter_mut().zip(row).for_each(|(copy, &value)| *copy = value);
                        self.predict_row(&copy)
                    }
                };
            }
        });
        Ok(predictions)
    }
}
