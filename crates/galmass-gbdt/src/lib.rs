//! Gradient boosting of decision trees: the trees of LightGBM, in pure Rust.
//!
//! ```text
//! table -> bins (Dataset) -> slopes of the loss -> histograms -> splits -> trees (Booster) -> predictions
//! ```
//!
//! A [`Dataset`] holds a table in bins and serves any number of runs: it is made of a view of an array
//! ([`Dataset::new`]), a plain slice ([`Dataset::from_slice`]) or sparse rows ([`Dataset::from_sparse`]).
//! [`Booster::train`] grows trees on it, and [`Booster::predict`] adds them up. [`Booster::to_text`] and
//! [`Booster::from_text`] speak LightGBM's model format. Nothing here knows of galaxies.

mod any_number;
mod bin;
mod binning;
mod booster;
mod boosting;
mod bundling;
mod categorical;
mod categories;
mod config;
mod constrained;
mod contribution;
mod cross_validation;
mod dataset;
mod early_stopping;
mod error;
mod feature;
mod forest;
mod grower;
mod histogram;
mod importance;
mod link;
mod metric;
mod model_text;
mod objective;
mod partition;
mod plain;
mod predict;
mod predict_sparse;
mod sampling;
mod shuffle;
mod splitting;
mod threads;
mod training;
mod tree;

use bin::Bin;
pub use binning::{BinMapper, BinningConfig};
pub use booster::Booster;
pub use categories::CategorySet;
pub use config::{BoosterConfig, DataSampleStrategy};
pub use cross_validation::{CrossValidation, Folds, cross_validate};
pub use dataset::{Dataset, SparseRows};
pub use error::GbdtError;
pub use feature::{Domain, Feature};
pub use importance::{PermutationConfig, PermutationImportance};
pub use link::Link;
pub use metric::{LogLoss, MeanAbsoluteError, MeanSquaredError, Metric, RootMeanSquaredError};
pub use model_text::ModelTextError;
pub use objective::{
    AbsoluteError, Huber, Logistic, Objective, Poisson, Quantile, Softmax, SquaredError, Targets, pointwise,
};
pub use predict::Iterations;
pub use training::{Curve, Evaluation, Progress, Round, Trained, Training};
pub use tree::{Child, Leaf, Missing, Node, Rule, Tree, TreeFault};
