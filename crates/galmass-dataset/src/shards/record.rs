//! What is known of a finished shard, in a small file beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Checksum, SetDescription, ShardError};
use crate::DatasetError;
use crate::atomic::write_atomically;

/// A finished shard: `shard-000012.json` beside `shard-000012.h5`, written after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardRecord {
    /// The number of the shard, from 0.
    pub index: u32,
    /// Its samples.
    pub n_samples: u64,
    /// Its galaxies: different pairs of suite and galaxy.
    pub n_galaxies: u64,
    /// The size of the file.
    pub n_bytes: u64,
    /// The checksum of the file.
    pub checksum: Checksum,
    /// The checksum of the columns of keys, one after the other in the order of [`SampleKey`](crate::SampleKey).
    pub keys_checksum: Checksum,
    /// The checksum of the description of the set.
    pub description: Checksum,
    /// At which byte of the file each dataset begins; empty for a shard without samples.
    pub offsets: BTreeMap<String, u64>,
}

impl ShardRecord {
    /// The name of the shard's file.
    pub fn file_name(&self) -> String {
        shard_name(self.index)
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut value = json!({
            "index": self.index,
            "n_samples": self.n_samples,
            "n_galaxies": self.n_galaxies,
            "n_bytes": self.n_bytes,
            "checksum": self.checksum.to_string(),
            "keys_checksum": self.keys_checksum.to_string(),
            "description": self.description.to_string(),
            "offsets": self.offsets,
        });
        value.sort_all_objects();
        value
    }

    /// The checksum of the record itself: a wrong place of an array would read as other numbers.
    fn own_checksum(&self) -> Checksum {
        Checksum::of(self.to_value().to_string().as_bytes())
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), DatasetError> {
        let path = record_path(folder, self.index);
        let content = json!({"checksum": self.own_checksum().to_string(), "record": self.to_value()});
        let text = format!("{content:#}\n");
        write_atomically(&path, |temporary| {
            fs::write(temporary, text).map_err(|source| DatasetError::Io { path: path.clone(), source })
        })
    }
}

/// A record as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    checksum: Checksum,
    record: ShardRecord,
}

/// The shards of a set that are finished, in rising order: those that a resumed run need not make again.
///
/// A shard is finished when its record stands beside it and its file has the size the record says; anything else, such as
/// what a killed writer left behind, is passed over and will be replaced. The content is not read: see
/// [`SampleSet::verify`](crate::SampleSet::verify). A folder that does not exist has no shards.
///
/// # Errors
/// [`ShardError::OtherSet`] where the folder holds another set, naming both; [`ShardError::OtherDescription`] for a shard
/// made for another; a record that is damaged, and [`DatasetError::Io`], naming the file.
pub fn completed_shards(
    folder: &Path,
    description: &SetDescription,
) -> Result<Vec<ShardRecord>, DatasetError> {
    description.check()?;
    super::description::check_folder(folder, description)?;
    let expected = description.checksum();
    let mut records = Vec::new();
    for index in 0..description.n_shards {
        let Some(record) = read_record(folder, index)? else { continue };
        if record.description != expected {
            let (path, found) = (record_path(folder, index), record.description);
            return Err(ShardError::OtherDescription { path, expected, found }.into());
        }
        records.push(record);
    }
    Ok(records)
}

/// The record of a finished shard, or `None` where it is not finished.
fn read_record(folder: &Path, index: u32) -> Result<Option<ShardRecord>, DatasetError> {
    let path = record_path(folder, index);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(DatasetError::Io { path, source }),
    };
    let OnDisk { checksum, record } =
        serde_json::from_slice(&bytes).map_err(|source| ShardError::Json { path: path.clone(), source })?;
    let found = record.own_checksum();
    if found != checksum || record.index != index {
        return Err(ShardError::Corrupt { path, expected: checksum, found }.into());
    }
    let path = folder.join(shard_name(index));
    match fs::metadata(&path) {
        Ok(file) => Ok((file.len() == record.n_bytes).then_some(record)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DatasetError::Io { path, source }),
    }
}

pub(crate) fn shard_name(index: u32) -> String {
    format!("shard-{index:06}.h5")
}

pub(crate) fn record_path(folder: &Path, index: u32) -> PathBuf {
    folder.join(format!("shard-{index:06}.json"))
}
