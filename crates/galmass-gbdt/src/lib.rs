//! Gradient boosting of decision trees: the trees of LightGBM, in pure Rust.
//!
//! ```text
//! table -> bins (Dataset) -> slopes of the loss -> histograms -> splits -> trees (Booster) -> predictions
//! ```
//!
//! A [`Dataset`] holds a table in bins and serves any number of runs; [`Booster::train`] grows trees on it, and
//! [`Booster::predict`] adds them up. Nothing here knows of galaxies.

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
mod dataset;
mod early_stopping;
mod error;
mod forest;
mod grower;
mod histogram;
mod link;
mod metric;
mod objective;
mod partition;
mod sampling;
mod splitting;
mod training;
mod tree;

use bin::Bin;
pub use binning::{BinMapper, BinningConfig};
pub use booster::Booster;
pub use categories::CategorySet;
pub use config::{BoosterConfig, DataSampleStrategy};
pub use dataset::Dataset;
pub use error::GbdtError;
pub use link::Link;
pub use metric::{LogLoss, MeanAbsoluteError, MeanSquaredError, Metric, RootMeanSquaredError};
pub use objective::{
    AbsoluteError, Huber, Logistic, Objective, Poisson, Quantile, Softmax, SquaredError, Targets, pointwise,
};
pub use training::{Curve, Evaluation, Progress, Round, Trained, Training};
pub use tree::{Child, Leaf, Missing, Node, Rule, Tree, TreeFault};
