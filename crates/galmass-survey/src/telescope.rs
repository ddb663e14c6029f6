//! What a telescope makes of the image and the maps of one side.

use galmass_core::{Map, seed};
use galmass_observe::{Observation, ObservationEffects, ObserveError, Sightline};
use galmass_project::Moments;

use crate::SurveyConfig;
use crate::error::GalaxyError;

/// An image with streams of random numbers of its own, so that the noise of one band is not that of another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exposed {
    /// What the image shows, with the maps.
    Image,
    /// The images that a map of colours is made of, where they are others.
    Blue,
    Red,
}

/// The effects of a survey on one line of sight, and the maps before them.
pub(crate) struct Telescope {
    effects: ObservationEffects,
    sightline: Sightline,
    moments: Moments,
}

impl Telescope {
    /// Whether anything happens to an observation.
    pub(crate) fn is_between(config: &SurveyConfig) -> bool {
        !config.effects.steps.is_empty()
    }

    pub(crate) fn new(config: &SurveyConfig, sightline: Sightline, moments: Moments) -> Self {
        let seed = seed::derive(config.seed, config.effects.seed);
        Self { effects: ObservationEffects { seed, ..config.effects.clone() }, sightline, moments }
    }

    /// Takes an image through the effects, with the maps beside it.
    pub(crate) fn expose(&self, exposed: Exposed, image: Map) -> Result<(Map, Moments), GalaxyError> {
        let seed = match exposed {
            Exposed::Image => self.effects.seed,
            Exposed::Blue | Exposed::Red => seed::derive(self.effects.seed, exposed as u64),
        };
        let effects = ObservationEffects { seed, ..self.effects.clone() };
        let Moments { weight, mean, dispersion, count, occupancy } = self.moments.clone();
        let flux = Map::new(mean.grid(), image.unit(), weight).map_err(ObserveError::from)?;
        let observation = Observation { image, velocity: mean, dispersion, count, flux, occupancy };
        let seen = effects.apply(observation, &self.sightline)?.observation;
        let Observation { image, velocity: mean, dispersion, count, flux, occupancy } = seen;
        Ok((image, Moments { weight: flux.values().clone(), mean, dispersion, count, occupancy }))
    }
}
