//! Scores of predicted masses and of their posteriors, on plain slices of `f64`.
//!
//! Predictions and truths are logarithms (dex), so a residual is `log10(predicted / true)`, as in Chu et al. (2024).
//!
//! | file | concept |
//! | --- | --- |
//! | `residuals` | bias and scatter, with and without outliers; mean errors |
//! | `correlation` | R², Pearson's coefficient |
//! | `posterior` | samples beside truths |
//! | `calibration` | transforms, coverage of intervals, the test of Kolmogorov and Smirnov |
//! | `tarp` | coverage of joint posteriors |
//! | `proper_scores` | ranked probability, energy, likelihood |
//! | `bootstrap` | errors of any of them, by drawing galaxies |
//!
//! ```
//! use galmass_metrics::Residuals;
//!
//! let residuals = Residuals::new(&[10.1, 11.0, 11.9], &[10.0, 11.0, 12.0])?;
//! assert!(residuals.bias().abs() < 1e-12);
//! assert!((residuals.scatter() - (0.02_f64 / 3.0).sqrt()).abs() < 1e-12);
//! # Ok::<(), galmass_metrics::MetricsError>(())
//! ```

mod bootstrap;
mod calibration;
mod correlation;
mod error;
#[cfg(test)]
mod gaussians;
mod percentile;
mod posterior;
mod proper_scores;
mod residuals;
mod tarp;

pub use bootstrap::bootstrap_over_galaxies;
pub use calibration::{
    KolmogorovSmirnov, central_coverage, kolmogorov_smirnov, probability_integral_transforms,
};
pub use correlation::{explained_variance, pearson_correlation};
pub use error::MetricsError;
pub use percentile::percentile;
pub use posterior::Posteriors;
pub use proper_scores::{
    energy_scores, gaussian_negative_log_likelihood, gaussian_ranked_probability_score,
    ranked_probability_scores,
};
pub use residuals::Residuals;
pub use tarp::{Tarp, TarpConfig, measure_joint_coverage};
