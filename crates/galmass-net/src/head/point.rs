//! A number for each target.

use burn::prelude::*;
use ndarray::ArrayView2;

use super::Head;
use crate::{Points, Posterior};

/// A number for each target; the loss is the squared error, averaged over the targets.
#[derive(Clone, Copy, Debug)]
pub struct PointHead;

impl<B: Backend> Head<B> for PointHead {
    fn losses(&self, outputs: Tensor<B, 2>, truths: Tensor<B, 2>) -> Tensor<B, 1> {
        let errors = outputs - truths;
        (errors.clone() * errors).mean_dim(1).squeeze_dim(1)
    }

    fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior> {
        Box::new(Points::new(outputs.mapv(f64::from)))
    }
}
