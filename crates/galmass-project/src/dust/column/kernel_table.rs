//! The projected kernel as a table: the closed form has a logarithm and two square roots.

use std::array::from_fn;
use std::f64::consts::PI;

use crate::kernel::Kernel;
use galmass_core::simd::fma;

/// Values that are looked up side by side, so that vectors can hold them.
pub(super) const LANES: usize = 8;

/// Pieces of the table. A power of two, so that an index is cut to it by its bits.
const N_PIECES: usize = 512;

/// From u = R / H to pieces: piece k is centred on u = k / LAST, so that the last one ends at u = 1 in its middle, and
/// the break of the cubic spline at u = 1/2 falls between two.
const LAST: f64 = (N_PIECES - 1) as f64;

/// Added to a number of 0 or more, this leaves its nearest integer in the lowest bits.
const ROUND: f64 = (1u64 << 52) as f64;

/// A kernel in projection, in units of 1 / H^2, as cubic polynomials of u: 1e-6 of the value at its centre.
pub(super) struct KernelTable {
    /// The coefficients of powers 0 to 3 of the way from the middle of a piece, in pieces: together, so that one load
    /// has them all.
    pieces: Box<[[f64; 4]; N_PIECES]>,
}

impl KernelTable {
    pub(super) fn new(kernel: Kernel) -> Self {
        let mut pieces = Box::new([[0.0; 4]; N_PIECES]);
        for (piece, powers) in pieces.iter_mut().enumerate() {
            // A kernel ends at u = 1 and is even in u.
            let ends = if piece == N_PIECES - 1 { [-0.5, 0.0] } else { [-0.5, 0.5] };
            let value = |t: f64| kernel.projected(((piece as f64 + t) / LAST).min(1.0));
            *powers = cubic_through(value, ends);
        }
        Self { pieces }
    }

    /// The kernel at the squares of u = R / H; 0 from 1 on and for NaN.
    #[inline(always)]
    pub(super) fn at_squares<const FMA: bool>(&self, squares: &[f64; LANES]) -> [f64; LANES] {
        // Each step over all lanes, so that it becomes one instruction or a few.
        let places = squares.map(|square| if square < 1.0 { square } else { 1.0 }.sqrt() * LAST);
        let rounded = places.map(|place| place + ROUND);
        let pieces = rounded.map(|rounded| rounded.to_bits() as usize & (N_PIECES - 1));
        let ways: [f64; LANES] = from_fn(|lane| places[lane] - (rounded[lane] - ROUND));
        let powers: [[f64; 4]; LANES] = pieces.map(|piece| self.pieces[piece]);
        let high: [f64; LANES] = from_fn(|lane| fma::<FMA>(powers[lane][3], ways[lane], powers[lane][2]));
        let middle: [f64; LANES] = from_fn(|lane| fma::<FMA>(high[lane], ways[lane], powers[lane][1]));
        let values: [f64; LANES] = from_fn(|lane| fma::<FMA>(middle[lane], ways[lane], powers[lane][0]));
        from_fn(|lane| if squares[lane] < 1.0 { values[lane] } else { 0.0 })
    }
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
    fn at_square(table: &KernelTable, square: f64) -> f64 {
        table.at_squares::<false>(&[0.0, 0.0, square, 0.0, 0.0, 9.0, 0.0, 0.0])[2]
    }

    #[test]
    fn the_table_follows_the_closed_form() {
        // Not a multiple of the pieces, so that each is met in other places.
        const STEPS: u32 = 100_003;
        for kernel in Kernel::ALL {
            let table = KernelTable::new(kernel);
            let centre = kernel.projected(0.0);
            for step in 0..=STEPS {
                let u = f64::from(step) / f64::from(STEPS);
                let error = at_square(&table, u * u) - kernel.projected(u);
                assert!(error.abs() < 1e-6 * centre, "{kernel:?}, u = {u}: {error:e}");
            }
        }
    }

    #[test]
    fn there_is_nothing_beyond_the_rim_and_nothing_of_nothing() {
        for kernel in Kernel::ALL {
            let table = KernelTable::new(kernel);
            for square in [1.0, 1.0 + 1e-15, 2.0, 1e300, f64::INFINITY, f64::NAN] {
                assert_eq!(at_square(&table, square), 0.0, "{kernel:?}");
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
