//! A table of coloured cells with numbers in them.

use crate::axes::{LABEL_SIZE, SPINE, TICK_SIZE};
use crate::colour_map::{Rgb, UNKNOWN, WHITE};
use crate::font;
use crate::maps::draw_hatching;
use crate::picture::{Align, Picture, Point, Rect, Text};

/// The most that a cell is wide, and the least that it is high \[pt\].
const WIDEST: f64 = 48.0;
const LOWEST: f64 = 17.0;
/// The cells of a table of few columns fill about this width \[pt\].
const WIDTH: f64 = 168.0;
/// Between a text and what it belongs to, and between a number and the sides of its cell \[pt\].
const GAP: f64 = 3.0;
const ROOM: f64 = 2.0;
/// The size of the first line of a cell, and of those under it \[pt\].
const SIZES: [f64; 2] = [TICK_SIZE, 5.5];
/// From baseline to baseline \[pt\].
const LINE: f64 = 7.5;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The ground; `None` is hatched.
    pub(crate) ground: Option<Rgb>,
    /// The words, the first line larger than the others.
    pub(crate) lines: Vec<String>,
}

/// Rows of cells with their names; a cell may be missing, and is blank then.
pub(crate) struct Cells<'a> {
    pub(crate) row_names: &'a [String],
    pub(crate) column_names: &'a [String],
    /// Row by row, the first on top, each as long as there are columns.
    pub(crate) cells: Vec<Option<Cell>>,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
}

impl Cells<'_> {
    /// Draws all, the top left corner of the frame at the origin, and returns the frame.
    pub(crate) fn draw(&self, picture: &mut Picture) -> Rect {
        let (n_rows, n_columns) = (self.row_names.len(), self.column_names.len());
        let (width, height) = self.cell_size();
        // Whole points keep the edges of cells sharp.
        let frame = Rect::new(0.0, 0.0, width * n_columns as f64, height * n_rows as f64);
        for (index, cell) in self.cells.iter().enumerate() {
            let (row, column) = (index / n_columns, index % n_columns);
            let place = Rect::new(column as f64 * width, row as f64 * height, width, height);
            if let Some(cell) = cell {
                draw_cell(picture, place, cell);
            }
        }
        self.draw_row_names(picture, height);
        self.draw_column_names(picture, width, frame);
        frame
    }

    fn cell_size(&self) -> (f64, f64) {
        let lines = || self.cells.iter().flatten().flat_map(|cell| cell.lines.iter().enumerate());
        let needed = lines().map(|(line, words)| font::width(words, size_of(line), false));
        let needed = needed.fold(0.0, f64::max) + 2.0 * ROOM;
        let n_lines = lines().map(|(line, _)| line + 1).max().unwrap_or(1);
        let shared = (WIDTH / self.column_names.len() as f64).min(WIDEST);
        let width = needed.max(shared).max(LOWEST).ceil();
        // Nearly square where there is room: a table of two by two is no pair of stripes.
        let height = (LINE * n_lines as f64 + 2.0 * ROOM).max(LOWEST).max(0.6 * width.min(WIDEST)).ceil();
        (width, height)
    }

    fn draw_row_names(&self, picture: &mut Picture, height: f64) {
        let mut widest = 0.0_f64;
        for (row, name) in self.row_names.iter().enumerate() {
            let middle = (row as f64 + 0.5) * height;
            picture.text(Text::beside(name, -GAP, middle, TICK_SIZE, Align::End));
            widest = widest.max(font::width(name, TICK_SIZE, false));
        }
        if !self.y_label.is_empty() {
            let x = -2.0 * GAP - widest - font::DESCENT * LABEL_SIZE;
            let middle = 0.5 * height * self.row_names.len() as f64;
            picture.text(Text::upwards(self.y_label, x, middle, LABEL_SIZE));
        }
    }

    /// Names side by side where they have room, else upwards.
    fn draw_column_names(&self, picture: &mut Picture, width: f64, frame: Rect) {
        let length = |name: &String| font::width(name, TICK_SIZE, false);
        let longest = self.column_names.iter().map(length).fold(0.0, f64::max);
        let are_turned = longest + ROOM > width;
        let top = frame.bottom + GAP;
        for (column, name) in self.column_names.iter().enumerate() {
            let middle = (column as f64 + 0.5) * width;
            if are_turned {
                let x = middle + 0.5 * font::CAP_HEIGHT * TICK_SIZE;
                picture.text(Text::upwards(name, x, top + 0.5 * length(name), TICK_SIZE));
            } else {
                let at = Point { x: middle, y: top + font::ASCENT * TICK_SIZE };
                picture.text(Text::new(name, at, TICK_SIZE, Align::Middle));
            }
        }
        if !self.x_label.is_empty() {
            let height = if are_turned { longest } else { (font::ASCENT + font::DESCENT) * TICK_SIZE };
            let at = Point { x: frame.centre().x, y: top + height + GAP + font::ASCENT * LABEL_SIZE };
            picture.text(Text::new(self.x_label, at, LABEL_SIZE, Align::Middle));
        }
    }
}

fn draw_cell(picture: &mut Picture, place: Rect, cell: &Cell) {
    match cell.ground {
        Some(ground) => picture.rect(place, ground),
        None => draw_hatching(picture, place),
    }
    picture.outline(place, SPINE, WHITE);
    let words = cell.ground.unwrap_or(UNKNOWN).of_words_on_it();
    let first = place.centre().y - 0.5 * LINE * (cell.lines.len() as f64 - 1.0);
    for (line, text) in cell.lines.iter().enumerate() {
        let y = first + LINE * line as f64;
        let text = Text::beside(text, place.centre().x, y, size_of(line), Align::Middle);
        if cell.ground.is_none() {
            picture.rect(text.bounds(), UNKNOWN);
        }
        picture.text(Text { colour: words, ..text });
    }
}

fn size_of(line: usize) -> f64 {
    SIZES[line.min(1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour_map::INK;

    #[test]
    fn names_are_turned_where_they_have_no_room_and_nothing_overlaps() {
        let cell = Cell { ground: Some(INK), lines: vec!["0.123".into(), "± 0.004".into()] };
        for (name, is_turned) in [("σ", false), ("velocity dispersion", true)] {
            let names = vec![name.to_owned(); 5];
            let cells = vec![Some(cell.clone()); 25];
            let cells = Cells {
                row_names: &names,
                column_names: &names,
                cells,
                x_label: "tested on",
                y_label: "trained on",
            };
            let mut picture = Picture::default();
            let frame = cells.draw(&mut picture);
            picture.assert_no_text_overlaps();
            let texts = picture.texts();
            assert_eq!(texts.iter().any(|text| text.turned && text.text == name), is_turned);
            let inside = |text: &&&Text| text.text.starts_with('0');
            assert_eq!(texts.iter().filter(inside).count(), 25);
            assert!(texts.iter().filter(inside).all(|text| {
                let bounds = text.bounds();
                bounds.left > frame.left && bounds.right < frame.right && text.colour == WHITE
            }));
        }
    }
}
