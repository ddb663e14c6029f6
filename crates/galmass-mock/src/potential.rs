//! The gravity of the whole galaxy.

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

use crate::MockGalaxyConfig;
use crate::config::{BulgeProfile, HaloProfile};
use crate::disc::ExponentialDisc;
use crate::disc_kinematics::mean_of_isothermal_sheet;
use crate::disc_thickness::Where;
use crate::halo_response::Baryons;
use crate::log_grid::LogGrid;
use crate::profile::Profile;
use crate::relations::virial_radius_kpc;
use crate::sphere::Sphere;

/// The height of the gas over its scale length as far as its mean over spheres goes, which hardly feels it.
const GAS_HEIGHT_RATIO: f64 = 0.05;

/// Where discs end, in scale lengths: 1e-15 of the mass is outside.
const DISC_END: f64 = 40.0;

/// All components, and the field that they make together.
///
/// The **spherical potential** is that of the enclosed mass of all of them, discs averaged over spheres. It is what the
/// spheroids live in and what the particles carry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GalaxyPotential {
    pub(crate) grid: LogGrid,
    pub(crate) bulge: Sphere,
    pub(crate) halo: Sphere,
    pub(crate) disc: ExponentialDisc,
    pub(crate) gas: ExponentialDisc,
    pub(crate) black_hole_mass_msun: f64,
    /// Bulge, halo and black hole \[Msun\], and the derivative by `ln r`.
    spheroid_masses: [Vec<f64>; 2],
    /// All components \[Msun\].
    masses: Vec<f64>,
    /// The relative potential psi = -Phi \[(km/s)^2\] and its derivative by `ln r`, `-G M / r`.
    depths: [Vec<f64>; 2],
}

impl GalaxyPotential {
    /// The components of a valid configuration.
    pub(crate) fn new(config: &MockGalaxyConfig) -> Self {
        let virial_radius = virial_radius_kpc(config.halo_mass_msun);
        let halo_scale = virial_radius / config.halo_concentration;
        let halo_profile = match config.halo_profile {
            HaloProfile::Nfw => Profile::nfw(halo_scale, virial_radius),
            HaloProfile::Einasto { alpha } => Profile::einasto(alpha, halo_scale, virial_radius),
        };
        let bulge_profile = bulge_profile(config);
        let stellar_disc_mass = config.stellar_mass_msun * (1.0 - config.bulge_fraction);
        let disc_scale = config.disc_scale_length_kpc;
        let disc = ExponentialDisc::new(stellar_disc_mass, disc_scale, disc_scale * config.disc_height_ratio);
        let gas_scale = config.gas_scale_length_kpc;
        let gas = ExponentialDisc::new(config.gas_mass_msun, gas_scale, gas_scale * GAS_HEIGHT_RATIO);

        let [[halo_core, halo_end], [bulge_core, bulge_end]] =
            [halo_profile.extent(), bulge_profile.extent()];
        let disc_end = DISC_END * disc_scale.max(gas_scale);
        let grid = LogGrid::new(halo_core.min(bulge_core), halo_end.max(bulge_end).max(disc_end));

        let bulge_mass = config.stellar_mass_msun * config.bulge_fraction;
        let bulge = Sphere::of_profile(&grid, &bulge_profile, bulge_mass, f64::INFINITY);
        let disc_sphere = sphere_of_disc(&grid, &disc, stellar_disc_mass);
        let gas_sphere = sphere_of_disc(&grid, &gas, config.gas_mass_msun);
        let halo = Sphere::of_profile(&grid, &halo_profile, config.halo_mass_msun, virial_radius);
        let baryons = Baryons(&[&bulge, &disc_sphere, &gas_sphere]);
        let halo = config.halo_response.apply(&grid, halo, &baryons, virial_radius);

        let black_hole_mass_msun = config.black_hole_mass_msun;
        let spheroid_masses = add_masses(&grid, &[&bulge, &halo], black_hole_mass_msun);
        let [masses, by_ln_r] =
            add_masses(&grid, &[&bulge, &halo, &disc_sphere, &gas_sphere], black_hole_mass_msun);
        let depths = depths(&grid, &masses, &by_ln_r);
        Self { grid, bulge, halo, disc, gas, black_hole_mass_msun, spheroid_masses, masses, depths }
    }

    /// The mass \[Msun\] of bulge, halo and black hole inside a sphere.
    pub(crate) fn enclosed_spheroid_mass(&self, r_kpc: f64) -> f64 {
        let [masses, by_ln_r] = &self.spheroid_masses;
        self.grid.interpolate(masses, by_ln_r, r_kpc)
    }

    /// The masses \[Msun\] of all components inside the spheres of the grid.
    pub(crate) fn masses(&self) -> &[f64] {
        &self.masses
    }

    /// The relative potential \[(km/s)^2\] at the radii of the grid.
    pub(crate) fn depths(&self) -> &[f64] {
        &self.depths[0]
    }

    /// The spherical potential \[(km/s)^2\], zero at infinity.
    pub(crate) fn spherical(&self, r_kpc: f64) -> f64 {
        let outermost = self.grid.outermost();
        let [depths, by_ln_r] = &self.depths;
        let depth = self.grid.interpolate(depths, by_ln_r, r_kpc.min(outermost));
        -depth * (outermost / r_kpc).min(1.0)
    }

    /// The potential \[(km/s)^2\] at the centre of all but the black hole.
    pub(crate) fn central_without_black_hole(&self) -> f64 {
        G * self.black_hole_mass_msun / self.grid.innermost() - self.depths[0][0]
    }

    /// The speed \[km/s\] that leaves the galaxy.
    pub(crate) fn escape_speed(&self, r_kpc: f64) -> f64 {
        (-2.0 * self.spherical(r_kpc)).sqrt()
    }

    /// The squares of the circular speeds \[(km/s)^2\] in the plane of the discs.
    pub(crate) fn circular_speeds_squared(&self, radii_kpc: &[f64]) -> Vec<f64> {
        let spheroids = |r: f64| G * self.enclosed_spheroid_mass(r) / r;
        self.add_discs(radii_kpc, Where::InThePlane, spheroids)
    }

    /// The means of `R F_R` \[(km/s)^2\] over the height of the stellar disc.
    pub(crate) fn mean_circular_speeds_squared(&self, radii_kpc: &[f64]) -> Vec<f64> {
        let spheroids = |r: f64| {
            mean_of_isothermal_sheet(|t| {
                let z = t * self.disc.height_kpc();
                let distance = (r * r + z * z).sqrt();
                G * self.enclosed_spheroid_mass(distance) * r * r / distance.powi(3)
            })
        };
        self.add_discs(radii_kpc, Where::InTheDisc, spheroids)
    }

    fn add_discs(&self, radii_kpc: &[f64], place: Where, spheroids: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut speeds = self.disc.circular_speeds_squared(radii_kpc, place);
        if self.gas.mass_msun() > 0.0 {
            let gas = self.gas.circular_speeds_squared(radii_kpc, Where::InThePlane);
            speeds.iter_mut().zip(gas).for_each(|(speed, gas)| *speed += gas);
        }
        speeds.iter_mut().zip(radii_kpc).for_each(|(speed, &r)| *speed += spheroids(r));
        speeds
    }
}

/// The profile of the bulge of a configuration.
pub(crate) fn bulge_profile(config: &MockGalaxyConfig) -> Profile {
    match config.bulge_profile {
        BulgeProfile::Hernquist => Profile::hernquist(config.bulge_effective_radius_kpc),
        BulgeProfile::Sersic { index } => Profile::sersic(index, config.bulge_effective_radius_kpc),
    }
}

fn sphere_of_disc(grid: &LogGrid, disc: &ExponentialDisc, mass_msun: f64) -> Sphere {
    if mass_msun > 0.0 {
        let densities = grid.radii().iter().map(|&r| disc.mean_density(r)).collect();
        Sphere::of_densities(grid, densities).with_mass(mass_msun)
    } else {
        Sphere::empty(grid)
    }
}

/// The mass inside each radius and its derivative by `ln r`.
fn add_masses(grid: &LogGrid, spheres: &[&Sphere], central_msun: f64) -> [Vec<f64>; 2] {
    let n = grid.radii().len();
    let masses = (0..n).map(|k| central_msun + spheres.iter().map(|s| s.masses[k]).sum::<f64>()).collect();
    let shells = (0..n).map(|k| {
        let density: f64 = spheres.iter().map(|s| s.densities[k]).sum();
        4.0 * std::f64::consts::PI * grid.radii()[k].powi(3) * density
    });
    [masses, shells.collect()]
}

/// The relative potential, inwards from a point mass outside the grid, and its derivative by `ln r`.
fn depths(grid: &LogGrid, masses: &[f64], by_ln_r: &[f64]) -> [Vec<f64>; 2] {
    let (falls, by_ln_r): (Vec<f64>, Vec<f64>) = grid
        .radii()
        .iter()
        .zip(masses.iter().zip(by_ln_r))
        .map(|(r, (mass, by_ln_r))| (-G * mass / r, -G * (by_ln_r - mass) / r))
        .unzip();
    let integral = LogGrid::integrate(&falls, &by_ln_r);
    let last = integral.len() - 1;
    let outermost = -falls[last];
    let depths = integral.iter().map(|sum| outermost + (sum - integral[last])).collect();
    [depths, falls]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lonely_bulge_has_the_potential_of_hernquist() {
        let config = MockGalaxyConfig {
            stellar_mass_msun: 1.0e10,
            bulge_fraction: 1.0,
            bulge_effective_radius_kpc: 1.8153,
            halo_mass_msun: 1.0e3,
            gas_mass_msun: 0.0,
            black_hole_mass_msun: 0.0,
            ..MockGalaxyConfig::default()
        };
        let potential = GalaxyPotential::new(&config);
        // The cut at 45 scale radii keeps all of the mass but makes it more compact, by some 2 per cent.
        for r in [0.01, 1.0, 5.0] {
            let found = potential.spherical(r) * (r + 1.0) / (-G * 1.0e10);
            assert!((found - 1.0).abs() < 0.03, "{r}: {found}");
        }
        let force = (potential.spherical(2.02) - potential.spherical(1.98)) / 0.04;
        assert!((force * 4.0 / (G * potential.enclosed_spheroid_mass(2.0)) - 1.0).abs() < 1e-4);
        assert!((potential.spherical(1e6) * 1e6 / (-G * 1.0e10) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_mass_of_the_halo_lies_inside_its_virial_radius() {
        for halo_profile in [HaloProfile::Nfw, HaloProfile::Einasto { alpha: 0.17 }] {
            let config = MockGalaxyConfig { halo_profile, ..MockGalaxyConfig::default() };
            let potential = GalaxyPotential::new(&config);
            let inside =
                potential.halo.enclosed_mass(&potential.grid, virial_radius_kpc(config.halo_mass_msun));
            assert!((inside / config.halo_mass_msun - 1.0).abs() < 1e-9);
            assert!((1.1..1.5).contains(&(potential.halo.total_mass() / config.halo_mass_msun)));
        }
    }
}
