//! What each feature contributes to a prediction: its Shapley value.
//!
//! The game of a leaf with value v is a product over the features on the way to it: of 1 where the row goes that way,
//! and of the share z of the training that does where the feature is not known. By Owen's (1972) integral the Shapley
//! value of such a game is
//!
//! ```text
//! phi_i = v (o_i - z_i) int_0^1 prod_{j != i} [t o_j + (1 - t) z_j] dt ,   o_j = 1 where the row goes that way, else 0
//! ```
//!
//! and as the product is a polynomial of t, Gauss-Legendre quadrature with half as many points as there are features
//! is exact. All its terms are positive, so that nothing cancels. It is the value that the recursion of Lundberg et
//! al. (2018) finds, at the same cost: leaves times the square of the depth. What the features on the way to a leaf
//! get depends on which of them are taken alone, so that it is found once for many rows (as in Yang 2021).

mod game;
mod paths;
mod walk;

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use crate::{Booster, Child, GbdtError, Iterations, Tree};
use paths::Paths;
use walk::Walk;

/// Rows that one thread takes at a time.
const ROWS: usize = 1024;

impl Booster {
    /// Finds what each feature contributes to the score of each row (exact TreeSHAP; Lundberg, Erion & Lee 2018,
    /// algorithm 2), in a row for each row of the table, and a column for each feature and one more: the mean score of
    /// the training. With several outputs these columns follow one another, output by output.
    ///
    /// A row adds up to its score ([`Booster::predict_raw`]). As with LightGBM's `pred_contrib`, a feature that is
    /// not known follows the rows of the training, of which each node knows its number.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if the table has more or fewer columns than there are features;
    /// [`GbdtError::NoRows`] if the booster is from a text without the numbers of rows.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::{Array2, array};
    ///
    /// // A quarter of the rows have label 4, the others 0: 1 in the mean.
    /// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
    /// let labels: Vec<f64> = (0..100).map(|row| if row < 75 { 0.0 } else { 4.0 }).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig { min_data_in_bin: 1, ..Default::default() })?;
    /// let config = BoosterConfig { num_leaves: 2, learning_rate: 1.0, num_iterations: 1, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// assert_eq!(booster.predict_contrib(array![[99.0], [0.0]].view())?, array![[3.0, 1.0], [-1.0, 1.0]]);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    ///
    /// # References
    /// Lundberg, Erion & Lee (2018), arXiv:1802.03888; Owen (1972), Manag. Sci. 18, 64; Yang (2021),
    /// arXiv:2109.09847.
    pub fn predict_contrib(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_contrib(table)
    }
}

impl Iterations<'_> {
    /// See [`Booster::predict_contrib`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_contrib(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        let (booster, trees) = (self.booster(), self.trees());
        let is_empty = |tree: &Tree| tree.nodes.iter().position(|node| node.count == 0);
        if let Some((tree, node)) =
            trees.iter().enumerate().find_map(|(index, tree)| Some((index, is_empty(tree)?)))
        {
            return Err(GbdtError::NoRows { tree, node });
        }
        let (n_outputs, width) = (booster.n_outputs, booster.n_features() + 1);
        let mut means = vec![0.0; n_outputs];
        for trees in trees.chunks_exact(n_outputs) {
            means.iter_mut().zip(trees).for_each(|(mean, tree)| *mean += tree.mean());
        }
        let (expected, found) = (booster.n_features(), table.ncols());
        if expected != found {
            return Err(GbdtError::LengthMismatch { what: "a row", expected, found });
        }
        let mut filled = Array2::zeros((table.nrows(), n_outputs * width));
        let chunks = filled.axis_chunks_iter_mut(Axis(0), ROWS).into_par_iter();
        chunks.zip(table.axis_chunks_iter(Axis(0), ROWS)).for_each(|(mut filled, table)| {
            let table = table.as_standard_layout();
            let (rows, n_rows) = (table.as_slice().unwrap_or_default(), table.nrows());
            // Rows of an array made here are contiguous.
            let filled = filled.as_slice_mut().unwrap_or_default();
            let mut walk = Walk::default();
            for (index, tree) in trees.iter().enumerate() {
                let begin = index % n_outputs * width;
                let mut paths = Paths::new(tree, n_rows);
                let places = filled.chunks_exact_mut(n_outputs * width);
                for (row, place) in (0..n_rows).zip(places) {
                    let row = &rows[row * expected..(row + 1) * expected];
                    let found = &mut place[begin..begin + width];
                    match &mut paths {
                        Some(paths) => paths.add(row, found),
                        None => walk.add(tree, row, found),
                    }
                }
            }
            for found in filled.chunks_exact_mut(width).zip(means.iter().cycle()) {
                found.0[width - 1] = *found.1;
            }
        });
        Ok(filled)
    }
}

impl Tree {
    /// The mean of its values over the rows of the training.
    fn mean(&self) -> f64 {
        match self.nodes.first() {
            Some(root) => self
                .leaves
                .iter()
                .fold(0.0, |sum, leaf| sum + leaf.count as f64 / root.count as f64 * leaf.value),
            None => self.leaves[0].value,
        }
    }

    fn count(&self, child: Child) -> usize {
        match child {
            Child::Node(node) => self.nodes[node].count,
            Child::Leaf(leaf) => self.leaves[leaf].count,
        }
    }
}
