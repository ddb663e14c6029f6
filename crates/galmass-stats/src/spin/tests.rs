use galmass_core::{PixelGrid, Unit, seed};
use rand::RngExt;

use super::*;

/// Sums of some thousand terms of order one.
const ROUNDING: f64 = 1e-12;
const N_PX: usize = 64;

fn grid() -> PixelGrid {
    PixelGrid::new(N_PX, 8.0).unwrap()
}

/// An array of a function of the coordinates right and up \[kpc\].
fn array(value: impl Fn(f64, f64) -> f64) -> Array2<f64> {
    let grid = grid();
    Array2::from_shape_fn((N_PX, N_PX), |(row, column)| value(grid.centre_kpc(column), grid.centre_kpc(row)))
}

fn map(value: impl Fn(f64, f64) -> f64) -> Map {
    Map::new(grid(), Unit::KilometrePerSecond, array(value)).unwrap()
}

fn measure(light: &Array2<f64>, velocity: &Map, dispersion: &Map, config: &SpinConfig) -> LambdaR {
    measure_lambda_r(&KinematicMaps { light, velocity, dispersion, count: None }, 4.0, config).unwrap()
}

#[test]
fn a_constant_ratio_of_ordered_motion_is_found_whatever_the_light() {
    // |V| / sigma = 3 / 4 everywhere: 0.6 by whatever weights, radii and aperture.
    let velocity = map(|right, up| if right > 0.0 { 30.0 + up } else { -30.0 - up });
    let dispersion = map(|_, up| (30.0 + up) * 4.0 / 3.0);
    let light = array(|right, up| (-right.hypot(up)).exp());
    for radii in [Radii::Circular, Radii::Elliptical { axis_ratio: 0.4, position_angle_deg: 33.0 }] {
        let config =
            SpinConfig { radii, systemic: Systemic::KilometrePerSecond(0.0), ..SpinConfig::default() };
        let found = measure(&light, &velocity, &dispersion, &config);
        assert!((found.value - 0.6).abs() < ROUNDING && !found.flags.any(), "{found:?}");
    }
}

#[test]
fn solid_rotation_has_its_closed_sum() {
    // V = w x, sigma = w |y| and light 1 / R: sum |x| / sum R.
    let velocity = map(|right, _| 20.0 * right + 1000.0);
    let dispersion = map(|_, up| 20.0 * up.abs());
    let light = array(|right, up| 1.0 / right.hypot(up));
    let found = measure(&light, &velocity, &dispersion, &SpinConfig::default());
    let (mut ordered, mut all) = (0.0, 0.0);
    // In half pixels of 0.125 kpc, odd integers: exact sums of the first quadrant.
    for i in (1..64).step_by(2) {
        for j in (1..64).step_by(2) {
            if i * i + j * j <= 32 * 32 {
                ordered += f64::from(i);
                all += f64::from(i * i + j * j).sqrt();
            }
        }
    }
    assert!((found.value - ordered / all).abs() < ROUNDING, "{found:?}");
    assert!((found.systemic_km_s - 1000.0).abs() < 1000.0 * ROUNDING, "{found:?}");
}

#[test]
fn elliptical_radii_are_circular_ones_of_a_stretched_field() {
    // Two values of |V| / sigma, inside and outside of the ellipse of semi-major axis 2 kpc along the axis up.
    let radii = Radii::Elliptical { axis_ratio: 0.5, position_angle_deg: 90.0 };
    let radius = |right: f64, up: f64| up.hypot(right / 0.5);
    let sign = |right: f64| right.signum();
    let velocity = map(|right, up| sign(right) * if radius(right, up) <= 2.0 { 0.0 } else { 50.0 });
    let dispersion = map(|right, up| if radius(right, up) <= 2.0 { 50.0 } else { 0.0 });
    let light = array(|right, up| 1.0 / radius(right, up));
    let found = measure(&light, &velocity, &dispersion, &SpinConfig { radii, ..SpinConfig::default() });
    let count = |limit: f64| array(|right, up| f64::from(radius(right, up) <= limit)).sum();
    assert!((found.value - (1.0 - count(2.0) / count(4.0))).abs() < ROUNDING, "{found:?}");
    assert_eq!(found.n_pixels as f64, count(4.0));
}

#[test]
fn the_noise_of_few_particles_is_taken_out() {
    // Pixels of 5 particles of a disc that hardly rotates, drawn with seed 21.
    let (n, sigma) = (5, 100.0);
    let truth = |right: f64| if right > 0.0 { 20.0 } else { -20.0 };
    let mut generator = seed::generator(21);
    let mut gaussian = || (0..12).map(|_| generator.random_range(-0.5..0.5_f64)).sum::<f64>();
    let (mut mean, mut deviation) = (array(|_, _| 0.0), array(|_, _| 0.0));
    for ((row, column), mean) in mean.indexed_iter_mut() {
        let right = grid().centre_kpc(column);
        let drawn: Vec<f64> = (0..n).map(|_| truth(right) + sigma * gaussian()).collect();
        *mean = drawn.iter().sum::<f64>() / f64::from(n);
        let squares: f64 = drawn.iter().map(|v| (v - *mean).powi(2)).sum();
        deviation[[row, column]] = (squares / f64::from(n)).sqrt();
    }
    let velocity = Map::new(grid(), Unit::KilometrePerSecond, mean).unwrap();
    let dispersion = Map::new(grid(), Unit::KilometrePerSecond, deviation).unwrap();
    let count = map(|_, _| f64::from(n));
    let light = array(|_, _| 1.0);
    let maps =
        KinematicMaps { light: &light, velocity: &velocity, dispersion: &dispersion, count: Some(&count) };
    let plain = measure_lambda_r(&maps, 4.0, &SpinConfig::default()).unwrap();
    let config = SpinConfig { correct_sparse: true, ..SpinConfig::default() };
    let corrected = measure_lambda_r(&maps, 4.0, &config).unwrap();
    let expected = 20.0 / 20.0_f64.hypot(sigma);
    assert!(plain.value > 1.8 * expected, "{plain:?} for {expected}");
    assert!(
        (corrected.value - expected).abs() < 0.5 * (plain.value - expected),
        "{corrected:?} for {expected}"
    );
}

#[test]
fn the_correction_is_the_variance_of_the_mean() {
    // V = 50, sigma = 80, N = 5: 50^2 - 80^2 / 4 = 30^2.
    let velocity = map(|right, _| 50.0 * right.signum());
    let (dispersion, light) = (map(|_, _| 80.0), array(|_, _| 1.0));
    let config = SpinConfig { correct_sparse: true, ..SpinConfig::default() };
    for (n, expected) in [(5.0, 30.0), (2.0, 0.0)] {
        let count = map(|_, _| n);
        let maps = KinematicMaps {
            light: &light,
            velocity: &velocity,
            dispersion: &dispersion,
            count: Some(&count),
        };
        let found = measure_lambda_r(&maps, 4.0, &config).unwrap();
        assert!((found.value - expected / 50.0_f64.hypot(80.0)).abs() < ROUNDING, "{found:?}");
    }
}

#[test]
fn sparse_and_unknown_pixels_are_left_out() {
    let velocity = map(|right, up| if up > 0.0 { 30.0 * right.signum() } else { f64::NAN });
    let (dispersion, light) = (map(|_, _| 40.0), array(|_, _| 1.0));
    let found = measure(&light, &velocity, &dispersion, &SpinConfig::default());
    assert!((found.value - 0.6).abs() < ROUNDING && found.flags.left_out, "{found:?}");

    let velocity = map(|right, up| right.signum() * if up > 0.0 { 30.0 } else { 500.0 });
    let count = map(|_, up| if up > 0.0 { 3.0 } else { 1.0 });
    let maps =
        KinematicMaps { light: &light, velocity: &velocity, dispersion: &dispersion, count: Some(&count) };
    let config = SpinConfig { min_count: 2, ..SpinConfig::default() };
    let sparse = measure_lambda_r(&maps, 4.0, &config).unwrap();
    assert!((sparse.value - 0.6).abs() < ROUNDING && sparse.flags.left_out, "{sparse:?}");
    assert_eq!(sparse.n_pixels, found.n_pixels);
}

#[test]
fn awkward_galaxies_have_flags() {
    let (still, light, dark) = (map(|_, _| 0.0), array(|_, _| 1.0), array(|_, _| 0.0));
    let config = SpinConfig::default();
    let found = measure(&light, &still, &still, &config);
    assert!(found.value.is_nan() && found.flags.no_motion && !found.flags.no_light, "{found:?}");
    let found = measure(&dark, &still, &still, &config);
    assert!(found.value.is_nan() && found.flags.no_light && found.n_pixels == 0, "{found:?}");
    let nan = measure(&array(|_, _| f64::NAN), &still, &still, &config);
    assert!(nan.value.is_nan() && nan.flags.no_light && nan.flags.left_out, "{nan:?}");
    let hot = measure(&light, &still, &map(|_, _| 9.0), &config);
    assert!(hot.value == 0.0 && !hot.flags.any(), "{hot:?}");
    let maps = KinematicMaps { light: &light, velocity: &still, dispersion: &still, count: None };
    for radius in [f64::NAN, -1.0, 0.0] {
        assert!(measure_lambda_r(&maps, radius, &config).unwrap().flags.no_light);
    }
}

#[test]
fn maps_and_settings_must_fit() {
    let (still, light) = (map(|_, _| 0.0), array(|_, _| 1.0));
    let wide = Map::new(PixelGrid::new(N_PX, 9.0).unwrap(), Unit::KilometrePerSecond, light.clone()).unwrap();
    let maps = KinematicMaps { light: &light, velocity: &still, dispersion: &wide, count: None };
    let error = measure_lambda_r(&maps, 4.0, &SpinConfig::default());
    let expected = StatsError::MapField { map: "dispersion", expected_kpc: 8.0, found_kpc: 9.0 };
    assert_eq!(error, Err(expected));

    let maps = KinematicMaps { dispersion: &still, ..maps };
    for axis_ratio in [0.0, 1.1, f64::NAN] {
        let radii = Radii::Elliptical { axis_ratio, position_angle_deg: 0.0 };
        let error = measure_lambda_r(&maps, 4.0, &SpinConfig { radii, ..SpinConfig::default() });
        assert!(matches!(error, Err(StatsError::OutOfRange { name: "axis_ratio", .. })));
    }
    let systemic = Systemic::KilometrePerSecond(f64::NAN);
    let error = measure_lambda_r(&maps, 4.0, &SpinConfig { systemic, ..SpinConfig::default() });
    assert!(matches!(error, Err(StatsError::OutOfRange { name: "systemic", .. })));
}

#[test]
fn sums_side_by_side_are_those_pixel_by_pixel() {
    // Fields of odd sizes, with pixels of every kind to leave out, drawn with seed 3.
    let mut generator = seed::generator(3);
    for n_px in [1, 7, 8, 13, 64] {
        let grid = PixelGrid::new(n_px, 8.0).unwrap();
        let mut array = |odd: &[f64], scale: f64| {
            Array2::from_shape_fn((n_px, n_px), |_| {
                let drawn = generator.random_range(0.0..1.0_f64);
                odd.get((drawn * 40.0) as usize).copied().unwrap_or(scale * drawn)
            })
        };
        let light = array(&[0.0, f64::NAN, f64::INFINITY, -1.0], 5.0);
        let velocity = array(&[f64::NAN, f64::NEG_INFINITY, -120.0], 200.0);
        let dispersion = array(&[f64::NAN, f64::INFINITY, -1.0, 0.0], 90.0);
        let count = array(&[0.0, 1.0, f64::NAN], 9.0).mapv(f64::round);
        let map = |unit, values| Map::new(grid, unit, values).unwrap();
        let (velocity, dispersion) =
            (map(Unit::KilometrePerSecond, velocity), map(Unit::KilometrePerSecond, dispersion));
        let count = map(Unit::Count, count);
        let tilted = Radii::Elliptical { axis_ratio: 0.6, position_angle_deg: 20.0 };
        for (radii, count, correct_sparse, min_count, systemic) in [
            (Radii::Circular, None, false, 0, Systemic::LightWeighted),
            (tilted, None, true, 3, Systemic::KilometrePerSecond(30.0)),
            (Radii::Circular, Some(&count), true, 0, Systemic::LightWeighted),
            (tilted, Some(&count), false, 2, Systemic::LightWeighted),
        ] {
            let maps = KinematicMaps { light: &light, velocity: &velocity, dispersion: &dispersion, count };
            let config = SpinConfig { radii, systemic, correct_sparse, min_count };
            let slow = sum_carefully(&maps, 6.0, &config);
            let Some(fast) = sums::sum(&maps, 6.0, &config) else {
                assert_eq!(n_px, 1, "{config:?}");
                continue;
            };
            assert_eq!((fast.n_pixels, fast.left_out), (slow.n_pixels, slow.left_out), "{n_px} {config:?}");
            let (one, other) = (fast.ordered / fast.all, slow.ordered / slow.all);
            assert!((one - other).abs() < ROUNDING, "{n_px} {config:?}: {one} {other}");
            assert!((fast.systemic_km_s - slow.systemic_km_s).abs() < 100.0 * ROUNDING);
        }
    }
}

#[test]
fn speeds_of_any_size_have_the_same_spin() {
    let light = array(|right, up| (-right.hypot(up)).exp());
    for scale in [1e-200, 1e-120, 1.0, 1e120, 1e200] {
        let velocity = map(|right, _| scale * 30.0 * right.signum());
        let dispersion = map(|_, _| scale * 40.0);
        for brightness in [1e-300, 1.0, 1e300] {
            let light = light.mapv(|light| light * brightness);
            let found = measure(&light, &velocity, &dispersion, &SpinConfig::default());
            assert!((found.value - 0.6).abs() < ROUNDING, "{scale} {brightness}: {found:?}");
        }
    }
}
