//! SWIFT: snapshots in parts, in one file, or virtual over their parts; EAGLE-like runs and COLIBRE among them.

use std::path::Path;

use galmass_core::Component;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::group::Part;
use crate::hdf5_part::{Dialect, Hdf5Part};
use crate::header::{Counts, Header, check_epoch, open_groups, search_first, search_positive};
use crate::rule::{Kind, PART_TYPES, Rule, Shape, Stored};
use crate::source::{Hdf5File, Source};
use crate::suite::Suite;
use crate::units::{BaseUnits, Constants, Epoch, Quantity, StoredUnit};

/// `PartType0` is gas, `1` dark matter, `2` the coarse dark matter around a zoom, `4` stars, `5` black holes; `3`,
/// sinks, and `6`, neutrinos, are left out. Nothing is stored with an h. Velocities are peculiar as they are.
pub(crate) struct Swift;

const DIALECT: Dialect = Dialect { unit, kinds };

const LENGTH_UNIT: &str = "Unit length in cgs (U_L)";
const MASS_UNIT: &str = "Unit mass in cgs (U_M)";
const TIME_UNIT: &str = "Unit time in cgs (U_t)";

impl Suite for Swift {
    fn recognises(&self, source: &Source) -> bool {
        source.has_attribute("/Units", LENGTH_UNIT)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Part>, SnapshotError> {
        Hdf5Part::open(path, &DIALECT, header)
    }
}

const OF_ALL: &[Rule] = &[
    Rule::vector(Stored::Positions, &["Coordinates"], Quantity::Length),
    Rule::vector(Stored::Velocities, &["Velocities"], Quantity::Velocity),
    Rule::new(Stored::Masses, &["Masses", "DynamicalMasses"], Quantity::Mass).required(),
    Rule::new(Stored::Potentials, &["Potentials"], Quantity::Potential),
];

/// Luminosities of whole particles in u, g, r, i, z, Y, J, H, K of GAMA, in units of that of an object of absolute AB
/// magnitude 0.
const LUMINOSITIES: &[&str] = &["Luminosities"];

const OF_STARS: &[Rule] = &[
    Rule::new(Stored::FormationTimes, &["BirthScaleFactors"], Quantity::Number),
    Rule::new(Stored::Metallicities, &["MetalMassFractions", "SmoothedMetalMassFractions"], Quantity::Number),
    Rule::new(Stored::InitialMasses, &["InitialMasses"], Quantity::Mass),
    Rule::new(Stored::MagnitudesG, LUMINOSITIES, Quantity::Maggies).shaped(Shape::ColumnOf(1, 9)),
    Rule::new(Stored::MagnitudesR, LUMINOSITIES, Quantity::Maggies).shaped(Shape::ColumnOf(2, 9)),
];

/// Smoothing lengths are left out: what part of its kernel one is depends on how SWIFT was compiled.
const OF_GAS: &[Rule] = &[
    Rule::new(Stored::Metallicities, &["MetalMassFractions", "SmoothedMetalMassFractions"], Quantity::Number),
    Rule::new(Stored::Densities, &["Densities"], Quantity::Density),
    Rule::new(Stored::StarFormationRates, &["StarFormationRates"], Quantity::Rate),
    Rule::new(Stored::Temperatures, &["Temperatures"], Quantity::Fraction),
];

const KINDS: [Kind; 5] = [
    Kind::new(4, PART_TYPES[4], Component::Stars, &[OF_ALL, OF_STARS]),
    Kind::new(0, PART_TYPES[0], Component::Gas, &[OF_ALL, OF_GAS]),
    Kind::new(1, PART_TYPES[1], Component::DarkMatter, &[OF_ALL]),
    Kind::new(2, PART_TYPES[2], Component::DarkMatter, &[OF_ALL]),
    Kind::new(5, PART_TYPES[5], Component::BlackHoles, &[OF_ALL]),
];

fn kinds(_: &Header) -> Vec<Kind> {
    KINDS.to_vec()
}

/// Every dataset says its unit; the exponent of h, where it is given, is 0.
fn unit(attributes: &Attributes<'_>, _: Quantity, _: &Header) -> Result<StoredUnit, SnapshotError> {
    Ok(StoredUnit {
        to_cgs: attributes.positive("Conversion factor to CGS (not including cosmological corrections)")?,
        a_exponent: attributes.finite("a-scale exponent")?,
        h_exponent: attributes.number("h-scale exponent")?.unwrap_or(0.0),
    })
}

fn header(file: &Hdf5File) -> Result<Header, SnapshotError> {
    let groups = open_groups(file)?;
    let attributes = groups[0].attributes();
    let place = groups[0].place().clone();
    let of = |name: &'static str| search_positive(&groups, &[name]);
    let needed = |name: &'static str| of(name)?.ok_or_else(|| place.missing_attribute(name));
    let cosmology = groups.iter().find(|group| group.place().object() == "/Cosmology");
    let is_cosmological = match cosmology {
        Some(group) => group.attributes().number("Cosmological run")?.unwrap_or(1.0) != 0.0,
        None => attributes.has("Scale-factor"),
    };
    let epoch = if is_cosmological {
        let scale_factor = needed("Scale-factor")?;
        // Only ages need it, and only runs with a cosmology have it.
        let epoch = Epoch { scale_factor, hubble: of("h")?.unwrap_or(1.0) };
        check_epoch(&place, epoch, attributes.number("Redshift")?)?;
        epoch
    } else {
        Epoch { scale_factor: 1.0, hubble: 1.0 }
    };
    let (length_cm, mass_g, time_s) = (needed(LENGTH_UNIT)?, needed(MASS_UNIT)?, needed(TIME_UNIT)?);
    // Massive neutrinos are matter by now, and counted apart.
    let neutrinos = match cosmology {
        Some(group) => group.attributes().number("Omega_nu_0")?.unwrap_or(0.0),
        None => 0.0,
    };
    let mut header = Header {
        epoch,
        is_cosmological,
        base: BaseUnits { length_cm, mass_g, velocity_cm_s: length_cm / time_s },
        constants: Constants::SWIFT,
        box_size_kpc: None,
        mass_table: Vec::new(),
        omega_matter: of("Omega_m")?.map(|matter| matter + neutrinos),
        omega_lambda: of("Omega_lambda")?,
        counts: Counts::read(&attributes)?,
        place: place.clone(),
    };
    // Comoving, without an h.
    let length = StoredUnit { to_cgs: length_cm, a_exponent: 1.0, h_exponent: 0.0 };
    let factor = length.factor(Quantity::Length, epoch, header.constants);
    header.box_size_kpc = header.checked_box(search_first(&groups, "BoxSize")?)?.map(|side| side * factor);
    Ok(header)
}
