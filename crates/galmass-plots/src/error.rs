//! What can go wrong between data and a figure on disk.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::ColourScale;

/// A figure that was not drawn. Nothing is left on disk, and a file of that name is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The name of the file does not say how to write it.
    #[error("the figure {path} ends in neither .png nor .svg", path = path.display())]
    UnknownExtension {
        /// The file asked for.
        path: PathBuf,
    },
    /// There is nothing to draw.
    #[error("the figure \"{figure}\" has no {what}")]
    Empty {
        /// The title of the figure or panel.
        figure: String,
        /// What is missing.
        what: &'static str,
    },
    /// Two series that belong together are not equally long.
    #[error("in the figure \"{figure}\", {first} has {expected} values, {second} has {found}")]
    LengthsDiffer {
        /// The title of the figure or panel.
        figure: String,
        /// The series that sets the length.
        first: &'static str,
        /// The series that differs.
        second: &'static str,
        /// The length of the first.
        expected: usize,
        /// The length of the second.
        found: usize,
    },
    /// The best epoch is none of those drawn.
    #[error("in the figure \"{figure}\", the best epoch has index {index} of {n_epochs} epochs")]
    NoSuchEpoch {
        /// The title of the figure.
        figure: String,
        /// The index given.
        index: usize,
        /// The number of epochs.
        n_epochs: usize,
    },
    /// A band belongs to none of the series.
    #[error("in the figure \"{figure}\", a band belongs to series {index} of {n_series}")]
    NoSuchSeries {
        /// The title of the figure or panel.
        figure: String,
        /// The index given.
        index: usize,
        /// The number of series.
        n_series: usize,
    },
    /// A map whose edges are not finite or not in order.
    #[error("the map \"{panel}\" extends over {extent:?}, which is not x_min < x_max, y_min < y_max")]
    BadExtent {
        /// The title of the panel.
        panel: String,
        /// The edges given.
        extent: [f64; 4],
    },
    /// A colour scale that spans nothing.
    #[error("the map \"{panel}\" asks for the colour scale {scale:?}, which spans no finite interval")]
    BadColourScale {
        /// The title of the panel.
        panel: String,
        /// The scale given.
        scale: ColourScale,
    },
    /// The edges of bins that are not in order, or not finite.
    #[error(
        "in the figure \"{figure}\", the edge {value} at index {index} does not lie above the one before"
    )]
    BadEdge {
        /// The title of the figure or panel.
        figure: String,
        /// The first edge concerned.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// So many panels, or so long a word, that the page would not fit into memory.
    #[error("the figure {path} needs a page of {width_pt} x {height_pt} points, more than {limit_pt} a side", path = path.display())]
    TooLarge {
        /// The file asked for.
        path: PathBuf,
        /// The width that the figure needs.
        width_pt: f64,
        /// The height that the figure needs.
        height_pt: f64,
        /// The longest side of a page.
        limit_pt: f64,
    },
    /// The file could not be written.
    #[error("cannot write the figure {path}: {source}", path = path.display())]
    Write {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The drawing library failed.
    #[error("cannot render the figure {path}: {source}", path = path.display())]
    Render {
        /// The file asked for.
        path: PathBuf,
        /// What the library said.
        source: Box<dyn Error + Send + Sync>,
    },
}
