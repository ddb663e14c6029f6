//! GIZMO: snapshots of FIRE, SIMBA and others.

use std::path::Path;

use crate::SnapshotError;
use crate::gadget::{STATE_OF_GAS, by_number};
use crate::group::Part;
use crate::hdf5_part::{Dialect, Hdf5Part};
use crate::header::{Header, Presumed};
use crate::rule::{Kind, Rule, Shape, Stored};
use crate::source::Source;
use crate::suite::Suite;
use crate::tng::{OF_ALL, Tng, unit};
use crate::units::{BaseUnits, Quantity};

/// `PartType0` is gas, `1` dark matter, `2` and `3` the coarse dark matter around a zoom, `4` stars, `5` black holes.
/// In a run that does not expand, as Gadget's, `2` is the stars of a disc and `3` those of a bulge.
pub(crate) struct Gizmo;

const DIALECT: Dialect = Dialect { unit, kinds };

impl Suite for Gizmo {
    fn recognises(&self, source: &Source) -> bool {
        !Tng.recognises(source)
            && source.has_any(&["/PartType0/Metallicity", "/PartType4/Metallicity"])
            && source.has_in_any_type(&["Velocities"])
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        let presumed = Presumed { base: BaseUnits::GADGET, may_be_isolated: true };
        Hdf5Part::open(path, &DIALECT, |file| Header::gadget(file, presumed))
    }
}

/// Metallicities have one column a metal; the first is that of all of them.
const METALLICITIES: Rule =
    Rule::new(Stored::Metallicities, &["Metallicity"], Quantity::Number).shaped(Shape::Column(0));

const OF_STARS: &[Rule] =
    &[Rule::new(Stored::FormationTimes, &["StellarFormationTime"], Quantity::Number), METALLICITIES];

/// The second column is helium.
const OF_GAS: &[Rule] = &[
    METALLICITIES,
    Rule::new(Stored::HeliumFractions, &["Metallicity"], Quantity::Fraction).shaped(Shape::Column(1)),
];

fn kinds(header: &Header) -> Vec<Kind> {
    by_number(header, &[OF_ALL, OF_STARS], &[OF_ALL, STATE_OF_GAS, OF_GAS])
}
