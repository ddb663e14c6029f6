//! The figures of table 5.

use std::error::Error;
use std::path::Path;

use galmass::metrics::pearson_correlation;
use galmass::plots::{
    BarPanel, Bars, Correlations, PredictionPanel, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle,
    draw_bar_panels, draw_correlations, draw_predictions, draw_profiles,
};
use ndarray::Array2;

use crate::booster_row::{Done, Importance};
use crate::galaxy_table::GalaxyTable;
use crate::table_5::{AND_MORE, TARGETS, Target};

/// Each figure once for people and once for printers.
const FORMATS: [&str; 2] = ["png", "svg"];

/// Draws all figures.
pub(crate) fn draw(
    folder: &Path,
    table: &GalaxyTable,
    done: &[(String, Done)],
) -> Result<(), Box<dyn Error>> {
    let whose = |what: &str| match table.are_mocks {
        true => format!("{what} (mock galaxies)"),
        false => what.to_owned(),
    };
    for format in FORMATS {
        let path = |name: &str| folder.join(name).with_extension(format);
        let (names, coefficients) = correlations(table);
        let matrix =
            Correlations { names: &names, coefficients: coefficients.view(), label: "Pearson's R".into() };
        let title = format!("{} {}", table.n_samples(), table.what);
        draw_correlations(&path("correlations"), &title, &matrix)?;
        for ending in ["", AND_MORE] {
            let rows = with_all_features(done, ending);
            let Some(first) = rows.first() else { continue };
            let path = |name: &str| path(&format!("{name}{ending}"));
            let (n_training, n_test) = (first.n_training, first.truth.len());
            let title = format!("Rms error tree by tree, {n_training} training and {n_test} test samples");
            draw_course(&path("loss"), &whose(&title), &rows)?;
            draw_all(&path("predictions"), &whose("Trees on galaxies that they have not seen"), &rows)?;
            for (name, what, rows) in [
                ("importance_of_masses", "Importance for masses", &rows[..3]),
                ("importance_of_fractions", "Importance for fractions and M★/L", &rows[3..]),
            ] {
                draw_importance(&path(name), &whose(&format!("{what}, {n_test} test samples")), rows)?;
            }
        }
    }
    Ok(())
}

/// The rows with the magnitude among their features, in the order of the targets; none where there are no such rows.
fn with_all_features<'a>(done: &'a [(String, Done)], ending: &str) -> Vec<&'a Done> {
    let row = |target: &Target| {
        let name = format!("{}_default{ending}", target.word);
        done.iter().find(|(other, _)| *other == name).map(|(_, done)| done)
    };
    TARGETS.iter().map(row).collect::<Option<_>>().unwrap_or_default()
}

/// The rms error of the samples watched, by the number of trees.
fn draw_course(path: &Path, title: &str, rows: &[&Done]) -> Result<(), Box<dyn Error>> {
    let longest = rows.iter().flat_map(|done| done.courses.iter().map(|(_, values)| values.len())).max();
    let trees: Vec<f64> = (1..=longest.unwrap_or(0)).map(|n| n as f64).collect();
    let panel = |of_training: bool| {
        let series = rows.iter().filter_map(|done| {
            let (_, values) = done.courses.iter().find(|(part, _)| (part == "training") == of_training)?;
            Some(ProfileSeries {
                // One key serves both panels.
                label: if of_training { done.row.target.clone() } else { String::new() },
                x: &trees[..values.len()],
                y: values,
                errors: None,
                style: SeriesStyle::Line,
            })
        });
        let watched = rows.first().and_then(|done| done.courses.last()).map_or("", |(part, _)| part);
        ProfilePanel {
            title: format!("{} samples", if of_training { "training" } else { watched }),
            x_label: "trees".into(),
            y_label: "rms error [dex]".into(),
            x_scale: ProfileScale::Log,
            y_scale: ProfileScale::Log,
            series: series.collect(),
            marks: Vec::new(),
            is_low: false,
        }
    };
    Ok(draw_profiles(path, title, &[vec![panel(true), panel(false)]])?)
}

fn draw_all(path: &Path, title: &str, rows: &[&Done]) -> Result<(), Box<dyn Error>> {
    let panels: Vec<PredictionPanel<'_>> = TARGETS
        .iter()
        .zip(rows)
        .map(|(target, done)| PredictionPanel {
            title: format!("{} from {}", target.symbol, done.row.inputs),
            truth: &done.truth,
            predicted: &done.predicted,
            quantity_label: target.label.into(),
            residual_label: "predicted − true [dex]".into(),
        })
        .collect();
    Ok(draw_predictions(path, title, &panels)?)
}

/// All features and targets, pair by pair on the samples that have both.
fn correlations(table: &GalaxyTable) -> (Vec<String>, Array2<f64>) {
    let inputs = table.features.iter().chain(&table.more).map(|input| (input.symbol.clone(), &input.values));
    let targets =
        TARGETS.iter().zip(&table.targets).map(|(target, values)| (target.symbol.to_owned(), values));
    let (names, columns): (Vec<String>, Vec<&Vec<f64>>) = inputs.chain(targets).unzip();
    let coefficient = |(a, b): (usize, usize)| {
        let both = columns[a].iter().zip(columns[b]).filter(|(a, b)| a.is_finite() && b.is_finite());
        let (a, b): (Vec<f64>, Vec<f64>) = both.unzip();
        // Without such a sample there is none.
        pearson_correlation(&a, &b).unwrap_or(f64::NAN)
    };
    let coefficients = Array2::from_shape_fn((names.len(), names.len()), coefficient);
    (names, coefficients)
}

/// A share of a feature.
type Measure = fn(&Importance) -> f64;

/// A row of panels for each quantity, a column for each measure.
fn draw_importance(path: &Path, title: &str, rows: &[&Done]) -> Result<(), Box<dyn Error>> {
    let measures: [(&str, &str, Measure); 3] = [
        ("gain", "share of the gain [%]", |importance| importance.gain),
        ("permutation", "share of the rise of the error [%]", |importance| importance.permutation),
        ("Shapley values", "share of the mean sizes [%]", |importance| importance.shapley),
    ];
    let names: Vec<Vec<String>> = rows
        .iter()
        .map(|done| done.importance.iter().map(|importance| importance.symbol.clone()).collect())
        .collect();
    let values: Vec<Vec<Vec<f64>>> = rows
        .iter()
        .map(|done| measures.iter().map(|(_, _, of)| done.importance.iter().map(of).collect()).collect())
        .collect();
    let panels = rows.iter().zip(&names).zip(&values).map(|((done, names), values)| {
        let panel = |measure: usize| BarPanel {
            title: format!("{}: {}", done.row.target, measures[measure].0),
            bars: Bars { names, values: &values[measure], value_label: measures[measure].1.into() },
        };
        (0..measures.len()).map(panel).collect()
    });
    Ok(draw_bar_panels(path, title, &panels.collect::<Vec<_>>())?)
}
