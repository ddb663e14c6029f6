//! Cutouts of IllustrisTNG that are written and read back.

use galmass_core::{Galaxy, Gas, Particles, Stars, SupportRadius};
use galmass_snapshot::{SnapshotError, SuiteKind, TngCutout, read_galaxy, write_tng_cutout};
use hdf5_metno::File;

use crate::fixture::{Fixture, assert_close, assert_vectors_close};

/// Today, and half-way.
const SCALE_FACTORS: [f64; 2] = [1.0, 0.5];

/// Formation times are rounded, and times far from the beginning are small differences of large ones.
const AGE_TOLERANCE_GYR: f64 = 1e-11;

fn particles(n: usize, first: f64) -> Particles {
    let at = |k: usize| first + k as f64;
    Particles::new(
        (0..n).map(|k| [at(k), -2.0 * at(k), 0.1]).collect(),
        (0..n).map(|k| [100.0, at(k), -7.0]).collect(),
        (0..n).map(|k| 1.4e6 * at(k)).collect(),
    )
    .unwrap()
    .with_potentials_km2_s2((0..n).map(|k| -1e5 - at(k)).collect())
    .unwrap()
}

/// A galaxy with every column, of gas whose kernels reach to 2.5 radii of the spheres of its volumes.
fn galaxy() -> Galaxy {
    let stars = Stars::new(particles(3, 1.0))
        .with_ages_gyr(vec![0.0, 1.5, 5.0])
        .and_then(|stars| stars.with_metallicities(vec![0.01, 0.02, 0.03]))
        .and_then(|stars| stars.with_initial_masses_msun(vec![2e6, 3e6, 4e6]))
        .and_then(|stars| stars.with_magnitudes_g(vec![-8.0, -9.0, -10.0]))
        .and_then(|stars| stars.with_magnitudes_r(vec![-8.5, -9.5, -10.5]))
        .unwrap();
    let densities = [1e7, 3e6];
    let gas = particles(2, 5.0);
    let reach = |(mass, density): (&f64, f64)| {
        let radius = (3.0 * mass / (4.0 * std::f64::consts::PI * density)).cbrt();
        SupportRadius::from_nth_neighbour(2.5 * radius)
    };
    let radii = gas.masses_msun().iter().zip(densities).map(reach).collect();
    // The second has more neutral hydrogen than primordial gas has hydrogen.
    let neutral = vec![0.3 * gas.masses_msun()[0], 0.9 * gas.masses_msun()[1]];
    let gas = Gas::new(gas)
        .with_metallicities(vec![0.01, 0.02])
        .and_then(|gas| gas.with_neutral_hydrogen_masses_msun(neutral))
        .and_then(|gas| gas.with_densities_msun_kpc3(densities.to_vec()))
        .and_then(|gas| gas.with_star_formation_rates_msun_yr(vec![0.0, 0.25]))
        .and_then(|gas| gas.with_temperatures_k(vec![1e4, 8e3]))
        .and_then(|gas| gas.with_support_radii(radii))
        .unwrap();
    Galaxy {
        gas,
        dark_matter: particles(4, 8.0),
        stars,
        black_holes: particles(1, 20.0),
        box_size_kpc: Some(3.5e4),
    }
}

#[track_caller]
fn assert_same_particles(found: &Particles, expected: &Particles) {
    assert_vectors_close(found.positions_kpc(), expected.positions_kpc());
    assert_vectors_close(found.velocities_km_s(), expected.velocities_km_s());
    assert_close(found.masses_msun(), expected.masses_msun());
    assert_close(found.potentials_km2_s2().unwrap(), expected.potentials_km2_s2().unwrap());
}

#[track_caller]
fn assert_same(found: &Galaxy, expected: &Galaxy) {
    assert_same_particles(found.stars.particles(), expected.stars.particles());
    assert_same_particles(found.gas.particles(), expected.gas.particles());
    assert_same_particles(&found.dark_matter, &expected.dark_matter);
    assert_same_particles(&found.black_holes, &expected.black_holes);
    let (stars, expected_stars) = (&found.stars, &expected.stars);
    for (age, expected) in stars.ages_gyr().unwrap().iter().zip(expected_stars.ages_gyr().unwrap()) {
        assert!((age - expected).abs() < AGE_TOLERANCE_GYR, "{age} is not {expected}");
    }
    for column in [Stars::metallicities, Stars::initial_masses_msun, Stars::magnitudes_g, Stars::magnitudes_r]
    {
        assert_close(column(stars).unwrap(), column(expected_stars).unwrap());
    }
    for column in [
        Gas::metallicities,
        Gas::neutral_hydrogen_masses_msun,
        Gas::densities_msun_kpc3,
        Gas::star_formation_rates_msun_yr,
        Gas::temperatures_k,
    ] {
        assert_close(column(&found.gas).unwrap(), column(&expected.gas).unwrap());
    }
    let in_kpc = |gas: &Gas| gas.support_radii().unwrap().iter().map(|r| r.kpc()).collect::<Vec<_>>();
    assert_close(&in_kpc(&found.gas), &in_kpc(&expected.gas));
    assert_eq!(found.box_size_kpc.is_some(), expected.box_size_kpc.is_some());
}

#[test]
fn what_is_written_is_read_back() {
    for scale_factor in SCALE_FACTORS {
        let fixture = Fixture::nothing("cutout.hdf5");
        let cutout = TngCutout { scale_factor, ..TngCutout::default() };
        write_tng_cutout(&fixture.path, &galaxy(), &cutout).unwrap();
        let snapshot = fixture.read().unwrap();
        assert_eq!(snapshot.suite, SuiteKind::Tng);
        assert_eq!(snapshot.redshift, Some(1.0 / scale_factor - 1.0));
        assert_same(&snapshot.galaxy, &galaxy());
        assert_close(&[snapshot.galaxy.box_size_kpc.unwrap()], &[3.5e4]);
    }
}

#[test]
fn stored_values_are_in_the_units_of_illustris_tng() {
    let fixture = Fixture::nothing("cutout.hdf5");
    let cutout = TngCutout { scale_factor: 0.25, hubble: 0.5, omega_matter: 0.3 };
    let young = Stars::new(particles(1, 1.0)).with_ages_gyr(vec![0.0]).unwrap();
    write_tng_cutout(&fixture.path, &Galaxy { stars: young, ..galaxy() }, &cutout).unwrap();
    let file = File::open(&fixture.path).unwrap();
    let read = |name: &str| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
    // kpc times h / a, km/s over sqrt(a), 1e10 Msun/h, (km/s)^2 times a.
    assert_close(&read("PartType4/Coordinates"), &[2.0, -4.0, 0.2]);
    assert_close(&read("PartType4/Velocities"), &[200.0, 2.0, -14.0]);
    assert_close(&read("PartType4/Masses"), &[0.7e-4]);
    assert_close(&read("PartType4/Potential"), &[-25_000.25]);
    assert_close(&read("PartType4/GFM_StellarFormationTime"), &[0.25]);
    let ids: Vec<u64> = ["PartType0", "PartType1", "PartType4", "PartType5"]
        .iter()
        .flat_map(|group| file.dataset(&format!("{group}/ParticleIDs")).unwrap().read_raw::<u64>().unwrap())
        .collect();
    assert_eq!(ids, (1..=8).collect::<Vec<u64>>());
}

#[test]
fn dark_matter_of_one_mass_is_in_the_table() {
    let fixture = Fixture::nothing("cutout.hdf5");
    let halo = Particles::new(vec![[1.0; 3]; 5], vec![[0.0; 3]; 5], vec![7.5e6; 5]).unwrap();
    write_tng_cutout(&fixture.path, &Galaxy { dark_matter: halo, ..galaxy() }, &TngCutout::default())
        .unwrap();
    assert!(!File::open(&fixture.path).unwrap().link_exists("PartType1/Masses"));
    let galaxy = fixture.read().unwrap().galaxy;
    assert_close(galaxy.dark_matter.masses_msun(), &[7.5e6; 5]);
    assert_eq!(galaxy.dark_matter.potentials_km2_s2(), None);
}

#[test]
fn a_galaxy_of_nothing_but_stars_stays_one() {
    let fixture = Fixture::nothing("cutout.hdf5");
    let bare = Particles::new(vec![[1.0; 3]], vec![[0.0; 3]], vec![1e6]).unwrap();
    let galaxy = Galaxy { stars: Stars::new(bare).with_ages_gyr(vec![2.0]).unwrap(), ..Galaxy::default() };
    write_tng_cutout(&fixture.path, &galaxy, &TngCutout::default()).unwrap();
    let found = read_galaxy(&fixture.path, None).unwrap().galaxy;
    assert_eq!(found.n_particles(), 1);
    assert_eq!([found.stars.metallicities(), found.stars.magnitudes_g()], [None, None]);
    assert_eq!(found.box_size_kpc, None);
}

#[test]
fn a_file_that_is_there_is_replaced_and_nothing_is_left_over() {
    let fixture = Fixture::bytes("cutout.hdf5", b"something else");
    write_tng_cutout(&fixture.path, &galaxy(), &TngCutout::default()).unwrap();
    assert!(fixture.read().is_ok());
    let folder = fixture.path.parent().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_written_is_refused_with_the_reason() {
    let fixture = Fixture::nothing("cutout.hdf5");
    let refused = |galaxy: &Galaxy, cutout: TngCutout| {
        let error = write_tng_cutout(&fixture.path, galaxy, &cutout).unwrap_err();
        assert!(!fixture.path.exists());
        error
    };
    for scale_factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = refused(&galaxy(), TngCutout { scale_factor, ..TngCutout::default() });
        assert!(matches!(error, SnapshotError::BadCutout { setting: "scale_factor", .. }));
    }
    let error = refused(&galaxy(), TngCutout { omega_matter: 1.5, ..TngCutout::default() });
    assert!(matches!(error, SnapshotError::BadCutout { setting: "1 - omega_matter", value: -0.5 }));
    // At a redshift of 2 the universe is 3.3 Gyr old, and the last star 5.
    let error = refused(&galaxy(), TngCutout { scale_factor: 1.0 / 3.0, ..TngCutout::default() });
    assert!(matches!(error, SnapshotError::OlderThanTheUniverse { index: 2, age_gyr: 5.0, .. }), "{error}");
    let ageless = Galaxy { stars: Stars::new(particles(1, 1.0)), ..Galaxy::default() };
    let error = refused(&ageless, TngCutout::default());
    assert!(matches!(error, SnapshotError::NotInTng { needs: "ages", .. }));
    let gas = Gas::new(particles(1, 1.0)).with_temperatures_k(vec![1e4]).unwrap();
    let error = refused(&Galaxy { gas, ..galaxy() }, TngCutout::default());
    assert!(matches!(error, SnapshotError::NotInTng { column: "temperatures", .. }));
    let nowhere = fixture.path.join("no").join("folder.hdf5");
    let error = write_tng_cutout(&nowhere, &galaxy(), &TngCutout::default()).unwrap_err();
    assert!(matches!(error, SnapshotError::CannotWrite { ref path, .. } if *path == nowhere));
}
