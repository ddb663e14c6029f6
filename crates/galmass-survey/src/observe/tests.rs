//! Samples against what the crates below make of the same galaxy.

use galmass_core::{Gas, Particles, Stars};
use galmass_mock::{MockGalaxy, MockGalaxyConfig};
use galmass_observe::{Masses, ObservationConfig, ObservationEffects, Observer, Weighting};
use galmass_project::{Axis, rebin};
use galmass_stats::{FeatureView, Sampling, SersicImage, fit_sersic_image, measure_features};
use rand::RngExt;

use super::*;
use crate::{GasTracer, LinesOfSight, SurveyChannel, flag_names};

/// A mock with gas in its disc and a box around it.
fn galaxy() -> SurveyGalaxy {
    let config = MockGalaxyConfig { n_stars: 5000, n_dark_matter: 2000, ..MockGalaxyConfig::default() };
    let galaxy = MockGalaxy::sample(&config, 3).unwrap();
    let stars = galaxy.stars.particles();
    let mut random = seed::generator(8);
    let places: Vec<[f64; 3]> = stars.positions_kpc()[..800].to_vec();
    let gas = Particles::new(places, stars.velocities_km_s()[..800].to_vec(), vec![1.0e7; 800]).unwrap();
    let neutral = (0..800).map(|_| random.random_range(0.0..7.0e6)).collect();
    let gas = Gas::new(gas)
        .with_metallicities(vec![0.02; 800])
        .and_then(|gas| gas.with_neutral_hydrogen_masses_msun(neutral))
        .unwrap();
    let ids = GalaxyIds { galaxy_id: 41, halo_id: 5, suite: 2, octant: None };
    let galaxy = Galaxy { gas, box_size_kpc: Some(1.0e5), ..galaxy };
    SurveyGalaxy { galaxy, ids, frame: GivenFrame::default(), redshift: None }
}

fn everything() -> SurveyConfig {
    let observation =
        ObservationConfig { weighting: Weighting::LuminosityR, ..SurveyConfig::small().observation };
    SurveyConfig {
        observation,
        channels: SurveyChannel::ALL.to_vec(),
        sersic_image: true,
        ..SurveyConfig::small()
    }
}

fn value<'a>(config: &SurveyConfig, sample: &'a Sample, name: &str) -> &'a [f32] {
    &sample.values[sample_layout(config).unwrap().position(name).unwrap()]
}

#[test]
fn the_layout_is_that_of_the_values_whatever_is_measured() {
    let only = |channels: &[SurveyChannel], table_1, sersic_image| SurveyConfig {
        channels: channels.to_vec(),
        table_1,
        sersic_image,
        profile_radii_rhsm: vec![0.5, 1.0, 3.0],
        ..SurveyConfig::small()
    };
    let mut configs = vec![everything(), only(&[], false, false), only(&[], true, true)];
    configs.extend(SurveyChannel::ALL.map(|channel| only(&[channel], false, false)));
    for config in configs {
        let layout = sample_layout(&config).unwrap();
        for sample in observe_samples(galaxy(), &config).unwrap() {
            assert_eq!(sample.values.len(), layout.arrays().len());
            for (array, values) in layout.arrays().iter().zip(&sample.values) {
                assert_eq!(values.len(), array.shape.iter().product::<usize>(), "{}", array.name);
                assert!(!array.unit.is_empty() && !array.description.is_empty(), "{}", array.name);
            }
        }
    }
}

#[test]
fn maps_are_those_of_an_observer() {
    let config = everything();
    let samples = observe_samples(galaxy(), &config).unwrap();
    let framed = FramedGalaxy::new(galaxy().galaxy, &GivenFrame::default()).unwrap();
    let observer = Observer::new(&framed, config.observation).unwrap();
    for (axis, sample) in Axis::ALL.into_iter().zip(&samples) {
        let seen = observer.observe(&View::along(axis)).unwrap();
        for (name, map) in [
            ("image_r", &seen.image),
            ("velocity", &seen.velocity),
            ("dispersion", &seen.dispersion),
            ("occupancy", &seen.occupancy),
        ] {
            let found = value(&config, sample, name);
            let same = found.iter().zip(map.values()).all(|(found, expected)| {
                found.to_bits() == (*expected as f32).to_bits() || found.is_nan() && expected.is_nan()
            });
            assert!(same, "{name} along {axis}");
        }
        // Dust reddens: the colour of the light that is left is above that of the stars.
        let stars = &framed.galaxy().stars;
        let light = |magnitudes: Option<&[f64]>| -> f64 {
            magnitudes.unwrap().iter().map(|magnitude| 10f64.powf(-0.4 * magnitude)).sum()
        };
        let intrinsic = -2.5 * (light(stars.magnitudes_g()) / light(stars.magnitudes_r())).log10();
        let reddest = value(&config, sample, "colour_g_r").iter().copied().fold(f32::NAN, f32::max);
        assert!(f64::from(value(&config, sample, "aperture_colour_g_r")[0]) > intrinsic + 0.005);
        assert!(f64::from(reddest) > intrinsic);
        assert_eq!(flag_names(sample.key.flags & 0xff), [""; 0]);
    }
}

#[test]
fn targets_are_the_masses_of_the_particles() {
    let config = everything();
    let framed = FramedGalaxy::new(galaxy().galaxy, &GivenFrame::default()).unwrap();
    let radius = framed.frame().half_mass_radius_kpc;
    for (axis, sample) in Axis::ALL.into_iter().zip(&observe_samples(galaxy(), &config).unwrap()) {
        let is = |name: &str, expected: f64| {
            let found = f64::from(value(&config, sample, name)[0]);
            // Single precision at a logarithm of some ten.
            assert!(
                (found - expected).abs() < 2e-6 * expected.abs().max(1.0),
                "{name}: {found} for {expected}"
            );
        };
        for (ending, rhsm) in [("", 1.0), ("_2r", 2.0)] {
            let sphere = Masses::in_sphere(framed.galaxy(), rhsm * radius);
            let circle = Masses::in_circle(framed.galaxy(), &View::along(axis), rhsm * radius);
            is(&format!("log10_stellar_mass_msun{ending}"), sphere.stars_msun.log10());
            is(&format!("log10_gas_mass_msun{ending}"), sphere.gas_msun.log10());
            is(&format!("log10_dark_matter_mass_msun{ending}"), sphere.dark_matter_msun.log10());
            is(&format!("log10_total_mass_msun{ending}"), sphere.total_msun().log10());
            is(&format!("stellar_fraction{ending}"), sphere.stars_msun / sphere.total_msun());
            is(&format!("dark_matter_fraction{ending}"), sphere.dark_matter_msun / sphere.total_msun());
            is(&format!("log10_projected_stellar_mass_msun{ending}"), circle.stars_msun.log10());
            is(&format!("log10_projected_dark_matter_mass_msun{ending}"), circle.dark_matter_msun.log10());
            is(&format!("log10_projected_total_mass_msun{ending}"), circle.total_msun().log10());
            let light = f64::from(value(&config, sample, &format!("log10_luminosity_r_lsun{ending}"))[0]);
            is(&format!("log10_mass_to_light_r_msun_lsun{ending}"), circle.stars_msun.log10() - light);
        }
        for (at, rhsm) in config.profile_radii_rhsm.iter().enumerate() {
            let sphere = Masses::in_sphere(framed.galaxy(), rhsm * radius);
            for (name, expected) in [
                ("log10_enclosed_stellar_mass_msun", sphere.stars_msun),
                ("log10_enclosed_gas_mass_msun", sphere.gas_msun),
                ("log10_enclosed_dark_matter_mass_msun", sphere.dark_matter_msun),
                ("log10_enclosed_total_mass_msun", sphere.total_msun()),
            ] {
                let found = f64::from(value(&config, sample, name)[at]);
                assert!((found - expected.log10()).abs() < 2e-5, "{name} in {rhsm}");
            }
        }
        is("half_mass_radius_kpc", radius);
    }
}

#[test]
fn features_are_those_of_table_1() {
    let config = SurveyConfig { sersic_image: true, sersic_rebin: 3, ..SurveyConfig::small() };
    let bare = || {
        let whole = galaxy();
        SurveyGalaxy { galaxy: Galaxy { gas: Gas::default(), ..whole.galaxy }, ..whole }
    };
    let samples = observe_samples(bare(), &config).unwrap();
    let framed = FramedGalaxy::new(bare().galaxy, &GivenFrame::default()).unwrap();
    let radius = framed.frame().half_mass_radius_kpc;
    let observer = Observer::new(&framed, config.observation).unwrap();
    for (axis, sample) in Axis::ALL.into_iter().zip(&samples) {
        let view = View::along(axis);
        let view = FeatureView::new(view.right(), view.up());
        let features = measure_features(framed.galaxy(), radius, &view, &config.features).unwrap();
        for expected in features.values() {
            let name = if expected.name == "colour_g_r" { "aperture_colour_g_r" } else { expected.name };
            let found = value(&config, sample, name)[0];
            assert!(found == expected.value as f32 || found.is_nan() && expected.value.is_nan(), "{name}");
        }
        for flag in features.flags() {
            assert_eq!(flag_names(sample.key.flags).contains(&flag.name), flag.is_up, "{}", flag.name);
        }
        assert!(flag_names(sample.key.flags).contains(&"no_gas"));
        // And of the image, the fit to it.
        let image = rebin(&observer.observe(&View::along(axis)).unwrap().image, 20).unwrap();
        let fit = SersicImage::new(image.values().view(), Sampling::PixelMeans);
        let fit = fit_sersic_image(&fit, &config.sersic_fit).unwrap();
        assert!(fit.index > 0.0);
        for (name, expected) in [
            ("sersic_image_index", fit.index),
            ("sersic_image_effective_radius_kpc", fit.effective_radius_px * image.grid().pixel_size_kpc()),
            ("sersic_image_axis_ratio", fit.axis_ratio),
            ("sersic_image_total_flux", fit.total_flux),
        ] {
            assert_eq!(value(&config, sample, name)[0], expected as f32, "{name}");
        }
    }
}

#[test]
fn surface_densities_are_the_mass_of_their_particles() {
    let config = SurveyConfig { gas_tracer: GasTracer::All, ..everything() };
    let framed = FramedGalaxy::new(galaxy().galaxy, &GivenFrame::default()).unwrap();
    let half_width = 3.0 * framed.frame().half_mass_radius_kpc;
    let area = (2.0 * half_width / config.observation.map_px as f64).powi(2);
    let sample = &observe_samples(galaxy(), &config).unwrap()[2];
    for (name, particles) in [
        ("log10_stellar_surface_density", framed.galaxy().stars.particles()),
        ("log10_gas_surface_density", framed.galaxy().gas.particles()),
        ("log10_dark_matter_surface_density", &framed.galaxy().dark_matter),
    ] {
        let found: f64 = value(&config, sample, name)
            .iter()
            .filter(|value| !value.is_nan())
            .map(|&log| area * 10f64.powf(f64::from(log)))
            .sum();
        let inside = |[x, y, _]: &[f64; 3]| x.abs().max(y.abs()) < half_width;
        let rows = particles.positions_kpc().iter().zip(particles.masses_msun());
        let expected: f64 = rows.filter(|(position, _)| inside(position)).map(|(_, mass)| mass).sum();
        assert!((found / expected - 1.0).abs() < 1e-5, "{name}: {found} for {expected}");
    }
}

#[test]
fn a_key_says_which_galaxy_it_is_and_where() {
    let samples = observe_samples(galaxy(), &SurveyConfig::small()).unwrap();
    for (line_of_sight, sample) in (0..).zip(&samples) {
        let key = &sample.key;
        assert_eq!((key.galaxy_id, key.halo_id, key.suite), (41, 5, 2));
        assert_eq!(key.line_of_sight, line_of_sight);
        assert!(key.octant < 8);
    }
    let given = GalaxyIds { octant: Some(6), ..galaxy().ids };
    let samples = observe_samples(SurveyGalaxy { ids: given, ..galaxy() }, &SurveyConfig::small()).unwrap();
    assert_eq!(samples[0].key.octant, 6);
    let boxless = Galaxy { box_size_kpc: None, ..galaxy().galaxy };
    let samples =
        observe_samples(SurveyGalaxy { galaxy: boxless, ..galaxy() }, &SurveyConfig::small()).unwrap();
    assert_eq!(samples[0].key.octant, SampleKey::NO_OCTANT);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let config = SurveyConfig { lines_of_sight: LinesOfSight::Random(3), ..everything() };
    let in_threads = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| observe_samples(galaxy(), &config).unwrap())
    };
    let bits = |samples: Vec<Sample>| -> Vec<u32> {
        samples
            .iter()
            .flat_map(|sample| sample.values.iter().flatten())
            .map(|value| value.to_bits())
            .collect()
    };
    let alone = bits(in_threads(1));
    assert_eq!(bits(in_threads(3)), alone);
    let other = SurveyConfig { seed: 1, ..config.clone() };
    assert_ne!(bits(observe_samples(galaxy(), &other).unwrap()), alone);
}

#[test]
fn galaxies_that_cannot_be_observed_say_why() {
    let small = SurveyConfig::small();
    let of = |galaxy: Galaxy| {
        let (ids, frame) = (GalaxyIds::default(), GivenFrame::default());
        observe_samples(SurveyGalaxy { galaxy, ids, frame, redshift: None }, &small)
    };
    assert!(of(Galaxy::default()).unwrap_err().to_string().contains("no stars"));
    let stars = |positions: Vec<[f64; 3]>, masses: Vec<f64>| {
        let velocities = vec![[0.0; 3]; masses.len()];
        let stars = Stars::new(Particles::new(positions, velocities, masses).unwrap());
        Galaxy { stars, ..Galaxy::default() }
    };
    let one = of(stars(vec![[1.0; 3]], vec![1.0])).unwrap_err();
    assert!(one.to_string().contains("half-mass radius of 1 star"), "{one}");
    let weightless = of(stars(vec![[1.0; 3], [2.0; 3]], vec![0.0; 2])).unwrap_err();
    assert!(weightless.to_string().contains("NaN kpc"), "{weightless}");
    // Eight stars are a galaxy, of which little is known.
    let ring = || {
        let angle = |i: i32| f64::from(i) * std::f64::consts::FRAC_PI_4;
        let places = (0..8).map(|i| [angle(i).cos(), angle(i).sin(), 0.1 * f64::from(i % 3)]);
        stars(places.collect(), vec![1.0; 8])
    };
    let samples = of(ring()).unwrap();
    let flags = flag_names(samples[0].key.flags);
    for flag in ["image_is_mass", "colour_unknown", "too_few_stars_for_smoothing", "no_gas"] {
        assert!(flags.contains(&flag), "{flags:?}");
    }
    assert!(value(&small, &samples[0], "log10_gas_mass_msun")[0].is_nan());
    assert!(value(&small, &samples[0], "log10_mass_to_light_r_msun_lsun")[0].is_nan());
    assert!(value(&small, &samples[0], "colour_g_r").iter().all(|value| value.is_nan()));
    let lit = SurveyConfig {
        observation: ObservationConfig { weighting: Weighting::LuminosityR, ..small.observation },
        ..small.clone()
    };
    let (ids, frame) = (GalaxyIds::default(), GivenFrame::default());
    let unknown =
        observe_samples(SurveyGalaxy { galaxy: ring(), ids, frame, redshift: None }, &lit).unwrap_err();
    assert!(unknown.to_string().contains("no r magnitudes"), "{unknown}");
}

/// A blur of half a half-mass radius, and noise and a field of the maps.
fn telescope() -> ObservationEffects {
    serde_json::from_str(
        r#"{"steps": [
            {"psf": {"shape": {"gaussian": {"fwhm": {"half-mass-radii": 0.5}}}}},
            {"noise": {"signal_to_noise": 20.0}},
            {"field-mask": {"shape": {"hexagon": {"circumradius": {"half-mass-radii": 2.0}}}, "on": "maps"}}
        ]}"#,
    )
    .unwrap()
}

#[test]
fn a_telescope_blurs_light_and_leaves_masses_alone() {
    let clear = everything();
    let config = SurveyConfig { effects: telescope(), ..everything() };
    config.check().unwrap();
    let [clear_samples, samples] = [&clear, &config].map(|config| observe_samples(galaxy(), config).unwrap());
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let all = |samples: &[Sample]| {
        samples.iter().flat_map(|sample| bits(&sample.values.concat())).collect::<Vec<_>>()
    };
    assert!(all(&samples) == all(&observe_samples(galaxy(), &config).unwrap()));
    let layout = sample_layout(&config).unwrap();
    for (before, after) in clear_samples.iter().zip(&samples) {
        let changed: Vec<&str> = layout
            .arrays()
            .iter()
            .zip(before.values.iter().zip(&after.values))
            .filter(|(_, (before, after))| bits(before) != bits(after))
            .map(|(array, _)| array.name.as_str())
            .collect();
        let seen = ["image_r", "colour_g_r", "velocity", "dispersion", "occupancy"];
        assert!(seen.iter().all(|name| changed.contains(name)), "{changed:?}");
        assert!(changed[seen.len()..].iter().all(|name| name.starts_with("sersic_image")), "{changed:?}");

        let sum = |sample, name| value(&config, sample, name).iter().map(|&x| f64::from(x)).sum::<f64>();
        let peak = |sample| value(&config, sample, "image_r").iter().copied().fold(0.0, f32::max);
        // The field holds nearly all of the light, blurred or not.
        assert!((sum(after, "image_r") / sum(before, "image_r") - 1.0).abs() < 0.03);
        assert!(peak(after) < 0.9 * peak(before), "{} {}", peak(after), peak(before));
        // The corner lies outside the field.
        assert_eq!((value(&config, after, "occupancy")[0], sum(after, "occupancy") > 50.0), (0.0, true));
    }
}

#[test]
fn noise_is_new_with_each_side_band_and_seed() {
    let still = SurveyConfig { effects: telescope(), ..everything() };
    let again = SurveyConfig { seed: 5, ..still.clone() };
    let steps = vec![telescope().steps.remove(1)];
    let noisy = SurveyConfig { effects: ObservationEffects { steps, ..telescope() }, ..everything() };
    let none = SurveyConfig { effects: ObservationEffects::default(), ..everything() };
    let image = |config: &SurveyConfig, side: usize, name| {
        let samples = observe_samples(galaxy(), config).unwrap();
        value(config, &samples[side], name).to_vec()
    };
    assert_ne!(image(&still, 0, "image_r"), image(&again, 0, "image_r"));
    let noise = |side, name| -> Vec<f32> {
        let pairs = image(&noisy, side, name).into_iter().zip(image(&none, side, name));
        pairs.map(|(after, before)| after - before).collect()
    };
    // Noise of one side is no noise of another, and that of g is not that of r: the colour would not see it.
    let correlation = |one: &[f32], other: &[f32]| {
        let product = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        product(one, other) / (product(one, one) * product(other, other)).sqrt()
    };
    assert!(correlation(&noise(0, "image_r"), &noise(1, "image_r")).abs() < 0.2);
    let brightest = (30 * 60 + 25..30 * 60 + 35).chain(29 * 60 + 25..29 * 60 + 35);
    let reddened = noise(0, "colour_g_r");
    assert!(brightest.clone().all(|pixel| reddened[pixel] != 0.0), "{reddened:?}");
}
