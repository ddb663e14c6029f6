//! Projects particles onto maps: [views](View), [smoothing radii](support_radii), [smoothed images](deposit()),
//! [velocity moments](nearest_moments), [larger pixels](rebin()), [densities](per_area) and [colours](colour()).
//!
//! Everything is a function of slices, one row a particle, in the units of [`galmass_core`]. A [`View`] says from
//! where, a [`PixelGrid`](galmass_core::PixelGrid) on which mesh; what comes back is a
//! [`Map`](galmass_core::Map) with its row 0 at the bottom. The image of a galaxy, as in Chu et al. (2024), takes
//! three steps:
//!
//! ```
//! use galmass_core::{PixelGrid, Unit};
//! use galmass_project::{Axis, DepositConfig, MomentConfig, View, deposit, nearest_moments, support_radii};
//!
//! let positions_kpc = [[0.0, 0.1, 0.0], [0.2, 0.0, 0.3], [-0.1, 0.0, 0.2]];
//! let velocities_km_s = [[0.0, 0.0, 50.0], [0.0, 0.0, -20.0], [0.0, 0.0, 30.0]];
//! let luminosities_lsun = [1.0e6, 2.0e6, 3.0e6];
//!
//! let view = View::along(Axis::Z);
//! let grid = PixelGrid::new(60, 3.0)?;
//! let support = support_radii(&positions_kpc, 32)?;
//! let config = DepositConfig::default();
//! let unit = Unit::SolarLuminosity;
//! let light = deposit(&positions_kpc, &luminosities_lsun, &support, &view, grid, unit, &config)?;
//! assert!((light.sum() - 6.0e6).abs() < 1e-6);
//!
//! let config = MomentConfig::default();
//! let moments = nearest_moments(&positions_kpc, &velocities_km_s, &luminosities_lsun, &view, grid, &config)?;
//! assert_eq!(moments.count.sum(), 3.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Starlight comes from [`photometry`], and [`dust`] takes its share of it before it becomes an image.
//!
//! Whatever is fast here is held by tests to a slow twin in [`mod@reference`], gives the same bits for any number of
//! threads, and conserves light.

// Hot loops go over several arrays at once by index: so they read alike, and so they vectorise.
#![allow(clippy::needless_range_loop)]

mod colour;
mod compensated;
mod deposit;
pub mod dust;
mod error;
pub mod kernel;
mod moments;
mod neighbours;
pub mod photometry;
mod quadrature;
mod rebin;
#[cfg(test)]
mod testing;
mod view;

pub use colour::{ColourConfig, EmptyColour, colour};
pub use deposit::{DepositConfig, Scheme, deposit};
pub use error::ProjectError;
pub use moments::{Blanking, Fill, MomentConfig, Moments, line_of_sight_moments, nearest_moments};
pub use neighbours::{NeighbourConfig, SupportRadii, support_radii, support_radii_with};
pub use rebin::{per_area, rebin};
pub use view::{Axis, View};

/// Slow and simple twins of the fast functions, which tests compare them with.
pub mod reference {
    pub use crate::deposit::reference::deposit;
    pub use crate::dust::reference::gas_columns;
    pub use crate::moments::reference::nearest_moments;
    pub use crate::neighbours::reference::{support_radii, support_radii_with};
}
