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
    /// The values of both sides, where they are not what the sums say.
    pub(crate) values: Option<[f64; 2]>,
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
    pub(crate) fn gain(&self, gradients: f64, hessians: f64) -> f64 {
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

    /// The same with more added to the sums of hessians.
    pub(crate) fn with_more_l2(self, l2: f64) -> Self {
        Self { lambda_l2: self.lambda_l2 + l2, ..self }
    }

    /// The gain of a leaf that has not the best of values.
    pub(crate) fn gain_of_value(&self, [gradients, hessians]: [f64; 2], value: f64) -> f64 {
        -(2.0 * self.beyond_l1(gradients) * value + (hessians + self.lambda_l2) * value * value)
    }

    /// The value of a leaf with these sums.
    pub(crate) fn leaf_value(&self, [gradients, hessians]: [f64; 2]) -> f64 {
        -self.beyond_l1(gradients) / (hessians + self.lambda_l2)
    }

    /// The gain of a split with what every split has to gain.
    pub(crate) fn whole_gain(&self, split: &Split) -> f64 {
        split.gain + self.min_gain_to_split
    }

    pub(crate) fn min_gain_to_split(&self) -> f64 {
        self.min_gain_to_split
    }

    pub(crate) fn min_data_in_leaf(&self) -> usize {
        self.min_data_in_leaf as usize
    }

    pub(crate) fn is_too_small(&self, n_rows: i64, hessians: f64) -> bool {
        n_rows < self.min_data_in_leaf || hessians < self.min_sum_hessian_in_leaf
    }
}

/// The thresholds of one feature that leave enough on both sides, in the order in which they are tried. The memory is
/// used again.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    thresholds: Vec<u32>,
    /// The sums on the side that is summed up; the other side has the rest.
    summed: [Vec<f64>; 2],
    gains: Vec<f64>,
}

impl Candidates {
    fn clear(&mut self) {
        self.thresholds.clear();
        self.summed.iter_mut().for_each(Vec::clear);
    }

    #[inline(always)]
    fn push(&mut self, threshold: usize, summed: [f64; 2]) {
        self.thresholds.push(threshold as u32);
        self.summed[0].push(summed[0]);
        self.summed[1].push(summed[1]);
    }

    /// The first candidate of the largest gain, if that is above `least`: its place, and the gain.
    fn best(&mut self, scan: &Scan<'_>, least: f64) -> Option<(usize, f64)> {
        let [gradients, hessians] = &self.summed;
        let gain = |(&gradients, &hessians): (&f64, &f64)| {
            let rest = scan.rest_of([gradients, hessians]);
            scan.rules.gain(gradients, hessians) + scan.rules.gain(rest[0], rest[1])
        };
        self.gains.clear();
        self.gains.extend(gradients.iter().zip(hessians).map(gain));
        let larger = |most: f64, &gain: &f64| if gain > most { gain } else { most };
        let most = self.gains.iter().fold(least, larger);
        let is_any = most > least;
        is_any.then(|| self.gains.iter().position(|&gain| gain == most).map(|place| (place, most)))?
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

    /// What is left of the leaf.
    #[inline(always)]
    fn rest_of(&self, sums: [f64; 2]) -> [f64; 2] {
        [self.gradients - sums[0], self.hessians - sums[1]]
    }

    /// Thresholds below `end`, the highest first; what is above is summed up.
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
            if self.rules.is_too_small(self.n_rows - n_rows, self.hessians - hessians) {
                break;
            }
            candidates.push(bin - 1, [gradients, hessians]);
        }
    }

    /// The same where every row has a hessian of 1, so that hessians are numbers of rows, but for their last digits, and
    /// need not be turned into them.
    fn downwards_by_rows(&self, end: usize, candidates: &mut Candidates) {
        let least = self.rules.min_sum_hessian_in_leaf.max(self.rules.min_data_in_leaf as f64 - 0.5);
        let (mut gradients, mut hessians) = (0.0, TINY);
        for bin in (1..end).rev() {
            let sums = self.bins[bin];
            gradients += sums[0];
            hessians += sums[1];
            if hessians < least {
                continue;
            }
            if self.hessians - hessians < least {
                break;
            }
            candidates.push(bin - 1, [gradients, hessians]);
        }
    }

    /// Thresholds below `end`, the lowest first; what is below is summed up, and bins from `end` on go right.
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
    fn try_upwards(&self, bin: usize, sums: [f64; 2], n_rows: i64, candidates: &mut Candidates) -> bool {
        if self.rules.is_too_small(n_rows, sums[1]) {
            return true;
        }
        if self.rules.is_too_small(self.n_rows - n_rows, self.hessians - sums[1]) {
            return false;
        }
        candidates.push(bin, sums);
        true
    }
}

/// The end of the bins that thresholds lie among, and whether they are tried both ways, missing values left and right.
///
/// With two bins, one of them of missing values, there is one threshold and nothing to try both ways.
pub(crate) fn passes(mapper: &BinMapper) -> (usize, bool) {
    let tries_both = mapper.has_missing() && mapper.n_bins() > 2;
    (mapper.n_bins() - usize::from(tries_both), tries_both)
}

/// The best split of a leaf by one feature, if any gains something. `is_unit` says that every row has a hessian of 1.
pub(crate) fn best_split(
    feature: usize,
    bins: &[Sums],
    mapper: &BinMapper,
    leaf: LeafSums,
    is_unit: bool,
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
    let (end, tries_both) = passes(mapper);
    let split =
        |candidates: &Candidates, (place, gain): (usize, f64), left: [f64; 2], missing_goes_left| Split {
            feature,
            threshold: candidates.thresholds[place] as usize,
            missing_goes_left,
            gain: gain - least,
            left,
            // Not what was summed up: the last digit is that of the difference.
            right: scan.rest_of(left),
            values: None,
        };

    candidates.clear();
    if is_unit {
        scan.downwards_by_rows(end, candidates);
    } else {
        scan.downwards(end, candidates);
    }
    let down = candidates.best(&scan, least);
    let from_above = down.map(|(place, gain)| {
        let left = scan.rest_of([0, 1].map(|k| candidates.summed[k][place]));
        split(candidates, (place, gain), left, tries_both || !mapper.has_missing())
    });
    if !tries_both {
        return from_above;
    }
    candidates.clear();
    scan.upwards(end, mapper.most_frequent_bin() > 0, candidates);
    let up = candidates.best(&scan, least);
    let is_better = |gain: f64| from_above.is_none_or(|split| gain > split.gain + least);
    let from_below = up.filter(|&(_, gain)| is_better(gain)).map(|(place, gain)| {
        split(candidates, (place, gain), [0, 1].map(|k| candidates.summed[k][place]), false)
    });
    from_below.or(from_above)
}
