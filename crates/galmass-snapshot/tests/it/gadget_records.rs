//! Gadget's binary files, as the tests write them.

use galmass_snapshot::{SnapshotError, SuiteKind};

use crate::fixture::{Fixture, assert_close, assert_vectors_close, position, velocity};

/// See the ages of the TNG fixture.
const AGE_GYR: f64 = 5.751646943448283 - 2.1125271908926933;

/// What a header says of the whole snapshot.
#[derive(Clone, Copy)]
struct Universe {
    time: f64,
    redshift: f64,
    box_size: f64,
    omega_matter: f64,
    hubble: f64,
    n_files: i32,
}

const EXPANDING: Universe =
    Universe { time: 0.5, redshift: 1.0, box_size: 140.0, omega_matter: 0.3, hubble: 0.7, n_files: 1 };

fn record(bytes: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u32).to_le_bytes();
    bytes.extend(length);
    bytes.extend(data);
    bytes.extend(length);
}

/// Format 1: particles k = 1, 2, ... of each type at the places of the other fixtures; dark matter has the mass 0.0007
/// of the header, and stars have ages.
fn file(n_particles: [i32; 6], totals: [i32; 6], universe: Universe) -> Vec<u8> {
    let mut header = Vec::new();
    n_particles.iter().for_each(|n| header.extend(n.to_le_bytes()));
    [0.0, 0.0007, 0.0, 0.0, 0.0, 0.0f64].iter().for_each(|mass| header.extend(mass.to_le_bytes()));
    header.extend(universe.time.to_le_bytes());
    header.extend(universe.redshift.to_le_bytes());
    header.extend([0i32; 2].map(i32::to_le_bytes).as_flattened());
    totals.iter().for_each(|n| header.extend(n.to_le_bytes()));
    header.extend(0i32.to_le_bytes());
    header.extend(universe.n_files.to_le_bytes());
    for value in [universe.box_size, universe.omega_matter, 1.0 - universe.omega_matter, universe.hubble] {
        header.extend(value.to_le_bytes());
    }
    // Stars have ages; gas and stars no metallicities.
    header.extend(1i32.to_le_bytes());
    header.resize(256, 0);
    let mut bytes = Vec::new();
    record(&mut bytes, &header);

    let ks = |part_type: usize| (1..=n_particles[part_type]).map(|k| k as f32);
    let vectors = |unit: [f32; 3]| -> Vec<u8> {
        let of_type = |part_type| ks(part_type).flat_map(move |k| unit.map(|component| k * component));
        (0..6).flat_map(of_type).flat_map(f32::to_le_bytes).collect()
    };
    record(&mut bytes, &vectors([7.0, 14.0, 21.0]));
    record(&mut bytes, &vectors([100.0, 0.0, -100.0]));
    let ids = 0..n_particles.iter().sum::<i32>();
    record(&mut bytes, &ids.flat_map(i32::to_le_bytes).collect::<Vec<_>>());
    let masses = [0, 2, 3, 4, 5].into_iter().flat_map(|part_type| ks(part_type).map(|k| 0.7 * k));
    record(&mut bytes, &masses.flat_map(f32::to_le_bytes).collect::<Vec<_>>());
    if n_particles[0] > 0 {
        let ones: Vec<u8> = ks(0).flat_map(f32::to_le_bytes).collect();
        // Internal energies, densities, smoothing lengths.
        for _ in 0..3 {
            record(&mut bytes, &ones);
        }
    }
    if n_particles[4] > 0 {
        let births = ks(4).map(|_| 0.25f32);
        record(&mut bytes, &births.flat_map(f32::to_le_bytes).collect::<Vec<_>>());
    }
    bytes
}

fn binary(n_particles: [i32; 6], universe: Universe) -> Fixture {
    Fixture::bytes("snapshot_005", &file(n_particles, n_particles, universe))
}

/// Single precision.
const PRECISION: f64 = 1e-6;

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (x, y) in found.iter().zip(expected) {
        assert!((x - y).abs() <= PRECISION * y.abs(), "{found:?} is not {expected:?}");
    }
}

#[test]
fn all_blocks_become_physical() {
    let snapshot = binary([1, 2, 1, 0, 2, 1], EXPANDING).read().unwrap();
    assert_eq!((snapshot.suite, snapshot.redshift), (SuiteKind::GadgetBinary, Some(1.0)));
    let galaxy = snapshot.galaxy;
    let stars = galaxy.stars.particles();
    assert_vectors_close(stars.positions_kpc(), &[position(1.0), position(2.0)]);
    assert_vectors_close(stars.velocities_km_s(), &[velocity(1.0), velocity(2.0)]);
    assert_near(stars.masses_msun(), &[1e10, 2e10]);
    assert_near(galaxy.stars.ages_gyr().unwrap(), &[AGE_GYR; 2]);
    assert_vectors_close(galaxy.gas.particles().positions_kpc(), &[position(1.0)]);
    // (1e10 Msun/h) / (kpc/h)^3 a^-3.
    assert_close(galaxy.gas.densities_msun_kpc3().unwrap(), &[1e10 * 0.49 * 8.0]);
    let radii: Vec<_> = galaxy.gas.support_radii().unwrap().iter().map(|radius| radius.kpc()).collect();
    assert_close(&radii, &[0.5 / 0.7]);
    assert_near(galaxy.dark_matter.masses_msun(), &[1e7, 1e7, 1e10]);
    assert_near(galaxy.black_holes.masses_msun(), &[1e10]);
    assert_close(&[galaxy.box_size_kpc.unwrap()], &[100.0]);
}

#[test]
fn an_isolated_galaxy_has_a_disc_and_a_bulge() {
    let universe =
        Universe { time: 3.0, redshift: 0.0, box_size: 0.0, omega_matter: 0.0, hubble: 1.0, n_files: 1 };
    let snapshot = binary([0, 1, 2, 1, 0, 0], universe).read().unwrap();
    assert_eq!(snapshot.redshift, None);
    let stars = snapshot.galaxy.stars;
    assert_near(stars.particles().masses_msun(), &[0.7e10, 1.4e10, 0.7e10]);
    assert_vectors_close(&stars.particles().positions_kpc()[..1], &[[7.0, 14.0, 21.0]]);
    assert_eq!(stars.ages_gyr(), None);
    assert_eq!(snapshot.galaxy.box_size_kpc, None);
}

#[test]
fn parts_are_found_by_their_numbers() {
    let universe = Universe { n_files: 2, ..EXPANDING };
    let totals = [0, 3, 0, 0, 3, 0];
    let fixture = Fixture::bytes("snapshot_005.0", &file([0, 1, 0, 0, 2, 0], totals, universe));
    let missing = fixture.fails_with(&["snapshot_005.1", "part 1 of the 2"]);
    assert!(matches!(missing, SnapshotError::MissingPart { .. }));
    std::fs::write(fixture.beside("snapshot_005.1"), file([0, 2, 0, 0, 1, 0], totals, universe)).unwrap();
    let galaxy = fixture.read().unwrap().galaxy;
    assert_near(galaxy.stars.particles().masses_msun(), &[1e10, 2e10, 1e10]);
    assert_eq!(galaxy.dark_matter.len(), 3);
}

#[test]
fn headers_that_are_implausible_are_refused() {
    let with = |universe| binary([0, 0, 0, 0, 1, 0], universe);
    with(Universe { time: -0.5, ..EXPANDING }).fails_with(&["/Header", "Time", "is -0.5 "]);
    with(Universe { hubble: 0.0, ..EXPANDING }).fails_with(&["/Header", "HubbleParam", "is 0 "]);
    with(Universe { redshift: 0.3, ..EXPANDING }).fails_with(&["scale factor 0.5", "redshift 0.3"]);
    with(Universe { box_size: f64::NAN, ..EXPANDING }).fails_with(&["/Header", "BoxSize", "is NaN "]);
}

#[test]
fn files_cut_short_are_refused() {
    let whole = file([0, 0, 0, 0, 2, 0], [0; 6], EXPANDING);
    for length in (264..whole.len() - 1).step_by(7) {
        let cut = Fixture::bytes("snapshot_005", &whole[..length]);
        assert!(cut.read().is_err(), "{length}");
    }
}
