//! The scale `b_n` of a Sersic profile: what makes its effective radius hold half of the light.

use std::f64::consts::LN_2;
use std::ops::RangeInclusive;

use statrs::function::gamma::{digamma, gamma_lr, ln_gamma};

/// The Sersic indices for which [`sersic_b`] is exact, and to which profiles and fits are held.
pub const SERSIC_INDEX_RANGE: RangeInclusive<f64> = 0.05..=200.0;

/// From this index on the first term that the series leaves out, `4.5e-4 / (2n)^5`, is below the rounding of `b_n`.
const SERIES_ALONE: f64 = 40.0;

/// Below this index the series is no better than the leading term of the incomplete gamma function.
const SERIES_USELESS: f64 = 0.36;

/// Newton's method is quadratic: after a relative step of this size the error is that of rounding.
const LAST_STEP: f64 = 1e-8;

/// The scale `b_n` of the Sersic profile of index `index`: `gamma(2n, b_n) = Gamma(2n) / 2`, so that the effective
/// radius holds half of the light.
///
/// `b_n` is the median of the gamma distribution of shape 2n. Its asymptotic series (Choi 1994) stands alone from
/// n = 40 on; below that, Newton's method on the logarithm of the regularised incomplete gamma function ends within
/// 3e-14 of it. The series as Ciotti & Bertin (1999), equation 18, are quoted for it has other terms from `n^-3` on,
/// which are off: the `131/1148175` should be `281/3444525`.
///
/// `None` outside [`SERSIC_INDEX_RANGE`] and for NaN.
///
/// # Examples
/// ```
/// use galmass_stats::sersic_b;
///
/// // n = 1/2 is a Gaussian, whose half-light radius is known in closed form.
/// assert!((sersic_b(0.5).unwrap() - 2.0_f64.ln()).abs() < 1e-15);
/// assert!((sersic_b(4.0).unwrap() - 7.669_249_442_500_804).abs() < 1e-12);
/// assert_eq!(sersic_b(1000.0), None);
/// ```
///
/// # References
/// Choi (1994), Proc. Amer. Math. Soc. 121, 245; Ciotti & Bertin (1999), A&A 352, 447.
pub fn sersic_b(index: f64) -> Option<f64> {
    SERSIC_INDEX_RANGE.contains(&index).then(|| solve(index))
}

/// As [`sersic_b`], for an index known to be in range.
pub(super) fn solve(index: f64) -> f64 {
    let a = 2.0 * index;
    if index >= SERIES_ALONE {
        return series(a);
    }
    let mut b = if index > SERIES_USELESS { series(a) } else { ((ln_gamma(a + 1.0) - LN_2) / a).exp() };
    // In ln P of ln b, which is concave: from either start the steps fall short or land to the left and rise.
    for _ in 0..30 {
        let step = (gamma_lr(a, b).ln() + LN_2) * fraction_over_density(a, b) / b;
        b *= (-step).exp();
        if step.abs() < LAST_STEP {
            break;
        }
    }
    b
}

/// The median of the gamma distribution of shape `a` for large `a`.
fn series(a: f64) -> f64 {
    let terms = [8.0 / 405.0, 184.0 / 25_515.0, 2_248.0 / 3_444_525.0, -19_006_408.0 / 15_345_358_875.0];
    a - 1.0 / 3.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / a)
}

/// `P / (dP/dx)` of the regularised incomplete gamma function P(a, x): the sum of `x^(k+1) / (a (a+1) ... (a+k))`,
/// all terms of which are positive, so that nothing cancels or overflows.
///
/// At `x = b_n`, where P is 1/2, it stands for the factor of the total flux: `e^b b^(-2n) Gamma(2n) = 2 S / b`.
pub(super) fn fraction_over_density(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (x / a, 0.0, 0.0);
    while term > f64::EPSILON * 0.1 * sum {
        sum += term;
        k += 1.0;
        term *= x / (a + k);
    }
    sum
}

/// `d b_n / d n`, from the derivatives of P(2n, b) = 1/2 by both arguments: the series of
/// [`fraction_over_density`], differentiated term by term.
pub(super) fn slope(index: f64, b: f64) -> f64 {
    let a = 2.0 * index;
    let (mut term, mut sum, mut k, mut psi) = (b / a, 0.0, 0.0, digamma(a + 1.0));
    // For b below its shape every term has the sign of the first: ln b < psi(a + 1).
    loop {
        let by_shape = term * (psi - b.ln());
        sum += by_shape;
        if by_shape.is_nan() || by_shape <= f64::EPSILON * 0.1 * sum {
            return 2.0 * sum;
        }
        k += 1.0;
        term *= b / (a + k);
        psi += 1.0 / (a + k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n`, `b_n` and `d b_n / d n`, by mpmath 1.3.0 with 40 digits: Newton on `gammainc(2n, 0, b, regularized=True)`.
    const REFERENCE: [(f64, f64, f64); 15] = [
        (0.05, 0.000_593_391_104_460_225_9, 0.083_195_484_729_689),
        (0.1, 0.020_746_339_192_824_84, 0.760_053_730_166_63),
        (0.2, 0.145_078_141_643_435_25, 1.564_314_134_949_4),
        (0.36, 0.426_062_166_786_737_5, 1.867_931_314_866_3),
        (0.5, LN_2, 1.936_089_660_884_1),
        (1.0, 1.678_346_990_016_660_6, 1.986_589_787_452_2),
        (2.0, 3.672_060_748_850_896, 1.997_075_099_735_3),
        (4.0, 7.669_249_442_500_804, 1.999_325_736_156_7),
        (10.0, 19.667_672_423_305_67, 1.999_897_607_532_6),
        (20.0, 39.667_165_010_689_1, 1.999_974_856_494_9),
        (30.0, 59.666_997_890_877_92, 1.999_988_892_228_5),
        (36.0, 71.666_942_407_887_86, 1.999_992_301_786_8),
        (50.0, 99.666_864_919_315_49, 1.999_996_020_498_8),
        (100.0, 199.666_765_612_465_67, 1.999_999_008_737_5),
        (200.0, 399.666_716_094_464_4, 1.999_999_752_635_6),
    ];

    #[test]
    fn it_is_the_median_of_the_gamma_distribution() {
        for (n, b, by_n) in REFERENCE {
            let found = sersic_b(n).unwrap();
            assert!((found / b - 1.0).abs() < 3e-14, "n = {n}: {found}, not {b}");
            let found = slope(n, b);
            assert!((found / by_n - 1.0).abs() < 1e-12, "n = {n}: db/dn = {found}, not {by_n}");
        }
    }

    #[test]
    fn half_of_the_light_is_inside_over_the_whole_range() {
        let (low, high) = (0.05_f64.ln(), 200.0_f64.ln());
        for i in 0..=2000 {
            let n = (low + (high - low) * f64::from(i) / 2000.0).exp().clamp(0.05, 200.0);
            let half = gamma_lr(2.0 * n, sersic_b(n).unwrap());
            assert!((half - 0.5).abs() < 1e-12, "n = {n}: {half}");
        }
    }

    #[test]
    fn the_published_approximations_agree_within_their_errors() {
        for (n, b) in [(1.0, 1.678_389), (2.0, 3.672_065), (4.0, 7.669_249), (10.0, 19.667_673)] {
            // Printed with the series of Ciotti & Bertin, 4e-5 off at n = 1.
            assert!((sersic_b(n).unwrap() - b).abs() < 5e-5);
        }
        // MacArthur, Courteau & Holtzman (2003), equation A1.
        let n = 0.3_f64;
        let quartic = 0.01945 - 0.8902 * n + 10.95 * n.powi(2) - 19.67 * n.powi(3) + 13.43 * n.powi(4);
        assert!((sersic_b(n).unwrap() - quartic).abs() < 2e-3);
    }

    #[test]
    fn there_is_none_outside_the_range() {
        for n in [0.049, 200.1, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(sersic_b(n), None);
        }
    }
}
