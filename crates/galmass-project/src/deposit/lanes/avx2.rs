//! The lanes of processors with AVX2: two vectors each.

use std::arch::x86_64::*;

use super::rings::{self, Rings};
use super::{Lanes, N_LANES, Work, bits_of};

#[target_feature(enable = "fma,avx2")]
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Avx2>()
}

/// Only [`run`] makes them. The first four numbers and the last.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256d, __m256d);

// SAFETY, of all blocks below: the processor has the instructions, since `dispatch` has asked before it called the
// only function that names the type.
impl Lanes for Avx2 {
    type Singles = (__m256, __m256);
    type InRings = (__m256i, __m256i);
    type Table<'a> = &'a Rings;

    #[inline(always)]
    fn splat_pair(pair: [f32; 2]) -> Self::Singles {
        // SAFETY: see above.
        let four = unsafe { _mm256_castpd_ps(_mm256_set1_pd(bits_of(pair))) };
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
