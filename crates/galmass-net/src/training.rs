//! The training loop.

use burn::module::AutodiffModule;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{AdamW, AdamWConfig, GradientsParams, Optimizer};
use burn::prelude::*;
use burn::tensor::backend::AutodiffBackend;
use galmass_core::seed;
use galmass_dataset::{Inputs, ScaledSamples};
use galmass_ops::FusedBackend;
use ndarray::{Array2, ArrayView, ArrayViewD, Dimension};
use serde::{Deserialize, Serialize};

use crate::batches::batches_of_epoch;
use crate::checkpoint::{self, Header};
use crate::engine::TrainingTask;
use crate::missing::{check_values, presence};
use crate::{NetError, Network, NetworkConfig, Weights};

/// Random streams of one run, each with its own seed.
mod stream {
    pub(super) const WEIGHTS: u64 = 0;
    pub(super) const SHUFFLE: u64 = 1;
    pub(super) const AUGMENTATION: u64 = 2;
    pub(super) const BRANCH_DROPOUT: u64 = 3;
}

/// Samples predicted at a time.
const PREDICTION_BATCH: usize = 64;

/// The outcome of one epoch; losses are those of [`Network::losses`]: for a head of points mean squared errors of the
/// z-scored targets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Mean over the training samples, each seen while the network was still learning.
    pub training_loss: f64,
    /// Mean over the validation samples, with the network of the end of the epoch.
    pub validation_loss: f64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
}

/// What a training run reports on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The run goes on from a checkpoint after this many epochs.
    Resumed {
        /// Epochs done before.
        n_epochs_done: usize,
    },
    /// A step was taken.
    Batch {
        /// The epoch, counted from 1.
        epoch: usize,
        /// Samples of this epoch seen so far.
        n_samples_done: usize,
        /// Samples of an epoch.
        n_samples: usize,
        /// The loss of the batch.
        loss: f64,
    },
    /// An epoch is over, and its checkpoint, if any, is on disk.
    Epoch(EpochRecord),
}

/// What training found.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The weights of the epoch with the lowest validation loss.
    pub weights: Weights,
    /// That epoch, counted from 1.
    pub best_epoch: usize,
    /// All epochs in order.
    pub history: Vec<EpochRecord>,
}

type Adam<B> = OptimizerAdaptor<AdamW, Network<B>, B>;
type State<B> = (<Network<B> as Module<B>>::Record, <Adam<B> as Optimizer<Network<B>, B>>::Record);

/// A run between two epochs.
struct Run<'a, B: AutodiffBackend> {
    task: &'a TrainingTask<'a>,
    device: &'a B::Device,
    network: Network<B>,
    optimiser: Adam<B>,
    header: Header,
    best: Option<Weights>,
}

pub(crate) fn train<B>(
    task: &TrainingTask<'_>,
    device: &B::Device,
    observe: &mut dyn FnMut(Progress),
) -> Result<Trained, NetError>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    task.training.check()?;
    check_samples(task.network, "training", task.training_samples)?;
    check_samples(task.network, "validation", task.validation_samples)?;

    let mut run = Run::<B>::start(task, device)?;
    if run.resume()? {
        observe(Progress::Resumed { n_epochs_done: run.header.history.len() });
    }
    for epoch in run.header.history.len()..task.training.n_epochs {
        run.epoch(epoch, observe)?;
    }
    run.finish()
}

impl<'a, B> Run<'a, B>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    fn start(task: &'a TrainingTask<'a>, device: &'a B::Device) -> Result<Self, NetError> {
        let config = task.training;
        let network = Network::new(task.network, seed::derive(config.seed, stream::WEIGHTS), device)?;
        let optimiser = AdamWConfig::new()
            .with_beta_1(0.9)
            .with_beta_2(0.999)
            .with_epsilon(1e-8)
            .with_weight_decay(config.weight_decay as f32)
            .init();
        let samples = fingerprint_of([task.training_samples, task.validation_samples]);
        let header = Header::new(task.network.clone(), config.clone(), samples);
        Ok(Self { task, device, network, optimiser, header, best: None })
    }

    /// Takes up the checkpoint of this run, if there is one.
    fn resume(&mut self) -> Result<bool, NetError> {
        let Some(path) = self.task.checkpoint else { return Ok(false) };
        let Some((header, state, best)) = checkpoint::load::<B, State<B>>(path, &self.header, self.device)?
        else {
            return Ok(false);
        };
        let (network, optimiser) = state;
        self.network = self.network.clone().load_record(network);
        self.optimiser = self.optimiser.clone().load_record(optimiser);
        self.header = header;
        self.best = Some(best);
        Ok(true)
    }

    fn epoch(&mut self, epoch: usize, observe: &mut dyn FnMut(Progress)) -> Result<(), NetError> {
        let config = self.task.training;
        let samples = self.task.training_samples;
        let n_samples = samples.n_samples();
        let shuffle = seed::derive(config.seed, stream::SHUFFLE);
        let augmentation = seed::derive(seed::derive(config.seed, stream::AUGMENTATION), epoch as u64);
        let mut generator = seed::generator(augmentation);
        let dropout = seed::derive(seed::derive(config.seed, stream::BRANCH_DROPOUT), epoch as u64);

        let batches = batches_of_epoch(n_samples, config.batch_size, shuffle, epoch);
        let (mut n_samples_done, mut summed_loss, mut learning_rate) = (0, 0.0, 0.0);
        for (index, batch) in batches.iter().enumerate() {
            learning_rate = config.learning_rate_at(epoch, index, batches.len());
            let mut chosen = samples.select(batch);
            config.augmentation.apply(&mut chosen.inputs, self.task.layout, &mut generator);
            if let Some(missing) = &self.task.network.missing {
                missing.drop_branches(
                    self.task.network,
                    &mut chosen.inputs,
                    seed::derive(dropout, index as u64),
                );
            }
            let loss = self.step(&chosen, learning_rate);
            if !loss.is_finite() {
                let samples = batch.clone();
                return Err(NetError::LossNotFinite { epoch: epoch + 1, batch: index + 1, samples, loss });
            }
            n_samples_done += batch.len();
            summed_loss += f64::from(loss) * batch.len() as f64;
            observe(Progress::Batch { epoch: epoch + 1, n_samples_done, n_samples, loss: loss.into() });
        }

        let trained = self.network.valid();
        let validation_loss = validation_loss(&trained, self.task.validation_samples, self.device);
        let training_loss = summed_loss / n_samples as f64;
        let record = EpochRecord { epoch: epoch + 1, training_loss, validation_loss, learning_rate };
        let is_best = self.header.history.iter().all(|earlier| validation_loss < earlier.validation_loss);
        let best = match self.best.take() {
            Some(best) if !is_best => best,
            _ => Weights::of(&trained)?,
        };
        self.header.history.push(record);
        if let Some(path) = self.task.checkpoint {
            let state = (self.network.clone().into_record(), self.optimiser.to_record());
            checkpoint::save::<B>(path, &self.header, state, &best)?;
        }
        self.best = Some(best);
        observe(Progress::Epoch(record));
        Ok(())
    }

    fn step(&mut self, samples: &ScaledSamples, learning_rate: f64) -> f32 {
        let outputs = forward(&self.network, &samples.inputs, self.device);
        let loss = self.network.losses(outputs, samples.targets.view()).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        let loss = loss.into_scalar().elem();
        self.network = self.optimiser.step(learning_rate, self.network.clone(), gradients);
        loss
    }

    fn finish(self) -> Result<Trained, NetError> {
        let history = self.header.history;
        // The earliest of equally good epochs; `check` has seen to it that there is one.
        let best =
            history.iter().copied().reduce(|a, b| if b.validation_loss < a.validation_loss { b } else { a });
        let best_epoch = best.map_or(0, |record| record.epoch);
        let weights = match self.best {
            Some(weights) => weights,
            None => Weights::of(&self.network.valid())?,
        };
        Ok(Trained { weights, best_epoch, history })
    }
}

/// Predicts `[sample, parameter]` what the head is made from.
pub(crate) fn predict<B: FusedBackend>(
    network: &Network<B>,
    inputs: &Inputs,
    device: &B::Device,
) -> Array2<f32> {
    let samples: Vec<usize> = (0..inputs.n_samples()).collect();
    let mut predicted = Vec::new();
    for batch in samples.chunks(PREDICTION_BATCH) {
        let outputs = forward(network, &inputs.select(batch), device);
        predicted.extend(outputs.into_data().iter::<f32>());
    }
    let n_outputs = predicted.len().checked_div(samples.len()).unwrap_or(0);
    Array2::from_shape_vec((samples.len(), n_outputs), predicted).expect("as many outputs for each sample")
}

fn validation_loss<B: FusedBackend>(
    network: &Network<B>,
    samples: &ScaledSamples,
    device: &B::Device,
) -> f64 {
    let outputs = tensor(predict(network, &samples.inputs, device).view(), device);
    let losses = network.losses(outputs, samples.targets.view()).into_data();
    losses.iter::<f64>().sum::<f64>() / samples.n_samples() as f64
}

fn forward<B: FusedBackend>(network: &Network<B>, inputs: &Inputs, device: &B::Device) -> Tensor<B, 2> {
    let n_branches = network.n_branches();
    network.forward_present(tensors(inputs, device), &presence(inputs, n_branches))
}

fn tensors<B: Backend>(inputs: &Inputs, device: &B::Device) -> Vec<Tensor<B, 4>> {
    inputs.branches.iter().map(|branch| tensor(branch.view(), device)).collect()
}

fn tensor<B: Backend, S: Dimension, const D: usize>(
    values: ArrayView<'_, f32, S>,
    device: &B::Device,
) -> Tensor<B, D> {
    let shape = values.shape().to_vec();
    Tensor::from_data(TensorData::new(values.iter().copied().collect::<Vec<f32>>(), shape), device)
}

/// Whether samples fit the network: branches, channels, numbers of samples, finite values.
pub(crate) fn check_inputs(network: &NetworkConfig, inputs: &Inputs) -> Result<(), NetError> {
    let (expected, found) = (network.inputs().count(), inputs.branches.len());
    if expected != found {
        return Err(NetError::BranchCount { expected, found });
    }
    let n_samples = inputs.n_samples();
    for ((name, n_channels), maps) in network.inputs().zip(&inputs.branches) {
        let (samples, channels, _, _) = maps.dim();
        if samples != n_samples {
            return Err(NetError::SampleCount { what: name.into(), expected: n_samples, found: samples });
        }
        if channels != n_channels {
            let (branch, expected) = (name.into(), n_channels);
            return Err(NetError::ChannelCount { branch, expected, found: channels });
        }
    }
    check_values(network, inputs)
}

fn check_samples(
    network: &NetworkConfig,
    part: &'static str,
    samples: &ScaledSamples,
) -> Result<(), NetError> {
    check_inputs(network, &samples.inputs)?;
    let (found, n_targets) = samples.targets.dim();
    let expected = samples.n_samples();
    if found != expected {
        return Err(NetError::SampleCount { what: "targets".into(), expected, found });
    }
    if n_targets != network.n_outputs {
        return Err(NetError::TargetCount { expected: network.n_outputs, found: n_targets });
    }
    if expected == 0 {
        return Err(NetError::NoSamples { part });
    }
    check_finite("targets", samples.targets.view().into_dyn())
}

fn check_finite(what: &str, values: ArrayViewD<'_, f32>) -> Result<(), NetError> {
    for (sample, values) in values.outer_iter().enumerate() {
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(NetError::NotFinite { what: what.into(), sample, value });
        }
    }
    Ok(())
}

fn fingerprint_of(parts: [&ScaledSamples; 2]) -> u64 {
    let arrays = parts.into_iter().flat_map(|part| {
        let maps = part.inputs.branches.iter().map(|maps| maps.view().into_dyn());
        maps.chain(std::iter::once(part.targets.view().into_dyn()))
    });
    let hashes: Vec<u8> = arrays
        .flat_map(|array| {
            let bytes: Vec<u8> = array.iter().flat_map(|value| value.to_le_bytes()).collect();
            checkpoint::fingerprint(&bytes).to_le_bytes()
        })
        .collect();
    checkpoint::fingerprint(&hashes)
}
