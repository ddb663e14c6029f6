//! Panels side by side and below each other.

use crate::picture::{Picture, Rect};

/// Between the labels of neighbouring panels \[pt\].
const GUTTER: f64 = 10.0;

/// Arranges rows of pictures so that their origins are aligned in rows and columns, no two overlap, and each origin
/// lies on a whole point.
pub(crate) fn arranged(rows: Vec<Vec<Picture>>) -> Picture {
    let boxes: Vec<Vec<Rect>> = rows.iter().map(|row| row.iter().map(Picture::bounds).collect()).collect();
    let n_columns = boxes.iter().map(Vec::len).max().unwrap_or(0);
    let column = |index: usize| boxes.iter().filter_map(move |row| row.get(index));
    let columns: Vec<Span> =
        (0..n_columns).map(|index| Span::around(column(index).map(|b| (b.left, b.right)))).collect();
    let heights: Vec<Span> =
        boxes.iter().map(|row| Span::around(row.iter().map(|b| (b.top, b.bottom)))).collect();
    let (xs, ys) = (origins(&columns), origins(&heights));
    let mut all = Picture::default();
    for (row, &y) in rows.into_iter().zip(&ys) {
        for (picture, &x) in row.into_iter().zip(&xs) {
            all.append(picture, x, y);
        }
    }
    all
}

/// How far a column or row reaches to both sides of its origin.
struct Span {
    before: f64,
    after: f64,
}

impl Span {
    fn around(intervals: impl Iterator<Item = (f64, f64)>) -> Self {
        intervals.fold(Self { before: 0.0, after: 0.0 }, |span, (from, to)| Self {
            before: span.before.max(-from),
            after: span.after.max(to),
        })
    }
}

fn origins(spans: &[Span]) -> Vec<f64> {
    let mut end = 0.0;
    let place = |span: &Span| {
        let origin = (end + span.before).ceil();
        end = origin + span.after + GUTTER;
        origin
    };
    spans.iter().map(place).collect()
}
