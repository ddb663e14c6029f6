//! Training and prediction with plain arrays in and out, on some device.

use std::path::Path;

use burn::tensor::backend::{AutodiffBackend, Backend};
use galmass_dataset::{BranchLayout, Inputs};
use galmass_ops::FusedBackend;
use ndarray::Array2;

use crate::inference::Opened;
use crate::training::train;
use crate::{
    Model, NetError, NetworkConfig, Posterior, Predictor, Progress, SampleSource, Trained, TrainingConfig,
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
    /// What it learns from: [`ScaledSamples`](galmass_dataset::ScaledSamples) in memory, or
    /// [`StoredSamples`](crate::StoredSamples) on disk.
    pub training_samples: &'a dyn SampleSource,
    /// What chooses the best epoch.
    pub validation_samples: &'a dyn SampleSource,
    /// Samples of another domain, such as another suite or a survey, whose features are to be like those of the training
    /// samples: [`TrainingConfig::alignment`] says how, and without it they are not read. Their targets are never looked at.
    pub unlabelled_samples: Option<&'a dyn SampleSource>,
    /// Where the state is kept after each epoch. A file of the same run that is there already is gone on from.
    pub checkpoint: Option<&'a Path>,
    /// Where each epoch leaves a [`LogLine`](crate::LogLine) of JSON once its checkpoint is on disk. A run that goes on
    /// neither repeats nor loses a line.
    pub log: Option<&'a Path>,
}

impl TrainingTask<'_> {
    /// All that decides the losses, on so many devices.
    pub(crate) fn describe(&self, n_devices: usize) -> serde_json::Value {
        let mut described = serde_json::json!({
            "n_devices": n_devices,
            "galmass_version": env!("CARGO_PKG_VERSION"),
            "network": self.network,
            "training": self.training,
            "layout": self.layout,
            "training_samples": self.training_samples.checksum(),
            "validation_samples": self.validation_samples.checksum(),
        });
        if let (Some(_), Some(samples)) = (&self.training.alignment, self.unlabelled_samples) {
            described["unlabelled_samples"] = serde_json::json!(samples.checksum());
        }
        described
    }
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

    /// Makes a model ready to predict.
    ///
    /// # Errors
    /// [`NetError`] where the weights are not those of the network.
    fn open<'a>(&self, model: &'a Model) -> Result<Box<dyn Predictor + 'a>, NetError>;

    /// Predicts the targets of a model `[sample, target]` in their own units, for maps scaled by its normalisation: the
    /// points of a head of points, otherwise the median of each target.
    ///
    /// # Errors
    /// [`NetError`] where the inputs do not fit the network or the weights are not its own.
    fn predict(&self, model: &Model, inputs: &Inputs) -> Result<Array2<f64>, NetError> {
        Ok(self.open(model)?.predict(inputs)?.values)
    }

    /// What a model says of each sample: a joint density of its targets in their own units, with draws and quantiles.
    ///
    /// # Errors
    /// As [`Engine::predict`].
    fn posterior(&self, model: &Model, inputs: &Inputs) -> Result<Box<dyn Posterior>, NetError> {
        self.open(model)?.posterior(inputs)
    }
}

/// The engine of any Burn backend, on one device or several.
///
/// On several devices each batch of training is dealt out among them in equal parts; gradients are averaged by Burn's
/// accumulator, in the order of the devices, on the first. Batch normalisation sees the statistics of one part at a time, so
/// that the losses are those of training in [pieces](TrainingConfig::micro_batch_size) of that size rather than of whole
/// batches, with the running statistics of the first device. Only training is dealt out.
#[derive(Clone, Debug)]
pub struct BurnEngine<B: AutodiffBackend> {
    device: B::Device,
    helpers: Vec<B::Device>,
}

impl<B: AutodiffBackend> BurnEngine<B> {
    /// An engine on a device of the backend.
    pub fn new(device: B::Device) -> Self {
        Self { device, helpers: Vec::new() }
    }

    /// The same with further devices to train on.
    pub fn helped_by(self, helpers: Vec<B::Device>) -> Self {
        Self { helpers, ..self }
    }
}

impl<B> Engine for BurnEngine<B>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    fn describe(&self) -> String {
        let name = B::InnerBackend::name(&self.device);
        match self.helpers.len() {
            0 => name,
            n_helpers => format!("{name}, {} devices", 1 + n_helpers),
        }
    }

    fn train(&self, task: &TrainingTask<'_>, observe: &mut dyn FnMut(Progress)) -> Result<Trained, NetError> {
        train::<B>(task, &self.device, &self.helpers, observe)
    }

    fn open<'a>(&self, model: &'a Model) -> Result<Box<dyn Predictor + 'a>, NetError> {
        Ok(Box::new(Opened::<B>::new(model, &self.device)?))
    }
}
