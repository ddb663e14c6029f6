//! How long predictions take: `predict/5x500/1e4` goes through 500 trees of 5 leaves for 10,000 rows of ten features.

mod friedman;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
use ndarray::s;
use rayon::ThreadPoolBuilder;

const N_FEATURES: usize = 10;
const N_TRAINING: usize = 20_000;
const SIZES: [(usize, &str); 2] = [(10_000, "1e4"), (200_000, "2e5")];
const SETTINGS: [(usize, usize, &str); 2] = [(5, 500, "5x500"), (31, 100, "31x100")];
/// Contributions take some hundred times as long as predictions.
const N_EXPLAINED: usize = 1000;

fn booster(num_leaves: usize, num_iterations: usize) -> Booster {
    let (table, labels) = friedman::table(N_TRAINING, N_FEATURES);
    let dataset = Dataset::new(table.view(), &BinningConfig::default()).unwrap();
    let config = BoosterConfig { num_leaves, num_iterations, ..BoosterConfig::default() };
    Booster::train(&config, &dataset, &labels).unwrap()
}

fn predictions(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (num_leaves, num_iterations, settings) in SETTINGS {
        let booster = booster(num_leaves, num_iterations);
        let mut group = criterion.benchmark_group("predict");
        for (n_rows, name) in SIZES {
            let (table, _) = friedman::table(n_rows, N_FEATURES);
            let predict = || booster.predict(black_box(table.view())).unwrap();
            group.sample_size(10).throughput(Throughput::Elements(n_rows as u64));
            group.bench_function(BenchmarkId::new(settings, name), |bencher| {
                one_thread.install(|| bencher.iter(predict));
            });
            let id = BenchmarkId::new(format!("{settings}-threads"), name);
            group.bench_function(id, |bencher| bencher.iter(predict));
        }
        group.finish();

        let (table, _) = friedman::table(N_EXPLAINED, N_FEATURES);
        let rows: Vec<Vec<f64>> = table.rows().into_iter().map(|row| row.to_vec()).collect();
        let mut group = criterion.benchmark_group("predict_row");
        let mut next = rows.iter().cycle();
        group.bench_function(settings, |bencher| {
            bencher.iter_batched(
                || next.next().map_or(&[][..], Vec::as_slice),
                |row| booster.predict_row(black_box(row)),
                criterion::BatchSize::SmallInput,
            );
        });
        group.finish();

        let mut group = criterion.benchmark_group("predict_contrib");
        group.sample_size(10).throughput(Throughput::Elements(N_EXPLAINED as u64));
        for (n_rows, name) in [(1, "1"), (N_EXPLAINED, "1e3")] {
            let rows = table.slice(s![..n_rows, ..]);
            let explain = || booster.predict_contrib(black_box(rows)).unwrap();
            group.throughput(Throughput::Elements(n_rows as u64));
            group.bench_function(BenchmarkId::new(settings, name), |bencher| {
                one_thread.install(|| bencher.iter(explain));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, predictions);
criterion_main!(benches);
