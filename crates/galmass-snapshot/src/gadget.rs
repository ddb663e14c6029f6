//! Gadget-2, -3 and -4 in HDF5: what remains when no other suite's names are found.

use std::path::Path;

use galmass_core::Component;

use crate::SnapshotError;
use crate::eagle::Eagle;
use crate::gizmo::Gizmo;
use crate::group::Part;
use crate::hdf5_part::{Dialect, Hdf5Part};
use crate::header::{Header, Presumed};
use crate::rule::{Kind, PART_TYPES, Rule, Shape, Stored};
use crate::source::Source;
use crate::suite::Suite;
use crate::swift::Swift;
use crate::tng::{OF_ALL, Tng, unit};
use crate::units::{BaseUnits, Quantity};

/// `PartType0` is gas, `1` dark matter, `4` stars.
///
/// What the others are depends on whether the run expands, by `ComovingIntegrationOn` of `/Parameters`, or else by
/// whether `Omega0` is there and above 0. If it does, `2` and `3` are the coarse dark matter around a zoom and `5`
/// black holes. If it does not, the galaxy is isolated: `2` is the stars of its disc, `3` those of its bulge, `Time`
/// is a time and there is no redshift; `5` stays black holes.
pub(crate) struct Gadget;

const DIALECT: Dialect = Dialect { unit, kinds };

impl Suite for Gadget {
    fn recognises(&self, source: &Source) -> bool {
        let is_another = Tng.recognises(source)
            || Eagle.recognises(source)
            || Swift.recognises(source)
            || Gizmo.recognises(source);
        !is_another && source.has_any(&["/Header"]) && source.has_in_any_type(&["Coordinates"])
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        let presumed = Presumed { base: BaseUnits::GADGET, may_be_isolated: true };
        Hdf5Part::open(path, &DIALECT, |file| Header::gadget(file, presumed))
    }
}

const METALLICITIES: Rule =
    Rule::new(Stored::Metallicities, &["Metallicity"], Quantity::Number).shaped(Shape::Column(0));

const OF_STARS: &[Rule] =
    &[Rule::new(Stored::FormationTimes, &["StellarFormationTime"], Quantity::Number), METALLICITIES];

/// What the gas of Gadget's line has; star formation rates are in Msun/yr as they are, and smoothing lengths reach to
/// the end of the kernel.
pub(crate) const STATE_OF_GAS: &[Rule] = &[
    Rule::new(Stored::NeutralFractions, &["NeutralHydrogenAbundance"], Quantity::Fraction),
    Rule::new(Stored::Densities, &["Density"], Quantity::Density),
    Rule::new(Stored::StarFormationRates, &["StarFormationRate"], Quantity::Fraction),
    Rule::new(Stored::InternalEnergies, &["InternalEnergy"], Quantity::InternalEnergy),
    Rule::new(Stored::ElectronAbundances, &["ElectronAbundance"], Quantity::Fraction),
    Rule::new(Stored::SmoothingLengths, &["SmoothingLength"], Quantity::Length),
];

pub(crate) fn kinds(header: &Header) -> Vec<Kind> {
    by_number(header, &[OF_ALL, OF_STARS], &[OF_ALL, STATE_OF_GAS, &[METALLICITIES]])
}

/// Gadget's types of particles, with their rules for stars and for gas.
pub(crate) fn by_number(
    header: &Header,
    of_stars: &'static [&'static [Rule]],
    of_gas: &'static [&'static [Rule]],
) -> Vec<Kind> {
    let others = if header.is_cosmological { Component::DarkMatter } else { Component::Stars };
    vec![
        Kind::new(4, PART_TYPES[4], Component::Stars, of_stars),
        Kind::new(0, PART_TYPES[0], Component::Gas, of_gas),
        Kind::new(1, PART_TYPES[1], Component::DarkMatter, &[OF_ALL]),
        Kind::new(2, PART_TYPES[2], others, &[OF_ALL]),
        Kind::new(3, PART_TYPES[3], others, &[OF_ALL]),
        Kind::new(5, PART_TYPES[5], Component::BlackHoles, &[OF_ALL]),
    ]
}
