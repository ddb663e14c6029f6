//! Images of a galaxy, on each rung of the ladder, on one thread.

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::{PixelGrid, Unit};
use galmass_project::{Axis, DepositConfig, Scheme, View, deposit, support_radii};
use rayon::ThreadPoolBuilder;

const SIZES: [(usize, &str); 4] = [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6"), (5_000_000, "5e6")];
const PIXELS: [usize; 2] = [300, 1024];
const SCHEMES: [(Scheme, &str); 4] = [
    (Scheme::Nearest, "nearest"),
    (Scheme::Scatter, "scatter"),
    (Scheme::Exact, "exact"),
    (Scheme::Fast, "fast"),
];

/// Three half-mass radii.
const HALF_WIDTH_KPC: f64 = 13.5;

fn images(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let view = View::along(Axis::Z);
    for (n, name) in SIZES {
        let galaxy = support::galaxy(n, 1);
        let radii = support_radii(&galaxy.positions, 32).unwrap();
        for (scheme, named) in SCHEMES {
            let config = DepositConfig { scheme, ..DepositConfig::default() };
            let mut group = criterion.benchmark_group(named);
            group.sample_size(10).throughput(Throughput::Elements(n as u64));
            for n_px in PIXELS {
                let grid = PixelGrid::new(n_px, HALF_WIDTH_KPC).unwrap();
                let image = || {
                    deposit(&galaxy.positions, &galaxy.masses, &radii, &view, grid, Unit::SolarMass, &config)
                        .unwrap()
                };
                group.bench_function(BenchmarkId::new(format!("{n_px}px"), name), |bencher| {
                    one_thread.install(|| bencher.iter(|| black_box(image())));
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, images);
criterion_main!(benches);
