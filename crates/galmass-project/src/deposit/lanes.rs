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

/// Sixteen numbers of single precision in memory, in one cache line.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Sixteen(pub(super) [f32; 2 * N_LANES]);

/// Eight numbers under work.
pub(super) trait Lanes: Copy {
    /// A pair of single precision in the place of each of them.
    type Pairs: Copy;

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

    fn splat_single(value: f32) -> Self::Pairs;
    /// The same pair eight times.
    fn splat_pair(pair: [f32; 2]) -> Self::Pairs;
    fn load_pairs(values: &[f32; 2 * N_LANES]) -> Self::Pairs;
    fn store_pairs(pairs: Self::Pairs, values: &mut [f32; 2 * N_LANES]);
    fn minus_pairs(a: Self::Pairs, b: Self::Pairs) -> Self::Pairs;
    fn times_pairs(a: Self::Pairs, b: Self::Pairs) -> Self::Pairs;
    /// a * b + c.
    fn fma_pairs(a: Self::Pairs, b: Self::Pairs, c: Self::Pairs) -> Self::Pairs;
    /// Rows of pairs become columns of pairs.
    fn transpose_pairs(rows: [Self::Pairs; N_LANES]) -> [Self::Pairs; N_LANES];
    /// The sum of each pair.
    fn add_up(pairs: Self::Pairs) -> Self;

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

impl Portable {
    #[inline(always)]
    fn each_single(a: [f32; 16], b: [f32; 16], operation: impl Fn(f32, f32) -> f32) -> [f32; 16] {
        let mut values = a;
        for lane in 0..2 * N_LANES {
            values[lane] = operation(a[lane], b[lane]);
        }
        values
    }
}

impl Lanes for Portable {
    type Pairs = [f32; 2 * N_LANES];

    #[inline(always)]
    fn splat_single(value: f32) -> Self::Pairs {
        [value; 2 * N_LANES]
    }

    #[inline(always)]
    fn splat_pair([first, second]: [f32; 2]) -> Self::Pairs {
        let mut values = [first; 2 * N_LANES];
        for lane in 0..N_LANES {
            values[2 * lane + 1] = second;
        }
        values
    }

    #[inline(always)]
    fn load_pairs(values: &[f32; 2 * N_LANES]) -> Self::Pairs {
        *values
    }

    #[inline(always)]
    fn store_pairs(pairs: Self::Pairs, values: &mut [f32; 2 * N_LANES]) {
        *values = pairs;
    }

    #[inline(always)]
    fn minus_pairs(a: Self::Pairs, b: Self::Pairs) -> Self::Pairs {
        Self::each_single(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn times_pairs(a: Self::Pairs, b: Self::Pairs) -> Self::Pairs {
        Self::each_single(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn fma_pairs(a: Self::Pairs, b: Self::Pairs, c: Self::Pairs) -> Self::Pairs {
        let mut values = a;
        for lane in 0..2 * N_LANES {
            values[lane] =
                crate::simd::fma_f32::<{ cfg!(target_arch = "aarch64") }>(a[lane], b[lane], c[lane]);
        }
        values
    }

    #[inline(always)]
    fn transpose_pairs(rows: [Self::Pairs; N_LANES]) -> [Self::Pairs; N_LANES] {
        let mut columns = rows;
        for row in 0..N_LANES {
            for column in 0..N_LANES {
                columns[column][2 * row] = rows[row][2 * column];
                columns[column][2 * row + 1] = rows[row][2 * column + 1];
            }
        }
        columns
    }

    #[inline(always)]
    fn add_up(pairs: Self::Pairs) -> Self {
        let mut values = [0.0; N_LANES];
        for lane in 0..N_LANES {
            values[lane] = f64::from(pairs[2 * lane] + pairs[2 * lane + 1]);
        }
        Self(values)
    }

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

/// Two numbers in the place of one.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bits_of([first, second]: [f32; 2]) -> f64 {
    f64::from_bits(u64::from(second.to_bits()) << 32 | u64::from(first.to_bits()))
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
        type Pairs = __m512;

        #[inline(always)]
        fn splat_single(value: f32) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_set1_ps(value) }
        }

        #[inline(always)]
        fn splat_pair(pair: [f32; 2]) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_castpd_ps(_mm512_set1_pd(super::bits_of(pair))) }
        }

        #[inline(always)]
        fn load_pairs(values: &[f32; 2 * N_LANES]) -> __m512 {
            // SAFETY: see above; the array has the sixteen numbers that are read.
            unsafe { _mm512_loadu_ps(values.as_ptr()) }
        }

        #[inline(always)]
        fn store_pairs(pairs: __m512, values: &mut [f32; 2 * N_LANES]) {
            // SAFETY: see above; the array has room for the sixteen numbers that are written.
            unsafe { _mm512_storeu_ps(values.as_mut_ptr(), pairs) }
        }

        #[inline(always)]
        fn minus_pairs(a: __m512, b: __m512) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_sub_ps(a, b) }
        }

        #[inline(always)]
        fn times_pairs(a: __m512, b: __m512) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_mul_ps(a, b) }
        }

        #[inline(always)]
        fn fma_pairs(a: __m512, b: __m512, c: __m512) -> __m512 {
            // SAFETY: see above.
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }

        #[inline(always)]
        fn transpose_pairs(rows: [__m512; N_LANES]) -> [__m512; N_LANES] {
            // SAFETY: see above.
            unsafe {
                let columns = Self::transpose(rows.map(|row| Self(_mm512_castps_pd(row))));
                columns.map(|column| _mm512_castpd_ps(column.0))
            }
        }

        #[inline(always)]
        fn add_up(pairs: __m512) -> Self {
            // SAFETY: see above.
            unsafe {
                let sums = _mm512_add_ps(pairs, _mm512_permute_ps::<0b10_11_00_01>(pairs));
                let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0);
                Self(_mm512_cvtps_pd(_mm512_castps512_ps256(_mm512_permutexvar_ps(even, sums))))
            }
        }

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
        type Pairs = (__m256, __m256);

        #[inline(always)]
        fn splat_single(value: f32) -> Self::Pairs {
            // SAFETY: see above.
            let eight = unsafe { _mm256_set1_ps(value) };
            (eight, eight)
        }

        #[inline(always)]
        fn splat_pair(pair: [f32; 2]) -> Self::Pairs {
            // SAFETY: see above.
            let four = unsafe { _mm256_castpd_ps(_mm256_set1_pd(super::bits_of(pair))) };
            (four, four)
        }

        #[inline(always)]
        fn load_pairs(values: &[f32; 2 * N_LANES]) -> Self::Pairs {
            // SAFETY: see above; the array has the sixteen numbers that are read.
            unsafe { (_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values.as_ptr().add(N_LANES))) }
        }

        #[inline(always)]
        fn store_pairs(pairs: Self::Pairs, values: &mut [f32; 2 * N_LANES]) {
            // SAFETY: see above; the array has room for the sixteen numbers that are written.
            unsafe {
                _mm256_storeu_ps(values.as_mut_ptr(), pairs.0);
                _mm256_storeu_ps(values.as_mut_ptr().add(N_LANES), pairs.1);
            }
        }

        #[inline(always)]
        fn minus_pairs(a: Self::Pairs, b: Self::Pairs) -> Self::Pairs {
            // SAFETY: see above.
            unsafe { (_mm256_sub_ps(a.0, b.0), _mm256_sub_ps(a.1, b.1)) }
        }

        #[inline(always)]
        fn times_pairs(a: Self::Pairs, b: Self::Pairs) -> Self::Pairs {
            // SAFETY: see above.
            unsafe { (_mm256_mul_ps(a.0, b.0), _mm256_mul_ps(a.1, b.1)) }
        }

        #[inline(always)]
        fn fma_pairs(a: Self::Pairs, b: Self::Pairs, c: Self::Pairs) -> Self::Pairs {
            // SAFETY: see above.
            unsafe { (_mm256_fmadd_ps(a.0, b.0, c.0), _mm256_fmadd_ps(a.1, b.1, c.1)) }
        }

        #[inline(always)]
        fn transpose_pairs(rows: [Self::Pairs; N_LANES]) -> [Self::Pairs; N_LANES] {
            // SAFETY: see above.
            unsafe {
                let as_eight = |row: Self::Pairs| Self(_mm256_castps_pd(row.0), _mm256_castps_pd(row.1));
                let columns = Self::transpose(rows.map(as_eight));
                columns.map(|column| (_mm256_castpd_ps(column.0), _mm256_castpd_ps(column.1)))
            }
        }

        #[inline(always)]
        fn add_up(pairs: Self::Pairs) -> Self {
            Self(add_up_four(pairs.0), add_up_four(pairs.1))
        }

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

    /// The sum of each pair.
    #[inline(always)]
    fn add_up_four(pairs: __m256) -> __m256d {
        // SAFETY: only Avx2 calls it, where the processor has the instructions.
        unsafe {
            let sums = _mm256_add_ps(pairs, _mm256_permute_ps::<0b10_11_00_01>(pairs));
            let (low, high) = (_mm256_castps256_ps128(sums), _mm256_extractf128_ps::<1>(sums));
            _mm256_cvtps_pd(_mm_shuffle_ps::<0b10_00_10_00>(low, high))
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
                // The same numbers as pairs: each with its half.
                let mut pairs = [L::splat_single(0.0); N_LANES];
                for (pairs, values) in pairs.iter_mut().zip(&self.0) {
                    *pairs =
                        L::load_pairs(&std::array::from_fn(|k| values[k / 2] as f32 / (1 + k % 2) as f32));
                }
                let turned = L::transpose_pairs(pairs);
                let product = L::times_pairs(turned[3], L::splat_pair([2.0, -1.0]));
                let sum = L::fma_pairs(turned[5], L::splat_single(0.5), L::minus_pairs(pairs[2], product));
                let mut singles = [0.0; 2 * N_LANES];
                L::store_pairs(sum, &mut singles);
                for result in [L::add_up(turned[1]), L::add_up(L::load_pairs(&singles))] {
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
        // Row 1 follows after nine results of row 0: its first is column 1, its last but one that of pairs, added up.
        assert_eq!(portable[9][3], value(3, 1));
        assert_eq!(portable[16][3], 1.5 * value(3, 1));
        assert_eq!(dispatch(block()), portable);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the features.
            assert_eq!(unsafe { x86::run_avx2(block()) }, portable);
        }
    }
}
