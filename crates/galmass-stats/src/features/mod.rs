//! All features of table 1 of Chu et al. (2024) in one call.

mod config;
mod intrinsic;
mod table;
mod view;

use galmass_core::Galaxy;

use crate::StatsError;
pub use config::FeatureConfig;
pub use intrinsic::{IntrinsicFeatures, measure_intrinsic_features};
pub use table::{FeatureFlag, FeatureValue};
pub use view::{FeatureView, ViewFeatures, measure_view_features};

/// What is known of a galaxy from one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// What is the same from all sides.
    pub intrinsic: IntrinsicFeatures,
    /// What depends on the line of sight.
    pub view: ViewFeatures,
}

/// Measures all features of table 1 of Chu et al. (2024) of a galaxy from one side:
///
/// | feature | statistic | aperture, in half-mass radii R |
/// | --- | --- | --- |
/// | M_r, g - r | [`measure_brightness`](crate::measure_brightness) | circle of 2 R on the sky |
/// | SFR | [`measure_star_formation`](crate::measure_star_formation) | circle of 2 R on the sky |
/// | n_Ser | [`fit_light_profile`](crate::fit_light_profile) | annuli out to 5 R on the sky |
/// | c/a | [`measure_shape`](crate::measure_shape) | from a sphere of 3 R |
/// | sigma_v | [`fibre_dispersion`](crate::fibre_dispersion) | circle of 2 R on the sky |
/// | lambda_R | [`measure_lambda_r`](crate::measure_lambda_r) | pixels within 2 R of maps of 48 pixels over +-3 R |
/// | B/T, f_cold, f_hot | [`measure_circularity`](crate::measure_circularity) | sphere of 2 R |
///
/// The galaxy has its centre at the origin and is at rest, `half_mass_radius_kpc` \[kpc\] is the three-dimensional one
/// of its stars. [`FeatureView`] says from where it is seen and, where known, what dust leaves of each star's light;
/// [`Features::values`] and [`Features::flags`] list the results with their names and units.
/// Beside the orbits by [`FeatureConfig::circularity`] stand their fractions by
/// [`RankMaximum`](crate::CircularityMethod::RankMaximum), of the same potentials.
///
/// What the galaxy is to blame for, down to one that has no stars, is a flag with NaN, or with the limit that the
/// statistic has. Without r luminosities or magnitudes the profile, dispersion and spin are weighed by mass, with a
/// flag, and M_r is NaN.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a setting out of range and for axes that are not two unit vectors at a right angle,
/// [`StatsError::LengthMismatch`] for luminosities of another number of stars; never for a galaxy.
///
/// Cost: one pass over the stars, some twenty of the shape, and the potential of all matter. For more views than one
/// take [`measure_intrinsic_features`] once and [`measure_view_features`] for each.
///
/// # Examples
/// ```
/// use galmass_core::{Galaxy, Particles, Stars};
/// use galmass_stats::{FeatureConfig, FeatureView, measure_features};
///
/// // A ring of 500 Suns that turns about z, seen from the side.
/// let angles = (0..500).map(|i| f64::from(i) * std::f64::consts::TAU / 500.0);
/// let positions = angles.clone().map(|a| [5.0 * a.cos(), 5.0 * a.sin(), 0.0]).collect();
/// let velocities = angles.map(|a| [-200.0 * a.sin(), 200.0 * a.cos(), 0.0]).collect();
/// let stars = Stars::new(Particles::new(positions, velocities, vec![1.0; 500])?)
///     .with_magnitudes_r(vec![4.65; 500])?
///     .with_magnitudes_g(vec![5.11; 500])?;
/// let galaxy = Galaxy { stars, ..Galaxy::default() };
/// let edge_on = FeatureView::new([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
/// let features = measure_features(&galaxy, 5.0, &edge_on, &FeatureConfig::default())?;
/// assert!((features.view.brightness_r.magnitude - (4.65 - 2.5 * 500.0_f64.log10())).abs() < 1e-9);
/// assert!((features.view.colour_g_r() - 0.46).abs() < 1e-9);
/// assert!((features.view.dispersion.value_km_s - 200.0 / 2.0_f64.sqrt()).abs() < 1e-9);
/// assert_eq!(features.intrinsic.shape.minor_to_major, 0.0);
/// assert!(features.view.star_formation.flags.no_ages);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Chu et al. (2024), MNRAS 528, 6354, table 1.
pub fn measure_features(
    galaxy: &Galaxy,
    half_mass_radius_kpc: f64,
    view: &FeatureView<'_>,
    config: &FeatureConfig,
) -> Result<Features, StatsError> {
    // The cheap one first: it checks the call.
    let view = measure_view_features(galaxy, half_mass_radius_kpc, view, config)?;
    let intrinsic = measure_intrinsic_features(galaxy, half_mass_radius_kpc, config)?;
    Ok(Features { intrinsic, view })
}

#[cfg(test)]
mod tests;
