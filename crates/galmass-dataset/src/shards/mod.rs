//! Samples on disk: shards that appear whole or not at all, a manifest over them, and random access to every sample.

mod array;
mod checksum;
mod description;
mod error;
mod hdf5;
mod keys;
mod layout;
mod manifest;
mod map;
mod record;
mod sample;
mod set;
mod writer;

pub use array::SampleArray;
pub use checksum::Checksum;
pub use description::{SetDescription, begin_set};
pub use error::ShardError;
pub use keys::Keys;
pub use layout::{ArrayLayout, SampleLayout};
pub use manifest::{Manifest, finish_set};
pub use record::{ShardRecord, completed_shards};
pub use sample::{Sample, SampleKey};
pub use set::{SampleSet, verify_set};
pub use writer::ShardWriter;
