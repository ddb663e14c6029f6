//! Which rows of a snapshot a subhalo takes, where particles are sorted by group and subhalo.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::SnapshotError;
use crate::catalogue_piece::CataloguePiece;
use crate::parts;

/// The rows that a subhalo takes in each particle type, counted through all files of the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticleRanges {
    of_types: Vec<Range<u64>>,
}

impl ParticleRanges {
    /// Ranges of rows by the number of their particle type. A range that ends before it starts is empty.
    pub fn new(of_types: Vec<Range<u64>>) -> Self {
        Self { of_types }
    }

    /// From the rows before the subhalo and those of it, by type.
    pub(crate) fn of_lengths(before: &[u64], of_subhalo: &[u64]) -> Self {
        let range = |(&start, &length): (&u64, &u64)| start..start.saturating_add(length);
        Self::new(before.iter().zip(of_subhalo).map(range).collect())
    }

    /// The rows of a type, `PartType0` to `5`; none of a type that the catalogue does not know.
    pub fn of_type(&self, part_type: usize) -> Range<u64> {
        self.of_types.get(part_type).map_or(0..0, |range| range.start..range.end.max(range.start))
    }
}

/// Adds lengths by type to a running sum, which begins empty.
pub(crate) fn add_to(sum: &mut Vec<u64>, lengths: &[u64]) {
    sum.resize(sum.len().max(lengths.len()), 0);
    for (sum, &length) in sum.iter_mut().zip(lengths) {
        *sum = sum.saturating_add(length);
    }
}

/// The rows of subhalo `index`, by running sums over the pieces of a catalogue up to it.
///
/// Particles are sorted by group, in a group by subhalo, and behind the subhaloes of a group lie those of its particles
/// that are bound to none. A catalogue without groups is one of subhaloes only, one behind the other.
pub(crate) fn find(catalogue: &Path, index: u64) -> Result<ParticleRanges, SnapshotError> {
    let entry = parts::entry(catalogue)?;
    let n_files = CataloguePiece::open(&entry)?.n_files()?;
    let paths = parts::all(&entry, n_files)?;
    let (mut n_before, mut before, mut group) = (0u64, Vec::new(), None);
    let mut found = None;
    for path in &paths {
        let piece = CataloguePiece::open(path)?;
        let lengths = piece.subhalo_lengths()?;
        let groups = piece.group_numbers()?;
        for (row, of_subhalo) in lengths.into_iter().enumerate() {
            let of_group = groups.as_ref().and_then(|groups| groups.get(row).copied());
            if of_group != group {
                (group, before) = (of_group, Vec::new());
            }
            if n_before + row as u64 == index {
                found = Some(of_subhalo);
                break;
            }
            add_to(&mut before, &of_subhalo);
        }
        if found.is_some() {
            break;
        }
        n_before += piece.n_subhaloes()? as u64;
    }
    let Some(of_subhalo) = found else {
        return Err(SnapshotError::NoSubhalo { path: catalogue.to_owned(), index, n_subhaloes: n_before });
    };
    if let Some(group) = group {
        add_groups_before(&paths, group, &mut before)?;
    }
    before.resize(before.len().max(of_subhalo.len()), 0);
    Ok(ParticleRanges::of_lengths(&before, &of_subhalo))
}

/// Adds the lengths of all groups before a group.
fn add_groups_before(
    paths: &[std::path::PathBuf],
    group: u64,
    before: &mut Vec<u64>,
) -> Result<(), SnapshotError> {
    let mut n_before = 0u64;
    for path in paths {
        for lengths in CataloguePiece::open(path)?.group_lengths()? {
            if n_before == group {
                return Ok(());
            }
            add_to(before, &lengths);
            n_before += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_are_not_known_have_no_rows() {
        let ranges = ParticleRanges::of_lengths(&[10, 20], &[1, 2]);
        assert_eq!(ranges.of_type(1), 20..22);
        assert_eq!(ranges.of_type(4), 0..0);
        let backwards = ParticleRanges::new(vec![Range { start: 5, end: 3 }]);
        assert!(backwards.of_type(0).is_empty());
    }

    #[test]
    fn sums_that_overflow_stay_at_the_top() {
        let mut sum = vec![u64::MAX];
        add_to(&mut sum, &[1, 2]);
        assert_eq!(sum, [u64::MAX, 2]);
        assert_eq!(ParticleRanges::of_lengths(&sum, &[1, 1]).of_type(0), u64::MAX..u64::MAX);
    }
}
