//! Bins from sparse rows: what is zero is never looked at, only counted.

use std::ops::Range;

use rayon::prelude::*;

use super::column::Column;
use super::{SparseRows, blocks};
use crate::Bin;
use crate::binning::{BinMapper, BinningConfig};
use crate::bundling;

/// The fewest rows that are turned by a thread of their own.
const ROWS: usize = 1 << 14;

/// Finds the bins of each feature by some of the rows, or by all.
pub(super) fn mappers(
    rows: SparseRows<'_>,
    sampled: Option<&[usize]>,
    config: &BinningConfig,
) -> Vec<BinMapper> {
    let n_rows = sampled.map_or(rows.n_rows(), <[usize]>::len);
    let turned = match sampled {
        Some(sampled) => Turned::new(n_rows, rows.n_columns(), |index| rows.row(sampled[index])),
        None => Turned::new(n_rows, rows.n_columns(), |index| rows.row(index)),
    };
    let find = |feature| {
        let values = turned.column(feature).map(|(_, value)| value).collect();
        BinMapper::of_feature(feature, values, n_rows, config)
    };
    blocks(rows.n_columns()).flat_map_iter(|features| features.map(find)).collect()
}

/// The bins of all values: sparse for features that may share a place.
pub(super) fn columns<B: Bin>(
    rows: SparseRows<'_>,
    mappers: &[BinMapper],
    config: &BinningConfig,
) -> Vec<Column<B>> {
    let turned = Turned::new(rows.n_rows(), rows.n_columns(), |row| rows.row(row));
    let column = |feature: usize| {
        let mapper = &mappers[feature];
        let bins = turned.column(feature).map(|(row, value)| (row, B::from_index(mapper.bin(value))));
        let zero = B::from_index(mapper.default_bin());
        // What is not there is zero; where most is something else, too much is not there to be listed.
        let zero_is_usual = mapper.default_bin() == mapper.most_frequent_bin();
        if config.enable_bundle && zero_is_usual && bundling::is_sparse(mapper) {
            let (rows, bins) = bins.filter(|&(_, bin)| bin != zero).unzip();
            return Column::Sparse(rows, bins);
        }
        let mut column = vec![zero; rows.n_rows()];
        bins.for_each(|(row, bin)| column[row as usize] = bin);
        Column::Dense(column)
    };
    blocks(mappers.len()).flat_map_iter(|features| features.map(column)).collect()
}

/// Sparse rows by columns: blocks of rows, each turned by itself.
struct Turned(Vec<Block>);

/// The numbers of some rows, column by column, and their rows.
struct Block {
    /// Where each column begins, and the end of the last.
    starts: Vec<usize>,
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl Turned {
    /// Turns `n_rows` rows.
    fn new<I: Iterator<Item = (usize, f64)>>(
        n_rows: usize,
        n_columns: usize,
        row: impl Fn(usize) -> I + Sync,
    ) -> Self {
        let n_blocks = rayon::current_num_threads().min(n_rows.div_ceil(ROWS)).max(1);
        let block = |block: usize| {
            let [first, end] = [block, block + 1].map(|block| block * n_rows / n_blocks);
            Block::new(first..end, n_columns, &row)
        };
        Self((0..n_blocks).into_par_iter().map(block).collect())
    }

    /// The numbers of a column that are there, and their rows, in the order of these.
    fn column(&self, column: usize) -> impl Iterator<Item = (u32, f64)> {
        self.0.iter().flat_map(move |block| {
            let range = block.starts[column]..block.starts[column + 1];
            block.rows[range.clone()].iter().copied().zip(block.values[range].iter().copied())
        })
    }
}

impl Block {
    fn new<I: Iterator<Item = (usize, f64)>>(
        rows: Range<usize>,
        n_columns: usize,
        row: &impl Fn(usize) -> I,
    ) -> Self {
        let mut starts = vec![0; n_columns + 1];
        for index in rows.clone() {
            row(index).for_each(|(column, _)| starts[column + 1] += 1);
        }
        for column in 0..n_columns {
            starts[column + 1] += starts[column];
        }
        let mut ends = starts.clone();
        let n = starts[n_columns];
        let mut block = Self { starts, rows: vec![0; n], values: vec![0.0; n] };
        for index in rows {
            for (column, value) in row(index) {
                let place = &mut ends[column];
                (block.rows[*place], block.values[*place]) = (index as u32, value);
                *place += 1;
            }
        }
        block
    }
}
