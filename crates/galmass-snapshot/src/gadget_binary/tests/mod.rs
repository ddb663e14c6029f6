//! Files in memory, written here, sound and otherwise.

mod formats;
mod large;
mod pathologies;
mod writer;

use std::io::Cursor;
use std::path::Path;

use super::*;

/// Reads a file in memory, which errors call `snap`.
fn open(bytes: &[u8]) -> Result<GadgetFile<Cursor<&[u8]>>, SnapshotError> {
    GadgetFile::new(Cursor::new(bytes), Path::new("snap"))
}

/// What the file is refused for, where, and in which words.
#[track_caller]
fn defect<T: std::fmt::Debug>(result: Result<T, SnapshotError>) -> (u64, GadgetDefect, String) {
    let error = result.expect_err("this file should be refused");
    let message = error.to_string();
    match error {
        SnapshotError::GadgetBinary { path, offset, defect } => {
            assert_eq!(path, Path::new("snap"));
            (offset, defect, message)
        }
        _ => panic!("{message}"),
    }
}
