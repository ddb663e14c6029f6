//! The distribution of residuals.

use crate::scale::{NARROWEST, quantile};

/// The fewest and the most bins of an inset.
const N_BINS: [usize; 2] = [7, 33];
/// How far the bins reach from the mean, in standard deviations.
const REACH: f64 = 4.0;

/// Counts in equal bins, with the moments of what was counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) n: usize,
    pub(crate) mean: f64,
    /// The standard deviation, divided by n; NaN for a single value.
    pub(crate) sigma: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) counts: Vec<usize>,
}

impl Histogram {
    /// Counts finite values, at least one, over mean +- 4 sigma; the outermost bins also hold what lies beyond.
    pub(crate) fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sigma = if n > 1 { (squares / n as f64).sqrt() } else { f64::NAN };
        let reach = reach(mean, sigma);
        let mut counts = vec![0; n_bins(values, 2.0 * reach)];
        let (low, high) = (mean - reach, mean + reach);
        for value in values {
            // A negative position becomes 0.
            let bin = ((value - low) / (high - low) * counts.len() as f64) as usize;
            let last = counts.len() - 1;
            counts[bin.min(last)] += 1;
        }
        Self { n, mean, sigma, low, high, counts }
    }

    /// The lower edge of a bin; the edge after the last bin is its upper one.
    pub(crate) fn edge(&self, index: usize) -> f64 {
        self.low + (self.high - self.low) * index as f64 / self.counts.len() as f64
    }
}

/// How far the bins reach to both sides. Values that are equal but for rounding still need a width.
fn reach(mean: f64, sigma: f64) -> f64 {
    let least = NARROWEST.max(1e-6 * mean.abs());
    match REACH * sigma {
        reach if reach > least => reach,
        _ if mean.abs() > NARROWEST => 0.5 * mean.abs(),
        _ => 1.0,
    }
}

/// The number of bins by Freedman & Diaconis (1981), odd so that the mean is in the middle of one.
fn n_bins(values: &[f64], width: f64) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quartiles = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
    let bin = 2.0 * quartiles / (values.len() as f64).cbrt();
    // No width between the quartiles gives infinitely many, which is then the most.
    ((width / bin) as usize).clamp(N_BINS[0], N_BINS[1]) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_values() {
        let histogram = Histogram::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(histogram.mean, 2.5);
        assert!((histogram.sigma - (5.0_f64 / 4.0).sqrt()).abs() < 1e-15);
        assert_eq!(histogram.counts.iter().sum::<usize>(), 4);
    }

    #[test]
    fn an_outlier_is_counted_in_the_outermost_bin() {
        let mut values: Vec<f64> = (0..1000).map(|k| f64::from(k % 11) - 5.0).collect();
        values.push(1e3);
        values.push(-1e3);
        let histogram = Histogram::of(&values);
        assert!(histogram.high < 1e3);
        assert_eq!(histogram.counts.first(), Some(&1));
        assert_eq!(histogram.counts.last(), Some(&1));
        assert_eq!(histogram.counts.iter().sum::<usize>(), 1002);
    }

    #[test]
    fn equal_values_get_a_width() {
        for value in [0.0, -0.3, 1e12] {
            for values in [vec![value], vec![value; 50]] {
                let histogram = Histogram::of(&values);
                assert!(histogram.low < value && value < histogram.high, "{histogram:?}");
                assert_eq!(histogram.counts[histogram.counts.len() / 2], values.len());
            }
        }
        assert!(Histogram::of(&[1.0]).sigma.is_nan());
    }
}
