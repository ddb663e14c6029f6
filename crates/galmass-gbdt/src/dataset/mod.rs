//! A table of features in bins, made once and used by any number of runs.

mod column;
mod dense;
mod sparse;
mod sparse_rows;
mod table;

use std::ops::Range;

use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::binning::{BinMapper, BinningConfig, sampled_rows};
use crate::{GbdtError, feature};
pub(crate) use column::Column;
pub use sparse_rows::SparseRows;
pub(crate) use table::{GROUP, Group, Table};

/// Rows that are treated together, so that what is read and written of them stays in the cache.
const ROWS: usize = 1 << 9;

/// A table of features in bins.
///
/// The bins are kept twice: by columns, to part the rows of a leaf by one feature, and by rows, to sum up the
/// histograms of several features at once. That is two bytes a value, four where features have more than 256 bins;
/// the table itself is not kept. Features that share a place ([`BinningConfig::enable_bundle`]) take the room of one.
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

impl Dataset {
    /// Puts a table, a row for each sample and a column for each feature, into bins.
    ///
    /// NaN is a missing value; infinite values are values.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for a setting, [`GbdtError::TooManyRows`] for more than 2^31 - 1 rows,
    /// [`GbdtError::NoSuchFeature`] for a categorical feature that the table has not; [`GbdtError::CategoryTooLarge`].
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
        Self::of_rows(dense::Rows { table, some: None }, config)
    }

    /// The same of some rows of a table, which are not copied.
    pub(crate) fn of_some_rows(
        table: ArrayView2<'_, f64>,
        rows: &[usize],
        config: &BinningConfig,
    ) -> Result<Self, GbdtError> {
        Self::of_rows(dense::Rows { table, some: Some(rows) }, config)
    }

    fn of_rows(rows: dense::Rows<'_>, config: &BinningConfig) -> Result<Self, GbdtError> {
        let (n_rows, n_features) = (rows.len(), rows.table.ncols());
        let sampled = check(n_rows, n_features, config)?;
        let mappers = dense::mappers(rows, sampled.as_deref(), config);
        check_categories(&mappers)?;
        let bins = if are_narrow(&mappers) {
            Bins::Bytes(Table::new(dense::columns(rows, &mappers), &mappers, n_rows, config.enable_bundle))
        } else {
            Bins::Words(Table::new(dense::columns(rows, &mappers), &mappers, n_rows, config.enable_bundle))
        };
        Ok(Self { n_rows, names: feature::default_names(n_features), mappers, bins })
    }

    /// Puts sparse rows into bins, the same as those of the table as a whole.
    ///
    /// The table as a whole is never there: time goes with the numbers that are, as long as most features share a
    /// place ([`BinningConfig::enable_bundle`]). Besides the data set that takes 12 bytes for each of them. What is
    /// not there is zero, not missing.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Dataset, SparseRows};
    /// use ndarray::array;
    ///
    /// let config = BinningConfig { min_data_in_bin: 1, ..BinningConfig::default() };
    /// let rows = SparseRows::new(2, &[0, 1, 1, 3], &[1, 0, 1], &[7.0, -1.0, f64::NAN])?;
    /// let dataset = Dataset::from_sparse(rows, &config)?;
    /// let table = array![[0.0, 7.0], [0.0, 0.0], [-1.0, f64::NAN]];
    /// assert_eq!(dataset.mappers(), Dataset::new(table.view(), &config)?.mappers());
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn from_sparse(rows: SparseRows<'_>, config: &BinningConfig) -> Result<Self, GbdtError> {
        let (n_rows, n_features) = (rows.n_rows(), rows.n_columns());
        let sampled = check(n_rows, n_features, config)?;
        let mappers = sparse::mappers(rows, sampled.as_deref(), config);
        check_categories(&mappers)?;
        let bins = if are_narrow(&mappers) {
            let columns = sparse::columns(rows, &mappers, config);
            Bins::Bytes(Table::new(columns, &mappers, n_rows, config.enable_bundle))
        } else {
            let columns = sparse::columns(rows, &mappers, config);
            Bins::Words(Table::new(columns, &mappers, n_rows, config.enable_bundle))
        };
        Ok(Self { n_rows, names: feature::default_names(n_features), mappers, bins })
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

/// Looks whether a table of so many rows and features can be put into bins; gives the rows by which they are found,
/// `None` for all.
fn check(n_rows: usize, n_features: usize, config: &BinningConfig) -> Result<Option<Vec<usize>>, GbdtError> {
    const MOST: usize = i32::MAX as usize;
    config.check()?;
    if n_rows > MOST {
        return Err(GbdtError::TooManyRows { n_rows, most: MOST });
    }
    if let Some(&feature) = config.categorical_features.iter().find(|&&feature| feature >= n_features) {
        return Err(GbdtError::NoSuchFeature { feature, n_features });
    }
    Ok(sampled_rows(n_rows, config.bin_construct_sample_cnt, config.data_random_seed))
}

/// Looks whether sets of the categories can be kept.
fn check_categories(mappers: &[BinMapper]) -> Result<(), GbdtError> {
    const MOST: i32 = (1 << 20) - 1;
    for (feature, categories) in mappers.iter().map(BinMapper::categories).enumerate() {
        let too_large = categories.unwrap_or_default().iter().find(|&&category| category > MOST);
        if let Some(&category) = too_large {
            return Err(GbdtError::CategoryTooLarge { feature, category, most: MOST });
        }
    }
    Ok(())
}

/// Whether the bins of all features fit into bytes.
fn are_narrow(mappers: &[BinMapper]) -> bool {
    mappers.iter().all(|mapper| mapper.n_bins() <= 1 << 8)
}

/// Features that are read together: several of wide tables, as rows lie far apart, but enough blocks for all threads.
fn blocks(n_features: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    const MOST: usize = 32;
    let size = n_features.div_ceil(rayon::current_num_threads()).clamp(1, MOST);
    let n_blocks = n_features.div_ceil(size);
    (0..n_blocks).into_par_iter().map(move |block| block * size..((block + 1) * size).min(n_features))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bin;
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
                        let column = bins.codes(features[0]);
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
