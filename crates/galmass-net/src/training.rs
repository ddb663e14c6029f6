//! The training loop.

use std::time::Instant;

use burn::module::AutodiffModule;
use burn::optim::Optimizer;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::prelude::*;
use burn::tensor::backend::AutodiffBackend;
use galmass_core::seed;
use galmass_dataset::{Inputs, ScaledSamples};
use galmass_ops::{FusedAdamW, FusedBackend};
use serde::{Deserialize, Serialize};

use crate::batches::batches_of_epoch;
use crate::checkpoint::{self, Header};
use crate::checks::{check_part, read_checked, read_inputs};
use crate::devices::gradients_on_devices;
use crate::engine::TrainingTask;
use crate::gradients::{Unlabelled, clip};
use crate::loader::prepare_ahead;
use crate::log::Log;
use crate::reliability::{Reader, Reliability};
use crate::tensors::outputs_of;
use crate::{FeatureDistribution, LogLine, NetError, Network, ResidualQuantiles, TrainedOn, Weights};

/// Random streams of one run, each with its own seed.
mod stream {
    pub(super) const WEIGHTS: u64 = 0;
    pub(super) const SHUFFLE: u64 = 1;
    pub(super) const AUGMENTATION: u64 = 2;
    pub(super) const BRANCH_DROPOUT: u64 = 3;
    /// Samples to align with: their order, and within it augmentation and dropout.
    pub(super) const UNLABELLED: u64 = 4;
}

/// Samples of the validation part that go through the network at a time.
const VALIDATION_BATCH: usize = 64;

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
    /// What it has learnt from.
    pub trained_on: TrainedOn,
    /// How far off those weights are on the validation part, one entry a target: for a head of points.
    pub residuals: Vec<ResidualQuantiles>,
    /// By how much their posteriors are to be wider, see [`Model::width_factors`](crate::Model::width_factors).
    pub width_factors: Vec<f64>,
    /// Where the features of the training part lie, as those weights see them: of all its samples, or of 20,000 at equal
    /// steps where there are more.
    pub features: FeatureDistribution,
}

type Adam<B> = OptimizerAdaptor<FusedAdamW, Network<B>, B>;
type State<B> = (<Network<B> as Module<B>>::Record, <Adam<B> as Optimizer<Network<B>, B>>::Record);

/// A run between two epochs.
struct Run<'a, B: AutodiffBackend<InnerBackend: FusedBackend>> {
    task: &'a TrainingTask<'a>,
    device: &'a B::Device,
    /// Further devices, which take their parts of each batch.
    helpers: &'a [B::Device],
    network: Network<B>,
    optimiser: Adam<B>,
    header: Header,
    best: Option<Weights>,
    log: Option<Log<'a>>,
}

pub(crate) fn train<B>(
    task: &TrainingTask<'_>,
    device: &B::Device,
    helpers: &[B::Device],
    observe: &mut dyn FnMut(Progress),
) -> Result<Trained, NetError>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    task.training.check()?;
    check_part(task.network, "training", task.training_samples)?;
    check_part(task.network, "validation", task.validation_samples)?;
    if task.training.alignment.is_some() {
        match task.unlabelled_samples {
            None => return Err(NetError::NothingToAlignWith),
            Some(samples) if samples.n_samples() == 0 => {
                return Err(NetError::NoSamples { part: "unlabelled" });
            }
            Some(samples) => read_inputs(task.network, samples, &[0]).map(|_| ())?,
        }
    }

    let mut run = Run::<B>::start(task, device, helpers)?;
    if run.resume()? {
        observe(Progress::Resumed { n_epochs_done: run.header.epochs.len() });
    }
    if let Some(path) = task.log {
        run.log = Some(Log::begin(path, &run.header.epochs)?);
    }
    while !run.is_over() {
        run.epoch(observe)?;
    }
    run.finish()
}

impl<'a, B> Run<'a, B>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    fn start(
        task: &'a TrainingTask<'a>,
        device: &'a B::Device,
        helpers: &'a [B::Device],
    ) -> Result<Self, NetError> {
        let config = task.training;
        let network = Network::new(task.network, seed::derive(config.seed, stream::WEIGHTS), device)?;
        let optimiser = FusedAdamW::new(0.9, 0.999, 1e-8, config.weight_decay as f32).into();
        let header = Header::new(task.describe(1 + helpers.len()));
        Ok(Self { task, device, helpers, network, optimiser, header, best: None, log: None })
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

    fn best_epoch(&self) -> Option<EpochRecord> {
        // The earliest of equally good epochs.
        let records = self.header.epochs.iter().map(|line| line.record);
        records.reduce(|a, b| if b.validation_loss < a.validation_loss { b } else { a })
    }

    /// Whether all epochs are done, or too many in a row have brought nothing.
    fn is_over(&self) -> bool {
        let n_done = self.header.epochs.len();
        let best = self.best_epoch().map_or(0, |record| record.epoch);
        let is_tired = self.task.training.patience.is_some_and(|patience| n_done - best >= patience);
        n_done >= self.task.training.n_epochs || is_tired
    }

    fn epoch(&mut self, observe: &mut dyn FnMut(Progress)) -> Result<(), NetError> {
        let began = Instant::now();
        let task = self.task;
        let TrainingTask { network, training: config, layout, training_samples, .. } = *task;
        let epoch = self.header.epochs.len();
        let n_samples = training_samples.n_samples();
        let shuffle = seed::derive(config.seed, stream::SHUFFLE);
        let augmentation = seed::derive(seed::derive(config.seed, stream::AUGMENTATION), epoch as u64);
        let mut generator = seed::generator(augmentation);
        let dropout = seed::derive(seed::derive(config.seed, stream::BRANCH_DROPOUT), epoch as u64);

        let batches = batches_of_epoch(n_samples, config.batch_size, shuffle, epoch);
        let prepare = |index: usize| {
            let mut samples = read_checked(network, training_samples, &batches[index])?;
            config.augmentation.apply(&mut samples.inputs, layout, &mut generator);
            if let Some(missing) = &network.missing {
                missing.drop_branches(network, &mut samples.inputs, seed::derive(dropout, index as u64));
            }
            Ok((samples, unlabelled_batch(task, epoch, index)?))
        };
        let (mut n_samples_done, mut summed_loss, mut learning_rate) = (0, 0.0, 0.0);
        let weight_at = |batch: usize| {
            let part = (epoch as f64 + batch as f64 / batches.len() as f64) / config.n_epochs as f64;
            config.alignment.map_or(0.0, |alignment| alignment.weight_at(part))
        };
        prepare_ahead(batches.len(), prepare, |index, (samples, unlabelled)| {
            learning_rate = config.learning_rate_at(epoch, index, batches.len());
            let place = Place { epoch: epoch + 1, batch: index + 1, samples: &batches[index] };
            let weight = weight_at(index);
            let unlabelled = unlabelled.as_ref().map(|inputs| Unlabelled { inputs, weight });
            let loss = self.step(&samples, unlabelled.as_ref(), learning_rate, place)?;
            n_samples_done += samples.n_samples();
            summed_loss += f64::from(loss) * samples.n_samples() as f64;
            observe(Progress::Batch { epoch: epoch + 1, n_samples_done, n_samples, loss: loss.into() });
            Ok(())
        })?;

        let trained = self.network.valid();
        let validation_loss = self.validation_loss(&trained)?;
        if !validation_loss.is_finite() {
            return Err(NetError::ValidationLossNotFinite { epoch: epoch + 1, loss: validation_loss });
        }
        let training_loss = summed_loss / n_samples as f64;
        let record = EpochRecord { epoch: epoch + 1, training_loss, validation_loss, learning_rate };
        let is_best = self.best_epoch().is_none_or(|best| validation_loss < best.validation_loss);
        let best = match self.best.take() {
            Some(best) if !is_best => best,
            _ => Weights::of(&trained)?,
        };
        let line = LogLine::new(record, began.elapsed().as_secs_f64(), n_samples);
        self.header.epochs.push(line);
        if let Some(path) = self.task.checkpoint {
            let state = (self.network.clone().into_record(), self.optimiser.to_record());
            checkpoint::save::<B>(path, &self.header, state, &best)?;
        }
        if let Some(log) = &mut self.log {
            log.append(line)?;
        }
        self.best = Some(best);
        observe(Progress::Epoch(record));
        Ok(())
    }

    /// Takes one step, unless loss or gradient are no numbers: the network is left as it was then.
    fn step(
        &mut self,
        samples: &ScaledSamples,
        unlabelled: Option<&Unlabelled<'_>>,
        learning_rate: f64,
        place: Place<'_>,
    ) -> Result<f32, NetError> {
        let config = self.task.training;
        let (loss, mut gradients) = gradients_on_devices(
            &self.network,
            samples,
            unlabelled,
            config.micro_batch_size,
            self.device,
            self.helpers,
        );
        let Place { epoch, batch, samples } = place;
        if !loss.is_finite() {
            return Err(NetError::LossNotFinite { epoch, batch, samples: samples.into(), loss });
        }
        if let Some(largest) = config.largest_gradient {
            let (norm, clipped) = clip(&self.network, gradients, largest);
            if !norm.is_finite() {
                return Err(NetError::GradientNotFinite { epoch, batch, samples: samples.into(), norm });
            }
            gradients = clipped;
        }
        self.network = self.optimiser.step(learning_rate, self.network.clone(), gradients);
        Ok(loss)
    }

    /// The mean loss over the validation samples.
    fn validation_loss(&self, network: &Network<B::InnerBackend>) -> Result<f64, NetError> {
        let samples = self.task.validation_samples;
        let all: Vec<usize> = (0..samples.n_samples()).collect();
        let batches: Vec<&[usize]> = all.chunks(VALIDATION_BATCH).collect();
        let prepare = |index: usize| read_checked(self.task.network, samples, batches[index]);
        let mut summed_loss = 0.0;
        prepare_ahead(batches.len(), prepare, |_, samples| {
            let outputs = outputs_of(network, &samples.inputs, self.device);
            let losses = network.losses(outputs, samples.targets.view()).into_data();
            summed_loss += losses.iter::<f64>().sum::<f64>();
            Ok(())
        })?;
        Ok(summed_loss / all.len() as f64)
    }

    fn finish(self) -> Result<Trained, NetError> {
        let best_epoch = self.best_epoch().map_or(0, |record| record.epoch);
        let history = self.header.epochs.iter().map(|line| line.record).collect();
        let mut network = self.network.valid();
        let weights = match self.best {
            Some(weights) => weights,
            None => Weights::of(&network)?,
        };
        weights.apply_to(&mut network)?;
        let TrainingTask { training_samples, validation_samples, .. } = *self.task;
        let reader = Reader { network: &network, config: self.task.network, device: self.device };
        let Reliability { residuals, width_factors, features } =
            reader.learn(training_samples, validation_samples)?;
        let trained_on = TrainedOn {
            training: training_samples.checksum(),
            n_training: training_samples.n_samples(),
            validation: validation_samples.checksum(),
            n_validation: validation_samples.n_samples(),
        };
        Ok(Trained { weights, best_epoch, history, trained_on, residuals, width_factors, features })
    }
}

/// The unlabelled samples that go with a batch, where features are to be aligned: as many as a batch has, all in turn.
fn unlabelled_batch(task: &TrainingTask<'_>, epoch: usize, batch: usize) -> Result<Option<Inputs>, NetError> {
    let (config, network) = (task.training, task.network);
    let (Some(_), Some(unlabelled)) = (&config.alignment, task.unlabelled_samples) else { return Ok(None) };
    let stream = seed::derive(config.seed, stream::UNLABELLED);
    let batches = batches_of_epoch(unlabelled.n_samples(), config.batch_size, stream, epoch);
    let mut inputs = read_inputs(network, unlabelled, &batches[batch % batches.len()])?;
    let of_batch = seed::derive(seed::derive(stream, epoch as u64), batch as u64);
    config.augmentation.apply(&mut inputs, task.layout, &mut seed::generator(of_batch));
    if let Some(missing) = &network.missing {
        missing.drop_branches(network, &mut inputs, seed::derive(of_batch, stream::BRANCH_DROPOUT));
    }
    Ok(Some(inputs))
}

/// Where in a training a batch stands; both counted from 1.
#[derive(Clone, Copy)]
struct Place<'a> {
    epoch: usize,
    batch: usize,
    samples: &'a [usize],
}
