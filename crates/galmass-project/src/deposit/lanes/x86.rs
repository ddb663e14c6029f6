//! The lanes of processors of the x86-64 kind.

use std::arch::x86_64::*;

use super::rings::{self, Rings};
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
    type Singles = __m512;
    type InRings = __m512i;
    type Table<'a> = (__m512, __m512);

    #[inline(always)]
    fn splat_pair(pair: [f32; 2]) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_castpd_ps(_mm512_set1_pd(super::bits_of(pair))) }
    }

    #[inline(always)]
    fn minus_singles(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_sub_ps(a, b) }
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
    fn add_up([first, second]: [__m512; 2]) -> [Self; 2] {
        // SAFETY: see above.
        unsafe {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            let sums = _mm512_add_ps(
                _mm512_permutex2var_ps(first, even, second),
                _mm512_permutex2var_ps(first, odd, second),
            );
            let (low, high) = (_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps::<1>(sums));
            [Self(_mm512_cvtps_pd(low)), Self(_mm512_cvtps_pd(high))]
        }
    }

    #[inline(always)]
    fn plus_singles(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn about_inverse(a: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_rcp14_ps(a) }
    }

    #[inline(always)]
    fn positive_where_less_singles(values: __m512, a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe {
            let less = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
            _mm512_maskz_max_ps(less, values, _mm512_setzero_ps())
        }
    }

    #[inline(always)]
    fn widen(values: __m512) -> [Self; 2] {
        // SAFETY: see above.
        unsafe {
            let (first, last) = (_mm512_castps512_ps256(values), _mm512_extractf32x8_ps::<1>(values));
            [Self(_mm512_cvtps_pd(first)), Self(_mm512_cvtps_pd(last))]
        }
    }

    #[inline(always)]
    fn table(values: &Rings) -> Self::Table<'_> {
        let [first, last] = &values.halves;
        (Self::load_singles(first), Self::load_singles(last))
    }

    #[inline(always)]
    fn find(values: __m512) -> (__m512i, __m512) {
        // SAFETY: see above.
        unsafe {
            let bits = _mm512_castps_si512(values);
            let lowest = _mm512_set1_epi32((1 << rings::BITS) - 1);
            // a or (b and c).
            let along =
                _mm512_ternarylogic_epi32::<0xf8>(_mm512_castps_si512(_mm512_set1_ps(1.0)), bits, lowest);
            let places = _mm512_sub_ps(_mm512_castsi512_ps(along), _mm512_set1_ps(rings::MIDDLE));
            (_mm512_srli_epi32::<{ rings::BITS }>(bits), places)
        }
    }

    #[inline(always)]
    fn look_up(table: Self::Table<'_>, rings: __m512i) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_permutex2var_ps(table.0, rings, table.1) }
    }

    #[inline(always)]
    fn splat_single(value: f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn load_singles(values: &[f32; 2 * N_LANES]) -> __m512 {
        // SAFETY: see above; the array has the sixteen numbers that are read.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }

    #[inline(always)]
    fn store_singles(singles: __m512, values: &mut [f32; 2 * N_LANES]) {
        // SAFETY: see above; the array has room for the sixteen numbers that are written.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), singles) }
    }

    #[inline(always)]
    fn times_singles(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn fma_singles(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
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
            Self(_mm512_maskz_max_pd(less, self.0, _mm512_setzero_pd()))
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
            let (odd_0, odd_1) =
                (_mm512_shuffle_f64x2::<0x88>(odd[0], odd[1]), _mm512_shuffle_f64x2::<0x88>(odd[2], odd[3]));
            let (odd_2, odd_3) =
                (_mm512_shuffle_f64x2::<0xdd>(odd[0], odd[1]), _mm512_shuffle_f64x2::<0xdd>(odd[2], odd[3]));
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
    type Singles = (__m256, __m256);
    type InRings = (__m256i, __m256i);
    type Table<'a> = &'a Rings;

    #[inline(always)]
    fn splat_pair(pair: [f32; 2]) -> Self::Singles {
        // SAFETY: see above.
        let four = unsafe { _mm256_castpd_ps(_mm256_set1_pd(super::bits_of(pair))) };
        (four, four)
    }

    #[inline(always)]
    fn minus_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles {
        // SAFETY: see above.
        unsafe { (_mm256_sub_ps(a.0, b.0), _mm256_sub_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn transpose_pairs(rows: [Self::Singles; N_LANES]) -> [Self::Singles; N_LANES] {
        // SAFETY: see above.
        unsafe {
            let as_eight = |row: Self::Singles| Self(_mm256_castps_pd(row.0), _mm256_castps_pd(row.1));
            let columns = Self::transpose(rows.map(as_eight));
            columns.map(|column| (_mm256_castpd_ps(column.0), _mm256_castpd_ps(column.1)))
        }
    }

    #[inline(always)]
    fn add_up([first, second]: [Self::Singles; 2]) -> [Self; 2] {
        [Self(add_up_four(first.0), add_up_four(first.1)), Self(add_up_four(second.0), add_up_four(second.1))]
    }

    #[inline(always)]
    fn plus_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles {
        // SAFETY: see above.
        unsafe { (_mm256_add_ps(a.0, b.0), _mm256_add_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn about_inverse(a: Self::Singles) -> Self::Singles {
        // SAFETY: see above.
        unsafe { (_mm256_rcp_ps(a.0), _mm256_rcp_ps(a.1)) }
    }

    #[inline(always)]
    fn positive_where_less_singles(
        values: Self::Singles,
        a: Self::Singles,
        b: Self::Singles,
    ) -> Self::Singles {
        // SAFETY: see above.
        unsafe {
            let zero = _mm256_setzero_ps();
            (
                _mm256_and_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(a.0, b.0), _mm256_max_ps(values.0, zero)),
                _mm256_and_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(a.1, b.1), _mm256_max_ps(values.1, zero)),
            )
        }
    }

    #[inline(always)]
    fn widen(values: Self::Singles) -> [Self; 2] {
        [widen_eight(values.0), widen_eight(values.1)]
    }

    #[inline(always)]
    fn table(values: &Rings) -> Self::Table<'_> {
        values
    }

    #[inline(always)]
    fn find(values: Self::Singles) -> (Self::InRings, Self::Singles) {
        let (first, last) = (find_eight(values.0), find_eight(values.1));
        ((first.0, last.0), (first.1, last.1))
    }

    #[inline(always)]
    fn look_up(table: Self::Table<'_>, rings: Self::InRings) -> Self::Singles {
        (look_up_eight(table, rings.0), look_up_eight(table, rings.1))
    }

    #[inline(always)]
    fn splat_single(value: f32) -> Self::Singles {
        // SAFETY: see above.
        let eight = unsafe { _mm256_set1_ps(value) };
        (eight, eight)
    }

    #[inline(always)]
    fn load_singles(values: &[f32; 2 * N_LANES]) -> Self::Singles {
        // SAFETY: see above; the array has the sixteen numbers that are read.
        unsafe { (_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values.as_ptr().add(N_LANES))) }
    }

    #[inline(always)]
    fn store_singles(singles: Self::Singles, values: &mut [f32; 2 * N_LANES]) {
        // SAFETY: see above; the array has room for the sixteen numbers that are written.
        unsafe {
            _mm256_storeu_ps(values.as_mut_ptr(), singles.0);
            _mm256_storeu_ps(values.as_mut_ptr().add(N_LANES), singles.1);
        }
    }

    #[inline(always)]
    fn times_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles {
        // SAFETY: see above.
        unsafe { (_mm256_mul_ps(a.0, b.0), _mm256_mul_ps(a.1, b.1)) }
    }

    #[inline(always)]
    fn fma_singles(a: Self::Singles, b: Self::Singles, c: Self::Singles) -> Self::Singles {
        // SAFETY: see above.
        unsafe { (_mm256_fmadd_ps(a.0, b.0, c.0), _mm256_fmadd_ps(a.1, b.1, c.1)) }
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
            Self(_mm256_fmadd_pd(self.0, factor.0, summand.0), _mm256_fmadd_pd(self.1, factor.1, summand.1))
        }
    }

    #[inline(always)]
    fn positive_where_less(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let zero = _mm256_setzero_pd();
            Self(
                _mm256_and_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(a.0, b.0), _mm256_max_pd(self.0, zero)),
                _mm256_and_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(a.1, b.1), _mm256_max_pd(self.1, zero)),
            )
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

#[inline(always)]
fn widen_eight(values: __m256) -> Avx2 {
    // SAFETY: only Avx2 calls it, where the processor has the instructions.
    unsafe {
        let (first, last) = (_mm256_castps256_ps128(values), _mm256_extractf128_ps::<1>(values));
        Avx2(_mm256_cvtps_pd(first), _mm256_cvtps_pd(last))
    }
}

#[inline(always)]
fn find_eight(values: __m256) -> (__m256i, __m256) {
    // SAFETY: only Avx2 calls it, where the processor has the instructions.
    unsafe {
        let lowest = _mm256_castsi256_ps(_mm256_set1_epi32((1 << rings::BITS) - 1));
        let along = _mm256_or_ps(_mm256_and_ps(values, lowest), _mm256_set1_ps(1.0));
        let bits = _mm256_srli_epi32::<{ rings::BITS as i32 }>(_mm256_castps_si256(values));
        let slots = _mm256_and_si256(bits, _mm256_set1_epi32(rings::N_RINGS as i32 - 1));
        (slots, _mm256_sub_ps(along, _mm256_set1_ps(rings::MIDDLE)))
    }
}

#[inline(always)]
fn look_up_eight(table: &Rings, slots: __m256i) -> __m256 {
    // SAFETY: only Avx2 calls it, where the processor has the instructions; no slot of `find_eight` is beyond the table.
    unsafe { _mm256_i32gather_ps::<4>(table.halves.as_ptr().cast(), slots) }
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
