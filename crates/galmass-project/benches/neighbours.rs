//! Distances to the 32nd neighbour in a galaxy, on one thread and on all.

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_project::support_radii;
use rayon::ThreadPoolBuilder;

const SIZES: [(usize, &str); 4] = [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6"), (5_000_000, "5e6")];

fn neighbours(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut group = criterion.benchmark_group("neighbours");
    group.sample_size(10);
    for (n, name) in SIZES {
        let galaxy = support::galaxy(n, 1);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("32", name), |bencher| {
            one_thread.install(|| bencher.iter(|| black_box(support_radii(&galaxy.positions, 32).unwrap())));
        });
        group.bench_function(BenchmarkId::new("32-threads", name), |bencher| {
            bencher.iter(|| black_box(support_radii(&galaxy.positions, 32).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, neighbours);
criterion_main!(benches);
