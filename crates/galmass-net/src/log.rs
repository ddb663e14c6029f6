//! The course of a training as lines of JSON.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::write_atomically;
use crate::{EpochRecord, NetError};

/// One line of the log of a training: an epoch, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Losses and learning rate.
    #[serde(flatten)]
    pub record: EpochRecord,
    /// Wall time of the epoch, with its validation \[s\].
    pub seconds: f64,
    /// Training samples over that time.
    pub samples_per_second: f64,
}

impl LogLine {
    pub(crate) fn new(record: EpochRecord, seconds: f64, n_samples: usize) -> Self {
        Self { record, seconds, samples_per_second: n_samples as f64 / seconds }
    }

    fn to_json(self) -> std::io::Result<String> {
        Ok(serde_json::to_string(&self)? + "\n")
    }
}

/// A log that is being written: whole lines, one an epoch, none twice.
pub(crate) struct Log<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Log<'a> {
    /// Begins a log with the epochs that are done. What the file held is replaced at once: after a kill it may lack the
    /// last epoch of the checkpoint, or, where the checkpoint is gone, hold epochs that will come again.
    pub(crate) fn begin(path: &'a Path, done: &[LogLine]) -> Result<Self, NetError> {
        let io = |source| NetError::Io { path: path.into(), source };
        let lines =
            done.iter().map(|line| line.to_json()).collect::<std::io::Result<String>>().map_err(io)?;
        write_atomically(path, lines.as_bytes()).map_err(io)?;
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        Ok(Self { path, file })
    }

    /// Appends an epoch, in one write.
    pub(crate) fn append(&mut self, line: LogLine) -> Result<(), NetError> {
        let io = |source| NetError::Io { path: self.path.into(), source };
        let json = line.to_json().map_err(io)?;
        self.file.write_all(json.as_bytes()).map_err(io)
    }
}
