use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Radii from a softening to many effective radii, in equal steps of the logarithm.
fn radii(n: u32) -> Vec<f64> {
    (0..n).map(|i| 0.3 * (100.0_f64.ln() * f64::from(i) / f64::from(n - 1)).exp()).collect()
}

fn brightnesses(profile: &SersicProfile, radii: &[f64]) -> Vec<f64> {
    radii.iter().map(|&radius| profile.brightness(radius)).collect()
}

fn fit(radii: &[f64], brightnesses: &[f64], errors: &[f64]) -> SersicFit {
    fit_sersic_profile(radii, brightnesses, errors, &SersicFitConfig::default()).unwrap()
}

#[test]
fn exact_profiles_are_recovered_whatever_the_weights() {
    let radii = radii(40);
    for n in [0.5, 0.8, 1.0, 1.7, 2.5, 4.0, 6.0, 8.0, 10.0] {
        for effective_radius in [1.0, 4.0, 12.0] {
            let truth = SersicProfile::new(n, effective_radius, 3.0e7).unwrap();
            let data = brightnesses(&truth, &radii);
            let relative: Vec<f64> = data.iter().map(|i| 0.1 * i + 1e-3).collect();
            for errors in [vec![1.0e6; radii.len()], relative] {
                let found = fit(&radii, &data, &errors);
                let context = format!("n = {n}, R_e = {effective_radius}: {found:?}");
                assert!(!found.flags.any(), "{context}");
                assert!((found.index / n - 1.0).abs() < 1e-8, "{context}");
                assert!((found.effective_radius / effective_radius - 1.0).abs() < 1e-8, "{context}");
                assert!((found.effective_brightness / 3.0e7 - 1.0).abs() < 1e-8, "{context}");
            }
        }
    }
}

#[test]
fn nearly_a_power_law_is_still_a_profile() {
    let radii = radii(40);
    let data = brightnesses(&SersicProfile::new(150.0, 4.0, 3.0e7).unwrap(), &radii);
    let errors: Vec<f64> = data.iter().map(|i| 0.05 * i).collect();
    let found = fit(&radii, &data, &errors);
    assert!(!found.flags.any(), "{found:?}");
    assert!((found.index / 150.0 - 1.0).abs() < 1e-4, "{found:?}");
    assert!(found.index_error > 10.0, "the data hardly tell: {found:?}");
}

#[test]
fn profiles_that_steepen_inwards_hit_the_bounds() {
    // Steeper inside than outside in the logarithm, as no Sersic profile is; about a slope of -2 at R = 3, the slope of
    // a large index at its effective radius.
    let radii = radii(40);
    let data: Vec<f64> = radii.iter().map(|r| r / 3.0).map(|x| x.powf(-2.5) + x.powf(-1.5)).collect();
    let errors: Vec<f64> = data.iter().map(|i| 0.05 * i).collect();
    let found = fit(&radii, &data, &errors);
    assert!(found.flags.index_at_bound && !found.flags.not_converged, "{found:?}");
    assert!(found.index == 200.0 && found.index_error.is_nan(), "{found:?}");
    assert!((1.0..10.0).contains(&found.effective_radius) && found.effective_radius_error > 0.0, "{found:?}");
    let config = SersicFitConfig { max_index: 8.0, ..SersicFitConfig::default() };
    let held = fit_sersic_profile(&radii, &data, &errors, &config).unwrap();
    assert!(held.flags.index_at_bound && held.index == 8.0, "{held:?}");

    // Shallower than -2 everywhere: the flux has no end.
    let data: Vec<f64> = radii.iter().map(|r| r.powf(-1.2)).collect();
    let errors: Vec<f64> = data.iter().map(|i| 0.05 * i).collect();
    let found = fit(&radii, &data, &errors);
    assert!(found.flags.radius_at_bound && found.effective_radius_error.is_nan(), "{found:?}");
}

#[test]
fn noisy_profiles_are_recovered_within_their_errors() {
    let radii = radii(60);
    for (seed, n) in [(1, 1.0), (2, 2.5), (3, 4.0)] {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let truth = SersicProfile::new(n, 4.0, 3.0e7).unwrap();
        let smooth = brightnesses(&truth, &radii);
        let errors: Vec<f64> = smooth.iter().map(|i| 0.05 * i).collect();
        let (mut pulls, mut chi_squared, trials) = ([0.0; 3], 0.0, 200);
        for _ in 0..trials {
            // Twelve uniform deviates less their mean: a normal one.
            let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            let data: Vec<f64> = smooth.iter().zip(&errors).map(|(i, e)| i + e * normal()).collect();
            let found = fit(&radii, &data, &errors);
            assert!(!found.flags.any(), "seed {seed}: {found:?}");
            let of = [
                (found.index - n) / found.index_error,
                (found.effective_radius - 4.0) / found.effective_radius_error,
                (found.effective_brightness - 3.0e7) / found.effective_brightness_error,
            ];
            for (sum, pull) in pulls.iter_mut().zip(of) {
                *sum += pull * pull;
            }
            chi_squared += found.chi_squared / found.degrees_of_freedom as f64;
        }
        // The root mean square of 200 normal pulls is 1 +- 0.05.
        for pull in pulls {
            let rms = (pull / f64::from(trials)).sqrt();
            assert!((0.8..1.2).contains(&rms), "seed {seed}: pulls {rms}");
        }
        assert!((chi_squared / f64::from(trials) - 1.0).abs() < 0.06, "seed {seed}");
    }
}

#[test]
fn the_order_and_the_units_of_the_points_do_not_matter() {
    let radii = radii(30);
    let mut data = brightnesses(&SersicProfile::new(3.0, 4.0, 3.0e7).unwrap(), &radii);
    data.iter_mut().enumerate().for_each(|(i, x)| *x *= 1.0 + 0.05 * (i as f64 * 1.7).sin());
    let errors: Vec<f64> = data.iter().map(|i| 0.05 * i).collect();
    let turned = |values: &[f64], by: f64| values.iter().rev().map(|x| by * x).collect::<Vec<_>>();
    let one = fit(&radii, &data, &errors);
    let other = fit(&turned(&radii, 1e3), &turned(&data, 1e-6), &turned(&errors, 1e-6));
    assert!((one.index / other.index - 1.0).abs() < 1e-6);
    assert!((1e3 * one.effective_radius / other.effective_radius - 1.0).abs() < 1e-6);
    assert!((one.index_error / other.index_error - 1.0).abs() < 1e-5);
}

#[test]
fn the_centre_dark_annuli_and_unusable_points_do_no_harm() {
    let truth = SersicProfile::new(1.0, 4.0, 3.0e7).unwrap();
    let mut radii = radii(30);
    radii.push(0.0);
    radii.push(1.0e3);
    let mut data = brightnesses(&truth, &radii);
    let mut errors = vec![1.0e5; radii.len()];
    for (radius, brightness, error) in
        [(1.0, f64::NAN, 1.0), (f64::NAN, 1.0, 1.0), (-1.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 1.0, f64::NAN)]
    {
        radii.push(radius);
        data.push(brightness);
        errors.push(error);
    }
    let found = fit(&radii, &data, &errors);
    assert!(!found.flags.any() && found.n_ignored == 5, "{found:?}");
    assert!((found.index - 1.0).abs() < 1e-8 && (found.effective_radius - 4.0).abs() < 1e-8);
    assert_eq!(found.degrees_of_freedom, 32 - 3);
    assert!((found.profile().unwrap().brightness(0.0) / truth.brightness(0.0) - 1.0).abs() < 1e-8);
}

#[test]
fn what_cannot_be_fitted_is_flagged() {
    for radii in [vec![], vec![1.0], vec![1.0, 2.0], vec![1.0; 9], vec![f64::NAN; 9]] {
        let ones = vec![1.0; radii.len()];
        let found = fit(&radii, &ones, &ones);
        assert!(found.flags.too_few_points && found.index.is_nan() && found.profile().is_none());
    }
    let radii = radii(9);
    for dark in [0.0, -1.0] {
        let found = fit(&radii, &[dark; 9], &[1.0; 9]);
        assert!(found.flags.no_light && found.index.is_nan() && found.n_ignored == 0);
    }
    // Flat, rising, one bright point, and numbers near the ends of what a float holds.
    let ends = [1e-300, 1e300, 1.0, 1e-300, 1e300, 1.0, 1e-300, 1e300, 1.0];
    let shapes =
        [[1.0; 9], std::array::from_fn(|i| i as f64), std::array::from_fn(|i| f64::from(i == 4)), ends];
    for data in shapes {
        let found = fit(&radii, &data, &[0.1; 9]);
        assert!(found.flags.any(), "{data:?}: {found:?}");
    }
}

#[test]
fn what_the_caller_can_mend_is_an_error() {
    let config = SersicFitConfig::default();
    let error = fit_sersic_profile(&[1.0, 2.0], &[1.0], &[1.0, 1.0], &config).unwrap_err();
    assert_eq!(error.to_string(), "column `brightnesses` has 1 rows where 2 are needed");
    for config in [
        SersicFitConfig { min_index: 0.0, ..config.clone() },
        SersicFitConfig { max_index: f64::NAN, ..config.clone() },
        SersicFitConfig { min_index: 4.0, max_index: 2.0, ..config.clone() },
        SersicFitConfig { max_iterations: 0, ..config.clone() },
    ] {
        assert!(matches!(fit_sersic_profile(&[], &[], &[], &config), Err(StatsError::OutOfRange { .. })));
    }
}

proptest! {
    #[test]
    fn no_numbers_at_all_make_it_panic(
        points in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..12),
        tame in prop::collection::vec((0.0..50.0_f64, -1.0..10.0_f64, 0.01..1.0_f64), 0..12),
    ) {
        let (radii, data, errors): (Vec<f64>, Vec<f64>, Vec<f64>) = points
            .iter()
            .map(|(r, i, e)| (r.abs(), *i, e.abs()))
            .chain(tame.iter().copied())
            .collect();
        let found = fit(&radii, &data, &errors);
        prop_assert!(found.flags.any() || found.profile().is_some(), "{:?}", found);
    }
}
