//! Whether sampled galaxies are what the settings say, and stay so.

use galmass_core::{Galaxy, Particles};

use crate::potential::GalaxyPotential;
use crate::sphere::Sphere;
use crate::{MockGalaxy, MockGalaxyConfig, Orientation, Population, PopulationConfig};

fn face_on(config: MockGalaxyConfig) -> MockGalaxyConfig {
    MockGalaxyConfig { orientation: Orientation::FaceOn, ..config }
}

fn spheroid_only(n_stars: usize) -> MockGalaxyConfig {
    face_on(MockGalaxyConfig {
        bulge_fraction: 1.0,
        bulge_effective_radius_kpc: 3.6,
        gas_mass_msun: 0.0,
        n_stars,
        ..MockGalaxyConfig::default()
    })
}

fn norm([x, y, z]: [f64; 3]) -> f64 {
    x.hypot(y).hypot(z)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn sum(vectors: impl Iterator<Item = [f64; 3]>) -> [f64; 3] {
    vectors.fold([0.0; 3], |sum, v| [sum[0] + v[0], sum[1] + v[1], sum[2] + v[2]])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn phase(particles: &Particles) -> impl Iterator<Item = ([f64; 3], [f64; 3])> {
    particles.positions_kpc().iter().copied().zip(particles.velocities_km_s().iter().copied())
}

fn angular_momentum(particles: &Particles) -> [f64; 3] {
    sum(phase(particles).map(|(x, v)| cross(x, v)))
}

#[test]
fn masses_are_exact_and_equal() {
    for bulge_fraction in [0.0, 1e-6, 0.3, 1.0] {
        let config =
            MockGalaxyConfig { bulge_fraction, n_stars: 777, n_dark_matter: 333, ..Default::default() };
        let galaxy = MockGalaxy::sample(&config, 1).unwrap();
        let stars = galaxy.stars.particles();
        assert!((stars.total_mass_msun() / config.stellar_mass_msun - 1.0).abs() < 1e-12);
        let halo = GalaxyPotential::new(&config).halo.total_mass();
        assert!((galaxy.dark_matter.total_mass_msun() / halo - 1.0).abs() < 1e-12);
        assert!((galaxy.gas.particles().total_mass_msun() / config.gas_mass_msun - 1.0).abs() < 1e-12);
        assert_eq!(galaxy.black_holes.masses_msun(), [config.black_hole_mass_msun]);
        assert!(stars.masses_msun().iter().all(|&mass| mass == stars.masses_msun()[0]));
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_does_not() {
    let config = MockGalaxyConfig { n_stars: 300, n_dark_matter: 200, ..Default::default() };
    let [once, again, other] = [3, 3, 4].map(|seed| MockGalaxy::sample(&config, seed).unwrap());
    assert_eq!(once, again);
    assert_ne!(once, other);
}

#[test]
fn particles_of_one_component_do_not_move_the_others() {
    let config = MockGalaxyConfig { n_stars: 300, n_dark_matter: 200, n_gas: 100, ..Default::default() };
    let all = MockGalaxy::sample(&config, 3).unwrap();
    let bare = MockGalaxyConfig { n_dark_matter: 0, n_gas: 0, ..config };
    let bare = MockGalaxy::sample(&bare, 3).unwrap();
    assert!(bare.dark_matter.is_empty() && bare.gas.is_empty());
    assert_eq!(bare.stars, all.stars);
    assert_eq!(bare.black_holes, all.black_holes);
}

#[test]
fn one_star_is_a_galaxy() {
    for bulge_fraction in [0.0, 0.5, 1.0] {
        let config =
            MockGalaxyConfig { bulge_fraction, n_stars: 1, n_dark_matter: 0, n_gas: 1, ..Default::default() };
        assert_eq!(MockGalaxy::sample(&config, 9).unwrap().n_particles(), 3);
    }
}

#[test]
fn components_have_their_analytic_half_mass_radii() {
    const TOLERANCE: f64 = 0.03;
    let config = face_on(MockGalaxyConfig {
        bulge_fraction: 0.5,
        n_stars: 80_000,
        n_dark_matter: 40_000,
        n_gas: 20_000,
        ..MockGalaxyConfig::default()
    });
    let galaxy = MockGalaxy::sample(&config, 2).unwrap();
    let potential = GalaxyPotential::new(&config);
    let positions = galaxy.stars.particles().positions_kpc();
    let (bulge, disc) = positions.split_at(config.n_bulge_stars());
    let close = |name: &str, found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < TOLERANCE, "{name}: {found} kpc, not {expected} kpc");
    };
    let radii = |positions: &[[f64; 3]]| positions.iter().map(|&x| norm(x)).collect();
    // Hernquist (1990) has 2.414 scale radii; the cut at 90 of them takes 4 per cent of that.
    close("bulge", median(radii(bulge)), 0.96 * 2.414 / 1.8153 * config.bulge_effective_radius_kpc);
    let halo = median(radii(galaxy.dark_matter.positions_kpc()));
    close("halo", halo, potential.halo.radius_of_fraction(&potential.grid, 0.5));
    let gas = galaxy.gas.particles().positions_kpc();
    let gas_radius = median(gas.iter().map(|x| x[0].hypot(x[1])).collect());
    close("gas", gas_radius, 1.678 * config.gas_scale_length_kpc);
    let disc_radius = median(disc.iter().map(|x| x[0].hypot(x[1])).collect());
    close("disc", disc_radius, 1.678 * config.disc_scale_length_kpc);
    // Half of a sech^2 profile lies within atanh(1/2) z0 of the plane.
    let height = median(disc.iter().map(|x| x[2].abs()).collect());
    close("disc height", height, 0.5493 * config.disc_height_ratio * config.disc_scale_length_kpc);
}

mod evolution;
mod in_the_field_of_its_particles;

/// The velocity dispersion \[km/s\] of an isotropic sphere:
/// `rho sigma^2 = integral from r of rho G M / s^2 ds` (Binney & Tremaine 2008, eq. 4.216), by the trapezium
/// rule in log r.
fn jeans_pressure(sphere: &Sphere, potential: &GalaxyPotential, r_kpc: f64) -> f64 {
    let step = 0.05;
    let integrand = |s: f64| {
        let force = (potential.spherical(s * 1.001) - potential.spherical(s / 1.001)) / 0.002;
        sphere.density(&potential.grid, s) * force
    };
    let tail: f64 = (1..120).map(|k| integrand(r_kpc * (step * f64::from(k)).exp())).sum();
    step * (tail + 0.5 * integrand(r_kpc))
}

/// The mass \[Msun/kpc^2\] on the line of sight at a projected radius, and the mass times `sigma_los^2`:
/// integrals over `z = R sinh t`.
fn project(sphere: &Sphere, potential: &GalaxyPotential, projected_kpc: f64) -> [f64; 2] {
    let step = 0.1;
    let mut sums = [0.0; 2];
    for k in -60..=60 {
        let t = step * f64::from(k);
        let length = projected_kpc * t.cosh(); // dz/dt, and the distance from the centre as well
        sums[0] += step * length * sphere.density(&potential.grid, length);
        sums[1] += step * length * jeans_pressure(sphere, potential, length);
    }
    sums
}

#[test]
fn the_dispersion_profile_solves_the_jeans_equation() {
    const TOLERANCE: f64 = 0.02;
    const N_STARS: usize = 100_000;
    let config = MockGalaxyConfig { n_dark_matter: 0, ..spheroid_only(N_STARS) };
    let potential = GalaxyPotential::new(&config);
    let galaxy = MockGalaxy::sample(&config, 6).unwrap();
    for [inner, outer] in
        [[0.2, 0.5], [0.5, 1.0], [1.0, 2.0], [2.0, 4.0], [4.0, 8.0], [8.0, 16.0], [16.0, 32.0]]
    {
        // Each star offers three lines of sight: the galaxy is a sphere.
        let mut squares = Vec::new();
        for (x, v) in phase(galaxy.stars.particles()) {
            for k in 0..3 {
                let projected = x[(k + 1) % 3].hypot(x[(k + 2) % 3]);
                if (inner..outer).contains(&projected) {
                    squares.push(v[k] * v[k]);
                }
            }
        }
        let found = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        let rings = (0..16).map(|k| inner + (outer - inner) * (f64::from(k) + 0.5) / 16.0);
        let [mass, pressure] = rings
            .map(|r| project(&potential.bulge, &potential, r).map(|value| r * value))
            .fold([0.0; 2], |sum, ring| [sum[0] + ring[0], sum[1] + ring[1]]);
        let expected = (pressure / mass).sqrt();
        assert!((found / expected - 1.0).abs() < TOLERANCE, "{inner} kpc: {found}, not {expected} km/s");
    }
}

#[test]
fn spheroids_stay_as_they_are() {
    // Followed in the potential they were made for, over several orbits at the half-mass radius of 4.5 kpc.
    const STEP: f64 = 5.0e-4; // kpc/(km/s): 0.5 Myr
    // Shot noise of a quartile of 24,000 stars is 1 per cent.
    const TOLERANCE: f64 = 0.03;
    let config = MockGalaxyConfig { n_dark_matter: 0, ..spheroid_only(24_000) };
    let potential = GalaxyPotential::new(&config);
    let galaxy = MockGalaxy::sample(&config, 7).unwrap();
    let quartiles = |mut radii: Vec<f64>| {
        radii.sort_unstable_by(f64::total_cmp);
        [1, 2, 3].map(|k| radii[k * radii.len() / 4])
    };
    let before = quartiles(galaxy.stars.particles().positions_kpc().iter().map(|&x| norm(x)).collect());
    let after = quartiles(
        phase(galaxy.stars.particles())
            .map(|(mut x, mut v)| {
                for _ in 0..600 {
                    x = std::array::from_fn(|k| x[k] + 0.5 * STEP * v[k]);
                    let r = norm(x);
                    let pull = STEP * (potential.spherical(1.001 * r) - potential.spherical(r / 1.001))
                        / (0.002 * r * r);
                    v = std::array::from_fn(|k| v[k] - pull * x[k]);
                    x = std::array::from_fn(|k| x[k] + 0.5 * STEP * v[k]);
                }
                norm(x)
            })
            .collect(),
    );
    for (before, after) in before.into_iter().zip(after) {
        assert!((after / before - 1.0).abs() < TOLERANCE, "from {before} to {after} kpc");
    }
}

#[test]
fn a_galaxy_is_at_rest_at_the_origin() {
    let config = MockGalaxyConfig { n_stars: 40_000, n_dark_matter: 0, ..MockGalaxyConfig::default() };
    let galaxy = MockGalaxy::sample(&config, 8).unwrap();
    let stars = galaxy.stars.particles();
    let mean = |vectors: &[[f64; 3]]| sum(vectors.iter().copied()).map(|s| s / vectors.len() as f64);
    // Four standard errors of a spread of some 200 km/s, and of 5 kpc.
    assert!(norm(mean(stars.velocities_km_s())) < 4.0 * 200.0 / 200.0);
    assert!(norm(mean(stars.positions_kpc())) < 4.0 * 5.0 / 200.0);
}

#[test]
fn discs_rotate_about_z_and_bulges_do_not() {
    let config = face_on(MockGalaxyConfig { bulge_fraction: 0.5, n_stars: 20_000, ..Default::default() });
    let galaxy = MockGalaxy::sample(&config, 9).unwrap();
    let potential = GalaxyPotential::new(&config);
    let points: Vec<_> = phase(galaxy.stars.particles()).collect();
    let mean_rotation = |points: &[([f64; 3], [f64; 3])]| {
        let ring: Vec<f64> = points
            .iter()
            .filter(|(x, _)| (5.0..7.0).contains(&x[0].hypot(x[1])))
            .map(|(x, v)| (x[0] * v[1] - x[1] * v[0]) / x[0].hypot(x[1]))
            .collect();
        ring.iter().sum::<f64>() / ring.len() as f64
    };
    let circular = potential.circular_speeds_squared(&[6.0])[0].sqrt();
    let (bulge, disc) = points.split_at(config.n_bulge_stars());
    assert!((0.85..1.0).contains(&(mean_rotation(disc) / circular)));
    assert!(mean_rotation(bulge).abs() < 0.1 * circular);
    let [x, y, z] = angular_momentum(galaxy.stars.particles());
    assert!(z > 0.0 && x.hypot(y) < 0.05 * z);
}

#[test]
fn random_spin_axes_point_anywhere() {
    let n = 600;
    let config = MockGalaxyConfig {
        bulge_fraction: 0.0,
        n_stars: 60,
        n_dark_matter: 0,
        ..MockGalaxyConfig::default()
    };
    let axes: Vec<[f64; 3]> = (0..n)
        .map(|seed| {
            let spin = angular_momentum(MockGalaxy::sample(&config, seed).unwrap().stars.particles());
            spin.map(|component| component / norm(spin))
        })
        .collect();
    // Each component of an isotropic axis is uniform in [-1, 1]: variance 1/3, that of its square 4/45.
    for k in 0..3 {
        let mean = axes.iter().map(|axis| axis[k]).sum::<f64>() / n as f64;
        let mean_square = axes.iter().map(|axis| axis[k] * axis[k]).sum::<f64>() / n as f64;
        assert!(mean.abs() < 4.0 * (1.0 / (3.0 * n as f64)).sqrt(), "{mean}");
        assert!((mean_square - 1.0 / 3.0).abs() < 4.0 * (4.0 / (45.0 * n as f64)).sqrt(), "{mean_square}");
    }
}

#[test]
fn everything_is_bound_and_has_the_potential_of_its_place() {
    let population = Population::new(PopulationConfig { n_galaxies: 10, ..Default::default() }).unwrap();
    population
        .map(|index, galaxy| {
            let potential = GalaxyPotential::new(&population.config_of(index).unwrap());
            for particles in [galaxy.stars.particles(), &galaxy.dark_matter, galaxy.gas.particles()] {
                let potentials = particles.potentials_km2_s2().unwrap();
                for ((x, v), &stored) in phase(particles).zip(potentials) {
                    assert!(0.5 * dot(v, v) + stored < 0.0, "{x:?} {v:?}");
                    assert!((stored / potential.spherical(norm(x)) - 1.0).abs() < 1e-9);
                }
            }
        })
        .unwrap();
}

#[test]
fn gas_has_every_column_that_readers_give() {
    let config = MockGalaxyConfig { n_gas: 4000, ..MockGalaxyConfig::default() };
    let gas = MockGalaxy::sample(&config, 12).unwrap().gas;
    let mass = gas.particles().masses_msun()[0];
    let neutral = gas.neutral_hydrogen_masses_msun().unwrap();
    let total: f64 = neutral.iter().sum();
    // Most of the gas of a galaxy like ours is neutral, of three quarters hydrogen, and makes a star or a few a year.
    assert!((0.4..0.76).contains(&(total / config.gas_mass_msun)), "{total:e}");
    assert!(neutral.iter().all(|&neutral| neutral <= 0.76 * mass * (1.0 + 1e-12)));
    let rate: f64 = gas.star_formation_rates_msun_yr().unwrap().iter().sum();
    assert!((0.2..5.0).contains(&rate), "{rate} Msun/yr");
    assert!(gas.temperatures_k().unwrap().iter().all(|&t| t == config.gas_temperature_k));
    assert!(gas.metallicities().unwrap().iter().all(|z| (1e-4..0.05).contains(z)));
    let support = gas.support_radii().unwrap();
    for (density, support) in gas.densities_msun_kpc3().unwrap().iter().zip(support) {
        let enclosed = 4.0 / 3.0 * std::f64::consts::PI * support.kpc().powi(3) * density / mass;
        assert!((enclosed - 2.5f64.powi(3)).abs() < 1e-6, "{enclosed}");
    }
}

#[test]
fn galaxies_of_a_population_look_like_galaxies() {
    let population = Population::new(PopulationConfig {
        n_galaxies: 60,
        n_stars: 2000,
        n_dark_matter: 0,
        ..Default::default()
    })
    .unwrap();
    let properties = population
        .map(|_, galaxy| {
            let stars = galaxy.stars.particles();
            let half_mass_radius = median(stars.positions_kpc().iter().map(|&x| norm(x)).collect());
            let squares =
                phase(stars).filter(|(x, _)| norm(*x) < half_mass_radius).map(|(_, v)| dot(v, v) / 3.0);
            let spread = (squares.sum::<f64>() / (stars.len() / 2) as f64).sqrt();
            let light = |magnitudes: &[f64]| magnitudes.iter().map(|m| 10f64.powf(-0.4 * m)).sum::<f64>();
            let g = light(galaxy.stars.magnitudes_g().unwrap());
            let r = light(galaxy.stars.magnitudes_r().unwrap());
            [half_mass_radius, spread, -2.5 * (g / r).log10()]
        })
        .unwrap();
    for [half_mass_radius, spread, colour] in &properties {
        assert!((0.6..25.0).contains(half_mass_radius), "{half_mass_radius} kpc");
        assert!((40.0..400.0).contains(spread), "{spread} km/s");
        assert!((0.3..0.9).contains(colour), "g - r = {colour}");
    }
    let typical = |k: usize| median(properties.iter().map(|galaxy| galaxy[k]).collect());
    assert!((2.0..8.0).contains(&typical(0)) && (80.0..250.0).contains(&typical(1)));
}
