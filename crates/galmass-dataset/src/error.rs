//! What can be wrong with a data set, in words.

use std::path::PathBuf;

use thiserror::Error;

use crate::{Channel, Checksum, Grouping, ShardError};

/// Everything that the caller of this crate can mend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A set of maps needs a sample.
    #[error("a set of maps without a single sample")]
    NoSamples,
    /// A channel or target describes another number of samples.
    #[error("`{what}` describes {found} samples where the set has {expected}")]
    SampleCount {
        /// The channel or target.
        what: String,
        /// Samples of the set.
        expected: usize,
        /// Samples found.
        found: usize,
    },
    /// A map is not square.
    #[error("`{channel}` maps are {rows} x {columns} pixels: only square maps are supported")]
    NotSquare {
        /// The channel.
        channel: Channel,
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// The same channel or target twice.
    #[error("`{what}` is given twice")]
    Duplicate {
        /// The channel or target.
        what: String,
    },
    /// A channel or target that the set lacks.
    #[error("the set has no `{what}`; it has {present:?}")]
    Absent {
        /// What was asked for.
        what: String,
        /// What is there.
        present: Vec<String>,
    },
    /// A target that is no number.
    #[error("target `{target}` is {value} for sample {index}")]
    TargetNotFinite {
        /// The target.
        target: String,
        /// The sample.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// The channels of one branch have different meshes.
    #[error(
        "branch `{branch}` mixes meshes: `{channel}` has {found} pixels a side where the first has {expected}"
    )]
    MixedMeshes {
        /// The branch.
        branch: String,
        /// The channel that differs.
        channel: Channel,
        /// Pixels a side of the branch's first channel.
        expected: usize,
        /// Pixels a side found.
        found: usize,
    },
    /// Maps whose mesh is not the one the normalisation was fitted on.
    #[error("`{channel}` maps are {found} pixels a side; the normalisation was fitted on {expected}")]
    MeshDiffers {
        /// The channel.
        channel: Channel,
        /// Pixels a side when fitted.
        expected: usize,
        /// Pixels a side found.
        found: usize,
    },
    /// An array that cannot be a channel.
    #[error("array `{array}` of shape {shape:?} is no square map, and cannot be the channel `{channel}`")]
    NotAMap {
        /// The array.
        array: String,
        /// The channel it was named for.
        channel: Channel,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An array that cannot be a target.
    #[error("array `{array}` of shape {shape:?} is no single number, and cannot be a target")]
    NotANumber {
        /// The array.
        array: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A channel without one usable value in the training part.
    #[error("channel `{channel}` has no usable pixel in the training part")]
    NothingToFit {
        /// The channel.
        channel: Channel,
    },
    /// A target that is the same for all training samples teaches nothing.
    #[error("target `{target}` is {value} for all {n_samples} training samples")]
    ConstantTarget {
        /// The target.
        target: String,
        /// The one value.
        value: f64,
        /// Training samples.
        n_samples: usize,
    },
    /// Fractions that leave nothing for training.
    #[error("validation {validation} and test {test} are not fractions that leave a part for training")]
    BadFractions {
        /// Asked for validation.
        validation: f64,
        /// Asked for test.
        test: f64,
    },
    /// Fewer galaxies than parts.
    #[error("{n_galaxies} galaxies cannot be split into training, validation and test")]
    TooFewGalaxies {
        /// Distinct galaxies.
        n_galaxies: usize,
    },
    /// Fewer groups than parts.
    #[error("{n_groups} groups by {grouping} cannot be split into training, validation and test")]
    TooFewGroups {
        /// What stays together.
        grouping: Grouping,
        /// Distinct groups.
        n_groups: usize,
    },
    /// Numbers of groups that leave some part empty.
    #[error(
        "{validation} for validation and {test} for test leave nothing of {n_groups} groups by {grouping} for some part"
    )]
    BadCounts {
        /// What stays together.
        grouping: Grouping,
        /// Asked for validation.
        validation: usize,
        /// Asked for test.
        test: usize,
        /// Distinct groups.
        n_groups: usize,
    },
    /// A held-out group that the set lacks.
    #[error("there is no {grouping} {group} among the {n_groups} of the set")]
    NoSuchGroup {
        /// What stays together.
        grouping: Grouping,
        /// The group asked for.
        group: u64,
        /// Distinct groups.
        n_groups: usize,
    },
    /// Held out is nothing, or all but nothing.
    #[error("{n_test} samples are held out by {grouping}, and {n_groups} groups are left to learn from")]
    NothingLeft {
        /// What stays together.
        grouping: Grouping,
        /// Samples held out.
        n_test: usize,
        /// Groups left.
        n_groups: usize,
    },
    /// A split by octant needs all octants.
    #[error("the octant of sample {index}, of galaxy {galaxy_id}, is not known")]
    UnknownOctant {
        /// The sample.
        index: usize,
        /// Its galaxy.
        galaxy_id: u64,
    },
    /// A name that makes no file.
    #[error("`{name}` is no name for a split: letters, digits, `_` and `-` are")]
    BadSplitName {
        /// The name.
        name: String,
    },
    /// A split of another set.
    #[error("{}: a split of the set of checksum {found}; that of this one is {expected}", path.display())]
    OtherSplit {
        /// The file.
        path: PathBuf,
        /// The checksum of the manifest of the set.
        expected: Checksum,
        /// The checksum in the split.
        found: Checksum,
    },
    /// Parts that miss a sample, or have it twice.
    #[error("{}: sample {index} is not in exactly one part of {n_samples} samples", path.display())]
    NotASplit {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// The samples of the set.
        n_samples: usize,
    },
    /// More or fewer galaxies in several parts than the split says.
    #[error("{}: {found} galaxies are in more than one part, not {expected}", path.display())]
    SharedGalaxies {
        /// The file.
        path: PathBuf,
        /// Galaxies that may be.
        expected: usize,
        /// Galaxies that are.
        found: usize,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A NumPy archive that is damaged, or lacks an array, or holds it in another type or number of dimensions.
    #[error("{}: array `{array}`: {source}", path.display())]
    Npz {
        /// The file.
        path: PathBuf,
        /// The array in the archive.
        array: String,
        /// Why.
        source: ndarray_npy::ReadNpzError,
    },
    /// An archive whose arrays do not make a set of maps.
    #[error("{}: array `{array}`: {source}", path.display())]
    NotASet {
        /// The file.
        path: PathBuf,
        /// The array in the archive.
        array: String,
        /// What does not fit.
        source: Box<DatasetError>,
    },
    /// A file that is no NumPy archive at all.
    #[error("{}: not a readable .npz archive: {source}", path.display())]
    NotNpz {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ndarray_npy::ReadNpzError,
    },
    /// A table that cannot be read; the reason names the line.
    #[error("{}: {source}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// A table without a column that is needed.
    #[error("{}: no column `{column}`; the columns are {present:?}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column asked for.
        column: String,
        /// The columns there.
        present: Vec<String>,
    },
    /// A field of a table that is no number.
    #[error("{}: line {line}, column `{column}`: `{field}` is not a number of the kind needed", path.display())]
    BadField {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The column.
        column: String,
        /// What stands there.
        field: String,
    },
    /// Two rows for one galaxy.
    #[error("{}: line {line}: galaxy {galaxy_id} has a row already", path.display())]
    RepeatedGalaxy {
        /// The file.
        path: PathBuf,
        /// The second line.
        line: u64,
        /// The galaxy.
        galaxy_id: u64,
    },
    /// A map without a label.
    #[error("{}: no row for galaxy {galaxy_id}, of which {} has a map", labels.display(), maps.display())]
    NoLabel {
        /// The table.
        labels: PathBuf,
        /// The archive.
        maps: PathBuf,
        /// The galaxy.
        galaxy_id: u64,
    },
    /// A galaxy number below zero.
    #[error("{}: array `{array}`: galaxy number {value} at index {index} is negative", path.display())]
    NegativeGalaxy {
        /// The file.
        path: PathBuf,
        /// The array.
        array: String,
        /// The sample.
        index: usize,
        /// What was found.
        value: i64,
    },
    /// The HDF5 library could not write.
    #[error("{}: HDF5: {source}", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// Why.
        source: hdf5_metno::Error,
    },
    /// The FITS library could not write.
    #[error("{}: FITS: {source}", path.display())]
    Fits {
        /// The file.
        path: PathBuf,
        /// Why.
        source: fitsio_pure::Error,
    },
    /// What is wrong with shards of samples.
    #[error(transparent)]
    Shard(#[from] ShardError),
}
