//! Training and prediction with plain arrays in and out, on some device.

use std::path::Path;

use burn::tensor::backend::{AutodiffBackend, Backend};
use galmass_dataset::{BranchLayout, Inputs, ScaledSamples};
use galmass_ops::FusedBackend;
use ndarray::Array2;

use crate::training::{check_inputs, predict, train};
use crate::{
    Model, NetError, Network, NetworkConfig, Posterior, Progress, Rescaled, Trained, TrainingConfig,
};

/// What is to be trained, on what, and how.
#[derive(Clone, Copy, Debug)]
pub struct TrainingTask<'a> {
    /// The network.
    pub network: &'a NetworkConfig,
    /// The settings.
    pub training: &'a TrainingConfig,
    /// The channels of each branch: augmentation needs to know which are velocities.
    pub layout: &'a [BranchLayout],
    /// What it learns from.
    pub training_samples: &'a ScaledSamples,
    /// What chooses the best epoch.
    pub validation_samples: &'a ScaledSamples,
    /// Where the state is kept after each epoch. A file of the same run that is there already is gone on from.
    pub checkpoint: Option<&'a Path>,
}

/// A device that trains and predicts. No type of a backend is in these signatures.
pub trait Engine {
    /// What the device is, for people.
    fn describe(&self) -> String;

    /// Trains a network and returns the weights of its best epoch, reporting to `observe` on the way.
    ///
    /// Killed at any instant and started again with the same task and checkpoint, it returns what an uninterrupted
    /// run on the same machine would have returned.
    ///
    /// # Errors
    /// [`NetError`] for settings out of range, samples that do not fit the network or hold NaN, a loss that is no
    /// number any more (named with its batch), a checkpoint of another run or that cannot be written.
    fn train(&self, task: &TrainingTask<'_>, observe: &mut dyn FnMut(Progress)) -> Result<Trained, NetError>;

    /// Predicts the targets of a model `[sample, target]` in their own units, for maps scaled by its normalisation: the
    /// points of a head of points, otherwise the median of each target.
    ///
    /// # Errors
    /// [`NetError`] where the inputs do not fit the network or the weights are not its own.
    fn predict(&self, model: &Model, inputs: &Inputs) -> Result<Array2<f64>, NetError> {
        Ok(self.posterior(model, inputs)?.medians())
    }

    /// What a model says of each sample: a joint density of its targets in their own units, with draws and quantiles.
    ///
    /// # Errors
    /// As [`Engine::predict`].
    fn posterior(&self, model: &Model, inputs: &Inputs) -> Result<Box<dyn Posterior>, NetError>;
}

/// The engine of any Burn backend.
#[derive(Clone, Debug)]
pub struct BurnEngine<B: AutodiffBackend> {
    device: B::Device,
}

impl<B: AutodiffBackend> BurnEngine<B> {
    /// An engine on a device of the backend.
    pub fn new(device: B::Device) -> Self {
        Self { device }
    }
}

impl<B> Engine for BurnEngine<B>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    fn describe(&self) -> String {
        B::InnerBackend::name(&self.device)
    }

    fn train(&self, task: &TrainingTask<'_>, observe: &mut dyn FnMut(Progress)) -> Result<Trained, NetError> {
        train::<B>(task, &self.device, observe)
    }

    fn posterior(&self, model: &Model, inputs: &Inputs) -> Result<Box<dyn Posterior>, NetError> {
        check_inputs(&model.network, inputs)?;
        let mut network = Network::<B::InnerBackend>::new(&model.network, 0, &self.device)?;
        model.weights.apply_to(&mut network)?;
        let scaled = network.posterior(predict(&network, inputs, &self.device).view());
        Ok(Box::new(Rescaled::new(scaled, &model.normalisation)))
    }
}
