//! Fits to images whose galaxies are known.

use std::f64::consts::{FRAC_PI_2, PI};

use galmass_core::seed::generator;
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use rand::RngExt;

use super::*;
use crate::SersicProfile;

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

/// The slow twin: the mean of a pixel over many squares, by the public profile. Each of `fine` x `fine` squares is
/// cut again in the pixels where the centre is.
fn mean_of_pixel(galaxy: &SersicGalaxy, corner: [f64; 2], side: f64, depth: u32) -> f64 {
    let (sine, cosine) = galaxy.position_angle.sin_cos();
    let distance = |x: f64, y: f64| {
        let (dx, dy) = (x - galaxy.centre_px[0], y - galaxy.centre_px[1]);
        let (along, across) = (dx * cosine + dy * sine, dy * cosine - dx * sine);
        along.hypot(across / galaxy.profile.axis_ratio())
    };
    let fine = 20;
    let step = side / f64::from(fine);
    let mut sum = 0.0;
    for i in 0..fine {
        for j in 0..fine {
            let from = [corner[0] + step * f64::from(i), corner[1] + step * f64::from(j)];
            let holds = (0..2).all(|axis| {
                let to_centre = galaxy.centre_px[axis] - from[axis];
                (-step..=2.0 * step).contains(&to_centre)
            });
            sum += if holds && depth > 0 {
                mean_of_pixel(galaxy, from, step, depth - 1)
            } else {
                galaxy.profile.brightness(distance(from[0] + 0.5 * step, from[1] + 0.5 * step))
            };
        }
    }
    sum / f64::from(fine * fine)
}

#[test]
fn means_of_pixels_are_those_of_a_fine_mesh() {
    for n in [0.5, 1.0, 4.0, 8.0] {
        for (radius, q) in [(2.0, 0.2), (2.0, 1.0), (15.0, 0.4)] {
            let galaxy = galaxy(n, radius, q, 0.7, [12.3, 11.96]);
            let image = drawn(&galaxy, (24, 25), Sampling::PixelMeans);
            let faint = 1e-4 * 50.0;
            for ((row, column), found) in image.indexed_iter() {
                // Every third pixel, and all near the centre.
                if (row + column) % 3 != 0 && (row.abs_diff(12) > 2 || column.abs_diff(12) > 2) {
                    continue;
                }
                let expected = mean_of_pixel(&galaxy, [column as f64, row as f64], 1.0, 3);
                // The fine mesh has errors of its own, from the middles of its squares.
                let error = (found - expected).abs() / expected.max(faint);
                assert!(
                    error < 1e-3,
                    "n = {n}, R_e = {radius}, q = {q}, [{row}, {column}]: {found}, {expected}"
                );
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
