//! A finished set of samples, open for reading.

use std::path::{Path, PathBuf};

use super::map::ShardMap;
use super::{Checksum, Keys, Manifest, SampleArray, ShardError};
use crate::DatasetError;

/// A finished set of samples: its keys in memory, its arrays mapped from the shards and read as they are touched.
///
/// # Examples
/// ```
/// use galmass_dataset::{
///     ArrayLayout, Sample, SampleKey, SampleLayout, SampleSet, SetDescription, ShardWriter, finish_set,
/// };
///
/// let velocity = ArrayLayout {
///     name: "velocity".into(),
///     shape: vec![2, 2],
///     unit: "km/s".into(),
///     description: "mean velocity along the line of sight".into(),
/// };
/// let description = SetDescription {
///     layout: SampleLayout::new(vec![velocity])?,
///     suites: vec!["mock".into()],
///     config: serde_json::json!({"n_px": 2}),
///     seeds: [("population".to_string(), 1)].into(),
///     version: "0.1.0".into(),
///     n_shards: 2,
/// };
/// let folder = tempfile::tempdir()?;
/// // Shards may be made in any order, by anybody.
/// for shard in [1, 0] {
///     let mut writer = ShardWriter::create(folder.path(), shard, &description)?;
///     for line_of_sight in 0..3 {
///         let galaxy_id = shard.into();
///         let key = SampleKey { galaxy_id, halo_id: 7, line_of_sight, suite: 0, octant: 3, flags: 0 };
///         let values = vec![vec![line_of_sight as f32; 4]];
///         writer.push(&Sample { key, values })?;
///     }
///     writer.finish()?;
/// }
/// finish_set(folder.path(), &description)?;
///
/// let set = SampleSet::open(folder.path())?;
/// assert_eq!(set.keys().galaxy_id, [0, 0, 0, 1, 1, 1]);
/// let mut batch = [0.0; 8];
/// set.array("velocity")?.gather(&[5, 1], &mut batch)?;
/// assert_eq!(batch, [2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SampleSet {
    folder: PathBuf,
    manifest: Manifest,
    keys: Keys,
    pub(super) shards: Vec<ShardMap>,
    /// The first sample of each shard, and the number of samples at the end.
    pub(super) starts: Vec<usize>,
}

impl SampleSet {
    /// Opens the set of a folder. The sizes of all files, the checksum of the manifest and those of all keys are checked;
    /// the arrays are not read: see [`SampleSet::verify`].
    ///
    /// The files of the set must not be shortened or overwritten in place while it is open (no writer of this crate does):
    /// they are mapped, and the operating system ends programs that touch what is no longer there.
    ///
    /// # Errors
    /// [`DatasetError`] naming the file: missing, truncated, damaged, or of another version.
    ///
    /// # Cost
    /// One open file and one map a shard (Linux gives a process 65,530 maps); 27 bytes of memory a sample.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let manifest = Manifest::read(folder)?;
        let mut keys = Keys::default();
        let (mut shards, mut starts) = (Vec::new(), vec![0]);
        for record in &manifest.shards {
            let shard = ShardMap::open(folder, record)?;
            shard.read_keys(&mut keys)?;
            for array in manifest.description.layout.arrays() {
                shard.place_of(array)?;
            }
            shards.push(shard);
            starts.push(keys.len());
        }
        Ok(Self { folder: folder.into(), manifest, keys, shards, starts })
    }

    /// What the set is made of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.keys.len()
    }

    /// The keys of all samples, in the order of the samples.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The folder of the set.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One array of all samples.
    ///
    /// # Errors
    /// [`ShardError::NoSuchArray`] naming those that are there.
    pub fn array(&self, name: &str) -> Result<SampleArray<'_>, ShardError> {
        let layout = &self.manifest.description.layout;
        SampleArray::new(self, &layout.arrays()[layout.position(name)?])
    }

    /// Reads every byte of every shard again, and tells which shards are not what they were made.
    ///
    /// # Cost
    /// One pass over all files, a piece at a time.
    pub fn verify(&self) -> Vec<DatasetError> {
        verify_shards(&self.folder, &self.manifest)
    }
}

/// Reads every byte of every shard of a set that may be too damaged to open, and tells which are missing, truncated or
/// corrupt; none where the list is empty.
///
/// # Errors
/// [`DatasetError`] where the manifest itself cannot be read.
pub fn verify_set(folder: &Path) -> Result<Vec<DatasetError>, DatasetError> {
    Ok(verify_shards(folder, &Manifest::read(folder)?))
}

fn verify_shards(folder: &Path, manifest: &Manifest) -> Vec<DatasetError> {
    let faults = manifest.shards.iter().filter_map(|record| {
        let path = folder.join(record.file_name());
        let (found, size) = match Checksum::of_file(&path) {
            Ok(read) => read,
            Err(error) => return Some(error),
        };
        if size != record.n_bytes {
            return Some(ShardError::Truncated { path, expected: record.n_bytes, found: size }.into());
        }
        let expected = record.checksum;
        (found != expected).then(|| ShardError::Corrupt { path, expected, found }.into())
    });
    faults.collect()
}
