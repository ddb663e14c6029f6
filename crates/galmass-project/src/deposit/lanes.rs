//! Eight numbers at a time, for loops that compilers do not vectorise.
//!
//! The kernels of [`exact`](super::exact) turn blocks of numbers over and hold a dozen of them in registers, which plain
//! loops do not get from a compiler: written with them, they take three times as long. So they are written once for
//! all [`Lanes`], and [`dispatch`] chooses those of the processor.

/// Numbers in one [`Lanes`].
pub(super) const N_LANES: usize = 8;

/// Eight numbers in memory, in one cache line: lanes that lie across two take twice as long on their way.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Eight(pub(super) [f64; N_LANES]);

/// Eight numbers under work.
pub(super) trait Lanes: Copy {
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
        if crate::simd::has_avx512() {
            // SAFETY: the processor has the features that the function is compiled for.
            return unsafe { x86::run_avx512(work) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            return unsafe { x86::run_avx2(work) };
        }
    }
    work.run::<Portable>()
}

/// For any processor, as plain loops.
#[derive(Clone, Copy)]
pub(super) struct Portable([f64; N_LANES]);

impl Portable {
    #[inline(always)]
    fn each(self, other: Self, operation: impl Fn(f64, f64) -> f64) -> Self {
        let mut values = self.0;
        for lane in 0..N_LANES {
            values[lane] = operation(values[lane], other.0[lane]);
        }
        Self(values)
    }
}

impl Lanes for Portable {
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; N_LANES])
    }

    #[inline(always)]
    fn load(values: &[f64; N_LANES]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    fn store(self, values: &mut [f64; N_LANES]) {
        *values = self.0;
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.each(other, |a, b| a * b)
    }

    #[inline(always)]
    fn fma(self, factor: Self, summand: Self) -> Self {
        let mut values = self.0;
        for lane in 0..N_LANES {
            values[lane] = crate::simd::fma::<{ cfg!(target_arch = "aarch64") }>(
                values[lane],
                factor.0[lane],
                summand.0[lane],
            );
        }
        Self(values)
    }

    #[inline(always)]
    fn positive_where_less(self, a: Self, b: Self) -> Self {
        let mut values = self.0;
        for lane in 0..N_LANES {
            let holds = values[lane] > 0.0 && a.0[lane] < b.0[lane];
            values[lane] = if holds { values[lane] } else { 0.0 };
        }
        Self(values)
    }

    #[inline(always)]
    fn transpose(rows: [Self; N_LANES]) -> [Self; N_LANES] {
        let mut columns = rows;
        for row in 0..N_LANES {
            for column in 0..N_LANES {
                columns[column].0[row] = rows[row].0[column];
            }
        }
        columns
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Lanes, N_LANES, Work};

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512cd,fma,avx2,bmi1,bmi2,popcnt,lzcnt")]
    pub(super) fn run_avx512<W: Work>(work: W) -> W::Output {
        work.run::<Avx512>()
    }

    #[target_feature(enable = "fma,avx2")]
    pub(super) fn run_avx2<W: Work>(work: W) -> W::Output {
        work.run::<Avx2>()
    }

    /// Only [`run_avx512`] makes them.
    #[derive(Clone, Copy)]
    pub(super) struct Avx512(__m512d);

    // SAFETY, of all blocks below: the processor has the instructions, since `dispatch` has asked before it called the
    // only function that names the type.
    impl Lanes for Avx512 {
        #[inline(always)]
        fn splat(value: f64) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_set1_pd(value) })
        }

        #[inline(always)]
        fn load(values: &[f64; N_LANES]) -> Self {
            // SAFETY: see above; the array has the eight numbers that are read.
            Self(unsafe { _mm512_loadu_pd(values.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, values: &mut [f64; N_LANES]) {
            // SAFETY: see above; the array has room for the eight numbers that are written.
            unsafe { _mm512_storeu_pd(values.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_add_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_sub_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn times(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_mul_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn fma(self, factor: Self, summand: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_fmadd_pd(self.0, factor.0, summand.0) })
        }

        #[inline(always)]
        fn positive_where_less(self, a: Self, b: Self) -> Self {
            // SAFETY: see above.
            unsafe {
                let less = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a.0, b.0);
                let both = _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(less, self.0, _mm512_setzero_pd());
                Self(_mm512_maskz_mov_pd(both, self.0))
            }
        }

        #[inline(always)]
        fn transpose(rows: [Self; N_LANES]) -> [Self; N_LANES] {
            let [a, b, c, d, e, f, g, h] = rows.map(|row| row.0);
            // SAFETY: see above.
            unsafe {
                // Pairs of rows, then of pairs, then of those: 0x88 takes every other quarter of both, 0xdd the rest.
                let even = [
                    _mm512_unpacklo_pd(a, b),
                    _mm512_unpacklo_pd(c, d),
                    _mm512_unpacklo_pd(e, f),
                    _mm512_unpacklo_pd(g, h),
                ];
                let odd = [
                    _mm512_unpackhi_pd(a, b),
                    _mm512_unpackhi_pd(c, d),
                    _mm512_unpackhi_pd(e, f),
                    _mm512_unpackhi_pd(g, h),
                ];
                let (even_0, even_1) = (
                    _mm512_shuffle_f64x2::<0x88>(even[0], even[1]),
                    _mm512_shuffle_f64x2::<0x88>(even[2], even[3]),
                );
                let (even_2, even_3) = (
                    _mm512_shuffle_f64x2::<0xdd>(even[0], even[1]),
                    _mm512_shuffle_f64x2::<0xdd>(even[2], even[3]),
                );
                let (odd_0, odd_1) = (
                    _mm512_shuffle_f64x2::<0x88>(odd[0], odd[1]),
                    _mm512_shuffle_f64x2::<0x88>(odd[2], odd[3]),
                );
                let (odd_2, odd_3) = (
                    _mm512_shuffle_f64x2::<0xdd>(odd[0], odd[1]),
                    _mm512_shuffle_f64x2::<0xdd>(odd[2], odd[3]),
                );
                [
                    Self(_mm512_shuffle_f64x2::<0x88>(even_0, even_1)),
                    Self(_mm512_shuffle_f64x2::<0x88>(odd_0, odd_1)),
                    Self(_mm512_shuffle_f64x2::<0x88>(even_2, even_3)),
                    Self(_mm512_shuffle_f64x2::<0x88>(odd_2, odd_3)),
                    Self(_mm512_shuffle_f64x2::<0xdd>(even_0, even_1)),
                    Self(_mm512_shuffle_f64x2::<0xdd>(odd_0, odd_1)),
                    Self(_mm512_shuffle_f64x2::<0xdd>(even_2, even_3)),
                    Self(_mm512_shuffle_f64x2::<0xdd>(odd_2, odd_3)),
                ]
            }
        }
    }

    /// Only [`run_avx2`] makes them. The first four numbers and the last.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(__m256d, __m256d);

    // SAFETY, of all blocks below: as of Avx512.
    impl Lanes for Avx2 {
        #[inline(always)]
        fn splat(value: f64) -> Self {
            // SAFETY: see above.
            let four = unsafe { _mm256_set1_pd(value) };
            Self(four, four)
        }

        #[inline(always)]
        fn load(values: &[f64; N_LANES]) -> Self {
            // SAFETY: see above; the array has the eight numbers that are read.
            unsafe { Self(_mm256_loadu_pd(values.as_ptr()), _mm256_loadu_pd(values.as_ptr().add(4))) }
        }

        #[inline(always)]
        fn store(self, values: &mut [f64; N_LANES]) {
            // SAFETY: see above; the array has room for the eight numbers that are written.
            unsafe {
                _mm256_storeu_pd(values.as_mut_ptr(), self.0);
                _mm256_storeu_pd(values.as_mut_ptr().add(4), self.1);
            }
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            // SAFETY: see above.
            unsafe { Self(_mm256_add_pd(self.0, other.0), _mm256_add_pd(self.1, other.1)) }
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            // SAFETY: see above.
            unsafe { Self(_mm256_sub_pd(self.0, other.0), _mm256_sub_pd(self.1, other.1)) }
        }

        #[inline(always)]
        fn times(self, other: Self) -> Self {
            // SAFETY: see above.
            unsafe { Self(_mm256_mul_pd(self.0, other.0), _mm256_mul_pd(self.1, other.1)) }
        }

        #[inline(always)]
        fn fma(self, factor: Self, summand: Self) -> Self {
            // SAFETY: see above.
            unsafe {
                Self(
                    _mm256_fmadd_pd(self.0, factor.0, summand.0),
                    _mm256_fmadd_pd(self.1, factor.1, summand.1),
                )
            }
        }

        #[inline(always)]
        fn positive_where_less(self, a: Self, b: Self) -> Self {
            // SAFETY: see above.
            unsafe {
                let zero = _mm256_setzero_pd();
                let first = _mm256_and_pd(
                    _mm256_cmp_pd::<_CMP_LT_OQ>(a.0, b.0),
                    _mm256_cmp_pd::<_CMP_GT_OQ>(self.0, zero),
                );
                let last = _mm256_and_pd(
                    _mm256_cmp_pd::<_CMP_LT_OQ>(a.1, b.1),
                    _mm256_cmp_pd::<_CMP_GT_OQ>(self.1, zero),
                );
                Self(_mm256_and_pd(first, self.0), _mm256_and_pd(last, self.1))
            }
        }

        #[inline(always)]
        fn transpose(rows: [Self; N_LANES]) -> [Self; N_LANES] {
            let [a, b, c, d, e, f, g, h] = rows;
            // Quarters turn over, and change places.
            let first = quarter(a.0, b.0, c.0, d.0);
            let below = quarter(e.0, f.0, g.0, h.0);
            let beside = quarter(a.1, b.1, c.1, d.1);
            let last = quarter(e.1, f.1, g.1, h.1);
            [
                Self(first[0], below[0]),
                Self(first[1], below[1]),
                Self(first[2], below[2]),
                Self(first[3], below[3]),
                Self(beside[0], last[0]),
                Self(beside[1], last[1]),
                Self(beside[2], last[2]),
                Self(beside[3], last[3]),
            ]
        }
    }

    /// Turns over four rows of four.
    #[inline(always)]
    fn quarter(a: __m256d, b: __m256d, c: __m256d, d: __m256d) -> [__m256d; 4] {
        // SAFETY: only Avx2 calls it, where the processor has the instructions.
        unsafe {
            let (even_0, odd_0) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (even_1, odd_1) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            [
                _mm256_permute2f128_pd::<0x20>(even_0, even_1),
                _mm256_permute2f128_pd::<0x20>(odd_0, odd_1),
                _mm256_permute2f128_pd::<0x31>(even_0, even_1),
                _mm256_permute2f128_pd::<0x31>(odd_0, odd_1),
            ]
        }
    }
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
        assert_eq!(portable[7][3], value(3, 1), "row 1 of the columns begins after seven results of row 0");
        assert_eq!(dispatch(block()), portable);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the features.
            assert_eq!(unsafe { x86::run_avx2(block()) }, portable);
        }
    }
}
