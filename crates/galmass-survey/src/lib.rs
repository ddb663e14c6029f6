//! Surveys of simulated galaxies: galaxies and lines of sight to samples, and samples to shards.
mod channel;
mod config;
mod cuts;
mod error;
mod feature;
mod flag;
mod light;
mod lines_of_sight;
mod maps;
mod observe;
mod octant;
mod ordered;
mod quantity;
mod seam;
mod source;
mod target;

pub use channel::{GasTracer, SurveyChannel};
pub use config::SurveyConfig;
pub use cuts::Cuts;
pub use error::{ConfigError, GalaxyError, SurveyError};
pub use flag::{FLAG_NAMES, flag_names};
pub use lines_of_sight::LinesOfSight;
pub use observe::{GalaxyIds, SurveyGalaxy, UNKNOWN_OCTANT, observe_samples, sample_layout};
pub use source::{GalaxyFiles, GalaxySource, JoinedSources, MockSource, SubhaloCuts, SubhaloSource};
