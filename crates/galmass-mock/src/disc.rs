//! The exponential disc.

use std::f64::consts::PI;

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::bessel::ModifiedBessel;
use crate::disc_thickness::{Weakening, Where};

/// A disc of surface density `Sigma(R) = M / (2 pi Rd^2) exp(-R / Rd)` and of vertical density
/// `sech^2(z / z0)`, the isothermal sheet of Spitzer (1942).
///
/// It appears in two ways in the total potential. Rotation in the plane follows the exact field of the thick disc; a
/// spheroid around it feels the disc's mass averaged over spheres (Hernquist 1993, section 2.2), which keeps its
/// equilibrium a problem of one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExponentialDisc {
    mass_msun: f64,
    scale_kpc: f64,
    height_kpc: f64,
}

/// The smallest distance of a fraction of the mass from 0 and 1: deviates of exactly 0 stay off the centre,
/// where Bessel functions diverge, and off infinity.
const SMALLEST_FRACTION: f64 = 1e-16;

/// The positive nodes of Gauss' rule of eight points, and their weights.
const GAUSS_8: [[f64; 2]; 4] = [
    [0.183_434_642_495_649_8, 0.362_683_783_378_362],
    [0.525_532_409_916_329, 0.313_706_645_877_887_3],
    [0.796_666_477_413_626_7, 0.222_381_034_453_374_5],
    [0.960_289_856_497_536_3, 0.101_228_536_290_376_3],
];

/// The height above which there is as good as nothing, in scale heights.
const HIGHEST: f64 = 12.0;

/// `x = R / Rd` beyond which the thin disc is a point mass to the accuracy of the Bessel functions.
const FAR: f64 = 60.0;

impl ExponentialDisc {
    /// The cylindrical half-mass radius in scale lengths: the solution of `(1 + x) exp(-x) = 1/2`.
    pub(crate) const HALF_MASS_RADIUS: f64 = 1.678_347;

    /// A disc of a mass, with a scale length Rd and a scale height z0 \[kpc\].
    pub(crate) fn new(mass_msun: f64, scale_kpc: f64, height_kpc: f64) -> Self {
        Self { mass_msun, scale_kpc, height_kpc }
    }

    /// The mass \[Msun\].
    pub(crate) fn mass_msun(&self) -> f64 {
        self.mass_msun
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

    /// The mean density \[Msun/kpc^3\] on a sphere: the integral of `rho(sqrt(r^2 - z^2), z) / r` over z from the plane to
    /// the pole, by Gauss' rule on two panels.
    pub(crate) fn mean_density(&self, r_kpc: f64) -> f64 {
        let pole = r_kpc.min(HIGHEST * self.height_kpc);
        let on_panel = |start: f64, end: f64| -> f64 {
            let half = 0.5 * (end - start);
            GAUSS_8
                .iter()
                .flat_map(|&[x, weight]| {
                    [(start + half * (1.0 + x), weight), (start + half * (1.0 - x), weight)]
                })
                .map(|(z, weight)| {
                    let surface_density = self.surface_density((r_kpc * r_kpc - z * z).sqrt());
                    half * weight * surface_density / (z / self.height_kpc).cosh().powi(2)
                })
                .sum()
        };
        let middle = 0.3 * pole;
        (on_panel(0.0, middle) + on_panel(middle, pole)) / (2.0 * self.height_kpc * r_kpc)
    }

    /// The square of the circular speed \[(km/s)^2\] in the plane if the disc were thin:
    /// `v^2 = 4 pi G Sigma_0 Rd y^2 [I0 K0 - I1 K1]` at `y = R / 2 Rd` (Freeman 1970; Binney & Tremaine 2008, eq.
    /// 2.165).
    fn thin_circular_speed_squared(&self, r_kpc: f64) -> f64 {
        if r_kpc > FAR * self.scale_kpc {
            return G * self.mass_msun / r_kpc;
        }
        let y = r_kpc / (2.0 * self.scale_kpc);
        let ModifiedBessel { i0, i1, k0, k1 } = ModifiedBessel::at(y);
        2.0 * G * self.mass_msun / self.scale_kpc * y * y * (i0 * k0 - i1 * k1)
    }

    /// The squares of the circular speeds \[(km/s)^2\] in the field of the thick disc.
    pub(crate) fn circular_speeds_squared(&self, radii_kpc: &[f64], place: Where) -> Vec<f64> {
        let weakening = Weakening::of_height(self.height_kpc / self.scale_kpc, place);
        let at = |&r: &f64| weakening.at(r / self.scale_kpc) * self.thin_circular_speed_squared(r);
        radii_kpc.iter().map(at).collect()
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
pub(crate) fn fraction_inside(x: f64) -> f64 {
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
            let inside = fraction_inside(DISC.radius_of_fraction(fraction) / 3.0);
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
    fn the_thin_rotation_curve_is_that_of_freeman() {
        // It peaks at 2.15 Rd, 15 per cent above the spherical body with the same M(<r), and turns Keplerian.
        let speed_squared = |x: f64| DISC.thin_circular_speed_squared(3.0 * x);
        let peak = speed_squared(2.15);
        assert!(speed_squared(2.05) < peak && speed_squared(2.25) < peak);
        let spherical = G * 4.0e10 * fraction_inside(2.15) / (2.15 * 3.0);
        assert!(((peak / spherical).sqrt() - 1.15).abs() < 0.01);
        assert!((speed_squared(59.0) * 59.0 * 3.0 / (G * 4.0e10) - 1.0).abs() < 5e-3);
    }

    #[test]
    fn a_thick_disc_pulls_less_inside_and_as_much_outside() {
        let radii = [0.6, 3.0, 30.0];
        let thick = DISC.circular_speeds_squared(&radii, Where::InThePlane);
        let ratios: Vec<f64> =
            radii.iter().zip(thick).map(|(&r, thick)| thick / DISC.thin_circular_speed_squared(r)).collect();
        assert!(ratios.is_sorted() && ratios[0] < 0.8 && (ratios[2] - 1.0).abs() < 0.01, "{ratios:?}");
    }

    #[test]
    fn spheres_of_the_disc_add_up_to_its_mass() {
        for disc in
            [DISC, ExponentialDisc { height_kpc: 0.05, ..DISC }, ExponentialDisc { height_kpc: 3.0, ..DISC }]
        {
            let step = 0.01;
            let shells = (-1000..600).map(|k| 3.0 * (step * f64::from(k)).exp());
            let mass: f64 = shells.map(|r| step * 4.0 * PI * r.powi(3) * disc.mean_density(r)).sum();
            assert!((mass / 4.0e10 - 1.0).abs() < 1e-3, "{disc:?}: {mass}");
        }
    }
}
