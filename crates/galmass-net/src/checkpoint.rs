//! The state of a training run after an epoch, so that a killed run goes on as if nothing had happened.

use std::io::ErrorKind;
use std::path::Path;

use burn::prelude::*;
use burn::record::{FullPrecisionSettings, NamedMpkBytesRecorder, Record, Recorder};
use serde::{Deserialize, Serialize};

use crate::model::write_atomically;
use crate::{EpochRecord, NetError, NetworkConfig, TrainingConfig, Weights};

/// What must be the same when a run goes on, and what it has seen so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) network: NetworkConfig,
    pub(crate) training: TrainingConfig,
    /// Fingerprint of the samples.
    pub(crate) samples: u64,
    pub(crate) history: Vec<EpochRecord>,
    /// Length of the first part of the tensors: the state.
    state_bytes: usize,
    /// Fingerprint of the tensors that follow.
    tensors: u64,
}

impl Header {
    pub(crate) fn new(network: NetworkConfig, training: TrainingConfig, samples: u64) -> Self {
        Self { network, training, samples, history: Vec::new(), state_bytes: 0, tensors: 0 }
    }

    /// The first field in which a checkpoint belongs to another run.
    fn differs_from(&self, other: &Self) -> Option<&'static str> {
        if self.network != other.network {
            Some("the network was another")
        } else if self.training != other.training {
            Some("the training settings were others")
        } else if self.samples != other.samples {
            Some("the samples were others")
        } else {
            None
        }
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
    let header = Header { state_bytes: state.len(), tensors: fingerprint(&tensors), ..header.clone() };
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
    if let Some(reason) = header.differs_from(expected) {
        return Err(refused(reason.into()));
    }
    if fingerprint(tensors) != header.tensors || tensors.len() < header.state_bytes {
        return Err(refused(format!("its {} bytes of tensors are damaged", tensors.len())));
    }
    let (state, best) = tensors.split_at(header.state_bytes);
    let recorder = NamedMpkBytesRecorder::<FullPrecisionSettings>::new();
    let state =
        Recorder::<B>::load(&recorder, state.to_vec(), device).map_err(|error| refused(error.to_string()))?;
    Ok(Some((header, state, Weights(best.to_vec()))))
}

/// The 64-bit FNV-1a hash (Fowler, Noll & Vo), taken eight bytes at a time: enough to tell accident from identity.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    let words = bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    words.fold(0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64, mix)
}
