//! Whether galaxies are in equilibrium in the field of their own particles, which knows of no sphere and no epicycle.

use galmass_core::Component;
use galmass_core::units::GRAVITATIONAL_CONSTANT as G;
use galmass_stats::{
    ComponentSoftenings, PotentialConfig, PotentialSources, Softenings, galaxy_potentials_km2_s2,
    potentials_km2_s2,
};

use super::*;
use crate::HaloResponse;
use crate::gas_disc::support_squared;

/// All particles of a galaxy, the black hole among them.
pub(super) struct Bodies {
    pub(super) positions: Vec<[f64; 3]>,
    pub(super) velocities: Vec<[f64; 3]>,
    pub(super) masses: Vec<f64>,
    /// Where each component begins; the last is the end.
    pub(super) starts: [usize; 5],
}

const ORDER: [Component; 4] =
    [Component::Stars, Component::DarkMatter, Component::Gas, Component::BlackHoles];

impl Bodies {
    pub(super) fn new(galaxy: &Galaxy) -> Self {
        let mut bodies =
            Self { positions: Vec::new(), velocities: Vec::new(), masses: Vec::new(), starts: [0; 5] };
        for (k, component) in ORDER.into_iter().enumerate() {
            let particles = galaxy.component(component);
            bodies.positions.extend(particles.positions_kpc());
            bodies.velocities.extend(particles.velocities_km_s());
            bodies.masses.extend(particles.masses_msun());
            bodies.starts[k + 1] = bodies.masses.len();
        }
        bodies
    }

    /// `-x.a` \[(km/s)^2\] of each body: of the baryons by a difference of the tree's potential along its radius, of the
    /// halo, which is a sphere and would add much noise, by its mass.
    fn inward_pulls(&self, potential: &GalaxyPotential, softening: f64) -> Vec<f64> {
        let [stars, dark_matter, gas, ..] = self.starts;
        let baryons = |k: usize| (stars..dark_matter).contains(&k) || k >= gas;
        let (places, masses): (Vec<[f64; 3]>, Vec<f64>) = (0..self.masses.len())
            .filter(|&k| baryons(k))
            .map(|k| (self.positions[k], self.masses[k]))
            .unzip();
        let sources = PotentialSources::new(&places, &masses, Softenings::Same(softening)).unwrap();
        let step = |x: [f64; 3]| 0.3 * softening / norm(x).max(softening);
        let along = |sign: f64| -> Vec<f64> {
            let at: Vec<[f64; 3]> =
                self.positions.iter().map(|&x| x.map(|value| value * (1.0 + sign * step(x)))).collect();
            potentials_km2_s2(&sources, &at, &PotentialConfig::default()).unwrap()
        };
        let halo = |r: f64| G * potential.halo.enclosed_mass(&potential.grid, r) / r;
        let pairs = along(1.0).into_iter().zip(along(-1.0));
        self.positions
            .iter()
            .zip(pairs)
            .map(|(&x, (outer, inner))| (outer - inner) / (2.0 * step(x)) + halo(norm(x)))
            .collect()
    }
}

pub(super) fn config(n: usize) -> MockGalaxyConfig {
    face_on(MockGalaxyConfig {
        bulge_fraction: 0.4,
        bulge_effective_radius_kpc: 2.0,
        black_hole_mass_msun: 0.0,
        n_stars: n,
        n_dark_matter: n,
        n_gas: n / 4,
        ..MockGalaxyConfig::default()
    })
}

/// The virial ratios `sum v^2 / -sum x.a` of bulge, disc, halo and gas, the thermal motion of the gas included.
fn virial_ratios(config: &MockGalaxyConfig, softening: f64) -> [f64; 4] {
    let galaxy = MockGalaxy::sample(config, 5).unwrap();
    let bodies = Bodies::new(&galaxy);
    let pulls = bodies.inward_pulls(&GalaxyPotential::new(config), softening);
    let thermal = 3.0 * (support_squared(config) - config.gas_turbulence_km_s.powi(2));
    let ratio = |first: usize, end: usize, support: f64| {
        let kinetic: f64 = bodies.velocities[first..end].iter().map(|&v| dot(v, v) + support).sum();
        kinetic / pulls[first..end].iter().sum::<f64>()
    };
    let [stars, halo, gas, black_holes, _] = bodies.starts;
    let n_bulge = config.n_bulge_stars();
    [
        ratio(stars, n_bulge, 0.0),
        ratio(n_bulge, halo, 0.0),
        ratio(halo, gas, 0.0),
        ratio(gas, black_holes, thermal),
    ]
}

#[test]
fn every_component_obeys_the_virial_theorem() {
    // Shot noise of some thousand particles and of their own field is 1 per cent.
    const TOLERANCE: f64 = 0.03;
    let core = HaloResponse::Core { radius_kpc: 5.0, strength: 0.6 };
    for (bulge_fraction, disc_height_ratio, halo_response) in
        [(0.4, 0.25, HaloResponse::None), (0.1, 0.4, HaloResponse::Gnedin), (0.6, 0.1, core)]
    {
        let varied = MockGalaxyConfig { bulge_fraction, disc_height_ratio, halo_response, ..config(16_000) };
        let ratios = virial_ratios(&varied, 0.05);
        for (name, ratio) in ["bulge", "disc", "halo", "gas"].into_iter().zip(ratios) {
            assert!((ratio - 1.0).abs() < TOLERANCE, "{name}, {halo_response:?}: {ratios:?}");
        }
    }
}

#[test]
fn stored_potentials_are_those_of_the_particles() {
    let config = config(20_000);
    let galaxy = MockGalaxy::sample(&config, 9).unwrap();
    let softenings = ComponentSoftenings::same(0.05);
    let found = galaxy_potentials_km2_s2(&galaxy, &softenings, &PotentialConfig::default()).unwrap();
    for component in [Component::Stars, Component::DarkMatter, Component::Gas] {
        let stored = galaxy.component(component).potentials_km2_s2().unwrap();
        let offsets: Vec<f64> =
            stored.iter().zip(found.of(component)).map(|(stored, found)| stored / found - 1.0).collect();
        let mean = offsets.iter().sum::<f64>() / offsets.len() as f64;
        let spread = (offsets.iter().map(|x| x * x).sum::<f64>() / offsets.len() as f64).sqrt();
        // The disc is flat and the stored potential round.
        assert!(mean.abs() < 0.02 && spread < 0.04, "{component:?}: {mean} {spread}");
    }
}
