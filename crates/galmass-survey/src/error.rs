//! What can keep a survey from being made, and what can keep one galaxy out of it.

use std::path::PathBuf;

use galmass_core::{GridError, ParticleError};
use galmass_dataset::{DatasetError, ShardError};
use galmass_mock::MockError;
use galmass_observe::ObserveError;
use galmass_project::ProjectError;
use galmass_snapshot::SnapshotError;
use galmass_stats::StatsError;
use thiserror::Error;

use crate::SurveyChannel;

/// Settings that no survey can be made with.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Nobody looks.
    #[error("`lines_of_sight` is none; a sample needs one")]
    NoLinesOfSight,
    /// A channel that would be stored twice.
    #[error("the channel `{channel}` is named twice")]
    ChannelTwice {
        /// Which.
        channel: SurveyChannel,
    },
    /// No profile.
    #[error("`profile_radii_rhsm` has {found} radii, where a profile needs two")]
    FewProfileRadii {
        /// How many there are.
        found: usize,
    },
    /// A radius that is no length or not above the one before.
    #[error("`profile_radii_rhsm` holds {value} at index {index}, not a finite number above {last}")]
    ProfileRadius {
        /// Which radius.
        index: usize,
        /// What was given.
        value: f64,
        /// The radius before it, or 0.
        last: f64,
    },
    /// Pixels that cannot be put together.
    #[error("`sersic_rebin` is {factor}, which does not divide the {n_px} pixels of an image")]
    SersicRebin {
        /// What was given.
        factor: usize,
        /// Pixels a side.
        n_px: usize,
    },
    /// Pixels of which nothing is known, filled before a telescope would blur them.
    #[error("`observation.{name}` is not nan, and `effects` would take what it fills in for a measurement")]
    FilledBeforeEffects {
        /// The setting.
        name: &'static str,
    },
    /// Shards of no galaxies.
    #[error("`galaxies_per_shard` is 0; a shard has one galaxy or more")]
    EmptyShards,
    /// A cut at what is no mass.
    #[error("`{name}` is {value}, not a number of 0 or more")]
    Cut {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// A measurement refuses its settings.
    #[error("no galaxy can be measured with these settings: {0}")]
    Measurement(#[source] Box<GalaxyError>),
}

/// Why one galaxy is not in the set. It stops no survey: the reason is stored in the galaxy's place.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GalaxyError {
    /// It cannot be framed.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// It cannot be projected.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// It cannot be measured.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// Its field is no field.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// A column does not fit its particles.
    #[error(transparent)]
    Particles(#[from] ParticleError),
    /// A cut leaves it out.
    #[error("`{cut}` leaves it out: it has {found}, and the limit is {limit}")]
    Cut {
        /// The setting.
        cut: &'static str,
        /// What the galaxy has.
        found: f64,
        /// The setting's value.
        limit: f64,
    },
    /// The source has fewer galaxies.
    #[error("there is no galaxy {index}: the source has {n_galaxies}")]
    Absent {
        /// The place in the source.
        index: usize,
        /// The galaxies that there are.
        n_galaxies: usize,
    },
    /// It cannot be made.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// It cannot be read; the error has the numbers already, and no other type holds them.
    #[error("{sentence}")]
    Snapshot {
        /// What the reader says.
        sentence: String,
    },
}

impl From<SnapshotError> for GalaxyError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot { sentence: error.to_string() }
    }
}

/// What keeps a survey from being made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// Settings that cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The shards cannot be written or read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Samples do not fit the shards.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The sources cannot be opened.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// No mock population has such settings.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// A catalogue lacks a column that was asked for.
    #[error("the catalogue `{}` has no `{column}`", path.display())]
    CatalogueColumn {
        /// The catalogue.
        path: PathBuf,
        /// The column, by its name in the files.
        column: &'static str,
    },
    /// A part of a run that is not among its parts.
    #[error("part {index} of {n_parts}: parts are counted from 0, and there is at least one")]
    Part {
        /// Which part was asked for.
        index: usize,
        /// How many there are.
        n_parts: usize,
    },
    /// Nothing to observe.
    #[error("the source has no galaxies")]
    NoGalaxies,
    /// More shards than they have numbers.
    #[error("the set would have {n_shards} shards: raise `galaxies_per_shard`")]
    TooManyShards {
        /// So many.
        n_shards: usize,
    },
    /// A set is there already.
    #[error("{} holds shard {shard} of this set already: resume it, or take another folder", folder.display())]
    Present {
        /// The folder.
        folder: PathBuf,
        /// The first shard that is there.
        shard: u32,
    },
    /// A file of failures cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of failures is damaged.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The threads of a run cannot be started.
    #[error("no thread can be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
