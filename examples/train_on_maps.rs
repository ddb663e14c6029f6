//! How well do an image and two velocity maps tell the stellar mass of a galaxy?
//!
//! ```text
//! cargo run --release --example train_on_maps -- --maps eagle_maps_train.npz --labels eagle_maps_train_labels.csv
//! cargo run --release --example train_on_maps -- --set out/build_dataset
//! ```
//!
//! Reads maps of flux, velocity and dispersion (NumPy arrays `flux`, `vlos`, `sigma` and `group_number` in one
//! `.npz`) and a table with `GroupNumber` and `logMstar`, splits them by galaxy, trains the multibranch network and
//! scores it on galaxies that it has never seen: its own test part, and any maps given by `--test-maps`. With `--set` it
//! takes a set of samples of `build_dataset` instead, which may be larger than memory, and tells stellar and total mass.
//!
//! Leaves in its folder: `settings.json`, `history.csv`, `history.jsonl` (the same with times, written epoch by epoch),
//! `loss.png`, `predictions.png`, `predictions.csv` and `model.safetensors`, which `predict` takes. Killed on the way, it
//! goes on from its last epoch with `--resume --out FOLDER`. With `--head gaussian` (or `mixture`, or `flow`) the network
//! says how well it knows each mass; the scores tell how many truths are within its intervals. The default settings take some minutes on two cores;
//! `--preset chu2024` is the paper's network and training, and takes hours.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/learning.rs"]
mod learning;
#[path = "support/learning_on_disk.rs"]
mod learning_on_disk;
#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::dataset::{Channel, LabelColumns, MapSet, SampleSet, read_npz_maps};
use galmass::device::Device;
use galmass::net::{Engine, HeadConfig, TrainingConfig};
use learning::{Quantity, Scored, Shape};
use serde::Serialize;

#[derive(Parser, Serialize)]
#[command(about = "Trains the multibranch network on maps and predicts stellar masses")]
struct Arguments {
    /// Maps to train, validate and test on (.npz)
    #[arg(long, requires = "labels", required_unless_present = "set")]
    maps: Option<PathBuf>,
    /// Their masses (.csv with GroupNumber and logMstar)
    #[arg(long, requires = "maps")]
    labels: Option<PathBuf>,
    /// The folder of a set of samples, in place of maps
    #[arg(long, conflicts_with_all = ["maps", "test_maps"])]
    set: Option<PathBuf>,
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
    /// What the network says of a mass: a number, or a density, from which its intervals then are
    #[arg(long, value_enum, default_value = "point")]
    head: Head,
    /// Decides the split, the first weights and the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// cpu, ndarray, cuda, cuda:N or cuda:all
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

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Head {
    /// A number; intervals are the errors on the validation part
    Point,
    /// A Gaussian
    Gaussian,
    /// A mixture of four Gaussians
    Mixture,
    /// An autoregressive flow of four layers
    Flow,
}

impl Head {
    fn config(self) -> HeadConfig {
        match self {
            Self::Point => HeadConfig::Point,
            Self::Gaussian => HeadConfig::Gaussian,
            Self::Mixture => HeadConfig::Mixture { n_components: 4 },
            Self::Flow => HeadConfig::Flow { n_layers: 4, n_hidden: 64, n_components: 4 },
        }
    }
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

/// What maps without further numbers are to tell, and what a set knows besides.
const QUANTITIES: [Quantity; 2] = [
    Quantity { name: "log10_stellar_mass_msun", label: "M★" },
    Quantity { name: "log10_total_mass_msun", label: "Mₜₒₜ" },
];

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let engine = arguments.device.parse::<Device>()?.open()?;
    let preset = arguments.preset.training();
    let training = TrainingConfig {
        n_epochs: arguments.epochs.unwrap_or(preset.n_epochs),
        seed: arguments.seed,
        ..preset
    };
    training.check()?;
    let scores = match (&arguments.maps, &arguments.labels, &arguments.set) {
        (Some(maps), Some(labels), _) => train_on_maps(&*engine, arguments, &training, maps, labels)?,
        (_, _, Some(set)) => train_on_set(&*engine, arguments, &training, set)?,
        _ => return Err("there are neither --maps with --labels nor a --set".into()),
    };
    if arguments.json {
        let own = &scores[0];
        let further = scores.get(1).filter(|_| arguments.test_maps.is_some());
        output::print_json(&serde_json::json!({
            "bias_dex": own.residuals.bias(),
            "scatter_dex": own.residuals.scatter(),
            "n_test": own.truth.len(),
            "coverage_68": own.coverage[0],
            "coverage_95": own.coverage[1],
            "test_bias_dex": further.map(|score| score.residuals.bias()),
            "test_scatter_dex": further.map(|score| score.residuals.scatter()),
            "test_coverage_68": further.map(|score| score.coverage[0]),
            "test_coverage_95": further.map(|score| score.coverage[1]),
        }));
    }
    Ok(())
}

/// The folder of the run, with its settings.
fn begin(arguments: &Arguments, training: &TrainingConfig) -> Result<(PathBuf, Shape), Box<dyn Error>> {
    let width = arguments.width.unwrap_or(arguments.preset.width());
    let folder = output::folder(arguments.out.as_deref(), "train_on_maps", arguments.resume)?;
    let settings = serde_json::json!({ "arguments": arguments, "width": width, "training": training });
    output::write_settings(&folder, &settings)?;
    Ok((folder, Shape { width, head: arguments.head.config() }))
}

fn train_on_maps(
    engine: &dyn Engine,
    arguments: &Arguments,
    training: &TrainingConfig,
    maps: &Path,
    labels: &Path,
) -> Result<Vec<Scored>, Box<dyn Error>> {
    let columns = LabelColumns::default();
    let maps = read_npz_maps(maps, labels, &columns)?;
    let further = match (&arguments.test_maps, &arguments.test_labels) {
        (Some(maps), Some(labels)) => Some(read_npz_maps(maps, labels, &columns)?),
        _ => None,
    };
    eprintln!("{} maps of {} pixels a side", maps.n_samples(), maps.channel(Channel::Light)?.dim().1);
    let split = learning::split(&maps, arguments.seed)?;
    let (folder, shape) = begin(arguments, training)?;

    let quantities = &QUANTITIES[..1];
    let model = learning::train(engine, &maps, &split, quantities, &shape, training, &folder)?;
    let part = "unseen galaxies of --maps";
    let mut scores = learning::score(engine, &model, quantities, &maps, &split.test, part)?;
    if let Some(further) = &further {
        let all: Vec<usize> = (0..further.n_samples()).collect();
        let part = "galaxies of --test-maps";
        scores.extend(learning::score(engine, &model, quantities, further, &all, part)?);
    }
    learning::report(&scores, "Stellar mass from image and kinematics", &folder)?;
    eprintln!("wrote {}", folder.display());
    Ok(scores)
}

fn train_on_set(
    engine: &dyn Engine,
    arguments: &Arguments,
    training: &TrainingConfig,
    path: &Path,
) -> Result<Vec<Scored>, Box<dyn Error>> {
    let set = SampleSet::open(path)?;
    eprintln!("{}: {} samples", path.display(), set.n_samples());
    let split = learning_on_disk::split(&set, arguments.seed)?;
    let maps = learning_on_disk::sample_maps(&QUANTITIES);
    // Whether it has what is wanted is found out before there is a folder.
    MapSet::from_samples(&set, &split.split.training[..1], &maps)?;
    let (folder, shape) = begin(arguments, training)?;

    let model = learning_on_disk::train(engine, &set, &split, &maps, &shape, training, &folder)?;
    let scores = learning_on_disk::score(engine, &model, &QUANTITIES, &set, &split, &maps)?;
    learning::report(&scores, "Masses from image and kinematics", &folder)?;
    eprintln!("wrote {}", folder.display());
    Ok(scores)
}
