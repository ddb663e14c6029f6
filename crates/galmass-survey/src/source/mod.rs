//! Where the galaxies of a survey come from.

mod files;
mod joined;
mod population;
mod subhaloes;

pub use files::GalaxyFiles;
pub use joined::JoinedSources;
pub use population::MockSource;
pub use subhaloes::{SubhaloCuts, SubhaloSource};

use crate::error::GalaxyError;
use crate::observe::SurveyGalaxy;

/// A list of galaxies that are made or read one by one, each the same whoever asks.
///
/// | source | galaxies | id | halo | octant |
/// | --- | --- | --- | --- | --- |
/// | [`MockSource`] | a population of mock galaxies | place in the population | the same | none |
/// | [`GalaxyFiles`] | a list of files, one galaxy each | place in the list | the same | where the file has a box |
/// | [`SubhaloSource`] | subhaloes of a snapshot, by its catalogue | index of the subhalo | index of the group | yes |
/// | [`JoinedSources`] | several sources behind one another | by source | by source | by source |
pub trait GalaxySource: Sync {
    /// The number of galaxies.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the suites that galaxies are from; [`GalaxyIds::suite`](crate::GalaxyIds::suite) is a place in here.
    fn suites(&self) -> Vec<String>;

    /// What the set says of where its galaxies come from: the settings that decide them.
    fn description(&self) -> serde_json::Value;

    /// The number of galaxy `index`, unlike those of all others; it is known of a galaxy that cannot be read, too.
    fn galaxy_id(&self, index: usize) -> u64;

    /// Makes or reads galaxy `index`, from 0.
    ///
    /// # Errors
    /// [`GalaxyError`]: this galaxy cannot be had; the others may.
    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError>;
}
