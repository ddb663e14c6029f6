//! The fast image against the exact one, and against what light must do.

use galmass_core::{PixelGrid, SupportRadius, Unit};
use ndarray::Array2;

use super::FEWEST_PARTICLES;
use crate::kernel::Kernel;
use crate::testing::{ball, in_threads, uniform};
use crate::{Axis, DepositConfig, ProjectError, Scheme, View, deposit};

/// What the scheme promises for kernels one by one, of the rms pixel.
const ONE_BY_ONE: f64 = 1e-3;

/// What it promises for galaxies, of each pixel.
const IN_GALAXIES: f64 = 1e-3;

const CONSERVED_WITHIN: f64 = 1e-12;

struct Scene {
    positions: Vec<[f64; 3]>,
    weights: Vec<f64>,
    radii: Vec<f64>,
    grid: PixelGrid,
}

impl Scene {
    fn image(&self, config: &DepositConfig) -> Array2<f64> {
        let support: Vec<_> =
            self.radii.iter().map(|&radius| SupportRadius::from_nth_neighbour(radius)).collect();
        let view = View::along(Axis::Z);
        let unit = Unit::SolarMass;
        deposit(&self.positions, &self.weights, &support, &view, self.grid, unit, config)
            .unwrap()
            .into_values()
    }

    fn of(&self, scheme: Scheme, kernel: Kernel) -> Array2<f64> {
        self.image(&DepositConfig { scheme, kernel, ..DepositConfig::default() })
    }

    fn fast(&self) -> Array2<f64> {
        self.of(Scheme::Fast, Kernel::CubicSpline)
    }

    fn exact(&self) -> Array2<f64> {
        self.of(Scheme::Exact, Kernel::CubicSpline)
    }
}

/// Kernels of one width, each at another place in a pixel, and as many that weigh nothing as make the scheme fast.
fn alike(support_px: f64, n_px: usize, n_kernels: usize) -> Scene {
    let grid = PixelGrid::new(n_px, 0.5 * n_px as f64).unwrap();
    let offsets = uniform(2 * n_kernels, -0.5..0.5, 1);
    let mut positions: Vec<[f64; 3]> = offsets.chunks(2).map(|xy| [xy[0], xy[1], 0.0]).collect();
    positions.resize(n_kernels.max(FEWEST_PARTICLES), [0.0; 3]);
    let mut weights = vec![1.0; n_kernels];
    weights.resize(positions.len(), 0.0);
    let radii = vec![support_px; positions.len()];
    Scene { positions, weights, radii, grid }
}

/// A concentrated ball with kernels as wide as its particles are apart.
fn galaxy(n_particles: usize, n_px: usize) -> Scene {
    let positions: Vec<_> = ball(n_particles, 1.0, 3)
        .into_iter()
        .map(|place| {
            let squeeze: f64 = place.iter().map(|x| x * x).sum();
            place.map(|x| 10.0 * x * squeeze)
        })
        .collect();
    let weights = uniform(n_particles, 0.1..2.0, 4);
    let apart = 4.0 / (n_particles as f64).cbrt();
    let spread = uniform(n_particles, 0.5..2.0, 5);
    let radii = positions.iter().zip(spread).map(|(p, s)| s * apart * (0.05 + p[0].hypot(p[1]))).collect();
    Scene { positions, weights, radii, grid: PixelGrid::new(n_px, 6.0).unwrap() }
}

/// Relative to each pixel, over the brightest pixels that hold 99 per cent of the light.
fn rms_of_bright_pixels(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let mut pixels: Vec<(f64, f64)> = expected.iter().copied().zip(found.iter().copied()).collect();
    pixels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total = expected.sum();
    let (mut light, mut square, mut n) = (0.0, 0.0, 0.0);
    for (expected, found) in pixels {
        light += expected;
        square += (found / expected - 1.0).powi(2);
        n += 1.0;
        if light >= 0.99 * total {
            break;
        }
    }
    f64::sqrt(square / n)
}

/// The rms difference over the rms value.
fn relative_rms(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let square = |values: &Array2<f64>| values.iter().map(|v| v * v).sum::<f64>();
    (square(&(found - expected)) / square(expected)).sqrt()
}

#[test]
fn one_kernel_of_any_width_is_exact_to_a_thousandth() {
    for support_px in [
        1e-3, 0.01, 0.05, 0.25, 0.5, 0.75, 1.0, 1.4, 1.6, 2.0, 2.5, 3.0, 3.4, 3.6, 5.0, 7.0, 7.6, 10.0, 11.4,
        11.6, 16.3, 18.0, 22.9, 23.1, 29.1, 40.0, 45.9, 46.1, 58.1, 70.0, 91.9, 92.1, 116.1,
    ] {
        for place in 0..3 {
            let mut scene = alike(support_px, 240, 3);
            for other in 0..3 {
                scene.weights[other] = f64::from(u8::from(other == place));
            }
            let fast = scene.fast();
            assert!((fast.sum() - 1.0).abs() < CONSERVED_WITHIN, "{support_px}: {:e}", fast.sum() - 1.0);
            let rms = relative_rms(&fast, &scene.exact());
            assert!(rms < ONE_BY_ONE, "{support_px}: {rms:e}");
        }
    }
}

#[test]
fn a_kernel_far_wider_than_the_image_is_exact_to_a_thousandth() {
    for (support_px, n_px) in [(300.0, 64), (1000.0, 64), (1000.0, 63), (5000.0, 7)] {
        let mut scene = alike(support_px, n_px, 1);
        scene.positions[0] = [0.3 * support_px, -0.2 * support_px, 0.0];
        let rms = relative_rms(&scene.fast(), &scene.exact());
        assert!(rms < ONE_BY_ONE, "{support_px} on {n_px}: {rms:e}");
    }
}

#[test]
fn points_go_where_the_exact_scheme_takes_them() {
    let mut scene = alike(0.0, 8, 4);
    scene.positions[..4].copy_from_slice(&[
        [0.0, 1.0, 0.0],
        [-4.0, -4.0, 0.0],
        [4.0, 0.5, 0.0],
        [2.5, -1.0, 0.0],
    ]);
    assert!(relative_rms(&scene.fast(), &scene.exact()) < 1e-6);
}

#[test]
fn other_kernels_are_exact() {
    let scene = alike(2.3, 20, 9);
    for kernel in Kernel::ALL.into_iter().filter(|&kernel| kernel != Kernel::CubicSpline) {
        assert_eq!(scene.of(Scheme::Fast, kernel), scene.of(Scheme::Exact, kernel));
    }
}

#[test]
fn galaxies_are_exact_to_a_thousandth_of_each_pixel() {
    for (n_particles, n_px) in [(5_000, 300), (100_000, 300), (100_000, 77), (20_000, 500)] {
        let scene = galaxy(n_particles, n_px);
        let (fast, exact) = (scene.fast(), scene.exact());
        let rms = rms_of_bright_pixels(&fast, &exact);
        assert!(rms < IN_GALAXIES, "{n_particles} on {n_px}: {rms:e}");
        assert!((fast.sum() / exact.sum() - 1.0).abs() < 1e-5);
        assert!(fast.iter().all(|&light| light >= 0.0));
    }
}

#[test]
fn light_wholly_inside_is_kept() {
    for n_px in [300, 301, 64, 19] {
        let mut scene = galaxy(70_000, n_px);
        for ((position, radius), weight) in scene.positions.iter().zip(&scene.radii).zip(&mut scene.weights) {
            if position[0].abs().max(position[1].abs()) + radius >= 6.0 {
                *weight = 0.0;
            }
        }
        let total: f64 = scene.weights.iter().sum();
        let found = scene.fast().sum();
        assert!((found / total - 1.0).abs() < CONSERVED_WITHIN, "{n_px}: {:e}", found / total - 1.0);
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let scene = galaxy(150_000, 300);
    let run = |n_threads| in_threads(n_threads, || scene.fast());
    let alone = run(1);
    assert!(run(2) == alone && run(3) == alone);
}

#[test]
fn periodic_images_and_depths_are_those_of_the_exact_scheme() {
    let mut scene = galaxy(6_000, 120);
    scene.grid = PixelGrid::new(120, 3.0).unwrap();
    let image = |scheme| {
        let kernel = Kernel::CubicSpline;
        scene.image(&DepositConfig { scheme, kernel, box_size_kpc: Some(8.0), depth_kpc: Some([-3.0, 2.5]) })
    };
    let rms = rms_of_bright_pixels(&image(Scheme::Fast), &image(Scheme::Exact));
    assert!(rms < IN_GALAXIES, "{rms:e}");
}

#[test]
fn bad_values_among_many_are_found_by_name() {
    let scene = galaxy(FEWEST_PARTICLES + 100, 30);
    let config = DepositConfig { scheme: Scheme::Fast, ..DepositConfig::default() };
    let call = |positions: &[[f64; 3]], weights: &[f64], radii: &[f64]| {
        let support: Vec<_> = radii.iter().map(|&radius| SupportRadius::from_nth_neighbour(radius)).collect();
        let view = View::along(Axis::Z);
        deposit(positions, weights, &support, &view, scene.grid, Unit::SolarMass, &config)
    };
    let mut positions = scene.positions.clone();
    positions[4100][2] = f64::NAN;
    let found = call(&positions, &scene.weights, &scene.radii);
    assert!(matches!(found, Err(ProjectError::NotFinite { column: "positions", index: 4100, .. })));
    let mut weights = scene.weights.clone();
    weights[17] = -1.0;
    let found = call(&scene.positions, &weights, &scene.radii);
    assert!(matches!(found, Err(ProjectError::Negative { column: "weights", index: 17, .. })));
    let mut radii = scene.radii.clone();
    radii[5] = f64::INFINITY;
    let found = call(&scene.positions, &scene.weights, &radii);
    assert!(matches!(found, Err(ProjectError::NotFinite { column: "support", index: 5, .. })));
    positions[4100] = [1e300, -1e300, f64::MAX];
    assert!(call(&positions, &scene.weights, &scene.radii).is_ok());
}
