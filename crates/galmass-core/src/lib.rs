//! The words that galmass crates share: [particles](Particles) of a [galaxy](Galaxy), [maps](Map) on a
//! [pixel grid](PixelGrid), [units], kernel [support radii](SupportRadius) and [seeds](seed); and how their hot loops
//! meet the [processor](simd).
//!
//! Nothing here computes astronomy. A reader makes a [`Galaxy`], a projection turns it into [`Map`]s, and both
//! only need to agree on what these words mean:
//!
//! * one unit system, physical kpc, Msun, km/s and Gyr ([`units`]): scale factors and little-h are gone before a
//!   [`Galaxy`] exists;
//! * one image convention: pixels are cells, axis 0 of an array is up, axis 1 is right ([`PixelGrid`]);
//! * one smoothing convention: the radius at which the kernel reaches zero ([`SupportRadius`]).
//!
//! ```
//! use galmass_core::{Galaxy, Particles, Stars};
//!
//! let stars = Particles::new(
//!     vec![[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]],    // kpc
//!     vec![[0.0, 200.0, 0.0], [0.0, -200.0, 0.0]], // km/s
//!     vec![1.0e6, 3.0e6],                          // Msun
//! )?;
//! let galaxy = Galaxy { stars: Stars::new(stars), ..Galaxy::default() };
//! assert_eq!(galaxy.stars.particles().total_mass_msun(), 4.0e6);
//! # Ok::<(), galmass_core::ParticleError>(())
//! ```

mod column;
mod component;
mod galaxy;
mod gas;
mod map;
pub mod mesh;
mod particles;
mod pixel_grid;
pub mod seed;
pub mod simd;
mod stars;
mod support_radius;
pub mod units;

pub use component::Component;
pub use galaxy::Galaxy;
pub use gas::Gas;
pub use map::{Map, MapError};
pub use particles::{ParticleError, Particles};
pub use pixel_grid::{GridError, PixelGrid};
pub use stars::Stars;
pub use support_radius::SupportRadius;
pub use units::Unit;
