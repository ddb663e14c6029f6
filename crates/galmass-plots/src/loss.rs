//! The course of a training.

use std::path::Path;

use crate::axes::{Axes, Axis, CURVE, SPINE, Spacing, TICK_SIZE, draw_note, draw_title};
use crate::canvas::Destination;
use crate::colour_map::{BLUE, REFERENCE, Rgb, VERMILION, WHITE};
use crate::error::PlotError;
use crate::picture::{Align, Picture, Point, Rect, Text};
use crate::scale::{is_known, is_range, widened};
use crate::{font, ticks};

/// The frame \[pt\]: with its labels it fills a journal column of 84 mm.
const FRAME: [f64; 2] = [196.0, 124.0];
/// Room between the curves and the frame, as a share of its height.
const PADDING: f64 = 0.05;
/// Radius of the mark of the best epoch, and of an epoch between two unknown ones \[pt\].
const BEST_RADIUS: f64 = 2.5;
const LONE_RADIUS: f64 = 1.2;
const DASH: f64 = 3.0;
/// In the legend: length of the sample of a line, and gaps \[pt\].
const SAMPLE: f64 = 10.0;
const SAMPLE_GAP: f64 = 3.0;
const ENTRY_GAP: f64 = 7.0;

/// The losses of a training, one a epoch.
#[derive(Clone, Debug)]
pub struct LossCurve<'a> {
    /// The loss of the training set.
    pub training: &'a [f64],
    /// The loss of the validation set, as many.
    pub validation: &'a [f64],
    /// The index of the epoch that was kept, counted from zero.
    pub best_epoch: Option<usize>,
    /// What the loss is, with its unit if it has one.
    pub loss_label: String,
}

/// Draws training and validation loss against the epoch into a PNG or SVG file, one journal column wide.
///
/// Epochs are counted from 1 on the axis: index 0 is epoch 1. The axis of the loss is logarithmic, unless a loss is
/// zero or negative (a log-likelihood may be): then it is linear. A loss that is not finite is a gap in its curve.
/// The best epoch is a dashed line with a disc on the validation curve, and the legend gives it.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no epochs, curves of different lengths, a best epoch
/// that is none of them, a page of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{LossCurve, draw_loss_curve};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("loss.svg");
/// let curve = LossCurve {
///     training: &[1.0, 0.5, 0.25],
///     validation: &[1.1, 0.7, 0.8],
///     best_epoch: Some(1),
///     loss_label: "mean squared error [dex²]".into(),
/// };
/// draw_loss_curve(&path, "Training", &curve)?;
/// assert!(std::fs::read_to_string(&path)?.contains("best epoch 2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_loss_curve(path: &Path, title: &str, curve: &LossCurve<'_>) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, curve)?)
}

fn figure(title: &str, curve: &LossCurve<'_>) -> Result<Picture, PlotError> {
    check(title, curve)?;
    let axes = axes(curve);
    let mut picture = Picture::default();
    if let Some(index) = curve.best_epoch {
        let x = axes.place(epoch(index), axes.y.low).x;
        let (from, to) = (Point { x, y: axes.frame.bottom }, Point { x, y: axes.frame.top });
        picture.dashed_line(from, to, DASH, 2.0 * SPINE, REFERENCE);
    }
    draw_series(&mut picture, &axes, curve.training, BLUE);
    draw_series(&mut picture, &axes, curve.validation, VERMILION);
    if let Some(index) = curve.best_epoch
        && is_known(curve.validation[index])
    {
        let at = axes.place(epoch(index), curve.validation[index]);
        picture.disc(at, BEST_RADIUS + SPINE, WHITE);
        picture.disc(at, BEST_RADIUS, VERMILION);
    }
    if known(curve).next().is_none() {
        draw_note(&mut picture, axes.frame, "no finite loss");
    }
    axes.draw(&mut picture);
    draw_legend(&mut picture, axes.frame, curve);
    draw_title(&mut picture, title);
    Ok(picture)
}

fn check(title: &str, curve: &LossCurve<'_>) -> Result<(), PlotError> {
    let figure = || title.to_owned();
    let (n_epochs, found) = (curve.training.len(), curve.validation.len());
    if n_epochs == 0 && found == 0 {
        return Err(PlotError::Empty { figure: figure(), what: "epochs" });
    }
    if n_epochs != found {
        let (first, second) = ("the training loss", "the validation loss");
        return Err(PlotError::LengthsDiffer { figure: figure(), first, second, expected: n_epochs, found });
    }
    match curve.best_epoch {
        Some(index) if index >= n_epochs => Err(PlotError::NoSuchEpoch { figure: figure(), index, n_epochs }),
        _ => Ok(()),
    }
}

/// The number of an epoch on the axis.
fn epoch(index: usize) -> f64 {
    index as f64 + 1.0
}

fn known<'a>(curve: &LossCurve<'a>) -> impl Iterator<Item = f64> + use<'a> {
    curve.training.iter().chain(curve.validation).copied().filter(|&loss| is_known(loss))
}

fn axes(curve: &LossCurve<'_>) -> Axes {
    let n_epochs = curve.training.len() as f64;
    Axes {
        frame: Rect::new(0.0, 0.0, FRAME[0], FRAME[1]),
        x: Axis::new(Spacing::Whole, [0.5, n_epochs + 0.5], "epoch"),
        y: loss_axis(curve),
    }
}

fn loss_axis(curve: &LossCurve<'_>) -> Axis {
    let low = known(curve).fold(f64::INFINITY, f64::min);
    let high = known(curve).fold(f64::NEG_INFINITY, f64::max);
    // A loss so small that zero to it is no range counts as zero.
    let is_logarithmic = is_range([0.0, low]);
    let [low, high] = widened([low, high]);
    if is_logarithmic {
        let room = 10_f64.powf(PADDING * (high.log10() - low.log10()));
        return Axis::new(Spacing::Logarithmic, [low / room, high * room], &*curve.loss_label);
    }
    let room = PADDING * (high - low);
    Axis::linear([low - room, high + room], &*curve.loss_label)
}

/// Draws the finite stretches of a curve; a stretch of one epoch as a dot.
fn draw_series(picture: &mut Picture, axes: &Axes, losses: &[f64], colour: Rgb) {
    let points: Vec<Option<Point>> = losses
        .iter()
        .enumerate()
        .map(|(index, &loss)| is_known(loss).then(|| axes.place(epoch(index), loss)))
        .collect();
    for stretch in points.split(Option::is_none) {
        let stretch: Vec<Point> = stretch.iter().copied().flatten().collect();
        match stretch[..] {
            [] => {}
            [lone] => picture.disc(lone, LONE_RADIUS, colour),
            _ => picture.path(stretch, CURVE, colour),
        }
    }
}

/// Draws the legend in a row above the frame, where no curve can be under it.
fn draw_legend(picture: &mut Picture, frame: Rect, curve: &LossCurve<'_>) {
    let start = Point { x: frame.left, y: frame.top - 4.0 - 0.5 * font::CAP_HEIGHT * TICK_SIZE };
    let [from, to] = sample_at(start);
    picture.line(from, to, 1.5 * CURVE, BLUE);
    let start = draw_entry(picture, start, "training");
    let [from, to] = sample_at(start);
    picture.line(from, to, 1.5 * CURVE, VERMILION);
    let start = draw_entry(picture, start, "validation");
    let Some(index) = curve.best_epoch else { return };
    let [from, to] = sample_at(start);
    picture.dashed_line(from, to, DASH, 2.0 * SPINE, REFERENCE);
    picture.disc(Point { x: 0.5 * (from.x + to.x), ..from }, BEST_RADIUS, VERMILION);
    let loss = ticks::number(curve.validation[index], 3);
    draw_entry(picture, start, &format!("best epoch {} ({loss})", index + 1));
}

/// The two ends of the sample of a legend entry.
fn sample_at(start: Point) -> [Point; 2] {
    [start, Point { x: start.x + SAMPLE, ..start }]
}

/// Writes a legend entry beside its sample and returns the start of the next.
fn draw_entry(picture: &mut Picture, start: Point, label: &str) -> Point {
    let text = Text::beside(label, start.x + SAMPLE + SAMPLE_GAP, start.y, TICK_SIZE, Align::Start);
    let next = Point { x: text.bounds().right + ENTRY_GAP, ..start };
    picture.text(text);
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Shape;

    fn curve<'a>(training: &'a [f64], validation: &'a [f64]) -> LossCurve<'a> {
        LossCurve { training, validation, best_epoch: Some(0), loss_label: "loss [dex²]".into() }
    }

    fn n_shapes(picture: &Picture, wanted: fn(&Shape) -> bool) -> usize {
        picture.shapes.iter().filter(|shape| wanted(shape)).count()
    }

    #[test]
    fn the_axis_is_logarithmic_where_all_losses_are_positive() {
        assert_eq!(loss_axis(&curve(&[1.0, 0.1], &[2.0, f64::NAN])).spacing, Spacing::Logarithmic);
        assert_eq!(loss_axis(&curve(&[1.0, 0.0], &[2.0, 1.0])).spacing, Spacing::Linear);
        assert_eq!(loss_axis(&curve(&[1.0, -3.0], &[2.0, 1.0])).spacing, Spacing::Linear);
    }

    #[test]
    fn unknown_losses_leave_gaps_and_lone_ones_are_dots() {
        let losses = [1.0, 0.9, f64::NAN, 0.8, f64::INFINITY, 0.7, 0.6];
        let axes = axes(&curve(&losses, &losses));
        let mut picture = Picture::default();
        draw_series(&mut picture, &axes, &losses, BLUE);
        assert_eq!(n_shapes(&picture, |shape| matches!(shape, Shape::Path { .. })), 2);
        assert_eq!(n_shapes(&picture, |shape| matches!(shape, Shape::Disc { .. })), 1);
    }

    #[test]
    fn all_points_lie_in_the_frame() {
        for losses in [[1.0, 1e-7], [0.3, 0.3], [-5.0, 1e5], [1e99, 1e-99], [1e-120, 0.5]] {
            let curve = curve(&losses, &losses);
            let axes = axes(&curve);
            for (index, &loss) in losses.iter().enumerate() {
                assert!(axes.frame.contains(axes.place(epoch(index), loss)), "{losses:?}");
            }
            figure("A title", &curve).unwrap().assert_no_text_overlaps();
        }
    }
}
