//! One galaxy, sampled.

use std::f64::consts::TAU;

use galmass_core::{Galaxy, Particles, Stars, seed};
use rand_chacha::ChaCha8Rng;

use crate::disc_kinematics::{DiscKinematics, VelocityEllipsoid};
use crate::eddington::IsotropicDistribution;
use crate::hernquist::Hernquist;
use crate::light::StarColumns;
use crate::potential::GalaxyPotential;
use crate::random::{Rotation, direction, normal, uniform};
use crate::{MockError, MockGalaxyConfig, Orientation};

/// The fastest a disc star may be, in escape speeds: the tails of Gaussian velocities are cut there.
const FASTEST: f64 = 0.95;

/// Each part of a galaxy draws from its own stream, so that more halo particles do not move a single star.
#[derive(Clone, Copy, Debug)]
enum Stream {
    Orientation,
    Bulge,
    Disc,
    Halo,
    Light,
}

/// An isolated galaxy in approximate equilibrium: a Hernquist bulge, an exponential disc and a dark halo.
///
/// * **Spheroids** (bulge and halo) have isotropic velocities from Eddington's inversion in the potential of
///   the whole galaxy, the disc's mass spread over spheres: exact but for the flattening of the disc's field.
/// * **The disc** rotates at the speed of Freeman's thin disc in the field of the spheroids, less asymmetric
///   drift, with Gaussian dispersions from Toomre's Q and the epicyclic approximation.
/// * **Light** is a simple fit: g and r magnitudes from the age and metallicity of each star particle.
///
/// There is no gas and no black hole, the halo is not contracted by the baryons, and the bulge does not
/// rotate.
///
/// # References
/// Hernquist (1990, 1993); Freeman (1970); Eddington (1916); Springel, Di Matteo & Hernquist (2005);
/// Binney & Tremaine (2008), chapters 2 to 4.
#[derive(Clone, Copy, Debug)]
pub struct MockGalaxy;

impl MockGalaxy {
    /// Samples a galaxy whose centre is at the origin and at rest; sums over the finite number of particles
    /// differ from zero by their shot noise.
    ///
    /// Star particles all have the same mass, and those of the bulge come first; so have dark matter
    /// particles. Every particle carries the potential \[(km/s)^2\] of the spherically averaged model, zero
    /// at infinity. Spheroids end at 50 scale radii. The same configuration and seed give the same particles
    /// on any number of threads; a different `n_dark_matter` leaves the stars as they are, and the
    /// orientation too.
    ///
    /// # Errors
    /// [`MockError::OutOfRange`] or [`MockError::TooFew`] for the first field outside its documented range.
    ///
    /// # Examples
    /// ```
    /// use galmass_mock::{MockError, MockGalaxy, MockGalaxyConfig};
    ///
    /// let config = MockGalaxyConfig { n_stars: 500, n_dark_matter: 200, ..MockGalaxyConfig::default() };
    /// let galaxy = MockGalaxy::sample(&config, 42)?;
    /// assert_eq!(galaxy.dark_matter.len(), 200);
    /// assert!((galaxy.stars.particles().total_mass_msun() / 5.0e10 - 1.0).abs() < 1e-12);
    /// assert_eq!(galaxy, MockGalaxy::sample(&config, 42)?);
    /// assert_ne!(galaxy, MockGalaxy::sample(&config, 43)?);
    /// # Ok::<(), MockError>(())
    /// ```
    pub fn sample(config: &MockGalaxyConfig, seed: u64) -> Result<Galaxy, MockError> {
        config.validate()?;
        let generator = |stream: Stream| seed::generator(seed::derive(seed, stream as u64));
        let potential = GalaxyPotential::new(config);
        let rotation = match config.orientation {
            Orientation::Random => Rotation::random(&mut generator(Stream::Orientation)),
            Orientation::FaceOn => Rotation::IDENTITY,
        };

        let n_bulge = config.n_bulge_stars();
        let n_disc = config.n_stars - n_bulge;
        let mut stars = sample_spheroid(&potential.bulge, &potential, n_bulge, &mut generator(Stream::Bulge));
        stars.extend(sample_disc(&potential, config.disc_toomre_q, n_disc, &mut generator(Stream::Disc)));
        let halo =
            sample_spheroid(&potential.halo, &potential, config.n_dark_matter, &mut generator(Stream::Halo));
        let columns = StarColumns::sample(config, &mut generator(Stream::Light));

        Ok(Galaxy {
            stars: with_columns(
                into_particles(stars, config.stellar_mass_msun, &potential, rotation)?,
                columns,
            )?,
            dark_matter: into_particles(halo, config.halo_mass_msun, &potential, rotation)?,
            ..Galaxy::default()
        })
    }
}

/// Where a particle is \[kpc\] and how it moves \[km/s\], the disc lying in the x-y plane.
#[derive(Clone, Copy, Debug, PartialEq)]
struct PhasePoint {
    position: [f64; 3],
    velocity: [f64; 3],
}

fn sample_spheroid(
    sphere: &Hernquist,
    potential: &GalaxyPotential,
    n_particles: usize,
    generator: &mut ChaCha8Rng,
) -> Vec<PhasePoint> {
    if n_particles == 0 {
        return Vec::new(); // a bulge of no mass has no distribution function either
    }
    let distribution = IsotropicDistribution::new(sphere, potential);
    (0..n_particles)
        .map(|_| {
            let r = sphere.radius_of_fraction(uniform(generator));
            let speed = distribution.sample_speed(r, potential, generator);
            PhasePoint {
                position: direction(generator).map(|x| r * x),
                velocity: direction(generator).map(|x| speed * x),
            }
        })
        .collect()
}

fn sample_disc(
    potential: &GalaxyPotential,
    toomre_q: f64,
    n_particles: usize,
    generator: &mut ChaCha8Rng,
) -> Vec<PhasePoint> {
    let kinematics = DiscKinematics::new(potential, toomre_q);
    (0..n_particles)
        .map(|_| {
            let r = potential.disc.radius_of_fraction(uniform(generator));
            let z = potential.disc.height_of_fraction(uniform(generator));
            let (sin, cos) = (TAU * uniform(generator)).sin_cos();
            let [radial, azimuthal, vertical] = sample_disc_velocity(kinematics.at(r), generator);
            let limit = FASTEST * potential.escape_speed(r.hypot(z));
            let cut = (limit / radial.hypot(azimuthal).hypot(vertical)).min(1.0);
            PhasePoint {
                position: [r * cos, r * sin, z],
                velocity: [radial * cos - azimuthal * sin, radial * sin + azimuthal * cos, vertical]
                    .map(|v| cut * v),
            }
        })
        .collect()
}

/// The radial, azimuthal and vertical velocity of a disc star.
fn sample_disc_velocity(ellipsoid: VelocityEllipsoid, generator: &mut ChaCha8Rng) -> [f64; 3] {
    let VelocityEllipsoid { mean_rotation, sigma_radial, sigma_azimuthal, sigma_vertical } = ellipsoid;
    [
        sigma_radial * normal(generator),
        mean_rotation + sigma_azimuthal * normal(generator),
        sigma_vertical * normal(generator),
    ]
}

/// Turns the points, shares the mass equally among them and notes the potential of each.
fn into_particles(
    points: Vec<PhasePoint>,
    mass_msun: f64,
    potential: &GalaxyPotential,
    rotation: Rotation,
) -> Result<Particles, MockError> {
    let norm = |[x, y, z]: [f64; 3]| x.hypot(y).hypot(z);
    let potentials = points.iter().map(|point| potential.spherical(norm(point.position))).collect();
    let masses = vec![mass_msun / points.len() as f64; points.len()];
    let (positions, velocities) = points
        .into_iter()
        .map(|point| (rotation.apply(point.position), rotation.apply(point.velocity)))
        .unzip();
    Ok(Particles::new(positions, velocities, masses)?.with_potentials_km2_s2(potentials)?)
}

fn with_columns(particles: Particles, columns: StarColumns) -> Result<Stars, MockError> {
    Ok(Stars::new(particles)
        .with_ages_gyr(columns.ages_gyr)?
        .with_metallicities(columns.metallicities)?
        .with_initial_masses_msun(columns.initial_masses_msun)?
        .with_magnitudes_g(columns.magnitudes_g)?
        .with_magnitudes_r(columns.magnitudes_r)?)
}
