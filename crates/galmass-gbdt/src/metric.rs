//! How well predictions meet labels.

use ndarray::ArrayView2;

/// A figure of how well predictions meet labels. Implement it for one of your own.
///
/// # Examples
/// The largest error:
/// ```
/// use galmass_gbdt::Metric;
/// use ndarray::{ArrayView2, array};
///
/// struct LargestError;
///
/// impl Metric for LargestError {
///     fn name(&self) -> &str {
///         "largest_error"
///     }
///
///     fn evaluate(&self, predictions: ArrayView2<'_, f64>, labels: &[f64], _: Option<&[f64]>) -> f64 {
///         predictions.iter().zip(labels).map(|(found, label)| (found - label).abs()).fold(0.0, f64::max)
///     }
/// }
///
/// assert_eq!(LargestError.evaluate(array![[1.0], [5.0]].view(), &[1.5, 2.0], None), 3.0);
/// ```
pub trait Metric: Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Whether more is better.
    fn higher_is_better(&self) -> bool {
        false
    }

    /// The figure of some predictions, a row for each sample and a column for each output, with the link of the
    /// objective applied. Samples count as much as their weights, or all the same.
    fn evaluate(&self, predictions: ArrayView2<'_, f64>, labels: &[f64], weights: Option<&[f64]>) -> f64;
}

/// The mean of the squared differences: `l2`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

/// The root of the mean of the squared differences: `rmse`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RootMeanSquaredError;

/// The mean of the absolute differences: `l1`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

/// The mean of minus the logarithm of the probability of the class that a sample is of. With one output that is the
/// probability of labels above 0; with several, labels are the numbers of the classes.
///
/// A probability below 10^-15 is taken for that.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogLoss;

/// The weighted mean over the samples of something of the prediction and the label; NaN without samples.
fn mean(
    predictions: ArrayView2<'_, f64>,
    labels: &[f64],
    weights: Option<&[f64]>,
    of: impl Fn(ndarray::ArrayView1<'_, f64>, f64) -> f64,
) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, (prediction, &label)) in predictions.rows().into_iter().zip(labels).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[row]);
        sum += weight * of(prediction, label);
        total += weight;
    }
    sum / total
}

impl Metric for MeanSquaredError {
    fn name(&self) -> &str {
        "l2"
    }

    fn evaluate(&self, predictions: ArrayView2<'_, f64>, labels: &[f64], weights: Option<&[f64]>) -> f64 {
        mean(predictions, labels, weights, |row, label| (row[0] - label) * (row[0] - label))
    }
}

impl Metric for RootMeanSquaredError {
    fn name(&self) -> &str {
        "rmse"
    }

    fn evaluate(&self, predictions: ArrayView2<'_, f64>, labels: &[f64], weights: Option<&[f64]>) -> f64 {
        MeanSquaredError.evaluate(predictions, labels, weights).sqrt()
    }
}

impl Metric for MeanAbsoluteError {
    fn name(&self) -> &str {
        "l1"
    }

    fn evaluate(&self, predictions: ArrayView2<'_, f64>, labels: &[f64], weights: Option<&[f64]>) -> f64 {
        mean(predictions, labels, weights, |row, label| (row[0] - label).abs())
    }
}

impl Metric for LogLoss {
    fn name(&self) -> &str {
        "log_loss"
    }

    fn evaluate(&self, predictions: ArrayView2<'_, f64>, labels: &[f64], weights: Option<&[f64]>) -> f64 {
        const LEAST: f64 = 1e-15;
        mean(predictions, labels, weights, |row, label| {
            let probability = match row.len() {
                1 if label > 0.0 => row[0],
                1 => 1.0 - row[0],
                _ => row.get(label as usize).copied().unwrap_or(0.0),
            };
            -probability.max(LEAST).ln()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn metrics_can_be_checked_by_hand() {
        let predictions = array![[1.0], [4.0]];
        let predictions = predictions.view();
        assert_eq!(MeanSquaredError.evaluate(predictions, &[2.0, 1.0], None), 5.0);
        assert_eq!(MeanSquaredError.evaluate(predictions, &[2.0, 1.0], Some(&[3.0, 1.0])), 3.0);
        assert_eq!(RootMeanSquaredError.evaluate(predictions, &[1.0, 1.0], Some(&[0.0, 2.0])), 3.0);
        assert_eq!(MeanAbsoluteError.evaluate(predictions, &[2.0, 1.0], None), 2.0);
        let half = array![[0.5], [0.5]];
        assert_eq!(LogLoss.evaluate(half.view(), &[0.0, 1.0], None), 2f64.ln());
        let classes = array![[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]];
        assert_eq!(LogLoss.evaluate(classes.view(), &[2.0, 1.0], None), 4f64.ln() / 2.0);
        assert_eq!(LogLoss.evaluate(classes.view(), &[7.0, 1.0], None), -1e-15f64.ln() / 2.0);
    }
}
