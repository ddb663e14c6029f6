//! Lines and points over one another.

use std::path::Path;

use crate::axes::{Axes, Axis, CURVE, SPINE, Spacing, TICK_SIZE, draw_note, draw_panel_title, draw_title};
use crate::canvas::Destination;
use crate::colour_map::{PALETTE, REFERENCE, Rgb};
use crate::error::PlotError;
use crate::picture::{Align, Picture, Point, Rect, Text};
use crate::posteriors::{ProfileBand, draw_band};
use crate::scale::{is_known, widened};
use crate::{grid, legend};

/// The width of a frame, and its height, or that of a low one \[pt\].
const WIDTH: f64 = 170.0;
const HEIGHTS: [f64; 2] = [128.0, 52.0];
/// Room between data and frame, as a share of its sides.
const PADDING: f64 = 0.05;
/// Room for the names of marks, as a share of the height.
const NAME_ROOM: f64 = 0.08;
const RADIUS: f64 = 1.4;
const DASH: f64 = 3.0;
/// More than these would say nothing, and hide all else \[decades\].
const MOST_DECADES: f64 = 8.0;

/// One panel of a figure of profiles.
#[derive(Clone, Debug)]
pub struct ProfilePanel<'a> {
    /// What stands above it; may be empty.
    pub title: String,
    /// The horizontal axis with its unit.
    pub x_label: String,
    /// The vertical axis with its unit.
    pub y_label: String,
    /// How the horizontal axis runs.
    pub x_scale: ProfileScale,
    /// How the vertical axis runs.
    pub y_scale: ProfileScale,
    /// What is drawn, the last on top.
    pub series: Vec<ProfileSeries<'a>>,
    /// Upright dashed lines at places that have a name.
    pub marks: Vec<ProfileMark>,
    /// Whether the panel is low, as for residuals; it then has a line at 0.
    pub is_low: bool,
}

/// How an axis runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileScale {
    /// Linearly.
    Linear,
    /// Logarithmically: what is not above zero is left out, and what is more than eight decades below the largest.
    Log,
}

/// Values at places.
#[derive(Clone, Debug)]
pub struct ProfileSeries<'a> {
    /// What stands in the key; a series without a name is not in it.
    pub label: String,
    /// The places.
    pub x: &'a [f64],
    /// The values, as many. One that is not finite is left out, and is a gap in a line.
    pub y: &'a [f64],
    /// The standard errors of the values, as many, drawn as bars.
    pub errors: Option<&'a [f64]>,
    /// How it is drawn.
    pub style: SeriesStyle,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesStyle {
    /// A solid line.
    Line,
    /// A dashed line.
    Dashed,
    /// Discs.
    Points,
}

/// A place that has a name.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileMark {
    /// Where it is.
    pub x: f64,
    /// What it is called, in a few letters; may be empty.
    pub label: String,
}

/// Draws rows of panels, each with lines and points over one another, into a PNG or SVG file.
///
/// Series have the colours of Okabe & Ito (2008) in order, and a key where they have names, in the corner where it hides
/// least. Each axis spans what is known of all series of its panel. A panel without known values says so.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, slices of one series with different
/// lengths, a page of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle, draw_profiles};
///
/// let (radii, light) = ([1.0, 2.0, 4.0], [9.0e7, 3.0e7, 4.0e6]);
/// let panel = ProfilePanel {
///     title: "Face-on".into(),
///     x_label: "R [kpc]".into(),
///     y_label: "I [L☉ kpc⁻²]".into(),
///     x_scale: ProfileScale::Log,
///     y_scale: ProfileScale::Log,
///     series: vec![ProfileSeries {
///         label: "stars".into(),
///         x: &radii,
///         y: &light,
///         errors: Some(&[4.0e6, 2.0e6, 1.0e6]),
///         style: SeriesStyle::Points,
///     }],
///     marks: Vec::new(),
///     is_low: false,
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("profile.svg");
/// draw_profiles(&path, "A galaxy", &[vec![panel]])?;
/// assert!(std::fs::read_to_string(&path)?.contains("stars"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_profiles(path: &Path, title: &str, rows: &[Vec<ProfilePanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, rows)?)
}

fn figure(title: &str, rows: &[Vec<ProfilePanel<'_>>]) -> Result<Picture, PlotError> {
    if rows.iter().all(Vec::is_empty) {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "panels" });
    }
    rows.iter().flatten().try_for_each(check)?;
    let pictures = rows.iter().map(|row| row.iter().map(panel).collect()).collect();
    let mut picture = grid::arranged(pictures);
    draw_title(&mut picture, title);
    Ok(picture)
}

pub(crate) fn check(panel: &ProfilePanel<'_>) -> Result<(), PlotError> {
    for series in &panel.series {
        let expected = series.x.len();
        let errors = series.errors.map_or(expected, <[f64]>::len);
        for (second, found) in [("the values", series.y.len()), ("the errors", errors)] {
            if found != expected {
                let figure = format!("{} {}", panel.title, series.label);
                return Err(PlotError::LengthsDiffer {
                    figure,
                    first: "the places",
                    second,
                    expected,
                    found,
                });
            }
        }
    }
    Ok(())
}

/// A panel, the top left corner of its frame at the origin.
fn panel(panel: &ProfilePanel<'_>) -> Picture {
    panel_with(panel, &[])
}

/// A panel with bands behind its series.
pub(crate) fn panel_with(panel: &ProfilePanel<'_>, bands: &[ProfileBand<'_>]) -> Picture {
    let frame = Rect::new(0.0, 0.0, WIDTH, HEIGHTS[usize::from(panel.is_low)]);
    let of_series = panel.series.iter().flat_map(|series| series.x.iter().copied());
    let xs = of_series.chain(bands.iter().flat_map(|band| band.x.iter().copied()));
    let ends = bands.iter().flat_map(|band| band.ends.iter().flatten().copied());
    let mut axes = Axes {
        frame,
        x: axis(panel.x_scale, xs, &panel.x_label),
        y: axis(panel.y_scale, heights(panel).chain(ends), &panel.y_label),
    };
    if panel.marks.iter().any(|mark| !mark.label.is_empty()) {
        // Room for their names above the data.
        axes.y.high = match panel.y_scale {
            ProfileScale::Linear => axes.y.high + NAME_ROOM * (axes.y.high - axes.y.low),
            ProfileScale::Log => axes.y.high * (axes.y.high / axes.y.low).powf(NAME_ROOM),
        };
    }
    let mut picture = Picture::default();
    for mark in &panel.marks {
        draw_mark(&mut picture, &axes, mark, panel.x_scale);
    }
    if panel.is_low && panel.y_scale == ProfileScale::Linear && axes.y.low < 0.0 && axes.y.high > 0.0 {
        let y = axes.place(1.0, 0.0).y;
        picture.line(Point { x: frame.left, y }, Point { x: frame.right, y }, SPINE, REFERENCE);
    }
    let mut covered = Vec::new();
    for band in bands {
        let edges = draw_band(&mut picture, &axes, panel, band, PALETTE[band.series % PALETTE.len()]);
        covered.extend(edges.iter().flat_map(|edge| on_the_way(edge)));
    }
    for (series, colour) in panel.series.iter().zip(PALETTE.into_iter().cycle()) {
        draw_series(&mut picture, &axes, panel, series, colour);
        covered.extend(on_the_way(&places(&axes, panel, series)));
    }
    if covered.is_empty() {
        draw_note(&mut picture, frame, "no finite value");
    }
    // The names of marks should be seen too, and count as much as a good part of a line.
    for mark in panel.marks.iter().filter(|mark| fits(panel.x_scale, mark.x) && !mark.label.is_empty()) {
        let x = frame.left + axes.x.fraction(mark.x) * frame.width();
        covered.extend([Point { x: x + 3.0, y: frame.top + 5.0 }; 20]);
    }
    axes.draw(&mut picture);
    let named = panel.series.iter().zip(PALETTE.into_iter().cycle());
    let entries: Vec<_> = named
        .filter(|(series, _)| !series.label.is_empty())
        .map(|(series, colour)| {
            let style = series.style;
            let sample = move |key: &mut Picture, at: Point| draw_sample(key, at, style, colour);
            (sample, series.label.clone())
        })
        .collect();
    legend::draw(&mut picture, frame, &entries, &covered);
    draw_panel_title(&mut picture, &panel.title, frame, WIDTH);
    picture
}

/// Whether a value has a place on an axis.
pub(crate) fn fits(scale: ProfileScale, value: f64) -> bool {
    is_known(value) && (scale == ProfileScale::Linear || value >= f64::MIN_POSITIVE)
}

/// The values, and the ends of their error bars.
fn heights<'a>(panel: &'a ProfilePanel<'_>) -> impl Iterator<Item = f64> + 'a {
    panel.series.iter().flat_map(|series| {
        series.y.iter().enumerate().flat_map(|(index, &y)| {
            let error = series.errors.map_or(0.0, |errors| errors[index]);
            let error = if is_known(error) { error } else { 0.0 };
            // On a logarithmic axis a bar may reach down without end.
            let below = if y - error > 0.3 * y { y - error } else { y };
            [y, y + error, below]
        })
    })
}

fn axis(scale: ProfileScale, values: impl Iterator<Item = f64>, label: &str) -> Axis {
    let (low, high) = values
        .filter(|&value| fits(scale, value))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match scale {
        ProfileScale::Log if high > 0.0 => {
            let low = low.max(high * 10f64.powf(-MOST_DECADES));
            // A single value gets half a decade to both sides.
            let decades = (high / low).log10();
            let room = 10f64.powf(if decades < 1e-3 { 0.5 } else { PADDING * decades });
            Axis::new(Spacing::Logarithmic, [low / room, high * room], label)
        }
        ProfileScale::Log => Axis::new(Spacing::Logarithmic, [0.1, 10.0], label),
        ProfileScale::Linear => {
            let [low, high] = widened([low, high]);
            let room = PADDING * (high - low);
            Axis::linear([low - room, high + room], label)
        }
    }
}

/// Where values stand inside the frame; `None` for one that has no place.
fn places(axes: &Axes, panel: &ProfilePanel<'_>, series: &ProfileSeries<'_>) -> Vec<Option<Point>> {
    let place = |(&x, &y): (&f64, &f64)| {
        let known = fits(panel.x_scale, x) && fits(panel.y_scale, y);
        let point = known.then(|| axes.place(x, y))?;
        axes.frame.contains(point).then_some(point)
    };
    series.x.iter().zip(series.y).map(place).collect()
}

/// The places, and points between neighbours, so that a key knows where lines are.
fn on_the_way(places: &[Option<Point>]) -> Vec<Point> {
    const STEPS: usize = 8;
    let mut all: Vec<Point> = places.iter().copied().flatten().collect();
    for pair in places.windows(2) {
        if let [Some(from), Some(to)] = pair {
            let shares = (1..STEPS).map(|step| step as f64 / STEPS as f64);
            let between =
                shares.map(|s| Point { x: from.x + s * (to.x - from.x), y: from.y + s * (to.y - from.y) });
            all.extend(between);
        }
    }
    all
}

fn draw_series(
    picture: &mut Picture,
    axes: &Axes,
    panel: &ProfilePanel<'_>,
    series: &ProfileSeries<'_>,
    colour: Rgb,
) {
    let places = places(axes, panel, series);
    if let Some(errors) = series.errors {
        for ((place, &y), &error) in places.iter().zip(series.y).zip(errors) {
            let Some(place) = place.filter(|_| is_known(error)) else { continue };
            let end = |value: f64| {
                let y = if fits(panel.y_scale, value) { axes.place(1.0, value).y } else { axes.frame.bottom };
                Point { x: place.x, y: y.clamp(axes.frame.top, axes.frame.bottom) }
            };
            picture.line(end(y - error), end(y + error), SPINE, colour);
        }
    }
    match series.style {
        SeriesStyle::Points => places.iter().flatten().for_each(|&at| picture.disc(at, RADIUS, colour)),
        SeriesStyle::Line => {
            for stretch in places.split(Option::is_none).filter(|stretch| stretch.len() > 1) {
                picture.path(stretch.iter().copied().flatten().collect(), CURVE, colour);
            }
        }
        SeriesStyle::Dashed => {
            for stretch in places.split(Option::is_none) {
                draw_dashes(picture, &stretch.iter().copied().flatten().collect::<Vec<_>>(), colour);
            }
        }
    }
}

/// Dashes and gaps of one length along a line.
fn draw_dashes(picture: &mut Picture, points: &[Point], colour: Rgb) {
    let (mut travelled, mut dash) = (0.0, Vec::new());
    for pair in points.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let length = (to.x - from.x).hypot(to.y - from.y);
        let n_steps = (4.0 * length / DASH).ceil().max(1.0) as usize;
        for step in 0..n_steps {
            let share = step as f64 / n_steps as f64;
            let at = Point { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
            if ((travelled / DASH) as usize).is_multiple_of(2) {
                dash.push(at);
            } else if !dash.is_empty() {
                picture.path(std::mem::take(&mut dash), CURVE, colour);
            }
            travelled += length / n_steps as f64;
        }
    }
    if dash.len() > 1 {
        picture.path(dash, CURVE, colour);
    }
}

fn draw_sample(key: &mut Picture, at: Point, style: SeriesStyle, colour: Rgb) {
    let end = Point { x: at.x + legend::SAMPLE, ..at };
    match style {
        SeriesStyle::Line => key.line(at, end, 1.5 * CURVE, colour),
        SeriesStyle::Dashed => key.dashed_line(at, end, DASH, 1.5 * CURVE, colour),
        SeriesStyle::Points => {
            key.disc(Point { x: 0.5 * (at.x + end.x), ..at }, 1.3 * RADIUS, colour);
        }
    }
}

/// Draws an upright dashed line with its name at its upper end.
fn draw_mark(picture: &mut Picture, axes: &Axes, mark: &ProfileMark, scale: ProfileScale) {
    let fraction = axes.x.fraction(mark.x);
    if !(fits(scale, mark.x) && (0.0..=1.0).contains(&fraction)) {
        return;
    }
    let x = axes.frame.left + fraction * axes.frame.width();
    let (top, bottom) = (Point { x, y: axes.frame.top }, Point { x, y: axes.frame.bottom });
    picture.dashed_line(bottom, top, DASH, 1.5 * SPINE, REFERENCE);
    let at = Point { x: x + 2.0, y: axes.frame.top + 8.0 };
    if !mark.label.is_empty() {
        picture.text(Text::new(&*mark.label, at, TICK_SIZE, Align::Start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour_map::BLUE;
    use crate::picture::Shape;

    fn panel_of<'a>(x: &'a [f64], y: &'a [f64], scale: ProfileScale) -> ProfilePanel<'a> {
        ProfilePanel {
            title: "A galaxy".into(),
            x_label: "R [kpc]".into(),
            y_label: "I [L☉ kpc⁻²]".into(),
            x_scale: scale,
            y_scale: scale,
            series: [SeriesStyle::Points, SeriesStyle::Line, SeriesStyle::Dashed]
                .map(|style| ProfileSeries { label: format!("{style:?}"), x, y, errors: Some(y), style })
                .into(),
            marks: vec![ProfileMark { x: 1.0, label: "R".into() }],
            is_low: false,
        }
    }

    #[test]
    fn all_that_is_drawn_lies_in_its_frame_whatever_the_values() {
        let hard =
            [[1.0, 2.0], [0.0, 0.0], [-3.0, 5.0], [f64::NAN, f64::INFINITY], [1e-90, 1e90], [5.0, 5.0]];
        for scale in [ProfileScale::Linear, ProfileScale::Log] {
            for x in &hard {
                for y in &hard {
                    let picture = panel(&panel_of(x, y, scale));
                    let frame = Rect::new(0.0, 0.0, WIDTH, HEIGHTS[0]).grown(3.0);
                    for shape in &picture.shapes {
                        if let Shape::Disc { centre, .. } = shape {
                            assert!(frame.contains(*centre), "{x:?} {y:?} {centre:?}");
                        }
                    }
                    assert!(picture.bounds().width() < 300.0, "{x:?} {y:?}");
                }
            }
        }
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, f64::NAN, 3.0, 4.0]);
        let panel_of = panel_of(&x, &y, ProfileScale::Linear);
        let axes = Axes {
            frame: Rect::new(0.0, 0.0, 100.0, 100.0),
            x: Axis::linear([0.0, 6.0], ""),
            y: Axis::linear([0.0, 5.0], ""),
        };
        let line = ProfileSeries { errors: None, ..panel_of.series[1].clone() };
        let mut picture = Picture::default();
        draw_series(&mut picture, &axes, &panel_of, &line, BLUE);
        assert_eq!(picture.shapes.len(), 2);
    }

    #[test]
    fn slices_of_one_series_are_equally_long() {
        let panel = panel_of(&[1.0, 2.0], &[1.0], ProfileScale::Log);
        let error = figure("Lengths", &[vec![panel]]);
        assert!(matches!(error, Err(PlotError::LengthsDiffer { expected: 2, found: 1, .. })));
        assert!(matches!(figure("None", &[]), Err(PlotError::Empty { .. })));
    }
}
