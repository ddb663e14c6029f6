//! Trees added up.

use std::sync::OnceLock;

use ndarray::{ArrayView2, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::forest::{Forest, ROWS};
use crate::tree::Tree;
use crate::{BinMapper, GbdtError};

/// A sum of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booster {
    pub(crate) trees: Vec<Tree>,
    pub(crate) mappers: Vec<BinMapper>,
    pub(crate) objective: String,
    /// Trees of one round.
    pub(crate) n_outputs: usize,
    #[serde(skip)]
    pub(crate) forest: Prepared,
}

/// The forest of the trees, made when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Prepared(OnceLock<Forest>);

impl Clone for Prepared {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Prepared {
    /// It follows from the trees.
    fn eq(&self, _: &Self) -> bool {
        true
    }
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

    fn forest(&self) -> &Forest {
        self.forest.0.get_or_init(|| Forest::of(&self.trees))
    }

    /// Predicts the label of a row.
    ///
    /// # Panics
    /// If the row has fewer values than there are features.
    pub fn predict_row(&self, row: &[f64]) -> f64 {
        self.forest().predict_row(&self.trees, row)
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
        let forest = self.forest();
        let mut predictions = vec![0.0; table.nrows()];
        predictions.par_chunks_mut(ROWS).enumerate().for_each(|(chunk, predictions)| {
            let first = chunk * ROWS;
            let rows = table.slice(s![first..first + predictions.len(), ..]);
            forest.add_rows(&self.trees, rows, predictions);
        });
        Ok(predictions)
    }
}
