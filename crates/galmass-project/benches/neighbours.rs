//! The distance to the 32nd nearest particle, for all particles of a galaxy: build and search.

mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use galmass_project::{NeighbourConfig, support_radii, support_radii_with};
use support::{SIZES, galaxy};

const N_NEIGHBOURS: usize = 32;

fn neighbours(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("neighbours");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(3));
    for (n_particles, name) in SIZES {
        let positions = galaxy(n_particles).positions_kpc;
        group.bench_function(BenchmarkId::new(N_NEIGHBOURS.to_string(), name), |bencher| {
            bencher.iter(|| support_radii(black_box(&positions), N_NEIGHBOURS));
        });
        let config = NeighbourConfig { n_neighbours: N_NEIGHBOURS, box_size_kpc: Some(100.0) };
        group.bench_function(BenchmarkId::new(format!("{N_NEIGHBOURS}/periodic"), name), |bencher| {
            bencher.iter(|| support_radii_with(black_box(&positions), &config));
        });
    }
    group.finish();
}

criterion_group!(benches, neighbours);
criterion_main!(benches);
