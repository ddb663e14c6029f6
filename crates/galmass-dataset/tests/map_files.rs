//! Maps on disk, read back by the libraries that others would read them with.

use std::fs;

use fitsio_pure::hdu::parse_fits;
use fitsio_pure::image::read_image_physical;
use galmass_core::{Map, PixelGrid, Unit};
use galmass_dataset::{Attribute, DatasetError, MapFile, MapGroup};
use hdf5_metno as hdf5;
use ndarray::{Array2, array};

fn map() -> Map {
    let grid = PixelGrid::new(3, 1.5).unwrap();
    let values = array![[1.0, 2.0, 3.0], [4.0, f64::NAN, 6.0], [7.0, 8.0, 9.5]];
    Map::new(grid, Unit::KilometrePerSecond, values).unwrap()
}

fn file(map: &Map) -> MapFile<'_> {
    MapFile {
        attributes: vec![
            ("half_mass_radius_kpc".into(), Attribute::Float(0.5)),
            ("n_stars".into(), Attribute::Integer(7)),
            ("suite".into(), Attribute::Text("tng".into())),
            ("centre_kpc".into(), Attribute::Vector(vec![1.0, 2.0, 3.0])),
        ],
        groups: vec![MapGroup {
            name: "along_x".into(),
            attributes: vec![("n".into(), Attribute::Integer(1))],
            maps: vec![("velocity".into(), map)],
        }],
    }
}

/// Equal, NaN included.
fn same(a: impl IntoIterator<Item = f64>, b: impl IntoIterator<Item = f64>) -> bool {
    a.into_iter().map(f64::to_bits).eq(b.into_iter().map(f64::to_bits))
}

#[test]
fn hdf5_keeps_values_units_grid_and_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.hdf5");
    let map = map();
    file(&map).write_hdf5(&path).unwrap();

    let read = hdf5::File::open(&path).unwrap();
    let dataset = read.dataset("along_x/velocity").unwrap();
    let values: Array2<f64> = dataset.read().unwrap();
    assert!(same(values, map.values().clone()));
    let text = |at: &hdf5::Location, name: &str| {
        at.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string()
    };
    assert_eq!(text(&dataset, "unit"), "km/s");
    assert_eq!(text(&dataset, "axis_0"), "up");
    assert_eq!(text(&read, "suite"), "tng");
    assert_eq!(dataset.attr("pixel_size_kpc").unwrap().read_scalar::<f64>().unwrap(), 1.0);
    assert_eq!(dataset.attr("n_px").unwrap().read_scalar::<i64>().unwrap(), 3);
    assert_eq!(read.attr("half_mass_radius_kpc").unwrap().read_scalar::<f64>().unwrap(), 0.5);
    assert_eq!(read.attr("centre_kpc").unwrap().read_raw::<f64>().unwrap(), [1.0, 2.0, 3.0]);
}

#[test]
fn fits_keeps_values_units_and_coordinates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maps.fits");
    let map = map();
    file(&map).write_fits(&path).unwrap();

    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len() % 2880, 0);
    let fits = parse_fits(&bytes).unwrap();
    let extension = fits.find_by_name("ALONG_X_VELOCITY").unwrap();
    assert!(same(read_image_physical(&bytes, extension).unwrap(), map.values().iter().copied()));
    let header = String::from_utf8_lossy(&bytes).into_owned();
    for card in ["BUNIT   = 'km/s", "CUNIT1  = 'kpc", "CRPIX1  ="] {
        assert!(header.contains(card), "{card}");
    }
}

#[test]
fn a_file_is_replaced_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let map = map();
    let nowhere = folder.path().join("absent").join("maps");
    assert!(matches!(file(&map).write_hdf5(&nowhere), Err(DatasetError::Io { .. })));
    assert!(matches!(file(&map).write_fits(&nowhere), Err(DatasetError::Fits { .. })));

    let path = folder.path().join("maps.hdf5");
    fs::write(&path, "an older file").unwrap();
    let broken = MapFile { groups: vec![MapGroup::default(), MapGroup::default()], ..file(&map) };
    assert!(matches!(broken.write_hdf5(&path), Err(DatasetError::Hdf5 { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"an older file");
    file(&map).write_hdf5(&path).unwrap();
    assert!(hdf5::File::open(&path).is_ok());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}
