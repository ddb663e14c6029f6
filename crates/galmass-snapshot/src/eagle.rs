//! EAGLE: Gadget-3 snapshots, and extractions of one galaxy from them.

use std::path::Path;

use galmass_core::{Galaxy, Gas, Stars};

use crate::attributes::Attributes;
use crate::cosmology::ages_gyr;
use crate::field::Rows;
use crate::header::Header;
use crate::part_type::{BLACK_HOLES, DARK_MATTER, Dialect, GAS, PartTypes};
use crate::source::{Hdf5File, Source};
use crate::suite::Suite;
use crate::units::{CM_PER_KPC, Quantity, StoredUnit};
use crate::{Snapshot, SnapshotError, SuiteKind};

/// `PartType0` is gas, `1` dark matter, `4` stars, `5` black holes. The mass of a black hole is that of its
/// particle (`Mass`), which gravity sees, not that of the hole inside (`BH_Mass`).
pub(crate) struct Eagle;

/// The scale factor at which a star formed.
const FORMATION: &str = "StellarFormationTime";

/// The metal mass fraction of the particle itself, and that smoothed over its neighbours, in order of preference.
const METALLICITIES: [&str; 2] = ["Metallicity", "SmoothedMetallicity"];

const DIALECT: Dialect = Dialect { masses: "Mass", velocities: "Velocity", unit };

/// Comoving Mpc/h, the unit of `BoxSize`, which has no attributes to say so.
const BOX_LENGTH: StoredUnit = StoredUnit { to_cgs: 1e3 * CM_PER_KPC, a_exponent: 1.0, h_exponent: -1.0 };

impl Suite for Eagle {
    fn recognises(&self, source: &Source) -> bool {
        source.has_any(&[
            "/PartType0/Velocity",
            "/PartType1/Velocity",
            "/PartType4/Velocity",
            "/PartType5/Velocity",
        ])
    }

    fn read(&self, path: &Path) -> Result<Snapshot, SnapshotError> {
        let file = Hdf5File::open(path)?;
        let header = Header::read(&file)?;
        let part_types = PartTypes { file: &file, header: &header, dialect: &DIALECT };
        let galaxy = Galaxy {
            stars: stars(part_types)?,
            gas: Gas::new(part_types.particles(GAS)?),
            dark_matter: part_types.particles(DARK_MATTER)?,
            black_holes: part_types.particles(BLACK_HOLES)?,
            box_size_kpc: header
                .stored_box_size
                .map(|side| side * BOX_LENGTH.factor(Quantity::Length, header.epoch)),
        };
        Ok(Snapshot { galaxy, suite: SuiteKind::Eagle, redshift: Some(header.epoch.redshift()) })
    }
}

/// Every dataset of EAGLE says its unit.
fn unit(attributes: &Attributes<'_>, _: Quantity) -> Result<StoredUnit, SnapshotError> {
    Ok(StoredUnit {
        to_cgs: attributes.positive("CGSConversionFactor")?,
        a_exponent: attributes.finite("aexp-scale-exponent")?,
        h_exponent: attributes.finite("h-scale-exponent")?,
    })
}

fn stars(part_types: PartTypes<'_>) -> Result<Stars, SnapshotError> {
    let group = part_types.open_stars()?;
    let blame = |source| group.place().particles(source);
    let columns = group.stored_columns()?.physical(&Rows::All)?;
    let mut stars = Stars::new(columns.into_particles(group.place())?);
    if group.has(FORMATION) {
        let formed = group.scalars(FORMATION, Quantity::Number)?;
        stars = stars.with_ages_gyr(ages_gyr(&formed, &Rows::All, part_types.header)?).map_err(blame)?;
    }
    if let Some(name) = METALLICITIES.into_iter().find(|name| group.has(name)) {
        let metallicities = group.scalars(name, Quantity::Number)?.physical(&Rows::All)?;
        stars = stars.with_metallicities(metallicities).map_err(blame)?;
    }
    if let Some(masses) = group.optional("InitialMass", Quantity::Mass, &Rows::All)? {
        stars = stars.with_initial_masses_msun(masses).map_err(blame)?;
    }
    Ok(stars)
}
