//! Labels and weights.

use galmass_gbdt::{Booster, GbdtError, Logistic, Objective, Poisson, Softmax, SquaredError, Training};

use super::{N, all_objectives, dataset, labels_with, train};
use crate::tables::config;

#[test]
fn labels_are_finite_in_single_precision() {
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e39] {
        for objective in all_objectives() {
            let error = train(objective, &labels_with(1.0, 7, odd)).unwrap_err();
            assert!(matches!(error, GbdtError::NotFinite { what: "the label", row: 7, .. }), "{error}");
        }
    }
    let error = train(&SquaredError, &labels_with(1.0, 7, f64::NAN)).unwrap_err();
    assert_eq!(error.to_string(), "the label of row 7 is NaN");
}

#[test]
fn labels_are_in_the_domain_of_the_objective() {
    let cases: [(&dyn Objective, f64, &str); 8] = [
        (&Poisson::default(), -1.0, "the label of row 7 is -1, but for poisson must be 0 or more"),
        (&Logistic::default(), 2.0, "the label of row 7 is 2, but for binary must be 0 or 1"),
        (&Logistic::default(), -1.0, "the label of row 7 is -1, but for binary must be 0 or 1"),
        (&Logistic::default(), 0.5, "the label of row 7 is 0.5, but for binary must be 0 or 1"),
        (&Softmax { n_classes: 3 }, 3.0, "below the number of classes"),
        (&Softmax { n_classes: 3 }, -1.0, "below the number of classes"),
        (&Softmax { n_classes: 3 }, 0.5, "below the number of classes"),
        (&Softmax { n_classes: 3 }, 1e30, "below the number of classes"),
    ];
    for (objective, odd, expected) in cases {
        let error = train(objective, &labels_with(1.0, 7, odd)).unwrap_err();
        assert!(matches!(error, GbdtError::LabelOutOfRange { row: 7, .. }), "{error:?}");
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    assert!(matches!(train(&Poisson::default(), &[0.0; N]), Err(GbdtError::OneLabel { .. })));
    for n_classes in [0, 1, usize::MAX] {
        let error = train(&Softmax { n_classes }, &[0.0; N]).unwrap_err();
        assert!(matches!(error, GbdtError::OutOfRange { setting: "n_classes", .. }), "{error:?}");
    }
    for label in [0.0, 1.0] {
        let booster = train(&Logistic::default(), &[label; N]).unwrap();
        assert!((booster.predict_row(&[0.0; 3]) - label).abs() < 1e-9);
    }
}

#[test]
fn labels_are_as_many_as_rows() {
    for n in [0, N - 1, N + 1] {
        let error = GbdtError::LengthMismatch { what: "labels", expected: N, found: n };
        assert_eq!(train(&SquaredError, &vec![0.0; n]), Err(error));
    }
}

#[test]
fn weights_are_finite_and_not_below_zero() {
    let (dataset, labels) = (dataset(), vec![1.0; N]);
    let train = |weights: &[f64]| {
        let training = Training { weights: Some(weights), ..Training::new(&dataset, &labels) };
        Booster::train_with(&SquaredError, &config(), training)
    };
    for odd in [f64::NAN, f64::INFINITY] {
        let error = train(&labels_with(1.0, 7, odd)).unwrap_err();
        assert!(matches!(error, GbdtError::NotFinite { what: "the weight", row: 7, .. }), "{error}");
    }
    let below = GbdtError::WeightOutOfRange { row: 7, value: -0.5 };
    assert_eq!(train(&labels_with(1.0, 7, -0.5)), Err(below));
    assert_eq!(train(&[0.0; N]), Err(GbdtError::WeightOutOfRange { row: 0, value: 0.0 }));
    let short = GbdtError::LengthMismatch { what: "weights", expected: N, found: 2 };
    assert_eq!(train(&[1.0; 2]), Err(short));
    assert!(train(&labels_with(0.0, 7, 1.0)).is_ok());
}
