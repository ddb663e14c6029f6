//! Bad input, case by case: an error that says what is wrong and where, or an answer that makes sense; never a panic.

mod tables;

use galmass_gbdt::{
    AbsoluteError, BinningConfig, Booster, BoosterConfig, DataSampleStrategy, Dataset, Evaluation, Folds,
    GbdtError, Huber, Logistic, MeanSquaredError, Metric, Objective, PermutationConfig, Poisson, Quantile,
    Softmax, SparseRows, SquaredError, Trained, Training, cross_validate,
};
use ndarray::{Array2, array};
use proptest::prelude::*;
use tables::{config, table};

const N: usize = 60;

fn dataset() -> Dataset {
    Dataset::new(table(N, 3, 1).0.view(), &BinningConfig::default()).unwrap()
}

fn train(objective: &dyn Objective, labels: &[f64]) -> Result<Booster, GbdtError> {
    Booster::train_for(objective, &config(), &dataset(), labels)
}

fn all_objectives() -> [&'static dyn Objective; 7] {
    [
        &SquaredError,
        &AbsoluteError,
        &Huber { alpha: 0.9 },
        &Quantile { alpha: 0.9 },
        &Poisson { max_delta_step: 0.7 },
        &Logistic { sigmoid: 1.0 },
        &Softmax { n_classes: 2 },
    ]
}

/// Labels that are all the same but for one.
fn labels_with(usual: f64, row: usize, odd: f64) -> Vec<f64> {
    let mut labels = vec![usual; N];
    labels[row] = odd;
    labels
}

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

#[test]
fn tables_without_rows_without_columns_or_with_one_row_are_tables() {
    for (n_rows, n_columns) in [(0, 0), (0, 2), (1, 0), (1, 2), (2, 1)] {
        let table = Array2::from_shape_fn((n_rows, n_columns), |(row, column)| (row + column) as f64);
        let dataset = Dataset::new(table.view(), &BinningConfig::default()).unwrap();
        let labels: Vec<f64> = (0..n_rows).map(|_| 1.0).collect();
        for objective in all_objectives() {
            let booster = Booster::train_for(objective, &config(), &dataset, &labels).unwrap();
            assert_eq!(booster.predict_outputs(table.view()).unwrap().nrows(), n_rows);
            assert_eq!(booster.predict_leaf(table.view()).unwrap().nrows(), n_rows);
            assert_eq!(booster.predict_contrib(table.view()).unwrap().nrows(), n_rows);
            let again = Booster::from_text(&booster.to_text()).unwrap();
            assert_eq!(again.predict_outputs(table.view()), booster.predict_outputs(table.view()));
        }
    }
}

#[test]
fn features_that_tell_nothing_are_not_used() {
    let y = table(200, 3, 1).1;
    for constant in [0.0, 5.0, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        let mut x = table(200, 3, 1).0;
        x.column_mut(1).fill(constant);
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let booster = Booster::train(&config(), &dataset, &y).unwrap();
        let importance = booster.importance_by_split();
        assert!(importance[0] > 0 && importance[1] == 0, "{constant}: {importance:?}");

        x.fill(constant);
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let booster = Booster::train(&config(), &dataset, &y).unwrap();
        assert_eq!(booster.trees().len(), 1);
        let mean = y.iter().sum::<f64>() / 200.0;
        assert!((booster.predict_row(&[1.0, 2.0, 3.0]) - mean).abs() < 1e-6);
    }
}

#[test]
fn more_bins_than_values_are_as_many_as_values() {
    let x = Array2::from_shape_fn((100, 1), |(row, _)| (row % 4) as f64);
    for max_bin in [4, 5, 255, 65_535] {
        let binning = BinningConfig { max_bin, min_data_in_bin: 1, ..Default::default() };
        let dataset = Dataset::new(x.view(), &binning).unwrap();
        assert_eq!(dataset.mappers()[0].n_bins(), 4);
    }
    for max_bin in [0, 1, 65_536, usize::MAX] {
        let error = Dataset::new(x.view(), &BinningConfig { max_bin, ..Default::default() }).unwrap_err();
        assert!(matches!(error, GbdtError::OutOfRange { setting: "max_bin", .. }), "{error}");
    }
    let one_bin = BinningConfig { min_data_in_bin: usize::MAX, ..Default::default() };
    assert!(Dataset::new(x.view(), &one_bin).is_ok_and(|dataset| dataset.mappers()[0].n_bins() <= 4));
    let none = BinningConfig { bin_construct_sample_cnt: 0, ..Default::default() };
    let error = Dataset::new(x.view(), &none).unwrap_err();
    assert!(matches!(error, GbdtError::OutOfRange { setting: "bin_construct_sample_cnt", .. }));
}

#[test]
fn columns_at_prediction_are_those_of_the_training() {
    let booster = train(&SquaredError, &table(N, 3, 1).1).unwrap();
    for n_columns in [0, 2, 4] {
        let table = Array2::zeros((5, n_columns));
        let table = table.view();
        let error = GbdtError::LengthMismatch { what: "a row", expected: 3, found: n_columns };
        assert_eq!(booster.predict(table), Err(error.clone()));
        assert_eq!(booster.predict_raw(table), Err(error.clone()));
        assert_eq!(booster.predict_outputs(table), Err(error.clone()));
        assert_eq!(booster.predict_leaf(table), Err(error.clone()));
        assert_eq!(booster.predict_contrib(table), Err(error.clone()));
        assert_eq!(booster.predict_staged(table, &[1]), Err(error.clone()));
        let permuted = booster.importance_by_permutation(table, None, &PermutationConfig::default(), |_| 0.0);
        assert_eq!(permuted, Err(error.clone()));
        let sparse = SparseRows::new(n_columns, &[0, 0], &[], &[]).unwrap();
        assert_eq!(booster.predict_sparse(sparse), Err(error));
    }
    let none = PermutationConfig { n_repeats: 0, ..Default::default() };
    let x = table(N, 3, 1).0;
    let error = booster.importance_by_permutation(x.view(), None, &none, |_| 0.0).unwrap_err();
    assert!(matches!(error, GbdtError::OutOfRange { setting: "n_repeats", .. }));
    let error = booster.importance_by_permutation(x.view(), Some(&[vec![3]]), &Default::default(), |_| 0.0);
    assert_eq!(error, Err(GbdtError::NoSuchFeature { feature: 3, n_features: 3 }));
}

#[test]
fn categories_may_be_odd_but_not_huge() {
    let binning = BinningConfig { categorical_features: vec![0], ..Default::default() };
    let labels: Vec<f64> = (0..200).map(|row| f64::from(row % 2)).collect();
    let odd = [-1.0, -1e300, 0.0, 2.7, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2147483647.0, 1e10, -0.5];
    let table =
        Array2::from_shape_fn((200, 1), |(row, _)| if row % 2 == 0 { odd[row / 2 % odd.len()] } else { 5.0 });
    let dataset = Dataset::new(table.view(), &binning).unwrap();
    let booster =
        Booster::train(&BoosterConfig { min_data_in_leaf: 1, ..config() }, &dataset, &labels).unwrap();
    // Fractions are cut off; what is no category goes where missing values go.
    assert_eq!(booster.predict_row(&[2.7]), booster.predict_row(&[2.0]));
    for value in [-1e300, f64::INFINITY, 1e10, f64::NAN] {
        assert_eq!(booster.predict_row(&[value]), booster.predict_row(&[-1.0]), "{value}");
    }
    assert!(booster.predict_row(&[5.0]) > booster.predict_row(&[0.0]));
    let again = Booster::from_text(&booster.to_text()).unwrap();
    assert_eq!(again.predict(table.view()), booster.predict(table.view()));

    let huge = Array2::from_shape_fn((200, 1), |(row, _)| if row % 2 == 0 { 3.0 } else { 2e9 });
    let error = Dataset::new(huge.view(), &binning).unwrap_err();
    let expected = GbdtError::CategoryTooLarge { feature: 0, category: 2_000_000_000, most: 1_048_575 };
    assert_eq!(error, expected);
}

#[test]
fn groups_and_folds_are_as_many_as_rows() {
    let (x, y) = table(N, 3, 1);
    let validate = |folds: &Folds, labels: &[f64]| {
        let train =
            |dataset: &Dataset, labels: &[f64], _: &[usize]| Booster::train(&config(), dataset, labels);
        cross_validate(x.view(), labels, folds, &BinningConfig::default(), train, |_, _| ()).map(drop)
    };
    let groups: Vec<usize> = (0..N + 1).map(|row| row / 4).collect();
    let folds = Folds::of_groups(&groups, 3, 1).unwrap();
    let error = GbdtError::LengthMismatch { what: "the folds of rows", expected: N, found: N + 1 };
    assert_eq!(validate(&folds, &y), Err(error));
    let folds = Folds::of_groups(&groups[..N], 3, 1).unwrap();
    let error = GbdtError::LengthMismatch { what: "labels", expected: N, found: N - 1 };
    assert_eq!(validate(&folds, &y[1..]), Err(error));
    assert_eq!(validate(&folds, &y), Ok(()));
    let bad = labels_with(1.0, 7, f64::NAN);
    assert!(matches!(validate(&folds, &bad), Err(GbdtError::NotFinite { .. })));
    for n_folds in [0, 1, 17, usize::MAX] {
        let error = Folds::of_groups(&groups, n_folds, 1).unwrap_err();
        assert!(matches!(error, GbdtError::OutOfRange { setting: "n_folds", .. }), "{error}");
    }
}

/// Trains with early stopping, on the table of [`dataset`].
fn train_watched<'a>(
    dataset: &'a Dataset,
    labels: &'a [f64],
    evaluations: Vec<Evaluation<'a>>,
    metrics: Vec<&'a dyn Metric>,
) -> Result<Trained, GbdtError> {
    let config = BoosterConfig { early_stopping_round: 3, ..config() };
    let training = Training { evaluations, metrics, ..Training::new(dataset, labels) };
    Booster::train_with(&SquaredError, &config, training)
}

#[test]
fn early_stopping_asks_for_something_to_stop_by() {
    let (x, y) = table(N, 3, 1);
    let dataset = dataset();
    let config = BoosterConfig { early_stopping_round: 3, ..config() };
    let missing = |missing| GbdtError::NothingToStopBy { early_stopping_round: 3, missing };
    let others = || vec![Evaluation::new("others", x.view(), &y)];
    assert_eq!(train_watched(&dataset, &y, vec![], vec![&MeanSquaredError]), Err(missing("evaluation")));
    assert_eq!(train_watched(&dataset, &y, others(), vec![]), Err(missing("metric")));
    assert_eq!(Booster::train(&config, &dataset, &y), Err(missing("evaluation")));
    assert!(train_watched(&dataset, &y, others(), vec![&MeanSquaredError]).is_ok());

    let bad = labels_with(1.0, 7, f64::NAN);
    let error =
        train_watched(&dataset, &y, vec![Evaluation::new("others", x.view(), &bad)], vec![&MeanSquaredError])
            .unwrap_err();
    assert_eq!(error.to_string(), "the evaluation's label of row 7 is NaN");
    let evaluation = Evaluation { weights: Some(&bad), ..Evaluation::new("others", x.view(), &y) };
    let error = train_watched(&dataset, &y, vec![evaluation], vec![&MeanSquaredError]).unwrap_err();
    assert_eq!(error.to_string(), "the evaluation's weight of row 7 is NaN");
    let narrow = Array2::zeros((N, 2));
    let error = train_watched(
        &dataset,
        &y,
        vec![Evaluation::new("others", narrow.view(), &y)],
        vec![&MeanSquaredError],
    );
    let expected = GbdtError::LengthMismatch { what: "a row of an evaluation", expected: 3, found: 2 };
    assert_eq!(error, Err(expected));
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let (dataset, y) = (dataset(), table(N, 3, 1).1);
    let refused = |config: BoosterConfig| match Booster::train(&config, &dataset, &y) {
        Err(GbdtError::OutOfRange { setting, .. }) => setting,
        other => panic!("{config:?}: {other:?}"),
    };
    for num_leaves in [0, 1, usize::MAX] {
        assert_eq!(refused(BoosterConfig { num_leaves, ..config() }), "num_leaves");
    }
    for value in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(BoosterConfig { learning_rate: value, ..config() }), "learning_rate");
        assert_eq!(refused(BoosterConfig { bagging_fraction: value, ..config() }), "bagging_fraction");
        assert_eq!(refused(BoosterConfig { feature_fraction: value, ..config() }), "feature_fraction");
    }
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(BoosterConfig { lambda_l1: value, ..config() }), "lambda_l1");
        assert_eq!(refused(BoosterConfig { lambda_l2: value, ..config() }), "lambda_l2");
        assert_eq!(refused(BoosterConfig { min_gain_to_split: value, ..config() }), "min_gain_to_split");
        let config = BoosterConfig { min_sum_hessian_in_leaf: value, ..config() };
        assert_eq!(refused(config), "min_sum_hessian_in_leaf");
    }
    for value in [1 << 31, usize::MAX] {
        assert_eq!(refused(BoosterConfig { min_data_in_leaf: value, ..config() }), "min_data_in_leaf");
        assert_eq!(refused(BoosterConfig { num_iterations: value, ..config() }), "num_iterations");
        assert_eq!(refused(BoosterConfig { min_data_per_group: value, ..config() }), "min_data_per_group");
    }
    for constraint in [i8::MIN, -2, 2, i8::MAX] {
        let monotone_constraints = vec![0, constraint, 0];
        assert_eq!(refused(BoosterConfig { monotone_constraints, ..config() }), "monotone_constraints");
    }
    // The largest that are allowed.
    let most = i32::MAX as usize;
    let config = BoosterConfig {
        num_iterations: 3,
        max_depth: most,
        min_data_in_leaf: most,
        max_cat_to_onehot: most,
        max_cat_threshold: most,
        min_data_per_group: most,
        bagging_freq: most,
        bagging_fraction: 0.5,
        ..config()
    };
    assert_eq!(Booster::train(&config, &dataset, &y).unwrap().trees().len(), 1);
}

#[test]
fn settings_in_json_are_looked_at() {
    let read = |text: &str| serde_json::from_str::<BoosterConfig>(text);
    assert_eq!(read("{}").unwrap(), BoosterConfig::default());
    let unknown = read(r#"{"num_leafs": 5}"#).unwrap_err().to_string();
    assert!(unknown.contains("unknown field `num_leafs`"), "{unknown}");
    for bad in [
        r#"{"num_leaves": -1}"#,
        r#"{"num_leaves": 2.5}"#,
        r#"{"num_leaves": "31"}"#,
        r#"{"num_leaves": 18446744073709551616}"#,
        r#"{"num_leaves": 5, "num_leaves": 6}"#,
        r#"{"learning_rate": 1e999}"#,
        r#"{"learning_rate": NaN}"#,
        r#"{"learning_rate": null}"#,
        r#"{"monotone_constraints": [300]}"#,
        r#"{"data_sample_strategy": "dart"}"#,
        r#"{"bagging_seed": -1}"#,
        "[-1]",
        "",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
    let (dataset, y) = (dataset(), table(N, 3, 1).1);
    for hostile in [
        r#"{"num_leaves": 1}"#,
        r#"{"learning_rate": 0}"#,
        r#"{"min_data_in_leaf": 18446744073709551615}"#,
        r#"{"num_leaves": 18446744073709551615}"#,
        r#"{"monotone_constraints": [-128, 0, 0]}"#,
        r#"{"lambda_l2": -1e308}"#,
    ] {
        let error = Booster::train(&read(hostile).unwrap(), &dataset, &y).unwrap_err();
        assert!(matches!(error, GbdtError::OutOfRange { .. }), "{hostile}: {error}");
    }
    let binning = |text: &str| serde_json::from_str::<BinningConfig>(text);
    assert!(binning(r#"{"max_bin": -1}"#).is_err() && binning(r#"{"max_bins": 5}"#).is_err());
    let far = binning(r#"{"categorical_features": [18446744073709551615]}"#).unwrap();
    let error = Dataset::new(array![[1.0]].view(), &far).unwrap_err();
    assert_eq!(error, GbdtError::NoSuchFeature { feature: usize::MAX, n_features: 1 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Numbers of any size, and settings of any kind: training and what follows end without a panic.
    #[test]
    fn extreme_numbers_never_panic(
        values in prop::collection::vec(
            prop_oneof![
                2 => any::<f64>(),
                1 => -3.0..3.0,
                1 => prop::sample::select(&[0.0, -0.0, 1e-40, f64::MAX, f64::MIN, f64::NAN, f64::INFINITY][..]),
            ],
            30..240,
        ),
        labels in prop::collection::vec(
            prop_oneof![2 => 0.0..5.0, 1 => prop::sample::select(&[3e38, -3e38, 1e-45, 0.0, 1.0][..])],
            80,
        ),
        max_bin in 2usize..300,
        objective in 0usize..7,
        num_leaves in 2usize..40,
        lambda_l1 in prop_oneof![Just(0.0), 0.0..1e300],
        max_delta_step in prop_oneof![Just(0.0), 0.0..1.0],
        is_goss in any::<bool>(),
        is_categorical in any::<bool>(),
    ) {
        let n_rows = values.len() / 3;
        let table = Array2::from_shape_vec((n_rows, 3), values[..3 * n_rows].to_vec()).unwrap();
        let categorical_features = if is_categorical { vec![1] } else { vec![] };
        let binning = BinningConfig { max_bin, categorical_features, ..Default::default() };
        let dataset = match Dataset::new(table.view(), &binning) {
            Ok(dataset) => dataset,
            Err(GbdtError::CategoryTooLarge { .. }) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        let data_sample_strategy =
            if is_goss { DataSampleStrategy::Goss } else { DataSampleStrategy::Bagging };
        let config = BoosterConfig {
            num_leaves, lambda_l1, max_delta_step, data_sample_strategy,
            num_iterations: 4, min_data_in_leaf: 1, learning_rate: 1.0, bagging_freq: 1, bagging_fraction: 0.7,
            ..Default::default()
        };
        let objective = all_objectives()[objective];
        let labels = &labels[..n_rows];
        // Into the domain of the objective, where it has one.
        let into = |of: fn(f64) -> f64| labels.iter().map(|&label| of(label)).collect::<Vec<f64>>();
        let candidates = [labels.to_vec(), into(f64::abs), into(|label| f64::from(u8::from(label > 1.0)))];
        for labels in candidates {
            if let Ok(booster) = Booster::train_for(objective, &config, &dataset, &labels) {
                booster.predict_outputs(table.view()).unwrap();
                booster.predict_leaf(table.view()).unwrap();
                booster.predict_contrib(table.view()).unwrap();
                let _ = Booster::from_text(&booster.to_text());
            }
        }
    }
}
