//! From a set of maps to a trained network and its scores, with a progress bar on the way.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use galmass::dataset::{BranchLayout, Fractions, Inputs, MapSet, Normalisation, Split};
use galmass::metrics::Residuals;
use galmass::net::{
    Engine, EpochRecord, HeadConfig, Model, NetworkConfig, Predictions, Progress, QUANTILES, SampleSource,
    TrainingConfig, TrainingTask,
};
use galmass::plots::{LossCurve, PredictionPanel, draw_loss_curve, draw_predictions};
use indicatif::{ProgressBar, ProgressStyle};

/// What is inferred: its name in a set of maps, and how people write it.
pub(crate) struct Quantity {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
}

/// How the network differs from the paper's.
pub(crate) struct Shape {
    /// Features of its first stage.
    pub(crate) width: usize,
    pub(crate) head: HeadConfig,
}

/// Trains on the training part of a set and leaves model, log and loss curve in `folder`.
pub(crate) fn train(
    engine: &dyn Engine,
    maps: &MapSet,
    split: &Split,
    quantities: &[Quantity],
    shape: &Shape,
    training: &TrainingConfig,
    folder: &Path,
) -> Result<Model, Box<dyn Error>> {
    let layout = BranchLayout::image_and_kinematics();
    let targets: Vec<&str> = quantities.iter().map(|quantity| quantity.name).collect();
    let normalisation = Normalisation::fit(maps, &split.training, &layout, &targets)?;
    let samples = normalisation.scale(maps)?;
    let [learnt, validated] = [&split.training, &split.validation].map(|part| samples.select(part));
    train_parts(engine, normalisation, [&learnt, &validated], shape, training, folder)
}

/// The same for a training and a validation part from wherever they come, scaled by `normalisation`.
pub(crate) fn train_parts(
    engine: &dyn Engine,
    normalisation: Normalisation,
    parts: [&dyn SampleSource; 2],
    shape: &Shape,
    training: &TrainingConfig,
    folder: &Path,
) -> Result<Model, Box<dyn Error>> {
    let network = NetworkConfig {
        width: shape.width,
        head: shape.head.clone(),
        ..NetworkConfig::chu2024(&normalisation)
    };
    train_network(engine, &network, normalisation, parts, None, training, folder)
}

/// The same for any network, and with samples that it is to align its features with, if its training says so.
pub(crate) fn train_network(
    engine: &dyn Engine,
    network: &NetworkConfig,
    normalisation: Normalisation,
    [training_samples, validation_samples]: [&dyn SampleSource; 2],
    unlabelled_samples: Option<&dyn SampleSource>,
    training: &TrainingConfig,
    folder: &Path,
) -> Result<Model, Box<dyn Error>> {
    let (checkpoint, log) = (folder.join("training.checkpoint"), folder.join("history.jsonl"));
    let task = TrainingTask {
        network,
        training,
        layout: &normalisation.layout(),
        training_samples,
        validation_samples,
        unlabelled_samples,
        checkpoint: Some(&checkpoint),
        log: Some(&log),
    };
    eprintln!(
        "training on {}: {} samples, {} to validate, {} epochs",
        engine.describe(),
        training_samples.n_samples(),
        validation_samples.n_samples(),
        training.n_epochs,
    );
    let bar = TrainingBar::new(training.n_epochs, training_samples.n_samples());
    let trained = engine.train(&task, &mut |progress| bar.show(progress))?;
    bar.finish();

    write_history(&folder.join("history.csv"), &trained.history)?;
    let losses = |loss: fn(&EpochRecord) -> f64| trained.history.iter().map(loss).collect::<Vec<_>>();
    let curve = LossCurve {
        training: &losses(|record| record.training_loss),
        validation: &losses(|record| record.validation_loss),
        best_epoch: Some(trained.best_epoch - 1),
        loss_label: match network.head {
            HeadConfig::Point => "squared error (z-scored)".into(),
            _ => "−ln density (z-scored)".into(),
        },
    };
    draw_loss_curve(&folder.join("loss.png"), "Training", &curve)?;
    let model = Model::new(&task, normalisation.clone(), trained)?;
    model.save(&folder.join("model.safetensors"))?;
    // The model is safe: the state of the run is not needed any more.
    fs::remove_file(&checkpoint)?;
    Ok(model)
}

/// Predictions of one quantity for one part of the data, and what they are worth.
pub(crate) struct Scored {
    pub(crate) part: &'static str,
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) truth: Vec<f64>,
    pub(crate) predicted: Vec<f64>,
    pub(crate) residuals: Residuals,
    /// The share of truths within the central 68 and 95 per cent.
    pub(crate) coverage: [f64; 2],
}

/// Truths and predictions of one quantity, as they come in.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    truth: Vec<f64>,
    predicted: Vec<f64>,
    n_within: [usize; 2],
}

impl Tally {
    /// Takes in predictions of the target of that number.
    pub(crate) fn add(&mut self, predictions: &Predictions, target: usize, truth: impl Iterator<Item = f64>) {
        let first = self.truth.len();
        self.truth.extend(truth);
        self.predicted.extend(predictions.values.column(target));
        for (quantiles, &truth) in predictions.quantiles.outer_iter().zip(&self.truth[first..]) {
            // The quantiles stand from the lowest to the highest, the median in the middle.
            for (n_within, outer) in self.n_within.iter_mut().zip([1, 0]) {
                let ends = quantiles[[target, outer]]..=quantiles[[target, QUANTILES.len() - 1 - outer]];
                *n_within += usize::from(ends.contains(&truth));
            }
        }
    }

    pub(crate) fn score(self, quantity: &Quantity, part: &'static str) -> Result<Scored, Box<dyn Error>> {
        let Self { truth, predicted, n_within } = self;
        let (Quantity { name, label }, residuals) = (quantity, Residuals::new(&predicted, &truth)?);
        let coverage = n_within.map(|n_within| n_within as f64 / truth.len() as f64);
        Ok(Scored { part, name, label, truth, predicted, residuals, coverage })
    }
}

/// Predicts the given samples of a set: one score a quantity, in the order in which the model was trained on them.
pub(crate) fn score(
    engine: &dyn Engine,
    model: &Model,
    quantities: &[Quantity],
    maps: &MapSet,
    samples: &[usize],
    part: &'static str,
) -> Result<Vec<Scored>, Box<dyn Error>> {
    let inputs: Inputs = model.normalisation.scale_maps(maps)?.select(samples);
    let predictions = engine.open(model)?.predict(&inputs)?;
    let scores = quantities.iter().enumerate().map(|(target, quantity)| {
        let all = maps.target(quantity.name)?;
        let mut tally = Tally::default();
        tally.add(&predictions, target, samples.iter().map(|&sample| all[sample]));
        tally.score(quantity, part)
    });
    scores.collect()
}

/// Draws predicted against true for each score, writes the same numbers as a table, and prints bias and scatter.
pub(crate) fn report(scores: &[Scored], title: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let panels: Vec<PredictionPanel<'_>> = scores
        .iter()
        .map(|score| PredictionPanel {
            title: score.part.into(),
            truth: &score.truth,
            predicted: &score.predicted,
            quantity_label: format!("log₁₀ {} [M☉]", score.label),
            residual_label: "predicted − true [dex]".into(),
        })
        .collect();
    draw_predictions(&folder.join("predictions.png"), title, &panels)?;

    let path = folder.join("predictions.csv");
    let mut table = String::from("quantity,part,true,predicted\n");
    for Scored { part, name, truth, predicted, .. } in scores {
        for (truth, predicted) in truth.iter().zip(predicted) {
            table += &format!("{name},{part},{truth:.6},{predicted:.6}\n");
        }
    }
    fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))?;

    println!(
        "{:<12}{:<30}{:>8}{:>12}{:>10}{:>12}{:>10}{:>10}",
        "log10 mass", "of", "samples", "bias [dex]", "1σ [dex]", "(84-16)/2", "in 68 %", "in 95 %"
    );
    for Scored { part, label, truth, residuals, coverage: [in_68, in_95], .. } in scores {
        let (bias, scatter, half_width) =
            (residuals.bias(), residuals.scatter(), residuals.half_width_16_84());
        println!(
            "{label:<12}{part:<30}{:>8}{bias:>12.3}{scatter:>10.3}{half_width:>12.3}{:>8.1} %{:>8.1} %",
            truth.len(),
            100.0 * in_68,
            100.0 * in_95,
        );
    }
    Ok(())
}

/// Splits a set by galaxy with the default fractions.
pub(crate) fn split(maps: &MapSet, seed: u64) -> Result<Split, Box<dyn Error>> {
    Ok(Split::grouped(maps.galaxy_ids(), Fractions::default(), seed)?)
}

fn write_history(path: &Path, history: &[EpochRecord]) -> Result<(), Box<dyn Error>> {
    let mut log = fs::File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    writeln!(log, "epoch,training_loss,validation_loss,learning_rate")?;
    for EpochRecord { epoch, training_loss, validation_loss, learning_rate } in history {
        writeln!(log, "{epoch},{training_loss},{validation_loss},{learning_rate}")?;
    }
    Ok(())
}

/// A bar over all samples of all epochs, with speed and the last losses.
struct TrainingBar {
    bar: ProgressBar,
    n_samples: u64,
}

impl TrainingBar {
    fn new(n_epochs: usize, n_samples: usize) -> Self {
        let n_samples = n_samples as u64;
        let template = "{bar:30} {pos}/{len} samples, {per_sec}, {eta} left  {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::new(n_epochs as u64 * n_samples).with_style(style), n_samples }
    }

    fn show(&self, progress: Progress) {
        match progress {
            Progress::Resumed { n_epochs_done } => {
                self.bar.println(format!("resumed after epoch {n_epochs_done}"));
                self.bar.set_position(n_epochs_done as u64 * self.n_samples);
                self.bar.reset_eta();
            }
            Progress::Batch { epoch, n_samples_done, .. } => {
                self.bar.set_position((epoch as u64 - 1) * self.n_samples + n_samples_done as u64);
            }
            Progress::Epoch(EpochRecord { epoch, training_loss, validation_loss, .. }) => {
                let message =
                    format!("epoch {epoch}: loss {training_loss:.4}, validation {validation_loss:.4}");
                if self.bar.is_hidden() {
                    eprintln!("{message}");
                }
                self.bar.set_message(message);
            }
            _ => {}
        }
    }

    fn finish(&self) {
        self.bar.abandon();
    }
}
