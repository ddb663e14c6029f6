//! Velocity moments of a galaxy on the mesh of Chu et al. (2024), beside the slow twin, on one thread and on all.

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::PixelGrid;
use galmass_project::{Axis, MomentConfig, View, line_of_sight_moments, nearest_moments, reference};
use rayon::ThreadPoolBuilder;

const SIZES: [(usize, &str); 4] = [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6"), (5_000_000, "5e6")];

/// Three half-mass radii.
const HALF_WIDTH_KPC: f64 = 13.5;

fn moments(criterion: &mut Criterion) {
    let grid = PixelGrid::new(48, HALF_WIDTH_KPC).unwrap();
    let (view, config) = (View::along(Axis::Z), MomentConfig::default());
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut group = criterion.benchmark_group("moments");
    for (n, name) in SIZES {
        let galaxy = support::galaxy(n, 1);
        let (positions, velocities, masses) = (&galaxy.positions, &galaxy.velocities, &galaxy.masses);
        let measure = || nearest_moments(positions, velocities, masses, &view, grid, &config).unwrap();
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("48px", name), |bencher| {
            one_thread.install(|| bencher.iter(|| black_box(measure())));
        });
        group.bench_function(BenchmarkId::new("48px-threads", name), |bencher| {
            bencher.iter(|| black_box(measure()));
        });
        let along: Vec<f64> = velocities.iter().map(|velocity| view.depth(*velocity)).collect();
        let measure = || line_of_sight_moments(positions, &along, masses, &view, grid, &config).unwrap();
        group.bench_function(BenchmarkId::new("48px-line-of-sight", name), |bencher| {
            one_thread.install(|| bencher.iter(|| black_box(measure())));
        });
        if n <= 1_000_000 {
            let measure =
                || reference::nearest_moments(positions, velocities, masses, &view, grid, &config).unwrap();
            group.bench_function(BenchmarkId::new("48px-reference", name), |bencher| {
                bencher.iter(|| black_box(measure()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, moments);
criterion_main!(benches);
