//! The list of all shards of a finished set.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::description::DESCRIPTION;
use super::hdf5::LAYOUT_VERSION;
use super::{Checksum, Keys, SetDescription, ShardError, ShardRecord, completed_shards, map};
use crate::DatasetError;
use crate::atomic::{is_leftover, write_atomically};

/// What a finished set is made of: the file `manifest.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What the set is.
    pub description: SetDescription,
    /// All its shards, by rising number.
    pub shards: Vec<ShardRecord>,
}

/// The manifest as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    format: String,
    layout_version: u32,
    byte_order: String,
    description: SetDescription,
    n_samples: u64,
    n_galaxies: u64,
    shards: Vec<ShardRecord>,
    checksum: Checksum,
}

pub(crate) const MANIFEST: &str = "manifest.json";
const FORMAT: &str = "galmass samples";
const BYTE_ORDER: &str = if cfg!(target_endian = "little") { "little" } else { "big" };
/// How many missing shards a message names.
const NAMED: usize = 5;

impl Manifest {
    /// The number of samples of the set.
    pub fn n_samples(&self) -> u64 {
        self.shards.iter().map(|shard| shard.n_samples).fold(0, u64::saturating_add)
    }

    /// The number of galaxies, each counted once a shard: the set's own number where no galaxy is spread over several.
    pub fn n_galaxies(&self) -> u64 {
        self.shards.iter().map(|shard| shard.n_galaxies).fold(0, u64::saturating_add)
    }

    /// The checksum of everything the manifest says, by which saved splits know their set.
    pub fn checksum(&self) -> Checksum {
        Checksum::of(self.content().to_string().as_bytes())
    }

    /// Reads the manifest of a finished set.
    ///
    /// # Errors
    /// [`ShardError`] naming the file: it is missing, damaged, of another version, or does not agree with itself.
    pub fn read(folder: &Path) -> Result<Self, DatasetError> {
        let path = folder.join(MANIFEST);
        let bytes = fs::read(&path).map_err(|source| DatasetError::Io { path: path.clone(), source })?;
        let on_disk: OnDisk = serde_json::from_slice(&bytes)
            .map_err(|source| ShardError::Json { path: path.clone(), source })?;
        let found = (on_disk.format, on_disk.layout_version, on_disk.byte_order);
        if found != (FORMAT.into(), LAYOUT_VERSION, BYTE_ORDER.into()) {
            let (format, version, byte_order) = found;
            return Err(ShardError::OtherFormat { path, format, version, byte_order }.into());
        }
        let manifest = Self { description: on_disk.description, shards: on_disk.shards };
        let found = manifest.checksum();
        let counts = (manifest.n_samples(), manifest.n_galaxies()) == (on_disk.n_samples, on_disk.n_galaxies);
        let indices = (0..manifest.description.n_shards).eq(manifest.shards.iter().map(|shard| shard.index));
        if found != on_disk.checksum || !counts || !indices {
            return Err(ShardError::Corrupt { path, expected: on_disk.checksum, found }.into());
        }
        manifest.description.check()?;
        Ok(manifest)
    }

    fn content(&self) -> Value {
        let mut value = json!({
            "format": FORMAT,
            "layout_version": LAYOUT_VERSION,
            "byte_order": BYTE_ORDER,
            "description": self.description.to_value(),
            "n_samples": self.n_samples(),
            "n_galaxies": self.n_galaxies(),
            "shards": self.shards.iter().map(ShardRecord::to_value).collect::<Vec<_>>(),
        });
        value.sort_all_objects();
        value
    }

    fn write(&self, folder: &Path) -> Result<(), DatasetError> {
        let path = folder.join(MANIFEST);
        let mut content = self.content();
        content["checksum"] = self.checksum().to_string().into();
        content.sort_all_objects();
        let text = format!("{content:#}\n");
        write_atomically(&path, |temporary| {
            fs::write(temporary, text).map_err(|source| DatasetError::Io { path: path.clone(), source })
        })
    }
}

/// Writes the manifest of a set whose shards are all finished. Its bytes depend on the shards alone: not on who made them,
/// nor in which order. What killed writers left behind is removed, so nobody may be writing shards any more.
///
/// # Errors
/// [`ShardError::Unfinished`] naming shards that are missing, [`ShardError::RepeatedSample`] for a sample that two shards
/// hold, damaged columns of keys, those of [`completed_shards`], and [`DatasetError::Io`] naming the file.
///
/// # Cost
/// Reads the keys of all samples: 24 bytes of memory for each.
pub fn finish_set(folder: &Path, description: &SetDescription) -> Result<Manifest, DatasetError> {
    let shards = completed_shards(folder, description)?;
    let mut present = shards.iter().map(|shard| shard.index).peekable();
    let missing: Vec<u32> =
        (0..description.n_shards).filter(|index| present.next_if_eq(index).is_none()).collect();
    if let Some(first) = missing.get(..missing.len().min(NAMED)).filter(|first| !first.is_empty()) {
        let (folder, first, n_missing) = (folder.into(), first.to_vec(), missing.len());
        return Err(
            ShardError::Unfinished { folder, first, n_missing, n_shards: description.n_shards }.into()
        );
    }
    check_repetition(folder, &shards)?;
    let manifest = Manifest { description: description.clone(), shards };
    manifest.write(folder)?;
    remove_leftovers(folder)?;
    Ok(manifest)
}

/// No sample may stand in two shards.
fn check_repetition(folder: &Path, shards: &[ShardRecord]) -> Result<(), DatasetError> {
    let mut samples = Vec::new();
    for shard in shards {
        let mut keys = Keys::default();
        map::ShardMap::open(folder, shard)?.read_keys(&mut keys)?;
        let columns = keys.suite.iter().zip(&keys.galaxy_id).zip(&keys.line_of_sight);
        samples
            .extend(columns.map(|((&suite, &galaxy_id), &line_of_sight)| (suite, galaxy_id, line_of_sight)));
    }
    samples.sort_unstable();
    match samples.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(&[(suite, galaxy_id, line_of_sight), _]) => {
            Err(ShardError::RepeatedSample { galaxy_id, suite, line_of_sight }.into())
        }
        _ => Ok(()),
    }
}

fn remove_leftovers(folder: &Path) -> Result<(), DatasetError> {
    let io = |path: PathBuf| move |source| DatasetError::Io { path, source };
    for entry in fs::read_dir(folder).map_err(io(folder.into()))? {
        let entry = entry.map_err(io(folder.into()))?;
        let name = entry.file_name();
        if ["shard-", DESCRIPTION, MANIFEST].iter().any(|stem| is_leftover(&name.to_string_lossy(), stem)) {
            fs::remove_file(entry.path()).map_err(io(entry.path()))?;
        }
    }
    Ok(())
}
