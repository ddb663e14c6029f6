//! The Hernquist sphere, which serves as bulge and as halo.

use std::f64::consts::PI;

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

/// A sphere of density `rho(r) = M a / (2 pi r (r + a)^3)` (Hernquist 1990, eq. 2).
///
/// The mass of the sphere has no edge, and a random star of it may lie a hundred thousand scale radii away.
/// So particles are sampled inside [`EDGE`](Self::EDGE) scale radii only, and `M` is chosen such that the
/// mass *there* is the one asked for. The 4 per cent beyond keep their (nearly uniform) potential, but have
/// no particles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hernquist {
    boundless_mass_msun: f64,
    scale_kpc: f64,
}

impl Hernquist {
    /// Where particles end, in scale radii.
    pub(crate) const EDGE: f64 = 50.0;

    /// Where particles begin, in scale radii: inside lies a fraction of 1e-8 of the mass.
    pub(crate) const CORE: f64 = 1e-4;

    /// The projected half-mass radius in scale radii (Hernquist 1990, eq. 38).
    pub(crate) const EFFECTIVE_RADIUS: f64 = 1.8153;

    /// A sphere with a given mass inside its edge.
    pub(crate) fn new(mass_msun: f64, scale_kpc: f64) -> Self {
        Self { boundless_mass_msun: mass_msun / Self::fraction_inside(Self::EDGE), scale_kpc }
    }

    /// A halo that has the inner density of the NFW halo with the same mass inside the virial radius:
    /// `a = r_s sqrt(2 [ln(1 + c) - c / (1 + c)])` (Springel, Di Matteo & Hernquist 2005, eq. 2).
    ///
    /// Taken in place of a truncated NFW halo because its mass is finite and its density, potential, enclosed
    /// mass and inverse are closed formulas; inside a galaxy the two are alike.
    pub(crate) fn like_nfw(mass_msun: f64, virial_radius_kpc: f64, concentration: f64) -> Self {
        let bracket = (1.0 + concentration).ln() - concentration / (1.0 + concentration);
        Self::new(mass_msun, virial_radius_kpc / concentration * (2.0 * bracket).sqrt())
    }

    /// The scale radius a \[kpc\].
    pub(crate) fn scale_kpc(&self) -> f64 {
        self.scale_kpc
    }

    /// The density \[Msun/kpc^3\].
    pub(crate) fn density(&self, r_kpc: f64) -> f64 {
        let a = self.scale_kpc;
        self.boundless_mass_msun * a / (2.0 * PI * r_kpc * (r_kpc + a).powi(3))
    }

    /// The derivative of the density by radius \[Msun/kpc^4\].
    pub(crate) fn density_gradient(&self, r_kpc: f64) -> f64 {
        -self.density(r_kpc) * (1.0 / r_kpc + 3.0 / (r_kpc + self.scale_kpc))
    }

    /// The mass inside a radius \[Msun\] (Hernquist 1990, eq. 3).
    pub(crate) fn enclosed_mass(&self, r_kpc: f64) -> f64 {
        self.boundless_mass_msun * Self::fraction_inside(r_kpc / self.scale_kpc)
    }

    /// The potential \[(km/s)^2\], zero at infinity (Hernquist 1990, eq. 5).
    pub(crate) fn potential(&self, r_kpc: f64) -> f64 {
        -G * self.boundless_mass_msun / (r_kpc + self.scale_kpc)
    }

    /// The radius \[kpc\] inside which the fraction `0 <= fraction < 1` of the particles lies.
    pub(crate) fn radius_of_fraction(&self, fraction: f64) -> f64 {
        let root = (fraction * Self::fraction_inside(Self::EDGE)).sqrt();
        self.scale_kpc * (root / (1.0 - root)).max(Self::CORE)
    }

    /// The part of the boundless mass inside `x` scale radii.
    fn fraction_inside(x: f64) -> f64 {
        (x / (x + 1.0)).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mass_asked_for_lies_inside_the_edge() {
        let sphere = Hernquist::new(3.0e10, 0.7);
        assert!((sphere.enclosed_mass(0.7 * Hernquist::EDGE) / 3.0e10 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn radius_of_fraction_inverts_the_enclosed_mass() {
        let sphere = Hernquist::new(1.0, 2.0);
        for fraction in [1e-6, 0.1, 0.5, 0.9, 0.999] {
            let inside = sphere.enclosed_mass(sphere.radius_of_fraction(fraction));
            assert!((inside / fraction - 1.0).abs() < 1e-12, "{fraction}: {inside}");
        }
        assert_eq!(sphere.radius_of_fraction(0.0), 2.0 * Hernquist::CORE);
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let sphere = Hernquist::new(1.0e11, 5.0);
        for r in [0.01, 1.0, 5.0, 80.0] {
            let h = 1e-4 * r;
            let slope = |f: &dyn Fn(f64) -> f64| (f(r + h) - f(r - h)) / (2.0 * h);
            let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-6, "{r}");
            close(slope(&|r| sphere.enclosed_mass(r)), 4.0 * PI * r * r * sphere.density(r));
            close(slope(&|r| sphere.potential(r)), G * sphere.enclosed_mass(r) / (r * r));
            close(slope(&|r| sphere.density(r)), sphere.density_gradient(r));
        }
    }

    #[test]
    fn a_halo_like_nfw_has_its_inner_density() {
        let (mass, virial_radius, c) = (1.0e12, 200.0, 10.0f64);
        let scale = virial_radius / c;
        let central = mass / (4.0 * PI * scale.powi(3) * ((1.0 + c).ln() - c / (1.0 + c)));
        let r = 1e-3;
        let nfw = central / (r / scale * (1.0 + r / scale).powi(2));
        // The boundless mass is that of the NFW halo, so the mass inside the edge is 4 per cent less.
        let halo = Hernquist::like_nfw(mass * Hernquist::fraction_inside(Hernquist::EDGE), virial_radius, c);
        assert!((halo.density(r) / nfw - 1.0).abs() < 1e-3);
    }
}
