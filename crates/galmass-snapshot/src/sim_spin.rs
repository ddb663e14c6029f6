//! What SimSpin's first version reads: isolated galaxies in HDF5, one dataset an axis.

use std::path::Path;

use galmass_core::Component;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::group::Part;
use crate::hdf5_part::{Dialect, Hdf5Part};
use crate::header::Header;
use crate::rule::{Kind, PART_TYPES, Rule, Shape, Stored};
use crate::source::Source;
use crate::suite::Suite;
use crate::units::{CM_S_PER_KM_S, Constants, Quantity, StoredUnit};

/// `PartType0` is gas, `1` dark matter, `2` the stars of the disc, `3` those of the bulge, `4` other stars. There is
/// no header. Units are named by the attribute `Units`, or else kpc, km/s and 1e10 Msun; neither a nor h is involved.
pub(crate) struct SimSpin;

const DIALECT: Dialect = Dialect { unit, kinds };

impl Suite for SimSpin {
    fn recognises(&self, source: &Source) -> bool {
        source.has_in_any_type(&["vx"])
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        Hdf5Part::open(path, &DIALECT, |file| Ok(Header::none(file.path())))
    }
}

const OF_ALL: &[Rule] = &[
    Rule::vector(Stored::Positions, &["x", "y", "z"], Quantity::Length).shaped(Shape::Axes),
    Rule::vector(Stored::Velocities, &["vx", "vy", "vz"], Quantity::Velocity).shaped(Shape::Axes),
    Rule::new(Stored::Masses, &["Mass"], Quantity::Mass).required(),
];

const KINDS: [Kind; 5] = [
    Kind::new(4, PART_TYPES[4], Component::Stars, &[OF_ALL]),
    Kind::new(2, PART_TYPES[2], Component::Stars, &[OF_ALL]),
    Kind::new(3, PART_TYPES[3], Component::Stars, &[OF_ALL]),
    Kind::new(0, PART_TYPES[0], Component::Gas, &[OF_ALL]),
    Kind::new(1, PART_TYPES[1], Component::DarkMatter, &[OF_ALL]),
];

fn kinds(_: &Header) -> Vec<Kind> {
    KINDS.to_vec()
}

fn unit(attributes: &Attributes<'_>, quantity: Quantity, _: &Header) -> Result<StoredUnit, SnapshotError> {
    let Constants { grams_per_msun, cm_per_kpc } = Constants::GADGET;
    let stated = attributes.text("Units")?;
    let to_cgs = match (quantity, stated.as_deref()) {
        (Quantity::Length, Some("kpc") | None) => cm_per_kpc,
        (Quantity::Length, Some("Mpc")) => 1e3 * cm_per_kpc,
        (Quantity::Length, Some("pc")) => 1e-3 * cm_per_kpc,
        (Quantity::Velocity, Some("km s-1" | "km/s") | None) => CM_S_PER_KM_S,
        (Quantity::Mass, Some("1e10 M_solar") | None) => 1e10 * grams_per_msun,
        (Quantity::Mass, Some("M_solar")) => grams_per_msun,
        (_, stated) => {
            let known = "kpc, Mpc, pc; km s-1, km/s; 1e10 M_solar, M_solar";
            return Err(attributes.place().unknown_unit(stated.unwrap_or_default().to_owned(), known));
        }
    };
    Ok(StoredUnit { to_cgs, a_exponent: 0.0, h_exponent: 0.0 })
}
