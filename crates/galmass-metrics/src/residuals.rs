//! Bias and scatter of predictions.

use crate::MetricsError;
use crate::percentile::{mean, ordered, percentile};

/// Predicted minus true, in the order of the samples; at least one, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Residuals(Vec<f64>);

impl Residuals {
    /// Subtracts the truths from the predictions.
    ///
    /// # Errors
    /// [`MetricsError`] for slices that are empty, of unlike length, or hold a value that is not finite.
    pub fn new(predicted: &[f64], truth: &[f64]) -> Result<Self, MetricsError> {
        if predicted.len() != truth.len() {
            return Err(MetricsError::LengthMismatch { n_predicted: predicted.len(), n_true: truth.len() });
        }
        if predicted.is_empty() {
            return Err(MetricsError::Empty);
        }
        let pairs = predicted.iter().zip(truth);
        if let Some(index) = pairs.clone().position(|(p, t)| !(p.is_finite() && t.is_finite())) {
            return Err(MetricsError::NotFinite { index, predicted: predicted[index], truth: truth[index] });
        }
        Ok(Self(pairs.map(|(p, t)| p - t).collect()))
    }

    /// The residuals themselves.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The mean residual: the bias of Chu et al. (2024), table 4.
    pub fn bias(&self) -> f64 {
        mean(&self.0)
    }

    /// The median residual: a bias that outliers do not move.
    pub fn median(&self) -> f64 {
        percentile(&ordered(&self.0), 0.5)
    }

    /// The mean distance between prediction and truth.
    pub fn mean_absolute_error(&self) -> f64 {
        self.0.iter().map(|residual| residual.abs()).sum::<f64>() / self.0.len() as f64
    }

    /// The mean square of the residuals: the loss of Chu et al. (2024), bias squared plus scatter squared.
    pub fn mean_squared_error(&self) -> f64 {
        self.0.iter().map(|residual| residual * residual).sum::<f64>() / self.0.len() as f64
    }

    /// The standard deviation of the residuals about their mean, divided by n: the 1-sigma scatter of Chu et al.
    /// (2024), table 4. 0 for a single sample.
    pub fn scatter(&self) -> f64 {
        let bias = self.bias();
        (self.0.iter().map(|residual| (residual - bias).powi(2)).sum::<f64>() / self.0.len() as f64).sqrt()
    }

    /// Half the distance between the 16th and the 84th percentile: a scatter that outliers do not move.
    ///
    /// Percentiles are interpolated linearly between the ordered residuals.
    ///
    /// # Examples
    /// ```
    /// use galmass_metrics::Residuals;
    ///
    /// let mut predicted: Vec<f64> = (0..=100).map(f64::from).collect();
    /// predicted[100] = 1.0e9;
    /// let residuals = Residuals::new(&predicted, &[0.0; 101])?;
    /// assert_eq!(residuals.half_width_16_84(), 34.0);
    /// # Ok::<(), galmass_metrics::MetricsError>(())
    /// ```
    pub fn half_width_16_84(&self) -> f64 {
        let ordered = ordered(&self.0);
        0.5 * (percentile(&ordered, 0.84) - percentile(&ordered, 0.16))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_scored_is_refused() {
        let error = Residuals::new(&[1.0], &[]).unwrap_err();
        assert_eq!(error, MetricsError::LengthMismatch { n_predicted: 1, n_true: 0 });
        assert_eq!(Residuals::new(&[], &[]), Err(MetricsError::Empty));
        let error = Residuals::new(&[1.0, f64::NAN], &[1.0, 2.0]).unwrap_err();
        assert_eq!(error.to_string(), "sample 1: predicted NaN, true 2: not both finite");
    }

    #[test]
    fn one_sample_has_a_bias_and_no_scatter() {
        let one = Residuals::new(&[1.5], &[1.0]).unwrap();
        assert_eq!((one.bias(), one.scatter(), one.half_width_16_84()), (0.5, 0.0, 0.0));
        assert_eq!((one.median(), one.mean_absolute_error(), one.mean_squared_error()), (0.5, 0.5, 0.25));
    }

    #[test]
    fn an_outlier_moves_the_mean_and_not_the_median() {
        let found = Residuals::new(&[-1.0, 0.0, 1.0, 2.0, 98.0], &[0.0; 5]).unwrap();
        assert_eq!((found.bias(), found.median(), found.mean_absolute_error()), (20.0, 1.0, 20.4));
        assert_eq!(found.mean_squared_error(), 1922.0);
        assert!((found.bias().powi(2) + found.scatter().powi(2) - 1922.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_shift_moves_the_bias_alone(values in prop::collection::vec(-1.0..1.0_f64, 1..50), shift in -5.0..5.0_f64) {
            let truth = vec![0.0; values.len()];
            let shifted: Vec<f64> = values.iter().map(|value| value + shift).collect();
            let (a, b) = (Residuals::new(&values, &truth).unwrap(), Residuals::new(&shifted, &truth).unwrap());
            prop_assert!((b.bias() - a.bias() - shift).abs() < 1e-12);
            prop_assert!((b.scatter() - a.scatter()).abs() < 1e-12);
            prop_assert!((b.half_width_16_84() - a.half_width_16_84()).abs() < 1e-12);
        }
    }
}
