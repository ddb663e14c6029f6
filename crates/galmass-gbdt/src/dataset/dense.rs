//! Bins from a table that is there as a whole.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::column::Column;
use super::{ROWS, blocks};
use crate::Bin;
use crate::binning::{BinMapper, BinningConfig, Lookup};

/// The rows of a table, all or some.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) table: ArrayView2<'a, f64>,
    /// Their places in the table; `None` for all.
    pub(super) some: Option<&'a [usize]>,
}

impl<'a> Rows<'a> {
    pub(super) fn len(self) -> usize {
        self.some.map_or(self.table.nrows(), <[usize]>::len)
    }

    fn row(self, index: usize) -> ArrayView1<'a, f64> {
        self.table.index_axis_move(Axis(0), self.some.map_or(index, |rows| rows[index]))
    }

    /// Puts in the values of a feature in consecutive rows.
    fn fill(self, feature: usize, first: usize, values: &mut [f64]) {
        let (column, rows) = (self.table.column(feature), first..first + values.len());
        match self.some {
            None => {
                values.iter_mut().zip(column.slice(s![rows])).for_each(|(value, &of_row)| *value = of_row);
            }
            Some(some) => {
                values.iter_mut().zip(&some[rows]).for_each(|(value, &row)| *value = column[row]);
            }
        }
    }
}

/// Finds the bins of each feature by some of the rows, or by all.
pub(super) fn mappers(rows: Rows<'_>, sampled: Option<&[usize]>, config: &BinningConfig) -> Vec<BinMapper> {
    let find_block = |features: Range<usize>| {
        let values = match sampled {
            Some(sampled) => values_of(rows, features.clone(), sampled.iter().copied()),
            None => values_of(rows, features.clone(), 0..rows.len()),
        };
        let n_rows = sampled.map_or(rows.len(), <[usize]>::len);
        let find = move |(feature, values)| BinMapper::of_feature(feature, values, n_rows, config);
        features.into_par_iter().zip(values).map(find)
    };
    blocks(rows.table.ncols()).flat_map(find_block).collect()
}

/// The bins of all values, some rows at a time: a table is read once.
pub(super) fn columns<B: Bin>(rows: Rows<'_>, mappers: &[BinMapper]) -> Vec<Column<B>> {
    let lookups: Vec<Lookup<'_>> = mappers.iter().map(Lookup::of).collect();
    let mut columns = vec![vec![B::default(); rows.len()]; mappers.len()];
    // The parts of all columns that belong to the same rows.
    let mut blocks: Vec<Vec<&mut [B]>> = Vec::new();
    blocks.resize_with(rows.len().div_ceil(ROWS), Vec::new);
    for column in &mut columns {
        blocks.iter_mut().zip(column.chunks_mut(ROWS)).for_each(|(block, part)| block.push(part));
    }
    blocks.into_par_iter().enumerate().for_each(|(block, parts)| {
        let mut values = [0.0; ROWS];
        for ((feature, lookup), bins) in lookups.iter().enumerate().zip(parts) {
            let values = &mut values[..bins.len()];
            rows.fill(feature, block * ROWS, values);
            lookup.fill(values, bins);
        }
    });
    columns.into_iter().map(Column::Dense).collect()
}

/// The values of some rows, for each of some features.
fn values_of(
    rows: Rows<'_>,
    features: Range<usize>,
    indices: impl ExactSizeIterator<Item = usize>,
) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = features.clone().map(|_| Vec::with_capacity(indices.len())).collect();
    for index in indices {
        let row = rows.row(index);
        for (values, feature) in values.iter_mut().zip(features.clone()) {
            values.push(row[feature]);
        }
    }
    values
}
