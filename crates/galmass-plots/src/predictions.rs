//! Predicted against true values.

use std::path::Path;

use crate::axes::{
    Axes, Axis, CURVE, SPINE, TICK_SIZE, draw_note, draw_panel_title, draw_title, draw_x_axis,
};
use crate::canvas::Destination;
use crate::colour_map::{BLUE, INK, VERMILION, WHITE};
use crate::contours::Density;
use crate::error::PlotError;
use crate::histogram::Histogram;
use crate::picture::{Align, Image, Ink, Picture, Point, Rect, Text};
use crate::scale::{Levels, is_known, widened};
use crate::{colour_bar, grid, ticks};

/// Side of the square frame \[pt\]: with its labels it fills a journal column of 84 mm.
const SIDE: f64 = 192.0;
/// Room between the points and the frame, as a share of its side.
const PADDING: f64 = 0.05;
/// More points than this would hide each other, and are counted in cells instead.
const MOST_POINTS: usize = 2000;
/// Cells a side of the counts.
const N_CELLS: usize = 64;
/// Radius of a point \[pt\], and the opacity of a few points and of very many.
const RADIUS: f64 = 1.4;
const OPACITIES: [f64; 2] = [0.8, 0.25];
const DASH: f64 = 3.5;
/// The shares of the points that lie inside the contours, and the fewest points that get any.
const SHARES: [f64; 2] = [0.68, 0.95];
const FEWEST_FOR_CONTOURS: usize = 100;
/// The widths of a contour and of the rim that keeps it visible on any ground \[pt\].
const CONTOUR: [f64; 2] = [0.8, 1.8];
/// The inset: width and height of its frame, and its distance from the frame around it \[pt\].
const INSET: [f64; 2] = [80.0, 46.0];
const INSET_MARGIN: f64 = 4.0;
/// The ground of the inset and of the numbers: points under it can still be seen.
const VEIL: Ink = Ink { colour: WHITE, opacity: 0.7 };
/// From baseline to baseline of the numbers \[pt\].
const LINE: f64 = 9.5;

/// One comparison of predicted and true values.
#[derive(Clone, Debug)]
pub struct PredictionPanel<'a> {
    /// What stands above the panel; may be empty.
    pub title: String,
    /// The true values.
    pub truth: &'a [f64],
    /// The predicted values, in the same order.
    pub predicted: &'a [f64],
    /// The quantity with its unit, such as `log₁₀ M [M☉]`; the axes add "true" and "predicted".
    pub quantity_label: String,
    /// The residual with its unit in square brackets, such as `predicted − true [dex]`. The unit also follows the
    /// bias and the scatter.
    pub residual_label: String,
}

/// Draws predicted against true values into a PNG or SVG file, one panel a journal column wide; several panels stand
/// in up to three columns.
///
/// Each panel has the one-to-one line; the bias, which is the mean of predicted - true; the scatter, which is the
/// standard deviation of predicted - true about its mean, divided by n; the number n; and an inset
/// with the histogram of predicted - true, its mean (solid line) and 1 sigma to both sides (dashed). The outermost
/// bins of the histogram, 4 sigma from the mean, also hold what lies beyond them.
///
/// More than 2000 points are counted in cells, shaded by the logarithm of the count. From 100 points on, two contours of their
/// density hold 68 and 95 per cent of them; it is estimated with a normal whose width follows Scott (1992), along the
/// one-to-one line and across it. The inset stands in the corner
/// where it covers fewer points, which still shine through. Pairs that are not finite are left out, and counted.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, a panel without values or with
/// slices of different lengths, a page of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{PredictionPanel, draw_predictions};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("masses.svg");
/// let panel = PredictionPanel {
///     title: "Stellar mass".into(),
///     truth: &[9.0, 10.0, 11.0],
///     predicted: &[9.1, 10.2, 11.3],
///     quantity_label: "log₁₀ M [M☉]".into(),
///     residual_label: "predicted − true [dex]".into(),
/// };
/// draw_predictions(&path, "Three galaxies", &[panel])?;
/// let figure = std::fs::read_to_string(&path)?;
/// assert!(figure.contains("bias = +0.200 dex") && figure.contains("scatter = 0.0816 dex"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_predictions(path: &Path, title: &str, panels: &[PredictionPanel<'_>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, panels)?)
}

fn figure(title: &str, panels: &[PredictionPanel<'_>]) -> Result<Picture, PlotError> {
    if panels.is_empty() {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "panels" });
    }
    panels.iter().try_for_each(check)?;
    let n_columns = (panels.len() as f64).sqrt().ceil().min(3.0) as usize;
    let rows = panels.chunks(n_columns).map(|row| row.iter().map(panel).collect()).collect();
    let mut picture = grid::arranged(rows);
    draw_title(&mut picture, title);
    Ok(picture)
}

fn check(panel: &PredictionPanel<'_>) -> Result<(), PlotError> {
    let figure = || panel.title.clone();
    let (expected, found) = (panel.truth.len(), panel.predicted.len());
    if expected != found {
        let (first, second) = ("the truth", "the prediction");
        return Err(PlotError::LengthsDiffer { figure: figure(), first, second, expected, found });
    }
    if expected == 0 {
        return Err(PlotError::Empty { figure: figure(), what: "values" });
    }
    Ok(())
}

/// A panel, the top left corner of its frame at the origin.
fn panel(panel: &PredictionPanel<'_>) -> Picture {
    let pairs: Vec<[f64; 2]> = known_pairs(panel);
    let range = padded_range(&pairs);
    let axes = Axes {
        frame: Rect::new(0.0, 0.0, SIDE, SIDE),
        x: Axis::linear(range, format!("true {}", panel.quantity_label)),
        y: Axis::linear(range, format!("predicted {}", panel.quantity_label)),
    };
    let mut picture = Picture::default();
    if pairs.len() > MOST_POINTS {
        draw_counts(&mut picture, &axes, &pairs);
    } else {
        draw_points(&mut picture, &axes, &pairs);
    }
    if pairs.len() >= FEWEST_FOR_CONTOURS {
        draw_contours(&mut picture, &axes, &pairs);
    }
    let [from, to] = range.map(|end| axes.place(end, end));
    picture.dashed_line(from, to, DASH, 1.5 * SPINE, INK);
    if pairs.is_empty() {
        draw_note(&mut picture, axes.frame, "no finite pair");
    } else {
        draw_summary(&mut picture, &axes, panel, &pairs);
    }
    axes.draw(&mut picture);
    draw_panel_title(&mut picture, &panel.title, axes.frame, SIDE);
    picture
}

fn known_pairs(panel: &PredictionPanel<'_>) -> Vec<[f64; 2]> {
    let pairs = panel.truth.iter().zip(panel.predicted).map(|(&truth, &predicted)| [truth, predicted]);
    pairs.filter(|pair| pair.iter().all(|&value| is_known(value))).collect()
}

/// The range of both axes, which are the same so that the one-to-one line is the diagonal.
fn padded_range(pairs: &[[f64; 2]]) -> [f64; 2] {
    let values = || pairs.iter().flatten().copied();
    let [low, high] =
        widened([values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)]);
    let room = PADDING * (high - low);
    [low - room, high + room]
}

fn draw_points(picture: &mut Picture, axes: &Axes, pairs: &[[f64; 2]]) {
    let crowding = (pairs.len() as f64 / MOST_POINTS as f64).sqrt();
    let opacity = OPACITIES[0] + crowding * (OPACITIES[1] - OPACITIES[0]);
    for &[truth, predicted] in pairs {
        picture.disc(axes.place(truth, predicted), RADIUS, Ink { colour: BLUE, opacity });
    }
}

/// Draws the number of points per cell, and its colour bar.
fn draw_counts(picture: &mut Picture, axes: &Axes, pairs: &[[f64; 2]]) {
    let mut counts = vec![0_usize; N_CELLS * N_CELLS];
    let cell = |fraction: f64| ((fraction * N_CELLS as f64) as usize).min(N_CELLS - 1);
    for &[truth, predicted] in pairs {
        // An image begins on top.
        let row = N_CELLS - 1 - cell(axes.y.fraction(predicted));
        counts[row * N_CELLS + cell(axes.x.fraction(truth))] += 1;
    }
    let levels = Levels::counts(counts.iter().copied().max().unwrap_or(1));
    let colour = |&count: &usize| (count > 0).then(|| levels.colour(count as f64)).flatten();
    picture.image(axes.frame, Image { columns: N_CELLS, cells: counts.iter().map(colour).collect() });
    colour_bar::draw(picture, &levels, "number per cell", axes.frame);
}

/// Draws the contours of the density of the points; points without extent have none.
fn draw_contours(picture: &mut Picture, axes: &Axes, pairs: &[[f64; 2]]) {
    let Some(density) = Density::of(pairs) else { return };
    let [core, rim] = CONTOUR;
    for share in SHARES {
        for line in density.lines(density.level(pairs, share)) {
            let places: Vec<Option<Point>> = line
                .into_iter()
                .map(|[truth, predicted]| axes.place(truth, predicted))
                .map(|point| axes.frame.contains(point).then_some(point))
                .collect();
            for stretch in places.split(Option::is_none).filter(|stretch| stretch.len() > 1) {
                let points: Vec<Point> = stretch.iter().copied().flatten().collect();
                picture.path(points.clone(), rim, Ink { colour: WHITE, opacity: 0.8 });
                picture.path(points, core, INK);
            }
        }
    }
}

/// Draws the numbers and the inset into the two corners off the one-to-one line.
fn draw_summary(picture: &mut Picture, axes: &Axes, panel: &PredictionPanel<'_>, pairs: &[[f64; 2]]) {
    let residuals: Vec<f64> = pairs.iter().map(|[truth, predicted]| predicted - truth).collect();
    let histogram = Histogram::of(&residuals);
    let n_lost = panel.truth.len() - pairs.len();
    let mut inset = inset(&histogram, &panel.residual_label);
    let mut numbers = numbers(&histogram, unit_of(&panel.residual_label), n_lost);
    let points: Vec<Point> = pairs.iter().map(|&[truth, predicted]| axes.place(truth, predicted)).collect();
    let covered = |corner| {
        let (dx, dy) = shift_into(corner, axes.frame, inset.bounds());
        let bounds = inset.bounds();
        let place = Rect::new(bounds.left + dx, bounds.top + dy, bounds.width(), bounds.height());
        points.iter().filter(|&&point| place.contains(point)).count()
    };
    let corners = [Corner::LowerRight, Corner::UpperLeft];
    let [corner, other] =
        if covered(corners[0]) <= covered(corners[1]) { corners } else { [corners[1], corners[0]] };
    for (part, corner) in [(&mut inset, corner), (&mut numbers, other)] {
        let (dx, dy) = shift_into(corner, axes.frame, part.bounds());
        picture.append(std::mem::take(part), dx, dy);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Corner {
    LowerRight,
    UpperLeft,
}

/// How far a box moves into a corner of a frame.
fn shift_into(corner: Corner, frame: Rect, bounds: Rect) -> (f64, f64) {
    match corner {
        Corner::LowerRight => {
            (frame.right - INSET_MARGIN - bounds.right, frame.bottom - INSET_MARGIN - bounds.bottom)
        }
        Corner::UpperLeft => (frame.left + INSET_MARGIN - bounds.left, frame.top + INSET_MARGIN - bounds.top),
    }
}

/// Bias, scatter and number on a veil.
fn numbers(histogram: &Histogram, unit: &str, n_lost: usize) -> Picture {
    let with_unit = |number: String| if unit.is_empty() { number } else { format!("{number} {unit}") };
    let sign = if histogram.mean > 0.0 { "+" } else { "" };
    let n = histogram.n;
    let lines = [
        format!("bias = {sign}{}", with_unit(ticks::number(histogram.mean, 3))),
        format!("scatter = {}", with_unit(ticks::number(histogram.sigma, 3))),
        if n_lost == 0 { format!("n = {n}") } else { format!("n = {n} ({n_lost} not finite)") },
    ];
    let mut texts = Picture::default();
    for (index, line) in lines.into_iter().enumerate() {
        let at = Point { x: 0.0, y: index as f64 * LINE };
        texts.text(Text::new(line, at, TICK_SIZE, Align::Start));
    }
    on_a_veil(texts)
}

/// The histogram of the residuals, the top left corner of its frame at the origin.
fn inset(histogram: &Histogram, label: &str) -> Picture {
    let frame = Rect::new(0.0, 0.0, INSET[0], INSET[1]);
    // A tenth of room above the highest bin.
    let most = 1.1 * histogram.counts.iter().copied().max().unwrap_or(1) as f64;
    let axes = Axes {
        frame,
        x: Axis::linear([histogram.low, histogram.high], label),
        y: Axis::linear([0.0, most], "number"),
    };
    let mut picture = Picture::default();
    let ground = Ink { colour: BLUE, opacity: 0.35 };
    for (index, &count) in histogram.counts.iter().enumerate() {
        let from = axes.place(histogram.edge(index), count as f64);
        let to = axes.place(histogram.edge(index + 1), 0.0);
        if count > 0 {
            let bar = Rect { left: from.x, top: from.y, right: to.x, bottom: to.y };
            picture.rect(bar, ground);
        }
    }
    picture.path(outline(histogram, &axes), 1.5 * SPINE, BLUE);
    draw_moments(&mut picture, histogram, &axes);
    picture.line(
        Point { x: frame.left, y: frame.bottom },
        Point { x: frame.right, y: frame.bottom },
        SPINE,
        INK,
    );
    draw_x_axis(&mut picture, &axes.x, frame);
    picture.text(Text::upwards(&*axes.y.label, frame.left - 2.0, frame.centre().y, TICK_SIZE));
    on_a_veil(picture)
}

/// The steps of a histogram, from the axis to the axis.
fn outline(histogram: &Histogram, axes: &Axes) -> Vec<Point> {
    let steps = histogram.counts.iter().enumerate().flat_map(|(index, &count)| {
        [index, index + 1].map(|edge| axes.place(histogram.edge(edge), count as f64))
    });
    let foot = |value| axes.place(value, 0.0);
    std::iter::once(foot(histogram.low)).chain(steps).chain([foot(histogram.high)]).collect()
}

/// Draws the mean as a solid line and 1 sigma to both sides as dashed lines.
fn draw_moments(picture: &mut Picture, histogram: &Histogram, axes: &Axes) {
    let ends = |value: f64| {
        let x = axes.place(value, 0.0).x;
        [Point { x, y: axes.frame.bottom }, Point { x, y: axes.frame.top }]
    };
    let [from, to] = ends(histogram.mean);
    picture.line(from, to, CURVE, VERMILION);
    if histogram.sigma > 0.0 {
        for side in [-1.0, 1.0] {
            let [from, to] = ends(histogram.mean + side * histogram.sigma);
            picture.dashed_line(from, to, 2.0, 1.5 * SPINE, VERMILION);
        }
    }
}

/// Puts a ground under a picture that lets points shine through.
fn on_a_veil(picture: Picture) -> Picture {
    let mut veiled = Picture::default();
    veiled.rect(picture.bounds().grown(2.0), VEIL);
    veiled.append(picture, 0.0, 0.0);
    veiled
}

/// What a label has in square brackets at its end: the unit.
fn unit_of(label: &str) -> &str {
    let inside = label.trim_end().strip_suffix(']').and_then(|label| label.rsplit_once('['));
    inside.map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel_of<'a>(truth: &'a [f64], predicted: &'a [f64]) -> PredictionPanel<'a> {
        PredictionPanel {
            title: "Masses".into(),
            truth,
            predicted,
            quantity_label: "log₁₀ M [M☉]".into(),
            residual_label: "predicted − true [dex]".into(),
        }
    }

    fn texts(picture: &Picture) -> Vec<String> {
        picture.texts().iter().map(|text| text.text.clone()).collect()
    }

    #[test]
    fn the_numbers_are_those_of_the_finite_pairs() {
        let texts = texts(&panel(&panel_of(&[1.0, 2.0, 3.0, f64::NAN], &[1.0, 1.9, 2.8, 4.0])));
        for expected in ["bias = −0.100 dex", "scatter = 0.0816 dex", "n = 3 (1 not finite)"] {
            assert!(texts.iter().any(|text| text == expected), "{texts:?}");
        }
    }

    #[test]
    fn a_single_pair_has_a_bias_and_no_scatter() {
        let texts = texts(&panel(&panel_of(&[10.0], &[10.5])));
        assert!(texts.contains(&"bias = +0.500 dex".to_owned()), "{texts:?}");
        assert!(texts.contains(&"scatter = – dex".to_owned()), "{texts:?}");
    }

    #[test]
    fn the_inset_avoids_the_points() {
        // All predictions too low: below the one-to-one line, where the inset would stand.
        let truth: Vec<f64> = (0..100).map(|k| 9.0 + 0.02 * f64::from(k)).collect();
        let predicted: Vec<f64> = truth.iter().map(|_| 9.0).collect();
        let picture = panel(&panel_of(&truth, &predicted));
        let numbers = picture.texts().into_iter().find(|text| text.text.starts_with("n = ")).cloned();
        assert!(numbers.unwrap().at.y > 0.5 * SIDE);
        picture.assert_no_text_overlaps();
    }

    #[test]
    fn many_points_are_counted_with_a_key() {
        let truth: Vec<f64> = (0..=MOST_POINTS).map(|k| (k as f64).sqrt()).collect();
        let is_keyed = |values: &[f64]| {
            let picture = panel(&panel_of(values, values));
            picture.assert_no_text_overlaps();
            texts(&picture).contains(&"number per cell".to_owned())
        };
        assert!(is_keyed(&truth));
        assert!(!is_keyed(&truth[1..]));
    }

    #[test]
    fn a_unit_is_what_stands_in_the_last_brackets() {
        assert_eq!(unit_of("predicted − true [dex]"), "dex");
        assert_eq!(unit_of("a [b] c [km/s] "), "km/s");
        assert_eq!(unit_of("no unit"), "");
        assert_eq!(unit_of("half a bracket]"), "");
    }
}
