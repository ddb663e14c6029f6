//! Contributions against Shapley's definition, and what importances and cross-validation say of tables whose law is known.

use galmass_gbdt::{
    BinningConfig, Booster, BoosterConfig, Child, Dataset, GbdtError, PermutationConfig, Tree,
};
use ndarray::{Array2, Axis};

fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / 2f64.powi(31)
    };
    (0..n).map(|_| next()).collect()
}

/// Five features, of which the last tells nothing; some values are missing.
fn table(n_rows: usize) -> (Array2<f64>, Vec<f64>) {
    let numbers = uniform(n_rows * 5, 1);
    let mut x = Array2::from_shape_fn((n_rows, 5), |(i, k)| 4.0 * numbers[i * 5 + k] - 2.0);
    let y = x.rows().into_iter().map(|x| x[0] * x[1] + 2.0 * x[2].abs() + (x[3] > x[0]) as i32 as f64);
    let y = y.collect();
    x.iter_mut().zip(uniform(n_rows * 5, 2)).for_each(|(x, number)| {
        if number < 0.1 {
            *x = f64::NAN;
        }
    });
    (x, y)
}

fn booster(n_rows: usize) -> (Booster, Array2<f64>, Vec<f64>) {
    let (x, y) = table(n_rows);
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let config = BoosterConfig { num_leaves: 12, num_iterations: 10, ..Default::default() };
    (Booster::train(&config, &dataset, &y).unwrap(), x, y)
}

/// The value of a tree where only some features are known: others follow the rows of the training.
fn value(tree: &Tree, child: Child, row: &[f64], is_known: &dyn Fn(usize) -> bool) -> f64 {
    let count = |child| match child {
        Child::Node(node) => tree.nodes()[node].count as f64,
        Child::Leaf(leaf) => tree.leaves()[leaf].count as f64,
    };
    match child {
        Child::Leaf(leaf) => tree.leaves()[leaf].value,
        Child::Node(index) => {
            let node = &tree.nodes()[index];
            let of = |child| value(tree, child, row, is_known);
            if is_known(node.feature) {
                of(if node.goes_left(row[node.feature]) { node.left } else { node.right })
            } else {
                (count(node.left) * of(node.left) + count(node.right) * of(node.right)) / node.count as f64
            }
        }
    }
}

/// Shapley's (1953) sum over all coalitions.
fn shapley(tree: &Tree, row: &[f64], feature: usize) -> f64 {
    let n = row.len();
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    (0..1usize << n)
        .filter(|coalition| coalition >> feature & 1 == 0)
        .map(|coalition| {
            let size = coalition.count_ones() as usize;
            let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
            let with = coalition | 1 << feature;
            let of = |known: usize| value(tree, Child::Node(0), row, &|feature| known >> feature & 1 == 1);
            weight * (of(with) - of(coalition))
        })
        .sum()
}

#[test]
fn contributions_are_shapley_values() {
    let (booster, x, _) = booster(400);
    let x = x.slice_axis(Axis(0), (0..25).into());
    let found = booster.predict_contrib(x).unwrap();
    let scores = booster.predict_raw(x).unwrap();
    for (row, found) in found.rows().into_iter().enumerate() {
        let values = x.row(row).to_vec();
        for feature in 0..5 {
            let expected: f64 = booster.trees().iter().map(|tree| shapley(tree, &values, feature)).sum();
            assert!((found[feature] - expected).abs() < 1e-13, "row {row}, feature {feature}: {found}");
        }
        assert!((found.sum() - scores[[row, 0]]).abs() < 1e-13, "row {row}");
    }
}

#[test]
fn tables_in_any_memory_order_and_any_number_of_threads_give_the_same_bits() {
    let (booster, x, _) = booster(3000);
    let columns = x.t().as_standard_layout().to_owned();
    let run = || {
        let table = columns.t();
        (
            booster.predict(table).unwrap(),
            booster.predict_leaf(table).unwrap(),
            booster.predict_contrib(table).unwrap(),
            booster.predict_staged(table, &[0, 3, 10]).unwrap(),
        )
    };
    let in_threads = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(run);
    let alone = in_threads(1);
    for n in [2, 3, 8] {
        assert!(in_threads(n) == alone, "{n} threads");
    }
    assert_eq!(booster.predict(x.view()).unwrap(), alone.0);
    assert_eq!(booster.predict_contrib(x.view()).unwrap(), alone.2);
    for (row, &prediction) in x.rows().into_iter().zip(&alone.0) {
        assert_eq!(booster.predict_row(&row.to_vec()), prediction);
    }
    // After no iteration nothing is known.
    assert!(alone.3.index_axis(Axis(0), 0).iter().all(|&score| score == 0.0));
}

/// The text of a tree whose left children are nodes all the way, and that asks for its features in turn.
fn chain(n_nodes: usize, n_features: usize, count: impl Fn(usize) -> usize) -> String {
    let line = |key: &str, of: &dyn Fn(usize) -> String, n: usize| {
        let values: Vec<String> = (0..n).map(of).collect();
        format!("{key}={}\n", values.join(" "))
    };
    let names = line("feature_names", &|k| format!("f{k}"), n_features);
    let infos = line("feature_infos", &|_| "none".to_owned(), n_features);
    let left = |node: usize| if node + 1 == n_nodes { "-1".to_owned() } else { (node + 1).to_string() };
    [
        "tree\nversion=v4\nnum_class=1\nlabel_index=0\n".to_owned(),
        format!("max_feature_idx={}\n{names}{infos}\nTree=0\n", n_features - 1),
        format!("num_leaves={}\nnum_cat=0\n", n_nodes + 1),
        line("split_feature", &|node| (node % n_features).to_string(), n_nodes),
        line("threshold", &|_| "0".to_owned(), n_nodes),
        line("left_child", &left, n_nodes),
        line("right_child", &|node| (-2 - node as i64).to_string(), n_nodes),
        line("leaf_value", &|leaf| (leaf % 7).to_string(), n_nodes + 1),
        line("leaf_count", &|_| count(0).to_string(), n_nodes + 1),
        line("internal_count", &|node| (count(0) * (n_nodes + 1 - node)).to_string(), n_nodes),
        "\nend of trees\n".to_owned(),
    ]
    .concat()
}

#[test]
fn a_tree_deeper_than_the_stack_is_walked_through() {
    let booster = Booster::from_text(&chain(100_000, 3, |_| 1)).unwrap();
    let x = Array2::from_shape_vec((1, 3), vec![-1.0, -1.0, 1.0]).unwrap();
    let found = booster.predict_contrib(x.view()).unwrap();
    assert!((found.sum() - booster.predict_raw(x.view()).unwrap()[[0, 0]]).abs() < 1e-9);
}

#[test]
fn many_features_on_one_way_add_up() {
    // More points of quadrature than are made one by one.
    let booster = Booster::from_text(&chain(150, 150, |_| 1)).unwrap();
    let x = Array2::from_shape_fn((4, 150), |(row, k)| if (k + row) % 40 < 39 { -1.0 } else { 1.0 });
    let found = booster.predict_contrib(x.view()).unwrap();
    let scores = booster.predict_raw(x.view()).unwrap();
    for (found, score) in found.rows().into_iter().zip(&scores) {
        assert!((found.sum() - score).abs() < 1e-12, "{found} {score}");
    }
}

#[test]
fn contributions_ask_for_the_rows_of_nodes() {
    let booster = Booster::from_text(&chain(3, 2, |_| 0)).unwrap();
    let x = Array2::zeros((1, 2));
    assert_eq!(booster.predict_contrib(x.view()), Err(GbdtError::NoRows { tree: 0, node: 0 }));
}

#[test]
fn permuted_features_cost_what_they_tell() {
    let (booster, x, y) = booster(2000);
    let loss = |found: &[f64]| {
        found.iter().zip(&y).map(|(found, y)| (found - y).powi(2)).sum::<f64>() / y.len() as f64
    };
    let config = PermutationConfig { n_repeats: 4, seed: 3 };
    let of = |sets: Option<&[Vec<usize>]>| {
        booster.importance_by_permutation(x.view(), sets, &config, loss).unwrap()
    };
    let single = of(None);
    assert_eq!(single.len(), 5);
    assert!(single.iter().all(|importance| importance.increases.len() == 4));
    let mean = |feature: usize| single[feature].mean();
    assert!(mean(2) > mean(3) && mean(3) > 10.0 * mean(4).abs(), "{single:?}");
    assert!(single[2].standard_deviation() > 0.0 && single[2].standard_deviation() < 0.2 * mean(2));
    // The same again by the same seed, other numbers by another.
    assert_eq!(of(None), single);
    let other = PermutationConfig { seed: 4, ..config.clone() };
    assert_ne!(booster.importance_by_permutation(x.view(), None, &other, loss).unwrap(), single);
    // All features at once: what is left is a prediction of other rows, off by about twice the variance.
    let all = of(Some(&[vec![0, 1, 2, 3, 4], vec![]]));
    let permuted = all[0].mean() + loss(&booster.predict(x.view()).unwrap());
    let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let variance = |values: &[f64]| {
        let mean = mean_of(values);
        mean_of(&values.iter().map(|value| (value - mean).powi(2)).collect::<Vec<_>>())
    };
    let expected = variance(&y) + variance(&booster.predict(x.view()).unwrap());
    assert!((permuted / expected - 1.0).abs() < 0.1, "{permuted} {expected}");
    assert_eq!(all[1].increases, [0.0; 4]);

    let sets = [vec![5]];
    let error = booster.importance_by_permutation(x.view(), Some(&sets), &config, loss);
    assert_eq!(error, Err(GbdtError::NoSuchFeature { feature: 5, n_features: 5 }));
    let never = PermutationConfig { n_repeats: 0, seed: 1 };
    let error = booster.importance_by_permutation(x.view(), None, &never, loss).unwrap_err();
    assert!(matches!(error, GbdtError::OutOfRange { setting: "n_repeats", .. }));
}

#[test]
fn boosters_have_the_names_of_their_features() {
    let (x, y) = table(300);
    let names = ["a", "b", "c", "d", "e"];
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let dataset = dataset.with_feature_names(&names).unwrap();
    let config = BoosterConfig { num_iterations: 2, ..Default::default() };
    let booster = Booster::train(&config, &dataset, &y).unwrap();
    let found: Vec<&str> = booster.features().iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(found, names);
    assert!(booster.to_text().contains("\nfeature_names=a b c d e\n"));
    let renamed = booster.with_feature_names(&["v", "w", "x", "y", "z"]).unwrap();
    assert_eq!(Booster::from_text(&renamed.to_text()).unwrap().features(), renamed.features());
    assert!(matches!(
        renamed.with_feature_names(&["v", "v", "x", "y", "z"]),
        Err(GbdtError::SameFeatureName { .. })
    ));
}

#[test]
fn rows_together_contribute_as_each_alone() {
    // Together they share what is found for the features that they take; alone they do not.
    let (booster, x, _) = booster(1500);
    let together = booster.predict_contrib(x.view()).unwrap();
    for row in 0..200 {
        let alone = booster.predict_contrib(x.slice_axis(Axis(0), (row..row + 1).into())).unwrap();
        assert_eq!(alone.row(0), together.row(row), "row {row}");
    }
}

#[test]
fn tables_without_rows_and_models_without_trees_have_empty_predictions() {
    let (booster, x, _) = booster(300);
    let none = x.slice_axis(Axis(0), (0..0).into());
    assert_eq!(booster.predict(none).unwrap(), []);
    assert_eq!(booster.predict_contrib(none).unwrap().dim(), (0, 6));
    let text = "tree\nversion=v4\nnum_class=1\nlabel_index=0\nmax_feature_idx=0\nfeature_names=a\n\
        feature_infos=none\n\nend of trees\n";
    let empty = Booster::from_text(text).unwrap();
    let x = Array2::zeros((2, 1));
    assert_eq!(empty.predict(x.view()).unwrap(), [0.0, 0.0]);
    assert_eq!(empty.predict_leaf(x.view()).unwrap().dim(), (2, 0));
    assert_eq!(empty.predict_contrib(x.view()).unwrap(), Array2::zeros((2, 2)));
    assert_eq!(Booster::from_text(&empty.to_text()).unwrap(), empty);
}
