use super::*;
use crate::effects::testing::{Sky, bits, lonely_stars};
use crate::{Effect, Exposure, Observation, ObservationEffects, Sightline};

const SIGHTLINE: Sightline = Sightline { half_mass_radius_kpc: 1.0, galaxy_index: 0, view_index: 0 };

fn blur(observation: Observation, shape: PsfShape) -> Observation {
    let steps = vec![Effect::Psf(PsfConfig { shape, on: AppliedTo::Both })];
    let Exposure { observation, .. } =
        ObservationEffects { seed: 0, steps }.apply(observation, &SIGHTLINE).unwrap();
    observation
}

fn gaussian(sigma_kpc: f64) -> PsfShape {
    PsfShape::Gaussian { fwhm: Length::Kpc(sigma_kpc * (8.0 * 2f64.ln()).sqrt()) }
}

fn moffat(fwhm: f64, beta: f64) -> PsfShape {
    PsfShape::Moffat { fwhm: Length::Kpc(fwhm), beta }
}

fn array(cell: f64) -> PsfShape {
    let values = vec![vec![0.0, 1.0, 0.0], vec![1.0, 4.0, 2.0], vec![0.0, 1.0, 3.0]];
    PsfShape::Array { cell: Length::Kpc(cell), values }
}

/// Uniform light and dispersion, turning like a solid body seen from its side.
fn solid_body(gradient: f64) -> Observation {
    Sky { flux: &|_, _| 3.0, velocity: &move |x, y| gradient * (0.8 * x + 0.6 * y), dispersion: &|_, _| 40.0 }
        .observe(64)
}

#[test]
fn beam_smearing_of_a_linear_velocity_field_is_a_squared_sigma_psf_squared() {
    let gradient = 17.0;
    let sharp = solid_body(gradient);
    for sigma in [1e-3, 0.1, 0.4, 0.9, 1.7, 3.0] {
        let seen = blur(sharp.clone(), gaussian(sigma));
        let expected = (40.0f64.powi(2) + (gradient * sigma).powi(2)).sqrt();
        // Light of the edge is missing within the reach of the kernel.
        let edge = (8.5 * sigma).ceil() as usize + 1;
        for row in edge..64 - edge {
            for column in edge..64 - edge {
                let at = [row, column];
                assert!((seen.velocity.values()[at] - sharp.velocity.values()[at]).abs() < 1e-11);
                assert!((seen.dispersion.values()[at] / expected - 1.0).abs() < 1e-12, "{sigma}");
                assert!((seen.flux.values()[at] - 3.0).abs() < 1e-13);
            }
        }
    }
}

#[test]
fn a_rotating_disc_loses_its_gradient_and_gains_dispersion() {
    let disc = Sky {
        flux: &|x, y| (-(x * x + y * y).sqrt() / 4.0).exp(),
        velocity: &|x, y| 200.0 * x / (x * x + y * y + 1.0).sqrt(),
        dispersion: &|_, _| 20.0,
    };
    let sharp = disc.observe(48);
    for shape in [gaussian(1.5), moffat(3.5, 3.0)] {
        let seen = blur(sharp.clone(), shape);
        let gradient =
            |seen: &Observation| seen.velocity.values()[[24, 25]] - seen.velocity.values()[[24, 22]];
        assert!(gradient(&seen) < 0.7 * gradient(&sharp));
        assert!(seen.dispersion.values()[[24, 24]] > 60.0);
        assert!(seen.dispersion.values()[[24, 24]] > 2.0 * seen.dispersion.values()[[24, 38]]);
    }
}

#[test]
fn light_far_from_the_edge_is_conserved() {
    let blob = Sky {
        flux: &|x, y| if x * x + y * y < 9.0 { 1.0e10 + x } else { 0.0 },
        velocity: &|_, _| 1.0,
        dispersion: &|_, _| 1.0,
    };
    let sharp = blob.observe(61);
    for shape in [gaussian(1e-4), gaussian(0.3), gaussian(2.0), array(0.7), array(1.0), array(2.3)] {
        let seen = blur(sharp.clone(), shape);
        assert!((seen.image.sum() / sharp.image.sum() - 1.0).abs() < 1e-12);
        assert!((seen.flux.sum() / sharp.flux.sum() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn light_over_the_edge_is_lost() {
    // A star in the corner pixel keeps the half of the Gaussian along each axis, and half a pixel's worth.
    let seen = blur(lonely_stars(40, &[(0, 0, 1.0, 0.0)]), gaussian(3.0));
    let row_sum = seen.image.values().row(0).sum() / seen.image.values()[[0, 0]];
    let expected = 0.5 * (1.0 / kernel::gaussian_shares(3.0, 40)[0] + 1.0);
    assert!((row_sum - expected).abs() < 1e-12, "{row_sum} {expected}");
    assert!(seen.image.sum() < 0.36);
}

#[test]
fn the_wings_of_a_moffat_profile_leave_the_field() {
    let seen = blur(lonely_stars(101, &[(50, 50, 1.0, 0.0)]), moffat(4.0, 2.5));
    // Outside a circle of radius r lies (1 + r^2 / alpha^2)^(1 - beta); the field is a square of half side 50.5.
    let alpha2 = 4.0 / (2f64.powf(0.4) - 1.0);
    let beyond = |r: f64| (1.0 + r * r / alpha2).powf(-1.5);
    let lost = 1.0 - seen.image.sum();
    assert!(lost < beyond(50.5) && lost > beyond(50.5 * 2f64.sqrt()), "{lost}");
}

#[test]
fn a_point_spread_function_far_below_a_pixel_does_nothing() {
    let mut sharp = solid_body(10.0);
    // With a pixel of nothing, one of a lonely star, and one whose few stars were too few for a dispersion.
    let change = |map: &mut galmass_core::Map, pixel: [usize; 2], value: f64| {
        let mut values = map.values().clone();
        values[pixel] = value;
        *map = with_values(map, values).unwrap();
    };
    for (pixel, count, flux, velocity) in
        [([3, 3], 0.0, 0.0, f64::NAN), ([9, 9], 1.0, 2.0, 5.0), ([20, 20], 3.0, 2.0, 5.0)]
    {
        change(&mut sharp.count, pixel, count);
        change(&mut sharp.flux, pixel, flux);
        change(&mut sharp.velocity, pixel, velocity);
        change(&mut sharp.dispersion, pixel, f64::NAN);
    }
    for shape in [gaussian(1e-8), moffat(1e-8, 4.0), array(1e-8)] {
        let seen = blur(sharp.clone(), shape);
        for (sharp, seen) in [
            (&sharp.image, &seen.image),
            (&sharp.flux, &seen.flux),
            (&sharp.velocity, &seen.velocity),
            (&sharp.dispersion, &seen.dispersion),
        ] {
            for (a, b) in sharp.values().iter().zip(seen.values()) {
                assert!(a.is_nan() && b.is_nan() || (a - b).abs() < 1e-10 * a.abs().max(1.0), "{a} {b}");
            }
        }
        assert_eq!(seen.count, sharp.count);
    }
}

#[test]
fn a_lonely_star_has_a_velocity_everywhere_and_a_dispersion_nowhere() {
    let seen = blur(lonely_stars(15, &[(7, 7, 2.0, 120.0)]), gaussian(1.5));
    assert!((seen.velocity.values()[[9, 4]] - 120.0).abs() < 1e-12);
    assert!(seen.dispersion.values().iter().all(|sigma| sigma.is_nan()));
}

#[test]
fn two_lonely_stars_have_the_dispersion_of_their_difference() {
    let seen = blur(lonely_stars(15, &[(7, 6, 2.0, 120.0), (7, 8, 2.0, 80.0)]), gaussian(1.5));
    assert!((seen.velocity.values()[[7, 7]] - 100.0).abs() < 1e-12);
    assert!((seen.dispersion.values()[[7, 7]] - 20.0).abs() < 1e-12);
    // Nearer to one of them its light is not that of two stars.
    assert!(seen.dispersion.values()[[7, 6]].is_nan());
}

#[test]
fn an_array_moves_light_to_the_side_it_points_to() {
    let seen = blur(lonely_stars(9, &[(4, 4, 12.0, 0.0)]), array(1.0));
    let expected = [((4, 4), 4.0), ((4, 5), 2.0), ((5, 5), 3.0), ((3, 4), 1.0), ((3, 3), 0.0)];
    for (pixel, light) in expected {
        assert!((seen.image.values()[pixel] - light).abs() < 1e-13, "{pixel:?}");
    }
}

#[test]
fn a_steep_moffat_profile_is_a_gaussian() {
    let star = lonely_stars(41, &[(20, 20, 1.0, 0.0)]);
    let steep = blur(star.clone(), moffat(6.0, 100.0));
    let round = blur(star, PsfShape::Gaussian { fwhm: Length::Kpc(6.0) });
    let peak = round.image.values()[[20, 20]];
    let worst = (steep.image.values() - round.image.values()).fold(0f64, |worst, d| worst.max(d.abs()));
    assert!(worst < 0.01 * peak && worst > 0.0, "{worst} of {peak}");
}

#[test]
fn a_dark_map_stays_dark() {
    let dark = lonely_stars(5, &[]);
    for shape in [gaussian(1.0), moffat(2.0, 3.0), array(1.0)] {
        let seen = blur(dark.clone(), shape);
        assert_eq!((seen.image.sum(), seen.flux.sum()), (0.0, 0.0));
        assert!(seen.velocity.values().iter().chain(seen.dispersion.values()).all(|v| v.is_nan()));
    }
    // Without light there is no half-light radius either.
    let unscaled = PsfShape::Gaussian { fwhm: Length::HalfLightRadii(1.0) };
    assert_eq!(bits(&blur(dark.clone(), unscaled)), bits(&dark));
}

#[test]
fn widths_beyond_all_measure_spread_the_light_to_nothing() {
    let star = lonely_stars(7, &[(3, 3, 1.0, 10.0)]);
    for shape in [gaussian(1e300), moffat(1e300, 1.01), moffat(1e300, 100.0), array(1e300)] {
        let seen = blur(star.clone(), shape.clone());
        let light = seen.image.sum();
        assert!((0.0..1e-9).contains(&light), "{shape:?}: {light}");
    }
    let all = blur(lonely_stars(1, &[(0, 0, 1.0, 10.0)]), moffat(1e-300, 2.0)).image.sum();
    assert!((all - 1.0).abs() < 1e-14, "{all}");
}

#[test]
fn impossible_point_spread_functions_are_refused() {
    let refused = |shape| PsfConfig { shape, on: AppliedTo::Both }.check().unwrap_err();
    assert!(matches!(refused(gaussian(0.0)), ObserveError::BadSetting { setting: "fwhm", .. }));
    assert!(matches!(refused(moffat(1.0, 1.0)), ObserveError::BadSetting { setting: "beta", .. }));
    assert!(matches!(refused(moffat(1.0, f64::NAN)), ObserveError::BadSetting { setting: "beta", .. }));
    let values = |values: Vec<Vec<f64>>| refused(PsfShape::Array { cell: Length::Kpc(1.0), values });
    assert_eq!(values(vec![]), ObserveError::PsfWithoutMiddle { rows: 0, columns: 0 });
    assert_eq!(values(vec![vec![1.0; 2]; 3]), ObserveError::PsfWithoutMiddle { rows: 3, columns: 2 });
    let ragged = values(vec![vec![1.0; 3], vec![1.0; 3], vec![1.0; 4]]);
    assert_eq!(ragged, ObserveError::PsfRagged { row: 2, expected: 3, found: 4 });
    let negative = values(vec![vec![1.0, 2.0, -3.0]]);
    assert_eq!(negative, ObserveError::PsfValue { row: 0, column: 2, value: -3.0 });
    assert!(matches!(
        values(vec![vec![0.0]]),
        ObserveError::BadSetting { setting: "the sum of `values`", .. }
    ));
    assert!(matches!(values(vec![vec![f64::MAX; 3]]), ObserveError::BadSetting { .. }));
    assert!(matches!(values(vec![vec![1.0; 4097]]), ObserveError::BadSetting { .. }));
}
