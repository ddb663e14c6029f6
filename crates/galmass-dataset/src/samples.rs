//! Scaled arrays as a network takes them.

use ndarray::{Array2, Array4, Axis};

/// Network inputs of some samples: one array `[sample, channel, row, column]` for each branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// One array a branch, all with the same number of samples.
    pub branches: Vec<Array4<f32>>,
}

impl Inputs {
    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.branches.first().map_or(0, |branch| branch.len_of(Axis(0)))
    }

    /// Copies the samples of the given indices, in that order.
    ///
    /// # Panics
    /// Where an index is not below [`Inputs::n_samples`].
    pub fn select(&self, indices: &[usize]) -> Self {
        Self { branches: self.branches.iter().map(|branch| branch.select(Axis(0), indices)).collect() }
    }
}

/// Scaled inputs and targets `[sample, target]` of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaledSamples {
    /// The maps, scaled.
    pub inputs: Inputs,
    /// The targets, z-scored.
    pub targets: Array2<f32>,
}

impl ScaledSamples {
    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.inputs.n_samples()
    }

    /// Copies the samples of the given indices, in that order.
    ///
    /// # Panics
    /// Where an index is not below [`ScaledSamples::n_samples`].
    pub fn select(&self, indices: &[usize]) -> Self {
        Self { inputs: self.inputs.select(indices), targets: self.targets.select(Axis(0), indices) }
    }
}
