//! Splits whose leaves may not have the value that their sums say: it is kept within bounds, for predictions that only
//! rise or only fall with a feature; it is no longer than a step; or it is drawn to the value of the leaf above.
//!
//! ```text
//! value = clamp(smooth(cap(-T(G) / (H + l2)))) ,   gain of a leaf = -(2 T(G) value + (H + l2) value^2)
//! ```

use crate::binning::BinMapper;
use crate::config::BoosterConfig;
use crate::histogram::Sums;
use crate::splitting::{LeafSums, Rules, Split, TINY, passes};

/// What values are held to.
#[derive(Clone, Debug)]
pub(crate) struct Constraints {
    max_delta_step: f64,
    path_smooth: f64,
    /// For each feature, if any feature has one.
    monotone: Vec<i8>,
    monotone_penalty: f64,
}

/// A leaf that is to be split.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Its value.
    pub(crate) value: f64,
    /// What the values below it lie between.
    pub(crate) bounds: [f64; 2],
    pub(crate) depth: usize,
}

impl Place {
    /// The bounds of a root.
    pub(crate) const UNBOUNDED: [f64; 2] = [f64::MIN, f64::MAX];
}

impl Constraints {
    /// `None` if there are none.
    pub(crate) fn of(config: &BoosterConfig) -> Option<Self> {
        let is_any = config.max_delta_step > 0.0
            || config.path_smooth > TINY
            || !config.monotone_constraints.is_empty();
        is_any.then(|| Self {
            max_delta_step: config.max_delta_step,
            path_smooth: if config.path_smooth > TINY { config.path_smooth } else { 0.0 },
            monotone: config.monotone_constraints.clone(),
            monotone_penalty: config.monotone_penalty,
        })
    }

    /// The value of a leaf without a leaf above it.
    pub(crate) fn root_value(&self, sums: Sums, rules: &Rules) -> f64 {
        self.cap(rules.leaf_value(sums))
    }

    fn cap(&self, value: f64) -> f64 {
        if self.max_delta_step > 0.0 { value.clamp(-self.max_delta_step, self.max_delta_step) } else { value }
    }

    /// The value of a leaf, but for the bounds.
    fn free_value(&self, sums: Sums, n_rows: i64, above: f64, rules: &Rules) -> f64 {
        let value = self.root_value(sums, rules);
        if self.path_smooth > 0.0 {
            let share = n_rows as f64 / self.path_smooth;
            value * share / (share + 1.0) + above / (share + 1.0)
        } else {
            value
        }
    }

    pub(crate) fn value(&self, sums: Sums, n_rows: i64, place: Place, rules: &Rules) -> f64 {
        let value = self.free_value(sums, n_rows, place.value, rules);
        let [low, high] = place.bounds;
        if self.monotone.is_empty() {
            value
        } else if value < low {
            low
        } else if value > high {
            high
        } else {
            value
        }
    }

    /// The gain of a leaf, but for the bounds.
    fn free_gain(&self, sums: Sums, n_rows: i64, above: f64, rules: &Rules) -> f64 {
        if self.max_delta_step > 0.0 || self.path_smooth > 0.0 {
            rules.gain_of_value(sums, self.free_value(sums, n_rows, above, rules))
        } else {
            rules.gain(sums[0], sums[1])
        }
    }

    /// The gain of a leaf that keeps its value.
    pub(crate) fn gain_as_it_is(&self, sums: Sums, place: Place, rules: &Rules) -> f64 {
        if self.path_smooth > 0.0 {
            rules.gain_of_value(sums, place.value)
        } else {
            self.free_gain(sums, 0, place.value, rules)
        }
    }

    fn monotone(&self, feature: usize) -> i8 {
        self.monotone.get(feature).copied().unwrap_or(0)
    }

    /// The gain of two leaves; 0 where they are in the wrong order.
    pub(crate) fn gain(&self, sides: [(Sums, i64); 2], monotone: i8, place: Place, rules: &Rules) -> f64 {
        if self.monotone.is_empty() {
            let [left, right] = sides.map(|(sums, n_rows)| self.free_gain(sums, n_rows, place.value, rules));
            return left + right;
        }
        let [left, right] = sides.map(|(sums, n_rows)| self.value(sums, n_rows, place, rules));
        if (monotone > 0 && left > right) || (monotone < 0 && left < right) {
            return 0.0;
        }
        rules.gain_of_value(sides[0].0, left) + rules.gain_of_value(sides[1].0, right)
    }

    /// What the gains by features that are held to an order are multiplied by.
    fn penalty(&self, depth: usize) -> f64 {
        let (penalty, depth) = (self.monotone_penalty, depth as f64);
        if penalty >= depth + 1.0 {
            TINY
        } else if penalty <= 1.0 {
            1.0 - penalty / depth.exp2() + TINY
        } else {
            1.0 - (penalty - 1.0 - depth).exp2() + TINY
        }
    }

    /// The bounds of the halves of a leaf.
    pub(crate) fn bounds_below(&self, feature: usize, bounds: [f64; 2], values: [f64; 2]) -> [[f64; 2]; 2] {
        let middle = (values[0] + values[1]) / 2.0;
        let [low, high] = bounds;
        let (lower, upper) = ([low, high.min(middle)], [low.max(middle), high]);
        match self.monotone(feature) {
            0 => [bounds; 2],
            1.. => [lower, upper],
            _ => [upper, lower],
        }
    }

    /// The best split of a leaf by one feature, as [`crate::splitting::BestSplit`].
    pub(crate) fn best_split(
        &self,
        feature: usize,
        bins: &[Sums],
        mapper: &BinMapper,
        leaf: LeafSums,
        place: Place,
        rules: &Rules,
    ) -> Option<Split> {
        let hessians = leaf.hessians + 2.0 * TINY;
        let n_rows = leaf.n_rows as i64;
        let total = [leaf.gradients, hessians];
        let least = self.free_gain(total, n_rows, place.value, rules) + rules.min_gain_to_split();
        let scan = Scan {
            constraints: self,
            bins,
            rules,
            place,
            monotone: self.monotone(feature),
            total,
            n_rows,
            rows_per_hessian: leaf.n_rows as f64 / hessians,
            least,
        };
        let (end, tries_both) = passes(mapper);
        let mut best = scan.downwards(end).map(|found| (found, tries_both || !mapper.has_missing()));
        if tries_both {
            let found = scan.upwards(end, mapper.most_frequent_bin() > 0);
            if let Some(found) = found
                && best.is_none_or(|(best, _)| found.gain > (best.gain - least) + least)
            {
                best = Some((found, false));
            }
        }
        let (found, missing_goes_left) = best?;
        let right = [total[0] - found.left[0], total[1] - found.left[1]];
        let sides = [(found.left, found.n_left), (right, n_rows - found.n_left)];
        let mut gain = found.gain - least;
        if self.monotone(feature) != 0 {
            gain *= self.penalty(place.depth);
        }
        Some(Split {
            feature,
            threshold: found.threshold,
            missing_goes_left,
            gain,
            left: found.left,
            right,
            values: Some(sides.map(|(sums, n_rows)| self.value(sums, n_rows, place, rules))),
        })
    }
}

/// A feature of a leaf, to be split.
struct Scan<'a> {
    constraints: &'a Constraints,
    bins: &'a [Sums],
    rules: &'a Rules,
    place: Place,
    monotone: i8,
    total: Sums,
    n_rows: i64,
    rows_per_hessian: f64,
    /// What a split has to gain.
    least: f64,
}

/// The best threshold so far.
#[derive(Clone, Copy)]
struct Found {
    threshold: usize,
    gain: f64,
    left: Sums,
    n_left: i64,
}

impl Scan<'_> {
    fn rows_of(&self, sums: Sums) -> i64 {
        (sums[1] * self.rows_per_hessian + 0.5) as i64
    }

    /// Takes a threshold if it is better; says whether to go on.
    fn consider(
        &self,
        best: &mut Option<Found>,
        threshold: usize,
        sides: [(Sums, i64); 2],
        near: usize,
    ) -> bool {
        let [near_side, far_side] = [sides[near], sides[1 - near]];
        if self.rules.is_too_small(near_side.1, near_side.0[1]) {
            return true;
        }
        if self.rules.is_too_small(far_side.1, far_side.0[1]) {
            return false;
        }
        let gain = self.constraints.gain(sides, self.monotone, self.place, self.rules);
        if gain > self.least && best.is_none_or(|best| gain > best.gain) {
            *best = Some(Found { threshold, gain, left: sides[0].0, n_left: sides[0].1 });
        }
        true
    }

    /// Thresholds below `end`, the highest first.
    fn downwards(&self, end: usize) -> Option<Found> {
        let mut best = None;
        let (mut right, mut n_right) = ([0.0, TINY], 0);
        for bin in (1..end).rev() {
            let sums = self.bins[bin];
            right = [right[0] + sums[0], right[1] + sums[1]];
            n_right += self.rows_of(sums);
            let left = [self.total[0] - right[0], self.total[1] - right[1]];
            let sides = [(left, self.n_rows - n_right), (right, n_right)];
            if !self.consider(&mut best, bin - 1, sides, 1) {
                break;
            }
        }
        best
    }

    /// Thresholds below `end`, the lowest first; bins from `end` on go right.
    fn upwards(&self, end: usize, bin_0_is_known: bool) -> Option<Found> {
        let mut best = None;
        let (mut left, mut n_left) = ([0.0, TINY], 0);
        let mut first = 0;
        if !bin_0_is_known {
            // What the others leave.
            (left, n_left) = ([self.total[0], self.total[1] - TINY], self.n_rows);
            for &sums in &self.bins[1..] {
                left = [left[0] - sums[0], left[1] - sums[1]];
                n_left -= self.rows_of(sums);
            }
            first = 1;
        }
        // The first threshold is bin 0 either way; where it is known its sums are still to be added.
        for bin in 0..end.max(first) {
            if bin >= first {
                let sums = self.bins[bin];
                left = [left[0] + sums[0], left[1] + sums[1]];
                n_left += self.rows_of(sums);
            }
            let right = [self.total[0] - left[0], self.total[1] - left[1]];
            let sides = [(left, n_left), (right, self.n_rows - n_left)];
            if !self.consider(&mut best, bin, sides, 0) {
                break;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(config: BoosterConfig) -> (Constraints, Rules) {
        (Constraints::of(&config).unwrap(), Rules::of(&config))
    }

    #[test]
    fn values_are_capped_smoothed_and_bounded() {
        let sums = [-10.0, 2.0];
        let place = Place { value: 1.0, bounds: [0.0, 2.5], depth: 0 };
        let (capped, rules) = constraints(BoosterConfig { max_delta_step: 3.0, ..Default::default() });
        assert_eq!(capped.value(sums, 4, place, &rules), 3.0);
        let (smooth, rules) = constraints(BoosterConfig { path_smooth: 4.0, ..Default::default() });
        // Four rows count as much as the leaf above: half-way between 5 and 1.
        assert_eq!(smooth.value(sums, 4, place, &rules), 3.0);
        let monotone = BoosterConfig { monotone_constraints: vec![1, 0, -1], ..Default::default() };
        let (monotone, rules) = constraints(monotone);
        assert_eq!(monotone.value(sums, 4, place, &rules), 2.5);
        assert!(Constraints::of(&BoosterConfig::default()).is_none());
        assert_eq!(monotone.bounds_below(0, [0.0, 9.0], [2.0, 4.0]), [[0.0, 3.0], [3.0, 9.0]]);
        assert_eq!(monotone.bounds_below(1, [0.0, 9.0], [2.0, 4.0]), [[0.0, 9.0]; 2]);
        assert_eq!(monotone.bounds_below(2, [0.0, 9.0], [4.0, 2.0]), [[3.0, 9.0], [0.0, 3.0]]);
    }

    #[test]
    fn leaves_in_the_wrong_order_gain_nothing() {
        let config = BoosterConfig { monotone_constraints: vec![1], ..Default::default() };
        let (constraints, rules) = constraints(config);
        let place = Place { value: 0.0, bounds: Place::UNBOUNDED, depth: 0 };
        let (low, high) = (([6.0, 2.0], 2), ([-6.0, 2.0], 2));
        assert_eq!(constraints.gain([low, high], 1, place, &rules), 36.0);
        assert_eq!(constraints.gain([high, low], 1, place, &rules), 0.0);
        assert_eq!(constraints.gain([high, low], -1, place, &rules), 36.0);
    }
}
