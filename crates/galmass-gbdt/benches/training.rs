//! How long bins and trees take: `train/31x100/1e5x10` grows 100 trees of 31 leaves on 100,000 rows of ten features.

mod friedman;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, DataSampleStrategy, Dataset};
use rayon::ThreadPoolBuilder;

/// That of Chu et al. (2024), one with many rows, and one with many features.
const SIZES: [(usize, usize, &str); 3] =
    [(18_833, 10, "2e4x10"), (1_000_000, 10, "1e6x10"), (100_000, 50, "1e5x50")];
const SETTINGS: [(usize, usize, &str); 2] = [(5, 500, "5x500"), (31, 100, "31x100")];

fn binning(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let config = BinningConfig::default();
    let mut group = criterion.benchmark_group("binning");
    group.sample_size(10);
    for (n_rows, n_features, name) in SIZES {
        let (table, _) = friedman::table(n_rows, n_features);
        let bin = || Dataset::new(black_box(table.view()), &config).unwrap();
        group.throughput(Throughput::Elements(table.len() as u64));
        group.bench_function(BenchmarkId::new("one-thread", name), |bencher| {
            one_thread.install(|| bencher.iter(bin));
        });
        group.bench_function(BenchmarkId::new("threads", name), |bencher| bencher.iter(bin));
    }
    group.finish();
}

fn training(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut group = criterion.benchmark_group("train");
    group.sample_size(10);
    for (n_rows, n_features, name) in SIZES {
        let (table, labels) = friedman::table(n_rows, n_features);
        let dataset = Dataset::new(table.view(), &BinningConfig::default()).unwrap();
        for (num_leaves, num_iterations, settings) in SETTINGS {
            let plain = BoosterConfig { num_leaves, num_iterations, ..BoosterConfig::default() };
            let goss = BoosterConfig { data_sample_strategy: DataSampleStrategy::Goss, ..plain.clone() };
            let mut time = |id: &str, config: &BoosterConfig, is_alone: bool| {
                let train = || Booster::train(config, black_box(&dataset), &labels).unwrap();
                group.bench_function(BenchmarkId::new(format!("{settings}{id}"), name), |bencher| {
                    if is_alone {
                        one_thread.install(|| bencher.iter(train));
                    } else {
                        bencher.iter(train);
                    }
                });
            };
            time("", &plain, true);
            time("-threads", &plain, false);
            time("-goss", &goss, true);
        }
    }
    group.finish();
}

criterion_group!(benches, binning, training);
criterion_main!(benches);
