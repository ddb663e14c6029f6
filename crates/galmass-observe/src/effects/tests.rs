use galmass_core::{Map, PixelGrid, Unit};
use ndarray::Array2;

use super::testing::{Sky, bits, lonely_stars};
use super::*;

const SIGHTLINE: Sightline = Sightline { half_mass_radius_kpc: 6.0, galaxy_index: 3, view_index: 1 };

/// Every effect there is, as a file would name them.
const ALL: &str = r#"{
    "seed": 11,
    "steps": [
        {"psf": {"shape": {"moffat": {"fwhm": {"kpc": 2.5}, "beta": 3.0}}, "on": "both"}},
        {"psf": {"shape": {"gaussian": {"fwhm": {"half-mass-radii": 0.2}}}, "on": "maps"}},
        {"psf": {
            "shape": {"array": {"cell": {"kpc": 0.5}, "values": [[1, 1, 1], [1, 8, 1], [1, 1, 1]]}},
            "on": "image"
        }},
        {"noise": {
            "signal_to_noise": 15.0, "inside": {"half-light-radii": 1.0}, "sky_fraction": 0.3, "read_noise": 4.0
        }},
        {"field-mask": {
            "shape": {"hexagon": {"circumradius": {"half-light-radii": 2.0}, "position_angle_deg": 30.0}},
            "on": "maps"
        }},
        {"field-mask": {"shape": {"circle": {"radius": {"kpc": 18.0}}}}},
        {"voronoi": {
            "target_signal_to_noise": 20.0, "min_signal_to_noise": 1.0, "noise": "photons", "max_iterations": 50
        }},
        {"kinematic-errors": {
            "velocity_factor": 1.2, "dispersion_factor": 1.0, "instrumental_dispersion_km_s": 70.0,
            "min_signal_to_noise": 3.0
        }},
        {"dispersion-floor": {"blank": {"limit_km_s": 35.0}}},
        {"dispersion-floor": {"clip": {"limit_km_s": 40.0}}},
        {"dispersion-floor": {"add": {"instrumental_km_s": 70.0}}}
    ]
}"#;

fn all() -> ObservationEffects {
    serde_json::from_str(ALL).unwrap()
}

fn galaxy() -> Observation {
    Sky {
        flux: &|x, y| 1e6 * (-(x * x + y * y).sqrt() / 5.0).exp(),
        velocity: &|x, y| 200.0 * x / (x * x + y * y + 9.0).sqrt(),
        dispersion: &|x, y| 150.0 * (-(x * x + y * y) / 400.0).exp(),
    }
    .observe(40)
}

fn exposure_bits(exposure: &Exposure) -> Vec<u64> {
    let maps =
        [&exposure.image_noise, &exposure.flux_noise, &exposure.velocity_error, &exposure.dispersion_error];
    let more = maps.into_iter().flatten().flat_map(|map| map.values()).map(|value| value.to_bits());
    bits(&exposure.observation).into_iter().chain(more).collect()
}

#[test]
fn without_steps_every_bit_stays() {
    let seen = lonely_stars(9, &[(3, 4, 2.0, 100.0)]);
    let exposure = ObservationEffects::default().apply(seen.clone(), &SIGHTLINE).unwrap();
    assert_eq!(bits(&exposure.observation), bits(&seen));
    assert_eq!(exposure.image_noise, None);
    assert_eq!(exposure.bins, None);
    assert_eq!(serde_json::from_str::<ObservationEffects>("{}").unwrap(), ObservationEffects::default());
}

#[test]
fn every_effect_has_a_name_that_comes_back_from_a_file() {
    let effects = all();
    assert_eq!(effects.check(), Ok(()));
    let text = serde_json::to_string(&effects).unwrap();
    assert_eq!(serde_json::from_str::<ObservationEffects>(&text).unwrap(), effects);
    for effect in &effects.steps {
        let text = serde_json::to_string(effect).unwrap();
        assert!(text.starts_with(&format!("{{\"{}\":", effect.name())), "{text}");
    }
}

#[test]
fn a_name_that_nobody_knows_is_an_error_anywhere() {
    for text in [
        r#"{"sed": 1}"#,
        r#"{"steps": [{"blur": {}}]}"#,
        r#"{"steps": [{"psf": {"shape": {"gaussian": {"fwhm": {"kpc": 1}, "beta": 2}}}}]}"#,
        r#"{"steps": [{"psf": {"shape": {"gaussian": {"fwhm": {"arcsec": 1}}}}}]}"#,
        r#"{"steps": [{"psf": {"shape": {"gaussian": {"fwhm": 1}}}}]}"#,
        r#"{"steps": [{"noise": {"s_n": 1}}]}"#,
        r#"{"steps": [{"noise": {"on": "spectra"}}]}"#,
        r#"{"steps": [{"field-mask": {"shape": {"circle": {"radius": {"kpc": 1}}}, "in": "maps"}}]}"#,
        r#"{"steps": [{"field-mask": {"shape": {"circle": {"radius": {"kpc": 1}, "angle": 3}}}}]}"#,
        r#"{"steps": [{"dispersion-floor": {"clip": {"limit_km_s": 1, "to": 2}}}]}"#,
        r#"{"steps": [{"voronoi": {"target": 1}}]}"#,
        r#"{"steps": [{"kinematic-errors": {"factor": 1}}]}"#,
    ] {
        assert!(serde_json::from_str::<ObservationEffects>(text).is_err(), "{text}");
    }
}

#[test]
fn all_effects_together_give_a_galaxy_with_all_its_records() {
    let exposure = all().apply(galaxy(), &SIGHTLINE).unwrap();
    let seen = &exposure.observation;
    let bins = exposure.bins.as_ref().unwrap();
    assert!(bins.n_bins() > 20);
    let field = exposure.map_field.as_ref().unwrap();
    for (pixel, &inside) in field.indexed_iter() {
        let sigma = seen.dispersion.values()[pixel];
        assert!(sigma.is_nan() || sigma >= 40f64.hypot(70.0));
        assert!(inside || bins.bin_of(pixel).is_none() && seen.velocity.values()[pixel].is_nan());
        assert!(inside || seen.flux.values()[pixel] == 0.0);
        let error = exposure.velocity_error.as_ref().unwrap().values()[pixel];
        assert_eq!(error.is_nan(), seen.velocity.values()[pixel].is_nan());
    }
    // The pixels of a bin share what was measured.
    let mut of_bin = vec![None; bins.n_bins()];
    for (pixel, v) in seen.velocity.values().indexed_iter() {
        if let Some(bin) = bins.bin_of(pixel) {
            assert_eq!(*of_bin[bin].get_or_insert(v.to_bits()), v.to_bits());
        }
    }
    assert!(exposure.image_noise.is_some() && exposure.image_field.is_some());
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let in_threads = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| exposure_bits(&all().apply(galaxy(), &SIGHTLINE).unwrap()))
    };
    assert_eq!(in_threads(1), in_threads(3));
}

#[test]
fn seed_galaxy_and_line_of_sight_each_change_the_noise() {
    let noise = |seed, galaxy_index, view_index| {
        let effects = ObservationEffects { seed, steps: vec![Effect::Noise(NoiseConfig::default())] };
        let sightline = Sightline { galaxy_index, view_index, ..SIGHTLINE };
        bits(&effects.apply(galaxy(), &sightline).unwrap().observation)
    };
    let first = noise(1, 1, 1);
    assert_eq!(first, noise(1, 1, 1));
    for other in [noise(2, 1, 1), noise(1, 2, 1), noise(1, 1, 2)] {
        assert_ne!(first, other);
    }
}

#[test]
fn the_noise_of_the_image_does_not_depend_on_that_of_the_maps() {
    let image = |on| {
        let noise = NoiseConfig { on, ..NoiseConfig::default() };
        let effects = ObservationEffects { seed: 5, steps: vec![Effect::Noise(noise)] };
        effects.apply(galaxy(), &SIGHTLINE).unwrap().observation
    };
    let (both, alone, maps) = (image(AppliedTo::Both), image(AppliedTo::Image), image(AppliedTo::Maps));
    assert_eq!(both.image, alone.image);
    assert_eq!(both.flux, maps.flux);
    assert_ne!(both.image.values(), both.flux.values());
    assert_eq!((maps.image, alone.flux), (galaxy().image, galaxy().flux));
}

#[test]
fn galaxies_of_nothing_and_of_one_star_come_through() {
    for stars in [&[][..], &[(0, 0, 1.0, 50.0)], &[(4, 4, 1e300, 1e150)], &[(4, 4, 1e-300, 1e-150)]] {
        for n_px in [1, 9] {
            let stars: Vec<_> = stars.iter().filter(|star| star.0 < n_px).copied().collect();
            let exposure = all().apply(lonely_stars(n_px, &stars), &SIGHTLINE).unwrap();
            assert_eq!(exposure.observation.image.values().dim(), (n_px, n_px));
        }
    }
}

#[test]
fn what_is_wrong_is_said_before_anything_is_done() {
    let mut effects = all();
    effects.steps.push(Effect::DispersionFloor(DispersionFloor::Add { instrumental_km_s: -70.0 }));
    let error = effects.apply(galaxy(), &SIGHTLINE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "step 11, `dispersion-floor`: `instrumental_km_s` is -70, not between 0 and 1e4 km/s"
    );
    for half_mass_radius_kpc in [0.0, f64::NAN, f64::INFINITY] {
        let nowhere = Sightline { half_mass_radius_kpc, ..SIGHTLINE };
        let error = ObservationEffects::default().apply(galaxy(), &nowhere).unwrap_err();
        assert!(matches!(error, ObserveError::BadFrame { what: "half-mass radius", .. }));
    }
    let other = PixelGrid::new(39, 20.0).unwrap();
    let count = Map::new(other, Unit::Count, Array2::ones((39, 39))).unwrap();
    let error =
        ObservationEffects::default().apply(Observation { count, ..galaxy() }, &SIGHTLINE).unwrap_err();
    assert!(matches!(error, ObserveError::MeshMismatch { map: "count", rows: 39, expected_rows: 40, .. }));
}
