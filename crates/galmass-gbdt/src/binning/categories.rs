//! The bins of categories, as LightGBM finds them: the most frequent have one each.

use super::{BinMapper, BinningConfig, MOST};

/// Finds the bins of a feature whose values are categories by distinct values with their numbers of rows, of which
/// `n_missing` more are NaN.
///
/// Bin 0 is for what is missing, negative, or too rare for a bin of its own.
pub(super) fn find(distinct: &[(f64, usize)], n_missing: usize, config: &BinningConfig) -> BinMapper {
    let n_rows = distinct.iter().map(|(_, count)| count).sum::<usize>() + n_missing;
    let mut n_missing = n_missing;
    let mut counts: Vec<(i32, usize)> = Vec::new();
    for &(value, count) in distinct {
        // What follows the decimal point is cut off.
        let category = value as i32;
        match counts.last_mut() {
            _ if !(value > -1.0 && value < f64::from(i32::MAX)) => n_missing += count,
            Some(last) if last.0 == category => last.1 += count,
            _ => counts.push((category, count)),
        }
    }
    // Stable: of two that are as frequent the lower comes first.
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let n_values = n_rows - n_missing;
    let enough = (f64::from(n_values as f32 * 0.99) + 0.5) as usize;
    let most = config.max_bin.min(counts.len() + usize::from(n_missing > 0));
    let (mut categories, mut in_bins, mut n_used) = (vec![-1], vec![0], 0);
    if n_values > 0 {
        for (index, &(category, count)) in counts.iter().enumerate() {
            let is_enough = n_used >= enough && categories.len() >= most;
            if is_enough
                || (count < config.min_data_in_bin && index > 1)
                || categories.len() > usize::from(u16::MAX)
            {
                break;
            }
            categories.push(category);
            in_bins.push(count);
            n_used += count;
        }
    }
    let has_missing = n_missing > 0 || categories.len() <= counts.len();
    in_bins[0] = n_rows - n_used;
    let mut by_category: Vec<(i32, u16)> =
        (1..categories.len()).map(|bin| (categories[bin], bin as u16)).collect();
    by_category.sort_unstable();
    let mut mapper = BinMapper {
        upper_bounds: Vec::new(),
        has_missing,
        default_bin: 0,
        most_frequent_bin: 0,
        counts: in_bins,
        range: [f64::NAN; 2],
        categories,
        by_category,
    };
    mapper.default_bin = mapper.bin(0.0);
    let count = mapper.counts.iter().max().copied().unwrap_or(0);
    let first = mapper.counts.iter().position(|&found| found == count).unwrap_or(0);
    let is_most = count as f64 / n_rows as f64 >= MOST;
    mapper.most_frequent_bin = if is_most { first } else { mapper.default_bin };
    mapper
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapper(values: &[f64], config: BinningConfig) -> BinMapper {
        BinMapper::find_categories(values.to_vec(), values.len(), &config)
    }

    #[test]
    fn frequent_categories_come_first() {
        let values = [3.0, 3.0, 3.0, 7.0, 0.0, 0.0, 7.9, f64::NAN, -2.0];
        let mapper = mapper(&values, BinningConfig { min_data_in_bin: 1, ..Default::default() });
        assert_eq!(mapper.categories(), Some(&[-1, 3, 0, 7][..]));
        assert_eq!(mapper.counts, [2, 3, 2, 2]);
        assert!(mapper.has_missing());
        let bins =
            [3.0, 3.5, 0.0, -0.5, 7.0, 8.0, -1.0, f64::NAN, 1e300, -1e300].map(|value| mapper.bin(value));
        assert_eq!(bins, [1, 1, 2, 2, 3, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn rare_categories_share_the_bin_of_missing_ones() {
        let values: Vec<f64> =
            (0..1000).map(|row| if row < 990 { f64::from(row % 3) } else { f64::from(row) }).collect();
        let mapper = mapper(&values, BinningConfig::default());
        assert_eq!(mapper.n_bins(), 4);
        assert_eq!(mapper.bin(995.0), 0);
        assert!(mapper.has_missing());
    }

    #[test]
    fn nothing_but_missing_values_has_one_bin() {
        for values in [vec![], vec![f64::NAN; 5], vec![-1.0; 5]] {
            let mapper = mapper(&values, BinningConfig::default());
            assert!(mapper.n_bins() == 1 && mapper.is_trivial(1), "{mapper:?}");
        }
    }
}
