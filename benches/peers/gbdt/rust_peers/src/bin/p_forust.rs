//! forust-ml, grown leaf by leaf.

use forust_ml::data::Matrix;
use forust_ml::gradientbooster::{GradientBooster, GrowPolicy};
use forust_ml::objective::ObjectiveType;
use rust_peers::{by_columns, time_rows, timed, Case};

fn main() {
    let case = Case::load();
    let is_parallel = case.threads > 1;
    let (model, train) = timed(|| {
        let columns = by_columns(&case.x, case.n, case.n_features);
        let mut model = GradientBooster::default()
            .set_objective_type(ObjectiveType::SquaredLoss)
            .set_iterations(case.rounds)
            .set_learning_rate(case.learning_rate as f32)
            .set_max_leaves(case.leaves)
            .set_max_depth(usize::MAX >> 1)
            .set_nbins(case.max_bin as u16)
            .set_l2(0.0)
            .set_min_leaf_weight(case.min_data_in_leaf as f32)
            .set_parallel(is_parallel)
            .set_num_threads(Some(case.threads));
        model.grow_policy = GrowPolicy::LossGuide;
        model.initialize_base_score = true;
        model.fit_unweighted(&Matrix::new(&columns, case.n, case.n_features), &case.y, None).unwrap();
        model
    });
    let test = by_columns(&case.x_test, case.n_test, case.n_features);
    let test = Matrix::new(&test, case.n_test, case.n_features);
    let (found, predict) = timed(|| model.predict(&test, is_parallel));
    let row = time_rows(case.n_test.min(500), |row| {
        model.predict(&Matrix::new(case.test_row(row), 1, case.n_features), false)[0]
    });
    let leaves: usize = model.trees.iter().map(|tree| tree.nodes.len().div_ceil(2)).sum();
    let mean_leaves = leaves as f64 / model.trees.len() as f64;
    let extra = serde_json::json!({"trees": model.trees.len(), "mean_leaves": mean_leaves});
    case.report(train, predict, row, &found, extra);
}
