//! HDF5 files that are sound, and hold compound datasets of any columns, types, shapes, filters and values.
//!
//! The structure of a file is not damaged here: that would test the HDF5 library, which does not bear it.

#![no_main]

use std::path::Path;

use arbitrary::Arbitrary;
use galmass_snapshot::{SnapshotError, SuiteKind, read_galaxy};
use hdf5_metno as hdf5;
use hdf5_metno::types::{CompoundField, CompoundType, FloatSize, IntSize, TypeDescriptor};
use hdf5_metno_sys::h5d::H5Dwrite;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5s::H5S_ALL;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct File {
    stars: Component,
    gas: Component,
    dark_matter: Component,
}

#[derive(Arbitrary, Debug)]
enum Component {
    // First what a short input ends in: a sound table.
    Table(Table),
    Absent,
    Group,
    Numbers(Number, Shape),
}

#[derive(Arbitrary, Debug)]
struct Table {
    /// Which of the known columns are left out.
    absent: u8,
    types: [Column; 8],
    others: Vec<(u8, Column)>,
    /// By how much the order of the columns is turned.
    turn: u8,
    padding: u8,
    shape: Shape,
    storage: Storage,
    data: Vec<u8>,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Column {
    /// Most of them, so that most tables are read.
    Usual(bool),
    Number(Number),
    Boolean,
    Text(u8),
    Pair(Number),
    Nested(Number),
    Ragged,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Number {
    Signed(u8),
    Unsigned(u8),
    Single,
    Double,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Shape {
    Rows(u8),
    Scalar,
    Matrix(u8, u8),
    /// Far more rows than any file holds, none of them stored.
    Huge(u8),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Storage {
    Contiguous,
    Chunked(u8),
    Compressed(u8, bool),
    Unwritten,
}

const KNOWN: [&str; 8] = ["m", "x", "y", "z", "vx", "vy", "vz", "potential"];

impl Number {
    fn descriptor(self) -> TypeDescriptor {
        let size = |bits: u8| [IntSize::U1, IntSize::U2, IntSize::U4, IntSize::U8][usize::from(bits % 4)];
        match self {
            Self::Signed(bits) => TypeDescriptor::Integer(size(bits)),
            Self::Unsigned(bits) => TypeDescriptor::Unsigned(size(bits)),
            Self::Single => TypeDescriptor::Float(FloatSize::U4),
            Self::Double => TypeDescriptor::Float(FloatSize::U8),
        }
    }
}

impl Column {
    fn descriptor(self) -> TypeDescriptor {
        match self {
            Self::Usual(is_double) => (if is_double { Number::Double } else { Number::Single }).descriptor(),
            Self::Number(number) => number.descriptor(),
            Self::Boolean => TypeDescriptor::Boolean,
            Self::Text(length) => TypeDescriptor::FixedAscii(usize::from(length % 16) + 1),
            Self::Pair(number) => TypeDescriptor::FixedArray(Box::new(number.descriptor()), 2),
            Self::Nested(number) => {
                let ty = number.descriptor();
                let size = ty.size();
                TypeDescriptor::Compound(CompoundType {
                    fields: vec![CompoundField::new("m", ty, 0, 0)],
                    size,
                })
            }
            Self::Ragged => TypeDescriptor::VarLenAscii,
        }
    }
}

impl Table {
    fn descriptor(&self) -> CompoundType {
        let mut columns = Vec::new();
        for (index, (name, column)) in KNOWN.iter().zip(self.types).enumerate() {
            if self.absent >> index & 1 == 0 {
                columns.push(((*name).to_owned(), column));
            }
        }
        for (index, &(name, column)) in self.others.iter().take(4).enumerate() {
            columns.push((format!("{}{index}", char::from(name % 94 + 33)), column));
        }
        if !columns.is_empty() {
            let turn = usize::from(self.turn) % columns.len();
            columns.rotate_left(turn);
        }
        let mut size = usize::from(self.padding % 4);
        let mut fields = Vec::new();
        for (index, (name, column)) in columns.into_iter().enumerate() {
            let ty = column.descriptor();
            let field_size = ty.size();
            fields.push(CompoundField::new(&name, ty, size, index));
            size += field_size + usize::from(self.padding / 4 % 4);
        }
        CompoundType { fields, size: size.max(1) }
    }

    fn is_ragged(&self) -> bool {
        let others = self.others.iter().map(|(_, column)| column);
        self.types.iter().chain(others).any(|column| matches!(column, Column::Ragged))
    }

    /// Creates the dataset; HDF5 may refuse to.
    fn write(&self, file: &hdf5::File, name: &str) -> hdf5::Result<()> {
        let descriptor = self.descriptor();
        let builder = file.new_dataset_builder().empty_as(TypeDescriptor::Compound(descriptor.clone()));
        let chunk = |rows: u8| usize::from(rows % 16) + 1;
        let dataset = match (self.shape, self.storage) {
            (Shape::Huge(bits), _) => {
                let n_rows = 1usize << (36 + bits % 20);
                return builder.chunk(1 << 10).shape(n_rows).create(name).map(drop);
            }
            (Shape::Scalar, _) => builder.shape(()).create(name)?,
            (Shape::Matrix(rows, columns), _) => {
                builder.shape((usize::from(rows % 8), usize::from(columns % 8))).create(name)?
            }
            (Shape::Rows(rows), Storage::Chunked(size)) => {
                builder.chunk(chunk(size)).shape(usize::from(rows)).create(name)?
            }
            (Shape::Rows(rows), Storage::Compressed(size, shuffles)) => {
                let builder = builder.chunk(chunk(size)).deflate(size % 10);
                let builder = if shuffles { builder.shuffle() } else { builder };
                builder.shape(usize::from(rows)).create(name)?
            }
            (Shape::Rows(rows), _) => builder.shape(usize::from(rows)).create(name)?,
        };
        if matches!(self.storage, Storage::Unwritten) || self.is_ragged() {
            return Ok(());
        }
        // Rows of a type that no Rust type has: the bytes that the fuzzer gives, over and over.
        let n_bytes = dataset.size() * dataset.dtype()?.size();
        let bytes: Vec<u8> = if self.data.is_empty() {
            vec![0; n_bytes]
        } else {
            self.data.iter().copied().cycle().take(n_bytes).collect()
        };
        let dtype = dataset.dtype()?;
        hdf5::sync::sync(|| {
            // SAFETY: `bytes` holds as many elements of the type as the dataset, which has no pointers in it.
            unsafe {
                H5Dwrite(dataset.id(), dtype.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.as_ptr().cast())
            }
        });
        Ok(())
    }
}

impl Component {
    fn write(&self, file: &hdf5::File, name: &str) -> hdf5::Result<()> {
        match self {
            Self::Absent => Ok(()),
            Self::Group => file.create_group(name).map(drop),
            Self::Numbers(number, shape) => {
                let builder = file.new_dataset_builder().empty_as(number.descriptor());
                match *shape {
                    Shape::Scalar => builder.shape(()).create(name).map(drop),
                    Shape::Rows(rows) | Shape::Huge(rows) => {
                        builder.shape(usize::from(rows)).create(name).map(drop)
                    }
                    Shape::Matrix(rows, columns) => {
                        builder.shape((usize::from(rows), usize::from(columns))).create(name).map(drop)
                    }
                }
            }
            Self::Table(table) => table.write(file, name),
        }
    }
}

impl File {
    fn write(&self, path: &Path) -> hdf5::Result<()> {
        let file = hdf5::File::create(path)?;
        self.stars.write(&file, "stars")?;
        self.gas.write(&file, "gas")?;
        self.dark_matter.write(&file, "dark_matter")
    }
}

fuzz_target!(|file: File| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("galaxy.hdf5");
    if file.write(&path).is_err() {
        return;
    }
    match read_galaxy(&path, Some(SuiteKind::ParticleTable)) {
        Ok(snapshot) => {
            let galaxy = snapshot.galaxy;
            assert!(!galaxy.stars.particles().is_empty());
            for particles in [galaxy.stars.particles(), galaxy.gas.particles(), &galaxy.dark_matter] {
                assert!(particles.len() <= 255);
                assert!(particles.masses_msun().iter().all(|mass| mass.is_finite() && *mass >= 0.0));
                assert!(particles.positions_kpc().as_flattened().iter().all(|x| x.is_finite()));
                assert!(particles.velocities_km_s().as_flattened().iter().all(|v| v.is_finite()));
            }
        }
        Err(SnapshotError::Io { .. } | SnapshotError::Truncated { .. } | SnapshotError::NotHdf5 { .. }) => {
            panic!("the file is there, and whole")
        }
        Err(_) => {}
    }
});
