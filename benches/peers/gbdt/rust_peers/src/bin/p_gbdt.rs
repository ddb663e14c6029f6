//! gbdt 0.1.3: every threshold, level by level, single precision, one thread. It has no limit of leaves: a depth of 3
//! (up to 8 leaves) is nearest to 5 leaves, one of 5 to 31.

use gbdt::config::Config;
use gbdt::decision_tree::{Data, DataVec};
use gbdt::gradient_boost::GBDT;
use rust_peers::{time_rows, timed, Case};

fn main() {
    let case = Case::load();
    let mut config = Config::new();
    config.set_feature_size(case.n_features);
    config.set_shrinkage(case.learning_rate as f32);
    config.set_iterations(case.rounds);
    config.set_max_depth(if case.leaves <= 5 { 3 } else { 5 });
    config.set_min_leaf_size(case.min_data_in_leaf);
    config.set_loss("SquaredError");
    config.set_debug(false);
    config.set_data_sample_ratio(1.0);
    config.set_feature_sample_ratio(1.0);
    config.set_training_optimization_level(2);
    let single = |row: &[f64]| row.iter().map(|value| *value as f32).collect::<Vec<_>>();
    let (model, train) = timed(|| {
        let rows = case.x.chunks_exact(case.n_features).zip(&case.y);
        let mut data: DataVec =
            rows.map(|(row, label)| Data::new_training_data(single(row), 1.0, *label as f32, None)).collect();
        let mut model = GBDT::new(&config);
        model.fit(&mut data);
        model
    });
    let rows = case.x_test.chunks_exact(case.n_features);
    let test: DataVec = rows.map(|row| Data::new_test_data(single(row), None)).collect();
    let (found, predict) = timed(|| model.predict(&test));
    let row =
        time_rows(case.n_test.min(500), |row| f64::from(model.predict(&vec![test[row].clone()])[0]));
    let found: Vec<f64> = found.iter().map(|value| f64::from(*value)).collect();
    case.report(train, predict, row, &found, serde_json::json!({}));
}
