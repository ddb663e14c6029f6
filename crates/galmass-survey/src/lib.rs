//! Surveys of simulated galaxies: galaxies and lines of sight to samples, and samples to shards.
//!
//! ```text
//! GalaxySource (mock population, files, subhaloes) -> SurveyGalaxy, one by one
//!   observe_samples with a SurveyConfig            -> one Sample a line of sight: maps, targets, features, flags
//!   build                                          -> shards of a SampleSet, resumed where it was killed
//! ```
//!
//! This crate composes: what a map, a mass or a feature is stands in `galmass-project`, `galmass-observe` and
//! `galmass-stats`, and how samples lie on the disk in `galmass-dataset`. Here is what makes a survey of them: which maps
//! and numbers a sample has ([`SurveyConfig`], [`SurveyChannel`]), what is done once a galaxy and what once a line of
//! sight ([`observe_samples`]), and how galaxies are dealt out to shards, threads and machines ([`build`],
//! [`SurveyBuild`]; with the feature `mpi` also `Ranks`).
//!
//! * A set is the same bytes whoever made which part of it: a galaxy's samples depend on the galaxy and the settings alone,
//!   and a shard on its galaxies.
//! * A galaxy that fails is neither lost nor in the way: its [reason](Failure) is stored in its place.
//! * Memory is bounded by one galaxy a thread and one shard.
//!
//! ```
//! use galmass_mock::{Population, PopulationConfig};
//! use galmass_survey::{GalaxySource, LinesOfSight, MockSource, SurveyConfig, observe_samples, sample_layout};
//!
//! let galaxies =
//!     PopulationConfig { n_galaxies: 4, n_stars: 500, n_dark_matter: 200, ..PopulationConfig::default() };
//! let source = MockSource::new(Population::new(galaxies)?, "mock");
//! let config = SurveyConfig { lines_of_sight: LinesOfSight::FaceOnEdgeOn, ..SurveyConfig::small() };
//!
//! let samples = observe_samples(source.galaxy(2)?, &config)?;
//! let layout = sample_layout(&config)?;
//! let mass = layout.position("log10_total_mass_msun")?;
//! // A mass in a sphere is the same from both sides, a velocity map is not.
//! assert_eq!(samples[0].values[mass], samples[1].values[mass]);
//! assert_ne!(samples[0].values[layout.position("velocity")?], samples[1].values[layout.position("velocity")?]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod channel;
mod config;
mod cuts;
#[cfg(any(feature = "mpi", test))]
mod dispatch;
mod error;
mod failure;
mod feature;
mod flag;
mod light;
mod lines_of_sight;
mod maps;
mod observe;
mod octant;
mod ordered;
mod quantity;
#[cfg(feature = "mpi")]
mod ranks;
mod source;
mod target;
mod telescope;

pub use build::{BuildOptions, Built, Progress, SurveyBuild, build};
pub use channel::{GasTracer, SurveyChannel};
pub use config::SurveyConfig;
pub use cuts::Cuts;
pub use error::{ConfigError, GalaxyError, SurveyError};
pub use failure::{Failure, read_failures};
pub use flag::{FLAG_NAMES, flag_names};
pub use lines_of_sight::LinesOfSight;
pub use observe::{GalaxyIds, SurveyGalaxy, observe_samples, sample_layout};
#[cfg(feature = "mpi")]
pub use ranks::{RankOptions, RankProgress, Ranks};
pub use source::{GalaxyFiles, GalaxySource, JoinedSources, MockSource, SubhaloCuts, SubhaloSource};
