//! A frame with ticks outside it and a label on each axis.

use crate::colour_map::{INK, WHITE};
use crate::font;
use crate::picture::{Align, Picture, Point, Rect, Text};
use crate::ticks::{self, Ticks};

/// Sizes of text \[pt\]: readable where a figure is printed one journal column wide.
pub(crate) const TITLE_SIZE: f64 = 9.0;
pub(crate) const LABEL_SIZE: f64 = 8.0;
pub(crate) const TICK_SIZE: f64 = 7.0;

/// Widths of lines \[pt\].
pub(crate) const SPINE: f64 = 0.5;
pub(crate) const CURVE: f64 = 1.0;

/// Lengths of ticks and the gaps between them and their texts \[pt\].
const MAJOR_TICK: f64 = 3.0;
const MINOR_TICK: f64 = 1.75;
const GAP: f64 = 2.0;

/// How values are spaced along an axis, and which of them may be ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spacing {
    Linear,
    /// Linear, ticked at whole numbers only.
    Whole,
    Logarithmic,
}

/// A direction of a plot: what it spans and what it is called.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) spacing: Spacing,
    pub(crate) label: String,
}

impl Axis {
    pub(crate) fn new(spacing: Spacing, [low, high]: [f64; 2], label: impl Into<String>) -> Self {
        Self { low, high, spacing, label: label.into() }
    }

    pub(crate) fn linear(range: [f64; 2], label: impl Into<String>) -> Self {
        Self::new(Spacing::Linear, range, label)
    }

    /// Where a value stands from the low end (0) to the high end (1).
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        match self.spacing {
            Spacing::Linear | Spacing::Whole => (value - self.low) / (self.high - self.low),
            Spacing::Logarithmic => {
                (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
            }
        }
    }

    fn ticks(&self, at_most: usize) -> Ticks {
        match self.spacing {
            Spacing::Linear => ticks::linear(self.low, self.high, at_most),
            Spacing::Whole => ticks::whole(self.low, self.high, at_most),
            Spacing::Logarithmic => ticks::logarithmic(self.low, self.high, at_most),
        }
    }

    /// As many ticks as have room for their labels side by side along `length`.
    fn ticks_across(&self, length: f64) -> Ticks {
        let fits = |ticks: &Ticks| {
            let widest = ticks.major.iter().map(|tick| font::width(&tick.label, TICK_SIZE, false));
            let pitch = widest.fold(0.0, f64::max) + TICK_SIZE;
            pitch * ticks.major.len() as f64 <= length + TICK_SIZE
        };
        (3..=7).rev().map(|at_most| self.ticks(at_most)).find(fits).unwrap_or_else(|| self.ticks(2))
    }

    /// As many ticks as have room for their labels above each other along `length`.
    fn ticks_along(&self, length: f64) -> Ticks {
        self.ticks(((length / (1.5 * TICK_SIZE)) as usize).clamp(2, 7))
    }
}

/// Two axes around a frame.
#[derive(Clone, Debug)]
pub(crate) struct Axes {
    pub(crate) frame: Rect,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

impl Axes {
    /// The position of a value on the page.
    pub(crate) fn place(&self, x: f64, y: f64) -> Point {
        Point {
            x: self.frame.left + self.x.fraction(x) * self.frame.width(),
            y: self.frame.bottom - self.y.fraction(y) * self.frame.height(),
        }
    }

    /// Draws spines, ticks and labels.
    pub(crate) fn draw(&self, picture: &mut Picture) {
        picture.outline(self.frame, SPINE, INK);
        draw_x_axis(picture, &self.x, self.frame);
        draw_y_axis(picture, &self.y, self.frame, Side::Left);
    }
}

/// The side of a frame on which a vertical axis stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Draws ticks, numbers and label below a frame.
pub(crate) fn draw_x_axis(picture: &mut Picture, axis: &Axis, frame: Rect) {
    let ticks = axis.ticks_across(frame.width());
    let x_of = |value: f64| frame.left + axis.fraction(value) * frame.width();
    let mut mark = |value: f64, length: f64| {
        let from = Point { x: x_of(value), y: frame.bottom };
        picture.line(from, Point { y: frame.bottom + length, ..from }, SPINE, INK);
    };
    ticks.minor.iter().for_each(|&value| mark(value, MINOR_TICK));
    ticks.major.iter().for_each(|tick| mark(tick.value, MAJOR_TICK));
    let baseline = frame.bottom + MAJOR_TICK + GAP + font::CAP_HEIGHT * TICK_SIZE;
    for tick in ticks.major {
        let at = Point { x: x_of(tick.value), y: baseline };
        picture.text(Text::new(tick.label, at, TICK_SIZE, Align::Middle));
    }
    let y = baseline + font::DESCENT * TICK_SIZE + 0.5 * GAP + font::ASCENT * LABEL_SIZE;
    picture.text(Text::new(&*axis.label, Point { x: frame.centre().x, y }, LABEL_SIZE, Align::Middle));
}

/// Draws ticks, numbers and label on one side of a frame.
pub(crate) fn draw_y_axis(picture: &mut Picture, axis: &Axis, frame: Rect, side: Side) {
    let ticks = axis.ticks_along(frame.height());
    let (spine, outwards, align) = match side {
        Side::Left => (frame.left, -1.0, Align::End),
        Side::Right => (frame.right, 1.0, Align::Start),
    };
    let y_of = |value: f64| frame.bottom - axis.fraction(value) * frame.height();
    let mut mark = |value: f64, length: f64| {
        let from = Point { x: spine, y: y_of(value) };
        picture.line(from, Point { x: spine + outwards * length, ..from }, SPINE, INK);
    };
    ticks.minor.iter().for_each(|&value| mark(value, MINOR_TICK));
    ticks.major.iter().for_each(|tick| mark(tick.value, MAJOR_TICK));
    let widths = ticks.major.iter().map(|tick| font::width(&tick.label, TICK_SIZE, false));
    let numbers_end = MAJOR_TICK + GAP + widths.fold(0.0, f64::max);
    for tick in ticks.major {
        let x = spine + outwards * (MAJOR_TICK + GAP);
        picture.text(Text::beside(tick.label, x, y_of(tick.value), TICK_SIZE, align));
    }
    // A text that reads upwards has its baseline on its right.
    let to_baseline = match side {
        Side::Left => font::DESCENT * LABEL_SIZE,
        Side::Right => font::ASCENT * LABEL_SIZE,
    };
    let x = spine + outwards * (numbers_end + GAP + to_baseline);
    picture.text(Text::upwards(&*axis.label, x, frame.centre().y, LABEL_SIZE));
}

/// Draws a title of one or more lines, centred above what is there.
pub(crate) fn draw_title(picture: &mut Picture, title: &str) {
    let bounds = picture.bounds();
    let lines = font::wrap(title, TITLE_SIZE, true, bounds.width());
    let spacing = 1.25 * TITLE_SIZE;
    let lowest = bounds.top - 2.0 * GAP - font::DESCENT * TITLE_SIZE;
    for (index, line) in lines.iter().rev().enumerate() {
        let at = Point { x: bounds.centre().x, y: lowest - index as f64 * spacing };
        picture.text(Text { bold: true, ..Text::new(line, at, TITLE_SIZE, Align::Middle) });
    }
}

/// Draws the title of a panel, centred above its frame, in lines no longer than `limit`.
pub(crate) fn draw_panel_title(picture: &mut Picture, title: &str, frame: Rect, limit: f64) {
    let lowest = frame.top - 2.0 * GAP;
    for (index, line) in font::wrap(title, LABEL_SIZE, false, limit).iter().rev().enumerate() {
        let at = Point { x: frame.centre().x, y: lowest - index as f64 * 1.2 * LABEL_SIZE };
        picture.text(Text::new(line, at, LABEL_SIZE, Align::Middle));
    }
}

/// Writes a few words into the middle of a frame.
pub(crate) fn draw_note(picture: &mut Picture, frame: Rect, words: &str) {
    let centre = frame.centre();
    let text = Text::beside(words, centre.x, centre.y, LABEL_SIZE, Align::Middle);
    picture.rect(text.bounds().grown(2.0), WHITE);
    picture.text(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(x: [f64; 2], y: Axis) -> Axes {
        Axes { frame: Rect::new(0.0, 0.0, 120.0, 90.0), x: Axis::linear(x, "x [kpc]"), y }
    }

    #[test]
    fn values_are_placed_with_y_upwards() {
        let axes = axes([-1.0, 1.0], Axis::linear([0.0, 10.0], "y"));
        assert_eq!(axes.place(-1.0, 0.0), Point { x: 0.0, y: 90.0 });
        assert_eq!(axes.place(1.0, 10.0), Point { x: 120.0, y: 0.0 });
        let log = Axis::new(Spacing::Logarithmic, [1e2, 1e6], "y");
        assert!((log.fraction(1e4) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn no_label_overlaps_another_whatever_the_numbers() {
        for x in [[-1.0, 1.0], [0.0, 123_456.0], [-3e8, 7e12], [1e-7, 2e-7], [1234.5, 1234.6]] {
            for spacing in [Spacing::Linear, Spacing::Whole, Spacing::Logarithmic] {
                for y in [[1e-3, 1e4], [0.31, 0.35], [1.0, 1e30], [1e6, 3e6]] {
                    let mut picture = Picture::default();
                    axes(x, Axis::new(spacing, y, "y [Msun]")).draw(&mut picture);
                    picture.assert_no_text_overlaps();
                }
            }
        }
    }

    #[test]
    fn titles_stand_above_everything() {
        let mut picture = Picture::default();
        let axes = axes([0.0, 1.0], Axis::linear([0.0, 1.0], "y"));
        axes.draw(&mut picture);
        draw_panel_title(&mut picture, "a panel", axes.frame, 120.0);
        draw_title(&mut picture, "a long title that is broken into several lines, since it is wider");
        picture.assert_no_text_overlaps();
        assert!(picture.bounds().width() < 170.0);
    }
}
