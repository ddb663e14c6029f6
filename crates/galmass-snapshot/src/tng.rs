//! IllustrisTNG: AREPO snapshots and the cutouts of its web service.

use std::path::Path;

use galmass_core::{Galaxy, Gas, Stars};

use crate::attributes::Attributes;
use crate::cosmology::ages_gyr;
use crate::field::Rows;
use crate::header::Header;
use crate::part_type::{BLACK_HOLES, Columns, DARK_MATTER, Dialect, GAS, PartType, PartTypes};
use crate::source::{Hdf5File, Source};
use crate::suite::Suite;
use crate::units::{CM_PER_KPC, CM_S_PER_KM_S, Quantity, StoredUnit};
use crate::{Snapshot, SnapshotError, SuiteKind};

/// `PartType0` is gas, `1` dark matter, `4` stars and wind, `5` black holes; `3`, tracers, has no mass.
pub(crate) struct Tng;

/// The scale factor at which a star formed; zero or less marks a wind particle.
const FORMATION: &str = "GFM_StellarFormationTime";

/// Absolute magnitudes in U, B, V, K, g, r, i, z; the last four are AB.
const PHOTOMETRICS: &str = "GFM_StellarPhotometrics";
const G: usize = 4;
const R: usize = 5;

const DIALECT: Dialect = Dialect { masses: "Masses", velocities: "Velocities", unit };

/// Comoving kpc/h.
const LENGTH: StoredUnit = StoredUnit { to_cgs: CM_PER_KPC, a_exponent: 1.0, h_exponent: -1.0 };

impl Suite for Tng {
    fn recognises(&self, source: &Source) -> bool {
        source.has_any(&[
            "/PartType4/GFM_StellarFormationTime",
            "/PartType4/GFM_InitialMass",
            "/PartType4/GFM_Metallicity",
            "/PartType0/GFM_Metallicity",
        ])
    }

    fn read(&self, path: &Path) -> Result<Snapshot, SnapshotError> {
        let file = Hdf5File::open(path)?;
        let header = Header::read(&file)?;
        let part_types = PartTypes { file: &file, header: &header, dialect: &DIALECT };
        let (stars, wind) = stars_and_wind(part_types)?;
        let galaxy = Galaxy {
            gas: Gas::new(part_types.columns(GAS)?.and(wind).into_particles(&part_types.place(GAS))?),
            dark_matter: part_types.particles(DARK_MATTER)?,
            stars,
            black_holes: part_types.particles(BLACK_HOLES)?,
            box_size_kpc: header
                .stored_box_size
                .map(|side| side * LENGTH.factor(Quantity::Length, header.epoch)),
        };
        Ok(Snapshot { galaxy, suite: SuiteKind::Tng, redshift: Some(header.epoch.redshift()) })
    }
}

/// The unit of a dataset by its attributes, or where they are absent or `to_cgs` is 0 by the documentation of the
/// simulation: lengths in comoving kpc/h, masses in 1e10 Msun/h, velocities in km sqrt(a)/s, potentials in
/// (km/s)^2/a.
fn unit(attributes: &Attributes<'_>, quantity: Quantity) -> Result<StoredUnit, SnapshotError> {
    match attributes.number("to_cgs")? {
        Some(to_cgs) if to_cgs != 0.0 => Ok(StoredUnit {
            to_cgs: attributes.positive("to_cgs")?,
            a_exponent: attributes.finite("a_scaling")?,
            h_exponent: attributes.finite("h_scaling")?,
        }),
        _ => {
            tracing::debug!(
                field = attributes.place().object(),
                "no unit attributes: taking the documented unit"
            );
            Ok(documented_unit(quantity))
        }
    }
}

fn documented_unit(quantity: Quantity) -> StoredUnit {
    match quantity {
        Quantity::Length => LENGTH,
        Quantity::Mass => StoredUnit::MASS_1E10_MSUN_PER_H,
        Quantity::Velocity => StoredUnit { to_cgs: CM_S_PER_KM_S, a_exponent: 0.5, h_exponent: 0.0 },
        Quantity::Potential => {
            StoredUnit { to_cgs: CM_S_PER_KM_S * CM_S_PER_KM_S, a_exponent: -1.0, h_exponent: 0.0 }
        }
        Quantity::Number => StoredUnit { to_cgs: 1.0, a_exponent: 0.0, h_exponent: 0.0 },
    }
}

/// Wind is gas that was launched by a star-forming region and travels as a particle for a while, in the group of
/// the stars because it needs the same fields.
fn stars_and_wind(part_types: PartTypes<'_>) -> Result<(Stars, Columns), SnapshotError> {
    let group = part_types.open_stars()?;
    let formed = group.scalars(FORMATION, Quantity::Number)?;
    let scale_factors = formed.physical(&Rows::All)?;
    let (of_stars, of_wind): (Vec<usize>, Vec<usize>) =
        (0..group.n_rows()).partition(|&row| scale_factors[row] > 0.0);
    if of_stars.is_empty() {
        return Err(group.place().no_stars(group.n_rows()));
    }
    tracing::debug!(n_stars = of_stars.len(), n_wind = of_wind.len(), "wind particles are counted as gas");
    let (of_stars, of_wind) = (Rows::These(of_stars), Rows::These(of_wind));
    let stored = group.stored_columns()?;
    let particles = stored.physical(&of_stars)?.into_particles(group.place())?;
    let ages = ages_gyr(&formed, &of_stars, part_types.header)?;
    let stars =
        Stars::new(particles).with_ages_gyr(ages).map_err(|source| group.place().particles(source))?;
    Ok((with_optional_columns(stars, &group, &of_stars)?, stored.physical(&of_wind)?))
}

/// Adds the columns that the stars of some files have.
fn with_optional_columns(
    mut stars: Stars,
    group: &PartType<'_>,
    rows: &Rows,
) -> Result<Stars, SnapshotError> {
    let blame = |source| group.place().particles(source);
    if let Some(metallicities) = group.optional("GFM_Metallicity", Quantity::Number, rows)? {
        stars = stars.with_metallicities(metallicities).map_err(blame)?;
    }
    if let Some(masses) = group.optional("GFM_InitialMass", Quantity::Mass, rows)? {
        stars = stars.with_initial_masses_msun(masses).map_err(blame)?;
    }
    if let Some(magnitudes) = group.optional_column_of_eight(PHOTOMETRICS, G, rows)? {
        stars = stars.with_magnitudes_g(magnitudes).map_err(blame)?;
    }
    if let Some(magnitudes) = group.optional_column_of_eight(PHOTOMETRICS, R, rows)? {
        stars = stars.with_magnitudes_r(magnitudes).map_err(blame)?;
    }
    Ok(stars)
}
