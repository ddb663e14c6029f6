//! How long the potential of a galaxy takes: `tree/spline/0.7/1e5` has a hundred thousand bodies, softened, and an
//! opening angle of 0.7.

use std::f64::consts::TAU;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_core::seed::generator;
use galmass_stats::{
    PotentialConfig, PotentialMethod, PotentialSources, SofteningKernel, Softenings, potentials_km2_s2,
};
use rand::RngExt;
use rayon::ThreadPoolBuilder;

const SIZES: [(usize, &str); 3] = [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6")];
const ANGLES: [f64; 3] = [0.5, 0.7, 0.9];
const KERNELS: [(SofteningKernel, &str); 2] =
    [(SofteningKernel::CubicSpline, "spline"), (SofteningKernel::Plummer, "plummer")];

/// Where the slow twin is timed too.
const SLOW_AT: usize = 10_000;

/// Bodies of a Hernquist sphere with a scale length of 5 kpc, cut at 500 kpc.
fn hernquist(n: usize) -> Vec<[f64; 3]> {
    let mut random = generator(9);
    let mut body = || {
        let root = (500.0 / 505.0) * random.random_range(0.0..1.0f64).sqrt();
        let (r, z) = (5.0 * root / (1.0 - root), random.random_range(-1.0..1.0f64));
        let (sin, cos) = random.random_range(0.0..TAU).sin_cos();
        let in_plane = r * (1.0 - z * z).sqrt();
        [in_plane * cos, in_plane * sin, r * z]
    };
    (0..n).map(|_| body()).collect()
}

fn potentials(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (n, name) in SIZES {
        let (positions, masses) = (hernquist(n), vec![1e11 / n as f64; n]);
        let mut time = |id: &str, softening, config: PotentialConfig| {
            let sources = PotentialSources::new(&positions, &masses, Softenings::Same(softening)).unwrap();
            let mut group = criterion.benchmark_group("potential");
            group.sample_size(10).throughput(Throughput::Elements(n as u64));
            group.bench_function(BenchmarkId::new(id, name), |bencher| {
                let run = || potentials_km2_s2(black_box(&sources), &positions, &config).unwrap();
                one_thread.install(|| bencher.iter(run));
            });
            group.finish();
        };
        let default = PotentialConfig::default();
        for opening_angle in ANGLES {
            let config = PotentialConfig { opening_angle, ..default };
            time(&format!("tree/points/{opening_angle}"), 0.0, config);
        }
        for (kernel, named) in KERNELS {
            let config = PotentialConfig { kernel, ..default };
            time(&format!("tree/{named}/{}", default.opening_angle), 0.74, config);
        }
        time("spherical", 0.0, PotentialConfig { method: PotentialMethod::Spherical, ..default });
        if n == SLOW_AT {
            time("direct/points", 0.0, PotentialConfig { method: PotentialMethod::Direct, ..default });
        }
    }
}

criterion_group!(benches, potentials);
criterion_main!(benches);
