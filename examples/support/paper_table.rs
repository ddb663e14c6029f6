//! A table of a paper with our numbers beside its own.

use galmass::metrics::{MetricsError, Residuals, bootstrap_over_galaxies};
use serde::{Deserialize, Serialize};

/// What must stand beside every number that comes from mock galaxies.
#[allow(dead_code)] // an example may know no mocks
pub(crate) const OF_MOCKS: &str = "Ours are numbers on mock galaxies, smooth discs and bulges in smooth haloes that follow \
     scaling relations: they say that the pipeline works, and nothing about real galaxies. The paper's are on TNG100.";

/// How often the galaxies are drawn anew for the errors.
const N_RESAMPLES: usize = 500;

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PaperRow {
    /// The section of the paper, or another name of the row.
    pub(crate) label: String,
    /// What goes in, in the paper's words.
    pub(crate) inputs: String,
    /// What comes out, in the paper's words, with its aperture.
    pub(crate) target: String,
    /// Bias and 1-sigma scatter as the paper prints them \[dex\]; `None` for rows that it has not.
    pub(crate) paper: Option<[f64; 2]>,
    /// Ours; `None` for rows that could not be done.
    pub(crate) ours: Option<Measured>,
}

/// A number and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

/// What predictions are worth: log10(predicted / true) of what was held back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) n_test: usize,
    /// The mean \[dex\].
    pub(crate) bias: Estimate,
    /// The standard deviation \[dex\].
    pub(crate) scatter: Estimate,
    /// Half the distance between the 16th and the 84th percentile \[dex\].
    pub(crate) half_width_16_84: Estimate,
}

impl Measured {
    /// Scores logarithms; `galaxies` names the galaxy of each sample, and the errors are those among galaxies drawn anew.
    pub(crate) fn of(
        predicted: &[f64],
        truth: &[f64],
        galaxies: &[u64],
        seed: u64,
    ) -> Result<Self, MetricsError> {
        let residuals = Residuals::new(predicted, truth)?;
        let estimate = |score: fn(&Residuals) -> f64| -> Result<Estimate, MetricsError> {
            let drawn = bootstrap_over_galaxies(galaxies, N_RESAMPLES, seed, |samples| {
                let of = |values: &[f64]| samples.iter().map(|&sample| values[sample]).collect::<Vec<_>>();
                Residuals::new(&of(predicted), &of(truth)).map_or(f64::NAN, |residuals| score(&residuals))
            })?;
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            Ok(Estimate { value: score(&residuals), error: variance.sqrt() })
        };
        Ok(Self {
            n_test: truth.len(),
            bias: estimate(Residuals::bias)?,
            scatter: estimate(Residuals::scatter)?,
            half_width_16_84: estimate(Residuals::half_width_16_84)?,
        })
    }
}

/// What stands above the columns.
pub(crate) const HEADINGS: [&str; 8] =
    ["section", "input", "predicted", "paper [dex]", "bias [dex]", "1σ [dex]", "(84−16)/2 [dex]", "n"];

/// The rows as a Markdown table. Errors are one standard deviation among galaxies drawn anew.
pub(crate) fn markdown(rows: &[PaperRow]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&HEADINGS.map(String::from)) + &line(&HEADINGS.map(|_| "---".into()));
    for row in rows {
        text += &line(&cells(row));
    }
    text
}

/// The cells of a row, in the order of the headings.
pub(crate) fn cells(row: &PaperRow) -> [String; 8] {
    let PaperRow { label, inputs, target, paper, ours } = row;
    let paper = paper.map_or("–".into(), |[bias, scatter]| format!("{} ± {scatter:.2}", signed(bias, 2)));
    let [bias, scatter, half_width, n] = match ours {
        Some(ours) => [
            format!("{} ± {:.3}", signed(ours.bias.value, 3), ours.bias.error),
            with_error(ours.scatter),
            with_error(ours.half_width_16_84),
            ours.n_test.to_string(),
        ],
        None => [(); 4].map(|()| "–".into()),
    };
    [label.clone(), inputs.clone(), target.clone(), paper, bias, scatter, half_width, n]
}

fn with_error(Estimate { value, error }: Estimate) -> String {
    format!("{value:.4} ± {error:.4}")
}

/// A number with its sign, and no minus before zeros.
fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|c| "-0.".contains(c));
    match value {
        _ if is_zero => text.trim_start_matches('-').to_owned(),
        value if value < 0.0 => text.replacen('-', "−", 1),
        _ => format!("+{text}"),
    }
}
