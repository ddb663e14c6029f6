//! The residual blocks of He et al. (2016).

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Relu};
use burn::prelude::*;
use galmass_ops::{
    FusedBackend, batch_norm as normalise, batch_norm_add_relu as normalise_add_relu,
    batch_norm_relu as normalise_relu, conv2d as convolve,
};
use rand_chacha::ChaCha8Rng;

use crate::initial::{batch_norm, convolution};

/// How many times wider a bottleneck ends than its 3 x 3 convolution is.
pub(crate) const EXPANSION: usize = 4;

/// The shortcut of a block that changes size: a 1 x 1 convolution and a batch normalisation.
#[derive(Module, Debug)]
pub struct Downsample<B: Backend> {
    conv: Conv2d<B>,
    bn: BatchNorm<B>,
}

/// Convolutions with batch normalisation, and the input added to what they make of it: either two of 3 x 3, or a
/// bottleneck of 1 x 1, 3 x 3 and 1 x 1.
///
/// The fields bear torchvision's names.
#[derive(Module, Debug)]
pub struct ResidualBlock<B: Backend> {
    conv1: Conv2d<B>,
    bn1: BatchNorm<B>,
    conv2: Conv2d<B>,
    bn2: BatchNorm<B>,
    conv3: Option<Conv2d<B>>,
    bn3: Option<BatchNorm<B>>,
    relu: Relu,
    downsample: Option<Downsample<B>>,
}

impl<B: Backend> ResidualBlock<B> {
    /// Two convolutions from `n_in` to `n_out` features.
    pub(crate) fn basic(
        n_in: usize,
        n_out: usize,
        stride: usize,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        Self {
            conv1: convolution([n_in, n_out], 3, stride, generator, device),
            bn1: batch_norm(n_out, device),
            conv2: convolution([n_out, n_out], 3, 1, generator, device),
            bn2: batch_norm(n_out, device),
            conv3: None,
            bn3: None,
            relu: Relu::new(),
            downsample: downsample([n_in, n_out], stride, generator, device),
        }
    }

    /// A bottleneck from `n_in` to `EXPANSION n_narrow` features; the stride is that of the 3 x 3 convolution.
    pub(crate) fn bottleneck(
        n_in: usize,
        n_narrow: usize,
        stride: usize,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let n_out = EXPANSION * n_narrow;
        Self {
            conv1: convolution([n_in, n_narrow], 1, 1, generator, device),
            bn1: batch_norm(n_narrow, device),
            conv2: convolution([n_narrow, n_narrow], 3, stride, generator, device),
            bn2: batch_norm(n_narrow, device),
            conv3: Some(convolution([n_narrow, n_out], 1, 1, generator, device)),
            bn3: Some(batch_norm(n_out, device)),
            relu: Relu::new(),
            downsample: downsample([n_in, n_out], stride, generator, device),
        }
    }
}

fn downsample<B: Backend>(
    [n_in, n_out]: [usize; 2],
    stride: usize,
    generator: &mut ChaCha8Rng,
    device: &B::Device,
) -> Option<Downsample<B>> {
    (stride != 1 || n_in != n_out).then(|| Downsample {
        conv: convolution([n_in, n_out], 1, stride, generator, device),
        bn: batch_norm(n_out, device),
    })
}

impl<B: FusedBackend> ResidualBlock<B> {
    /// Applies the block.
    ///
    /// # Shapes
    /// `[n, n_in, h, w]` -> `[n, n_out, ceil(h / stride), ceil(w / stride)]`
    pub fn forward(&self, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let shortcut = match &self.downsample {
            Some(downsample) => normalise(&downsample.bn, convolve(&downsample.conv, input.clone())),
            None => input.clone(),
        };
        let hidden = normalise_relu(&self.bn1, convolve(&self.conv1, input));
        let hidden = convolve(&self.conv2, hidden);
        match (&self.conv3, &self.bn3) {
            (Some(conv3), Some(bn3)) => {
                let hidden = convolve(conv3, normalise_relu(&self.bn2, hidden));
                normalise_add_relu(bn3, hidden, shortcut)
            }
            _ => normalise_add_relu(&self.bn2, hidden, shortcut),
        }
    }
}
