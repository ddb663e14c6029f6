//! A survey of mock galaxies, built on the fly where no set of samples is given.

use std::error::Error;
use std::path::Path;

use galmass::dataset::SampleSet;
use galmass::mock::{Population, PopulationConfig, Suite};
use galmass::observe::ObservationConfig;
use galmass::stats::{CircularityConfig, FeatureConfig, MissingPotentials};
use galmass::survey::{GalaxySource, JoinedSources, LinesOfSight, MockSource, SurveyChannel, SurveyConfig};
use serde::Serialize;

use crate::mock_set;

/// How large the survey is.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct MockSurvey {
    /// Galaxies of both suites together.
    pub(crate) n_galaxies: usize,
    /// Star particles of each; two thirds as many of dark matter and a sixth as many of gas.
    pub(crate) n_stars: usize,
    /// Pixels of an image a side.
    pub(crate) image_px: usize,
    /// Pixels of a velocity map a side.
    pub(crate) map_px: usize,
    /// Decides the galaxies.
    pub(crate) seed: u64,
}

/// The set of a survey of mock galaxies in `folder`: half with contracted haloes, half with cores, from three sides each.
///
/// It holds images, colours, and velocity maps of stars and gas, so that one set serves both papers. What an earlier run
/// has left there is kept, and gone on with.
pub(crate) fn mock_set(survey: &MockSurvey, folder: &Path) -> Result<SampleSet, Box<dyn Error>> {
    mock_set::make(&population(survey)?, &config(survey), folder, true)?;
    Ok(SampleSet::open(folder)?)
}

fn population(survey: &MockSurvey) -> Result<JoinedSources, Box<dyn Error>> {
    let suites = Suite::ALL.into_iter().enumerate().map(|(index, suite)| {
        // Two suites of the same seed would be the same galaxies with other physics: these are others.
        let population = Population::new(PopulationConfig {
            n_galaxies: (survey.n_galaxies + 1 - index) / Suite::ALL.len(),
            seed: survey.seed.wrapping_mul(Suite::ALL.len() as u64).wrapping_add(index as u64),
            suite,
            n_stars: survey.n_stars,
            n_dark_matter: survey.n_stars * 2 / 3,
            n_gas: survey.n_stars / 6,
            ..PopulationConfig::default()
        })?;
        Ok(Box::new(MockSource::new(population, suite.name())) as Box<dyn GalaxySource>)
    });
    Ok(JoinedSources::new(suites.collect::<Result<_, Box<dyn Error>>>()?))
}

fn config(survey: &MockSurvey) -> SurveyConfig {
    use SurveyChannel::{ColourGR, Dispersion, GasDispersion, GasVelocity, ImageR, Velocity};
    let paper = SurveyConfig::chu2024();
    let circularity =
        CircularityConfig { missing_potentials: MissingPotentials::Average, ..CircularityConfig::default() };
    SurveyConfig {
        seed: survey.seed,
        lines_of_sight: LinesOfSight::Axes,
        observation: ObservationConfig {
            image_px: survey.image_px,
            map_px: survey.map_px,
            ..paper.observation
        },
        channels: vec![ImageR, ColourGR, Velocity, Dispersion, GasVelocity, GasDispersion],
        // For the early types, and for the virial estimators.
        table_1: true,
        features: FeatureConfig { circularity, ..FeatureConfig::default() },
        ..paper
    }
}

/// Whether a suite of a set is of mock galaxies, ours or those of `build_dataset`.
pub(crate) fn is_mock(suite: &str) -> bool {
    suite == "mock" || Suite::ALL.iter().any(|known| known.name() == suite)
}
