//! Mock galaxies in approximate equilibrium: [one](MockGalaxy), or a [population](Population) along the
//! observed scaling relations.
//!
//! They are the data that examples and tests run on where no simulation is at hand: spheroids whose
//! dispersion and discs whose rotation follow from the mass inside, so that there is something true to infer.
//! They are not simulations: smooth, without arms, satellites, hot gas or history. Two [suites](Suite) of them differ in
//! their physics, so that what is learnt on one can be tried on the other.
//!
//! | file | concept |
//! | --- | --- |
//! | `log_grid`, `profile`, `sphere` | spherical components: density, then mass, on a grid of radii |
//! | `halo_response` | contraction and cores of haloes |
//! | `disc`, `bessel`, `disc_thickness` | density and field of discs |
//! | `potential` | the field of all together |
//! | `eddington` | isotropic velocities of spheroids |
//! | `disc_kinematics` | rotation and dispersions of stellar discs |
//! | `gas_disc`, `neutral_hydrogen` | height, rotation and state of the gas |
//! | `light` | ages, metallicities, magnitudes |
//! | `galaxy` | one galaxy from its settings (`config`) |
//! | `relations`, `suite`, `population` | settings of many galaxies from published relations |
//!
//! ```
//! use galmass_mock::{MockError, Population, PopulationConfig};
//!
//! let config = PopulationConfig { n_galaxies: 2, n_stars: 400, ..PopulationConfig::default() };
//! let population = Population::new(config)?;
//! let galaxy = population.galaxy(1)?;
//! assert_eq!(galaxy.stars.particles().len(), 400);
//! assert_eq!(galaxy.stars.magnitudes_r().map(<[f64]>::len), Some(400));
//! # Ok::<(), MockError>(())
//! ```

mod bessel;
mod config;
mod disc;
mod disc_kinematics;
mod disc_thickness;
mod eddington;
#[cfg(test)]
mod equilibrium_tests;
mod error;
mod galaxy;
mod gas_disc;
mod halo_response;
mod light;
mod log_grid;
mod neutral_hydrogen;
mod phase_point;
mod population;
mod potential;
mod profile;
mod random;
mod relations;
mod sphere;
mod suite;

pub use config::{BulgeProfile, HaloProfile, MockGalaxyConfig, Orientation, ParticleMasses};
pub use error::MockError;
pub use galaxy::MockGalaxy;
pub use halo_response::HaloResponse;
pub use population::{ImfRelation, Population, PopulationConfig, SampleCuts};
pub use suite::Suite;
