//! From values to colours.

use ndarray::ArrayView2;

use crate::colour_map::{ColourMap, Rgb};

/// Larger values count as unknown, so that sums of squares and widths of ranges stay finite.
const LARGEST: f64 = 1e100;
/// Narrower ranges count as a single value.
pub(crate) const NARROWEST: f64 = 1e-100;
/// As above, relative to the ends: finer ticks would need more digits than an axis has room for.
const NARROWEST_SHARE: f64 = 1e-9;
/// The fewest powers of ten of a logarithmic scale.
const FEWEST_DECADES: f64 = 1e-6;

/// Whether a value can be drawn: it is finite, and not absurdly large.
pub(crate) fn is_known(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// Whether an axis can run from `low` to `high`.
pub(crate) fn is_range([low, high]: [f64; 2]) -> bool {
    let narrowest = NARROWEST.max(NARROWEST_SHARE * low.abs().max(high.abs()));
    is_known(low) && is_known(high) && high - low > narrowest
}

/// How the values of a map become colours. The scale implies the colour map.
///
/// Values beyond the ends take the colour of the end, and the colour bar is then pointed there. What is not finite,
/// or beyond 1e100, counts as unknown and has no colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColourScale {
    /// Linear, violet over green to yellow (viridis): for magnitudes without a sign, such as a dispersion.
    Linear {
        /// The values at the two ends; `None` for the 1st and the 99th percentile of the map.
        range: Option<[f64; 2]>,
    },
    /// Logarithmic, black over red to pale yellow (inferno): for light. Zero and below are black.
    Log {
        /// How many powers of ten below the largest value the scale begins.
        decades: f64,
    },
    /// Linear and symmetric about zero, blue over grey to red (cool to warm): for velocities.
    Symmetric {
        /// The absolute value at the ends; `None` for the 98th percentile of the absolute values of the map.
        limit: Option<f64>,
    },
}

impl ColourScale {
    /// Whether the numbers in it can span a colour bar.
    pub(crate) fn is_valid(&self) -> bool {
        match *self {
            Self::Linear { range } => range.is_none_or(is_range),
            Self::Log { decades } => decades >= FEWEST_DECADES && is_known(decades),
            Self::Symmetric { limit } => limit.is_none_or(|limit| is_range([-limit, limit])),
        }
    }

    /// Fits the scale to the values of a map.
    pub(crate) fn levels(&self, values: ArrayView2<f64>) -> Levels {
        let mut known: Vec<f64> = values.iter().copied().filter(|&value| is_known(value)).collect();
        known.sort_by(f64::total_cmp);
        match *self {
            Self::Linear { range } => {
                let found = || [quantile(&known, 0.01), quantile(&known, 0.99)];
                Levels::linear(widened(range.unwrap_or_else(found)), ColourMap::Viridis, &known)
            }
            Self::Symmetric { limit } => {
                let limit = limit.unwrap_or_else(|| robust_limit(&known));
                Levels::linear([-limit, limit], ColourMap::CoolWarm, &known)
            }
            Self::Log { decades } => Levels::logarithmic(decades, &known),
        }
    }
}

/// A fitted scale: the values at its ends, and whether there are values beyond them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Levels {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) is_logarithmic: bool,
    pub(crate) any_below: bool,
    pub(crate) any_above: bool,
    pub(crate) map: ColourMap,
}

impl Levels {
    /// Linear from end to end; `sorted` are the values that will be coloured.
    fn linear([low, high]: [f64; 2], map: ColourMap, sorted: &[f64]) -> Self {
        let any_below = sorted.first().is_some_and(|&least| least < low);
        let any_above = sorted.last().is_some_and(|&largest| largest > high);
        Self { low, high, is_logarithmic: false, any_below, any_above, map }
    }

    fn logarithmic(decades: f64, sorted: &[f64]) -> Self {
        // Without light there is no largest value: any scale will do, and all is black.
        let high = sorted.last().copied().filter(|&largest| largest > NARROWEST).unwrap_or(1.0);
        // A scale of too many decades must not begin at zero.
        let low = (high / 10_f64.powf(decades)).max(NARROWEST * NARROWEST);
        let any_below = sorted.first().is_some_and(|&least| least < low);
        Self { low, high, is_logarithmic: true, any_below, any_above: false, map: ColourMap::Inferno }
    }

    /// Logarithmic counts from 1 to `most`.
    pub(crate) fn counts(most: usize) -> Self {
        let high = most.max(2) as f64;
        let map = ColourMap::Viridis;
        Self { low: 1.0, high, is_logarithmic: true, any_below: false, any_above: false, map }
    }

    /// The colour of a value; `None` where it is unknown.
    pub(crate) fn colour(&self, value: f64) -> Option<Rgb> {
        is_known(value).then(|| self.map.colour(self.fraction(value)))
    }

    /// Where a value stands from end (0) to end (1); beyond 0..=1 where it lies beyond.
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        if self.is_logarithmic {
            // The logarithm of zero is minus infinity, which is below the scale, as it should be.
            (value.max(0.0).log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }
}

/// The quantile of sorted values, interpolated between neighbours; NaN for none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = share * last as f64;
    let below = position as usize;
    let above = (below + 1).min(last);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// A range that can be divided: a single value gets room on both sides, an unknown range becomes 0 to 1.
pub(crate) fn widened([low, high]: [f64; 2]) -> [f64; 2] {
    if !(low.is_finite() && high.is_finite()) {
        return [0.0, 1.0];
    }
    if is_range([low, high]) {
        return [low, high];
    }
    let room = if low.abs() <= NARROWEST { 1.0 } else { 0.1 * low.abs() };
    [low - room, high + room]
}

fn robust_limit(sorted: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = sorted.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    // Where nearly all is zero, the few other values still set the scale.
    let limits = [quantile(&sizes, 0.98), sizes.last().copied().unwrap_or(f64::NAN)];
    limits.into_iter().find(|&limit| limit > NARROWEST).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn a_log_scale_spans_its_decades_below_the_largest_value() {
        let values = array![[1e8, 1e4], [0.0, -5.0]];
        let levels = ColourScale::Log { decades: 3.0 }.levels(values.view());
        assert_eq!((levels.low, levels.high), (1e5, 1e8));
        assert!(levels.any_below && !levels.any_above);
        assert_eq!(levels.colour(1e8), Some(ColourMap::Inferno.colour(1.0)));
        for dark in [1e4, 0.0, -5.0] {
            assert_eq!(levels.colour(dark), Some(ColourMap::Inferno.colour(0.0)));
        }
        assert_eq!(levels.colour(f64::NAN), None);
    }

    #[test]
    fn a_symmetric_scale_has_zero_in_its_middle_and_ignores_an_outlier() {
        let mut values = Array2::from_shape_fn((10, 10), |(row, column)| row as f64 - column as f64);
        values[[0, 0]] = 1e6;
        let levels = ColourScale::Symmetric { limit: None }.levels(values.view());
        assert_eq!(levels.low, -levels.high);
        assert!(levels.high <= 9.0 && levels.any_above && !levels.any_below, "{levels:?}");
        assert_eq!(levels.fraction(0.0), 0.5);
    }

    #[test]
    fn given_ends_are_kept() {
        let values = array![[50.0, 150.0]];
        let levels = ColourScale::Linear { range: Some([60.0, 200.0]) }.levels(values.view());
        assert_eq!((levels.low, levels.high), (60.0, 200.0));
        assert!(levels.any_below && !levels.any_above);
        let levels = ColourScale::Symmetric { limit: Some(100.0) }.levels(values.view());
        assert_eq!((levels.low, levels.high), (-100.0, 100.0));
    }

    #[test]
    fn awkward_maps_get_a_scale_with_two_ends() {
        let scales = [
            ColourScale::Linear { range: None },
            ColourScale::Log { decades: 4.0 },
            ColourScale::Log { decades: 400.0 },
            ColourScale::Symmetric { limit: None },
        ];
        let maps = [f64::NAN, f64::INFINITY, 0.0, -3.0, 7.0, 1e300, 1e100, -1e100, 5e-324]
            .map(|value| array![[value, value]]);
        for scale in scales {
            for map in &maps {
                let levels = scale.levels(map.view());
                assert!(levels.low < levels.high && levels.low.is_finite(), "{scale:?} of {map}: {levels:?}");
            }
        }
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[5.0], 0.99), 5.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
