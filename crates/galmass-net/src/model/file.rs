//! A model as one safetensors file.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use galmass_dataset::Normalisation;
use ndarray::{Array, Array1, Array2, Dimension};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::{Model, TrainedOn};
use crate::outliers::FeatureSummary;
use crate::stored_tensor::StoredTensor;
use crate::{FeatureDistribution, NetError, NetworkConfig, ResidualQuantiles, TrainingConfig, Weights};

/// Where the description stands in the metadata of the file.
const KEY: &str = "galmass_model";
/// Changes whenever older programs could not read the file any more.
const LAYOUT_VERSION: u64 = 3;
/// Tensors that are not weights of the network.
const MEAN: &str = "feature_distribution.mean";
const FACTOR: &str = "feature_distribution.factor";

/// All of a model but its tensors, as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    galmass_version: String,
    layout_version: u64,
    network: NetworkConfig,
    training: TrainingConfig,
    normalisation: Normalisation,
    target_units: Vec<String>,
    trained_on: TrainedOn,
    best_epoch: usize,
    residuals: Vec<ResidualQuantiles>,
    width_factors: Vec<f64>,
    features: FeatureSummary,
}

impl Model {
    /// Writes the model as one safetensors file: the tensors by name, and all the rest as JSON under `galmass_model` in its
    /// metadata, with the version of galmass. A temporary name is used until the file is complete.
    ///
    /// # Errors
    /// [`NetError::Io`] where the file cannot be written; nothing is left behind then.
    pub fn save(&self, path: &Path) -> Result<(), NetError> {
        let io = |source| NetError::Io { path: path.into(), source };
        let description = Description {
            galmass_version: env!("CARGO_PKG_VERSION").into(),
            layout_version: LAYOUT_VERSION,
            network: self.network.clone(),
            training: self.training.clone(),
            normalisation: self.normalisation.clone(),
            target_units: self.target_units.clone(),
            trained_on: self.trained_on,
            best_epoch: self.best_epoch,
            residuals: self.residuals.clone(),
            width_factors: self.width_factors.clone(),
            features: self.features.summary,
        };
        let description = serde_json::to_string(&description).map_err(|error| io(error.into()))?;
        let bytes = self
            .serialise(description)
            .map_err(|reason| NetError::WeightsDoNotFit { reason: reason.to_string() })?;
        write_atomically(path, &bytes).map_err(io)
    }

    fn serialise(&self, description: String) -> Result<Vec<u8>, SafeTensorError> {
        let weights = SafeTensors::deserialize(&self.weights.0)?;
        let weights = weights.iter().map(|(name, view)| (name.to_string(), StoredTensor::of_view(&view)));
        let distribution = [
            (MEAN.to_string(), tensor_of(&self.features.mean)),
            (FACTOR.to_string(), tensor_of(&self.features.factor)),
        ];
        let metadata = [(KEY.to_string(), description)].into_iter().collect();
        safetensors::serialize(weights.chain(distribution), Some(metadata))
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`NetError::Io`] where the file cannot be read, [`NetError::NotAModel`] where it is no safetensors file or does not
    /// carry our description, [`NetError::OtherModelLayout`] where another version has written it in another way, and
    /// [`NetError::ModelDisagrees`] where its parts are not of one piece.
    pub fn load(path: &Path) -> Result<Self, NetError> {
        let bytes = std::fs::read(path).map_err(|source| NetError::Io { path: path.into(), source })?;
        let not_a_model = |reason: String| NetError::NotAModel { path: path.into(), reason };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| not_a_model(e.to_string()))?;
        let description = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let description = description.ok_or_else(|| not_a_model(format!("no `{KEY}` in its metadata")))?;
        let in_description = |error: serde_json::Error| not_a_model(format!("`{KEY}`: {error}"));
        let description: Value = serde_json::from_str(description).map_err(in_description)?;
        let found = description["layout_version"].as_u64().unwrap_or(1);
        if found != LAYOUT_VERSION {
            let version = description["galmass_version"].as_str().unwrap_or("of no known version").into();
            let expected = LAYOUT_VERSION;
            return Err(NetError::OtherModelLayout { path: path.into(), expected, found, version });
        }
        let description: Description = serde_json::from_value(description).map_err(in_description)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| not_a_model(e.to_string()))?;
        let array = |name: &str| {
            let view = tensors.tensor(name).map_err(|error| not_a_model(error.to_string()))?;
            values_of(&view).ok_or_else(|| not_a_model(format!("`{name}` does not hold f64")))
        };
        let mean: Array1<f64> = Array1::from_vec(array(MEAN)?);
        let n = mean.len();
        let factor = Array2::from_shape_vec((n, n), array(FACTOR)?)
            .map_err(|_| not_a_model(format!("`{FACTOR}` is not {n} x {n}")))?;
        let weights = tensors.iter().filter(|(name, _)| ![MEAN, FACTOR].contains(name));
        let weights = safetensors::serialize(weights, None).map_err(|e| not_a_model(e.to_string()))?;

        let model = Self {
            network: description.network,
            training: description.training,
            normalisation: description.normalisation,
            target_units: description.target_units,
            trained_on: description.trained_on,
            best_epoch: description.best_epoch,
            residuals: description.residuals,
            width_factors: description.width_factors,
            features: FeatureDistribution { summary: description.features, mean, factor },
            weights: Weights(weights),
        };
        let checked = model.check();
        checked.map_err(|source| NetError::ModelDisagrees { path: path.into(), source: Box::new(source) })?;
        Ok(model)
    }
}

/// A tensor of f64.
fn tensor_of<D: Dimension>(array: &Array<f64, D>) -> StoredTensor<'static> {
    let bytes: Vec<u8> = array.iter().flat_map(|value| value.to_le_bytes()).collect();
    StoredTensor { dtype: Dtype::F64, shape: array.shape().into(), bytes: Cow::Owned(bytes) }
}

/// The numbers of a tensor of f64.
fn values_of(view: &TensorView<'_>) -> Option<Vec<f64>> {
    let (values, rest) = view.data().as_chunks::<8>();
    let is_f64 = view.dtype() == Dtype::F64 && rest.is_empty();
    is_f64.then(|| values.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = NamedTempFile::new_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}
