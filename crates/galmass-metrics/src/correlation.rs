//! How much of the truth a prediction follows.

use crate::percentile::mean;
use crate::{MetricsError, Residuals};

/// The part of the variance of the truth that a prediction explains, `R^2 = 1 - sum (p - t)^2 / sum (t - <t>)^2`.
///
/// 1 for a perfect prediction, 0 for one that is no better than the mean of the truths, below 0 for a worse one; NaN
/// where all truths are equal.
///
/// # Errors
/// [`MetricsError`] for slices that are empty, of unlike length, or hold a value that is not finite.
///
/// # Examples
/// ```
/// use galmass_metrics::explained_variance;
///
/// assert_eq!(explained_variance(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0])?, 1.0);
/// assert_eq!(explained_variance(&[2.0, 2.0, 2.0], &[1.0, 2.0, 3.0])?, 0.0);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn explained_variance(predicted: &[f64], truth: &[f64]) -> Result<f64, MetricsError> {
    let residuals = Residuals::new(predicted, truth)?;
    let centre = mean(truth);
    let variance = truth.iter().map(|t| (t - centre).powi(2)).sum::<f64>() / truth.len() as f64;
    Ok(if variance > 0.0 { 1.0 - residuals.mean_squared_error() / variance } else { f64::NAN })
}

/// Pearson's coefficient of correlation between two columns, from -1 to 1; NaN where one of them is constant.
///
/// # Errors
/// [`MetricsError`] for slices that are empty, of unlike length, or hold a value that is not finite.
///
/// # Examples
/// ```
/// use galmass_metrics::pearson_correlation;
///
/// assert!((pearson_correlation(&[1.0, 2.0, 3.0], &[-2.0, -4.0, -6.0])? + 1.0).abs() < 1e-15);
/// assert!(pearson_correlation(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0])?.is_nan());
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn pearson_correlation(a: &[f64], b: &[f64]) -> Result<f64, MetricsError> {
    Residuals::new(a, b)?; // the same columns are refused
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>()
    };
    let (aa, bb) = (product(a, mean_a, a, mean_a), product(b, mean_b, b, mean_b));
    let both = aa.sqrt() * bb.sqrt();
    Ok(if both > 0.0 { (product(a, mean_a, b, mean_b) / both).clamp(-1.0, 1.0) } else { f64::NAN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_known_table() {
        // The first of Anscombe's quartet (1973): r = 0.81642.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        assert!((pearson_correlation(&x, &y).unwrap() - 0.816_420_5).abs() < 1e-7);
        // Its regression y = 3 + x / 2 explains r^2 of the variance.
        let fitted: Vec<f64> = x.iter().map(|x| 3.000_090_9 + 0.500_090_9 * x).collect();
        assert!((explained_variance(&fitted, &y).unwrap() - 0.666_542_5).abs() < 1e-7);
    }

    #[test]
    fn a_worse_prediction_than_the_mean_is_below_zero_and_a_constant_truth_has_no_variance() {
        assert!(explained_variance(&[9.0, 9.0], &[0.0, 1.0]).unwrap() < 0.0);
        assert!(explained_variance(&[1.0, 2.0], &[1.0, 1.0]).unwrap().is_nan());
        assert_eq!(explained_variance(&[], &[]), Err(MetricsError::Empty));
        assert!(pearson_correlation(&[1.0], &[1.0, 2.0]).is_err());
    }
}
