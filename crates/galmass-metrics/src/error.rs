//! What cannot be scored.

use thiserror::Error;

/// Predictions that cannot be scored.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// Another number of predictions than of truths.
    #[error("{n_predicted} predictions for {n_true} true values")]
    LengthMismatch {
        /// Predictions.
        n_predicted: usize,
        /// Truths.
        n_true: usize,
    },
    /// Nothing to score.
    #[error("no prediction to score")]
    Empty,
    /// A prediction or a truth that is no number.
    #[error("sample {index}: predicted {predicted}, true {truth}: not both finite")]
    NotFinite {
        /// The sample.
        index: usize,
        /// The prediction.
        predicted: f64,
        /// The truth.
        truth: f64,
    },
    /// Numbers that do not make up whole posteriors of whole vectors.
    #[error(
        "{n_values} values and {n_true} true values are no posteriors of {n_samples} samples with {n_dimensions} dimensions"
    )]
    PosteriorShape {
        /// Numbers in all samples.
        n_values: usize,
        /// Numbers in all truths.
        n_true: usize,
        /// Samples of a posterior.
        n_samples: usize,
        /// Dimensions of a sample.
        n_dimensions: usize,
    },
    /// A number of a posterior, or of what it is compared with, that is none.
    #[error("galaxy {galaxy}, dimension {dimension}: {value} is not finite")]
    PosteriorNotFinite {
        /// The galaxy.
        galaxy: usize,
        /// The dimension.
        dimension: usize,
        /// The value.
        value: f64,
    },
    /// A score that needs more samples of each posterior.
    #[error("{n_samples} samples of a posterior are too few: at least {lowest}")]
    TooFewSamples {
        /// Samples of a posterior.
        n_samples: usize,
        /// What the score needs.
        lowest: usize,
    },
    /// A dimension that the posteriors do not have.
    #[error("dimension {dimension} of posteriors that have {n_dimensions}")]
    NoSuchDimension {
        /// The dimension.
        dimension: usize,
        /// Dimensions of a sample.
        n_dimensions: usize,
    },
    /// A setting or a number out of its range.
    #[error("`{name}` is {value}, not {range}")]
    OutOfRange {
        /// What it is.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
}
