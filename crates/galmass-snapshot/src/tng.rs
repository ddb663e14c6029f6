//! IllustrisTNG: AREPO snapshots, the cutouts of its web service, and what follows its names, as CAMELS does.

use std::path::Path;

use galmass_core::Component;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::group::Part;
use crate::hdf5_part::{Dialect, Hdf5Part};
use crate::header::{Header, Presumed};
use crate::rule::{Kind, PART_TYPES, Rule, Shape, Stored};
use crate::source::Source;
use crate::suite::Suite;
use crate::units::{BaseUnits, Quantity, StoredUnit};

/// `PartType0` is gas, `1` dark matter, `2` the coarse dark matter around a zoom, `4` stars and wind, `5` black
/// holes; `3`, tracers, has no mass. Wind is gas that was launched by a star-forming region and travels as a particle
/// for a while, in the group of the stars because it needs the same fields.
pub(crate) struct Tng;

const DIALECT: Dialect = Dialect { unit, kinds };

impl Suite for Tng {
    fn recognises(&self, source: &Source) -> bool {
        source.has_any(&[
            "/PartType4/GFM_StellarFormationTime",
            "/PartType4/GFM_InitialMass",
            "/PartType4/GFM_Metallicity",
            "/PartType0/GFM_Metallicity",
        ])
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        let presumed = Presumed { base: BaseUnits::GADGET, may_be_isolated: false };
        Hdf5Part::open(path, &DIALECT, |file| Header::gadget(file, presumed))
    }
}

/// What every particle has.
pub(crate) const OF_ALL: &[Rule] = &[
    Rule::vector(Stored::Positions, &["Coordinates"], Quantity::Length),
    Rule::vector(Stored::Velocities, &["Velocities"], Quantity::Velocity),
    Rule::new(Stored::Masses, &["Masses"], Quantity::Mass).required(),
    Rule::new(Stored::Potentials, &["Potential"], Quantity::Potential),
];

/// Absolute magnitudes in U, B, V, K, g, r, i, z; the last four are AB.
const PHOTOMETRICS: &[&str] = &["GFM_StellarPhotometrics"];

const OF_STARS: &[Rule] = &[
    Rule::new(Stored::FormationTimes, &["GFM_StellarFormationTime"], Quantity::Number).required(),
    Rule::new(Stored::Metallicities, &["GFM_Metallicity"], Quantity::Number),
    Rule::new(Stored::InitialMasses, &["GFM_InitialMass"], Quantity::Mass),
    Rule::new(Stored::MagnitudesG, PHOTOMETRICS, Quantity::Number).shaped(Shape::ColumnOf(4, 8)),
    Rule::new(Stored::MagnitudesR, PHOTOMETRICS, Quantity::Number).shaped(Shape::ColumnOf(5, 8)),
];

/// Wind is of a size like the stars around it.
const OF_WIND: &[Rule] =
    &[Rule::new(Stored::SmoothingLengths, &["StellarHsml", "SubfindHsml"], Quantity::Length)];

/// Star formation rates are in Msun/yr as they are.
const OF_GAS: &[Rule] = &[
    Rule::new(Stored::Metallicities, &["GFM_Metallicity"], Quantity::Number),
    Rule::new(Stored::HydrogenFractions, &["GFM_Metals"], Quantity::Fraction).shaped(Shape::ColumnOf(0, 10)),
    Rule::new(Stored::NeutralFractions, &["NeutralHydrogenAbundance"], Quantity::Fraction),
    Rule::new(Stored::Densities, &["Density"], Quantity::Density),
    Rule::new(Stored::StarFormationRates, &["StarFormationRate"], Quantity::Fraction),
    Rule::new(Stored::InternalEnergies, &["InternalEnergy"], Quantity::InternalEnergy),
    Rule::new(Stored::ElectronAbundances, &["ElectronAbundance"], Quantity::Fraction),
    Rule::new(Stored::SmoothingLengths, &["SubfindHsml"], Quantity::Length),
];

const KINDS: [Kind; 5] = [
    Kind { has_wind: true, ..Kind::new(4, PART_TYPES[4], Component::Stars, &[OF_STARS, OF_ALL, OF_WIND]) },
    Kind { has_cells: true, ..Kind::new(0, PART_TYPES[0], Component::Gas, &[OF_ALL, OF_GAS]) },
    Kind::new(1, PART_TYPES[1], Component::DarkMatter, &[OF_ALL]),
    Kind::new(2, PART_TYPES[2], Component::DarkMatter, &[OF_ALL]),
    Kind::new(5, PART_TYPES[5], Component::BlackHoles, &[OF_ALL]),
];

fn kinds(_: &Header) -> Vec<Kind> {
    KINDS.to_vec()
}

/// The unit of a dataset by its attributes, as AREPO and Gadget-4 write them, or where they are absent or `to_cgs` is
/// 0 by the documentation: lengths in comoving kpc/h, masses in 1e10 Msun/h, velocities in km sqrt(a)/s, potentials
/// in (km/s)^2/a, or what the header says in their place.
pub(crate) fn unit(
    attributes: &Attributes<'_>,
    quantity: Quantity,
    header: &Header,
) -> Result<StoredUnit, SnapshotError> {
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
            Ok(header.base.of(quantity))
        }
    }
}
