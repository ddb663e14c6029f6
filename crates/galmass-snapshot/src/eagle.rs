//! EAGLE: Gadget-3 snapshots, and extractions of one galaxy from them.

use std::path::Path;

use galmass_core::Component;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::group::Part;
use crate::hdf5_part::{Dialect, Hdf5Part};
use crate::header::{Header, Presumed};
use crate::rule::{Kind, PART_TYPES, Rule, Stored};
use crate::source::Source;
use crate::suite::Suite;
use crate::units::{BaseUnits, Quantity, StoredUnit};

/// `PartType0` is gas, `1` dark matter, `2` and `3` the coarse dark matter around a zoom, `4` stars, `5` black holes.
/// The mass of a black hole is that of its particle (`Mass`), which gravity sees, not that of the hole inside
/// (`BH_Mass`).
pub(crate) struct Eagle;

const DIALECT: Dialect = Dialect { unit, kinds };

impl Suite for Eagle {
    fn recognises(&self, source: &Source) -> bool {
        source.has_in_any_type(&["Velocity"])
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        // `BoxSize`, which has no attributes to say so, is in comoving Mpc/h.
        let presumed = Presumed { base: BaseUnits::GADGET_MPC, may_be_isolated: false };
        Hdf5Part::open(path, &DIALECT, |file| Header::gadget(file, presumed))
    }
}

const OF_ALL: &[Rule] = &[
    Rule::vector(Stored::Positions, &["Coordinates"], Quantity::Length),
    Rule::vector(Stored::Velocities, &["Velocity"], Quantity::Velocity),
    Rule::new(Stored::Masses, &["Mass"], Quantity::Mass).required(),
    Rule::new(Stored::Potentials, &["Potential"], Quantity::Potential),
    Rule::new(Stored::GroupNumbers, &["GroupNumber"], Quantity::Number),
    Rule::new(Stored::SubGroupNumbers, &["SubGroupNumber"], Quantity::Number),
];

/// The metal mass fraction of the particle itself is preferred to that smoothed over its neighbours.
const OF_STARS: &[Rule] = &[
    Rule::new(Stored::FormationTimes, &["StellarFormationTime"], Quantity::Number),
    Rule::new(Stored::Metallicities, &["Metallicity", "SmoothedMetallicity"], Quantity::Number),
    Rule::new(Stored::InitialMasses, &["InitialMass"], Quantity::Mass),
];

/// Star formation rates are in Msun/yr as they are.
const OF_GAS: &[Rule] = &[
    Rule::new(Stored::Metallicities, &["Metallicity", "SmoothedMetallicity"], Quantity::Number),
    Rule::new(Stored::Densities, &["Density"], Quantity::Density),
    Rule::new(Stored::StarFormationRates, &["StarFormationRate"], Quantity::Fraction),
    Rule::new(Stored::Temperatures, &["Temperature"], Quantity::Fraction),
    Rule::new(Stored::SmoothingLengths, &["SmoothingLength"], Quantity::Length),
];

const KINDS: [Kind; 6] = [
    Kind::new(4, PART_TYPES[4], Component::Stars, &[OF_ALL, OF_STARS]),
    Kind::new(0, PART_TYPES[0], Component::Gas, &[OF_ALL, OF_GAS]),
    Kind::new(1, PART_TYPES[1], Component::DarkMatter, &[OF_ALL]),
    Kind::new(2, PART_TYPES[2], Component::DarkMatter, &[OF_ALL]),
    Kind::new(3, PART_TYPES[3], Component::DarkMatter, &[OF_ALL]),
    Kind::new(5, PART_TYPES[5], Component::BlackHoles, &[OF_ALL]),
];

fn kinds(_: &Header) -> Vec<Kind> {
    KINDS.to_vec()
}

/// Every dataset of EAGLE says its unit.
fn unit(attributes: &Attributes<'_>, _: Quantity, _: &Header) -> Result<StoredUnit, SnapshotError> {
    Ok(StoredUnit {
        to_cgs: attributes.positive("CGSConversionFactor")?,
        a_exponent: attributes.finite("aexp-scale-exponent")?,
        h_exponent: attributes.finite("h-scale-exponent")?,
    })
}
