//! Boosters and the texts of LightGBM, tree by tree.

#![allow(unreachable_pub, reason = "for the file beside it")]

use std::collections::HashMap;

use galmass_gbdt::{
    BinningConfig, Booster, BoosterConfig, Child, Dataset, Missing, Node, Objective, Rule, SquaredError,
    Training, Tree,
};
use ndarray::Array2;

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
    let missing = match node.rule.missing() {
        Missing::AsZero { default_left } => 2 * i64::from(default_left),
        Missing::Left => 8 + 2,
        Missing::Right => 8,
        Missing::WithZero { default_left } => 4 + 2 * i64::from(default_left),
    };
    missing + i64::from(node.rule.threshold().is_none())
}

/// How far the values of leaves may be off where they hang on exponentials: those of C libraries differ in the last
/// bit, from one release to the next and between processors.
pub const EXPONENTIAL: f64 = 1e-9;

/// Compares one tree. `tolerance` is relative, for the values of leaves.
fn check(name: &str, index: usize, tree: &Tree, expected: &HashMap<&str, Vec<&str>>, tolerance: f64) {
    let integers = |key: &str| numbers::<i64>(&expected[key]);
    let reals = |key: &str| numbers::<f64>(&expected[key]);
    let nodes = |of: &dyn Fn(&Node) -> i64| tree.nodes().iter().map(of).collect::<Vec<i64>>();
    assert_eq!(nodes(&|node| node.feature as i64), integers("split_feature"), "{name}: tree {index}");
    assert_eq!(nodes(&|node| child(node.left)), integers("left_child"), "{name}: tree {index}");
    assert_eq!(nodes(&|node| child(node.right)), integers("right_child"), "{name}: tree {index}");
    assert_eq!(nodes(&|node| node.count as i64), integers("internal_count"), "{name}: tree {index}");
    assert_eq!(nodes(&decision), integers("decision_type"), "{name}: tree {index}");
    // In place of a threshold there is the number of a set of categories.
    let (mut thresholds, mut sets) = (Vec::new(), Vec::new());
    for node in tree.nodes() {
        match &node.rule {
            Rule::UpTo { threshold, .. } => thresholds.push(*threshold),
            Rule::OneOf { categories, .. } => {
                thresholds.push(sets.len() as f64);
                sets.push(categories.iter().collect::<Vec<u32>>());
            }
        }
    }
    assert_eq!(thresholds, reals("threshold"), "{name}: tree {index}");
    if !sets.is_empty() {
        let (bounds, words) =
            (numbers::<usize>(&expected["cat_boundaries"]), numbers(&expected["cat_threshold"]));
        let set = |pair: &[usize]| {
            let words: &[u32] = &words[pair[0]..pair[1]];
            (0..32 * words.len() as u32).filter(|k| words[*k as usize / 32] >> (k % 32) & 1 == 1).collect()
        };
        let expected: Vec<Vec<u32>> = bounds.windows(2).map(set).collect();
        assert_eq!(sets, expected, "{name}: tree {index}");
    }
    let counts: Vec<i64> = tree.leaves().iter().map(|leaf| leaf.count as i64).collect();
    assert_eq!(counts, integers("leaf_count"), "{name}: tree {index}");
    // To the last bit: the text has 17 digits.
    let values: Vec<f64> = tree.leaves().iter().map(|leaf| leaf.value).collect();
    let expected_values = reals("leaf_value");
    if tolerance == 0.0 {
        assert_eq!(values, expected_values, "{name}: tree {index}");
    }
    for (value, expected) in values.iter().zip(&expected_values) {
        assert!(
            (value - expected).abs() <= tolerance * expected.abs(),
            "{name}: tree {index}: {value} {expected}"
        );
    }
    // These have six digits.
    let close = |found: f64, expected: &f64| (found - expected).abs() <= 5.1e-6 * expected.abs() + tolerance;
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

/// Trains on a table, for squared errors, and compares the trees with those of the fixture of this name.
pub fn compare(name: &str, (x, y): (Array2<f64>, Vec<f64>), max_bin: usize, config: BoosterConfig) {
    let dataset = Dataset::new(x.view(), &BinningConfig { max_bin, ..Default::default() }).unwrap();
    compare_for(&SquaredError, name, Training::new(&dataset, &y), config, 0.0);
}

/// The same for any objective and data set; `tolerance` as above.
pub fn compare_for(
    objective: &dyn Objective,
    name: &str,
    training: Training<'_>,
    config: BoosterConfig,
    tolerance: f64,
) {
    let path = format!("{}/tests/fixtures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let booster = Booster::train_with(objective, &config, training).unwrap().booster;
    let expected = trees(&text);
    assert_eq!(booster.trees().len(), expected.len(), "{name}");
    if tolerance == 0.0 {
        check_text(name, booster.to_text().trim_end(), text.trim_end());
    }
    for (index, (tree, expected)) in booster.trees().iter().zip(&expected).enumerate() {
        check(name, index, tree, expected, tolerance);
    }
}

/// Trains on a table, for squared errors, and compares the text with the digests of that of LightGBM, where this is long:
/// of the header, and of each tree with all its numbers.
pub fn compare_digests(name: &str, (x, y): (Array2<f64>, Vec<f64>), config: BoosterConfig) {
    let path = format!("{}/tests/fixtures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let digests = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let digests: Vec<&str> = digests.lines().collect();
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let text = Booster::train(&config, &dataset, &y).unwrap().to_text();
    let parts: Vec<&str> = text.split("\nTree=").collect();
    assert_eq!(parts.len(), digests.len(), "{name}");
    for (part, digest) in parts.iter().zip(digests) {
        assert_eq!(fnv_1a(part.trim_end()), digest, "{name}: {part}");
    }
}

/// The digest of a text.
fn fnv_1a(text: &str) -> String {
    let add = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, add))
}

/// All of the text, line by line.
fn check_text(name: &str, found: &str, expected: &str) {
    for (index, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{name}: line {}", index + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{name}");
}
