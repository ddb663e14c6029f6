//! Mock galaxies.

use galmass_mock::Population;
use galmass_observe::GivenFrame;

use super::GalaxySource;
use crate::error::GalaxyError;
use crate::observe::{GalaxyIds, SurveyGalaxy};

/// A population of mock galaxies under the name of a suite. They never touch the disk.
///
/// # Examples
/// ```
/// use galmass_mock::{Population, PopulationConfig};
/// use galmass_survey::{GalaxySource, MockSource};
///
/// let config = PopulationConfig { n_galaxies: 5, n_stars: 100, ..PopulationConfig::default() };
/// let source = MockSource::new(Population::new(config)?, "mock");
/// assert_eq!((source.len(), source.galaxy_id(4)), (5, 4));
/// assert_eq!(source.galaxy(4)?.galaxy.stars.particles().len(), 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MockSource {
    population: Population,
    suite: String,
}

impl MockSource {
    /// Galaxies of a population, by the name of their suite.
    pub fn new(population: Population, suite: &str) -> Self {
        Self { population, suite: suite.into() }
    }
}

impl GalaxySource for MockSource {
    fn len(&self) -> usize {
        self.population.len()
    }

    fn suites(&self) -> Vec<String> {
        vec![self.suite.clone()]
    }

    fn description(&self) -> serde_json::Value {
        serde_json::json!({ "population": self.population.config(), "suite": self.suite })
    }

    fn galaxy_id(&self, index: usize) -> u64 {
        index as u64
    }

    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError> {
        let id = self.galaxy_id(index);
        let ids = GalaxyIds { galaxy_id: id, halo_id: id, ..GalaxyIds::default() };
        let galaxy = self.population.galaxy(index)?;
        Ok(SurveyGalaxy { galaxy, ids, frame: GivenFrame::default(), redshift: None })
    }
}
