//! Point spread functions on a pixel mesh: how much of the light of one pixel falls into each other one.

use std::f64::consts::{LN_2, PI, SQRT_2};

use libm::{erfc, lgamma};
use ndarray::{Array2, s};

/// Where a Gaussian ends, in standard deviations: less than 1e-16 of the light lies beyond.
const GAUSSIAN_REACH: f64 = 8.5;
/// Above this many pixels a Gaussian is flat over a pixel to all digits, and differences of its integral lose some.
const FLAT_SIGMA_PX: f64 = 1e4;

/// The standard deviation of a Gaussian from its full width at half maximum.
pub(super) fn sigma_of(fwhm: f64) -> f64 {
    fwhm / (8.0 * LN_2).sqrt()
}

/// One axis of a Gaussian of standard deviation `sigma_px`, integrated over each pixel: the share that moves by
/// 0, 1, 2, ... pixels to one side. All shares, both sides, sum to 1; at most `reach` pixels are given.
///
/// Light that starts in the middle of a pixel and is counted by whole pixels has moved with a variance of
/// sigma^2 + 1/12 (Sheppard), while the light of a pixel really starts anywhere in it. So the Gaussian that is
/// integrated is narrowed until the variance of the shares is sigma_px^2 itself.
pub(super) fn gaussian_shares(sigma_px: f64, reach: usize) -> Vec<f64> {
    if sigma_px > FLAT_SIGMA_PX {
        let height = 1.0 / (sigma_px * (2.0 * PI).sqrt());
        return (0..=reach).map(|k| height * (-0.5 * (k as f64 / sigma_px).powi(2)).exp()).collect();
    }
    let narrowed = narrowed(sigma_px);
    let last = reach.min((GAUSSIAN_REACH * narrowed + 0.5).ceil() as usize);
    let mut inner = 0.5;
    let mut shares: Vec<f64> = (0..=last)
        .map(|k| {
            let outer = beyond(k, narrowed);
            let share = inner - outer;
            inner = outer;
            share
        })
        .collect();
    // The pixel itself has two halves, of which the first difference is one.
    shares[0] *= 2.0;
    shares
}

/// The part of a Gaussian beyond the upper edge of pixel `k`.
fn beyond(k: usize, sigma_px: f64) -> f64 {
    // 0 / 0 for a Gaussian without width is no light beyond the edge.
    if sigma_px == 0.0 { 0.0 } else { 0.5 * erfc((k as f64 + 0.5) / (sigma_px * SQRT_2)) }
}

/// The width of the Gaussian whose pixel-integrated shares have the variance `sigma_px`^2.
fn narrowed(sigma_px: f64) -> f64 {
    let wanted = sigma_px * sigma_px;
    // From here on Sheppard's correction is exact to exp(-2 pi^2 sigma^2).
    if sigma_px >= 1.6 {
        return (wanted - 1.0 / 12.0).sqrt();
    }
    if wanted < 1e-16 {
        return 0.0;
    }
    // The variance of a whole number N of pixels is the sum over k >= 0 of (2k + 1) P(|N| > k).
    let variance = |sigma: f64| -> f64 {
        let terms = (GAUSSIAN_REACH * sigma).ceil() as usize;
        (0..=terms).map(|k| (2 * k + 1) as f64 * 2.0 * beyond(k, sigma)).sum()
    };
    let (mut low, mut high) = (0.0, 1.6);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if variance(middle) < wanted { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// A Moffat profile, (beta - 1) / (pi alpha^2) (1 + r^2 / alpha^2)^-beta with
/// alpha = FWHM / (2 sqrt(2^(1/beta) - 1)), integrated over the pixels up to `reach` away in each direction.
///
/// The profile is the mixture of Gaussians of variance alpha^2 / (2 t) whose t has a gamma distribution of shape
/// beta - 1, so each pixel is an integral over t of products of one-dimensional shares: no light is lost between
/// pixels, however narrow the profile. The integral is a trapezoidal sum in ln t, which converges exponentially.
pub(super) fn moffat(fwhm_px: f64, beta: f64, reach: usize) -> Array2<f64> {
    let square_alpha = (0.5 * fwhm_px).powi(2) / (2f64.powf(1.0 / beta) - 1.0);
    let step = 0.25f64.min(0.7 / beta.sqrt());
    // Above, exp(-t) has ended; below, t^beta has, beyond the peak of even the farthest corner.
    let upper = (beta + 45.0 + 10.0 * beta.sqrt()).ln();
    let corner = 1.0 + 2.0 * (reach as f64 + 1.0).powi(2) / square_alpha;
    let lower = (beta / corner).ln() - 40.0 / beta - 3.0;
    let log_norm = step.ln() - lgamma(beta - 1.0);

    let mut quarter = Array2::zeros((reach + 1, reach + 1));
    for node in 0..=((upper - lower) / step).ceil() as usize {
        let log_t = upper - step * node as f64;
        let weight = (log_norm + (beta - 1.0) * log_t - log_t.exp()).exp();
        let shares = gaussian_shares((0.5 * square_alpha / log_t.exp()).sqrt(), reach);
        for (mut row, &up) in quarter.rows_mut().into_iter().zip(&shares) {
            for (value, &right) in row.iter_mut().zip(&shares) {
                *value += weight * up * right;
            }
        }
    }
    unfold(&quarter)
}

/// The whole of a function that is the same in all four quadrants.
fn unfold(quarter: &Array2<f64>) -> Array2<f64> {
    let reach = quarter.nrows() - 1;
    let side = 2 * reach + 1;
    Array2::from_shape_fn((side, side), |(row, column)| {
        quarter[[row.abs_diff(reach), column.abs_diff(reach)]]
    })
}

/// An array of square cells, middle on middle, shared out among pixels of another size by area; up to `reach` pixels
/// away. `cell_px` is the side of a cell in pixels.
pub(super) fn resampled(cells: &Array2<f64>, cell_px: f64, reach: usize) -> Array2<f64> {
    let overlap = |n_cells: usize| {
        let half = 0.5 * n_cells as f64 * cell_px;
        let reach = reach.min((half + 0.5).ceil() as usize - 1);
        Array2::from_shape_fn((2 * reach + 1, n_cells), |(pixel, cell)| {
            let edge = pixel as f64 - reach as f64 - 0.5;
            let (low, high) = (cell as f64 * cell_px - half, (cell + 1) as f64 * cell_px - half);
            ((edge + 1.0).min(high) - edge.max(low)).max(0.0) / cell_px
        })
    };
    let both = overlap(cells.nrows()).dot(cells).dot(&overlap(cells.ncols()).t());
    square(&both)
}

/// The same kernel with as many rows as columns.
fn square(kernel: &Array2<f64>) -> Array2<f64> {
    let (rows, columns) = kernel.dim();
    let side = rows.max(columns);
    let (up, right) = ((side - rows) / 2, (side - columns) / 2);
    let mut square = Array2::zeros((side, side));
    square.slice_mut(s![up..up + rows, right..right + columns]).assign(kernel);
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(shares: &[f64]) -> (f64, f64) {
        let both = |f: &dyn Fn(f64) -> f64| -> f64 {
            shares.iter().enumerate().map(|(k, s)| f(k as f64) * s * if k == 0 { 1.0 } else { 2.0 }).sum()
        };
        (both(&|_| 1.0), both(&|k| k * k))
    }

    #[test]
    fn a_gaussian_keeps_its_light_and_its_variance_at_any_width() {
        for sigma in [1e-9, 1e-3, 0.05, 0.3, 0.7, 1.0, 1.59, 1.61, 3.0, 20.0, 500.0] {
            let (sum, variance) = moments(&gaussian_shares(sigma, usize::MAX));
            assert!((sum - 1.0).abs() < 1e-14, "{sigma}: {sum}");
            assert!((variance - sigma * sigma).abs() <= 2e-13 * sigma * sigma + 1e-16, "{sigma}: {variance}");
        }
    }

    #[test]
    fn a_gaussian_far_narrower_than_a_pixel_does_nothing() {
        assert_eq!(gaussian_shares(0.0, 5)[0], 1.0);
        assert!((gaussian_shares(1e-6, 5)[0] - 1.0).abs() < 1e-11);
    }

    #[test]
    fn a_flat_gaussian_joins_its_integral() {
        let integrated = gaussian_shares(0.999 * FLAT_SIGMA_PX, 300);
        let flat = gaussian_shares(1.001 * FLAT_SIGMA_PX, 300);
        assert!((0..300).all(|k| (flat[k] / integrated[k] * 1.001 / 0.999 - 1.0).abs() < 1e-5));
    }

    /// The light of a Moffat profile in a square of half side `a`, by its integral along one axis in closed form
    /// for beta = 2 and along the other by Simpson's rule.
    fn moffat2_in_square(alpha: f64, a: f64) -> f64 {
        let inner = |y: f64| {
            let b2 = alpha * alpha + y * y;
            (a / (b2 + a * a) + (a / b2.sqrt()).atan() / b2.sqrt()) / b2 * alpha * alpha / PI
        };
        let n = 20_000;
        let h = 2.0 * a / f64::from(n);
        let weight = |i: i32| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        (0..=n).map(|i| weight(i) * inner(f64::from(i) * h - a)).sum::<f64>() * h / 3.0
    }

    #[test]
    fn a_moffat_profile_of_beta_2_has_the_light_of_its_integral() {
        for fwhm in [4.0, 12.0] {
            let alpha = 0.5 * fwhm / (2f64.sqrt() - 1.0).sqrt();
            let reach = 40;
            let found = moffat(fwhm, 2.0, reach).sum();
            let expected = moffat2_in_square(alpha, reach as f64 + 0.5);
            // The pixel's own width is out of the kernel: it matters in the wings to second order only.
            assert!((found / expected - 1.0).abs() < 2e-5, "{fwhm}: {found} {expected}");
        }
    }

    #[test]
    fn a_moffat_profile_far_from_its_core_is_its_own_formula() {
        for (fwhm, beta) in [(6.0, 2.5), (5.0, 4.765), (9.0, 1.1), (6.0, 30.0)] {
            let alpha2 = (0.5f64 * fwhm).powi(2) / (2f64.powf(1.0 / beta) - 1.0);
            let kernel = moffat(fwhm, beta, 30);
            let at =
                |x: f64, y: f64| (beta - 1.0) / (PI * alpha2) * (1.0 + (x * x + y * y) / alpha2).powf(-beta);
            for (row, column) in [(30, 30), (30, 33), (36, 38), (30, 45)] {
                let (x, y) = (column as f64 - 30.0, row as f64 - 30.0);
                // With the pixel's width taken out, the kernel is the profile at the middle of each pixel.
                assert!((kernel[[row, column]] / at(x, y) - 1.0).abs() < 2e-3, "{fwhm} {beta} {x} {y}");
            }
        }
    }

    #[test]
    fn a_moffat_profile_narrower_than_a_pixel_keeps_its_light() {
        for fwhm in [1e-6, 1e-3, 0.1] {
            let kernel = moffat(fwhm, 3.0, 50);
            assert!((kernel.sum() - 1.0).abs() < 1e-7, "{fwhm}: {}", kernel.sum());
        }
        assert!((moffat(1e-6, 3.0, 5)[[5, 5]] - 1.0).abs() < 1e-10);
    }

    #[test]
    fn an_array_on_the_same_pixels_is_used_as_it_is() {
        let cells = Array2::from_shape_fn((3, 5), |(row, column)| (1 + row * 5 + column) as f64 / 120.0);
        let kernel = resampled(&cells, 1.0, 10);
        assert_eq!(kernel.dim(), (5, 5));
        assert!((&kernel.slice(s![1..4, ..]) - &cells).iter().all(|d| d.abs() < 1e-15));
        assert_eq!(kernel.row(0).sum(), 0.0);
    }

    #[test]
    fn an_array_keeps_its_light_on_other_pixels() {
        let cells = Array2::from_shape_fn((7, 7), |(row, column)| (row * 7 + column) as f64 / 1176.0);
        for cell_px in [0.01, 0.3, 0.99, 2.0, 7.7] {
            let kernel = resampled(&cells, cell_px, 100);
            assert!((kernel.sum() - 1.0).abs() < 1e-13, "{cell_px}: {}", kernel.sum());
        }
        assert_eq!(resampled(&cells, 7.7, 3).dim(), (7, 7));
    }
}
