//! Sound files of every suite, and where in them bytes may be wrong.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use galmass_snapshot::{SuiteKind, read_catalogue, read_galaxy};
use hdf5_metno::types::{FloatSize, TypeDescriptor};
use hdf5_metno::{Attribute, File, Group};
use tempfile::TempDir;

use crate::fixture::{self, Fixture, TngUnits};
use crate::suites;

/// The file or the files of one galaxy, or of one catalogue.
pub(crate) struct Specimen {
    pub(crate) name: &'static str,
    /// What reads it.
    kind: Kind,
    pub(crate) parts: Vec<Part>,
    /// The file that is read, in a folder with the others.
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

#[derive(Clone, Copy)]
enum Kind {
    Galaxy(SuiteKind),
    Catalogue,
}

/// One file.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_hdf5: bool,
    /// The bytes that no library takes as a description of others: the contents of datasets and the values of
    /// attributes in HDF5 files, all of them in other files.
    pub(crate) contents: Vec<Range<usize>>,
}

impl Specimen {
    fn new(name: &'static str, kind: Kind, fixture: &Fixture) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut parts = Vec::new();
        for entry in fs::read_dir(fixture.path.parent().unwrap()).unwrap() {
            let from = entry.unwrap().path();
            let path = folder.path().join(from.file_name().unwrap());
            fs::copy(&from, &path).unwrap();
            parts.push(Part::new(path));
        }
        parts.sort_by(|a, b| a.path.cmp(&b.path));
        let path = folder.path().join(fixture.path.file_name().unwrap());
        let specimen = Self { name, kind, parts, path, _folder: folder };
        assert_eq!(specimen.read(), [true; 2], "{name} is sound to begin with");
        specimen
    }

    fn galaxy(name: &'static str, suite: SuiteKind, fixture: &Fixture) -> Self {
        Self::new(name, Kind::Galaxy(suite), fixture)
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes.len()).sum()
    }

    /// Reads it, by its suite and by the one that its looks suggest, or by the path of a piece and by that of the
    /// folder; says which succeed.
    pub(crate) fn read(&self) -> [bool; 2] {
        let path = &self.path;
        match self.kind {
            Kind::Galaxy(suite) => [Some(suite), None].map(|suite| read_galaxy(path, suite).is_ok()),
            Kind::Catalogue => [path, path.parent().unwrap()].map(|path| read_catalogue(path).is_ok()),
        }
    }
}

impl Part {
    fn new(path: PathBuf) -> Self {
        let bytes = fs::read(&path).unwrap();
        let is_hdf5 = bytes.starts_with(b"\x89HDF");
        let contents =
            if is_hdf5 { hdf5_contents(&path, &bytes) } else { std::iter::once(0..bytes.len()).collect() };
        assert!(!contents.is_empty());
        Self { path, bytes, is_hdf5, contents }
    }
}

/// All suites, alone and in parts, and a group catalogue.
pub(crate) fn all() -> Vec<Specimen> {
    let galaxy = Specimen::galaxy;
    vec![
        galaxy("tng", SuiteKind::Tng, &fixture::tng(TngUnits::Stated)),
        galaxy("tng without units", SuiteKind::Tng, &fixture::tng(TngUnits::Silent)),
        galaxy("tng in parts", SuiteKind::Tng, &suites::tng_in_parts()),
        galaxy("eagle", SuiteKind::Eagle, &fixture::eagle(true)),
        galaxy("swift", SuiteKind::Swift, &suites::swift()),
        galaxy("virtual swift", SuiteKind::Swift, &suites::virtual_swift()),
        galaxy("gadget", SuiteKind::Gadget, &suites::gadget(SuiteKind::Gadget)),
        galaxy("gizmo", SuiteKind::Gizmo, &suites::gadget(SuiteKind::Gizmo)),
        galaxy("gadget binary 1", SuiteKind::GadgetBinary, &suites::gadget_binary(false, 1)),
        galaxy("gadget binary 2", SuiteKind::GadgetBinary, &suites::gadget_binary(true, 1)),
        galaxy("gadget binary in parts", SuiteKind::GadgetBinary, &suites::gadget_binary(false, 2)),
        galaxy("sim spin", SuiteKind::SimSpin, &suites::sim_spin()),
        galaxy("particle table", SuiteKind::ParticleTable, &fixture::particle_table()),
        galaxy("star table", SuiteKind::StarTable, &fixture::star_table(&fixture::two_stars())),
        Specimen::new("catalogue", Kind::Catalogue, &suites::catalogue()),
    ]
}

/// The ranges of an HDF5 file that hold data: contiguous datasets, and attributes that are long or odd enough to be
/// found by their values.
fn hdf5_contents(path: &Path, bytes: &[u8]) -> Vec<Range<usize>> {
    let file = File::open(path).unwrap();
    let mut ranges = Vec::new();
    visit(&file, bytes, &mut ranges);
    ranges
}

fn visit(group: &Group, bytes: &[u8], ranges: &mut Vec<Range<usize>>) {
    let attributes =
        |names: Vec<String>, open: &dyn Fn(&str) -> Attribute, ranges: &mut Vec<Range<usize>>| {
            for name in names {
                if let Some(value) = stored_value(&open(&name)) {
                    let found = bytes.windows(value.len()).enumerate().filter(|(_, window)| *window == value);
                    ranges.extend(found.map(|(at, _)| at..at + value.len()));
                }
            }
        };
    attributes(group.attr_names().unwrap(), &|name| group.attr(name).unwrap(), ranges);
    // Virtual datasets have no place, nor have empty ones.
    for dataset in group.datasets().unwrap() {
        attributes(dataset.attr_names().unwrap(), &|name| dataset.attr(name).unwrap(), ranges);
        let n_bytes = dataset.storage_size() as usize;
        if let Some(offset) = dataset.offset()
            && n_bytes > 0
        {
            let at = offset as usize;
            ranges.push(at..at + n_bytes);
        }
    }
    for group in group.groups().unwrap() {
        visit(&group, bytes, ranges);
    }
}

/// The bytes of the value of an attribute, if they are unlikely to be found where something else is meant.
fn stored_value(attribute: &Attribute) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = match attribute.dtype().and_then(|dtype| dtype.to_descriptor()).ok()? {
        TypeDescriptor::Float(FloatSize::U8) => {
            attribute.read_raw::<f64>().ok()?.into_iter().flat_map(f64::to_le_bytes).collect()
        }
        TypeDescriptor::Float(FloatSize::U4) => {
            attribute.read_raw::<f32>().ok()?.into_iter().flat_map(f32::to_le_bytes).collect()
        }
        TypeDescriptor::Integer(_) => {
            attribute.read_raw::<i32>().ok()?.into_iter().flat_map(i32::to_le_bytes).collect()
        }
        TypeDescriptor::Unsigned(_) => {
            attribute.read_raw::<u32>().ok()?.into_iter().flat_map(u32::to_le_bytes).collect()
        }
        _ => return None,
    };
    (bytes.len() >= 8 && bytes.iter().any(|&byte| byte != 0)).then_some(bytes)
}
