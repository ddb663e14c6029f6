//! The blocks that a file holds, found without reading them.

use std::io::{Read, Seek};

use super::block::Block;
use super::defect::GadgetDefect;
use super::endian::Width;
use super::header::{GadgetHeader, N_TYPES};
use super::record::{MARKER_BYTES, Records};
use crate::SnapshotError;

/// Where the blocks are.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    found: [Option<Found>; Block::ALL.len()],
}

/// A block that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Where its record begins.
    pub(crate) offset: u64,
    /// The length that its record says it has.
    pub(crate) marker: u32,
    /// What it holds; `None` if its length is not that of the rows that it should have.
    pub(crate) extent: Option<Extent>,
}

/// Where the rows of a block are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Where its data begin.
    pub(crate) data: u64,
    pub(crate) width: Width,
    /// The rows of each type, one type after the other.
    pub(crate) rows: [u32; N_TYPES],
}

impl Contents {
    pub(crate) fn get(&self, block: Block) -> Option<&Found> {
        self.found[block as usize].as_ref()
    }

    fn insert(&mut self, block: Block, found: Found) {
        self.found[block as usize] = Some(found);
    }

    /// The precision of positions, hence probably that of other blocks.
    fn usual_width(&self) -> Width {
        let positions = self.get(Block::Positions).and_then(|found| found.extent);
        positions.map_or(Width::Four, |extent| extent.width)
    }

    /// Walks over the blocks of format 1 from `offset` on. They have no names: those that the header makes one
    /// expect are taken in their order as long as their lengths fit, and what comes then is passed over.
    pub(crate) fn in_order<R: Read + Seek>(
        records: &mut Records<R>,
        header: &GadgetHeader,
        mut offset: u64,
    ) -> Result<Self, SnapshotError> {
        let mut contents = Self::default();
        for block in Block::ALL.into_iter().filter(|block| block.is_due(header)) {
            if records.is_end(offset) {
                if block.is_required() {
                    return Err(records.defect(offset, GadgetDefect::Missing { block: block.label() }));
                }
                break;
            }
            let marker = records.marker(offset)?;
            match fit(records, header, block, offset, marker, contents.usual_width())? {
                Some((extent, end)) => {
                    contents.insert(block, Found { offset, marker, extent: Some(extent) });
                    offset = end;
                }
                None if block.is_required() => return Err(misfit(records, header, block, offset, marker)),
                None => break,
            }
        }
        // The blocks of cooling stand before smoothing lengths: were they absent in spite of the flag, the
        // latter would have been taken for one of them.
        if contents.get(Block::ElectronAbundance).is_some() && contents.get(Block::SmoothingLength).is_none()
        {
            return Err(
                records.defect(offset, GadgetDefect::Missing { block: Block::SmoothingLength.label() })
            );
        }
        let n_unnamed = pass_over(records, offset)?;
        if n_unnamed > 0 {
            let path = records.path().display();
            tracing::warn!(%path, offset, n_unnamed, "blocks that the header does not announce are ignored");
        }
        Ok(contents)
    }

    /// Walks over the blocks of format 2 from `offset` on: each comes with its label.
    pub(crate) fn by_label<R: Read + Seek>(
        records: &mut Records<R>,
        header: &GadgetHeader,
        mut offset: u64,
    ) -> Result<Self, SnapshotError> {
        let mut contents = Self::default();
        while !records.is_end(offset) {
            let label = Label::read(records, offset)?;
            let start = label.end;
            let marker = records.marker(start)?;
            offset = match Block::of_label(label.bytes) {
                Some(block) if contents.get(block).is_some() => {
                    return Err(records.defect(offset, GadgetDefect::Duplicate { block: block.label() }));
                }
                Some(block) => {
                    let fitting = fit(records, header, block, start, marker, contents.usual_width())?;
                    let end = match fitting {
                        Some((_, end)) => end,
                        None => records.close(start, marker, marker.into())?,
                    };
                    let extent = fitting.map(|(extent, _)| extent);
                    contents.insert(block, Found { offset: start, marker, extent });
                    end
                }
                None => {
                    let path = records.path().display();
                    tracing::debug!(%path, offset, label = label.text(), "a block is ignored");
                    records.close(start, marker, marker.into())?
                }
            };
            label.check_announced(records, marker)?;
        }
        match contents.get(Block::Positions) {
            Some(Found { extent: Some(_), .. }) => Ok(contents),
            Some(found) => Err(misfit(records, header, Block::Positions, found.offset, found.marker)),
            None if header.n_particles == [0; N_TYPES] => Ok(contents),
            None => Err(records.defect(offset, GadgetDefect::Missing { block: Block::Positions.label() })),
        }
    }
}

/// The record before a block of format 2.
#[derive(Debug)]
pub(crate) struct Label {
    bytes: [u8; 4],
    offset: u64,
    announced: u32,
    /// Where the block begins.
    pub(crate) end: u64,
}

impl Label {
    /// The length of the data of such a record: the label, and the length of the block with its markers.
    pub(crate) const N_BYTES: u32 = 8;

    /// The label of the header.
    pub(crate) const HEADER: [u8; 4] = *b"HEAD";

    pub(crate) fn read<R: Read + Seek>(records: &mut Records<R>, offset: u64) -> Result<Self, SnapshotError> {
        let found = records.marker(offset)?;
        if found != Self::N_BYTES {
            return Err(records.defect(offset, GadgetDefect::LabelLength { found }));
        }
        let end = records.close(offset, found, found.into())?;
        let mut data = [0; 8];
        records.read_at(offset + MARKER_BYTES, &mut data)?;
        let [a, b, c, d, announced @ ..] = data;
        Ok(Self { bytes: [a, b, c, d], offset, announced: records.endian().u32(announced), end })
    }

    fn text(&self) -> String {
        self.bytes.escape_ascii().to_string()
    }

    /// Sees to it that the block whose record has this marker is the one announced. Both numbers overflow alike.
    pub(crate) fn check_announced<R: Read + Seek>(
        &self,
        records: &Records<R>,
        marker: u32,
    ) -> Result<(), SnapshotError> {
        let found = marker.wrapping_add(2 * MARKER_BYTES as u32);
        if self.announced == found {
            return Ok(());
        }
        let defect = GadgetDefect::Announced { label: self.text(), announced: self.announced, found };
        Err(records.defect(self.offset, defect))
    }
}

/// Finds the layout and the precision at which the record at `offset` is this block, and where it ends; `None` if
/// its length fits none.
///
/// Lengths are stored modulo 2^32. A block of 4 GiB and more is told from a shorter one by the rows that it should
/// have, and by the marker at its end.
fn fit<R: Read + Seek>(
    records: &mut Records<R>,
    header: &GadgetHeader,
    block: Block,
    offset: u64,
    marker: u32,
    usual: Width,
) -> Result<Option<(Extent, u64)>, SnapshotError> {
    let mut best: Option<(Extent, u64)> = None;
    let mut failure = None;
    for width in [usual, usual.other()] {
        for rows in block.layouts(header) {
            let length = n_rows(rows) * block.n_components() * width.n_bytes();
            if length as u32 != marker {
                continue;
            }
            match (records.close(offset, marker, length), best) {
                (Ok(end), None) => best = Some((Extent { data: offset + MARKER_BYTES, width, rows }, end)),
                (Ok(end), Some((_, other))) if end != other => {
                    let length_to = |end: u64| end - offset - 2 * MARKER_BYTES;
                    let [shorter, longer] = [length_to(end.min(other)), length_to(end.max(other))];
                    let defect = GadgetDefect::AmbiguousLength { block: block.label(), shorter, longer };
                    return Err(records.defect(offset, defect));
                }
                (Ok(_), Some(_)) => {}
                (Err(error), _) => failure = failure.or(Some(error)),
            }
        }
    }
    match (best, failure) {
        (Some(best), _) => Ok(Some(best)),
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(None),
    }
}

/// The error of a block whose length fits nothing.
pub(crate) fn misfit<R: Read + Seek>(
    records: &Records<R>,
    header: &GadgetHeader,
    block: Block,
    offset: u64,
    found: u32,
) -> SnapshotError {
    let n_rows = block.layouts(header).next().map_or(0, n_rows);
    let n_components = block.n_components();
    records.defect(offset, GadgetDefect::BlockLength { block: block.label(), n_rows, n_components, found })
}

fn n_rows(rows: [u32; N_TYPES]) -> u64 {
    rows.into_iter().map(u64::from).sum()
}

/// Counts the records from `offset` to the end of the file. None of them may be empty, so that their number is
/// bounded by that of the bytes.
fn pass_over<R: Read + Seek>(records: &mut Records<R>, mut offset: u64) -> Result<usize, SnapshotError> {
    let mut n_records = 0;
    while !records.is_end(offset) {
        let marker = records.marker(offset)?;
        if marker == 0 {
            return Err(records.defect(offset, GadgetDefect::Empty));
        }
        offset = records.close(offset, marker, marker.into())?;
        n_records += 1;
    }
    Ok(n_records)
}
