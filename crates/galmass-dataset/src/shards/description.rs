//! What a set of samples is, written beside it before the first shard.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Checksum, SampleLayout, ShardError};
use crate::DatasetError;
use crate::atomic::write_atomically;

/// As many as six digits can name.
const MAX_SHARDS: u32 = 1_000_000;

/// Everything that decides the bytes of a set: two runs with equal descriptions make equal sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDescription {
    /// The arrays of each sample.
    pub layout: SampleLayout,
    /// The names of the suites, to which [`SampleKey::suite`](crate::SampleKey::suite) points.
    pub suites: Vec<String>,
    /// The settings of whatever makes the samples.
    pub config: Value,
    /// The seeds by name.
    pub seeds: BTreeMap<String, u64>,
    /// The version of the program.
    pub version: String,
    /// Over how many shards the galaxies are spread, 1 to 1,000,000.
    pub n_shards: u32,
}

impl SetDescription {
    /// The checksum of the description, by which shards of one set know each other.
    pub fn checksum(&self) -> Checksum {
        Checksum::of(self.to_json().as_bytes())
    }

    /// The description as one line of JSON.
    pub(crate) fn to_json(&self) -> String {
        // A value displays as its JSON, which cannot fail.
        self.to_value().to_string()
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut value = json!({
            "layout": self.layout.arrays().iter().map(|array| json!({
                "name": array.name,
                "shape": array.shape,
                "unit": array.unit,
                "description": array.description,
            })).collect::<Vec<_>>(),
            "suites": self.suites,
            "config": self.config,
            "seeds": self.seeds,
            "version": self.version,
            "n_shards": self.n_shards,
        });
        // The order of names is the alphabet's in every build, whatever a dependency asks of serde_json.
        value.sort_all_objects();
        value
    }

    pub(crate) fn check(&self) -> Result<(), ShardError> {
        if !(1..=MAX_SHARDS).contains(&self.n_shards) {
            return Err(ShardError::BadShardCount { n_shards: self.n_shards });
        }
        let repeated = |(index, name)| self.suites[..index].contains(name);
        let too_many = self.suites.len() > usize::from(u16::MAX);
        if self.suites.is_empty() || too_many || self.suites.iter().enumerate().any(repeated) {
            return Err(ShardError::BadSuites { suites: self.suites.clone() });
        }
        Ok(())
    }

    pub(crate) fn check_shard(&self, index: u32) -> Result<(), ShardError> {
        if index < self.n_shards {
            Ok(())
        } else {
            Err(ShardError::NoSuchShard { index, n_shards: self.n_shards })
        }
    }
}

/// Writes the description of a set into its folder, which is made where it is missing; where the folder has a
/// description already, it has to be this one. Any number of processes may do this at once, and a resumed run again.
///
/// # Errors
/// [`ShardError::OtherSet`] naming the first difference and both values, a description that makes no set, and
/// [`DatasetError::Io`] naming the file.
pub fn begin_set(folder: &Path, description: &SetDescription) -> Result<(), DatasetError> {
    description.check()?;
    if check_folder(folder, description)? {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|source| DatasetError::Io { path: folder.into(), source })?;
    // Two processes that come here at once write the same bytes, or the later one finds out below.
    let path = folder.join(DESCRIPTION);
    let text = format!("{:#}\n", description.to_value());
    write_atomically(&path, |temporary| {
        fs::write(temporary, text).map_err(|source| DatasetError::Io { path: path.clone(), source })
    })?;
    check_folder(folder, description).map(|_| ())
}

/// Whether the folder has the description of a set; it has to be this one.
pub(crate) fn check_folder(folder: &Path, description: &SetDescription) -> Result<bool, DatasetError> {
    let path = folder.join(DESCRIPTION);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(DatasetError::Io { path, source }),
    };
    let present: Value =
        serde_json::from_slice(&bytes).map_err(|source| ShardError::Json { path: path.clone(), source })?;
    match first_difference(&description.to_value(), &present, String::new()) {
        Some((field, expected, found)) => Err(ShardError::OtherSet { path, field, expected, found }.into()),
        None => Ok(true),
    }
}

pub(crate) const DESCRIPTION: &str = "description.json";

/// Where two values first differ, and both as JSON; what is missing reads `nothing`.
fn first_difference(expected: &Value, found: &Value, at: String) -> Option<(String, String, String)> {
    let nothing = || "nothing".to_string();
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            names.into_iter().find_map(|name| {
                let at = format!("{at}/{name}");
                match (expected.get(name), found.get(name)) {
                    (Some(expected), Some(found)) => first_difference(expected, found, at),
                    (expected, found) => {
                        let text = |value: Option<&Value>| value.map_or_else(nothing, Value::to_string);
                        Some((at, text(expected), text(found)))
                    }
                }
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(index, (expected, found))| {
                first_difference(expected, found, format!("{at}/{index}"))
            })
        }
        _ if expected == found => None,
        _ => Some((at, expected.to_string(), found.to_string())),
    }
}
