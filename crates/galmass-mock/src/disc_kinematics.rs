//! Streaming and random motion of a disc.

use std::f64::consts::PI;

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::potential::GalaxyPotential;

/// Where the stability parameter is prescribed, in disc scale lengths.
const REFERENCE_RADIUS: f64 = 2.0;

/// The coefficient of Toomre's criterion for stars (Toomre 1964; Binney & Tremaine 2008, eq. 6.71).
const TOOMRE: f64 = 3.36;

/// The mean rotation \[km/s\] at one radius, and the dispersions \[km/s\] about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct VelocityEllipsoid {
    pub(crate) mean_rotation: f64,
    pub(crate) sigma_radial: f64,
    pub(crate) sigma_azimuthal: f64,
    pub(crate) sigma_vertical: f64,
}

/// The velocities of a warm disc in the epicyclic approximation (Hernquist 1993, section 2.2.3):
///
/// * `sigma_R^2` falls as `exp(-R / Rd)`, with Toomre's `Q = sigma_R kappa / (3.36 G Sigma)` given at 2 Rd;
/// * `sigma_phi^2 = sigma_R^2 kappa^2 / (4 Omega^2)`, the ratio of the epicycle;
/// * asymmetric drift (Binney & Tremaine 2008, eq. 4.228, with the velocity ellipsoid aligned with the
///   cylinder), `v_phi^2 = v_c^2 - sigma_R^2 [kappa^2 / (4 Omega^2) - 1 + 2 R / Rd]`, not below zero;
/// * `sigma_z^2 = pi G Sigma z0 + (pi^2 / 12) z0^2 Omega_s^2`: the isothermal sheet, and the vertical virial
///   theorem for the pull `-Omega_s^2 z` of the spheroids, without which a thick disc would collapse in them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DiscKinematics<'a> {
    potential: &'a GalaxyPotential,
    reference_sigma: f64,
}

impl<'a> DiscKinematics<'a> {
    /// The disc of `potential` with a stability parameter Q.
    pub(crate) fn new(potential: &'a GalaxyPotential, toomre_q: f64) -> Self {
        let r = REFERENCE_RADIUS * potential.disc.scale_kpc();
        let kappa = epicyclic_frequency_squared(r, potential.circular_speed_squared(r)).sqrt();
        let reference_sigma = toomre_q * TOOMRE * G * potential.disc.surface_density(r) / kappa;
        Self { potential, reference_sigma }
    }

    /// The velocity ellipsoid at a cylindrical radius.
    pub(crate) fn at(&self, r_kpc: f64) -> VelocityEllipsoid {
        let scaled_radius = r_kpc / self.potential.disc.scale_kpc();
        let circular = self.potential.circular_speed_squared(r_kpc);
        let omega_squared = circular[0] / (r_kpc * r_kpc);
        let epicycle_ratio = epicyclic_frequency_squared(r_kpc, circular) / (4.0 * omega_squared);
        let radial = self.reference_sigma.powi(2) * (REFERENCE_RADIUS - scaled_radius).exp();
        let drift = radial * (epicycle_ratio - 1.0 + 2.0 * scaled_radius);
        VelocityEllipsoid {
            mean_rotation: (circular[0] - drift).max(0.0).sqrt(),
            sigma_radial: radial.sqrt(),
            sigma_azimuthal: (radial * epicycle_ratio).sqrt(),
            sigma_vertical: self.vertical_dispersion_squared(r_kpc).sqrt(),
        }
    }

    /// The square of the frequency \[(km/s/kpc)^2\] of small vertical swings in the field of the spheroids,
    /// taken at the typical height of the disc: in the plane, a cusp would make it infinite at the centre.
    pub(crate) fn spheroid_frequency_squared(&self, r_kpc: f64) -> f64 {
        let r = r_kpc.hypot(self.mean_square_height().sqrt());
        G * self.potential.enclosed_spheroid_mass(r) / r.powi(3)
    }

    fn vertical_dispersion_squared(&self, r_kpc: f64) -> f64 {
        let disc = &self.potential.disc;
        let sheet = PI * G * disc.surface_density(r_kpc) * disc.height_kpc();
        sheet + self.mean_square_height() * self.spheroid_frequency_squared(r_kpc)
    }

    /// The mean of `z^2` \[kpc^2\] of a `sech^2(z / z0)` profile.
    fn mean_square_height(&self) -> f64 {
        (PI * self.potential.disc.height_kpc()).powi(2) / 12.0
    }
}

/// `kappa^2 = R^-3 d(R^2 v_c^2)/dR` from the circular speed squared and its derivative
/// (Binney & Tremaine 2008, eq. 3.80).
fn epicyclic_frequency_squared(r_kpc: f64, [squared, slope]: [f64; 2]) -> f64 {
    2.0 * squared / (r_kpc * r_kpc) + slope / r_kpc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MockGalaxyConfig;

    #[test]
    fn epicycles_of_known_rotation_curves() {
        // Flat, Keplerian and rigid rotation: kappa^2 / Omega^2 = 2, 1 and 4.
        for (squared, slope, expected) in [(1.0, 0.0, 2.0), (1.0, -1.0, 1.0), (1.0, 2.0, 4.0)] {
            assert_eq!(epicyclic_frequency_squared(1.0, [squared, slope]), expected);
        }
    }

    #[test]
    fn the_disc_is_as_stable_as_asked_at_two_scale_lengths() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let r = 2.0 * potential.disc.scale_kpc();
        let kappa = epicyclic_frequency_squared(r, potential.circular_speed_squared(r)).sqrt();
        let sigma = DiscKinematics::new(&potential, 1.5).at(r).sigma_radial;
        let q = sigma * kappa / (TOOMRE * G * potential.disc.surface_density(r));
        assert!((q - 1.5).abs() < 1e-12);
    }

    #[test]
    fn a_cold_disc_rotates_at_the_circular_speed() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let cold = DiscKinematics::new(&potential, 1e-6);
        for r in [0.5, 3.0, 12.0] {
            let speed = potential.circular_speed_squared(r)[0].sqrt();
            assert!((cold.at(r).mean_rotation / speed - 1.0).abs() < 1e-9);
        }
    }
}
