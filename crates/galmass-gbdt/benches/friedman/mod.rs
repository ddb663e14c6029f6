//! A table with a known law: Friedman (1991), eq. 61, of the first five features; the others say nothing.

use std::f64::consts::PI;

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Features between 0 and 1, and labels with noise.
pub(crate) fn table(n_rows: usize, n_features: usize) -> (Array2<f64>, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let table = Array2::from_shape_simple_fn((n_rows, n_features), || random.random::<f64>());
    let label = |x: &[f64], noise: f64| {
        10.0 * (PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4] + noise
    };
    let rows = table.rows();
    let labels = rows
        .into_iter()
        .filter_map(|row| Some(label(row.to_slice()?, random.random_range(-2.0..2.0))))
        .collect();
    (table, labels)
}
