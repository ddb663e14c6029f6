//! Several sources as one.

use super::GalaxySource;
use crate::error::GalaxyError;
use crate::observe::SurveyGalaxy;

/// The numbers of galaxies and haloes of a source are below this; those of the next source begin at it.
const IDS_PER_SOURCE: u32 = 48;

/// Several sources behind one another: two populations to train on one and test on the other, or more snapshots than one.
///
/// Numbers of galaxies and haloes of source k are its own plus k times 2^48, so that they stay apart. Sources may share
/// suites.
#[derive(Default)]
pub struct JoinedSources {
    sources: Vec<Box<dyn GalaxySource>>,
}

impl JoinedSources {
    /// Joins sources in their order.
    pub fn new(sources: Vec<Box<dyn GalaxySource>>) -> Self {
        Self { sources }
    }

    /// The source of a galaxy, by its number, and its place in it.
    fn find(&self, index: usize) -> Option<(usize, usize)> {
        let mut place = index;
        for (number, source) in self.sources.iter().enumerate() {
            if place < source.len() {
                return Some((number, place));
            }
            place -= source.len();
        }
        None
    }
}

impl GalaxySource for JoinedSources {
    fn len(&self) -> usize {
        self.sources.iter().map(|source| source.len()).sum()
    }

    fn suites(&self) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.sources.iter().flat_map(|source| source.suites()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn description(&self) -> serde_json::Value {
        self.sources.iter().map(|source| source.description()).collect()
    }

    fn galaxy_id(&self, index: usize) -> u64 {
        self.find(index).map_or(u64::MAX, |(number, place)| {
            ((number as u64) << IDS_PER_SOURCE).wrapping_add(self.sources[number].galaxy_id(place))
        })
    }

    fn galaxy(&self, index: usize) -> Result<SurveyGalaxy, GalaxyError> {
        let absent = GalaxyError::Absent { index, n_galaxies: self.len() };
        let (number, place) = self.find(index).ok_or(absent)?;
        let mut galaxy = self.sources[number].galaxy(place)?;
        let first = (number as u64) << IDS_PER_SOURCE;
        galaxy.ids.galaxy_id = galaxy.ids.galaxy_id.wrapping_add(first);
        galaxy.ids.halo_id = galaxy.ids.halo_id.wrapping_add(first);
        let suites = self.sources[number].suites();
        let name = suites.get(usize::from(galaxy.ids.suite));
        let joined = name.and_then(|name| self.suites().iter().position(|joined| joined == name));
        galaxy.ids.suite = joined.map_or(u16::MAX, |joined| joined as u16);
        Ok(galaxy)
    }
}

#[cfg(test)]
mod tests {
    use galmass_mock::{Population, PopulationConfig};

    use super::*;
    use crate::source::MockSource;

    #[test]
    fn galaxies_keep_their_order_and_get_numbers_of_their_own() {
        let mock = |n_galaxies, suite| -> Box<dyn GalaxySource> {
            let config =
                PopulationConfig { n_galaxies, n_stars: 20, n_dark_matter: 1, ..PopulationConfig::default() };
            Box::new(MockSource::new(Population::new(config).unwrap(), suite))
        };
        let joined =
            JoinedSources::new(vec![mock(2, "one"), mock(0, "one"), mock(3, "other"), mock(1, "one")]);
        assert_eq!((joined.len(), joined.suites()), (6, ["one", "other"].map(String::from).to_vec()));
        let ids: Vec<_> = (0..6).map(|index| joined.galaxy(index).unwrap().ids).collect();
        assert_eq!(ids.iter().map(|ids| ids.suite).collect::<Vec<_>>(), [0, 0, 1, 1, 1, 0]);
        for (index, ids) in ids.iter().enumerate() {
            assert_eq!((ids.galaxy_id, ids.halo_id), (joined.galaxy_id(index), joined.galaxy_id(index)));
        }
        assert_eq!((ids[1].galaxy_id, ids[2].galaxy_id, ids[3].galaxy_id), (1, 2 << 48, (2 << 48) + 1));
        assert_eq!(joined.galaxy(2).unwrap().galaxy, mock(3, "other").galaxy(0).unwrap().galaxy);
        assert_eq!(joined.galaxy(6), Err(GalaxyError::Absent { index: 6, n_galaxies: 6 }));
        assert!(JoinedSources::default().is_empty());
    }
}
