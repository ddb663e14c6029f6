//! What training leaves behind: one file that predicts.

mod file;

use galmass_dataset::{BranchLayout, Checksum, Normalisation};
use serde::{Deserialize, Serialize};

pub(crate) use self::file::write_atomically;
use crate::{
    FeatureDistribution, HeadConfig, NetError, NetworkConfig, ResidualQuantiles, Trained, TrainingConfig,
    TrainingTask, Weights,
};

/// A trained network with all that is needed to use it on new maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What the network looks like.
    pub network: NetworkConfig,
    /// How it was trained.
    pub training: TrainingConfig,
    /// How maps and targets were scaled: fitted on its training part.
    pub normalisation: Normalisation,
    /// The unit of each target, such as `log10 Msun`; `1` for pure numbers.
    pub target_units: Vec<String>,
    /// What it has learnt from.
    pub trained_on: TrainedOn,
    /// The epoch of the weights, counted from 1.
    pub best_epoch: usize,
    /// How far off it was on the validation part, one entry a target: of a head of points, which says nothing of its
    /// errors itself; others have none.
    pub residuals: Vec<ResidualQuantiles>,
    /// By how much posteriors are made wider (or narrower, below 1) about their medians, one entry a target: the factor
    /// with which central intervals held as many truths of the validation part as they should, on average over all their
    /// levels. A network sees its training galaxies through the noise of batches and of augmentation, and is surer or less
    /// sure of others. With profiles the factors are of the free numbers, so that masses still rise. 1 where the validation
    /// part has fewer than 20 samples; none at all for a head of points, or where posteriors are to be as they came out.
    pub width_factors: Vec<f64>,
    /// Where the features of its training galaxies lie.
    pub features: FeatureDistribution,
    /// Its weights.
    pub weights: Weights,
}

/// The samples that a model has learnt from, by their [checksums](crate::SampleSource::checksum).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainedOn {
    /// Of the training part.
    pub training: Checksum,
    /// Samples of the training part.
    pub n_training: usize,
    /// Of the validation part.
    pub validation: Checksum,
    /// Samples of the validation part.
    pub n_validation: usize,
}

impl Model {
    /// The model that a training has found. Units of targets are read from their names, where `_msun` is a mass in solar
    /// masses and `log10_` the logarithm of one; they may be changed afterwards.
    ///
    /// # Errors
    /// Where the normalisation is not that of the network.
    pub fn new(
        task: &TrainingTask<'_>,
        normalisation: Normalisation,
        trained: Trained,
    ) -> Result<Self, NetError> {
        let Trained { weights, best_epoch, trained_on, residuals, width_factors, features, .. } = trained;
        let target_units = normalisation.targets.iter().map(|target| unit_of(&target.name).into()).collect();
        let (network, training) = (task.network.clone(), task.training.clone());
        let model = Self {
            network,
            training,
            normalisation,
            target_units,
            trained_on,
            best_epoch,
            residuals,
            width_factors,
            features,
            weights,
        };
        model.check()?;
        Ok(model)
    }

    /// Whether the branches and channels of a data set are those that the model takes, in the same order.
    ///
    /// # Errors
    /// [`NetError`] naming the first that is not.
    pub fn check_layout(&self, layout: &[BranchLayout]) -> Result<(), NetError> {
        let own = self.normalisation.layout();
        if own.len() != layout.len() {
            return Err(NetError::BranchCount { expected: own.len(), found: layout.len() });
        }
        match own.iter().zip(layout).find(|(own, other)| own.channels != other.channels) {
            Some((own, other)) => Err(NetError::ChannelsDiffer {
                branch: own.name.clone(),
                expected: own.channels.clone(),
                found: other.channels.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Whether its parts are of one piece.
    fn check(&self) -> Result<(), NetError> {
        let (network, fitted) = (&self.network.branches, &self.normalisation.branches);
        let (expected, found) = (network.len(), fitted.len());
        if expected != found {
            return Err(NetError::BranchCount { expected, found });
        }
        for (index, (network, fitted)) in network.iter().zip(fitted).enumerate() {
            if network.name != fitted.name {
                let (expected, found) = (network.name.clone(), fitted.name.clone());
                return Err(NetError::BranchName { index, expected, found });
            }
            let (expected, found) = (network.n_channels, fitted.channels.len());
            if expected != found {
                return Err(NetError::ChannelCount { branch: network.name.clone(), expected, found });
            }
        }
        let expected = self.normalisation.targets.len();
        let n_residuals =
            if self.network.head == HeadConfig::Point { self.residuals.len() } else { expected };
        let n_factors = if self.width_factors.is_empty() { expected } else { self.width_factors.len() };
        for found in [self.network.n_outputs, n_residuals, n_factors, self.target_units.len()] {
            if found != expected {
                return Err(NetError::TargetCount { expected: found, found: expected });
            }
        }
        Ok(())
    }
}

fn unit_of(target: &str) -> &'static str {
    match (target.contains("_msun"), target.starts_with("log10_")) {
        (true, true) => "log10 Msun",
        (true, false) => "Msun",
        (false, _) => "1",
    }
}
