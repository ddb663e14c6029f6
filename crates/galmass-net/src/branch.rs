//! One branch: a residual network without its last layer.

use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::prelude::*;
use galmass_ops::{FusedBackend, batch_norm_relu, conv2d, max_pool2d};
use rand_chacha::ChaCha8Rng;

use crate::ResidualBlock;
use crate::block::EXPANSION;
use crate::config::{NetworkConfig, Stem};
use crate::initial::{batch_norm, convolution};

/// A residual backbone: a stem, four stages of blocks, and the mean over all pixels.
///
/// The fields bear torchvision's names, so that weights can travel between the two.
#[derive(Module, Debug)]
pub struct Branch<B: Backend> {
    conv1: Conv2d<B>,
    bn1: BatchNorm<B>,
    maxpool: Option<MaxPool2d>,
    layer1: Vec<ResidualBlock<B>>,
    layer2: Vec<ResidualBlock<B>>,
    layer3: Vec<ResidualBlock<B>>,
    layer4: Vec<ResidualBlock<B>>,
    avgpool: AdaptiveAvgPool2d,
}

impl<B: Backend> Branch<B> {
    pub(crate) fn new(
        n_channels: usize,
        config: &NetworkConfig,
        generator: &mut ChaCha8Rng,
        device: &B::Device,
    ) -> Self {
        let NetworkConfig { backbone, width, stem, .. } = *config;
        let (conv1, maxpool) = match stem {
            Stem::ResNet => {
                (convolution([n_channels, width], 7, 2, generator, device), Some(half_size_pool()))
            }
            Stem::Small => (convolution([n_channels, width], 3, 1, generator, device), None),
        };
        let mut n_in = width;
        let mut stage = |index: usize| {
            let n_narrow = width << index;
            let block = |block| {
                let stride = if block == 0 && index > 0 { 2 } else { 1 };
                if backbone.has_bottlenecks() {
                    let made = ResidualBlock::bottleneck(n_in, n_narrow, stride, generator, device);
                    n_in = EXPANSION * n_narrow;
                    made
                } else {
                    let made = ResidualBlock::basic(n_in, n_narrow, stride, generator, device);
                    n_in = n_narrow;
                    made
                }
            };
            (0..backbone.n_blocks()[index]).map(block).collect()
        };
        Self {
            conv1,
            bn1: batch_norm(width, device),
            maxpool,
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
        }
    }
}

impl<B: FusedBackend> Branch<B> {
    /// Features of each sample.
    ///
    /// # Shapes
    /// `[n, n_channels, n_px, n_px]` -> `[n, n_features]`, 512 for ResNet-18 of width 64
    pub fn forward(&self, maps: Tensor<B, 4>) -> Tensor<B, 2> {
        let mut hidden = batch_norm_relu(&self.bn1, conv2d(&self.conv1, maps));
        if let Some(pool) = &self.maxpool {
            hidden = max_pool2d(pool, hidden);
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
    use crate::Backbone;

    fn config(backbone: Backbone, width: usize, stem: Stem) -> NetworkConfig {
        NetworkConfig { backbone, stem, width, ..crate::network::tests::small() }
    }

    fn branch(n_channels: usize, config: &NetworkConfig) -> Branch<Flex> {
        Branch::new(n_channels, config, &mut seed::generator(1), &Default::default())
    }

    /// torchvision's resnet18, resnet34 and resnet50 have 11,689,512, 21,797,672 and 25,557,032 weights with 3 channels
    /// and a head of 512 x 1000 + 1000, the last of 2048 x 1000 + 1000.
    #[test]
    fn the_backbones_have_as_many_weights_as_torchvision_s() {
        // Burn counts the running mean and variance of each batch normalisation too.
        for (backbone, n_normalised, n_channels, n_weights) in [
            (Backbone::ResNet18, 4_800, 3, 11_176_512),
            (Backbone::ResNet18, 4_800, 2, 11_173_376),
            (Backbone::ResNet18, 4_800, 1, 11_170_240),
            (Backbone::ResNet34, 8_512, 3, 21_797_672 - 513_000),
            (Backbone::ResNet50, 26_560, 3, 25_557_032 - 2_049_000),
        ] {
            let branch = branch(n_channels, &config(backbone, 64, Stem::ResNet));
            assert_eq!(
                branch.num_params() - 2 * n_normalised,
                n_weights,
                "{backbone:?}, {n_channels} channels"
            );
        }
    }

    #[test]
    fn every_backbone_and_stem_reduces_any_map_to_its_features() {
        for backbone in [Backbone::ResNet18, Backbone::ResNet34, Backbone::ResNet50] {
            for stem in [Stem::ResNet, Stem::Small] {
                for n_px in [7, 30] {
                    let config = config(backbone, 2, stem);
                    let maps = Tensor::ones([3, 2, n_px, n_px], &Default::default());
                    let features = branch(2, &config).forward(maps);
                    assert_eq!(features.dims(), [3, backbone.n_features(2)], "{backbone:?} {stem:?} {n_px}");
                }
            }
        }
    }
}
