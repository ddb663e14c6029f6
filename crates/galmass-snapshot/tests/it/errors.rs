//! Every way in which an HDF5 file can be wrong: the message names the file, the object and the numbers.

use galmass_snapshot::{SnapshotError, SuiteKind};
use hdf5_metno::File;
use ndarray::{Array1, Array2, arr1, arr2};

use crate::fixture::{
    Fixture, TngUnits, attribute, attributes, dataset, eagle, header_attribute, string, tng,
};

/// The TNG fixture, changed.
fn tng_but(edit: impl FnOnce(&File)) -> Fixture {
    tng(TngUnits::Silent).but(edit)
}

#[test]
fn files_that_are_not_there() {
    let error = Fixture::nothing("absent.hdf5").fails_with(&["there is no file"]);
    assert!(matches!(error, SnapshotError::NotFound { .. }));
    for suite in SuiteKind::ALL {
        Fixture::nothing("absent.hdf5").fails_as(suite, &["there is no file"]);
    }
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Fixture::nothing("folder.hdf5");
    std::fs::create_dir(&folder.path).unwrap();
    assert!(matches!(folder.fails_with(&["holds no snapshot"]), SnapshotError::NoSnapshot { .. }));
}

#[test]
fn files_of_another_format() {
    for bytes in [&b""[..], b"hello", b"SIMPLE  =                    T / a FITS file, say"] {
        let error = Fixture::bytes("galaxy.hdf5", bytes).fails_with(&["is not an HDF5 file"]);
        assert!(matches!(error, SnapshotError::NotHdf5 { .. }));
    }
}

#[test]
fn groups_that_are_missing() {
    for fixture in [tng(TngUnits::Silent), eagle(true)] {
        let error =
            fixture.but(|file| file.unlink("Header").unwrap()).fails_with(&["there is no group `/Header`"]);
        assert!(matches!(error, SnapshotError::MissingGroup { .. }));
    }
}

#[test]
fn fields_that_are_missing() {
    for group in ["PartType0", "PartType4", "PartType5"] {
        for name in ["Coordinates", "Velocities", "Masses"] {
            let object = format!("/{group}/{name}");
            let error = tng_but(|file| file.unlink(&object).unwrap())
                .fails_with(&[&format!("there is no field `{object}`")]);
            assert!(matches!(error, SnapshotError::MissingField { .. }));
        }
    }
    tng_but(|file| file.unlink("PartType4/GFM_StellarFormationTime").unwrap())
        .fails_with(&["there is no field `/PartType4/GFM_StellarFormationTime`"]);
    eagle(true)
        .but(|file| file.unlink("PartType4/Velocity").unwrap())
        .fails_with(&["there is no field `/PartType4/Velocity`"]);
}

#[test]
fn masses_that_are_neither_in_the_group_nor_in_the_table() {
    tng_but(|file| file.group("Header").unwrap().delete_attr("MassTable").unwrap())
        .fails_with(&["there is no field `/PartType1/Masses`"]);
    tng_but(|file| {
        let header = file.group("Header").unwrap();
        header.delete_attr("MassTable").unwrap();
        attributes(&header, "MassTable", &Array1::<f64>::zeros(6));
    })
    .fails_with(&["there is no field `/PartType1/Masses`"]);
}

#[test]
fn attributes_that_are_missing() {
    for name in ["Time", "HubbleParam", "Omega0"] {
        let error = tng_but(|file| file.group("Header").unwrap().delete_attr(name).unwrap()).fails_with(&[
            "/Header",
            "has no attribute",
            name,
        ]);
        assert!(matches!(error, SnapshotError::MissingAttribute { .. }));
    }
}

#[test]
fn shapes_that_are_wrong() {
    tng_but(|file| dataset(file, "PartType4/Coordinates", &Array2::<f64>::zeros((3, 2)))).fails_with(&[
        "/PartType4/Coordinates",
        "[3, 2]",
        "(n, 3)",
    ]);
    tng_but(|file| dataset(file, "PartType4/Coordinates", &Array1::<f64>::zeros(9))).fails_with(&[
        "/PartType4/Coordinates",
        "[9]",
        "(n, 3)",
    ]);
    tng_but(|file| dataset(file, "PartType0/Velocities", &Array2::<f64>::zeros((2, 4)))).fails_with(&[
        "/PartType0/Velocities",
        "[2, 4]",
        "(n, 3)",
    ]);
    tng_but(|file| dataset(file, "PartType4/Masses", &Array2::<f64>::zeros((3, 1)))).fails_with(&[
        "/PartType4/Masses",
        "[3, 1]",
        "(n)",
    ]);
    tng_but(|file| dataset(file, "PartType4/GFM_StellarPhotometrics", &Array2::<f64>::zeros((3, 7))))
        .fails_with(&["/PartType4/GFM_StellarPhotometrics", "[3, 7]", "(n, 8)"]);
    tng_but(|file| {
        file.unlink("PartType4/Masses").unwrap();
        file.new_dataset::<f64>().create("PartType4/Masses").unwrap();
    })
    .fails_with(&["/PartType4/Masses", "[]", "(n)"]);
}

#[test]
fn attributes_of_the_wrong_shape() {
    let with = |name: &str, values: &[f64]| {
        tng_but(|file| {
            let header = file.group("Header").unwrap();
            header.delete_attr(name).unwrap();
            attributes(&header, name, &arr1(values));
        })
    };
    with("Time", &[0.5, 0.5]).fails_with(&["/Header@Time", "[2]", "one number"]);
    with("Time", &[]).fails_with(&["/Header@Time", "[0]", "one number"]);
    with("MassTable", &[0.0; 5]).fails_with(&["/Header@MassTable", "[5]", "(6 or more)"]);
}

#[test]
fn rows_that_disagree() {
    let error = tng_but(|file| dataset(file, "PartType4/Masses", &arr1(&[1.0, 2.0]))).fails_with(&[
        "`/PartType4/Masses`",
        "2 rows",
        "`/PartType4/Coordinates` has 3",
    ]);
    assert!(matches!(error, SnapshotError::RowsDisagree { expected: 3, found: 2, .. }));
    tng_but(|file| dataset(file, "PartType0/Velocities", &Array2::<f64>::zeros((5, 3)))).fails_with(&[
        "`/PartType0/Velocities`",
        "5 rows",
        "`/PartType0/Coordinates` has 2",
    ]);
    tng_but(|file| dataset(file, "PartType4/GFM_Metallicity", &arr1(&[0.0; 4]))).fails_with(&[
        "`/PartType4/GFM_Metallicity`",
        "4 rows",
        "`/PartType4/Coordinates` has 3",
    ]);
    tng_but(|file| dataset(file, "PartType4/GFM_StellarPhotometrics", &Array2::<f64>::zeros((2, 8))))
        .fails_with(&["`/PartType4/GFM_StellarPhotometrics`", "2 rows", "`/PartType4/Coordinates` has 3"]);
}

#[test]
fn types_that_are_wrong() {
    let words = arr1(&["a", "b", "c"].map(string));
    let error = tng_but(|file| dataset(file, "PartType4/Masses", &words)).fails_with(&[
        "/PartType4/Masses",
        "holds string (var len)",
        "numbers",
    ]);
    assert!(matches!(error, SnapshotError::WrongType { .. }));
    tng_but(|file| dataset(file, "PartType4/Coordinates", &arr2(&[[true, false, true]; 3]))).fails_with(&[
        "/PartType4/Coordinates",
        "holds bool",
        "numbers",
    ]);
    tng_but(|file| header_attribute(file, "Time", string("now"))).fails_with(&[
        "/Header@Time",
        "holds string (var len)",
        "numbers",
    ]);
    tng_but(|file| {
        file.unlink("PartType4/Masses").unwrap();
        file.create_group("PartType4/Masses").unwrap();
    })
    .fails_with(&["/PartType4/Masses", "holds a group", "a dataset"]);
    tng_but(|file| {
        file.unlink("Header").unwrap();
        dataset(file, "Header", &arr1(&[1.0]));
    })
    .fails_with(&["/Header", "holds a dataset", "a group"]);
}

#[test]
fn objects_that_point_nowhere() {
    let error = tng_but(|file| {
        file.unlink("PartType4/Masses").unwrap();
        file.link_soft("/PartType9/Masses", "PartType4/Masses").unwrap();
    })
    .fails_with(&["HDF5 cannot read `/PartType4/Masses`"]);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn galaxies_without_stars() {
    let starless = |edit: fn(&File)| tng_but(edit).read_as(SuiteKind::Tng).unwrap_err();
    let absent = starless(|file| file.unlink("PartType4").unwrap());
    let hollow = starless(|file| {
        file.unlink("PartType4").unwrap();
        file.create_group("PartType4").unwrap();
    });
    let empty = starless(|file| dataset(file, "PartType4/Coordinates", &Array2::<f64>::zeros((0, 3))));
    for error in [absent, hollow, empty] {
        assert!(matches!(&error, SnapshotError::NoStars { object, n_rows: 0, .. } if object == "/PartType4"));
    }

    tng_but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[-1.0, 0.0, -0.5])))
        .fails_with(&["no star particles", "/PartType4", "3 rows"]);
    eagle(true).but(|file| file.unlink("PartType4").unwrap()).fails_with(&[
        "no star particles",
        "/PartType4",
        "0 rows",
    ]);
}

#[test]
fn values_that_are_no_numbers() {
    let error = tng_but(|file| {
        let mut coordinates = Array2::zeros((3, 3));
        coordinates[[2, 1]] = f64::NAN;
        dataset(file, "PartType4/Coordinates", &coordinates);
    })
    .fails_with(&["/PartType4/Coordinates", "NaN", "index 2"]);
    assert!(matches!(error, SnapshotError::NotFinite { index: 2, .. }));

    let mut velocities = Array2::zeros((2, 3));
    velocities[[1, 0]] = f64::NEG_INFINITY;
    tng_but(|file| dataset(file, "PartType0/Velocities", &velocities)).fails_with(&[
        "/PartType0/Velocities",
        "-inf",
        "index 1",
    ]);
    tng_but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, f64::NAN, 0.4])))
        .fails_with(&["/PartType4/GFM_StellarFormationTime", "NaN", "index 1"]);
    tng_but(|file| dataset(file, "PartType4/GFM_Metallicity", &arr1(&[0.0, 0.0, f64::INFINITY])))
        .fails_with(&["/PartType4/GFM_Metallicity", "inf", "index 2"]);
    let mut magnitudes = Array2::zeros((3, 8));
    magnitudes[[2, 5]] = f64::NAN;
    tng_but(|file| dataset(file, "PartType4/GFM_StellarPhotometrics", &magnitudes)).fails_with(&[
        "/PartType4/GFM_StellarPhotometrics.5",
        "NaN",
        "index 2",
    ]);
}

#[test]
fn masses_below_zero() {
    // Row 2 of the file is the second star, since row 1 is wind.
    let error = tng_but(|file| dataset(file, "PartType4/Masses", &arr1(&[1.0, 1.0, -3.5]))).fails_with(&[
        "/PartType4/Masses",
        "-3.5",
        "index 2",
    ]);
    assert!(matches!(error, SnapshotError::Negative { index: 2, .. }));
    tng_but(|file| dataset(file, "PartType4/GFM_InitialMass", &arr1(&[1.0, -9.0, -2.5]))).fails_with(&[
        "/PartType4/GFM_InitialMass",
        "-2.5",
        "index 2",
    ]);
    tng_but(|file| {
        let header = file.group("Header").unwrap();
        header.delete_attr("MassTable").unwrap();
        attributes(&header, "MassTable", &arr1(&[0.0, -0.5, 0.0, 0.0, 0.0, 0.0]));
    })
    .fails_with(&["/Header", "MassTable", "-0.5"]);
}

#[test]
fn values_that_overflow_in_physical_units() {
    let error = tng_but(|file| dataset(file, "PartType5/Masses", &arr1(&[1e305])))
        .fails_with(&["/PartType5", "makes no particles"]);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("inf at index 0"));
}

#[test]
fn stars_that_form_after_the_snapshot() {
    tng_but(|file| dataset(file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, -0.3, 0.75])))
        .fails_with(&["/PartType4/GFM_StellarFormationTime", "scale factor 0.75", "index 2", "0 to 0.5"]);
}

#[test]
fn headers_that_are_implausible() {
    for (name, value) in [
        ("Time", 0.0),
        ("Time", -0.5),
        ("Time", f64::NAN),
        ("Time", f64::INFINITY),
        ("HubbleParam", 0.0),
        ("HubbleParam", f64::NAN),
        ("Omega0", -0.3),
        ("OmegaLambda", 0.0),
        ("BoxSize", -75.0),
        ("BoxSize", f64::NAN),
    ] {
        let error = tng_but(|file| header_attribute(file, name, value)).fails_with(&[
            "/Header",
            name,
            &format!("is {value} "),
        ]);
        assert!(matches!(error, SnapshotError::BadAttribute { .. }));
    }
    tng_but(|file| header_attribute(file, "Redshift", 0.3)).fails_with(&[
        "/Header",
        "scale factor 0.5",
        "redshift 0.3",
    ]);
    tng_but(|file| header_attribute(file, "Redshift", f64::NAN)).fails_with(&["/Header", "redshift NaN"]);
    tng_but(|file| header_attribute(file, "OmegaLambda", 0.6)).fails_with(&[
        "/Header",
        "`Omega0` 0.3",
        "`OmegaLambda` 0.6",
    ]);
}

#[test]
fn units_that_are_implausible() {
    let with_unit = |to_cgs: f64| {
        tng_but(move |file| {
            let field = file.dataset("PartType4/Masses").unwrap();
            attribute(&field, "to_cgs", to_cgs);
            attribute(&field, "a_scaling", 0.0);
            attribute(&field, "h_scaling", -1.0);
        })
    };
    with_unit(-1.0).fails_with(&["/PartType4/Masses", "to_cgs", "is -1 ", "positive"]);
    with_unit(f64::NAN).fails_with(&["/PartType4/Masses", "to_cgs", "is NaN ", "positive"]);
}

#[test]
fn a_part_whose_name_has_no_number() {
    for fixture in [tng(TngUnits::Silent), eagle(true)] {
        let error = fixture.but(|file| header_attribute(file, "NumFilesPerSnapshot", 448i32)).fails_with(&[
            "one of 448 files",
            "NumFilesPerSnapshot",
            "/Header",
        ]);
        assert!(matches!(error, SnapshotError::MultiFile { .. }));
    }
}

#[test]
fn fields_that_claim_more_than_memory_has() {
    let error = tng_but(|file| {
        file.unlink("PartType1/Coordinates").unwrap();
        file.new_dataset::<f64>()
            .chunk((1024, 3))
            .shape((1usize << 50, 3))
            .create("PartType1/Coordinates")
            .unwrap();
        file.unlink("PartType1/Velocities").unwrap();
    })
    .fails_with(&["/PartType1/Coordinates", "27021597764222976 bytes", "stores 0"]);
    assert!(matches!(error, SnapshotError::TooLarge { .. }));
}

#[test]
fn rows_that_no_byte_of_the_file_stores() {
    let n_rows = 1usize << 23;
    let error = tng_but(|file| {
        file.unlink("PartType1/Coordinates").unwrap();
        file.new_dataset::<f64>()
            .chunk((1024, 3))
            .shape((n_rows, 3))
            .create("PartType1/Coordinates")
            .unwrap();
        file.unlink("PartType1/Velocities").unwrap();
    })
    .fails_with(&["/PartType1/Coordinates", "201326592 bytes", "stores 0"]);
    assert!(matches!(error, SnapshotError::TooLarge { .. }));
}
