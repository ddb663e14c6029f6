//! How long do boosted trees take to train and to predict, beside other programs on the same table?
//!
//! ```text
//! cargo run --release --example bench_booster -- CASEDIR PARAMS_JSON PRED_OUT
//! ```
//!
//! Speaks the protocol of `benches/peers/gbdt`: CASEDIR holds `meta.json` (`n_train`, `n_test`, `n_features`, `layout`),
//! the tables `X_train.f64` and `X_test.f64` (little-endian doubles, row by row; with the layout `csr` in three parts,
//! `train.indptr.i64`, `train.indices.i32` and `train.data.f64`) and the labels `y_train.f64`. PARAMS_JSON is
//! `{"rounds", "num_leaves", "learning_rate", "min_data_in_leaf", "max_bin", "threads"}`; what it does not name is
//! LightGBM's default. Predictions for the test table go to PRED_OUT.
//!
//! The last line of standard output is JSON: wall and processor seconds of training, from the table in memory to the
//! trees, of predicting all test rows at once, and `row_s` of predicting one.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/output.rs"]
#[allow(dead_code)]
mod output;
#[path = "support/timing.rs"]
mod timing;

use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use galmass::gbdt::{BinningConfig, Booster, BoosterConfig, Dataset, GbdtError, SparseRows};
use ndarray::{Array2, ArrayView2};
use serde::Deserialize;

/// Single rows are predicted one after the other, so many of them.
const N_ROWS: usize = 2000;

#[derive(Parser)]
#[command(about = "Times the training and the predictions of a booster")]
struct Arguments {
    /// A folder that `benches/peers/gbdt/make_data.py` has made
    folder: PathBuf,
    /// The settings, as JSON
    settings: String,
    /// Where the predictions go, as little-endian doubles
    predictions: PathBuf,
}

/// What is said of a case.
#[derive(Deserialize)]
struct Meta {
    n_train: usize,
    n_test: usize,
    n_features: usize,
    layout: Layout,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Layout {
    Dense,
    Csr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    rounds: usize,
    num_leaves: usize,
    learning_rate: f64,
    min_data_in_leaf: usize,
    max_bin: usize,
    threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let (booster, binning) = (BoosterConfig::default(), BinningConfig::default());
        Self {
            rounds: booster.num_iterations,
            num_leaves: booster.num_leaves,
            learning_rate: booster.learning_rate,
            min_data_in_leaf: booster.min_data_in_leaf,
            max_bin: binning.max_bin,
            threads: 1,
        }
    }
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let settings: Settings = serde_json::from_str(&arguments.settings)
        .map_err(|error| format!("{:?}: {error}", arguments.settings))?;
    rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build_global()?;
    let case = Case::open(&arguments.folder)?;
    let (table, test_table) = (case.table("train")?, case.table("test")?);
    let (rows, test) = (table.rows()?, test_table.rows()?);
    let labels = case.numbers("y_train.f64", Some(rows.n_rows()), f64::from_le_bytes)?;

    let binning = BinningConfig { max_bin: settings.max_bin, ..BinningConfig::default() };
    let config = BoosterConfig {
        num_iterations: settings.rounds,
        num_leaves: settings.num_leaves,
        learning_rate: settings.learning_rate,
        min_data_in_leaf: settings.min_data_in_leaf,
        ..BoosterConfig::default()
    };
    let (dataset, binned) = timing::time_once(|| rows.dataset(&binning))?;
    let (booster, trained) = timing::time_once(|| Booster::train(&config, &dataset, &labels))?;
    let (predictions, predicted) = timing::time_once(|| test.predict(&booster))?;
    let bytes: Vec<u8> = predictions.iter().flat_map(|value| value.to_le_bytes()).collect();
    let path = &arguments.predictions;
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;

    let rows = test_table.first_rows(N_ROWS);
    let all_rows = || Ok::<f64, Infallible>(rows.iter().map(|row| booster.predict_row(row)).sum());
    let (_, one_by_one) = timing::time(0.1, all_rows)?;
    output::print_json(&serde_json::json!({
        "train_s": binned.median_s + trained.median_s,
        "train_cpu_s": binned.cpu_s + trained.cpu_s,
        "predict_s": predicted.median_s,
        "predict_cpu_s": predicted.cpu_s,
        "row_s": (!rows.is_empty()).then(|| one_by_one.cpu_s / rows.len() as f64),
        "extra": { "bin_s": binned.cpu_s },
    }));
    Ok(())
}

/// A table in memory, all of it or what is not zero.
enum Table {
    Dense(Array2<f64>),
    Sparse { n_columns: usize, starts: Vec<usize>, columns: Vec<usize>, values: Vec<f64> },
}

/// The rows of a table.
#[derive(Clone, Copy)]
enum Rows<'a> {
    Dense(ArrayView2<'a, f64>),
    Sparse(SparseRows<'a>),
}

impl Table {
    fn rows(&self) -> Result<Rows<'_>, GbdtError> {
        Ok(match self {
            Self::Dense(table) => Rows::Dense(table.view()),
            Self::Sparse { n_columns, starts, columns, values } => {
                Rows::Sparse(SparseRows::new(*n_columns, starts, columns, values)?)
            }
        })
    }

    /// The first rows, each with its zeros.
    fn first_rows(&self, n_rows: usize) -> Vec<Vec<f64>> {
        match self {
            Self::Dense(table) => table.rows().into_iter().take(n_rows).map(|row| row.to_vec()).collect(),
            Self::Sparse { n_columns, starts, columns, values } => {
                let fill = |ends: &[usize]| {
                    let mut row = vec![0.0; *n_columns];
                    (ends[0]..ends[1]).for_each(|entry| row[columns[entry]] = values[entry]);
                    row
                };
                starts.windows(2).take(n_rows).map(fill).collect()
            }
        }
    }
}

impl Rows<'_> {
    fn n_rows(self) -> usize {
        match self {
            Self::Dense(rows) => rows.nrows(),
            Self::Sparse(rows) => rows.n_rows(),
        }
    }

    fn dataset(self, binning: &BinningConfig) -> Result<Dataset, GbdtError> {
        match self {
            Self::Dense(rows) => Dataset::new(rows, binning),
            Self::Sparse(rows) => Dataset::from_sparse(rows, binning),
        }
    }

    fn predict(self, booster: &Booster) -> Result<Vec<f64>, GbdtError> {
        match self {
            Self::Dense(rows) => booster.predict(rows),
            Self::Sparse(rows) => booster.predict_sparse(rows),
        }
    }
}

/// A case on disk.
struct Case<'a> {
    folder: &'a Path,
    meta: Meta,
}

impl<'a> Case<'a> {
    fn open(folder: &'a Path) -> Result<Self, Box<dyn Error>> {
        let path = folder.join("meta.json");
        let named = |error: &dyn Error| format!("{}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| named(&error))?;
        Ok(Self { folder, meta: serde_json::from_str(&text).map_err(|error| named(&error))? })
    }

    /// The table of one part, `train` or `test`.
    fn table(&self, part: &str) -> Result<Table, Box<dyn Error>> {
        let n_rows = if part == "train" { self.meta.n_train } else { self.meta.n_test };
        let n_columns = self.meta.n_features;
        match self.meta.layout {
            Layout::Dense => {
                let file = format!("X_{part}.f64");
                let cells =
                    self.numbers(&file, Some(n_rows.saturating_mul(n_columns)), f64::from_le_bytes)?;
                Ok(Table::Dense(Array2::from_shape_vec((n_rows, n_columns), cells)?))
            }
            Layout::Csr => {
                let starts =
                    self.indices(&format!("{part}.indptr.i64"), Some(n_rows + 1), i64::from_le_bytes)?;
                let values = self.numbers(&format!("{part}.data.f64"), None, f64::from_le_bytes)?;
                let file = format!("{part}.indices.i32");
                let columns = self.indices(&file, Some(values.len()), i32::from_le_bytes)?;
                let table = Table::Sparse { n_columns, starts, columns, values };
                // Refused here, where the files are known.
                table.rows().map_err(|error| {
                    format!("{} and its indptr and data: {error}", self.folder.join(file).display())
                })?;
                Ok(table)
            }
        }
    }

    /// The indices of a file.
    fn indices<T: TryInto<usize>, const N: usize>(
        &self,
        file: &str,
        expected: Option<usize>,
        of: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<usize>, Box<dyn Error>> {
        let indices = self.numbers(file, expected, of)?.into_iter().map(TryInto::try_into);
        let indices = indices.collect::<Result<Vec<usize>, _>>();
        indices.map_err(|_| format!("{}: an index is negative", self.folder.join(file).display()).into())
    }

    /// The numbers of a file, and as many as they should be.
    fn numbers<T, const N: usize>(
        &self,
        file: &str,
        expected: Option<usize>,
        of: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Box<dyn Error>> {
        let path = self.folder.join(file);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (numbers, rest) = bytes.as_chunks::<N>();
        let expected = expected.unwrap_or(numbers.len());
        if !rest.is_empty() || numbers.len() != expected {
            let found = bytes.len();
            return Err(format!("{}: {found} bytes are not {expected} numbers of {N}", path.display()).into());
        }
        Ok(numbers.iter().map(|bytes| of(*bytes)).collect())
    }
}
