//! Logarithm and exponential in plain arithmetic, so that a loop of them becomes vectors.
//!
//! Both are within two units of the last place of the library's over the whole range that a Sersic model asks for.

use std::f64::consts::{LOG2_E, SQRT_2};

use galmass_core::simd::fma;

/// ln 2 in two parts; the first has so few digits that its product with an exponent is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// Adding it rounds to an integer, which then stands in the last bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// 2^52, below whose leading bit an integer may be written.
const EXPONENT: u64 = 0x4330_0000_0000_0000;

/// The exponent of 1.
const BIAS: u64 = 1023;

/// `e^x` is held to the normal numbers.
const EXP_RANGE: [f64; 2] = [-708.0, 709.0];

/// 1/k! from k = 2.
const EXP_TERMS: [f64; 12] = {
    let mut terms = [0.5; 12];
    let mut k = 1;
    while k < terms.len() {
        terms[k] = terms[k - 1] / (k + 2) as f64;
        k += 1;
    }
    terms
};

/// `e^x`; 3e-308 for x below -708, where it would no longer be a normal number, and `e^709` above 709.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f64) -> f64 {
    let x = x.clamp(EXP_RANGE[0], EXP_RANGE[1]);
    let shifted = fma::<FMA>(x, LOG2_E, ROUND);
    let power = shifted - ROUND;
    let r = fma::<FMA>(-power, LN_2[1], fma::<FMA>(-power, LN_2[0], x));
    // Estrin's scheme: short chains of dependent products.
    let [c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13] = EXP_TERMS;
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = fma::<FMA>(r2, fma::<FMA>(r, c5, c4), fma::<FMA>(r, c3, c2));
    let middle = fma::<FMA>(r2, fma::<FMA>(r, c9, c8), fma::<FMA>(r, c7, c6));
    let high = fma::<FMA>(r2, fma::<FMA>(r, c13, c12), fma::<FMA>(r, c11, c10));
    let series = fma::<FMA>(r4, fma::<FMA>(r4, high, middle), low);
    let fraction = 1.0 + fma::<FMA>(r2, series, r);
    fraction * f64::from_bits(shifted.to_bits().wrapping_add(BIAS) << 52)
}

/// 2/(2k + 1) from k = 1.
const LN_TERMS: [f64; 10] = {
    let mut terms = [0.0; 10];
    let mut k = 0;
    while k < terms.len() {
        terms[k] = 2.0 / (2 * k + 3) as f64;
        k += 1;
    }
    terms
};

/// `ln x` of a positive normal number.
#[inline(always)]
pub(super) fn ln<const FMA: bool>(x: f64) -> f64 {
    const HALF_RANGE: u64 = 0x3ff0_0000_0000_0000 - (SQRT_2 / 2.0).to_bits();
    let bits = x.to_bits();
    // The power of two that leaves a number between the roots of 1/2 and of 2; no signed shift, no conversion of
    // integers: older vectors have neither.
    let biased = bits.wrapping_add(HALF_RANGE) >> 52;
    let power = f64::from_bits(EXPONENT | biased) - (4_503_599_627_370_496.0 + BIAS as f64);
    let fraction = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(BIAS) << 52));
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let z2 = z * z;
    let z4 = z2 * z2;
    let [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10] = LN_TERMS;
    let low = fma::<FMA>(z2, fma::<FMA>(z, c4, c3), fma::<FMA>(z, c2, c1));
    let high = fma::<FMA>(z2, fma::<FMA>(z, c8, c7), fma::<FMA>(z, c6, c5));
    let series = fma::<FMA>(z4, fma::<FMA>(z4, fma::<FMA>(z, c10, c9), high), low);
    // ln (1 + f) = f - s (f - z series), the leading term without rounding.
    let rest = s * fma::<FMA>(-z, series, f);
    fma::<FMA>(power, LN_2[0], f - fma::<FMA>(-power, LN_2[1], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two units of the last place.
    const ROUNDING: f64 = 2.0 * f64::EPSILON;

    #[test]
    fn the_exponential_is_that_of_the_library() {
        for i in -70_800..=70_900 {
            let x = f64::from(i) * 0.01 + 1e-3 * f64::from(i).sin();
            let x = x.clamp(EXP_RANGE[0], EXP_RANGE[1]);
            for found in [exp::<true>(x), exp::<false>(x)] {
                assert!((found / x.exp() - 1.0).abs() < ROUNDING, "exp {x}: {found}");
            }
        }
        assert_eq!(exp::<true>(0.0), 1.0);
        assert!(exp::<true>(-1e300) < 1e-307 && exp::<true>(-1e300) > 0.0);
        assert!(exp::<false>(f64::INFINITY).is_finite());
    }

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        for i in -70_000..=70_000 {
            // Close to 1 too, where the logarithm vanishes.
            for x in [(f64::from(i) * 0.01).exp(), 1.0 + f64::from(i) * 1e-5_f64.powi(1 + i % 2).abs()] {
                if x < f64::MIN_POSITIVE {
                    continue;
                }
                for found in [ln::<true>(x), ln::<false>(x)] {
                    let error = (found - x.ln()).abs();
                    assert!(error <= ROUNDING * x.ln().abs(), "ln {x}: {found}");
                }
            }
        }
        assert_eq!(ln::<true>(1.0), 0.0);
    }
}
