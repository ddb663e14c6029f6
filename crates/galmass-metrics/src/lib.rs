//! Scores of predicted masses, on plain slices of `f64`.
//!
//! Predictions and truths are logarithms (dex), so a residual is `log10(predicted / true)`, as in Chu et al. (2024).
//!
//! ```
//! use galmass_metrics::Residuals;
//!
//! let residuals = Residuals::new(&[10.1, 11.0, 11.9], &[10.0, 11.0, 12.0])?;
//! assert!(residuals.bias().abs() < 1e-12);
//! assert!((residuals.scatter() - (0.02_f64 / 3.0).sqrt()).abs() < 1e-12);
//! # Ok::<(), galmass_metrics::MetricsError>(())
//! ```

mod residuals;

pub use residuals::{MetricsError, Residuals};
