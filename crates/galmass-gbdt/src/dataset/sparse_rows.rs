//! Tables of which most is zero.

use crate::GbdtError;

/// A table by what it has other than zero, row by row: compressed sparse rows, CSR.
///
/// The numbers of row `i` are `values[starts[i]..starts[i + 1]]`, and `columns[..]` of the same range says where they
/// stand. What is not there is zero; zeros may be there too, and NaN is a missing value. Nothing is copied: this is a
/// view, as of the `indptr`, `indices` and `data` of other programs.
///
/// # Examples
/// ```
/// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset, SparseRows};
///
/// // Three of a hundred rows: one number in each, in column 0 or in column 2.
/// let starts: Vec<usize> = (0..=100).collect();
/// let columns: Vec<usize> = (0..100).map(|row| if row < 50 { 0 } else { 2 }).collect();
/// let values = vec![1.0; 100];
/// let rows = SparseRows::new(3, &starts, &columns, &values)?;
/// assert_eq!((rows.n_rows(), rows.n_columns()), (100, 3));
///
/// let dataset = Dataset::from_sparse(rows, &BinningConfig::default())?;
/// let labels: Vec<f64> = (0..100).map(|row| if row < 50 { 4.0 } else { 8.0 }).collect();
/// let config = BoosterConfig { learning_rate: 1.0, num_iterations: 1, ..Default::default() };
/// let booster = Booster::train(&config, &dataset, &labels)?;
/// assert_eq!(booster.predict_sparse(rows)?, labels);
/// # Ok::<(), galmass_gbdt::GbdtError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SparseRows<'a> {
    n_columns: usize,
    starts: &'a [usize],
    columns: &'a [usize],
    values: &'a [f64],
}

impl<'a> SparseRows<'a> {
    /// A table of `n_columns` columns, after a look whether its parts fit: there is one start more than there are
    /// rows, the first is 0, the last is the number of values, and the columns of each row ascend, so that none is
    /// there twice.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if there are no starts, or not as many columns as values, or more or fewer than
    /// the last start says; [`GbdtError::OutOfRange`] for a first start above 0 or more than 2^31 - 1 columns;
    /// [`GbdtError::NotAscending`] for a start below the one before it; [`GbdtError::NoSuchColumn`] and
    /// [`GbdtError::ColumnsNotAscending`] with the row and the column.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::SparseRows;
    ///
    /// let error = SparseRows::new(4, &[0, 1, 3], &[0, 3, 3], &[1.0, 1.0, 2.0]).unwrap_err();
    /// assert_eq!(error.to_string(), "row 1 has column 3 after column 3: the columns of a row ascend, each once");
    /// ```
    pub fn new(
        n_columns: usize,
        starts: &'a [usize],
        columns: &'a [usize],
        values: &'a [f64],
    ) -> Result<Self, GbdtError> {
        const MOST: usize = i32::MAX as usize;
        if n_columns > MOST {
            let (setting, value) = ("n_columns", n_columns as f64);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "at most 2147483647" });
        }
        let expect = |what, found, expected| {
            let error = GbdtError::LengthMismatch { what, expected, found };
            if found == expected { Ok(()) } else { Err(error) }
        };
        let (Some(&first), Some(&last)) = (starts.first(), starts.last()) else {
            let what = "the list of the starts of rows";
            return Err(GbdtError::LengthMismatch { what, expected: 1, found: 0 });
        };
        if first != 0 {
            let (setting, value) = ("the start of the first row", first as f64);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "0" });
        }
        if let Some(index) = starts.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(GbdtError::NotAscending { what: "the starts of rows", index: index + 1 });
        }
        expect("the list of the columns of values", columns.len(), last)?;
        expect("the list of values", values.len(), last)?;
        for (row, range) in starts.windows(2).enumerate() {
            let mut before = None;
            for &column in &columns[range[0]..range[1]] {
                if column >= n_columns {
                    return Err(GbdtError::NoSuchColumn { row, column, n_columns });
                }
                if let Some(before) = before.filter(|&before| before >= column) {
                    return Err(GbdtError::ColumnsNotAscending { row, column, before });
                }
                before = Some(column);
            }
        }
        Ok(Self { n_columns, starts, columns, values })
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The number of columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// The columns of a row that are there, and their values.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let range = self.starts[row]..self.starts[row + 1];
        self.columns[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let check = |starts: &[usize], columns: &[usize], values: &[f64]| {
            SparseRows::new(3, starts, columns, values).map(|rows| rows.n_rows())
        };
        assert_eq!(check(&[0], &[], &[]), Ok(0));
        assert_eq!(check(&[0, 0, 2, 2], &[0, 2], &[1.0, 0.0]), Ok(3));
        let mismatch = |what, expected, found| Err(GbdtError::LengthMismatch { what, expected, found });
        assert_eq!(check(&[], &[], &[]), mismatch("the list of the starts of rows", 1, 0));
        assert_eq!(check(&[0, 3], &[0, 1], &[1.0; 2]), mismatch("the list of the columns of values", 3, 2));
        assert_eq!(check(&[0, 2], &[0, 1], &[1.0]), mismatch("the list of values", 2, 1));
        let late = GbdtError::OutOfRange { setting: "the start of the first row", value: 1.0, allowed: "0" };
        assert_eq!(check(&[1, 2], &[0, 1], &[1.0; 2]), Err(late));
        let down = GbdtError::NotAscending { what: "the starts of rows", index: 2 };
        assert_eq!(check(&[0, 2, 1, 2], &[0, 1], &[1.0; 2]), Err(down));
        let beyond = GbdtError::NoSuchColumn { row: 1, column: 3, n_columns: 3 };
        assert_eq!(check(&[0, 1, 2], &[2, 3], &[1.0; 2]), Err(beyond));
        let order = |before| Err(GbdtError::ColumnsNotAscending { row: 0, column: 1, before });
        assert_eq!(check(&[0, 2], &[2, 1], &[1.0; 2]), order(2));
        assert_eq!(check(&[0, 2], &[1, 1], &[1.0; 2]), order(1));
        let huge = SparseRows::new(usize::MAX, &[0], &[], &[]);
        assert!(matches!(huge, Err(GbdtError::OutOfRange { setting: "n_columns", .. })));
    }
}
