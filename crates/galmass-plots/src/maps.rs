//! Grids of maps.

use std::f64::consts::TAU;
use std::path::Path;

use ndarray::ArrayView2;

use crate::axes::{Axes, Axis, SPINE, draw_note, draw_panel_title, draw_title};
use crate::canvas::Destination;
use crate::colour_bar;
use crate::colour_map::{BLACK, ColourMap, HATCH, Rgb, UNKNOWN, WHITE};
use crate::error::PlotError;
use crate::grid;
use crate::picture::{Image, Ink, Picture, Point, Rect};
use crate::scale::{ColourScale, Levels, is_known, is_range};

/// The width of a map, and the least and the largest height \[pt\].
const WIDTH: f64 = 108.0;
const HEIGHTS: [f64; 2] = [36.0, 216.0];
/// Between the lines of the hatching of unknown pixels \[pt\].
const HATCH_SPACING: f64 = 4.0;
/// Length of the dashes of a ring \[pt\].
const DASH: f64 = 4.0;
/// Straight pieces of each dash and gap of a ring.
const PIECES: usize = 4;
/// Straight pieces of an ellipse.
const ELLIPSE_PIECES: usize = 180;

/// One map of a figure.
#[derive(Clone, Debug)]
pub struct MapPanel<'a> {
    /// What stands above the map; may be empty.
    pub title: String,
    /// The values, `[row, column]`: row 0 is the lowest and is drawn at the bottom, column 0 is on the left.
    /// What is not finite (or beyond 1e100) is unknown, and is hatched.
    pub values: ArrayView2<'a, f64>,
    /// The outer edges of the map, `[x_min, x_max, y_min, y_max]`. The panel has the proportions of these.
    pub extent: [f64; 4],
    /// The horizontal axis with its unit, such as `x [kpc]`.
    pub x_label: String,
    /// The vertical axis with its unit.
    pub y_label: String,
    /// How the values become colours.
    pub scale: ColourScale,
    /// The quantity with its unit, beside the colour bar.
    pub colour_label: String,
    /// The radius of a dashed ring about (0, 0), such as the half-mass radius, in the unit of the axes.
    pub circle_radius: Option<f64>,
    /// Ellipses about (0, 0), drawn as solid lines over the map.
    pub ellipses: Vec<MapEllipse>,
}

/// An ellipse about the middle of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapEllipse {
    /// Its semi-major axis, in the unit of the axes.
    pub semi_major: f64,
    /// Minor over major axis, from 0, a line, to 1.
    pub axis_ratio: f64,
    /// The angle \[rad\] from the horizontal to its major axis, towards the vertical.
    pub angle: f64,
}

/// Draws rows of maps, each with its own colour bar, into a PNG or SVG file.
///
/// A map is 1.5 inches wide. The rows may have different lengths, and the maps different proportions. Columns are
/// as wide and rows as high as their labels need. Maps finer than the page, in an SVG finer than about 200 pixels a
/// side, are averaged down.
///
/// A map of which nothing is known is hatched all over and says so. A ring is drawn where it lies inside the map.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, a map without pixels, a
/// [`MapPanel::extent`] that is not finite and in order, a [`ColourScale`] that spans nothing, a page of more than
/// 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{ColourScale, MapPanel, draw_maps};
/// use ndarray::Array2;
///
/// let velocity = Array2::from_shape_fn((48, 48), |(_, column)| column as f64 - 23.5);
/// let panel = MapPanel {
///     title: "Velocity".into(),
///     values: velocity.view(),
///     extent: [-3.0, 3.0, -3.0, 3.0],
///     x_label: "x [kpc]".into(),
///     y_label: "y [kpc]".into(),
///     scale: ColourScale::Symmetric { limit: None },
///     colour_label: "v [km/s]".into(),
///     circle_radius: Some(1.0),
///     ellipses: Vec::new(),
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("maps.png");
/// draw_maps(&path, "A disc", &[vec![panel]])?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_maps(path: &Path, title: &str, rows: &[Vec<MapPanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, rows)?)
}

fn figure(title: &str, rows: &[Vec<MapPanel<'_>>]) -> Result<Picture, PlotError> {
    if rows.iter().all(Vec::is_empty) {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "maps" });
    }
    rows.iter().flatten().try_for_each(check)?;
    let pictures = rows.iter().map(|row| row.iter().map(panel).collect()).collect();
    let mut picture = grid::arranged(pictures);
    draw_title(&mut picture, title);
    Ok(picture)
}

fn check(panel: &MapPanel<'_>) -> Result<(), PlotError> {
    let name = || panel.title.clone();
    if panel.values.is_empty() {
        return Err(PlotError::Empty { figure: name(), what: "pixels" });
    }
    let [x_min, x_max, y_min, y_max] = panel.extent;
    if !(is_range([x_min, x_max]) && is_range([y_min, y_max])) {
        return Err(PlotError::BadExtent { panel: name(), extent: panel.extent });
    }
    if !panel.scale.is_valid() {
        return Err(PlotError::BadColourScale { panel: name(), scale: panel.scale });
    }
    Ok(())
}

/// A panel, the top left corner of its frame at the origin.
fn panel(panel: &MapPanel<'_>) -> Picture {
    let [x_min, x_max, y_min, y_max] = panel.extent;
    // Whole points keep the spines sharp.
    let height = (WIDTH * (y_max - y_min) / (x_max - x_min)).clamp(HEIGHTS[0], HEIGHTS[1]).round();
    let axes = Axes {
        frame: Rect::new(0.0, 0.0, WIDTH, height),
        x: Axis::linear([x_min, x_max], &*panel.x_label),
        y: Axis::linear([y_min, y_max], &*panel.y_label),
    };
    let levels = panel.scale.levels(panel.values);
    let mut picture = Picture::default();
    draw_pixels(&mut picture, axes.frame, panel.values, &levels);
    if let Some(radius) = panel.circle_radius {
        draw_ring(&mut picture, &axes, radius, levels.map);
    }
    for ellipse in &panel.ellipses {
        draw_ellipse(&mut picture, &axes, ellipse, levels.map);
    }
    axes.draw(&mut picture);
    colour_bar::draw(&mut picture, &levels, &panel.colour_label, axes.frame);
    draw_panel_title(&mut picture, &panel.title, axes.frame, 1.3 * WIDTH);
    picture
}

fn draw_pixels(picture: &mut Picture, frame: Rect, values: ArrayView2<'_, f64>, levels: &Levels) {
    let n_known = values.iter().filter(|&&value| is_known(value)).count();
    if n_known < values.len() {
        draw_hatching(picture, frame);
    }
    if n_known == 0 {
        draw_note(picture, frame, "no data");
    }
    // An image begins on top, where the map has its last row.
    let cells = values.rows().into_iter().rev();
    let cells = cells.flat_map(|row| row.into_iter().map(|&value| levels.colour(value))).collect();
    picture.image(frame, Image { columns: values.ncols(), cells });
}

/// Fills a frame with grey and rising lines.
pub(crate) fn draw_hatching(picture: &mut Picture, frame: Rect) {
    picture.rect(frame, UNKNOWN);
    let (width, height) = (frame.width(), frame.height());
    let n_lines = ((width + height) / HATCH_SPACING) as usize;
    for index in 0..=n_lines {
        // The line x + y = sum in a frame whose y points upwards from the lower right to the upper left.
        let sum = index as f64 * HATCH_SPACING;
        let (x_from, x_to) = ((sum - height).max(0.0), sum.min(width));
        let at = |x: f64| Point { x: frame.left + x, y: frame.top + sum - x };
        picture.line(at(x_from), at(x_to), SPINE, HATCH);
    }
}

/// Draws the dashes of a ring about the origin that lie inside the frame, with a rim that keeps them visible.
fn draw_ring(picture: &mut Picture, axes: &Axes, radius: f64, map: ColourMap) {
    if !(radius > 0.0 && radius.is_finite()) {
        return;
    }
    let (core, rim) = core_and_rim(map);
    let dashes: Vec<Vec<Point>> = dashes(axes, radius)
        .into_iter()
        .filter(|dash| dash.iter().all(|&p| axes.frame.contains(p)))
        .collect();
    for dash in &dashes {
        picture.path(dash.clone(), 1.6, Ink { colour: rim, opacity: 0.5 });
    }
    for dash in dashes {
        picture.path(dash, 0.8, core);
    }
}

/// The colour of a line that is seen on a colour map, and of the rim that keeps it visible.
fn core_and_rim(map: ColourMap) -> (Rgb, Rgb) {
    match map {
        ColourMap::CoolWarm => (BLACK, WHITE),
        ColourMap::Inferno | ColourMap::Viridis => (WHITE, BLACK),
    }
}

/// Draws the parts of an ellipse about the origin that lie inside the frame.
fn draw_ellipse(picture: &mut Picture, axes: &Axes, ellipse: &MapEllipse, map: ColourMap) {
    let MapEllipse { semi_major, axis_ratio, angle } = *ellipse;
    if !(semi_major > 0.0 && semi_major.is_finite() && (0.0..=1.0).contains(&axis_ratio) && angle.is_finite())
    {
        return;
    }
    let (sine, cosine) = angle.sin_cos();
    let point = |piece: usize| {
        let (up, right) = (TAU * piece as f64 / ELLIPSE_PIECES as f64).sin_cos();
        let (along, across) = (semi_major * right, semi_major * axis_ratio * up);
        axes.place(along * cosine - across * sine, along * sine + across * cosine)
    };
    let points: Vec<Point> = (0..=ELLIPSE_PIECES).map(point).collect();
    let (core, rim) = core_and_rim(map);
    let stretches = || {
        let inside = points.split(|&p| !axes.frame.contains(p));
        inside.filter(|stretch| stretch.len() > 1).map(<[Point]>::to_vec)
    };
    for stretch in stretches() {
        picture.path(stretch, 2.0, Ink { colour: rim, opacity: 0.5 });
    }
    for stretch in stretches() {
        picture.path(stretch, 1.0, core);
    }
}

fn dashes(axes: &Axes, radius: f64) -> Vec<Vec<Point>> {
    let on_page = radius / (axes.x.high - axes.x.low) * axes.frame.width();
    // A ring far larger than the frame needs no more dashes than one that still fits.
    let n_dashes = ((TAU * on_page / (2.0 * DASH)).round() as usize).clamp(8, 200);
    let point = |piece: usize| {
        let angle = TAU * piece as f64 / (2 * PIECES * n_dashes) as f64;
        axes.place(radius * angle.cos(), radius * angle.sin())
    };
    (0..n_dashes).map(|dash| (0..=PIECES).map(|piece| point(2 * PIECES * dash + piece)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::picture::Shape;

    fn panel_of(values: ArrayView2<'_, f64>) -> MapPanel<'_> {
        MapPanel {
            title: "Light".into(),
            values,
            extent: [-2.0, 2.0, -1.0, 1.0],
            x_label: "x [kpc]".into(),
            y_label: "y [kpc]".into(),
            scale: ColourScale::Linear { range: None },
            colour_label: "L [Lsun]".into(),
            circle_radius: Some(1.5),
            ellipses: Vec::new(),
        }
    }

    #[test]
    fn the_last_row_is_on_top() {
        let values = array![[1.0, 2.0], [3.0, f64::NAN]];
        let picture = panel(&panel_of(values.view()));
        let image = picture.shapes.iter().find_map(|shape| match shape {
            Shape::Image { image, .. } => Some(image),
            _ => None,
        });
        let levels = ColourScale::Linear { range: None }.levels(values.view());
        let expected = [3.0, f64::NAN, 1.0, 2.0].map(|value| levels.colour(value));
        assert_eq!(image.unwrap().cells, expected);
    }

    #[test]
    fn a_panel_has_the_proportions_of_its_extent() {
        let values = array![[1.0]];
        let picture = panel(&panel_of(values.view()));
        let frame = picture.shapes.iter().find_map(|shape| match shape {
            Shape::Image { rect, .. } => Some(*rect),
            _ => None,
        });
        assert_eq!(frame, Some(Rect::new(0.0, 0.0, WIDTH, WIDTH / 2.0)));
    }

    #[test]
    fn a_ring_is_clipped_at_the_frame() {
        let frame = Rect::new(0.0, 0.0, 100.0, 50.0);
        let axes = Axes { frame, x: Axis::linear([-2.0, 2.0], "x"), y: Axis::linear([-1.0, 1.0], "y") };
        for (radius, is_seen) in [(0.5, true), (1.5, true), (10.0, false), (0.0, false), (f64::NAN, false)] {
            let mut picture = Picture::default();
            draw_ring(&mut picture, &axes, radius, ColourMap::Inferno);
            assert_eq!(!picture.shapes.is_empty(), is_seen, "{radius}");
            assert!(frame.grown(1.0).contains(picture.bounds().centre()));
            assert!(picture.bounds().height() <= 52.0);
        }
    }

    #[test]
    fn an_ellipse_keeps_its_angle_and_its_frame() {
        let frame = Rect::new(0.0, 0.0, 100.0, 100.0);
        let axes = Axes { frame, x: Axis::linear([-2.0, 2.0], "x"), y: Axis::linear([-2.0, 2.0], "y") };
        let drawn = |ellipse: MapEllipse| {
            let mut picture = Picture::default();
            draw_ellipse(&mut picture, &axes, &ellipse, ColourMap::Inferno);
            picture
        };
        let upright = drawn(MapEllipse { semi_major: 1.6, axis_ratio: 0.5, angle: TAU / 4.0 }).bounds();
        // 40 by 80 points, and the rim.
        assert!((upright.width() - 42.0).abs() < 0.1 && (upright.height() - 82.0).abs() < 0.1);
        let cut = drawn(MapEllipse { semi_major: 3.0, axis_ratio: 0.3, angle: 0.0 }).bounds();
        assert!(cut.width() < 103.0 && cut.width() > 90.0);
        for (semi_major, axis_ratio, angle) in
            [(f64::NAN, 1.0, 0.0), (1.0, f64::NAN, 0.0), (1.0, 1.0, f64::NAN)]
        {
            assert!(drawn(MapEllipse { semi_major, axis_ratio, angle }).shapes.is_empty());
        }
    }

    #[test]
    fn no_text_of_a_grid_overlaps_another() {
        let values = Array2::from_shape_fn((5, 5), |(row, column)| (row * column) as f64 * 1e7);
        let long = "A title that is far too long for the map that stands below it";
        let panels = || vec![MapPanel { title: long.into(), ..panel_of(values.view()) }; 3];
        figure(long, &[panels(), panels()]).unwrap().assert_no_text_overlaps();
    }
}
