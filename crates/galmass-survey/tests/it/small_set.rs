//! A set that a test can afford to make many times.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use galmass_core::Galaxy;
use galmass_mock::{Population, PopulationConfig};
use galmass_observe::ObservationConfig;
use galmass_survey::{
    BuildOptions, Built, GalaxyError, GalaxySource, LinesOfSight, MockSource, SurveyConfig, SurveyError,
    SurveyGalaxy, build,
};

pub(crate) const N_GALAXIES: usize = 17;
/// Galaxies that have lost their stars; 8 and 9 are a shard.
pub(crate) const STARLESS: [usize; 3] = [3, 8, 9];
/// The lines of sight of each galaxy.
pub(crate) const N_VIEWS: usize = 2;

/// Mock galaxies, some of them without stars.
pub(crate) struct Source(MockSource);

impl Source {
    pub(crate) fn new() -> Self {
        let config = PopulationConfig {
            n_galaxies: N_GALAXIES,
            n_stars: 400,
            n_dark_matter: 200,
            ..PopulationConfig::default()
        };
        Self(MockSource::new(Population::new(config).unwrap(), "mock"))
    }
}

impl GalaxySource for Source {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn suites(&self) -> Vec<String> {
        self.0.suites()
    }

    fn description(&self) -> serde_json::Value {
        serde_json::json!({ "mock": self.0.description(), "starless": STARLESS })
    }

    fn galaxy_id(&self, index: usize) -> u64 {
        self.0.galaxy_id(index)
    }

    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError> {
        let galaxy = self.0.galaxy(index)?;
        let is_starless = STARLESS.contains(&index);
        Ok(if is_starless { SurveyGalaxy { galaxy: Galaxy::default(), ..galaxy } } else { galaxy })
    }
}

pub(crate) fn config() -> SurveyConfig {
    let small = SurveyConfig::small();
    SurveyConfig {
        seed: 7,
        lines_of_sight: LinesOfSight::Random(N_VIEWS),
        observation: ObservationConfig { image_px: 20, map_px: 8, ..small.observation },
        galaxies_per_shard: 2,
        ..small
    }
}

pub(crate) fn make(folder: &Path, options: &BuildOptions) -> Result<Built, SurveyError> {
    build(&Source::new(), &config(), folder, options, |_| ())
}

/// Every file of a folder with its bytes.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// Holds a folder to another one, file by file.
pub(crate) fn assert_same(found: &Path, expected: &Path) {
    let (found, expected) = (files(found), files(expected));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
}
