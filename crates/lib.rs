#![doc = include_str!("../README.md")]

pub use galmass_core as core;
pub use galmass_dataset as dataset;
#[cfg(feature = "net")]
pub use galmass_device as device;
pub use galmass_gbdt as gbdt;
pub use galmass_metrics as metrics;
pub use galmass_mock as mock;
#[cfg(feature = "net")]
pub use galmass_net as net;
pub use galmass_observe as observe;
pub use galmass_plots as plots;
pub use galmass_project as project;
pub use galmass_snapshot as snapshot;
pub use galmass_stats as stats;
pub use galmass_survey as survey;

/// What most programs start with.
pub mod prelude {
    pub use galmass_core::{Component, Galaxy, Map, Particles, PixelGrid, Stars};
    pub use galmass_observe::{
        FramedGalaxy, GivenFrame, Masses, Observation, ObservationConfig, ObservationEffects, Observer,
        Sightline,
    };
    pub use galmass_project::{Axis, View};
    pub use galmass_snapshot::{ReadConfig, Selection, read, read_galaxy};
}
