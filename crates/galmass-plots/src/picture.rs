//! A figure before it is pixels: a list of shapes in points (1/72 inch), y downwards.
//!
//! Drawing into a list first means that a figure can be measured: panels are laid out by the boxes that their
//! shapes really need, so that no label is clipped or overlaps a neighbour, and the tests can look.

use crate::colour_map::{INK, Rgb};
use crate::font;

/// A position on the page \[pt\].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// An upright rectangle \[pt\]; `top < bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    pub(crate) fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) fn centre(&self) -> Point {
        Point { x: 0.5 * (self.left + self.right), y: 0.5 * (self.top + self.bottom) }
    }

    pub(crate) fn contains(&self, point: Point) -> bool {
        (self.left..=self.right).contains(&point.x) && (self.top..=self.bottom).contains(&point.y)
    }

    pub(crate) fn corners(&self) -> [Point; 4] {
        let Self { left, top, right, bottom } = *self;
        [(left, top), (right, top), (right, bottom), (left, bottom)].map(|(x, y)| Point { x, y })
    }

    pub(crate) fn grown(&self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn moved(&self, dx: f64, dy: f64) -> Self {
        Self { left: self.left + dx, top: self.top + dy, right: self.right + dx, bottom: self.bottom + dy }
    }
}

/// A colour with an opacity from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ink {
    pub(crate) colour: Rgb,
    pub(crate) opacity: f64,
}

impl From<Rgb> for Ink {
    fn from(colour: Rgb) -> Self {
        Self { colour, opacity: 1.0 }
    }
}

/// Which end of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// A line of text on a baseline that begins, is centred or ends at `at`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) at: Point,
    pub(crate) size: f64,
    pub(crate) align: Align,
    pub(crate) bold: bool,
    /// Reads upwards.
    pub(crate) turned: bool,
    pub(crate) colour: Rgb,
}

impl Text {
    pub(crate) fn new(text: impl Into<String>, at: Point, size: f64, align: Align) -> Self {
        Self { text: text.into(), at, size, align, bold: false, turned: false, colour: INK }
    }

    /// A text whose digits and capitals are centred on the height `y`.
    pub(crate) fn beside(text: impl Into<String>, x: f64, y: f64, size: f64, align: Align) -> Self {
        Self::new(text, Point { x, y: y + 0.5 * font::CAP_HEIGHT * size }, size, align)
    }

    /// A centred text that reads upwards, its baseline at `x`.
    pub(crate) fn upwards(text: impl Into<String>, x: f64, y: f64, size: f64) -> Self {
        Self { turned: true, ..Self::new(text, Point { x, y }, size, Align::Middle) }
    }

    /// The box from the ascenders to the descenders.
    pub(crate) fn bounds(&self) -> Rect {
        let width = font::width(&self.text, self.size, self.bold);
        let start = match self.align {
            Align::Start => 0.0,
            Align::Middle => -0.5 * width,
            Align::End => -width,
        };
        let (up, down) = (font::ASCENT * self.size, font::DESCENT * self.size);
        let Point { x, y } = self.at;
        if self.turned {
            Rect { left: x - up, right: x + down, top: y - start - width, bottom: y - start }
        } else {
            Rect { left: x + start, right: x + start + width, top: y - up, bottom: y + down }
        }
    }
}

/// Coloured cells, the first row on top; `None` is left transparent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Image {
    pub(crate) columns: usize,
    pub(crate) cells: Vec<Option<Rgb>>,
}

impl Image {
    pub(crate) fn rows(&self) -> usize {
        self.cells.len() / self.columns.max(1)
    }
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Rect { rect: Rect, ink: Ink },
    Path { points: Vec<Point>, width: f64, ink: Ink },
    Polygon { points: Vec<Point>, ink: Ink },
    Disc { centre: Point, radius: f64, ink: Ink },
    Image { rect: Rect, image: Image },
    Text(Text),
}

impl Shape {
    fn bounds(&self) -> Option<Rect> {
        match self {
            Self::Rect { rect, .. } | Self::Image { rect, .. } => Some(*rect),
            Self::Path { points, width, .. } => bounds_of(points).map(|rect| rect.grown(0.5 * width)),
            Self::Polygon { points, .. } => bounds_of(points),
            Self::Disc { centre, radius, .. } => Some(Rect::new(centre.x, centre.y, 0.0, 0.0).grown(*radius)),
            Self::Text(text) => Some(text.bounds()),
        }
    }

    fn move_by(&mut self, dx: f64, dy: f64) {
        let shift = |point: &mut Point| *point = Point { x: point.x + dx, y: point.y + dy };
        match self {
            Self::Rect { rect, .. } | Self::Image { rect, .. } => *rect = rect.moved(dx, dy),
            Self::Path { points, .. } | Self::Polygon { points, .. } => points.iter_mut().for_each(shift),
            Self::Disc { centre, .. } => shift(centre),
            Self::Text(text) => shift(&mut text.at),
        }
    }
}

fn bounds_of(points: &[Point]) -> Option<Rect> {
    points.iter().map(|point| Rect::new(point.x, point.y, 0.0, 0.0)).reduce(|all, one| all.union(&one))
}

/// Shapes in the order in which they are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    pub(crate) shapes: Vec<Shape>,
}

impl Picture {
    /// The smallest box around everything; a point at the origin where there is nothing.
    pub(crate) fn bounds(&self) -> Rect {
        let all = self.shapes.iter().filter_map(Shape::bounds).reduce(|all, one| all.union(&one));
        all.unwrap_or(Rect::new(0.0, 0.0, 0.0, 0.0))
    }

    /// Draws `other` on top, moved.
    pub(crate) fn append(&mut self, mut other: Self, dx: f64, dy: f64) {
        other.shapes.iter_mut().for_each(|shape| shape.move_by(dx, dy));
        self.shapes.append(&mut other.shapes);
    }

    pub(crate) fn rect(&mut self, rect: Rect, ink: impl Into<Ink>) {
        self.shapes.push(Shape::Rect { rect, ink: ink.into() });
    }

    pub(crate) fn outline(&mut self, rect: Rect, width: f64, ink: impl Into<Ink>) {
        let mut points = rect.corners().to_vec();
        // A corner is closed by running half a line past it.
        points[0].x -= 0.5 * width;
        points.push(Point { x: rect.left, y: rect.top });
        let ink = ink.into();
        for side in points.windows(2) {
            let [from, to] = [side[0], side[1]];
            let (dx, dy) = (0.5 * width * (to.x - from.x).signum(), 0.5 * width * (to.y - from.y).signum());
            let horizontal = from.y == to.y;
            let end = if horizontal { Point { x: to.x + dx, ..to } } else { Point { y: to.y + dy, ..to } };
            self.line(from, end, width, ink);
        }
    }

    pub(crate) fn line(&mut self, from: Point, to: Point, width: f64, ink: impl Into<Ink>) {
        self.path(vec![from, to], width, ink);
    }

    pub(crate) fn path(&mut self, points: Vec<Point>, width: f64, ink: impl Into<Ink>) {
        self.shapes.push(Shape::Path { points, width, ink: ink.into() });
    }

    /// A straight line of `dash` long dashes with gaps of the same length.
    pub(crate) fn dashed_line(&mut self, from: Point, to: Point, dash: f64, width: f64, ink: impl Into<Ink>) {
        let ink = ink.into();
        let length = (to.x - from.x).hypot(to.y - from.y);
        // An odd number of equal pieces, so that the line begins and ends with a dash.
        let n_pieces = ((length / dash / 2.0).round() as usize) * 2 + 1;
        let at = |piece: usize| {
            let share = piece as f64 / n_pieces as f64;
            Point { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }
        };
        for piece in (0..n_pieces).step_by(2) {
            self.line(at(piece), at(piece + 1), width, ink);
        }
    }

    pub(crate) fn polygon(&mut self, points: Vec<Point>, ink: impl Into<Ink>) {
        self.shapes.push(Shape::Polygon { points, ink: ink.into() });
    }

    pub(crate) fn disc(&mut self, centre: Point, radius: f64, ink: impl Into<Ink>) {
        self.shapes.push(Shape::Disc { centre, radius, ink: ink.into() });
    }

    pub(crate) fn image(&mut self, rect: Rect, image: Image) {
        self.shapes.push(Shape::Image { rect, image });
    }

    pub(crate) fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    /// All texts.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<&Text> {
        self.shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Text(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    /// Panics where two texts overlap.
    #[cfg(test)]
    pub(crate) fn assert_no_text_overlaps(&self) {
        let texts = self.texts();
        for (index, one) in texts.iter().enumerate() {
            for other in &texts[index + 1..] {
                let (a, b) = (one.bounds(), other.bounds());
                let apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
                assert!(apart, "{:?} overlaps {:?}", one.text, other.text);
            }
        }
    }
}
