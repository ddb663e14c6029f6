//! Between plain arrays and the tensors of a backend.

use burn::prelude::*;
use galmass_dataset::Inputs;
use galmass_ops::FusedBackend;
use ndarray::{Array2, ArrayView, Dimension};

use crate::Network;
use crate::missing::presence;

/// What a network's head is made from, of samples that may lack branches.
pub(crate) fn outputs_of<B: FusedBackend>(
    network: &Network<B>,
    inputs: &Inputs,
    device: &B::Device,
) -> Tensor<B, 2> {
    network.outputs(features_of(network, inputs, device))
}

/// What the fully connected layer is given, of samples that may lack branches.
pub(crate) fn features_of<B: FusedBackend>(
    network: &Network<B>,
    inputs: &Inputs,
    device: &B::Device,
) -> Tensor<B, 2> {
    network.features(tensors(inputs, device), Some(&presence(inputs, network.n_branches())))
}

/// One tensor a branch.
pub(crate) fn tensors<B: Backend>(inputs: &Inputs, device: &B::Device) -> Vec<Tensor<B, 4>> {
    inputs.branches.iter().map(|branch| tensor(branch.view(), device)).collect()
}

/// Copies an array to a device.
pub(crate) fn tensor<B: Backend, S: Dimension, const D: usize>(
    values: ArrayView<'_, f32, S>,
    device: &B::Device,
) -> Tensor<B, D> {
    let shape = values.shape().to_vec();
    Tensor::from_data(TensorData::new(values.iter().copied().collect::<Vec<f32>>(), shape), device)
}

/// Copies a matrix from its device.
pub(crate) fn matrix<B: Backend>(tensor: Tensor<B, 2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
    Array2::from_shape_vec((rows, columns), values).expect("as many values as the shape says")
}
