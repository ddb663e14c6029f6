//! Images and kinematic maps of one galaxy.

use std::borrow::Cow;

use galmass_core::{Galaxy, Map, PixelGrid};
use galmass_project::dust::{Dust, attenuated};
use galmass_project::kernel::Kernel;
use galmass_project::photometry::Band;
use galmass_project::{
    Blanking, DepositConfig, Fill, MomentConfig, Scheme, SupportRadii, View, deposit, nearest_moments,
    support_radii,
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
    /// The shape of a star. Default: [`Kernel::CubicSpline`].
    pub kernel: Kernel,
    /// What is done with a kernel and a pixel. Default: [`Scheme::Exact`].
    pub scheme: Scheme,
    /// What a star counts for. Default: r luminosity, or mass where there are no magnitudes.
    pub weighting: Weighting,
    /// The dust that dims r luminosities, in the image and as weights of velocities; masses and numbers know none.
    /// Default: [`Dust::ResolvedGrv87`], which without neutral hydrogen masses is a slab, and without gas or its
    /// metallicities nothing. Its gas is smoothed anew for each line of sight, unless it brings support radii.
    pub dust: Dust,
    /// The redshift at which the galaxy is, for how dusty its metals are; above -1, default 0.
    pub redshift: f64,
    /// Pixels of the velocity map with fewer stars are not known; default 1.
    pub min_count_velocity: u32,
    /// Pixels of the dispersion map with fewer stars are not known; default 2, because one star has no dispersion, and
    /// a 0 would pass for a measurement.
    pub min_count_dispersion: u32,
    /// Which pixels of both maps are too sparse besides. Default: [`Blanking::None`].
    pub blanking: Blanking,
    /// What an unknown pixel of the velocity map holds. Default: [`Fill::Nan`], for people and for data sets, which
    /// fill maps themselves.
    pub fill_velocity: Fill,
    /// What an unknown pixel of the dispersion map holds. Default: [`Fill::Nan`]; networks that read maps directly
    /// want [`Fill::MeanOfKnown`].
    pub fill_dispersion: Fill,
}

impl Default for ObservationConfig {
    fn default() -> Self {
        Self {
            image_px: 300,
            map_px: 48,
            half_width_rhsm: 3.0,
            n_neighbours: 32,
            kernel: Kernel::CubicSpline,
            scheme: Scheme::Exact,
            weighting: Weighting::BestKnown,
            dust: Dust::default(),
            redshift: 0.0,
            min_count_velocity: 1,
            min_count_dispersion: 2,
            blanking: Blanking::None,
            fill_velocity: Fill::Nan,
            fill_dispersion: Fill::Nan,
        }
    }
}

impl ObservationConfig {
    fn moments(&self) -> MomentConfig {
        MomentConfig {
            min_count_mean: self.min_count_velocity,
            min_count_dispersion: self.min_count_dispersion,
            blanking: self.blanking,
            fill_mean: self.fill_velocity,
            fill_dispersion: self.fill_dispersion,
            ..MomentConfig::default()
        }
    }
}

/// One line of sight.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Light, mass or number of stars per pixel: the cubic spline kernel of each star, projected and integrated over
    /// each pixel.
    pub image: Map,
    /// Mean line-of-sight velocity \[km/s\] relative to the galaxy, positive away from the observer; the fill, by
    /// default NaN, where too few stars are.
    pub velocity: Map,
    /// Line-of-sight velocity dispersion \[km/s\]; the fill, by default NaN, where too few stars are.
    pub dispersion: Map,
    /// Star particles per pixel of the kinematic maps.
    pub count: Map,
    /// Light or mass per pixel of the kinematic maps: the sum of the weights of the stars that `count` counts.
    pub flux: Map,
    /// 1 where both the velocity and the dispersion are known, 0 where one of them is a fill.
    pub occupancy: Map,
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
        let weights = &*self.weights_from(view)?;
        let config = DepositConfig {
            scheme: self.config.scheme,
            kernel: self.config.kernel,
            ..DepositConfig::default()
        };
        let (grid, unit) = (self.image_grid, self.weights.unit);
        let image = deposit(positions, weights, &self.support, view, grid, unit, &config)?;
        let velocities = stars.velocities_km_s();
        let moments =
            nearest_moments(positions, velocities, weights, view, self.map_grid, &self.config.moments())?;
        let flux = Map::new(self.map_grid, unit, moments.weight)?;
        Ok(Observation {
            image,
            velocity: moments.mean,
            dispersion: moments.dispersion,
            count: moments.count,
            occupancy: moments.occupancy,
            flux,
        })
    }

    /// What stars count for from one side: light through the dust in front of them.
    fn weights_from(&self, view: &View) -> Result<Cow<'_, [f64]>, ObserveError> {
        let Galaxy { stars, gas, .. } = self.galaxy.galaxy();
        let (light, positions) = (&self.weights.values, stars.particles().positions_kpc());
        if self.weights.chosen != Weighting::LuminosityR || gas.particles().is_empty() {
            return Ok(Cow::Borrowed(light));
        }
        let ObservationConfig { dust, redshift, .. } = &self.config;
        Ok(Cow::Owned(attenuated(light, positions, gas, view, Band::R, *redshift, dust)?))
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::{Galaxy, Particles, Stars, Unit};
    use galmass_project::Axis;

    use super::*;
    use crate::GivenFrame;

    /// Three stars in one pixel of four, and one in another.
    fn galaxy() -> FramedGalaxy {
        let positions = vec![[1.0, 1.0, 0.0], [1.1, 1.0, 0.0], [1.0, 1.1, 0.0], [-1.0, -1.0, 0.0]];
        let velocities = [10.0, 20.0, 30.0, -60.0].map(|v| [0.0, 0.0, v]).to_vec();
        let stars = Stars::new(Particles::new(positions, velocities, vec![1.0, 1.0, 1.0, 5.0]).unwrap());
        let given = GivenFrame { centre_kpc: Some([0.0; 3]), half_mass_radius_kpc: Some(1.0) };
        FramedGalaxy::new(Galaxy { stars, ..Galaxy::default() }, &given).unwrap()
    }

    fn observe(config: ObservationConfig) -> Observation {
        let galaxy = galaxy();
        let config = ObservationConfig { image_px: 4, map_px: 2, n_neighbours: 1, ..config };
        Observer::new(&galaxy, config).unwrap().observe(&View::along(Axis::Z)).unwrap()
    }

    #[test]
    fn one_star_has_a_velocity_and_no_dispersion() {
        let seen = observe(ObservationConfig::default());
        let (velocity, dispersion) = (seen.velocity.values(), seen.dispersion.values());
        assert_eq!(velocity[[1, 1]] - velocity[[0, 0]], 80.0);
        assert!((dispersion[[1, 1]] - (200.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(dispersion[[0, 0]].is_nan() && velocity[[0, 1]].is_nan());
        assert_eq!(seen.occupancy.values(), ndarray::array![[0.0, 0.0], [0.0, 1.0]]);
    }

    #[test]
    fn the_settings_of_the_maps_are_passed_on() {
        let seen = observe(ObservationConfig {
            min_count_velocity: 2,
            min_count_dispersion: 4,
            fill_velocity: Fill::Zero,
            fill_dispersion: Fill::MeanOfKnown,
            weighting: Weighting::Number,
            ..ObservationConfig::default()
        });
        assert_eq!((seen.velocity.values()[[0, 0]], seen.dispersion.sum()), (0.0, 0.0));
        assert!(seen.velocity.values()[[1, 1]] > 0.0);
        assert_eq!((seen.image.unit(), seen.occupancy.sum()), (Unit::Count, 0.0));
        let blanked = ObservationConfig { blanking: Blanking::UpperQuartile, ..ObservationConfig::default() };
        assert!(observe(blanked).velocity.values().iter().all(|value| value.is_nan()));
    }
}
