use std::f64::consts::TAU;

use galmass_core::seed;
use rand::RngExt;

use super::*;
use crate::{SersicFitConfig, SersicProfile};

const RIGHT: [f64; 3] = [1.0, 0.0, 0.0];
const UP: [f64; 3] = [0.0, 1.0, 0.0];

/// Star particles on a Sersic profile: the radius that holds each share of the light, by bisection.
fn sample(truth: &SersicProfile, n: usize, seed: u64) -> Particles {
    let mut random = seed::generator(seed);
    let positions = (0..n)
        .map(|_| {
            let share: f64 = random.random();
            let (mut low, mut high) = (-12.0_f64, 12.0_f64);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                let inside = truth.enclosed_fraction(middle.exp() * truth.effective_radius());
                (low, high) = if inside < share { (middle, high) } else { (low, middle) };
            }
            let radius = low.exp() * truth.effective_radius();
            let angle = TAU * random.random::<f64>();
            [radius * angle.cos(), radius * angle.sin(), 30.0 * random.random::<f64>()]
        })
        .collect();
    Particles::new(positions, vec![[0.0; 3]; n], vec![1.0; n]).unwrap()
}

fn fit_exact(truth: &SersicProfile, n_annuli: usize) -> crate::SersicFit {
    let config = LightProfileConfig { n_annuli, ..LightProfileConfig::default() };
    let mut profile = Annuli::new(25.0, &config).profile();
    let areas: Vec<f64> = areas(&profile.edges_kpc).collect();
    for (index, area) in areas.iter().enumerate() {
        let [inner, outer] = [index, index + 1].map(|edge| truth.enclosed_flux(profile.edges_kpc[edge]));
        profile.brightnesses[index] = (outer - inner) / area;
        profile.relative_errors[index] = 0.03;
    }
    fit_light_profile(&profile, 0.05, &SersicFitConfig::default()).unwrap()
}

#[test]
fn annuli_of_an_exact_profile_have_its_fit_whatever_their_width() {
    for index in [0.5, 1.0, 2.5, 4.0, 8.0] {
        let truth = SersicProfile::new(index, 5.0, 3.0e7).unwrap();
        for n_annuli in [6, 30] {
            let fit = fit_exact(&truth, n_annuli);
            // The rounds end at a change of 1e-6.
            assert!((fit.index / index - 1.0).abs() < 1e-5, "n = {index}, {n_annuli} annuli: {fit:?}");
            assert!((fit.effective_radius / 5.0 - 1.0).abs() < 1e-5 && !fit.flags.any(), "{fit:?}");
        }
    }
}

#[test]
fn particles_have_the_profile_that_they_were_drawn_from() {
    // Seeds 1 to 3; the errors of the fits are some 0.03 to 0.1 in n.
    for (seed, index) in [(1, 1.0), (2, 2.5), (3, 4.0)] {
        let truth = SersicProfile::new(index, 5.0, 1.0e7).unwrap();
        let stars = sample(&truth, 20_000, seed);
        let profile =
            measure_light_profile(&stars, &[1.0; 20_000], RIGHT, UP, 25.0, &LightProfileConfig::default());
        let fit = fit_light_profile(&profile.unwrap(), 0.01, &SersicFitConfig::default()).unwrap();
        let off = (fit.index - index) / fit.index_error;
        assert!(off.abs() < 4.0 && fit.index_error < 0.15 * index, "n = {index}: {fit:?}");
        let off = (fit.effective_radius - 5.0) / fit.effective_radius_error;
        assert!(off.abs() < 4.0 && !fit.flags.any(), "n = {index}: {fit:?}");
    }
}

#[test]
fn few_particles_do_not_bias_the_index() {
    // 40 discs of 400 stars, seeds 100 to 139: errors of the data would pull the mean away.
    let truth = SersicProfile::new(1.0, 5.0, 1.0e7).unwrap();
    let fits: Vec<f64> = (0..40)
        .map(|seed| {
            let stars = sample(&truth, 400, 100 + seed);
            let light = vec![1.0; 400];
            let profile =
                measure_light_profile(&stars, &light, RIGHT, UP, 25.0, &LightProfileConfig::default());
            fit_light_profile(&profile.unwrap(), 0.01, &SersicFitConfig::default()).unwrap().index
        })
        .collect();
    let mean = fits.iter().sum::<f64>() / 40.0;
    let scatter = (fits.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 40.0).sqrt();
    assert!((mean - 1.0).abs() < 4.0 * scatter / 40.0_f64.sqrt() + 0.02, "{mean} +- {scatter}");
}

#[test]
fn all_light_between_the_edges_is_in_one_annulus() {
    let (n, config) = (4000, LightProfileConfig { inner_kpc: 1.0, n_annuli: 7 });
    let mut annuli = Annuli::new(10.0, &config);
    let edges = annuli.edges_kpc.clone();
    for edge in &edges {
        annuli.add(*edge, 1.0);
    }
    assert_eq!(annuli.counts, [1; 7], "an edge belongs to the annulus outside");
    for index in 0..n {
        annuli.add(20.0 * f64::from(index) / f64::from(n), 1.0);
    }
    let total: f64 = annuli.sums.iter().sum();
    assert_eq!(total, 7.0 + f64::from(n) * 9.0 / 20.0);
}

#[test]
fn awkward_galaxies_have_flags() {
    let stars = Particles::new(vec![[2.0, 0.0, 0.0]; 2], vec![[0.0; 3]; 2], vec![1.0; 2]).unwrap();
    let measure = |stars: &Particles, light: &[f64], outer: f64| {
        measure_light_profile(stars, light, RIGHT, UP, outer, &LightProfileConfig::default()).unwrap()
    };
    let fit = |profile: &LightProfile| fit_light_profile(profile, 0.05, &SersicFitConfig::default()).unwrap();
    for outer in [0.5, -1.0, f64::NAN, f64::INFINITY] {
        let small = measure(&stars, &[1.0; 2], outer);
        assert!(small.flags.too_small && small.radii_kpc.is_empty(), "{small:?}");
        assert!(fit(&small).flags.too_few_points);
    }
    let nothing = measure(&Particles::default(), &[], 10.0);
    assert!(nothing.flags.no_light && fit(&nothing).flags.any() && fit(&nothing).index.is_nan());
    let bad = measure(&stars, &[1.0, f64::NAN], 10.0);
    assert!(bad.flags.left_out && !bad.flags.no_light);
    assert_eq!(bad.counts.iter().sum::<usize>(), 1);
    // One lit annulus among empty ones tells no profile apart.
    let one = fit(&bad);
    assert!(one.flags.any(), "{one:?}");

    let config = LightProfileConfig { inner_kpc: 0.0, n_annuli: 1 };
    let error = measure_light_profile(&stars, &[1.0; 2], RIGHT, UP, 9.0, &config);
    assert!(matches!(error, Err(StatsError::OutOfRange { name: "inner_kpc", .. })));
    let config = LightProfileConfig { inner_kpc: 1.0, n_annuli: 0 };
    let error = measure_light_profile(&stars, &[1.0; 2], RIGHT, UP, 9.0, &config);
    assert!(matches!(error, Err(StatsError::OutOfRange { name: "n_annuli", .. })));
    let error = fit_light_profile(&bad, f64::NAN, &SersicFitConfig::default());
    assert!(matches!(error, Err(StatsError::OutOfRange { name: "error_floor", .. })));
    let error = measure_light_profile(&stars, &[1.0], RIGHT, UP, 9.0, &LightProfileConfig::default());
    assert!(matches!(error, Err(StatsError::LengthMismatch { .. })));
}
