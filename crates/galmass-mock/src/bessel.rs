//! Modified Bessel functions, which the rotation curve of an exponential disc is made of.
//!
//! Polynomials of Abramowitz & Stegun (1972), eqs 9.8.1 to 9.8.8, of relative error below 1e-6.

/// `I_0(x)`, `I_1(x)`, `K_0(x)` and `K_1(x)` at one `x > 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ModifiedBessel {
    pub(crate) i0: f64,
    pub(crate) i1: f64,
    pub(crate) k0: f64,
    pub(crate) k1: f64,
}

impl ModifiedBessel {
    /// Evaluates all four at `x`, which is above 0 and below 700 (where `I` leaves the range of numbers).
    pub(crate) fn at(x: f64) -> Self {
        let (i0, i1) = growing(x);
        let (k0, k1) = if x <= 2.0 { falling_small(x, i0, i1) } else { falling_large(x) };
        Self { i0, i1, k0, k1 }
    }
}

fn growing(x: f64) -> (f64, f64) {
    if x <= 3.75 {
        let t = (x / 3.75).powi(2);
        let i0 = polynomial(
            t,
            &[1.0, 3.515_622_9, 3.089_942_4, 1.206_749_2, 0.265_973_2, 0.036_076_8, 0.004_581_3],
        );
        let i1 = x * polynomial(
            t,
            &[0.5, 0.878_905_94, 0.514_988_69, 0.150_849_34, 0.026_587_33, 0.003_015_32, 0.000_324_11],
        );
        (i0, i1)
    } else {
        let t = 3.75 / x;
        let scale = x.exp() / x.sqrt();
        let i0 = polynomial(
            t,
            &[
                0.398_942_28,
                0.013_285_92,
                0.002_253_19,
                -0.001_575_65,
                0.009_162_81,
                -0.020_577_06,
                0.026_355_37,
                -0.016_476_33,
                0.003_923_77,
            ],
        );
        let i1 = polynomial(
            t,
            &[
                0.398_942_28,
                -0.039_880_24,
                -0.003_620_18,
                0.001_638_01,
                -0.010_315_55,
                0.022_829_67,
                -0.028_953_12,
                0.017_876_54,
                -0.004_200_59,
            ],
        );
        (scale * i0, scale * i1)
    }
}

fn falling_small(x: f64, i0: f64, i1: f64) -> (f64, f64) {
    let t = (x / 2.0).powi(2);
    let log = (x / 2.0).ln();
    let k0 = polynomial(
        t,
        &[-0.577_215_66, 0.422_784_20, 0.230_697_56, 0.034_885_90, 0.002_626_98, 0.000_107_50, 0.000_007_40],
    );
    let x_k1 = polynomial(
        t,
        &[1.0, 0.154_431_44, -0.672_785_79, -0.181_568_97, -0.019_194_02, -0.001_104_04, -0.000_046_86],
    );
    (k0 - log * i0, x_k1 / x + log * i1)
}

fn falling_large(x: f64) -> (f64, f64) {
    let t = 2.0 / x;
    let scale = (-x).exp() / x.sqrt();
    let k0 = polynomial(
        t,
        &[
            1.253_314_14,
            -0.078_323_58,
            0.021_895_68,
            -0.010_624_46,
            0.005_878_72,
            -0.002_515_40,
            0.000_532_08,
        ],
    );
    let k1 = polynomial(
        t,
        &[
            1.253_314_14,
            0.234_986_19,
            -0.036_556_20,
            0.015_042_68,
            -0.007_803_53,
            0.003_256_14,
            -0.000_682_45,
        ],
    );
    (scale * k0, scale * k1)
}

/// The sum of `coefficients[k] t^k`, by Horner's scheme.
fn polynomial(t: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The error bound that Abramowitz & Stegun give, relative to the function.
    const TOLERANCE: f64 = 1e-6;

    /// The integrals that define the functions (Abramowitz & Stegun, eqs 9.6.19 and 9.6.24), by the trapezium
    /// rule, which converges faster than any power of the step on both.
    fn reference(x: f64) -> ModifiedBessel {
        let n = 400;
        let half_circle = |f: &dyn Fn(f64) -> f64| {
            let step = PI / f64::from(n);
            let inside: f64 = (1..n).map(|k| f(f64::from(k) * step)).sum();
            (inside + 0.5 * (f(0.0) + f(PI))) / f64::from(n)
        };
        let half_line = |f: &dyn Fn(f64) -> f64| {
            let step = 0.02;
            step * ((1..1000).map(|k| f(f64::from(k) * step)).sum::<f64>() + 0.5 * f(0.0))
        };
        ModifiedBessel {
            i0: half_circle(&|t| (x * t.cos()).exp()),
            i1: half_circle(&|t| (x * t.cos()).exp() * t.cos()),
            k0: half_line(&|t| (-x * t.cosh()).exp()),
            k1: half_line(&|t| (-x * t.cosh()).exp() * t.cosh()),
        }
    }

    #[test]
    fn polynomials_agree_with_the_integrals() {
        for x in [1e-3, 0.1, 0.5, 1.0, 1.9, 2.1, 3.7, 3.8, 6.0, 12.0, 40.0] {
            let (found, expected) = (ModifiedBessel::at(x), reference(x));
            for (name, found, expected) in [
                ("I0", found.i0, expected.i0),
                ("I1", found.i1, expected.i1),
                ("K0", found.k0, expected.k0),
                ("K1", found.k1, expected.k1),
            ] {
                assert!((found / expected - 1.0).abs() < TOLERANCE, "{name}({x}) = {found}, not {expected}");
            }
        }
    }
}
