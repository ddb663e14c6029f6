//! Trees against those of LightGBM, bit for bit. `fixtures/make.py` made its models, and the same tables.

mod compare;
mod tables;

use std::collections::HashMap;
use std::ops::ControlFlow;

use compare::{EXPONENTIAL, compare, compare_digests, compare_for};
use galmass_gbdt::{
    AbsoluteError, BinningConfig, Booster, BoosterConfig, DataSampleStrategy, Dataset, Evaluation, Huber,
    Logistic, MeanAbsoluteError, MeanSquaredError, Objective, Poisson, Quantile, Round, Softmax,
    SquaredError, Training,
};
use ndarray::Array2;
use tables::{Csr, config, one_hot, table, uniform, with_holes};

#[test]
fn trees_of_plain_tables_are_those_of_lightgbm() {
    compare("dense", table(500, 10, 1), 255, config());
    let (x, y) = table(800, 6, 2);
    compare("positive", (x.mapv(f64::abs), y), 255, config());
    let (x, y) = table(2000, 6, 3);
    compare("ties", (x.mapv(|x| (4.0 * x).floor() / 4.0), y), 255, config());
    let (x, y) = table(3000, 8, 8);
    let (x, y) = (x.mapv(|x| f64::from(x as f32)), y.iter().map(|y| y * 1e6 + 3e8).collect());
    compare("single", (x, y), 255, BoosterConfig { num_leaves: 15, min_data_in_leaf: 5, ..config() });
}

#[test]
fn trees_of_tables_with_holes_are_those_of_lightgbm() {
    let (x, y) = table(2000, 6, 4);
    compare("missing", (with_holes(x, 0.15, f64::NAN, 40), y), 255, config());
    // Labels that follow from what is missing: the best split is between numbers and NaN.
    let (x, y) = table(2000, 6, 14);
    let x = with_holes(x, 0.3, f64::NAN, 140);
    let y: Vec<f64> = x.column(0).iter().zip(y).map(|(x, y)| if x.is_nan() { 40.0 } else { y }).collect();
    compare("telling", (x.clone(), y.clone()), 255, config());
    compare("telling_smooth", (x, y), 255, BoosterConfig { path_smooth: 5.0, ..config() });
    let (x, y) = table(2000, 6, 5);
    compare("zeros", (with_holes(x, 0.8, 0.0, 50), y), 255, config());
}

#[test]
fn trees_of_other_settings_are_those_of_lightgbm() {
    compare("leaves", table(3000, 8, 6), 255, BoosterConfig { num_leaves: 31, ..config() });
    compare("bins", table(3000, 8, 7), 63, BoosterConfig { num_leaves: 31, learning_rate: 0.05, ..config() });
    compare("words", table(3000, 8, 9), 1000, BoosterConfig { num_leaves: 31, ..config() });
    compare("depth", table(2000, 6, 10), 255, BoosterConfig { num_leaves: 31, max_depth: 3, ..config() });
    let lambdas =
        BoosterConfig { num_leaves: 15, lambda_l1: 2.0, lambda_l2: 5.0, min_gain_to_split: 3.0, ..config() };
    compare("lambdas", table(2000, 6, 11), 255, lambdas);
}

#[test]
fn all_trees_of_as_many_rows_as_the_paper_has_are_those_of_lightgbm() {
    let (x, y) = table(18_833, 10, 29);
    compare_digests("chu2024", (with_holes(x, 0.02, 0.0, 290), y), BoosterConfig::chu2024());
}

#[test]
fn bins_found_by_a_sample_of_the_rows_are_those_of_lightgbm() {
    let config = BoosterConfig { num_leaves: 15, num_iterations: 5, ..config() };
    compare("sample", table(230_000, 3, 12), 255, config);
}

#[test]
fn trees_of_some_of_the_rows_are_those_of_lightgbm() {
    let goss = BoosterConfig { data_sample_strategy: DataSampleStrategy::Goss, ..config() };
    compare("goss", table(3000, 6, 20), 255, BoosterConfig { learning_rate: 0.2, ..goss.clone() });
    let most = BoosterConfig { learning_rate: 0.3, top_rate: 0.4, other_rate: 0.3, ..goss };
    compare("goss_most", table(3000, 6, 20), 255, most);
    let (x, y) = table(3000, 6, 21);
    let bagging = BoosterConfig { bagging_fraction: 0.7, bagging_freq: 3, ..config() };
    compare("bagging", (x.clone(), y.clone()), 255, bagging);
    let few = BoosterConfig { bagging_fraction: 0.3, bagging_freq: 1, bagging_seed: 11, ..config() };
    compare("bagging_few", (with_holes(x, 0.15, f64::NAN, 210), y), 255, few);
}

#[test]
fn trees_of_some_of_the_features_are_those_of_lightgbm() {
    compare("features", table(2000, 12, 22), 255, BoosterConfig { feature_fraction: 0.5, ..config() });
    let nodes =
        BoosterConfig { num_leaves: 15, min_data_in_leaf: 100, feature_fraction_bynode: 0.3, ..config() };
    compare("features_of_nodes", table(2000, 12, 22), 255, nodes);
    let both = BoosterConfig {
        num_leaves: 15,
        feature_fraction: 0.6,
        feature_fraction_bynode: 0.6,
        feature_fraction_seed: 5,
        bagging_fraction: 0.5,
        bagging_freq: 1,
        ..config()
    };
    compare("features_of_both", table(2000, 12, 22), 255, both);
}

#[test]
fn trees_of_all_objectives_are_those_of_lightgbm() {
    let (x, y) = table(2000, 6, 23);
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let weights: Vec<f64> = uniform(2000, 230).iter().map(|number| 0.2 + 3.0 * number).collect();
    let counts: Vec<f64> = y.iter().map(|y| y.abs().floor()).collect();
    let [above, classes]: [Vec<f64>; 2] = [
        y.iter().map(|&y| f64::from(u8::from(y > 3.0))).collect(),
        y.iter().map(|&y| f64::from(u8::from(y > 5.0) + u8::from(y > 2.0))).collect(),
    ];
    let fewer = BoosterConfig { num_iterations: 8, ..config() };
    for weighted in [false, true] {
        let compare = |objective: &dyn Objective, name: &str, labels: &[f64], config, tolerance| {
            let name = format!("{name}{}", if weighted { "_weights" } else { "" });
            let weights = weighted.then_some(&weights[..]);
            let training = Training { weights, ..Training::new(&dataset, labels) };
            compare_for(objective, &name, training, config, tolerance);
        };
        compare(&AbsoluteError, "l1", &y, config(), 0.0);
        compare(&Huber { alpha: 1.5 }, "huber", &y, config(), 0.0);
        compare(&Quantile { alpha: 0.8 }, "quantile", &y, config(), 0.0);
        compare(&Poisson::default(), "poisson", &counts, config(), EXPONENTIAL);
        compare(&Logistic::default(), "binary", &above, config(), EXPONENTIAL);
        compare(&Softmax { n_classes: 3 }, "multiclass", &classes, fewer.clone(), EXPONENTIAL);
    }
    let weights = Some(&weights[..]);
    let least = BoosterConfig { min_sum_hessian_in_leaf: 200.0, min_data_in_leaf: 5, ..config() };
    compare_for(&SquaredError, "weights", Training { weights, ..Training::new(&dataset, &y) }, least, 0.0);
    let bagging = BoosterConfig { bagging_fraction: 0.4, bagging_freq: 2, ..config() };
    compare_for(&AbsoluteError, "l1_bagging", Training::new(&dataset, &y), bagging, 0.0);
    let goss = BoosterConfig { data_sample_strategy: DataSampleStrategy::Goss, learning_rate: 0.5, ..fewer };
    let training = Training::new(&dataset, &classes);
    compare_for(&Softmax { n_classes: 3 }, "multiclass_goss", training, goss, EXPONENTIAL);
    let from_zero = BoosterConfig { boost_from_average: false, ..config() };
    let training = Training::new(&dataset, &above);
    compare_for(&Logistic { sigmoid: 2.0 }, "binary_steep", training, from_zero, EXPONENTIAL);
}

#[test]
fn trees_with_constraints_are_those_of_lightgbm() {
    let config = BoosterConfig { num_leaves: 15, ..config() };
    let (x, y) = table(2000, 6, 24);
    let capped = BoosterConfig { max_delta_step: 1.5, lambda_l1: 1.0, ..config.clone() };
    compare("max_delta_step", (x.clone(), y.clone()), 255, capped);
    let smooth = BoosterConfig { path_smooth: 30.0, min_gain_to_split: 1.0, ..config.clone() };
    compare("path_smooth", (x.clone(), y.clone()), 255, smooth);
    let y: Vec<f64> = x.rows().into_iter().zip(y).map(|(x, y)| y + 2.0 * x[0] - 3.0 * x[3]).collect();
    let x = with_holes(x, 0.1, f64::NAN, 240);
    let monotone = BoosterConfig { monotone_constraints: vec![1, 0, 0, -1, 0, 0], ..config };
    compare("monotone", (x.clone(), y.clone()), 255, monotone.clone());
    let all = BoosterConfig {
        num_leaves: 31,
        min_data_in_leaf: 5,
        monotone_constraints: vec![1, 0, 1, -1, 0, -1],
        path_smooth: 10.0,
        max_delta_step: 4.0,
        lambda_l2: 2.0,
        monotone_penalty: 1.5,
        ..monotone.clone()
    };
    compare("monotone_smooth", (x.clone(), y.clone()), 255, all);

    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let booster = Booster::train(&monotone, &dataset, &y).unwrap();
    for row in x.rows().into_iter().take(50) {
        let mut row = row.to_vec();
        for (feature, sign) in [(0, 1.0), (3, -1.0)] {
            let at = |value: i32, row: &mut Vec<f64>| {
                row[feature] = f64::from(value) * 0.1;
                sign * booster.predict_row(row)
            };
            assert!((-30..30).all(|value| at(value, &mut row) <= at(value + 1, &mut row) + 1e-12));
        }
    }
}

#[test]
fn trees_of_sparse_rows_in_bundles_are_those_of_lightgbm() {
    let (x, y) = one_hot(2000, 40, 28);
    let csr = Csr::of(with_holes(x, 0.002, f64::NAN, 280).view(), |_| false);
    let dataset = Dataset::from_sparse(csr.rows(), &BinningConfig::default()).unwrap();
    let config = BoosterConfig { num_leaves: 15, min_data_in_leaf: 5, ..config() };
    compare_for(&SquaredError, "sparse", Training::new(&dataset, &y), config.clone(), 0.0);
    let above: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y > 2.0))).collect();
    let training = Training::new(&dataset, &above);
    compare_for(&Logistic::default(), "sparse_binary", training, config, EXPONENTIAL);
}

#[test]
fn trees_by_categories_are_those_of_lightgbm() {
    let (x, y, binning) = with_categories();
    let dataset = Dataset::new(x.view(), &binning).unwrap();
    let training = || Training::new(&dataset, &y);
    let config = BoosterConfig { num_leaves: 15, ..config() };
    compare_for(&SquaredError, "categories", training(), config.clone(), 0.0);
    let other = BoosterConfig {
        max_cat_to_onehot: 8,
        cat_smooth: 2.0,
        cat_l2: 1.0,
        max_cat_threshold: 6,
        min_data_per_group: 20,
        min_data_in_leaf: 5,
        ..config.clone()
    };
    compare_for(&SquaredError, "categories_other", training(), other, 0.0);
    let smooth = BoosterConfig {
        path_smooth: 5.0,
        max_delta_step: 3.0,
        monotone_constraints: vec![0, 0, 0, 1, 0],
        lambda_l1: 0.5,
        bagging_fraction: 0.7,
        bagging_freq: 1,
        ..config
    };
    compare_for(&SquaredError, "categories_smooth", training(), smooth, 0.0);
}

#[test]
fn trees_that_go_on_from_others_are_those_of_lightgbm() {
    let (x, y) = table(2000, 6, 26);
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let above: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y > 3.0))).collect();
    let [first, then] = [6, 10].map(|num_iterations| BoosterConfig { num_iterations, ..config() });
    let cases: [(&str, &dyn Objective, &[f64], f64); 2] = [
        ("continued", &SquaredError, &y, 0.0),
        ("continued_binary", &Logistic::default(), &above, EXPONENTIAL),
    ];
    for (name, objective, labels, tolerance) in cases {
        let begun = Booster::train_for(objective, &first, &dataset, labels).unwrap();
        let initial_model = Some((&begun, x.view()));
        let training = Training { initial_model, ..Training::new(&dataset, labels) };
        compare_for(objective, name, training, then.clone(), tolerance);
    }
}

#[test]
fn training_stops_where_lightgbm_does() {
    let (x, mut y) = table(400, 6, 27);
    y.iter_mut().zip(uniform(400, 270)).for_each(|(y, noise)| *y += 8.0 * noise);
    let part = |from: usize, to: usize| (x.slice(ndarray::s![from..to, ..]), &y[from..to]);
    let (seen, labels) = part(0, 200);
    let dataset = Dataset::new(seen, &BinningConfig::default()).unwrap();
    let evaluation = |name: &str, from, to| Evaluation::new(name, part(from, to).0, part(from, to).1);
    let config = BoosterConfig {
        num_iterations: 200,
        num_leaves: 15,
        learning_rate: 0.3,
        min_data_in_leaf: 5,
        early_stopping_round: 8,
        early_stopping_min_delta: 0.01,
        ..Default::default()
    };
    let mut n_told = 0;
    let mut tell = |round: &Round<'_>| {
        n_told += 1;
        assert_eq!((round.n_done, round.curves[0].values.len()), (n_told, n_told));
        ControlFlow::Continue(())
    };
    let training = Training {
        evaluations: vec![evaluation("a", 200, 300), evaluation("b", 300, 400)],
        metrics: vec![&MeanSquaredError, &MeanAbsoluteError],
        progress: Some(&mut tell),
        ..Training::new(&dataset, labels)
    };
    let trained = Booster::train_with(&SquaredError, &config, training).unwrap();

    let path = format!("{}/tests/fixtures/early_stopping.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let expected: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    assert_eq!(trained.best_round.to_string(), expected["best"]);
    assert_eq!(trained.booster.trees().len(), trained.best_round);
    assert_eq!(trained.curves.len(), 4);
    for curve in &trained.curves {
        let key = format!("{} {}", curve.evaluation, curve.metric);
        let values: Vec<f64> = expected[&key[..]].split(' ').filter_map(|value| value.parse().ok()).collect();
        assert_eq!(curve.values.len(), values.len(), "{key}");
        // LightGBM rounds labels before it measures.
        let is_close = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-6 * expected;
        assert!(curve.values.iter().zip(&values).all(is_close), "{key}: {:?} {values:?}", curve.values);
    }
    assert_eq!(n_told, trained.curves[0].values.len());
}

/// Two features of numbers and three of categories: a few, many, and many with rare and missing ones.
fn with_categories() -> (Array2<f64>, Vec<f64>, BinningConfig) {
    let (mut x, mut y) = table(3000, 5, 25);
    for (mut x, y) in x.rows_mut().into_iter().zip(&mut y) {
        x[0] = ((x[0] + 3.0) * 0.5).floor();
        x[1] = ((x[1] + 3.0) * 5.0).floor();
        x[2] = ((x[2] + 3.0) * (x[2] + 3.0) * (x[2] + 3.0) * 0.5).floor() - 1.0;
        *y += (7.0 * x[1]) % 5.0 - 3.0 * ((3.0 * x[2]) % 4.0) + 2.0 * x[0] * x[3];
    }
    let holes = with_holes(x.clone(), 0.05, f64::NAN, 250);
    x.column_mut(2).assign(&holes.column(2));
    (x, y, BinningConfig { categorical_features: vec![0, 1, 2], ..Default::default() })
}
