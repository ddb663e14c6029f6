//! perpetual: it has no number of trees, leaves or learning rate, but a budget, here its default of 1.

use perpetual::objective::Objective;
use perpetual::{Matrix, PerpetualBooster};
use rust_peers::{by_columns, time_rows, timed, Case};

fn main() {
    let case = Case::load();
    let is_parallel = case.threads > 1;
    let (model, train) = timed(|| {
        let columns = by_columns(&case.x, case.n, case.n_features);
        let mut model = PerpetualBooster::default()
            .set_objective(Objective::SquaredLoss)
            .set_budget(1.0)
            .set_num_threads(Some(case.threads))
            .set_max_bin(case.max_bin as u16);
        model.fit(&Matrix::new(&columns, case.n, case.n_features), &case.y, None, None).unwrap();
        model
    });
    let test = by_columns(&case.x_test, case.n_test, case.n_features);
    let test = Matrix::new(&test, case.n_test, case.n_features);
    let (found, predict) = timed(|| model.predict(&test, is_parallel));
    let row = time_rows(case.n_test.min(500), |row| {
        model.predict(&Matrix::new(case.test_row(row), 1, case.n_features), false)[0]
    });
    let extra = serde_json::json!({"trees": model.get_prediction_trees().len()});
    case.report(train, predict, row, &found, extra);
}
