//! What the header of a snapshot says about all of it.

use std::path::Path;

use crate::SnapshotError;
use crate::attributes::Attributes;
use crate::cosmology::FlatUniverse;
use crate::error::Place;
use crate::field::FieldGroup;
use crate::source::Hdf5File;
use crate::units::{BaseUnits, Constants, Epoch, Quantity};

/// What the header says about the whole snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) place: Place,
    pub(crate) epoch: Epoch,
    /// Whether the run expands: an isolated one has no scale factor, and its times are times.
    pub(crate) is_cosmological: bool,
    pub(crate) base: BaseUnits,
    pub(crate) constants: Constants,
    /// The side of the periodic box \[physical kpc\]; `None` where there is no box.
    pub(crate) box_size_kpc: Option<f64>,
    pub(crate) mass_table: Vec<f64>,
    pub(crate) omega_matter: Option<f64>,
    pub(crate) omega_lambda: Option<f64>,
    pub(crate) counts: Counts,
}

/// How many files a snapshot has, and how many particles of each type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) n_files: u64,
    pub(crate) in_this_file: Option<Vec<u64>>,
    pub(crate) in_total: Option<Vec<u64>>,
}

/// What a suite presumes about its files where their headers are silent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presumed {
    pub(crate) base: BaseUnits,
    /// Whether there are runs that do not expand.
    pub(crate) may_be_isolated: bool,
}

/// The most by which scale factor and redshift may disagree, relative in a: some codes store them with few digits.
const EPOCH_TOLERANCE: f64 = 0.01;

/// The groups in which codes of Gadget's line say what concerns the whole run, in the order in which they are asked.
const GROUPS: [&str; 4] = ["/Header", "/Parameters", "/Units", "/Cosmology"];

impl Header {
    /// Reads the header that Gadget and its descendants write.
    pub(crate) fn gadget(file: &Hdf5File, presumed: Presumed) -> Result<Self, SnapshotError> {
        let groups = open_groups(file)?;
        let attributes = groups[0].attributes();
        let place = groups[0].place().clone();
        let omega_matter = search(&groups, &["Omega0"])?.map(|found| found.value);
        let comoving = search(&groups, &["ComovingIntegrationOn"])?.map(|found| found.value != 0.0);
        let has_matter = omega_matter.is_some_and(|density| density != 0.0);
        let is_cosmological = !presumed.may_be_isolated || comoving.unwrap_or(has_matter);
        let epoch = if is_cosmological {
            let scale_factor = attributes.positive("Time")?;
            let hubble = search_positive(&groups, &["HubbleParam"])?;
            let hubble = hubble.ok_or_else(|| place.missing_attribute("HubbleParam"))?;
            let epoch = Epoch { scale_factor, hubble };
            check_epoch(&place, epoch, attributes.number("Redshift")?)?;
            epoch
        } else {
            let hubble = search(&groups, &["HubbleParam"])?.filter(|found| found.value != 0.0);
            let hubble = if hubble.is_some() { search_positive(&groups, &["HubbleParam"])? } else { None };
            Epoch { scale_factor: 1.0, hubble: hubble.unwrap_or(1.0) }
        };
        let base = base_units(&groups, presumed.base)?;
        let mut header = Self {
            epoch,
            is_cosmological,
            base,
            constants: Constants::GADGET,
            box_size_kpc: None,
            mass_table: attributes.by_type("MassTable")?.unwrap_or_default(),
            omega_matter,
            omega_lambda: search(&groups, &["OmegaLambda"])?.map(|found| found.value),
            counts: Counts::read(&attributes)?,
            place,
        };
        let length = base.of(Quantity::Length).factor(Quantity::Length, epoch, header.constants);
        let stored = search_first(&groups, "BoxSize")?;
        header.box_size_kpc = header.checked_box(stored)?.map(|side| side * length);
        Ok(header)
    }

    /// The header of a file that has none: physical units, no expansion, no box.
    pub(crate) fn none(path: &Path) -> Self {
        Self {
            place: Place::new(path, "/"),
            epoch: Epoch { scale_factor: 1.0, hubble: 1.0 },
            is_cosmological: false,
            base: BaseUnits::GADGET,
            constants: Constants::GADGET,
            box_size_kpc: None,
            mass_table: Vec::new(),
            omega_matter: None,
            omega_lambda: None,
            counts: Counts { n_files: 1, ..Counts::default() },
        }
    }

    /// Sees to it that the side of the box is a length; 0 means that there is no box.
    pub(crate) fn checked_box(&self, stored: Option<f64>) -> Result<Option<f64>, SnapshotError> {
        match stored {
            Some(0.0) => Ok(None),
            Some(side) if side > 0.0 && side.is_finite() => Ok(Some(side)),
            Some(side) => Err(self.place.bad_attribute("BoxSize", "a length, or 0 for no box", side)),
            None => {
                tracing::warn!(path = %self.place.path().display(), "no box size: positions will not be unwrapped");
                Ok(None)
            }
        }
    }

    /// The redshift, in a run that expands.
    pub(crate) fn redshift(&self) -> Option<f64> {
        self.is_cosmological.then(|| self.epoch.redshift())
    }

    /// The mass of all particles of a type \[Msun\]; `None` where each has its own.
    pub(crate) fn table_mass_msun(&self, part_type: usize) -> Result<Option<f64>, SnapshotError> {
        match self.mass_table.get(part_type) {
            Some(&mass) if mass >= 0.0 && mass.is_finite() => {
                let unit = self.base.of(Quantity::Mass);
                let factor = unit.factor(Quantity::Mass, self.epoch, self.constants);
                Ok(Some(mass * factor).filter(|&mass| mass > 0.0))
            }
            Some(&mass) => Err(self.place.bad_attribute("MassTable", "a mass, or 0 for none", mass)),
            None => Ok(None),
        }
    }

    /// Where [`Header::table_mass_msun`] was read.
    pub(crate) fn mass_table_place(&self) -> Place {
        Place::new(self.place.path(), format!("{}@MassTable", self.place.object()))
    }

    /// The universe in which ages are counted.
    pub(crate) fn universe(&self) -> Result<FlatUniverse, SnapshotError> {
        let omega_matter = self.positive("Omega0", self.omega_matter)?;
        let omega_lambda = match self.omega_lambda {
            Some(_) => Some(self.positive("OmegaLambda", self.omega_lambda)?),
            None => None,
        };
        FlatUniverse::new(&self.place, self.epoch.hubble, omega_matter, omega_lambda)
    }

    fn positive(&self, attribute: &str, value: Option<f64>) -> Result<f64, SnapshotError> {
        match value {
            Some(value) if value > 0.0 && value.is_finite() => Ok(value),
            Some(value) => Err(self.place.bad_attribute(attribute, "a positive number", value)),
            None => Err(self.place.missing_attribute(attribute)),
        }
    }
}

impl Counts {
    pub(crate) fn read(attributes: &Attributes<'_>) -> Result<Self, SnapshotError> {
        let n_files = attributes.n("NumFilesPerSnapshot")?.unwrap_or(1).max(1);
        let mut in_total = attributes.counts_by_type("NumPart_Total")?;
        if let Some(totals) = &mut in_total
            && let Some(high_words) = attributes.counts_by_type("NumPart_Total_HighWord")?
        {
            for (total, high_word) in totals.iter_mut().zip(high_words) {
                *total = total.saturating_add(high_word.saturating_mul(1 << 32));
            }
        }
        Ok(Self { n_files, in_this_file: attributes.counts_by_type("NumPart_ThisFile")?, in_total })
    }
}

/// The header, which must be there, and then those of the other groups that are.
pub(crate) fn open_groups(file: &Hdf5File) -> Result<Vec<FieldGroup>, SnapshotError> {
    let mut groups = Vec::new();
    for name in GROUPS {
        match file.group(name)? {
            Some(group) => groups.push(group),
            None if groups.is_empty() => return Err(Place::new(file.path(), name).missing_group()),
            None => {}
        }
    }
    Ok(groups)
}

/// A number, and where it stands.
struct Found<'n> {
    value: f64,
    place: Place,
    name: &'n str,
}

/// The first number that any of the groups gives under any of the names.
fn search<'n>(groups: &[FieldGroup], names: &[&'n str]) -> Result<Option<Found<'n>>, SnapshotError> {
    for group in groups {
        for &name in names {
            if let Some(value) = group.attributes().number(name)? {
                return Ok(Some(Found { value, place: group.place().clone(), name }));
            }
        }
    }
    Ok(None)
}

/// As [`search`], of a number that must be above zero.
pub(crate) fn search_positive(groups: &[FieldGroup], names: &[&str]) -> Result<Option<f64>, SnapshotError> {
    match search(groups, names)? {
        Some(found) if found.value > 0.0 && found.value.is_finite() => Ok(Some(found.value)),
        Some(found) => Err(found.place.bad_attribute(found.name, "a positive number", found.value)),
        None => Ok(None),
    }
}

/// As [`search`], of a length that may be given for each axis.
pub(crate) fn search_first(groups: &[FieldGroup], name: &str) -> Result<Option<f64>, SnapshotError> {
    for group in groups {
        if let Some(value) = group.attributes().first(name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The units that the file gives in any of the spellings in use.
fn base_units(groups: &[FieldGroup], presumed: BaseUnits) -> Result<BaseUnits, SnapshotError> {
    let of = |names: &[&str], presumed: f64| {
        search_positive(groups, names).map(|stated| stated.unwrap_or(presumed))
    };
    Ok(BaseUnits {
        length_cm: of(&["UnitLength_in_cm", "UnitLength_In_CGS"], presumed.length_cm)?,
        mass_g: of(&["UnitMass_in_g", "UnitMass_In_CGS"], presumed.mass_g)?,
        velocity_cm_s: of(&["UnitVelocity_in_cm_per_s", "UnitVelocity_In_CGS"], presumed.velocity_cm_s)?,
    })
}

pub(crate) fn check_epoch(place: &Place, epoch: Epoch, redshift: Option<f64>) -> Result<(), SnapshotError> {
    let scale_factor = epoch.scale_factor;
    match redshift {
        Some(redshift) if (scale_factor * (1.0 + redshift) - 1.0).abs() <= EPOCH_TOLERANCE => Ok(()),
        Some(redshift) => {
            let path = place.path().to_owned();
            Err(SnapshotError::InconsistentEpoch { path, scale_factor, redshift })
        }
        None => Ok(()),
    }
}
