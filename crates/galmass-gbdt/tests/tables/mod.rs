//! Tables and settings of the tests. `fixtures/make.py` makes the same.

#![allow(dead_code, unreachable_pub, reason = "each test file uses some of these")]

use galmass_gbdt::BoosterConfig;
use ndarray::Array2;

/// Numbers from 0 to 1, those of `make.py`.
pub fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / 2f64.powi(31)
    };
    (0..n).map(|_| next()).collect()
}

pub fn table(n_rows: usize, n_features: usize, seed: u64) -> (Array2<f64>, Vec<f64>) {
    let numbers = uniform(n_rows * n_features, seed);
    let x = Array2::from_shape_fn((n_rows, n_features), |(i, k)| 6.0 * numbers[i * n_features + k] - 3.0);
    let noise = uniform(n_rows, seed + 1);
    let y = (x.rows().into_iter().zip(noise)).map(|(x, noise)| x[0] * x[0] + x[1] * x[2] + 0.5 * noise);
    let y = y.collect();
    (x, y)
}

/// The same with some of the values replaced.
pub fn with_holes(mut x: Array2<f64>, share: f64, hole: f64, seed: u64) -> Array2<f64> {
    let numbers = uniform(x.len(), seed);
    x.iter_mut().zip(numbers).for_each(|(x, number)| *x = if number < share { hole } else { *x });
    x
}

/// The settings of the cases, where they name no others.
pub fn config() -> BoosterConfig {
    BoosterConfig { num_iterations: 20, num_leaves: 5, ..Default::default() }
}
