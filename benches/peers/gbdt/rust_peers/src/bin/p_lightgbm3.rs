//! lightgbm3: bindings to LightGBM's own code, which it builds (with cmake and clang). Its call for single rows is the
//! fastest that LightGBM has.

use lightgbm3::{Booster, Dataset};
use rust_peers::{time_rows, timed, Case};
use serde_json::json;

fn main() {
    let case = Case::load();
    let labels: Vec<f32> = case.y.iter().map(|label| *label as f32).collect();
    let (mut model, train) = timed(|| {
        let params = json!({
            "objective": "regression", "num_leaves": case.leaves, "num_iterations": case.rounds,
            "learning_rate": case.learning_rate, "min_data_in_leaf": case.min_data_in_leaf,
            "max_bin": case.max_bin, "num_threads": case.threads, "verbosity": -1, "force_col_wise": true,
        });
        let data = Dataset::from_slice(&case.x, &labels, case.n_features as i32, true).unwrap();
        Booster::train(data, &params).unwrap()
    });
    let threads = format!("num_threads={}", case.threads);
    let (found, predict) = timed(|| {
        model.predict_with_params(&case.x_test, case.n_features as i32, true, &threads).unwrap()
    });
    model.single_row_fast_init::<f64>(Some(&json!({"num_threads": 1}))).unwrap();
    let row = time_rows(case.n_test.min(2000), |row| {
        model.predict_single_row_fast(case.test_row(row)).unwrap()[0]
    });
    case.report(train, predict, row, &found, json!({}));
}
