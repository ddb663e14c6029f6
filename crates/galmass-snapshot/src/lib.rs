//! Reads galaxies out of simulation snapshots into physical units.
//!
//! One file holds one galaxy: a cutout of a snapshot, or a plain table of particles. [`read_galaxy`] makes a
//! [`Galaxy`] of it, in physical kpc, peculiar km/s, Msun and Gyr. The scale factor and little-h, the names of
//! groups and datasets, and the units of a simulation exist in this crate and in no other.
//!
//! | [`SuiteKind`] | file | stars | gas | dark matter | black holes | ages | light |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | `tng` | IllustrisTNG cutout, HDF5 | `PartType4` less wind | `PartType0` and wind | `PartType1` | `PartType5` | yes | g, r |
//! | `eagle` | EAGLE extraction, HDF5 | `PartType4` | `PartType0` | `PartType1` | `PartType5` | yes | no |
//! | `particle-table` | HDF5, one compound dataset a component | `stars` | `gas` | `dark_matter` | no | no | no |
//! | `star-table` | NumPy array, one star a row | all rows | no | no | no | no | no |
//!
//! Units come from the attributes of the datasets where a suite writes them. cgs values are turned back with the
//! constants that the simulations themselves used (1 Msun = 1.989e33 g, 1 kpc = 3.085678e21 cm), so that a mass
//! stored in 1e10 Msun/h means just that.
//!
//! Nothing is repaired: a file that lacks a dataset, holds a NaN or is one part of several is refused with an
//! error that names the file, the object inside it and the numbers concerned. That holds for files cut short and
//! for damaged data as well. HDF5's own description of a file is read by its C library, which has been seen to end
//! the process over a damaged one (version 1.10.8): such files are beyond what this crate can promise.
//!
//! # Examples
//! ```
//! use galmass_snapshot::{SuiteKind, read_galaxy};
//! use ndarray::array;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("stars.npy");
//! // Mass [Msun], position [kpc], velocity [km/s] of two stars, as numpy.save writes them.
//! ndarray_npy::write_npy(
//!     &path,
//!     &array![[1.0e6, 1.0, 0.0, 0.0, 0.0, 200.0, 0.0], [3.0e6, -1.0, 0.0, 0.0, 0.0, -200.0, 0.0]],
//! )?;
//!
//! let snapshot = read_galaxy(&path, None)?;
//! assert_eq!(snapshot.suite, SuiteKind::StarTable);
//! assert_eq!(snapshot.redshift, None);
//! assert_eq!(snapshot.galaxy.stars.particles().total_mass_msun(), 4.0e6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod batch;
mod catalogue;
mod catalogue_piece;
mod config;
mod cosmology;
mod detect;
mod eagle;
mod error;
mod field;
mod gadget;
#[allow(dead_code, reason = "it reads identifiers, too, which no galaxy has a place for")]
mod gadget_binary;
mod gadget_records;
mod gas;
mod gather;
mod gizmo;
mod group;
mod hdf5_part;
mod header;
mod offsets;
mod particle_table;
mod parts;
mod read;
mod rule;
mod sim_spin;
mod source;
mod star_table;
mod suite;
mod swift;
mod tng;
mod units;
mod virtual_layout;

use std::path::Path;

use galmass_core::{Component, Galaxy};

pub use catalogue::{Catalogue, Groups, Subhaloes, read_catalogue, read_catalogue_pieces};
pub use config::{ReadConfig, ReadConfigError, Selection, Sphere, Subhalo};
pub use detect::detect;
pub use error::SnapshotError;
pub use gadget_binary::GadgetDefect;
pub use offsets::ParticleRanges;
pub use rule::Field;
pub use suite::SuiteKind;

/// Entries of fuzz targets.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::gadget_binary::fuzzing::read_gadget_binary;
}

/// One galaxy, and what is known about where it comes from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The particles, in physical units.
    pub galaxy: Galaxy,
    /// The suite whose rules the file was read by.
    pub suite: SuiteKind,
    /// The redshift of the snapshot, 1/a - 1; `None` where the source knows no expansion.
    pub redshift: Option<f64>,
    /// Whether velocities were asked for; if not, all of them are 0.
    pub has_velocities: bool,
}

/// How far [`read_with_progress`] has come with the particles of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What the particles are; more than one type may be of one component.
    pub component: Component,
    /// The rows of the type to look at, in all files.
    pub n_rows: u64,
    /// Those of them that are done.
    pub n_rows_done: u64,
    /// The rows of the block that was just read: at most `block_rows` of the configuration.
    pub n_rows_in_block: usize,
}

/// Reads the galaxy that a file holds, by the rules of `suite`, or of the suite that [`detect`] finds.
///
/// Positions are physical kpc in the frame of the file: neither centred nor unwrapped, see
/// [`Galaxy::recentre`]. Velocities are peculiar km/s, masses Msun, ages Gyr, potentials (km/s)^2. Columns that the
/// file lacks are `None`, components that it lacks are empty; only stars must be there.
///
/// The whole file is read into memory, as double precision.
///
/// # Errors
/// [`SnapshotError`]: the file cannot be read, fits no suite, is one part of several, lacks what the suite
/// promises, holds no stars, or holds values that cannot be.
///
/// # Examples
/// ```
/// use std::path::Path;
///
/// use galmass_snapshot::{SnapshotError, SuiteKind, read_galaxy};
///
/// let missing = read_galaxy(Path::new("cutout_394242.hdf5"), Some(SuiteKind::Tng));
/// assert!(matches!(missing, Err(SnapshotError::NotFound { .. })));
/// assert_eq!(missing.unwrap_err().to_string(), "there is no file `cutout_394242.hdf5`");
/// ```
pub fn read_galaxy(path: &Path, suite: Option<SuiteKind>) -> Result<Snapshot, SnapshotError> {
    read(path, &ReadConfig { suite, ..ReadConfig::default() })
}

/// Reads the particles selected of a snapshot.
///
/// `path` is the one file of a snapshot, one of its parts (`snap_099.3.hdf5`), beside which the others must lie, or a
/// folder with the parts of one snapshot. What is true of [`read_galaxy`] is true of what is selected here.
///
/// Rows are read in blocks, of which only what is selected is kept, so that a galaxy can be cut from a snapshot larger
/// than memory ([`ReadConfig::block_rows`]). A subhalo by catalogue costs as much as its particles and the headers of
/// all files; a sphere, or numbers of group and subgroup, cost a look at every row of the components.
///
/// # Errors
/// [`SnapshotError`]: as [`read_galaxy`]; a part is missing or contradicts the others; the subhalo does not exist; stars
/// are among the components and none is selected; the configuration makes no sense.
///
/// # Examples
/// ```
/// use galmass_core::Component;
/// use galmass_snapshot::{ReadConfig, Selection, Sphere, read};
/// use ndarray::array;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("stars.npy");
/// ndarray_npy::write_npy(
///     &path,
///     &array![[1.0e6, 1.0, 0.0, 0.0, 0.0, 200.0, 0.0], [3.0e6, -90.0, 0.0, 0.0, 0.0, -200.0, 0.0]],
/// )?;
/// let sphere = Some(Sphere { centre_kpc: [0.0; 3], radius_kpc: 30.0 });
/// let selection = Selection { sphere, components: vec![Component::Stars], ..Selection::default() };
/// let snapshot = read(&path, &ReadConfig { selection, ..ReadConfig::default() })?;
/// assert_eq!(snapshot.galaxy.stars.particles().total_mass_msun(), 1.0e6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path, config: &ReadConfig) -> Result<Snapshot, SnapshotError> {
    read::read(path, config, &mut |_| ())
}

/// As [`read`], and tells `progress` after each block of rows.
///
/// # Errors
/// As [`read`].
pub fn read_with_progress(
    path: &Path,
    config: &ReadConfig,
    mut progress: impl FnMut(Progress),
) -> Result<Snapshot, SnapshotError> {
    read::read(path, config, &mut progress)
}
