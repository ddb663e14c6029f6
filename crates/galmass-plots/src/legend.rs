//! A key inside a frame, in the corner where it hides least.

use crate::axes::TICK_SIZE;
use crate::colour_map::WHITE;
use crate::picture::{Align, Ink, Picture, Point, Rect, Text};

/// From baseline to baseline \[pt\].
const LINE: f64 = 9.5;
/// Length of a sample, and its distance from its words \[pt\].
pub(crate) const SAMPLE: f64 = 12.0;
const SAMPLE_GAP: f64 = 3.0;
/// Distance from the frame \[pt\].
const MARGIN: f64 = 4.0;
/// What lies under a key can still be seen.
const VEIL: Ink = Ink { colour: WHITE, opacity: 0.7 };

/// Draws a key of samples and words; a sample is drawn from its left end.
pub(crate) fn draw<S: Fn(&mut Picture, Point)>(
    picture: &mut Picture,
    frame: Rect,
    entries: &[(S, String)],
    covered: &[Point],
) {
    if entries.is_empty() {
        return;
    }
    let mut key = Picture::default();
    for (index, (sample, words)) in entries.iter().enumerate() {
        let at = Point { x: 0.0, y: index as f64 * LINE };
        key.text(Text::beside(words, SAMPLE + SAMPLE_GAP, at.y, TICK_SIZE, Align::Start));
        sample(&mut key, at);
    }
    let bounds = key.bounds();
    let shifts = [true, false].into_iter().flat_map(|right| {
        [true, false].map(|top| {
            let x =
                if right { frame.right - MARGIN - bounds.right } else { frame.left + MARGIN - bounds.left };
            let y = if top { frame.top + MARGIN - bounds.top } else { frame.bottom - MARGIN - bounds.bottom };
            (x, y)
        })
    });
    let hidden = |(dx, dy): &(f64, f64)| {
        let place = Rect::new(bounds.left + dx, bounds.top + dy, bounds.width(), bounds.height());
        covered.iter().filter(|&&point| place.contains(point)).count()
    };
    if let Some((dx, dy)) = shifts.min_by_key(hidden) {
        let place = Rect::new(bounds.left + dx, bounds.top + dy, bounds.width(), bounds.height());
        picture.rect(place.grown(2.0), VEIL);
        picture.append(key, dx, dy);
    }
}
