//! Exclusive feature bundling (Ke et al. 2017, section 4): features of which no row has more than one away from its
//! most frequent bin share a place in the words of rows.
//!
//! The sums of most frequent bins are not summed up but found from the others, so nothing is lost: histograms and trees
//! are the same to the last bit.

use crate::Bin;
use crate::binning::BinMapper;
use crate::dataset::Column;

/// Features with more rows than this away from their most frequent bin stay alone.
const MOST: f64 = 0.2;

/// The most bundles that a feature is tried with.
const TRIES: usize = 64;

/// The most bins of all features of a bundle: those of a byte.
const MOST_BINS: usize = 1 << 8;

/// Features that share a place, and the rows that are taken.
struct Bundle {
    features: Vec<usize>,
    n_bins: usize,
    taken: Vec<u64>,
}

impl Bundle {
    fn has_room(&self, rows: &[u32], n_bins: usize) -> bool {
        let is_free = |&row: &u32| self.taken[row as usize / 64] >> (row % 64) & 1 == 0;
        self.n_bins + n_bins <= MOST_BINS && rows.iter().all(is_free)
    }

    fn put(&mut self, feature: usize, rows: &[u32], n_bins: usize) {
        self.features.push(feature);
        self.n_bins += n_bins;
        rows.iter().for_each(|&row| self.taken[row as usize / 64] |= 1 << (row % 64));
    }
}

/// Whether a feature may share a place.
pub(crate) fn is_sparse(mapper: &BinMapper) -> bool {
    mapper.share_away() <= MOST && mapper.n_bins() <= MOST_BINS / 2
}

/// Parts the features into bundles, most of them alone, in the order of the first feature of each.
pub(crate) fn find<B: Bin>(columns: &[Column<B>], mappers: &[BinMapper], n_rows: usize) -> Vec<Vec<usize>> {
    let mut sparse = Vec::new();
    let mut bundles = Vec::new();
    for (feature, (column, mapper)) in columns.iter().zip(mappers).enumerate() {
        if is_sparse(mapper) {
            sparse.push((feature, column.rows_away(mapper.most_frequent_bin())));
        } else {
            bundles.push(vec![feature]);
        }
    }
    // Those with many rows first: the others find a place beside them.
    sparse.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    let mut shared: Vec<Bundle> = Vec::new();
    for (feature, rows) in sparse {
        let n_bins = mappers[feature].n_bins();
        // The newest have the most room.
        let place = shared.iter().rev().take(TRIES).position(|bundle| bundle.has_room(&rows, n_bins));
        match place {
            Some(place) => {
                let last = shared.len() - 1;
                shared[last - place].put(feature, &rows, n_bins);
            }
            None => {
                let taken = vec![0; n_rows.div_ceil(64)];
                let mut bundle = Bundle { features: Vec::new(), n_bins: 0, taken };
                bundle.put(feature, &rows, n_bins);
                shared.push(bundle);
            }
        }
    }
    bundles.extend(shared.into_iter().map(|bundle| bundle.features));
    bundles.iter_mut().for_each(|features| features.sort_unstable());
    bundles.sort_unstable();
    bundles
}

/// The codes of a place: the bins of its features one after the other. A row that is away from the most frequent bin of
/// one of them has its bin there; one that is at all of them has the most frequent bin of the first.
pub(crate) fn codes<B: Bin>(
    features: &[usize],
    mut columns: Vec<Column<B>>,
    mappers: &[BinMapper],
    n_rows: usize,
) -> Vec<B> {
    let Some(&first) = features.first() else { return Vec::new() };
    if let [Column::Dense(bins)] = &mut columns[..] {
        return std::mem::take(bins);
    }
    let mut codes = vec![B::from_index(mappers[first].most_frequent_bin()); n_rows];
    let mut start = 0;
    for (&feature, column) in features.iter().zip(columns) {
        let put = |row: usize, bin: B| codes[row] = B::from_index(start + bin.index());
        column.for_each_away(mappers[feature].most_frequent_bin(), put);
        start += mappers[feature].n_bins();
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BinningConfig;

    fn bundles(features: &[&dyn Fn(usize) -> f64]) -> (Vec<Vec<usize>>, Vec<Column<u8>>, Vec<BinMapper>) {
        let config = BinningConfig { min_data_in_bin: 1, ..BinningConfig::default() };
        let values = |of: &dyn Fn(usize) -> f64| (0..100).map(of).collect::<Vec<f64>>();
        let mappers: Vec<BinMapper> =
            features.iter().map(|of| BinMapper::find(values(of), 100, &config)).collect();
        let bins = |(of, mapper): (&&dyn Fn(usize) -> f64, &BinMapper)| {
            Column::Dense(values(of).iter().map(|&value| mapper.bin(value) as u8).collect())
        };
        let columns: Vec<Column<u8>> = features.iter().zip(&mappers).map(bins).collect();
        (find(&columns, &mappers, 100), columns, mappers)
    }

    #[test]
    fn features_that_exclude_each_other_share_a_place() {
        let one_of = |which: usize| move |row: usize| f64::from(u8::from(row % 10 == which));
        let [zero, three, seven] = [0, 3, 7].map(one_of);
        let dense = |row: usize| row as f64;
        let beside_three = |row: usize| if row == 13 { -2.0 } else { 0.0 };
        let all: [&dyn Fn(usize) -> f64; 5] = [&zero, &dense, &three, &beside_three, &seven];
        let (bundles, columns, mappers) = bundles(&all);
        assert_eq!(bundles, [vec![0, 2, 4], vec![1], vec![3]]);
        let mut columns: Vec<Option<Column<u8>>> = columns.into_iter().map(Some).collect();
        let of_bundle = bundles[0].iter().filter_map(|&feature| columns[feature].take()).collect();
        let codes = codes(&bundles[0], of_bundle, &mappers, 100);
        // Each of two bins; zero is the first.
        assert_eq!([0, 1, 3, 7, 10].map(|row| codes[row]), [1, 0, 3, 5, 1]);
    }
}
