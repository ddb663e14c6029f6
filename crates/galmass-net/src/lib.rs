//! The multibranch residual network of Chu et al. (2024), generic over the Burn backend, and its probabilistic
//! sisters.
//!
//! Each mesh of a mock observation has its own residual branch (ResNet-18 as in the paper, -34 or -50); the features
//! of all branches are put side by side, with numbers beside the maps if there are any, and one fully connected layer
//! hands them to a head:
//!
//! ```text
//! image      [n, 1, 300, 300] -> Branch -> [n, 512] ─┐
//!                                                    ├─> [n, 1024] -> Linear -> Head -> masses, or their density
//! kinematics [n, 2, 48, 48]   -> Branch -> [n, 512] ─┘
//! ```
//!
//! * [`NetworkConfig`] and [`Network`] are the network; [`TrainingConfig`] says how it is trained.
//! * A [`Head`] is what the network says of the targets: a number each, a Gaussian, a mixture or a flow, chosen by
//!   [`HeadConfig`]; with [`ProfileConfig`] masses at growing radii rise by construction. What comes out is a
//!   [`Posterior`] of plain numbers, with draws, densities and quantiles; an [`Ensemble`] makes one of several.
//! * A sample may lack a branch, a galaxy its gas: [`mark_missing`] says so, and with [`MissingConfig`] one network
//!   learns to serve either tracer and both.
//! * Galaxies of another suite whose masses nobody knows can have a say: with [`AlignmentConfig`] the features of both
//!   are drawn together while the network learns ([`maximum_mean_discrepancy`]).
//! * An [`Engine`] trains and predicts on some device, with plain arrays in and out: no type of Burn is in its
//!   signature, so what uses it compiles without knowing any backend. [`BurnEngine`] is the one implementation, for
//!   any backend; `galmass-device` opens it by name.
//! * A [`Model`] is what training leaves behind: weights, configuration, normalisation, and what it knows of its own
//!   reliability, in one safetensors file. Opened on a device it is a [`Predictor`]: masses with intervals, galaxies that
//!   are unlike its training part, and the pixels and radii that its masses come from.
//!   Its [`Weights`] travel to torchvision's names and back.
//! * A [`SampleSource`] is where samples come from: memory, or a set on disk that may be larger ([`StoredSamples`]).
//!
//! The training loop is our own: it shuffles by seed and epoch, makes the next batch ready while the last one is being
//! used, keeps the best epoch, and can be killed at any instant and resumed from its last epoch with the same losses as an
//! uninterrupted run.
//!
//! All of it is f32. Several devices of one machine share the batches of a training, see [`BurnEngine::helped_by`].

mod alignment;
mod batches;
mod block;
mod branch;
mod checkpoint;
mod checks;
mod config;
mod devices;
mod engine;
mod error;
mod explain;
mod gradients;
mod head;
mod inference;
mod initial;
mod loader;
mod log;
mod missing;
mod model;
mod network;
mod outliers;
mod posterior;
mod reliability;
mod residuals;
mod schedule;
mod source;
mod stored_tensor;
mod tensors;
mod torchvision;
mod training;
mod training_config;
mod weights;

pub use alignment::{AlignmentConfig, maximum_mean_discrepancy};
pub use block::{Downsample, ResidualBlock};
pub use branch::Branch;
pub use config::{Backbone, BranchConfig, NetworkConfig, Stem};
pub use engine::{BurnEngine, Engine, TrainingTask};
pub use error::NetError;
pub use explain::Attributions;
pub use head::{
    Flow, FlowHead, GaussianHead, Head, HeadConfig, Made, MixtureHead, NetworkHead, PointHead, ProfileConfig,
};
pub use inference::{Predictions, Predictor, QUANTILES};
pub use log::LogLine;
pub use missing::{MissingConfig, mark_missing, select_branches};
pub use model::{Model, TrainedOn};
pub use network::Network;
pub use outliers::FeatureDistribution;
pub use posterior::{Ensemble, Points, Posterior, Rescaled};
pub use residuals::ResidualQuantiles;
pub use schedule::Schedule;
pub use source::{SampleSource, StoredSamples};
pub use training::{EpochRecord, Progress, Trained};
pub use training_config::TrainingConfig;
pub use weights::Weights;
