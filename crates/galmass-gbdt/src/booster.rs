//! Trees added up.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::config::BoosterConfig;
use crate::dataset::Dataset;
use crate::forest::Forest;
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
    #[serde(skip)]
    pub(crate) forest: Prepared,
}

/// The forest of the trees of each output, if they have one, made when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Prepared(OnceLock<Option<Vec<Forest>>>);

impl Prepared {
    pub(crate) fn get(&self, trees: &[Tree], n_outputs: usize) -> Option<&[Forest]> {
        let forest = |output: usize| Forest::of(trees.iter().skip(output).step_by(n_outputs));
        self.0.get_or_init(|| (0..n_outputs).map(forest).collect()).as_deref()
    }
}

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
        let forest = Prepared::default();
        Ok(Self {
            trees,
            features,
            objective,
            n_classes,
            n_outputs,
            is_averaged,
            label_index,
            parameters,
            forest,
        })
    }
}

impl Booster {
    /// Puts a booster together from the trees of a training, `n_outputs` for each iteration.
    pub(crate) fn new(
        trees: Vec<Tree>,
        dataset: &Dataset,
        config: &BoosterConfig,
        objective: String,
        n_outputs: usize,
    ) -> Self {
        let features = dataset.feature_names().iter().zip(dataset.mappers()).enumerate();
        let features = features.map(|(index, (name, mapper))| Feature {
            monotone: config.monotone_constraints.get(index).copied().unwrap_or(0),
            ..Feature::of(name, mapper, config.min_data_in_leaf)
        });
        Self {
            trees,
            features: features.collect(),
            objective,
            n_classes: n_outputs,
            n_outputs,
            is_averaged: false,
            label_index: 0,
            parameters: String::new(),
            forest: Prepared::default(),
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
