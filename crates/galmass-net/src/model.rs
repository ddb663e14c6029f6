//! What training leaves behind: one file that predicts.

use std::io::Write;
use std::path::Path;

use galmass_dataset::Normalisation;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::{NetError, NetworkConfig, TrainingConfig, Weights};

const KEY: &str = "galmass_model";

/// A trained network with all that is needed to use it on new maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What the network looks like.
    pub network: NetworkConfig,
    /// How it was trained.
    pub training: TrainingConfig,
    /// How maps and targets were scaled: fitted on its training part.
    pub normalisation: Normalisation,
    /// Its weights.
    pub weights: Weights,
}

/// All of a model but its weights, as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    galmass_version: String,
    network: NetworkConfig,
    training: TrainingConfig,
    normalisation: Normalisation,
}

impl Model {
    /// Writes the model as one safetensors file: the tensors by name, and the configuration, the normalisation and
    /// the version of galmass as JSON under `galmass_model` in its metadata. A temporary name is used until the file
    /// is complete.
    ///
    /// # Errors
    /// [`NetError::Io`] where the file cannot be written; nothing is left behind then.
    pub fn save(&self, path: &Path) -> Result<(), NetError> {
        let io = |source| NetError::Io { path: path.into(), source };
        let description = Description {
            galmass_version: env!("CARGO_PKG_VERSION").into(),
            network: self.network.clone(),
            training: self.training.clone(),
            normalisation: self.normalisation.clone(),
        };
        let description = serde_json::to_string(&description).map_err(|error| io(error.into()))?;
        let bytes = with_metadata(&self.weights.0, description)
            .map_err(|reason| NetError::WeightsDoNotFit { reason: reason.to_string() })?;
        write_atomically(path, &bytes).map_err(io)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`NetError::Io`] where the file cannot be read, [`NetError::NotAModel`] where it is no safetensors file or
    /// does not carry our description.
    pub fn load(path: &Path) -> Result<Self, NetError> {
        let bytes = std::fs::read(path).map_err(|source| NetError::Io { path: path.into(), source })?;
        let not_a_model = |reason: String| NetError::NotAModel { path: path.into(), reason };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| not_a_model(e.to_string()))?;
        let description = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let description = description.ok_or_else(|| not_a_model(format!("no `{KEY}` in its metadata")))?;
        let description: Description =
            serde_json::from_str(description).map_err(|e| not_a_model(format!("`{KEY}`: {e}")))?;
        SafeTensors::deserialize(&bytes).map_err(|e| not_a_model(e.to_string()))?;
        let Description { network, training, normalisation, .. } = description;
        Ok(Self { network, training, normalisation, weights: Weights(bytes) })
    }
}

fn with_metadata(bytes: &[u8], description: String) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let tensors = SafeTensors::deserialize(bytes)?;
    let metadata = [(KEY.to_string(), description)].into_iter().collect();
    safetensors::serialize(tensors.iter(), Some(metadata))
}

pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = NamedTempFile::new_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}
