//! Trees added up.

use serde::{Deserialize, Serialize};

use crate::config::BoosterConfig;
use crate::dataset::Dataset;
use crate::grower::Grower;
use crate::histogram::Slopes;
use crate::objective::{Objective, SquaredError};
use crate::splitting::TINY;
use crate::tree::Tree;
use crate::{Feature, GbdtError, feature};

/// A sum of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Booster {
    /// Those of an iteration side by side, one for each output.
    pub(crate) trees: Vec<Tree>,
    pub(crate) features: Vec<Feature>,
    /// Its name and settings, as LightGBM writes them.
    pub(crate) objective: String,
    pub(crate) n_classes: usize,
    pub(crate) n_outputs: usize,
    /// Whether predictions are the mean over iterations, as in a random forest, and not the sum.
    pub(crate) is_averaged: bool,
    /// The column of the labels in the file that it was trained on: kept for the text of a model only.
    pub(crate) label_index: i64,
    /// The settings of the training, as LightGBM writes them; kept for the text of a model only.
    pub(crate) parameters: String,
}

/// A booster whose parts may not fit.
#[derive(Deserialize)]
struct Parts {
    trees: Vec<Tree>,
    features: Vec<Feature>,
    objective: String,
    n_classes: usize,
    n_outputs: usize,
    is_averaged: bool,
    label_index: i64,
    parameters: String,
}

impl TryFrom<Parts> for Booster {
    type Error = GbdtError;

    fn try_from(parts: Parts) -> Result<Self, GbdtError> {
        let Parts { trees, features, objective, n_classes, n_outputs, is_averaged, label_index, parameters } =
            parts;
        let (n_trees, n_features) = (trees.len(), features.len());
        if n_outputs == 0 || !n_trees.is_multiple_of(n_outputs) || (n_trees == 0 && n_outputs > 1) {
            return Err(GbdtError::OutOfRange {
                setting: "n_outputs",
                value: n_outputs as f64,
                allowed: "a divisor of the number of trees",
            });
        }
        if let Some(node) = trees.iter().flat_map(Tree::nodes).find(|node| node.feature >= n_features) {
            return Err(GbdtError::NoSuchFeature { feature: node.feature, n_features });
        }
        Ok(Self { trees, features, objective, n_classes, n_outputs, is_averaged, label_index, parameters })
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
            trees.push(Tree::constant(initial, n_rows));
        }
        Ok(Self::new(trees, dataset, config, objective.name(), 1))
    }

    /// Puts a booster together from the trees of a training, `n_outputs` for each iteration.
    pub(crate) fn new(
        trees: Vec<Tree>,
        dataset: &Dataset,
        config: &BoosterConfig,
        objective: &str,
        n_outputs: usize,
    ) -> Self {
        let features = dataset.feature_names().iter().zip(dataset.mappers());
        let features = features.map(|(name, mapper)| Feature::of(name, mapper, config.min_data_in_leaf));
        Self {
            trees,
            features: features.collect(),
            objective: objective.to_owned(),
            n_classes: n_outputs,
            n_outputs,
            is_averaged: false,
            label_index: 0,
            parameters: String::new(),
        }
    }

    /// Names its features.
    ///
    /// # Errors
    /// As [`Dataset::with_feature_names`].
    pub fn with_feature_names(mut self, names: &[impl AsRef<str>]) -> Result<Self, GbdtError> {
        let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
        feature::check_names(&names, self.features.len())?;
        self.features.iter_mut().zip(names).for_each(|(feature, name)| feature.name = name);
        Ok(self)
    }

    /// Its trees, in the order in which they were grown.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The number of features of a row.
    pub fn n_features(&self) -> usize {
        self.features.len()
    }

    /// What it knows of its features.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The objective that it was trained for, as LightGBM writes it; empty where a text does not tell.
    pub fn objective(&self) -> &str {
        &self.objective
    }
}
