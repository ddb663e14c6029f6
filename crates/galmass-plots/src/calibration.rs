//! Whether posteriors are as wide as they should be.

use std::path::Path;

use crate::axes::{Axes, Axis, CURVE, SPINE, TICK_SIZE, draw_note, draw_panel_title, draw_title};
use crate::canvas::Destination;
use crate::colour_map::{BLUE, INK, PALETTE, REFERENCE, Rgb};
use crate::error::PlotError;
use crate::picture::{Align, Ink, Picture, Point, Rect, Text};
use crate::scale::is_known;
use crate::{grid, legend};

/// Side of the square frame of a curve, and the frame of a histogram \[pt\]: with labels each fills a column of 84 mm.
const SIDE: f64 = 180.0;
const HISTOGRAM: [f64; 2] = [180.0, 110.0];
const DASH: f64 = 3.5;
/// How far shot noise of 95 per cent reaches, in standard deviations.
const TWO_SIGMA: f64 = 1.96;
/// Places along the noise of an exact curve.
const N_NOISE: usize = 50;
const NOISE: Ink = Ink { colour: REFERENCE, opacity: 0.18 };
/// The opacity of the band of a curve.
const BAND: f64 = 0.2;

/// One panel of coverage against credibility.
#[derive(Clone, Debug)]
pub struct CoveragePanel<'a> {
    /// What stands above it; may be empty.
    pub title: String,
    /// The curves, the last on top.
    pub curves: Vec<CoverageCurve<'a>>,
    /// The number of galaxies of which the curves are; the shot noise of so many is drawn in grey, as 95 per cent
    /// intervals of a binomial about the straight line. `None` draws none.
    pub n_galaxies: Option<usize>,
    /// The horizontal axis, such as `credibility`; both axes run from 0 to 1.
    pub x_label: String,
    /// The vertical axis, such as `part of the truths inside`.
    pub y_label: String,
}

/// Coverage at rising credibility: of central intervals, or of joint posteriors (TARP).
#[derive(Clone, Debug)]
pub struct CoverageCurve<'a> {
    /// What stands in the key; a curve without a name is not in it.
    pub label: String,
    /// The credibilities, from 0 to 1.
    pub credibility: &'a [f64],
    /// The part of the truths inside, at each; a value that is not finite is left out, as is one beyond 0 to 1.
    pub coverage: &'a [f64],
    /// Lower and upper end of the band about it, at each.
    pub band: Option<&'a [[f64; 2]]>,
}

/// One panel with the histogram of probability integral transforms.
#[derive(Clone, Debug)]
pub struct TransformPanel<'a> {
    /// What stands above it; may be empty.
    pub title: String,
    /// The transforms, one for each galaxy, from 0 to 1; others are left out, and counted.
    pub transforms: &'a [f64],
    /// The bins, 1 or more.
    pub n_bins: usize,
    /// The horizontal axis, such as `transform of log₁₀ M★`.
    pub x_label: String,
}

/// Draws coverage against credibility into a PNG or SVG file, in rows of square panels.
///
/// Posteriors that are as wide as they should be lie on the dashed line, within the noise. Curves above it are of posteriors
/// too wide, curves below of posteriors too narrow. Each curve has its colour of Okabe & Ito (2008), and its band the same.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, slices of one curve with different lengths, a page
/// of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{CoverageCurve, CoveragePanel, draw_coverage};
///
/// let credibility = [0.0, 0.25, 0.5, 0.75, 1.0];
/// let curve = CoverageCurve {
///     label: "too narrow".into(),
///     credibility: &credibility,
///     coverage: &[0.0, 0.13, 0.27, 0.44, 1.0],
///     band: None,
/// };
/// let panel = CoveragePanel {
///     title: "Central intervals of log₁₀ M★, 200 galaxies".into(),
///     curves: vec![curve],
///     n_galaxies: Some(200),
///     x_label: "credibility".into(),
///     y_label: "part of the truths inside".into(),
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("coverage.svg");
/// draw_coverage(&path, "Calibration", &[vec![panel]])?;
/// assert!(std::fs::read_to_string(&path)?.contains("too narrow"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_coverage(path: &Path, title: &str, rows: &[Vec<CoveragePanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, rows, coverage_panel)?)
}

/// Draws histograms of probability integral transforms into a PNG or SVG file, in rows of panels.
///
/// Heights are densities: 1, the dashed line, for posteriors that are as wide as they should be, within the shot noise in grey
/// (95 per cent of a binomial). A hump says that they are too wide, horns that they are too narrow, a slope that they are
/// biased.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, a panel without transforms or without bins, a page
/// of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{TransformPanel, draw_transforms};
///
/// let transforms: Vec<f64> = (0..200).map(|galaxy| (f64::from(galaxy) + 0.5) / 200.0).collect();
/// let panel = TransformPanel {
///     title: "log₁₀ M★".into(),
///     transforms: &transforms,
///     n_bins: 10,
///     x_label: "part of the posterior below the truth".into(),
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("transforms.svg");
/// draw_transforms(&path, "Calibration", &[vec![panel]])?;
/// assert!(std::fs::read_to_string(&path)?.contains("n = 200"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_transforms(path: &Path, title: &str, rows: &[Vec<TransformPanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, rows, transform_panel)?)
}

fn figure<P>(
    title: &str,
    rows: &[Vec<P>],
    panel: impl Fn(&P) -> Result<Picture, PlotError>,
) -> Result<Picture, PlotError> {
    if rows.iter().all(Vec::is_empty) {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "panels" });
    }
    let pictures: Result<Vec<Vec<Picture>>, PlotError> =
        rows.iter().map(|row| row.iter().map(&panel).collect()).collect();
    let mut picture = grid::arranged(pictures?);
    draw_title(&mut picture, title);
    Ok(picture)
}

/// A panel, the top left corner of its frame at the origin.
fn coverage_panel(panel: &CoveragePanel<'_>) -> Result<Picture, PlotError> {
    for curve in &panel.curves {
        check(panel, curve)?;
    }
    let axes = Axes {
        frame: Rect::new(0.0, 0.0, SIDE, SIDE),
        x: Axis::linear([0.0, 1.0], &*panel.x_label),
        y: Axis::linear([0.0, 1.0], &*panel.y_label),
    };
    let mut picture = Picture::default();
    if let Some(n @ 1..) = panel.n_galaxies {
        draw_noise(&mut picture, &axes, n);
    }
    picture.dashed_line(axes.place(0.0, 0.0), axes.place(1.0, 1.0), DASH, 1.5 * SPINE, INK);
    let coloured = || panel.curves.iter().zip(PALETTE.into_iter().cycle());
    for (curve, colour) in coloured() {
        draw_band(&mut picture, &axes, curve, colour);
    }
    let mut covered = Vec::new();
    for (curve, colour) in coloured() {
        for stretch in places(&axes, curve).split(Option::is_none) {
            let points: Vec<Point> = stretch.iter().copied().flatten().collect();
            covered.extend(&points);
            if points.len() > 1 {
                picture.path(points, CURVE, colour);
            }
        }
    }
    if covered.is_empty() {
        draw_note(&mut picture, axes.frame, "no finite value");
    }
    // The straight line should be seen as well.
    covered.extend((0..=20).map(|k| axes.place(f64::from(k) / 20.0, f64::from(k) / 20.0)));
    let entries: Vec<_> = coloured()
        .filter(|(curve, _)| !curve.label.is_empty())
        .map(|(curve, colour)| {
            let sample = move |key: &mut Picture, at: Point| {
                key.line(at, Point { x: at.x + legend::SAMPLE, ..at }, 1.5 * CURVE, colour);
            };
            (sample, curve.label.clone())
        })
        .collect();
    legend::draw(&mut picture, axes.frame, &entries, &covered);
    axes.draw(&mut picture);
    draw_panel_title(&mut picture, &panel.title, axes.frame, SIDE);
    Ok(picture)
}

fn check(panel: &CoveragePanel<'_>, curve: &CoverageCurve<'_>) -> Result<(), PlotError> {
    let expected = curve.credibility.len();
    let band = curve.band.map_or(expected, <[_]>::len);
    for (second, found) in [("the coverage", curve.coverage.len()), ("the band", band)] {
        if found != expected {
            let figure = format!("{} {}", panel.title, curve.label);
            let first = "the credibility";
            return Err(PlotError::LengthsDiffer { figure, first, second, expected, found });
        }
    }
    Ok(())
}

/// Where 95 of 100 curves of exact posteriors pass through each credibility.
fn draw_noise(picture: &mut Picture, axes: &Axes, n_galaxies: usize) {
    let levels = (0..=N_NOISE).map(|k| k as f64 / N_NOISE as f64);
    let reach = |level: f64| TWO_SIGMA * (level * (1.0 - level) / n_galaxies as f64).sqrt();
    let edge = |side: f64| {
        levels.clone().map(move |level| axes.place(level, (level + side * reach(level)).clamp(0.0, 1.0)))
    };
    picture.polygon(edge(1.0).chain(edge(-1.0).rev()).collect(), NOISE);
}

/// The points of a curve, `None` where there is none.
fn places(axes: &Axes, curve: &CoverageCurve<'_>) -> Vec<Option<Point>> {
    let is_part = |value: &f64| (0.0..=1.0).contains(value);
    let pairs = curve.credibility.iter().zip(curve.coverage);
    pairs.map(|(x, y)| (is_part(x) && is_part(y)).then(|| axes.place(*x, *y))).collect()
}

fn draw_band(picture: &mut Picture, axes: &Axes, curve: &CoverageCurve<'_>, colour: Rgb) {
    let Some(band) = curve.band else { return };
    let is_whole = |ends: &[f64; 2]| ends.iter().all(|&end| is_known(end));
    let ends: Vec<_> = curve
        .credibility
        .iter()
        .zip(band)
        .map(|(&level, ends)| ((0.0..=1.0).contains(&level) && is_whole(ends)).then_some((level, *ends)))
        .collect();
    for stretch in ends.split(Option::is_none).filter(|stretch| stretch.len() > 1) {
        let edge = |side: usize| {
            stretch.iter().flatten().map(move |(level, ends)| axes.place(*level, ends[side].clamp(0.0, 1.0)))
        };
        let outline: Vec<Point> = edge(0).chain(edge(1).collect::<Vec<_>>().into_iter().rev()).collect();
        picture.polygon(outline, Ink { colour, opacity: BAND });
    }
}

/// A panel, the top left corner of its frame at the origin.
fn transform_panel(panel: &TransformPanel<'_>) -> Result<Picture, PlotError> {
    for (n, what) in [(panel.transforms.len(), "transforms"), (panel.n_bins, "bins")] {
        if n == 0 {
            return Err(PlotError::Empty { figure: panel.title.clone(), what });
        }
    }
    let mut counts = vec![0_usize; panel.n_bins];
    for transform in panel.transforms.iter().filter(|transform| (0.0..=1.0).contains(*transform)) {
        counts[((transform * panel.n_bins as f64) as usize).min(panel.n_bins - 1)] += 1;
    }
    let n: usize = counts.iter().sum();
    let density = |count: usize| count as f64 * panel.n_bins as f64 / n.max(1) as f64;
    let share = 1.0 / panel.n_bins as f64;
    let noise = TWO_SIGMA * ((1.0 - share) / share / n.max(1) as f64).sqrt();
    let highest = counts.iter().map(|&count| density(count)).fold(1.0 + noise.min(3.0), f64::max);
    let frame = Rect::new(0.0, 0.0, HISTOGRAM[0], HISTOGRAM[1]);
    // Room for the number above the bins.
    let axes = Axes {
        frame,
        x: Axis::linear([0.0, 1.0], &*panel.x_label),
        y: Axis::linear([0.0, 1.25 * highest], "density [1]"),
    };
    let mut picture = Picture::default();
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let at = |edge: usize, height: f64| axes.place(edge as f64 * share, height);
        let (from, to) = (at(bin, density(count)), at(bin + 1, 0.0));
        let bar = Rect { left: from.x, top: from.y, right: to.x, bottom: to.y };
        picture.rect(bar, Ink { colour: BLUE, opacity: 0.35 });
        picture.outline(bar, SPINE, BLUE);
    }
    let [low, high] = [(1.0 - noise).max(0.0), (1.0 + noise).min(1.25 * highest)];
    let (from, to) = (axes.place(0.0, high), axes.place(1.0, low));
    if n > 0 {
        picture.rect(Rect { left: from.x, top: from.y, right: to.x, bottom: to.y }, NOISE);
        picture.dashed_line(axes.place(0.0, 1.0), axes.place(1.0, 1.0), DASH, 1.5 * SPINE, INK);
    } else {
        draw_note(&mut picture, frame, "no transform from 0 to 1");
    }
    axes.draw(&mut picture);
    let n_lost = panel.transforms.len() - n;
    let words = if n_lost > 0 { format!("n = {n} ({n_lost} not from 0 to 1)") } else { format!("n = {n}") };
    picture.text(Text::beside(words, frame.right - 4.0, frame.top + 7.0, TICK_SIZE, Align::End));
    draw_panel_title(&mut picture, &panel.title, frame, HISTOGRAM[0]);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Shape;

    fn curve<'a>(credibility: &'a [f64], coverage: &'a [f64]) -> CoverageCurve<'a> {
        CoverageCurve { label: "stars".into(), credibility, coverage, band: None }
    }

    fn panel_of(curves: Vec<CoverageCurve<'_>>) -> CoveragePanel<'_> {
        CoveragePanel {
            title: "M★".into(),
            curves,
            n_galaxies: Some(100),
            x_label: "credibility".into(),
            y_label: "coverage".into(),
        }
    }

    fn paths(picture: &Picture, width: f64) -> usize {
        picture
            .shapes
            .iter()
            .filter(|shape| matches!(shape, Shape::Path { width: w, .. } if *w == width))
            .count()
    }

    #[test]
    fn curves_stay_in_their_frame_whatever_the_values() {
        let levels = [0.0, 0.5, 1.0];
        for coverage in [[0.0, 0.5, 1.0], [f64::NAN; 3], [-3.0, 1e9, f64::INFINITY], [0.2, f64::NAN, 0.9]] {
            let band = coverage.map(|value| [value - 0.1, value + 0.1]);
            let with_band = CoverageCurve { band: Some(&band), ..curve(&levels, &coverage) };
            let picture = coverage_panel(&panel_of(vec![with_band])).unwrap();
            picture.assert_no_text_overlaps();
            let frame = Rect::new(0.0, 0.0, SIDE, SIDE).grown(0.1);
            for shape in &picture.shapes {
                if let Shape::Polygon { points, .. } = shape {
                    assert!(points.iter().all(|&point| frame.contains(point)), "{coverage:?}");
                }
            }
        }
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let levels = [0.0, 0.2, 0.5, 0.7, 1.0];
        let whole = coverage_panel(&panel_of(vec![curve(&levels, &[0.0, 0.1, 0.4, 0.8, 1.0])])).unwrap();
        let torn = coverage_panel(&panel_of(vec![curve(&levels, &[0.0, 0.1, f64::NAN, 0.8, 1.0])])).unwrap();
        assert_eq!((paths(&whole, CURVE), paths(&torn, CURVE)), (1, 2));
    }

    #[test]
    fn transforms_are_densities_about_one() {
        // Four in the first of two bins, and none in the other.
        let panel = TransformPanel {
            title: String::new(),
            transforms: &[0.0, 0.1, 0.2, 0.3, f64::NAN, 1.5],
            n_bins: 2,
            x_label: "transform".into(),
        };
        let picture = transform_panel(&panel).unwrap();
        picture.assert_no_text_overlaps();
        assert!(picture.texts().iter().any(|text| text.text == "n = 4 (2 not from 0 to 1)"));
        let bars: Vec<&Rect> = picture
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Rect { rect, ink } if ink.colour == BLUE => Some(rect),
                _ => None,
            })
            .collect();
        assert_eq!(bars.len(), 1);
        // A density of 2 is the highest, and stands four fifths up the frame.
        assert!((bars[0].top - 0.2 * HISTOGRAM[1]).abs() < 1e-9 && bars[0].width() == 0.5 * HISTOGRAM[0]);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_in_words() {
        let refused = coverage_panel(&panel_of(vec![curve(&[0.0, 1.0], &[0.0])])).unwrap_err();
        assert!(matches!(refused, PlotError::LengthsDiffer { second: "the coverage", found: 1, .. }));
        let band = [[0.0, 1.0]];
        let with_band = CoverageCurve { band: Some(&band), ..curve(&[0.0, 1.0], &[0.0, 1.0]) };
        let refused = coverage_panel(&panel_of(vec![with_band])).unwrap_err();
        assert!(matches!(refused, PlotError::LengthsDiffer { second: "the band", found: 1, .. }));
        let bare = |transforms, n_bins| TransformPanel {
            title: "M★".into(),
            transforms,
            n_bins,
            x_label: String::new(),
        };
        assert!(matches!(transform_panel(&bare(&[], 5)), Err(PlotError::Empty { what: "transforms", .. })));
        assert!(matches!(transform_panel(&bare(&[0.5], 0)), Err(PlotError::Empty { what: "bins", .. })));
        let nothing = figure("Calibration", &[], coverage_panel);
        assert!(matches!(nothing, Err(PlotError::Empty { what: "panels", .. })));
    }
}
