//! What can be wrong with a file, and where in it.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use galmass_core::ParticleError;
use thiserror::Error;

use crate::gadget_binary::GadgetDefect;
pub(crate) use crate::place::Place;
use crate::{ReadConfigError, SuiteKind};

/// A file that no galaxy can be read from.
///
/// `path` is the file, `object` the path of a group or dataset inside it (a column of a table is written
/// `/stars.vx`), and an `index` counts rows of the file from 0.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// No such file.
    #[error("there is no file `{path}`")]
    NotFound {
        /// The file asked for.
        path: PathBuf,
    },
    /// The operating system does not let us read the file.
    #[error("cannot read `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is of some other format.
    #[error("`{path}` is not an HDF5 file")]
    NotHdf5 {
        /// The file.
        path: PathBuf,
    },
    /// The file is of some other format.
    #[error("`{path}` is not a NumPy array file")]
    NotNpy {
        /// The file.
        path: PathBuf,
    },
    /// The file is of some other format.
    #[error("`{path}` is not a Gadget binary file")]
    NotGadgetBinary {
        /// The file.
        path: PathBuf,
    },
    /// The file ends before its contents do.
    #[error("`{path}` is cut short: it ends after {n_bytes} bytes")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        n_bytes: u64,
        /// What the reading library says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The HDF5 library fails on an object that is there: a damaged file, or a filter that is not installed.
    #[error("HDF5 cannot read `{object}` in `{path}`")]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// The object.
        object: String,
        /// What the library says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The header of a NumPy file makes no sense.
    #[error("`{path}` is a damaged NumPy array file")]
    Npy {
        /// The file.
        path: PathBuf,
        /// What the reading library says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The records of a Gadget binary file make no sense.
    #[error("at byte {offset} of `{path}`, {defect}")]
    GadgetBinary {
        /// The file.
        path: PathBuf,
        /// Where the record concerned begins \[bytes\].
        offset: u64,
        /// What is wrong with it.
        defect: GadgetDefect,
    },
    /// No suite goes by this name.
    #[error("there is no suite `{name}`; the known suites are {}", listed(&SuiteKind::ALL))]
    UnknownSuite {
        /// The name asked for.
        name: String,
    },
    /// The file looks like none of the suites.
    #[error(
        "`{path}` looks like none of the known suites ({}); at its top it holds [{}]",
        listed(&SuiteKind::ALL),
        listed(.objects)
    )]
    NoSuite {
        /// The file.
        path: PathBuf,
        /// The names of the groups and datasets at its top.
        objects: Vec<String>,
    },
    /// The file looks like more than one suite.
    #[error("`{path}` looks like several suites: {}; name the one to read it by", listed(.suites))]
    SeveralSuites {
        /// The file.
        path: PathBuf,
        /// All that it looks like.
        suites: Vec<SuiteKind>,
    },
    /// The file is one part of a snapshot, and its name does not tell which.
    #[error(
        "`{path}` is one of {n_files} files of a snapshot (`NumFilesPerSnapshot` of `/Header`), \
         and its name has no number from which those of the others follow"
    )]
    MultiFile {
        /// The file.
        path: PathBuf,
        /// The number of files of the snapshot.
        n_files: u64,
    },
    /// A part of a snapshot is not beside the others.
    #[error("there is no file `{path}`, part {index} of the {n_files} to which `{named}` belongs")]
    MissingPart {
        /// The part that is not there.
        path: PathBuf,
        /// Its number, from 0.
        index: u64,
        /// The number of parts that there should be.
        n_files: u64,
        /// The file that says so.
        named: PathBuf,
    },
    /// The parts of a snapshot contradict each other.
    #[error(
        "`{path}` says {found} for `{attribute}` where `{reference}`, of the same snapshot, says {expected}"
    )]
    PartsDisagree {
        /// The part.
        path: PathBuf,
        /// What it speaks of.
        attribute: &'static str,
        /// What it says.
        found: f64,
        /// The first part.
        reference: PathBuf,
        /// What that says.
        expected: f64,
    },
    /// A header counts other particles than there are.
    #[error(
        "`{path}` says {expected} particles of `{object}` (`{attribute}` of `/Header`) where there are {found}"
    )]
    CountsDisagree {
        /// The file.
        path: PathBuf,
        /// The group of the particles.
        object: String,
        /// The attribute that counts them: in this file, or in all.
        attribute: &'static str,
        /// What it says.
        expected: u64,
        /// The particles that are there.
        found: u64,
    },
    /// A folder holds nothing that looks like a snapshot by its name.
    #[error("the folder `{path}` holds no snapshot: no file `*.hdf5`, `*.h5` or `*.0`")]
    NoSnapshot {
        /// The folder.
        path: PathBuf,
    },
    /// A folder holds more than one snapshot.
    #[error("the folder `{path}` holds several snapshots ({}); name a file of the one to read", listed(.names))]
    SeveralSnapshots {
        /// The folder.
        path: PathBuf,
        /// The first file of each.
        names: Vec<String>,
    },
    /// A file is virtual over parts that are not beside it.
    #[error("`{path}` is virtual over other files, of which the first, `{part}`, is not there")]
    VirtualOverNothing {
        /// The file.
        path: PathBuf,
        /// The part that is not there.
        part: PathBuf,
    },
    /// A dataset is virtual, and its file is not a snapshot that is virtual over its own parts.
    #[error(
        "`{object}` in `{path}` is a virtual dataset; only whole snapshots over their own parts may be virtual"
    )]
    Virtual {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
    },
    /// A file is virtual over parts that have other particles than it.
    #[error("`{object}` in `{path}` has {n_rows} rows, the parts that it is virtual over have {found}")]
    VirtualRows {
        /// The file.
        path: PathBuf,
        /// The group of the particles.
        object: String,
        /// The rows that the file says.
        n_rows: u64,
        /// The rows of the parts.
        found: u64,
    },
    /// A group catalogue has no subhalo of this number.
    #[error("there is no subhalo {index} in `{path}`, which has {n_subhaloes}")]
    NoSubhalo {
        /// The catalogue.
        path: PathBuf,
        /// The subhalo asked for.
        index: u64,
        /// The subhaloes that there are.
        n_subhaloes: u64,
    },
    /// A subhalo takes rows that the snapshot does not have: catalogue and snapshot do not belong together.
    #[error(
        "the subhalo takes rows {start} to {end} of `{object}` in `{path}`, which has {n_rows} in all its files"
    )]
    SubhaloOutside {
        /// The snapshot.
        path: PathBuf,
        /// The group.
        object: String,
        /// The first row of the subhalo.
        start: u64,
        /// The row behind its last.
        end: u64,
        /// The rows that there are.
        n_rows: u64,
    },
    /// The settings make no sense.
    #[error("the settings of reading make no sense")]
    Config(#[from] ReadConfigError),
    /// A group is not there.
    #[error("there is no group `{object}` in `{path}`")]
    MissingGroup {
        /// The file.
        path: PathBuf,
        /// The group.
        object: String,
    },
    /// A dataset, or a column of a table, is not there.
    #[error("there is no field `{object}` in `{path}`")]
    MissingField {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
    },
    /// An attribute is not there.
    #[error("`{object}` in `{path}` has no attribute `{attribute}`")]
    MissingAttribute {
        /// The file.
        path: PathBuf,
        /// The object that should carry the attribute.
        object: String,
        /// The attribute.
        attribute: String,
    },
    /// An attribute has a value that cannot be.
    #[error("attribute `{attribute}` of `{object}` in `{path}` is {value} where it should be {expected}")]
    BadAttribute {
        /// The file.
        path: PathBuf,
        /// The object that carries the attribute.
        object: String,
        /// The attribute.
        attribute: String,
        /// What would do.
        expected: &'static str,
        /// What was found.
        value: f64,
    },
    /// Scale factor and redshift of the header exclude each other.
    #[error(
        "`/Header` in `{path}` says scale factor {scale_factor} (`Time`) and redshift {redshift} (`Redshift`), \
         which are not the same time"
    )]
    InconsistentEpoch {
        /// The file.
        path: PathBuf,
        /// The scale factor.
        scale_factor: f64,
        /// The redshift.
        redshift: f64,
    },
    /// The densities of the header are not those of a flat universe, the only one whose ages are known here.
    #[error(
        "`/Header` in `{path}` says `Omega0` {omega_matter} and `OmegaLambda` {omega_lambda}; \
         star ages need a flat universe, where they add up to 1"
    )]
    NotFlat {
        /// The file.
        path: PathBuf,
        /// The matter density parameter.
        omega_matter: f64,
        /// The dark energy density parameter.
        omega_lambda: f64,
    },
    /// A field or attribute has the wrong number of dimensions or columns.
    #[error("`{object}` in `{path}` has shape {found:?} where it should have {expected}")]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The field, or the attribute as `object@attribute`.
        object: String,
        /// The shape that would do.
        expected: &'static str,
        /// The shape found.
        found: Vec<usize>,
    },
    /// A field or attribute holds something other than what is needed.
    #[error("`{object}` in `{path}` holds {found} where it should hold {expected}")]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The field, or the attribute as `object@attribute`.
        object: String,
        /// What would do.
        expected: &'static str,
        /// What was found, in the words of the HDF5 or NumPy library.
        found: String,
    },
    /// Two fields of one group describe different numbers of particles.
    #[error("`{object}` in `{path}` has {found} rows where `{reference}` has {expected}")]
    RowsDisagree {
        /// The file.
        path: PathBuf,
        /// The field that does not fit.
        object: String,
        /// The field it should fit.
        reference: String,
        /// The rows of the reference.
        expected: usize,
        /// The rows found.
        found: usize,
    },
    /// Rows are asked for that a field does not have.
    #[error("rows {first} to {end} are asked of `{object}` in `{path}`, which has {n_rows}")]
    RowsOutside {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// The first row asked for.
        first: usize,
        /// The row behind the last one asked for.
        end: usize,
        /// The rows that there are.
        n_rows: usize,
    },
    /// A field claims more data than it can hold or memory can take.
    #[error(
        "`{object}` in `{path}` claims {declared_bytes} bytes of data and stores {stored_bytes}: too large to read"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// The size that its shape and type amount to.
        declared_bytes: u64,
        /// What is stored of it in the file.
        stored_bytes: u64,
    },
    /// There are no stars, so there is no galaxy to observe.
    #[error("`{path}` holds no star particles: `{object}` has {n_rows} rows, and none is a star")]
    NoStars {
        /// The file.
        path: PathBuf,
        /// Where stars were looked for.
        object: String,
        /// The rows found there: 0 if it is absent or empty, else the number of wind particles.
        n_rows: usize,
    },
    /// There are stars, and none of them is selected.
    #[error(
        "none of the stars in `{object}` of `{path}` is selected; if that may be, leave stars out of the components"
    )]
    NoStarsSelected {
        /// The snapshot.
        path: PathBuf,
        /// Where stars were looked for.
        object: String,
    },
    /// A dataset states its unit in words that are not known here.
    #[error("`{object}` in `{path}` is in the unit `{found}`; known are {expected}")]
    UnknownUnit {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// What it says.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// A value is zero or below where it must be above.
    #[error("`{object}` in `{path}` holds {value} at index {index}, which must be above zero")]
    NotPositive {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// The first row concerned.
        index: usize,
        /// What was found, in the units of the file.
        value: f64,
    },
    /// A value is NaN or infinite.
    #[error("`{object}` in `{path}` holds {value} at index {index}, which is not a finite number")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// The first row concerned.
        index: usize,
        /// What was found, in the units of the file.
        value: f64,
    },
    /// A value is below zero where only zero and above make sense.
    #[error("`{object}` in `{path}` holds {value} at index {index}, which must not be negative")]
    Negative {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// The first row concerned.
        index: usize,
        /// What was found, in the units of the file.
        value: f64,
    },
    /// A star formed at no time, or after the snapshot.
    #[error(
        "`{object}` in `{path}` holds the formation scale factor {formed} at index {index}, \
         outside the time from 0 to {snapshot}"
    )]
    BornOutsideTime {
        /// The file.
        path: PathBuf,
        /// The field.
        object: String,
        /// The first row concerned.
        index: usize,
        /// The scale factor at which the star formed.
        formed: f64,
        /// The scale factor of the snapshot.
        snapshot: f64,
    },
    /// A cutout is to be written at a time or in a universe that cannot be.
    #[error("`{setting}` of a cutout is {value}, which must be above zero")]
    BadCutout {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
    },
    /// A galaxy has what a cutout of IllustrisTNG can only hold together with something that it has not.
    #[error("a cutout of IllustrisTNG cannot hold {column} without {needs}")]
    NotInTng {
        /// What the galaxy has.
        column: &'static str,
        /// What it has not.
        needs: &'static str,
    },
    /// A star is older than the universe at the time of the cutout.
    #[error("star {index} is {age_gyr} Gyr old where the universe is {universe_gyr} Gyr old")]
    OlderThanTheUniverse {
        /// The star.
        index: usize,
        /// Its age \[Gyr\].
        age_gyr: f64,
        /// That of the universe \[Gyr\].
        universe_gyr: f64,
    },
    /// A file cannot be written.
    #[error("cannot write `{path}`")]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// What the operating system or HDF5 says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Values that are sound in the file make no particles in physical units: they overflow.
    #[error("`{object}` in `{path}` makes no particles in physical units")]
    Particles {
        /// The file.
        path: PathBuf,
        /// The group.
        object: String,
        /// What is wrong with them.
        source: ParticleError,
    },
}

fn listed<T: Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_can_cross_threads_and_fit_the_stack() {
        fn assert_travels<T: Send + Sync + 'static>() {}
        assert_travels::<SnapshotError>();
        assert!(size_of::<SnapshotError>() <= 128);
    }
}
