//! Numbers for pairs of things, such as the scatter of each network on each suite.

use std::path::Path;

use ndarray::ArrayView2;

use crate::axes::{draw_panel_title, draw_title};
use crate::canvas::Destination;
use crate::cells::{Cell, Cells};
use crate::error::PlotError;
use crate::picture::Picture;
use crate::scale::{ColourScale, is_known, widened};
use crate::{colour_bar, grid};

/// One matrix of a figure.
#[derive(Clone, Debug)]
pub struct MatrixPanel<'a> {
    /// What stands above it; may be empty.
    pub title: String,
    /// The names of the rows, from the top.
    pub row_names: &'a [String],
    /// The names of the columns, from the left.
    pub column_names: &'a [String],
    /// The numbers, `[row, column]`. What is not finite is unknown, and is hatched.
    pub values: ArrayView2<'a, f64>,
    /// Their standard errors, as many; drawn under them.
    pub errors: Option<ArrayView2<'a, f64>>,
    /// The digits after the point, 0 to 9.
    pub decimals: usize,
    /// What the rows are, such as `trained on`; may be empty.
    pub row_label: String,
    /// What the columns are, such as `tested on`; may be empty.
    pub column_label: String,
    /// How the numbers become colours. A linear scale without a range runs from the smallest to the largest, a symmetric one
    /// without a limit to the largest without its sign.
    pub scale: ColourScale,
    /// The quantity with its unit, beside the colour bar.
    pub colour_label: String,
}

/// Draws rows of matrices, each cell with its colour, its number and its error, into a PNG or SVG file.
///
/// A matrix of up to four columns takes a journal column. Its cells are as wide as their numbers need.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, a matrix without rows or columns or with another
/// number of them than names or errors, a [`ColourScale`] that spans nothing, a page of more than 4000 points a side, and a
/// file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{ColourScale, MatrixPanel, draw_matrices};
/// use ndarray::array;
///
/// let suites = ["contracted", "cored"].map(String::from);
/// let (scatter, errors) = (array![[0.051, 0.093], [0.088, 0.049]], array![[0.002, 0.004], [0.004, 0.002]]);
/// let panel = MatrixPanel {
///     title: "M★ of 300 galaxies".into(),
///     row_names: &suites,
///     column_names: &suites,
///     values: scatter.view(),
///     errors: Some(errors.view()),
///     decimals: 3,
///     row_label: "trained on".into(),
///     column_label: "tested on".into(),
///     scale: ColourScale::Linear { range: None },
///     colour_label: "scatter [dex]".into(),
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("transfer.svg");
/// draw_matrices(&path, "From suite to suite", &[vec![panel]])?;
/// assert!(std::fs::read_to_string(&path)?.contains("± 0.004"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_matrices(path: &Path, title: &str, rows: &[Vec<MatrixPanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, rows)?)
}

fn figure(title: &str, rows: &[Vec<MatrixPanel<'_>>]) -> Result<Picture, PlotError> {
    if rows.iter().all(Vec::is_empty) {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "matrices" });
    }
    rows.iter().flatten().try_for_each(check)?;
    let pictures = rows.iter().map(|row| row.iter().map(panel).collect()).collect();
    let mut picture = grid::arranged(pictures);
    draw_title(&mut picture, title);
    Ok(picture)
}

fn check(panel: &MatrixPanel<'_>) -> Result<(), PlotError> {
    let name = || panel.title.clone();
    for (what, names) in [("rows", panel.row_names), ("columns", panel.column_names)] {
        if names.is_empty() {
            return Err(PlotError::Empty { figure: name(), what });
        }
    }
    let expected = [panel.row_names.len(), panel.column_names.len()];
    let firsts = ["the names of rows", "the names of columns"];
    let shapes = [("a column of numbers", "a row of numbers", Some(panel.values.dim())), {
        ("a column of errors", "a row of errors", panel.errors.map(|errors| errors.dim()))
    }];
    for (column, row, dim) in shapes {
        let Some((n_rows, n_columns)) = dim else { continue };
        for (axis, (second, found)) in [(column, n_rows), (row, n_columns)].into_iter().enumerate() {
            if found != expected[axis] {
                let (first, expected) = (firsts[axis], expected[axis]);
                return Err(PlotError::LengthsDiffer { figure: name(), first, second, expected, found });
            }
        }
    }
    if !panel.scale.is_valid() {
        return Err(PlotError::BadColourScale { panel: name(), scale: panel.scale });
    }
    Ok(())
}

/// A panel, the top left corner of its frame at the origin.
fn panel(panel: &MatrixPanel<'_>) -> Picture {
    let levels = scale(panel).levels(panel.values);
    let decimals = panel.decimals.min(9);
    let cell = |((row, column), &value): ((usize, usize), &f64)| {
        let mut lines = vec![if is_known(value) { number(value, decimals) } else { "–".into() }];
        let error = panel.errors.map(|errors| errors[[row, column]]);
        if let Some(error) = error.filter(|&error| is_known(value) && is_known(error)) {
            lines.push(format!("± {}", number(error, decimals)));
        }
        Some(Cell { ground: levels.colour(value), lines })
    };
    let cells = Cells {
        row_names: panel.row_names,
        column_names: panel.column_names,
        cells: panel.values.indexed_iter().map(cell).collect(),
        x_label: &panel.column_label,
        y_label: &panel.row_label,
    };
    let mut picture = Picture::default();
    let frame = cells.draw(&mut picture);
    colour_bar::draw(&mut picture, &levels, &panel.colour_label, frame);
    draw_panel_title(&mut picture, &panel.title, frame, frame.width().max(120.0));
    picture
}

/// The scale, from end to end of the numbers where it is not given: of so few, none is an outlier.
fn scale(panel: &MatrixPanel<'_>) -> ColourScale {
    let known = || panel.values.iter().copied().filter(|&value| is_known(value));
    match panel.scale {
        ColourScale::Linear { range: None } => {
            let ends = [known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max)];
            ColourScale::Linear { range: Some(widened(ends)) }
        }
        ColourScale::Symmetric { limit: None } => {
            let [_, limit] = widened([0.0, known().map(f64::abs).fold(0.0, f64::max)]);
            ColourScale::Symmetric { limit: Some(limit) }
        }
        given => given,
    }
}

fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|c| "-0.".contains(c));
    if is_zero { text.trim_start_matches('-').into() } else { text.replacen('-', "−", 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn panel_of<'a>(names: &'a [String], values: ArrayView2<'a, f64>) -> MatrixPanel<'a> {
        MatrixPanel {
            title: "Scatter".into(),
            row_names: names,
            column_names: names,
            values,
            errors: None,
            decimals: 3,
            row_label: "trained on".into(),
            column_label: "tested on".into(),
            scale: ColourScale::Linear { range: None },
            colour_label: "scatter [dex]".into(),
        }
    }

    #[test]
    fn any_numbers_are_drawn_without_a_text_over_another() {
        let names = ["contracted", "a suite of a longer name", "pooled"].map(String::from);
        for value in [0.0, 0.05, -1.0, f64::NAN, 1e99, 1e-200] {
            for scale in [ColourScale::Linear { range: None }, ColourScale::Symmetric { limit: None }] {
                let mut values = Array2::from_elem((3, 3), value);
                values[[1, 2]] = 0.125;
                let errors = Array2::from_elem((3, 3), 0.25 * value);
                let panel =
                    MatrixPanel { errors: Some(errors.view()), scale, ..panel_of(&names, values.view()) };
                let picture = figure("Transfer", &[vec![panel]]).unwrap();
                picture.assert_no_text_overlaps();
                assert!(picture.texts().iter().any(|text| text.text == "0.125"), "{value}");
            }
        }
    }

    #[test]
    fn the_colours_run_from_the_smallest_to_the_largest() {
        let (names, values) = (["a", "b"].map(String::from), array![[1.0, 3.0], [2.0, f64::NAN]]);
        let panel = panel_of(&names, values.view());
        let levels = scale(&panel).levels(values.view());
        assert_eq!((levels.low, levels.high, levels.any_below, levels.any_above), (1.0, 3.0, false, false));
        let biased = MatrixPanel { scale: ColourScale::Symmetric { limit: None }, ..panel };
        assert_eq!(scale(&biased), ColourScale::Symmetric { limit: Some(3.0) });
    }

    #[test]
    fn names_numbers_and_errors_go_together() {
        let (names, values, errors) = (["a", "b"].map(String::from), Array2::zeros((2, 3)), array![[0.0]]);
        let error = figure("Transfer", &[vec![panel_of(&names, values.view())]]).unwrap_err();
        assert!(matches!(error, PlotError::LengthsDiffer { second: "a row of numbers", found: 3, .. }));
        let square = Array2::zeros((2, 2));
        let panel = MatrixPanel { errors: Some(errors.view()), ..panel_of(&names, square.view()) };
        let error = figure("Transfer", &[vec![panel]]).unwrap_err();
        assert!(matches!(error, PlotError::LengthsDiffer { second: "a column of errors", found: 1, .. }));
        let error = figure("Transfer", &[vec![panel_of(&[], square.view())]]).unwrap_err();
        assert!(matches!(error, PlotError::Empty { what: "rows", .. }));
        assert!(matches!(figure("Transfer", &[]), Err(PlotError::Empty { what: "matrices", .. })));
        let scale = ColourScale::Symmetric { limit: Some(-1.0) };
        let panel = MatrixPanel { scale, ..panel_of(&names, square.view()) };
        assert!(matches!(figure("Transfer", &[vec![panel]]), Err(PlotError::BadColourScale { .. })));
    }
}
