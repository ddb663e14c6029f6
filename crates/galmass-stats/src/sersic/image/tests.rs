//! Fits to images whose galaxies are known.

use std::f64::consts::{FRAC_PI_2, PI};

use galmass_core::seed::generator;
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use rand::RngExt;

use super::*;
use crate::SersicProfile;

/// What the documentation says of means.
const MEANS: f64 = 1e-5;

fn galaxy(n: f64, radius: f64, q: f64, angle: f64, centre: [f64; 2]) -> SersicGalaxy {
    let profile = SersicProfile::new(n, radius, 50.0).unwrap().with_axis_ratio(q).unwrap();
    SersicGalaxy { profile, centre_px: centre, position_angle: angle, sky: 0.0 }
}

fn drawn(galaxy: &SersicGalaxy, shape: (usize, usize), sampling: Sampling) -> Array2<f64> {
    galaxy.draw(&SersicImage::new(Array2::zeros(shape).view(), sampling)).unwrap()
}

fn fit(image: &SersicImage) -> SersicImageFit {
    fit_sersic_image(image, &SersicImageConfig::default()).unwrap()
}

fn fit_plain(image: ArrayView2<f64>, sampling: Sampling) -> SersicImageFit {
    fit(&SersicImage::new(image, sampling))
}

/// The angle between two axes.
fn between(a: f64, b: f64) -> f64 {
    ((a - b + FRAC_PI_2).rem_euclid(PI) - FRAC_PI_2).abs()
}

/// Every bit of every number, where NaN is NaN.
fn printed(fit: &SersicImageFit) -> String {
    format!("{fit:?}")
}

/// The slow twin: the mean of a pixel from its edges alone. As the mean brightness h inside an ellipse obeys
/// `div ((x, y) h / 2) = I`, the light of a pixel is the integral of `h (x dy - y dx) / 2` around it; h is a closed form.
fn mean_of_pixel(galaxy: &SersicGalaxy, row: usize, column: usize) -> f64 {
    let (sine, cosine) = galaxy.position_angle.sin_cos();
    let q = galaxy.profile.axis_ratio();
    let [x0, y0] = [column as f64 - galaxy.centre_px[0], row as f64 - galaxy.centre_px[1]];
    let inside = |x: f64, y: f64| {
        let radius = (x * cosine + y * sine).hypot((y * cosine - x * sine) / q);
        galaxy.profile.enclosed_flux(radius) / (PI * q * radius * radius)
    };
    let n = 400;
    let step = 1.0 / f64::from(n);
    let simpson = |at: &dyn Fn(f64) -> f64| {
        let weight = |i: i32| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        (0..=n).map(|i| weight(i) * at(f64::from(i) * step)).sum::<f64>() * step / 3.0
    };
    let across = |x: f64| 0.5 * x * simpson(&|t| inside(x, y0 + t));
    let along = |y: f64| 0.5 * y * simpson(&|t| inside(x0 + t, y));
    across(x0 + 1.0) - across(x0) + along(y0 + 1.0) - along(y0)
}

#[test]
fn means_of_pixels_are_those_of_their_edges() {
    for n in [0.5, 1.0, 4.0, 8.0] {
        for (radius, q) in [(2.0, 0.2), (2.0, 1.0), (15.0, 0.4)] {
            let galaxy = galaxy(n, radius, q, 0.7, [12.3, 11.96]);
            let image = drawn(&galaxy, (24, 25), Sampling::PixelMeans);
            for ((row, column), found) in image.indexed_iter() {
                // Every fifth pixel, and all near the centre.
                if (row + 2 * column) % 5 != 0 && (row.abs_diff(12) > 2 || column.abs_diff(12) > 2) {
                    continue;
                }
                let expected = mean_of_pixel(&galaxy, row, column);
                let error = (found - expected).abs() / expected.max(1e-4 * 50.0);
                let context = format!("n = {n}, R_e = {radius}, q = {q}, [{row}, {column}]");
                assert!(error < MEANS, "{context}: {found} is off {expected} by {error}");
            }
        }
    }
}

#[test]
fn exact_images_are_recovered() {
    for sampling in [Sampling::PixelMeans, Sampling::PointSampled] {
        for n in [0.5, 1.0, 2.5, 4.0, 8.0] {
            for (radius, q, angle) in
                [(2.0, 1.0, 0.0), (5.0, 0.2, 1.3), (12.0, 0.6, -0.5), (20.0, 0.35, 1.57)]
            {
                let truth = galaxy(n, radius, q, angle, [50.3, 47.8]);
                let image = drawn(&truth, (96, 104), sampling);
                let found = fit_plain(image.view(), sampling);
                let context =
                    format!("{sampling:?}, n = {n}, R_e = {radius}, q = {q}, PA = {angle}: {found:?}");
                assert!(!found.flags.any(), "{context}");
                let tolerance = if sampling == Sampling::PointSampled { 1e-8 } else { 1e-5 };
                assert!((found.index / n - 1.0).abs() < tolerance, "{context}");
                assert!((found.effective_radius_px / radius - 1.0).abs() < tolerance, "{context}");
                assert!((found.axis_ratio - q).abs() < tolerance, "{context}");
                assert!((found.effective_brightness / 50.0 - 1.0).abs() < 2.0 * tolerance, "{context}");
                assert!(q == 1.0 || between(found.position_angle, angle) < tolerance, "{context}");
                assert!(
                    (found.total_flux / truth.profile.total_flux() - 1.0).abs() < 2.0 * tolerance,
                    "{context}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_galaxy_is_recovered(
        n in 0.5..8.0_f64, radius in 2.0..10.0_f64, q in 0.2..1.0_f64, angle in -1.5..1.5_f64,
        x in 24.0..40.0_f64, y in 30.0..36.0_f64, means in any::<bool>(),
    ) {
        let sampling = if means { Sampling::PixelMeans } else { Sampling::PointSampled };
        let truth = galaxy(n, radius, q, angle, [x, y]);
        let found = fit_plain(drawn(&truth, (64, 70), sampling).view(), sampling);
        prop_assert!(!found.flags.any(), "{:?}", found);
        let relative = [found.index / n, found.effective_radius_px / radius, found.axis_ratio / q];
        prop_assert!(relative.iter().all(|ratio| (ratio - 1.0).abs() < 1e-4), "{:?}", found);
        prop_assert!(q > 0.99 || between(found.position_angle, angle) < 1e-3, "{:?}", found);
        prop_assert!((found.centre_px[0] - x).hypot(found.centre_px[1] - y) < 1e-4, "{:?}", found);
    }
}

#[test]
fn images_drawn_through_a_point_spread_are_recovered() {
    // Longer in one direction and not in the middle of its light.
    let function = Array2::from_shape_fn((11, 9), |(row, column)| {
        let (dx, dy) = (column as f64 - 4.3, row as f64 - 5.0);
        (-0.5 * (dx * dx / 1.5 + dy * dy / 3.0)).exp()
    });
    for (n, radius) in [(1.0, 6.0), (4.0, 4.0), (2.5, 2.0)] {
        let mut truth = galaxy(n, radius, 0.5, 0.4, [31.2, 29.4]);
        truth.sky = 3.0;
        let blank = Array2::zeros((60, 64));
        let blank = SersicImage::new(blank.view(), Sampling::PixelMeans);
        let image = truth.draw(&SersicImage { point_spread: Some(function.view()), ..blank }).unwrap();
        let blurred = SersicImage { brightness: image.view(), point_spread: Some(function.view()), ..blank };
        let config = SersicImageConfig { sky: Sky::Free, ..SersicImageConfig::default() };
        let found = fit_sersic_image(&blurred, &config).unwrap();
        assert!(!found.flags.any(), "{found:?}");
        assert!((found.index / n - 1.0).abs() < 1e-4, "{found:?}");
        assert!((found.effective_radius_px / radius - 1.0).abs() < 1e-4, "{found:?}");
        assert!((found.sky - 3.0).abs() < 1e-4, "{found:?}");
    }
}

#[test]
fn errors_are_those_of_many_noisy_images() {
    let mut truth = galaxy(1.5, 6.0, 0.6, 0.3, [24.4, 23.7]);
    truth.sky = 30.0;
    let expected = drawn(&truth, (48, 48), Sampling::PixelMeans);
    let config = SersicImageConfig { sky: Sky::Free, ..SersicImageConfig::default() };
    let mut pulls: [Vec<f64>; 6] = Default::default();
    let n_images = 60;
    for seed in 0..n_images {
        let mut random = generator(seed);
        // A sum of twelve uniform deviates is a normal one.
        let mut normal = || (0..12).map(|_| random.random_range(-0.5..0.5)).sum::<f64>();
        let image = expected.mapv(|mean| mean + mean.sqrt() * normal());
        let noisy = SersicImage::new(image.view(), Sampling::PixelMeans);
        let found =
            fit_sersic_image(&SersicImage { variance: Some(expected.view()), ..noisy }, &config).unwrap();
        assert!(!found.flags.any(), "{found:?}");
        let [x, y] = [0, 1].map(|k| (found.centre_px[k] - truth.centre_px[k]) / found.centre_px_error[k]);
        let each = [
            (found.index - 1.5) / found.index_error,
            (found.effective_radius_px - 6.0) / found.effective_radius_px_error,
            (found.axis_ratio - 0.6) / found.axis_ratio_error,
            (found.position_angle - 0.3) / found.position_angle_error,
            x.hypot(y) / 2.0_f64.sqrt(),
            (found.total_flux - truth.profile.total_flux()) / found.total_flux_error,
        ];
        pulls.iter_mut().zip(each).for_each(|(pulls, pull)| pulls.push(pull));
        let reduced = found.chi_squared / found.degrees_of_freedom as f64;
        assert!((reduced - 1.0).abs() < 0.15, "{reduced}");
    }
    for (k, pulls) in pulls.iter().enumerate() {
        let rms = (pulls.iter().map(|pull| pull * pull).sum::<f64>() / n_images as f64).sqrt();
        // Of 60 the scatter is known to 9 per cent.
        assert!((0.7..1.35).contains(&rms), "{k}: {rms}");
    }
}

#[test]
fn without_variances_errors_come_from_the_scatter() {
    let truth = galaxy(1.0, 6.0, 0.6, 0.3, [24.4, 23.7]);
    let mut random = generator(5);
    let image =
        drawn(&truth, (48, 48), Sampling::PixelMeans).mapv(|mean| mean + random.random_range(-6.0..6.0));
    let unweighted = SersicImage::new(image.view(), Sampling::PixelMeans);
    let variance = Array2::from_elem((48, 48), 12.0);
    let (scattered, known) =
        (fit(&unweighted), fit(&SersicImage { variance: Some(variance.view()), ..unweighted }));
    assert!((scattered.index / known.index - 1.0).abs() < 1e-8);
    assert!((scattered.index_error / known.index_error - 1.0).abs() < 0.1);
}

#[test]
fn a_turned_or_brighter_image_gives_the_same_galaxy() {
    let image = drawn(&galaxy(2.0, 7.0, 0.5, 0.4, [30.3, 25.6]), (50, 64), Sampling::PixelMeans);
    let found = fit_plain(image.view(), Sampling::PixelMeans);
    let turned = fit_plain(image.t(), Sampling::PixelMeans);
    assert!((turned.index - found.index).abs() < 1e-5);
    assert!(between(turned.position_angle, FRAC_PI_2 - 0.4) < 1e-5);
    assert!((turned.centre_px[0] - 25.6).abs() < 1e-5 && (turned.centre_px[1] - 30.3).abs() < 1e-5);
    for factor in [1e-60, 1e60] {
        let scaled = fit_plain(image.mapv(|value| factor * value).view(), Sampling::PixelMeans);
        assert!(!scaled.flags.any() && (scaled.index / found.index - 1.0).abs() < 1e-9, "{scaled:?}");
        assert!((scaled.effective_brightness / factor / 50.0 - 1.0).abs() < 1e-4);
    }
}

#[test]
fn what_a_mask_hides_has_no_part() {
    let mut image = drawn(&galaxy(4.0, 8.0, 0.7, 0.4, [32.3, 31.6]), (64, 64), Sampling::PixelMeans);
    let mask = Array2::from_shape_fn((64, 64), |(row, column)| row < 20 && column < 24 || row == 31);
    let masked = |image: &Array2<f64>| {
        fit(&SersicImage { mask: Some(mask.view()), ..SersicImage::new(image.view(), Sampling::PixelMeans) })
    };
    let clean = masked(&image);
    for garbage in [1e9, -1e9, f64::NAN, f64::INFINITY] {
        image.iter_mut().zip(&mask).filter(|(_, is_bad)| **is_bad).for_each(|(value, _)| *value = garbage);
        assert_eq!(printed(&masked(&image)), printed(&clean));
    }
    assert!((clean.index - 4.0).abs() < 1e-3 && !clean.flags.any(), "{clean:?}");
    assert_eq!(clean.n_ignored, 20 * 24 + 64);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let image = drawn(&galaxy(3.0, 20.0, 0.7, 0.4, [100.3, 91.6]), (190, 200), Sampling::PixelMeans);
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| fit_plain(image.view(), Sampling::PixelMeans))
    };
    let alone = run(1);
    assert_eq!(printed(&run(2)), printed(&alone));
    assert_eq!(printed(&run(3)), printed(&alone));
}
