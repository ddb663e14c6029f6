//! A population of galaxies along the observed scaling relations.

use galmass_core::{Galaxy, seed};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{BulgeProfile, ParticleMasses};
use crate::disc::{ExponentialDisc, fraction_inside};
use crate::error::check_range;
use crate::log_grid::LogGrid;
use crate::potential::bulge_profile;
use crate::random::{normal, uniform};
use crate::sphere::Sphere;
use crate::{MockError, MockGalaxy, MockGalaxyConfig, Orientation, Suite, relations};

/// The smallest projected half-mass radius of a bulge in disc scale lengths, that of the bulges of disc
/// galaxies: `0.22 +- 0.09` (MacArthur, Courteau & Holtzman 2003).
const SMALLEST_BULGE: f64 = 0.22;

/// Galaxies drawn in one place before none is found to pass the cuts.
const MOST_DRAWS: u64 = 1000;

/// Which galaxies belong to the sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleCuts {
    /// The least stellar mass inside a sphere of 30 kpc \[Msun\]; default 5e9.
    pub lowest_stellar_mass_msun: f64,
    /// The most mass of all components \[Msun\], the dark matter inside the virial radius; default 1e14.
    pub highest_total_mass_msun: f64,
}

impl Default for SampleCuts {
    fn default() -> Self {
        Self::chu2024()
    }
}

impl SampleCuts {
    /// The cuts of Chu et al. (2024), section 2.1.
    pub const fn chu2024() -> Self {
        Self { lowest_stellar_mass_msun: 5e9, highest_total_mass_msun: 1e14 }
    }

    fn pass(&self, config: &MockGalaxyConfig) -> bool {
        let baryons = config.stellar_mass_msun + config.gas_mass_msun + config.black_hole_mass_msun;
        baryons + config.halo_mass_msun < self.highest_total_mass_msun
            && stellar_mass_inside_30_kpc(config) > self.lowest_stellar_mass_msun
    }
}

fn stellar_mass_inside_30_kpc(config: &MockGalaxyConfig) -> f64 {
    let profile = bulge_profile(config);
    let [core, end] = profile.extent();
    let grid = LogGrid::new(core.min(1.0), end.max(60.0));
    let bulge = Sphere::of_profile(&grid, &profile, config.bulge_fraction, f64::INFINITY);
    let disc = (1.0 - config.bulge_fraction) * fraction_inside(30.0 / config.disc_scale_length_kpc);
    config.stellar_mass_msun * (bulge.enclosed_mass(&grid, 30.0) + disc)
}

/// How heavy the stars of a light are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImfRelation {
    /// As with the initial mass function of Chabrier (2003) in all galaxies: what most simulations assume.
    #[default]
    Chabrier,
    /// Rising with the dispersion of the galaxy, with scatter (Cappellari et al. 2013).
    Cappellari2013,
}

/// What a population is made of. The default is the small preset of the examples.
///
/// # Examples
/// ```
/// use galmass_mock::{PopulationConfig, Suite};
///
/// let config = PopulationConfig { n_galaxies: 12, suite: Suite::Cored, ..PopulationConfig::default() };
/// assert_eq!(config.log10_stellar_mass_range, [9.7, 11.5]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PopulationConfig {
    /// The number of galaxies; default 300. None is a valid, empty population.
    pub n_galaxies: usize,
    /// The seed of the whole population; default 0.
    pub seed: u64,
    /// The physics; default [`Suite::Contracted`].
    pub suite: Suite,
    /// The lowest and highest stellar mass \[log10 Msun\], both within 6 and 12.5; default 9.7 to 11.5.
    /// Masses are spread evenly over it, not as the universe has them: a training set wants each mass equally
    /// often.
    pub log10_stellar_mass_range: [f64; 2],
    /// Which galaxies belong to the sample; others are drawn again. Default those of Chu et al. (2024).
    pub cuts: Option<SampleCuts>,
    /// How heavy the stars of a light are; default as with the initial mass function of Chabrier.
    pub imf: ImfRelation,
    /// Star particles a galaxy, 1 or more; default 6000.
    pub n_stars: usize,
    /// Dark matter particles a galaxy, 0 or more; default 4000.
    pub n_dark_matter: usize,
    /// Gas particles a galaxy, 0 or more; default 1000.
    pub n_gas: usize,
    /// The masses that particles should have, in place of their numbers; default none.
    pub particle_masses: Option<ParticleMasses>,
    /// How the spin axes lie; default random.
    pub orientation: Orientation,
}

impl Default for PopulationConfig {
    fn default() -> Self {
        Self {
            n_galaxies: 300,
            seed: 0,
            suite: Suite::Contracted,
            log10_stellar_mass_range: [9.7, 11.5],
            cuts: Some(SampleCuts::chu2024()),
            imf: ImfRelation::Chabrier,
            n_stars: 6000,
            n_dark_matter: 4000,
            n_gas: 1000,
            particle_masses: None,
            orientation: Orientation::Random,
        }
    }
}

impl PopulationConfig {
    fn validate(&self) -> Result<(), MockError> {
        let [lowest, highest] = self.log10_stellar_mass_range;
        check_range("log10_stellar_mass_range[0]", lowest, [6.0, 12.5])?;
        check_range("log10_stellar_mass_range[1]", highest, [lowest, 12.5])?;
        if let Some(cuts) = self.cuts {
            check_range("cuts.lowest_stellar_mass_msun", cuts.lowest_stellar_mass_msun, [0.0, 1e14])?;
            check_range("cuts.highest_total_mass_msun", cuts.highest_total_mass_msun, [0.0, 1e17])?;
        }
        self.particles_of(MockGalaxyConfig::default()).validate()
    }

    /// The same galaxy with the particles of the population.
    fn particles_of(&self, config: MockGalaxyConfig) -> MockGalaxyConfig {
        MockGalaxyConfig {
            n_stars: self.n_stars,
            n_dark_matter: self.n_dark_matter,
            n_gas: self.n_gas,
            particle_masses: self.particle_masses,
            orientation: self.orientation,
            ..config
        }
    }
}

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
/// | disc height | Kregel, van der Kruit & de Grijs (2002), times that of the [`Suite`] | 0.1 dex |
/// | atomic gas | Catinella et al. (2018), more in one [`Suite`]; molecules a quarter of it, helium | 0.4 dex |
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

#[cfg(test)]
mod tests {
    use super::*;

    fn small(n_galaxies: usize) -> PopulationConfig {
        PopulationConfig {
            n_galaxies,
            n_stars: 60,
            n_dark_matter: 40,
            n_gas: 20,
            seed: 11,
            ..PopulationConfig::default()
        }
    }

    #[test]
    fn a_galaxy_does_not_depend_on_the_number_of_galaxies() {
        let few = Population::new(small(3)).unwrap();
        let many = Population::new(small(200)).unwrap();
        for index in 0..3 {
            assert_eq!(few.config_of(index), many.config_of(index));
            assert_eq!(few.galaxy(index).unwrap(), many.galaxy(index).unwrap());
        }
        assert_ne!(few.galaxy(0).unwrap(), few.galaxy(1).unwrap());
    }

    #[test]
    fn mapping_in_parallel_keeps_order_and_bits() {
        let population = Population::new(small(20)).unwrap();
        let galaxies = population.map(|index, galaxy| (index, galaxy)).unwrap();
        for (expected, (index, galaxy)) in galaxies.into_iter().enumerate() {
            assert_eq!(index, expected);
            assert_eq!(galaxy, population.galaxy(index).unwrap());
        }
    }

    #[test]
    fn every_galaxy_of_any_valid_population_is_valid() {
        for range in [[9.7, 11.5], [6.0, 6.0], [12.5, 12.5]] {
            let config = PopulationConfig { log10_stellar_mass_range: range, cuts: None, ..small(300) };
            let population = Population::new(config).unwrap();
            for index in 0..population.len() {
                let galaxy = population.config_of(index).unwrap();
                assert_eq!(galaxy.validate(), Ok(()), "galaxy {index} of {range:?}");
            }
        }
    }

    #[test]
    fn masses_are_spread_evenly_over_the_range() {
        let population = Population::new(PopulationConfig { cuts: None, ..small(2000) }).unwrap();
        let mut quarters = [0; 4];
        for index in 0..population.len() {
            let log_mass = population.config_of(index).unwrap().stellar_mass_msun.log10();
            quarters[(4.0 * (log_mass - 9.7) / 1.8) as usize] += 1;
        }
        // Four standard deviations of a count of 500 among 2000.
        assert!(quarters.iter().all(|&count: &i32| (count - 500).abs() < 78), "{quarters:?}");
    }

    #[test]
    fn no_halo_is_a_cluster_and_few_lie_at_the_cut() {
        let population = Population::new(small(500)).unwrap();
        let haloes: Vec<f64> =
            (0..500).map(|index| population.config_of(index).unwrap().halo_mass_msun).collect();
        assert!(haloes.iter().all(|&mass| mass <= 1.000_001e14));
        assert!(haloes.iter().filter(|&&mass| mass > 0.999e14).count() < 5);
    }

    fn configs(config: PopulationConfig) -> Vec<MockGalaxyConfig> {
        let population = Population::new(config).unwrap();
        (0..population.len()).map(|index| population.config_of(index).unwrap()).collect()
    }

    #[test]
    fn all_galaxies_pass_the_cuts() {
        let range = [9.5, 12.2];
        let all = configs(PopulationConfig { cuts: None, log10_stellar_mass_range: range, ..small(400) });
        let cuts = SampleCuts::chu2024();
        let n_passing = all.iter().filter(|galaxy| cuts.pass(galaxy)).count();
        assert!((200..380).contains(&n_passing), "{n_passing}");
        let sample = configs(PopulationConfig { log10_stellar_mass_range: range, ..small(400) });
        assert!(sample.iter().all(|galaxy| cuts.pass(galaxy)));
        // Those that pass stay in their places.
        assert!(all.iter().zip(&sample).all(|(all, sample)| !cuts.pass(all) || all == sample));
    }

    #[test]
    fn cuts_that_nothing_passes_are_an_error() {
        let dwarfs = PopulationConfig { log10_stellar_mass_range: [7.0, 8.0], ..small(2) };
        let population = Population::new(dwarfs).unwrap();
        assert_eq!(population.galaxy(1), Err(MockError::NothingSelected { index: 1, n_draws: MOST_DRAWS }));
    }

    #[test]
    fn stars_inside_30_kpc_are_counted_as_they_are_sampled() {
        let config = MockGalaxyConfig {
            disc_scale_length_kpc: 12.0,
            bulge_effective_radius_kpc: 10.0,
            n_stars: 20_000,
            n_dark_matter: 0,
            n_gas: 0,
            ..MockGalaxyConfig::default()
        };
        let galaxy = MockGalaxy::sample(&config, 1).unwrap();
        let positions = galaxy.stars.particles().positions_kpc();
        let inside = positions.iter().filter(|[x, y, z]| x * x + y * y + z * z < 900.0).count();
        let expected = stellar_mass_inside_30_kpc(&config) / config.stellar_mass_msun;
        // Four standard errors of 20,000 stars.
        assert!((inside as f64 / 20_000.0 - expected).abs() < 0.013, "{inside} {expected}");
    }

    #[test]
    fn scatters_are_correlated_as_said() {
        let galaxies = configs(PopulationConfig {
            cuts: None,
            log10_stellar_mass_range: [10.3, 10.300_001],
            ..small(3000)
        });
        let correlation = |a: &dyn Fn(&MockGalaxyConfig) -> f64, b: &dyn Fn(&MockGalaxyConfig) -> f64| {
            let n = galaxies.len() as f64;
            let mean = |f: &dyn Fn(&MockGalaxyConfig) -> f64| galaxies.iter().map(f).sum::<f64>() / n;
            let [mean_a, mean_b] = [mean(a), mean(b)];
            let covariance = mean(&|galaxy| (a(galaxy) - mean_a) * (b(galaxy) - mean_b));
            let variance = |f: &dyn Fn(&MockGalaxyConfig) -> f64, m: f64| mean(&|g| (f(g) - m).powi(2));
            covariance / (variance(a, mean_a) * variance(b, mean_b)).sqrt()
        };
        let age = |galaxy: &MockGalaxyConfig| galaxy.mean_age_gyr.ln();
        let gas = |galaxy: &MockGalaxyConfig| galaxy.gas_mass_msun.ln();
        let bulge = |galaxy: &MockGalaxyConfig| (galaxy.bulge_fraction / (1.0 - galaxy.bulge_fraction)).ln();
        let size = |galaxy: &MockGalaxyConfig| galaxy.disc_scale_length_kpc.ln();
        let metals = |galaxy: &MockGalaxyConfig| galaxy.median_metallicity.ln();
        // A halo that is light for its galaxy is concentrated, on top of the relation with its mass.
        let concentration = |galaxy: &MockGalaxyConfig| {
            galaxy.halo_concentration.log10() + 0.101 * galaxy.halo_mass_msun.log10()
        };
        let halo = |galaxy: &MockGalaxyConfig| galaxy.halo_mass_msun.ln();
        // Four standard errors of 3000 galaxies.
        for (found, expected) in [
            (correlation(&age, &bulge), 0.5),
            (correlation(&metals, &age), -0.3),
            (correlation(&gas, &age), -0.5),
            (correlation(&gas, &size), 0.3),
            (correlation(&size, &bulge), 0.0),
        ] {
            assert!((found - expected).abs() < 0.075, "{found}, not {expected}");
        }
        assert!((-0.5..-0.25).contains(&correlation(&concentration, &halo)));
    }

    #[test]
    fn suites_differ_in_what_they_say_and_in_nothing_else() {
        let [contracted, cored] = Suite::ALL.map(|suite| configs(PopulationConfig { suite, ..small(50) }));
        for (contracted, cored) in contracted.iter().zip(&cored) {
            assert_eq!(contracted.halo_response, crate::HaloResponse::Gnedin);
            assert!(matches!(cored.halo_response, crate::HaloResponse::Core { .. }));
            assert!((cored.gas_mass_msun / contracted.gas_mass_msun - 10f64.powf(0.25)).abs() < 1e-9);
            assert!(cored.disc_height_ratio > 1.2 * contracted.disc_height_ratio);
            assert!(cored.disc_toomre_q > contracted.disc_toomre_q);
            assert!(cored.gas_turbulence_km_s > contracted.gas_turbulence_km_s);
            let same = MockGalaxyConfig {
                halo_response: contracted.halo_response,
                gas_mass_msun: contracted.gas_mass_msun,
                gas_scale_length_kpc: contracted.gas_scale_length_kpc,
                disc_height_ratio: contracted.disc_height_ratio,
                disc_toomre_q: contracted.disc_toomre_q,
                gas_turbulence_km_s: contracted.gas_turbulence_km_s,
                ..cored.clone()
            };
            assert_eq!(&same, contracted);
        }
    }

    #[test]
    fn heavy_stars_only_dim_the_light() {
        let base = PopulationConfig { n_galaxies: 8, ..small(8) };
        let [chabrier, heavy] = [ImfRelation::Chabrier, ImfRelation::Cappellari2013]
            .map(|imf| Population::new(PopulationConfig { imf, ..base.clone() }).unwrap());
        let factor = heavy.config_of(3).unwrap().imf_factor;
        let [a, b] = [&chabrier, &heavy].map(|population| population.galaxy(3).unwrap());
        assert_eq!(a.stars.particles(), b.stars.particles());
        let dimming = b.stars.magnitudes_r().unwrap()[0] - a.stars.magnitudes_r().unwrap()[0];
        assert!((dimming - 2.5 * factor.log10()).abs() < 1e-9 && dimming != 0.0);
    }

    #[test]
    fn bad_populations_are_refused() {
        let new = |config| Population::new(config).unwrap_err();
        let range = |log10_stellar_mass_range| PopulationConfig { log10_stellar_mass_range, ..small(1) };
        assert!(matches!(
            new(range([10.0, 9.0])),
            MockError::OutOfRange { field: "log10_stellar_mass_range[1]", value: 9.0, lowest: 10.0, .. }
        ));
        assert!(matches!(
            new(range([f64::NAN, 11.0])),
            MockError::OutOfRange { field: "log10_stellar_mass_range[0]", .. }
        ));
        assert_eq!(
            new(PopulationConfig { n_stars: 0, ..small(1) }),
            MockError::CountOutOfRange { field: "n_stars", value: 0, lowest: 1, highest: 1_000_000_000 }
        );
        assert_eq!(
            Population::new(small(2)).unwrap().galaxy(2),
            Err(MockError::NoSuchGalaxy { index: 2, n_galaxies: 2 })
        );
    }

    #[test]
    fn an_empty_population_is_empty() {
        let population = Population::new(small(0)).unwrap();
        assert!(population.is_empty());
        assert_eq!(population.map(|index, _| index), Ok(Vec::new()));
    }
}
