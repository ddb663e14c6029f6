//! Isotropic velocities in equilibrium: Eddington's inversion.

use std::f64::consts::PI;

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;
use rand_chacha::ChaCha8Rng;

use crate::MockError;
use crate::potential::GalaxyPotential;
use crate::random::uniform;
use crate::sphere::Sphere;

/// How far the density of speeds may rise above both ends of a cell of the table.
const ENVELOPE_MARGIN: f64 = 1.1;

/// The part of the mass of a sphere inside which negative phase-space densities do not matter, and outside which they
/// do not either: a shallow cusp has them where the black hole dominates, and a sharp end where it is cut.
const NEGLIGIBLE: f64 = 2e-3;

/// The isotropic distribution function of a sphere that lives in the potential of a whole galaxy.
///
/// With the relative potential `psi = -Phi` and the relative energy `E = psi - v^2 / 2`
/// (Eddington 1916; Binney & Tremaine 2008, eq. 4.46b),
///
/// ```text
/// f(E) = 1 / (sqrt(8) pi^2) * integral over psi from 0 to E of (d^2 rho / d psi^2) / sqrt(E - psi)
/// ```
///
/// `d rho / d psi = -rho (d ln rho / d ln r) r / (G M)` is known at the nodes of a logarithmic grid in radius. Between
/// two nodes it is taken to be linear in `psi`, which makes the integral over a cell elementary and its singular end
/// harmless. Where `f` would be negative there is no isotropic sphere: the values are set to zero where next to no mass
/// is concerned, and refused elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IsotropicDistribution {
    /// The relative energy of rest at each node, falling outwards.
    energies: Vec<f64>,
    /// The distribution function at those energies.
    values: Vec<f64>,
    /// The maximum over v of `v^2 f` at each node.
    peaks: Vec<f64>,
}

impl IsotropicDistribution {
    /// Inverts the density of `sphere`, called `component`, in `potential`; the cost is quadratic in the nodes, some
    /// 800.
    pub(crate) fn new(
        component: &'static str,
        sphere: &Sphere,
        potential: &GalaxyPotential,
    ) -> Result<Self, MockError> {
        let energies = potential.depths().to_vec();
        let mut values = invert(&energies, &gradients(sphere, potential));
        if let Some(k) = first_negative(sphere, &values) {
            let radius_kpc = potential.grid.radii()[k];
            return Err(MockError::NotIsotropic { component, radius_kpc });
        }
        values.iter_mut().for_each(|f| *f = f.max(0.0));
        let peaks = peaks(&energies, &values);
        Ok(Self { energies, values, peaks })
    }

    /// The distribution function at a relative energy \[Msun kpc^-3 (km/s)^-3\]; 0 where nothing is bound.
    #[cfg(test)]
    pub(crate) fn at(&self, energy: f64) -> f64 {
        self.outside(0, energy)
    }

    /// The distribution function at a relative energy at or below that of the node `first`.
    fn outside(&self, first: usize, energy: f64) -> f64 {
        let next = first + self.energies[first..].partition_point(|&node| node >= energy);
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
        let (node, _) = potential.grid.cell(r_kpc);
        let relative_potential = -potential.spherical(r_kpc);
        let escape_speed = (2.0 * relative_potential).sqrt();
        let envelope = self.envelope(node);
        loop {
            let speed = escape_speed * uniform(generator);
            let density = speed * speed * self.outside(node, relative_potential - 0.5 * speed * speed);
            debug_assert!(density <= envelope, "the envelope is too low at {r_kpc} kpc");
            if envelope * uniform(generator) <= density {
                return speed;
            }
        }
    }

    /// An upper bound of `v^2 f` in the cell outside a node.
    fn envelope(&self, node: usize) -> f64 {
        ENVELOPE_MARGIN * self.peaks[node].max(self.peaks[node + 1])
    }
}

/// The innermost node that matters and has a negative distribution function.
fn first_negative(sphere: &Sphere, values: &[f64]) -> Option<usize> {
    let total = sphere.total_mass();
    (0..values.len()).find(|&k| {
        let inside = sphere.masses[k] / total;
        values[k] < 0.0 && inside > NEGLIGIBLE && inside < 1.0 - NEGLIGIBLE
    })
}

/// `d rho / d psi` at the nodes, positive: both fall outwards.
fn gradients(sphere: &Sphere, potential: &GalaxyPotential) -> Vec<f64> {
    let radii = potential.grid.radii();
    (0..radii.len())
        .map(|k| -sphere.densities[k] * sphere.slopes[k] * radii[k] / (G * potential.masses()[k]))
        .collect()
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
    use super::*;
    use crate::config::{BulgeProfile, HaloProfile};
    use crate::log_grid::LogGrid;
    use crate::profile::Profile;
    use crate::{HaloResponse, MockGalaxyConfig, Population, PopulationConfig, Suite};

    /// Linear cells at the singular end of the integral, on steps of 2.5 per cent in radius.
    const TOLERANCE: f64 = 1e-2;

    /// The closed distribution function of the lonely sphere (Hernquist 1990, eq. 17), with M = a = G M = 1.
    fn closed_form(q: f64) -> f64 {
        let rest = 1.0 - q * q;
        let bracket =
            3.0 * q.asin() + q * rest.sqrt() * (1.0 - 2.0 * q * q) * (8.0 * q.powi(4) - 8.0 * q * q - 3.0);
        bracket / (8.0 * 2f64.sqrt() * PI.powi(3) * rest.powf(2.5))
    }

    #[test]
    fn a_lonely_sphere_has_the_closed_distribution_function() {
        // In units of its scale radius and of G M = 1, far inside the end of the table.
        let grid = LogGrid::new(1e-4, 1e4);
        let sphere = Sphere::of_profile(&grid, &Profile::hernquist(1.8153).boundless(), 1.0, f64::INFINITY);
        let energies: Vec<f64> = grid.radii().iter().map(|r| 1.0 / (1.0 + r)).collect();
        let gradients: Vec<f64> = grid
            .radii()
            .iter()
            .zip(sphere.densities.iter().zip(&sphere.slopes))
            .map(|(r, (density, slope))| -density * slope / r * (1.0 + r) * (1.0 + r))
            .collect();
        let values = invert(&energies, &gradients);
        let distribution = IsotropicDistribution { peaks: peaks(&energies, &values), energies, values };
        for q in [0.1f64, 0.3, 0.5, 0.7, 0.9, 0.99] {
            let ratio = distribution.at(q * q) / closed_form(q);
            assert!((ratio - 1.0).abs() < TOLERANCE, "q = {q}: {ratio}");
        }
    }

    fn spheres(potential: &GalaxyPotential) -> [(&'static str, &Sphere); 2] {
        [("bulge", &potential.bulge), ("halo", &potential.halo)]
    }

    fn variants() -> Vec<MockGalaxyConfig> {
        let base = MockGalaxyConfig::default();
        let core = HaloResponse::Core { radius_kpc: 4.0, strength: 0.6 };
        let mut variants = Vec::new();
        for halo_profile in [HaloProfile::Nfw, HaloProfile::Einasto { alpha: 0.17 }] {
            for halo_response in [HaloResponse::None, HaloResponse::Blumenthal, HaloResponse::Gnedin, core] {
                for bulge_profile in [BulgeProfile::Hernquist, BulgeProfile::Sersic { index: 2.5 }] {
                    variants.push(MockGalaxyConfig {
                        halo_profile,
                        halo_response,
                        bulge_profile,
                        ..base.clone()
                    });
                }
            }
        }
        variants
    }

    #[test]
    fn the_distribution_function_integrates_to_the_density() {
        for config in variants() {
            let potential = GalaxyPotential::new(&config);
            for (name, sphere) in spheres(&potential) {
                let distribution = IsotropicDistribution::new(name, sphere, &potential).unwrap();
                for fraction in [0.01, 0.1, 0.5, 0.9, 0.99] {
                    let r = sphere.radius_of_fraction(&potential.grid, fraction);
                    let (depth, step) = (-potential.spherical(r), potential.escape_speed(r) / 4000.0);
                    let speeds = (0..4000).map(|k| (f64::from(k) + 0.5) * step);
                    let density: f64 =
                        speeds.map(|v| 4.0 * PI * v * v * distribution.at(depth - 0.5 * v * v) * step).sum();
                    let ratio = density / sphere.density(&potential.grid, r);
                    assert!((ratio - 1.0).abs() < TOLERANCE, "{name}, {fraction}: {ratio}, {config:?}");
                }
            }
        }
    }

    #[test]
    fn no_galaxy_of_a_population_needs_negative_phase_space_densities() {
        for suite in Suite::ALL {
            let config = PopulationConfig { n_galaxies: 60, suite, ..PopulationConfig::default() };
            let population = Population::new(config).unwrap();
            for index in 0..population.len() {
                let config = population.config_of(index).unwrap();
                let potential = GalaxyPotential::new(&config);
                for (name, sphere) in spheres(&potential) {
                    assert!(
                        IsotropicDistribution::new(name, sphere, &potential).is_ok(),
                        "{name}: {config:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn components_of_unlike_mass_and_size_still_have_distributions() {
        let base = MockGalaxyConfig::default;
        let extremes = [
            MockGalaxyConfig { bulge_fraction: 0.01, bulge_effective_radius_kpc: 9.0, ..base() },
            MockGalaxyConfig { bulge_effective_radius_kpc: 0.1, halo_mass_msun: 1.0e14, ..base() },
            MockGalaxyConfig { disc_scale_length_kpc: 0.3, ..base() },
            MockGalaxyConfig { halo_mass_msun: 1.0e8, ..base() },
        ];
        for config in extremes {
            let potential = GalaxyPotential::new(&config);
            for (name, sphere) in spheres(&potential) {
                assert!(IsotropicDistribution::new(name, sphere, &potential).is_ok(), "{name}: {config:?}");
            }
        }
    }

    #[test]
    fn a_flat_core_around_a_heavy_point_is_refused() {
        // A density flatter than r^-1/2 cannot be isotropic around a point mass.
        let config = MockGalaxyConfig {
            halo_response: HaloResponse::Core { radius_kpc: 50.0, strength: 1.0 },
            black_hole_mass_msun: 1.0e11,
            ..MockGalaxyConfig::default()
        };
        let potential = GalaxyPotential::new(&config);
        let found = IsotropicDistribution::new("halo", &potential.halo, &potential);
        assert!(
            matches!(found, Err(MockError::NotIsotropic { component: "halo", radius_kpc }) if radius_kpc < 50.0)
        );
    }

    #[test]
    fn the_envelope_covers_every_speed_between_the_nodes() {
        let potential = GalaxyPotential::new(&MockGalaxyConfig::default());
        let distribution = IsotropicDistribution::new("bulge", &potential.bulge, &potential).unwrap();
        for k in 0..2000 {
            let r = potential.bulge.radius_of_fraction(&potential.grid, (f64::from(k) + 0.5) / 2000.0);
            let (depth, step) = (-potential.spherical(r), potential.escape_speed(r) / 300.0);
            let envelope = distribution.envelope(potential.grid.cell(r).0);
            for v in (0..300).map(|k| f64::from(k) * step) {
                assert!(v * v * distribution.at(depth - 0.5 * v * v) <= envelope, "{r} kpc");
            }
        }
    }
}
