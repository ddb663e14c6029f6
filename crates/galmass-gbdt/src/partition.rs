//! The rows of each leaf.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use crate::histogram::{Slopes, Sums};
use crate::{Bin, threads};

/// Rows of the table that are parted by themselves: threads share blocks, and what is parted stays in their caches.
pub(crate) const BLOCK: usize = 1 << 14;

thread_local! {
    /// The rows that go right, while a block is parted.
    static RIGHT: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// The rows of a table, those of a leaf in their order.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    blocks: Vec<Block>,
    n_rows: Vec<usize>,
    /// The leaf whose slopes are gathered.
    gathered: Option<usize>,
}

/// The rows between two places of the table, those of a leaf side by side.
#[derive(Debug, Default)]
pub(crate) struct Block {
    rows: Vec<u32>,
    leaves: Vec<Range<usize>>,
    /// The slopes of the rows of one leaf, in their order.
    gradients: Vec<f32>,
    hessians: Vec<f32>,
}

impl Block {
    /// The rows of a leaf.
    pub(crate) fn rows(&self, leaf: usize) -> &[u32] {
        &self.rows[self.leaves[leaf].clone()]
    }

    fn start_from(&mut self, rows: impl Iterator<Item = u32>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.leaves.clear();
        self.leaves.push(0..self.rows.len());
    }

    /// Gathers the slopes of the rows of a leaf, in their order.
    fn gather(&mut self, leaf: usize, slopes: Slopes<'_>) {
        let rows = &self.rows[self.leaves[leaf].clone()];
        let fill = |gathered: &mut Vec<f32>, of_all: &[f32]| {
            gathered.clear();
            gathered.reserve_exact(rows.len());
            gathered.extend(rows.iter().map(|&row| of_all[row as usize]));
        };
        match slopes {
            Slopes::Unit(gradients) => {
                fill(&mut self.gradients, gradients);
                self.hessians.clear();
            }
            Slopes::Both(gradients, hessians) => {
                fill(&mut self.gradients, gradients);
                fill(&mut self.hessians, hessians);
            }
        }
    }

    /// What is gathered.
    fn slopes(&self) -> Slopes<'_> {
        if self.hessians.is_empty() {
            Slopes::Unit(&self.gradients)
        } else {
            Slopes::Both(&self.gradients, &self.hessians)
        }
    }

    /// Splits a leaf; returns the number of rows that go left.
    fn split<B: Bin>(&mut self, leaf: usize, column: &[B], goes_left: &[bool]) -> usize {
        let range = self.leaves[leaf].clone();
        let rows = &mut self.rows[range.clone()];
        let n_left = RIGHT.with_borrow_mut(|right| {
            if right.len() < rows.len() {
                right.resize(BLOCK, 0);
            }
            let n_left = part(rows, right, column, goes_left);
            let (_, rest) = rows.split_at_mut(n_left);
            rest.copy_from_slice(&right[..rest.len()]);
            n_left
        });
        let middle = range.start + n_left;
        self.leaves[leaf] = range.start..middle;
        self.leaves.push(middle..range.end);
        n_left
    }
}

impl Partition {
    /// Starts from one leaf with all rows of a table.
    pub(crate) fn start_from_all(&mut self, n_rows: usize) {
        self.start(n_rows, |block, rows| block.start_from(rows.start as u32..rows.end as u32));
        self.n_rows.push(n_rows);
    }

    /// Starts from one leaf with some rows of a table, which are in their order.
    pub(crate) fn start_from(&mut self, n_rows: usize, some: &[u32]) {
        let place = |end: usize| some.partition_point(|&row| (row as usize) < end);
        self.start(n_rows, |block, rows| {
            block.start_from(some[place(rows.start)..place(rows.end)].iter().copied());
        });
        self.n_rows.push(some.len());
    }

    fn start(&mut self, n_rows: usize, start: impl Fn(&mut Block, Range<usize>) + Sync) {
        self.n_rows.clear();
        self.gathered = None;
        self.blocks.resize_with(n_rows.div_ceil(BLOCK), Block::default);
        let start = |(index, block): (usize, &mut Block)| {
            start(block, index * BLOCK..((index + 1) * BLOCK).min(n_rows));
        };
        if threads::are_worth(n_rows) {
            self.blocks.par_iter_mut().enumerate().for_each(start);
        } else {
            self.blocks.iter_mut().enumerate().for_each(start);
        }
    }

    /// The rows, [`BLOCK`] of the table after the other.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Gathers the slopes of the rows of a leaf, if that is not done yet.
    pub(crate) fn gather(&mut self, leaf: usize, slopes: Slopes<'_>) {
        if self.gathered != Some(leaf) {
            let gather = |block: &mut Block| block.gather(leaf, slopes);
            if threads::are_worth(self.n_rows[leaf]) {
                self.blocks.par_iter_mut().for_each(gather);
            } else {
                self.blocks.iter_mut().for_each(gather);
            }
            self.gathered = Some(leaf);
        }
    }

    /// The rows of the leaf whose slopes are gathered and these, piece by piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&[u32], Slopes<'_>)> {
        let of = move |leaf| self.blocks.iter().map(move |block| (block.rows(leaf), block.slopes()));
        self.gathered.into_iter().flat_map(of)
    }

    /// The number of these rows.
    pub(crate) fn n_gathered(&self) -> usize {
        self.gathered.map_or(0, |leaf| self.n_rows[leaf])
    }

    /// The sums of these slopes, one after the other.
    pub(crate) fn total(&self) -> Sums {
        self.pieces().fold([0.0; 2], |sums, (_, slopes)| slopes.add_to(sums))
    }

    /// The rows of a leaf.
    pub(crate) fn rows(&self, leaf: usize) -> Cow<'_, [u32]> {
        match &self.blocks[..] {
            [block] => Cow::Borrowed(block.rows(leaf)),
            blocks => Cow::Owned(blocks.iter().flat_map(|block| block.rows(leaf)).copied().collect()),
        }
    }

    pub(crate) fn n_rows(&self, leaf: usize) -> usize {
        self.n_rows[leaf]
    }

    /// Splits a leaf: rows whose bin `goes_left` stay, the others become a new leaf, the last. Both keep their order.
    /// The slopes of a leaf may be gathered on the way.
    pub(crate) fn split<B: Bin>(
        &mut self,
        leaf: usize,
        column: &[B],
        goes_left: &[bool],
        gathered: Option<(usize, Slopes<'_>)>,
    ) {
        let n_rows = self.n_rows[leaf];
        let split = |block: &mut Block| {
            let n_left = block.split(leaf, column, goes_left);
            if let Some((leaf, slopes)) = gathered {
                block.gather(leaf, slopes);
            }
            n_left
        };
        let n_left = if threads::are_worth(n_rows) {
            self.blocks.par_iter_mut().map(split).sum()
        } else {
            self.blocks.iter_mut().map(split).sum()
        };
        self.n_rows[leaf] = n_left;
        self.n_rows.push(n_rows - n_left);
        self.gathered = gathered.map(|(leaf, _)| leaf);
    }
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
        partition.start_from_all(7);
        let column: Vec<u8> = vec![0, 2, 1, 0, 2, 1, 0];
        partition.split(0, &column, &[true, false, true], None);
        assert_eq!((&*partition.rows(0), &*partition.rows(1)), (&[0, 1, 3, 4, 6][..], &[2, 5][..]));
        partition.split(0, &column, &[false, false, true], None);
        assert_eq!((&*partition.rows(0), &*partition.rows(2)), (&[1, 4][..], &[0, 3, 6][..]));
        assert_eq!([0, 1, 2].map(|leaf| partition.n_rows(leaf)), [2, 2, 3]);
        partition.start_from(7, &[5, 6]);
        assert_eq!((&*partition.rows(0), partition.n_rows(0)), (&[5, 6][..], 2));
        partition.start_from(0, &[]);
        assert_eq!((partition.rows(0).len(), partition.n_rows(0)), (0, 0));
    }

    #[test]
    fn several_blocks_are_as_one() {
        let n_rows = 3 * BLOCK + 5;
        let column: Vec<u8> = (0..n_rows).map(|row| (row * row % 7) as u8).collect();
        let goes_left = [true, false, true, false, false, true, true];
        let is_left = |row: &u32| goes_left[usize::from(column[*row as usize])];
        let [gradients, hessians] = [0.5, 3.0].map(|by| (0..n_rows).map(|row| by * row as f32).collect());
        let (gradients, hessians): (Vec<f32>, Vec<f32>) = (gradients, hessians);
        let slopes = Slopes::Both(&gradients, &hessians);
        // All rows, those of a bag, and those of one that leaves out whole blocks.
        let drawn: Vec<u32> = (0..n_rows as u32).filter(|row| row % 3 > 0).collect();
        let late: Vec<u32> = (2 * BLOCK as u32 - 3..n_rows as u32).collect();
        for n_threads in 1..4 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            for some in [None, Some(&drawn), Some(&late)] {
                let mut partition = Partition::default();
                match some {
                    None => partition.start_from_all(n_rows),
                    Some(some) => partition.start_from(n_rows, some),
                }
                pool.install(|| partition.split(0, &column, &goes_left, Some((1, slopes))));
                let all = (0..n_rows as u32).collect();
                let (left, right): (Vec<u32>, Vec<u32>) =
                    some.unwrap_or(&all).iter().partition(|row| is_left(row));
                assert_eq!((&*partition.rows(0), &*partition.rows(1)), (&left[..], &right[..]));
                assert_eq!([0, 1].map(|leaf| partition.n_rows(leaf)), [left.len(), right.len()]);
                for (leaf, rows) in [(1, &right), (0, &left)] {
                    // Done by the split for one of them.
                    pool.install(|| partition.gather(leaf, slopes));
                    assert_eq!(partition.n_gathered(), rows.len());
                    let mut expected = rows.iter();
                    for (rows, slopes) in partition.pieces() {
                        let of =
                            |values: &[f32]| rows.iter().map(|&row| values[row as usize]).collect::<Vec<_>>();
                        let Slopes::Both(of_gradients, of_hessians) = slopes else {
                            assert!(rows.is_empty());
                            continue;
                        };
                        assert_eq!((of_gradients, of_hessians), (&of(&gradients)[..], &of(&hessians)[..]));
                        assert!(rows.iter().all(|row| expected.next() == Some(row)));
                    }
                    assert_eq!(expected.next(), None);
                }
                let is_in_place = |(index, block): (usize, &Block)| {
                    let mut rows = block.rows(0).iter().chain(block.rows(1));
                    rows.all(|&row| row as usize / BLOCK == index)
                };
                assert!(partition.blocks().iter().enumerate().all(is_in_place));
            }
        }
    }
}
