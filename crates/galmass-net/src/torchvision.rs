//! Weights under the names that torchvision gives them.

use std::borrow::Cow;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::stored_tensor::StoredTensor;
use crate::weights::does_not_fit;
use crate::{NetError, Weights};

/// What PyTorch counts batches in; nothing uses it.
const COUNTER: &str = "num_batches_tracked";

impl Weights {
    /// The weights as a safetensors file with torchvision's names and shapes, to be loaded by
    /// `model.load_state_dict(safetensors.torch.load_file(path))`.
    ///
    /// A network of one branch has the names of torchvision's own `resnet18`, `resnet34` or `resnet50`, with its fully
    /// connected layer as `fc`; where there are more, each branch has `branches.0.`, `branches.1.` before its names,
    /// as a `ModuleList` of that name has. Tokens of missing branches and the layers of a flow, which torchvision has
    /// not, keep our names (`tokens.0`, `head.flow.layers.0`) and shapes.
    ///
    /// # Errors
    /// [`NetError::WeightsDoNotFit`] for weights that are no safetensors file.
    pub fn to_torchvision(&self) -> Result<Vec<u8>, NetError> {
        let tensors = SafeTensors::deserialize(&self.0).map_err(does_not_fit)?;
        let has_one_branch = !tensors.names().iter().any(|name| name.starts_with("branches.1."));
        let mut renamed = Vec::with_capacity(tensors.len());
        for (name, tensor) in tensors.iter() {
            let new = to_torchvision(name);
            let new = if has_one_branch { new.strip_prefix("branches.0.").unwrap_or(&new) } else { &new };
            if let Some(layer) = new.strip_suffix("running_mean") {
                let bytes = Cow::Owned(vec![0; 8]);
                let counter = StoredTensor { dtype: Dtype::I64, shape: Vec::new(), bytes };
                renamed.push((format!("{layer}{COUNTER}"), counter));
            }
            renamed.push((new.to_string(), transposed_if_connected(name, &tensor)?));
        }
        write(renamed)
    }

    /// Weights of a safetensors file with torchvision's names, as [`Weights::to_torchvision`] writes them.
    ///
    /// # Errors
    /// [`NetError::WeightsDoNotFit`] for bytes that are no safetensors file. Whether the tensors are those of a
    /// network is found out where they are applied to one.
    pub fn from_torchvision(bytes: &[u8]) -> Result<Self, NetError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(does_not_fit)?;
        let has_prefixes = tensors.names().iter().any(|name| name.starts_with("branches."));
        let mut renamed = Vec::with_capacity(tensors.len());
        for (name, tensor) in tensors.iter().filter(|(name, _)| !name.ends_with(COUNTER)) {
            let is_ours = ["fc.", "tokens.", "head."].iter().any(|prefix| name.starts_with(prefix));
            let new = if is_ours { name.to_string() } else { from_torchvision(name) };
            let new = if has_prefixes || is_ours { new } else { format!("branches.0.{new}") };
            let tensor = transposed_if_connected(&new, &tensor)?;
            renamed.push((new, tensor));
        }
        Ok(Self(write(renamed)?))
    }
}

fn write(mut tensors: Vec<(String, StoredTensor<'_>)>) -> Result<Vec<u8>, NetError> {
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    safetensors::serialize(tensors, None).map_err(does_not_fit)
}

fn to_torchvision(name: &str) -> String {
    let name =
        name.replace(".downsample.conv.", ".downsample.0.").replace(".downsample.bn.", ".downsample.1.");
    match name.rsplit_once('.') {
        Some((layer, "gamma")) => format!("{layer}.weight"),
        Some((layer, "beta")) => format!("{layer}.bias"),
        _ => name,
    }
}

fn from_torchvision(name: &str) -> String {
    let name =
        name.replace(".downsample.0.", ".downsample.conv.").replace(".downsample.1.", ".downsample.bn.");
    let is_normalisation = |layer: &str| layer.rsplit('.').next().is_some_and(|last| last.starts_with("bn"));
    match name.rsplit_once('.') {
        Some((layer, "weight")) if is_normalisation(layer) => format!("{layer}.gamma"),
        Some((layer, "bias")) if is_normalisation(layer) => format!("{layer}.beta"),
        _ => name,
    }
}

/// The weights of the fully connected layer are `[in, out]` here and `[out, in]` there.
fn transposed_if_connected<'a>(name: &str, tensor: &TensorView<'a>) -> Result<StoredTensor<'a>, NetError> {
    let ("fc.weight", &[rows, columns]) = (name, tensor.shape()) else {
        return Ok(StoredTensor::of_view(tensor));
    };
    let (dtype, bytes) = (tensor.dtype(), tensor.data());
    if dtype != Dtype::F32 {
        return Err(does_not_fit(format!("`{name}` is {dtype:?}, but must be F32")));
    }
    let value = |index: usize| {
        let (column, row) = (index / rows, index % rows);
        let start = 4 * (row * columns + column);
        &bytes[start..start + 4]
    };
    let bytes = (0..rows * columns).flat_map(value).copied().collect();
    Ok(StoredTensor { dtype, shape: vec![columns, rows], bytes })
}
