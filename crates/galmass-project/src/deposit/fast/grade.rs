//! How much is asked of each kernel.
//!
//! The errors of kernels that overlap even out: those of the products and those of the prolongation change their sign
//! over a few cells, here for one kernel and there for another. So where many kernels of like light share the image,
//! each may be a little worse, and takes half of the time.

use std::ops::Range;

use rayon::prelude::*;

use galmass_core::simd::{Work, dispatch};

/// How good kernels have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    /// To 1e-3 each, of its own rms pixel.
    OneByOne,
    /// To some 2e-3 each, 3e-3 at the worst, or 1e-3 together.
    Together,
}

/// The rms error of kernels of [`Grade::Together`], relative to their rms value, over all widths: from 3.0e-3 at the
/// narrowest on a mesh to 2e-4 by the prolongation, and 1.2e-3 by the products.
const ERROR_TOGETHER: f64 = 2e-3;

/// The rms error of the image that may be expected, relative to its mean.
const ALLOWED: f64 = 1e-3;

/// The mean square of the projected cubic spline over the plane, times the square of its support: 1.008.
const SQUARE: f64 = 1.0;

/// Particles that one thread looks at: what is added up must not depend on the number of threads.
const CHUNK: usize = 1 << 14;

impl Grade {
    /// The largest support in cells before a kernel goes one level up: its window fits into 24 cells, or into 16. Down to
    /// half of it the prolongation must be good enough.
    pub(super) const fn widest(self) -> f64 {
        match self {
            Self::OneByOne => 11.5,
            Self::Together => 7.5,
        }
    }

    /// The grade for kernels on an image of `n_px` pixels a side; `kernels` gives the light of each of some and its
    /// support in pixels.
    ///
    /// If errors are independent, their mean square is the sum of those of all kernels, e^2 w^2 q / h^2 each over the
    /// area of the image (e the rms error of a kernel relative to its rms value, w its light, q / h^2 the integral of its
    /// square), and is compared with the square of the mean of the image. Where light is concentrated the image is
    /// better than that.
    pub(super) fn of<K: Iterator<Item = [f64; 2]>>(
        n_kernels: usize,
        kernels: impl Fn(Range<usize>) -> K + Sync,
        n_px: usize,
    ) -> Self {
        let chunks = (0..n_kernels.div_ceil(CHUNK)).into_par_iter().map(|chunk| {
            dispatch(Sums { range: chunk * CHUNK..n_kernels.min((chunk + 1) * CHUNK), kernels: &kernels })
        });
        let chunks: Vec<[f64; 2]> = chunks.collect();
        let [light, squares] =
            chunks.into_iter().fold([0.0; 2], |sums, chunk| [0, 1].map(|k| sums[k] + chunk[k]));
        let area = (n_px * n_px) as f64;
        let square_error = ERROR_TOGETHER * ERROR_TOGETHER * SQUARE * squares * area / (light * light);
        // NaN is not less.
        if square_error < ALLOWED * ALLOWED { Self::Together } else { Self::OneByOne }
    }
}

/// The sums of w, and of w^2 / h^2 over the kernels that go to coarser meshes: narrow ones are good enough alone.
struct Sums<'a, F> {
    range: Range<usize>,
    kernels: &'a F,
}

impl<K: Iterator<Item = [f64; 2]>, F: Fn(Range<usize>) -> K> Work for Sums<'_, F> {
    type Output = [f64; 2];

    #[inline(always)]
    fn run<const FMA: bool>(self) -> [f64; 2] {
        const BLOCK: usize = 128;
        const LANES: usize = 16;
        let widest = Grade::Together.widest();
        let Self { range, kernels } = self;
        let (mut light, mut squares) = ([0.0f64; LANES], [0.0f64; LANES]);
        for first in range.clone().step_by(BLOCK) {
            // Fetched first, so that the rest is done in vectors. Nothing has no light and is narrow.
            let (mut weight, mut support) = ([0.0; BLOCK], [0.0; BLOCK]);
            let kernels = kernels(first..range.end.min(first + BLOCK));
            for ((weight, support), kernel) in weight.iter_mut().zip(&mut support).zip(kernels) {
                [*weight, *support] = kernel;
            }
            for start in (0..BLOCK).step_by(LANES) {
                for lane in 0..LANES {
                    let (weight, support) = (weight[start + lane], support[start + lane]);
                    light[lane] += weight;
                    let width = if support > widest { support } else { widest };
                    let of_wide = if support > widest { weight } else { 0.0 };
                    let per_width = of_wide / width;
                    squares[lane] += per_width * per_width;
                }
            }
        }
        [light.iter().sum(), squares.iter().sum()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_alike_are_taken_together_and_a_bright_one_is_not() {
        let mut weights = vec![1.0; 10_000];
        let grade = |weights: &[f64], support| {
            let kernels = |range: Range<usize>| weights[range].iter().map(move |&weight| [weight, support]);
            Grade::of(weights.len(), kernels, 300)
        };
        assert_eq!(grade(&weights, 10.0), Grade::Together);
        assert_eq!(grade(&weights, 4.0), Grade::Together);
        // Too few to overlap enough.
        assert_eq!(grade(&weights[..2000], 10.0), Grade::OneByOne);
        weights[5000] = 1e5;
        assert_eq!(grade(&weights, 10.0), Grade::OneByOne);
        assert_eq!(grade(&weights, 4.0), Grade::Together);
        weights[5000] = f64::NAN;
        assert_eq!(grade(&weights, 10.0), Grade::OneByOne);
        assert_eq!(grade(&[], 10.0), Grade::OneByOne);
        assert_eq!(grade(&[0.0; 9000], 10.0), Grade::OneByOne);
    }
}
