//! All features of a galaxy at once, and one by one.

use std::f64::consts::TAU;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use galmass_core::{Galaxy, Map, Particles, PixelGrid, Stars, Unit, seed};
use galmass_stats::{
    Aperture, BandLight, FeatureConfig, FeatureView, KinematicMaps, LightProfileConfig, SersicFitConfig,
    ShapeConfig, SpinConfig, fibre_dispersion, fit_light_profile, half_mass_radius_kpc, measure_brightness,
    measure_features, measure_intrinsic_features, measure_lambda_r, measure_light_profile,
    measure_mass_profile, measure_shape, measure_star_formation, measure_view_features,
};
use ndarray::Array2;
use rand::RngExt;
use rayon::ThreadPoolBuilder;

/// As many stars, and as many dark matter particles.
const SIZES: [(usize, &str); 3] = [(1_000, "1e3"), (10_000, "1e4"), (100_000, "1e5")];
const RIGHT: [f64; 3] = [0.0, 1.0, 0.0];
const UP: [f64; 3] = [0.0, 0.0, 1.0];

/// A disc with a scale length of 3 kpc in an isothermal halo in which circular orbits have 200 km/s.
fn galaxy(n: usize) -> Galaxy {
    let mut random = seed::generator(1);
    let (mut positions, mut velocities) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let mut uniform = || 1.0 - random.random::<f64>();
        let (radius, angle) = (-3.0 * (uniform() * uniform()).ln(), TAU * uniform());
        let mut noise = || 80.0 * (uniform() + uniform() + uniform() - 1.5);
        velocities.push([-190.0 * angle.sin() + noise(), 190.0 * angle.cos() + noise(), noise()]);
        positions.push([radius * angle.cos(), radius * angle.sin(), 0.4 * (uniform() - 0.5)]);
    }
    let halo = (0..n).map(|index| {
        let direction: [f64; 3] = std::array::from_fn(|_| random.random::<f64>() - 0.5);
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        direction.map(|x| x / length * 100.0 * (index as f64 + 0.5) / n as f64)
    });
    let dark_matter = Particles::new(halo.collect(), vec![[0.0; 3]; n], vec![9.3e11 / n as f64; n]);
    let particles = Particles::new(positions, velocities, vec![5.0e10 / n as f64; n]).unwrap();
    let stars = Stars::new(particles)
        .with_ages_gyr((0..n).map(|index| 0.01 * (index % 1000) as f64).collect())
        .and_then(|stars| stars.with_initial_masses_msun(vec![1.0e6; n]))
        .and_then(|stars| stars.with_magnitudes_g(vec![-9.0; n]))
        .and_then(|stars| stars.with_magnitudes_r(vec![-9.5; n]));
    Galaxy { stars: stars.unwrap(), dark_matter: dark_matter.unwrap(), ..Galaxy::default() }
}

fn features(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (config, view) = (FeatureConfig::default(), FeatureView::new(RIGHT, UP));
    let mut group = criterion.benchmark_group("features");
    for (n, name) in SIZES {
        let galaxy = galaxy(n);
        let radius = half_mass_radius_kpc(galaxy.stars.particles()).unwrap();
        let all = || measure_features(&galaxy, radius, &view, &config).unwrap();
        group.bench_function(BenchmarkId::new("all", name), |bencher| {
            one_thread.install(|| bencher.iter(|| black_box(all())));
        });
        group.bench_function(BenchmarkId::new("all-threads", name), |bencher| {
            bencher.iter(|| black_box(all()));
        });
        group.bench_function(BenchmarkId::new("intrinsic", name), |bencher| {
            let measure = || measure_intrinsic_features(&galaxy, radius, &config).unwrap();
            one_thread.install(|| bencher.iter(|| black_box(measure())));
        });
        group.bench_function(BenchmarkId::new("view", name), |bencher| {
            bencher.iter(|| black_box(measure_view_features(&galaxy, radius, &view, &config).unwrap()));
        });
    }
    group.finish();
}

fn statistics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("statistics");
    let (n, name) = SIZES[2];
    let galaxy = galaxy(n);
    let stars = galaxy.stars.particles();
    let radius = half_mass_radius_kpc(stars).unwrap();
    let (light, circle) =
        (vec![1.0e6; n], Aperture::Circle { radius_kpc: 2.0 * radius, right: RIGHT, up: UP });
    group.bench_function(BenchmarkId::new("brightness", name), |bencher| {
        bencher.iter(|| black_box(measure_brightness(stars, &BandLight::r(&light), &circle).unwrap()));
    });
    group.bench_function(BenchmarkId::new("star-formation", name), |bencher| {
        bencher.iter(|| black_box(measure_star_formation(&galaxy.stars, &circle, 1.0).unwrap()));
    });
    group.bench_function(BenchmarkId::new("dispersion", name), |bencher| {
        bencher.iter(|| black_box(fibre_dispersion(stars, &light, RIGHT, UP, 2.0 * radius).unwrap()));
    });
    let profile = || {
        let config = LightProfileConfig::default();
        measure_light_profile(stars, &light, RIGHT, UP, 5.0 * radius, &config).unwrap()
    };
    group.bench_function(BenchmarkId::new("light-profile", name), |bencher| {
        bencher.iter(|| black_box(profile()));
    });
    let measured = profile();
    group.bench_function(BenchmarkId::new("light-profile-fit", "30"), |bencher| {
        bencher.iter(|| black_box(fit_light_profile(&measured, 0.05, &SersicFitConfig::default()).unwrap()));
    });
    let edges: Vec<f64> = (0..40).map(|i| 0.3 * 1.15f64.powi(i)).collect();
    group.bench_function(BenchmarkId::new("mass-profile", name), |bencher| {
        bencher.iter(|| black_box(measure_mass_profile(&galaxy, &edges).unwrap()));
    });
    group.bench_function(BenchmarkId::new("shape", name), |bencher| {
        bencher.iter(|| black_box(measure_shape(stars, 3.0 * radius, &ShapeConfig::default()).unwrap()));
    });
    let grid = PixelGrid::new(48, 3.0 * radius).unwrap();
    let speed = |row: usize, column: usize| (grid.centre_kpc(column) - grid.centre_kpc(row)) * 10.0;
    let map = |values| Map::new(grid, Unit::KilometrePerSecond, values).unwrap();
    let velocity = map(Array2::from_shape_fn((48, 48), |(row, column)| speed(row, column)));
    let (dispersion, flux) = (map(Array2::from_elem((48, 48), 80.0)), Array2::ones((48, 48)));
    let maps = KinematicMaps { light: &flux, velocity: &velocity, dispersion: &dispersion, count: None };
    group.bench_function(BenchmarkId::new("lambda-r", "48px"), |bencher| {
        bencher.iter(|| black_box(measure_lambda_r(&maps, 2.0 * radius, &SpinConfig::default()).unwrap()));
    });
    group.finish();
}

criterion_group!(benches, features, statistics);
criterion_main!(benches);
