//! The bytes of a shard: contiguous datasets that any HDF5 reader takes, each at a place from which it can be mapped.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5_metno as hdf5;
use hdf5_metno::types::VarLenUnicode;
use ndarray::{ArrayView, ArrayViewD, IxDyn};

use super::{Keys, SetDescription, ShardError};
use crate::map_file::write_attributes;
use crate::{Attribute, DatasetError};

/// The version of the layout of shards and manifests.
pub(crate) const LAYOUT_VERSION: u32 = 1;
/// Where each dataset begins: whole cache lines, so that numbers of any type can be mapped.
const ALIGNMENT: u64 = 64;

/// Writes a shard to `path`, which is called `name` in messages, and tells where its datasets begin.
pub(crate) fn write(
    path: &Path,
    name: &Path,
    index: u32,
    description: &SetDescription,
    keys: &Keys,
    values: &[Vec<f32>],
) -> Result<BTreeMap<String, u64>, DatasetError> {
    let offsets = fill(path, index, description, keys, values)
        .map_err(|source| DatasetError::Hdf5 { path: name.into(), source })?;
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut places = BTreeMap::new();
    for (array, offset) in offsets {
        let usable =
            offset.filter(|offset| offset % size_of::<f32>() as u64 == 0 || !array.starts_with(ARRAYS));
        let Some(usable) = usable else {
            return Err(ShardError::Unmappable { path: name.into(), array, offset }.into());
        };
        places.insert(array, usable);
    }
    Ok(places)
}

const ARRAYS: &str = "arrays";
const KEYS: &str = "keys";

/// The path of an array in a shard.
pub(crate) fn array_path(name: &str) -> String {
    format!("{ARRAYS}/{name}")
}

/// The path of a column of keys in a shard.
pub(crate) fn key_path(name: &str) -> String {
    format!("{KEYS}/{name}")
}

fn fill(
    path: &Path,
    index: u32,
    description: &SetDescription,
    keys: &Keys,
    values: &[Vec<f32>],
) -> hdf5::Result<Vec<(String, Option<u64>)>> {
    hdf5::silence_errors(true);
    let file = hdf5::File::with_options().with_fapl(|access| access.alignment(1, ALIGNMENT)).create(path)?;
    let text = |text: &str| Attribute::Text(text.into());
    let attributes = [
        ("format", text("galmass samples")),
        ("layout_version", Attribute::Integer(LAYOUT_VERSION.into())),
        ("shard", Attribute::Integer(index.into())),
        ("description", text(&description.to_json())),
        ("description_checksum", text(&description.checksum().to_string())),
    ];
    write_attributes(&file, &attributes.map(|(name, value)| (name.to_string(), value)))?;
    let suites: Vec<VarLenUnicode> = description
        .suites
        .iter()
        .map(|suite| suite.parse().map_err(|_| nul()))
        .collect::<hdf5::Result<_>>()?;
    file.new_attr_builder().with_data(&suites).create("suites")?;

    let mut offsets = Vec::new();
    file.create_group(KEYS)?;
    let mut keep = |(name, offset)| offsets.push((name, offset));
    keep(column(&file, "galaxy_id", &keys.galaxy_id)?);
    keep(column(&file, "halo_id", &keys.halo_id)?);
    keep(column(&file, "line_of_sight", &keys.line_of_sight)?);
    keep(column(&file, "suite", &keys.suite)?);
    keep(column(&file, "octant", &keys.octant)?);
    keep(column(&file, "flags", &keys.flags)?);

    file.create_group(ARRAYS)?;
    for (array, values) in description.layout.arrays().iter().zip(values) {
        let shape: Vec<usize> = [&[keys.len()], array.shape.as_slice()].concat();
        let view = ArrayView::from_shape(IxDyn(&shape), values).map_err(|error| error.to_string())?;
        let (path, dataset) = create(&file, array_path(&array.name), view)?;
        let attributes = [("unit", text(&array.unit)), ("description", text(&array.description))];
        write_attributes(&dataset, &attributes.map(|(name, value)| (name.to_string(), value)))?;
        keep((path, dataset.offset()));
    }
    file.close()?;
    Ok(offsets)
}

fn column<T: hdf5::H5Type>(
    file: &hdf5::File,
    name: &str,
    values: &[T],
) -> hdf5::Result<(String, Option<u64>)> {
    let (path, dataset) = create(file, key_path(name), ArrayView::from(values).into_dyn())?;
    Ok((path, dataset.offset()))
}

fn create<T: hdf5::H5Type>(
    file: &hdf5::File,
    path: String,
    values: ArrayViewD<'_, T>,
) -> hdf5::Result<(String, hdf5::Dataset)> {
    let builder = file.new_dataset_builder();
    let builder = builder.with_data(values);
    // A time of creation would make each file another one.
    let dataset = builder.with_dcpl(|plist| plist.obj_track_times(false)).no_chunk().create(path.as_str())?;
    Ok((path, dataset))
}

fn nul() -> hdf5::Error {
    hdf5::Error::from("text with a NUL")
}
