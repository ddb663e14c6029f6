//! The residual blocks of He et al. (2016).

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::prelude::*;
use galmass_ops::{
    Fork, FusedBackend, batch_norm, batch_norm_add_relu, batch_norm_add_relu_of_fork, batch_norm_relu,
    conv2d, conv2d_of_fork,
};
use rand_chacha::ChaCha8Rng;

use crate::initial::{batch_norm as new_batch_norm, convolution};

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
            bn1: new_batch_norm(n_out, device),
            conv2: convolution([n_out, n_out], 3, 1, generator, device),
            bn2: new_batch_norm(n_out, device),
            conv3: None,
            bn3: None,
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
            bn1: new_batch_norm(n_narrow, device),
            conv2: convolution([n_narrow, n_narrow], 3, stride, generator, device),
            bn2: new_batch_norm(n_narrow, device),
            conv3: Some(convolution([n_narrow, n_out], 1, 1, generator, device)),
            bn3: Some(new_batch_norm(n_out, device)),
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
        bn: new_batch_norm(n_out, device),
    })
}

impl<B: FusedBackend> ResidualBlock<B> {
    /// Applies the block.
    ///
    /// # Shapes
    /// `[n, n_in, h, w]` -> `[n, n_out, ceil(h / stride), ceil(w / stride)]`
    pub fn forward(&self, input: Tensor<B, 4>) -> Tensor<B, 4> {
        let input = Fork::new(input);
        let hidden = batch_norm_relu(&self.bn1, conv2d_of_fork(&self.conv1, &input));
        let hidden = conv2d(&self.conv2, hidden);
        let (hidden, last) = match (&self.conv3, &self.bn3) {
            (Some(conv3), Some(bn3)) => (conv2d(conv3, batch_norm_relu(&self.bn2, hidden)), bn3),
            _ => (hidden, &self.bn2),
        };
        match &self.downsample {
            Some(Downsample { conv, bn }) => {
                let shortcut = batch_norm(bn, conv2d_of_fork(conv, &input));
                batch_norm_add_relu(last, hidden, shortcut)
            }
            None => batch_norm_add_relu_of_fork(last, hidden, &input),
        }
    }
}
