//! The lanes of processors with AVX-512.

use std::arch::x86_64::*;

use super::rings::{self, Rings};
use super::{Lanes, N_LANES, Work, bits_of};

#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512cd,fma,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Avx512>()
}

/// Only [`run`] makes them.
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
        unsafe { _mm512_castpd_ps(_mm512_set1_pd(bits_of(pair))) }
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
