//! How quantities go together, pair by pair.

use std::path::Path;

use ndarray::{ArrayView2, array};

use crate::axes::draw_title;
use crate::canvas::Destination;
use crate::cells::{Cell, Cells};
use crate::colour_bar;
use crate::error::PlotError;
use crate::picture::Picture;
use crate::scale::{ColourScale, is_known};

/// Coefficients of correlation between named quantities.
#[derive(Clone, Debug)]
pub struct Correlations<'a> {
    /// The names.
    pub names: &'a [String],
    /// The coefficients, `[one, other]`, from -1 to 1 and symmetric: those below the diagonal are drawn. What is not finite
    /// is unknown, and is hatched.
    pub coefficients: ArrayView2<'a, f64>,
    /// What the coefficients are, such as `Pearson's R`; beside the colour bar.
    pub label: String,
}

/// Draws a matrix of correlations into a PNG or SVG file: each pair once, as a coloured cell with its number to two
/// decimals, without the zero before them.
///
/// Ten quantities take a journal column, twenty a page. Blue is below and red above 0, grey is none.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no names, a matrix that has not as many rows and columns as
/// there are names, a page of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{Correlations, draw_correlations};
/// use ndarray::array;
///
/// let names = ["M_r", "σ", "SFR"].map(String::from);
/// let coefficients = array![[1.0, -0.82, -0.31], [-0.82, 1.0, -0.05], [-0.31, -0.05, 1.0]];
/// let matrix =
///     Correlations { names: &names, coefficients: coefficients.view(), label: "Pearson's R".into() };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("correlations.svg");
/// draw_correlations(&path, "300 galaxies", &matrix)?;
/// assert!(std::fs::read_to_string(&path)?.contains("−.82"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_correlations(path: &Path, title: &str, matrix: &Correlations<'_>) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, matrix)?)
}

fn figure(title: &str, matrix: &Correlations<'_>) -> Result<Picture, PlotError> {
    let Correlations { names, coefficients, label } = matrix;
    if names.is_empty() {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "names" });
    }
    let expected = names.len();
    for (second, found) in [("a column", coefficients.nrows()), ("a row", coefficients.ncols())] {
        if found != expected {
            let (figure, first) = (title.to_owned(), "the list of names");
            return Err(PlotError::LengthsDiffer { figure, first, second, expected, found });
        }
    }
    let levels = ColourScale::Symmetric { limit: Some(1.0) }.levels(array![[0.0]].view());
    let cell = |(row, column): (usize, usize)| {
        let value = coefficients[[row, column]];
        (column <= row).then(|| Cell { ground: levels.colour(value), lines: vec![coefficient(value)] })
    };
    let pairs = (0..expected).flat_map(|row| (0..expected).map(move |column| (row, column)));
    let cells = Cells {
        row_names: names,
        column_names: names,
        cells: pairs.map(cell).collect(),
        x_label: "",
        y_label: "",
    };
    let mut picture = Picture::default();
    let frame = cells.draw(&mut picture);
    colour_bar::draw(&mut picture, &levels, label, frame);
    draw_title(&mut picture, title);
    Ok(picture)
}

/// Two decimals without the zero before them: `−.82`, `.05`, `1`.
fn coefficient(value: f64) -> String {
    if !is_known(value) {
        return "–".into();
    }
    let text = format!("{:.2}", value.abs());
    let text = text.strip_prefix('0').unwrap_or(text.strip_suffix(".00").unwrap_or(&text));
    if value < 0.0 && text != ".00" { format!("−{text}") } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|index| format!("quantity {index}")).collect()
    }

    #[test]
    fn every_pair_stands_there_once_and_no_text_over_another() {
        for n in [1, 2, 10, 17] {
            let names = names(n);
            let coefficients =
                Array2::from_shape_fn((n, n), |(a, b)| 1.0 - 0.11 * (a as f64 - b as f64).abs());
            let matrix = Correlations { names: &names, coefficients: coefficients.view(), label: "R".into() };
            let picture = figure("Pairs", &matrix).unwrap();
            picture.assert_no_text_overlaps();
            let ones = picture.texts().iter().filter(|text| text.text == "1" && !text.turned).count();
            assert_eq!(ones, n);
        }
    }

    #[test]
    fn coefficients_are_short_and_signed() {
        let written = [-0.824, 0.05, 1.0, -1.0, 0.999, 0.0, -0.001, f64::NAN].map(coefficient);
        assert_eq!(written, ["−.82", ".05", "1", "−1", "1", ".00", ".00", "–"]);
    }

    #[test]
    fn a_matrix_of_another_size_than_its_names_is_refused() {
        let refused = |n: usize, shape| {
            let (names, coefficients) = (names(n), Array2::zeros(shape));
            let matrix = Correlations { names: &names, coefficients: coefficients.view(), label: "R".into() };
            figure("Pairs", &matrix).unwrap_err()
        };
        assert!(matches!(refused(0, (0, 0)), PlotError::Empty { what: "names", .. }));
        let error = refused(3, (2, 3));
        assert_eq!(
            error.to_string(),
            "in the figure \"Pairs\", the list of names has 3 values, a column has 2"
        );
        assert!(matches!(refused(3, (3, 4)), PlotError::LengthsDiffer { second: "a row", found: 4, .. }));
    }
}
