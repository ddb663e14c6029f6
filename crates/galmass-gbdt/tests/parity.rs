//! Trees against those of LightGBM, bit for bit. `fixtures/make.py` made its models, and the same tables.

use std::collections::HashMap;

use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Child, Dataset, Missing, Node, Tree};
use ndarray::Array2;

/// Numbers from 0 to 1, those of `make.py`.
fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / 2f64.powi(31)
    };
    (0..n).map(|_| next()).collect()
}

fn table(n_rows: usize, n_features: usize, seed: u64) -> (Array2<f64>, Vec<f64>) {
    let numbers = uniform(n_rows * n_features, seed);
    let x = Array2::from_shape_fn((n_rows, n_features), |(i, k)| 6.0 * numbers[i * n_features + k] - 3.0);
    let noise = uniform(n_rows, seed + 1);
    let y = (x.rows().into_iter().zip(noise)).map(|(x, noise)| x[0] * x[0] + x[1] * x[2] + 0.5 * noise);
    let y = y.collect();
    (x, y)
}

/// The same with some of the values replaced.
fn with_holes(mut x: Array2<f64>, share: f64, hole: f64, seed: u64) -> Array2<f64> {
    let numbers = uniform(x.len(), seed);
    x.iter_mut().zip(numbers).for_each(|(x, number)| *x = if number < share { hole } else { *x });
    x
}

/// The trees of a model's text, each by its keys.
fn trees(text: &str) -> Vec<HashMap<&str, Vec<&str>>> {
    text.split("\nTree=")
        .skip(1)
        .map(|tree| {
            tree.lines()
                .take_while(|line| !line.starts_with("end of trees"))
                .filter_map(|line| line.split_once('='))
                .map(|(key, values)| (key, values.split(' ').collect()))
                .collect()
        })
        .collect()
}

fn numbers<T: std::str::FromStr>(values: &[&str]) -> Vec<T> {
    values.iter().filter_map(|value| value.parse().ok()).collect()
}

fn child(child: Child) -> i64 {
    match child {
        Child::Node(node) => node as i64,
        Child::Leaf(leaf) => -(leaf as i64) - 1,
    }
}

fn decision(node: &Node) -> i64 {
    match node.rule.missing() {
        Missing::AsZero { default_left } => 2 * i64::from(default_left),
        Missing::Left => 8 + 2,
        Missing::Right => 8,
        Missing::WithZero { default_left } => 4 + 2 * i64::from(default_left),
    }
}

fn check(name: &str, index: usize, tree: &Tree, expected: &HashMap<&str, Vec<&str>>) {
    let integers = |key: &str| numbers::<i64>(&expected[key]);
    let reals = |key: &str| numbers::<f64>(&expected[key]);
    let nodes = |of: &dyn Fn(&Node) -> i64| tree.nodes().iter().map(of).collect::<Vec<i64>>();
    assert_eq!(nodes(&|node| node.feature as i64), integers("split_feature"), "{name}: tree {index}");
    assert_eq!(nodes(&|node| child(node.left)), integers("left_child"), "{name}: tree {index}");
    assert_eq!(nodes(&|node| child(node.right)), integers("right_child"), "{name}: tree {index}");
    assert_eq!(nodes(&|node| node.count as i64), integers("internal_count"), "{name}: tree {index}");
    assert_eq!(nodes(&decision), integers("decision_type"), "{name}: tree {index}");
    let thresholds: Vec<f64> = tree.nodes().iter().filter_map(|node| node.rule.threshold()).collect();
    assert_eq!(thresholds, reals("threshold"), "{name}: tree {index}");
    let counts: Vec<i64> = tree.leaves().iter().map(|leaf| leaf.count as i64).collect();
    assert_eq!(counts, integers("leaf_count"), "{name}: tree {index}");
    // To the last bit: the text has 17 digits.
    let values: Vec<f64> = tree.leaves().iter().map(|leaf| leaf.value).collect();
    assert_eq!(values, reals("leaf_value"), "{name}: tree {index}");
    // These have six digits.
    let close = |found: f64, expected: &f64| (found - expected).abs() <= 5.1e-6 * expected.abs();
    let gains = reals("split_gain");
    assert!(
        tree.nodes().iter().zip(&gains).all(|(node, gain)| close(node.gain, gain)),
        "{name}: tree {index}"
    );
    let inner = reals("internal_value");
    assert!(
        tree.nodes().iter().zip(&inner).all(|(node, value)| close(node.value, value)),
        "{name}: tree {index}"
    );
}

fn compare(name: &str, (x, y): (Array2<f64>, Vec<f64>), max_bin: usize, config: BoosterConfig) {
    let path = format!("{}/tests/fixtures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let dataset = Dataset::new(x.view(), &BinningConfig { max_bin, ..Default::default() }).unwrap();
    let booster = Booster::train(&config, &dataset, &y).unwrap();
    let expected = trees(&text);
    assert_eq!(booster.trees().len(), expected.len(), "{name}");
    check_text(name, booster.to_text().trim_end(), text.trim_end());
    for (index, (tree, expected)) in booster.trees().iter().zip(&expected).enumerate() {
        check(name, index, tree, expected);
    }
}

/// All of the text, line by line.
fn check_text(name: &str, found: &str, expected: &str) {
    for (index, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{name}: line {}", index + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{name}");
}

/// The settings of the cases, where they name no others.
fn config() -> BoosterConfig {
    BoosterConfig { num_iterations: 20, num_leaves: 5, ..Default::default() }
}

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
    let y = x.column(0).iter().zip(y).map(|(x, y)| if x.is_nan() { 40.0 } else { y }).collect();
    compare("telling", (x, y), 255, config());
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
fn bins_found_by_a_sample_of_the_rows_are_those_of_lightgbm() {
    let config = BoosterConfig { num_leaves: 15, num_iterations: 5, ..config() };
    compare("sample", table(230_000, 3, 12), 255, config);
}

#[test]
fn any_number_of_threads_grows_the_same_trees() {
    let (x, y) = table(40_000, 12, 13);
    let train = || {
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let config = BoosterConfig { num_leaves: 15, ..config() };
        let booster = Booster::train(&config, &dataset, &y).unwrap();
        let predictions = booster.predict(x.view()).unwrap();
        (booster, predictions)
    };
    let in_threads = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(train);
    let alone = in_threads(1);
    for n in [2, 3, 8] {
        assert!(in_threads(n) == alone, "{n} threads");
    }
}
