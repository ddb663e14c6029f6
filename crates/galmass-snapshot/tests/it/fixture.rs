//! Files that the tests write: one small galaxy at a = 0.5 and h = 0.7, in the words of each suite.
//!
//! Stored values are chosen such that physical ones are round: lengths of 7 are 5 kpc, masses of 0.7 are 1e10 Msun,
//! velocities of 100 are 70.71 km/s. So a reader that forgets a, sqrt(a) or h reads something else.

use std::ops::Range;
use std::path::{Path, PathBuf};

use galmass_snapshot::{ReadConfig, Selection, Snapshot, SnapshotError, SuiteKind, read, read_galaxy};
use hdf5_metno::H5Type;
use hdf5_metno::types::VarLenAscii;
use hdf5_metno::{File, Group, Location};
use ndarray::{Array1, Array2, ArrayView, Dimension, arr1, arr2};
use tempfile::TempDir;

/// Products of a few doubles, in another order than the reader's.
const ROUNDING: f64 = 1e-12;

/// A file in a folder that goes away with it.
pub(crate) struct Fixture {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

impl Fixture {
    /// A path at which nothing is yet.
    pub(crate) fn nothing(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join(name), _folder: folder }
    }

    /// A new HDF5 file.
    pub(crate) fn hdf5(write: impl FnOnce(&File)) -> Self {
        let fixture = Self::nothing("galaxy.hdf5");
        write(&File::create(&fixture.path).unwrap());
        fixture
    }

    /// A file of these bytes.
    pub(crate) fn bytes(name: &str, bytes: &[u8]) -> Self {
        let fixture = Self::nothing(name);
        std::fs::write(&fixture.path, bytes).unwrap();
        fixture
    }

    /// Another file in the same folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// The same file, changed.
    pub(crate) fn but(self, edit: impl FnOnce(&File)) -> Self {
        edit(&File::open_rw(&self.path).unwrap());
        self
    }

    pub(crate) fn read(&self) -> Result<Snapshot, SnapshotError> {
        read_galaxy(&self.path, None)
    }

    pub(crate) fn read_as(&self, suite: SuiteKind) -> Result<Snapshot, SnapshotError> {
        read_galaxy(&self.path, Some(suite))
    }

    /// Reads what is selected.
    pub(crate) fn select(&self, selection: Selection) -> Result<Snapshot, SnapshotError> {
        read(&self.path, &ReadConfig { selection, ..ReadConfig::default() })
    }

    /// Reads the file, which must fail with a message that names it and holds all the pieces.
    #[track_caller]
    pub(crate) fn fails_with(&self, pieces: &[&str]) -> SnapshotError {
        says(self.read(), &self.path, pieces)
    }

    /// As [`Fixture::fails_with`], by the rules of a suite.
    #[track_caller]
    pub(crate) fn fails_as(&self, suite: SuiteKind, pieces: &[&str]) -> SnapshotError {
        says(self.read_as(suite), &self.path, pieces)
    }
}

#[track_caller]
pub(crate) fn says(result: Result<Snapshot, SnapshotError>, path: &Path, pieces: &[&str]) -> SnapshotError {
    let error = result.expect_err("this file should be refused");
    let message = error.to_string();
    for piece in pieces.iter().copied().chain(path.to_str()) {
        assert!(message.contains(piece), "`{piece}` is not in: {message}");
    }
    error
}

#[track_caller]
pub(crate) fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?} is not {expected:?}");
    for (x, y) in found.iter().zip(expected) {
        assert!((x - y).abs() <= ROUNDING * y.abs(), "{found:?} is not {expected:?}");
    }
}

#[track_caller]
pub(crate) fn assert_vectors_close(found: &[[f64; 3]], expected: &[[f64; 3]]) {
    assert_close(found.as_flattened(), expected.as_flattened());
}

/// Writes a scalar attribute.
pub(crate) fn attribute<T: H5Type>(location: &Location, name: &str, value: T) {
    location.new_attr::<T>().create(name).unwrap().write_scalar(&value).unwrap();
}

/// Writes an attribute of more dimensions.
pub(crate) fn attributes<'d, A, T, D>(location: &Location, name: &str, values: A)
where
    A: Into<ArrayView<'d, T, D>>,
    T: H5Type,
    D: Dimension,
{
    location.new_attr_builder().with_data(values).create(name).unwrap();
}

/// Writes a dataset in place of the one that may be there.
pub(crate) fn dataset<'d, A, T, D>(group: &Group, name: &str, values: A)
where
    A: Into<ArrayView<'d, T, D>>,
    T: H5Type,
    D: Dimension,
{
    if group.link_exists(name) {
        group.unlink(name).unwrap();
    }
    group.new_dataset_builder().with_data(values).create(name).unwrap();
}

/// Replaces an attribute of the header.
pub(crate) fn header_attribute<T: H5Type>(file: &File, name: &str, value: T) {
    let header = file.group("Header").unwrap();
    if header.attr_names().unwrap().iter().any(|found| found == name) {
        header.delete_attr(name).unwrap();
    }
    attribute(&header, name, value);
}

pub(crate) fn string(text: &str) -> VarLenAscii {
    VarLenAscii::from_ascii(text).unwrap()
}

/// Particles as a file of Gadget's line stores them.
pub(crate) struct Stored {
    pub(crate) coordinates: Array2<f64>,
    pub(crate) velocities: Array2<f64>,
    pub(crate) masses: Option<Array1<f64>>,
}

impl Stored {
    /// Particle k is at k * (7, 14, 21), moves at k * (100, 0, -100) and has a mass of 0.7 k, k = 1, 2, ...
    pub(crate) fn row_of(n_rows: usize) -> Self {
        Self::rows(1..n_rows + 1)
    }

    /// Particles k of [`Stored::row_of`], from one to before another.
    pub(crate) fn rows(ks: Range<usize>) -> Self {
        let n_rows = ks.len();
        let k = |row: usize| (ks.start + row) as f64;
        Self {
            coordinates: Array2::from_shape_fn((n_rows, 3), |(row, axis)| k(row) * [7.0, 14.0, 21.0][axis]),
            velocities: Array2::from_shape_fn((n_rows, 3), |(row, axis)| k(row) * [100.0, 0.0, -100.0][axis]),
            masses: Some(Array1::from_shape_fn(n_rows, |row| 0.7 * k(row))),
        }
    }

    pub(crate) fn without_masses(self) -> Self {
        Self { masses: None, ..self }
    }
}

/// Where particle k of [`Stored::row_of`] is at a = 0.5, h = 0.7 \[kpc\].
pub(crate) fn position(k: f64) -> [f64; 3] {
    [5.0 * k, 10.0 * k, 15.0 * k]
}

/// How particle k of [`Stored::row_of`] moves at a = 0.5 \[km/s\].
pub(crate) fn velocity(k: f64) -> [f64; 3] {
    let sqrt_half = 0.5f64.sqrt();
    [100.0 * k * sqrt_half, 0.0, -100.0 * k * sqrt_half]
}

/// The header of a universe at a = 0.5 with dark matter particles of 0.0007 units.
pub(crate) fn write_header(file: &File, box_size: f64) {
    let header = file.create_group("Header").unwrap();
    attribute(&header, "Time", 0.5);
    attribute(&header, "Redshift", 1.0f32);
    attribute(&header, "HubbleParam", 0.7);
    attribute(&header, "Omega0", 0.3);
    attribute(&header, "OmegaLambda", 0.7);
    attribute(&header, "BoxSize", box_size);
    attribute(&header, "NumFilesPerSnapshot", 1i32);
    // Numbers that describe some other file, as cutouts of cutouts have them.
    attributes(&header, "NumPart_ThisFile", &arr1(&[9i32, 9, 9, 9, 9, 9]));
    attributes(&header, "MassTable", &arr1(&[0.0, 0.0007, 0.0, 0.0, 0.0, 0.0]));
}

/// How a TNG fixture says its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TngUnits {
    /// Not at all.
    Silent,
    /// By attributes.
    Stated,
    /// By attributes that are 0, as some files have them.
    Zero,
}

/// A TNG cutout: 2 gas cells, 1 dark matter particle, 2 stars with a wind particle between them, 1 black hole,
/// and a tracer.
pub(crate) fn tng(units: TngUnits) -> Fixture {
    Fixture::hdf5(|file| {
        write_header(file, 140.0);
        tng_type(file, 0, &Stored::row_of(2), units);
        tng_type(file, 1, &Stored::row_of(1).without_masses(), units);
        tng_type(file, 4, &Stored::row_of(3), units);
        tng_type(file, 5, &Stored::row_of(1), units);
        dataset(&file.create_group("PartType3").unwrap(), "TracerID", &arr1(&[1u64]));
        let stars = file.group("PartType4").unwrap();
        dataset(&stars, "GFM_StellarFormationTime", &arr1(&[0.25f32, -0.3, 0.4]));
        dataset(&stars, "GFM_Metallicity", &arr1(&[0.01, 9.0, 0.03]));
        dataset(&stars, "GFM_InitialMass", &arr1(&[1.4, 99.0, 2.8]));
        tng_unit(&stars, "GFM_InitialMass", units, [1.989e43, 0.0, -1.0]);
        let magnitudes = Array2::from_shape_fn((3, 8), |(row, band)| -(10.0 * row as f64 + band as f64));
        dataset(&stars, "GFM_StellarPhotometrics", &magnitudes);
    })
}

pub(crate) fn tng_type(file: &File, number: usize, stored: &Stored, units: TngUnits) {
    let group = file.create_group(&format!("PartType{number}")).unwrap();
    dataset(&group, "Coordinates", &stored.coordinates);
    tng_unit(&group, "Coordinates", units, [3.085678e21, 1.0, -1.0]);
    dataset(&group, "Velocities", &stored.velocities);
    tng_unit(&group, "Velocities", units, [1e5, 0.5, 0.0]);
    if let Some(masses) = &stored.masses {
        dataset(&group, "Masses", masses);
        tng_unit(&group, "Masses", units, [1.989e43, 0.0, -1.0]);
    }
    dataset(&group, "Potential", &Array1::from_elem(stored.coordinates.nrows(), -100.0));
    tng_unit(&group, "Potential", units, [1e10, -1.0, 0.0]);
}

fn tng_unit(group: &Group, name: &str, units: TngUnits, [to_cgs, a_scaling, h_scaling]: [f64; 3]) {
    let field = group.dataset(name).unwrap();
    match units {
        TngUnits::Silent => {}
        TngUnits::Stated => {
            attribute(&field, "to_cgs", to_cgs);
            attributes(&field, "a_scaling", &arr1(&[a_scaling]));
            attribute(&field, "h_scaling", h_scaling as i32);
        }
        TngUnits::Zero => {
            attribute(&field, "to_cgs", 0.0);
            attribute(&field, "a_scaling", 0.0);
            attribute(&field, "h_scaling", 0.0);
        }
    }
}

/// An EAGLE extraction: 2 gas particles, 1 dark matter particle, 2 stars, 1 black hole. Its unit attributes are
/// scalars, or arrays of one.
pub(crate) fn eagle(scalar_attributes: bool) -> Fixture {
    Fixture::hdf5(|file| {
        write_header(file, 0.14);
        eagle_type(file, 0, &Stored::row_of(2), scalar_attributes);
        eagle_type(file, 1, &Stored::row_of(1).without_masses(), scalar_attributes);
        eagle_type(file, 4, &Stored::row_of(2), scalar_attributes);
        eagle_type(file, 5, &Stored::row_of(1), scalar_attributes);
        let stars = file.group("PartType4").unwrap();
        eagle_field(&stars, "StellarFormationTime", &arr1(&[0.25, 0.4]), scalar_attributes, [1.0, 0.0, 0.0]);
        eagle_field(&stars, "Metallicity", &arr1(&[0.01, 0.03]), scalar_attributes, [1.0, 0.0, 0.0]);
        eagle_field(&stars, "SmoothedMetallicity", &arr1(&[0.02, 0.04]), scalar_attributes, [1.0, 0.0, 0.0]);
        eagle_field(&stars, "InitialMass", &arr1(&[1.4, 2.8]), scalar_attributes, [1.989e43, 0.0, -1.0]);
        let black_holes = file.group("PartType5").unwrap();
        eagle_field(&black_holes, "BH_Mass", &arr1(&[0.07]), scalar_attributes, [1.989e43, 0.0, -1.0]);
    })
}

fn eagle_type(file: &File, number: usize, stored: &Stored, scalar_attributes: bool) {
    let group = file.create_group(&format!("PartType{number}")).unwrap();
    let megaparsecs = &stored.coordinates * 1e-3;
    eagle_field(&group, "Coordinates", &megaparsecs, scalar_attributes, [3.085678e24, 1.0, -1.0]);
    eagle_field(&group, "Velocity", &stored.velocities, scalar_attributes, [1e5, 0.5, 0.0]);
    if let Some(masses) = &stored.masses {
        eagle_field(&group, "Mass", masses, scalar_attributes, [1.989e43, 0.0, -1.0]);
    }
}

fn eagle_field<'d, A, D>(group: &Group, name: &str, values: A, scalar_attributes: bool, unit: [f64; 3])
where
    A: Into<ArrayView<'d, f64, D>>,
    D: Dimension,
{
    dataset(group, name, values);
    let field = group.dataset(name).unwrap();
    for (name, value) in ["CGSConversionFactor", "aexp-scale-exponent", "h-scale-exponent"].iter().zip(unit) {
        match (scalar_attributes, *name) {
            (true, "CGSConversionFactor") => attribute(&field, name, value),
            (true, _) => attribute(&field, name, value as f32),
            (false, _) => attributes(&field, name, &arr1(&[value])),
        }
    }
}

/// Replaces an attribute of the header that has one number for each type.
pub(crate) fn header_counts(file: &File, name: &str, counts: [i64; 6]) {
    let header = file.group("Header").unwrap();
    if header.attr_names().unwrap().iter().any(|found| found == name) {
        header.delete_attr(name).unwrap();
    }
    attributes(&header, name, &arr1(&counts));
}

/// A row of a particle table, in an order and precisions of its own, with columns that nobody asks for.
#[derive(Clone, Copy, H5Type)]
#[repr(C)]
pub(crate) struct TableRow {
    pub(crate) id: i64,
    pub(crate) vx: f32,
    pub(crate) vy: f32,
    pub(crate) vz: f32,
    pub(crate) potential: f64,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
    pub(crate) m: f64,
    pub(crate) flag: bool,
}

impl TableRow {
    pub(crate) fn new(k: f64) -> Self {
        let (x, y, z) = (k, 2.0 * k, 3.0 * k);
        Self { id: 7, vx: 10.0, vy: 20.0, vz: -30.0, potential: -k, x, y, z, m: 1e6 * k, flag: true }
    }
}

/// A particle table: 2 stars, 1 gas particle, 3 dark matter particles.
pub(crate) fn particle_table() -> Fixture {
    Fixture::hdf5(|file| {
        dataset(file, "stars", &arr1(&[1.0, 2.0].map(TableRow::new)));
        dataset(file, "gas", &arr1(&[3.0].map(TableRow::new)));
        dataset(file, "dark_matter", &arr1(&[4.0, 5.0, 6.0].map(TableRow::new)));
    })
}

/// Two stars with the eight columns that a star table may have.
pub(crate) fn two_stars() -> Array2<f64> {
    arr2(&[
        [1.0e6, 1.0, 2.0, 3.0, 10.0, 20.0, -30.0, 394_242.0],
        [2.0e6, -1.0, -2.0, -3.0, -10.0, -20.0, 30.0, 394_243.0],
    ])
}

/// A star table of an array.
pub(crate) fn star_table<T: ndarray_npy::WriteNpyExt>(array: &T) -> Fixture {
    let fixture = Fixture::nothing("stars.npy");
    ndarray_npy::write_npy(&fixture.path, array).unwrap();
    fixture
}
