//! Sersic galaxies through profiles and images of growing size, on one thread and on all.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use galmass_stats::{
    Sampling, SersicFitConfig, SersicGalaxy, SersicImage, SersicImageConfig, SersicProfile, fit_sersic_image,
    fit_sersic_profile,
};
use ndarray::Array2;
use rayon::ThreadPoolBuilder;

const SIDES_PX: [usize; 3] = [64, 300, 1000];

const INDICES: [f64; 2] = [1.0, 4.0];

fn images(criterion: &mut Criterion) {
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut group = criterion.benchmark_group("sersic_image");
    group.sample_size(20);
    for side in SIDES_PX {
        for index in INDICES {
            let middle = 0.5 * side as f64;
            let profile = SersicProfile::new(index, side as f64 / 15.0, 50.0).unwrap();
            let galaxy = SersicGalaxy {
                profile: profile.with_axis_ratio(0.7).unwrap(),
                centre_px: [middle + 0.3, middle - 1.2],
                position_angle: 0.5,
                sky: 0.0,
            };
            for (sampling, name) in [(Sampling::PointSampled, "points"), (Sampling::PixelMeans, "means")] {
                let blank = Array2::zeros((side, side));
                let image = galaxy.draw(&SersicImage::new(blank.view(), sampling)).unwrap();
                let image = SersicImage::new(image.view(), sampling);
                let fit = || fit_sersic_image(&image, &SersicImageConfig::default()).unwrap();
                group.throughput(Throughput::Elements((side * side) as u64));
                let id = |threads| BenchmarkId::new(format!("{name}{threads}/n{index}"), format!("{side}px"));
                group.bench_function(id(""), |bencher| {
                    one_thread.install(|| bencher.iter(|| black_box(fit())));
                });
                group.bench_function(id("-threads"), |bencher| bencher.iter(|| black_box(fit())));
            }
        }
    }
    group.finish();
}

fn profiles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sersic_profile");
    let radii: Vec<f64> = (0..40).map(|i| (0.12 * f64::from(i)).exp()).collect();
    for index in INDICES {
        let profile = SersicProfile::new(index, 20.0, 50.0).unwrap();
        let brightnesses: Vec<f64> = radii.iter().map(|radius| profile.brightness(*radius)).collect();
        let errors: Vec<f64> = brightnesses.iter().map(|brightness| 0.05 * brightness).collect();
        let fit = || fit_sersic_profile(&radii, &brightnesses, &errors, &SersicFitConfig::default()).unwrap();
        group.bench_function(BenchmarkId::new("40", format!("n{index}")), |bencher| {
            bencher.iter(|| black_box(fit()));
        });
    }
    group.finish();
}

criterion_group!(benches, images, profiles);
criterion_main!(benches);
