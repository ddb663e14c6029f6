//! The leading eigenpairs of small dense symmetric matrices.

use std::f64::consts::PI;

/// A symmetric matrix, its rows one after the other.
pub(super) struct Symmetric {
    pub(super) n: usize,
    pub(super) values: Vec<f64>,
}

/// Columns of equal length.
pub(super) type Columns = Vec<Vec<f64>>;

/// Times that the trial space is multiplied by the matrix. The spectra here fall by powers of ten.
const ITERATIONS: usize = 3;

/// Trial vectors beyond those asked for.
const SPARE: usize = 16;

/// More sweeps than any matrix has needed.
const SWEEPS: usize = 30;

impl Symmetric {
    fn times(&self, vector: &[f64]) -> Vec<f64> {
        self.values.chunks_exact(self.n).map(|row| dot(row, vector)).collect()
    }

    /// The `n_pairs` eigenvalues largest in magnitude, in descending order of it, and their unit eigenvectors.
    ///
    /// By subspace iteration from cosines, and Jacobi's method within the space found (Golub & Van Loan 2013, 8.2 and
    /// 8.5). There are never more pairs than rows.
    pub(super) fn leading(&self, n_pairs: usize) -> (Vec<f64>, Columns) {
        let n_trials = (n_pairs + SPARE).min(self.n);
        let cosine = |k: usize| {
            (0..self.n).map(|i| (PI * k as f64 * (i as f64 + 0.5) / self.n as f64).cos()).collect::<Vec<_>>()
        };
        let mut trials: Columns = (0..n_trials).map(cosine).collect();
        for _ in 0..ITERATIONS {
            trials = trials.iter().map(|trial| self.times(trial)).collect();
            orthonormalise(&mut trials);
        }
        let images: Columns = trials.iter().map(|trial| self.times(trial)).collect();
        let mut within = Self { n: n_trials, values: vec![0.0; n_trials * n_trials] };
        for (row, trial) in trials.iter().enumerate() {
            for (column, image) in images.iter().enumerate().take(row + 1) {
                let value = dot(trial, image);
                within.values[row * n_trials + column] = value;
                within.values[column * n_trials + row] = value;
            }
        }
        let (values, vectors) = within.all();
        let combine = |coefficients: &Vec<f64>| {
            let mut sum = vec![0.0; self.n];
            coefficients
                .iter()
                .zip(&trials)
                .for_each(|(&coefficient, trial)| add(&mut sum, coefficient, trial));
            sum
        };
        let vectors = vectors.iter().take(n_pairs).map(combine).collect();
        (values.into_iter().take(n_pairs).collect(), vectors)
    }

    /// All eigenvalues in descending order of magnitude and their unit eigenvectors, by Jacobi's cyclic method.
    pub(super) fn all(mut self) -> (Vec<f64>, Columns) {
        let n = self.n;
        let mut vectors: Columns = (0..n).map(|i| (0..n).map(|j| f64::from(i == j)).collect()).collect();
        let total = self.values.iter().map(|value| value * value).sum::<f64>().sqrt();
        for _ in 0..SWEEPS {
            let mut largest = 0.0f64;
            for p in 0..n {
                for q in p + 1..n {
                    largest = largest.max(self.values[p * n + q].abs());
                    self.rotate(p, q, &mut vectors);
                }
            }
            if largest <= f64::EPSILON * f64::EPSILON * total {
                break;
            }
        }
        let mut pairs: Vec<(f64, Vec<f64>)> =
            vectors.into_iter().enumerate().map(|(i, vector)| (self.values[i * n + i], vector)).collect();
        pairs.sort_by(|(a, _), (b, _)| b.abs().total_cmp(&a.abs()));
        pairs.into_iter().unzip()
    }

    /// Turns the axes p and q so that the element between them vanishes.
    fn rotate(&mut self, p: usize, q: usize, vectors: &mut Columns) {
        let n = self.n;
        let between = self.values[p * n + q];
        if between == 0.0 {
            return;
        }
        let theta = (self.values[q * n + q] - self.values[p * n + p]) / (2.0 * between);
        let tan = theta.signum() / (theta.abs() + theta.hypot(1.0));
        let cos = 1.0 / tan.hypot(1.0);
        let sin = tan * cos;
        let turn = |a: &mut f64, b: &mut f64| (*a, *b) = (cos * *a - sin * *b, sin * *a + cos * *b);
        for row in self.values.chunks_exact_mut(n) {
            let (left, right) = row.split_at_mut(q);
            turn(&mut left[p], &mut right[0]);
        }
        let (above, below) = self.values.split_at_mut(q * n);
        above[p * n..(p + 1) * n].iter_mut().zip(&mut below[..n]).for_each(|(a, b)| turn(a, b));
        let (first, second) = vectors.split_at_mut(q);
        first[p].iter_mut().zip(&mut second[0]).for_each(|(a, b)| turn(a, b));
    }
}

/// Makes columns orthonormal from the first to the last; one that depends on those before it becomes 0.
fn orthonormalise(columns: &mut Columns) {
    for index in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(index);
        let column = &mut rest[0];
        // A second time for what the first has lost to cancellation.
        for _ in 0..2 {
            scale_to_one(column);
            for other in before.iter() {
                let along = dot(column, other);
                add(column, -along, other);
            }
        }
        // What still shrinks the second time is all rounding error.
        if dot(column, column) < 0.25 {
            column.fill(0.0);
        }
        scale_to_one(column);
    }
}

fn scale_to_one(column: &mut [f64]) {
    let norm = dot(column, column).sqrt();
    if norm > 0.0 {
        column.iter_mut().for_each(|value| *value /= norm);
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], factor: f64, term: &[f64]) {
    sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += factor * term);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix of a vibrating string, whose spectrum is known: 2 - 2 cos(k pi / (n + 1)).
    fn string(n: usize) -> Symmetric {
        let value = |i: usize, j: usize| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        };
        Symmetric { n, values: (0..n * n).map(|index| value(index / n, index % n)).collect() }
    }

    #[test]
    fn all_pairs_of_a_string_are_its_modes() {
        let n = 20;
        let (values, vectors) = string(n).all();
        for (k, (value, vector)) in (1..=n).rev().zip(values.iter().zip(&vectors)) {
            let expected = 2.0 - 2.0 * (k as f64 * PI / (n + 1) as f64).cos();
            assert!((value - expected).abs() < 1e-14, "{k}: {value} {expected}");
            let image = string(n).times(vector);
            assert!(image.iter().zip(vector).all(|(image, vector)| (image - value * vector).abs() < 1e-13));
        }
    }

    #[test]
    fn leading_pairs_of_a_falling_spectrum_are_found_with_their_signs() {
        // Orthogonal cosines with eigenvalues (-1/4)^k.
        let n = 64;
        let mode = |k: usize, i: usize| {
            (PI * k as f64 * (i as f64 + 0.5) / n as f64).cos() * (2.0 / n as f64).sqrt()
        };
        // Mixed, so that no trial vector is a solution: the square of the index runs through the modes.
        let element = |i: usize, j: usize| {
            (1..20).map(|k| (-0.25f64).powi(k as i32) * mode(k, i * i % n) * mode(k, j * j % n)).sum::<f64>()
        };
        let matrix = Symmetric { n, values: (0..n * n).map(|index| element(index / n, index % n)).collect() };
        let (values, vectors) = matrix.leading(6);
        assert!(values.windows(2).all(|pair| pair[0].abs() >= pair[1].abs()));
        for (value, vector) in values.iter().zip(&vectors) {
            let image = matrix.times(vector);
            assert!((dot(vector, vector) - 1.0).abs() < 1e-12, "{:e}", dot(vector, vector) - 1.0);
            assert!(image.iter().zip(vector).all(|(image, vector)| (image - value * vector).abs() < 1e-14));
        }
    }

    #[test]
    fn a_matrix_of_zeros_has_no_nan_in_it() {
        let (values, vectors) = Symmetric { n: 5, values: vec![0.0; 25] }.leading(3);
        assert_eq!(values, [0.0; 3]);
        assert!(vectors.iter().flatten().all(|value| value.is_finite()));
    }
}
