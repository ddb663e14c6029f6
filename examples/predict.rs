//! What are the masses of these galaxies, how well are they known, and does the network know such galaxies at all?
//!
//! ```text
//! cargo run --release --example predict -- --model out/train_on_maps/model.safetensors --snapshot cutouts/*.hdf5
//! cargo run --release --example predict -- --model model.safetensors --maps eagle_maps_test.npz
//! cargo run --release --example predict -- --model model.safetensors --set out/build_dataset
//! ```
//!
//! Takes a model of `train_on_maps` or `quickstart` and any number of galaxies: snapshots or cutouts, each seen along the
//! three axes of the box as `observe_galaxy` sees it by default; archives of maps as `train_on_maps` reads them, without
//! labels; or a set of samples of `build_dataset`. No more than a batch of galaxies (of an archive: its maps) is in memory
//! at a time. Some thousand galaxies a minute.
//!
//! Leaves in its folder: `settings.json`; `predictions.csv` and `predictions.hdf5`, a row a galaxy and line of sight:
//!
//! * `file`, `galaxy_id` and `line_of_sight` say which: the number of the file on the command line, from 0; the number of
//!   the galaxy in it (0 in a snapshot); and the side, 0, 1 and 2 being the x, y and z axis of a snapshot;
//! * `NAME_median`, `NAME_p16` and `NAME_p84`, `NAME_p2_5` and `NAME_p97_5` for each target: the median and the central
//!   intervals of 68 and 95 per cent, masses in Msun. They are those of the density that the network predicts; where it
//!   predicts a number alone, they are its errors on its validation part, as wide, in dex, for every galaxy;
//! * `feature_distance` and `is_outlier`: how far the galaxy is from those that the network has learnt from, and whether it
//!   is farther than 99 per cent of these. Do not trust the masses of outliers.
//!
//! `--explain N`, for networks that predict a number, adds for the first N rows `explanation_00000.png`, the maps as the network sees them and below each what
//! its pixels add to the first target (integrated gradients from a blank sky, in the unit of the target);
//! `occlusion.png`, what is lost when a ring is blank; and the arrays of both in `explanations.hdf5`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/explanation.rs"]
mod explanation;
#[allow(dead_code)] // what other examples say and draw of a galaxy
#[path = "support/galaxy.rs"]
mod galaxy;
#[path = "support/galaxy_batches.rs"]
mod galaxy_batches;
#[path = "support/output.rs"]
mod output;
#[path = "support/table_stream.rs"]
mod table_stream;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use explanation::Explanations;
use galaxy::FrameArguments;
use galaxy_batches::{Batch, Galaxies};
use galmass::dataset::{Column, ColumnValues};
use galmass::device::Device;
use galmass::net::{HeadConfig, Model, NetError, Predictions};
use serde::Serialize;
use table_stream::TableStream;

/// How the columns of the quantiles of `galmass::net::QUANTILES` end.
const ENDINGS: [&str; 5] = ["p2_5", "p16", "median", "p84", "p97_5"];

#[derive(Parser, Serialize)]
#[command(
    about = "Predicts the masses of galaxies, with intervals and a warning where they are unlike all before"
)]
struct Arguments {
    /// A model of train_on_maps or quickstart
    #[arg(long)]
    model: PathBuf,
    /// Snapshots or cutouts of one galaxy each
    #[arg(long, num_args = 1.., conflicts_with_all = ["maps", "set"], required_unless_present_any = ["maps", "set"])]
    snapshot: Vec<PathBuf>,
    /// Archives of maps (.npz)
    #[arg(long, num_args = 1.., conflicts_with = "set")]
    maps: Vec<PathBuf>,
    /// The folder of a set of samples
    #[arg(long)]
    set: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    frame: FrameArguments,
    /// Explain the first predictions
    #[arg(long, default_value_t = 0)]
    explain: usize,
    /// cpu, ndarray, cuda or cuda:N
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Where the results go: a new folder [default: out/predict]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the counts as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let engine = arguments.device.parse::<Device>()?.open()?;
    let model = Model::load(&arguments.model)?;
    let predictor = engine.open(&model)?;
    let galaxies = match &arguments.set {
        Some(set) => Galaxies::of_set(set)?,
        None if arguments.snapshot.is_empty() => Galaxies::Maps(&arguments.maps),
        None => Galaxies::Snapshots(&arguments.snapshot, &arguments.frame),
    };
    // Whatever does not fit the model at all is found out before there is a folder.
    galaxies.check(&model)?;
    if arguments.explain > 0 && model.network.head != HeadConfig::Point {
        return Err(format!("--explain: {}", NetError::NoPoint).into());
    }
    let folder = output::folder(arguments.out.as_deref(), "predict", false)?;
    output::write_settings(&folder, arguments)?;

    let facts = [
        ("galmass_version", env!("CARGO_PKG_VERSION").to_string()),
        ("model", arguments.model.display().to_string()),
        ("training_set", model.trained_on.training.to_string()),
        ("outlier_threshold", model.features.threshold().to_string()),
    ];
    let mut table = TableStream::create(&folder, "predictions", &facts)?;
    let mut explanations = Explanations::new(&model, &folder, arguments.explain);
    let mut n_outliers = 0;
    galaxies.for_each_batch(&model, &mut |batch| {
        let inputs = model.normalisation.scale_maps(&batch.maps)?;
        let predicted = predictor.predict(&inputs)?;
        n_outliers += predicted.is_outlier.iter().filter(|is_outlier| **is_outlier).count();
        explanations.add(&*predictor, &inputs, &batch.names)?;
        table.append(&columns(&model, batch, predicted))
    })?;
    explanations.finish()?;
    let n_rows = table.n_rows();
    table.finish()?;

    println!(
        "{n_rows} predictions of {}, {n_outliers} of galaxies unlike those that the network knows",
        targets(&model)
    );
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&serde_json::json!({ "n_predictions": n_rows, "n_outliers": n_outliers }));
    }
    Ok(())
}

fn targets(model: &Model) -> String {
    let names = model.normalisation.targets.iter().map(|target| linear(&target.name).0);
    names.collect::<Vec<_>>().join(", ")
}

/// The name of a quantity without its logarithm, and whether it had one.
fn linear(name: &str) -> (&str, bool) {
    let without = name.strip_prefix("log10_");
    (without.unwrap_or(name), without.is_some())
}

/// The rows of a batch.
fn columns(model: &Model, batch: &Batch, predicted: Predictions) -> Vec<Column> {
    let integers = |name: &str, of: fn(&galaxy_batches::Name) -> i64| Column {
        name: name.into(),
        unit: "1".into(),
        values: ColumnValues::Integers(batch.names.iter().map(of).collect()),
    };
    let mut columns = vec![
        integers("file", |name| name.file),
        integers("galaxy_id", |name| name.galaxy_id),
        integers("line_of_sight", |name| name.line_of_sight),
    ];
    for (target, (scaling, unit)) in model.normalisation.targets.iter().zip(&model.target_units).enumerate() {
        let (name, is_logarithm) = linear(&scaling.name);
        let unit = if is_logarithm { unit.strip_prefix("log10 ").unwrap_or("1") } else { unit };
        for (quantile, ending) in ENDINGS.iter().enumerate() {
            let values = predicted.quantiles.outer_iter().map(|row| row[[target, quantile]]);
            let values = values.map(|value| if is_logarithm { 10_f64.powf(value) } else { value }).collect();
            columns.push(Column::floats(format!("{name}_{ending}"), unit, values));
        }
    }
    columns.push(Column::floats("feature_distance", "1", predicted.distances));
    columns.push(Column::flags("is_outlier", predicted.is_outlier));
    columns
}
