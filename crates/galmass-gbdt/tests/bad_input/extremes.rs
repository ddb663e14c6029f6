//! Numbers of any size.

use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, DataSampleStrategy, Dataset, GbdtError};
use ndarray::Array2;
use proptest::prelude::*;

use super::all_objectives;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Numbers of any size, and settings of any kind: training and what follows end without a panic.
    #[test]
    fn extreme_numbers_never_panic(
        values in prop::collection::vec(
            prop_oneof![
                2 => any::<f64>(),
                1 => -3.0..3.0,
                1 => prop::sample::select(&[0.0, -0.0, 1e-40, f64::MAX, f64::MIN, f64::NAN, f64::INFINITY][..]),
            ],
            30..240,
        ),
        labels in prop::collection::vec(
            prop_oneof![2 => 0.0..5.0, 1 => prop::sample::select(&[3e38, -3e38, 1e-45, 0.0, 1.0][..])],
            80,
        ),
        max_bin in 2usize..300,
        objective in 0usize..7,
        num_leaves in 2usize..40,
        lambda_l1 in prop_oneof![Just(0.0), 0.0..1e300],
        max_delta_step in prop_oneof![Just(0.0), 0.0..1.0],
        is_goss in any::<bool>(),
        is_categorical in any::<bool>(),
    ) {
        let n_rows = values.len() / 3;
        let table = Array2::from_shape_vec((n_rows, 3), values[..3 * n_rows].to_vec()).unwrap();
        let categorical_features = if is_categorical { vec![1] } else { vec![] };
        let binning = BinningConfig { max_bin, categorical_features, ..Default::default() };
        let dataset = match Dataset::new(table.view(), &binning) {
            Ok(dataset) => dataset,
            Err(GbdtError::CategoryTooLarge { .. }) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        let data_sample_strategy =
            if is_goss { DataSampleStrategy::Goss } else { DataSampleStrategy::Bagging };
        let config = BoosterConfig {
            num_leaves, lambda_l1, max_delta_step, data_sample_strategy,
            num_iterations: 4, min_data_in_leaf: 1, learning_rate: 1.0, bagging_freq: 1, bagging_fraction: 0.7,
            ..Default::default()
        };
        let objective = all_objectives()[objective];
        let labels = &labels[..n_rows];
        // Into the domain of the objective, where it has one.
        let into = |of: fn(f64) -> f64| labels.iter().map(|&label| of(label)).collect::<Vec<f64>>();
        let candidates = [labels.to_vec(), into(f64::abs), into(|label| f64::from(u8::from(label > 1.0)))];
        for labels in candidates {
            if let Ok(booster) = Booster::train_for(objective, &config, &dataset, &labels) {
                booster.predict_outputs(table.view()).unwrap();
                booster.predict_leaf(table.view()).unwrap();
                booster.predict_contrib(table.view()).unwrap();
                let _ = Booster::from_text(&booster.to_text());
            }
        }
    }
}
