//! Bins from a table that is there as a whole.

use std::ops::Range;

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::blocks;
use super::column::Column;
use crate::Bin;
use crate::binning::{BinMapper, BinningConfig};

/// Finds the bins of each feature by some of the rows, or by all.
pub(super) fn mappers(
    table: ArrayView2<'_, f64>,
    sampled: Option<&[usize]>,
    config: &BinningConfig,
) -> Vec<BinMapper> {
    let n_rows = table.nrows();
    let find_block = |features: Range<usize>| {
        let values = match sampled {
            Some(rows) => values_of(table, features.clone(), rows.iter().copied(), |_, value| value),
            None => values_of(table, features.clone(), 0..n_rows, |_, value| value),
        };
        let n_rows = sampled.map_or(n_rows, <[usize]>::len);
        let find = |(feature, values)| BinMapper::of_feature(feature, values, n_rows, config);
        features.zip(values).map(find).collect::<Vec<_>>()
    };
    blocks(table.ncols()).flat_map_iter(find_block).collect()
}

/// The bins of all values.
pub(super) fn columns<B: Bin>(table: ArrayView2<'_, f64>, mappers: &[BinMapper]) -> Vec<Column<B>> {
    let bin = |feature: usize, value: f64| {
        let mapper: &BinMapper = &mappers[feature];
        // Sparse tables are of little else.
        B::from_index(if value == 0.0 { mapper.default_bin() } else { mapper.bin(value) })
    };
    let columns_of = |features: Range<usize>| values_of(table, features, 0..table.nrows(), bin);
    blocks(mappers.len()).flat_map_iter(columns_of).map(Column::Dense).collect()
}

/// Something of the values of some rows, for each of some features.
fn values_of<T>(
    table: ArrayView2<'_, f64>,
    features: Range<usize>,
    rows: impl ExactSizeIterator<Item = usize>,
    of: impl Fn(usize, f64) -> T,
) -> Vec<Vec<T>> {
    let mut values: Vec<Vec<T>> = features.clone().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        let row = table.row(row);
        for (values, feature) in values.iter_mut().zip(features.clone()) {
            values.push(of(feature, row[feature]));
        }
    }
    values
}
