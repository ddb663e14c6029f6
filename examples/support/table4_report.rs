//! Table 4 once its networks have spoken: scores, figures, and what stands out.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use galmass::dataset::SampleSet;
use galmass::metrics::{Residuals, bootstrap_over_galaxies};
use galmass::plots::{PredictionPanel, draw_predictions};
use ndarray::Array2;

use crate::baselines::galaxies;
use crate::paper_table::{Estimate, Measured, PaperRow};
use crate::set_learning::numbers;
use crate::table4::{MASS_TO_LIGHT, ROWS, Row, STARS, STARS_2D, Scored, TOTAL};

/// Draws of all galaxies for the error of a ratio.
const N_RESAMPLES: usize = 500;

/// What a network has said of the test part: one row a sample, one column a target.
pub(crate) type Predictions = BTreeMap<String, Array2<f64>>;

/// Predictions and truths of one row, in dex, and the galaxy of each.
pub(crate) struct Compared {
    pub(crate) predicted: Vec<f64>,
    pub(crate) truth: Vec<f64>,
    pub(crate) galaxies: Vec<u64>,
    /// Samples that could not be compared: fractions that are not positive.
    pub(crate) n_left_out: usize,
}

/// What a row compares, or `None` where the set lacks what tells early types or none is there.
pub(crate) fn compare(
    row: &Row,
    predictions: &Array2<f64>,
    set: &SampleSet,
    test: &[usize],
) -> Result<Option<Compared>, Box<dyn Error>> {
    if let Scored::Trained(target) = row.scored {
        return Ok(Some(Compared {
            predicted: predictions.column(target).to_vec(),
            truth: numbers(set, row.trained_on[target].name, test)?,
            galaxies: galaxies(set, test),
            n_left_out: 0,
        }));
    }
    let keep = match row.scored {
        Scored::DarkFractionOfEarlyTypes => match early_types(set, test)? {
            Some(early) => early,
            None => return Ok(None),
        },
        _ => vec![true; test.len()],
    };
    let [stars, total] = [STARS, TOTAL].map(|target| numbers(set, target.name, test));
    let (stars, total) = (stars?, total?);
    let all = galaxies(set, test);
    let dark = |stars: f64, total: f64| (1.0 - 10_f64.powf(stars - total)).log10();
    let mut compared = Compared { predicted: vec![], truth: vec![], galaxies: vec![], n_left_out: 0 };
    for sample in (0..test.len()).filter(|&sample| keep[sample]) {
        let predicted = dark(predictions[[sample, 0]], predictions[[sample, 1]]);
        let truth = dark(stars[sample], total[sample]);
        if predicted.is_finite() && truth.is_finite() {
            compared.predicted.push(predicted);
            compared.truth.push(truth);
            compared.galaxies.push(all[sample]);
        } else {
            compared.n_left_out += 1;
        }
    }
    Ok((!compared.truth.is_empty()).then_some(compared))
}

/// Which samples are of early types: a Sersic index above 2.5 from all sides that there are, and a kinematic bulge above
/// half or cold orbits below a fifth. The definition is ours: the paper's is in another paper that we have not read.
fn early_types(set: &SampleSet, test: &[usize]) -> Result<Option<Vec<bool>>, Box<dyn Error>> {
    let features = ["sersic_index", "bulge_to_total", "cold_fraction"];
    if features.iter().any(|name| set.array(name).is_err()) {
        return Ok(None);
    }
    let keys = set.keys();
    let mut lowest_index: BTreeMap<u64, f64> = BTreeMap::new();
    let all: Vec<usize> = (0..set.n_samples()).collect();
    for (&galaxy, index) in keys.galaxy_id.iter().zip(numbers(set, "sersic_index", &all)?) {
        let lowest = lowest_index.entry(galaxy).or_insert(f64::INFINITY);
        // A profile that could not be fitted is no early type.
        *lowest = lowest.min(if index.is_nan() { 0.0 } else { index });
    }
    let bulges = numbers(set, "bulge_to_total", test)?;
    let cold = numbers(set, "cold_fraction", test)?;
    let is_early = test.iter().zip(bulges.iter().zip(&cold)).map(|(&sample, (&bulge, &cold))| {
        lowest_index[&keys.galaxy_id[sample]] > 2.5 && (bulge > 0.5 || cold < 0.2)
    });
    Ok(Some(is_early.collect()))
}

/// Where a row stands among the figures.
struct Figure {
    file: &'static str,
    title: &'static str,
    has: fn(&Row) -> bool,
    label: &'static str,
}

/// Those of the figures 5 to 9; the paper names the eighth as that of f_DM, the others follow the order of the table.
const FIGURES: [Figure; 5] = [
    Figure {
        file: "figure_5_stellar_mass.png",
        title: "Stellar mass",
        has: |row| row.scored == Scored::Trained(0) && row.trained_on == [STARS],
        label: "log₁₀ M★ [M☉]",
    },
    Figure {
        file: "figure_6_projected_stellar_mass.png",
        title: "Projected stellar mass",
        has: |row| row.trained_on == [STARS_2D],
        label: "log₁₀ M★2D [M☉]",
    },
    Figure {
        file: "figure_7_total_mass.png",
        title: "Total mass",
        has: |row| row.trained_on == [TOTAL],
        label: "log₁₀ Mtot [M☉]",
    },
    Figure {
        file: "figure_8_dark_matter_fraction.png",
        title: "Dark matter fraction",
        has: |row| matches!(row.scored, Scored::DarkFraction | Scored::DarkFractionOfEarlyTypes),
        label: "log₁₀ fDM",
    },
    Figure {
        file: "figure_9_mass_to_light.png",
        title: "Stellar mass to light ratio",
        has: |row| row.trained_on == [MASS_TO_LIGHT],
        label: "log₁₀ M★/L [M☉/L☉]",
    },
];

/// Draws the counterparts of figures 5 to 9 of the rows that are there.
pub(crate) fn draw(compared: &BTreeMap<usize, Compared>, folder: &Path) -> Result<(), Box<dyn Error>> {
    for Figure { file, title, has, label } in FIGURES {
        let rows = ROWS.iter().filter(|row| has(row));
        let panels = rows.filter_map(|row| compared.get(&row.id).map(|compared| (row, compared)));
        let panels: Vec<_> = panels
            .map(|(row, compared)| PredictionPanel {
                title: match (row.scored, row.rebin) {
                    (Scored::DarkFractionOfEarlyTypes, _) => format!("{}, early types", row.inputs_label()),
                    (_, 1) => row.inputs_label().into(),
                    (_, factor) => format!("{}, pixels {factor} times as large", row.inputs_label()),
                },
                truth: &compared.truth,
                predicted: &compared.predicted,
                quantity_label: label.into(),
                residual_label: "predicted − true [dex]".into(),
            })
            .collect();
        if !panels.is_empty() {
            draw_predictions(&folder.join(file), title, &panels)?;
        }
    }
    Ok(())
}

/// One row in the shape of all tables of papers.
pub(crate) fn paper_row(row: &Row, n_px: usize, ours: Option<Measured>) -> PaperRow {
    let inputs = match row.rebin {
        1 => row.inputs_label().into(),
        factor => format!("{}, {} px", row.inputs_label(), n_px / factor),
    };
    let label = format!("{}, row {}", row.section, row.id);
    PaperRow { label, inputs, target: row.scored_label(), paper: Some(row.paper), ours }
}

/// A statement of the paper about two rows: the first has less scatter than the second.
pub(crate) struct Claim {
    pub(crate) better: usize,
    pub(crate) worse: usize,
}

/// That image and kinematics together beat each alone, that g improves M*/L, and that pixels matter little.
pub(crate) const CLAIMS: [Claim; 10] = [
    Claim { better: 7, worse: 1 },
    Claim { better: 7, worse: 5 },
    Claim { better: 14, worse: 11 },
    Claim { better: 14, worse: 13 },
    Claim { better: 22, worse: 20 },
    Claim { better: 22, worse: 21 },
    Claim { better: 24, worse: 22 },
    Claim { better: 23, worse: 20 },
    Claim { better: 1, worse: 25 },
    Claim { better: 1, worse: 26 },
];

/// The scatter of the worse row over that of the better one, with its error among galaxies drawn anew, both rows with the
/// same draws.
pub(crate) fn ratio(better: &Compared, worse: &Compared, seed: u64) -> Result<Estimate, Box<dyn Error>> {
    let residuals = |of: &Compared| -> Vec<f64> {
        of.predicted.iter().zip(&of.truth).map(|(predicted, truth)| predicted - truth).collect()
    };
    let (better_residuals, worse_residuals) = (residuals(better), residuals(worse));
    let scatter = |values: &[f64]| {
        Residuals::new(values, &vec![0.0; values.len()]).map_or(f64::NAN, |residuals| residuals.scatter())
    };
    let of = |values: &[f64], samples: &[usize]| {
        scatter(&samples.iter().map(|&sample| values[sample]).collect::<Vec<_>>())
    };
    let drawn = bootstrap_over_galaxies(&better.galaxies, N_RESAMPLES, seed, |samples| {
        of(&worse_residuals, samples) / of(&better_residuals, samples)
    })?;
    let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
    let variance = drawn.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
    Ok(Estimate { value: scatter(&worse_residuals) / scatter(&better_residuals), error: variance.sqrt() })
}

/// What the rows that are there say of the paper's statements, one line each: rows, ratio, and whether it came out by
/// more than two standard errors.
pub(crate) fn verdicts(
    compared: &BTreeMap<usize, Compared>,
    seed: u64,
) -> Result<Vec<(String, Estimate)>, Box<dyn Error>> {
    let mut verdicts = Vec::new();
    for Claim { better, worse } in CLAIMS {
        let (Some(a), Some(b)) = (compared.get(&better), compared.get(&worse)) else { continue };
        let ratio = ratio(a, b, seed)?;
        let named = |id: usize| &ROWS[id - 1];
        let of = |row: &Row| match row.rebin {
            1 => row.inputs_label().to_string(),
            factor => format!("{} at {factor} times the pixel", row.inputs_label()),
        };
        let outcome = match (ratio.value - 1.0) / ratio.error {
            sigmas if sigmas >= 2.0 => "came out",
            sigmas if sigmas <= -2.0 => "is the other way round",
            _ => "did not come out: the difference is within two standard errors",
        };
        let text = format!(
            "{}, {} beats {}: scatter {:.2} ± {:.2} times as large without; {outcome}",
            named(better).scored_label(),
            of(named(better)),
            of(named(worse)),
            ratio.value,
            ratio.error,
        );
        verdicts.push((text, ratio));
    }
    Ok(verdicts)
}
