//! The bins of a feature: from its values to small integers, in their order.

mod bounds;
mod categories;
mod lookup;
mod sample;
mod sort;

use serde::{Deserialize, Serialize};

use crate::GbdtError;
pub(crate) use lookup::Lookup;
pub(crate) use sample::{Lcg, sampled_rows};

/// Values this close to zero are zero. A single-precision constant: which trees grow depends on it.
pub(crate) const ZERO: f64 = 1e-35f32 as f64;

/// Below this share of the rows the most frequent bin is taken to be that of zero.
const MOST: f64 = 0.7;

/// How the values of features become bins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BinningConfig {
    /// The most bins of a feature, from 2 to 65535, that of missing values among them. Default: 255.
    pub max_bin: usize,
    /// A bin holds at least so many of the rows looked at, where values are distinct enough; 0 is as 1. Default: 3.
    pub min_data_in_bin: usize,
    /// Rows looked at to find the bins, drawn at random from tables with more; from 1 on. Default: 200000.
    pub bin_construct_sample_cnt: usize,
    /// The seed of that draw. Default: 1.
    pub data_random_seed: u32,
    /// The features whose values are categories, integers from 0 on, in no order. What follows the decimal point is cut
    /// off, negative values are missing, and so is what is above 2^31. Categories that are frequent enough for a bin of
    /// their own go up to 1048575. Default: none.
    pub categorical_features: Vec<usize>,
    /// Whether features of which no row has more than one away from its most frequent bin are kept as one, which makes
    /// wide sparse tables fast and changes no tree. Default: true.
    pub enable_bundle: bool,
}

impl Default for BinningConfig {
    fn default() -> Self {
        Self {
            max_bin: 255,
            min_data_in_bin: 3,
            bin_construct_sample_cnt: 200_000,
            data_random_seed: 1,
            categorical_features: Vec::new(),
            enable_bundle: true,
        }
    }
}

impl BinningConfig {
    pub(crate) fn check(&self) -> Result<(), GbdtError> {
        let out_of_range = |setting, value: usize, allowed| {
            Err(GbdtError::OutOfRange { setting, value: value as f64, allowed })
        };
        if !(2..=65_535).contains(&self.max_bin) {
            return out_of_range("max_bin", self.max_bin, "from 2 to 65535");
        }
        if self.bin_construct_sample_cnt == 0 {
            return out_of_range("bin_construct_sample_cnt", 0, "above 0");
        }
        Ok(())
    }
}

/// The bins of one feature.
///
/// Bin k holds the values above the upper bound of bin k - 1, up to its own. Negative values, zero and positive
/// values are in different bins. NaN has the last bin, if the rows looked at had any; else it is taken for zero.
///
/// Categories have a bin each, the most frequent first, from bin 1 on; those too rare for that, and missing values,
/// have bin 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BinMapper {
    upper_bounds: Vec<f64>,
    has_missing: bool,
    /// The bin of zero.
    default_bin: usize,
    /// The bin that is not summed up but found from the others.
    most_frequent_bin: usize,
    /// Rows of each bin, among those looked at.
    counts: Vec<usize>,
    /// The smallest and the largest value looked at; NaN where there is none.
    range: [f64; 2],
    /// The category of each bin; empty for numbers.
    categories: Vec<i32>,
    /// The bins of categories, in the order of these.
    by_category: Vec<(i32, u16)>,
}

impl BinMapper {
    /// Finds the bins of a feature by its values in `n_rows` rows; those that are not there are zero.
    pub(crate) fn of_feature(
        feature: usize,
        values: Vec<f64>,
        n_rows: usize,
        config: &BinningConfig,
    ) -> Self {
        if config.categorical_features.contains(&feature) {
            Self::find_categories(values, n_rows, config)
        } else {
            Self::find(values, n_rows, config)
        }
    }

    /// Finds the bins of numbers.
    pub(crate) fn find(values: Vec<f64>, n_rows: usize, config: &BinningConfig) -> Self {
        let Sorted { values, n_zeros, n_missing } = Sorted::new(values, n_rows);
        let (mut lowest, mut highest) = (f64::NAN, f64::NAN);
        if let (Some(&first), Some(&last)) = (values.first(), values.last()) {
            let with_zero =
                |value: f64, of: fn(f64, f64) -> f64| if n_zeros > 0 { of(value, 0.0) } else { value };
            (lowest, highest) = (with_zero(first, f64::min), with_zero(last, f64::max));
        } else if n_zeros > 0 {
            (lowest, highest) = (0.0, 0.0);
        }
        let distinct = bounds::distinct(&values, n_zeros);
        let has_missing = n_missing > 0;
        let max_bin = config.max_bin - usize::from(has_missing);
        let upper_bounds = bounds::find(&distinct, max_bin, config.min_data_in_bin);
        let mut mapper = Self {
            counts: vec![0; upper_bounds.len() + usize::from(has_missing)],
            default_bin: bin_of(&upper_bounds, 0.0),
            most_frequent_bin: 0,
            upper_bounds,
            has_missing,
            range: [lowest, highest],
            categories: Vec::new(),
            by_category: Vec::new(),
        };
        let mut bin = 0;
        for &(value, count) in &distinct {
            // They are in their order, and the last bound is infinite.
            while mapper.upper_bounds[bin] < value {
                bin += 1;
            }
            mapper.counts[bin] += count;
        }
        if let (true, Some(last)) = (has_missing, mapper.counts.last_mut()) {
            *last = n_missing;
        }
        // The first of the largest.
        let most = mapper.counts.iter().max().copied().unwrap_or(0);
        let first = mapper.counts.iter().position(|&count| count == most).unwrap_or(0);
        let is_most = most as f64 / n_rows as f64 >= MOST;
        mapper.most_frequent_bin = if is_most { first } else { mapper.default_bin };
        mapper
    }

    /// Finds the bins of categories.
    fn find_categories(values: Vec<f64>, n_rows: usize, config: &BinningConfig) -> Self {
        if n_rows == 0 {
            return categories::find(&[], 0, config);
        }
        let Sorted { values, n_zeros, n_missing } = Sorted::new(values, n_rows);
        categories::find(&bounds::distinct(&values, n_zeros), n_missing, config)
    }

    /// The category of each bin, -1 for the first, which is that of missing values; `None` for numbers.
    pub fn categories(&self) -> Option<&[i32]> {
        (!self.categories.is_empty()).then_some(&self.categories)
    }

    pub(crate) fn is_categorical(&self) -> bool {
        !self.categories.is_empty()
    }

    /// The number of bins, that of missing values among them.
    pub fn n_bins(&self) -> usize {
        self.counts.len()
    }

    /// The upper bounds of the bins but that of missing values; the last is infinite.
    pub fn upper_bounds(&self) -> &[f64] {
        &self.upper_bounds
    }

    /// Whether the rows looked at had missing values (NaN): they are in the last bin, or with categories in the first
    /// one, beside rare categories.
    pub fn has_missing(&self) -> bool {
        self.has_missing
    }

    /// The smallest and the largest value looked at; NaN where there was none.
    pub fn range(&self) -> [f64; 2] {
        self.range
    }

    /// The bin of a value.
    #[inline]
    pub fn bin(&self, value: f64) -> usize {
        if self.is_categorical() {
            return self.bin_of_category(value);
        }
        if value.is_nan() {
            return if self.has_missing { self.n_bins() - 1 } else { self.default_bin };
        }
        bin_of(&self.upper_bounds, value)
    }

    fn bin_of_category(&self, value: f64) -> usize {
        if !(value > -1.0 && value < f64::from(i32::MAX)) {
            return 0;
        }
        let found = self.by_category.binary_search_by_key(&(value as i32), |&(category, _)| category);
        found.map_or(0, |index| usize::from(self.by_category[index].1))
    }

    /// The share of the rows looked at that are not in the most frequent bin.
    pub(crate) fn share_away(&self) -> f64 {
        let n_rows: usize = self.counts.iter().sum();
        (n_rows - self.counts[self.most_frequent_bin]) as f64 / n_rows.max(1) as f64
    }

    /// The bin of zero.
    pub(crate) fn default_bin(&self) -> usize {
        self.default_bin
    }

    pub(crate) fn most_frequent_bin(&self) -> usize {
        self.most_frequent_bin
    }

    /// Whether no threshold leaves `min_data_in_leaf` of the rows looked at on both sides.
    pub(crate) fn is_trivial(&self, min_data_in_leaf: usize) -> bool {
        let n_rows: usize = self.counts.iter().sum();
        if self.is_categorical() && self.n_bins() > 2 {
            return false;
        }
        let mut below = 0;
        !self.counts[..self.n_bins().saturating_sub(1)].iter().any(|count| {
            below += count;
            below >= min_data_in_leaf && n_rows - below >= min_data_in_leaf
        })
    }
}

/// Values in their order, those that are zero or missing left out.
struct Sorted {
    values: Vec<f64>,
    n_zeros: usize,
    n_missing: usize,
}

impl Sorted {
    /// Of values in `n_rows` rows; those that are not there are zero.
    fn new(mut values: Vec<f64>, n_rows: usize) -> Self {
        let n_values = values.len();
        values.retain(|value| !value.is_nan());
        let n_missing = n_values - values.len();
        values.retain(|value| value.abs() > ZERO);
        let n_zeros = n_rows - n_missing - values.len();
        sort::sort(&mut values);
        Self { values, n_zeros, n_missing }
    }
}

/// The first bin whose upper bound is not below a value.
#[inline]
fn bin_of(upper_bounds: &[f64], value: f64) -> usize {
    upper_bounds.partition_point(|&bound| bound < value).min(upper_bounds.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapper(values: &[f64], max_bin: usize) -> BinMapper {
        let config = BinningConfig { max_bin, min_data_in_bin: 1, ..BinningConfig::default() };
        BinMapper::find(values.to_vec(), values.len(), &config)
    }

    #[test]
    fn few_values_have_a_bin_each_with_bounds_between_them() {
        let mapper = mapper(&[3.0, 1.0, 2.0, 1.0], 255);
        // Zero has a bin of its own, though no row is there.
        assert_eq!(mapper.n_bins(), 4);
        assert_eq!(mapper.upper_bounds()[0], ZERO);
        assert!((mapper.upper_bounds()[1] - 1.5).abs() < 1e-15 && mapper.upper_bounds()[3] == f64::INFINITY);
        assert_eq!([-7.0, 0.0, 1.0, 1.5, 1.6, 9.0].map(|value| mapper.bin(value)), [0, 0, 1, 1, 2, 3]);
        assert_eq!(mapper.range(), [1.0, 3.0]);
    }

    #[test]
    fn missing_values_are_last() {
        let with = mapper(&[f64::NAN, -1.0, 0.0, 1.0], 255);
        assert_eq!(with.n_bins(), 4);
        assert_eq!([f64::NAN, -1.0, 0.0, 1.0].map(|value| with.bin(value)), [3, 0, 1, 2]);
        let without = mapper(&[-1.0, 0.0, 1.0], 255);
        assert_eq!(without.bin(f64::NAN), without.bin(0.0));
    }

    #[test]
    fn many_values_share_bins_of_about_equal_numbers() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let mapper = mapper(&values, 11);
        assert!(mapper.n_bins() <= 11);
        assert!(mapper.counts[1..].iter().all(|&count| (90..=200).contains(&count)), "{:?}", mapper.counts);
        assert_eq!(mapper.counts.iter().sum::<usize>(), 1000);
    }

    #[test]
    fn a_column_of_nothing_has_one_bin() {
        for column in [vec![f64::NAN; 3], vec![0.0; 3], vec![]] {
            let mapper = mapper(&column, 255);
            assert!(mapper.is_trivial(1), "{mapper:?}");
        }
        assert!(mapper(&[5.0; 9], 255).is_trivial(1));
        assert!(!mapper(&[5.0, 6.0], 255).is_trivial(1));
    }

    #[test]
    fn infinite_values_are_values() {
        // Half-way between 1 and infinity is infinity: both have one bin.
        let mapper = mapper(&[f64::NEG_INFINITY, -1.0, 1.0, f64::INFINITY], 255);
        assert_eq!(mapper.bin(f64::INFINITY), mapper.bin(1.0));
        assert_eq!([f64::NEG_INFINITY, -1.0].map(|value| mapper.bin(value)), [0, 1]);
    }
}
