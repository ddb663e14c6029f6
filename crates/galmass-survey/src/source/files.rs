//! Files with one galaxy each.

use std::path::PathBuf;

use galmass_observe::GivenFrame;
use galmass_snapshot::{SuiteKind, read_galaxy};

use super::GalaxySource;
use crate::error::GalaxyError;
use crate::observe::{GalaxyIds, SurveyGalaxy};

/// A list of files, each with one galaxy: cutouts of any suites, told one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GalaxyFiles {
    paths: Vec<PathBuf>,
    suite: Option<SuiteKind>,
}

impl GalaxyFiles {
    /// Galaxies of files, in their order; by the rules of `suite`, or of the suite that each file looks like. A file is
    /// opened when its galaxy is asked for, no sooner.
    pub fn new(paths: Vec<PathBuf>, suite: Option<SuiteKind>) -> Self {
        Self { paths, suite }
    }
}

impl GalaxySource for GalaxyFiles {
    fn len(&self) -> usize {
        self.paths.len()
    }

    fn suites(&self) -> Vec<String> {
        SuiteKind::ALL.map(|suite| suite.to_string()).to_vec()
    }

    fn description(&self) -> serde_json::Value {
        serde_json::json!({ "files": self.paths, "suite": self.suite })
    }

    fn galaxy_id(&self, index: usize) -> u64 {
        index as u64
    }

    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError> {
        let path = self.paths.get(index).ok_or(GalaxyError::Absent { index, n_galaxies: self.len() })?;
        let snapshot = read_galaxy(path, self.suite)?;
        let id = self.galaxy_id(index);
        let ids = GalaxyIds { galaxy_id: id, halo_id: id, suite: suite_number(snapshot.suite), octant: None };
        let (galaxy, redshift) = (snapshot.galaxy, snapshot.redshift);
        Ok(SurveyGalaxy { galaxy, ids, frame: GivenFrame::default(), redshift })
    }
}

/// The place of a suite in the list of all.
pub(super) fn suite_number(suite: SuiteKind) -> u16 {
    SuiteKind::ALL.iter().position(|known| *known == suite).map_or(u16::MAX, |place| place as u16)
}
