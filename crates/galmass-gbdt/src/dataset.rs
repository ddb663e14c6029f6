//! A table of features in bins, made once and used by any number of runs.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use crate::binning::{BinMapper, BinningConfig, Lookup, sampled_rows};
use crate::{Bin, GbdtError, bundling, feature};

/// Features whose bins stand side by side in a row: those of one row are one word.
pub(crate) const GROUP: usize = 8;

/// Rows that are put into bins together.
const ROWS: usize = 1 << 9;

/// A table of features in bins.
///
/// The bins are kept twice: by columns, to part the rows of a leaf by one feature, and by rows, to sum up the histograms
/// of several features at once. That is two bytes a value, four where features have more than 256 bins; the table
/// itself is not kept.
#[derive(Debug)]
pub struct Dataset {
    n_rows: usize,
    mappers: Vec<BinMapper>,
    names: Vec<String>,
    pub(crate) bins: Bins,
}

/// The bins of all values, as narrow as the largest of them allows.
#[derive(Debug)]
pub(crate) enum Bins {
    Bytes(Table<u8>),
    Words(Table<u16>),
}

/// Bins by columns and by rows.
#[derive(Debug)]
pub(crate) struct Table<B> {
    pub(crate) columns: Vec<Vec<B>>,
    pub(crate) groups: Vec<Group<B>>,
}

/// Some features side by side, row by row.
#[derive(Debug)]
pub(crate) struct Group<B> {
    /// The features of each place, up to [`GROUP`] places: one, or a bundle, whose bins follow one another.
    pub(crate) places: Vec<Vec<usize>>,
    pub(crate) rows: Vec<[B; GROUP]>,
}

impl Dataset {
    /// Puts a table, a row for each sample and a column for each feature, into bins.
    ///
    /// NaN is a missing value; infinite values are values.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for a setting, [`GbdtError::TooManyRows`] for more than 2^31 - 1 rows,
    /// [`GbdtError::NoSuchFeature`] for a categorical feature that the table has not.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Dataset};
    /// use ndarray::array;
    ///
    /// let config = BinningConfig { min_data_in_bin: 1, ..BinningConfig::default() };
    /// let dataset = Dataset::new(array![[1.0, 0.0], [2.0, f64::NAN], [3.0, 5.0]].view(), &config)?;
    /// assert_eq!((dataset.n_rows(), dataset.n_features()), (3, 2));
    /// assert_eq!(dataset.mappers()[1].n_bins(), 3);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn new(table: ArrayView2<'_, f64>, config: &BinningConfig) -> Result<Self, GbdtError> {
        const MOST: usize = i32::MAX as usize;
        config.check()?;
        let n_rows = table.nrows();
        if n_rows > MOST {
            return Err(GbdtError::TooManyRows { n_rows, most: MOST });
        }
        let n_features = table.ncols();
        if let Some(&feature) = config.categorical_features.iter().find(|&&feature| feature >= n_features) {
            return Err(GbdtError::NoSuchFeature { feature, n_features });
        }
        let sampled = sampled_rows(n_rows, config.bin_construct_sample_cnt, config.data_random_seed);
        let find = |feature: usize, values: Vec<f64>| {
            if config.categorical_features.contains(&feature) {
                BinMapper::find_categories(values, config)
            } else {
                BinMapper::find(values, config)
            }
        };
        let find_block = |features: Range<usize>| {
            let values = match &sampled {
                Some(rows) => values_of(table, features.clone(), rows.iter().copied()),
                None => values_of(table, features.clone(), 0..n_rows),
            };
            features.zip(values).map(|(feature, values)| find(feature, values)).collect::<Vec<_>>()
        };
        let mappers: Vec<BinMapper> = blocks(n_features).flat_map_iter(find_block).collect();
        let is_narrow = mappers.iter().all(|mapper| mapper.n_bins() <= 1 << 8);
        let bins = if is_narrow {
            Bins::Bytes(Table::new(table, &mappers, config.enable_bundle))
        } else {
            Bins::Words(Table::new(table, &mappers, config.enable_bundle))
        };
        let names = feature::default_names(mappers.len());
        Ok(Self { n_rows, mappers, names, bins })
    }

    /// Names its features; without that they are `Column_0`, `Column_1` and so on. Boosters take the names over.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if there are more or fewer names than features; [`GbdtError::BadFeatureName`] and
    /// [`GbdtError::SameFeatureName`] for names that cannot stand in the text of a model.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Dataset};
    /// use ndarray::array;
    ///
    /// let dataset = Dataset::new(array![[1.0, 0.0], [2.0, 1.0]].view(), &BinningConfig::default())?;
    /// assert_eq!(dataset.feature_names(), ["Column_0", "Column_1"]);
    /// let dataset = dataset.with_feature_names(&["mass", "colour"])?;
    /// assert_eq!(dataset.feature_names(), ["mass", "colour"]);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn with_feature_names(mut self, names: &[impl AsRef<str>]) -> Result<Self, GbdtError> {
        let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
        feature::check_names(&names, self.mappers.len())?;
        self.names = names;
        Ok(self)
    }

    /// The names of its features.
    pub fn feature_names(&self) -> &[String] {
        &self.names
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of features.
    pub fn n_features(&self) -> usize {
        self.mappers.len()
    }

    /// The bins of each feature.
    pub fn mappers(&self) -> &[BinMapper] {
        &self.mappers
    }
}

/// Features that are read together: several of wide tables, as rows lie far apart, but enough blocks for all threads.
fn blocks(n_features: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    const MOST: usize = 32;
    let size = n_features.div_ceil(rayon::current_num_threads()).clamp(1, MOST);
    let n_blocks = n_features.div_ceil(size);
    (0..n_blocks).into_par_iter().map(move |block| block * size..((block + 1) * size).min(n_features))
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

/// The bins of all values, some rows at a time: a table is read once.
fn columns_of<B: Bin>(table: ArrayView2<'_, f64>, mappers: &[BinMapper]) -> Vec<Vec<B>> {
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
    columns
}

impl<B: Bin> Table<B> {
    fn new(table: ArrayView2<'_, f64>, mappers: &[BinMapper], bundles: bool) -> Self {
        let columns: Vec<Vec<B>> = columns_of(table, mappers);
        let places = if bundles {
            bundling::find(&columns, mappers)
        } else {
            (0..mappers.len()).map(|feature| vec![feature]).collect()
        };
        // Groups of about equally many places, which threads share.
        let n_groups = places.len().div_ceil(GROUP);
        let groups = (0..n_groups).into_par_iter().map(|group| {
            let [first, end] = [group, group + 1].map(|group| group * places.len() / n_groups);
            let places = &places[first..end];
            let codes = |features: &Vec<usize>| match features[..] {
                [feature] => Cow::Borrowed(&columns[feature]),
                _ => Cow::Owned(bundling::codes(features, &columns, mappers)),
            };
            let codes: Vec<Cow<'_, Vec<B>>> = places.iter().map(codes).collect();
            let mut rows = vec![[B::default(); GROUP]; table.nrows()];
            rows.par_chunks_mut(ROWS).enumerate().for_each(|(block, rows)| {
                for (place, codes) in codes.iter().enumerate() {
                    let codes = &codes[block * ROWS..];
                    rows.iter_mut().zip(codes).for_each(|(row, &code)| row[place] = code);
                }
            });
            Group { places: places.to_vec(), rows }
        });
        let groups = groups.collect();
        Self { columns, groups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn both_copies_hold_the_same_bins() {
        for (max_bin, n_features) in [(255, 10), (300, 9), (255, 1)] {
            let table = Array2::from_shape_fn((1000, n_features), |(row, feature)| {
                (row * (7 + feature) % 997) as f64
            });
            let config = BinningConfig { max_bin, ..BinningConfig::default() };
            let dataset = Dataset::new(table.view(), &config).unwrap();
            fn check<B: Bin>(bins: &Table<B>) -> usize {
                let mut n_seen = 0;
                for group in &bins.groups {
                    for (place, features) in group.places.iter().enumerate() {
                        assert_eq!(features.len(), 1);
                        let column = &bins.columns[features[0]];
                        assert!(group.rows.iter().zip(column).all(|(row, bin)| row[place] == *bin));
                        n_seen += 1;
                    }
                }
                n_seen
            }
            let n_seen = match &dataset.bins {
                Bins::Bytes(bins) => check(bins),
                Bins::Words(bins) => check(bins),
            };
            assert_eq!(n_seen, n_features);
            assert_eq!(matches!(dataset.bins, Bins::Words(_)), max_bin > 256);
        }
    }

    #[test]
    fn an_empty_table_is_a_table() {
        let dataset = Dataset::new(Array2::zeros((0, 3)).view(), &BinningConfig::default()).unwrap();
        assert_eq!((dataset.n_rows(), dataset.n_features()), (0, 3));
        let dataset = Dataset::new(Array2::zeros((3, 0)).view(), &BinningConfig::default()).unwrap();
        assert_eq!((dataset.n_rows(), dataset.n_features()), (3, 0));
    }
}
