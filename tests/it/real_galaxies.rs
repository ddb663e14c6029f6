//! Real simulated galaxies, from file to observation.

use galmass::prelude::*;

use crate::data;

/// The stellar half-mass radius of subhalo 394242 in the TNG100-1 catalogue at z = 0 \[kpc\].
const RADIUS_394242_KPC: f64 = 7.586881;
/// Where its SUBFIND centre lies in the particle file, after the README beside it.
const CENTRE_394242_KPC: [f64; 3] = [0.07454258, -0.02227662, -0.00096425];

fn framed(path: &str, given: GivenFrame) -> Option<FramedGalaxy> {
    let snapshot = read_galaxy(&data::file(path)?, None).unwrap();
    Some(FramedGalaxy::new(snapshot.galaxy, &given).unwrap())
}

#[test]
fn the_cut_file_of_394242_holds_half_of_the_full_table_s_stars_within_r() {
    let given =
        GivenFrame { centre_kpc: Some(CENTRE_394242_KPC), half_mass_radius_kpc: Some(RADIUS_394242_KPC) };
    let Some(cut) = framed("tng100_394242/gal394242.h5", given) else { return };
    let Some(full) = framed("tng100_394242/star_ID_394242_full.npy", GivenFrame::default()) else { return };
    let within = Masses::in_sphere(cut.galaxy(), RADIUS_394242_KPC).stars_msun;
    let all = full.galaxy().stars.particles().total_mass_msun();
    assert!((within / (0.5 * all) - 1.0).abs() < 1e-3, "{within} of {all}");
}

#[test]
fn the_full_table_of_394242_gives_the_catalogue_s_radius() {
    for centre_kpc in [Some([0.0; 3]), None] {
        let given = GivenFrame { centre_kpc, ..GivenFrame::default() };
        let Some(full) = framed("tng100_394242/star_ID_394242_full.npy", given) else { return };
        let found = full.frame().half_mass_radius_kpc;
        assert!(
            (found / RADIUS_394242_KPC - 1.0).abs() < 1e-4,
            "{found} about {:?}",
            full.frame().centre_kpc
        );
    }
}

#[test]
fn every_kind_of_file_can_be_observed_from_three_sides() {
    for path in [
        "simspin/SimSpin_example_EAGLE_full_7524stars.hdf5",
        "simspin/SimSpin_example_EAGLE.hdf5",
        "simspin/SimSpin_example_IllustrisTNG.hdf5",
        "tng100_394242/gal394242.h5",
        "tng100_394242/star_ID_394242_full.npy",
    ] {
        let Some(galaxy) = framed(path, GivenFrame::default()) else { return };
        let config = ObservationConfig { image_px: 60, ..ObservationConfig::default() };
        let observer = Observer::new(&galaxy, config).unwrap();
        let all = galaxy.galaxy().stars.particles().total_mass_msun();
        for axis in Axis::ALL {
            let seen = observer.observe(&View::along(axis)).unwrap();
            let on_the_sky = seen.image.sum();
            assert!(
                on_the_sky > 0.5 * all && on_the_sky <= all * (1.0 + 1e-12),
                "{path}: {on_the_sky} of {all}"
            );
            let n_counted = seen.count.sum();
            assert!(n_counted > 0.5 * galaxy.galaxy().stars.particles().len() as f64, "{path}: {n_counted}");
        }
    }
}

#[test]
fn stars_deep_inside_the_image_keep_all_their_light() {
    let Some(galaxy) = framed("simspin/SimSpin_example_EAGLE_full_7524stars.hdf5", GivenFrame::default())
    else {
        return;
    };
    let stars = galaxy.galaxy().stars.particles();
    let support = galmass::project::support_radii(stars.positions_kpc(), 32).unwrap();
    let half_width = 3.0 * galaxy.frame().half_mass_radius_kpc;
    let grid = PixelGrid::new(300, half_width).unwrap();
    for view in Axis::ALL.map(View::along) {
        let inside = |k: usize| {
            let [x, y] = view.plane(stars.positions_kpc()[k]);
            x.abs().max(y.abs()) + support[k].kpc() < half_width
        };
        let interior: Vec<usize> = (0..stars.len()).filter(|&k| inside(k)).collect();
        assert!(interior.len() > 5000, "{}", interior.len());
        let chosen = |values: &[f64]| interior.iter().map(|&k| values[k]).collect::<Vec<_>>();
        let masses = chosen(stars.masses_msun());
        let positions: Vec<_> = interior.iter().map(|&k| stars.positions_kpc()[k]).collect();
        let support: Vec<_> = interior.iter().map(|&k| support[k]).collect();
        let unit = galmass::core::Unit::SolarMass;
        let config = galmass::project::DepositConfig::default();
        let image =
            galmass::project::deposit(&positions, &masses, &support, &view, grid, unit, &config).unwrap();
        let total: f64 = masses.iter().sum();
        assert!((image.sum() / total - 1.0).abs() < 1e-12, "{}", image.sum() / total - 1.0);
    }
}
