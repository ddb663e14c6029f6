//! A population of galaxies along the observed scaling relations.

mod config;
#[cfg(test)]
mod tests;

use galmass_core::{Galaxy, seed};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::config::BulgeProfile;
use crate::disc::ExponentialDisc;
use crate::random::{normal, uniform};
use crate::{MockError, MockGalaxy, MockGalaxyConfig, relations};
pub use config::{ImfRelation, PopulationConfig, SampleCuts};

/// The smallest projected half-mass radius of a bulge in disc scale lengths, that of the bulges of disc
/// galaxies: `0.22 +- 0.09` (MacArthur, Courteau & Holtzman 2003).
const SMALLEST_BULGE: f64 = 0.22;

/// Galaxies drawn in one place before none is found to pass the cuts.
const MOST_DRAWS: u64 = 1000;

/// Galaxies of all stellar masses, each with the halo, sizes, bulge, gas, black hole, ages and metals that such a galaxy
/// has.
///
/// | property | relation | scatter |
/// | --- | --- | --- |
/// | halo mass | Moster, Naab & White (2013), up to 1e14 Msun | 0.15 dex of stellar mass |
/// | concentration | Dutton & Maccio (2014) | 0.11 dex |
/// | disc size | Shen et al. (2003), late types, at the stellar mass | 0.15 to 0.20 dex |
/// | bulge size | Shen et al. (2003), early types, at the bulge mass; from 0.22 Rd up | 0.15 to 0.20 dex |
/// | bulge fraction | logistic, half at 10^10.9 Msun (after Moffett et al. 2016) | 1 in the argument |
/// | Sersic index | 2.5 at 1e10 Msun of bulge (after Graham & Worley 2008) | 0.12 dex |
/// | disc height | Kregel, van der Kruit & de Grijs (2002), times that of the [`Suite`](crate::Suite) | 0.1 dex |
/// | atomic gas | Catinella et al. (2018), more in one [`Suite`](crate::Suite); molecules a quarter of it, helium | 0.4 dex |
/// | gas size | Wang et al. (2016) | 0.06 dex |
/// | black hole | Kormendy & Ho (2013), from the bulge mass | 0.28 dex |
/// | age, metallicity | tanh curves after Gallazzi et al. (2005) | 0.1 dex each |
/// | metallicity gradient | Kuntschner et al. (2010), spheroids; Sanchez et al. (2014), discs | 0.12, 0.09 dex |
/// | age gradient | -0.6 Gyr a half-mass radius of the disc (after Gonzalez Delgado et al. 2015) | 0.4 Gyr |
/// | initial mass function | Chabrier's, or Cappellari et al. (2013) | 0.08 dex |
///
/// Scatters are correlated as galaxies are at one stellar mass. The signs are those of the papers, the coefficients
/// chosen for mocks:
///
/// | pair | coefficient | |
/// | --- | --- | --- |
/// | concentration and stellar mass of one halo mass | +0.4 | Matthee et al. (2017) |
/// | age and bulge fraction | +0.5 | Kauffmann et al. (2003); Gallazzi et al. (2005) |
/// | metallicity and age | -0.3 | Gallazzi et al. (2005) |
/// | gas and age | -0.5 | Catinella et al. (2010): red galaxies are gas-poor |
/// | gas and disc size | +0.3 | Catinella et al. (2010): so are those of high stellar density |
///
/// A galaxy that does not pass the [`SampleCuts`] is drawn again in its place. So galaxy `i` depends on nothing but
/// the settings of a galaxy, the seed and `i`: neither on the number of galaxies nor on who makes it first.
///
/// # Examples
/// ```
/// use galmass_mock::{MockError, Population, PopulationConfig};
///
/// let small = PopulationConfig { n_galaxies: 4, n_stars: 300, ..PopulationConfig::default() };
/// let population = Population::new(small)?;
/// let stellar_masses = population.map(|_, galaxy| galaxy.stars.particles().total_mass_msun())?;
/// assert_eq!(stellar_masses.len(), 4);
/// assert!(stellar_masses.iter().all(|mass| (5.0e9..3.2e11).contains(mass)));
/// # Ok::<(), MockError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    config: PopulationConfig,
}

impl Population {
    /// Makes a population; galaxies are drawn when they are asked for.
    ///
    /// # Errors
    /// [`MockError::OutOfRange`] for masses outside the documented range or in falling order,
    /// [`MockError::CountOutOfRange`] for galaxies without stars or with too many particles.
    pub fn new(config: PopulationConfig) -> Result<Self, MockError> {
        config.validate()?;
        Ok(Self { config })
    }

    /// The settings.
    pub fn config(&self) -> &PopulationConfig {
        &self.config
    }

    /// The number of galaxies.
    pub fn len(&self) -> usize {
        self.config.n_galaxies
    }

    /// Whether there is no galaxy.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the properties of galaxy `index`, always the same; beyond the last galaxy, those it would have
    /// in a larger population.
    ///
    /// # Errors
    /// [`MockError::NothingSelected`] where none of a thousand galaxies of the mass range passes the cuts.
    pub fn config_of(&self, index: usize) -> Result<MockGalaxyConfig, MockError> {
        let seed = seed::derive(self.seed_of(index), PROPERTIES);
        (0..MOST_DRAWS)
            .map(|draw| self.draw(&mut seed::generator(seed::derive(seed, draw))))
            .find(|config| self.config.cuts.is_none_or(|cuts| cuts.pass(config)))
            .ok_or(MockError::NothingSelected { index, n_draws: MOST_DRAWS })
    }

    /// Draws the properties of one galaxy.
    fn draw(&self, generator: &mut ChaCha8Rng) -> MockGalaxyConfig {
        let suite = self.config.suite;
        let [lowest, highest] = self.config.log10_stellar_mass_range;
        let log_mass = lowest + (highest - lowest) * uniform(generator);
        let stellar_mass_msun = 10f64.powf(log_mass);

        let log_halo_mass = relations::log_halo_mass(log_mass, uniform(generator));
        let excess =
            (log_mass - relations::log_stellar_mass(log_halo_mass)) / relations::STELLAR_MASS_SCATTER;
        let concentration = correlated(&[(0.4, excess)], generator);

        let bulge = normal(generator);
        let bulge_fraction = relations::bulge_fraction(log_mass, bulge);
        let log_bulge_mass = log_mass + bulge_fraction.log10();
        let disc_size = normal(generator);
        let disc_radius = relations::late_type_radius_kpc(log_mass, disc_size);
        let disc_scale_length_kpc = disc_radius / ExponentialDisc::HALF_MASS_RADIUS;
        let bulge_effective_radius_kpc = relations::early_type_radius_kpc(log_bulge_mass, normal(generator))
            .max(SMALLEST_BULGE * disc_scale_length_kpc);
        let half_mass_radius =
            bulge_fraction * bulge_effective_radius_kpc + (1.0 - bulge_fraction) * disc_radius;
        let sersic_index = relations::sersic_index(log_bulge_mass, normal(generator));
        let height = suite.height_factor() * relations::disc_height_ratio(normal(generator));

        let age = correlated(&[(0.5, bulge)], generator);
        let metallicity = correlated(&[(-0.3, age)], generator);
        let gas = correlated(&[(-0.5, age), (0.3, disc_size)], generator);
        let log_atomic_gas_mass = relations::log_atomic_gas_mass(log_mass, gas) + suite.gas_excess_dex();
        let imf = normal(generator);

        self.config.particles_of(MockGalaxyConfig {
            stellar_mass_msun,
            bulge_fraction,
            bulge_profile: BulgeProfile::Sersic { index: sersic_index },
            bulge_effective_radius_kpc,
            disc_scale_length_kpc,
            disc_height_ratio: height.min(1.0),
            disc_toomre_q: suite.toomre_q(),
            gas_mass_msun: relations::cold_gas_mass(log_atomic_gas_mass),
            gas_scale_length_kpc: relations::gas_scale_length_kpc(log_atomic_gas_mass, normal(generator)),
            gas_turbulence_km_s: suite.turbulence_km_s(),
            halo_mass_msun: 10f64.powf(log_halo_mass),
            halo_concentration: relations::concentration(log_halo_mass, concentration),
            halo_response: suite.halo_response(half_mass_radius, normal(generator)),
            black_hole_mass_msun: relations::black_hole_mass_msun(
                10f64.powf(log_bulge_mass),
                normal(generator),
            ),
            mean_age_gyr: relations::mean_age_gyr(log_mass, age),
            disc_age_gradient_gyr: relations::disc_age_gradient_gyr(normal(generator)),
            median_metallicity: relations::median_metallicity(log_mass, metallicity),
            disc_metallicity_gradient_dex: relations::disc_metallicity_gradient_dex(normal(generator)),
            bulge_metallicity_gradient_dex: relations::bulge_metallicity_gradient_dex(normal(generator)),
            imf_factor: match self.config.imf {
                ImfRelation::Chabrier => 1.0,
                ImfRelation::Cappellari2013 => {
                    relations::imf_factor(stellar_mass_msun, half_mass_radius, imf)
                }
            },
            ..MockGalaxyConfig::default()
        })
    }

    /// Samples galaxy `index`; see [`MockGalaxy::sample`].
    ///
    /// # Errors
    /// [`MockError::NoSuchGalaxy`] from `len()` upwards, and those of [`config_of`](Self::config_of) and
    /// [`MockGalaxy::sample`].
    pub fn galaxy(&self, index: usize) -> Result<Galaxy, MockError> {
        if index >= self.len() {
            return Err(MockError::NoSuchGalaxy { index, n_galaxies: self.len() });
        }
        MockGalaxy::sample(&self.config_of(index)?, seed::derive(self.seed_of(index), PARTICLES))
    }

    /// Samples every galaxy on all cores and turns each at once into what `transform(index, galaxy)` makes of
    /// it, so that no more galaxies are in memory than there are threads. The results are in the order of the
    /// galaxies.
    ///
    /// # Errors
    /// The first error of [`galaxy`](Self::galaxy).
    pub fn map<T: Send>(
        &self,
        transform: impl Fn(usize, Galaxy) -> T + Sync + Send,
    ) -> Result<Vec<T>, MockError> {
        (0..self.len()).into_par_iter().map(|index| Ok(transform(index, self.galaxy(index)?))).collect()
    }

    fn seed_of(&self, index: usize) -> u64 {
        seed::derive(self.config.seed, index as u64)
    }
}

/// A standard normal deviate with given coefficients of correlation to others, which are independent of each other or
/// taken to be.
fn correlated(with: &[(f64, f64)], generator: &mut ChaCha8Rng) -> f64 {
    let known: f64 = with.iter().map(|(coefficient, deviate)| coefficient * deviate).sum();
    let left: f64 = 1.0 - with.iter().map(|(coefficient, _)| coefficient * coefficient).sum::<f64>();
    known + left.max(0.0).sqrt() * normal(generator)
}

/// The stream of the properties of a galaxy, and that of its particles.
const PROPERTIES: u64 = 0;
const PARTICLES: u64 = 1;
