//! Maps and targets of many galaxies on their way to a network, and the rules that keep them honest.
//!
//! The data flows one way:
//!
//! ```text
//! files or observations -> MapSet -> Split by galaxy -> Normalisation (fitted on the training part alone)
//!                                                    -> ScaledSamples for the network
//! ```
//!
//! * A [`MapSet`] holds maps as they were observed, in their own units, NaN where nothing is known.
//! * A [`Split`] never puts two samples of one galaxy into different parts.
//! * A [`Normalisation`] fills, scales and remembers: it is fitted on the training part and travels with the model,
//!   so that a galaxy seen years later is treated exactly as the training galaxies were.
//! * [`Augmentation`] multiplies training batches by the symmetries that leave every mass unchanged.
//!
//! What does not fit into memory lives on disk:
//!
//! ```text
//! samples -> ShardWriter (one a shard, anywhere, in any order) -> finish_set -> SampleSet -> SetSplit by galaxy, halo, ...
//!                                                                              -> Normalisation::fit_samples
//!                                                                              -> MapSet::from_samples, a batch at a time
//! ```
//!
//! * A [`ShardWriter`] makes one HDF5 file, which appears whole or not at all; equal samples make equal bytes. A run that
//!   was killed asks for the [`completed_shards`] and makes the others.
//! * [`finish_set`] lists all shards with their checksums in a manifest, once all are there.
//! * A [`SampleSet`] maps the shards and hands out samples in any order without reading anything else.
//!
//! Beside that, [`MapFile`] writes maps with their grids and units to HDF5 and FITS, and [`Table`] columns with theirs to
//! HDF5 and as text.
//!
//! ```
//! use galmass_dataset::{Channel, Fractions, MapSet, Split};
//! use ndarray::Array3;
//!
//! // Three views of each of four galaxies.
//! let galaxy_ids: Vec<u64> = (0..12).map(|sample| sample / 3).collect();
//! let light = Array3::from_elem((12, 8, 8), 1.0_f32);
//! let maps = MapSet::new(galaxy_ids)?.with_channel(Channel::Light, light)?;
//!
//! let split = Split::grouped(maps.galaxy_ids(), Fractions { validation: 0.25, test: 0.25 }, 1)?;
//! assert_eq!((split.training.len(), split.validation.len(), split.test.len()), (6, 3, 3));
//! # Ok::<(), galmass_dataset::DatasetError>(())
//! ```

mod atomic;
mod augmentation;
mod channel;
mod error;
mod map_file;
mod map_set;
mod normalisation;
mod npz_maps;
mod sample_maps;
mod samples;
mod scaling;
mod shards;
mod split;
mod table;

pub use augmentation::{Augmentation, Symmetry};
pub use channel::Channel;
pub use error::DatasetError;
pub use map_file::{Attribute, MapFile, MapGroup};
pub use map_set::{MapSet, Target};
pub use normalisation::{
    BranchLayout, BranchNormalisation, ChannelNormalisation, Normalisation, TargetScaling,
};
pub use npz_maps::{LabelColumns, read_npz_maps};
pub use sample_maps::SampleMaps;
pub use samples::{Inputs, ScaledSamples};
pub use scaling::Scaling;
pub use shards::{
    ArrayLayout, Checksum, Keys, Manifest, Sample, SampleArray, SampleKey, SampleLayout, SampleSet,
    SetDescription, ShardError, ShardRecord, ShardWriter, begin_set, completed_shards, finish_set,
    verify_set,
};
pub use split::{Fractions, Grouping, PartSizes, SetSplit, Split, SplitPlan};
pub use table::{Column, ColumnValues, Table};
