//! What a telescope does to an observation, step by step.

mod dispersion_floor;
mod exposure;
mod field_mask;
mod kinematic_errors;
mod length;
mod noise;
mod order;
mod psf;
pub(crate) mod voronoi;

use galmass_core::Map;
use galmass_core::seed::derive;
use serde::{Deserialize, Serialize};

pub use dispersion_floor::DispersionFloor;
pub use exposure::{AppliedTo, Exposure, Sightline};
pub use field_mask::{FieldMaskConfig, FieldShape};
pub use kinematic_errors::KinematicErrorsConfig;
pub use length::Length;
pub use noise::NoiseConfig;
pub use psf::{PsfConfig, PsfShape};
pub use voronoi::{NoiseSource, VoronoiConfig};

use crate::{Observation, ObserveError};
use exposure::check_meshes;

/// One thing that a telescope, a detector or a pipeline does to an observation.
///
/// In a configuration each is an object of one field, its name: `{"psf": {..}}`, `{"noise": {..}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// Light is spread: [`PsfConfig`].
    Psf(PsfConfig),
    /// Photons are counted: [`NoiseConfig`].
    Noise(NoiseConfig),
    /// The field ends: [`FieldMaskConfig`].
    FieldMask(FieldMaskConfig),
    /// Narrow lines are not resolved: [`DispersionFloor`].
    DispersionFloor(DispersionFloor),
    /// Pixels are joined: [`VoronoiConfig`].
    Voronoi(VoronoiConfig),
    /// Velocities and dispersions get errors: [`KinematicErrorsConfig`].
    KinematicErrors(KinematicErrorsConfig),
}

impl Effect {
    /// The name in configurations: `psf`, `noise`, `field-mask`, `dispersion-floor`, `voronoi`, `kinematic-errors`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Psf(_) => "psf",
            Self::Noise(_) => "noise",
            Self::FieldMask(_) => "field-mask",
            Self::DispersionFloor(_) => "dispersion-floor",
            Self::Voronoi(_) => "voronoi",
            Self::KinematicErrors(_) => "kinematic-errors",
        }
    }

    fn check(&self) -> Result<(), ObserveError> {
        match self {
            Self::Psf(config) => config.check(),
            Self::Noise(config) => config.check(),
            Self::FieldMask(config) => config.check(),
            Self::DispersionFloor(config) => config.check(),
            Self::Voronoi(config) => config.check(),
            Self::KinematicErrors(config) => config.check(),
        }
    }
}

/// What happens to an observation on its way through a telescope, in this order. The default is nothing at all.
///
/// The papers observe galaxies without noise and blur (Chu et al. 2024, section 2.2); these effects bring their maps
/// nearer to those of a survey. The usual order is that of a telescope: [blur](PsfConfig), [noise](NoiseConfig) and
/// [field](FieldMaskConfig), [binning](VoronoiConfig), [kinematic errors](KinematicErrorsConfig), [resolution
/// limit](DispersionFloor).
///
/// An order that no telescope has is refused: a blur of the same product after anything but another blur; noise of the
/// same product twice, or of the maps after binning or errors; a mask of the maps after those; binning twice or after
/// errors; and binning by photons or errors without noise of the maps before.
///
/// # Examples
/// A survey with a seeing of 1.8 kpc and hexagonal fields out to 1.5 half-light radii:
/// ```
/// use galmass_core::{Galaxy, Particles, Stars};
/// use galmass_observe::{FramedGalaxy, GivenFrame, ObservationConfig, ObservationEffects, Observer, Sightline};
/// use galmass_project::{Axis, View};
///
/// let effects: ObservationEffects = serde_json::from_str(r#"{
///     "seed": 7,
///     "steps": [
///         {"psf": {"shape": {"gaussian": {"fwhm": {"kpc": 1.8}}}}},
///         {"noise": {"signal_to_noise": 20.0, "on": "maps"}},
///         {"field-mask": {"shape": {"hexagon": {"circumradius": {"half-light-radii": 1.5}}}, "on": "maps"}},
///         {"voronoi": {"target_signal_to_noise": 30.0}},
///         {"kinematic-errors": {"instrumental_dispersion_km_s": 70.0}}
///     ]
/// }"#)?;
/// effects.check()?;
///
/// let angles: Vec<f64> = (0..400).map(|i| f64::from(i) * 0.1).collect();
/// let positions = angles.iter().map(|a| [5.0 * a.cos(), 5.0 * a.sin(), 0.1 * a.cos()]).collect();
/// let velocities = angles.iter().map(|a| [-200.0 * a.sin(), 200.0 * a.cos(), 0.0]).collect();
/// let stars = Stars::new(Particles::new(positions, velocities, vec![1.0e6; 400])?);
/// let galaxy = FramedGalaxy::new(Galaxy { stars, ..Galaxy::default() }, &GivenFrame::default())?;
/// let observer = Observer::new(&galaxy, ObservationConfig { image_px: 60, ..ObservationConfig::default() })?;
/// let observation = observer.observe(&View::along(Axis::X))?;
///
/// let half_mass_radius_kpc = galaxy.frame().half_mass_radius_kpc;
/// let sightline = Sightline { half_mass_radius_kpc, galaxy_index: 0, view_index: 0 };
/// let exposure = effects.apply(observation.clone(), &sightline)?;
/// assert!(exposure.bins.is_some_and(|bins| bins.n_bins() > 5));
/// assert!(exposure.map_field.is_some_and(|field| !field[[0, 0]] && field[[24, 24]]));
///
/// // Off by default.
/// let nothing = ObservationEffects::default().apply(observation.clone(), &sightline)?;
/// assert_eq!(nothing.observation.image, observation.image);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObservationEffects {
    /// The seed of all that is random; default 0.
    pub seed: u64,
    /// The effects, the first first; default none.
    pub steps: Vec<Effect>,
}

impl ObservationEffects {
    /// Checks every setting and the order of the steps, as [`apply`](Self::apply) does before it begins.
    ///
    /// # Errors
    /// [`ObserveError::Effect`] with the step and what is wrong with it.
    pub fn check(&self) -> Result<(), ObserveError> {
        for (step, effect) in self.steps.iter().enumerate() {
            effect.check().map_err(|source| in_step(step, effect, source))?;
        }
        order::check(&self.steps)
    }

    /// Takes an observation through all steps.
    ///
    /// The maps must have NaN where nothing is known, as they do without a [`Fill`](galmass_project::Fill): a value that
    /// was filled in would be blurred like one that was measured.
    ///
    /// Without steps the maps come back as they are, bit for bit. The same seed, galaxy and line of sight give the same
    /// bits for any number of threads; each of the random effects has a stream of its own, so that the noise of the
    /// image does not depend on whether the maps have any.
    ///
    /// # Errors
    /// What [`check`](Self::check) refuses; [`ObserveError::BadFrame`] for a half-mass radius that is not positive;
    /// [`ObserveError::MeshMismatch`] for kinematic maps on unlike meshes.
    pub fn apply(&self, observation: Observation, sightline: &Sightline) -> Result<Exposure, ObserveError> {
        self.check()?;
        check_meshes(&observation)?;
        let scales = sightline.scales(&observation.image)?;
        let seed = derive(derive(self.seed, sightline.galaxy_index), sightline.view_index);
        let mut exposure = Exposure::from(observation);
        for (step, effect) in self.steps.iter().enumerate() {
            let done = match effect {
                Effect::Psf(config) => config.apply(&mut exposure, &scales),
                Effect::Noise(config) => config.apply(&mut exposure, &scales, seed),
                Effect::FieldMask(config) => config.apply(&mut exposure, &scales),
                Effect::DispersionFloor(config) => config.apply(&mut exposure),
                Effect::Voronoi(config) => config.apply(&mut exposure),
                Effect::KinematicErrors(config) => config.apply(&mut exposure, seed),
            };
            done.map_err(|source| in_step(step, effect, source))?;
        }
        if !self.steps.is_empty() {
            exposure.observation.occupancy = occupancy(&exposure.observation)?;
        }
        Ok(exposure)
    }
}

/// 1 where both moments are known, in the end.
fn occupancy(observation: &Observation) -> Result<Map, ObserveError> {
    let mut known = observation.velocity.values().clone();
    known.zip_mut_with(observation.dispersion.values(), |velocity, dispersion| {
        *velocity = f64::from(u8::from(velocity.is_finite() && dispersion.is_finite()));
    });
    exposure::with_values(&observation.occupancy, known)
}

fn in_step(step: usize, effect: &Effect, source: ObserveError) -> ObserveError {
    ObserveError::Effect { step, effect: effect.name(), source: Box::new(source) }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
