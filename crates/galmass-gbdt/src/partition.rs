//! The rows of each leaf.

use std::ops::Range;

use crate::Bin;

/// The rows of a table, those of a leaf side by side and in their order.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    rows: Vec<u32>,
    /// Those that go right, while a leaf is split.
    right: Vec<u32>,
    leaves: Vec<Range<usize>>,
}

impl Partition {
    /// Starts from one leaf with `rows`.
    pub(crate) fn reset(&mut self, rows: impl ExactSizeIterator<Item = u32>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.right.resize(self.rows.len(), 0);
        self.leaves.clear();
        self.leaves.push(0..self.rows.len());
    }

    pub(crate) fn rows(&self, leaf: usize) -> &[u32] {
        &self.rows[self.leaves[leaf].clone()]
    }

    pub(crate) fn n_rows(&self, leaf: usize) -> usize {
        self.leaves[leaf].len()
    }

    /// Splits a leaf: rows whose bin `goes_left` stay, the others become a new leaf, the last. Both keep their order.
    pub(crate) fn split<B: Bin>(&mut self, leaf: usize, column: &[B], goes_left: &[bool]) {
        let range = self.leaves[leaf].clone();
        let rows = &mut self.rows[range.clone()];
        let right = &mut self.right[..rows.len()];
        let (mut n_left, mut n_right) = (0, 0);
        // Both are written and one of them counts: no guess to be wrong.
        for index in 0..rows.len() {
            let row = rows[index];
            let is_left = goes_left[column[row as usize].index()];
            rows[n_left] = row;
            right[n_right] = row;
            n_left += usize::from(is_left);
            n_right += usize::from(!is_left);
        }
        rows[n_left..].copy_from_slice(&right[..n_right]);
        let middle = range.start + n_left;
        self.leaves[leaf] = range.start..middle;
        self.leaves.push(middle..range.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_on_both_sides() {
        let mut partition = Partition::default();
        partition.reset(0..7);
        let column: Vec<u8> = vec![0, 2, 1, 0, 2, 1, 0];
        partition.split(0, &column, &[true, false, true]);
        assert_eq!((partition.rows(0), partition.rows(1)), (&[0, 1, 3, 4, 6][..], &[2, 5][..]));
        partition.split(0, &column, &[false, false, true]);
        assert_eq!((partition.rows(0), partition.rows(2)), (&[1, 4][..], &[0, 3, 6][..]));
        assert_eq!(partition.n_rows(1), 2);
        partition.reset([5, 6].into_iter());
        assert_eq!(partition.rows(0), [5, 6]);
    }
}
