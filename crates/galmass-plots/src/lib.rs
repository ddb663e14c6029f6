//! Figures from plain data: grids of maps, loss curves, and predictions against the truth.
//!
//! A figure is one call with slices or array views, and knows nothing of where they come from:
//!
//! * [`draw_maps`]: rows of maps, each with its own colour bar;
//! * [`draw_profiles`]: lines and points with errors over one another, such as profiles of a galaxy;
//! * [`draw_posteriors`]: such lines over the intervals within which they are known;
//! * [`draw_coverage`], [`draw_transforms`]: whether these intervals are as wide as they should be;
//! * [`draw_distribution`]: a histogram whose ranges have names, such as kinds of orbits;
//! * [`draw_bars`], [`draw_bar_panels`]: named numbers, such as the importance of features;
//! * [`draw_correlations`]: how quantities go together, pair by pair;
//! * [`draw_matrices`]: numbers for pairs of things, such as the scatter of each network on each suite;
//! * [`draw_loss_curve`]: training and validation loss, and the epoch that was kept;
//! * [`draw_predictions`]: predicted against true values, with contours, bias, scatter and the histogram of the residuals.
//!
//! The extension of the file decides the format, `.png` (288 dots per inch) or `.svg`. The text is 7 to 9 points
//! high, to be printed at the size it has. The colour maps are perceptually uniform and safe for the colour-blind. The
//! typeface, DejaVu Sans, is part of the program: the same data give the same bytes everywhere.
//!
//! A figure appears whole or not at all: it is written beside its destination and then renamed, in place of an older
//! one.
//!
//! ```
//! use galmass_plots::{PlotError, PredictionPanel, draw_predictions};
//!
//! let masses = PredictionPanel {
//!     title: "Test set".into(),
//!     truth: &[9.2, 9.9, 10.4, 11.1],
//!     predicted: &[9.3, 9.8, 10.5, 11.0],
//!     quantity_label: "log₁₀ M★ [M☉]".into(),
//!     residual_label: "predicted − true [dex]".into(),
//! };
//! let folder = tempfile::tempdir()?;
//! draw_predictions(&folder.path().join("masses.png"), "Stellar masses", &[masses.clone()])?;
//!
//! let refused = draw_predictions(&folder.path().join("masses.gif"), "Stellar masses", &[masses]);
//! assert!(matches!(refused, Err(PlotError::UnknownExtension { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axes;
mod bars;
mod calibration;
mod canvas;
mod cells;
mod colour_bar;
mod colour_map;
mod contours;
mod correlations;
mod distribution;
mod error;
mod font;
mod grid;
mod histogram;
mod legend;
mod loss;
mod maps;
mod matrices;
mod picture;
mod posteriors;
mod predictions;
mod profiles;
mod scale;
mod ticks;

pub use bars::{BarPanel, Bars, draw_bar_panels, draw_bars};
pub use calibration::{CoverageCurve, CoveragePanel, TransformPanel, draw_coverage, draw_transforms};
pub use correlations::{Correlations, draw_correlations};
pub use distribution::{Distribution, DistributionRange, draw_distribution};
pub use error::PlotError;
pub use loss::{LossCurve, draw_loss_curve};
pub use maps::{MapEllipse, MapPanel, draw_maps};
pub use matrices::{MatrixPanel, draw_matrices};
pub use posteriors::{PosteriorPanel, ProfileBand, draw_posteriors};
pub use predictions::{PredictionPanel, draw_predictions};
pub use profiles::{ProfileMark, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle, draw_profiles};
pub use scale::ColourScale;
