//! Tables of numbers as text: the columns that a booster learns from, the one that it learns, and groups of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

use clap::Args;
use galmass::gbdt::Folds;
use ndarray::{Array2, Axis};
use serde::Serialize;

/// What the columns of a table are. Without a header they are called 0, 1, ...
#[derive(Args, Serialize)]
pub(crate) struct Columns {
    /// The column to predict
    #[arg(long)]
    pub(crate) target: String,
    /// The columns to predict it from [default: all others that hold numbers]
    #[arg(long, value_delimiter = ',')]
    features: Option<Vec<String>>,
    /// Columns to leave out of these
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Rows with the same value of this column stay together
    #[arg(long)]
    group: Option<String>,
    /// Leave out the rows where one of these columns is 0, false or missing
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Columns to take the decimal logarithm of; what is not above 0 is missing
    #[arg(long, value_delimiter = ',')]
    log10: Vec<String>,
    /// The first line holds values, not names
    #[arg(long)]
    no_header: bool,
}

/// Rows with a label.
#[derive(Clone)]
pub(crate) struct Samples {
    /// The columns of the features, by the names that they have in the file.
    pub(crate) columns: Vec<String>,
    /// The line of each row in its file.
    pub(crate) lines: Vec<u64>,
    pub(crate) table: Array2<f64>,
    pub(crate) labels: Vec<f64>,
    groups: Vec<String>,
    /// Rows of the file that are not among them.
    pub(crate) n_left_out: usize,
}

impl Columns {
    /// How people write a column.
    pub(crate) fn label(&self, column: &str) -> String {
        let is_logarithm = self.log10.iter().any(|name| name == column);
        let column = if self.no_header { format!("column {column}") } else { column.to_owned() };
        if is_logarithm { format!("log10 {column}") } else { column }
    }

    /// Reads the rows that have a label, with the given features or those that the columns of the file suggest.
    pub(crate) fn read(&self, path: &Path, features: Option<&[String]>) -> Result<Samples, Box<dyn Error>> {
        let text = Text::read(path, self.no_header)?;
        let indices =
            |names: &[String]| names.iter().map(|name| text.index(name)).collect::<Result<Vec<_>, _>>();
        let target = text.index(&self.target)?;
        let group = self.group.as_ref().map(|name| text.index(name)).transpose()?;
        let (only, logarithms, without) =
            (indices(&self.only)?, indices(&self.log10)?, indices(&self.without)?);
        let mut features = match features.or(self.features.as_deref()) {
            Some(names) => indices(names)?,
            None => text.columns_of_numbers().filter(|&column| column != target).collect(),
        };
        features.retain(|column| {
            !without.contains(column) && (self.features.is_some() || Some(*column) != group)
        });
        if features.contains(&target) {
            return Err(format!("{:?} is to be predicted, and cannot be a feature", self.target).into());
        }
        if features.is_empty() {
            return Err(format!("{}: no column of numbers is left as a feature", text.path).into());
        }

        let value = |row: usize, column: usize| -> Result<f64, String> {
            let value = text.number(row, column)?;
            let is_logarithm = logarithms.contains(&column);
            Ok(if is_logarithm && value > 0.0 {
                value.log10()
            } else if is_logarithm {
                f64::NAN
            } else {
                value
            })
        };
        let (mut lines, mut cells, mut labels, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in 0..text.n_rows() {
            let mut is_wanted = true;
            for &column in &only {
                let value = text.number(row, column)?;
                is_wanted &= !(value.is_nan() || value == 0.0);
            }
            let label = value(row, target)?;
            // Boosters take labels in single precision.
            if (label as f32).is_infinite() {
                return Err(text.complaint(row, target, "is no label").into());
            }
            if !is_wanted || label.is_nan() {
                continue;
            }
            groups.push(match group.map(|column| &text.records[row][column]) {
                Some("") => return Err(text.complaint(row, group.unwrap_or(target), "is no group").into()),
                Some(group) => group.to_owned(),
                None => row.to_string(),
            });
            lines.push(text.line(row));
            labels.push(label);
            for &feature in &features {
                cells.push(value(row, feature)?);
            }
        }
        if labels.is_empty() {
            return Err(format!("{}: no row has a value in column {:?}", text.path, self.target).into());
        }
        Ok(Samples {
            columns: features.iter().map(|&feature| text.columns[feature].clone()).collect(),
            n_left_out: text.records.len() - labels.len(),
            table: Array2::from_shape_vec((labels.len(), features.len()), cells)?,
            lines,
            labels,
            groups,
        })
    }
}

impl Samples {
    /// Parts the rows in two, the second with one in `n` of them, so that no group is in both.
    pub(crate) fn parted(&self, n: usize, seed: u64) -> Result<(Self, Self), String> {
        let n_groups = self.groups.iter().collect::<BTreeSet<_>>().len();
        if n_groups < n {
            return Err(format!("{n_groups} groups of rows are too few to hold one in {n} back"));
        }
        let folds = Folds::of_groups(&self.groups, n, seed).map_err(|error| error.to_string())?;
        Ok((self.part(&folds.training(0)), self.part(&folds.held_out(0))))
    }

    fn part(&self, rows: &[usize]) -> Self {
        Self {
            columns: self.columns.clone(),
            lines: rows.iter().map(|&row| self.lines[row]).collect(),
            table: self.table.select(Axis(0), rows),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            groups: rows.iter().map(|&row| self.groups[row].clone()).collect(),
            n_left_out: 0,
        }
    }
}

/// The cells of a file.
pub(crate) struct Text {
    path: String,
    columns: Vec<String>,
    records: Vec<csv::StringRecord>,
}

impl Text {
    pub(crate) fn read(path: &Path, no_header: bool) -> Result<Self, Box<dyn Error>> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        let first_line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let delimiter = if first_line.contains(&b'\t') { b'\t' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(!no_header)
            .trim(csv::Trim::All)
            .from_reader(&bytes[..]);
        let first = reader.headers().map_err(|error| format!("{name}: {error}"))?;
        let columns: Vec<String> = if no_header {
            (0..first.len()).map(|column| column.to_string()).collect()
        } else {
            first.iter().map(str::to_owned).collect()
        };
        let mut places = BTreeMap::new();
        for (place, column) in columns.iter().enumerate() {
            if let Some(other) = places.insert(column, place) {
                let (other, place) = (other + 1, place + 1);
                return Err(format!("{name}: line 1: columns {other} and {place} are both {column:?}").into());
            }
        }
        let records: Vec<_> =
            reader.records().collect::<Result<_, _>>().map_err(|error| format!("{name}: {error}"))?;
        if records.is_empty() {
            return Err(format!("{name}: no rows").into());
        }
        Ok(Self { path: name, columns, records })
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn index(&self, name: &str) -> Result<usize, String> {
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| format!("{}: no column {name:?} among {}", self.path, self.columns.join(", ")))
    }

    fn columns_of_numbers(&self) -> impl Iterator<Item = usize> + '_ {
        let is_number = |column: usize| self.records.iter().all(|record| parse(&record[column]).is_some());
        (0..self.columns.len()).filter(move |&column| is_number(column))
    }

    fn line(&self, row: usize) -> u64 {
        self.records[row].position().map_or(0, csv::Position::line)
    }

    pub(crate) fn number(&self, row: usize, column: usize) -> Result<f64, String> {
        parse(&self.records[row][column]).ok_or_else(|| self.complaint(row, column, "is no number"))
    }

    fn complaint(&self, row: usize, column: usize, what: &str) -> String {
        let (path, line, cell) = (&self.path, self.line(row), &self.records[row][column]);
        format!("{path}: line {line}, column {:?}: {cell:?} {what}", self.columns[column])
    }
}

/// The number in a cell: NaN if it is missing, `None` if it is something else.
fn parse(cell: &str) -> Option<f64> {
    match cell {
        "" | "NA" | "null" => Some(f64::NAN),
        "True" | "true" => Some(1.0),
        "False" | "false" => Some(0.0),
        cell => cell.parse().ok(),
    }
}
