//! Convolution of a model and its derivatives with the point spread function, by Fourier transforms.

use galmass_core::mesh::{next_smooth, transpose};
use ndarray::ArrayView2;
use rayon::prelude::*;
use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

use super::columns::N_COLUMNS;
use super::sums::padded;

/// A point spread function made ready for images of one size.
///
/// The model reaches beyond the image as far as the function does, so that light comes in from outside; what wraps
/// around the mesh ends up in that margin, which is thrown away.
pub(super) struct Convolution {
    transform: Vec<Complex64>,
    /// The mesh of the transform, rows and columns.
    mesh: [usize; 2],
    /// How far the function reaches, rows and columns.
    pub(super) reach: [usize; 2],
    /// The root of its second moments, the mean of both directions \[px\].
    pub(super) width_px: f64,
    forward: [Arc<dyn Fft<f64>>; 2],
    inverse: [Arc<dyn Fft<f64>>; 2],
}

impl Convolution {
    /// For an image of `rows` x `columns`; the function has odd sides and a positive sum, to which it is scaled.
    pub(super) fn new(function: ArrayView2<f64>, rows: usize, columns: usize) -> Self {
        let reach = [function.nrows() / 2, function.ncols() / 2];
        let mesh = [next_smooth(rows + 2 * reach[0]), next_smooth(columns + 2 * reach[1])];
        let mut planner = FftPlanner::new();
        let forward = mesh.map(|side| planner.plan_fft_forward(side));
        let inverse = mesh.map(|side| planner.plan_fft_inverse(side));
        let moment: f64 = function
            .indexed_iter()
            .map(|((row, column), share)| {
                let [up, right] = [row.abs_diff(reach[0]) as f64, column.abs_diff(reach[1]) as f64];
                0.5 * share * (up * up + right * right)
            })
            .sum();
        let width_px = (moment / function.sum()).max(0.0).sqrt();
        let transform = vec![Complex64::default(); mesh[0] * mesh[1]];
        let mut convolution = Self { transform, mesh, reach, width_px, forward, inverse };
        let scale = 1.0 / (function.sum() * (mesh[0] * mesh[1]) as f64);
        for ((row, column), &value) in function.indexed_iter() {
            let row = (row + mesh[0] - reach[0]) % mesh[0];
            let column = (column + mesh[1] - reach[1]) % mesh[1];
            convolution.transform[row * mesh[1] + column].re = value * scale;
        }
        let mut transform = std::mem::take(&mut convolution.transform);
        convolution.forwards(&mut transform);
        convolution.transform = transform;
        convolution
    }

    /// Convolves columns given on the image and its margin, row after row and in each row column after padded column,
    /// and writes them without the margin in the same order.
    pub(super) fn convolve(&self, wide: &[f64], rows: usize, columns: usize) -> Vec<f64> {
        let width = columns + 2 * self.reach[1];
        let height = rows + 2 * self.reach[0];
        let pairs: Vec<[usize; 2]> = (0..N_COLUMNS).step_by(2).map(|k| [k, k + 1]).collect();
        // Two real images are one complex one.
        let done: Vec<Vec<Complex64>> = pairs
            .par_iter()
            .map(|[first, second]| {
                let mut data = vec![Complex64::default(); self.mesh[0] * self.mesh[1]];
                for row in 0..height {
                    let of = |k: usize| &wide[(row * N_COLUMNS + k) * padded(width)..][..width];
                    let into = &mut data[row * self.mesh[1]..][..width];
                    into.iter_mut().zip(of(*first)).for_each(|(into, value)| into.re = *value);
                    if *second < N_COLUMNS {
                        into.iter_mut().zip(of(*second)).for_each(|(into, value)| into.im = *value);
                    }
                }
                self.forwards(&mut data);
                data.iter_mut().zip(&self.transform).for_each(|(value, factor)| *value *= factor);
                self.backwards(&mut data);
                data
            })
            .collect();
        let mut narrow = vec![0.0; rows * N_COLUMNS * padded(columns)];
        for row in 0..rows {
            for ([first, second], data) in pairs.iter().zip(&done) {
                let start = (row + self.reach[0]) * self.mesh[1] + self.reach[1];
                let data = &data[start..][..columns];
                let at = |k: usize| (row * N_COLUMNS + k) * padded(columns);
                let into = &mut narrow[at(*first)..][..columns];
                into.iter_mut().zip(data).for_each(|(into, value)| *into = value.re);
                if *second < N_COLUMNS {
                    let into = &mut narrow[at(*second)..][..columns];
                    into.iter_mut().zip(data).for_each(|(into, value)| *into = value.im);
                }
            }
        }
        narrow
    }

    /// Along the rows, then along the columns; the result is transposed.
    fn forwards(&self, data: &mut Vec<Complex64>) {
        self.forward[1].process(data);
        *data = transposed(data, self.mesh);
        self.forward[0].process(data);
    }

    /// Back from the transposed transform.
    fn backwards(&self, data: &mut Vec<Complex64>) {
        self.inverse[0].process(data);
        *data = transposed(data, [self.mesh[1], self.mesh[0]]);
        self.inverse[1].process(data);
    }
}

fn transposed(from: &[Complex64], [rows, columns]: [usize; 2]) -> Vec<Complex64> {
    let mut to = vec![Complex64::default(); from.len()];
    transpose(from, &mut to, rows, columns);
    to
}

#[cfg(test)]
mod tests {
    use galmass_core::seed::generator;
    use ndarray::Array2;
    use rand::RngExt;

    use super::*;

    #[test]
    fn every_pixel_is_the_sum_of_its_neighbours() {
        for (rows, columns, high, wide) in [(1, 1, 1, 1), (5, 8, 3, 5), (9, 4, 11, 1), (12, 12, 5, 15)] {
            let mut random = generator(3);
            let function = Array2::from_shape_simple_fn((high, wide), || random.random_range(0.0..1.0));
            let [up, right] = [high / 2, wide / 2];
            let (height, width) = (rows + 2 * up, columns + 2 * right);
            let image: Vec<f64> =
                (0..height * N_COLUMNS * padded(width)).map(|_| random.random_range(-1.0..1.0)).collect();
            let found = Convolution::new(function.view(), rows, columns).convolve(&image, rows, columns);
            for row in 0..rows {
                for k in 0..N_COLUMNS {
                    for column in 0..columns {
                        let expected: f64 = function
                            .indexed_iter()
                            .map(|((i, j), share)| {
                                let (row, column) = (row + 2 * up - i, column + 2 * right - j);
                                share * image[(row * N_COLUMNS + k) * padded(width) + column]
                            })
                            .sum();
                        let found = found[(row * N_COLUMNS + k) * padded(columns) + column];
                        assert!(
                            (found - expected / function.sum()).abs() < 1e-13,
                            "{rows} {columns} {row} {k}"
                        );
                    }
                }
            }
        }
    }
}
