//! What dust takes from the light on its way.
//!
//! Dust follows gas, and only gas in front of a star dims it, so that what is left of its light depends on the view. A
//! [`DustScreen`] is made once for a view and applied to each band; [`attenuated`] does both for one band:
//!
//! ```
//! use galmass_core::{Gas, Particles, SupportRadius};
//! use galmass_project::dust::{Dust, attenuated};
//! use galmass_project::photometry::Band;
//! use galmass_project::{Axis, View};
//!
//! let cell = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![4.0e7])?;
//! let gas = Gas::new(cell)
//!     .with_neutral_hydrogen_masses_msun(vec![2.0e7])?
//!     .with_metallicities(vec![0.0127])?
//!     .with_support_radii(vec![SupportRadius::from_nth_neighbour(1.0)])?;
//! let stars = [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]];
//! let view = View::along(Axis::Z);
//! let seen = |band| attenuated(&[1.0e6; 2], &stars, &gas, &view, band, 0.0, &Dust::default());
//! let (g, r) = (seen(Band::G)?, seen(Band::R)?);
//! assert_eq!((g[0], r[0]), (1.0e6, 1.0e6)); // in front of the cell
//! assert!(g[1] < r[1] && r[1] < 0.8e6);     // behind it, fainter and redder
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The recipe is that of semi-analytic models (Guiderdoni & Rocca-Volmerange 1987; Devriendt & Guiderdoni 2000; De Lucia
//! & Blaizot 2007) in the resolved form of Nelson et al. (2018), their model C without the birth clouds of young stars,
//! evaluated at one effective wavelength a band.

mod column;
mod config;
mod curve;
mod law;
mod slab;
mod smoothing;

use galmass_core::Gas;
use rayon::prelude::*;

use crate::error::{check_length, check_not_negative, check_vectors};
use crate::photometry::Band;
use crate::{ProjectError, View};
pub use column::gas_columns;
pub(crate) use column::reference;
pub use config::{Dust, DustLaw, GasSmoothing, Geometry, ResolvedDust, SlabDust};
pub use curve::{DustCurve, attenuation};
pub use law::GasColumn;
pub use smoothing::gas_support_radii;

/// The dust between the stars of a galaxy and one observer.
#[derive(Clone, Debug, PartialEq)]
pub struct DustScreen {
    model: Dust,
    n_stars: usize,
    columns: Columns,
}

/// Columns with as much dust at solar metallicity \[1/cm^2\].
#[derive(Clone, Debug, PartialEq)]
enum Columns {
    /// One for each star.
    Each(Vec<f64>),
    /// The same for all, and how much longer the path through it is than face-on.
    All(f64, f64),
}

impl DustScreen {
    /// Finds the gas between the observer and stars at `positions_kpc` \[kpc\].
    ///
    /// The model is what [`Dust::in_effect`] makes of `dust` for this gas; [`DustScreen::model`] says which it was. A
    /// slab is centred on the origin and takes its inclination from velocities relative to it: put the galaxy into its
    /// own frame first.
    ///
    /// # Errors
    /// Those of [`gas_columns`]; for a slab that was asked for by name [`ProjectError::MissingColumn`] where the gas has
    /// no metallicities; [`ProjectError::SettingOutOfRange`] for a setting out of its range.
    ///
    /// # Cost
    /// That of [`gas_columns`]; for the slab, of sorting the gas.
    pub fn new(
        positions_kpc: &[[f64; 3]],
        gas: &Gas,
        view: &View,
        dust: &Dust,
    ) -> Result<Self, ProjectError> {
        check_vectors("positions", positions_kpc)?;
        let model = dust.in_effect(gas);
        let columns = match &model {
            Dust::None => Columns::All(0.0, 1.0),
            Dust::ResolvedGrv87(resolved) => {
                let columns = gas_columns(positions_kpc, gas, view, &resolved.gas)?.into_par_iter();
                Columns::Each(columns.map(|column| resolved.law.solar_column_cm2(column)).collect())
            }
            Dust::Slab(slab) => {
                let (column, path) = slab::column_and_path(gas, view, slab)?;
                Columns::All(slab.law.solar_column_cm2(column), path)
            }
        };
        Ok(Self { model, n_stars: positions_kpc.len(), columns })
    }

    /// The model that was used, after [`Dust::in_effect`].
    pub fn model(&self) -> &Dust {
        &self.model
    }

    /// Takes from each luminosity what the dust in front of the star absorbs.
    ///
    /// With tau of [`DustLaw::optical_depth`], a star keeps [`attenuation`] of its light. For the slab tau is that of
    /// its column times its path, with the plainer scattering [`DustCurve::slab_scattering`] of its authors.
    ///
    /// `luminosities` are N values of 0 or more, one for each star of the screen, in any unit; the result has N values in
    /// the same unit, none larger than before. Light in front of all gas stays what it is to the last bit.
    ///
    /// # Errors
    /// [`ProjectError::LengthMismatch`] for another number of stars, [`ProjectError::NotFinite`] and
    /// [`ProjectError::Negative`] for the first star with such a luminosity, [`ProjectError::SettingOutOfRange`] for a
    /// setting out of its range or a redshift that is not above -1.
    pub fn attenuate(
        &self,
        luminosities: &[f64],
        band: Band,
        redshift: f64,
    ) -> Result<Vec<f64>, ProjectError> {
        check_length("luminosities", self.n_stars, luminosities.len())?;
        check_not_negative("luminosities", luminosities, |&light| light)?;
        match (&self.model, &self.columns) {
            (Dust::ResolvedGrv87(ResolvedDust { law, .. }), Columns::Each(columns)) => {
                let per_column = law.depth_per_column(band, redshift, DustCurve::scattering)?;
                let kept = |column| attenuation(per_column * column, law.geometry);
                let stars = (luminosities, columns).into_par_iter();
                Ok(stars.map(|(light, column)| light * kept(column)).collect())
            }
            (Dust::Slab(SlabDust { law, .. }), &Columns::All(column, path)) => {
                let per_column = law.depth_per_column(band, redshift, DustCurve::slab_scattering)?;
                let kept = attenuation(per_column * column * path, law.geometry);
                Ok(luminosities.iter().map(|light| light * kept).collect())
            }
            _ => Ok(luminosities.to_vec()),
        }
    }
}

/// Takes from the light of each star what the dust in front of it absorbs, for one view and one band:
/// [`DustScreen::new`] and [`DustScreen::attenuate`]. Where two bands are wanted from one side, make the screen once.
///
/// # Errors
/// Those of the two.
pub fn attenuated(
    luminosities: &[f64],
    positions_kpc: &[[f64; 3]],
    gas: &Gas,
    view: &View,
    band: Band,
    redshift: f64,
    dust: &Dust,
) -> Result<Vec<f64>, ProjectError> {
    check_length("luminosities", positions_kpc.len(), luminosities.len())?;
    DustScreen::new(positions_kpc, gas, view, dust)?.attenuate(luminosities, band, redshift)
}

#[cfg(test)]
mod tests;
