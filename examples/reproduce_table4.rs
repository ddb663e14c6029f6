//! How well do networks tell masses from images and velocity maps, input by input?
//!
//! ```text
//! cargo run --release --example reproduce_table4 -- [--rows 1,5,7] [--preset recommended] [--out DIR] [--resume]
//! cargo run --release --example reproduce_table4 -- --set out/build_dataset --preset chu2024 --device cuda
//! ```
//!
//! All 24 rows of table 4 of Chu et al. (2024), the coarser images of its section 4.1 as rows 25 and 26, its power law,
//! and five virial estimators: one network a row (rows 16 to 19 share one), trained on a part of the galaxies and
//! scored on another, and printed beside the paper's numbers in Markdown. Without `--set` the data are mock galaxies of
//! two suites, made on the fly; a set of `build_dataset` has to have the channels of `SurveyConfig::chu2024`, and for
//! early types and virial estimators table 1 besides.
//!
//! `--split grouped` keeps all sides of a galaxy in one part; `--split paper` deals out projections, as the paper does,
//! so that most test galaxies have been seen from another side, and says how many.
//!
//! Leaves in its folder: `settings.json`, `set/` (the mock galaxies), `trainings/NAME/` (model, loss curve, history,
//! predictions of the test part), `table4.md`, `table4.json`, and counterparts of figures 5 to 9. Stopped at any
//! instant, it goes on with `--resume --out FOLDER`: rows that were done are not done again, nor epochs; more `--rows`
//! may be asked for then, and join the others. With the default settings all rows take some hours on two cores, a row
//! some minutes.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/baselines.rs"]
mod baselines;
#[path = "support/learning.rs"]
#[allow(dead_code, reason = "the rows have a report of their own")]
mod learning;
#[path = "support/mock_set.rs"]
mod mock_set;
#[path = "support/mock_survey.rs"]
mod mock_survey;
#[path = "support/output.rs"]
#[allow(dead_code, reason = "settings are kept with those of the rows that were done")]
mod output;
#[path = "support/paper_table.rs"]
mod paper_table;
#[path = "support/resumable.rs"]
mod resumable;
#[path = "support/set_learning.rs"]
mod set_learning;
#[path = "support/table4.rs"]
mod table4;
#[path = "support/table4_report.rs"]
mod table4_report;

use std::collections::btree_map::{BTreeMap, Entry};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use galmass::dataset::{Fractions, Grouping, PartSizes, SampleSet, SetSplit, Split, SplitPlan};
use galmass::device::Device;
use galmass::net::{Engine, HeadConfig, Model, TrainingConfig};
use learning::Shape;
use mock_survey::MockSurvey;
use ndarray::Array2;
use paper_table::{Measured, PaperRow};
use table4::Row;
use table4_report::{Compared, Predictions};

/// The paper's parts: 16,000, 4,000 and 8,110 of 28,110 samples.
const PARTS: Fractions = Fractions { validation: 4000.0 / 28_110.0, test: 8110.0 / 28_110.0 };

#[derive(Parser)]
#[command(about = "Reproduces table 4 of Chu et al. (2024) on a set of samples")]
struct Arguments {
    /// The folder of a set of samples [default: mock galaxies made on the fly]
    #[arg(long, conflicts_with_all = ["galaxies", "stars", "image_px", "map_px"])]
    set: Option<PathBuf>,
    /// Rows of the table, such as 1,5-8,20
    #[arg(long, default_value = "all")]
    rows: String,
    /// Networks, training and mock galaxies to start from
    #[arg(long, value_enum, default_value = "recommended")]
    preset: Preset,
    /// What may not be divided between training and test
    #[arg(long, value_enum, default_value = "grouped")]
    split: SplitBy,
    /// Passes over the training part [default: the preset's]
    #[arg(long)]
    epochs: Option<usize>,
    /// Features of the first stage of each branch [default: the preset's]
    #[arg(long)]
    width: Option<usize>,
    /// Mock galaxies [default: the preset's]
    #[arg(long)]
    galaxies: Option<usize>,
    /// Stars of each mock galaxy [default: the preset's]
    #[arg(long)]
    stars: Option<usize>,
    /// Pixels of an image of mock galaxies [default: the preset's]
    #[arg(long)]
    image_px: Option<usize>,
    /// Pixels of a velocity map of mock galaxies [default: the preset's]
    #[arg(long)]
    map_px: Option<usize>,
    /// Decides mock galaxies, split, first weights and the order of the samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// cpu, ndarray, cuda or cuda:N
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Where the results go: a new folder [default: out/reproduce_table4]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Go on with the run in --out
    #[arg(long)]
    resume: bool,
    /// Print the figures as one line of JSON at the end
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// The paper's networks, training, meshes and number of galaxies
    Chu2024,
    /// Branches a quarter as wide, 30 epochs with augmentation, 3000 mock galaxies in images of 60 pixels
    Recommended,
    /// A few galaxies and epochs, to see that it runs
    Tiny,
}

impl Preset {
    fn training(self) -> TrainingConfig {
        match self {
            Self::Chu2024 => TrainingConfig::chu2024(),
            Self::Recommended => TrainingConfig::recommended(),
            Self::Tiny => TrainingConfig { n_epochs: 2, batch_size: 16, ..TrainingConfig::recommended() },
        }
    }

    fn width(self) -> usize {
        match self {
            Self::Chu2024 => 64,
            Self::Recommended => 16,
            Self::Tiny => 2,
        }
    }

    fn survey(self, arguments: &Arguments) -> MockSurvey {
        let (n_galaxies, n_stars, image_px, map_px) = match self {
            Self::Chu2024 => (9370, 10_000, 300, 48),
            Self::Recommended => (3000, 6000, 60, 48),
            Self::Tiny => (24, 400, 20, 12),
        };
        MockSurvey {
            n_galaxies: arguments.galaxies.unwrap_or(n_galaxies),
            n_stars: arguments.stars.unwrap_or(n_stars),
            image_px: arguments.image_px.unwrap_or(image_px),
            map_px: arguments.map_px.unwrap_or(map_px),
            seed: arguments.seed,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SplitBy {
    /// Galaxies: no galaxy is in two parts
    Grouped,
    /// Projections, as in the paper
    Paper,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let asked = table4::rows(&arguments.rows)?;
    let engine = arguments.device.parse::<Device>()?.open()?;
    let preset = arguments.preset.training();
    let training = TrainingConfig {
        n_epochs: arguments.epochs.unwrap_or(preset.n_epochs),
        seed: arguments.seed,
        ..preset
    };
    training.check()?;
    let width = arguments.width.unwrap_or(arguments.preset.width());
    // A set that is not there is found out before there is a folder.
    let given = arguments.set.as_deref().map(SampleSet::open).transpose()?;
    let folder = output::folder(arguments.out.as_deref(), "reproduce_table4", arguments.resume)?;
    let set = match given {
        Some(set) => set,
        None => mock_survey::mock_set(&arguments.preset.survey(arguments), &folder.join("set"))?,
    };
    let split = split(&set, arguments)?;
    resumable::keep_settings(
        &folder,
        &serde_json::json!({
            "set": set.manifest().checksum(), "split": split.plan, "training": training, "width": width,
        }),
    )?;
    describe(&set, &split);

    let runner =
        Runner { engine: &*engine, set: &set, split: &split.split, training, width, folder: &folder };
    let rows = runner.with_those_done(&asked);
    let mut predictions = Predictions::new();
    for row in &rows {
        if let Entry::Vacant(entry) = predictions.entry(row.training_name()) {
            eprintln!("row {}: {} -> {}", row.id, row.inputs_label(), row.scored_label());
            entry.insert(runner.predictions(row)?);
        }
    }
    report(arguments, &rows, &predictions, &set, &split, &folder)
}

fn split(set: &SampleSet, arguments: &Arguments) -> Result<SetSplit, Box<dyn Error>> {
    let grouping = match arguments.split {
        SplitBy::Grouped => Grouping::Galaxy,
        SplitBy::Paper => Grouping::Paper,
    };
    Ok(SetSplit::new(set, SplitPlan { grouping, sizes: PartSizes::Fractions(PARTS), seed: arguments.seed })?)
}

/// Says what there is, and how much of the test part has been seen from another side.
fn describe(set: &SampleSet, split: &SetSplit) {
    let galaxies = &set.keys().galaxy_id;
    let Split { training, validation, test } = &split.split;
    let seen: std::collections::BTreeSet<u64> = training.iter().map(|&sample| galaxies[sample]).collect();
    let n_siblings = test.iter().filter(|&&sample| seen.contains(&galaxies[sample])).count();
    eprintln!(
        "{} samples to train on, {} to validate, {} to test; of {:.1} % of these the galaxy is in the training part",
        training.len(),
        validation.len(),
        test.len(),
        100.0 * n_siblings as f64 / test.len() as f64,
    );
}

/// Trains the networks of the rows, or reads what they have said before.
struct Runner<'a> {
    engine: &'a dyn Engine,
    set: &'a SampleSet,
    split: &'a Split,
    training: TrainingConfig,
    width: usize,
    folder: &'a Path,
}

impl Runner<'_> {
    fn predictions_path(&self, row: &Row) -> PathBuf {
        self.folder.join("trainings").join(row.training_name()).join("predictions.csv")
    }

    /// The rows that are asked for, and those that an earlier run has done, in the order of the table.
    fn with_those_done(&self, asked: &[Row]) -> Vec<Row> {
        let is_asked = |row: &Row| asked.iter().any(|asked| asked.id == row.id);
        let is_wanted = |row: &Row| is_asked(row) || self.predictions_path(row).exists();
        table4::ROWS.into_iter().filter(is_wanted).collect()
    }

    /// What the network of a row says of the test part.
    fn predictions(&self, row: &Row) -> Result<Array2<f64>, Box<dyn Error>> {
        let path = self.predictions_path(row);
        let folder = self.folder.join("trainings").join(row.training_name());
        if path.exists() {
            return read_predictions(&path, self.split.test.len(), row.trained_on.len());
        }
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let targets: Vec<&str> = row.trained_on.iter().map(|target| target.name).collect();
        let (set, split) = (self.set, self.split);
        let said = set_learning::with_parts(set, split, row.inputs, &targets, row.rebin, |parts| {
            let saved = folder.join("model.safetensors");
            let model = match saved.exists() {
                true => Model::load(&saved)?,
                false => {
                    let shape = Shape { width: self.width, head: HeadConfig::Point };
                    let (normalisation, both) =
                        (parts.normalisation.clone(), [parts.training, parts.validation]);
                    learning::train_parts(self.engine, normalisation, both, &shape, &self.training, &folder)?
                }
            };
            set_learning::predict(self.engine, &model, parts.test)
        })?;
        resumable::write(&path, &self.predictions_table(row, &said)?)?;
        Ok(said)
    }

    /// Truths and predictions of the test part, sample by sample.
    fn predictions_table(&self, row: &Row, said: &Array2<f64>) -> Result<String, Box<dyn Error>> {
        let mut header = String::from("sample,galaxy_id");
        let mut truths = Vec::new();
        for target in row.trained_on {
            header += &format!(",{0}_predicted,{0}_true", target.name);
            truths.push(set_learning::numbers(self.set, target.name, &self.split.test)?);
        }
        let mut table = header + "\n";
        for (place, &sample) in self.split.test.iter().enumerate() {
            table += &format!("{sample},{}", self.set.keys().galaxy_id[sample]);
            for (target, truth) in truths.iter().enumerate() {
                table += &format!(",{},{}", said[[place, target]], truth[place]);
            }
            table.push('\n');
        }
        Ok(table)
    }
}

fn read_predictions(path: &Path, n_samples: usize, n_targets: usize) -> Result<Array2<f64>, Box<dyn Error>> {
    let broken = |what: String| format!("{}: {what}: remove it to do this row again", path.display());
    let mut table = csv::Reader::from_path(path).map_err(|error| broken(error.to_string()))?;
    let mut values = Vec::new();
    for line in table.records() {
        let line = line.map_err(|error| broken(error.to_string()))?;
        for target in 0..n_targets {
            let value = line.get(2 + 2 * target).and_then(|value| value.parse::<f64>().ok());
            values.push(value.ok_or_else(|| broken("a prediction is no number".into()))?);
        }
    }
    Array2::from_shape_vec((n_samples, n_targets), values)
        .map_err(|_| broken(format!("not {n_samples} samples")).into())
}

fn report(
    arguments: &Arguments,
    rows: &[Row],
    predictions: &Predictions,
    set: &SampleSet,
    split: &SetSplit,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let (test, seed) = (&split.split.test, arguments.seed);
    let n_px = set.array("image_r")?.layout().shape.first().copied().unwrap_or(0);
    let mut compared: BTreeMap<usize, Compared> = BTreeMap::new();
    let mut table: Vec<PaperRow> = Vec::new();
    for row in rows {
        let said = table4_report::compare(row, &predictions[&row.training_name()], set, test)?;
        let ours = match &said {
            Some(said) => Some(Measured::of(&said.predicted, &said.truth, &said.galaxies, seed)?),
            None => None,
        };
        table.push(table4_report::paper_row(row, n_px, ours));
        if let Some(said) = said {
            if said.n_left_out > 0 {
                eprintln!("row {}: {} fractions are not positive, and left out", row.id, said.n_left_out);
            }
            compared.insert(row.id, said);
        }
    }
    table.extend(baselines::rows(set, &split.split, &set_learning::profile_radii(set), seed)?);
    let verdicts = table4_report::verdicts(&compared, seed)?;

    let mut text = paper_table::markdown(&table);
    if !verdicts.is_empty() {
        text += "\n";
        verdicts.iter().for_each(|(verdict, _)| text += &format!("- {verdict}\n"));
    }
    if set.manifest().description.suites.iter().all(|suite| mock_survey::is_mock(suite)) {
        text += &format!("\n{}\n", paper_table::OF_MOCKS);
    }
    println!("{text}");
    resumable::write(&folder.join("table4.md"), &text)?;
    table4_report::draw(&compared, folder)?;
    let figures = serde_json::json!({
        "n_samples": set.n_samples(),
        "n_test": test.len(),
        "n_shared_galaxies": split.n_shared_galaxies,
        "rows": rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        "table": table,
        "verdicts": verdicts.iter().map(|(verdict, ratio)| serde_json::json!({
            "verdict": verdict, "ratio": ratio,
        })).collect::<Vec<_>>(),
    });
    resumable::write(&folder.join("table4.json"), &format!("{figures:#}\n"))?;
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&figures);
    }
    Ok(())
}
