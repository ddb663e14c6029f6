//! What is the same from all sides.

use galmass_core::Galaxy;

use super::FeatureConfig;
use crate::circularity::{StarPotentials, measure_with};
use crate::{
    Circularity, CircularityConfig, CircularityMethod, OrbitFractions, Shape, StatsError, enclosed_mass_msun,
    measure_shape,
};

/// The features of table 1 of Chu et al. (2024) that do not depend on the line of sight, each as its own statistic
/// gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrinsicFeatures {
    /// The half-mass radius of the stars that was handed in \[kpc\].
    pub half_mass_radius_kpc: f64,
    /// The mass of all stars \[Msun\].
    pub stellar_mass_msun: f64,
    /// The mass of the stars inside the sphere of the aperture \[Msun\].
    pub aperture_stellar_mass_msun: f64,
    /// The ellipsoid of the stars: c/a.
    pub shape: Shape,
    /// Their orbits inside the sphere of the aperture: f_cold, f_hot and B/T.
    pub circularity: Circularity,
    /// The fractions of the same stars by [`CircularityMethod::RankMaximum`], which needs no mass model: how much the
    /// orbits depend on the method.
    pub fractions_by_rank: OrbitFractions,
    /// The half-mass radius is not a positive, finite length: nothing can be measured.
    pub no_extent: bool,
}

/// Measures what is the same from all sides: see [`measure_features`](crate::measure_features). For several views of
/// one galaxy it need be measured once only.
///
/// # Errors
/// As [`measure_features`](crate::measure_features).
///
/// Cost: that of the shape and of the potential of all matter; most of the cost of all features.
pub fn measure_intrinsic_features(
    galaxy: &Galaxy,
    half_mass_radius_kpc: f64,
    config: &FeatureConfig,
) -> Result<IntrinsicFeatures, StatsError> {
    config.check()?;
    let stars = galaxy.stars.particles();
    let (radius, aperture) = (half_mass_radius_kpc, config.aperture_rhsm * half_mass_radius_kpc);
    let orbits = &config.circularity;
    let potentials = StarPotentials::new(galaxy, orbits.missing_potentials);
    let by_rank = CircularityConfig { method: CircularityMethod::RankMaximum, ..*orbits };
    Ok(IntrinsicFeatures {
        half_mass_radius_kpc,
        stellar_mass_msun: stars.total_mass_msun(),
        aperture_stellar_mass_msun: enclosed_mass_msun(stars, aperture),
        shape: measure_shape(stars, config.shape_rhsm * radius, &config.shape)?,
        circularity: measure_with(galaxy, &potentials, aperture, orbits)?,
        fractions_by_rank: measure_with(galaxy, &potentials, aperture, &by_rank)?.fractions,
        no_extent: !(radius > 0.0 && radius.is_finite()),
    })
}
