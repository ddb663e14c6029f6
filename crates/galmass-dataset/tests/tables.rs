//! Tables on disk, read back by the libraries that others would read them with.

use std::fs;

use galmass_dataset::{Attribute, Column, ColumnValues, DatasetError, Table};
use hdf5_metno as hdf5;

fn table() -> Table {
    let counts = ColumnValues::Integers(vec![7, -1, i64::MAX]);
    Table {
        attributes: vec![("suite".into(), Attribute::Text("tng".into()))],
        columns: vec![
            Column::texts("view", vec!["x".into(), "y, or \"up\"".into(), "z".into()]),
            Column::floats("mass_msun", "Msun", vec![0.1 + 0.2, f64::NAN, 1e300]),
            Column { name: "count".into(), unit: "1".into(), values: counts },
            Column::flags("no_extent", vec![true, false, true]),
        ],
    }
}

#[test]
fn hdf5_keeps_values_units_and_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.hdf5");
    table().write_hdf5(&path).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    let masses: Vec<f64> = file.dataset("mass_msun").unwrap().read_raw().unwrap();
    assert!(masses[0] == 0.1 + 0.2 && masses[1].is_nan() && masses[2] == 1e300);
    let counts: Vec<i64> = file.dataset("count").unwrap().read_raw().unwrap();
    assert_eq!(counts, [7, -1, i64::MAX]);
    let flags: Vec<bool> = file.dataset("no_extent").unwrap().read_raw().unwrap();
    assert_eq!(flags, [true, false, true]);
    let views: Vec<hdf5::types::VarLenUnicode> = file.dataset("view").unwrap().read_raw().unwrap();
    assert_eq!(views[1].as_str(), "y, or \"up\"");
    let text = |at: &hdf5::Location, name: &str| {
        at.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string()
    };
    assert_eq!(text(&file.dataset("mass_msun").unwrap(), "unit"), "Msun");
    assert_eq!(text(&file, "suite"), "tng");
}

#[test]
fn text_keeps_values_and_units() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    table().write_csv(&path).unwrap();
    let mut reader = csv::Reader::from_path(&path).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["view", "mass_msun [Msun]", "count", "no_extent"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0][1].parse(), Ok(0.1 + 0.2));
    assert!(rows[1][1].parse::<f64>().unwrap().is_nan() && &rows[1][0] == "y, or \"up\"");
    assert_eq!((rows[2][1].parse(), rows[2][2].parse(), &rows[2][3]), (Ok(1e300), Ok(i64::MAX), "1"));
}

#[test]
fn a_table_that_is_none_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["table.csv", "table.hdf5"] {
        let path = folder.path().join(name);
        let write = |table: &Table| {
            if name.ends_with("csv") { table.write_csv(&path) } else { table.write_hdf5(&path) }
        };
        write(&table()).unwrap();
        let before = fs::read(&path).unwrap();
        let mut uneven = table();
        uneven.columns.push(Column::floats("short", "1", vec![1.0]));
        assert!(matches!(write(&uneven), Err(DatasetError::SampleCount { expected: 3, found: 1, .. })));
        let mut twice = table();
        twice.columns.push(twice.columns[0].clone());
        assert!(matches!(write(&twice), Err(DatasetError::Duplicate { what }) if what == "view"));
        assert_eq!(fs::read(&path).unwrap(), before);
        write(&Table::default()).unwrap();
        assert_ne!(fs::read(&path).unwrap(), before);
    }
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "temporary files are gone");
    let nowhere = folder.path().join("absent/table.csv");
    assert!(matches!(table().write_csv(&nowhere), Err(DatasetError::Io { path, .. }) if path == nowhere));
}
