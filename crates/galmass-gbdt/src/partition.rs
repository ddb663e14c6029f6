//! The rows of each leaf.

use std::ops::Range;

use rayon::prelude::*;

use crate::{Bin, threads};

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

    /// The rows of a leaf that are in a range.
    pub(crate) fn rows_within(&self, leaf: usize, range: Range<usize>) -> &[u32] {
        let rows = self.rows(leaf);
        let start = rows.partition_point(|&row| (row as usize) < range.start);
        let n = rows[start..].partition_point(|&row| (row as usize) < range.end);
        &rows[start..start + n]
    }

    /// Splits a leaf: rows whose bin `goes_left` stay, the others become a new leaf, the last. Both keep their order.
    pub(crate) fn split<B: Bin>(&mut self, leaf: usize, column: &[B], goes_left: &[bool]) {
        let range = self.leaves[leaf].clone();
        let rows = &mut self.rows[range.clone()];
        let right = &mut self.right[..rows.len()];
        let n_left = if threads::are_worth(rows.len()) {
            part_in_blocks(rows, right, column, goes_left)
        } else {
            let n_left = part(rows, right, column, goes_left);
            let n_right = rows.len() - n_left;
            rows[n_left..].copy_from_slice(&right[..n_right]);
            n_left
        };
        let middle = range.start + n_left;
        self.leaves[leaf] = range.start..middle;
        self.leaves.push(middle..range.end);
    }
}

/// Parts rows, those that go left first, a block of them for each thread.
fn part_in_blocks<B: Bin>(rows: &mut [u32], right: &mut [u32], column: &[B], goes_left: &[bool]) -> usize {
    let size = rows.len().div_ceil(rayon::current_num_threads());
    let blocks = rows.par_chunks_mut(size).zip(right.par_chunks_mut(size));
    let n_left: Vec<usize> = blocks.map(|(rows, right)| part(rows, right, column, goes_left)).collect();
    let (n_rows, mut end) = (rows.len(), 0);
    for (block, &n) in n_left.iter().enumerate() {
        rows.copy_within(block * size..block * size + n, end);
        end += n;
    }
    let n_left_in_all = end;
    for (block, &n) in n_left.iter().enumerate() {
        let n_right = size.min(n_rows - block * size) - n;
        rows[end..end + n_right].copy_from_slice(&right[block * size..][..n_right]);
        end += n_right;
    }
    n_left_in_all
}

/// Moves the rows that go left to the front and copies the others to `right`; returns the number of the former.
fn part<B: Bin>(rows: &mut [u32], right: &mut [u32], column: &[B], goes_left: &[bool]) -> usize {
    assert!(rows.len() <= right.len());
    let mut n_left = 0;
    // Both are written and one of them counts: no guess to be wrong.
    for index in 0..rows.len() {
        // SAFETY: `n_left` is at most `index`, which is less than the lengths of `rows` and `right`. The rows of a
        // partition are rows of the data set, and a column of it has a code for each of them, less than the number of
        // codes of its place, which is the length of `goes_left`.
        unsafe {
            let row = *rows.get_unchecked(index);
            let is_left = *goes_left.get_unchecked(column.get_unchecked(row as usize).index());
            *rows.get_unchecked_mut(n_left) = row;
            *right.get_unchecked_mut(index - n_left) = row;
            n_left += usize::from(is_left);
        }
    }
    n_left
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
        assert_eq!(partition.rows_within(2, 1..6), [3]);
        assert_eq!(partition.rows_within(2, 0..7), [0, 3, 6]);
        partition.reset([5, 6].into_iter());
        assert_eq!(partition.rows(0), [5, 6]);
    }

    #[test]
    fn blocks_of_rows_give_the_same_halves() {
        let column: Vec<u8> = (0..1000u32).map(|row| (row * row % 7) as u8).collect();
        let goes_left = [true, false, true, false, false, true, true];
        let in_one: Vec<u32> =
            (0..1000).filter(|&row| goes_left[usize::from(column[row as usize])]).collect();
        for n_threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            let (mut rows, mut right): (Vec<u32>, _) = ((0..1000).collect(), vec![0; 1000]);
            let n_left = pool.install(|| part_in_blocks(&mut rows, &mut right, &column, &goes_left));
            assert_eq!(rows[..n_left], in_one);
            assert!(rows[n_left..].is_sorted() && rows.len() == 1000);
        }
    }
}
