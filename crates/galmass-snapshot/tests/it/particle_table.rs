//! Particle tables.

use galmass_core::Particles;
use galmass_snapshot::SuiteKind;
use hdf5_metno::H5Type;
use ndarray::{arr1, arr2};

use crate::fixture::{TableRow, dataset, particle_table};

/// The particles that [`TableRow::new`] stores.
fn particles(ks: &[f64]) -> Particles {
    let positions = ks.iter().map(|&k| [k, 2.0 * k, 3.0 * k]).collect();
    let masses = ks.iter().map(|k| 1e6 * k).collect();
    let potentials = ks.iter().map(|k| -k).collect();
    Particles::new(positions, vec![[10.0, 20.0, -30.0]; ks.len()], masses)
        .and_then(|particles| particles.with_potentials_km2_s2(potentials))
        .unwrap()
}

#[test]
fn columns_are_found_by_name_and_taken_as_they_are() {
    let snapshot = particle_table().read().unwrap();
    assert_eq!(snapshot.suite, SuiteKind::ParticleTable);
    assert_eq!(snapshot.redshift, None);
    let galaxy = snapshot.galaxy;
    assert_eq!(galaxy.stars.particles(), &particles(&[1.0, 2.0]));
    assert_eq!(*galaxy.gas.particles(), particles(&[3.0]));
    assert_eq!(galaxy.dark_matter, particles(&[4.0, 5.0, 6.0]));
    assert!(galaxy.black_holes.is_empty());
    assert_eq!(galaxy.box_size_kpc, None);
    assert_eq!(galaxy.stars.ages_gyr(), None);
}

#[test]
fn components_but_for_stars_may_be_absent() {
    let fixture = particle_table().but(|file| {
        file.unlink("gas").unwrap();
        file.unlink("dark_matter").unwrap();
    });
    assert_eq!(fixture.read().unwrap().galaxy.n_particles(), 2);

    let starless = particle_table().but(|file| file.unlink("stars").unwrap());
    starless.fails_with(&["/stars", "no star particles", "0 rows"]);
    let empty = particle_table().but(|file| dataset(file, "stars", &arr1::<TableRow>(&[])));
    empty.fails_with(&["/stars", "no star particles", "0 rows"]);
}

#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Bare {
    m: f32,
    x: f32,
    y: f32,
    z: f32,
    vx: f32,
    vy: f32,
    vz: i32,
}

const BARE: Bare = Bare { m: 1e6, x: 1.0, y: 2.0, z: 3.0, vx: 10.0, vy: 20.0, vz: -30 };

#[test]
fn potentials_may_be_absent() {
    let fixture = particle_table().but(|file| dataset(file, "stars", &arr1(&[BARE])));
    let galaxy = fixture.read().unwrap().galaxy;
    let expected = Particles::new(vec![[1.0, 2.0, 3.0]], vec![[10.0, 20.0, -30.0]], vec![1e6]).unwrap();
    assert_eq!(galaxy.stars.particles(), &expected);
    assert!(galaxy.gas.particles().potentials_km2_s2().is_some());
}

#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Flat {
    m: f64,
    x: f64,
    y: f64,
    vx: f64,
    vy: f64,
    vz: f64,
}

#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Confused {
    m: bool,
    x: f64,
    y: f64,
    z: f64,
    vx: f64,
    vy: f64,
    vz: f64,
}

#[test]
fn tables_that_are_none_are_refused() {
    let flat = Flat { m: 1.0, x: 0.0, y: 0.0, vx: 0.0, vy: 0.0, vz: 0.0 };
    let fixture = particle_table().but(|file| dataset(file, "gas", &arr1(&[flat])));
    fixture.fails_with(&["there is no field `/gas.z`"]);

    let confused = Confused { m: true, x: 0.0, y: 0.0, z: 0.0, vx: 0.0, vy: 0.0, vz: 0.0 };
    let fixture = particle_table().but(|file| dataset(file, "gas", &arr1(&[confused])));
    fixture.fails_with(&["/gas.m", "holds bool", "numbers"]);

    let fixture = particle_table().but(|file| dataset(file, "gas", &arr1(&[1.0, 2.0])));
    fixture.fails_with(&["/gas", "float64", "named columns"]);

    let fixture = particle_table().but(|file| dataset(file, "gas", &arr2(&[[BARE, BARE]])));
    fixture.fails_with(&["/gas", "[1, 2]", "(n)"]);
}

#[test]
fn values_that_cannot_be_are_named_by_column_and_row() {
    let wrong = |row: TableRow| {
        particle_table().but(move |file| dataset(file, "dark_matter", &arr1(&[TableRow::new(1.0), row])))
    };
    let good = TableRow::new(2.0);
    wrong(TableRow { vz: f32::NAN, ..good }).fails_with(&["/dark_matter.vz", "NaN", "index 1"]);
    wrong(TableRow { y: f64::NEG_INFINITY, ..good }).fails_with(&["/dark_matter.y", "-inf", "index 1"]);
    wrong(TableRow { m: -4.0, ..good }).fails_with(&["/dark_matter.m", "-4", "index 1"]);
    wrong(TableRow { potential: f64::NAN, ..good }).fails_with(&["/dark_matter.potential", "NaN", "index 1"]);
}

#[test]
fn a_table_that_claims_more_rows_than_memory_has_is_refused() {
    let fixture = particle_table().but(|file| {
        file.unlink("gas").unwrap();
        file.new_dataset::<TableRow>().chunk(1024).shape(1usize << 50).create("gas").unwrap();
    });
    fixture.fails_with(&["/gas", "72057594037927936 bytes", "stores 0"]);
}
