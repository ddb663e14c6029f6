//! What training makes small.

use burn::nn::loss::{MseLoss, Reduction};
use burn::prelude::*;

/// The mean squared error of scaled outputs: equation 1 of Chu et al. (2024), over all targets.
///
/// # Shapes
/// outputs and targets `[n, n_outputs]` -> one number
pub(crate) fn loss_of<B: Backend>(outputs: Tensor<B, 2>, targets: Tensor<B, 2>) -> Tensor<B, 1> {
    MseLoss::new().forward(outputs, targets, Reduction::Mean)
}
