//! Images and kinematic maps of one galaxy.

use galmass_core::{Map, PixelGrid};
use galmass_project::{
    DepositConfig, MomentConfig, SupportRadii, View, deposit, nearest_moments, support_radii,
};
use serde::{Deserialize, Serialize};

use crate::weighting::Weights;
use crate::{FramedGalaxy, ObserveError, Weighting};

/// What is observed. The default is the observation of Chu et al. (2024), section 2.2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObservationConfig {
    /// Pixels a side of the image; at least 1, default 300.
    pub image_px: usize,
    /// Pixels a side of the kinematic maps; at least 1, default 48.
    pub map_px: usize,
    /// Half the side of the field in half-mass radii; positive, default 3.
    pub half_width_rhsm: f64,
    /// The kernel of a star reaches zero at this neighbour, the star itself not counted; at least 1, default 32.
    pub n_neighbours: usize,
    /// What a star counts for. Default: r luminosity, or mass where there are no magnitudes.
    pub weighting: Weighting,
    /// Pixels of the velocity map with fewer stars are NaN; default 1.
    pub min_count_velocity: u32,
    /// Pixels of the dispersion map with fewer stars are NaN; default 2, because one star has no dispersion, and a 0
    /// would pass for a measurement.
    pub min_count_dispersion: u32,
}

impl Default for ObservationConfig {
    fn default() -> Self {
        Self {
            image_px: 300,
            map_px: 48,
            half_width_rhsm: 3.0,
            n_neighbours: 32,
            weighting: Weighting::BestKnown,
            min_count_velocity: 1,
            min_count_dispersion: 2,
        }
    }
}

/// One line of sight.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Light or mass per pixel: the cubic spline kernel of each star, projected and integrated over each pixel.
    pub image: Map,
    /// Mean line-of-sight velocity \[km/s\] relative to the galaxy, positive away from the observer; NaN where too
    /// few stars are.
    pub velocity: Map,
    /// Line-of-sight velocity dispersion \[km/s\]; NaN where too few stars are.
    pub dispersion: Map,
    /// Star particles per pixel of the kinematic maps.
    pub count: Map,
}

/// A galaxy made ready to be seen from many sides: weights and kernels do not depend on the line of sight.
#[derive(Clone, Debug)]
pub struct Observer<'a> {
    galaxy: &'a FramedGalaxy,
    config: ObservationConfig,
    image_grid: PixelGrid,
    map_grid: PixelGrid,
    weights: Weights,
    support: SupportRadii,
}

impl<'a> Observer<'a> {
    /// Prepares the observation of a galaxy: the neighbour search is done here, once.
    ///
    /// # Errors
    /// [`ObserveError`] for a configuration out of its ranges, or a weighting that the stars do not carry.
    pub fn new(galaxy: &'a FramedGalaxy, config: ObservationConfig) -> Result<Self, ObserveError> {
        let half_width = config.half_width_rhsm * galaxy.frame().half_mass_radius_kpc;
        let image_grid = PixelGrid::new(config.image_px, half_width)?;
        let map_grid = PixelGrid::new(config.map_px, half_width)?;
        let stars = &galaxy.galaxy().stars;
        let weights = Weights::of(stars, config.weighting)?;
        let support = support_radii(stars.particles().positions_kpc(), config.n_neighbours)?;
        Ok(Self { galaxy, config, image_grid, map_grid, weights, support })
    }

    /// What the stars are weighed by: never [`Weighting::BestKnown`].
    pub fn weighting(&self) -> Weighting {
        self.weights.chosen
    }

    /// How wide the stars are smeared, and whether there are enough of them for the neighbours asked for.
    pub fn support(&self) -> &SupportRadii {
        &self.support
    }

    /// Looks at the galaxy along one line of sight.
    ///
    /// # Errors
    /// [`ObserveError::Project`] where the projection refuses.
    pub fn observe(&self, view: &View) -> Result<Observation, ObserveError> {
        let stars = self.galaxy.galaxy().stars.particles();
        let positions = stars.positions_kpc();
        let weights = &self.weights.values;
        let config = DepositConfig::default();
        let (grid, unit) = (self.image_grid, self.weights.unit);
        let image = deposit(positions, weights, &self.support, view, grid, unit, &config)?;
        let velocities = stars.velocities_km_s();
        let moments = |min_count| {
            nearest_moments(positions, velocities, weights, view, self.map_grid, &MomentConfig { min_count })
        };
        let for_velocity = moments(self.config.min_count_velocity)?;
        let for_dispersion = moments(self.config.min_count_dispersion)?;
        Ok(Observation {
            image,
            velocity: for_velocity.mean,
            dispersion: for_dispersion.dispersion,
            count: for_velocity.count,
        })
    }
}
