//! What a booster is trained on, and what training tells.

use std::ops::ControlFlow;

use ndarray::ArrayView2;

use crate::boosting::Boosting;
use crate::config::BoosterConfig;
use crate::dataset::Dataset;
use crate::objective::{Objective, SquaredError, Targets};
use crate::{Booster, GbdtError, Metric};

/// What is told of each round, and may end training.
pub type Progress<'a> = dyn FnMut(&Round<'_>) -> ControlFlow<()> + 'a;

/// What a booster is trained on, and what is watched meanwhile.
///
/// # Examples
/// A booster that stops when it gets no better at rows that it does not see:
/// ```
/// use galmass_gbdt::{
///     BinningConfig, Booster, BoosterConfig, Dataset, Evaluation, RootMeanSquaredError, SquaredError, Training,
/// };
/// use ndarray::Array2;
///
/// let table = Array2::from_shape_fn((200, 1), |(row, _)| row as f64);
/// let labels: Vec<f64> = (0..200).map(|row| if row < 100 { 1.0 } else { 3.0 }).collect();
/// let dataset = Dataset::new(table.view(), &BinningConfig::default())?;
/// let config = BoosterConfig { learning_rate: 0.5, early_stopping_round: 5, ..BoosterConfig::default() };
/// // In truth there is nothing to learn: the first tree is worse than the mean, and the others are worse still.
/// let others = table.slice(ndarray::s![..;20, ..]);
/// let other_labels = vec![2.0; others.nrows()];
/// let training = Training {
///     evaluations: vec![Evaluation::new("others", others, &other_labels)],
///     metrics: vec![&RootMeanSquaredError],
///     ..Training::new(&dataset, &labels)
/// };
/// let trained = Booster::train_with(&SquaredError, &config, training)?;
/// assert_eq!(trained.best_round, 1);
/// assert_eq!(trained.booster.trees().len(), 1);
/// assert_eq!(trained.curves[0].values.len(), 6);
/// # Ok::<(), galmass_gbdt::GbdtError>(())
/// ```
pub struct Training<'a> {
    /// The features.
    pub dataset: &'a Dataset,
    /// The labels, one for each row.
    pub labels: &'a [f64],
    /// How much each row counts, 0 or more; all the same if `None`.
    pub weights: Option<&'a [f64]>,
    /// A booster to go on from, and the table that `dataset` was made of: its trees stay, and new ones are grown on what
    /// they leave.
    pub initial_model: Option<(&'a Booster, ArrayView2<'a, f64>)>,
    /// Rows that are not trained on.
    pub evaluations: Vec<Evaluation<'a>>,
    /// What is reckoned of each evaluation after each round.
    pub metrics: Vec<&'a dyn Metric>,
    /// Whether the metrics are reckoned of the rows trained on, too: as the first evaluation, `training`, which does not
    /// count for early stopping.
    pub evaluates_training: bool,
    /// Called after each round; may end training.
    pub progress: Option<&'a mut Progress<'a>>,
}

impl<'a> Training<'a> {
    /// Rows that all count the same, without anything else.
    pub fn new(dataset: &'a Dataset, labels: &'a [f64]) -> Self {
        Self {
            dataset,
            labels,
            weights: None,
            initial_model: None,
            evaluations: Vec::new(),
            metrics: Vec::new(),
            evaluates_training: false,
            progress: None,
        }
    }
}

/// Rows to look at while a booster is trained.
#[derive(Clone, Debug)]
pub struct Evaluation<'a> {
    /// Its name.
    pub name: String,
    /// The features: the columns of the table that the booster is trained on.
    pub table: ArrayView2<'a, f64>,
    /// The labels, one for each row.
    pub labels: &'a [f64],
    /// How much each row counts; all the same if `None`.
    pub weights: Option<&'a [f64]>,
}

impl<'a> Evaluation<'a> {
    /// Rows that all count the same.
    pub fn new(name: impl Into<String>, table: ArrayView2<'a, f64>, labels: &'a [f64]) -> Self {
        Self { name: name.into(), table, labels, weights: None }
    }
}

/// A metric of an evaluation, round by round.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The name of the evaluation.
    pub evaluation: String,
    /// The name of the metric.
    pub metric: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// One for each round.
    pub values: Vec<f64>,
}

/// Where training has come to.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// Rounds done.
    pub n_done: usize,
    /// Rounds to do at most.
    pub n_rounds: usize,
    /// All metrics so far.
    pub curves: &'a [Curve],
}

/// What training gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The booster; with early stopping, up to the best round.
    pub booster: Booster,
    /// All metrics, those after the best round among them.
    pub curves: Vec<Curve>,
    /// The number of rounds that are kept.
    pub best_round: usize,
}

impl Booster {
    /// Trains a booster for the smallest mean squared error of `labels`, one for each row of the data set.
    ///
    /// Starting from the mean, each tree is grown on what is left of the labels, and added with the learning rate
    /// (Friedman 2001; the leaf-wise trees on histograms are those of Ke et al. 2017). The trees are those of LightGBM 4
    /// with `deterministic=true, force_col_wise=true`, to the last bit, and the same for any number of threads. Labels
    /// are rounded to single precision, as there.
    ///
    /// A table without rows or without a feature to split by gives a booster of the mean.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for a setting; [`GbdtError::LengthMismatch`] if there are more or fewer labels than rows;
    /// [`GbdtError::NotFinite`] for a label.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::Array2;
    ///
    /// let table = Array2::from_shape_fn((100, 1), |(row, _)| row as f64);
    /// let labels: Vec<f64> = (0..100).map(|row| if row < 50 { 1.0 } else { 3.0 }).collect();
    /// let binning = BinningConfig { min_data_in_bin: 1, ..Default::default() };
    /// let dataset = Dataset::new(table.view(), &binning)?;
    /// let config = BoosterConfig { num_leaves: 2, learning_rate: 1.0, num_iterations: 1, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// assert_eq!(booster.predict_row(&[10.0]), 1.0);
    /// assert_eq!(booster.predict_row(&[80.0]), 3.0);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    ///
    /// # References
    /// Friedman (2001), Ann. Stat. 29, 1189; Ke et al. (2017), NIPS 30.
    pub fn train(config: &BoosterConfig, dataset: &Dataset, labels: &[f64]) -> Result<Self, GbdtError> {
        Self::train_for(&SquaredError, config, dataset, labels)
    }

    /// Trains a booster for any objective.
    ///
    /// # Errors
    /// As [`Booster::train`].
    pub fn train_for(
        objective: &dyn Objective,
        config: &BoosterConfig,
        dataset: &Dataset,
        labels: &[f64],
    ) -> Result<Self, GbdtError> {
        Ok(Self::train_with(objective, config, Training::new(dataset, labels))?.booster)
    }

    /// Trains a booster with weights, from another booster on, or watched: see [`Training`].
    ///
    /// Early stopping is on if the configuration says so: training ends when one
    /// metric of one evaluation has not improved for `early_stopping_round` rounds, and the rounds after its best are
    /// dropped. If it never comes to that, the rounds after the best of the first metric of the first evaluation are.
    ///
    /// # Errors
    /// As [`Booster::train`], for weights and evaluations too; [`GbdtError::WeightOutOfRange`];
    /// [`GbdtError::NothingToStopBy`] for early stopping without evaluations or metrics;
    /// [`GbdtError::LabelOutOfRange`] and [`GbdtError::OneLabel`] for labels that the objective makes no sense of;
    /// [`GbdtError::NotMonotone`] for monotone constraints with an objective that renews leaves.
    pub fn train_with(
        objective: &dyn Objective,
        config: &BoosterConfig,
        training: Training<'_>,
    ) -> Result<Trained, GbdtError> {
        config.check()?;
        let labels = check_labels("the label", training.labels, training.dataset.n_rows())?;
        let weights = match training.weights {
            Some(weights) => Some(check_weights("the weight", weights, labels.len())?),
            None => None,
        };
        let targets = Targets { labels: &labels, weights: weights.as_deref() };
        objective.check(targets)?;
        let n_outputs = objective.n_outputs();
        let n_features = training.dataset.n_features();
        if !config.monotone_constraints.is_empty() {
            expect_length("monotone_constraints", config.monotone_constraints.len(), n_features)?;
            if objective.renews_leaves() {
                return Err(GbdtError::NotMonotone { objective: objective.name() });
            }
        }
        let early_stopping_round = config.early_stopping_round;
        for (missing, n) in [("evaluation", training.evaluations.len()), ("metric", training.metrics.len())] {
            if early_stopping_round > 0 && n == 0 {
                return Err(GbdtError::NothingToStopBy { early_stopping_round, missing });
            }
        }
        for evaluation in &training.evaluations {
            let n_rows = evaluation.table.nrows();
            expect_length("a row of an evaluation", evaluation.table.ncols(), n_features)?;
            expect_length("the labels of an evaluation", evaluation.labels.len(), n_rows)?;
            expect_length(
                "the weights of an evaluation",
                evaluation.weights.map_or(n_rows, <[f64]>::len),
                n_rows,
            )?;
            check_labels("the evaluation's label", evaluation.labels, n_rows)?;
            if let Some(weights) = evaluation.weights {
                check_weights("the evaluation's weight", weights, n_rows)?;
            }
        }
        if let Some((booster, table)) = training.initial_model {
            expect_length("a row of the initial model", booster.n_features(), n_features)?;
            expect_length("a row of the table of the initial model", table.ncols(), n_features)?;
            expect_length("the table of the initial model", table.nrows(), labels.len())?;
            expect_length("a prediction of the initial model", booster.n_outputs, n_outputs)?;
        }
        Ok(Boosting::new(objective, config, targets, training).run())
    }
}

fn expect_length(what: &'static str, found: usize, expected: usize) -> Result<(), GbdtError> {
    if found == expected { Ok(()) } else { Err(GbdtError::LengthMismatch { what, expected, found }) }
}

/// Labels in single precision.
fn check_labels(what: &'static str, labels: &[f64], n_rows: usize) -> Result<Vec<f32>, GbdtError> {
    expect_length("labels", labels.len(), n_rows)?;
    if let Some((row, &value)) = labels.iter().enumerate().find(|(_, label)| !(**label as f32).is_finite()) {
        return Err(GbdtError::NotFinite { what, row, value });
    }
    Ok(labels.iter().map(|&label| label as f32).collect())
}

/// Weights in single precision.
fn check_weights(what: &'static str, weights: &[f64], n_rows: usize) -> Result<Vec<f32>, GbdtError> {
    expect_length("weights", weights.len(), n_rows)?;
    if let Some((row, &value)) = weights.iter().enumerate().find(|(_, weight)| !(**weight as f32).is_finite())
    {
        return Err(GbdtError::NotFinite { what, row, value });
    }
    let is_zero = weights.iter().all(|&weight| weight as f32 == 0.0);
    let bad = if is_zero { Some(0) } else { weights.iter().position(|&weight| weight < 0.0) };
    match bad {
        Some(row) if n_rows > 0 => Err(GbdtError::WeightOutOfRange { row, value: weights[row] }),
        _ => Ok(weights.iter().map(|&weight| weight as f32).collect()),
    }
}
