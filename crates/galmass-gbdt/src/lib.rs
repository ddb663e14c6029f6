//! Gradient boosting of decision trees: the trees of LightGBM, in pure Rust.
//!
//! ```text
//! table -> bins (Dataset) -> slopes of the loss -> histograms -> splits -> trees (Booster) -> predictions
//! ```
//!
//! A [`Dataset`] holds a table in bins and serves any number of runs; [`Booster::train`] grows trees on it, and
//! [`Booster::predict`] adds them up. Nothing here knows of galaxies.

mod bin;
mod binning;
mod booster;
mod config;
mod dataset;
mod error;
mod forest;
mod grower;
mod histogram;
mod objective;
mod partition;
mod splitting;
mod tree;

use bin::Bin;
pub use binning::{BinMapper, BinningConfig};
pub use booster::Booster;
pub use config::BoosterConfig;
pub use dataset::Dataset;
pub use error::GbdtError;
pub use objective::{Objective, SquaredError};
pub use tree::{Child, Leaf, Missing, Node, Tree};
