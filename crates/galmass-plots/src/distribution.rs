//! A histogram whose ranges have names.

use std::path::Path;

use crate::axes::{Axes, Axis, CURVE, SPINE, draw_note, draw_title};
use crate::canvas::Destination;
use crate::colour_map::{BLUE, GREEN, INK, ORANGE, PURPLE, REFERENCE, Rgb, VERMILION};
use crate::error::PlotError;
use crate::legend;
use crate::picture::{Ink, Picture, Point, Rect};
use crate::scale::is_known;

/// The frame \[pt\]: with its labels it fills a journal column of 84 mm.
const FRAME: [f64; 2] = [196.0, 124.0];
const DASH: f64 = 3.0;
const PALETTE: [Rgb; 5] = [BLUE, GREEN, VERMILION, PURPLE, ORANGE];

/// A histogram, such as of the circularities of orbits.
#[derive(Clone, Debug)]
pub struct Distribution<'a> {
    /// The edges of the bins, rising; one more than there are bins.
    pub edges: &'a [f64],
    /// The height of each bin; what is not finite counts as 0.
    pub heights: &'a [f64],
    /// The horizontal axis with its unit.
    pub x_label: String,
    /// The vertical axis with its unit.
    pub y_label: String,
    /// The ranges that have names; bins between them are grey.
    pub ranges: Vec<DistributionRange>,
}

/// A range with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct DistributionRange {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// What stands in the key.
    pub label: String,
}

/// Draws a histogram into a PNG or SVG file, one journal column wide; a bin has the colour of the range that holds its
/// middle, and the key names the ranges. Dashed lines part the ranges.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no bins, edges that are not one more than the bins or do
/// not rise, a page of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{Distribution, DistributionRange, draw_distribution};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("orbits.svg");
/// let orbits = Distribution {
///     edges: &[-1.0, -0.5, 0.0, 0.5, 1.0],
///     heights: &[0.1, 0.2, 0.2, 0.5],
///     x_label: "circularity".into(),
///     y_label: "mass fraction".into(),
///     ranges: vec![DistributionRange { low: 0.5, high: 1.0, label: "cold 0.50".into() }],
/// };
/// draw_distribution(&path, "Orbits", &orbits)?;
/// assert!(std::fs::read_to_string(&path)?.contains("cold 0.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_distribution(path: &Path, title: &str, distribution: &Distribution<'_>) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, distribution)?)
}

fn figure(title: &str, distribution: &Distribution<'_>) -> Result<Picture, PlotError> {
    check(title, distribution)?;
    let Distribution { edges, heights, ranges, .. } = distribution;
    let height = |index: usize| if is_known(heights[index]) { heights[index].max(0.0) } else { 0.0 };
    let highest = (0..heights.len()).map(height).fold(0.0, f64::max);
    let axes = Axes {
        frame: Rect::new(0.0, 0.0, FRAME[0], FRAME[1]),
        x: Axis::linear([edges[0], edges[edges.len() - 1]], &*distribution.x_label),
        // A tenth of room above the highest bin.
        y: Axis::linear([0.0, if highest > 0.0 { 1.1 * highest } else { 1.0 }], &*distribution.y_label),
    };
    let mut picture = Picture::default();
    let (mut outline, mut covered) = (vec![axes.place(edges[0], 0.0)], Vec::new());
    for (index, pair) in edges.windows(2).enumerate() {
        let (from, to) = (axes.place(pair[0], height(index)), axes.place(pair[1], 0.0));
        let middle = 0.5 * (pair[0] + pair[1]);
        let holds = |range: &DistributionRange| (range.low..range.high).contains(&middle);
        let colour = ranges.iter().position(holds).map_or(REFERENCE, colour);
        if height(index) > 0.0 {
            let bar = Rect { left: from.x, top: from.y, right: to.x, bottom: to.y };
            picture.rect(bar, Ink { colour, opacity: 0.45 });
        }
        let over = Point { x: to.x, ..from };
        outline.extend([from, over]);
        covered.extend([from, over, Point { y: 0.5 * (from.y + to.y), ..from }]);
    }
    outline.push(axes.place(edges[edges.len() - 1], 0.0));
    picture.path(outline, 0.8 * CURVE, INK);
    for end in ranges.iter().flat_map(|range| [range.low, range.high]) {
        if (edges[0]..edges[edges.len() - 1]).contains(&end) && end > edges[0] {
            let x = axes.place(end, 0.0).x;
            let (from, to) = (Point { x, y: axes.frame.bottom }, Point { x, y: axes.frame.top });
            picture.dashed_line(from, to, DASH, SPINE, REFERENCE);
        }
    }
    if highest == 0.0 {
        draw_note(&mut picture, axes.frame, "no data");
    }
    axes.draw(&mut picture);
    let entries: Vec<_> = ranges
        .iter()
        .enumerate()
        .map(|(index, range)| {
            (move |key: &mut Picture, at: Point| draw_sample(key, at, index), range.label.clone())
        })
        .collect();
    legend::draw(&mut picture, axes.frame, &entries, &covered);
    draw_title(&mut picture, title);
    Ok(picture)
}

fn check(title: &str, distribution: &Distribution<'_>) -> Result<(), PlotError> {
    let figure = || title.to_owned();
    let Distribution { edges, heights, .. } = distribution;
    if heights.is_empty() {
        return Err(PlotError::Empty { figure: figure(), what: "bins" });
    }
    let (expected, found) = (heights.len() + 1, edges.len());
    if found != expected {
        let (first, second) = ("the bins with their last edge", "the edges");
        return Err(PlotError::LengthsDiffer { figure: figure(), first, second, expected, found });
    }
    for (index, &value) in edges.iter().enumerate() {
        let rises = index == 0 || value > edges[index - 1];
        if !(is_known(value) && rises) {
            return Err(PlotError::BadEdge { figure: figure(), index, value });
        }
    }
    Ok(())
}

fn colour(index: usize) -> Rgb {
    PALETTE[index % PALETTE.len()]
}

fn draw_sample(key: &mut Picture, at: Point, index: usize) {
    let square = Rect::new(at.x + 0.5 * legend::SAMPLE - 3.0, at.y - 3.0, 6.0, 6.0);
    key.rect(square, Ink { colour: colour(index), opacity: 0.45 });
    key.outline(square, SPINE, colour(index));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(edges: &'a [f64], heights: &'a [f64]) -> Distribution<'a> {
        let range = |low, high, label: &str| DistributionRange { low, high, label: label.into() };
        Distribution {
            edges,
            heights,
            x_label: "circularity".into(),
            y_label: "mass fraction".into(),
            ranges: vec![range(0.8, 2.0, "cold"), range(-0.25, 0.25, "hot")],
        }
    }

    #[test]
    fn any_heights_are_drawn_inside_the_frame() {
        for heights in [[0.2, 0.8], [0.0, 0.0], [f64::NAN, 1.0], [-1.0, f64::INFINITY], [1e99, 1e-99]] {
            let picture = figure("Orbits", &of(&[-1.0, 0.0, 1.0], &heights)).unwrap();
            picture.assert_no_text_overlaps();
            assert!(picture.bounds().width() < 280.0, "{heights:?}");
        }
    }

    #[test]
    fn bins_that_are_none_are_refused_in_words() {
        let refused = |edges: &[f64], heights: &[f64]| figure("Orbits", &of(edges, heights)).unwrap_err();
        assert!(matches!(refused(&[], &[]), PlotError::Empty { what: "bins", .. }));
        assert!(matches!(refused(&[0.0], &[1.0]), PlotError::LengthsDiffer { expected: 2, found: 1, .. }));
        for edges in [[0.0, 0.0], [1.0, 0.0], [0.0, f64::NAN]] {
            assert!(matches!(refused(&edges, &[1.0]), PlotError::BadEdge { index: 1, .. }));
        }
        assert!(matches!(refused(&[f64::NAN, 1.0], &[1.0]), PlotError::BadEdge { index: 0, .. }));
    }
}
