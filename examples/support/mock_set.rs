//! A set of samples of mock galaxies, made where it is missing.

use std::error::Error;
use std::path::Path;

use galmass::mock::{Population, PopulationConfig};
use galmass::survey::{BuildOptions, MockSource, Progress, SurveyConfig, build};
use indicatif::{ProgressBar, ProgressStyle};

/// Which galaxies, and what is measured of them.
pub(crate) struct MockSet {
    pub(crate) population: PopulationConfig,
    pub(crate) survey: SurveyConfig,
}

impl MockSet {
    /// Finds settings that nothing can be made with.
    pub(crate) fn check(&self) -> Result<(), Box<dyn Error>> {
        Population::new(self.population.clone())?;
        Ok(self.survey.check()?)
    }

    /// Makes the set, or what is missing of it.
    pub(crate) fn make(&self, folder: &Path, resume: bool) -> Result<(), Box<dyn Error>> {
        let source = MockSource::new(Population::new(self.population.clone())?, "mock");
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} galaxies, {per_sec}, {eta} left")?;
        let bar = ProgressBar::new(self.population.n_galaxies as u64).with_style(style);
        let options = BuildOptions { resume, ..BuildOptions::default() };
        let built = build(&source, &self.survey, folder, &options, |progress| match progress {
            Progress::Kept { n_galaxies } => {
                bar.set_position(n_galaxies as u64);
                bar.reset_eta();
            }
            Progress::Observed { .. } | Progress::Failed { .. } => bar.inc(1),
            _ => {}
        })?;
        bar.abandon();
        match built.failures.first() {
            Some(failure) if built.failures.len() == built.n_galaxies => {
                Err(format!("no galaxy could be observed, the first: {}", failure.reason).into())
            }
            _ => Ok(()),
        }
    }
}
