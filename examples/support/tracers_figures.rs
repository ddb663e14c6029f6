//! Figures of what gas, stars and both tell of mass profiles.

use std::error::Error;
use std::path::Path;

use galmass::plots::{
    ColourScale, MatrixPanel, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle, draw_matrices,
    draw_profiles,
};
use ndarray::Array2;

use crate::paper_table::Estimate;
use crate::tracers::{Evaluation, Tracers};
use crate::tracers_report::{AtRadius, Calibration, Carried};

fn panel<'a>(title: &str, x_label: &str, y_label: &str, series: Vec<ProfileSeries<'a>>) -> ProfilePanel<'a> {
    ProfilePanel {
        title: title.into(),
        x_label: x_label.into(),
        y_label: y_label.into(),
        x_scale: ProfileScale::Linear,
        y_scale: ProfileScale::Linear,
        series,
        marks: vec![],
        is_low: false,
    }
}

fn series<'a>(label: &str, x: &'a [f64], y: &'a [f64], style: SeriesStyle) -> ProfileSeries<'a> {
    ProfileSeries { label: label.into(), x, y, errors: None, style }
}

const RADIUS: &str = "r [stellar half-mass radii]";

/// A line with its errors.
struct Line {
    label: &'static str,
    y: Vec<f64>,
    errors: Vec<f64>,
}

impl Line {
    fn of(label: &'static str, gains: &[AtRadius], part: fn(&AtRadius) -> Estimate) -> Self {
        let (y, errors) = gains.iter().map(|at| (part(at).value, part(at).error)).unzip();
        Self { label, y, errors }
    }

    fn series<'a>(&'a self, x: &'a [f64]) -> ProfileSeries<'a> {
        ProfileSeries { errors: Some(&self.errors), ..series(self.label, x, &self.y, SeriesStyle::Line) }
    }
}

/// Dispersion of each tracer radius by radius, and what both gain on each.
pub(crate) fn draw_gains(gains: &[AtRadius], n_test: usize, path: &Path) -> Result<(), Box<dyn Error>> {
    let x: Vec<f64> = gains.iter().map(|at| at.radius_rhsm).collect();
    let dispersions = [
        Line::of("gas", gains, |at| at.gas),
        Line::of("stars", gains, |at| at.stars),
        Line::of("both", gains, |at| at.both),
    ];
    let ratios = [
        Line::of("gas / both", gains, |at| at.gas_over_both),
        Line::of("stars / both", gains, |at| at.stars_over_both),
    ];
    let ones = vec![1.0; x.len()];
    let upper = dispersions.iter().map(|line| line.series(&x)).collect();
    let mut lower: Vec<_> = ratios.iter().map(|line| line.series(&x)).collect();
    lower.push(series("", &x, &ones, SeriesStyle::Dashed));
    let rows = [
        vec![panel("", RADIUS, "dispersion of log₁₀ M(<r) [dex]", upper)],
        vec![panel("", RADIUS, "ratio of dispersions", lower)],
    ];
    draw_profiles(path, &format!("Mass profiles of {n_test} test samples"), &rows)?;
    Ok(())
}

/// Posteriors of the profiles of some test galaxies, a panel each: medians of all tracers, the central 68 per cent of
/// both (dashed), and the truth.
pub(crate) fn draw_posteriors(
    said: &[(Tracers, &Evaluation)],
    truths: &Array2<f64>,
    radii: &[f64],
    samples: &[usize],
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let of_sample = |sample: usize| {
        let quantile = |said: &Evaluation, level: usize| -> Vec<f64> {
            said.quantiles[sample].iter().map(|of_radius| of_radius[level]).collect()
        };
        let mut lines: Vec<(&str, Vec<f64>, SeriesStyle)> = Vec::new();
        for &(tracers, said) in said {
            lines.push((tracers.name(), quantile(said, 1), SeriesStyle::Line));
        }
        for &(_, said) in said.iter().filter(|(tracers, _)| *tracers == Tracers::Both) {
            lines.push(("", quantile(said, 0), SeriesStyle::Dashed));
            lines.push(("", quantile(said, 2), SeriesStyle::Dashed));
        }
        lines.push(("truth", truths.row(sample).to_vec(), SeriesStyle::Points));
        lines
    };
    let lines: Vec<_> = samples.iter().map(|&sample| of_sample(sample)).collect();
    let panels = lines.iter().map(|lines| {
        let drawn = lines.iter().map(|(label, y, style)| series(label, radii, y, *style)).collect();
        panel("", RADIUS, "log₁₀ M(<r) [M☉]", drawn)
    });
    draw_profiles(path, "Posteriors of mass profiles", &[panels.collect()])?;
    Ok(())
}

/// Coverage of central intervals, and the joint test, of each tracer.
pub(crate) fn draw_calibration(of: &[(Tracers, &Calibration)], path: &Path) -> Result<(), Box<dyn Error>> {
    let straight = [0.0, 1.0];
    let mut central: Vec<_> = of
        .iter()
        .map(|(tracers, c)| series(tracers.name(), &c.levels, &c.covered, SeriesStyle::Line))
        .collect();
    central.push(series("", &straight, &straight, SeriesStyle::Dashed));
    let mut joint: Vec<_> = of
        .iter()
        .map(|(tracers, c)| series(tracers.name(), &c.credibility, &c.expected_coverage, SeriesStyle::Line))
        .collect();
    joint.push(series("", &straight, &straight, SeriesStyle::Dashed));
    let rows = [vec![
        panel("radius by radius", "central interval", "part of the truths within", central),
        panel("joint (TARP)", "credibility", "expected coverage", joint),
    ]];
    draw_profiles(path, "Calibration of the posteriors", &rows)?;
    Ok(())
}

/// A score by its name, and how it becomes colours.
type Scored = (&'static str, fn(&Carried) -> Estimate, ColourScale);

/// Bias, dispersion and rms error of each network on each suite.
pub(crate) fn draw_transfer(carried: &[Carried], path: &Path) -> Result<(), Box<dyn Error>> {
    let unique = |of: fn(&Carried) -> &String| {
        let mut names: Vec<String> = Vec::new();
        for carried in carried {
            if !names.contains(of(carried)) {
                names.push(of(carried).clone());
            }
        }
        names
    };
    let (rows, columns) = (unique(|carried| &carried.trained_on), unique(|carried| &carried.tested_on));
    let scores: [Scored; 3] = [
        ("bias", |carried| carried.bias, ColourScale::Symmetric { limit: None }),
        ("dispersion", |carried| carried.dispersion, ColourScale::Linear { range: None }),
        ("rms error", |carried| carried.rms, ColourScale::Linear { range: None }),
    ];
    let matrices = scores.map(|(_, score, _)| {
        let of = |part: fn(Estimate) -> f64| {
            Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| {
                let is_it = |carried: &&Carried| {
                    carried.trained_on == rows[row] && carried.tested_on == columns[column]
                };
                carried.iter().find(is_it).map_or(f64::NAN, |carried| part(score(carried)))
            })
        };
        (of(|estimate| estimate.value), of(|estimate| estimate.error))
    });
    let panels = scores.iter().zip(&matrices).map(|((name, _, scale), (values, errors))| MatrixPanel {
        title: (*name).into(),
        row_names: &rows,
        column_names: &columns,
        values: values.view(),
        errors: Some(errors.view()),
        decimals: 3,
        row_label: "trained on".into(),
        column_label: "tested on".into(),
        scale: *scale,
        colour_label: format!("{name} [dex]"),
    });
    let panels: Vec<Vec<_>> = panels.map(|panel| vec![panel]).collect();
    draw_matrices(path, "Mass profiles from suite to suite", &panels)?;
    Ok(())
}
