//! Galaxies that are not in a set, each with its reason.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::SurveyError;

/// The failures of all shards, in a finished set.
const ALL: &str = "failures.json";

/// A galaxy that is not in the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Its place in the source.
    pub index: u64,
    /// Its number.
    pub galaxy_id: u64,
    /// Why, in a sentence.
    pub reason: String,
}

/// Reads the galaxies that are missing from a finished set, in the order of the source.
///
/// # Errors
/// [`SurveyError::File`] and [`SurveyError::Json`] naming the file.
pub fn read_failures(folder: &Path) -> Result<Vec<Failure>, SurveyError> {
    read(&folder.join(ALL))
}

/// Reads the failures of one shard; a shard without failures has no file of them.
pub(crate) fn of_shard(folder: &Path, shard: u32) -> Result<Vec<Failure>, SurveyError> {
    let path = shard_path(folder, shard);
    if path.exists() { read(&path) } else { Ok(Vec::new()) }
}

/// Writes the failures of one shard. It comes before the shard itself: no finished shard lacks them.
pub(crate) fn write_of_shard(folder: &Path, shard: u32, failures: &[Failure]) -> Result<(), SurveyError> {
    if failures.is_empty() { Ok(()) } else { write(&shard_path(folder, shard), failures) }
}

/// Writes the failures of all shards.
pub(crate) fn write_all(folder: &Path, failures: &[Failure]) -> Result<(), SurveyError> {
    write(&folder.join(ALL), failures)
}

fn shard_path(folder: &Path, shard: u32) -> PathBuf {
    folder.join(format!("shard-{shard:06}.failures.json"))
}

fn read(path: &Path) -> Result<Vec<Failure>, SurveyError> {
    let bytes = fs::read(path).map_err(|source| SurveyError::File { path: path.into(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| SurveyError::Json { path: path.into(), source })
}

/// Whole or not at all. What a killed writer leaves has a name that the end of a set clears away.
fn write(path: &Path, failures: &[Failure]) -> Result<(), SurveyError> {
    let io = |source| SurveyError::File { path: path.into(), source };
    let mut text = serde_json::to_string_pretty(failures)
        .map_err(|source| SurveyError::Json { path: path.into(), source })?;
    text.push('\n');
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".shard-{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    // What others may do with the file is for the user's mask to say.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder).map_err(io)?;
    temporary.write_all(text.as_bytes()).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
