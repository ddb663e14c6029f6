//! Summary statistics of simulated galaxies: particles in, numbers out, one statistic a file.
//!
//! What an observation needs to be framed: the [centre](find_centre), the
//! [half-mass radius](half_mass_radius_kpc), the [mean velocity](mean_velocity_km_s) and [aperture
//! masses](enclosed_mass_msun); of the galaxy itself its [shape](measure_shape), its [velocity
//! dispersion](fibre_dispersion) ([of maps](mean_dispersion) too) and its [spin](measure_lambda_r); of its orbits the
//! [circularities](measure_circularity); of its mass and light the [profile by radius](measure_profile), the
//! [profile of Sersic](SersicProfile) and its [fit](fit_sersic_profile). A mass estimate is compared with the [virial
//! estimators](estimate_virial_mass) and a [power law](fit_power_law) of mass and luminosity.
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
mod half_mass_radius;
mod power_law;
mod profile;
mod sersic;
mod shape;
mod spin;
mod velocity;
mod virial;

pub use aperture::{enclosed_mass_msun, projected_mass_msun};
pub use centre::find_centre;
pub use circularity::{
    CircularOrbitCurve, Circularity, CircularityConfig, CircularityFlags, CircularityHistogram,
    CircularityMethod, OrbitFractions, SpinAxis, measure_circularity,
};
pub use dispersion::{Dispersion, DispersionFlags, fibre_dispersion, mean_dispersion};
pub use error::StatsError;
pub use half_mass_radius::half_mass_radius_kpc;
pub use power_law::{PowerLaw, fit_power_law};
pub use profile::{
    MassProfile, Profile, circular_velocity_km_s, log_edges_kpc, measure_mass_profile, measure_profile,
    measure_projected_profile,
};
pub use sersic::{
    SERSIC_INDEX_RANGE, SersicFit, SersicFitConfig, SersicFitFlags, SersicProfile, fit_sersic_profile,
    sersic_b,
};
pub use shape::{Held, Region, Shape, ShapeConfig, ShapeFlags, measure_shape};
pub use spin::{KinematicMaps, LambdaR, LambdaRFlags, Radii, SpinConfig, Systemic, measure_lambda_r};
pub use velocity::mean_velocity_km_s;
pub use virial::{VirialEstimator, VirialMass, estimate_virial_mass};

fn radius(position: &[f64; 3]) -> f64 {
    position.iter().map(|x| x * x).sum::<f64>().sqrt()
}
