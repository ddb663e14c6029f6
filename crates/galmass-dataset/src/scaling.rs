//! One invertible map from physical values to the unit interval.

use serde::{Deserialize, Serialize};

/// How far beyond the training range a later value may go before it is clamped.
const CLAMP: std::ops::RangeInclusive<f32> = -0.5..=1.5;

/// How a channel becomes numbers near \[0, 1\], with the constants found on the training part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Scaling {
    /// `(log10(x + floor) - low) / (high - low)`: for light, which spans decades.
    Logarithmic {
        /// Added before the logarithm: the first percentile of the lit training pixels.
        floor: f64,
        /// `log10` value that becomes 0.
        low: f64,
        /// `log10` value that becomes 1.
        high: f64,
    },
    /// `(x - low) / (high - low)`.
    Linear {
        /// Value that becomes 0.
        low: f64,
        /// Value that becomes 1.
        high: f64,
    },
}

impl Scaling {
    /// Logarithmic scaling of the light of the training pixels: only positive, finite values count. `None` without one.
    ///
    /// The values are passed over twice and never held, however many there are.
    pub fn fit_logarithmic(values: impl Iterator<Item = f32> + Clone) -> Option<Self> {
        let lit = values.filter(|value| value.is_finite() && *value > 0.0);
        let floor = f64::from(first_percentile(lit.clone())?);
        let brightest = f64::from(lit.fold(0.0, f32::max));
        // Pixels without light are part of every map, so zero light is where the scale begins.
        let (low, high) = (floor.log10(), (brightest + floor).log10());
        Some(Self::Logarithmic { floor, low, high })
    }

    /// Linear scaling that takes the smallest finite value to 0 and the largest to 1; two equal ends are moved one
    /// apart. `None` without a finite value.
    pub fn fit_linear(values: impl Iterator<Item = f32>) -> Option<Self> {
        let (low, high) = finite_range(values)?;
        let high = if high > low { high } else { low + 1.0 };
        Some(Self::Linear { low, high })
    }

    /// Linear scaling that takes 0 to one half and the largest amplitude to 0 and 1: reversing every velocity is
    /// then `1 - x`. `None` without a finite value.
    pub fn fit_symmetric(values: impl Iterator<Item = f32>) -> Option<Self> {
        let (low, high) = finite_range(values)?;
        let amplitude = low.abs().max(high.abs());
        let amplitude = if amplitude > 0.0 { amplitude } else { 1.0 };
        Some(Self::Linear { low: -amplitude, high: amplitude })
    }

    /// The scaled value, clamped to \[-0.5, 1.5\] so that a galaxy unlike any of the training part cannot drown the
    /// network; NaN stays NaN.
    ///
    /// # Examples
    /// ```
    /// use galmass_dataset::Scaling;
    ///
    /// let scaling = Scaling::Linear { low: -200.0, high: 200.0 };
    /// assert_eq!(scaling.apply(100.0), 0.75);
    /// assert_eq!(scaling.apply(1.0e6), 1.5);
    /// ```
    pub fn apply(&self, value: f32) -> f32 {
        let scaled = match *self {
            Self::Logarithmic { floor, low, high } => {
                ((f64::from(value).max(0.0) + floor).log10() - low) / (high - low)
            }
            Self::Linear { low, high } => (f64::from(value) - low) / (high - low),
        };
        // f32::clamp keeps NaN, but f64::max above would not.
        if value.is_nan() { f32::NAN } else { (scaled as f32).clamp(*CLAMP.start(), *CLAMP.end()) }
    }
}

/// The first percentile of positive, finite values: that of rank n / 100. Exact, by counting: such values are ordered as
/// their bits are, so the upper half of the bits is found first, and the lower half among those that share it.
fn first_percentile(values: impl Iterator<Item = f32> + Clone) -> Option<f32> {
    let mut counts = vec![0_u64; 1 << 16];
    values.clone().for_each(|value| counts[(value.to_bits() >> 16) as usize] += 1);
    let rank = counts.iter().sum::<u64>() / 100;
    let (upper, below) = bin_of(&counts, rank)?;
    counts.fill(0);
    let upper_bits = (upper as u32) << 16;
    values
        .map(|value| value.to_bits().wrapping_sub(upper_bits) as usize)
        .for_each(|lower| counts.get_mut(lower).into_iter().for_each(|count| *count += 1));
    let (lower, _) = bin_of(&counts, rank - below)?;
    Some(f32::from_bits(upper_bits | lower as u32))
}

/// The bin that holds the value of a rank, and how many values lie in the bins below.
fn bin_of(counts: &[u64], rank: u64) -> Option<(usize, u64)> {
    let mut below = 0;
    for (bin, &count) in counts.iter().enumerate() {
        if rank < below + count {
            return Some((bin, below));
        }
        below += count;
    }
    None
}

fn finite_range(values: impl Iterator<Item = f32>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).map(f64::from).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn logarithmic_scaling_takes_darkness_to_zero_and_the_brightest_to_one() {
        let values: Vec<f32> = (0..=1000).map(|i| i as f32).collect();
        let scaling = Scaling::fit_logarithmic(values.iter().copied()).unwrap();
        assert!(matches!(scaling, Scaling::Logarithmic { floor, .. } if floor == 11.0));
        assert_eq!(scaling.apply(0.0), 0.0);
        assert_eq!(scaling.apply(1000.0), 1.0);
        assert!(scaling.apply(100.0) > scaling.apply(50.0));
        assert_eq!(scaling.apply(-5.0), 0.0, "negative light is no light");
        assert!(scaling.apply(f32::NAN).is_nan());
    }

    #[test]
    fn the_first_percentile_is_that_of_the_sorted_values() {
        let mut generator = galmass_core::seed::generator(3);
        for n_values in [1, 2, 99, 100, 101, 5000] {
            let decade = |x: f32| 10.0_f32.powf(80.0 * x - 40.0);
            let values: Vec<f32> = (0..n_values).map(|_| decade(generator.random())).collect();
            let mut lit: Vec<f32> = values.iter().copied().filter(|x| *x > 0.0 && x.is_finite()).collect();
            lit.sort_by(f32::total_cmp);
            let Some(&expected) = lit.get(lit.len() / 100) else { continue };
            assert_eq!(first_percentile(lit.iter().copied()), Some(expected), "{n_values} values");
        }
        assert_eq!(first_percentile(std::iter::empty()), None);
    }

    #[test]
    fn symmetric_scaling_takes_rest_to_one_half() {
        let scaling = Scaling::fit_symmetric([-300.0, f32::NAN, 100.0].into_iter()).unwrap();
        assert_eq!(scaling, Scaling::Linear { low: -300.0, high: 300.0 });
        assert_eq!(scaling.apply(0.0), 0.5);
        assert_eq!(scaling.apply(150.0), 1.0 - scaling.apply(-150.0));
    }

    #[test]
    fn degenerate_channels_still_scale() {
        assert_eq!(Scaling::fit_linear([f32::NAN].into_iter()), None);
        assert_eq!(Scaling::fit_logarithmic([0.0, -1.0, f32::NAN].into_iter()), None);
        let constant = Scaling::fit_linear([5.0, 5.0].into_iter()).unwrap();
        assert_eq!(constant.apply(5.0), 0.0);
        assert_eq!(Scaling::fit_symmetric([0.0].into_iter()).unwrap().apply(0.0), 0.5);
        let single = Scaling::fit_logarithmic([3.0].into_iter()).unwrap();
        assert_eq!((single.apply(0.0), single.apply(3.0)), (0.0, 1.0));
    }
}
