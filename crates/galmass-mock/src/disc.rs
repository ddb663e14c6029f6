//! The exponential disc.

use std::f64::consts::PI;

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::bessel::ModifiedBessel;

/// A disc of surface density `Sigma(R) = M / (2 pi Rd^2) exp(-R / Rd)` and of vertical density
/// `sech^2(z / z0)`, the isothermal sheet of Spitzer (1942).
///
/// It appears in two ways in the total potential. Rotation in the plane follows the exact field of the thin
/// disc (Freeman 1970); a spheroid around it feels the disc's mass spread over spheres, `M(<R)` at `r = R`
/// (Hernquist 1993, section 2.2), which keeps its equilibrium a problem of one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExponentialDisc {
    mass_msun: f64,
    scale_kpc: f64,
    height_kpc: f64,
}

/// The smallest distance of a fraction of the mass from 0 and 1: deviates of exactly 0 stay off the centre,
/// where Bessel functions diverge, and off infinity.
const SMALLEST_FRACTION: f64 = 1e-16;

/// `x = R / Rd` beyond which the thin disc is a point mass to the accuracy of the Bessel functions.
const FAR: f64 = 60.0;

impl ExponentialDisc {
    /// The cylindrical half-mass radius in scale lengths: the solution of `(1 + x) exp(-x) = 1/2`.
    pub(crate) const HALF_MASS_RADIUS: f64 = 1.678_347;

    /// A disc of a mass, with a scale length Rd and a scale height z0 \[kpc\].
    pub(crate) fn new(mass_msun: f64, scale_kpc: f64, height_kpc: f64) -> Self {
        Self { mass_msun, scale_kpc, height_kpc }
    }

    /// The scale length Rd \[kpc\].
    pub(crate) fn scale_kpc(&self) -> f64 {
        self.scale_kpc
    }

    /// The scale height z0 \[kpc\].
    pub(crate) fn height_kpc(&self) -> f64 {
        self.height_kpc
    }

    /// The surface density \[Msun/kpc^2\] at a cylindrical radius.
    pub(crate) fn surface_density(&self, r_kpc: f64) -> f64 {
        self.mass_msun / (2.0 * PI * self.scale_kpc.powi(2)) * (-r_kpc / self.scale_kpc).exp()
    }

    /// The mass \[Msun\] inside a cylinder, or a sphere once the disc is spread over spheres.
    pub(crate) fn enclosed_mass(&self, r_kpc: f64) -> f64 {
        self.mass_msun * fraction_inside(r_kpc / self.scale_kpc)
    }

    /// The potential \[(km/s)^2\] of the disc spread over spheres: `-(G M / r) (1 - exp(-r / Rd))`.
    pub(crate) fn spherical_potential(&self, r_kpc: f64) -> f64 {
        G * self.mass_msun / r_kpc * (-r_kpc / self.scale_kpc).exp_m1()
    }

    /// The square of the circular speed \[(km/s)^2\] in the plane of the thin disc, and its derivative by
    /// radius \[(km/s)^2/kpc\]: `v^2 = 4 pi G Sigma_0 Rd y^2 [I0 K0 - I1 K1]` at `y = R / 2 Rd` (Freeman
    /// 1970; Binney & Tremaine 2008, eq. 2.165).
    pub(crate) fn circular_speed_squared(&self, r_kpc: f64) -> [f64; 2] {
        if r_kpc > FAR * self.scale_kpc {
            let squared = G * self.mass_msun / r_kpc;
            return [squared, -squared / r_kpc];
        }
        let y = r_kpc / (2.0 * self.scale_kpc);
        let ModifiedBessel { i0, i1, k0, k1 } = ModifiedBessel::at(y);
        let unit = 2.0 * G * self.mass_msun / self.scale_kpc;
        let squared = unit * y * y * (i0 * k0 - i1 * k1);
        let by_y = unit * 2.0 * y * (i0 * k0 + y * (i1 * k0 - i0 * k1));
        [squared, by_y / (2.0 * self.scale_kpc)]
    }

    /// The cylindrical radius \[kpc\] inside which the fraction `0 <= fraction < 1` of the mass lies.
    pub(crate) fn radius_of_fraction(&self, fraction: f64) -> f64 {
        self.scale_kpc * scaled_radius_of_fraction(fraction.max(SMALLEST_FRACTION))
    }

    /// The height \[kpc\] below which the fraction `0 <= fraction < 1` of the mass lies.
    pub(crate) fn height_of_fraction(&self, fraction: f64) -> f64 {
        self.height_kpc * (2.0 * fraction.max(SMALLEST_FRACTION) - 1.0).atanh()
    }
}

/// The part of the mass inside `x` scale lengths: `1 - (1 + x) exp(-x)`.
fn fraction_inside(x: f64) -> f64 {
    // `exp_m1` keeps the digits that the difference of two numbers near 1 would lose.
    -(-x).exp_m1() - x * (-x).exp()
}

/// Solves `1 - (1 + x) exp(-x) = fraction` by Newton's method, held inside a shrinking bracket.
fn scaled_radius_of_fraction(fraction: f64) -> f64 {
    let [mut low, mut high] = [0.0, 50.0];
    // The limit of small x: fraction = x^2 / 2.
    let mut x = (2.0 * fraction).sqrt();
    for _ in 0..100 {
        let excess = fraction_inside(x) - fraction;
        if excess > 0.0 {
            high = x
        } else {
            low = x
        }
        let newton = x - excess / (x * (-x).exp());
        let next = if (low..=high).contains(&newton) { newton } else { 0.5 * (low + high) };
        if (next - x).abs() <= 1e-9 * x {
            return next;
        }
        x = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISC: ExponentialDisc = ExponentialDisc { mass_msun: 4.0e10, scale_kpc: 3.0, height_kpc: 0.6 };

    #[test]
    fn radius_of_fraction_inverts_the_enclosed_mass() {
        for fraction in [1e-12, 1e-3, 0.2, 0.5, 0.9, 0.999_999, 1.0 - 1e-12] {
            let inside = DISC.enclosed_mass(DISC.radius_of_fraction(fraction)) / 4.0e10;
            assert!((inside - fraction).abs() < 1e-11 * fraction + 1e-15, "{fraction}: {inside}");
        }
        assert!((DISC.radius_of_fraction(0.5) / 3.0 - ExponentialDisc::HALF_MASS_RADIUS).abs() < 1e-6);
    }

    #[test]
    fn the_extreme_uniform_deviates_still_have_a_place() {
        let largest = 1.0 - f64::EPSILON / 2.0;
        assert!(DISC.radius_of_fraction(0.0) > 0.0 && DISC.radius_of_fraction(largest) < 150.0);
        assert!(DISC.height_of_fraction(0.0) > -15.0 && DISC.height_of_fraction(largest) < 15.0);
    }

    #[test]
    fn heights_follow_the_isothermal_sheet() {
        assert_eq!(DISC.height_of_fraction(0.5), 0.0);
        // tanh(1) = 0.76159: the mass below z0 is (1 + tanh 1) / 2.
        assert!((DISC.height_of_fraction(0.5 + 0.5 * 1f64.tanh()) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn the_rotation_curve_is_that_of_freeman() {
        // It peaks at 2.15 Rd, 15 per cent above the spherical body with the same M(<r), and turns Keplerian.
        let [speed_squared, slope] = DISC.circular_speed_squared(2.15 * 3.0);
        assert!(slope.abs() * 3.0 < 2e-2 * speed_squared);
        let spherical = G * DISC.enclosed_mass(2.15 * 3.0) / (2.15 * 3.0);
        assert!(((speed_squared / spherical).sqrt() - 1.15).abs() < 0.01);
        let far = 59.0 * 3.0;
        assert!((DISC.circular_speed_squared(far)[0] * far / (G * 4.0e10) - 1.0).abs() < 5e-3);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for r in [0.3, 2.0, 9.0, 30.0] {
            let h = 1e-3 * r;
            let rise = DISC.circular_speed_squared(r + h)[0] - DISC.circular_speed_squared(r - h)[0];
            let [squared, slope] = DISC.circular_speed_squared(r);
            // The polynomials of the Bessel functions are good to 1e-6, their differences to 1e-3.
            assert!((rise / (2.0 * h) - slope).abs() < 5e-3 * squared / r, "{r}");
            let force = (DISC.spherical_potential(r + h) - DISC.spherical_potential(r - h)) / (2.0 * h);
            assert!((force * r * r / (G * DISC.enclosed_mass(r)) - 1.0).abs() < 1e-5, "{r}");
        }
    }
}
