//! Bad input, case by case: an error that says what is wrong and where, or an answer that makes sense; never a panic.

mod extremes;
mod labels;
mod settings;
mod shapes;
#[path = "../tables/mod.rs"]
mod tables;

use galmass_gbdt::{
    AbsoluteError, BinningConfig, Booster, Dataset, GbdtError, Huber, Logistic, Objective, Poisson, Quantile,
    Softmax, SquaredError,
};
use tables::{config, table};

const N: usize = 60;

fn dataset() -> Dataset {
    Dataset::new(table(N, 3, 1).0.view(), &BinningConfig::default()).unwrap()
}

fn train(objective: &dyn Objective, labels: &[f64]) -> Result<Booster, GbdtError> {
    Booster::train_for(objective, &config(), &dataset(), labels)
}

fn all_objectives() -> [&'static dyn Objective; 7] {
    [
        &SquaredError,
        &AbsoluteError,
        &Huber { alpha: 0.9 },
        &Quantile { alpha: 0.9 },
        &Poisson { max_delta_step: 0.7 },
        &Logistic { sigmoid: 1.0 },
        &Softmax { n_classes: 2 },
    ]
}

/// Labels that are all the same but for one.
fn labels_with(usual: f64, row: usize, odd: f64) -> Vec<f64> {
    let mut labels = vec![usual; N];
    labels[row] = odd;
    labels
}
