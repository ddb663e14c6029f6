//! Sparse rows against the same table written out.

mod tables;

use galmass_gbdt::{
    BinningConfig, Booster, BoosterConfig, Dataset, GbdtError, Logistic, Softmax, SparseRows, SquaredError,
    Training,
};
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use tables::{Csr, config, one_hot, table, uniform, with_holes};

/// Trees, and so bins and the sums of all histograms, are the same.
fn assert_same(table: ArrayView2<'_, f64>, csr: &Csr, labels: &[f64], binning: &BinningConfig) {
    let [whole, sparse] =
        [Dataset::new(table, binning).unwrap(), Dataset::from_sparse(csr.rows(), binning).unwrap()];
    // As text: a column without a number has a range of NaN.
    assert_eq!(format!("{:?}", whole.mappers()), format!("{:?}", sparse.mappers()));
    assert_eq!((whole.n_rows(), whole.n_features()), (sparse.n_rows(), sparse.n_features()));
    let config = BoosterConfig { num_leaves: 15, min_data_in_leaf: 5, num_iterations: 5, ..config() };
    let [of_whole, of_sparse] =
        [&whole, &sparse].map(|dataset| Booster::train(&config, dataset, labels).unwrap());
    assert_eq!(of_whole, of_sparse);
    assert_eq!(of_whole.predict_sparse(csr.rows()).unwrap(), of_whole.predict(table).unwrap());
}

#[test]
fn bins_and_trees_are_those_of_the_table_written_out() {
    let (x, y) = one_hot(1500, 40, 30);
    let mut holes = with_holes(x.clone(), 0.01, f64::NAN, 300);
    // Most of a column is something else than zero, another has a number only.
    holes.column_mut(7).mapv_inplace(|value| if value == 0.0 { -3.0 } else { 0.0 });
    holes.column_mut(8).fill(2.5);
    holes[[3, 9]] = -0.0;
    let (dense, _) = table(1500, 40, 31);
    let part = with_holes(dense.clone(), 0.6, 0.0, 310);
    for table in [x, holes, dense, part] {
        let csr = Csr::of(table.view(), |index| index % 11 == 0);
        for binning in [
            BinningConfig::default(),
            BinningConfig { enable_bundle: false, ..Default::default() },
            BinningConfig { max_bin: 400, min_data_in_bin: 1, ..Default::default() },
            BinningConfig { bin_construct_sample_cnt: 700, ..Default::default() },
            BinningConfig { categorical_features: vec![2, 8, 9], ..Default::default() },
        ] {
            assert_same(table.view(), &csr, &y, &binning);
        }
    }
}

#[test]
fn empty_rows_and_empty_tables_are_tables() {
    for (n_rows, n_columns) in [(0, 0), (0, 3), (3, 0), (1, 1), (30, 2)] {
        let table = Array2::zeros((n_rows, n_columns));
        let labels: Vec<f64> = (0..n_rows).map(|row| row as f64).collect();
        assert_same(table.view(), &Csr::of(table.view(), |_| false), &labels, &BinningConfig::default());
    }
}

#[test]
fn any_number_of_threads_makes_the_same_bins() {
    let (x, y) = one_hot(70_000, 12, 32);
    let csr = Csr::of(x.view(), |_| false);
    let train = || {
        let dataset = Dataset::from_sparse(csr.rows(), &BinningConfig::default()).unwrap();
        let booster = Booster::train(&BoosterConfig { num_iterations: 3, ..config() }, &dataset, &y).unwrap();
        let predictions = booster.predict_sparse(csr.rows()).unwrap();
        (booster, predictions)
    };
    let in_threads = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(train);
    let alone = in_threads(1);
    for n in [2, 5] {
        assert!(in_threads(n) == alone, "{n} threads");
    }
    assert_eq!(alone.1, alone.0.predict(x.view()).unwrap());
}

#[test]
fn all_predictions_are_those_of_the_table_written_out() {
    let (x, y) = one_hot(900, 30, 33);
    let x = with_holes(x, 0.02, f64::NAN, 330);
    let csr = Csr::of(x.view(), |_| false);
    let dataset = Dataset::from_sparse(csr.rows(), &BinningConfig::default()).unwrap();
    let classes: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y > 3.0) + u8::from(y > 1.0))).collect();
    let softmax = Softmax { n_classes: 3 };
    let weights = uniform(900, 331);
    let training = Training { weights: Some(&weights), ..Training::new(&dataset, &classes) };
    let several = Booster::train_with(&softmax, &config(), training).unwrap().booster;
    let above: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y > 2.0))).collect();
    let one = Booster::train_for(&Logistic::default(), &config(), &dataset, &above).unwrap();
    for booster in [&one, &several] {
        for iterations in [booster.iterations(..), booster.iterations(2..7)] {
            let rows = csr.rows();
            let table = x.view();
            assert_eq!(iterations.predict_outputs_sparse(rows), iterations.predict_outputs(table));
            assert_eq!(iterations.predict_raw_sparse(rows), iterations.predict_raw(table));
            assert_eq!(iterations.predict_leaf_sparse(rows), iterations.predict_leaf(table));
            assert_eq!(iterations.predict_contrib_sparse(rows), iterations.predict_contrib(table));
        }
        assert_eq!(booster.predict_sparse(csr.rows()), booster.predict(x.view()));
    }
    let narrow = SparseRows::new(2, &[0], &[], &[]).unwrap();
    let error = GbdtError::LengthMismatch { what: "a row", expected: 30, found: 2 };
    assert_eq!(one.predict_sparse(narrow), Err(error));
    let short = Booster::train_for(&SquaredError, &config(), &dataset, &y[1..]);
    assert!(matches!(short, Err(GbdtError::LengthMismatch { expected: 900, found: 899, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_table_has_the_same_bins(
        values in prop::collection::vec(
            prop_oneof![8 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(1.0), 2 => -3.0..3.0, 1 => Just(f64::INFINITY)],
            0..600,
        ),
        n_columns in 1usize..12,
        max_bin in 2usize..300,
        enable_bundle in any::<bool>(),
        kept in 1usize..9,
    ) {
        let n_rows = values.len() / n_columns;
        let values = values[..n_rows * n_columns].to_vec();
        let table = Array2::from_shape_vec((n_rows, n_columns), values).unwrap();
        let labels: Vec<f64> = uniform(n_rows, 3);
        let binning = BinningConfig { max_bin, enable_bundle, min_data_in_bin: 1, ..Default::default() };
        assert_same(table.view(), &Csr::of(table.view(), |index| index % kept == 0), &labels, &binning);
    }
}
