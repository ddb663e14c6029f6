//! A set of samples of mock galaxies, made where it is missing.

use std::error::Error;
use std::path::Path;

use galmass::survey::{BuildOptions, GalaxySource, Progress, SurveyConfig, build};
use indicatif::{ProgressBar, ProgressStyle};

/// Makes the set of a source in `folder`, or with `resume` what is missing of it.
pub(crate) fn make(
    source: &dyn GalaxySource,
    survey: &SurveyConfig,
    folder: &Path,
    resume: bool,
) -> Result<(), Box<dyn Error>> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} mock galaxies, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(source.len() as u64).with_style(style);
    let options = BuildOptions { resume, ..BuildOptions::default() };
    let built = build(source, survey, folder, &options, |progress| match progress {
        Progress::Kept { n_galaxies } => {
            bar.set_position(n_galaxies as u64);
            bar.reset_eta();
        }
        Progress::Observed { .. } | Progress::Failed { .. } => bar.inc(1),
        _ => {}
    })?;
    bar.abandon();
    for failure in built.failures.iter().take(5) {
        eprintln!("galaxy {} is left out: {}", failure.index, failure.reason);
    }
    match built.failures.first() {
        Some(failure) if built.failures.len() == built.n_galaxies => {
            Err(format!("no galaxy could be observed, the first: {}", failure.reason).into())
        }
        _ => Ok(()),
    }
}
