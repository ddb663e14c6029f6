//! The orbits of the stars of a real simulated galaxy.

use galmass::prelude::*;
use galmass::stats::{
    Circularity, CircularityConfig, CircularityMethod, OrbitFractions, measure_circularity,
};

use crate::data;

/// Where the SUBFIND centre of subhalo 394242 lies in the particle file, after the README beside it \[kpc\].
const CENTRE_KPC: [f64; 3] = [0.07454258, -0.02227662, -0.00096425];
/// Its stellar half-mass radius in the TNG100-1 catalogue at z = 0 \[kpc\].
const RADIUS_KPC: f64 = 7.586881;

fn subhalo() -> Option<FramedGalaxy> {
    let snapshot = read_galaxy(&data::file("tng100_394242/gal394242.h5")?, None).unwrap();
    let given = GivenFrame { centre_kpc: Some(CENTRE_KPC), half_mass_radius_kpc: Some(RADIUS_KPC) };
    Some(FramedGalaxy::new(snapshot.galaxy, &given).unwrap())
}

/// Largest angular momenta of stars are too small where few are on circles: up to a twelfth of the mass is warm by the
/// curves' count and cold by theirs.
const BETWEEN_METHODS: f64 = 0.1;
/// The two curves differ by the flatness of the galaxy.
const BETWEEN_CURVES: f64 = 0.05;
/// The particles at hand hold all mass whose pull is uneven.
const OF_POTENTIALS: f64 = 0.01;

fn measure(galaxy: &Galaxy, method: CircularityMethod) -> Circularity {
    let config = CircularityConfig { method, ..CircularityConfig::default() };
    measure_circularity(galaxy, 2.0 * RADIUS_KPC, &config).unwrap()
}

fn list(fractions: OrbitFractions) -> [f64; 5] {
    [fractions.cold, fractions.warm, fractions.hot, fractions.counter, fractions.bulge_to_total]
}

fn assert_near(found: OrbitFractions, expected: OrbitFractions, tolerance: f64, what: &str) {
    for (value, expected) in list(found).into_iter().zip(list(expected)) {
        assert!((value - expected).abs() < tolerance, "{what}: {found:?}");
    }
}

#[test]
fn every_method_sees_a_disc_in_subhalo_394242() {
    let Some(framed) = subhalo() else { return };
    let galaxy = framed.galaxy();
    assert!(galaxy.stars.particles().potentials_km2_s2().is_some());
    let midplane = measure(galaxy, CircularityMethod::Midplane).fractions;
    for method in CircularityMethod::ALL {
        let found = measure(galaxy, method);
        let [cold, warm, hot, counter, bulge_to_total] = list(found.fractions);
        let what = format!("{method:?}");
        assert!(
            (cold + warm + hot + counter - 1.0).abs() < 1e-9,
            "{what}: {found:?}",
            found = found.fractions
        );
        assert!(cold > 0.35 && cold < 0.55, "{what}: {cold}");
        // What is against the rotation is half of B/T: the counter-rotating stars, and a part of the hot ones.
        assert!(counter < 0.5 * bulge_to_total && 0.5 * bulge_to_total < counter + hot, "{what}");
        // Signs are the same by all methods, but for the few values beyond 1 that one leaves out.
        assert!((bulge_to_total - midplane.bulge_to_total).abs() < 2e-3, "{what}: {bulge_to_total}");
        // Nearly all stars of the file are bound by its particles.
        assert!(found.n_unbound * 1000 < found.n_stars, "{what}: {}", found.n_unbound);
        assert_near(found.fractions, midplane, BETWEEN_METHODS, &what);
    }
    assert_near(
        measure(galaxy, CircularityMethod::Spherical).fractions,
        midplane,
        BETWEEN_CURVES,
        "spherical",
    );
}

#[test]
fn stored_and_computed_potentials_tell_the_same_of_subhalo_394242() {
    let Some(framed) = subhalo() else { return };
    let stored = framed.galaxy();
    let stars = stored.stars.particles();
    let columns =
        (stars.positions_kpc().to_vec(), stars.velocities_km_s().to_vec(), stars.masses_msun().to_vec());
    let bare = Particles::new(columns.0, columns.1, columns.2).unwrap();
    let computed = Galaxy { stars: Stars::new(bare), ..stored.clone() };
    for method in [CircularityMethod::Midplane, CircularityMethod::Spherical] {
        let (one, other) = (measure(stored, method), measure(&computed, method));
        assert!(!one.flags.potential_computed && other.flags.potential_computed);
        let tolerance =
            if method == CircularityMethod::Midplane { OF_POTENTIALS } else { 2.0 * OF_POTENTIALS };
        assert_near(other.fractions, one.fractions, tolerance, &format!("{method:?}"));
    }
}
