//! A population of galaxies along the observed scaling relations.

use galmass_core::{Galaxy, seed};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::disc::ExponentialDisc;
use crate::error::check_range;
use crate::hernquist::Hernquist;
use crate::random::{normal, uniform};
use crate::{MockError, MockGalaxy, MockGalaxyConfig, Orientation, relations};

/// The smallest projected half-mass radius of a bulge in disc scale lengths, that of the bulges of disc
/// galaxies: `0.22 +- 0.09` (MacArthur, Courteau & Holtzman 2003).
const SMALLEST_BULGE: f64 = 0.22;

/// What a population is made of. The default is the small preset of the examples.
///
/// # Examples
/// ```
/// use galmass_mock::PopulationConfig;
///
/// let config = PopulationConfig { n_galaxies: 12, ..PopulationConfig::default() };
/// assert_eq!(config.log10_stellar_mass_range, [9.7, 11.5]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PopulationConfig {
    /// The number of galaxies; default 300. None is a valid, empty population.
    pub n_galaxies: usize,
    /// The seed of the whole population; default 0.
    pub seed: u64,
    /// The lowest and highest stellar mass \[log10 Msun\], both within 6 and 12.5; default 9.7 to 11.5.
    /// Masses are spread evenly over it, not as the universe has them: a training set wants each mass equally
    /// often.
    pub log10_stellar_mass_range: [f64; 2],
    /// Star particles a galaxy, 1 or more; default 6000.
    pub n_stars: usize,
    /// Dark matter particles a galaxy, 0 or more; default 4000.
    pub n_dark_matter: usize,
    /// How the spin axes lie; default random.
    pub orientation: Orientation,
}

impl Default for PopulationConfig {
    fn default() -> Self {
        Self {
            n_galaxies: 300,
            seed: 0,
            log10_stellar_mass_range: [9.7, 11.5],
            n_stars: 6000,
            n_dark_matter: 4000,
            orientation: Orientation::Random,
        }
    }
}

impl PopulationConfig {
    fn validate(&self) -> Result<(), MockError> {
        let [lowest, highest] = self.log10_stellar_mass_range;
        check_range("log10_stellar_mass_range[0]", lowest, [6.0, 12.5])?;
        check_range("log10_stellar_mass_range[1]", highest, [lowest, 12.5])?;
        crate::error::check_count("n_stars", self.n_stars, 1)
    }
}

/// Galaxies of all stellar masses, each with the halo, sizes, bulge, ages and metals that such a galaxy has.
///
/// | property | relation | scatter |
/// | --- | --- | --- |
/// | halo mass | Moster, Naab & White (2013), up to 1e14 Msun | 0.15 dex of stellar mass |
/// | concentration | Dutton & Maccio (2014) | 0.11 dex |
/// | disc size | Shen et al. (2003), late types, at the stellar mass | 0.15 to 0.20 dex |
/// | bulge size | Shen et al. (2003), early types, at the bulge mass; from 0.22 Rd up | 0.15 to 0.20 dex |
/// | bulge fraction | logistic, half at 10^10.9 Msun (after Moffett et al. 2016) | 1 in the argument |
/// | disc height | Kregel, van der Kruit & de Grijs (2002) | 0.1 dex |
/// | age, metallicity | tanh curves after Gallazzi et al. (2005) | 0.1 dex each |
///
/// Galaxy `i` depends on nothing but the settings of a galaxy, the seed and `i`: neither on the number of
/// galaxies nor on who makes it first. Scatters are independent of one another.
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
    /// [`MockError::TooFew`] for galaxies without stars.
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
    pub fn config_of(&self, index: usize) -> MockGalaxyConfig {
        let generator = &mut seed::generator(seed::derive(self.seed_of(index), PROPERTIES));
        let [lowest, highest] = self.config.log10_stellar_mass_range;
        let log_mass = lowest + (highest - lowest) * uniform(generator);
        let log_halo_mass = relations::log_halo_mass(log_mass, uniform(generator));
        let bulge_fraction = relations::bulge_fraction(log_mass, normal(generator));
        let disc_scale =
            relations::late_type_radius_kpc(log_mass, normal(generator)) / ExponentialDisc::HALF_MASS_RADIUS;
        let bulge_radius =
            relations::early_type_radius_kpc(log_mass + bulge_fraction.log10(), normal(generator));
        let mean_age_gyr = relations::mean_age_gyr(log_mass, normal(generator));
        MockGalaxyConfig {
            stellar_mass_msun: 10f64.powf(log_mass),
            bulge_fraction,
            disc_scale_length_kpc: disc_scale,
            bulge_scale_kpc: bulge_radius.max(SMALLEST_BULGE * disc_scale) / Hernquist::EFFECTIVE_RADIUS,
            halo_mass_msun: 10f64.powf(log_halo_mass),
            halo_concentration: relations::concentration(log_halo_mass, normal(generator)),
            disc_height_ratio: relations::disc_height_ratio(normal(generator)),
            median_metallicity: relations::median_metallicity(log_mass, normal(generator)),
            mean_age_gyr,
            n_stars: self.config.n_stars,
            n_dark_matter: self.config.n_dark_matter,
            orientation: self.config.orientation,
            ..MockGalaxyConfig::default()
        }
    }

    /// Samples galaxy `index`; see [`MockGalaxy::sample`].
    ///
    /// # Errors
    /// [`MockError::NoSuchGalaxy`] from `len()` upwards.
    pub fn galaxy(&self, index: usize) -> Result<Galaxy, MockError> {
        if index >= self.len() {
            return Err(MockError::NoSuchGalaxy { index, n_galaxies: self.len() });
        }
        MockGalaxy::sample(&self.config_of(index), seed::derive(self.seed_of(index), PARTICLES))
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
            let config = PopulationConfig { log10_stellar_mass_range: range, ..small(300) };
            let population = Population::new(config).unwrap();
            for index in 0..population.len() {
                assert_eq!(population.config_of(index).validate(), Ok(()), "galaxy {index} of {range:?}");
            }
        }
    }

    #[test]
    fn masses_are_spread_evenly_over_the_range() {
        let population = Population::new(small(2000)).unwrap();
        let mut quarters = [0; 4];
        for index in 0..population.len() {
            let log_mass = population.config_of(index).stellar_mass_msun.log10();
            quarters[(4.0 * (log_mass - 9.7) / 1.8) as usize] += 1;
        }
        // Four standard deviations of a count of 500 among 2000.
        assert!(quarters.iter().all(|&count: &i32| (count - 500).abs() < 78), "{quarters:?}");
    }

    #[test]
    fn no_halo_is_a_cluster_and_few_lie_at_the_cut() {
        let population = Population::new(small(500)).unwrap();
        let haloes: Vec<f64> = (0..500).map(|index| population.config_of(index).halo_mass_msun).collect();
        assert!(haloes.iter().all(|&mass| mass <= 1.000_001e14));
        assert!(haloes.iter().filter(|&&mass| mass > 0.999e14).count() < 5);
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
            MockError::TooFew { field: "n_stars", value: 0, lowest: 1 }
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
