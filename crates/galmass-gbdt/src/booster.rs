//! Trees added up.

use std::sync::OnceLock;

use ndarray::{ArrayView2, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::BoosterConfig;
use crate::dataset::Dataset;
use crate::forest::{Forest, ROWS};
use crate::grower::Grower;
use crate::histogram::Slopes;
use crate::objective::{Objective, SquaredError};
use crate::splitting::TINY;
use crate::tree::Tree;
use crate::{BinMapper, GbdtError};

/// A sum of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booster {
    pub(crate) trees: Vec<Tree>,
    pub(crate) mappers: Vec<BinMapper>,
    pub(crate) objective: String,
    #[serde(skip)]
    forest: Prepared,
}

/// The forest of the trees, made when it is first asked for.
#[derive(Debug, Default)]
struct Prepared(OnceLock<Forest>);

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
    /// Trains a booster for the smallest mean squared error of `labels`, one for each row of the data set.
    ///
    /// Starting from the mean, each tree is grown on what is left of the labels, and added with the learning rate
    /// (Friedman 2001; the leaf-wise trees on histograms are those of Ke et al. 2017). The trees are those of LightGBM 4
    /// with `deterministic=true, force_col_wise=true`, to the last bit, and the same for any number of threads. Labels
    /// are rounded to single precision, as there.
    ///
    /// A table without rows or without a feature to split by gives a booster of the mean.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for a setting; [`GbdtError::LengthMismatch`] if there are more or fewer labels than rows;
    /// [`GbdtError::NotFinite`] for a label.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::Array2;
    ///
    /// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
    /// let labels: Vec<f64> = (0..100).map(|row| if row < 50 { 1.0 } else { 3.0 }).collect();
    /// let binning = BinningConfig { min_data_in_bin: 1, ..Default::default() };
    /// let dataset = Dataset::new(table.view(), &binning)?;
    /// let config = BoosterConfig { num_leaves: 2, learning_rate: 1.0, num_iterations: 1, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// assert_eq!(booster.predict_row(&[10.0]), 1.0);
    /// assert_eq!(booster.predict_row(&[80.0]), 3.0);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    ///
    /// # References
    /// Friedman (2001), Ann. Stat. 29, 1189; Ke et al. (2017), NIPS 30.
    pub fn train(config: &BoosterConfig, dataset: &Dataset, labels: &[f64]) -> Result<Self, GbdtError> {
        Self::train_for(&SquaredError, config, dataset, labels)
    }

    /// Trains a booster for any objective.
    ///
    /// # Errors
    /// As [`Booster::train`].
    pub fn train_for(
        objective: &impl Objective,
        config: &BoosterConfig,
        dataset: &Dataset,
        labels: &[f64],
    ) -> Result<Self, GbdtError> {
        config.check()?;
        let n_rows = dataset.n_rows();
        if labels.len() != n_rows {
            return Err(GbdtError::LengthMismatch { what: "labels", expected: n_rows, found: labels.len() });
        }
        if let Some((row, &value)) =
            labels.iter().enumerate().find(|(_, label)| !(**label as f32).is_finite())
        {
            return Err(GbdtError::NotFinite { what: "the label", row, value });
        }
        let labels: Vec<f32> = labels.iter().map(|&label| label as f32).collect();
        let initial = objective.initial_score(&labels);
        let has_initial = initial.abs() > TINY;
        let mut scores = vec![if has_initial { initial } else { 0.0 }; n_rows];
        let (mut gradients, mut hessians) = (vec![0.0; n_rows], vec![0.0; n_rows]);
        let mut grower = Grower::new(dataset, config);
        let mut trees = Vec::with_capacity(config.num_iterations);
        for _ in 0..config.num_iterations {
            let is_unit = objective.slopes(&scores, &labels, &mut gradients, &mut hessians);
            let slopes = if is_unit { Slopes::Unit(&gradients) } else { Slopes::Both(&gradients, &hessians) };
            let mut tree = grower.grow(slopes);
            if tree.nodes.is_empty() {
                break;
            }
            tree.shrink(config.learning_rate);
            for (leaf, value) in tree.leaves.iter().map(|leaf| leaf.value).enumerate() {
                for &row in grower.partition.rows(leaf) {
                    scores[row as usize] += value;
                }
            }
            if trees.is_empty() && has_initial {
                tree.add(initial);
            }
            trees.push(tree);
        }
        if trees.is_empty() {
            trees.push(Tree::constant(initial));
        }
        Ok(Self {
            trees,
            mappers: dataset.mappers().to_vec(),
            objective: objective.name().to_owned(),
            forest: Prepared::default(),
        })
    }

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
