//! Any text as a model of LightGBM.

#![no_main]

use galmass_gbdt::{Booster, GbdtError, ModelTextError};
use libfuzzer_sys::fuzz_target;
use ndarray::Array2;

/// Beyond so many numbers predictions are not looked at: time would go into arithmetic.
const MOST: usize = 1 << 12;

fuzz_target!(|text: &str| {
    let booster = match Booster::from_text(text) {
        Ok(booster) => booster,
        Err(GbdtError::ModelText(error)) => {
            let line = line_of(&error);
            assert!(line >= 1 && line <= text.lines().count() + 1, "{error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let n_leaves: usize = booster.trees().iter().map(|tree| tree.leaves().len()).sum();
    if booster.n_features() * booster.n_outputs().max(1) > MOST || n_leaves > MOST {
        return;
    }
    let values = [0.0, -1.5, 40.0, f64::NAN, f64::INFINITY];
    let table = Array2::from_shape_fn((7, booster.n_features()), |(row, column)| values[(row + column) % 5]);
    let leaves = booster.predict_leaf(table.view()).unwrap();
    booster.predict_outputs(table.view()).unwrap();
    let scores = booster.predict_raw(table.view()).unwrap();
    for (row, scores) in scores.outer_iter().enumerate() {
        let mut sums = vec![0.0; booster.n_outputs()];
        for (index, tree) in booster.trees().iter().enumerate() {
            let leaf = leaves[[row, index]] as usize;
            sums[index % booster.n_outputs()] += tree.leaves()[leaf].value;
        }
        let is_same = |(found, sum): (&f64, &f64)| found == sum || (found.is_nan() && sum.is_nan());
        assert!(scores.iter().zip(&sums).all(is_same), "{scores} {sums:?}");
    }
    match booster.predict_contrib(table.view()) {
        Ok(_) | Err(GbdtError::NoRows { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let again = Booster::from_text(&booster.to_text()).unwrap();
    assert_eq!(again.predict_leaf(table.view()).unwrap(), leaves);
});

fn line_of(error: &ModelTextError) -> usize {
    use ModelTextError::*;
    match error {
        Unexpected { line, .. }
        | Unfinished { line, .. }
        | Missing { line, .. }
        | Twice { line, .. }
        | Malformed { line, .. }
        | Count { line, .. }
        | Unsupported { line, .. }
        | NoTree { line, .. } => *line,
        other => panic!("{other}"),
    }
}
