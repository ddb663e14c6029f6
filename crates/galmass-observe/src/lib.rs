//! Mock observations: one galaxy and one line of sight to an image, kinematic maps and masses.
//!
//! ```text
//! Galaxy -> FramedGalaxy (centred, at rest, with its half-mass radius)
//!             ├-> Observer -> Observation for each View: image, velocity, dispersion
//!             └-> Masses within R and 2 R, in spheres and in circles on the sky
//! ```
//!
//! This crate only composes: what a kernel, a moment or a radius is stands in `galmass-project` and
//! `galmass-stats`. The frame follows Chu et al. (2024), section 2.2: everything is measured in units of the
//! three-dimensional stellar half-mass radius R.
//!
//! ```
//! use galmass_core::{Galaxy, Particles, Stars};
//! use galmass_observe::{FramedGalaxy, GivenFrame, Masses, ObservationConfig, Observer};
//! use galmass_project::{Axis, View};
//!
//! // A ring of stars in the xy plane, turning about z.
//! let angles: Vec<f64> = (0..400).map(|i| f64::from(i) * 0.1).collect();
//! let positions = angles.iter().map(|a| [5.0 * a.cos(), 5.0 * a.sin(), 0.1 * a.cos()]).collect();
//! let velocities = angles.iter().map(|a| [-200.0 * a.sin(), 200.0 * a.cos(), 0.0]).collect();
//! let stars = Stars::new(Particles::new(positions, velocities, vec![1.0e6; 400])?);
//!
//! let galaxy = FramedGalaxy::new(Galaxy { stars, ..Galaxy::default() }, &GivenFrame::default())?;
//! let observer = Observer::new(&galaxy, ObservationConfig { image_px: 60, ..ObservationConfig::default() })?;
//! let edge_on = observer.observe(&View::along(Axis::X))?;
//! assert_eq!(edge_on.image.values().dim(), (60, 60));
//! assert!((edge_on.image.sum() / 4.0e8 - 1.0).abs() < 1e-9);
//! assert!(Masses::in_sphere(galaxy.galaxy(), 10.0).total_msun() == 4.0e8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod effects;
mod error;
mod frame;
mod masses;
mod observation;
mod weighting;

pub use effects::voronoi::{VoronoiBins, voronoi_bins};
pub use effects::{
    AppliedTo, DispersionFloor, Effect, Exposure, FieldMaskConfig, FieldShape, KinematicErrorsConfig, Length,
    NoiseConfig, NoiseSource, ObservationEffects, PsfConfig, PsfShape, Sightline, VoronoiConfig,
};
pub use error::ObserveError;
pub use frame::{Frame, FramedGalaxy, GivenFrame};
pub use masses::Masses;
pub use observation::{Observation, ObservationConfig, Observer};
pub use weighting::Weighting;
