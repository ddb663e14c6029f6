//! The sums of least squares over an image, and the brightness and the sky that fit a shape best.

use galmass_core::simd::{Work, fma};

use super::super::levenberg_marquardt::Normal;
use super::columns::{BLOCK, N_COLUMNS};
use super::shape::N_SHAPE;

/// The columns of the shape and that of the sky, which is last.
pub(super) const N_ALL: usize = N_COLUMNS + 1;
const SKY: usize = N_COLUMNS;

/// The brightness of the unit and the sky: what the model is linear in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Linear {
    pub(super) amplitude: f64,
    pub(super) sky: f64,
}

/// Weighted sums of products of the columns with each other and with the residuals of a guess.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// The lower triangle.
    pub(super) products: [[f64; N_ALL]; N_ALL],
    pub(super) with_residuals: [f64; N_ALL],
    pub(super) residuals: f64,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        for i in 0..N_ALL {
            for j in 0..=i {
                self.products[i][j] += other.products[i][j];
            }
            self.with_residuals[i] += other.with_residuals[i];
        }
        self.residuals += other.residuals;
    }

    /// An entry of the symmetric matrix.
    pub(super) fn product(&self, i: usize, j: usize) -> f64 {
        if i >= j { self.products[i][j] } else { self.products[j][i] }
    }

    /// What to add to the guess for the least chi squared of this shape, and that chi squared. `None` where the
    /// columns cannot be told apart.
    pub(super) fn best(&self, free_sky: bool) -> Option<(Linear, f64)> {
        let [shape, both, sky] = [self.products[0][0], self.products[SKY][0], self.products[SKY][SKY]];
        let [with_shape, with_sky] = [self.with_residuals[0], self.with_residuals[SKY]];
        let change = if free_sky {
            let determinant = shape * sky - both * both;
            if determinant.is_nan() || determinant <= 16.0 * f64::EPSILON * shape * sky {
                return None;
            }
            Linear {
                amplitude: (with_shape * sky - with_sky * both) / determinant,
                sky: (with_sky * shape - with_shape * both) / determinant,
            }
        } else {
            Linear { amplitude: with_shape / shape, sky: 0.0 }
        };
        let chi_squared = self.residuals - change.amplitude * with_shape - change.sky * with_sky;
        let is_finite = change.amplitude.is_finite() && change.sky.is_finite();
        // What is less than the rounding of the difference is not known.
        is_finite.then_some((change, chi_squared.max(f64::EPSILON * self.residuals)))
    }

    /// The sums that are left for the shape once brightness and sky follow it (Golub & Pereyra's variable projection,
    /// with Kaufman's Jacobian), for the changes of [`best`](Self::best) and the amplitude that they lead to.
    pub(super) fn projected(
        &self,
        change: Linear,
        chi_squared: f64,
        amplitude: f64,
        free_sky: bool,
    ) -> Normal<N_SHAPE> {
        let [shape, both, sky] = [self.products[0][0], self.products[SKY][0], self.products[SKY][SKY]];
        let mut normal =
            Normal { chi_squared, descent: [0.0; N_SHAPE], curvature: [[0.0; N_SHAPE]; N_SHAPE] };
        for k in 0..N_SHAPE {
            let [on_shape, on_sky] = [self.product(1 + k, 0), self.product(1 + k, SKY)];
            let left = self.with_residuals[1 + k] - on_shape * change.amplitude - on_sky * change.sky;
            normal.descent[k] = amplitude * left;
            // The part of this column along the brightness and the sky.
            let (along_shape, along_sky) = if free_sky {
                let determinant = shape * sky - both * both;
                (
                    (on_shape * sky - on_sky * both) / determinant,
                    (on_sky * shape - on_shape * both) / determinant,
                )
            } else {
                (on_shape / shape, 0.0)
            };
            for l in 0..=k {
                let across = self.product(1 + k, 1 + l)
                    - along_shape * self.product(1 + l, 0)
                    - along_sky * self.product(1 + l, SKY);
                normal.curvature[k][l] = amplitude * amplitude * across;
                normal.curvature[l][k] = normal.curvature[k][l];
            }
        }
        normal
    }
}

/// One row of pixels: its data, their weights and the columns of its model, one after the other and each as long as
/// [`padded`] says.
pub(super) struct SumRow<'a> {
    pub(super) columns: &'a [f64],
    pub(super) data: &'a [f64],
    pub(super) weights: &'a [f64],
    pub(super) guess: Linear,
    /// Room for four columns.
    pub(super) scratch: &'a mut [f64],
}

impl Work for SumRow<'_> {
    type Output = Sums;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Sums {
        let (n, length) = (self.data.len(), padded(self.data.len()));
        let (ones, rest) = self.scratch.split_at_mut(length);
        let (residuals, rest) = rest.split_at_mut(length);
        let (weights, rest) = rest.split_at_mut(length);
        let weighted = &mut rest[..length];
        ones.fill(1.0);
        weights[..n].copy_from_slice(self.weights);
        weights[n..].fill(0.0);
        residuals[n..].fill(0.0);
        let pixels = self.data.iter().zip(&self.columns[..n]);
        for (residual, (data, brightness)) in residuals.iter_mut().zip(pixels) {
            *residual = data - self.guess.sky - self.guess.amplitude * brightness;
        }
        let column = |i: usize| match i {
            _ if i < N_COLUMNS => &self.columns[i * length..][..length],
            SKY => &*ones,
            _ => &*residuals,
        };
        let mut sums = Sums::default();
        for i in 0..=N_ALL {
            for ((weighted, weight), value) in weighted.iter_mut().zip(&*weights).zip(column(i)) {
                *weighted = weight * value;
            }
            for j in 0..=i {
                let sum = product::<FMA>(weighted, column(j));
                match (i, j) {
                    (N_ALL, N_ALL) => sums.residuals = sum,
                    (N_ALL, _) => sums.with_residuals[j] = sum,
                    _ => sums.products[i][j] = sum,
                }
            }
        }
        sums
    }
}

/// The length of a column of so many pixels: whole blocks, of which the surplus has no weight.
pub(super) fn padded(n_pixels: usize) -> usize {
    n_pixels.next_multiple_of(BLOCK)
}

/// The scalar product of two columns, in sums beside each other whose order does not depend on the vectors.
#[inline(always)]
fn product<const FMA: bool>(first: &[f64], second: &[f64]) -> f64 {
    let mut sums = [0.0; BLOCK];
    let (first, second) = (first.as_chunks::<BLOCK>().0, second.as_chunks::<BLOCK>().0);
    for (first, second) in first.iter().zip(second) {
        for lane in 0..BLOCK {
            sums[lane] = fma::<FMA>(first[lane], second[lane], sums[lane]);
        }
    }
    // Halves are added to halves, for the vectors again.
    let mut half = BLOCK / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use galmass_core::seed::generator;
    use galmass_core::simd::dispatch;
    use rand::RngExt;

    use super::*;

    fn row(n: usize, seed: u64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let mut random = generator(seed);
        let mut many = |n: usize| (0..n).map(|_| random.random_range(0.1..1.0)).collect::<Vec<f64>>();
        (many(padded(n) * N_COLUMNS), many(n), many(n))
    }

    #[test]
    fn the_sums_are_those_of_all_pairs() {
        for n in [1, 7, 8, 61] {
            let (columns, data, weights) = row(n, 1);
            let guess = Linear { amplitude: 0.3, sky: 0.1 };
            let mut scratch = vec![0.0; 4 * padded(n)];
            let sums = dispatch(SumRow {
                columns: &columns,
                data: &data,
                weights: &weights,
                guess,
                scratch: &mut scratch,
            });
            let column = |i: usize, k: usize| if i == SKY { 1.0 } else { columns[i * padded(n) + k] };
            let residual = |k: usize| data[k] - 0.1 - 0.3 * columns[k];
            let same = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12 * n as f64);
            for i in 0..N_ALL {
                for j in 0..=i {
                    same(sums.products[i][j], (0..n).map(|k| weights[k] * column(i, k) * column(j, k)).sum());
                }
                same(sums.with_residuals[i], (0..n).map(|k| weights[k] * column(i, k) * residual(k)).sum());
            }
            same(sums.residuals, (0..n).map(|k| weights[k] * residual(k).powi(2)).sum());
        }
    }

    #[test]
    fn the_best_brightness_and_sky_leave_nothing_along_them() {
        let n = 40;
        let (columns, data, weights) = row(n, 2);
        for free_sky in [false, true] {
            let sums_at = |guess: Linear| {
                let mut scratch = vec![0.0; 4 * padded(n)];
                let (columns, data, weights) = (&columns, &data, &weights);
                dispatch(SumRow { columns, data, weights, guess, scratch: &mut scratch })
            };
            let (change, chi_squared) = sums_at(Linear::default()).best(free_sky).unwrap();
            let at_best = sums_at(change);
            assert!((at_best.residuals - chi_squared).abs() < 1e-12 * chi_squared);
            assert!(at_best.with_residuals[0].abs() < 1e-12);
            assert!(!free_sky || at_best.with_residuals[SKY].abs() < 1e-12);
        }
    }
}
