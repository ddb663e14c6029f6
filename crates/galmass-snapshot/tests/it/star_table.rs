//! Star tables.

use galmass_core::Particles;
use galmass_snapshot::SuiteKind;
use ndarray::{Array, Array2, ShapeBuilder, arr1, s};

use crate::fixture::{Fixture, star_table, two_stars};

fn expected() -> Particles {
    Particles::new(
        vec![[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]],
        vec![[10.0, 20.0, -30.0], [-10.0, -20.0, 30.0]],
        vec![1e6, 2e6],
    )
    .unwrap()
}

#[test]
fn rows_are_stars() {
    let snapshot = star_table(&two_stars()).read().unwrap();
    assert_eq!(snapshot.suite, SuiteKind::StarTable);
    assert_eq!(snapshot.redshift, None);
    assert_eq!(snapshot.galaxy.stars.particles(), &expected());
    assert_eq!(snapshot.galaxy.n_particles(), 2);
    assert_eq!(snapshot.galaxy.box_size_kpc, None);
}

#[test]
fn precision_order_and_further_columns_do_not_matter() {
    let read = |fixture: Fixture| fixture.read().unwrap().galaxy.stars.particles().clone();
    assert_eq!(read(star_table(&two_stars().mapv(|value| value as f32))), expected());
    assert_eq!(read(star_table(&two_stars().slice(s![.., ..7]).to_owned())), expected());
    let mut by_columns = Array::zeros((2, 8).f());
    by_columns.assign(&two_stars());
    assert_eq!(read(star_table(&by_columns)), expected());
}

#[test]
fn arrays_that_are_no_table_of_stars_are_refused() {
    star_table(&Array2::<f64>::zeros((5, 6))).fails_with(&["[5, 6]", "(n, 7 or more)"]);
    star_table(&arr1(&[1.0, 2.0])).fails_with(&["[2]", "(n, 7 or more)"]);
    star_table(&Array2::<i64>::zeros((2, 8))).fails_with(&["'<i8'", "single or double precision"]);
    star_table(&Array2::<f64>::zeros((0, 8))).fails_with(&["no star particles", "0 rows"]);
}

#[test]
fn values_that_cannot_be_are_named_by_column_and_row() {
    let with = |column: usize, value: f64| {
        let mut table = two_stars();
        table[[1, column]] = value;
        star_table(&table)
    };
    with(0, -1.0).fails_with(&["array.m", "-1", "index 1"]);
    with(3, f64::NAN).fails_with(&["array.z", "NaN", "index 1"]);
    with(4, f64::INFINITY).fails_with(&["array.vx", "inf", "index 1"]);
    assert!(with(7, f64::NAN).read().is_ok(), "identifiers are not looked at");
}

#[test]
fn a_table_that_claims_more_than_its_file_has_is_cut_short() {
    let fixture = star_table(&two_stars());
    let mut bytes = std::fs::read(&fixture.path).unwrap();
    let shape = bytes.windows(6).position(|window| window == b"(2, 8)").unwrap();
    bytes[shape..shape + 6].copy_from_slice(b"(9, 8)");
    Fixture::bytes("stars.npy", &bytes).fails_with(&["cut short", "256 bytes"]);

    let huge = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999, 99999999999999), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((huge.len() as u16).to_le_bytes());
    bytes.extend(huge);
    Fixture::bytes("stars.npy", &bytes).fails_with(&["cut short"]);
}

#[test]
fn a_header_that_makes_no_sense_is_refused() {
    Fixture::bytes("stars.npy", b"\x93NUMPY\x09\x00\x05\x00hello").fails_with(&["damaged NumPy array file"]);
    Fixture::bytes("stars.npy", b"\x93NUMPY\x01\x00\x05\x00hell\n").fails_with(&["damaged NumPy array file"]);
}
