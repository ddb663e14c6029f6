//! The best threshold of a feature in a leaf.
//!
//! ```text
//! gain = T(G_L)^2 / (H_L + l2) + T(G_R)^2 / (H_R + l2) - T(G)^2 / (H + l2) ,   T(G) = sign(G) max(|G| - l1, 0)
//! ```
//!
//! Thresholds are tried from the highest down, and the first of the best is taken. Where a feature has missing values,
//! these go left in that pass, and right in a second one, upwards, that must do better. The order of each sum is
//! LightGBM's: which of two thresholds that are as good wins hangs on the last digit.

use crate::binning::BinMapper;
use crate::config::BoosterConfig;
use crate::histogram::Sums;

/// What keeps hessians above zero. A single-precision constant, as LightGBM has it.
pub(crate) const TINY: f64 = 1e-15f32 as f64;

/// The sums over the rows of a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LeafSums {
    pub(crate) gradients: f64,
    pub(crate) hessians: f64,
    pub(crate) n_rows: usize,
}

/// A way to split a leaf.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) feature: usize,
    /// Bins up to this one go left.
    pub(crate) threshold: usize,
    pub(crate) missing_goes_left: bool,
    /// Beyond the least that a split has to gain.
    pub(crate) gain: f64,
    /// The sums on both sides, hessians with [`TINY`] still in them.
    pub(crate) left: [f64; 2],
    pub(crate) right: [f64; 2],
}

impl Split {
    /// Whether it is better: more gain, or as much at a lower feature.
    pub(crate) fn is_better_than(&self, other: &Self) -> bool {
        self.gain > other.gain || (self.gain == other.gain && self.feature < other.feature)
    }
}

/// What the gain of splits and the values of leaves follow from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    lambda_l1: f64,
    lambda_l2: f64,
    min_gain_to_split: f64,
    min_data_in_leaf: i64,
    min_sum_hessian_in_leaf: f64,
}

impl Rules {
    pub(crate) fn of(config: &BoosterConfig) -> Self {
        Self {
            lambda_l1: config.lambda_l1,
            lambda_l2: config.lambda_l2,
            min_gain_to_split: config.min_gain_to_split,
            min_data_in_leaf: config.min_data_in_leaf as i64,
            min_sum_hessian_in_leaf: config.min_sum_hessian_in_leaf,
        }
    }

    #[inline(always)]
    fn gain(&self, gradients: f64, hessians: f64) -> f64 {
        let gradients = self.beyond_l1(gradients);
        gradients * gradients / (hessians + self.lambda_l2)
    }

    #[inline(always)]
    fn beyond_l1(&self, gradients: f64) -> f64 {
        if self.lambda_l1 > 0.0 {
            gradients.signum() * (gradients.abs() - self.lambda_l1).max(0.0)
        } else {
            gradients
        }
    }

    /// The value of a leaf with these sums.
    pub(crate) fn leaf_value(&self, [gradients, hessians]: [f64; 2]) -> f64 {
        -self.beyond_l1(gradients) / (hessians + self.lambda_l2)
    }

    /// The gain of a split with what every split has to gain.
    pub(crate) fn whole_gain(&self, split: &Split) -> f64 {
        split.gain + self.min_gain_to_split
    }

    pub(crate) fn min_data_in_leaf(&self) -> usize {
        self.min_data_in_leaf as usize
    }

    fn is_too_small(&self, n_rows: i64, hessians: f64) -> bool {
        n_rows < self.min_data_in_leaf || hessians < self.min_sum_hessian_in_leaf
    }
}

/// Room for the thresholds of one feature, used again.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    thresholds: Vec<u32>,
    left: [Vec<f64>; 2],
    right: [Vec<f64>; 2],
    gains: Vec<f64>,
}

impl Candidates {
    fn clear(&mut self) {
        self.thresholds.clear();
        self.left.iter_mut().chain(&mut self.right).for_each(Vec::clear);
    }

    #[inline(always)]
    fn push(&mut self, threshold: usize, left: [f64; 2], right: [f64; 2]) {
        self.thresholds.push(threshold as u32);
        for k in 0..2 {
            self.left[k].push(left[k]);
            self.right[k].push(right[k]);
        }
    }

    /// The first candidate of the largest gain above `least`.
    fn best(&mut self, rules: &Rules, least: f64) -> Option<(usize, f64)> {
        let n = self.thresholds.len();
        self.gains.resize(n, 0.0);
        let [left_gradients, left_hessians] = [&self.left[0][..n], &self.left[1][..n]];
        let [right_gradients, right_hessians] = [&self.right[0][..n], &self.right[1][..n]];
        let gains = &mut self.gains[..n];
        for k in 0..n {
            gains[k] = rules.gain(left_gradients[k], left_hessians[k])
                + rules.gain(right_gradients[k], right_hessians[k]);
        }
        let mut best = None;
        let mut most = least;
        for (index, &gain) in gains.iter().enumerate() {
            if gain > most {
                (best, most) = (Some((index, gain)), gain);
            }
        }
        best
    }
}

/// A feature of a leaf, to be split.
struct Scan<'a> {
    bins: &'a [Sums],
    rules: &'a Rules,
    /// Of the leaf, hessians with twice [`TINY`] added.
    gradients: f64,
    hessians: f64,
    n_rows: i64,
    /// What turns hessians into rows.
    rows_per_hessian: f64,
}

impl Scan<'_> {
    /// The rows of a bin, as far as its hessian tells.
    #[inline(always)]
    fn rows_of(&self, sums: Sums) -> i64 {
        (sums[1] * self.rows_per_hessian + 0.5) as i64
    }

    /// Thresholds below `end`, the highest first.
    fn downwards(&self, end: usize, candidates: &mut Candidates) {
        let (mut gradients, mut hessians, mut n_rows) = (0.0, TINY, 0);
        for bin in (1..end).rev() {
            let sums = self.bins[bin];
            gradients += sums[0];
            hessians += sums[1];
            n_rows += self.rows_of(sums);
            if self.rules.is_too_small(n_rows, hessians) {
                continue;
            }
            let left_hessians = self.hessians - hessians;
            if self.rules.is_too_small(self.n_rows - n_rows, left_hessians) {
                break;
            }
            candidates.push(bin - 1, [self.gradients - gradients, left_hessians], [gradients, hessians]);
        }
    }

    /// Thresholds below `end`, the lowest first; bins from `end` on go right.
    fn upwards(&self, end: usize, bin_0_is_known: bool, candidates: &mut Candidates) {
        let (mut gradients, mut hessians, mut n_rows) = (0.0, TINY, 0);
        let mut bins = 0..end;
        if !bin_0_is_known {
            // What the others leave.
            (gradients, hessians, n_rows) = (self.gradients, self.hessians - TINY, self.n_rows);
            for &sums in &self.bins[1..] {
                gradients -= sums[0];
                hessians -= sums[1];
                n_rows -= self.rows_of(sums);
            }
            bins.start = 1;
            if !self.try_upwards(0, [gradients, hessians], n_rows, candidates) {
                return;
            }
        }
        for bin in bins {
            let sums = self.bins[bin];
            gradients += sums[0];
            hessians += sums[1];
            n_rows += self.rows_of(sums);
            if !self.try_upwards(bin, [gradients, hessians], n_rows, candidates) {
                return;
            }
        }
    }

    /// Whether to go on.
    #[inline(always)]
    fn try_upwards(&self, bin: usize, left: [f64; 2], n_rows: i64, candidates: &mut Candidates) -> bool {
        if self.rules.is_too_small(n_rows, left[1]) {
            return true;
        }
        let right_hessians = self.hessians - left[1];
        if self.rules.is_too_small(self.n_rows - n_rows, right_hessians) {
            return false;
        }
        candidates.push(bin, left, [self.gradients - left[0], right_hessians]);
        true
    }
}

/// The best split of a leaf by one feature, and whether there is any that gains something.
pub(crate) fn best_split(
    feature: usize,
    bins: &[Sums],
    mapper: &BinMapper,
    leaf: LeafSums,
    rules: &Rules,
    candidates: &mut Candidates,
) -> Option<Split> {
    let hessians = leaf.hessians + 2.0 * TINY;
    let scan = Scan {
        bins,
        rules,
        gradients: leaf.gradients,
        hessians,
        n_rows: leaf.n_rows as i64,
        rows_per_hessian: leaf.n_rows as f64 / hessians,
    };
    let least = rules.gain(leaf.gradients, hessians) + rules.min_gain_to_split;
    // With two bins, one of them of missing values, there is one threshold and nothing to try both ways.
    let tries_both = mapper.has_missing() && mapper.n_bins() > 2;
    let end = mapper.n_bins() - usize::from(tries_both);

    let mut split = None;
    let take = |candidates: &mut Candidates, least_of_pass: f64, missing_goes_left: bool| {
        let (index, gain) = candidates.best(rules, least)?;
        (gain > least_of_pass).then(|| {
            let left = [candidates.left[0][index], candidates.left[1][index]];
            Split {
                feature,
                threshold: candidates.thresholds[index] as usize,
                missing_goes_left,
                gain: gain - least,
                left,
                // Not what was summed up: the last digit is that of the difference.
                right: [leaf.gradients - left[0], hessians - left[1]],
            }
        })
    };
    candidates.clear();
    scan.downwards(end, candidates);
    if let Some(found) = take(candidates, f64::NEG_INFINITY, tries_both || !mapper.has_missing()) {
        split = Some(found);
    }
    if tries_both {
        candidates.clear();
        scan.upwards(end, mapper.most_frequent_bin() > 0, candidates);
        let least_of_pass = split.map_or(f64::NEG_INFINITY, |split: Split| split.gain + least);
        if let Some(found) = take(candidates, least_of_pass, false) {
            split = Some(found);
        }
    }
    split
}
