//! Convolution of a map with a kernel; nothing comes in from outside, what goes out is lost.

use galmass_core::mesh::{next_smooth, transpose};
use ndarray::{Array2, s};
use rustfft::num_complex::Complex64;
use rustfft::{FftDirection, FftPlanner};

/// What one pixel's light becomes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kernel {
    /// The product of two equal, even functions: the shares 0, 1, 2, ... pixels away along each axis.
    Separable(Vec<f64>),
    /// Any function on a square of an odd number of pixels, its middle the pixel itself.
    Full(Array2<f64>),
}

impl Kernel {
    /// The kernel with each of its values squared.
    pub(super) fn squared(&self) -> Self {
        match self {
            Self::Separable(shares) => Self::Separable(shares.iter().map(|share| share * share).collect()),
            Self::Full(values) => Self::Full(values.mapv(|value| value * value)),
        }
    }
}

/// A kernel made ready for square maps of one size.
pub(super) enum Convolution {
    Separable(Vec<f64>),
    Fourier(Fourier),
}

impl Convolution {
    pub(super) fn new(kernel: &Kernel, n_px: usize) -> Self {
        match kernel {
            Kernel::Separable(shares) => Self::Separable(shares.clone()),
            Kernel::Full(values) => Self::Fourier(Fourier::new(values, n_px)),
        }
    }

    /// The map convolved. For kernels and maps without negative values nothing is negative.
    pub(super) fn of(&self, map: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Separable(shares) => {
                let columns_done = along_columns(map, shares);
                let turned = columns_done.t().as_standard_layout().into_owned();
                along_columns(&turned, shares).reversed_axes().as_standard_layout().into_owned()
            }
            Self::Fourier(fourier) => fourier.convolve(map),
        }
    }
}

/// Each row of the result is a sum of whole rows, so that the inner loop runs along memory.
fn along_columns(map: &Array2<f64>, shares: &[f64]) -> Array2<f64> {
    let mut sum = Array2::zeros(map.dim());
    for (row, mut into) in sum.rows_mut().into_iter().enumerate() {
        let first = row.saturating_sub(shares.len() - 1);
        let last = (row + shares.len()).min(map.nrows());
        for from in first..last {
            into.scaled_add(shares[row.abs_diff(from)], &map.row(from));
        }
    }
    sum
}

/// The Fourier transform of a kernel on a mesh wide enough that nothing wraps around into the map.
pub(super) struct Fourier {
    transform: Vec<Complex64>,
    side: usize,
    has_negative: bool,
}

impl Fourier {
    fn new(kernel: &Array2<f64>, n_px: usize) -> Self {
        let reach = kernel.nrows() / 2;
        debug_assert!(reach < n_px, "a kernel must be trimmed to its map");
        let side = next_smooth(n_px + reach);
        let mut transform = vec![Complex64::default(); side * side];
        for ((row, column), &value) in kernel.indexed_iter() {
            let wrap = |index: usize| (index + side - reach) % side;
            transform[wrap(row) * side + wrap(column)].re = value;
        }
        transform_square(&mut transform, side, FftDirection::Forward);
        let scale = 1.0 / (side * side) as f64;
        transform.iter_mut().for_each(|value| *value *= scale);
        Self { transform, side, has_negative: kernel.iter().any(|&value| value < 0.0) }
    }

    fn convolve(&self, map: &Array2<f64>) -> Array2<f64> {
        let side = self.side;
        let mut data = vec![Complex64::default(); side * side];
        for (row, values) in map.rows().into_iter().enumerate() {
            for (into, &value) in data[row * side..].iter_mut().zip(values) {
                into.re = value;
            }
        }
        transform_square(&mut data, side, FftDirection::Forward);
        data.iter_mut().zip(&self.transform).for_each(|(value, factor)| *value *= factor);
        transform_square(&mut data, side, FftDirection::Inverse);
        let positive = !self.has_negative && map.iter().all(|&value| value >= 0.0);
        Array2::from_shape_fn(map.dim(), |(row, column)| {
            let value = data[row * side + column].re;
            // Rounding leaves traces of either sign where there is no light at all.
            if positive { value.max(0.0) } else { value }
        })
    }
}

/// The two-dimensional transform of a square.
fn transform_square(data: &mut Vec<Complex64>, side: usize, direction: FftDirection) {
    let plan = FftPlanner::new().plan_fft(side, direction);
    let mut turned = vec![Complex64::default(); data.len()];
    for _ in 0..2 {
        plan.process(data);
        transpose(data, &mut turned, side, side);
        std::mem::swap(data, &mut turned);
    }
}

/// Keeps the part of a kernel that a map of `n_px` pixels can see.
pub(super) fn trimmed(kernel: Array2<f64>, n_px: usize) -> Array2<f64> {
    let reach = kernel.nrows() / 2;
    let keep = reach.min(n_px - 1);
    let cut = reach - keep;
    let side = kernel.nrows();
    kernel.slice(s![cut..side - cut, cut..side - cut]).to_owned()
}

#[cfg(test)]
mod tests {
    use galmass_core::seed::generator;
    use rand::RngExt;

    use super::*;

    /// The slow twin: every pixel to every pixel.
    fn reference(map: &Array2<f64>, kernel: &Array2<f64>) -> Array2<f64> {
        let reach = kernel.nrows() / 2;
        let mut sum = Array2::zeros(map.dim());
        for ((row, column), &light) in map.indexed_iter() {
            for ((up, right), &share) in kernel.indexed_iter() {
                let to = ((row + up).checked_sub(reach), (column + right).checked_sub(reach));
                if let (Some(row), Some(column)) = to
                    && let Some(pixel) = sum.get_mut([row, column])
                {
                    *pixel += light * share;
                }
            }
        }
        sum
    }

    fn random(side: usize, seed: u64) -> Array2<f64> {
        let mut random = generator(seed);
        Array2::from_shape_simple_fn((side, side), || random.random_range(0.0..1.0))
    }

    #[test]
    fn kernels_of_any_reach_are_convolved_as_pixel_by_pixel() {
        for n_px in [1, 2, 7, 20] {
            let map = random(n_px, 1);
            for reach in [0usize, 1, 3, 19, 40] {
                let kernel = random(2 * reach + 1, 2);
                let expected = reference(&map, &kernel);
                let trimmed = trimmed(kernel, n_px);
                let found = Convolution::new(&Kernel::Full(trimmed), n_px).of(&map);
                let worst = (&found - &expected).iter().fold(0f64, |worst, d| worst.max(d.abs()));
                assert!(worst < 1e-13 * expected.sum(), "{n_px} px, reach {reach}: {worst}");
            }
        }
    }

    #[test]
    fn a_separable_kernel_is_the_product_of_its_shares() {
        let shares = vec![0.5, 0.2, 0.05];
        let full = Array2::from_shape_fn((5, 5), |(row, column)| {
            shares[row.abs_diff(2)] * shares[column.abs_diff(2)]
        });
        let map = random(11, 3);
        let kernel = Kernel::Separable(shares);
        for (kernel, full) in [(kernel.squared(), full.mapv(|v| v * v)), (kernel, full)] {
            let found = Convolution::new(&kernel, 11).of(&map);
            let expected = reference(&map, &full);
            assert!((&found - &expected).iter().all(|d| d.abs() < 1e-14));
        }
    }

    #[test]
    fn smooth_numbers_are_products_of_2_3_and_5() {
        assert_eq!([0, 1, 7, 599, 95].map(next_smooth), [1, 1, 8, 600, 96]);
    }
}
