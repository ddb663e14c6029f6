//! The files that a snapshot or a catalogue consists of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::SnapshotError;

/// A file name with the number of a part in it: `snap_099.12.hdf5`, `snap_099.12`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PartName {
    before: String,
    after: String,
}

impl PartName {
    /// Takes the last number between dots for that of the part.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let words: Vec<_> = name.split('.').collect();
        let is_number = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        // The first word is never a number of a part: `099.hdf5` is a whole snapshot.
        let index = words.iter().skip(1).rposition(is_number)? + 1;
        Some(Self { before: words[..index].join("."), after: words[index + 1..].join(".") })
    }

    fn part(&self, index: u64) -> String {
        let Self { before, after } = self;
        if after.is_empty() { format!("{before}.{index}") } else { format!("{before}.{index}.{after}") }
    }

    /// The name of one file for all parts, as SWIFT writes over them.
    fn whole(&self) -> String {
        let Self { before, after } = self;
        if after.is_empty() { before.clone() } else { format!("{before}.{after}") }
    }
}

/// The file to begin with: the path itself, or in a folder the first part of the snapshot that it holds.
///
/// # Errors
/// The folder cannot be read, or holds no snapshot, or several.
pub(crate) fn entry(path: &Path) -> Result<PathBuf, SnapshotError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let blame = |source| SnapshotError::Io { path: path.to_owned(), source };
    let mut names = BTreeSet::new();
    let mut wholes = BTreeSet::new();
    for file in fs::read_dir(path).map_err(blame)? {
        let file = file.map_err(blame)?.path();
        let is_snapshot = |extension: &str| {
            matches!(extension, "hdf5" | "h5") || extension.bytes().all(|byte| byte.is_ascii_digit())
        };
        let extension = file.extension().and_then(|extension| extension.to_str());
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
        if !extension.is_some_and(is_snapshot) || !file.is_file() {
            continue;
        }
        match PartName::of(&file) {
            Some(part) => {
                names.insert(part.part(0));
                wholes.insert(part.whole());
            }
            None => {
                names.insert(name.to_owned());
            }
        }
    }
    names.retain(|name| !wholes.contains(name));
    match Vec::from_iter(names).as_slice() {
        [name] => Ok(path.join(name)),
        [] => Err(SnapshotError::NoSnapshot { path: path.to_owned() }),
        names => Err(SnapshotError::SeveralSnapshots { path: path.to_owned(), names: names.to_vec() }),
    }
}

/// The first part of a snapshot over which a file is virtual, as SWIFT names it: `snap_7.0.hdf5` for `snap_7.hdf5`.
///
/// # Errors
/// It is not there.
pub(crate) fn first_under(path: &Path) -> Result<PathBuf, SnapshotError> {
    let part = path.with_extension(match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => format!("0.{extension}"),
        None => "0".to_owned(),
    });
    if part.exists() {
        return Ok(part);
    }
    Err(SnapshotError::VirtualOverNothing { path: path.to_owned(), part })
}

/// All `n_files` files of which `path` is one.
///
/// # Errors
/// The name of the file has no number in it, or a part is not there. An absurd number of files ends at the first
/// that is missing.
pub(crate) fn all(path: &Path, n_files: u64) -> Result<Vec<PathBuf>, SnapshotError> {
    if n_files <= 1 {
        return Ok(vec![path.to_owned()]);
    }
    let Some(name) = PartName::of(path) else {
        return Err(SnapshotError::MultiFile { path: path.to_owned(), n_files });
    };
    let mut parts = Vec::new();
    for index in 0..n_files {
        let part = path.with_file_name(name.part(index));
        if !part.exists() {
            return Err(SnapshotError::MissingPart { path: part, index, n_files, named: path.to_owned() });
        }
        parts.push(part);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str) -> Option<(String, String)> {
        PartName::of(Path::new(name)).map(|name| (name.part(7), name.whole()))
    }

    #[test]
    fn the_number_of_a_part_is_the_last_between_dots() {
        let found = |part: &str, whole: &str| Some((part.to_owned(), whole.to_owned()));
        assert_eq!(part("snap_099.0.hdf5"), found("snap_099.7.hdf5", "snap_099.hdf5"));
        assert_eq!(part("snap_005.12"), found("snap_005.7", "snap_005"));
        assert_eq!(part("z0.5.3.hdf5"), found("z0.5.7.hdf5", "z0.5.hdf5"));
        assert_eq!(part("snap_099.hdf5"), None);
        assert_eq!(part("099.hdf5"), None);
        assert_eq!(part("snapshot"), None);
        assert_eq!(part(""), None);
    }

    #[test]
    fn an_absurd_number_of_files_ends_at_the_first_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snap.0.hdf5");
        fs::write(&path, b"").unwrap();
        let error = all(&path, u64::MAX).unwrap_err();
        assert!(matches!(error, SnapshotError::MissingPart { index: 1, n_files: u64::MAX, .. }));
    }

    #[test]
    fn a_folder_must_hold_one_snapshot() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(entry(folder.path()), Err(SnapshotError::NoSnapshot { .. })));
        for name in ["snap_1.0.hdf5", "snap_1.1.hdf5", "snap_1.hdf5", "notes.txt"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        assert_eq!(entry(folder.path()).unwrap(), folder.path().join("snap_1.0.hdf5"));
        fs::write(folder.path().join("snap_2.hdf5"), b"").unwrap();
        let error = entry(folder.path()).unwrap_err().to_string();
        assert!(error.contains("snap_1.0.hdf5, snap_2.hdf5"), "{error}");
    }
}
