//! Files, opened.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hdf5_metno::{self as hdf5, MinorErrorCode};

use crate::SnapshotError;
use crate::error::Place;
use crate::field::FieldGroup;
use crate::gadget_binary::is_gadget_binary;
use crate::rule::PART_TYPES;

/// The first bytes of every NumPy array file.
pub(crate) const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// The first bytes of an HDF5 file without a user block.
const HDF5_MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The bytes of the smallest superblock (versions 2 and 3): a shorter file has lost part of its own.
const SMALLEST_SUPERBLOCK: u64 = 48;

/// A file of one of the formats that suites are written in.
#[derive(Debug)]
pub(crate) enum Source {
    Npy,
    GadgetBinary,
    Hdf5(Hdf5File),
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, SnapshotError> {
        let start = Start::of(path)?;
        if start.bytes.starts_with(NPY_MAGIC) {
            return Ok(Self::Npy);
        }
        if is_gadget_binary(&start.bytes) {
            return Ok(Self::GadgetBinary);
        }
        Hdf5File::open(path).map(Self::Hdf5)
    }

    /// Whether this is an HDF5 file with an object at one of these paths.
    pub(crate) fn has_any(&self, objects: &[&str]) -> bool {
        match self {
            Self::Hdf5(file) => objects.iter().any(|object| file.has(object)),
            Self::Npy | Self::GadgetBinary => false,
        }
    }

    /// Whether this is an HDF5 file with an attribute of this name at the group of this path.
    pub(crate) fn has_attribute(&self, group: &str, name: &str) -> bool {
        match self {
            Self::Hdf5(file) => match file.group(group) {
                Ok(Some(group)) => group.attributes().has(name),
                _ => false,
            },
            Self::Npy | Self::GadgetBinary => false,
        }
    }

    /// Whether this is an HDF5 file with one of these names in the group of any particle type.
    pub(crate) fn has_in_any_type(&self, names: &[&str]) -> bool {
        PART_TYPES.iter().any(|group| names.iter().any(|name| self.has_any(&[&format!("{group}/{name}")])))
    }

    /// Whether this is an HDF5 file with a dataset of this name at its top.
    pub(crate) fn has_dataset(&self, name: &str) -> bool {
        match self {
            Self::Hdf5(file) => file.file.dataset(name).is_ok(),
            Self::Npy | Self::GadgetBinary => false,
        }
    }

    /// The names at the top of an HDF5 file, as far as they can be read.
    pub(crate) fn objects(&self) -> Vec<String> {
        match self {
            Self::Hdf5(file) => file.file.member_names().unwrap_or_default(),
            Self::Npy | Self::GadgetBinary => Vec::new(),
        }
    }
}

/// How a file begins, and how long it is.
#[derive(Debug)]
pub(crate) struct Start {
    /// Its first 8 bytes, or as many as it has.
    pub(crate) bytes: Vec<u8>,
    pub(crate) n_bytes: u64,
}

impl Start {
    pub(crate) fn of(path: &Path) -> Result<Self, SnapshotError> {
        Self::read(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => SnapshotError::NotFound { path: path.to_owned() },
            _ => SnapshotError::Io { path: path.to_owned(), source },
        })
    }

    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let n_bytes = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(8).read_to_end(&mut bytes)?;
        Ok(Self { bytes, n_bytes })
    }
}

/// An HDF5 file, open for reading.
///
/// The binding keeps the HDF5 library from printing its own error stack; here it becomes the `source` of errors.
#[derive(Debug)]
pub(crate) struct Hdf5File {
    path: PathBuf,
    file: hdf5::File,
}

impl Hdf5File {
    pub(crate) fn open(path: &Path) -> Result<Self, SnapshotError> {
        // Asked first, since the operating system tells an absent file from an unreadable one, and HDF5 does not.
        let start = Start::of(path)?;
        match hdf5::File::open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(source) => Err(cannot_open(path, &start, source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something is at this path. Its parents need not exist.
    pub(crate) fn has(&self, object: &str) -> bool {
        self.file.link_exists(object)
    }

    /// Opens the group at this path, if it is there.
    pub(crate) fn group(&self, object: &str) -> Result<Option<FieldGroup>, SnapshotError> {
        if !self.has(object) {
            return Ok(None);
        }
        let place = Place::new(&self.path, object);
        match self.file.group(object) {
            Ok(group) => Ok(Some(FieldGroup::new(group, place))),
            Err(_) if self.file.dataset(object).is_ok() => Err(place.wrong_type("a group", "a dataset")),
            Err(source) => Err(place.hdf5(source)),
        }
    }

    /// The group that holds everything.
    pub(crate) fn root(&self) -> Result<FieldGroup, SnapshotError> {
        let place = Place::new(&self.path, "/");
        match self.file.group("/") {
            Ok(group) => Ok(FieldGroup::new(group, place)),
            Err(source) => Err(place.hdf5(source)),
        }
    }
}

fn cannot_open(path: &Path, start: &Start, source: hdf5::Error) -> SnapshotError {
    let is_hdf5 = start.bytes.starts_with(HDF5_MAGIC);
    let lost_its_superblock = is_hdf5 && start.n_bytes < SMALLEST_SUPERBLOCK;
    if lost_its_superblock || source.contains_minor(MinorErrorCode::Truncated) {
        SnapshotError::Truncated { path: path.to_owned(), n_bytes: start.n_bytes, source: Box::new(source) }
    } else if source.contains_minor(MinorErrorCode::NotHdf5) && !is_hdf5 {
        SnapshotError::NotHdf5 { path: path.to_owned() }
    } else {
        Place::new(path, "/").hdf5(source)
    }
}
