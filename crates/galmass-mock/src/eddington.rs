//! Isotropic velocities in equilibrium: Eddington's inversion.

use std::f64::consts::PI;

use rand_chacha::ChaCha8Rng;

use crate::hernquist::Hernquist;
use crate::potential::GalaxyPotential;
use crate::random::uniform;

/// The step of the radial table in the logarithm of the radius: it keeps `f` good to one per cent.
const LOG_STEP: f64 = 0.025;

/// Where the radial table ends, in scale radii: far beyond the last particle, whose orbit may reach it.
const OUTER_RADIUS: f64 = 1e4;

/// How far the density of speeds may rise above both ends of a cell of the table.
const ENVELOPE_MARGIN: f64 = 1.1;

/// The isotropic distribution function of a sphere that lives in the potential of a whole galaxy.
///
/// With the relative potential `psi = -Phi` and the relative energy `E = psi - v^2 / 2`
/// (Eddington 1916; Binney & Tremaine 2008, eq. 4.46b),
///
/// ```text
/// f(E) = 1 / (sqrt(8) pi^2) * integral over psi from 0 to E of (d^2 rho / d psi^2) / sqrt(E - psi)
/// ```
///
/// `d rho / d psi` is known in closed form at the nodes of a logarithmic grid in radius. Between two nodes it
/// is taken to be linear in `psi`, which makes the integral over a cell elementary and its singular end
/// harmless: no derivative is ever taken of a table. Negative values would be set to zero; the tests find
/// none in a population, nor where one component is a hundred times more massive or compact than another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IsotropicDistribution {
    first_log_radius: f64,
    /// The relative energy of rest at each node, falling outwards.
    energies: Vec<f64>,
    /// The distribution function at those energies.
    values: Vec<f64>,
    /// The maximum over v of `v^2 f` at each node.
    peaks: Vec<f64>,
}

impl IsotropicDistribution {
    /// Inverts the density of `sphere` in `potential`; the cost is quadratic in the 740 nodes.
    pub(crate) fn new(sphere: &Hernquist, potential: &GalaxyPotential) -> Self {
        let radii = log_radii(sphere.scale_kpc());
        let energies: Vec<f64> = radii.iter().map(|&r| -potential.spherical(r)).collect();
        let gradients: Vec<f64> = radii.iter().map(|&r| density_by_potential(sphere, potential, r)).collect();
        let values: Vec<f64> = invert(&energies, &gradients).into_iter().map(|f| f.max(0.0)).collect();
        let peaks = peaks(&energies, &values);
        Self { first_log_radius: radii[0].ln(), energies, values, peaks }
    }

    /// The distribution function at a relative energy \[Msun kpc^-3 (km/s)^-3\]; 0 where nothing is bound.
    pub(crate) fn at(&self, energy: f64) -> f64 {
        let next = self.energies.partition_point(|&node| node >= energy);
        match next {
            0 => self.values[0],
            next if next == self.energies.len() => 0.0,
            next => {
                let weight = (energy - self.energies[next]) / (self.energies[next - 1] - self.energies[next]);
                self.values[next] + weight * (self.values[next - 1] - self.values[next])
            }
        }
    }

    /// Draws a speed \[km/s\] at a radius by rejection from `v^2 f(psi - v^2 / 2)`, in three tries on
    /// average.
    pub(crate) fn sample_speed(
        &self,
        r_kpc: f64,
        potential: &GalaxyPotential,
        generator: &mut ChaCha8Rng,
    ) -> f64 {
        let relative_potential = -potential.spherical(r_kpc);
        let escape_speed = potential.escape_speed(r_kpc);
        let envelope = self.envelope(r_kpc);
        loop {
            let speed = escape_speed * uniform(generator);
            let density = speed * speed * self.at(relative_potential - 0.5 * speed * speed);
            debug_assert!(density <= envelope, "the envelope is too low at {r_kpc} kpc");
            if envelope * uniform(generator) <= density {
                return speed;
            }
        }
    }

    /// An upper bound of `v^2 f` at a radius.
    fn envelope(&self, r_kpc: f64) -> f64 {
        let node = ((r_kpc.ln() - self.first_log_radius) / LOG_STEP).max(0.0) as usize;
        let node = node.min(self.peaks.len() - 2);
        ENVELOPE_MARGIN * self.peaks[node].max(self.peaks[node + 1])
    }
}

fn log_radii(scale_kpc: f64) -> Vec<f64> {
    let n_nodes = ((OUTER_RADIUS / Hernquist::CORE).ln() / LOG_STEP).ceil() as usize + 1;
    (0..n_nodes).map(|k| scale_kpc * Hernquist::CORE * (LOG_STEP * k as f64).exp()).collect()
}

/// `d rho / d psi` at a radius, positive: both fall outwards.
fn density_by_potential(sphere: &Hernquist, potential: &GalaxyPotential, r_kpc: f64) -> f64 {
    let force =
        galmass_core::units::GRAVITATIONAL_CONSTANT * potential.enclosed_mass(r_kpc) / (r_kpc * r_kpc);
    -sphere.density_gradient(r_kpc) / force
}

/// Eddington's integral at each node, `d rho / d psi` being linear between the nodes and zero at `psi = 0`.
fn invert(energies: &[f64], gradients: &[f64]) -> Vec<f64> {
    let n_nodes = energies.len();
    let outer = |k: usize| if k + 1 < n_nodes { (energies[k + 1], gradients[k + 1]) } else { (0.0, 0.0) };
    let slopes: Vec<f64> = (0..n_nodes)
        .map(|k| {
            let (energy, gradient) = outer(k);
            (gradients[k] - gradient) / (energies[k] - energy)
        })
        .collect();
    let integral = |node: usize| -> f64 {
        let energy = energies[node];
        let mut inner_root = 0.0;
        let mut sum = 0.0;
        for (k, slope) in slopes.iter().enumerate().skip(node) {
            let outer_root = (energy - outer(k).0).sqrt();
            sum += slope * 2.0 * (outer_root - inner_root);
            inner_root = outer_root;
        }
        sum
    };
    (0..n_nodes).map(|node| integral(node) / (8f64.sqrt() * PI * PI)).collect()
}

/// The maximum of `v^2 f` over the speeds that lead from each node to the energies of all nodes outside it.
fn peaks(energies: &[f64], values: &[f64]) -> Vec<f64> {
    (0..energies.len())
        .map(|node| {
            (node..energies.len())
                .map(|k| 2.0 * (energies[node] - energies[k]) * values[k])
                .fold(0.0, f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use galmass_core::units::GRAVITATIONAL_CONSTANT as G;

    use super::*;
    use crate::{MockGalaxyConfig, Population, PopulationConfig};

    /// Linear cells at the singular end of the integral, on steps of 2.5 per cent in radius.
    const TOLERANCE: f64 = 1e-2;

    /// A bulge of 1e10 Msun all alone: disc and halo have next to no mass.
    fn lonely_bulge() -> GalaxyPotential {
        GalaxyPotential::new(&MockGalaxyConfig {
            stellar_mass_msun: 1.0e10,
            bulge_fraction: 1.0,
            bulge_scale_kpc: 1.0,
            halo_mass_msun: 1.0e3,
            ..MockGalaxyConfig::default()
        })
    }

    /// The closed distribution function of the lonely sphere (Hernquist 1990, eq. 17), with M = a = G M = 1.
    fn closed_form(q: f64) -> f64 {
        let rest = 1.0 - q * q;
        let bracket =
            3.0 * q.asin() + q * rest.sqrt() * (1.0 - 2.0 * q * q) * (8.0 * q.powi(4) - 8.0 * q * q - 3.0);
        bracket / (8.0 * 2f64.sqrt() * PI.powi(3) * rest.powf(2.5))
    }

    #[test]
    fn a_lonely_sphere_has_the_closed_distribution_function() {
        let potential = lonely_bulge();
        let depth = -potential.bulge.potential(0.0);
        let distribution = IsotropicDistribution::new(&potential.bulge, &potential);
        for q in [0.1f64, 0.3, 0.5, 0.7, 0.9, 0.99] {
            let unit = depth / G / depth.powf(1.5);
            let ratio = distribution.at(q * q * depth) / (unit * closed_form(q));
            assert!((ratio - 1.0).abs() < TOLERANCE, "q = {q}: {ratio}");
        }
    }

    #[test]
    fn the_distribution_function_integrates_to_the_density() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        for sphere in [potential.bulge, potential.halo] {
            let distribution = IsotropicDistribution::new(&sphere, &potential);
            for scaled_radius in [0.01, 0.1, 1.0, 10.0, 50.0] {
                let r = scaled_radius * sphere.scale_kpc();
                let (depth, step) = (-potential.spherical(r), potential.escape_speed(r) / 4000.0);
                let speeds = (0..4000).map(|k| (f64::from(k) + 0.5) * step);
                let density: f64 =
                    speeds.map(|v| 4.0 * PI * v * v * distribution.at(depth - 0.5 * v * v) * step).sum();
                assert!(
                    (density / sphere.density(r) - 1.0).abs() < TOLERANCE,
                    "at {scaled_radius} a: {}",
                    density / sphere.density(r)
                );
            }
        }
    }

    #[test]
    fn no_galaxy_of_a_population_needs_negative_phase_space_densities() {
        let config = PopulationConfig { n_galaxies: 60, ..PopulationConfig::default() };
        let population = Population::new(config).unwrap();
        let extremes = [
            MockGalaxyConfig { bulge_fraction: 0.01, bulge_scale_kpc: 5.0, ..MockGalaxyConfig::default() },
            MockGalaxyConfig { bulge_scale_kpc: 0.05, halo_mass_msun: 1.0e14, ..MockGalaxyConfig::default() },
            MockGalaxyConfig { disc_scale_length_kpc: 0.3, ..MockGalaxyConfig::default() },
            MockGalaxyConfig { halo_mass_msun: 1.0e8, ..MockGalaxyConfig::default() },
        ];
        for config in (0..population.len()).map(|index| population.config_of(index)).chain(extremes) {
            let potential = GalaxyPotential::new(&config);
            for sphere in [potential.bulge, potential.halo] {
                let radii = log_radii(sphere.scale_kpc());
                let energies: Vec<f64> = radii.iter().map(|&r| -potential.spherical(r)).collect();
                let gradients: Vec<f64> =
                    radii.iter().map(|&r| density_by_potential(&sphere, &potential, r)).collect();
                assert!(invert(&energies, &gradients).iter().all(|&f| f > 0.0), "{config:?}");
            }
        }
    }

    #[test]
    fn the_envelope_covers_every_speed_between_the_nodes() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let distribution = IsotropicDistribution::new(&potential.bulge, &potential);
        for k in 0..2000 {
            let r = potential.bulge.radius_of_fraction((f64::from(k) + 0.5) / 2000.0);
            let (depth, step) = (-potential.spherical(r), potential.escape_speed(r) / 300.0);
            for v in (0..300).map(|k| f64::from(k) * step) {
                assert!(v * v * distribution.at(depth - 0.5 * v * v) <= distribution.envelope(r), "{r} kpc");
            }
        }
    }
}
