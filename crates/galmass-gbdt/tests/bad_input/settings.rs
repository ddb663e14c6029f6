//! Settings, those of early stopping among them.

use galmass_gbdt::{
    BinningConfig, Booster, BoosterConfig, Dataset, Evaluation, GbdtError, MeanSquaredError, Metric,
    SquaredError, Trained, Training,
};
use ndarray::{Array2, array};

use super::{N, dataset, labels_with};
use crate::tables::{config, table};

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
