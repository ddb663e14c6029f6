//! Maps as HDF5: one group a [`MapGroup`](super::MapGroup), one dataset a map.

use std::path::Path;

use galmass_core::Map;
use hdf5_metno as hdf5;
use hdf5_metno::types::VarLenUnicode;

use super::{Attribute, MapFile};
use crate::DatasetError;
use crate::atomic::write_atomically;

impl MapFile<'_> {
    /// Writes the file as HDF5: a group for each [`MapGroup`](super::MapGroup), in it one f64 dataset
    /// `[row, column]` a map, row 0 lowest, with the attributes `unit`, `n_px`, `half_width_kpc`, `pixel_size_kpc`
    /// and `axis_0` = "up", `axis_1` = "right".
    ///
    /// # Errors
    /// [`DatasetError`] naming the file where it cannot be written; nothing is left behind then.
    pub fn write_hdf5(&self, path: &Path) -> Result<(), DatasetError> {
        write_atomically(path, |temporary| {
            self.fill(temporary).map_err(|source| DatasetError::Hdf5 { path: path.into(), source })
        })
    }

    fn fill(&self, path: &Path) -> hdf5::Result<()> {
        hdf5::silence_errors(true);
        let file = hdf5::File::create(path)?;
        write_attributes(&file, &self.attributes)?;
        for group in &self.groups {
            let target = file.create_group(&group.name)?;
            write_attributes(&target, &group.attributes)?;
            for (name, map) in &group.maps {
                write_map(&target, name, map)?;
            }
        }
        file.close()
    }
}

fn write_map(group: &hdf5::Group, name: &str, map: &Map) -> hdf5::Result<()> {
    let dataset = group.new_dataset_builder().with_data(map.values()).create(name)?;
    let grid = map.grid();
    let text = |text: &str| Attribute::Text(text.into());
    let attributes = [
        ("unit", text(map.unit().symbol())),
        ("n_px", Attribute::Integer(grid.n_px() as i64)),
        ("half_width_kpc", Attribute::Float(grid.half_width_kpc())),
        ("pixel_size_kpc", Attribute::Float(grid.pixel_size_kpc())),
        ("axis_0", text("up")),
        ("axis_1", text("right")),
    ];
    write_attributes(&dataset, &attributes.map(|(name, value)| (name.to_string(), value)))
}

pub(crate) fn write_attributes(at: &hdf5::Location, attributes: &[(String, Attribute)]) -> hdf5::Result<()> {
    for (name, value) in attributes {
        match value {
            Attribute::Float(value) => at.new_attr::<f64>().create(name.as_str())?.write_scalar(value)?,
            Attribute::Integer(value) => at.new_attr::<i64>().create(name.as_str())?.write_scalar(value)?,
            Attribute::Text(value) => {
                let value: VarLenUnicode = value.parse().map_err(|_| hdf5::Error::from("text with a NUL"))?;
                at.new_attr::<VarLenUnicode>().create(name.as_str())?.write_scalar(&value)?;
            }
            Attribute::Vector(values) => {
                at.new_attr_builder().with_data(values.as_slice()).create(name.as_str())?;
            }
        }
    }
    Ok(())
}
