//! Circularities of stars in a halo, by each method, on one thread.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::seed::generator;
use galmass_core::units::GRAVITATIONAL_CONSTANT;
use galmass_core::{Galaxy, Particles, Stars};
use galmass_stats::{CircularityConfig, CircularityMethod, measure_circularity};
use rand::RngExt;

const SIZES: [(usize, &str); 3] = [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6")];
const METHODS: [(CircularityMethod, &str); 5] = [
    (CircularityMethod::Midplane, "midplane"),
    (CircularityMethod::Spherical, "spherical"),
    (CircularityMethod::RankMaximum, "rank-maximum"),
    (CircularityMethod::BinQuantile, "bin-quantile"),
    (CircularityMethod::BinMaximum, "bin-maximum"),
];

const MASS_MSUN: f64 = 1.0e11;
const LENGTH_KPC: f64 = 5.0;

/// A Hernquist sphere of stars that turn about z, each with its potential, and as many particles of dark matter.
fn galaxy(n: usize) -> Galaxy {
    let mut random = generator(1);
    let gm = GRAVITATIONAL_CONSTANT * MASS_MSUN;
    let mut positions = |n: usize| -> Vec<[f64; 3]> {
        (0..n)
            .map(|_| {
                let root = 0.99 * random.random_range(0.0..1.0_f64).sqrt();
                let radius = LENGTH_KPC * root / (1.0 - root);
                let height = random.random_range(-1.0..1.0_f64);
                let (sin, cos) = random.random_range(0.0..std::f64::consts::TAU).sin_cos();
                let across = (1.0 - height * height).sqrt();
                [radius * across * cos, radius * across * sin, radius * height]
            })
            .collect()
    };
    let (stars, halo) = (positions(n), positions(n));
    let length = |x: &[f64; 3]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let velocities = stars
        .iter()
        .map(|x| {
            let speed = (gm * length(x)).sqrt() / (length(x) + LENGTH_KPC);
            let mut thermal = || 0.4 * speed * random.random_range(-1.0..1.0);
            let turn = 0.7 * speed / x[0].hypot(x[1]);
            [thermal() - turn * x[1], thermal() + turn * x[0], thermal()]
        })
        .collect();
    let potentials = stars.iter().map(|x| -gm / (length(x) + LENGTH_KPC)).collect();
    let masses = vec![0.5 * MASS_MSUN / n as f64; n];
    let stars = Particles::new(stars, velocities, masses.clone())
        .and_then(|stars| stars.with_potentials_km2_s2(potentials))
        .unwrap();
    let dark_matter = Particles::new(halo, vec![[0.0; 3]; n], masses).unwrap();
    Galaxy { stars: Stars::new(stars), dark_matter, ..Galaxy::default() }
}

fn circularities(criterion: &mut Criterion) {
    for (n, name) in SIZES {
        let galaxy = galaxy(n);
        for (method, named) in METHODS {
            let config = CircularityConfig { method, ..CircularityConfig::default() };
            let mut group = criterion.benchmark_group(named);
            group.sample_size(10).throughput(Throughput::Elements(n as u64));
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| black_box(measure_circularity(&galaxy, 20.0, &config).unwrap()));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, circularities);
criterion_main!(benches);
