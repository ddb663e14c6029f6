//! hessboost: histograms in single precision, grown leaf by leaf.

use hessboost::prelude::*;
use rust_peers::{time_rows, timed, Case};
use serde_json::json;

fn main() {
    let case = Case::load();
    let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let params = TrainingParams::from_xgboost(vec![
        ("objective", json!("reg:squarederror")),
        ("tree_method", json!("hist")),
        ("grow_policy", json!("lossguide")),
        ("max_leaves", json!(case.leaves)),
        ("max_depth", json!(0)),
        ("eta", json!(case.learning_rate)),
        ("lambda", json!(0.0)),
        ("min_child_weight", json!(case.min_data_in_leaf)),
        ("max_bin", json!(case.max_bin)),
        ("nthread", json!(case.threads)),
    ])
    .unwrap();
    let (model, train_spent) = timed(|| {
        let data = DMatrix::from_dense(&single(&case.x), case.n, case.n_features).unwrap();
        let data = data.with_labels(&single(&case.y)).unwrap();
        train(&params, &data, case.rounds).unwrap()
    });
    let test = single(&case.x_test);
    let predict = |table: &[f32], n: usize| -> Vec<f64> {
        let data = DMatrix::from_dense(table, n, case.n_features).unwrap();
        let found = model.predict(&data, Iterations::Best).unwrap();
        (0..n).map(|row| f64::from(*found.get(row, 0).unwrap())).collect()
    };
    let (found, predict_spent) = timed(|| predict(&test, case.n_test));
    let k = case.n_features;
    let row = time_rows(case.n_test.min(500), |row| predict(&test[row * k..(row + 1) * k], 1)[0]);
    case.report(train_spent, predict_spent, row, &found, json!({}));
}
