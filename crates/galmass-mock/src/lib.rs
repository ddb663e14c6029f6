//! Mock galaxies in approximate equilibrium: [one](MockGalaxy), or a [population](Population) along the
//! observed scaling relations.
//!
//! They are the data that examples and tests run on where no simulation is at hand: spheroids whose
//! dispersion and discs whose rotation follow from the mass inside, so that there is something true to infer.
//! They are not simulations: smooth, without gas, arms, satellites or history.
//!
//! | file | concept |
//! | --- | --- |
//! | `hernquist`, `disc`, `bessel` | density, mass and field of each component |
//! | `potential` | the field of all together |
//! | `eddington` | isotropic velocities of spheroids |
//! | `disc_kinematics` | rotation and dispersions of discs |
//! | `light` | ages, metallicities, magnitudes |
//! | `galaxy` | one galaxy from its settings (`config`) |
//! | `relations`, `population` | settings of many galaxies from published relations |
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
mod eddington;
#[cfg(test)]
mod equilibrium_tests;
mod error;
mod galaxy;
mod hernquist;
mod light;
mod population;
mod potential;
mod random;
mod relations;

pub use config::{MockGalaxyConfig, Orientation};
pub use error::MockError;
pub use galaxy::MockGalaxy;
pub use population::{Population, PopulationConfig};
