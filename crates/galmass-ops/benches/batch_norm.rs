//! Forward and backward pass of one layer, fused and as Burn composes it.

use std::hint::black_box;

use burn::backend::Autodiff;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Distribution, Tensor};
use burn_flex::Flex;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

type Backend = Autodiff<Flex>;

/// `[n, channels, height, width]` in a two-branch ResNet-18 of width 16: first and last stage.
const SHAPES: [[usize; 4]; 3] = [[40, 16, 15, 15], [40, 128, 2, 2], [8, 64, 75, 75]];

fn batch_norm(criterion: &mut Criterion) {
    let device = Default::default();
    let mut group = criterion.benchmark_group("batch_norm");
    for shape in SHAPES {
        let layer: BatchNorm<Backend> = BatchNormConfig::new(shape[1]).init(&device);
        let values = Tensor::<Backend, 4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let weights = Tensor::<Backend, 4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let mut both =
            |name: &str, forward: fn(&BatchNorm<Backend>, Tensor<Backend, 4>) -> Tensor<Backend, 4>| {
                let id = BenchmarkId::new(name, format!("{shape:?}"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        let input = values.clone().require_grad();
                        let output = forward(&layer, input) * weights.clone();
                        black_box(output.sum().backward())
                    });
                });
            };
        both("fused", galmass_ops::batch_norm);
        both("stock", BatchNorm::forward);
        both("neither", |_, input| input);
    }
    group.finish();
}

criterion_group!(benches, batch_norm);
criterion_main!(benches);
