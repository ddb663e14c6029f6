//! How a booster is trained.

use serde::{Deserialize, Serialize};

use crate::GbdtError;

/// How a booster is trained. Names and defaults are LightGBM's. Whole numbers go up to 2^31 - 1, where nothing else
/// is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoosterConfig {
    /// The number of trees. Default: 100.
    pub num_iterations: usize,
    /// The most leaves of a tree, from 2 to 131072. Default: 31.
    pub num_leaves: usize,
    /// The most splits on the way to a leaf; 0 for no limit. Default: 0.
    pub max_depth: usize,
    /// What the values of leaves are multiplied by, above 0. Default: 0.1.
    pub learning_rate: f64,
    /// The fewest rows of a leaf. Default: 20.
    pub min_data_in_leaf: usize,
    /// The least sum of hessians of a leaf. Default: 1e-3.
    pub min_sum_hessian_in_leaf: f64,
    /// By how much the sum of the gradients of a leaf is taken to zero. Default: 0.
    pub lambda_l1: f64,
    /// What is added to the sum of the hessians of a leaf. Default: 0.
    pub lambda_l2: f64,
    /// The least gain of a split. Default: 0.
    pub min_gain_to_split: f64,
    /// The largest value of a leaf before it is multiplied by the learning rate, either way; 0 for none. Default: 0.
    pub max_delta_step: f64,
    /// How strongly the values of leaves with few rows are drawn to that of the node above: a leaf with so many rows
    /// comes to stand half-way. Default: 0.
    pub path_smooth: f64,
    /// For each feature 1 if predictions may only rise with it, -1 if they may only fall, else 0; empty for no
    /// constraint. Values are kept within bounds half-way between those of siblings (LightGBM's method `basic`).
    /// Default: empty.
    pub monotone_constraints: Vec<i8>,
    /// To how many levels from the root splits by features with such a constraint are discouraged. Default: 0.
    pub monotone_penalty: f64,
    /// Features with so many bins or fewer are split by one category against all others. Default: 4.
    pub max_cat_to_onehot: usize,
    /// The most categories of one side of a split, where there are more bins. Default: 32.
    pub max_cat_threshold: usize,
    /// The fewest rows of a category for that; also added to the sum of its hessians, where its mean slope is reckoned.
    /// Default: 10.
    pub cat_smooth: f64,
    /// What is added to the sum of the hessians of a leaf of such a split. Default: 10.
    pub cat_l2: f64,
    /// The fewest rows by which such splits differ. Default: 100.
    pub min_data_per_group: usize,
    /// Whether scores begin at what the objective finds best for all rows, and not at 0. Default: true.
    pub boost_from_average: bool,
    /// How the rows of a tree are drawn. Default: bagging.
    pub data_sample_strategy: DataSampleStrategy,
    /// Bagging: the chance of a row to be drawn, above 0. Default: 1.
    pub bagging_fraction: f64,
    /// Bagging: rows are drawn anew after so many rounds; 0 for no bagging. Default: 0.
    pub bagging_freq: usize,
    /// The seed of bagging and of GOSS. Default: 3.
    pub bagging_seed: u32,
    /// GOSS: the share of rows with the largest gradients, which are all kept. Default: 0.2.
    pub top_rate: f64,
    /// GOSS: the share of rows drawn from the others. Default: 0.1.
    pub other_rate: f64,
    /// The share of the features drawn for a tree, above 0; at least one. Default: 1.
    pub feature_fraction: f64,
    /// The share of the features of a tree drawn for a leaf, above 0; at least one. Default: 1.
    pub feature_fraction_bynode: f64,
    /// The seed of the draws of features. Default: 2.
    pub feature_fraction_seed: u32,
    /// Training ends when a metric of an evaluation has not improved for so many rounds; 0 for never. There must be an
    /// evaluation and a metric then. Default: 0.
    pub early_stopping_round: usize,
    /// Whether only the first metric counts for that. Default: false.
    pub first_metric_only: bool,
    /// An improvement is by more than this. Default: 0.
    pub early_stopping_min_delta: f64,
}

/// How the rows of a tree are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSampleStrategy {
    /// Each row with the same chance, or all of them.
    #[default]
    Bagging,
    /// Gradient-based one-side sampling (Ke et al. 2017): all rows with large gradients and some of the others, which
    /// count for more to make up for it. Begins after 1 / `learning_rate` rounds.
    Goss,
}

impl Default for BoosterConfig {
    fn default() -> Self {
        Self {
            num_iterations: 100,
            num_leaves: 31,
            max_depth: 0,
            learning_rate: 0.1,
            min_data_in_leaf: 20,
            min_sum_hessian_in_leaf: 1e-3,
            lambda_l1: 0.0,
            lambda_l2: 0.0,
            min_gain_to_split: 0.0,
            max_delta_step: 0.0,
            path_smooth: 0.0,
            monotone_constraints: Vec::new(),
            monotone_penalty: 0.0,
            max_cat_to_onehot: 4,
            max_cat_threshold: 32,
            cat_smooth: 10.0,
            cat_l2: 10.0,
            min_data_per_group: 100,
            boost_from_average: true,
            data_sample_strategy: DataSampleStrategy::Bagging,
            bagging_fraction: 1.0,
            bagging_freq: 0,
            bagging_seed: 3,
            top_rate: 0.2,
            other_rate: 0.1,
            feature_fraction: 1.0,
            feature_fraction_bynode: 1.0,
            feature_fraction_seed: 2,
            early_stopping_round: 0,
            first_metric_only: false,
            early_stopping_min_delta: 0.0,
        }
    }
}

impl BoosterConfig {
    /// The settings of Chu et al. (2024, table 3): 500 trees of 5 leaves; the paper does not state the others, so they
    /// are the defaults.
    pub fn chu2024() -> Self {
        Self { num_iterations: 500, num_leaves: 5, ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<(), GbdtError> {
        for (setting, value) in [
            ("num_iterations", self.num_iterations),
            ("max_depth", self.max_depth),
            ("min_data_in_leaf", self.min_data_in_leaf),
            ("max_cat_to_onehot", self.max_cat_to_onehot),
            ("max_cat_threshold", self.max_cat_threshold),
            ("min_data_per_group", self.min_data_per_group),
            ("bagging_freq", self.bagging_freq),
            ("early_stopping_round", self.early_stopping_round),
        ] {
            if value > i32::MAX as usize {
                let value = value as f64;
                return Err(GbdtError::OutOfRange { setting, value, allowed: "at most 2147483647" });
            }
        }
        let is_at_least_zero = |setting, value: f64| {
            let is_in_range = value >= 0.0 && value.is_finite();
            let error = GbdtError::OutOfRange { setting, value, allowed: "0 or more, and finite" };
            if is_in_range { Ok(()) } else { Err(error) }
        };
        is_at_least_zero("min_sum_hessian_in_leaf", self.min_sum_hessian_in_leaf)?;
        is_at_least_zero("lambda_l1", self.lambda_l1)?;
        is_at_least_zero("lambda_l2", self.lambda_l2)?;
        is_at_least_zero("min_gain_to_split", self.min_gain_to_split)?;
        is_at_least_zero("early_stopping_min_delta", self.early_stopping_min_delta)?;
        is_at_least_zero("cat_smooth", self.cat_smooth)?;
        is_at_least_zero("cat_l2", self.cat_l2)?;
        is_at_least_zero("max_delta_step", self.max_delta_step)?;
        is_at_least_zero("path_smooth", self.path_smooth)?;
        is_at_least_zero("monotone_penalty", self.monotone_penalty)?;
        if let Some(&constraint) = self.monotone_constraints.iter().find(|sign| !(-1..=1).contains(*sign)) {
            let (setting, value) = ("monotone_constraints", f64::from(constraint));
            return Err(GbdtError::OutOfRange { setting, value, allowed: "-1, 0 or 1" });
        }
        let is_share = |setting, value: f64| {
            let error = GbdtError::OutOfRange { setting, value, allowed: "above 0, up to 1" };
            if value > 0.0 && value <= 1.0 { Ok(()) } else { Err(error) }
        };
        is_share("bagging_fraction", self.bagging_fraction)?;
        is_share("feature_fraction", self.feature_fraction)?;
        is_share("feature_fraction_bynode", self.feature_fraction_bynode)?;
        is_share("top_rate", self.top_rate)?;
        is_share("other_rate", self.other_rate)?;
        is_share("top_rate + other_rate", self.top_rate + self.other_rate)?;
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            let (setting, value) = ("learning_rate", self.learning_rate);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "above 0, and finite" });
        }
        if self.num_leaves < 2 || self.num_leaves > 1 << 17 {
            let (setting, value) = ("num_leaves", self.num_leaves as f64);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "from 2 to 131072" });
        }
        Ok(())
    }
}
