//! The one typeface of the figures, DejaVu Sans: it lies inside the program, so a figure is the same everywhere.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// The name under which the font is registered. An SVG viewer reads it as a list of fonts to try.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Heights of the font in units of its size: capitals and digits, ascenders, descenders.
pub(crate) const CAP_HEIGHT: f64 = 0.729;
pub(crate) const ASCENT: f64 = 0.78;
pub(crate) const DESCENT: f64 = 0.24;

/// The text is measured at this size, since plotters rounds widths to whole units.
const MEASURING_SIZE: f64 = 1000.0;

/// Plotters' `ab_glyph` fonts are sized by ascent minus descent, 2384 of the 2048 units per em of DejaVu Sans.
pub(crate) const LINE_HEIGHT_PER_EM: f64 = 2384.0 / 2048.0;

/// The font at a size that plotters' raster backends understand: the height of a line, not the em.
pub(crate) fn font(line_height: f64, bold: bool) -> FontDesc<'static> {
    register();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), line_height, style)
}

/// The width of a text at a size, in the unit of the size.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let font = font(MEASURING_SIZE * LINE_HEIGHT_PER_EM, bold);
    let ((left, _), (right, _)) = font.layout_box(text).expect("the embedded font is registered");
    f64::from(right - left) * size / MEASURING_SIZE
}

/// Breaks a text between words into lines no wider than `limit`, but for single words that are.
pub(crate) fn wrap(text: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, bold) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let styles = [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())];
        for (style, bytes) in styles {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font is a font");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_the_text_and_with_the_size() {
        // The advance width of the DejaVu Sans digits is 1303 of 2048 units.
        assert!((width("0", 2048.0, false) - 1303.0).abs() < 3.0);
        assert!((width("00", 8.0, false) - 2.0 * width("0", 8.0, false)).abs() < 0.02);
        assert!(width("m", 8.0, true) > width("m", 8.0, false));
        assert_eq!(width("", 8.0, false), 0.0);
    }

    #[test]
    fn long_titles_break_between_words() {
        let text = "Line-of-sight velocity of a disc galaxy";
        let lines = wrap(text, 8.0, false, 90.0);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| width(line, 8.0, false) <= 90.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        assert_eq!(wrap("unbreakable", 8.0, false, 1.0), ["unbreakable"]);
        assert!(wrap(" ", 8.0, false, 10.0).is_empty());
    }
}
