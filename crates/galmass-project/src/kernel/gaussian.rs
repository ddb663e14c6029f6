//! A Gaussian that ends, in space and in projection.

/// Half the square of the radius of the support in standard deviations: the support is three of them.
const HALF_SQUARE: f64 = 4.5;

/// The value in space of the whole Gaussian at the rim that makes the integral 1, in units of 1 / H^3.
const AT_RIM: f64 = 0.021_375_799_254_646_723;

/// Terms of the series. At the centre, where it converges slowest, the last one is 1e-18 of the sum.
const TERMS: usize = 37;

/// The Gaussian at `u = r / H`, in units of 1 / H^3: e^(-9 u^2 / 2), less its value at the rim.
pub(super) fn spatial(u: f64) -> f64 {
    let inside = (1.0 - u) * (1.0 + u);
    if inside <= 0.0 { 0.0 } else { AT_RIM * (HALF_SQUARE * inside).exp_m1() }
}

/// The same integrated along the line of sight, at `u = R / H`, in units of 1 / H^2.
///
/// With Z = sqrt(1 - u^2) half the integral is e^(a Z^2) (integral of e^(-a z^2) from 0 to Z) - Z, a = 9 / 2, times the
/// value at the rim: Dawson's integral of imaginary argument, whose series has positive terms only,
///
/// ```text
/// Z * sum over n >= 1 of  (2 a Z^2)^n / (3 * 5 * ... * (2 n + 1))
/// ```
pub(super) fn projected(u: f64) -> f64 {
    let inside = (1.0 - u) * (1.0 + u);
    if inside <= 0.0 {
        return 0.0;
    }
    let x = 2.0 * HALF_SQUARE * inside;
    let tail = (2..=TERMS).rev().fold(1.0, |tail, n| 1.0 + tail * x / (2 * n + 1) as f64);
    2.0 * AT_RIM * inside.sqrt() * (x / 3.0) * tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_values_of_a_computer_algebra_system() {
        // mpmath 1.3.0 at 40 digits, by the integral over depth.
        for (u, expected) in [
            (0.0, 1.560649283),
            (0.3, 1.027026999),
            (0.7, 0.1410232671),
            (0.9, 0.0153407717),
            (0.999, 1.1504207e-5),
        ] {
            let ratio: f64 = projected(u) / expected;
            assert!((ratio - 1.0).abs() < 1e-7, "{u}: {ratio}");
        }
    }

    #[test]
    fn it_is_a_gaussian_of_a_third_of_the_support_to_the_value_at_its_rim() {
        let whole = |u: f64| spatial(u) + AT_RIM;
        for u in [0.0, 0.2, 1.0 / 3.0, 0.8] {
            assert!((whole(u) / whole(0.0) - (-4.5 * u * u).exp()).abs() < 1e-15);
        }
        assert!(AT_RIM / whole(0.0) < 0.0112);
    }
}
