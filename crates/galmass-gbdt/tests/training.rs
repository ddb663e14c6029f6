//! Training beyond the trees of LightGBM: what callers may do, what they may not, and what changes nothing.

mod tables;

use std::ops::ControlFlow;

use galmass_gbdt::{
    AbsoluteError, BinningConfig, Booster, BoosterConfig, DataSampleStrategy, Dataset, Evaluation, GbdtError,
    Huber, Logistic, MeanSquaredError, Objective, Poisson, Quantile, Round, Softmax, SquaredError, Training,
};
use ndarray::Array2;
use tables::{config, table, uniform};

#[test]
fn a_caller_can_end_training() {
    let (x, y) = table(500, 10, 1);
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let mut stop = |round: &Round<'_>| {
        if round.n_done == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let training = Training { progress: Some(&mut stop), ..Training::new(&dataset, &y) };
    let trained = Booster::train_with(&SquaredError, &config(), training).unwrap();
    let seven = Booster::train(&BoosterConfig { num_iterations: 7, ..config() }, &dataset, &y).unwrap();
    assert_eq!((trained.best_round, &trained.booster), (7, &seven));
    assert!(trained.curves.is_empty());
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let (x, y) = table(50, 3, 1);
    let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
    let refused = |objective: &dyn Objective, config: &BoosterConfig, training: Training<'_>| {
        Booster::train_with(objective, config, training).unwrap_err()
    };
    let plain = config();
    let weighted = |weights: &[f64]| {
        refused(&SquaredError, &plain, Training { weights: Some(weights), ..Training::new(&dataset, &y) })
    };
    assert!(matches!(weighted(&[1.0; 9]), GbdtError::LengthMismatch { expected: 50, found: 9, .. }));
    assert_eq!(weighted(&[0.0; 50]), GbdtError::WeightOutOfRange { row: 0, value: 0.0 });
    let mut weights = [1.0; 50];
    weights[3] = -1.0;
    assert_eq!(weighted(&weights), GbdtError::WeightOutOfRange { row: 3, value: -1.0 });
    weights[3] = f64::NAN;
    assert!(matches!(weighted(&weights), GbdtError::NotFinite { what: "the weight", row: 3, .. }));

    let of_labels = |objective: &dyn Objective, labels: &[f64]| {
        refused(objective, &plain, Training::new(&dataset, labels))
    };
    assert!(matches!(of_labels(&Poisson::default(), &[-1.0; 50]), GbdtError::LabelOutOfRange { row: 0, .. }));
    assert!(matches!(of_labels(&Poisson::default(), &[0.0; 50]), GbdtError::OneLabel { .. }));
    let classes = Softmax { n_classes: 3 };
    for label in [3.0, 0.5, -1.0] {
        assert!(matches!(of_labels(&classes, &[label; 50]), GbdtError::LabelOutOfRange { row: 0, .. }));
    }
    for objective in
        [&Softmax { n_classes: 1 } as &dyn Objective, &Quantile { alpha: 1.0 }, &Huber { alpha: 0.0 }]
    {
        assert!(matches!(of_labels(objective, &y), GbdtError::OutOfRange { .. }));
    }

    let monotone = BoosterConfig { monotone_constraints: vec![1; 3], ..config() };
    let training = || Training::new(&dataset, &y);
    assert!(matches!(refused(&AbsoluteError, &monotone, training()), GbdtError::NotMonotone { .. }));
    let short = BoosterConfig { monotone_constraints: vec![1], ..config() };
    assert!(matches!(refused(&SquaredError, &short, training()), GbdtError::LengthMismatch { .. }));
    let bad = BoosterConfig { monotone_constraints: vec![1, 2, 0], ..config() };
    let goss = BoosterConfig { top_rate: 0.7, other_rate: 0.7, ..config() };
    let none = BoosterConfig { bagging_fraction: 0.0, ..config() };
    for config in [bad, goss, none] {
        assert!(matches!(refused(&SquaredError, &config, training()), GbdtError::OutOfRange { .. }));
    }
    let evaluations = vec![Evaluation::new("short", x.view(), &y[..7])];
    let training = Training { evaluations, ..training() };
    assert!(matches!(refused(&SquaredError, &plain, training), GbdtError::LengthMismatch { found: 7, .. }));
    let binning = BinningConfig { categorical_features: vec![3], ..Default::default() };
    let error = Dataset::new(x.view(), &binning).unwrap_err();
    assert_eq!(error, GbdtError::NoSuchFeature { feature: 3, n_features: 3 });
}

#[test]
fn tables_with_nothing_to_learn_give_what_all_rows_begin_with() {
    let empty = Array2::zeros((0, 2));
    let dataset = Dataset::new(empty.view(), &BinningConfig::default()).unwrap();
    let objectives: [&dyn Objective; 7] = [
        &SquaredError,
        &AbsoluteError,
        &Huber::default(),
        &Quantile::default(),
        &Poisson::default(),
        &Logistic::default(),
        &Softmax { n_classes: 3 },
    ];
    let goss =
        BoosterConfig { data_sample_strategy: DataSampleStrategy::Goss, learning_rate: 1.0, ..config() };
    let bagging = BoosterConfig { bagging_fraction: 0.5, bagging_freq: 1, feature_fraction: 0.5, ..config() };
    for config in [config(), goss, bagging] {
        for objective in objectives {
            assert!(Booster::train_for(objective, &config, &dataset, &[]).is_ok());
        }
        let one = Array2::ones((1, 2));
        let dataset = Dataset::new(one.view(), &BinningConfig::default()).unwrap();
        for objective in objectives {
            let booster = Booster::train_for(objective, &config, &dataset, &[1.0]).unwrap();
            assert_eq!(booster.trees().len(), objective.n_outputs());
            assert!(booster.trees().iter().all(|tree| tree.leaves().len() == 1));
        }
        let booster = Booster::train_for(&SquaredError, &config, &dataset, &[5.0]).unwrap();
        assert_eq!(booster.predict_row(&[0.0, 0.0]), 5.0);
    }
}

#[test]
fn bundles_of_features_change_no_tree() {
    let (x, y) = table(1500, 40, 28);
    // One-hot, but for a few numbers; in some rows nothing is set, and some values are missing.
    let mut sparse = Array2::from_shape_fn(x.dim(), |(row, feature)| {
        let set = ((x[[row, 0]] + 3.0) * 7.0) as usize;
        match feature {
            0..3 => x[[row, feature]],
            _ if set == feature => (2.0 * x[[row, 1]]).round() - 1.0,
            _ => 0.0,
        }
    });
    sparse[[7, 20]] = f64::NAN;
    let config = BoosterConfig { num_leaves: 15, min_data_in_leaf: 5, ..config() };
    for max_bin in [255, 1000] {
        for weights in [None, Some(&uniform(1500, 280)[..])] {
            let train = |enable_bundle| {
                let binning = BinningConfig { enable_bundle, max_bin, ..Default::default() };
                let dataset = Dataset::new(sparse.view(), &binning).unwrap();
                let training = Training { weights, ..Training::new(&dataset, &y) };
                Booster::train_with(&SquaredError, &config, training).unwrap()
            };
            let bundled = train(true);
            assert!(
                bundled.booster.trees().iter().flat_map(|tree| tree.nodes()).any(|node| node.feature > 2)
            );
            assert!(bundled == train(false), "max_bin {max_bin}");
        }
    }
}

#[test]
fn any_number_of_threads_grows_the_same_trees() {
    let (x, y) = table(40_000, 12, 13);
    let counts: Vec<f64> = y.iter().map(|y| y.abs().floor()).collect();
    let classes: Vec<f64> = counts.iter().map(|count| count.min(2.0)).collect();
    let train = || {
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let config = BoosterConfig { num_leaves: 15, ..config() };
        let booster = Booster::train(&config, &dataset, &y).unwrap();
        let predictions = booster.predict(x.view()).unwrap();
        let few = BoosterConfig { num_iterations: 4, ..config };
        let others: [(&dyn Objective, &[f64], BoosterConfig); 3] = [
            (&AbsoluteError, &y, BoosterConfig { bagging_fraction: 0.5, bagging_freq: 1, ..few.clone() }),
            (&Poisson::default(), &counts, BoosterConfig { feature_fraction_bynode: 0.5, ..few.clone() }),
            (&Softmax { n_classes: 3 }, &classes, BoosterConfig { learning_rate: 1.0, ..few }),
        ];
        let others = others.map(|(objective, labels, config)| {
            let evaluations = vec![Evaluation::new("all", x.view(), labels)];
            let training =
                Training { evaluations, metrics: vec![&MeanSquaredError], ..Training::new(&dataset, labels) };
            Booster::train_with(objective, &config, training).unwrap()
        });
        (booster, predictions, others)
    };
    let in_threads = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(train);
    let alone = in_threads(1);
    for n in [2, 3, 8] {
        assert!(in_threads(n) == alone, "{n} threads");
    }
}
