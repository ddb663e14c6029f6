//! Writes one shard: in memory until it is complete, then to disk as a whole.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::record::{record_path, shard_name};
use super::{Checksum, Keys, Sample, SampleKey, SetDescription, ShardError, ShardRecord, begin_set, hdf5};
use crate::DatasetError;
use crate::atomic::write_atomically;

/// A shard in the making. It holds its samples in memory, and writes them when [`ShardWriter::finish`] is called: a writer
/// that is dropped, or killed at any instant, leaves no shard. Shards of one set may be written in any order, by any
/// number of threads and processes; the same samples make the same bytes.
#[derive(Debug)]
pub struct ShardWriter<'a> {
    folder: PathBuf,
    index: u32,
    description: &'a SetDescription,
    keys: Keys,
    /// One column an array, sample after sample.
    values: Vec<Vec<f32>>,
    present: HashSet<(u16, u64, u32)>,
}

impl<'a> ShardWriter<'a> {
    /// Begins a shard of a set; the first one writes the description of the set into the folder ([`begin_set`]).
    ///
    /// # Errors
    /// As [`begin_set`], and [`ShardError::NoSuchShard`] for a number beyond the shards of the set.
    pub fn create(folder: &Path, index: u32, description: &'a SetDescription) -> Result<Self, DatasetError> {
        description.check()?;
        description.check_shard(index)?;
        begin_set(folder, description)?;
        let values = description.layout.arrays().iter().map(|_| Vec::new()).collect();
        let (folder, keys, present) = (folder.into(), Keys::default(), HashSet::new());
        Ok(Self { folder, index, description, keys, values, present })
    }

    /// The number of samples so far.
    pub fn n_samples(&self) -> usize {
        self.keys.len()
    }

    /// Adds a sample.
    ///
    /// # Errors
    /// [`ShardError`] where the sample does not fit the layout, names a suite or octant that does not exist, or is there
    /// already (same suite, galaxy and line of sight). The shard stays as it was.
    pub fn push(&mut self, sample: &Sample) -> Result<(), ShardError> {
        let SampleKey { galaxy_id, line_of_sight, suite, octant, .. } = sample.key;
        let arrays = self.description.layout.arrays();
        if sample.values.len() != arrays.len() {
            let (expected, found) = (arrays.len(), sample.values.len());
            return Err(ShardError::ArrayCount { galaxy_id, expected, found });
        }
        for (array, values) in arrays.iter().zip(&sample.values) {
            let (expected, found) = (array.n_values(), values.len());
            if expected != found {
                let array = array.name.clone();
                return Err(ShardError::ValueCount { array, galaxy_id, expected, found });
            }
        }
        let n_suites = self.description.suites.len();
        if usize::from(suite) >= n_suites {
            return Err(ShardError::NoSuchSuite { galaxy_id, suite, n_suites });
        }
        if octant > 7 && octant != SampleKey::NO_OCTANT {
            return Err(ShardError::BadOctant { galaxy_id, octant });
        }
        if !self.present.insert((suite, galaxy_id, line_of_sight)) {
            return Err(ShardError::RepeatedSample { galaxy_id, suite, line_of_sight });
        }
        self.keys.push(sample.key);
        for (column, values) in self.values.iter_mut().zip(&sample.values) {
            column.extend_from_slice(values);
        }
        Ok(())
    }

    /// Writes the shard under a temporary name, makes sure that it is on the disk, gives it its name, and does the same
    /// with its record. A shard of that number that is there already is replaced. A shard may be empty.
    ///
    /// # Errors
    /// [`DatasetError`] naming the file where it cannot be written, for want of room, say; no shard is left then.
    pub fn finish(self) -> Result<ShardRecord, DatasetError> {
        let path = self.folder.join(shard_name(self.index));
        // A record never stands beside a shard that it does not describe.
        let old_record = record_path(&self.folder, self.index);
        match fs::remove_file(&old_record) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(DatasetError::Io { path: old_record, source });
            }
            _ => {}
        }
        let record = write_atomically(&path, |temporary| {
            let offsets =
                hdf5::write(temporary, &path, self.index, self.description, &self.keys, &self.values)?;
            let (checksum, n_bytes) = Checksum::of_file(temporary)?;
            Ok(ShardRecord {
                index: self.index,
                n_samples: self.keys.len() as u64,
                n_galaxies: self.keys.n_galaxies() as u64,
                n_bytes,
                checksum,
                keys_checksum: self.keys.checksum(),
                description: self.description.checksum(),
                offsets,
            })
        })?;
        record.write(&self.folder)?;
        Ok(record)
    }
}
