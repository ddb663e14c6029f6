//! Which suite a file belongs to.

use galmass_snapshot::{SnapshotError, SuiteKind, detect};
use ndarray::{Array2, arr1};

use crate::fixture::{Fixture, TngUnits, dataset, eagle, particle_table, star_table, tng, two_stars};

#[test]
fn each_fixture_is_of_its_own_suite() {
    let fixtures = [
        (tng(TngUnits::Silent), SuiteKind::Tng),
        (eagle(true), SuiteKind::Eagle),
        (particle_table(), SuiteKind::ParticleTable),
        (star_table(&two_stars()), SuiteKind::StarTable),
    ];
    for (fixture, suite) in fixtures {
        assert_eq!(detect(&fixture.path).unwrap(), suite);
        assert_eq!(fixture.read().unwrap(), fixture.read_as(suite).unwrap());
    }
}

#[test]
fn a_file_of_no_suite_is_refused_with_what_it_holds() {
    let fixture = Fixture::hdf5(|file| {
        file.create_group("PartType2").unwrap();
        // A group, where a particle table has a dataset.
        file.create_group("stars").unwrap();
    });
    let suites = "tng, eagle, swift, gizmo, gadget, gadget-binary, sim-spin, particle-table, star-table";
    let error = fixture.fails_with(&["none of the known suites", suites, "[PartType2, stars]"]);
    assert!(matches!(error, SnapshotError::NoSuite { .. }));
}

#[test]
fn a_file_of_two_suites_is_refused_until_one_is_named() {
    let fixture =
        tng(TngUnits::Silent).but(|file| dataset(file, "PartType0/Velocity", &Array2::<f64>::zeros((2, 3))));
    let error = fixture.fails_with(&["several suites", "tng, eagle"]);
    assert!(matches!(
        error,
        SnapshotError::SeveralSuites { suites, .. } if suites == [SuiteKind::Tng, SuiteKind::Eagle]
    ));
    assert!(fixture.read_as(SuiteKind::Tng).is_ok());

    let fixture = eagle(true).but(|file| dataset(file, "stars", &arr1(&[1.0])));
    fixture.fails_with(&["several suites", "eagle, particle-table"]);
}

#[test]
fn a_file_of_another_format_than_the_suite_named_is_refused() {
    star_table(&two_stars()).fails_as(SuiteKind::Tng, &["is not an HDF5 file"]);
    star_table(&two_stars()).fails_as(SuiteKind::ParticleTable, &["is not an HDF5 file"]);
    eagle(true).fails_as(SuiteKind::StarTable, &["is not a NumPy array file"]);
    eagle(true).fails_as(SuiteKind::Tng, &["there is no field `/PartType4/GFM_StellarFormationTime`"]);
}
