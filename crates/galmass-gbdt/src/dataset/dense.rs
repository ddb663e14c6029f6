//! Bins from a table that is there as a whole.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use super::column::Column;
use super::{ROWS, blocks};
use crate::Bin;
use crate::binning::{BinMapper, BinningConfig, Lookup};

/// Finds the bins of each feature by some of the rows, or by all.
pub(super) fn mappers(
    table: ArrayView2<'_, f64>,
    sampled: Option<&[usize]>,
    config: &BinningConfig,
) -> Vec<BinMapper> {
    let n_rows = table.nrows();
    let find_block = |features: Range<usize>| {
        let values = match sampled {
            Some(rows) => values_of(table, features.clone(), rows.iter().copied()),
            None => values_of(table, features.clone(), 0..n_rows),
        };
        let n_rows = sampled.map_or(n_rows, <[usize]>::len);
        let find = move |(feature, values)| BinMapper::of_feature(feature, values, n_rows, config);
        features.into_par_iter().zip(values).map(find)
    };
    blocks(table.ncols()).flat_map(find_block).collect()
}

/// The bins of all values, some rows at a time: a table is read once.
pub(super) fn columns<B: Bin>(table: ArrayView2<'_, f64>, mappers: &[BinMapper]) -> Vec<Column<B>> {
    let lookups: Vec<Lookup<'_>> = mappers.iter().map(Lookup::of).collect();
    let mut columns = vec![vec![B::default(); table.nrows()]; mappers.len()];
    // The parts of all columns that belong to the same rows.
    let mut blocks: Vec<Vec<&mut [B]>> = Vec::new();
    blocks.resize_with(table.nrows().div_ceil(ROWS), Vec::new);
    for column in &mut columns {
        blocks.iter_mut().zip(column.chunks_mut(ROWS)).for_each(|(block, part)| block.push(part));
    }
    blocks.into_par_iter().zip(table.axis_chunks_iter(Axis(0), ROWS)).for_each(|(block, rows)| {
        let mut values = vec![0.0; rows.nrows()];
        for ((lookup, bins), column) in lookups.iter().zip(block).zip(rows.columns()) {
            values.iter_mut().zip(column).for_each(|(value, &of_row)| *value = of_row);
            lookup.fill(&values, bins);
        }
    });
    columns.into_iter().map(Column::Dense).collect()
}

/// The values of some rows, for each of some features.
fn values_of(
    table: ArrayView2<'_, f64>,
    features: Range<usize>,
    rows: impl ExactSizeIterator<Item = usize>,
) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = features.clone().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        let row = table.row(row);
        for (values, feature) in values.iter_mut().zip(features.clone()) {
            values.push(row[feature]);
        }
    }
    values
}
