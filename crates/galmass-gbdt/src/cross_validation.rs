//! Cross-validation that never parts a group.

use ndarray::{ArrayView2, Axis};

use crate::shuffle::Shuffler;
use crate::{BinningConfig, Booster, Dataset, GbdtError};

/// Which fold each row is held out in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    of_rows: Vec<usize>,
    n_folds: usize,
}

impl Folds {
    /// Deals groups of rows out to folds: rows of a group (galaxies of one halo, visits of one patient) are always in
    /// the same one, so that none is predicted by its siblings.
    ///
    /// The groups are shuffled by the seed, and each goes to the fold with the fewest rows so far. So folds differ by
    /// no more rows than the largest group has. The order of the rows does not matter.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for fewer than 2 folds, or more than there are groups.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::Folds;
    ///
    /// let folds = Folds::of_groups(&["a", "b", "a", "c", "b", "a"], 3, 1)?;
    /// let of_rows = folds.of_rows();
    /// assert!(of_rows[0] == of_rows[2] && of_rows[2] == of_rows[5] && of_rows[1] == of_rows[4]);
    /// assert_eq!(folds.held_out(of_rows[3]), [3]);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn of_groups<G: Ord>(groups: &[G], n_folds: usize, seed: u64) -> Result<Self, GbdtError> {
        let mut rows: Vec<usize> = (0..groups.len()).collect();
        rows.sort_by(|&a, &b| groups[a].cmp(&groups[b]));
        let mut members: Vec<&[usize]> = rows.chunk_by(|&a, &b| groups[a] == groups[b]).collect();
        if n_folds < 2 || n_folds > members.len() {
            let (setting, value) = ("n_folds", n_folds as f64);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "from 2 to the number of groups" });
        }
        Shuffler::new(seed, 0).shuffle(&mut members);
        let (mut of_rows, mut n_rows) = (vec![0; groups.len()], vec![0; n_folds]);
        for members in members {
            // The first of the smallest.
            let fold = (0..n_folds).min_by_key(|&fold| n_rows[fold]).unwrap_or(0);
            n_rows[fold] += members.len();
            members.iter().for_each(|&row| of_rows[row] = fold);
        }
        Ok(Self { of_rows, n_folds })
    }

    /// Deals single rows out to folds.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for fewer than 2 folds, or more than there are rows.
    pub fn of_single_rows(n_rows: usize, n_folds: usize, seed: u64) -> Result<Self, GbdtError> {
        let rows: Vec<usize> = (0..n_rows).collect();
        Self::of_groups(&rows, n_folds, seed)
    }

    /// The number of folds.
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// The fold of each row.
    pub fn of_rows(&self) -> &[usize] {
        &self.of_rows
    }

    /// The rows of a fold, in their order.
    pub fn held_out(&self, fold: usize) -> Vec<usize> {
        self.rows_where(|of_row| of_row == fold)
    }

    /// All other rows, in their order.
    pub fn training(&self, fold: usize) -> Vec<usize> {
        self.rows_where(|of_row| of_row != fold)
    }

    fn rows_where(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.of_rows.len()).filter(|&row| is_wanted(self.of_rows[row])).collect()
    }
}

/// What a cross-validation leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossValidation<S> {
    /// For each row the prediction of the booster that has not seen it.
    pub predictions: Vec<f64>,
    /// The score of each fold, by the rows held out.
    pub scores: Vec<S>,
    /// The booster of each fold.
    pub boosters: Vec<Booster>,
}

/// Trains a booster for each fold on the rows of all others, and scores it on those held out.
///
/// The bins of a fold are made of its training rows only. `train` is given these as a data set, their labels, and which
/// rows of the table they are (for weights, say); `score` is given predictions and labels of the rows held out. Of the
/// table only the rows held out are copied, one fold after the other.
///
/// # Errors
/// [`GbdtError::LengthMismatch`] if there are more or fewer labels or folds than rows; those of [`Dataset::new`], of
/// `train`, and of [`Booster::predict`].
///
/// # Examples
/// ```
/// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Folds, cross_validate};
/// use ndarray::Array2;
///
/// // Twenty halos of ten galaxies each.
/// let table = Array2::from_shape_fn((200, 1), |(row, _)| (row * 7 % 200) as f64);
/// let labels: Vec<f64> = table.column(0).iter().map(|x| x / 100.0).collect();
/// let halos: Vec<usize> = (0..200).map(|row| row / 10).collect();
/// let folds = Folds::of_groups(&halos, 5, 1)?;
/// let config = BoosterConfig { min_data_in_leaf: 5, ..Default::default() };
/// let validation = cross_validate(
///     table.view(),
///     &labels,
///     &folds,
///     &BinningConfig::default(),
///     |dataset, labels, _rows| Booster::train(&config, dataset, labels),
///     |predictions, labels| {
///         let squares = predictions.iter().zip(labels).map(|(found, label)| (found - label).powi(2));
///         (squares.sum::<f64>() / labels.len() as f64).sqrt()
///     },
/// )?;
/// assert_eq!(validation.predictions.len(), 200);
/// assert!(validation.scores.iter().all(|&rmse| rmse < 0.1));
/// # Ok::<(), galmass_gbdt::GbdtError>(())
/// ```
pub fn cross_validate<S>(
    table: ArrayView2<'_, f64>,
    labels: &[f64],
    folds: &Folds,
    binning: &BinningConfig,
    mut train: impl FnMut(&Dataset, &[f64], &[usize]) -> Result<Booster, GbdtError>,
    mut score: impl FnMut(&[f64], &[f64]) -> S,
) -> Result<CrossValidation<S>, GbdtError> {
    let expected = table.nrows();
    for (what, found) in [("labels", labels.len()), ("the folds of rows", folds.of_rows.len())] {
        if found != expected {
            return Err(GbdtError::LengthMismatch { what, expected, found });
        }
    }
    let of = |rows: &[usize]| rows.iter().map(|&row| labels[row]).collect::<Vec<f64>>();
    let (mut predictions, mut scores, mut boosters) = (vec![0.0; expected], Vec::new(), Vec::new());
    for fold in 0..folds.n_folds {
        let (rows, held_out) = (folds.training(fold), folds.held_out(fold));
        let dataset = Dataset::of_some_rows(table, &rows, binning)?;
        let booster = train(&dataset, &of(&rows), &rows)?;
        let found = booster.predict(table.select(Axis(0), &held_out).view())?;
        held_out.iter().zip(&found).for_each(|(&row, &found)| predictions[row] = found);
        scores.push(score(&found, &of(&held_out)));
        boosters.push(booster);
    }
    Ok(CrossValidation { predictions, scores, boosters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BoosterConfig;
    use ndarray::Array2;

    #[test]
    fn groups_stay_together_and_folds_are_about_as_large() {
        // Groups of 1 to 9 rows, their rows apart.
        let groups: Vec<usize> = (0..300).map(|row| (row * row + row / 7) % 61).collect();
        let largest = (0..61).map(|group| groups.iter().filter(|&&of| of == group).count()).max().unwrap();
        for seed in 0..20 {
            let folds = Folds::of_groups(&groups, 5, seed).unwrap();
            for group in 0..61 {
                let mut of: Vec<usize> = (0..300).filter(|&row| groups[row] == group).collect();
                of.iter_mut().for_each(|row| *row = folds.of_rows()[*row]);
                assert!(of.windows(2).all(|pair| pair[0] == pair[1]), "{seed} {group}");
            }
            let n_rows: Vec<usize> = (0..5).map(|fold| folds.held_out(fold).len()).collect();
            assert_eq!(n_rows.iter().sum::<usize>(), 300);
            assert!(n_rows.iter().max().unwrap() - n_rows.iter().min().unwrap() <= largest, "{n_rows:?}");
            assert_eq!(folds.training(3).len(), 300 - n_rows[3]);
        }
        assert_ne!(Folds::of_groups(&groups, 5, 1), Folds::of_groups(&groups, 5, 2));
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let groups: Vec<u64> = (0..50).map(|row| row % 11).collect();
        let turned: Vec<u64> = groups.iter().rev().copied().collect();
        let folds = Folds::of_groups(&groups, 4, 7).unwrap();
        let of_turned = Folds::of_groups(&turned, 4, 7).unwrap();
        assert!(folds.of_rows().iter().eq(of_turned.of_rows().iter().rev()));
    }

    #[test]
    fn too_many_folds_are_refused() {
        for (n_groups, n_folds) in [(0, 2), (3, 0), (3, 1), (3, 4)] {
            let folds = Folds::of_single_rows(n_groups, n_folds, 1);
            assert!(matches!(folds, Err(GbdtError::OutOfRange { setting: "n_folds", .. })), "{folds:?}");
        }
        assert!(Folds::of_single_rows(3, 3, 1).is_ok_and(|folds| folds.held_out(2).len() == 1));
    }

    #[test]
    fn folds_are_predicted_by_boosters_of_the_other_rows() {
        let table = Array2::from_shape_fn((120, 2), |(row, feature)| ((row * (feature + 3)) % 41) as f64);
        let labels: Vec<f64> = table.rows().into_iter().map(|row| row[0] - 0.5 * row[1]).collect();
        let folds = Folds::of_single_rows(120, 3, 5).unwrap();
        let (binning, config) = (BinningConfig::default(), BoosterConfig::default());
        let mut seen = Vec::new();
        let train = |dataset: &Dataset, labels: &[f64], rows: &[usize]| {
            seen.push(rows.to_vec());
            Booster::train(&config, dataset, labels)
        };
        let score = |found: &[f64], labels: &[f64]| (found.to_vec(), labels.to_vec());
        let validation = cross_validate(table.view(), &labels, &folds, &binning, train, score).unwrap();
        for (fold, rows) in seen.iter().enumerate() {
            assert_eq!(*rows, folds.training(fold));
            // By hand, from the rows of the training alone.
            let dataset = Dataset::new(table.select(Axis(0), rows).view(), &binning).unwrap();
            let of_rows: Vec<f64> = rows.iter().map(|&row| labels[row]).collect();
            let booster = Booster::train(&config, &dataset, &of_rows).unwrap();
            assert_eq!(validation.boosters[fold], booster);
            let held_out = folds.held_out(fold);
            let expected: Vec<f64> = held_out.iter().map(|&row| labels[row]).collect();
            let found: Vec<f64> = held_out.iter().map(|&row| validation.predictions[row]).collect();
            assert_eq!(validation.scores[fold], (found, expected));
            for row in held_out {
                assert_eq!(validation.predictions[row], booster.predict_row(&table.row(row).to_vec()));
            }
        }
        let train = |dataset: &Dataset, labels: &[f64], _: &[usize]| Booster::train(&config, dataset, labels);
        let short = cross_validate(table.view(), &labels[1..], &folds, &binning, train, |_, _| ());
        assert!(matches!(short, Err(GbdtError::LengthMismatch { what: "labels", .. })));
    }
}
