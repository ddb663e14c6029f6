//! What a figure is on disk: its bytes, its replacement, and that a failure leaves nothing.

use std::fs;
use std::path::{Path, PathBuf};

use galmass_plots::{
    Bars, ColourScale, Correlations, CoverageCurve, CoveragePanel, LossCurve, MatrixPanel, PlotError,
    PosteriorPanel, PredictionPanel, ProfileBand, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle,
    TransformPanel, draw_bars, draw_correlations, draw_coverage, draw_loss_curve, draw_maps, draw_matrices,
    draw_posteriors, draw_predictions, draw_transforms,
};
use tempfile::TempDir;

use crate::data;

type Draw = fn(&Path) -> Result<(), PlotError>;

/// Each kind of figure, and texts that must be in it.
const FIGURES: [(&str, Draw, &[&str]); 9] = [
    ("bars", bars, &["Importance", "M_r", "colour", "share [%]", "65.0", "3.5"]),
    ("correlations", correlations, &["28 galaxies", "M_r", "Pearson", "−.84", ".21"]),
    (
        "matrices",
        matrices,
        &["Transfer", "Scatter", "trained on", "tested on", "scatter [dex]", "0.092", "± 0.004"],
    ),
    ("coverage", coverage, &["Calibration", "Joint", "credibility", "inside", "exact", "too narrow"]),
    ("transforms", transforms, &["Calibration", "exact", "too narrow", "density [1]", "n = 300"]),
    ("posteriors", posteriors, &["Enclosed mass", "Galaxy 7", "r [R]", "M(&lt;r) [M☉]", "both"]),
    ("maps", maps, &["Two maps", "Light", "Velocity", "x [kpc]", "y [kpc]", "L [L☉]", "v [km/s]", "10⁸"]),
    ("loss", loss, &["A training", "epoch", "error [dex²]", "training", "validation", "best epoch 31"]),
    (
        "predictions",
        predictions,
        &["Masses", "Test set", "true log M [M☉]", "predicted log M [M☉]", "residual [dex]", "n = 300"],
    ),
];

fn bars(path: &Path) -> Result<(), PlotError> {
    let names = ["M_r", "dispersion", "colour", "axis ratio", "Sersic index", "spin", "cold", "warm", "hot"]
        .map(String::from);
    let values = [65.0, 20.0, 6.0, 3.5, 2.5, 2.0, 1.0, 0.0, 0.0];
    draw_bars(path, "Importance", &Bars { names: &names, values: &values, value_label: "share [%]".into() })
}

fn correlations(path: &Path) -> Result<(), PlotError> {
    let (names, coefficients) = data::correlations();
    let coefficients = coefficients.slice(ndarray::s![..10, ..10]);
    let label = "Pearson's R".into();
    draw_correlations(path, "28 galaxies", &Correlations { names: &names[..10], coefficients, label })
}

fn matrices(path: &Path) -> Result<(), PlotError> {
    let (suites, scatter, errors) = data::transfer();
    let bare = data::matrix(&suites, scatter.view());
    let panel = MatrixPanel { errors: Some(errors.view()), ..bare.clone() };
    draw_matrices(path, "Transfer", &[vec![panel], vec![bare]])
}

fn coverage(path: &Path) -> Result<(), PlotError> {
    let (levels, coverages, band) = data::coverages();
    let curves = ["too narrow", "exact"].into_iter().zip(&coverages).map(|(label, coverage)| CoverageCurve {
        label: label.into(),
        credibility: &levels,
        coverage,
        band: Some(&band),
    });
    let panel = CoveragePanel {
        title: "Joint".into(),
        curves: curves.collect(),
        n_galaxies: Some(300),
        x_label: "credibility".into(),
        y_label: "inside".into(),
    };
    draw_coverage(path, "Calibration", &[vec![panel]])
}

fn transforms(path: &Path) -> Result<(), PlotError> {
    let transforms = data::transforms(300);
    let panels = ["exact", "too narrow"].into_iter().zip(&transforms).map(|(title, transforms)| {
        TransformPanel { title: title.into(), transforms, n_bins: 15, x_label: "transform".into() }
    });
    draw_transforms(path, "Calibration", &[panels.collect()])
}

fn posteriors(path: &Path) -> Result<(), PlotError> {
    let profiles = data::profiles();
    let series = ProfileSeries {
        label: "both".into(),
        x: &profiles.radii,
        y: &profiles.medians[1],
        errors: None,
        style: SeriesStyle::Line,
    };
    let panel = PosteriorPanel {
        profiles: ProfilePanel {
            title: "Galaxy 7".into(),
            x_label: "r [R]".into(),
            y_label: "M(<r) [M☉]".into(),
            x_scale: ProfileScale::Log,
            y_scale: ProfileScale::Log,
            series: vec![series],
            marks: Vec::new(),
            is_low: false,
        },
        bands: profiles.bands[1]
            .iter()
            .map(|ends| ProfileBand { x: &profiles.radii, ends, series: 0 })
            .collect(),
    };
    draw_posteriors(path, "Enclosed mass", &[vec![panel]])
}

fn maps(path: &Path) -> Result<(), PlotError> {
    let (light, velocity) = (data::light(60, 0.5), data::velocity(24, 100.0));
    let light = data::panel("Light", light.view(), ColourScale::Log { decades: 4.0 }, "L [L☉]");
    let scale = ColourScale::Symmetric { limit: None };
    let velocity = data::panel("Velocity", velocity.view(), scale, "v [km/s]");
    draw_maps(path, "Two maps", &[vec![light, velocity]])
}

fn loss(path: &Path) -> Result<(), PlotError> {
    let (training, validation) = data::losses(60);
    let curve = LossCurve {
        training: &training,
        validation: &validation,
        best_epoch: Some(30),
        loss_label: "error [dex²]".into(),
    };
    draw_loss_curve(path, "A training", &curve)
}

fn predictions(path: &Path) -> Result<(), PlotError> {
    let (truth, predicted) = data::masses(300, 0.1);
    let panel = PredictionPanel {
        title: "Test set".into(),
        truth: &truth,
        predicted: &predicted,
        quantity_label: "log M [M☉]".into(),
        residual_label: "residual [dex]".into(),
    };
    draw_predictions(path, "Masses", &[panel])
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into()).collect()
}

/// Width and height, by the header of a PNG.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&bytes[12..16], b"IHDR");
    let number = |from: usize| u32::from_be_bytes(bytes[from..from + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn a_png_is_a_png_of_four_pixels_a_point() {
    let folder = folder();
    for (name, draw, _) in FIGURES {
        let path = folder.path().join(name).with_extension("png");
        draw(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let (width, height) = png_size(&bytes);
        assert!(width % 4 == 0 && height % 4 == 0);
        assert!((800..2000).contains(&width) && (500..1200).contains(&height), "{name}: {width} x {height}");
        // A blank page of this size has a few thousand bytes.
        assert!(bytes.len() > 30_000, "{name}: {}", bytes.len());
    }
}

#[test]
fn an_svg_is_well_formed_and_has_the_words() {
    let folder = folder();
    for (name, draw, words) in FIGURES {
        let path = folder.path().join(name).with_extension("svg");
        draw(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_well_formed(&text);
        for word in words {
            assert!(text.contains(word), "{name} lacks {word}");
        }
    }
}

/// Panics unless every element is closed in order and no text has a bare `<` or `&`.
fn assert_well_formed(text: &str) {
    let mut open = Vec::new();
    for (index, piece) in text.split('<').enumerate().skip(1) {
        let (tag, words) = piece.split_once('>').unwrap_or_else(|| panic!("piece {index} is not closed"));
        for reference in piece.split('&').skip(1) {
            assert!(reference.split_once(';').is_some_and(|(name, _)| name.len() <= 4), "{piece}");
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        assert!(!words.contains('>'), "{words}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if tag.starts_with('?') || tag.ends_with('/') => {}
            None => open.push(tag.split_whitespace().next().unwrap().to_owned()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_same_data_give_the_same_bytes() {
    let folder = folder();
    for (name, draw, _) in FIGURES {
        for format in ["png", "svg"] {
            let paths = ["one", "two"].map(|which| folder.path().join(format!("{name}-{which}.{format}")));
            paths.iter().for_each(|path| draw(path).unwrap());
            assert!(fs::read(&paths[0]).unwrap() == fs::read(&paths[1]).unwrap(), "{name}.{format}");
        }
    }
}

#[test]
fn an_older_figure_is_replaced_and_nothing_else_is_left() {
    let folder = folder();
    for (name, draw, _) in FIGURES {
        let path = folder.path().join(name).with_extension("svg");
        fs::write(&path, "an older figure").unwrap();
        draw(&path).unwrap();
        assert!(fs::read_to_string(&path).unwrap().starts_with("<?xml"));
    }
    assert_eq!(names_in(folder.path()).len(), FIGURES.len());
}

#[cfg(unix)]
#[test]
fn a_figure_is_as_readable_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let (plain, figure) = (folder.path().join("plain"), folder.path().join("loss.png"));
    fs::write(&plain, "").unwrap();
    loss(&figure).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&figure), mode(&plain));
}

#[test]
fn an_unknown_extension_is_refused_by_name() {
    let folder = folder();
    for (_, draw, _) in FIGURES {
        for name in ["figure.pdf", "figure", "png"] {
            let error = draw(&folder.path().join(name)).unwrap_err();
            assert!(matches!(error, PlotError::UnknownExtension { .. }));
            assert!(error.to_string().contains(name), "{error}");
        }
    }
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn a_missing_folder_is_named() {
    let folder = folder();
    for (_, draw, _) in FIGURES {
        for name in ["missing/figure.png", "missing/figure.svg"] {
            let error = draw(&folder.path().join(name)).unwrap_err();
            assert!(matches!(error, PlotError::Write { .. }));
            assert!(error.to_string().contains(name), "{error}");
        }
    }
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn a_figure_that_cannot_be_renamed_leaves_nothing() {
    let folder = folder();
    for (_, draw, _) in FIGURES {
        for name in ["folder.png", "folder.svg"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.join("inside")).unwrap();
            let error = draw(&path).unwrap_err();
            assert!(matches!(error, PlotError::Write { .. }));
        }
    }
    assert_eq!(names_in(folder.path()).len(), 2);
}

#[test]
fn words_are_escaped() {
    let folder = folder();
    let path = folder.path().join("loss.svg");
    let curve = LossCurve {
        training: &[1.0],
        validation: &[2.0],
        best_epoch: None,
        loss_label: "a < b & \"c\"".into(),
    };
    draw_loss_curve(&path, "<script>", &curve).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_well_formed(&text);
    assert!(text.contains("&lt;script&gt;") && text.contains("a &lt; b &amp; &quot;c&quot;"));
}
