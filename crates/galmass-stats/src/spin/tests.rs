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
