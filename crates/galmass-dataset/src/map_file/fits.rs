//! Maps as FITS: an empty primary unit with the attributes, then one image extension a map.

use std::path::Path;

use fitsio_pure::header::Card;
use fitsio_pure::image_writer::ImageWriter;
use fitsio_pure::io::AtomicFile;
use fitsio_pure::value::Value;
use galmass_core::{Map, Unit};

use super::MapFile;
use crate::DatasetError;

impl MapFile<'_> {
    /// Writes the maps as FITS image extensions (f64, `NAXIS1` to the right, `NAXIS2` up) named
    /// `GROUP_MAP` in capitals, with `BUNIT` and a linear coordinate system in kpc about the centre of the field.
    /// The attributes stay with [`MapFile::write_hdf5`]: FITS keywords have no room for their names.
    ///
    /// # Errors
    /// [`DatasetError`] naming the file where it cannot be written; nothing is left behind then.
    pub fn write_fits(&self, path: &Path) -> Result<(), DatasetError> {
        self.stream(path).map_err(|source| DatasetError::Fits { path: path.into(), source })
    }

    fn stream(&self, path: &Path) -> fitsio_pure::Result<()> {
        let mut sink = ImageWriter::primary(AtomicFile::new(path)?, 8, &[], &[])?.finish()?;
        for group in &self.groups {
            for (name, map) in &group.maps {
                let extension = format!("{}_{name}", group.name).to_uppercase();
                let n_px = map.grid().n_px();
                let cards = cards(&extension, map)?;
                let mut writer = ImageWriter::image_extension(sink, -64, &[n_px, n_px], &cards)?;
                for row in map.values().rows() {
                    writer.write_samples(&row.to_vec())?;
                }
                sink = writer.finish()?;
            }
        }
        Ok(sink.commit()?)
    }
}

fn cards(extension: &str, map: &Map) -> fitsio_pure::Result<Vec<Card>> {
    let grid = map.grid();
    let text = |text: &str| Value::String(text.into());
    // The centre of the field lies on the corner between the middle pixels; FITS counts pixel centres from 1.
    let middle = grid.n_px() as f64 / 2.0 + 0.5;
    let pixel = grid.pixel_size_kpc();
    let entries = [
        ("EXTNAME", text(extension)),
        ("BUNIT", text(unit(map.unit()))),
        ("CTYPE1", text("LINEAR")),
        ("CTYPE2", text("LINEAR")),
        ("CUNIT1", text("kpc")),
        ("CUNIT2", text("kpc")),
        ("CRPIX1", Value::Float(middle)),
        ("CRPIX2", Value::Float(middle)),
        ("CRVAL1", Value::Float(0.0)),
        ("CRVAL2", Value::Float(0.0)),
        ("CDELT1", Value::Float(pixel)),
        ("CDELT2", Value::Float(pixel)),
    ];
    entries.into_iter().map(|(keyword, value)| Card::new(keyword, value)).collect()
}

/// The unit as the FITS standard (version 4.0, section 4.3) writes it.
fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::SolarMass => "solMass",
        Unit::SolarLuminosity => "solLum",
        Unit::SolarMassPerSquareKiloparsec => "solMass kpc-2",
        Unit::SolarLuminosityPerSquareKiloparsec => "solLum kpc-2",
        Unit::CountPerSquareKiloparsec => "count kpc-2",
        Unit::Dimensionless => "",
        other => other.symbol(),
    }
}
