//! The state of a training run after an epoch, so that a killed run goes on as if nothing had happened.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use burn::prelude::*;
use burn::record::{FullPrecisionSettings, NamedMpkBytesRecorder, Record, Recorder};
use galmass_dataset::Checksum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::write_atomically;
use crate::{LogLine, NetError, Weights};

/// What must be the same when a run goes on, and what it has seen so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// All that decides the losses: settings, checksums of the samples, version. As JSON, so that a checkpoint of
    /// another version can say where it differs.
    task: Value,
    /// The epochs so far, and how long each took.
    pub(crate) epochs: Vec<LogLine>,
    /// Length of the first part of the tensors: the state.
    state_bytes: usize,
    /// Checksum of the tensors that follow.
    tensors: Checksum,
}

impl Header {
    pub(crate) fn new(task: Value) -> Self {
        Self { task, epochs: Vec::new(), state_bytes: 0, tensors: Checksum::of(&[]) }
    }
}

/// Where two values first differ, as `training.learning_rate was 0.001, now it is 0.002`.
fn first_difference(before: &Value, now: &Value, at: &str) -> Option<String> {
    let below = |name: &dyn std::fmt::Display| {
        if at.is_empty() { name.to_string() } else { format!("{at}.{name}") }
    };
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
            names.into_iter().find_map(|name| {
                let of = |object: &Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                first_difference(&of(before), &of(now), &below(name))
            })
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            let pairs = before.iter().zip(now).enumerate();
            pairs.into_iter().find_map(|(index, (before, now))| first_difference(before, now, &below(&index)))
        }
        _ if before == now => None,
        _ => Some(format!("`{at}` was {before}, now it is {now}")),
    }
}

/// Writes a checkpoint as one file: a line of JSON, the state as MessagePack, the best weights as safetensors.
pub(crate) fn save<B: Backend>(
    path: &Path,
    header: &Header,
    state: impl Record<B>,
    best: &Weights,
) -> Result<(), NetError> {
    let io = |source| NetError::Io { path: path.into(), source };
    let recorder = NamedMpkBytesRecorder::<FullPrecisionSettings>::new();
    let state =
        Recorder::<B>::record(&recorder, state, ()).map_err(|error| io(std::io::Error::other(error)))?;
    let tensors = [state.as_slice(), &best.0].concat();
    let header = Header { state_bytes: state.len(), tensors: Checksum::of(&tensors), ..header.clone() };
    let mut bytes = serde_json::to_vec(&header).map_err(|error| io(error.into()))?;
    bytes.push(b'\n');
    bytes.extend_from_slice(&tensors);
    write_atomically(path, &bytes).map_err(io)
}

/// Reads the checkpoint of the run that `expected` describes; `None` where there is none yet.
pub(crate) fn load<B: Backend, R: Record<B>>(
    path: &Path,
    expected: &Header,
    device: &B::Device,
) -> Result<Option<(Header, R, Weights)>, NetError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(NetError::Io { path: path.into(), source }),
    };
    let refused = |reason: String| NetError::NotThisCheckpoint { path: path.into(), reason };
    let end =
        bytes.iter().position(|&byte| byte == b'\n').ok_or_else(|| refused("it has no header".into()))?;
    let (header, tensors) = (&bytes[..end], &bytes[end + 1..]);
    let header: Header = serde_json::from_slice(header).map_err(|error| refused(error.to_string()))?;
    if let Some(difference) = first_difference(&header.task, &expected.task, "") {
        return Err(refused(difference));
    }
    if Checksum::of(tensors) != header.tensors || tensors.len() < header.state_bytes {
        return Err(refused(format!("its {} bytes of tensors are damaged", tensors.len())));
    }
    let (state, best) = tensors.split_at(header.state_bytes);
    let recorder = NamedMpkBytesRecorder::<FullPrecisionSettings>::new();
    let state =
        Recorder::<B>::load(&recorder, state.to_vec(), device).map_err(|error| refused(error.to_string()))?;
    Ok(Some((header, state, Weights(best.to_vec()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_with_both_values() {
        let before = json!({"network": {"width": 4, "branches": [{"name": "image"}]}, "patience": null});
        let difference = |now| first_difference(&before, &now, "");
        assert_eq!(difference(before.clone()), None);
        let now = json!({"network": {"width": 8, "branches": [{"name": "image"}]}, "patience": null});
        assert_eq!(difference(now).unwrap(), "`network.width` was 4, now it is 8");
        let now = json!({"network": {"width": 4, "branches": [{"name": "gas"}]}, "patience": null});
        assert_eq!(difference(now).unwrap(), "`network.branches.0.name` was \"image\", now it is \"gas\"");
        let now = json!({"network": {"width": 4, "branches": [{"name": "image"}]}, "patience": 3});
        assert_eq!(difference(now).unwrap(), "`patience` was null, now it is 3");
    }
}
