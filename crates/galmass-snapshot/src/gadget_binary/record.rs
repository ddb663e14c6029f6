//! Records as Fortran writes them: their length, their data, their length again.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::defect::GadgetDefect;
use super::endian::Endian;
use crate::SnapshotError;

/// The bytes of the length before and of that after the data of a record.
pub(crate) const MARKER_BYTES: u64 = 4;

/// A file of records.
#[derive(Debug)]
pub(crate) struct Records<R> {
    source: R,
    path: PathBuf,
    n_bytes: u64,
    endian: Endian,
}

impl<R: Read + Seek> Records<R> {
    /// Records in `source`; `path` is for errors.
    pub(crate) fn new(mut source: R, path: &Path, endian: Endian) -> Result<Self, SnapshotError> {
        let path = path.to_owned();
        match source.seek(SeekFrom::End(0)) {
            Ok(n_bytes) => Ok(Self { source, path, n_bytes, endian }),
            Err(source) => Err(SnapshotError::Io { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn endian(&self) -> Endian {
        self.endian
    }

    /// Whether the file is over at this offset.
    pub(crate) fn is_end(&self, offset: u64) -> bool {
        offset == self.n_bytes
    }

    /// Fills `bytes` from an offset on.
    pub(crate) fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), SnapshotError> {
        let read = self.source.seek(SeekFrom::Start(offset)).and_then(|_| self.source.read_exact(bytes));
        read.map_err(|source| match source.kind() {
            // The length was checked before: somebody has cut the file since.
            io::ErrorKind::UnexpectedEof => SnapshotError::Truncated {
                path: self.path.clone(),
                n_bytes: self.n_bytes,
                source: Box::new(source),
            },
            _ => SnapshotError::Io { path: self.path.clone(), source },
        })
    }

    /// The length that the record at this offset says it has.
    pub(crate) fn marker(&mut self, offset: u64) -> Result<u32, SnapshotError> {
        self.require(offset, offset.saturating_add(MARKER_BYTES))?;
        let mut bytes = [0; 4];
        self.read_at(offset, &mut bytes)?;
        Ok(self.endian.u32(bytes))
    }

    /// Sees to it that the record at `offset` with the marker `before` ends as it should if its data are `length`
    /// bytes long; returns the offset behind it.
    pub(crate) fn close(&mut self, offset: u64, before: u32, length: u64) -> Result<u64, SnapshotError> {
        let data_end = offset.saturating_add(MARKER_BYTES).saturating_add(length);
        let end = data_end.saturating_add(MARKER_BYTES);
        self.require(offset, end)?;
        match self.marker(data_end)? {
            after if after == before => Ok(end),
            after => Err(self.defect(offset, GadgetDefect::Markers { before, after })),
        }
    }

    /// The error of a record at this offset.
    pub(crate) fn defect(&self, offset: u64, defect: GadgetDefect) -> SnapshotError {
        SnapshotError::GadgetBinary { path: self.path.clone(), offset, defect }
    }

    fn require(&self, offset: u64, end: u64) -> Result<(), SnapshotError> {
        let n_bytes = self.n_bytes;
        if end <= n_bytes {
            Ok(())
        } else {
            Err(self.defect(offset, GadgetDefect::CutShort { end, n_bytes }))
        }
    }
}
