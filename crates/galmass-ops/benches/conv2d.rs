//! Forward and backward pass of one layer, fused and as Burn does it.

use std::hint::black_box;

use burn::backend::Autodiff;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Distribution, Tensor};
use burn_flex::Flex;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

type Backend = Autodiff<Flex>;

/// `[n, channels, height, width]` of inputs of 3 x 3 convolutions that keep the number of channels: first and last stage
/// of a ResNet-18 of width 16, last stage of one of width 64.
const SHAPES: [[usize; 4]; 3] = [[40, 16, 15, 15], [40, 128, 2, 2], [40, 512, 2, 2]];

fn conv2d(criterion: &mut Criterion) {
    let device = Default::default();
    let mut group = criterion.benchmark_group("conv2d");
    for shape in SHAPES {
        let layer: Conv2d<Backend> = Conv2dConfig::new([shape[1]; 2], [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_bias(false)
            .init(&device);
        let values = Tensor::<Backend, 4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let mut both =
            |name: &str, forward: fn(&Conv2d<Backend>, Tensor<Backend, 4>) -> Tensor<Backend, 4>| {
                let id = BenchmarkId::new(name, format!("{shape:?}"));
                group.bench_function(id, |bencher| {
                    bencher
                        .iter(|| black_box(forward(&layer, values.clone().require_grad()).sum().backward()));
                });
            };
        both("fused", galmass_ops::conv2d);
        both("stock", Conv2d::forward);
    }
    group.finish();
}

criterion_group!(benches, conv2d);
criterion_main!(benches);
