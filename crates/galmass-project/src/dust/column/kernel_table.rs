//! The projected kernel as a table: the closed form has a logarithm and two square roots.

use std::array::from_fn;
use std::f64::consts::PI;

use crate::kernel::Kernel;
use galmass_core::simd::fma_f32;

/// Values that are looked up side by side, so that vectors can hold them.
pub(super) const N_TOGETHER: usize = 8;

/// Pieces of a table that a processor finds in two registers. A power of two, so that an index is cut to it by its bits.
pub(super) const N_IN_REGISTERS: usize = 32;

/// Pieces of the largest table, another power of two.
const N_PIECES: usize = 64;

/// Added to a small number of 0 or more, this leaves its nearest integer in the lowest bits.
pub(super) const ROUND: f32 = (1u32 << 23) as f32;

/// A kernel in projection, in units of 1 / H^2, as cubic polynomials in single precision: 1e-6 of the value at its
/// centre.
///
/// The argument of the polynomials is u = R / H, in which no kernel but one has more than a soft break. The truncated
/// Gaussian ends like the power 3/2 of 1 - u^2: it takes the square root of that, and more pieces.
///
/// Arguments between 0 and 1 become pieces so that piece k is centred on k / `last`: the last one ends at 1 in its middle,
/// and the break of the cubic spline at u = 1/2 falls between two.
pub(super) struct KernelTable {
    /// The square of the argument is `start` + `slope` u^2.
    pub(super) start: f32,
    pub(super) slope: f32,
    pub(super) last: f32,
    /// The coefficients of powers 0 to 3 of the way from the middle of a piece, in pieces: together, so that one load
    /// has them all.
    pieces: [[f32; 4]; N_PIECES],
    /// The same power by power, where they are few.
    #[cfg(target_arch = "x86_64")]
    pub(super) powers: Option<[[f32; N_IN_REGISTERS]; 4]>,
}

impl KernelTable {
    pub(super) fn new(kernel: Kernel) -> Self {
        let from_rim = kernel == Kernel::TruncatedGaussian;
        let n_pieces = if from_rim { N_PIECES } else { N_IN_REGISTERS };
        let last = (n_pieces - 1) as f64;
        let at_rim = if from_rim { 0 } else { n_pieces - 1 };
        let mut pieces = [[0.0; 4]; N_PIECES];
        for (piece, powers) in pieces[..n_pieces].iter_mut().enumerate() {
            let start = if piece == 0 { 0.0 } else { -0.5 };
            let end = if piece == n_pieces - 1 { 0.0 } else { 0.5 };
            let value = |way: f64| {
                let argument = (piece as f64 + way) / last;
                kernel.projected(if from_rim { (1.0 - argument * argument).sqrt() } else { argument })
            };
            *powers = match piece == at_rim {
                // The end is steep, and never below 0.
                true => [0.0, 0.0, 0.0, value(start + end) / (start + end).powi(3)],
                false => cubic_through(value, [start, end]),
            }
            .map(|power| power as f32);
        }
        Self {
            start: if from_rim { 1.0 } else { 0.0 },
            slope: if from_rim { -1.0 } else { 1.0 },
            last: last as f32,
            pieces,
            #[cfg(target_arch = "x86_64")]
            powers: (n_pieces == N_IN_REGISTERS)
                .then(|| from_fn(|power| from_fn(|piece| pieces[piece][power]))),
        }
    }

    /// The kernel at the squares of u = R / H, 0 or more; 0 from 1 on and for NaN.
    #[inline(always)]
    pub(super) fn at_squares<const FMA: bool>(&self, squares: &[f32; N_TOGETHER]) -> [f32; N_TOGETHER] {
        // Each step over all of them, so that it becomes one instruction or a few.
        let (mut arguments, mut ways) = ([0.0; N_TOGETHER], [0.0; N_TOGETHER]);
        let mut powers = [[0.0; 4]; N_TOGETHER];
        let mut values = [0.0; N_TOGETHER];
        for lane in 0..N_TOGETHER {
            arguments[lane] = fma_f32::<FMA>(self.slope, squares[lane], self.start).sqrt();
        }
        for lane in 0..N_TOGETHER {
            let rounded = fma_f32::<FMA>(arguments[lane], self.last, ROUND);
            ways[lane] = fma_f32::<FMA>(arguments[lane], self.last, ROUND - rounded);
            powers[lane] = *self.piece(rounded);
        }
        for lane in 0..N_TOGETHER {
            let [zeroth, first, second, third] = powers[lane];
            let value = fma_f32::<FMA>(fma_f32::<FMA>(third, ways[lane], second), ways[lane], first);
            let value = fma_f32::<FMA>(value, ways[lane], zeroth);
            values[lane] = value_if(squares[lane] < 1.0, if value > 0.0 { value } else { 0.0 });
        }
        values
    }

    /// The coefficients in the piece whose number is in the lowest bits.
    #[inline(always)]
    pub(super) fn piece(&self, rounded: f32) -> &[f32; 4] {
        &self.pieces[rounded.to_bits() as usize & (N_PIECES - 1)]
    }
}

/// A value or 0. A mask, where compilers make a branch of what stands in a loop over lanes.
#[inline(always)]
pub(super) fn value_if(condition: bool, value: f32) -> f32 {
    f32::from_bits(value.to_bits() & u32::from(condition).wrapping_neg())
}

/// The coefficients of the cubic through the Chebyshev points between two ends.
fn cubic_through(value: impl Fn(f64) -> f64, [start, end]: [f64; 2]) -> [f64; 4] {
    let (middle, half) = (0.5 * (start + end), 0.5 * (end - start));
    let points: [f64; 4] = from_fn(|k| middle + half * ((k as f64 + 0.5) * PI / 4.0).cos());
    // Newton's divided differences.
    let mut differences = points.map(value);
    for order in 1..4 {
        for k in (order..4).rev() {
            differences[k] = (differences[k] - differences[k - 1]) / (points[k] - points[k - order]);
        }
    }
    // From Newton's form to powers, from the last term on.
    let mut powers = [differences[3], 0.0, 0.0, 0.0];
    for k in (0..3).rev() {
        for power in (1..4).rev() {
            powers[power] = powers[power - 1] - points[k] * powers[power];
        }
        powers[0] = differences[k] - points[k] * powers[0];
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In one lane beside others.
    fn at_square(table: &KernelTable, square: f32) -> [f64; 2] {
        let mut squares = [9.0; N_TOGETHER];
        squares[5] = square;
        [table.at_squares::<false>(&squares)[5], table.at_squares::<true>(&squares)[5]].map(f64::from)
    }

    #[test]
    fn the_table_follows_the_closed_form() {
        // Not a multiple of the pieces, so that each is met in other places.
        const STEPS: u32 = 100_003;
        for kernel in Kernel::ALL {
            let table = KernelTable::new(kernel);
            let centre = kernel.projected(0.0);
            for step in 0..=STEPS {
                let u = step as f32 / STEPS as f32;
                let square = u * u;
                let expected = kernel.projected(f64::from(square).sqrt());
                for found in at_square(&table, square) {
                    let error = found - expected;
                    assert!(error.abs() < 1e-6 * centre, "{kernel:?}, u = {u}: {error:e}");
                    assert!(found >= 0.0, "{kernel:?}, u = {u}: {found:e}");
                }
            }
        }
    }

    #[test]
    fn there_is_nothing_beyond_the_rim_and_nothing_of_nothing() {
        for kernel in Kernel::ALL {
            let table = KernelTable::new(kernel);
            for square in [1.0, 1.0 + f32::EPSILON, 2.0, 1e38, f32::INFINITY, f32::NAN] {
                assert_eq!(at_square(&table, square), [0.0; 2], "{kernel:?}");
            }
        }
    }

    #[test]
    fn a_cubic_goes_through_a_cubic() {
        let cubic = |t: f64| 1.0 - 2.0 * t + 3.0 * t * t - 4.0 * t * t * t;
        for (found, expected) in cubic_through(cubic, [-0.5, 0.5]).into_iter().zip([1.0, -2.0, 3.0, -4.0]) {
            assert!((found - expected).abs() < 1e-13, "{found} for {expected}");
        }
    }
}
