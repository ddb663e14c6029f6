//! The key of a map: its colours beside its values.

use crate::axes::{Axis, SPINE, Side, Spacing, draw_y_axis};
use crate::colour_map::INK;
use crate::picture::{Image, Picture, Point, Rect};
use crate::scale::Levels;

/// Between a frame and its colour bar, and the width of the bar \[pt\].
const GAP: f64 = 4.0;
const WIDTH: f64 = 6.0;
/// Height of a pointed end, which says that there are values beyond it \[pt\].
const POINT: f64 = 5.0;
/// More colours than the eye tells apart along a bar.
const N_COLOURS: usize = 256;

/// Draws a colour bar with ticks and label on the right of a frame, as high as the frame.
pub(crate) fn draw(picture: &mut Picture, levels: &Levels, label: &str, frame: Rect) {
    let left = frame.right + GAP;
    let room = |is_pointed: bool| if is_pointed { POINT } else { 0.0 };
    let bar = Rect {
        left,
        right: left + WIDTH,
        top: frame.top + room(levels.any_above),
        bottom: frame.bottom - room(levels.any_below),
    };
    let cells = (0..N_COLOURS).rev().map(|k| Some(levels.map.colour(k as f64 / (N_COLOURS - 1) as f64)));
    picture.image(bar, Image { columns: 1, cells: cells.collect() });
    // Round the bar and its points in one stroke: up the right side, down the left.
    let mut rim = vec![Point { x: bar.right, y: bar.bottom }, Point { x: bar.right, y: bar.top }];
    if levels.any_above {
        rim.push(tip(picture, bar, bar.top, frame.top, levels, 1.0));
    }
    rim.extend([Point { x: bar.left, y: bar.top }, Point { x: bar.left, y: bar.bottom }]);
    if levels.any_below {
        rim.push(tip(picture, bar, bar.bottom, frame.bottom, levels, 0.0));
    }
    rim.push(rim[0]);
    picture.path(rim, SPINE, INK);
    let spacing = if levels.is_logarithmic { Spacing::Logarithmic } else { Spacing::Linear };
    let axis = Axis::new(spacing, [levels.low, levels.high], label);
    draw_y_axis(picture, &axis, bar, Side::Right);
}

/// Fills a pointed end and returns its tip.
fn tip(picture: &mut Picture, bar: Rect, base: f64, end: f64, levels: &Levels, fraction: f64) -> Point {
    let tip = Point { x: bar.centre().x, y: end };
    let corners = vec![Point { x: bar.left, y: base }, tip, Point { x: bar.right, y: base }];
    picture.polygon(corners, levels.map.colour(fraction));
    tip
}
