//! The best threshold of a feature in a leaf.
//!
//! ```text
//! gain = T(G_L)^2 / (H_L + l2) + T(G_R)^2 / (H_R + l2) - T(G)^2 / (H + l2) ,   T(G) = sign(G) max(|G| - l1, 0)
//! ```
//!
//! Thresholds are tried from the highest down, and the first of the best is taken. Where a feature has missing values,
//! these go left in that pass, and right in a second one, upwards, that must do better. The order of each sum is
//! LightGBM's: which of two thresholds that are as good wins hangs on the last digit.

use pulp::{Arch, Simd, WithSimd};

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

    #[inline(always)]
    pub(crate) fn is_too_small(&self, n_rows: i64, hessians: f64) -> bool {
        n_rows < self.min_data_in_leaf || hessians < self.min_sum_hessian_in_leaf
    }
}

/// Thresholds whose gains are compared side by side.
const LANES: usize = 8;

/// The thresholds of one feature in the order in which they are tried. The memory is used again.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// The sums on the side that is summed up; the other side has the rest. NaN gradients where that leaves too little.
    gradients: Vec<f64>,
    hessians: Vec<f64>,
    gains: Vec<f64>,
}

impl Candidates {
    /// Room for so many thresholds, none of which is any good yet.
    #[inline(always)]
    fn room(&mut self, n: usize) -> impl Iterator<Item = (&mut f64, &mut f64)> {
        let n = n.next_multiple_of(LANES);
        self.gradients.clear();
        for values in [&mut self.gradients, &mut self.hessians, &mut self.gains] {
            values.resize(n, f64::NAN);
        }
        self.gradients.iter_mut().zip(&mut self.hessians)
    }

    /// The first candidate of the largest gain, if that is above `least`: its place, and the gain.
    #[inline(always)]
    fn best(&mut self, scan: &Scan<'_>, least: f64) -> Option<(usize, f64)> {
        let larger = |most: f64, gain: f64| if gain > most { gain } else { most };
        let rules = *scan.rules;
        let sums = self.gradients.iter().zip(&self.hessians);
        for (gain, (&gradients, &hessians)) in self.gains.iter_mut().zip(sums) {
            let rest = scan.rest_of([gradients, hessians]);
            *gain = rules.gain(gradients, hessians) + rules.gain(rest[0], rest[1]);
        }
        let mut most = [least; LANES];
        for gains in self.gains.as_chunks::<LANES>().0 {
            for k in 0..LANES {
                most[k] = larger(most[k], gains[k]);
            }
        }
        let most = most.into_iter().fold(least, larger);
        let is_any = most > least;
        is_any.then(|| self.gains.iter().position(|&gain| gain == most).map(|place| (place, most)))?
    }

    fn summed(&self, place: usize) -> Sums {
        [self.gradients[place], self.hessians[place]]
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
    #[inline(always)]
    fn downwards(&self, end: usize, candidates: &mut Candidates) {
        let (mut gradients, mut hessians, mut n_rows) = (0.0, TINY, 0);
        for (&sums, (candidate, its_hessians)) in self.bins[1..end].iter().rev().zip(candidates.room(end - 1))
        {
            gradients += sums[0];
            hessians += sums[1];
            n_rows += self.rows_of(sums);
            if self.rules.is_too_small(n_rows, hessians) {
                continue;
            }
            if self.rules.is_too_small(self.n_rows - n_rows, self.hessians - hessians) {
                break;
            }
            (*candidate, *its_hessians) = (gradients, hessians);
        }
    }

    /// The same where every row has a hessian of 1, so that hessians are numbers of rows, but for their last digits, and
    /// need not be turned into them.
    #[inline(always)]
    fn downwards_by_rows(&self, end: usize, candidates: &mut Candidates) {
        let least = self.rules.min_sum_hessian_in_leaf.max(self.rules.min_data_in_leaf as f64 - 0.5);
        let (mut gradients, mut hessians) = (0.0, TINY);
        for (&sums, (candidate, its_hessians)) in self.bins[1..end].iter().rev().zip(candidates.room(end - 1))
        {
            gradients += sums[0];
            hessians += sums[1];
            if hessians < least {
                continue;
            }
            if self.hessians - hessians < least {
                break;
            }
            (*candidate, *its_hessians) = (gradients, hessians);
        }
    }

    /// Thresholds below `end`, the lowest first; what is below is summed up, and bins from `end` on go right.
    #[inline(always)]
    fn upwards(&self, end: usize, bin_0_is_known: bool, candidates: &mut Candidates) {
        let (mut gradients, mut hessians, mut n_rows) = (0.0, TINY, 0);
        let mut of_bin_0 = self.bins[0];
        if !bin_0_is_known {
            // What the others leave.
            (gradients, hessians, n_rows) = (self.gradients, self.hessians - TINY, self.n_rows);
            for &sums in &self.bins[1..] {
                gradients -= sums[0];
                hessians -= sums[1];
                n_rows -= self.rows_of(sums);
            }
            of_bin_0 = [0.0; 2];
        }
        let bins = std::iter::once(&of_bin_0).chain(&self.bins[1..end]);
        for (&sums, (candidate, its_hessians)) in bins.zip(candidates.room(end)) {
            gradients += sums[0];
            hessians += sums[1];
            n_rows += self.rows_of(sums);
            if self.rules.is_too_small(n_rows, hessians) {
                continue;
            }
            if self.rules.is_too_small(self.n_rows - n_rows, self.hessians - hessians) {
                break;
            }
            (*candidate, *its_hessians) = (gradients, hessians);
        }
    }
}

/// The end of the bins that thresholds lie among, and whether they are tried both ways, missing values left and right.
///
/// With two bins, one of them of missing values, there is one threshold and nothing to try both ways.
pub(crate) fn passes(mapper: &BinMapper) -> (usize, bool) {
    let tries_both = mapper.has_missing() && mapper.n_bins() > 2;
    (mapper.n_bins() - usize::from(tries_both), tries_both)
}

/// The best split of a leaf by one feature.
pub(crate) struct BestSplit<'a> {
    pub(crate) feature: usize,
    pub(crate) bins: &'a [Sums],
    pub(crate) mapper: &'a BinMapper,
    pub(crate) leaf: LeafSums,
    /// Whether every row has a hessian of 1.
    pub(crate) is_unit: bool,
    pub(crate) rules: Rules,
    pub(crate) candidates: &'a mut Candidates,
}

impl BestSplit<'_> {
    /// Finds it, if any gains something.
    pub(crate) fn find(self) -> Option<Split> {
        Arch::new().dispatch(self)
    }
}

impl WithSimd for BestSplit<'_> {
    type Output = Option<Split>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Option<Split> {
        let Self { feature, bins, mapper, leaf, is_unit, rules, candidates } = self;
        let hessians = leaf.hessians + 2.0 * TINY;
        let scan = Scan {
            bins,
            rules: &rules,
            gradients: leaf.gradients,
            hessians,
            n_rows: leaf.n_rows as i64,
            rows_per_hessian: leaf.n_rows as f64 / hessians,
        };
        let least = rules.gain(leaf.gradients, hessians) + rules.min_gain_to_split;
        let (end, tries_both) = passes(mapper);
        let split = |threshold: usize, gain: f64, left: Sums, missing_goes_left: bool| Split {
            feature,
            threshold,
            missing_goes_left,
            gain: gain - least,
            left,
            // Not what was summed up: the last digit is that of the difference.
            right: scan.rest_of(left),
            values: None,
        };

        if is_unit {
            scan.downwards_by_rows(end, candidates);
        } else {
            scan.downwards(end, candidates);
        }
        let down = candidates.best(&scan, least);
        let from_above = down.map(|(place, gain)| {
            let left = scan.rest_of(candidates.summed(place));
            split(end - 2 - place, gain, left, tries_both || !mapper.has_missing())
        });
        if !tries_both {
            return from_above;
        }
        scan.upwards(end, mapper.most_frequent_bin() > 0, candidates);
        let up = candidates.best(&scan, least);
        let is_better = |gain: f64| from_above.is_none_or(|split| gain > split.gain + least);
        let from_below = up.filter(|&(_, gain)| is_better(gain));
        let from_below = from_below.map(|(place, gain)| split(place, gain, candidates.summed(place), false));
        from_below.or(from_above)
    }
}
