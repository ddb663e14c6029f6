//! How well do boosted trees tell one column of a table from the others?
//!
//! ```text
//! cargo run --release --example train_booster -- --table galaxies.csv --target stellar_mass --log10 stellar_mass
//! ```
//!
//! Reads a table of numbers with a header (commas or tabs; with `--no-header` the columns are called 0, 1, ...), holds a
//! third of it back without parting the groups of `--group`, trains on the rest and scores it on what was held back, or on
//! the rows of `--test-table`. Empty cells, `NaN` and `NA` are missing values; rows without a target are left out.
//! `--early-stopping 50` holds back a fifth of the rows to train on, too, and ends when 50 trees have not helped there.
//!
//! Leaves in its folder: `settings.json`, `model.txt` (LightGBM reads it), `scores.csv`, `importance.csv`,
//! `predictions.csv`, `loss.png`, `importance.png` and `predictions.png`. 500 trees on 20,000 rows take a second.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/feature_table.rs"]
mod feature_table;
#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use feature_table::{Columns, Samples};
use galmass::dataset::{Column, ColumnValues, Table};
use galmass::gbdt::{
    BinningConfig, Booster, BoosterConfig, Dataset, Evaluation, RootMeanSquaredError, SquaredError, Trained,
    Training,
};
use galmass::metrics::Residuals;
use galmass::plots::{
    Bars, PredictionPanel, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle, draw_bars,
    draw_predictions, draw_profiles,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

#[derive(Parser, Serialize)]
#[command(about = "Trains gradient boosted trees on a table and scores them")]
struct Arguments {
    /// The table (.csv, or separated by tabs)
    #[arg(long)]
    table: PathBuf,
    /// Another table with the same columns to score the trees on, in place of a third of the first
    #[arg(long)]
    test_table: Option<PathBuf>,
    #[command(flatten)]
    columns: Columns,
    /// Settings to start from
    #[arg(long, value_enum, default_value = "chu2024")]
    preset: Preset,
    /// A JSON file with settings by LightGBM's names, in place of a preset; what it does not name is LightGBM's default
    #[arg(long, conflicts_with = "preset")]
    config: Option<PathBuf>,
    /// Trees [default: the preset's]
    #[arg(long)]
    rounds: Option<usize>,
    /// Leaves of a tree [default: the preset's]
    #[arg(long)]
    leaves: Option<usize>,
    /// Learning rate [default: the preset's]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// End when so many trees have not helped [default: the preset's, 0 for never]
    #[arg(long)]
    early_stopping: Option<usize>,
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
#[serde(rename_all = "lowercase")]
enum Preset {
    /// Chu et al. (2024): 500 trees of 5 leaves
    Chu2024,
    /// LightGBM's defaults: 100 trees of 31 leaves
    Lightgbm,
}

/// A third is held back to score, as in Chu et al. (2024), and a fifth of the rest to stop in time.
const TEST_PARTS: usize = 3;
const VALIDATION_PARTS: usize = 5;
/// Features beyond these are in the table, and not in the figure.
const MOST_BARS: usize = 20;

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let config = configure(arguments)?;
    let parts = Parts::read(arguments, config.early_stopping_round > 0)?;
    let labels: Vec<String> =
        parts.training.columns.iter().map(|column| arguments.columns.label(column)).collect();
    let binning = BinningConfig::default();
    let words: Vec<String> = labels.iter().map(|label| word(label)).collect();
    let dataset = Dataset::new(parts.training.table.view(), &binning)?.with_feature_names(&words)?;
    // Without trees, only to see whether settings and labels will do before there is a folder.
    let untrained = BoosterConfig { num_iterations: 0, early_stopping_round: 0, ..config.clone() };
    Booster::train(&untrained, &dataset, &parts.training.labels)?;

    let folder = output::folder(arguments.out.as_deref(), "train_booster", false)?;
    let settings = serde_json::json!({ "arguments": arguments, "booster": config, "binning": binning });
    output::write_settings(&folder, &settings)?;
    let trained = train(&config, &dataset, &parts)?;
    let booster = &trained.booster;
    booster.write(&folder.join("model.txt"))?;

    let target = arguments.columns.label(&arguments.columns.target);
    let scores =
        parts.named().map(|(name, part)| Scored::new(name, part, booster)).collect::<Result<Vec<_>, _>>()?;
    print_scores(&scores, booster);
    write_scores(&folder, &scores)?;
    write_predictions(&folder, &scores)?;
    draw_scores(&folder, &target, &scores)?;
    draw_course(&folder, &target, &trained)?;
    let shares = report_importance(&folder, &target, booster, &labels)?;
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        let mut figures = serde_json::json!({ "n_trees": booster.trees().len() });
        for Scored { name, part, errors, .. } in &scores {
            figures[format!("n_{name}")] = part.labels.len().into();
            for (score, value) in errors {
                figures[format!("{name}_{score}")] = (*value).into();
            }
        }
        for (label, share) in labels.iter().zip(shares) {
            figures["importance"][label] = share.into();
        }
        output::print_json(&figures);
    }
    Ok(())
}

fn configure(arguments: &Arguments) -> Result<BoosterConfig, Box<dyn Error>> {
    let config = match (&arguments.config, arguments.preset) {
        (Some(path), _) => {
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            serde_json::from_reader(BufReader::new(file))
                .map_err(|error| format!("{}: {error}", path.display()))?
        }
        (None, Preset::Chu2024) => BoosterConfig::chu2024(),
        (None, Preset::Lightgbm) => BoosterConfig::default(),
    };
    Ok(BoosterConfig {
        num_iterations: arguments.rounds.unwrap_or(config.num_iterations),
        num_leaves: arguments.leaves.unwrap_or(config.num_leaves),
        learning_rate: arguments.learning_rate.unwrap_or(config.learning_rate),
        early_stopping_round: arguments.early_stopping.unwrap_or(config.early_stopping_round),
        ..config
    })
}

/// A name as the text of a model can hold it.
fn word(name: &str) -> String {
    name.replace(|c: char| c.is_whitespace() || c.is_control() || "\",:[]{}".contains(c), "_")
}

/// Rows to train on, rows that say when to stop, and rows to score, in no two of which there is the same group.
struct Parts {
    training: Samples,
    validation: Option<Samples>,
    test: Samples,
}

impl Parts {
    fn read(arguments: &Arguments, stops_early: bool) -> Result<Self, Box<dyn Error>> {
        let Arguments { table, columns, seed, .. } = arguments;
        let rows = columns.read(table, None)?;
        eprintln!(
            "{}: {} rows ({} left out), {} features",
            table.display(),
            rows.labels.len(),
            rows.n_left_out,
            rows.columns.len()
        );
        let of_table = |error: String| format!("{}: {error}", table.display());
        let (rest, test) = match &arguments.test_table {
            Some(path) => {
                let test = columns.read(path, Some(&rows.columns))?;
                (rows, test)
            }
            None => rows.parted(TEST_PARTS, *seed).map_err(of_table)?,
        };
        let (training, validation) = if stops_early {
            let (training, validation) = rest.parted(VALIDATION_PARTS, *seed).map_err(of_table)?;
            (training, Some(validation))
        } else {
            (rest, None)
        };
        Ok(Self { training, validation, test })
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &Samples)> {
        let validation = self.validation.as_ref().map(|part| ("validation", part));
        [("training", &self.training)].into_iter().chain(validation).chain([("test", &self.test)])
    }
}

/// Trains on one part, watching another: the test part only where it decides nothing.
fn train(config: &BoosterConfig, dataset: &Dataset, parts: &Parts) -> Result<Trained, Box<dyn Error>> {
    let (name, watched) = match &parts.validation {
        Some(validation) => ("validation", validation),
        None => ("test", &parts.test),
    };
    let bar = ProgressBar::new(config.num_iterations as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} trees, {eta} left  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut show = |round: &galmass::gbdt::Round<'_>| {
        bar.set_position(round.n_done as u64);
        let errors: Vec<String> = round
            .curves
            .iter()
            .filter_map(|curve| Some(format!("{} {:.4}", curve.evaluation, curve.values.last()?)))
            .collect();
        bar.set_message(format!("rms error: {}", errors.join(", ")));
        ControlFlow::Continue(())
    };
    let trained = Booster::train_with(
        &SquaredError,
        config,
        Training {
            evaluations: vec![Evaluation::new(name, watched.table.view(), &watched.labels)],
            metrics: vec![&RootMeanSquaredError],
            evaluates_training: true,
            progress: Some(&mut show),
            ..Training::new(dataset, &parts.training.labels)
        },
    )?;
    bar.finish_and_clear();
    Ok(trained)
}

/// The predictions for a part of the rows, and what they are worth.
struct Scored<'a> {
    name: &'static str,
    part: &'a Samples,
    predicted: Vec<f64>,
    errors: [(&'static str, f64); 5],
}

impl<'a> Scored<'a> {
    fn new(name: &'static str, part: &'a Samples, booster: &Booster) -> Result<Self, Box<dyn Error>> {
        let predicted = booster.predict(part.table.view())?;
        let residuals = Residuals::new(&predicted, &part.labels)?;
        let absolute: f64 = residuals.values().iter().map(|residual| residual.abs()).sum();
        let errors = [
            ("bias", residuals.bias()),
            ("scatter", residuals.scatter()),
            ("half_width_16_84", residuals.half_width_16_84()),
            ("rms_error", residuals.bias().hypot(residuals.scatter())),
            ("mean_absolute_error", absolute / predicted.len() as f64),
        ];
        Ok(Self { name, part, predicted, errors })
    }
}

fn print_scores(scores: &[Scored<'_>], booster: &Booster) {
    println!("{} trees", booster.trees().len());
    println!(
        "{:<12}{:>8}{:>10}{:>10}{:>12}{:>12}{:>12}",
        "part", "rows", "bias", "1σ", "(84-16)/2", "rms error", "mean error"
    );
    for Scored { name, part, errors, .. } in scores {
        let [bias, scatter, half_width, rms, mean] = errors.map(|(_, value)| value);
        let n_rows = part.labels.len();
        println!("{name:<12}{n_rows:>8}{bias:>10.4}{scatter:>10.4}{half_width:>12.4}{rms:>12.4}{mean:>12.4}");
    }
}

fn write_table(folder: &Path, name: &str, columns: Vec<Column>) -> Result<(), Box<dyn Error>> {
    Ok(Table { columns, ..Table::default() }.write_csv(&folder.join(name))?)
}

fn integers(name: &str, values: impl Iterator<Item = u64>) -> Column {
    let values = ColumnValues::Integers(values.map(|value| value as i64).collect());
    Column { name: name.into(), unit: "1".into(), values }
}

fn write_scores(folder: &Path, scores: &[Scored<'_>]) -> Result<(), Box<dyn Error>> {
    let mut columns = vec![
        Column::texts("part", scores.iter().map(|score| score.name.to_owned()).collect()),
        integers("n_rows", scores.iter().map(|score| score.part.labels.len() as u64)),
    ];
    for (index, (name, _)) in scores[0].errors.iter().enumerate() {
        let values = scores.iter().map(|score| score.errors[index].1);
        columns.push(Column::floats(*name, "1", values.collect()));
    }
    write_table(folder, "scores.csv", columns)
}

/// Writes all rows by the line that they have in their file, so that the parts can be made again elsewhere.
fn write_predictions(folder: &Path, scores: &[Scored<'_>]) -> Result<(), Box<dyn Error>> {
    let parts = scores.iter().flat_map(|score| vec![score.name.to_owned(); score.predicted.len()]);
    let lines = scores.iter().flat_map(|score| score.part.lines.iter().copied());
    let labels = scores.iter().flat_map(|score| score.part.labels.iter().copied());
    let predicted = scores.iter().flat_map(|score| score.predicted.iter().copied());
    let columns = vec![
        Column::texts("part", parts.collect()),
        integers("line", lines),
        Column::floats("true", "1", labels.collect()),
        Column::floats("predicted", "1", predicted.collect()),
    ];
    write_table(folder, "predictions.csv", columns)
}

fn draw_scores(folder: &Path, target: &str, scores: &[Scored<'_>]) -> Result<(), Box<dyn Error>> {
    let panels: Vec<PredictionPanel<'_>> = scores
        .iter()
        .filter(|score| score.name != "training")
        .map(|score| PredictionPanel {
            title: score.name.into(),
            truth: &score.part.labels,
            predicted: &score.predicted,
            quantity_label: target.into(),
            residual_label: "predicted − true".into(),
        })
        .collect();
    Ok(draw_predictions(&folder.join("predictions.png"), target, &panels)?)
}

/// Draws the errors of the parts that were watched, tree by tree.
fn draw_course(folder: &Path, target: &str, trained: &Trained) -> Result<(), Box<dyn Error>> {
    let n_rounds = trained.curves.iter().map(|curve| curve.values.len()).max().unwrap_or(0);
    let trees: Vec<f64> = (1..=n_rounds).map(|n| n as f64).collect();
    let series = |label: String, x, y, style| ProfileSeries { label, x, y, errors: None, style };
    let mut all = Vec::new();
    for curve in &trained.curves {
        let n_rounds = curve.values.len();
        all.push(series(curve.evaluation.clone(), &trees[..n_rounds], &curve.values, SeriesStyle::Line));
    }
    if let Some(watched) = trained.curves.last()
        && let kept @ 1.. = trained.best_round
        && kept < n_rounds
    {
        let (x, y) = (&trees[kept - 1..kept], &watched.values[kept - 1..kept]);
        all.push(series(format!("{kept} trees kept"), x, y, SeriesStyle::Points));
    }
    let panel = ProfilePanel {
        title: String::new(),
        x_label: "trees".into(),
        y_label: "rms error".into(),
        x_scale: ProfileScale::Linear,
        y_scale: ProfileScale::Log,
        series: all,
        marks: Vec::new(),
        is_low: false,
    };
    Ok(draw_profiles(&folder.join("loss.png"), target, &[vec![panel]])?)
}

/// Writes and draws what share of the gain each feature has, in per cent, the largest first; returns the shares in the
/// order of the features.
fn report_importance(
    folder: &Path,
    target: &str,
    booster: &Booster,
    labels: &[String],
) -> Result<Vec<f64>, Box<dyn Error>> {
    let (gains, splits) = (booster.importance_by_gain(), booster.importance_by_split());
    let all: f64 = gains.iter().sum();
    let shares: Vec<f64> =
        gains.iter().map(|gain| if all > 0.0 { 100.0 * gain / all } else { 0.0 }).collect();
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| gains[b].total_cmp(&gains[a]));
    let names: Vec<String> = order.iter().map(|&feature| labels[feature].clone()).collect();
    let sorted = |of: &dyn Fn(usize) -> f64| order.iter().map(|&feature| of(feature)).collect::<Vec<f64>>();
    let values = sorted(&|feature| shares[feature]);
    let columns = vec![
        Column::texts("feature", names.clone()),
        Column::floats("share_of_gain", "%", values.clone()),
        Column::floats("gain", "1", sorted(&|feature| gains[feature])),
        integers("n_splits", order.iter().map(|&feature| splits[feature] as u64)),
    ];
    write_table(folder, "importance.csv", columns)?;
    let n_bars = names.len().min(MOST_BARS);
    let width = names[..n_bars].iter().map(|name| name.chars().count()).max().unwrap_or(0).max(12);
    println!("{:<width$}{:>12}", "feature", "gain [%]");
    names.iter().zip(&values).take(n_bars).for_each(|(name, share)| println!("{name:<width$}{share:>12.1}"));
    let bars = Bars {
        names: &names[..n_bars],
        values: &values[..n_bars],
        value_label: "share of the gain [%]".into(),
    };
    draw_bars(&folder.join("importance.png"), target, &bars)?;
    Ok(shares)
}
