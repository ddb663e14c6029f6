//! The weights of a network as bytes, the same for every backend.

use burn::prelude::*;
use burn_store::{ModuleSnapshot, SafetensorsStore};
use safetensors::SafeTensors;

use crate::{NetError, Network};

/// The weights and running statistics of a network, in the safetensors format: readable by anything, on any device.
#[derive(Clone, PartialEq, Eq)]
pub struct Weights(pub(crate) Vec<u8>);

impl std::fmt::Debug for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Weights({} bytes)", self.0.len())
    }
}

impl Weights {
    /// Takes the weights out of a network that is not in training: its running statistics are only whole after
    /// `valid()`.
    ///
    /// # Errors
    /// [`NetError::WeightsDoNotFit`] where a tensor cannot be written down.
    pub fn of<B: Backend>(network: &Network<B>) -> Result<Self, NetError> {
        let mut store = SafetensorsStore::from_bytes(None);
        network.save_into(&mut store).map_err(does_not_fit)?;
        let bytes = store.get_bytes().map_err(does_not_fit)?;
        // Names and numbers alone: what the store adds beside them differs from run to run.
        let tensors = SafeTensors::deserialize(&bytes).map_err(does_not_fit)?;
        let mut tensors: Vec<_> = tensors.iter().collect();
        tensors.sort_by_key(|(name, _)| *name);
        Ok(Self(safetensors::serialize(tensors, None).map_err(does_not_fit)?))
    }

    /// Puts the weights into a network of the same configuration.
    ///
    /// # Errors
    /// [`NetError::WeightsDoNotFit`] where a tensor is missing, left over, or of another shape.
    pub fn apply_to<B: Backend>(&self, network: &mut Network<B>) -> Result<(), NetError> {
        let mut store = SafetensorsStore::from_bytes(Some(self.0.clone()));
        let applied = network.load_from(&mut store).map_err(does_not_fit)?;
        match applied.errors.first() {
            Some(error) => Err(does_not_fit(error)),
            None => Ok(()),
        }
    }
}

pub(crate) fn does_not_fit(reason: impl std::fmt::Display) -> NetError {
    NetError::WeightsDoNotFit { reason: reason.to_string() }
}
