//! The `Header` group that Gadget and its descendants write.

use crate::SnapshotError;
use crate::error::Place;
use crate::source::Hdf5File;
use crate::units::Epoch;

/// What the header says about the whole snapshot.
#[derive(Debug)]
pub(crate) struct Header {
    place: Place,
    pub(crate) epoch: Epoch,
    /// The side of the periodic box, as stored; `None` where there is no box.
    pub(crate) stored_box_size: Option<f64>,
    mass_table: Option<[f64; 6]>,
    omega_matter: Option<f64>,
    omega_lambda: Option<f64>,
}

/// The most by which scale factor and redshift may disagree, relative in a: some codes store them with few digits.
const EPOCH_TOLERANCE: f64 = 0.01;

impl Header {
    pub(crate) fn read(file: &Hdf5File) -> Result<Self, SnapshotError> {
        let group = file.group("/Header")?;
        let group = group.ok_or_else(|| Place::new(file.path(), "/Header").missing_group())?;
        let attributes = group.attributes();
        if let Some(n_files) = attributes.number("NumFilesPerSnapshot")?
            && n_files > 1.0
        {
            return Err(SnapshotError::MultiFile { path: file.path().to_owned(), n_files });
        }
        let epoch =
            Epoch { scale_factor: attributes.positive("Time")?, hubble: attributes.positive("HubbleParam")? };
        if let Some(redshift) = attributes.number("Redshift")? {
            check_epoch(file, epoch, redshift)?;
        }
        let header = Self {
            epoch,
            stored_box_size: attributes.number("BoxSize")?.filter(|&side| side != 0.0),
            mass_table: attributes.six("MassTable")?,
            omega_matter: attributes.number("Omega0")?,
            omega_lambda: attributes.number("OmegaLambda")?,
            place: group.place().clone(),
        };
        header.check_box()?;
        Ok(header)
    }

    fn check_box(&self) -> Result<(), SnapshotError> {
        match self.stored_box_size {
            Some(side) if side > 0.0 && side.is_finite() => Ok(()),
            Some(side) => Err(self.place.bad_attribute("BoxSize", "a length, or 0 for no box", side)),
            None => {
                tracing::warn!(path = %self.place.path().display(), "no box size: positions will not be unwrapped");
                Ok(())
            }
        }
    }

    /// The mass of all particles of a type, as stored; `None` where each has its own.
    pub(crate) fn table_mass(&self, part_type: usize) -> Result<Option<f64>, SnapshotError> {
        match self.mass_table.map(|masses| masses[part_type]) {
            Some(mass) if mass >= 0.0 && mass.is_finite() => Ok(Some(mass).filter(|&mass| mass > 0.0)),
            Some(mass) => Err(self.place.bad_attribute("MassTable", "a mass, or 0 for none", mass)),
            None => Ok(None),
        }
    }

    /// Where [`Header::table_mass`] was read.
    pub(crate) fn mass_table_place(&self) -> Place {
        Place::new(self.place.path(), "/Header@MassTable")
    }

    /// The matter density parameter.
    pub(crate) fn omega_matter(&self) -> Result<f64, SnapshotError> {
        positive(&self.place, "Omega0", self.omega_matter)
    }

    /// The dark energy density parameter.
    pub(crate) fn omega_lambda(&self) -> Result<f64, SnapshotError> {
        positive(&self.place, "OmegaLambda", self.omega_lambda)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

fn positive(place: &Place, attribute: &str, value: Option<f64>) -> Result<f64, SnapshotError> {
    match value {
        Some(value) if value > 0.0 && value.is_finite() => Ok(value),
        Some(value) => Err(place.bad_attribute(attribute, "a positive number", value)),
        None => Err(place.missing_attribute(attribute)),
    }
}

fn check_epoch(file: &Hdf5File, epoch: Epoch, redshift: f64) -> Result<(), SnapshotError> {
    let scale_factor = epoch.scale_factor;
    let disagreement = (scale_factor * (1.0 + redshift) - 1.0).abs();
    if disagreement <= EPOCH_TOLERANCE {
        Ok(())
    } else {
        Err(SnapshotError::InconsistentEpoch { path: file.path().to_owned(), scale_factor, redshift })
    }
}
