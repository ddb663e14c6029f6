//! The best set of categories to go left.
//!
//! Few categories are tried one against all others. More are sorted by their mean slope, G / (H + `cat_smooth`), and
//! those from either end up to some category are tried against the rest (Fisher 1958: for the best of all sets no
//! others need be looked at).

use crate::config::BoosterConfig;
use crate::constrained::{Constraints, Place};
use crate::histogram::Sums;
use crate::splitting::{LeafSums, Rules, Split, TINY};

/// What sets of categories are held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CategoryRules {
    cat_smooth: f64,
    cat_l2: f64,
    max_cat_threshold: usize,
    max_cat_to_onehot: usize,
    min_data_per_group: i64,
}

/// A leaf and what its splits are held to.
#[derive(Clone, Copy)]
pub(crate) struct OfLeaf<'a> {
    pub(crate) sums: LeafSums,
    pub(crate) place: Place,
    pub(crate) rules: &'a Rules,
    pub(crate) constraints: Option<&'a Constraints>,
}

impl OfLeaf<'_> {
    fn gain(&self, sides: [(Sums, i64); 2], rules: &Rules) -> f64 {
        match self.constraints {
            None => rules.gain(sides[0].0[0], sides[0].0[1]) + rules.gain(sides[1].0[0], sides[1].0[1]),
            Some(constraints) => constraints.gain(sides, 0, self.place, rules),
        }
    }

    fn values(&self, sides: [(Sums, i64); 2], rules: &Rules) -> [f64; 2] {
        sides.map(|(sums, n_rows)| match self.constraints {
            None => rules.leaf_value(sums),
            Some(constraints) => constraints.value(sums, n_rows, self.place, rules),
        })
    }

    /// What a split has to gain.
    fn least(&self, total: Sums) -> f64 {
        let gain = match self.constraints {
            None => self.rules.gain(total[0], total[1]),
            Some(constraints) => constraints.gain_as_it_is(total, self.place, self.rules),
        };
        gain + self.rules.min_gain_to_split()
    }
}

/// The best set so far.
struct Found {
    gain: f64,
    left: Sums,
    n_left: i64,
    /// How many categories of which order are taken.
    n_taken: usize,
    order: usize,
}

impl CategoryRules {
    pub(crate) fn of(config: &BoosterConfig) -> Self {
        Self {
            cat_smooth: config.cat_smooth,
            cat_l2: config.cat_l2,
            max_cat_threshold: config.max_cat_threshold,
            max_cat_to_onehot: config.max_cat_to_onehot,
            min_data_per_group: config.min_data_per_group as i64,
        }
    }

    /// The best split of a leaf by a feature of categories, and the bins that go left. Bin 0, which is that of missing
    /// values, goes right.
    pub(crate) fn best_split(
        &self,
        feature: usize,
        bins: &[Sums],
        leaf: OfLeaf<'_>,
    ) -> Option<(Split, Vec<u32>)> {
        let total = [leaf.sums.gradients, leaf.sums.hessians + 2.0 * TINY];
        let n_rows = leaf.sums.n_rows as i64;
        let rows_per_hessian = n_rows as f64 / total[1];
        let rows_of = |bin: usize| (bins[bin][1] * rows_per_hessian + 0.5) as i64;
        let least = leaf.least(total);
        let is_one_against_all = bins.len() <= self.max_cat_to_onehot;
        let rules = if is_one_against_all { *leaf.rules } else { leaf.rules.with_more_l2(self.cat_l2) };
        let mut best: Option<Found> = None;
        let mut consider = |left: Sums, n_left: i64, n_taken: usize, order: usize| {
            let right = [total[0] - left[0], total[1] - left[1]];
            let gain = leaf.gain([(left, n_left), (right, n_rows - n_left)], &rules);
            if gain > least && best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(Found { gain, left, n_left, n_taken, order });
            }
        };
        let orders = if is_one_against_all {
            for (bin, sums) in bins.iter().enumerate().skip(1) {
                let n_left = rows_of(bin);
                let others = total[1] - sums[1] - TINY;
                if !rules.is_too_small(n_left, sums[1]) && !rules.is_too_small(n_rows - n_left, others) {
                    consider([sums[0], sums[1] + TINY], n_left, 1, bin - 1);
                }
            }
            (1..bins.len()).map(|bin| vec![bin as u32]).collect()
        } else {
            let orders = self.orders(bins, rows_of);
            for (index, order) in orders.iter().enumerate() {
                self.take_one_by_one(order, bins, total, n_rows, &rules, rows_of, |left, n_left, n_taken| {
                    consider(left, n_left, n_taken, index);
                });
            }
            orders
        };
        let found = best?;
        let right = [total[0] - found.left[0], total[1] - found.left[1]];
        let sides = [(found.left, found.n_left), (right, n_rows - found.n_left)];
        let split = Split {
            feature,
            threshold: 0,
            missing_goes_left: false,
            gain: found.gain - least,
            left: found.left,
            right,
            values: Some(leaf.values(sides, &rules)),
        };
        let mut taken = orders.into_iter().nth(found.order)?;
        taken.truncate(found.n_taken);
        Some((split, taken))
    }

    /// The bins that are frequent enough, the lowest mean slope first, and the other way round.
    fn orders(&self, bins: &[Sums], rows_of: impl Fn(usize) -> i64) -> Vec<Vec<u32>> {
        let mean = |bin: u32| {
            let sums = bins[bin as usize];
            // Zeros of both signs are one.
            sums[0] / (sums[1] + self.cat_smooth) + 0.0
        };
        let is_frequent = |bin: &u32| rows_of(*bin as usize) as f64 >= self.cat_smooth;
        let mut upwards: Vec<u32> = (1..bins.len() as u32).filter(is_frequent).collect();
        upwards.sort_by(|&left, &right| mean(left).total_cmp(&mean(right)));
        let downwards = upwards.iter().rev().copied().collect();
        vec![upwards, downwards]
    }

    /// Takes categories one by one, and considers those taken where they are enough.
    #[expect(clippy::too_many_arguments)]
    fn take_one_by_one(
        &self,
        order: &[u32],
        bins: &[Sums],
        total: Sums,
        n_rows: i64,
        rules: &Rules,
        rows_of: impl Fn(usize) -> i64,
        mut consider: impl FnMut(Sums, i64, usize),
    ) {
        let most = self.max_cat_threshold.min(order.len().div_ceil(2));
        let (mut left, mut n_left, mut n_of_group) = ([0.0, TINY], 0, 0);
        for (index, &bin) in order[..most].iter().enumerate() {
            let sums = bins[bin as usize];
            left = [left[0] + sums[0], left[1] + sums[1]];
            n_left += rows_of(bin as usize);
            n_of_group += rows_of(bin as usize);
            if rules.is_too_small(n_left, left[1]) {
                continue;
            }
            let n_right = n_rows - n_left;
            if rules.is_too_small(n_right, total[1] - left[1]) || n_right < self.min_data_per_group {
                break;
            }
            if n_of_group >= self.min_data_per_group {
                n_of_group = 0;
                consider(left, n_left, index + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(bins: &[Sums], config: BoosterConfig) -> Option<(Split, Vec<u32>)> {
        let sums = LeafSums {
            gradients: bins.iter().map(|sums| sums[0]).sum(),
            hessians: bins.iter().map(|sums| sums[1]).sum(),
            n_rows: bins.iter().map(|sums| sums[1] as usize).sum(),
        };
        let place = Place { value: 0.0, bounds: Place::UNBOUNDED, depth: 0 };
        let leaf = OfLeaf { sums, place, rules: &Rules::of(&config), constraints: None };
        CategoryRules::of(&config).best_split(3, bins, leaf)
    }

    #[test]
    fn one_category_of_few_is_set_apart() {
        let bins = [[0.0, 0.0], [-50.0, 50.0], [70.0, 50.0], [-50.0, 50.0]];
        let (split, taken) = split(&bins, BoosterConfig::default()).unwrap();
        assert_eq!(taken, [2]);
        assert_eq!((split.feature, split.left[0], split.right[0]), (3, 70.0, -100.0));
    }

    #[test]
    fn many_categories_are_parted_by_their_means() {
        // Even bins pull one way, odd ones the other.
        let bins: Vec<Sums> =
            (0..11).map(|bin| [if bin == 0 { 0.0 } else { [-40.0, 40.0][bin % 2] }, 120.0]).collect();
        let (split, mut taken) = split(&bins, BoosterConfig::default()).unwrap();
        taken.sort_unstable();
        assert_eq!(taken, [2, 4, 6, 8, 10]);
        assert_eq!(split.left[0], -200.0);
        let few = BoosterConfig { max_cat_threshold: 2, ..BoosterConfig::default() };
        let (_, taken) = super::tests::split(&bins, few).unwrap();
        assert_eq!(taken.len(), 2);
    }

    #[test]
    fn rare_categories_and_bins_of_nothing_are_left_alone() {
        let rare: Vec<Sums> = (0..20).map(|bin| [f64::from(bin) - 10.0, 5.0]).collect();
        assert!(split(&rare, BoosterConfig::default()).is_none());
        assert!(split(&[[0.0, 10.0]], BoosterConfig::default()).is_none());
    }
}
