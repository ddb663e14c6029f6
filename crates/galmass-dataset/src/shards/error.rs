//! What can be wrong with shards, in words.

use std::path::PathBuf;

use thiserror::Error;

use super::Checksum;

/// Everything that can be wrong with a set of samples on disk, or with what is asked of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ShardError {
    /// A layout needs an array.
    #[error("a layout of samples without a single array")]
    NoArrays,
    /// A name that some reader could not take.
    #[error("`{array}` is no name for an array: letters, digits and underscores are")]
    BadArrayName {
        /// The name.
        array: String,
    },
    /// Two arrays of one name.
    #[error("array `{array}` is in the layout twice")]
    RepeatedArray {
        /// The name.
        array: String,
    },
    /// A unit or description that is no line of text.
    #[error("the unit or the description of array `{array}` holds a control character")]
    ControlCharacter {
        /// The array.
        array: String,
    },
    /// A shape without a value, or beyond all memory.
    #[error("array `{array}` of shape {shape:?} holds nothing, or more than memory can")]
    BadShape {
        /// The array.
        array: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An array that the set lacks.
    #[error("the samples have no array `{array}`; they have {present:?}")]
    NoSuchArray {
        /// What was asked for.
        array: String,
        /// What is there.
        present: Vec<String>,
    },
    /// A set needs a shard, and the names of shards have six digits.
    #[error("a set of {n_shards} shards: 1 to 1000000 are possible")]
    BadShardCount {
        /// The shards asked for.
        n_shards: u32,
    },
    /// Suites that cannot be told apart, or none at all.
    #[error("{suites:?} are not the names of one or more suites, each given once")]
    BadSuites {
        /// The names.
        suites: Vec<String>,
    },
    /// A shard that the set does not have.
    #[error("shard {index} of a set of {n_shards}")]
    NoSuchShard {
        /// The shard, counted from 0.
        index: u32,
        /// The shards of the set.
        n_shards: u32,
    },
    /// A sample of another number of arrays.
    #[error("a sample of galaxy {galaxy_id} has {found} arrays where the layout has {expected}")]
    ArrayCount {
        /// The galaxy.
        galaxy_id: u64,
        /// Arrays of the layout.
        expected: usize,
        /// Arrays of the sample.
        found: usize,
    },
    /// An array of another size.
    #[error("`{array}` of a sample of galaxy {galaxy_id} has {found} values where the layout has {expected}")]
    ValueCount {
        /// The array.
        array: String,
        /// The galaxy.
        galaxy_id: u64,
        /// Values of the layout.
        expected: usize,
        /// Values of the sample.
        found: usize,
    },
    /// A suite that the set does not name.
    #[error("a sample of galaxy {galaxy_id} is of suite {suite}; the set has {n_suites}, counted from 0")]
    NoSuchSuite {
        /// The galaxy.
        galaxy_id: u64,
        /// The suite.
        suite: u16,
        /// The suites of the set.
        n_suites: usize,
    },
    /// An octant beyond the eight.
    #[error("a sample of galaxy {galaxy_id} is in octant {octant}; there are 0 to 7, and 255 for unknown")]
    BadOctant {
        /// The galaxy.
        galaxy_id: u64,
        /// The octant.
        octant: u8,
    },
    /// One sample twice.
    #[error("line of sight {line_of_sight} of galaxy {galaxy_id} of suite {suite} is in the set twice")]
    RepeatedSample {
        /// The galaxy.
        galaxy_id: u64,
        /// The suite.
        suite: u16,
        /// The line of sight.
        line_of_sight: u32,
    },
    /// A folder that holds another set.
    #[error("{}: `{field}` is {found} there, and {expected} in this run", path.display())]
    OtherSet {
        /// The file with the description of the set in the folder.
        path: PathBuf,
        /// The first thing that differs, as a JSON pointer.
        field: String,
        /// What this run has.
        expected: String,
        /// What the folder has.
        found: String,
    },
    /// A shard that was made for another set.
    #[error("{}: made from the description {found}; that of this set is {expected}", path.display())]
    OtherDescription {
        /// The record of the shard.
        path: PathBuf,
        /// The checksum of the description of this set.
        expected: Checksum,
        /// The checksum of the description the shard was made from.
        found: Checksum,
    },
    /// A file of the set that cannot be understood.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// HDF5 put an array where it cannot be mapped.
    #[error("{}: array `{array}` stands at byte {offset:?}, which is no place to map numbers from", path.display())]
    Unmappable {
        /// The shard.
        path: PathBuf,
        /// The array.
        array: String,
        /// Its place in the file, where it has one.
        offset: Option<u64>,
    },
    /// A shard shorter or longer than it was made.
    #[error("{}: {found} bytes where the shard was made with {expected}", path.display())]
    Truncated {
        /// The shard.
        path: PathBuf,
        /// Bytes it was made with.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// Bytes that changed since they were written.
    #[error("{}: corrupt: checksum {found} where it was made with {expected}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The checksum it was made with.
        expected: Checksum,
        /// The checksum it has.
        found: Checksum,
    },
    /// A set of which shards are missing.
    #[error("{}: {n_missing} of {n_shards} shards are not finished, such as {first:?}", folder.display())]
    Unfinished {
        /// The folder of the set.
        folder: PathBuf,
        /// The first few that are missing.
        first: Vec<u32>,
        /// How many are missing.
        n_missing: usize,
        /// The shards of the set.
        n_shards: u32,
    },
    /// A manifest of another program, version or machine.
    #[error("{}: `{format}` of version {version}, {byte_order}-endian: not a set that this program reads", path.display())]
    OtherFormat {
        /// The manifest.
        path: PathBuf,
        /// The format it names.
        format: String,
        /// The version of the layout.
        version: u32,
        /// The order of the bytes of numbers.
        byte_order: String,
    },
    /// A record that does not fit its shard.
    #[error(
        "{}: `{dataset}` of {n_samples} samples at byte {offset:?} does not lie in the {n_bytes} bytes of the file",
        path.display()
    )]
    BadOffset {
        /// The shard.
        path: PathBuf,
        /// The dataset.
        dataset: String,
        /// Where it is said to begin.
        offset: Option<u64>,
        /// The samples of the shard.
        n_samples: u64,
        /// The bytes of the shard.
        n_bytes: u64,
    },
    /// A sample beyond the last.
    #[error("sample {index} of a set of {n_samples}")]
    NoSuchSample {
        /// The sample, counted from 0.
        index: usize,
        /// The samples of the set.
        n_samples: usize,
    },
    /// A buffer of another size than the samples asked for.
    #[error("a batch of {n_samples} samples of `{array}` has {expected} values; there is room for {found}")]
    BatchSize {
        /// The array.
        array: String,
        /// Samples asked for.
        n_samples: usize,
        /// Their values.
        expected: usize,
        /// Values of the buffer.
        found: usize,
    },
}
