//! The keys of many samples as columns.

use std::collections::BTreeSet;

use super::{Checksum, SampleKey};
use crate::DatasetError;
use crate::shards::checksum::Hasher;

/// The keys of samples as columns of one length; see [`SampleKey`] for their meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Galaxies.
    pub galaxy_id: Vec<u64>,
    /// Haloes.
    pub halo_id: Vec<u64>,
    /// Lines of sight.
    pub line_of_sight: Vec<u32>,
    /// Suites.
    pub suite: Vec<u16>,
    /// Octants of the box.
    pub octant: Vec<u8>,
    /// Flags.
    pub flags: Vec<u32>,
}

impl Keys {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.galaxy_id.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.galaxy_id.is_empty()
    }

    /// The key of one sample, or `None` beyond the last.
    pub fn get(&self, index: usize) -> Option<SampleKey> {
        Some(SampleKey {
            galaxy_id: *self.galaxy_id.get(index)?,
            halo_id: *self.halo_id.get(index)?,
            line_of_sight: *self.line_of_sight.get(index)?,
            suite: *self.suite.get(index)?,
            octant: *self.octant.get(index)?,
            flags: *self.flags.get(index)?,
        })
    }

    /// All columns have the length of the first.
    pub(crate) fn check(&self) -> Result<(), DatasetError> {
        let expected = self.len();
        let columns = [
            ("halo_id", self.halo_id.len()),
            ("line_of_sight", self.line_of_sight.len()),
            ("suite", self.suite.len()),
            ("octant", self.octant.len()),
            ("flags", self.flags.len()),
        ];
        match columns.into_iter().find(|&(_, found)| found != expected) {
            Some((what, found)) => Err(DatasetError::SampleCount { what: what.into(), expected, found }),
            None => Ok(()),
        }
    }

    /// Appends the key of one sample.
    pub fn push(&mut self, key: SampleKey) {
        self.galaxy_id.push(key.galaxy_id);
        self.halo_id.push(key.halo_id);
        self.line_of_sight.push(key.line_of_sight);
        self.suite.push(key.suite);
        self.octant.push(key.octant);
        self.flags.push(key.flags);
    }

    /// Moves the keys of other samples to the end.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.galaxy_id.append(&mut other.galaxy_id);
        self.halo_id.append(&mut other.halo_id);
        self.line_of_sight.append(&mut other.line_of_sight);
        self.suite.append(&mut other.suite);
        self.octant.append(&mut other.octant);
        self.flags.append(&mut other.flags);
    }

    /// The number of galaxies: of different pairs of suite and galaxy.
    pub fn n_galaxies(&self) -> usize {
        self.suite.iter().zip(&self.galaxy_id).collect::<BTreeSet<_>>().len()
    }

    /// The checksum of all columns, one after the other, as they stand in a file.
    pub(crate) fn checksum(&self) -> Checksum {
        let mut hasher = Hasher::default();
        let mut add = |bytes: &[u8]| hasher.add(bytes);
        self.galaxy_id.iter().for_each(|x| add(&x.to_le_bytes()));
        self.halo_id.iter().for_each(|x| add(&x.to_le_bytes()));
        self.line_of_sight.iter().for_each(|x| add(&x.to_le_bytes()));
        self.suite.iter().for_each(|x| add(&x.to_le_bytes()));
        add(&self.octant);
        self.flags.iter().for_each(|x| add(&x.to_le_bytes()));
        hasher.finish()
    }
}
