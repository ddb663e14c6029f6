//! The gravity of the whole galaxy.

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::MockGalaxyConfig;
use crate::disc::ExponentialDisc;
use crate::hernquist::Hernquist;
use crate::relations::virial_radius_kpc;

/// Bulge, halo and disc, and the field that they make together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GalaxyPotential {
    pub(crate) bulge: Hernquist,
    pub(crate) halo: Hernquist,
    pub(crate) disc: ExponentialDisc,
}

impl GalaxyPotential {
    /// The three components of a valid configuration.
    pub(crate) fn new(config: &MockGalaxyConfig) -> Self {
        let virial_radius = virial_radius_kpc(config.halo_mass_msun);
        Self {
            bulge: Hernquist::new(config.stellar_mass_msun * config.bulge_fraction, config.bulge_scale_kpc),
            halo: Hernquist::like_nfw(config.halo_mass_msun, virial_radius, config.halo_concentration),
            disc: ExponentialDisc::new(
                config.stellar_mass_msun * (1.0 - config.bulge_fraction),
                config.disc_scale_length_kpc,
                config.disc_scale_length_kpc * config.disc_height_ratio,
            ),
        }
    }

    /// The mass \[Msun\] of bulge and halo inside a sphere.
    pub(crate) fn enclosed_spheroid_mass(&self, r_kpc: f64) -> f64 {
        self.bulge.enclosed_mass(r_kpc) + self.halo.enclosed_mass(r_kpc)
    }

    /// The mass \[Msun\] inside a sphere, the disc spread over spheres.
    pub(crate) fn enclosed_mass(&self, r_kpc: f64) -> f64 {
        self.enclosed_spheroid_mass(r_kpc) + self.disc.enclosed_mass(r_kpc)
    }

    /// The potential \[(km/s)^2\], zero at infinity, the disc spread over spheres.
    pub(crate) fn spherical(&self, r_kpc: f64) -> f64 {
        self.bulge.potential(r_kpc) + self.halo.potential(r_kpc) + self.disc.spherical_potential(r_kpc)
    }

    /// The speed \[km/s\] that leaves the galaxy.
    pub(crate) fn escape_speed(&self, r_kpc: f64) -> f64 {
        (-2.0 * self.spherical(r_kpc)).sqrt()
    }

    /// The square of the circular speed \[(km/s)^2\] in the plane of the disc, and its derivative by radius:
    /// the thin disc of Freeman in the field of the spheroids.
    pub(crate) fn circular_speed_squared(&self, r_kpc: f64) -> [f64; 2] {
        let [disc, disc_slope] = self.disc.circular_speed_squared(r_kpc);
        let spheroids = G * self.enclosed_spheroid_mass(r_kpc) / r_kpc;
        let density = self.bulge.density(r_kpc) + self.halo.density(r_kpc);
        let spheroids_slope = 4.0 * std::f64::consts::PI * G * density * r_kpc - spheroids / r_kpc;
        [disc + spheroids, disc_slope + spheroids_slope]
    }
}
