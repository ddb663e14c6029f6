//! How a booster is trained.

use serde::{Deserialize, Serialize};

use crate::GbdtError;

/// How a booster is trained. Names and defaults are LightGBM's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoosterConfig {
    /// The number of trees. Default: 100.
    pub num_iterations: usize,
    /// The most leaves of a tree, from 2 on. Default: 31.
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
        let is_at_least_zero = |setting, value: f64| {
            let is_in_range = value >= 0.0 && value.is_finite();
            let error = GbdtError::OutOfRange { setting, value, allowed: "0 or more, and finite" };
            if is_in_range { Ok(()) } else { Err(error) }
        };
        is_at_least_zero("min_sum_hessian_in_leaf", self.min_sum_hessian_in_leaf)?;
        is_at_least_zero("lambda_l1", self.lambda_l1)?;
        is_at_least_zero("lambda_l2", self.lambda_l2)?;
        is_at_least_zero("min_gain_to_split", self.min_gain_to_split)?;
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
