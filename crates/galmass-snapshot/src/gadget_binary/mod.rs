//! Gadget's own binary snapshots, formats 1 and 2, of Gadget-2, Gadget-3 and their kin.
//!
//! A file is a sequence of records, each with its length \[bytes, 32 bits\] before and after its data: a header of
//! 256 bytes, then blocks that each hold one quantity of all particles that have it, sorted by type. In format 2 a
//! record of 8 bytes stands before each of them, with a label of four characters and the length of what follows.
//! The layout is that of Springel (2005), *User guide for GADGET-2*, section 6.
//!
//! What is read: either order of bytes (found by the first length, 256 or 8), floating-point numbers of 4 or 8
//! bytes and whole numbers of 4 or 8 (found by the length of each block), blocks of 4 GiB and more, whose lengths
//! overflow, as long as the number of their rows leaves no doubt. Values come as they are stored: a, h and units
//! are the caller's.
//!
//! What format 1 leaves open is decided so: the blocks are `POS`, `VEL`, `ID`, `MASS` (if a type that is there has
//! no mass in the header), for gas `U`, `RHO`, with `flag_cooling` `NE` and `NH`, `HSML`, with `flag_sfr` `SFR`,
//! then with `flag_stellarage` `AGE` and with `flag_metals` `Z`. The first four must be there. Of the others the
//! first whose length does not fit, and all that follows, is ignored with a warning.
//!
//! What is refused: headers of other lengths, as Gadget-4 writes them for more types; files in which the lengths
//! around a block differ or a block has another length than its rows; bytes behind the last record.

mod block;
mod contents;
mod defect;
mod endian;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod header;
mod record;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub(crate) use block::Block;
use contents::{Contents, Extent, Label, misfit};
pub use defect::GadgetDefect;
use endian::{Endian, Width};
pub(crate) use header::GadgetHeader;
use header::HEADER_BYTES;
#[cfg(any(test, fuzzing))]
use header::N_TYPES;
use record::{MARKER_BYTES, Records};

use crate::SnapshotError;
use crate::error::Place;

/// A Gadget binary file, of which nothing but the header and the lengths of the blocks has been read.
#[derive(Debug)]
pub(crate) struct GadgetFile<R = File> {
    records: Mutex<Records<R>>,
    top: Place,
    header: GadgetHeader,
    contents: Contents,
}

impl GadgetFile {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self, SnapshotError> {
        match File::open(path) {
            Ok(file) => Self::new(file, path),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(SnapshotError::NotFound { path: path.to_owned() })
            }
            Err(source) => Err(SnapshotError::Io { path: path.to_owned(), source }),
        }
    }
}

/// Whether a file with these first 8 bytes (or fewer, if it has no more) looks like a Gadget binary file.
pub(crate) fn is_gadget_binary(start: &[u8]) -> bool {
    Format::of(start).is_some()
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Format {
    endian: Endian,
    has_labels: bool,
}

impl Format {
    /// Tells the format from the length of the first record, and what follows it.
    fn of(start: &[u8]) -> Option<Self> {
        let marker = *start.first_chunk()?;
        [Endian::Little, Endian::Big].into_iter().find_map(|endian| match endian.u32(marker) {
            length if length as usize == HEADER_BYTES => Some(Self { endian, has_labels: false }),
            Label::N_BYTES if start[4..].starts_with(&Label::HEADER) => {
                Some(Self { endian, has_labels: true })
            }
            _ => None,
        })
    }
}

impl<R: Read + Seek> GadgetFile<R> {
    /// Reads the header and finds the blocks; `path` is for errors.
    pub(crate) fn new(mut source: R, path: &Path) -> Result<Self, SnapshotError> {
        let mut start = Vec::new();
        let read =
            source.seek(SeekFrom::Start(0)).and_then(|_| source.by_ref().take(8).read_to_end(&mut start));
        if let Err(source) = read {
            return Err(SnapshotError::Io { path: path.to_owned(), source });
        }
        let Some(format) = Format::of(&start) else {
            return Err(SnapshotError::NotGadgetBinary { path: path.to_owned() });
        };
        let mut records = Records::new(source, path, format.endian)?;
        let (header, end) = read_header(&mut records, format)?;
        let contents = if format.has_labels {
            Contents::by_label(&mut records, &header, end)?
        } else {
            Contents::in_order(&mut records, &header, end)?
        };
        Ok(Self { records: Mutex::new(records), top: Place::new(path, "/"), header, contents })
    }

    /// What the header says.
    pub(crate) fn header(&self) -> &GadgetHeader {
        &self.header
    }

    /// Whether the block is there, for whichever types.
    pub(crate) fn has(&self, block: Block) -> bool {
        self.contents.get(block).is_some()
    }

    /// The rows of a type in a block: 0 where the block is absent or does not cover the type. Masses have rows for
    /// those types only whose mass in the header is 0.
    pub(crate) fn n_rows(&self, block: Block, part_type: usize) -> usize {
        let rows = match self.contents.get(block) {
            Some(found) => {
                found.extent.map(|extent| extent.rows).or_else(|| block.layouts(&self.header).next())
            }
            None => None,
        };
        rows.and_then(|rows| rows.get(part_type).copied()).unwrap_or(0) as usize
    }

    /// What errors call the rows of a type in a block: `/PartType4/POS`, as in HDF5.
    pub(crate) fn place(&self, block: Block, part_type: usize) -> Place {
        self.top.child(&format!("PartType{part_type}")).child(block.label())
    }

    /// Reads one number of each of these rows, counted within the type.
    ///
    /// # Errors
    /// The block is not there, has three numbers a row, has no such rows or an impossible length, or the file
    /// cannot be read.
    pub(crate) fn read_scalars(
        &self,
        block: Block,
        part_type: usize,
        rows: Range<usize>,
    ) -> Result<Vec<f64>, SnapshotError> {
        let slice = self.slice(block, part_type, rows, 1)?;
        let mut values = self.room_for(block, part_type, &slice)?;
        self.read_numbers(&slice, &mut values, Endian::floats)?;
        Ok(values)
    }

    /// Reads the three numbers of each of these rows, counted within the type.
    ///
    /// # Errors
    /// As [`GadgetFile::read_scalars`], for blocks of three numbers a row.
    pub(crate) fn read_vectors(
        &self,
        block: Block,
        part_type: usize,
        rows: Range<usize>,
    ) -> Result<Vec<[f64; 3]>, SnapshotError> {
        let slice = self.slice(block, part_type, rows, 3)?;
        let mut values: Vec<[f64; 3]> = self.room_for(block, part_type, &slice)?;
        self.read_numbers(&slice, values.as_flattened_mut(), Endian::floats)?;
        Ok(values)
    }

    /// Reads the identifiers of these rows, counted within the type.
    ///
    /// # Errors
    /// As [`GadgetFile::read_scalars`].
    pub(crate) fn read_ids(&self, part_type: usize, rows: Range<usize>) -> Result<Vec<u64>, SnapshotError> {
        let slice = self.slice(Block::Ids, part_type, rows, 1)?;
        let mut values = self.room_for(Block::Ids, part_type, &slice)?;
        self.read_numbers(&slice, &mut values, Endian::integers)?;
        Ok(values)
    }

    /// Finds rows in the file. That they lie inside it was seen to when it was opened.
    fn slice(
        &self,
        block: Block,
        part_type: usize,
        rows: Range<usize>,
        n_components: u64,
    ) -> Result<Slice, SnapshotError> {
        let place = self.place(block, part_type);
        let Some(found) = self.contents.get(block) else { return Err(place.missing_field()) };
        let Some(Extent { data, width, rows: rows_of_types }) = found.extent else {
            let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
            return Err(misfit(&records, &self.header, block, found.offset, found.marker));
        };
        let n_rows = self.n_rows(block, part_type);
        if block.n_components() != n_components {
            let expected = if n_components == 1 { "(n)" } else { "(n, 3)" };
            return Err(place.wrong_shape(expected, vec![n_rows, block.n_components() as usize]));
        }
        if rows.start > rows.end || rows.end > n_rows {
            return Err(place.rows_outside(rows, n_rows));
        }
        let rows_before: u64 = rows_of_types.iter().take(part_type).map(|&n_rows| u64::from(n_rows)).sum();
        let first = rows_before + rows.start as u64;
        let offset = data + first * n_components * width.n_bytes();
        Ok(Slice { offset, width, n_rows: rows.len() })
    }

    fn room_for<T: Copy + Default>(
        &self,
        block: Block,
        part_type: usize,
        slice: &Slice,
    ) -> Result<Vec<T>, SnapshotError> {
        let mut room = Vec::new();
        if room.try_reserve_exact(slice.n_rows).is_err() {
            let bytes = (slice.n_rows as u64).saturating_mul(size_of::<T>() as u64);
            return Err(self.place(block, part_type).too_large(bytes, bytes / 8 * slice.width.n_bytes()));
        }
        room.resize(slice.n_rows, T::default());
        Ok(room)
    }

    /// Fills `values` from the file, a piece at a time.
    fn read_numbers<T>(
        &self,
        slice: &Slice,
        values: &mut [T],
        convert: fn(Endian, Width, &[u8], &mut [T]),
    ) -> Result<(), SnapshotError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let endian = records.endian();
        let width = slice.width as usize;
        let mut bytes = vec![0; values.len().min(PIECE) * width];
        let mut offset = slice.offset;
        for piece in values.chunks_mut(PIECE) {
            let bytes = &mut bytes[..piece.len() * width];
            records.read_at(offset, bytes)?;
            convert(endian, slice.width, bytes, piece);
            offset += bytes.len() as u64;
        }
        Ok(())
    }
}

/// The numbers that are read at once: their bytes stay in the second-level cache until they are converted.
const PIECE: usize = 1 << 15;

/// Rows of a block, in the file.
#[derive(Debug)]
struct Slice {
    offset: u64,
    width: Width,
    n_rows: usize,
}

/// Reads the header; returns the offset behind it as well.
fn read_header<R: Read + Seek>(
    records: &mut Records<R>,
    format: Format,
) -> Result<(GadgetHeader, u64), SnapshotError> {
    let mut offset = 0;
    let mut label = None;
    if format.has_labels {
        let first = Label::read(records, 0)?;
        offset = first.end;
        label = Some(first);
    }
    let marker = records.marker(offset)?;
    if marker as usize != HEADER_BYTES {
        return Err(records.defect(offset, GadgetDefect::HeaderLength { found: marker }));
    }
    let end = records.close(offset, marker, marker.into())?;
    if let Some(label) = label {
        label.check_announced(records, marker)?;
    }
    let mut bytes = [0; HEADER_BYTES];
    records.read_at(offset + MARKER_BYTES, &mut bytes)?;
    let header = GadgetHeader::parse(&bytes, format.endian);
    // A block of masses is there or not by these numbers, so that a damaged one would shift all that follows.
    let impossible =
        header.masses.into_iter().enumerate().find(|&(_, mass)| !(mass >= 0.0 && mass.is_finite()));
    match impossible {
        Some((part_type, value)) => {
            Err(records.defect(offset, GadgetDefect::HeaderMass { part_type, value }))
        }
        None => Ok((header, end)),
    }
}
