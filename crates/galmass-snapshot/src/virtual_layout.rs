//! Virtual datasets: one dataset pieced together from datasets of other files, as SWIFT writes over its parts.
//!
//! HDF5 reads a virtual dataset whose sources are not there as if they held zeros. So all of them are opened first.

use std::path::{Path, PathBuf};

use hdf5_metno::dataset::VirtualMapping;
use hdf5_metno::{Dataset, Selection, SliceOrIndex};

use crate::SnapshotError;
use crate::error::Place;
use crate::source::Hdf5File;

/// What the sources of a virtual dataset store \[bytes\].
///
/// # Errors
/// A source is not there, or has another shape than the dataset presumes; or the sources do not cover the dataset.
pub(crate) fn stored_bytes(dataset: &Dataset, place: &Place) -> Result<u64, SnapshotError> {
    let plist = dataset.create_plist().map_err(|source| place.hdf5(source))?;
    let mappings = plist.get_virtual_map().map_err(|source| place.hdf5(source))?;
    let shape = dataset.shape();
    let (mut stored_bytes, mut n_covered) = (0u64, 0u64);
    for mapping in &mappings {
        stored_bytes = stored_bytes.saturating_add(source_bytes(mapping, place)?);
        n_covered = n_covered.saturating_add(n_selected(&mapping.vds_selection, &shape));
    }
    let n_values = shape.iter().fold(1u64, |product, &extent| product.saturating_mul(extent as u64));
    if n_covered != n_values {
        return Err(place.uncovered(n_values, n_covered));
    }
    Ok(stored_bytes)
}

fn source_bytes(mapping: &VirtualMapping, place: &Place) -> Result<u64, SnapshotError> {
    let path = source_path(place.path(), &mapping.src_filename);
    if !path.exists() {
        return Err(place.missing_source(path));
    }
    let file = Hdf5File::open(&path)?;
    let source = file.root()?.dataset(mapping.src_dataset.trim_start_matches('/'))?;
    let presumed = mapping.src_extents.dims();
    if source.shape() != presumed {
        return Err(source
            .place()
            .wrong_shape("the shape that a virtual dataset over it presumes", presumed));
    }
    Ok(source.storage_size())
}

/// Where HDF5 looks for a source: `.` is the file itself, other names are relative to its folder.
fn source_path(of: &Path, name: &str) -> PathBuf {
    match (name, of.parent()) {
        (".", _) => of.to_owned(),
        (name, Some(folder)) => folder.join(name),
        (name, None) => PathBuf::from(name),
    }
}

/// The values in a selection. One without an end counts as none, since it says nothing about what is there.
fn n_selected(selection: &Selection, shape: &[usize]) -> u64 {
    let product = |extents: &mut dyn Iterator<Item = u64>| extents.fold(1u64, u64::saturating_mul);
    match selection {
        Selection::All => product(&mut shape.iter().map(|&extent| extent as u64)),
        Selection::Points(points) => points.nrows() as u64,
        Selection::Hyperslab(slab) => {
            let n_along = |slice: &SliceOrIndex| match *slice {
                SliceOrIndex::Index(_) => 1,
                SliceOrIndex::SliceTo { start, step, end, block } => {
                    let n_steps = end.saturating_sub(start).div_ceil(step.max(1)) as u64;
                    n_steps.saturating_mul(block as u64)
                }
                SliceOrIndex::SliceCount { count, block, .. } => (count as u64).saturating_mul(block as u64),
                SliceOrIndex::Unlimited { .. } => 0,
            };
            product(&mut slab.iter().map(n_along))
        }
    }
}
