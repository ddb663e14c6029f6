//! The fast deposit against its reference, and against what light must do.

use galmass_core::seed::generator;
use ndarray::{Array2, s};
use proptest::prelude::*;
use rand::RngExt;
use rayon::prelude::*;

use super::*;
use crate::Axis;
use crate::testing::{ball, in_threads, uniform};

/// Pixel integrals against quadrature, in units of the rms pixel, and of each pixel of those that hold 99 per cent of the
/// light: what the products of the expansion leave.
const PRODUCTS_WITHIN: f64 = 1e-6;

/// What plain sums in parts and telescoping shares leave of the light.
const CONSERVED_WITHIN: f64 = 1e-12;

fn radii(kpc: &[f64]) -> Vec<SupportRadius> {
    kpc.iter().map(|&radius| SupportRadius::from_nth_neighbour(radius)).collect()
}

fn image(positions: &[[f64; 3]], weights: &[f64], radii_kpc: &[f64], grid: PixelGrid) -> Array2<f64> {
    let view = View::along(Axis::Z);
    deposit(positions, weights, &radii(radii_kpc), &view, grid, Unit::SolarMass, &DepositConfig::default())
        .unwrap()
        .into_values()
}

fn oracle(positions: &[[f64; 3]], weights: &[f64], radii_kpc: &[f64], grid: PixelGrid) -> Array2<f64> {
    let view = View::along(Axis::Z);
    let config = DepositConfig::default();
    reference::deposit(positions, weights, &radii(radii_kpc), &view, grid, Unit::SolarMass, &config)
        .unwrap()
        .into_values()
}

/// The rms difference over the rms value.
fn relative_rms(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let square = |values: &Array2<f64>| values.iter().map(|v| v * v).sum::<f64>();
    (square(&(found - expected)) / square(expected)).sqrt()
}

/// The rms of the relative differences in the brightest pixels, which hold 99 per cent of the light.
fn rms_of_relative(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let mut pixels: Vec<(f64, f64)> = expected.iter().copied().zip(found.iter().copied()).collect();
    pixels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut left = 0.99 * expected.sum();
    let is_bright = |(expected, _): &&(f64, f64)| {
        let is_bright = left > 0.0;
        left -= expected;
        is_bright
    };
    let squares: Vec<f64> = pixels
        .iter()
        .take_while(is_bright)
        .map(|(expected, found)| (found / expected - 1.0).powi(2))
        .collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// A mesh of 1 kpc pixels, 0 at its middle.
fn pixels(n_px: usize) -> PixelGrid {
    PixelGrid::new(n_px, 0.5 * n_px as f64).unwrap()
}

#[test]
fn pixels_hold_what_quadrature_finds_at_any_ratio_of_kernel_to_pixel() {
    for (case, support) in
        [1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.3, 5.0, 8.0, 13.0, 30.0, 100.0, 1000.0]
            .into_iter()
            .enumerate()
    {
        // A window of 12 pixels a side; large kernels are seen from a place off their centre.
        let shift = 0.35 * support;
        for position in
            [[0.31, -0.17, 0.0], [0.31 + shift, 0.5 * shift, 0.0], [0.0, 0.0, 0.0], [0.5, 0.02, 0.0]]
        {
            let (found, expected) = (
                image(&[position], &[3.0], &[support], pixels(12)),
                oracle(&[position], &[3.0], &[support], pixels(12)),
            );
            let error = relative_rms(&found, &expected);
            assert!(error < PRODUCTS_WITHIN, "case {case}, support {support} px at {position:?}: {error:e}");
            let error = rms_of_relative(&found, &expected);
            assert!(error < PRODUCTS_WITHIN, "case {case}, support {support} px at {position:?}: {error:e}");
        }
    }
}

#[test]
fn the_part_inside_a_straddled_edge_is_what_quadrature_finds() {
    for position in [[-3.0, 0.2, 0.0], [3.4, 3.3, 0.0], [0.1, -4.2, 0.0], [-3.9, 4.1, 0.0]] {
        let found = image(&[position], &[1.0], &[2.3], pixels(6));
        let expected = oracle(&[position], &[1.0], &[2.3], pixels(6));
        assert!(expected.sum() > 0.0 && expected.sum() < 0.95);
        assert!(largest_difference(&found, &expected) < PRODUCTS_WITHIN * expected.sum(), "{position:?}");
    }
}

#[test]
fn a_part_of_a_larger_image_is_the_image_of_a_part() {
    // Kernels on, across and beyond the edges of the part, most of them centred outside it.
    let n = 400;
    let positions = ball(n, 60.0, 21);
    let (weights, sizes) = (uniform(n, 0.0..1.0, 22), uniform(n, 0.0..40.0, 23));
    for (position, (&weight, &support)) in positions.iter().zip(weights.iter().zip(&sizes)) {
        let whole = image(&[*position], &[weight], &[support], pixels(241));
        let part = image(&[*position], &[weight], &[support], pixels(37));
        let expected = whole.slice(s![102..139, 102..139]).to_owned();
        // Rows that are seen whole have the light of the kernel to the last digit, others to that of the products.
        let densest = whole.iter().copied().fold(0.0, f64::max);
        assert!(
            largest_difference(&part, &expected) <= PRODUCTS_WITHIN * densest,
            "{support} px at {position:?}"
        );
    }
}

#[test]
fn no_light_is_beyond_the_circle_of_a_kernel() {
    for support in [0.3, 1.0, 2.5, 7.4, 7.6, 20.0, 55.5] {
        for [x, y] in [[0.0, 0.0], [0.5, 0.5], [0.31, -0.17]] {
            let light = image(&[[x, y, 0.0]], &[1.0], &[support], pixels(120));
            for ((row, column), light) in light.indexed_iter() {
                let nearest = |index: usize, at: f64| {
                    let low = index as f64 - 60.0 - at;
                    low.max(-1.0 - low).max(0.0)
                };
                let distance = nearest(row, y).hypot(nearest(column, x));
                assert!(distance < support || *light == 0.0, "{support}: {light:e} at {row}, {column}");
            }
        }
    }
}

#[test]
fn light_of_kernels_wholly_inside_is_conserved() {
    let n = 100_000;
    let grid = PixelGrid::new(40, 20.0).unwrap();
    let positions = ball(n, 10.0, 1);
    let weights = uniform(n, 0.0..10.0, 2);
    // From a millionth of a pixel to ten pixels, evenly in the logarithm.
    let sizes: Vec<f64> = uniform(n, -6.0..0.99, 3).into_iter().map(|x| 10f64.powf(x)).collect();
    let light = image(&positions, &weights, &sizes, grid);
    let total: f64 = weights.iter().sum();
    assert!((light.sum() / total - 1.0).abs() < CONSERVED_WITHIN, "{:e}", light.sum() / total - 1.0);
    assert!(light.iter().all(|&pixel| pixel >= 0.0));
}

#[test]
fn light_of_one_kernel_is_conserved_however_large_it_is() {
    for support in [1e-12, 1e-9, 1e-6, 0.1, 0.5, 1.0, 7.0, 77.7, 300.0] {
        for centre in [0.0, 0.5, 0.123] {
            let light = image(&[[centre, -centre, 5.0]], &[1.0], &[support], pixels(604));
            assert!(
                (light.sum() - 1.0).abs() < CONSERVED_WITHIN,
                "{support} {centre}: {:e}",
                light.sum() - 1.0
            );
            assert!(light.iter().all(|&pixel| pixel >= 0.0));
        }
    }
}

#[test]
fn a_hundred_thousand_coincident_particles_keep_their_light() {
    let n = 100_000;
    let light = image(&vec![[0.25, 0.25, 0.0]; n], &vec![0.1; n], &vec![0.01; n], pixels(4));
    assert!((light.sum() / 1e4 - 1.0).abs() < CONSERVED_WITHIN, "{:e}", light.sum() / 1e4 - 1.0);
    assert_eq!(light[[2, 2]], light.sum());
}

#[test]
fn a_kernel_smaller_than_a_pixel_fills_that_pixel_only() {
    let light = image(&[[0.5, -1.5, 0.0]], &[2.0], &[0.4], pixels(6));
    assert_eq!(light[[1, 3]], 2.0);
    assert_eq!(light.sum(), 2.0);
}

#[test]
fn a_point_on_an_edge_goes_to_the_upper_pixel_and_a_narrow_kernel_to_all_sides() {
    for support in [0.0, 1e-15, 1e-10] {
        let light = image(&[[1.0, 0.0, 0.0]], &[1.0], &[support], pixels(4));
        assert_eq!(light[[2, 3]], 1.0, "support {support}");
    }
    let light = image(&[[1.0, 0.0, 0.0]], &[1.0], &[1e-6], pixels(4));
    for pixel in [[1, 2], [1, 3], [2, 2], [2, 3]] {
        assert!((light[pixel] - 0.25).abs() < 1e-9);
    }
}

#[test]
fn points_on_the_rim_of_the_field_are_in_or_out_as_the_mesh_says() {
    let light = |x: f64| image(&[[x, 0.5, 0.0]], &[1.0], &[0.0], pixels(4)).sum();
    assert_eq!((light(-2.0), light(2.0), light(-2.1), light(1.999)), (1.0, 0.0, 0.0, 1.0));
}

#[test]
fn a_kernel_far_larger_than_the_image_is_flat_there() {
    let light = image(&[[0.0; 3]], &[1.0], &[1e6], pixels(3));
    let density = crate::kernel::projected_cubic_spline(0.0) / 1e12;
    assert!(light.iter().all(|pixel| (pixel / density - 1.0).abs() < 1e-4), "{light}");
}

#[test]
fn no_particles_no_weights_and_particles_elsewhere_make_a_map_of_zeros() {
    let zeros = Array2::<f64>::zeros((5, 5));
    assert_eq!(image(&[], &[], &[], pixels(5)), zeros);
    assert_eq!(image(&[[0.0; 3]], &[0.0], &[1.0], pixels(5)), zeros);
    assert_eq!(image(&[[100.0, 0.0, 0.0], [0.0, -3.6, 0.0]], &[1.0; 2], &[1.0; 2], pixels(5)), zeros);
}

#[test]
fn everything_in_one_pixel_stays_there() {
    let positions = ball(1000, 0.3, 1).into_iter().map(|[x, y, z]| [x + 0.5, y + 0.5, z]).collect::<Vec<_>>();
    let light = image(&positions, &vec![1.0; 1000], &vec![0.1; 1000], pixels(2));
    assert!((light[[1, 1]] - 1000.0).abs() < 1e-9);
    assert_eq!(light[[1, 1]], light.sum());
}

#[test]
fn a_shift_by_whole_pixels_shifts_the_map() {
    let n = 300;
    let positions = ball(n, 3.0, 4);
    let (weights, sizes) = (uniform(n, 0.0..1.0, 5), uniform(n, 0.0..3.0, 6));
    let shifted: Vec<_> = positions.iter().map(|[x, y, z]| [x + 5.0, y - 3.0, *z]).collect();
    let here = image(&positions, &weights, &sizes, pixels(24));
    let there = image(&shifted, &weights, &sizes, pixels(24));
    let here = here.slice(s![3.., ..19]).to_owned();
    let there = there.slice(s![..21, 5..]).to_owned();
    assert!(largest_difference(&here, &there) < CONSERVED_WITHIN * here.sum());
}

#[test]
fn cyclic_axes_of_particles_and_view_cancel() {
    let n = 200;
    let positions = ball(n, 4.0, 7);
    let (weights, support) = (uniform(n, 0.0..1.0, 8), radii(&uniform(n, 0.0..2.0, 9)));
    let map = |positions: &[[f64; 3]], axis: Axis| {
        deposit(
            positions,
            &weights,
            &support,
            &View::along(axis),
            pixels(10),
            Unit::SolarMass,
            &DepositConfig::default(),
        )
        .unwrap()
    };
    let along_z = map(&positions, Axis::Z);
    let to_x: Vec<_> = positions.iter().map(|&[x, y, z]| [z, x, y]).collect();
    let to_y: Vec<_> = positions.iter().map(|&[x, y, z]| [y, z, x]).collect();
    assert_eq!(map(&to_x, Axis::X), along_z);
    assert_eq!(map(&to_y, Axis::Y), along_z);
}

#[test]
fn a_quarter_turn_of_the_view_turns_the_map() {
    let n = 200;
    let positions = ball(n, 4.0, 10);
    let (weights, support) = (uniform(n, 0.0..1.0, 11), radii(&uniform(n, 0.0..2.0, 12)));
    let map = |right: [f64; 3], up: [f64; 3]| {
        let view = View::new(right, up).unwrap();
        deposit(&positions, &weights, &support, &view, pixels(10), Unit::SolarMass, &DepositConfig::default())
            .unwrap()
            .into_values()
    };
    let upright = map([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
    // Right is now the old up and up the old left: rows of the turned map are columns of the upright one, reversed.
    let turned = map([0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]);
    let expected = Array2::from_shape_fn((10, 10), |(row, column)| upright[[column, 9 - row]]);
    assert!(largest_difference(&turned, &expected) < CONSERVED_WITHIN * upright.sum());
}

#[test]
fn the_order_of_particles_matters_to_rounding_only() {
    let n = 2000;
    let (mut positions, mut weights, mut sizes) =
        (ball(n, 8.0, 13), uniform(n, 0.0..1.0, 14), uniform(n, 0.0..4.0, 15));
    let forwards = image(&positions, &weights, &sizes, pixels(16));
    positions.reverse();
    weights.reverse();
    sizes.reverse();
    let backwards = image(&positions, &weights, &sizes, pixels(16));
    for (a, b) in forwards.iter().zip(&backwards) {
        assert!((a - b).abs() <= 1e-12 * a.abs(), "{a} {b}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let n = 3000;
    let (positions, weights) = (ball(n, 8.0, 16), uniform(n, 0.0..1.0, 17));
    let sizes: Vec<f64> = uniform(n, -3.0..1.2, 18).into_iter().map(|x| 10f64.powf(x)).collect();
    let alone = in_threads(1, || image(&positions, &weights, &sizes, pixels(33)));
    for n_threads in [2, 3, 7] {
        assert_eq!(in_threads(n_threads, || image(&positions, &weights, &sizes, pixels(33))), alone);
    }
}

#[test]
fn more_particles_than_are_taken_at_a_time_are_all_there() {
    // Two narrow and a wide one of each hundred, all others points.
    let n = (1 << 20) + 5000;
    let coordinates = uniform(2 * n, -8.0..8.0, 3);
    let positions: Vec<[f64; 3]> = coordinates.chunks_exact(2).map(|xy| [xy[0], xy[1], 0.0]).collect();
    let sizes = [1.7, 0.3, 0.6];
    let radii_kpc: Vec<f64> = (0..n).map(|k| sizes.get(k % 100).copied().unwrap_or(0.0)).collect();
    let weights = vec![1.0; n];
    let grid = pixels(20);
    let all = image(&positions, &weights, &radii_kpc, grid);
    let part = |range: std::ops::Range<usize>| {
        image(&positions[range.clone()], &weights[range.clone()], &radii_kpc[range], grid)
    };
    let parts = part(0..n / 3) + part(n / 3..n);
    assert!((all.sum() / n as f64 - 1.0).abs() < CONSERVED_WITHIN, "{}", all.sum());
    assert!(largest_difference(&all, &parts) < CONSERVED_WITHIN * n as f64);
}

#[test]
fn a_call_from_inside_a_pool_makes_the_table_without_waiting_for_itself() {
    let maps: Vec<_> = in_threads(3, || {
        (0..8).into_par_iter().map(|_| image(&[[0.0; 3]], &[1.0], &[1.0], pixels(4))).collect()
    });
    assert!(maps.iter().all(|map| map == maps[0]));
}

#[test]
fn bad_calls_are_refused() {
    let call = |positions: &[[f64; 3]], weights: &[f64], radii_kpc: &[f64]| {
        let view = View::along(Axis::Z);
        deposit(
            positions,
            weights,
            &radii(radii_kpc),
            &view,
            pixels(2),
            Unit::SolarMass,
            &DepositConfig::default(),
        )
        .unwrap_err()
    };
    let two = [[0.0; 3]; 2];
    assert_eq!(
        call(&two, &[1.0], &[1.0; 2]),
        ProjectError::LengthMismatch { column: "weights", expected: 2, found: 1 }
    );
    assert_eq!(
        call(&two, &[1.0; 2], &[1.0; 3]),
        ProjectError::LengthMismatch { column: "support", expected: 2, found: 3 }
    );
    assert_eq!(
        call(&two, &[1.0, -0.5], &[1.0; 2]),
        ProjectError::Negative { column: "weights", index: 1, value: -0.5 }
    );
    assert_eq!(
        call(&two, &[1.0; 2], &[-1.0, 1.0]),
        ProjectError::Negative { column: "support", index: 0, value: -1.0 }
    );
    let nan = call(&two, &[f64::NAN, 1.0], &[1.0; 2]);
    assert!(matches!(nan, ProjectError::NotFinite { column: "weights", index: 0, .. }));
    let infinite = call(&[[0.0; 3], [f64::INFINITY, 0.0, 0.0]], &[1.0; 2], &[1.0; 2]);
    assert!(matches!(infinite, ProjectError::NotFinite { column: "positions", index: 1, .. }));
}

#[test]
fn places_and_sizes_beyond_all_measure_leave_no_nan() {
    let mut random = generator(19);
    let mut any_power = || 10f64.powf(random.random_range(-320.0..308.0)) * random.random_range(-1.0..1.0);
    let positions: Vec<[f64; 3]> = (0..2000).map(|_| [any_power(), any_power(), any_power()]).collect();
    let sizes: Vec<f64> = (0..2000).map(|_| any_power().abs()).collect();
    for grid in [pixels(7), PixelGrid::new(3, 1e-300).unwrap(), PixelGrid::new(3, 1e300).unwrap()] {
        let light = image(&positions, &vec![1.0; 2000], &sizes, grid);
        assert!(light.iter().all(|&pixel| pixel >= 0.0));
        assert!(light.sum() <= 2000.0 * (1.0 + CONSERVED_WITHIN));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20),
        ..ProptestConfig::default()
    })]

    /// One kernel anywhere, of any size, on any mesh: as the reference has it, and no more light than it has.
    #[test]
    fn any_kernel_on_any_mesh_is_what_quadrature_finds(
        x in -6.0f64..6.0, y in -6.0f64..6.0, log_support in -3.0f64..1.5, n_px in 1usize..9,
    ) {
        let (position, support) = ([x, y, 0.0], 10f64.powf(log_support));
        let grid = PixelGrid::new(n_px, 4.0).unwrap();
        let found = image(&[position], &[1.0], &[support], grid);
        let expected = oracle(&[position], &[1.0], &[support], grid);
        prop_assert!(found.sum() <= 1.0 + CONSERVED_WITHIN);
        // In units of the most that a pixel of this mesh could hold.
        let densest = 6.0 / std::f64::consts::PI / support.powi(2) * grid.pixel_size_kpc().powi(2);
        prop_assert!(largest_difference(&found, &expected) < PRODUCTS_WITHIN * densest.min(1.0));
    }
}

#[test]
fn wide_kernels_of_every_shape_are_what_quadrature_finds() {
    // Both sides of the bounds of ranges; seen from the centre, and from half way to the rim.
    for support in [7.6, 10.4, 10.6, 22.0, 47.9, 48.1] {
        for shift in [0.0, 0.5 * support] {
            for kernel in crate::kernel::Kernel::ALL {
                let config = DepositConfig { kernel, ..DepositConfig::default() };
                let (positions, support) = ([[0.31 - shift, -0.17, 0.0]], radii(&[support]));
                let (view, grid) = (View::along(Axis::Z), pixels(24));
                let [found, expected] = [deposit, reference::deposit].map(|run| {
                    run(&positions, &[1.0], &support, &view, grid, Unit::SolarMass, &config)
                        .unwrap()
                        .into_values()
                });
                for error in [relative_rms(&found, &expected), rms_of_relative(&found, &expected)] {
                    assert!(error < 0.5 * PRODUCTS_WITHIN, "{kernel:?}, {support:?} px, {shift}: {error:e}");
                }
            }
        }
    }
}
