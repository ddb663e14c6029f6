//! The gas: a cold disc on its own height, its rotation and its state.

use std::f64::consts::{PI, TAU};

use galmass_core::units::GRAVITATIONAL_CONSTANT as G;
use galmass_core::{Gas, Particles, SupportRadius};
use rand_chacha::ChaCha8Rng;

use crate::disc_kinematics::{mean_of_isothermal_sheet, spheroid_pull};
use crate::light::SOLAR_METALLICITY;
use crate::log_grid::LogGrid;
use crate::neutral_hydrogen::neutral_fraction;
use crate::phase_point::PhasePoint;
use crate::potential::GalaxyPotential;
use crate::random::{normal, uniform};
use crate::{MockError, MockGalaxyConfig};

/// The mass fraction of hydrogen.
const HYDROGEN_FRACTION: f64 = 0.76;

/// The mean mass of a particle of neutral gas in atomic masses: `4 / (1 + 3 X)`.
const MEAN_MOLECULAR_WEIGHT: f64 = 4.0 / (1.0 + 3.0 * HYDROGEN_FRACTION);

/// Boltzmann's constant over the mass of the hydrogen atom \[(km/s)^2/K\].
const BOLTZMANN: f64 = 8.2498e-3;

/// Hydrogen atoms a cm^3 in one Msun of hydrogen a kpc^3.
const ATOMS_PER_CM3: f64 = 4.0440e-8;

/// The density above which stars form \[hydrogen atoms cm^-3\] (Springel & Hernquist 2003).
const STAR_FORMATION_THRESHOLD: f64 = 0.13;

/// What the star formation law of Kennicutt (1998) for the initial mass function of Salpeter (1955) is divided by to
/// have that of Chabrier (2003).
const SALPETER_OVER_CHABRIER: f64 = 1.7;

/// How far the kernel of a gas particle reaches, in radii of the sphere of its volume: as readers take it for the cells
/// of AREPO.
const CELL_RADII: f64 = 2.5;

/// The least density of a gas particle \[Msun/kpc^3\], that between galaxies: far above the plane, a `sech^2` profile
/// ends in nothing.
const THINNEST: f64 = 1.0;

/// Where the table begins and ends, in scale lengths of the gas.
const EXTENT: [f64; 2] = [1e-2, 40.0];

/// The nodes of the table from one solved height to the next.
const STRIDE: usize = 4;

/// Steps of the solution for a height, from that of a neighbouring radius.
const MOST_STEPS: usize = 50;

/// A gas disc in the field of a galaxy.
///
/// The surface density is exponential. At each radius the gas has the one dispersion `s^2 = k T / (mu m_H) + turbulence^2`
/// at all heights, a `sech^2(z / z_g)` profile, and the height at which `s^2` is the mean of `z K_z` of stars, gas and
/// spheroids: it flares. It rotates at `v^2 = v_c^2 + s^2 d ln rho / d ln R`, the pressure of the plane being
/// `rho s^2` with `rho = Sigma / (2 z_g)`.
#[derive(Clone, Debug)]
pub(crate) struct GasDisc<'a> {
    potential: &'a GalaxyPotential,
    config: &'a MockGalaxyConfig,
    grid: LogGrid,
    heights: Vec<f64>,
    rotation: Vec<f64>,
}

impl<'a> GasDisc<'a> {
    /// Solves for height and rotation at each radius.
    pub(crate) fn new(config: &'a MockGalaxyConfig, potential: &'a GalaxyPotential) -> Self {
        let scale = potential.gas.scale_kpc();
        let grid = LogGrid::new(EXTENT[0] * scale, EXTENT[1] * scale);
        let support = support_squared(config);
        let mut height = 0.05 * scale;
        let radii = grid.radii();
        // Heights change slowly: every few nodes are solved for, and a power law lies between.
        let mut heights = Vec::with_capacity(radii.len());
        for chunk in radii.chunks(STRIDE) {
            let before = heights.last().copied();
            let last = chunk[chunk.len() - 1];
            height = solve_height(potential, last, support, height);
            let n = chunk.len();
            for k in 1..=n {
                let share = k as f64 / n as f64;
                heights.push(before.map_or(height, |before: f64| before * (height / before).powf(share)));
            }
        }
        let height_slopes = LogGrid::log_slopes(&heights);
        let circular = potential.circular_speeds_squared(grid.radii());
        let rotation = (0..heights.len())
            .map(|k| {
                let by_ln_r = -grid.radii()[k] / scale - height_slopes[k];
                (circular[k] + support * by_ln_r).max(0.0).sqrt()
            })
            .collect();
        Self { potential, config, grid, heights, rotation }
    }

    /// The height z_g \[kpc\] at a cylindrical radius.
    fn height(&self, r_kpc: f64) -> f64 {
        self.grid.interpolate_linearly(&self.heights, r_kpc)
    }

    /// The density \[Msun/kpc^3\] at a place.
    fn density(&self, r_kpc: f64, z_kpc: f64) -> f64 {
        let height = self.height(r_kpc);
        self.potential.gas.surface_density(r_kpc) / (2.0 * height * (z_kpc / height).cosh().powi(2))
    }

    /// Draws places and bulk velocities, the turbulence among them; the thermal motion is inside the particles.
    pub(crate) fn sample(&self, n_particles: usize, generator: &mut ChaCha8Rng) -> Vec<PhasePoint> {
        (0..n_particles)
            .map(|_| {
                let r = self.potential.gas.radius_of_fraction(uniform(generator));
                let z = self.height(r) * (2.0 * uniform(generator).max(1e-16) - 1.0).atanh();
                let (sin, cos) = (TAU * uniform(generator)).sin_cos();
                let rotation = self.grid.interpolate_linearly(&self.rotation, r);
                let [radial, azimuthal, vertical] =
                    std::array::from_fn(|_| self.config.gas_turbulence_km_s * normal(generator));
                let azimuthal = rotation + azimuthal;
                PhasePoint {
                    position: [r * cos, r * sin, z],
                    velocity: [radial * cos - azimuthal * sin, radial * sin + azimuthal * cos, vertical],
                }
            })
            .collect()
    }

    /// Gives the particles what only gas has; `points` are where they are in the frame of the disc.
    pub(crate) fn with_state(&self, particles: Particles, points: &[PhasePoint]) -> Result<Gas, MockError> {
        let mass = self.config.gas_mass_msun / points.len().max(1) as f64;
        let places: Vec<[f64; 2]> =
            points.iter().map(|&PhasePoint { position: [x, y, z], .. }| [x.hypot(y), z]).collect();
        let densities: Vec<f64> = places.iter().map(|&[r, z]| self.density(r, z).max(THINNEST)).collect();
        let atoms: Vec<f64> = densities.iter().map(|rho| ATOMS_PER_CM3 * HYDROGEN_FRACTION * rho).collect();
        let temperature = self.config.gas_temperature_k;
        let neutral = atoms
            .iter()
            .map(|&atoms| mass * HYDROGEN_FRACTION * neutral_fraction(atoms, temperature))
            .collect();
        let star_formation = places
            .iter()
            .zip(&atoms)
            .map(
                |(&[r, _], &atoms)| {
                    if atoms > STAR_FORMATION_THRESHOLD { mass * self.star_formation(r) } else { 0.0 }
                },
            )
            .collect();
        let radii = densities
            .iter()
            .map(|rho| CELL_RADII * (3.0 * mass / (4.0 * PI * rho)).cbrt())
            .map(SupportRadius::from_nth_neighbour)
            .collect();
        let metallicities = places.iter().map(|&[r, _]| self.metallicity(r)).collect();
        Ok(Gas::new(particles)
            .with_metallicities(metallicities)?
            .with_neutral_hydrogen_masses_msun(neutral)?
            .with_densities_msun_kpc3(densities)?
            .with_star_formation_rates_msun_yr(star_formation)?
            .with_temperatures_k(vec![temperature; places.len()])?
            .with_support_radii(radii)?)
    }

    /// Stars \[1/yr\] made of a mass of gas: `2.5e-4 (Sigma / 1 Msun pc^-2)^1.4 Msun/yr/kpc^2` over `Sigma`
    /// (Kennicutt 1998, eq. 4), for the initial mass function of Chabrier.
    fn star_formation(&self, r_kpc: f64) -> f64 {
        let surface_density = self.potential.gas.surface_density(r_kpc);
        2.5e-4 / SALPETER_OVER_CHABRIER * (surface_density / 1e6).powf(1.4) / surface_density
    }

    /// That of the disc stars at the radius, whose scatter is one of ages, which gas does not have.
    fn metallicity(&self, r_kpc: f64) -> f64 {
        let half_mass_radius =
            crate::disc::ExponentialDisc::HALF_MASS_RADIUS * self.config.disc_scale_length_kpc;
        let dex = self.config.disc_metallicity_gradient_dex * (r_kpc / half_mass_radius - 1.0);
        (self.config.median_metallicity * 10f64.powf(dex)).clamp(1e-4 * SOLAR_METALLICITY, 0.2)
    }
}

/// The dispersion squared that holds the gas up, thermal and turbulent \[(km/s)^2\].
pub(crate) fn support_squared(config: &MockGalaxyConfig) -> f64 {
    BOLTZMANN * config.gas_temperature_k / MEAN_MOLECULAR_WEIGHT + config.gas_turbulence_km_s.powi(2)
}

/// The height at which the mean of `z K_z` is the support, by the secant method in logarithms: it rises with the height
/// with a power between 1 (a sheet) and 2 (a constant density).
fn solve_height(potential: &GalaxyPotential, r_kpc: f64, support: f64, guess: f64) -> f64 {
    let stars = 2.0 * PI * G * potential.disc.surface_density(r_kpc);
    let stellar_height = potential.disc.height_kpc();
    let gas = PI * G * potential.gas.surface_density(r_kpc);
    let needed = |height: f64| {
        mean_of_isothermal_sheet(|t| {
            let z = t * height;
            stars * z * (z / stellar_height).tanh() + spheroid_pull(potential, r_kpc, z)
        }) + gas * height
    };
    let (mut height, mut power) = (guess, 1.5);
    let mut excess = (needed(height) / support).ln();
    for _ in 0..MOST_STEPS {
        if excess.abs() < 1e-6 {
            break;
        }
        let step = -excess / power;
        height *= step.exp();
        let next = (needed(height) / support).ln();
        power = ((next - excess) / step).clamp(0.3, 3.0);
        excess = next;
    }
    height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gas_is_as_high_as_its_pressure_holds_it() {
        let config = MockGalaxyConfig::default();
        let potential = GalaxyPotential::new(&config);
        let disc = GasDisc::new(&config, &potential);
        let heights: Vec<f64> = [3.0, 6.0, 12.0, 24.0].iter().map(|&r| disc.height(r)).collect();
        // Some hundred parsecs at the Sun's place, and flaring.
        assert!(heights.is_sorted() && (0.05..0.4).contains(&heights[1]), "{heights:?}");
        for r in [3.0, 12.0] {
            let height = solve_height(&potential, r, support_squared(&config), 1.0);
            // A power law between radii that are a tenth apart.
            assert!((disc.height(r) / height - 1.0).abs() < 1e-2);
        }
    }

    #[test]
    fn all_the_gas_there_is_has_its_density() {
        let config = MockGalaxyConfig::default();
        let potential = GalaxyPotential::new(&config);
        let disc = GasDisc::new(&config, &potential);
        let step = 0.02;
        let sum: f64 = (-300..200)
            .map(|k| {
                let r = 6.0 * (step * f64::from(k)).exp();
                let column: f64 = (-2000..2000).map(|j| disc.density(r, (f64::from(j) + 0.5) * 0.005)).sum();
                step * TAU * r * r * column * 0.005
            })
            .sum();
        assert!((sum / config.gas_mass_msun - 1.0).abs() < 0.02, "{sum:e}");
    }

    #[test]
    fn pressure_slows_the_gas_a_little() {
        let config = MockGalaxyConfig::default();
        let potential = GalaxyPotential::new(&config);
        let disc = GasDisc::new(&config, &potential);
        let circular = potential.circular_speeds_squared(&[12.0])[0];
        let rotation = disc.grid.interpolate_linearly(&disc.rotation, 12.0);
        let drift = (circular - rotation * rotation) / support_squared(&config);
        // Two scale lengths of the surface density, and the flaring on top.
        assert!((2.0..5.0).contains(&drift), "{drift}");
    }
}
