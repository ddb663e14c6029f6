//! Tables of odd shapes and values, bins, categories and folds.

use galmass_gbdt::{
    BinningConfig, Booster, BoosterConfig, Dataset, Folds, GbdtError, PermutationConfig, SparseRows,
    SquaredError, cross_validate,
};
use ndarray::Array2;

use super::{N, all_objectives, labels_with, train};
use crate::tables::{config, table};

#[test]
fn tables_without_rows_without_columns_or_with_one_row_are_tables() {
    for (n_rows, n_columns) in [(0, 0), (0, 2), (1, 0), (1, 2), (2, 1)] {
        let table = Array2::from_shape_fn((n_rows, n_columns), |(row, column)| (row + column) as f64);
        let dataset = Dataset::new(table.view(), &BinningConfig::default()).unwrap();
        let labels: Vec<f64> = (0..n_rows).map(|_| 1.0).collect();
        for objective in all_objectives() {
            let booster = Booster::train_for(objective, &config(), &dataset, &labels).unwrap();
            assert_eq!(booster.predict_outputs(table.view()).unwrap().nrows(), n_rows);
            assert_eq!(booster.predict_leaf(table.view()).unwrap().nrows(), n_rows);
            assert_eq!(booster.predict_contrib(table.view()).unwrap().nrows(), n_rows);
            let again = Booster::from_text(&booster.to_text()).unwrap();
            assert_eq!(again.predict_outputs(table.view()), booster.predict_outputs(table.view()));
        }
    }
}

#[test]
fn features_that_tell_nothing_are_not_used() {
    let y = table(200, 3, 1).1;
    for constant in [0.0, 5.0, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        let mut x = table(200, 3, 1).0;
        x.column_mut(1).fill(constant);
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let booster = Booster::train(&config(), &dataset, &y).unwrap();
        let importance = booster.importance_by_split();
        assert!(importance[0] > 0 && importance[1] == 0, "{constant}: {importance:?}");

        x.fill(constant);
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let booster = Booster::train(&config(), &dataset, &y).unwrap();
        assert_eq!(booster.trees().len(), 1);
        let mean = y.iter().sum::<f64>() / 200.0;
        assert!((booster.predict_row(&[1.0, 2.0, 3.0]) - mean).abs() < 1e-6);
    }
}

#[test]
fn more_bins_than_values_are_as_many_as_values() {
    let x = Array2::from_shape_fn((100, 1), |(row, _)| (row % 4) as f64);
    for max_bin in [4, 5, 255, 65_535] {
        let binning = BinningConfig { max_bin, min_data_in_bin: 1, ..Default::default() };
        let dataset = Dataset::new(x.view(), &binning).unwrap();
        assert_eq!(dataset.mappers()[0].n_bins(), 4);
    }
    for max_bin in [0, 1, 65_536, usize::MAX] {
        let error = Dataset::new(x.view(), &BinningConfig { max_bin, ..Default::default() }).unwrap_err();
        assert!(matches!(error, GbdtError::OutOfRange { setting: "max_bin", .. }), "{error}");
    }
    let one_bin = BinningConfig { min_data_in_bin: usize::MAX, ..Default::default() };
    assert!(Dataset::new(x.view(), &one_bin).is_ok_and(|dataset| dataset.mappers()[0].n_bins() <= 4));
    let none = BinningConfig { bin_construct_sample_cnt: 0, ..Default::default() };
    let error = Dataset::new(x.view(), &none).unwrap_err();
    assert!(matches!(error, GbdtError::OutOfRange { setting: "bin_construct_sample_cnt", .. }));
}

#[test]
fn columns_at_prediction_are_those_of_the_training() {
    let booster = train(&SquaredError, &table(N, 3, 1).1).unwrap();
    for n_columns in [0, 2, 4] {
        let table = Array2::zeros((5, n_columns));
        let table = table.view();
        let error = GbdtError::LengthMismatch { what: "a row", expected: 3, found: n_columns };
        assert_eq!(booster.predict(table), Err(error.clone()));
        assert_eq!(booster.predict_raw(table), Err(error.clone()));
        assert_eq!(booster.predict_outputs(table), Err(error.clone()));
        assert_eq!(booster.predict_leaf(table), Err(error.clone()));
        assert_eq!(booster.predict_contrib(table), Err(error.clone()));
        assert_eq!(booster.predict_staged(table, &[1]), Err(error.clone()));
        let permuted = booster.importance_by_permutation(table, None, &PermutationConfig::default(), |_| 0.0);
        assert_eq!(permuted, Err(error.clone()));
        let sparse = SparseRows::new(n_columns, &[0, 0], &[], &[]).unwrap();
        assert_eq!(booster.predict_sparse(sparse), Err(error));
    }
    let none = PermutationConfig { n_repeats: 0, ..Default::default() };
    let x = table(N, 3, 1).0;
    let error = booster.importance_by_permutation(x.view(), None, &none, |_| 0.0).unwrap_err();
    assert!(matches!(error, GbdtError::OutOfRange { setting: "n_repeats", .. }));
    let error = booster.importance_by_permutation(x.view(), Some(&[vec![3]]), &Default::default(), |_| 0.0);
    assert_eq!(error, Err(GbdtError::NoSuchFeature { feature: 3, n_features: 3 }));
}

#[test]
fn categories_may_be_odd_but_not_huge() {
    let binning = BinningConfig { categorical_features: vec![0], ..Default::default() };
    let labels: Vec<f64> = (0..200).map(|row| f64::from(row % 2)).collect();
    let odd = [-1.0, -1e300, 0.0, 2.7, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2147483647.0, 1e10, -0.5];
    let table =
        Array2::from_shape_fn((200, 1), |(row, _)| if row % 2 == 0 { odd[row / 2 % odd.len()] } else { 5.0 });
    let dataset = Dataset::new(table.view(), &binning).unwrap();
    let booster =
        Booster::train(&BoosterConfig { min_data_in_leaf: 1, ..config() }, &dataset, &labels).unwrap();
    // Fractions are cut off; what is no category goes where missing values go.
    assert_eq!(booster.predict_row(&[2.7]), booster.predict_row(&[2.0]));
    for value in [-1e300, f64::INFINITY, 1e10, f64::NAN] {
        assert_eq!(booster.predict_row(&[value]), booster.predict_row(&[-1.0]), "{value}");
    }
    assert!(booster.predict_row(&[5.0]) > booster.predict_row(&[0.0]));
    let again = Booster::from_text(&booster.to_text()).unwrap();
    assert_eq!(again.predict(table.view()), booster.predict(table.view()));

    let huge = Array2::from_shape_fn((200, 1), |(row, _)| if row % 2 == 0 { 3.0 } else { 2e9 });
    let error = Dataset::new(huge.view(), &binning).unwrap_err();
    let expected = GbdtError::CategoryTooLarge { feature: 0, category: 2_000_000_000, most: 1_048_575 };
    assert_eq!(error, expected);
}

#[test]
fn groups_and_folds_are_as_many_as_rows() {
    let (x, y) = table(N, 3, 1);
    let validate = |folds: &Folds, labels: &[f64]| {
        let train =
            |dataset: &Dataset, labels: &[f64], _: &[usize]| Booster::train(&config(), dataset, labels);
        cross_validate(x.view(), labels, folds, &BinningConfig::default(), train, |_, _| ()).map(drop)
    };
    let groups: Vec<usize> = (0..N + 1).map(|row| row / 4).collect();
    let folds = Folds::of_groups(&groups, 3, 1).unwrap();
    let error = GbdtError::LengthMismatch { what: "the folds of rows", expected: N, found: N + 1 };
    assert_eq!(validate(&folds, &y), Err(error));
    let folds = Folds::of_groups(&groups[..N], 3, 1).unwrap();
    let error = GbdtError::LengthMismatch { what: "labels", expected: N, found: N - 1 };
    assert_eq!(validate(&folds, &y[1..]), Err(error));
    assert_eq!(validate(&folds, &y), Ok(()));
    let bad = labels_with(1.0, 7, f64::NAN);
    assert!(matches!(validate(&folds, &bad), Err(GbdtError::NotFinite { .. })));
    for n_folds in [0, 1, 17, usize::MAX] {
        let error = Folds::of_groups(&groups, n_folds, 1).unwrap_err();
        assert!(matches!(error, GbdtError::OutOfRange { setting: "n_folds", .. }), "{error}");
    }
}
