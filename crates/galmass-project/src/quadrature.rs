//! Gauss-Legendre quadrature.

use std::f64::consts::PI;

/// The nodes and weights of Gauss-Legendre quadrature of `N` points on \[0, 1\], in ascending order.
///
/// Newton's method on the Legendre polynomial, from Chebyshev-like first guesses (Press et al. 2007, section 4.6).
pub(crate) fn gauss_legendre<const N: usize>() -> [(f64, f64); N] {
    std::array::from_fn(|index| {
        let mut x = -(PI * (index as f64 + 0.75) / (N as f64 + 0.5)).cos();
        // Newton doubles the digits each time: from three to all of them in four, and one to be sure.
        for _ in 0..5 {
            let (value, slope) = legendre(N, x);
            x -= value / slope;
        }
        let (_, slope) = legendre(N, x);
        (0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope))
    })
}

/// The Legendre polynomial of a degree of at least 1 and its derivative, at -1 < x < 1.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=degree {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, degree as f64 * (before - x * value) / (1.0 - x * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_points_are_the_ones_everybody_knows() {
        let [(low, first), (high, second)] = gauss_legendre::<2>();
        let offset = 0.5 / 3f64.sqrt();
        assert!((low - (0.5 - offset)).abs() < 1e-15 && (high - (0.5 + offset)).abs() < 1e-15);
        assert!((first - 0.5).abs() < 1e-15 && (second - 0.5).abs() < 1e-15);
    }

    #[test]
    fn n_points_integrate_powers_up_to_2n_minus_1() {
        let nodes = gauss_legendre::<16>();
        for power in 0..32 {
            let integral: f64 = nodes.iter().map(|&(t, weight)| weight * t.powi(power)).sum();
            assert!((integral - 1.0 / f64::from(power + 1)).abs() < 1e-15, "power {power}: {integral}");
        }
    }
}
