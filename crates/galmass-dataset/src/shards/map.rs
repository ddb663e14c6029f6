//! One shard in memory that the operating system fills as it is touched.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::hdf5::{array_path, key_path};
use super::{ArrayLayout, Keys, ShardError, ShardRecord};
use crate::DatasetError;

/// A shard, mapped; an empty shard maps nothing.
#[derive(Debug)]
pub(crate) struct ShardMap {
    path: PathBuf,
    map: Option<Mmap>,
    record: ShardRecord,
}

impl ShardMap {
    /// Maps the file of a shard, once its size is what the record says.
    pub(crate) fn open(folder: &Path, record: &ShardRecord) -> Result<Self, DatasetError> {
        let path = folder.join(record.file_name());
        let io = |source| DatasetError::Io { path: path.clone(), source };
        let file = File::open(&path).map_err(io)?;
        let found = file.metadata().map_err(io)?.len();
        if found != record.n_bytes {
            return Err(ShardError::Truncated { path, expected: record.n_bytes, found }.into());
        }
        let map = if record.n_samples == 0 {
            None
        } else {
            // SAFETY: a map is sound while nobody changes the file under it. Shards are never written in place: they are
            // made under another name and renamed, which leaves a mapped one as it was. `SampleSet::open` asks its users
            // for the rest: not to shorten or overwrite the files of a set that is open.
            Some(unsafe { Mmap::map(&file) }.map_err(io)?)
        };
        Ok(Self { path, map, record: record.clone() })
    }

    /// Where `n_bytes` of the dataset stand, as an offset into the map.
    fn place(&self, dataset: &str, n_bytes: Option<u64>) -> Result<usize, ShardError> {
        let offset = self.record.offsets.get(dataset).copied();
        let end = offset.zip(n_bytes).and_then(|(offset, n_bytes)| offset.checked_add(n_bytes));
        match (offset, end) {
            (Some(offset), Some(end)) if end <= self.record.n_bytes => Ok(offset as usize),
            _ => Err(ShardError::BadOffset {
                path: self.path.clone(),
                dataset: dataset.into(),
                offset,
                n_samples: self.record.n_samples,
                n_bytes: self.record.n_bytes,
            }),
        }
    }

    /// The bytes of a column of `size` bytes a sample.
    fn column(&self, name: &str, size: usize) -> Result<&[u8], ShardError> {
        let Some(map) = &self.map else { return Ok(&[]) };
        let n_bytes = self.record.n_samples.checked_mul(size as u64);
        let start = self.place(&key_path(name), n_bytes)?;
        Ok(&map[start..start + self.record.n_samples as usize * size])
    }

    /// Appends the keys of the shard, once they have the checksum the record says.
    pub(crate) fn read_keys(&self, keys: &mut Keys) -> Result<(), ShardError> {
        let mut read = Keys {
            galaxy_id: numbers(self.column("galaxy_id", 8)?, u64::from_le_bytes),
            halo_id: numbers(self.column("halo_id", 8)?, u64::from_le_bytes),
            line_of_sight: numbers(self.column("line_of_sight", 4)?, u32::from_le_bytes),
            suite: numbers(self.column("suite", 2)?, u16::from_le_bytes),
            octant: self.column("octant", 1)?.to_vec(),
            flags: numbers(self.column("flags", 4)?, u32::from_le_bytes),
        };
        let (found, expected) = (read.checksum(), self.record.keys_checksum);
        if found != expected {
            return Err(ShardError::Corrupt { path: self.path.clone(), expected, found });
        }
        keys.append(&mut read);
        Ok(())
    }

    /// Where an array begins, so that all its values lie in the file and can be read as numbers.
    pub(crate) fn place_of(&self, array: &ArrayLayout) -> Result<usize, ShardError> {
        if self.map.is_none() {
            return Ok(0);
        }
        let path = array_path(&array.name);
        let size = (array.n_values() as u64).checked_mul(size_of::<f32>() as u64);
        let n_bytes = size.and_then(|size| size.checked_mul(self.record.n_samples));
        let start = self.place(&path, n_bytes)?;
        if start % size_of::<f32>() != 0 {
            let (offset, path, array) = (Some(start as u64), self.path.clone(), array.name.clone());
            return Err(ShardError::Unmappable { path, array, offset });
        }
        Ok(start)
    }

    /// The values of one sample of an array that begins at `place`, which comes from [`ShardMap::place_of`].
    pub(crate) fn values(&self, place: usize, n_values: usize, sample: usize) -> &[f32] {
        let size = n_values * size_of::<f32>();
        let bytes = self.map.as_deref().unwrap_or(&[]);
        let bytes = &bytes[place + sample * size..][..size];
        debug_assert!(bytes.as_ptr().cast::<f32>().is_aligned());
        // SAFETY: the slice holds `n_values` times four bytes, any of which make an f32; a map begins at a page and
        // `place` is a multiple of four, so the pointer is aligned; the numbers borrow from the map.
        unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), n_values) }
    }
}

/// Numbers from bytes that need not be aligned.
fn numbers<T, const N: usize>(bytes: &[u8], from_le_bytes: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&bytes| from_le_bytes(bytes)).collect()
}
