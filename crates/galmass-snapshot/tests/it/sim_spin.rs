//! The files of SimSpin's first version.

use galmass_snapshot::{SnapshotError, SuiteKind};
use hdf5_metno::File;
use ndarray::arr1;

use crate::fixture::{Fixture, assert_close, assert_vectors_close, attribute, dataset, string};

const COLUMNS: [(&str, &str, f64); 7] = [
    ("x", "kpc", 5.0),
    ("y", "kpc", 10.0),
    ("z", "kpc", 15.0),
    ("vx", "km s-1", 100.0),
    ("vy", "km s-1", 0.0),
    ("vz", "km s-1", -100.0),
    ("Mass", "1e10 M_solar", 1.5),
];

fn write_type(file: &File, number: usize, has_units: bool) {
    let group = file.create_group(&format!("PartType{number}")).unwrap();
    for (name, unit, value) in COLUMNS {
        dataset(&group, name, &arr1(&[value as f32, 2.0 * value as f32]));
        if has_units {
            attribute(&group.dataset(name).unwrap(), "Units", string(unit));
        }
    }
}

fn sim_spin(has_units: bool) -> Fixture {
    Fixture::hdf5(|file| {
        write_type(file, 1, has_units);
        write_type(file, 2, has_units);
        write_type(file, 3, has_units);
    })
}

#[test]
fn disc_and_bulge_are_stars() {
    for has_units in [true, false] {
        let snapshot = sim_spin(has_units).read().unwrap();
        assert_eq!((snapshot.suite, snapshot.redshift), (SuiteKind::SimSpin, None));
        let galaxy = snapshot.galaxy;
        let stars = galaxy.stars.particles();
        assert_close(stars.masses_msun(), &[1.5e10, 3e10, 1.5e10, 3e10]);
        assert_vectors_close(&stars.positions_kpc()[..2], &[[5.0, 10.0, 15.0], [10.0, 20.0, 30.0]]);
        assert_vectors_close(&stars.velocities_km_s()[..1], &[[100.0, 0.0, -100.0]]);
        assert_eq!(galaxy.dark_matter.len(), 2);
        assert_eq!(galaxy.box_size_kpc, None);
    }
}

#[test]
fn each_axis_has_its_unit() {
    let fixture = sim_spin(true).but(|file| {
        let field = file.dataset("PartType2/y").unwrap();
        field.delete_attr("Units").unwrap();
        attribute(&field, "Units", string("Mpc"));
    });
    let galaxy = fixture.read().unwrap().galaxy;
    assert_vectors_close(&galaxy.stars.particles().positions_kpc()[..1], &[[5.0, 1e4, 15.0]]);
}

#[test]
fn units_that_are_not_known_are_refused() {
    let fixture = sim_spin(true).but(|file| {
        let field = file.dataset("PartType3/Mass").unwrap();
        field.delete_attr("Units").unwrap();
        attribute(&field, "Units", string("slug"));
    });
    let error = fixture.fails_with(&["/PartType3/Mass", "`slug`", "1e10 M_solar"]);
    assert!(matches!(error, SnapshotError::UnknownUnit { .. }));
}

#[test]
fn axes_must_all_be_there_and_of_one_length() {
    sim_spin(true)
        .but(|file| file.unlink("PartType2/vz").unwrap())
        .fails_with(&["there is no field `/PartType2/vz`"]);
    sim_spin(true).but(|file| dataset(file, "PartType2/z", &arr1(&[1.0]))).fails_with(&[
        "`/PartType2/z`",
        "1 rows",
        "`/PartType2/x` has 2",
    ]);
    sim_spin(true).but(|file| dataset(file, "PartType2/z", &arr1(&[1.0, f64::NAN]))).fails_with(&[
        "/PartType2/z",
        "NaN",
        "index 1",
    ]);
}
