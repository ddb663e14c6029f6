use galmass_core::{Particles, Stars, seed};
use rand::RngExt;

use super::*;
use crate::{
    Aperture, BandLight, LightProfileConfig, fibre_dispersion, half_mass_radius_kpc, measure_brightness,
    measure_light_profile, measure_shape, measure_star_formation,
};

const RIGHT: [f64; 3] = [0.0, 1.0, 0.0];
const UP: [f64; 3] = [0.0, 0.0, 1.0];

/// An exponential disc with a scale length of 3 kpc that turns about z at 200 km/s, with all columns.
fn disc(n: usize) -> Galaxy {
    let mut random = seed::generator(5);
    let (mut positions, mut velocities) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let mut uniform = || 1.0 - random.random::<f64>();
        let (radius, angle) = (-3.0 * (uniform() * uniform()).ln(), std::f64::consts::TAU * uniform());
        let mut noise = || 80.0 * (uniform() + uniform() + uniform() - 1.5);
        velocities.push([-200.0 * angle.sin() + noise(), 200.0 * angle.cos() + noise(), noise()]);
        positions.push([radius * angle.cos(), radius * angle.sin(), 0.4 * (uniform() - 0.5)]);
    }
    let ages = (0..n).map(|i| 0.01 * (i % 1000) as f64).collect();
    let stars = Stars::new(Particles::new(positions, velocities, vec![1.0e6; n]).unwrap())
        .with_ages_gyr(ages)
        .unwrap()
        .with_initial_masses_msun(vec![1.5e6; n])
        .unwrap()
        .with_magnitudes_g((0..n).map(|i| -9.0 - (i % 3) as f64).collect())
        .unwrap()
        .with_magnitudes_r((0..n).map(|i| -9.5 - (i % 3) as f64).collect())
        .unwrap();
    // A halo in which circular orbits have 200 km/s too: 9.3e9 Msun in each kpc.
    let halo = (0..3000)
        .map(|i| {
            let direction: [f64; 3] = std::array::from_fn(|_| random.random::<f64>() - 0.5);
            let length = crate::radius(&direction);
            direction.map(|x| x / length * (f64::from(i) + 0.5) / 30.0)
        })
        .collect();
    let dark_matter = Particles::new(halo, vec![[0.0; 3]; 3000], vec![3.1e8; 3000]).unwrap();
    Galaxy { stars, dark_matter, ..Galaxy::default() }
}

fn measure(galaxy: &Galaxy, view: &FeatureView<'_>) -> Features {
    let radius = half_mass_radius_kpc(galaxy.stars.particles()).unwrap_or(f64::NAN);
    measure_features(galaxy, radius, view, &FeatureConfig::default()).unwrap()
}

fn in_threads<T: Send>(n_threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(run)
}

fn up(features: &Features) -> Vec<&'static str> {
    features.flags().iter().filter(|flag| flag.is_up).map(|flag| flag.name).collect()
}

#[test]
fn one_pass_finds_what_each_statistic_finds() {
    let galaxy = disc(20_000);
    let stars = galaxy.stars.particles();
    let radius = half_mass_radius_kpc(stars).unwrap();
    let found = measure(&galaxy, &FeatureView::new(RIGHT, UP));
    let light = |magnitudes: Option<&[f64]>, sun: f64| -> Vec<f64> {
        magnitudes.unwrap().iter().map(|m| galmass_core::units::luminosity_lsun(*m, sun)).collect()
    };
    let r = light(galaxy.stars.magnitudes_r(), galmass_core::units::SUN_MAGNITUDE_R);
    let g = light(galaxy.stars.magnitudes_g(), galmass_core::units::SUN_MAGNITUDE_G);
    let circle = Aperture::Circle { radius_kpc: 2.0 * radius, right: RIGHT, up: UP };
    assert_eq!(found.view.brightness_r, measure_brightness(stars, &BandLight::r(&r), &circle).unwrap());
    assert_eq!(found.view.brightness_g, measure_brightness(stars, &BandLight::g(&g), &circle).unwrap());
    assert_eq!(found.view.star_formation, measure_star_formation(&galaxy.stars, &circle, 1.0).unwrap());
    assert_eq!(found.view.dispersion, fibre_dispersion(stars, &r, RIGHT, UP, 2.0 * radius).unwrap());
    let profile =
        measure_light_profile(stars, &r, RIGHT, UP, 5.0 * radius, &LightProfileConfig::default()).unwrap();
    assert_eq!(found.view.light_profile, profile);
    let shape = measure_shape(stars, 3.0 * radius, &FeatureConfig::default().shape).unwrap();
    assert_eq!(found.intrinsic.shape, shape);
}

#[test]
fn a_disc_looks_like_one() {
    let galaxy = disc(20_000);
    let edge_on = measure(&galaxy, &FeatureView::new(RIGHT, UP));
    let face_on = measure(&galaxy, &FeatureView::new([1.0, 0.0, 0.0], RIGHT));
    // Pixels of one star are left out.
    assert_eq!(up(&face_on), ["spin_pixels_left_out"]);
    assert!((face_on.view.sersic.index - 1.0).abs() < 0.1, "{:?}", face_on.view.sersic);
    assert!((face_on.view.sersic.effective_radius / (3.0 * 1.678) - 1.0).abs() < 0.05);
    assert!((face_on.view.colour_g_r() - 0.5).abs() < 1e-9);
    assert!(face_on.view.dispersion.value_km_s < 50.0 && edge_on.view.dispersion.value_km_s > 120.0);
    assert!(edge_on.view.spin.value > 0.7 && face_on.view.spin.value < 0.3);
    // A tenth of the stars is young, nearly all of them inside.
    let rate = face_on.view.star_formation.rate_msun_yr;
    assert!((2.4..3.0).contains(&rate), "{rate}");
    assert!(face_on.intrinsic.shape.minor_to_major < 0.1);
    let orbits = &face_on.intrinsic.circularity.fractions;
    assert!(orbits.cold > 0.5 && orbits.bulge_to_total < 0.1, "{orbits:?}");
    // The largest angular momenta are at least those of circles here, where speeds scatter.
    let by_rank = &face_on.intrinsic.fractions_by_rank;
    assert!((by_rank.bulge_to_total - orbits.bulge_to_total).abs() < 0.01, "{by_rank:?}");
    assert!(by_rank.cold > 0.3 && by_rank.cold + by_rank.warm > 0.9, "{by_rank:?}");
}

#[test]
fn dust_is_what_is_handed_in() {
    let galaxy = disc(1000);
    let free = measure(&galaxy, &FeatureView::new(RIGHT, UP));
    let dim = |magnitudes: Option<&[f64]>, by: f64, sun: f64| -> Vec<f64> {
        magnitudes.unwrap().iter().map(|m| galmass_core::units::luminosity_lsun(m + by, sun)).collect()
    };
    let g = dim(galaxy.stars.magnitudes_g(), 0.5, galmass_core::units::SUN_MAGNITUDE_G);
    let r = dim(galaxy.stars.magnitudes_r(), 0.3, galmass_core::units::SUN_MAGNITUDE_R);
    let view = FeatureView {
        luminosities_g_lsun: Some(&g),
        luminosities_r_lsun: Some(&r),
        ..FeatureView::new(RIGHT, UP)
    };
    let seen = measure(&galaxy, &view);
    let fainter = seen.view.brightness_r.magnitude - free.view.brightness_r.magnitude;
    let redder = seen.view.colour_g_r() - free.view.colour_g_r();
    assert!((fainter - 0.3).abs() < 1e-9 && (redder - 0.2).abs() < 1e-9, "{fainter} {redder}");
    // A screen of one depth changes neither motions nor the form of the profile.
    assert!((seen.view.dispersion.value_km_s / free.view.dispersion.value_km_s - 1.0).abs() < 1e-9);
    assert!((seen.view.sersic.index / free.view.sersic.index - 1.0).abs() < 1e-4);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let galaxy = disc(5000);
    let alone = in_threads(1, || measure(&galaxy, &FeatureView::new(RIGHT, UP)));
    let together = in_threads(4, || measure(&galaxy, &FeatureView::new(RIGHT, UP)));
    for (one, other) in alone.values().iter().zip(together.values()) {
        assert_eq!(one.value.to_bits(), other.value.to_bits(), "{}", one.name);
    }
}

#[test]
fn a_galaxy_to_blame_has_flags() {
    let of = |positions: Vec<[f64; 3]>| {
        let n = positions.len();
        let velocities = (0..n).map(|i| [i as f64, 0.0, 0.0]).collect();
        let stars = Stars::new(Particles::new(positions, velocities, vec![1.0e6; n]).unwrap());
        measure(&Galaxy { stars, ..Galaxy::default() }, &FeatureView::new(RIGHT, UP))
    };
    let none = of(Vec::new());
    for flag in ["no_extent", "light_unknown", "sersic_not_fitted", "shape_too_few", "spin_not_measured"] {
        assert!(up(&none).contains(&flag), "{flag}: {:?}", up(&none));
    }
    let unknown = |features: &Features, name: &str| {
        features.values().iter().any(|value| value.name == name && value.value.is_nan())
    };
    for name in ["magnitude_r", "sersic_index", "velocity_dispersion_km_s", "lambda_r", "minor_to_major"] {
        assert!(unknown(&none, name), "{name}");
    }
    assert_eq!(none.view.star_formation.rate_msun_yr, 0.0);
    for awkward in [vec![[1.0, 2.0, 3.0]], vec![[0.0; 3]; 100], vec![[4.0, 0.0, 0.0]; 100]] {
        let n = awkward.len();
        let found = of(awkward);
        let up = up(&found);
        assert!(up.contains(&"weighed_by_mass") && up.contains(&"ages_unknown"), "{up:?}");
        assert!(up.contains(&"shape_too_few") || up.contains(&"shape_degenerate"), "{up:?}");
        assert_eq!(found.intrinsic.stellar_mass_msun, n as f64 * 1.0e6);
    }
}

#[test]
fn a_bad_call_is_refused() {
    let galaxy = disc(100);
    let refused = |view: &FeatureView<'_>, config: FeatureConfig| {
        measure_features(&galaxy, 5.0, view, &config).unwrap_err().to_string()
    };
    let (view, config) = (FeatureView::new(RIGHT, UP), FeatureConfig::default);
    assert!(refused(&FeatureView::new([0.0, 2.0, 0.0], UP), config()).contains("`length of right` is 2"));
    assert!(refused(&FeatureView::new(UP, UP), config()).contains("cosine"));
    assert!(refused(&FeatureView::new(RIGHT, [f64::NAN; 3]), config()).contains("length of up"));
    let short = FeatureView { luminosities_r_lsun: Some(&[1.0]), ..view };
    assert!(refused(&short, config()).contains("has 1 rows where 100 are needed"));
    assert!(refused(&view, FeatureConfig { aperture_rhsm: 0.0, ..config() }).contains("aperture_rhsm"));
    assert!(refused(&view, FeatureConfig { map_px: 0, ..config() }).contains("map_px"));
    let nan = FeatureConfig { profile_error_floor: f64::NAN, ..config() };
    assert!(refused(&view, nan).contains("error_floor"));
}

#[test]
fn each_value_has_a_name_of_its_own_that_ends_in_its_unit() {
    let features = measure(&disc(200), &FeatureView::new(RIGHT, UP));
    let mut names: Vec<_> = features.values().iter().map(|value| value.name).collect();
    for value in features.values() {
        let ending = match value.unit {
            "1" | "mag" => continue,
            unit => unit.replace('/', "_").to_lowercase(),
        };
        assert!(value.name.ends_with(&ending), "{} in {}", value.name, value.unit);
    }
    names.extend(features.flags().iter().map(|flag| flag.name));
    let n = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n);
}
