//! Named numbers as bars.

use std::path::Path;

use crate::axes::{Axis, SPINE, TICK_SIZE, draw_note, draw_panel_title, draw_title, draw_x_axis};
use crate::canvas::Destination;
use crate::colour_map::{BLUE, INK};
use crate::error::PlotError;
use crate::grid;
use crate::picture::{Align, Ink, Picture, Rect, Text};
use crate::scale::{is_known, is_range};
use crate::ticks;

/// The width of the frame, and the height that a bar has with the room around it \[pt\].
const WIDTH: f64 = 150.0;
const PITCH: f64 = 11.0;
/// The share of that height that a bar fills.
const FILLED: f64 = 0.7;
/// Between a text and what it belongs to \[pt\].
const GAP: f64 = 3.0;

/// Named numbers, such as the importance of features.
#[derive(Clone, Debug)]
pub struct Bars<'a> {
    /// The names, from the top.
    pub names: &'a [String],
    /// The numbers, as many; what is not finite, or not above 0, has no bar.
    pub values: &'a [f64],
    /// The axis with its unit.
    pub value_label: String,
}

/// Draws a horizontal bar for each name into a PNG or SVG file, with its number beside it.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no names, more or fewer numbers than names, a page of
/// more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{Bars, draw_bars};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("importance.svg");
/// let names = ["M_r".to_owned(), "sigma_v".to_owned()];
/// let bars = Bars { names: &names, values: &[75.0, 25.0], value_label: "share of the gain [%]".into() };
/// draw_bars(&path, "Importance", &bars)?;
/// assert!(std::fs::read_to_string(&path)?.contains("sigma_v"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_bars(path: &Path, title: &str, bars: &Bars<'_>) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, bars)?)
}

/// One panel of a figure of bars.
#[derive(Clone, Debug)]
pub struct BarPanel<'a> {
    /// What stands above it; may be empty.
    pub title: String,
    /// What is drawn.
    pub bars: Bars<'a>,
}

/// Draws rows of panels, each as [`draw_bars`] draws one, into a PNG or SVG file.
///
/// # Errors
/// As [`draw_bars`], and for no panels.
///
/// # Examples
/// ```
/// use galmass_plots::{BarPanel, Bars, draw_bar_panels};
///
/// let names = ["M_r", "σ_v"].map(String::from);
/// let panel = |title: &str, values| BarPanel {
///     title: title.into(),
///     bars: Bars { names: &names, values, value_label: "share of the gain [%]".into() },
/// };
/// let panels = vec![panel("M★", &[75.0, 25.0]), panel("M★/L", &[40.0, 60.0])];
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("importance.svg");
/// draw_bar_panels(&path, "Importance", &[panels])?;
/// assert!(std::fs::read_to_string(&path)?.contains("M★/L"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_bar_panels(path: &Path, title: &str, rows: &[Vec<BarPanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    if rows.iter().all(Vec::is_empty) {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "panels" });
    }
    let panel = |panel: &BarPanel<'_>| {
        let mut picture = bars_of(&panel.title, &panel.bars)?;
        let frame = Rect::new(0.0, 0.0, WIDTH, PITCH * panel.bars.names.len() as f64);
        draw_panel_title(&mut picture, &panel.title, frame, WIDTH);
        Ok(picture)
    };
    let pictures: Result<Vec<Vec<Picture>>, PlotError> =
        rows.iter().map(|row| row.iter().map(panel).collect()).collect();
    let mut picture = grid::arranged(pictures?);
    draw_title(&mut picture, title);
    destination.write(picture)
}

fn figure(title: &str, bars: &Bars<'_>) -> Result<Picture, PlotError> {
    let mut picture = bars_of(title, bars)?;
    draw_title(&mut picture, title);
    Ok(picture)
}

/// Bars with their axis, the top left corner of the frame at the origin; `title` is for errors.
fn bars_of(title: &str, bars: &Bars<'_>) -> Result<Picture, PlotError> {
    let Bars { names, values, value_label } = bars;
    if names.is_empty() && values.is_empty() {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "bars" });
    }
    let (expected, found) = (names.len(), values.len());
    if expected != found {
        let (figure, first, second) = (title.to_owned(), "the names", "the numbers");
        return Err(PlotError::LengthsDiffer { figure, first, second, expected, found });
    }
    let length = |value: f64| if is_known(value) { value.max(0.0) } else { 0.0 };
    let longest = values.iter().map(|&value| length(value)).fold(0.0, f64::max);
    // A number so small that zero to it is no range counts as zero.
    let longest = if is_range([0.0, longest]) { longest } else { 0.0 };
    let frame = Rect::new(0.0, 0.0, WIDTH, PITCH * names.len() as f64);
    // Room for the widest number beside the longest bar.
    let numbers: Vec<String> = values.iter().map(|&value| number(value, longest)).collect();
    let right = |text: &String| Text::beside(text, GAP, 0.0, TICK_SIZE, Align::Start).bounds().right;
    let room = numbers.iter().map(right).fold(0.0, f64::max) + GAP;
    let end = if longest > 0.0 { longest * WIDTH / (WIDTH - room.min(0.5 * WIDTH)) } else { 1.0 };
    let axis = Axis::linear([0.0, end], &**value_label);
    let mut picture = Picture::default();
    for (index, ((name, &value), number)) in names.iter().zip(*values).zip(numbers).enumerate() {
        let middle = PITCH * (index as f64 + 0.5);
        let end = if longest > 0.0 { axis.fraction(length(value)) * WIDTH } else { 0.0 };
        if end > 0.0 {
            let bar = Rect::new(0.0, middle - 0.5 * FILLED * PITCH, end, FILLED * PITCH);
            picture.rect(bar, Ink { colour: BLUE, opacity: 0.7 });
        }
        picture.text(Text::beside(name, -GAP, middle, TICK_SIZE, Align::End));
        picture.text(Text::beside(number, end + GAP, middle, TICK_SIZE, Align::Start));
    }
    if longest == 0.0 {
        draw_note(&mut picture, frame, "nothing above 0");
    }
    picture.outline(frame, SPINE, INK);
    draw_x_axis(&mut picture, &axis, frame);
    Ok(picture)
}

/// A number with as many decimals as give the largest three digits.
fn number(value: f64, largest: f64) -> String {
    if !is_known(value) {
        return "unknown".into();
    }
    let decimals = if largest > 0.0 { 2 - largest.log10().floor() as i32 } else { 0 };
    if (-3..=6).contains(&decimals) {
        format!("{value:.*}", decimals.max(0) as usize)
    } else {
        ticks::number(value, 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Shape;

    #[test]
    fn any_numbers_are_drawn_without_a_text_over_another() {
        let names: Vec<String> = ["M_r", "g - r", "a name that is long"].map(String::from).to_vec();
        for values in
            [[50.0, 30.0, 20.0], [0.0; 3], [f64::NAN, 1.0, -1.0], [1e99, 1.0, 1e-99], [1e-9; 3], [1e-200; 3]]
        {
            let bars = Bars { names: &names, values: &values, value_label: "share [%]".into() };
            let picture = figure("Importance", &bars).unwrap();
            picture.assert_no_text_overlaps();
            let is_in_frame = |shape: &Shape| match shape {
                Shape::Text(text) if matches!(text.align, Align::Start) => text.bounds().right < WIDTH,
                _ => true,
            };
            assert!(picture.shapes.iter().all(is_in_frame), "{values:?}");
        }
    }

    #[test]
    fn bars_that_are_none_are_refused_in_words() {
        let bars = |names: &'static [String], values| Bars { names, values, value_label: String::new() };
        let refused = |bars: Bars<'_>| figure("Importance", &bars).unwrap_err();
        assert!(matches!(refused(bars(&[], &[])), PlotError::Empty { what: "bars", .. }));
        let error = refused(bars(&[], &[1.0]));
        assert!(matches!(error, PlotError::LengthsDiffer { expected: 0, found: 1, .. }));
    }

    #[test]
    fn the_largest_number_has_three_digits() {
        assert_eq!([75.25, 3.125].map(|value| number(value, 75.25)), ["75.2", "3.1"]);
        assert_eq!(number(0.5, 0.5), "0.500");
        assert_eq!(number(1.0, 1e9), "1.00");
        assert_eq!(number(2.5e9, 2.5e9), "2.50×10⁹");
        assert_eq!(number(f64::NAN, 1.0), "unknown");
    }
}
