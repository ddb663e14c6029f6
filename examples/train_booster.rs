//! How well does a booster of trees tell one column of a table from the others?
//!
//! ```text
//! cargo run --release --example train_booster -- --table galaxies.csv --target stellar_mass --log10 stellar_mass
//! ```
//!
//! Reads a table of numbers with a header (commas or tabs; `--no-header` names the columns 0, 1, ...), holds a third of
//! it back, without parting the groups of `--group`, trains on the rest and scores what was held back. Empty cells,
//! `NaN` and `NA` are missing values; rows without a target are left out.
//!
//! Leaves in its folder: `settings.json`, `model.txt` (LightGBM reads it), `scores.csv`, `importance.csv`,
//! `predictions.csv`, `loss.png`, `importance.png` and `predictions.png`. 500 trees on 20,000 rows take a second.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::dataset::{Column, Table};
use galmass::gbdt::{
    BinningConfig, Booster, BoosterConfig, Dataset, Evaluation, Folds, RootMeanSquaredError, SquaredError,
    Trained, Training,
};
use galmass::metrics::Residuals;
use galmass::plots::{Bars, LossCurve, PredictionPanel, draw_bars, draw_loss_curve, draw_predictions};
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array2, Axis};
use serde::Serialize;

#[derive(Parser, Serialize)]
#[command(about = "Trains gradient boosted trees on a table and scores them")]
struct Arguments {
    /// The table (.csv, or separated by tabs)
    #[arg(long)]
    table: PathBuf,
    /// The column to predict
    #[arg(long)]
    target: String,
    /// The columns to predict it from [default: all others of numbers]
    #[arg(long, value_delimiter = ',')]
    features: Option<Vec<String>>,
    /// Columns to leave out of these
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Rows with the same value of this column stay together
    #[arg(long)]
    group: Option<String>,
    /// Columns to take the decimal logarithm of; what is not above 0 is missing
    #[arg(long, value_delimiter = ',')]
    log10: Vec<String>,
    /// The first line holds values, not names
    #[arg(long)]
    no_header: bool,
    /// Settings to start from
    #[arg(long, value_enum, default_value = "chu2024")]
    preset: Preset,
    /// Trees [default: the preset's]
    #[arg(long)]
    rounds: Option<usize>,
    /// Leaves of a tree [default: the preset's]
    #[arg(long)]
    leaves: Option<usize>,
    /// Learning rate [default: the preset's]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Decides which rows are held back
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the results go: a new folder [default: out/train_booster]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the scores as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    /// The paper's: 500 trees of 5 leaves
    Chu2024,
    /// LightGBM's defaults: 100 trees of 31 leaves
    Default,
}

/// A third is held back, as in Chu et al. (2024).
const PARTS: usize = 3;

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let preset = match arguments.preset {
        Preset::Chu2024 => BoosterConfig::chu2024(),
        Preset::Default => BoosterConfig::default(),
    };
    let config = BoosterConfig {
        num_iterations: arguments.rounds.unwrap_or(preset.num_iterations),
        num_leaves: arguments.leaves.unwrap_or(preset.num_leaves),
        learning_rate: arguments.learning_rate.unwrap_or(preset.learning_rate),
        ..preset
    };
    let samples = Samples::read(arguments)?;
    eprintln!(
        "{}: {} rows, {} features",
        arguments.table.display(),
        samples.labels.len(),
        samples.names.len()
    );
    let folds = Folds::of_groups(&samples.groups, PARTS, arguments.seed)?;
    let (for_training, held_back) = (samples.part(&folds.training(0)), samples.part(&folds.held_out(0)));

    let folder = output::folder(arguments.out.as_deref(), "train_booster", false)?;
    output::write_settings(&folder, &serde_json::json!({ "arguments": arguments, "booster": config }))?;
    let trained = train(&config, &for_training, &held_back)?;
    let booster = trained.booster.with_feature_names(&samples.model_names())?;
    booster.write(&folder.join("model.txt"))?;
    let predicted = booster.predict(held_back.table.view())?;
    let residuals = Residuals::new(&predicted, &held_back.labels)?;
    let rmse = residuals.bias().hypot(residuals.scatter());

    println!("{:>24} {:>9.4}", "bias", residuals.bias());
    println!("{:>24} {:>9.4}", "scatter", residuals.scatter());
    println!("{:>24} {rmse:>9.4}", "rms error");
    write_scores(&folder, &residuals, rmse, for_training.labels.len(), held_back.labels.len())?;
    write_predictions(&folder, &held_back.labels, &predicted)?;
    let shares = write_importance(&folder, &booster, &samples.names)?;
    draw_course(&folder, &trained.curves.iter().map(|curve| &curve.values[..]).collect::<Vec<_>>())?;
    let panel = PredictionPanel {
        title: format!("{} held back", held_back.labels.len()),
        truth: &held_back.labels,
        predicted: &predicted,
        quantity_label: samples.target.clone(),
        residual_label: "predicted − true".into(),
    };
    draw_predictions(&folder.join("predictions.png"), "Booster", &[panel])?;
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&serde_json::json!({
            "bias": residuals.bias(),
            "scatter": residuals.scatter(),
            "rms_error": rmse,
            "n_training": for_training.labels.len(),
            "n_held_back": held_back.labels.len(),
            "importance": samples.names.iter().cloned().zip(shares).collect::<std::collections::BTreeMap<_, _>>(),
        }));
    }
    Ok(())
}

/// The rows of a table, as they are trained on.
struct Samples {
    target: String,
    names: Vec<String>,
    table: Array2<f64>,
    labels: Vec<f64>,
    groups: Vec<String>,
}

impl Samples {
    fn read(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let path = arguments.table.display();
        let text = std::fs::read_to_string(&arguments.table).map_err(|error| format!("{path}: {error}"))?;
        let separator =
            if text.lines().next().is_some_and(|line| line.contains('\t')) { b'\t' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(!arguments.no_header)
            .from_reader(text.as_bytes());
        let first = reader.headers().map_err(|error| format!("{path}: {error}"))?;
        let columns: Vec<String> = if arguments.no_header {
            (0..first.len()).map(|column| column.to_string()).collect()
        } else {
            first.iter().map(str::to_owned).collect()
        };
        let records: Vec<csv::StringRecord> =
            reader.records().collect::<Result<_, _>>().map_err(|error| format!("{path}: {error}"))?;
        let index = |name: &String| {
            let found = columns.iter().position(|column| column == name);
            found.ok_or_else(|| format!("{path}: no column {name:?} among {}", columns.join(", ")))
        };
        let is_number = |column: usize| records.iter().all(|record| number(&record[column]).is_some());
        let (target, group) = (index(&arguments.target)?, arguments.group.as_ref().map(index).transpose()?);
        let without = arguments.without.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let logarithms = arguments.log10.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let features = match &arguments.features {
            Some(names) => names.iter().map(index).collect::<Result<Vec<_>, _>>()?,
            None => (0..columns.len()).filter(|&column| Some(column) != group && is_number(column)).collect(),
        };
        let features: Vec<usize> =
            features.into_iter().filter(|column| *column != target && !without.contains(column)).collect();

        let value = |row: usize, column: usize| -> Result<f64, String> {
            let line = row + 1 + usize::from(!arguments.no_header);
            let cell = &records[row][column];
            let value = number(cell).ok_or_else(|| {
                format!("{path}: line {line}, column {:?}: {cell:?} is no number", columns[column])
            })?;
            let is_logarithm = logarithms.contains(&column);
            Ok(if !is_logarithm {
                value
            } else if value > 0.0 {
                value.log10()
            } else {
                f64::NAN
            })
        };
        let (mut cells, mut labels, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..records.len() {
            let label = value(row, target)?;
            if label.is_finite() {
                labels.push(label);
                groups.push(group.map_or_else(|| row.to_string(), |group| records[row][group].to_owned()));
                for &feature in &features {
                    cells.push(value(row, feature)?);
                }
            }
        }
        let label_of = |column: usize| {
            let name = &columns[column];
            if logarithms.contains(&column) { format!("log10 {name}") } else { name.clone() }
        };
        Ok(Self {
            target: label_of(target),
            names: features.iter().map(|&feature| label_of(feature)).collect(),
            table: Array2::from_shape_vec((labels.len(), features.len()), cells)?,
            labels,
            groups,
        })
    }

    /// The names of the features, as single words.
    fn model_names(&self) -> Vec<String> {
        let word = |name: &String| name.replace(|c: char| c.is_whitespace() || "\",:[]{}".contains(c), "_");
        self.names.iter().map(word).collect()
    }

    fn part(&self, rows: &[usize]) -> Part {
        Part {
            table: self.table.select(Axis(0), rows),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
        }
    }
}

/// Some of the rows.
struct Part {
    table: Array2<f64>,
    labels: Vec<f64>,
}

/// The number in a cell: NaN if it is missing, `None` if it is something else.
fn number(cell: &str) -> Option<f64> {
    match cell.trim() {
        "" | "NA" | "NaN" | "nan" => Some(f64::NAN),
        "True" | "true" => Some(1.0),
        "False" | "false" => Some(0.0),
        cell => cell.parse().ok(),
    }
}

fn train(config: &BoosterConfig, training: &Part, held_back: &Part) -> Result<Trained, Box<dyn Error>> {
    let dataset = Dataset::new(training.table.view(), &BinningConfig::default())?;
    let bar = ProgressBar::new(config.num_iterations as u64).with_style(
        ProgressStyle::with_template("{bar:40} tree {pos}/{len}  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut tell = |round: &galmass::gbdt::Round<'_>| {
        bar.set_position(round.n_done as u64);
        if let Some(error) = round.curves.last().and_then(|curve| curve.values.last()) {
            bar.set_message(format!("rms error {error:.4}"));
        }
        ControlFlow::Continue(())
    };
    let trained = Booster::train_with(
        &SquaredError,
        config,
        Training {
            evaluations: vec![Evaluation::new("held back", held_back.table.view(), &held_back.labels)],
            metrics: vec![&RootMeanSquaredError],
            evaluates_training: true,
            progress: Some(&mut tell),
            ..Training::new(&dataset, &training.labels)
        },
    )?;
    bar.finish_and_clear();
    Ok(trained)
}

fn write_table(folder: &Path, name: &str, columns: Vec<Column>) -> Result<(), Box<dyn Error>> {
    Ok(Table { columns, ..Table::default() }.write_csv(&folder.join(name))?)
}

fn write_scores(
    folder: &Path,
    residuals: &Residuals,
    rmse: f64,
    n_training: usize,
    n_held_back: usize,
) -> Result<(), Box<dyn Error>> {
    let numbers = [
        ("bias", residuals.bias()),
        ("scatter", residuals.scatter()),
        ("rms_error", rmse),
        ("n_training", n_training as f64),
        ("n_held_back", n_held_back as f64),
    ];
    let columns = numbers.map(|(name, number)| Column::floats(name, "1", vec![number]));
    write_table(folder, "scores.csv", columns.to_vec())
}

fn write_predictions(folder: &Path, truth: &[f64], predicted: &[f64]) -> Result<(), Box<dyn Error>> {
    let columns = [("truth", truth), ("predicted", predicted)]
        .map(|(name, values)| Column::floats(name, "1", values.to_vec()));
    write_table(folder, "predictions.csv", columns.to_vec())
}

/// Writes and draws what share of the gain each feature has, in per cent, the largest first; returns them in the order
/// of the features.
fn write_importance(folder: &Path, booster: &Booster, names: &[String]) -> Result<Vec<f64>, Box<dyn Error>> {
    const MOST_BARS: usize = 20;
    let gains = booster.importance_by_gain();
    let splits = booster.importance_by_split();
    let all: f64 = gains.iter().sum();
    let shares: Vec<f64> =
        gains.iter().map(|gain| if all > 0.0 { 100.0 * gain / all } else { 0.0 }).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
    let of =
        |values: &dyn Fn(usize) -> f64| order.iter().map(|&feature| values(feature)).collect::<Vec<f64>>();
    let sorted: Vec<String> = order.iter().map(|&feature| names[feature].clone()).collect();
    let columns = vec![
        Column::texts("feature", sorted.clone()),
        Column::floats("share_of_gain", "%", of(&|feature| shares[feature])),
        Column::floats("gain", "1", of(&|feature| gains[feature])),
        Column::floats("n_splits", "1", of(&|feature| splits[feature] as f64)),
    ];
    write_table(folder, "importance.csv", columns)?;
    let n_bars = sorted.len().min(MOST_BARS);
    let values = of(&|feature| shares[feature]);
    let bars = Bars {
        names: &sorted[..n_bars],
        values: &values[..n_bars],
        value_label: "share of the gain [%]".into(),
    };
    draw_bars(&folder.join("importance.png"), "Importance of features", &bars)?;
    Ok(shares)
}

/// Draws the error of both parts, tree by tree.
fn draw_course(folder: &Path, curves: &[&[f64]]) -> Result<(), Box<dyn Error>> {
    let [training, held_back] = curves else { return Ok(()) };
    let curve =
        LossCurve { training, validation: held_back, best_epoch: None, loss_label: "rms error".into() };
    Ok(draw_loss_curve(&folder.join("loss.png"), "Error with the number of trees", &curve)?)
}
