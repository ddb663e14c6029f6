//! Predictions, by all trees of a booster or by some.

use std::ops::{Bound, Range, RangeBounds};

use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::forest::{self, Forest};
use crate::link::Link;
use crate::{Booster, GbdtError, Tree};

/// Rows that one thread takes at a time.
const ROWS: usize = 1024;

/// Some iterations of a booster, one after the other: what it predicts by their trees alone.
///
/// # Examples
/// ```
/// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
/// use ndarray::Array2;
///
/// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
/// let labels: Vec<f64> = (0..100).map(|row| if row < 50 { 0.0 } else { 4.0 }).collect();
/// let dataset = Dataset::new(table.view(), &BinningConfig { min_data_in_bin: 1, ..Default::default() })?;
/// let config = BoosterConfig { num_leaves: 2, learning_rate: 0.5, num_iterations: 3, ..Default::default() };
/// let booster = Booster::train(&config, &dataset, &labels)?;
/// // From the mean, half of what is missing each time.
/// let last_row = |n| booster.iterations(..n).predict_row(&[99.0]);
/// assert_eq!([1, 2, 3].map(last_row), [3.0, 3.5, 3.75]);
/// # Ok::<(), galmass_gbdt::GbdtError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Iterations<'a> {
    booster: &'a Booster,
    range: Range<usize>,
}

impl Booster {
    /// Some of its iterations; those it has not are left out.
    ///
    /// The first tree holds what all rows begin with: without it, predictions are what the later trees add.
    pub fn iterations(&self, range: impl RangeBounds<usize>) -> Iterations<'_> {
        let n = self.n_iterations();
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => n,
        };
        let end = end.min(n);
        Iterations { booster: self, range: start.min(end)..end }
    }

    /// The number of its iterations: each has a tree for each output.
    pub fn n_iterations(&self) -> usize {
        self.trees.len() / self.n_outputs
    }

    /// The numbers that it predicts of a row: 1, or one for each class.
    pub fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    /// Predicts the label of a row.
    ///
    /// With several outputs this is the first of them.
    ///
    /// # Panics
    /// If the row has fewer values than there are features.
    pub fn predict_row(&self, row: &[f64]) -> f64 {
        self.iterations(..).predict_row(row)
    }

    /// Predicts the labels of the rows of a table: the sums of the trees, turned into what the labels are.
    ///
    /// As in LightGBM that is the score itself for regression, a probability for `binary`, and a mean for `poisson`,
    /// `gamma` and `tweedie`. For an objective that LightGBM does not know it is the score.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if the table has more or fewer columns than there are features;
    /// [`GbdtError::SeveralOutputs`] if there is more than one number for each row: see [`Booster::predict_outputs`].
    pub fn predict(&self, table: ArrayView2<'_, f64>) -> Result<Vec<f64>, GbdtError> {
        self.iterations(..).predict(table)
    }

    /// Predicts all outputs of the rows of a table: a row for each, and a column for each output. For `multiclass`
    /// these are probabilities.
    ///
    /// # Errors
    /// [`GbdtError::LengthMismatch`] if the table has more or fewer columns than there are features.
    pub fn predict_outputs(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_outputs(table)
    }

    /// Predicts the scores of the rows of a table, the sums of the trees: a row for each, and a column for each output.
    ///
    /// They are sums for a random forest too, as in LightGBM: only its predictions are means over the iterations.
    ///
    /// # Errors
    /// As [`Booster::predict_outputs`].
    pub fn predict_raw(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        self.iterations(..).predict_raw(table)
    }

    /// Finds the leaf of each row in each tree: a row for each, and a column for each tree.
    ///
    /// # Errors
    /// As [`Booster::predict_outputs`].
    pub fn predict_leaf(&self, table: ArrayView2<'_, f64>) -> Result<Array2<u32>, GbdtError> {
        self.iterations(..).predict_leaf(table)
    }

    /// Predicts all outputs after each of some numbers of iterations: by stage, row and output.
    ///
    /// Each tree is gone through once. Numbers beyond the last iteration count as the last.
    ///
    /// # Errors
    /// As [`Booster::predict_outputs`]; [`GbdtError::NotAscending`] if a number is below the one before it.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::Array2;
    ///
    /// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
    /// let labels: Vec<f64> = (0..100).map(|row| if row < 50 { 0.0 } else { 4.0 }).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig { min_data_in_bin: 1, ..Default::default() })?;
    /// let config = BoosterConfig { num_leaves: 2, learning_rate: 0.5, num_iterations: 3, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// let stages = booster.predict_staged(table.view(), &[1, 3])?;
    /// assert_eq!((stages[[0, 99, 0]], stages[[1, 99, 0]]), (3.0, 3.75));
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn predict_staged(
        &self,
        table: ArrayView2<'_, f64>,
        stages: &[usize],
    ) -> Result<Array3<f64>, GbdtError> {
        if let Some(index) = stages.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(GbdtError::NotAscending { what: "the stages", index: index + 1 });
        }
        let (n_rows, n_outputs) = (table.nrows(), self.n_outputs);
        let link = Link::of(&self.objective);
        let by_row = by_rows(self, table, stages.len() * n_outputs, || vec![0.0; n_outputs], {
            |scores: &mut Vec<f64>, row, found| {
                scores.fill(0.0);
                let mut done = 0;
                for (found, &stage) in found.chunks_exact_mut(n_outputs).zip(stages) {
                    let stage = self.iterations(done..stage.max(done));
                    stage.add_scores(row, scores);
                    done = stage.range.end.max(done);
                    found.copy_from_slice(scores);
                    self.average(found, done);
                    link.apply(found);
                }
            }
        })?;
        let mut by_stage = Array3::zeros((stages.len(), n_rows, n_outputs));
        for (stage, mut found) in by_stage.outer_iter_mut().enumerate() {
            found.assign(&by_row.slice(s![.., stage * n_outputs..(stage + 1) * n_outputs]));
        }
        Ok(by_stage)
    }

    /// Makes means of sums over `n` iterations, where the trees are those of a random forest.
    fn average(&self, scores: &mut [f64], n: usize) {
        if self.is_averaged && n > 0 {
            scores.iter_mut().for_each(|score| *score /= n as f64);
        }
    }
}

impl<'a> Iterations<'a> {
    /// How many they are.
    pub fn n_iterations(&self) -> usize {
        self.range.len()
    }

    /// Their trees: those of an iteration side by side, one for each output.
    pub fn trees(&self) -> &'a [Tree] {
        let n_outputs = self.booster.n_outputs;
        &self.booster.trees[self.range.start * n_outputs..self.range.end * n_outputs]
    }

    pub(crate) fn booster(&self) -> &'a Booster {
        self.booster
    }

    /// See [`Booster::predict_row`].
    ///
    /// # Panics
    /// If the row has fewer values than there are features.
    pub fn predict_row(&self, row: &[f64]) -> f64 {
        let n_outputs = self.booster.n_outputs;
        let link = Link::of(&self.booster.objective);
        let predict = |scores: &mut [f64]| {
            match self.forests() {
                Some(forests) => {
                    let outputs = scores.iter_mut().zip(forests);
                    outputs.for_each(|(score, forest)| *score = forest.predict_row(row));
                }
                None => self.add_scores(row, scores),
            }
            self.booster.average(scores, self.n_iterations());
            link.apply(scores);
            scores[0]
        };
        if n_outputs == 1 { predict(&mut [0.0]) } else { predict(&mut vec![0.0; n_outputs]) }
    }

    /// The forests of the outputs, where all trees are asked for and have them.
    fn forests(&self) -> Option<&'a [Forest]> {
        let booster = self.booster;
        let is_whole = self.range == (0..booster.n_iterations());
        is_whole.then(|| booster.forest.get(&booster.trees, booster.n_outputs))?
    }

    /// See [`Booster::predict`].
    ///
    /// # Errors
    /// As there.
    pub fn predict(&self, table: ArrayView2<'_, f64>) -> Result<Vec<f64>, GbdtError> {
        let n_outputs = self.booster.n_outputs;
        if n_outputs != 1 {
            return Err(GbdtError::SeveralOutputs { n_outputs });
        }
        Ok(self.predict_outputs(table)?.into_raw_vec_and_offset().0)
    }

    /// See [`Booster::predict_outputs`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_outputs(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        let link = Link::of(&self.booster.objective);
        let mut outputs = self.predict_raw(table)?;
        outputs.axis_iter_mut(Axis(0)).into_par_iter().for_each(|mut scores| {
            // Rows of an array made here are contiguous.
            if let Some(scores) = scores.as_slice_mut() {
                self.booster.average(scores, self.n_iterations());
                link.apply(scores);
            }
        });
        Ok(outputs)
    }

    /// See [`Booster::predict_raw`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_raw(&self, table: ArrayView2<'_, f64>) -> Result<Array2<f64>, GbdtError> {
        let (booster, n_outputs) = (self.booster, self.booster.n_outputs);
        let Some(forests) = self.forests() else {
            return by_rows(booster, table, n_outputs, || (), |(), row, scores| self.add_scores(row, scores));
        };
        check_width(booster, table)?;
        let mut scores = Array2::zeros((table.nrows(), n_outputs));
        let chunks = scores.axis_chunks_iter_mut(Axis(0), forest::ROWS).into_par_iter();
        chunks.zip(table.axis_chunks_iter(Axis(0), forest::ROWS)).for_each(|(mut scores, rows)| {
            for (mut scores, forest) in scores.columns_mut().into_iter().zip(forests) {
                scores.iter_mut().zip(forest.predict_rows(rows)).for_each(|(score, sum)| *score = sum);
            }
        });
        Ok(scores)
    }

    /// See [`Booster::predict_leaf`].
    ///
    /// # Errors
    /// As there.
    pub fn predict_leaf(&self, table: ArrayView2<'_, f64>) -> Result<Array2<u32>, GbdtError> {
        let trees = self.trees();
        by_rows(
            self.booster,
            table,
            trees.len(),
            || (),
            |(), row, leaves| {
                for (leaf, tree) in leaves.iter_mut().zip(trees) {
                    *leaf = tree.leaf_of(row) as u32;
                }
            },
        )
    }

    /// Adds the trees of a row, in their order.
    fn add_scores(&self, row: &[f64], scores: &mut [f64]) {
        for trees in self.trees().chunks_exact(self.booster.n_outputs) {
            for (score, tree) in scores.iter_mut().zip(trees) {
                *score += tree.predict(row);
            }
        }
    }
}

/// Fills `width` numbers for each row of a table. Rows are shared among threads; each thread has memory of its own.
pub(crate) fn by_rows<T: Clone + Default + Send + Sync, M>(
    booster: &Booster,
    table: ArrayView2<'_, f64>,
    width: usize,
    memory: impl Fn() -> M + Sync,
    fill: impl Fn(&mut M, &[f64], &mut [T]) + Sync,
) -> Result<Array2<T>, GbdtError> {
    check_width(booster, table)?;
    let mut filled = Array2::from_elem((table.nrows(), width), T::default());
    let chunks = filled.axis_chunks_iter_mut(Axis(0), ROWS).into_par_iter();
    chunks.zip(table.axis_chunks_iter(Axis(0), ROWS)).for_each(|(mut filled, table)| {
        let mut memory = memory();
        let mut copy = vec![0.0; booster.n_features()];
        for (mut filled, row) in filled.outer_iter_mut().zip(table.outer_iter()) {
            // Rows of an array made here are contiguous.
            let Some(filled) = filled.as_slice_mut() else { continue };
            fill(&mut memory, side_by_side(row, &mut copy), filled);
        }
    });
    Ok(filled)
}

fn check_width(booster: &Booster, table: ArrayView2<'_, f64>) -> Result<(), GbdtError> {
    let (expected, found) = (booster.n_features(), table.ncols());
    if expected == found { Ok(()) } else { Err(GbdtError::LengthMismatch { what: "a row", expected, found }) }
}

/// The values of a row side by side in memory: its own, or a copy of them.
pub(crate) fn side_by_side<'a>(row: ArrayView1<'a, f64>, copy: &'a mut [f64]) -> &'a [f64] {
    match row.to_slice() {
        Some(row) => row,
        None => {
            copy.iter_mut().zip(row).for_each(|(copy, &value)| *copy = value);
            copy
        }
    }
}
