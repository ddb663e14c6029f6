//! Reads galaxies out of simulation snapshots into physical units.
//!
//! [`read_galaxy`] makes a [`Galaxy`] of a cutout or a plain table of particles; [`read`] makes one of what is selected
//! of a snapshot, in one file or many, larger than memory or not; [`read_catalogue`] reads what SUBFIND found in it.
//! All of it is in physical kpc, peculiar km/s, Msun and Gyr: the scale factor and little-h, the names of groups and
//! datasets, and the units of a simulation exist in this crate and in no other.
//!
//! | [`SuiteKind`] | file | stars | gas | dark matter | black holes | ages | light | metallicity | in many files |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | `tng` | IllustrisTNG, CAMELS, HDF5 | `PartType4` less wind | `0` and wind | `1`, `2` | `5` | yes | g, r | yes | yes |
//! | `eagle` | EAGLE, HDF5 | `4` | `0` | `1`, `2`, `3` | `5` | yes | no | yes | yes |
//! | `swift` | SWIFT, HDF5, virtual too | `4` | `0` | `1`, `2` | `5` | yes | g, r | yes | yes |
//! | `gizmo` | FIRE, SIMBA, HDF5 | `4` | `0` | `1`, `2`, `3` | `5` | yes | no | yes | yes |
//! | `gadget` | Gadget-2, -3, -4, HDF5 | `4`, isolated also `2`, `3` | `0` | `1`, else `2`, `3` | `5` | yes | no | yes | yes |
//! | `gadget-binary` | Gadget format 1, 2 | as `gadget` | `0` | as `gadget` | `5` | yes | no | yes | yes |
//! | `sim-spin` | HDF5, one dataset an axis | `2`, `3`, `4` | `0` | `1` | no | no | no | no | no |
//! | `particle-table` | HDF5, one compound dataset a component | `stars` | `gas` | `dark_matter` | no | no | no | no | no |
//! | `star-table` | NumPy array, one star a row | all rows | no | no | no | no | no | no | no |
//!
//! Numbers are those of `PartType` groups. In isolated galaxies types 2 and 3 are the stars of disc and bulge, in
//! cosmological runs the coarse dark matter around a zoom; a run is isolated where its header has no matter density, or
//! `ComovingIntegrationOn` 0.
//!
//! Units come from the attributes of the datasets where a suite writes them, else from the base units that a header
//! states, else from the suite's documentation. cgs values are turned back with the constants that the simulations
//! themselves used (1 Msun = 1.989e33 g, 1 kpc = 3.085678e21 cm, and SWIFT's own for SWIFT), so that a mass stored in
//! 1e10 Msun/h means just that.
//!
//! Gas has the columns that follow from the file's: neutral hydrogen is mass times hydrogen fraction (0.76 where the file
//! has none) times neutral fraction; temperatures that are not stored follow from internal energy and electrons; the
//! kernel of an AREPO cell reaches to 2.5 radii of the sphere of its volume. Wind counts as gas without neutral hydrogen
//! and star formation; gas with wind among it has no densities and temperatures, since wind has none.
//!
//! Nothing is repaired: a file that lacks a dataset, holds a NaN or contradicts its siblings is refused with an
//! error that names the file, the object inside it and the numbers concerned. That holds for files cut short and
//! for damaged data as well. HDF5's own description of a file is read by its C library, which has been seen to end
//! the process over a damaged one (version 1.10.8): such files are beyond what this crate can promise.
//!
//! The way back is [`write_tng_cutout`]: a galaxy from anywhere as a cutout of IllustrisTNG.
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
mod npy_header;
mod offsets;
mod particle_table;
mod parts;
mod place;
mod read;
mod rule;
mod sim_spin;
mod source;
mod star_table;
mod suite;
mod swift;
mod tng;
mod units;
mod write_tng;

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
pub use write_tng::{TngCutout, write_tng_cutout};

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
/// All particles are read into memory, as double precision. The path of one part of a snapshot, or of the folder of
/// its parts, reads all parts; [`read`] reads some of the particles.
///
/// # Errors
/// [`SnapshotError`]: a file cannot be read, fits no suite, has siblings that are missing or contradict it, lacks what
/// the suite promises, holds no stars, or holds values that cannot be.
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
