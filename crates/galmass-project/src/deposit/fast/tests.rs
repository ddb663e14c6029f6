//! The fast image against the exact one, and against what light must do.

use galmass_core::{PixelGrid, SupportRadius, Unit};
use ndarray::Array2;

use crate::testing::{ball, in_threads, uniform};
use crate::{Axis, DepositConfig, Scheme, View, deposit};

fn image(scheme: Scheme, positions: &[[f64; 3]], weights: &[f64], radii: &[f64], grid: PixelGrid) -> Array2<f64> {
    let support: Vec<_> = radii.iter().map(|&radius| SupportRadius::from_nth_neighbour(radius)).collect();
    let config = DepositConfig { scheme, ..DepositConfig::default() };
    let view = View::along(Axis::Z);
    deposit(positions, weights, &support, &view, grid, Unit::SolarMass, &config).unwrap().into_values()
}

/// Relative to each pixel, over the brightest pixels that hold 99 per cent of the light.
fn rms_of_bright_pixels(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let mut order: Vec<(f64, f64)> = expected.iter().copied().zip(found.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total = expected.sum();
    let (mut light, mut square, mut n) = (0.0, 0.0, 0.0);
    for (expected, found) in order {
        light += expected;
        square += (found / expected - 1.0).powi(2);
        n += 1.0;
        if light >= 0.99 * total {
            break;
        }
    }
    f64::sqrt(square / n)
}

fn relative_rms(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let square = |values: &Array2<f64>| values.iter().map(|v| v * v).sum::<f64>();
    (square(&(found - expected)) / square(expected)).sqrt()
}

#[test]
fn one_kernel_of_any_width_is_its_exact_self() {
    for half_px in [0.05, 0.25, 0.5, 0.75, 1.0, 1.4, 1.6, 2.0, 2.5, 3.0, 3.4, 3.6, 5.0, 7.0, 7.6, 8.0, 10.0, 15.4, 15.6, 16.5, 18.0, 20.0, 25.0, 31.0, 32.0, 50.0, 63.0, 70.0, 100.0, 127.0] {
        let grid = PixelGrid::new(256, 128.0).unwrap();
        let (mut pix, mut l2) = (0.0f64, 0.0f64);
        for position in [[0.31, -0.17, 0.0], [0.02, 0.48, 0.0], [0.5, 0.5, 0.0]] {
            let exact = image(Scheme::Exact, &[position], &[1.0], &[half_px], grid);
            let fast = image(Scheme::Fast, &[position], &[1.0], &[half_px], grid);
            assert!((fast.sum() - 1.0).abs() < 1e-12, "{half_px} {}", fast.sum() - 1.0);
            pix = pix.max(rms_of_bright_pixels(&fast, &exact));
            l2 = l2.max(relative_rms(&fast, &exact));
        }
        println!("{half_px:8} pix {pix:.2e} l2 {l2:.2e}");
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let positions = ball(100_000, 1.0, 3);
    let weights = uniform(positions.len(), 0.1..2.0, 4);
    let radii = uniform(positions.len(), 0.001..0.2, 5);
    let grid = PixelGrid::new(300, 0.9).unwrap();
    let run = |n| in_threads(n, || image(Scheme::Fast, &positions, &weights, &radii, grid));
    let alone = run(1);
    assert!(run(2) == alone && run(3) == alone);
    let exact = image(Scheme::Exact, &positions, &weights, &radii, grid);
    println!("{:e} {:e}", rms_of_bright_pixels(&alone, &exact), alone.sum() / exact.sum() - 1.0);
}
