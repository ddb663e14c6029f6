//! Adding particles to the sums of their pixels: in words that every processor knows, and in those of AVX-512.

use super::bins::Bins;

/// How many particles are added at a time.
pub(super) const GROUP: usize = 8;

/// How the particles of a group are added, in their order.
pub(super) trait Count {
    /// # Safety
    /// There must be a bin for each of the pixels, and a reference for each bin.
    unsafe fn count(
        bins: &mut Bins,
        pixels: &[u32; GROUP],
        velocities: &[f64; GROUP],
        weights: &[f64; GROUP],
    );
}

/// For any processor.
pub(super) struct Plain;

impl Count for Plain {
    #[inline(always)]
    unsafe fn count(
        bins: &mut Bins,
        pixels: &[u32; GROUP],
        velocities: &[f64; GROUP],
        weights: &[f64; GROUP],
    ) {
        for i in 0..GROUP {
            // SAFETY: asked of the caller.
            unsafe { bins.add_one(pixels[i], velocities[i], weights[i]) };
        }
    }
}

/// For processors with AVX-512. To be used only where [`has_avx512`](galmass_core::simd::has_avx512) says so.
///
/// The terms of all particles are made at once, operation for operation as those of one, and turned so that those of a
/// particle lie side by side. It saves a tenth of the time of all.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Count for Avx512 {
    #[inline(always)]
    unsafe fn count(
        bins: &mut Bins,
        pixels: &[u32; GROUP],
        velocities: &[f64; GROUP],
        weights: &[f64; GROUP],
    ) {
        use super::bins::UNSEEN;
        use std::arch::x86_64::*;

        // SAFETY: the caller has made sure of the processor, and of bins and references for the pixels.
        unsafe {
            let indices = _mm256_loadu_si256(pixels.as_ptr().cast());
            let mut references = _mm512_i32gather_pd::<8>(indices, bins.references.as_ptr());
            let unseen = _mm512_set1_epi64(UNSEEN.to_bits().cast_signed());
            if _mm512_cmpeq_epi64_mask(_mm512_castpd_si512(references), unseen) != 0 {
                for (&pixel, &velocity) in pixels.iter().zip(velocities) {
                    let reference = bins.references.get_unchecked_mut(pixel as usize);
                    if reference.to_bits() == UNSEEN.to_bits() {
                        *reference = velocity;
                    }
                }
                references = _mm512_i32gather_pd::<8>(indices, bins.references.as_ptr());
            }
            let weight = _mm512_loadu_pd(weights.as_ptr());
            let relative = _mm512_sub_pd(_mm512_loadu_pd(velocities.as_ptr()), references);
            let first = _mm512_mul_pd(weight, relative);
            let second = _mm512_mul_pd(first, relative);
            let one = _mm512_set1_pd(1.0);

            // Pairs of the particles 0, 2, 4, 6 and of 1, 3, 5, 7; then fours of 0 and 4, 1 and 5, 2 and 6, 3 and 7.
            let pairs = [
                [_mm512_unpacklo_pd(weight, first), _mm512_unpacklo_pd(second, one)],
                [_mm512_unpackhi_pd(weight, first), _mm512_unpackhi_pd(second, one)],
            ];
            let (near, far) =
                (_mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15));
            let [of_04, of_15] = pairs.map(|[left, right]| _mm512_permutex2var_pd(left, near, right));
            let [of_26, of_37] = pairs.map(|[left, right]| _mm512_permutex2var_pd(left, far, right));
            let fours = [of_04, of_15, of_26, of_37];
            let lower = fours.map(|fours| _mm512_castpd512_pd256(fours));
            let upper = fours.map(|fours| _mm512_extractf64x4_pd::<1>(fours));
            for (half, pixels) in [lower, upper].iter().zip(pixels.as_chunks::<4>().0) {
                for (&terms, &pixel) in half.iter().zip(pixels) {
                    let bin = bins.bins.get_unchecked_mut(pixel as usize);
                    // As `compensated::add_aside`. Written apart, so that the next particle of the same pixel need not
                    // wait for the remainders.
                    let sums = _mm256_load_pd(bin.sums.as_ptr());
                    let totals = _mm256_add_pd(sums, terms);
                    _mm256_store_pd(bin.sums.as_mut_ptr(), totals);
                    let rounded_away = _mm256_sub_pd(terms, _mm256_sub_pd(totals, sums));
                    let remainders = _mm256_load_pd(bin.remainders.as_ptr());
                    _mm256_store_pd(bin.remainders.as_mut_ptr(), _mm256_add_pd(remainders, rounded_away));
                }
            }
        }
    }
}
