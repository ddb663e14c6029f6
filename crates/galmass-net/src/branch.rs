//! One branch: a ResNet-18 without its last layer.

use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, PaddingConfig2d, Relu};
use burn::prelude::*;
use galmass_ops::{FusedBackend, batch_norm as normalise, conv2d as convolve};
use rand_chacha::ChaCha8Rng;

use crate::BasicBlock;
use crate::config::Stem;
use crate::initial::{batch_norm, convolution};

/// A ResNet-18 backbone: a stem, four stages of two blocks, and the mean over all pixels.
///
/// The fields bear torchvision's names, so that weights can travel between the two.
#[derive(Module, Debug)]
pub struct Branch<B: Backend> {
    conv1: Conv2d<B>,
    bn1: BatchNorm<B>,
    relu: Relu,
    maxpool: Option<MaxPool2d>,
    layer1: Vec<BasicBlock<B>>,
    layer2: Vec<BasicBlock<B>>,
    layer3: Vec<BasicBlock<B>>,
    layer4: Vec<BasicBlock<B>>,
    avgpool: AdaptiveAvgPool2d,
}

impl<B: Backend> Branch<B> {
    pub(crate) fn new(
        n_channels: usize,
        width: usize,
        stem: Stem,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let (conv1, maxpool) = match stem {
            Stem::ResNet => {
                (convolution([n_channels, width], 7, 2, generator, device), Some(half_size_pool()))
            }
            Stem::Small => (convolution([n_channels, width], 3, 1, generator, device), None),
        };
        let mut stage = |n_in, n_out, stride| {
            vec![
                BasicBlock::new(n_in, n_out, stride, generator, device),
                BasicBlock::new(n_out, n_out, 1, generator, device),
            ]
        };
        Self {
            conv1,
            bn1: batch_norm(width, device),
            relu: Relu::new(),
            maxpool,
            layer1: stage(width, width, 1),
            layer2: stage(width, 2 * width, 2),
            layer3: stage(2 * width, 4 * width, 2),
            layer4: stage(4 * width, 8 * width, 2),
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
        }
    }
}

impl<B: FusedBackend> Branch<B> {
    /// Features of each sample.
    ///
    /// # Shapes
    /// `[n, n_channels, n_px, n_px]` -> `[n, 8 width]`
    pub fn forward(&self, maps: Tensor<B, 4>) -> Tensor<B, 2> {
        let mut hidden = self.relu.forward(normalise(&self.bn1, convolve(&self.conv1, maps)));
        if let Some(pool) = &self.maxpool {
            hidden = pool.forward(hidden);
        }
        for block in self.layer1.iter().chain(&self.layer2).chain(&self.layer3).chain(&self.layer4) {
            hidden = block.forward(hidden);
        }
        self.avgpool.forward(hidden).flatten(1, 3)
    }
}

fn half_size_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3])
        .with_strides([2, 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init()
}

#[cfg(test)]
mod tests {
    use burn_flex::Flex;
    use galmass_core::seed;

    use super::*;

    /// torchvision's resnet18 has 11,689,512 weights with 3 channels and a head of 512 x 1000 + 1000.
    #[test]
    fn the_backbone_has_as_many_weights_as_torchvision_s() {
        for (n_channels, n_weights) in [(3, 11_176_512), (2, 11_173_376), (1, 11_170_240)] {
            let branch: Branch<Flex> =
                Branch::new(n_channels, 64, Stem::ResNet, &mut seed::generator(1), &Default::default());
            // Burn counts the running mean and variance of each batch normalisation too: 4,800 of each.
            assert_eq!(branch.num_params() - 2 * 4_800, n_weights, "{n_channels} channels");
        }
    }

    #[test]
    fn both_stems_reduce_any_map_to_its_features() {
        for stem in [Stem::ResNet, Stem::Small] {
            for n_px in [7, 30, 48] {
                let branch: Branch<Flex> =
                    Branch::new(2, 4, stem, &mut seed::generator(1), &Default::default());
                let maps = Tensor::ones([3, 2, n_px, n_px], &Default::default());
                assert_eq!(branch.forward(maps).dims(), [3, 32], "{stem:?} {n_px}");
            }
        }
    }
}
