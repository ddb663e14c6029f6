//! The residual block of He et al. (2016).

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Relu};
use burn::prelude::*;
use galmass_ops::{FusedBackend, batch_norm as normalise, conv2d as convolve};
use rand_chacha::ChaCha8Rng;

use crate::initial::{batch_norm, convolution};

/// The shortcut of a block that changes size: a 1 x 1 convolution and a batch normalisation.
#[derive(Module, Debug)]
pub struct Downsample<B: Backend> {
    conv: Conv2d<B>,
    bn: BatchNorm<B>,
}

/// Two 3 x 3 convolutions with batch normalisation, and the input added to what they make of it.
#[derive(Module, Debug)]
pub struct BasicBlock<B: Backend> {
    conv1: Conv2d<B>,
    bn1: BatchNorm<B>,
    conv2: Conv2d<B>,
    bn2: BatchNorm<B>,
    relu: Relu,
    downsample: Option<Downsample<B>>,
}

impl<B: Backend> BasicBlock<B> {
    pub(crate) fn new(
        n_in: usize,
        n_out: usize,
        stride: usize,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let changes_size = stride != 1 || n_in != n_out;
        Self {
            conv1: convolution([n_in, n_out], 3, stride, generator, device),
            bn1: batch_norm(n_out, device),
            conv2: convolution([n_out, n_out], 3, 1, generator, device),
            bn2: batch_norm(n_out, device),
            relu: Relu::new(),
            downsample: changes_size.then(|| Downsample {
                conv: convolution([n_in, n_out], 1, stride, generator, device),
                bn: batch_norm(n_out, device),
            }),
        }
    }
}

impl<B: FusedBackend> BasicBlock<B> {
    /// Applies the block.
    ///
    /// # Shapes
    /// `[n, n_in, h, w]` -> `[n, n_out, ceil(h / stride), ceil(w / stride)]`
    pub fn forward(&self, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let shortcut = match &self.downsample {
            Some(downsample) => normalise(&downsample.bn, convolve(&downsample.conv, input.clone())),
            None => input.clone(),
        };
        let hidden = self.relu.forward(normalise(&self.bn1, convolve(&self.conv1, input)));
        let hidden = normalise(&self.bn2, convolve(&self.conv2, hidden));
        self.relu.forward(hidden + shortcut)
    }
}
