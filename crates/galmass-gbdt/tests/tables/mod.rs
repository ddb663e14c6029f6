//! Tables and settings of the tests. `fixtures/make.py` makes the same.

#![allow(dead_code, unreachable_pub, reason = "each test file uses some of these")]

use galmass_gbdt::{BoosterConfig, SparseRows};
use ndarray::{Array2, ArrayView2};

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

/// Columns of which each row has at most one from the third on; labels that follow from which.
pub fn one_hot(n_rows: usize, n_columns: usize, seed: u64) -> (Array2<f64>, Vec<f64>) {
    let numbers = uniform(3 * n_rows, seed);
    let set = |row: usize| (numbers[3 * row] * (n_columns + 1) as f64) as usize;
    let x = Array2::from_shape_fn((n_rows, n_columns), |(row, column)| match column {
        0..2 => numbers[3 * row + column],
        _ if set(row) == column => (4.0 * numbers[3 * row + 1]).floor() - 1.0,
        _ => 0.0,
    });
    let noise = uniform(n_rows, seed + 1);
    let y = (0..n_rows).map(|row| (set(row) * 7 % 5) as f64 + numbers[3 * row + 1] + 0.5 * noise[row]);
    let y = y.collect();
    (x, y)
}

/// A table as sparse rows are kept.
pub struct Csr {
    n_columns: usize,
    starts: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
}

impl Csr {
    /// All that is not zero, and those zeros that `keeps` says.
    pub fn of(table: ArrayView2<'_, f64>, keeps: impl Fn(usize) -> bool) -> Self {
        let mut csr =
            Self { n_columns: table.ncols(), starts: vec![0], columns: Vec::new(), values: Vec::new() };
        for (row, values) in table.outer_iter().enumerate() {
            for (column, &value) in values.iter().enumerate() {
                if value != 0.0 || keeps(row * csr.n_columns + column) {
                    csr.columns.push(column);
                    csr.values.push(value);
                }
            }
            csr.starts.push(csr.columns.len());
        }
        csr
    }

    pub fn rows(&self) -> SparseRows<'_> {
        SparseRows::new(self.n_columns, &self.starts, &self.columns, &self.values).unwrap()
    }
}
