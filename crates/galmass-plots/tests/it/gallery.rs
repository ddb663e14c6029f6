//! All figures on realistic data, to be looked at, in the folder GALLERY or else that of temporary files:
//! `GALLERY=/some/folder cargo test -p galmass-plots --test it gallery -- --ignored`.

use std::path::PathBuf;

use galmass_plots::{
    BarPanel, Bars, ColourScale, Correlations, CoverageCurve, CoveragePanel, LossCurve, MapPanel,
    MatrixPanel, PosteriorPanel, PredictionPanel, ProfileBand, ProfileMark, ProfilePanel, ProfileScale,
    ProfileSeries, SeriesStyle, TransformPanel, draw_bar_panels, draw_bars, draw_correlations, draw_coverage,
    draw_loss_curve, draw_maps, draw_matrices, draw_posteriors, draw_predictions, draw_transforms,
};

use crate::data;

const FORMATS: [&str; 2] = ["png", "svg"];

fn path(name: &str, format: &str) -> PathBuf {
    let folder = std::env::var_os("GALLERY").map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("{name}.{format}"))
}

#[test]
#[ignore = "draws figures to be looked at"]
fn maps() {
    let velocity_scale = ColourScale::Symmetric { limit: None };
    let dispersion_scale = ColourScale::Linear { range: None };
    let light_scale = ColourScale::Log { decades: 4.0 };
    let lights = [1.0, 0.6, 0.2].map(|axis_ratio| data::light(300, axis_ratio));
    let velocities = [15.0, 120.0, 240.0].map(|v| data::velocity(48, v));
    let dispersion = data::dispersion(48);
    let rows: Vec<Vec<MapPanel<'_>>> = (0..3)
        .map(|row| {
            let view = ["face-on", "oblique", "edge-on"][row];
            vec![
                data::panel(&format!("Light, {view}"), lights[row].view(), light_scale, "Σᵣ [L☉ kpc⁻²]"),
                data::panel(
                    &format!("Velocity, {view}"),
                    velocities[row].view(),
                    velocity_scale,
                    "v [km s⁻¹]",
                ),
                data::panel(
                    &format!("Dispersion, {view}"),
                    dispersion.view(),
                    dispersion_scale,
                    "σ [km s⁻¹]",
                ),
            ]
        })
        .collect();
    for format in FORMATS {
        draw_maps(&path("maps", format), "A disc galaxy from three sides", &rows).unwrap();
        draw_maps(&path("map", format), "A disc", &[vec![rows[1][1].clone()]]).unwrap();
    }
}

#[test]
#[ignore = "draws figures to be looked at"]
fn loss_curves() {
    let (mut training, mut validation) = data::losses(120);
    let label = "mean squared error [dex²]";
    for format in FORMATS {
        let curve = LossCurve {
            training: &training,
            validation: &validation,
            best_epoch: Some(47),
            loss_label: label.into(),
        };
        draw_loss_curve(&path("loss", format), "Training of the stellar mass network", &curve).unwrap();
    }
    training.iter_mut().for_each(|loss| *loss = loss.ln());
    validation.iter_mut().for_each(|loss| *loss = loss.ln());
    validation[30..40].fill(f64::NAN);
    let curve = LossCurve {
        training: &training,
        validation: &validation,
        best_epoch: Some(60),
        loss_label: "negative log-likelihood".into(),
    };
    draw_loss_curve(&path("loss_negative", "png"), "Training of a likelihood", &curve).unwrap();
}

#[test]
#[ignore = "draws figures to be looked at"]
fn predictions() {
    let (truth, predicted) = data::masses(600, 0.09);
    let (many_true, many_predicted) = data::masses(40_000, 0.12);
    let panel = |title: &str, truth, predicted| PredictionPanel {
        title: title.to_owned(),
        truth,
        predicted,
        quantity_label: "log₁₀ M★ [M☉]".to_owned(),
        residual_label: "predicted − true [dex]".to_owned(),
    };
    let few = panel("600 galaxies", &truth, &predicted);
    let many = panel("40 000 galaxies", &many_true, &many_predicted);
    for format in FORMATS {
        draw_predictions(&path("prediction", format), "Stellar mass", std::slice::from_ref(&few)).unwrap();
        let panels = [few.clone(), many.clone(), few.clone(), many.clone()];
        draw_predictions(&path("predictions", format), "Masses inside three radii", &panels).unwrap();
    }
}

#[test]
#[ignore = "draws figures to be looked at"]
fn bars() {
    let names = ["M_r", "velocity dispersion", "colour g − r", "axis ratio", "Sersic index", "spin"]
        .map(String::from);
    let bars = |values| Bars { names: &names, values, value_label: "share of the gain [%]".into() };
    for format in FORMATS {
        let shares = bars(&[64.8, 20.3, 8.1, 4.4, 2.4, 0.0]);
        draw_bars(&path("bars", format), "Importance of features", &shares).unwrap();
    }
    for format in FORMATS {
        let panel = |title: &str, values| BarPanel { title: title.into(), bars: bars(values) };
        let rows = ["M★", "M_DM", "M_tot"].map(|mass| {
            vec![
                panel(&format!("{mass}: gain"), &[64.8, 20.3, 8.1, 4.4, 2.4, 0.0]),
                panel(&format!("{mass}: permutation"), &[44.8, 40.3, 8.1, 4.4, 0.4, 2.0]),
            ]
        });
        draw_bar_panels(&path("bar_panels", format), "Importance of features, 9277 galaxies", &rows).unwrap();
    }
    let odd = bars(&[3.0e7, -1.0, f64::NAN, 2.5e7, 1.0, f64::INFINITY]);
    draw_bars(&path("bars_awkward", "png"), "Numbers that nobody meant to draw", &odd).unwrap();
}

#[test]
#[ignore = "draws figures to be looked at"]
fn matrices() {
    let (names, coefficients) = data::correlations();
    let (suites, scatter, errors) = data::transfer();
    let bias = scatter.mapv(|scatter| 0.3 * (scatter - 0.07));
    let panel = MatrixPanel { errors: Some(errors.view()), ..data::matrix(&suites, scatter.view()) };
    let biased = MatrixPanel {
        title: "Bias".into(),
        scale: ColourScale::Symmetric { limit: None },
        colour_label: "bias [dex]".into(),
        ..data::matrix(&suites, bias.view())
    };
    let two = suites[..2].to_vec();
    let small = data::matrix(&two, scatter.slice(ndarray::s![..2, ..2]));
    for format in FORMATS {
        let matrix =
            Correlations { names: &names, coefficients: coefficients.view(), label: "Pearson's R".into() };
        draw_correlations(&path("correlations", format), "Features of 28 110 galaxies", &matrix).unwrap();
        let ten = Correlations {
            names: &names[..10],
            coefficients: coefficients.slice(ndarray::s![..10, ..10]),
            ..matrix
        };
        draw_correlations(&path("correlations_ten", format), "Features of 28 110 galaxies", &ten).unwrap();
        let rows = [vec![panel.clone()], vec![biased.clone()]];
        draw_matrices(&path("matrices", format), "From suite to suite: M★ of 812 test galaxies", &rows)
            .unwrap();
        draw_matrices(&path("matrix", format), "From suite to suite", &[vec![small.clone()]]).unwrap();
    }
}

#[test]
#[ignore = "draws figures to be looked at"]
fn calibration() {
    let (levels, [narrow, exact], band) = data::coverages();
    let transforms = data::transforms(300);
    let curve = |label: &str, coverage, band| CoverageCurve {
        label: label.into(),
        credibility: &levels,
        coverage,
        band,
    };
    let coverage = CoveragePanel {
        title: "Central intervals of log₁₀ M★, 300 galaxies".into(),
        curves: vec![curve("gas", &narrow, None), curve("gas and stars", &exact, None)],
        n_galaxies: Some(300),
        x_label: "credibility [1]".into(),
        y_label: "part of the truths inside [1]".into(),
    };
    let joint = CoveragePanel {
        title: "Joint posteriors of ten radii (TARP), 300 galaxies".into(),
        curves: vec![curve("gas and stars", &exact, Some(&band))],
        n_galaxies: None,
        ..coverage.clone()
    };
    let panels: Vec<TransformPanel<'_>> = transforms
        .iter()
        .zip(["gas and stars", "gas"])
        .map(|(transforms, tracer)| TransformPanel {
            title: format!("log₁₀ M★ from {tracer}"),
            transforms,
            n_bins: 15,
            x_label: "part of the posterior below the truth [1]".into(),
        })
        .collect();
    for format in FORMATS {
        let rows = [vec![coverage.clone(), joint.clone()]];
        draw_coverage(&path("coverage", format), "Are the intervals as wide as they should be?", &rows)
            .unwrap();
        draw_transforms(
            &path("transforms", format),
            "Transforms of 300 galaxies",
            std::slice::from_ref(&panels),
        )
        .unwrap();
    }
}

#[test]
#[ignore = "draws figures to be looked at"]
fn posteriors() {
    let profiles = data::profiles();
    let line = |label: &str, y, style| ProfileSeries {
        label: label.into(),
        x: &profiles.radii,
        y,
        errors: None,
        style,
    };
    let panel = PosteriorPanel {
        profiles: ProfilePanel {
            title: "Galaxy 7".into(),
            x_label: "r [R]".into(),
            y_label: "M(<r) [M☉]".into(),
            x_scale: ProfileScale::Linear,
            y_scale: ProfileScale::Log,
            series: vec![
                line("gas", &profiles.medians[0], SeriesStyle::Line),
                line("gas and stars", &profiles.medians[1], SeriesStyle::Line),
                line("true", &profiles.truth, SeriesStyle::Points),
            ],
            marks: vec![ProfileMark { x: 1.0, label: "R".into() }],
            is_low: false,
        },
        bands: profiles
            .bands
            .iter()
            .enumerate()
            .flat_map(|(series, bands)| bands.iter().map(move |ends| (series, ends)))
            .map(|(series, ends)| ProfileBand { x: &profiles.radii, ends, series })
            .collect(),
    };
    for format in FORMATS {
        let rows = [vec![panel.clone(), panel.clone()]];
        draw_posteriors(&path("posteriors", format), "Enclosed mass, 68 and 95 % intervals", &rows).unwrap();
    }
}

#[test]
#[ignore = "draws figures to be looked at"]
fn awkward() {
    let unknown = ndarray::Array2::from_elem((8, 8), f64::NAN);
    let dark = ndarray::Array2::zeros((8, 8));
    let wide = ndarray::Array2::from_shape_fn((4, 12), |(row, column)| 70.0 + (row * column) as f64);
    let log = ColourScale::Log { decades: 3.0 };
    let linear = ColourScale::Linear { range: Some([75.0, 95.0]) };
    let light = data::light(60, 0.4);
    let label = "a label longer than its bar [km s⁻¹]";
    let rows = vec![
        vec![
            data::panel("Unknown", unknown.view(), ColourScale::Symmetric { limit: None }, "v [km s⁻¹]"),
            data::panel("Dark", dark.view(), log, "Σ [L☉ kpc⁻²]"),
        ],
        vec![
            MapPanel {
                extent: [-3.0, 3.0, -1.0, 1.0],
                ..data::panel(
                    "A title that needs more than one line above its panel",
                    wide.view(),
                    linear,
                    label,
                )
            },
            MapPanel {
                circle_radius: Some(12.0), ..data::panel("Ring", light.view(), log, "Σ [L☉ kpc⁻²]")
            },
        ],
    ];
    draw_maps(&path("awkward", "png"), "Maps that nobody meant to draw", &rows).unwrap();
    let losses = [0.30, 0.29, f64::NAN, 0.28, 0.31];
    let curve =
        LossCurve { training: &losses, validation: &losses, best_epoch: Some(3), loss_label: "loss".into() };
    draw_loss_curve(&path("loss_short", "png"), "Five epochs", &curve).unwrap();
    let low = PredictionPanel {
        title: "all too low, one alone above".to_owned(),
        truth: &[1e8, 2e8, 3e8, 4e8, 5e8, 5.2e8, 1.5e8],
        predicted: &[1e8, 1e8, 1.2e8, 1.1e8, 1.0e8, 1.4e8, 4.9e8],
        quantity_label: "M [M☉]".to_owned(),
        residual_label: "predicted − true [M☉]".to_owned(),
    };
    draw_predictions(&path("prediction_low", "png"), "Linear masses", &[low]).unwrap();
}
