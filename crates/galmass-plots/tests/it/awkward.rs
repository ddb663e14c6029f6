//! Data that a caller did not mean to draw: each is drawn, or is an error in words.

use galmass_plots::{
    Bars, ColourScale, LossCurve, MapPanel, PlotError, PredictionPanel, draw_bars, draw_loss_curve,
    draw_maps, draw_predictions,
};
use ndarray::{Array2, array};

use crate::data;

const FORMATS: [&str; 2] = ["png", "svg"];

const SCALES: [ColourScale; 5] = [
    ColourScale::Linear { range: None },
    ColourScale::Linear { range: Some([-1.0, 1.0]) },
    ColourScale::Log { decades: 4.0 },
    ColourScale::Symmetric { limit: None },
    ColourScale::Symmetric { limit: Some(3.0) },
];

fn try_maps(rows: &[Vec<MapPanel<'_>>]) -> Result<(), PlotError> {
    let folder = tempfile::tempdir().unwrap();
    let drawn: Vec<_> = FORMATS
        .iter()
        .map(|format| draw_maps(&folder.path().join("maps").with_extension(format), "Maps", rows))
        .collect();
    drawn.into_iter().collect()
}

fn try_loss(training: &[f64], validation: &[f64], best_epoch: Option<usize>) -> Result<(), PlotError> {
    let folder = tempfile::tempdir().unwrap();
    let curve = LossCurve { training, validation, best_epoch, loss_label: "loss".into() };
    FORMATS.iter().try_for_each(|format| {
        draw_loss_curve(&folder.path().join("loss").with_extension(format), "Loss", &curve)
    })
}

fn try_predictions(truth: &[f64], predicted: &[f64]) -> Result<(), PlotError> {
    let folder = tempfile::tempdir().unwrap();
    let panel = PredictionPanel {
        title: "Panel".into(),
        truth,
        predicted,
        quantity_label: "mass".into(),
        residual_label: "residual".into(),
    };
    FORMATS.iter().try_for_each(|format| {
        let path = folder.path().join("predictions").with_extension(format);
        draw_predictions(&path, "Predictions", std::slice::from_ref(&panel))
    })
}

fn try_bars(names: &[String], values: &[f64]) -> Result<(), PlotError> {
    let folder = tempfile::tempdir().unwrap();
    let bars = Bars { names, values, value_label: "share".into() };
    FORMATS
        .iter()
        .try_for_each(|format| draw_bars(&folder.path().join("bars").with_extension(format), "Bars", &bars))
}

#[test]
fn maps_of_awkward_values_are_drawn_on_every_scale() {
    let constants = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -2.0, 5.0, 1e300, 1e100, 5e-324];
    let mut maps: Vec<Array2<f64>> = constants.map(|value| Array2::from_elem((4, 4), value)).into();
    maps.push(array![[1.0]]);
    maps.push(array![[f64::NAN, -1.0, 0.0, 1e8]]);
    maps.push(array![[f64::MAX, f64::MIN, f64::MIN_POSITIVE]]);
    let row = |scale| maps.iter().map(move |map| data::panel("Map", map.view(), scale, "value")).collect();
    try_maps(&SCALES.map(row)).unwrap();
}

#[test]
fn rows_may_differ_in_length_and_panels_in_shape() {
    let map = array![[1.0, 2.0]];
    let panel = |extent| MapPanel { extent, ..data::panel("Map", map.view(), SCALES[0], "value") };
    let (wide, tall) = (panel([0.0, 100.0, 0.0, 1.0]), panel([0.0, 1.0, 0.0, 100.0]));
    try_maps(&[vec![wide.clone(), tall.clone(), wide], vec![], vec![tall]]).unwrap();
}

#[test]
fn maps_finer_than_the_page_are_averaged_down() {
    let map = Array2::from_shape_fn((1500, 1300), |(row, column)| (row ^ column) as f64);
    try_maps(&[vec![data::panel("Map", map.view(), SCALES[0], "value")]]).unwrap();
}

#[test]
fn a_grid_too_large_for_memory_is_an_error() {
    let map = array![[1.0]];
    let error = try_maps(&[vec![data::panel("Map", map.view(), SCALES[0], "value"); 30]]).unwrap_err();
    assert!(matches!(error, PlotError::TooLarge { .. }), "{error}");
}

#[test]
fn no_maps_and_no_pixels_are_errors_that_name_the_figure() {
    for rows in [vec![], vec![vec![], vec![]]] {
        let error = try_maps(&rows).unwrap_err();
        assert_eq!(error.to_string(), "the figure \"Maps\" has no maps");
    }
    let nothing = Array2::zeros((0, 4));
    let error = try_maps(&[vec![data::panel("Nothing", nothing.view(), SCALES[0], "value")]]).unwrap_err();
    assert_eq!(error.to_string(), "the figure \"Nothing\" has no pixels");
}

#[test]
fn impossible_extents_and_scales_are_errors() {
    let map = array![[1.0]];
    let good = data::panel("Map", map.view(), SCALES[0], "value");
    for extent in
        [[1.0, -1.0, 0.0, 1.0], [0.0, 1.0, 2.0, 2.0], [0.0, f64::NAN, 0.0, 1.0], [0.0, 1.0, 0.0, 1e200]]
    {
        let error = try_maps(&[vec![MapPanel { extent, ..good.clone() }]]).unwrap_err();
        assert!(matches!(error, PlotError::BadExtent { .. }), "{error}");
    }
    let scales = [
        ColourScale::Linear { range: Some([1.0, 1.0]) },
        ColourScale::Linear { range: Some([0.0, f64::INFINITY]) },
        ColourScale::Log { decades: 0.0 },
        ColourScale::Log { decades: f64::NAN },
        ColourScale::Symmetric { limit: Some(-1.0) },
    ];
    for scale in scales {
        let error = try_maps(&[vec![MapPanel { scale, ..good.clone() }]]).unwrap_err();
        assert!(matches!(error, PlotError::BadColourScale { .. }), "{error}");
        assert!(error.to_string().contains("Map"));
    }
}

#[test]
fn awkward_losses_are_drawn() {
    let nan = f64::NAN;
    for losses in [
        &[1.0][..],
        &[nan][..],
        &[nan, nan, 3.0, nan],
        &[0.0, 0.0],
        &[-1.0, 1.0],
        &[1e-300, 1e300],
        &[f64::MAX, f64::MIN],
        &[5e-324, 1.0],
        &[2.0, 2.0, 2.0],
    ] {
        for best_epoch in [None, Some(0)] {
            try_loss(losses, losses, best_epoch).unwrap();
        }
    }
}

#[test]
fn impossible_losses_are_errors() {
    let error = try_loss(&[], &[], None).unwrap_err();
    assert_eq!(error.to_string(), "the figure \"Loss\" has no epochs");
    let error = try_loss(&[1.0, 2.0], &[1.0], None).unwrap_err();
    assert!(matches!(error, PlotError::LengthsDiffer { expected: 2, found: 1, .. }), "{error}");
    let error = try_loss(&[1.0, 2.0], &[1.0, 2.0], Some(2)).unwrap_err();
    assert_eq!(error.to_string(), "in the figure \"Loss\", the best epoch has index 2 of 2 epochs");
}

#[test]
fn awkward_predictions_are_drawn() {
    let nan = f64::NAN;
    let many = vec![1.0; 5000];
    for (truth, predicted) in [
        (&[10.0][..], &[10.0][..]),
        (&[0.0], &[0.0]),
        (&[nan], &[1.0]),
        (&[1.0, nan, 2.0], &[f64::INFINITY, 1.0, 2.5]),
        (&[3.0, 3.0], &[3.0, 3.0]),
        (&[f64::MAX, 1.0], &[f64::MIN, 1.0]),
        (&[1e100, -1e100], &[-1e100, 1e100]),
        (&[1e-300, 0.0], &[0.0, 1e-300]),
        (&many, &many),
    ] {
        try_predictions(truth, predicted).unwrap();
    }
}

#[test]
fn impossible_predictions_are_errors() {
    let error = try_predictions(&[], &[]).unwrap_err();
    assert_eq!(error.to_string(), "the figure \"Panel\" has no values");
    let error = try_predictions(&[1.0], &[]).unwrap_err();
    assert!(matches!(error, PlotError::LengthsDiffer { expected: 1, found: 0, .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = draw_predictions(&folder.path().join("a.png"), "Nothing", &[]).unwrap_err();
    assert_eq!(error.to_string(), "the figure \"Nothing\" has no panels");
}

#[test]
fn awkward_bars_are_drawn() {
    let names = |n: usize| (0..n).map(|index| format!("feature {index}")).collect::<Vec<_>>();
    for values in [
        &[0.0][..],
        &[f64::NAN, f64::INFINITY],
        &[-1.0, -2.0],
        &[f64::MAX, 5e-324],
        &[5e-324, 0.0],
        &[1e100, 1.0, -1e100],
    ] {
        try_bars(&names(values.len()), values).unwrap();
    }
    try_bars(&[String::new(), "the same".into(), "the same".into()], &[1.0, 2.0, 3.0]).unwrap();
    try_bars(&names(100), &[1.0; 100]).unwrap();
}

#[test]
fn impossible_bars_are_errors() {
    let names = vec!["one".to_owned(); 500];
    let error = try_bars(&[], &[]).unwrap_err();
    assert_eq!(error.to_string(), "the figure \"Bars\" has no bars");
    let error = try_bars(&names[..2], &[1.0]).unwrap_err();
    assert!(matches!(error, PlotError::LengthsDiffer { expected: 2, found: 1, .. }), "{error}");
    let error = try_bars(&names, &[1.0; 500]).unwrap_err();
    assert!(matches!(error, PlotError::TooLarge { .. }), "{error}");
}
