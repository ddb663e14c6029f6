//! How the features of a galaxy are measured.

use serde::{Deserialize, Serialize};

use crate::{CircularityConfig, LightProfileConfig, SersicFitConfig, ShapeConfig, SpinConfig, StatsError};

/// The settings of [`measure_features`](crate::measure_features); the default is table 1 of Chu et al. (2024), with the
/// choices that the paper leaves open named where they are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureConfig {
    /// The aperture of light, star formation, dispersion, spin and orbits, in half-mass radii: on the sky for what
    /// depends on the view, a sphere for masses and orbits. Above 0, default 2.
    pub aperture_rhsm: f64,
    /// The time over which star formation is averaged \[Gyr\], above 0, default 1.
    pub star_formation_window_gyr: f64,
    /// The outer radius of the light profile in half-mass radii, above 0, default 5.
    pub profile_rhsm: f64,
    /// The annuli of the light profile.
    pub light_profile: LightProfileConfig,
    /// The relative error of the brightness of an annulus of many particles, 0 or more. Default 0.05, ours: how far
    /// galaxies are from Sersic profiles is not known beforehand.
    pub profile_error_floor: f64,
    /// The Sersic fit to the light profile: by default with an index up to 200.
    pub sersic: SersicFitConfig,
    /// The first sphere, or the sphere held, of the shape, in half-mass radii; above 0, default 3.
    pub shape_rhsm: f64,
    /// The shape of the stars.
    pub shape: ShapeConfig,
    /// Pixels a side of the maps of which the spin is measured; at least 1, default 48.
    pub map_px: usize,
    /// Half the side of these maps in half-mass radii; above 0, default 3.
    pub map_half_width_rhsm: f64,
    /// The spin of the maps. Default: circular radii, and pixels of at least two stars.
    pub spin: SpinConfig,
    /// Orbits by circularity.
    pub circularity: CircularityConfig,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        Self {
            aperture_rhsm: 2.0,
            star_formation_window_gyr: 1.0,
            profile_rhsm: 5.0,
            light_profile: LightProfileConfig::default(),
            profile_error_floor: 0.05,
            sersic: SersicFitConfig::default(),
            shape_rhsm: 3.0,
            shape: ShapeConfig::default(),
            map_px: 48,
            map_half_width_rhsm: 3.0,
            spin: SpinConfig { min_count: 2, ..SpinConfig::default() },
            circularity: CircularityConfig::default(),
        }
    }
}

impl FeatureConfig {
    /// Checks the settings that are read here; those of each statistic are checked there.
    pub(super) fn check(&self) -> Result<(), StatsError> {
        for (name, value) in [
            ("aperture_rhsm", self.aperture_rhsm),
            ("profile_rhsm", self.profile_rhsm),
            ("shape_rhsm", self.shape_rhsm),
            ("map_half_width_rhsm", self.map_half_width_rhsm),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(StatsError::OutOfRange { name, value, range: "a finite number above 0" });
            }
        }
        if self.map_px == 0 {
            return Err(StatsError::OutOfRange { name: "map_px", value: 0.0, range: "1 or more" });
        }
        Ok(())
    }
}
