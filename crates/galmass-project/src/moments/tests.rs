//! Physics and pathologies of the moments, and the ladder to their slow twin.

use galmass_core::seed::generator;
use rand::RngExt;

use super::*;
use crate::Axis;
use crate::testing::{ball, uniform};

fn along_z(
    positions: &[[f64; 3]],
    v_los: &[f64],
    weights: &[f64],
    grid: PixelGrid,
    min_count: u32,
) -> Moments {
    let velocities: Vec<_> = v_los.iter().map(|&v| [0.0, 0.0, v]).collect();
    let view = View::along(Axis::Z);
    let config = MomentConfig {
        min_count_mean: min_count,
        min_count_dispersion: min_count,
        ..MomentConfig::default()
    };
    nearest_moments(positions, &velocities, weights, &view, grid, &config).unwrap()
}

fn one_pixel() -> PixelGrid {
    PixelGrid::new(1, 1.0).unwrap()
}

#[test]
fn a_particle_half_a_pixel_from_the_centre_falls_in_pixel_24_24() {
    let grid = PixelGrid::new(48, 3.0).unwrap();
    let moments = along_z(&[[0.0625, 0.0625, 0.0]], &[7.0], &[2.0], grid, 1);
    assert_eq!(moments.count.values()[[24, 24]], 1.0);
    assert_eq!(moments.count.sum(), 1.0);
    assert_eq!(moments.weight[[24, 24]], 2.0);
    assert_eq!(moments.mean.values()[[24, 24]], 7.0);
    assert_eq!(moments.mean.values().iter().filter(|v| v.is_nan()).count(), 48 * 48 - 1);
}

#[test]
fn rows_go_up_and_columns_right() {
    let grid = PixelGrid::new(4, 2.0).unwrap();
    let moments = along_z(&[[1.5, -0.5, 0.0]], &[1.0], &[1.0], grid, 1);
    assert_eq!(moments.count.values()[[1, 3]], 1.0);
}

#[test]
fn the_mean_recedes_along_each_line_of_sight() {
    for axis in Axis::ALL {
        let view = View::along(axis);
        let velocity = view.line_of_sight().map(|component| 30.0 * component);
        let config = MomentConfig::default();
        let moments = nearest_moments(&[[0.0; 3]], &[velocity], &[1.0], &view, one_pixel(), &config).unwrap();
        assert_eq!(moments.mean.values()[[0, 0]], 30.0);
    }
}

/// Products and sums in pairs of doubles, some 32 digits (Dekker 1971, Knuth 1969), for the oracle below.
fn exact_sum(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut high, mut low) = (0.0f64, 0.0f64);
    for (a, b) in values {
        let product = a * b;
        let error = a.mul_add(b, -product);
        let total = high + product;
        let part = total - high;
        low += (high - (total - part)) + (product - part) + error;
        high = total;
    }
    high + low
}

#[test]
fn a_large_mean_takes_no_digit_from_a_small_dispersion() {
    for (mean, dispersion) in [(1e3, 1.0), (-1e3, 1.0), (1e6, 1e-3), (0.0, 200.0)] {
        let n = 20_000;
        let spread = uniform(n, -1.0..1.0, 11);
        let v_los: Vec<f64> = spread.iter().map(|s| mean + dispersion * s).collect();
        let weights = uniform(n, 0.1..5.0, 12);
        let moments = along_z(&vec![[0.0; 3]; n], &v_los, &weights, one_pixel(), 1);

        let total = exact_sum(weights.iter().map(|&w| (w, 1.0)));
        // Relative to the nominal mean the velocities are exact, so the oracle has no cancellation at all.
        let offset = exact_sum(v_los.iter().zip(&weights).map(|(&v, &w)| (w, v - mean))) / total;
        let square =
            exact_sum(v_los.iter().zip(&weights).map(|(&v, &w)| (w, (v - mean - offset).powi(2)))) / total;
        let found_mean = moments.mean.values()[[0, 0]];
        let found = moments.dispersion.values()[[0, 0]];
        let scale = mean.abs().max(dispersion);
        assert!((found_mean - (mean + offset)).abs() <= 1e-15 * scale, "{found_mean}");
        assert!((found / square.sqrt() - 1.0).abs() < 1e-12, "{found} {}", square.sqrt());
        assert!((moments.weight[[0, 0]] / total - 1.0).abs() < 1e-15);
    }
}

#[test]
fn equal_velocities_have_no_dispersion_at_all() {
    let moments = along_z(&[[0.0; 3]; 3], &[333.3; 3], &[0.1, 0.7, 1.3], one_pixel(), 1);
    assert_eq!(moments.mean.values()[[0, 0]], 333.3);
    assert_eq!(moments.dispersion.values()[[0, 0]], 0.0);
}

#[test]
fn too_few_particles_are_blanked_and_still_counted() {
    let positions = [[-0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.0]];
    let grid = PixelGrid::new(2, 1.0).unwrap();
    let moments = along_z(&positions, &[1.0, 2.0, 4.0], &[1.0; 3], grid, 2);
    assert!(moments.mean.values()[[0, 0]].is_nan() && moments.dispersion.values()[[0, 0]].is_nan());
    assert_eq!((moments.count.values()[[0, 0]], moments.weight[[0, 0]]), (1.0, 1.0));
    assert_eq!((moments.mean.values()[[1, 1]], moments.dispersion.values()[[1, 1]]), (3.0, 1.0));
}

#[test]
fn particles_without_weight_say_nothing() {
    let moments = along_z(&[[0.0; 3]; 3], &[5.0, 900.0, -900.0], &[1.0, 0.0, 0.0], one_pixel(), 0);
    assert_eq!((moments.mean.values()[[0, 0]], moments.dispersion.values()[[0, 0]]), (5.0, 0.0));
    assert_eq!(moments.count.values()[[0, 0]], 1.0);
    let dark = along_z(&[[0.0; 3]], &[5.0], &[0.0], one_pixel(), 0);
    assert!(dark.mean.values()[[0, 0]].is_nan());
}

#[test]
fn no_particles_make_an_empty_map() {
    let moments = along_z(&[], &[], &[], PixelGrid::new(3, 1.0).unwrap(), 1);
    assert_eq!((moments.count.sum(), moments.weight.sum()), (0.0, 0.0));
    assert!(moments.mean.values().iter().chain(moments.dispersion.values()).all(|v| v.is_nan()));
}

#[test]
fn the_order_of_particles_matters_to_rounding_only() {
    let n = 3000;
    let (mut positions, mut v_los) = (ball(n, 1.0, 1), uniform(n, -300.0..300.0, 2));
    let mut weights = uniform(n, 0.0..3.0, 3);
    let grid = PixelGrid::new(6, 1.0).unwrap();
    let forwards = along_z(&positions, &v_los, &weights, grid, 1);
    positions.reverse();
    v_los.reverse();
    weights.reverse();
    let backwards = along_z(&positions, &v_los, &weights, grid, 1);
    for (a, b) in [(&forwards.mean, &backwards.mean), (&forwards.dispersion, &backwards.dispersion)] {
        for (a, b) in a.values().iter().zip(b.values()) {
            assert!(a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12 * 300.0, "{a} {b}");
        }
    }
    assert_eq!(forwards.count, backwards.count);
}

#[test]
fn bad_calls_are_refused() {
    let view = View::along(Axis::Z);
    let call = |velocities: &[[f64; 3]], weights: &[f64]| {
        nearest_moments(&[[0.0; 3]; 2], velocities, weights, &view, one_pixel(), &MomentConfig::default())
            .unwrap_err()
    };
    assert_eq!(
        call(&[[0.0; 3]], &[1.0; 2]),
        ProjectError::LengthMismatch { column: "velocities", expected: 2, found: 1 }
    );
    assert_eq!(
        call(&[[0.0; 3]; 2], &[1.0; 3]),
        ProjectError::LengthMismatch { column: "weights", expected: 2, found: 3 }
    );
    assert_eq!(
        call(&[[0.0; 3]; 2], &[1.0, -1.0]),
        ProjectError::Negative { column: "weights", index: 1, value: -1.0 }
    );
    let infinite = call(&[[0.0; 3], [f64::INFINITY, 0.0, 0.0]], &[1.0; 2]);
    assert!(matches!(infinite, ProjectError::NotFinite { column: "velocities", index: 1, .. }));
}

#[test]
fn positions_and_velocities_beyond_all_measure_do_not_panic() {
    let mut random = generator(4);
    let huge: Vec<[f64; 3]> =
        (0..50).map(|_| std::array::from_fn(|_| f64::MAX * random.random_range(-1.0..1.0))).collect();
    let view = View::new([0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]).unwrap();
    let config = MomentConfig::default();
    assert!(nearest_moments(&huge, &huge, &[1e308; 50], &view, one_pixel(), &config).is_ok());
}

/// Four pixels of a row with three particles, two, one and none.
fn three_two_one_none(config: &MomentConfig) -> Moments {
    let x = [-1.5, -1.5, -1.5, -0.5, -0.5, 0.5];
    let positions = x.map(|x| [x, -1.5, 0.0]);
    let velocities = [10.0, 20.0, 30.0, 5.0, 7.0, 40.0].map(|v| [0.0, 0.0, v]);
    let grid = PixelGrid::new(4, 2.0).unwrap();
    nearest_moments(&positions, &velocities, &[2.0; 6], &View::along(Axis::Z), grid, config).unwrap()
}

fn lowest_row(map: &Map) -> Vec<f64> {
    map.values().row(0).to_vec()
}

#[test]
fn each_moment_has_its_own_smallest_count() {
    let config = MomentConfig { min_count_mean: 2, min_count_dispersion: 3, ..MomentConfig::default() };
    let moments = three_two_one_none(&config);
    let mean = lowest_row(&moments.mean);
    assert_eq!(mean[..2], [20.0, 6.0]);
    assert!(mean[2].is_nan() && mean[3].is_nan());
    let dispersion = lowest_row(&moments.dispersion);
    assert!((dispersion[0] - (200.0f64 / 3.0).sqrt()).abs() < 1e-14);
    assert!(dispersion[1..].iter().all(|value| value.is_nan()));
    assert_eq!(lowest_row(&moments.occupancy), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(lowest_row(&moments.count), [3.0, 2.0, 1.0, 0.0]);
}

#[test]
fn by_default_one_particle_has_a_mean_and_no_dispersion() {
    let moments = three_two_one_none(&MomentConfig::default());
    assert_eq!(moments.mean.values()[[0, 2]], 40.0);
    assert!(moments.dispersion.values()[[0, 2]].is_nan());
    assert_eq!(lowest_row(&moments.occupancy), [1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn unknown_pixels_are_filled_as_the_configuration_says() {
    let moments = three_two_one_none(&MomentConfig::for_learning());
    assert_eq!(lowest_row(&moments.mean), [20.0, 6.0, 40.0, 0.0]);
    let dispersion = lowest_row(&moments.dispersion);
    let expected = (3.0 * dispersion[0] + 2.0 * dispersion[1]) / 5.0;
    assert_eq!(dispersion[2..], [expected, expected]);
    assert_eq!(moments.occupancy.sum(), 2.0);
    let filled =
        MomentConfig { fill_mean: Fill::MeanOfKnown, fill_dispersion: Fill::Zero, ..Default::default() };
    let moments = three_two_one_none(&filled);
    assert!((moments.mean.values()[[3, 3]] - (60.0 + 12.0 + 40.0) / 6.0).abs() < 1e-14);
    assert_eq!(moments.dispersion.values()[[0, 2]], 0.0);
}

#[test]
fn the_upper_quartile_blanks_all_but_the_fullest_pixels() {
    let config = MomentConfig {
        blanking: Blanking::UpperQuartile,
        min_count_mean: 1,
        min_count_dispersion: 1,
        ..MomentConfig::default()
    };
    // Of 16 counts the one of rank 12 is 0, so that 2 is the limit.
    let moments = three_two_one_none(&config);
    assert_eq!(moments.mean.values()[[0, 0]], 20.0);
    assert_eq!(moments.mean.values().iter().filter(|value| value.is_nan()).count(), 15);
    assert_eq!(moments.occupancy.sum(), 1.0);
}

#[test]
fn depths_are_seen_from_the_near_limit_up_to_the_far_one() {
    let positions = [-1.0, -0.999, 0.0, 1.999, 2.0].map(|z| [0.0, 0.0, z]);
    let velocities = [[0.0, 0.0, 1.0]; 5];
    let counted = |depth_kpc, axis| {
        let config = MomentConfig { depth_kpc: Some(depth_kpc), ..MomentConfig::default() };
        let view = View::along(axis);
        let grid = PixelGrid::new(1, 5.0).unwrap();
        nearest_moments(&positions, &velocities, &[1.0; 5], &view, grid, &config).unwrap().count.sum()
    };
    assert_eq!(counted([-1.0, 2.0], Axis::Z), 4.0);
    assert_eq!(counted([-0.999, 1.999], Axis::Z), 2.0);
    assert_eq!(counted([f64::NEG_INFINITY, 0.0], Axis::Z), 2.0);
    assert_eq!(counted([-1e-3, 1e-3], Axis::X), 5.0);
}

#[test]
fn whole_boxes_do_not_matter_in_a_periodic_box() {
    let n = 500;
    let positions = ball(n, 4.0, 20);
    let velocities: Vec<_> = uniform(n, -300.0..300.0, 21).into_iter().map(|v| [v, 2.0 * v, -v]).collect();
    let weights = uniform(n, 0.1..3.0, 22);
    let grid = PixelGrid::new(6, 4.0).unwrap();
    // Filled, because NaN is not equal to itself.
    let config = MomentConfig { box_size_kpc: Some(8.0), ..MomentConfig::for_learning() };
    let moments = |positions: &[[f64; 3]], config: &MomentConfig| {
        nearest_moments(positions, &velocities, &weights, &View::along(Axis::Y), grid, config).unwrap()
    };
    let here = moments(&positions, &config);
    assert_eq!(here, moments(&positions, &MomentConfig::for_learning()));
    let elsewhere: Vec<_> = positions.iter().map(|[x, y, z]| [x + 8.0, y - 24.0, z + 16.0]).collect();
    assert_eq!(moments(&elsewhere, &config).count, here.count);
    // A slice about another depth shows the images that lie there.
    let slice = MomentConfig { depth_kpc: Some([-28.0, -20.0]), ..config };
    assert_eq!(moments(&positions, &slice), here);
}

#[test]
fn a_particle_on_the_upper_edge_of_the_box_is_seen_at_its_lower_edge() {
    let config = MomentConfig { box_size_kpc: Some(4.0), ..MomentConfig::default() };
    let grid = PixelGrid::new(4, 2.0).unwrap();
    let view = View::along(Axis::Z);
    let moments = nearest_moments(&[[2.0, 1.5, 0.0]], &[[0.0; 3]], &[1.0], &view, grid, &config).unwrap();
    assert_eq!(moments.count.values()[[3, 0]], 1.0);
}
