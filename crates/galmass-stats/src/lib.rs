//! Summary statistics of simulated galaxies: particles in, numbers out, one statistic a file.
//!
//! What an observation needs to be framed: the [centre](find_centre), the
//! [half-mass radius](half_mass_radius_kpc), the [mean velocity](mean_velocity_km_s) and [aperture
//! masses](enclosed_mass_msun). Of the galaxy itself: its [shape](measure_shape), its [velocity
//! dispersion](fibre_dispersion) ([of maps](mean_dispersion) too), its [spin](measure_lambda_r), its
//! [orbits](measure_circularity), its [mass by radius](measure_mass_profile) and
//! [potential](galaxy_potentials_km2_s2) and how many [stars
//! form](measure_star_formation). Of its light: the [magnitude and colour](measure_brightness), the [profile of
//! Sersic](SersicProfile) and its fits to [a profile](fit_sersic_profile), to
//! [particles](fit_light_profile) and to [an image](fit_sersic_image).
//! [`measure_features`] measures all that Chu et al. (2024) list in their table 1 in one call. A mass estimate is
//! compared with the [virial estimators](estimate_virial_mass) and a [power law](fit_power_law) of mass and luminosity.
//!
//! ```
//! use galmass_core::Particles;
//! use galmass_stats::{enclosed_mass_msun, half_mass_radius_kpc};
//!
//! // Four particles of 1e6 Msun at 1, 2, 3 and 4 kpc.
//! let positions = (1..=4).map(|r| [f64::from(r), 0.0, 0.0]).collect();
//! let particles = Particles::new(positions, vec![[0.0; 3]; 4], vec![1.0e6; 4])?;
//! assert_eq!(half_mass_radius_kpc(&particles), Some(2.0));
//! assert_eq!(enclosed_mass_msun(&particles, 3.5), 3.0e6);
//! # Ok::<(), galmass_core::ParticleError>(())
//! ```

mod aperture;
mod centre;
mod circularity;
mod dispersion;
mod eigen;
mod error;
mod features;
mod half_mass_radius;
mod light_profile;
mod photometry;
mod potential;
mod power_law;
mod profile;
mod sersic;
mod shape;
mod sky;
mod spin;
mod star_formation;
mod velocity;
mod virial;

pub use aperture::{Aperture, enclosed_mass_msun, projected_mass_msun};
pub use centre::find_centre;
pub use circularity::{
    CircularOrbitCurve, Circularity, CircularityConfig, CircularityFlags, CircularityHistogram,
    CircularityMethod, MissingPotentials, OrbitFractions, SpinAxis, measure_circularity,
};
pub use dispersion::{Dispersion, DispersionFlags, fibre_dispersion, mean_dispersion};
pub use error::StatsError;
pub use features::{
    FeatureConfig, FeatureFlag, FeatureValue, FeatureView, Features, IntrinsicFeatures, ViewFeatures,
    measure_features, measure_intrinsic_features, measure_view_features,
};
pub use half_mass_radius::half_mass_radius_kpc;
pub use light_profile::{
    LightProfile, LightProfileConfig, LightProfileFlags, fit_light_profile, measure_light_profile,
};
pub use photometry::{BandLight, Brightness, BrightnessFlags, measure_brightness};
pub use potential::{
    ComponentPotentials, ComponentSoftenings, PotentialConfig, PotentialMethod, PotentialSources,
    SofteningKernel, Softenings, galaxy_potentials_km2_s2, potentials_km2_s2,
};
pub use power_law::{PowerLaw, fit_power_law};
pub use profile::{
    MassProfile, Profile, circular_velocity_km_s, log_edges_kpc, measure_mass_profile, measure_profile,
    measure_projected_profile,
};
pub use sersic::{
    SERSIC_INDEX_RANGE, Sampling, SersicFit, SersicFitConfig, SersicFitFlags, SersicGalaxy, SersicImage,
    SersicImageConfig, SersicImageFit, SersicImageFlags, SersicProfile, Sky, fit_sersic_image,
    fit_sersic_profile, sersic_b,
};
pub use shape::{Held, ProjectedEllipse, Region, Shape, ShapeConfig, ShapeFlags, measure_shape};
pub use spin::{KinematicMaps, LambdaR, LambdaRFlags, Radii, SpinConfig, Systemic, measure_lambda_r};
pub use star_formation::{StarFormation, StarFormationFlags, measure_star_formation};
pub use velocity::mean_velocity_km_s;
pub use virial::{VirialEstimator, VirialMass, estimate_virial_mass};

fn radius(position: &[f64; 3]) -> f64 {
    position.iter().map(|x| x * x).sum::<f64>().sqrt()
}
