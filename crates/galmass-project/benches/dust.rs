//! How long it takes to find the gas in front of each star: `gas_columns/face-on/1e5` has a hundred thousand stars and as many
//! gas cells.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::seed::generator;
use galmass_core::{Gas, Particles};
use galmass_project::dust::{GasSmoothing, gas_columns, gas_support_radii};
use galmass_project::{Axis, View, reference};
use rand::RngExt;

const SIZES: [(usize, &str); 3] = [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6")];

/// Where the slow twin is timed too.
const SLOW_AT: usize = 10_000;

/// Points of a disc with a scale length of 4 kpc and a scale height of 0.4 kpc, dense in the middle.
fn disc(n_points: usize, seed: u64) -> Vec<[f64; 3]> {
    let mut random = generator(seed);
    let mut exponential = || -(1.0 - random.random_range(0.0..1.0f64)).ln();
    let mut point = || {
        let (radius, height) = (4.0 * (exponential() + exponential()), 0.4 * (exponential() - exponential()));
        let angle = std::f64::consts::TAU * exponential().fract();
        [radius * angle.cos(), radius * angle.sin(), height]
    };
    (0..n_points).map(|_| point()).collect()
}

fn gas(n_cells: usize) -> Gas {
    let particles = Particles::new(disc(n_cells, 1), vec![[0.0; 3]; n_cells], vec![1e6; n_cells]).unwrap();
    let gas = Gas::new(particles)
        .with_neutral_hydrogen_masses_msun(vec![7e5; n_cells])
        .and_then(|gas| gas.with_metallicities(vec![0.02; n_cells]))
        .unwrap();
    let radii = gas_support_radii(&gas, &GasSmoothing::default()).unwrap();
    gas.with_support_radii(radii).unwrap()
}

fn columns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gas_columns");
    group.sample_size(10);
    for (n_stars, name) in SIZES {
        let (stars, gas) = (disc(n_stars, 2), gas(n_stars));
        group.throughput(Throughput::Elements(n_stars as u64));
        for (view, axis) in [("face-on", Axis::Z), ("edge-on", Axis::X)] {
            let (view, axis) = (BenchmarkId::new(view, name), View::along(axis));
            group.bench_function(view, |bencher| {
                bencher
                    .iter(|| gas_columns(black_box(&stars), &gas, &axis, &GasSmoothing::default()).unwrap());
            });
        }
        if n_stars == SLOW_AT {
            let (view, edge_on) = (BenchmarkId::new("reference/edge-on", name), View::along(Axis::X));
            group.bench_function(view, |bencher| {
                let slow =
                    || reference::gas_columns(black_box(&stars), &gas, &edge_on, &GasSmoothing::default());
                bencher.iter(|| slow().unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, columns);
criterion_main!(benches);
