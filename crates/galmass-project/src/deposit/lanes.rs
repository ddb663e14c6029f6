//! Eight numbers at a time, for loops that compilers do not vectorise.
//!
//! The kernels of [`exact`](super::exact) turn blocks of numbers over and hold a dozen of them in registers, which plain
//! loops do not get from a compiler: written with them, they take three times as long. So they are written once for
//! all [`Lanes`], and [`dispatch`] chooses those of the processor.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
pub(super) mod rings;

pub(super) use portable::Portable;
use rings::Rings;

/// Numbers in one [`Lanes`].
pub(super) const N_LANES: usize = 8;

/// Eight numbers in memory, in one cache line: lanes that lie across two take twice as long on their way.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Eight(pub(super) [f64; N_LANES]);

/// Sixteen numbers of single precision in memory, in one cache line.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Sixteen(pub(super) [f32; 2 * N_LANES]);

/// Eight numbers under work.
pub(super) trait Lanes: Copy {
    /// Sixteen numbers of single precision.
    type Singles: Copy;
    /// The rings of sixteen numbers.
    type InRings: Copy;
    /// A table at hand.
    type Table<'a>: Copy;

    fn splat(value: f64) -> Self;
    fn load(values: &[f64; N_LANES]) -> Self;
    fn store(self, values: &mut [f64; N_LANES]);
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// self * factor + summand, in one rounding where the processor has an instruction for it.
    fn fma(self, factor: Self, summand: Self) -> Self;
    /// Where self is above 0 and `a` below `b`, self; elsewhere 0.
    fn positive_where_less(self, a: Self, b: Self) -> Self;
    /// Rows become columns.
    fn transpose(rows: [Self; N_LANES]) -> [Self; N_LANES];

    fn splat_single(value: f32) -> Self::Singles;
    /// The same pair eight times.
    fn splat_pair(pair: [f32; 2]) -> Self::Singles;
    fn minus_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// Rows of pairs become columns of pairs.
    fn transpose_pairs(rows: [Self::Singles; N_LANES]) -> [Self::Singles; N_LANES];
    /// The sum of each pair, of two.
    fn add_up(pairs: [Self::Singles; 2]) -> [Self; 2];
    fn load_singles(values: &[f32; 2 * N_LANES]) -> Self::Singles;
    fn store_singles(singles: Self::Singles, values: &mut [f32; 2 * N_LANES]);
    fn times_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// a * b + c.
    fn fma_singles(a: Self::Singles, b: Self::Singles, c: Self::Singles) -> Self::Singles;

    fn plus_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// 1 / a, to three digits at least.
    fn about_inverse(a: Self::Singles) -> Self::Singles;
    /// Where `a` is below `b`, `values` that are above 0; elsewhere 0.
    fn positive_where_less_singles(
        values: Self::Singles,
        a: Self::Singles,
        b: Self::Singles,
    ) -> Self::Singles;
    /// The first eight, and the last.
    fn widen(values: Self::Singles) -> [Self; 2];
    fn table(values: &Rings) -> Self::Table<'_>;
    /// The rings of numbers, and the places in them.
    fn find(values: Self::Singles) -> (Self::InRings, Self::Singles);
    fn look_up(table: Self::Table<'_>, rings: Self::InRings) -> Self::Singles;

    /// The sum of the eight.
    #[inline(always)]
    fn sum(self) -> f64 {
        let mut values = [0.0; N_LANES];
        self.store(&mut values);
        let [a, b, c, d, e, f, g, h] = values;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// Work on [`Lanes`]. `run` and all that it calls in its loops must be `#[inline(always)]`, and no closures.
pub(super) trait Work {
    type Output;

    fn run<L: Lanes>(self) -> Self::Output;
}

/// Does the work with the widest lanes that the processor has.
#[inline]
pub(super) fn dispatch<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if galmass_core::simd::has_avx512() {
            // SAFETY: the processor has the features that the function is compiled for.
            return unsafe { avx512::run(work) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { avx2::run(work) };
        }
    }
    work.run::<Portable>()
}

/// Two numbers in the place of one.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bits_of([first, second]: [f32; 2]) -> f64 {
    f64::from_bits(u64::from(second.to_bits()) << 32 | u64::from(first.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation, on the rows and columns of a block.
    struct Everything([[f64; N_LANES]; N_LANES]);

    impl Work for Everything {
        type Output = Vec<[f64; N_LANES]>;

        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let mut rows = [L::splat(0.0); N_LANES];
            for (row, values) in rows.iter_mut().zip(&self.0) {
                *row = L::load(values);
            }
            let columns = L::transpose(rows);
            let mut results = Vec::new();
            for (row, column) in rows.into_iter().zip(columns) {
                for result in [
                    column,
                    row.plus(column),
                    row.minus(column),
                    row.times(column),
                    row.fma(column, L::splat(2.0)),
                    row.positive_where_less(column, L::splat(0.5)),
                    L::splat(row.sum()),
                ] {
                    let mut values = [0.0; N_LANES];
                    result.store(&mut values);
                    results.push(values);
                }
                // The same numbers in single precision, and others.
                let singles = |row: L, scale: f32| {
                    let mut values = [0.0; N_LANES];
                    row.store(&mut values);
                    L::load_singles(&std::array::from_fn(|k| {
                        scale * values[k % N_LANES] as f32 + k as f32 / 16.0
                    }))
                };
                let (a, b) = (singles(row, 1.0), singles(column, -0.5));
                let turned = L::transpose_pairs([a, b, a, a, b, b, b, a]);
                let positive = L::load_singles(&std::array::from_fn(|k| 0.01 + (k * k) as f32));
                let mut ones = [0.0; 2 * N_LANES];
                L::store_singles(L::times_singles(positive, L::about_inverse(positive)), &mut ones);
                assert!(ones.iter().all(|one| (one - 1.0f32).abs() < 1e-3));
                let from_start = L::load_singles(&std::array::from_fn(|k| 0.09375 + k as f32 * 0.0859375));
                let mut table = Rings::default();
                for ring in 0..rings::N_RINGS {
                    table.set(ring, ring as f32);
                }
                let (found, places) = L::find(from_start);
                for singles in [
                    L::fma_singles(a, b, L::splat_single(0.5)),
                    L::times_singles(a, b),
                    L::plus_singles(a, b),
                    L::minus_singles(a, L::splat_pair([1.0, 0.5])),
                    turned[3],
                    turned[6],
                    L::positive_where_less_singles(a, b, L::splat_single(0.25)),
                    L::look_up(L::table(&table), found),
                    places,
                ] {
                    let mut stored = [0.0; 2 * N_LANES];
                    L::store_singles(singles, &mut stored);
                    for (half, wide) in L::widen(singles).into_iter().enumerate() {
                        let mut values = [0.0; N_LANES];
                        wide.store(&mut values);
                        assert!((0..N_LANES).all(|k| values[k] == f64::from(stored[half * N_LANES + k])));
                        results.push(values);
                    }
                }
                for sums in L::add_up([a, b]) {
                    let mut values = [0.0; N_LANES];
                    sums.store(&mut values);
                    results.push(values);
                }
            }
            results
        }
    }

    #[test]
    fn all_lanes_agree() {
        // Sixteenths, so that no operation rounds.
        let value = |row: usize, column: usize| ((row * 29 + column * 23) % 37) as f64 / 16.0 - 1.0;
        let block =
            || Everything(std::array::from_fn(|row| std::array::from_fn(|column| value(row, column))));
        let portable = block().run::<Portable>();
        // Row 1 follows after 27 results of row 0.
        assert_eq!(portable[27][3], value(3, 1));
        // Four rings end at an eighth, where rings begin that are a 64th wide.
        assert_eq!(portable[21][..3], [0.0, 7.0, 12.0]);
        assert_eq!(dispatch(block()), portable);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the features.
            assert_eq!(unsafe { avx2::run(block()) }, portable);
        }
    }
}
