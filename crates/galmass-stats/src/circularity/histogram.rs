//! The distribution of circularities, as data for plots.

use super::Circularity;
use crate::StatsError;

/// The circularities that the bins cover; few stars are beyond, where noise or a potential out of balance put them.
const RANGE: [f64; 2] = [-1.5, 1.5];

/// How the mass of the stars is spread over circularities.
#[derive(Clone, Debug, PartialEq)]
pub struct CircularityHistogram {
    /// The edges of the bins, one more than there are bins, from -1.5 to 1.5.
    pub edges: Vec<f64>,
    /// The mass fraction in each bin; a value on an edge is in the bin above it. NaN without stars.
    pub fractions: Vec<f64>,
    /// The mass fraction below the first edge; NaN without stars.
    pub below: f64,
    /// The mass fraction from the last edge on; NaN without stars.
    pub above: f64,
}

impl Circularity {
    /// Spreads the stars inside the aperture over `n_bins` bins of circularity by their masses \[Msun\], or by other
    /// weights, one for each star of the galaxy.
    ///
    /// Stars without a circularity do not count. Without any other, all fractions are NaN.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] where there are not as many masses as stars, [`StatsError::OutOfRange`] for no
    /// bins.
    pub fn histogram(&self, masses: &[f64], n_bins: usize) -> Result<CircularityHistogram, StatsError> {
        let (expected, found) = (self.values.len(), masses.len());
        if expected != found {
            return Err(StatsError::LengthMismatch { column: "masses", expected, found });
        }
        if n_bins == 0 {
            return Err(StatsError::OutOfRange { name: "n_bins", value: 0.0, range: "1 or more" });
        }
        let width = (RANGE[1] - RANGE[0]) / n_bins as f64;
        let mut sums = vec![0.0; n_bins + 2];
        for (value, mass) in self.values.iter().zip(masses).filter(|(value, _)| !value.is_nan()) {
            // Casts saturate: whatever is below goes to the first, whatever is above to the last.
            let bin = ((value - RANGE[0]) / width + 1.0).floor() as usize;
            sums[bin.min(n_bins + 1)] += mass;
        }
        let total: f64 = sums.iter().sum();
        let share = |sum: f64| if total > 0.0 { sum / total } else { f64::NAN };
        Ok(CircularityHistogram {
            edges: (0..=n_bins).map(|bin| RANGE[0] + width * bin as f64).collect(),
            fractions: sums[1..=n_bins].iter().map(|&sum| share(sum)).collect(),
            below: share(sums[0]),
            above: share(sums[n_bins + 1]),
        })
    }
}
