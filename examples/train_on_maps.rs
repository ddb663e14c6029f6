//! How well do an image and two velocity maps tell the stellar mass of a galaxy?
//!
//! ```text
//! cargo run --release --example train_on_maps -- --maps eagle_maps_train.npz --labels eagle_maps_train_labels.csv
//! ```
//!
//! Reads maps of flux, velocity and dispersion (NumPy arrays `flux`, `vlos`, `sigma` and `group_number` in one
//! `.npz`) and a table with `GroupNumber` and `logMstar`, splits them by galaxy, trains the multibranch network and
//! scores it on galaxies that it has never seen: its own test part, and any maps given by `--test-maps`.
//!
//! Leaves in its folder: `settings.json`, `history.csv`, `loss.png`, `predictions.png`, `predictions.csv` and
//! `model.safetensors`. Killed on the way, it goes on from its last epoch with `--resume --out FOLDER`. The default
//! settings take some minutes on two cores; `--preset chu2024` is the paper's network and training, and takes hours.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/learning.rs"]
mod learning;
#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::dataset::{LabelColumns, read_npz_maps};
use galmass::device::Device;
use galmass::net::TrainingConfig;
use learning::Quantity;
use serde::Serialize;

#[derive(Parser, Serialize)]
#[command(about = "Trains the multibranch network on maps and predicts stellar masses")]
struct Arguments {
    /// Maps to train, validate and test on (.npz)
    #[arg(long)]
    maps: PathBuf,
    /// Their masses (.csv with GroupNumber and logMstar)
    #[arg(long)]
    labels: PathBuf,
    /// Further maps, to test on alone
    #[arg(long, requires = "test_labels")]
    test_maps: Option<PathBuf>,
    /// The masses of the further maps
    #[arg(long, requires = "test_maps")]
    test_labels: Option<PathBuf>,
    /// Network and training settings to start from
    #[arg(long, value_enum, default_value = "recommended")]
    preset: Preset,
    /// Passes over the training part [default: the preset's]
    #[arg(long)]
    epochs: Option<usize>,
    /// Features of the first stage of the network [default: the preset's]
    #[arg(long)]
    width: Option<usize>,
    /// Decides the split, the first weights and the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// cpu, ndarray, cuda or cuda:N
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Where the results go: a new folder [default: out/train_on_maps]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Go on with the run in --out
    #[arg(long)]
    #[serde(skip)]
    resume: bool,
    /// Print the scores as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    /// ResNet-18 branches a quarter as wide as the paper's, 30 epochs with augmentation
    Recommended,
    /// The paper's network and training
    Chu2024,
}

impl Preset {
    fn training(self) -> TrainingConfig {
        match self {
            Self::Recommended => TrainingConfig::recommended(),
            Self::Chu2024 => TrainingConfig::chu2024(),
        }
    }

    fn width(self) -> usize {
        match self {
            Self::Recommended => 16,
            Self::Chu2024 => 64,
        }
    }
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let engine = arguments.device.parse::<Device>()?.open()?;
    let columns = LabelColumns::default();
    let maps = read_npz_maps(&arguments.maps, &arguments.labels, &columns)?;
    let further = match (&arguments.test_maps, &arguments.test_labels) {
        (Some(maps), Some(labels)) => Some(read_npz_maps(maps, labels, &columns)?),
        _ => None,
    };
    eprintln!(
        "{} maps of {} pixels a side",
        maps.n_samples(),
        maps.channel(galmass::dataset::Channel::Light)?.dim().1
    );

    let preset = arguments.preset.training();
    let training = TrainingConfig {
        n_epochs: arguments.epochs.unwrap_or(preset.n_epochs),
        seed: arguments.seed,
        ..preset
    };
    let width = arguments.width.unwrap_or(arguments.preset.width());
    training.check()?;
    let split = learning::split(&maps, arguments.seed)?;
    let folder = output::folder(arguments.out.as_deref(), "train_on_maps", arguments.resume)?;
    output::write_settings(
        &folder,
        &serde_json::json!({ "arguments": arguments, "width": width, "training": training }),
    )?;

    let quantities = [Quantity { name: "log10_stellar_mass_msun", label: "M★" }];
    let model = learning::train(&*engine, &maps, &split, &quantities, width, &training, &folder)?;
    let mut scores =
        learning::score(&*engine, &model, &quantities, &maps, &split.test, "unseen galaxies of --maps")?;
    if let Some(further) = &further {
        let all: Vec<usize> = (0..further.n_samples()).collect();
        scores.extend(learning::score(
            &*engine,
            &model,
            &quantities,
            further,
            &all,
            "galaxies of --test-maps",
        )?);
    }
    learning::report(&scores, "Stellar mass from image and kinematics", &folder)?;
    eprintln!("wrote {}", folder.display());

    if arguments.json {
        let (own, further) = (&scores[0], scores.get(1));
        output::print_json(&serde_json::json!({
            "bias_dex": own.residuals.bias(),
            "scatter_dex": own.residuals.scatter(),
            "n_test": own.truth.len(),
            "test_bias_dex": further.map(|score| score.residuals.bias()),
            "test_scatter_dex": further.map(|score| score.residuals.scatter()),
        }));
    }
    Ok(())
}
