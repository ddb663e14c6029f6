//! Boosting: round after round, trees are grown on the slopes of the loss and added to the scores.
//!
//! ```text
//! initial scores
//! each round: slopes of all rows -> some of the rows -> a tree for each output -> leaves renewed -> scores
//!             -> metrics of the evaluations -> stop?
//! ```

use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::config::{BoosterConfig, DataSampleStrategy};
use crate::dataset::Dataset;
use crate::early_stopping::EarlyStopping;
use crate::grower::Grower;
use crate::histogram::Slopes;
use crate::objective::{Objective, SquaredError, Targets};
use crate::sampling::RowSampler;
use crate::splitting::TINY;
use crate::tree::Tree;
use crate::{Booster, GbdtError, Link, Metric};

/// Rows that one thread takes at a time.
const ROWS: usize = 1024;

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
    /// Early stopping is on if the configuration says so and there are evaluations and metrics: training ends when one
    /// metric of one evaluation has not improved for `early_stopping_round` rounds, and the rounds after its best are
    /// dropped. If it never comes to that, the rounds after the best of the first metric of the first evaluation are.
    ///
    /// # Errors
    /// As [`Booster::train`], for weights and evaluations too; [`GbdtError::WeightOutOfRange`];
    /// [`GbdtError::LabelOutOfRange`] and [`GbdtError::OneLabel`] for labels that the objective makes no sense of;
    /// [`GbdtError::NotMonotone`] for monotone constraints with an objective that renews leaves.
    pub fn train_with(
        objective: &dyn Objective,
        config: &BoosterConfig,
        training: Training<'_>,
    ) -> Result<Trained, GbdtError> {
        config.check()?;
        let labels = check_labels(training.labels, training.dataset.n_rows())?;
        let weights = match training.weights {
            Some(weights) => Some(check_weights(weights, labels.len())?),
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
        for evaluation in &training.evaluations {
            let n_rows = evaluation.table.nrows();
            expect_length("a row of an evaluation", evaluation.table.ncols(), n_features)?;
            expect_length("the labels of an evaluation", evaluation.labels.len(), n_rows)?;
            expect_length(
                "the weights of an evaluation",
                evaluation.weights.map_or(n_rows, <[f64]>::len),
                n_rows,
            )?;
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
fn check_labels(labels: &[f64], n_rows: usize) -> Result<Vec<f32>, GbdtError> {
    expect_length("labels", labels.len(), n_rows)?;
    if let Some((row, &value)) = labels.iter().enumerate().find(|(_, label)| !(**label as f32).is_finite()) {
        return Err(GbdtError::NotFinite { what: "the label", row, value });
    }
    Ok(labels.iter().map(|&label| label as f32).collect())
}

/// Weights in single precision.
fn check_weights(weights: &[f64], n_rows: usize) -> Result<Vec<f32>, GbdtError> {
    expect_length("weights", weights.len(), n_rows)?;
    if let Some((row, &value)) = weights.iter().enumerate().find(|(_, weight)| !(**weight as f32).is_finite())
    {
        return Err(GbdtError::NotFinite { what: "the weight", row, value });
    }
    let is_zero = weights.iter().all(|&weight| weight as f32 == 0.0);
    let bad = if is_zero { Some(0) } else { weights.iter().position(|&weight| weight < 0.0) };
    match bad {
        Some(row) if n_rows > 0 => Err(GbdtError::WeightOutOfRange { row, value: weights[row] }),
        _ => Ok(weights.iter().map(|&weight| weight as f32).collect()),
    }
}

/// The state of training.
struct Boosting<'a, 't> {
    objective: &'a dyn Objective,
    config: &'a BoosterConfig,
    targets: Targets<'a>,
    training: Training<'t>,
    n_outputs: usize,
    /// Of all rows for each output.
    scores: Vec<f64>,
    gradients: Vec<f32>,
    hessians: Vec<f32>,
    /// The scores of each evaluation.
    others: Vec<Vec<f64>>,
    /// Those of this run.
    trees: Vec<Tree>,
    needs_trees: Vec<bool>,
    grower: Grower<'t>,
    rows: RowSampler,
    curves: Vec<Curve>,
}

impl<'a, 't> Boosting<'a, 't> {
    fn new(
        objective: &'a dyn Objective,
        config: &'a BoosterConfig,
        targets: Targets<'a>,
        training: Training<'t>,
    ) -> Self {
        let (n_outputs, n_rows) = (objective.n_outputs(), targets.labels.len());
        let initial_scores = |table: Option<ArrayView2<'_, f64>>, n_rows: usize| {
            let mut scores = vec![0.0; n_outputs * n_rows];
            if let (Some((booster, _)), Some(table)) = (training.initial_model, table) {
                for (index, tree) in booster.trees.iter().enumerate() {
                    add_tree(tree, table, of_output_mut(&mut scores, index % n_outputs, n_rows));
                }
            }
            scores
        };
        let names = training.evaluates_training.then_some("training").into_iter();
        let names: Vec<&str> = names.chain(training.evaluations.iter().map(|e| &e.name[..])).collect();
        let curve = |name: &str, metric: &dyn Metric| Curve {
            evaluation: name.to_owned(),
            metric: metric.name().to_owned(),
            higher_is_better: metric.higher_is_better(),
            values: Vec::new(),
        };
        let curves = names.iter().flat_map(|name| training.metrics.iter().map(|&metric| curve(name, metric)));
        Self {
            objective,
            config,
            targets,
            n_outputs,
            scores: initial_scores(training.initial_model.map(|(_, table)| table), n_rows),
            gradients: vec![0.0; n_outputs * n_rows],
            hessians: vec![0.0; n_outputs * n_rows],
            others: (training.evaluations.iter())
                .map(|evaluation| initial_scores(Some(evaluation.table), evaluation.table.nrows()))
                .collect(),
            trees: Vec::with_capacity(config.num_iterations.min(1 << 16)),
            needs_trees: (0..n_outputs).map(|output| objective.needs_trees(targets, output)).collect(),
            grower: Grower::new(training.dataset, config),
            rows: RowSampler::new(config, n_rows),
            curves: curves.collect(),
            training,
        }
    }

    fn run(mut self) -> Trained {
        let n_rounds = self.config.num_iterations;
        let counts: Vec<bool> = {
            let n_of_training =
                if self.training.evaluates_training { self.training.metrics.len() } else { 0 };
            (0..self.curves.len()).map(|index| index >= n_of_training).collect()
        };
        let mut stopping = EarlyStopping::new(self.config, &self.curves, &counts);
        let mut best = None;
        // As in LightGBM, a round without a tree is none, and the next draws in its place.
        let mut n_grown = 0;
        for round in 0..n_rounds {
            let has_grown = self.round(n_grown);
            n_grown += usize::from(has_grown);
            // Other rows or other features may do.
            let can_grow = has_grown || self.rows.is_random() || self.grower.features.is_random();
            if has_grown || round == 0 {
                self.evaluate();
                best = stopping.as_mut().and_then(|stopping| stopping.look(&self.curves));
                let done = Round { n_done: self.n_rounds_done(), n_rounds, curves: &self.curves };
                let flow =
                    self.training.progress.as_mut().map_or(ControlFlow::Continue(()), |tell| tell(&done));
                if best.is_some() || flow.is_break() {
                    break;
                }
            }
            if !can_grow {
                break;
            }
        }
        if self.trees.is_empty() {
            let initials: Vec<f64> = (0..self.n_outputs).map(|output| self.initial_score(output)).collect();
            let n_rows = self.targets.labels.len();
            self.trees.extend(initials.into_iter().map(|initial| Tree::constant(initial, n_rows)));
        }
        let best = best.or(stopping.map(|stopping| stopping.best()).filter(|&best| best > 0));
        let best_round = best.unwrap_or(self.n_rounds_done());
        self.trees.truncate(best_round * self.n_outputs);
        let mut trees = self.training.initial_model.map_or(Vec::new(), |(booster, _)| booster.trees.clone());
        trees.extend(self.trees);
        let booster = Booster {
            trees,
            mappers: self.training.dataset.mappers().to_vec(),
            objective: self.objective.name(),
            n_outputs: self.n_outputs,
        };
        Trained { booster, curves: self.curves, best_round }
    }

    fn n_rounds_done(&self) -> usize {
        self.trees.len() / self.n_outputs
    }

    /// What all rows begin with for an output; nothing where there is a model to go on from.
    fn initial_score(&self, output: usize) -> f64 {
        let initial = match self.training.initial_model {
            Some(_) => 0.0,
            None => self.objective.initial_score(self.targets, output),
        };
        if initial.abs() > TINY { initial } else { 0.0 }
    }

    /// Adds to all scores of an output.
    fn add_to_all(&mut self, output: usize, initial: f64) {
        let n_outputs = self.n_outputs;
        for scores in std::iter::once(&mut self.scores).chain(&mut self.others) {
            let n_rows = scores.len() / n_outputs;
            of_output_mut(scores, output, n_rows).iter_mut().for_each(|score| *score += initial);
        }
    }

    /// Grows the trees of a round; says whether there are any.
    fn round(&mut self, round: usize) -> bool {
        let (n_rows, n_outputs) = (self.targets.labels.len(), self.n_outputs);
        let mut initials = vec![0.0; n_outputs];
        if self.trees.is_empty() && self.config.boost_from_average {
            for (output, initial) in initials.iter_mut().enumerate() {
                *initial = self.initial_score(output);
                if *initial != 0.0 {
                    self.add_to_all(output, *initial);
                }
            }
        }
        let is_unit =
            self.objective.slopes(&self.scores, self.targets, &mut self.gradients, &mut self.hessians);
        if is_unit && self.rows.changes_hessians() {
            self.hessians.fill(1.0);
        }
        // Taken out for as long as the rows drawn are looked at.
        let mut sampler = std::mem::replace(&mut self.rows, RowSampler::All);
        let bag = sampler.draw(round, &mut self.gradients, &mut self.hessians);
        let is_unit = is_unit
            && (bag.is_none() || !matches!(self.config.data_sample_strategy, DataSampleStrategy::Goss));
        let is_first = self.trees.is_empty();
        let mut has_grown = false;
        for (output, &initial) in initials.iter().enumerate() {
            let range = output * n_rows..(output + 1) * n_rows;
            let gradients = &self.gradients[range.clone()];
            let slopes = if is_unit {
                Slopes::Unit(gradients)
            } else {
                Slopes::Both(gradients, &self.hessians[range])
            };
            let mut tree = if self.needs_trees[output] {
                self.grower.grow(slopes, bag)
            } else {
                Tree::constant(0.0, n_rows)
            };
            if tree.nodes.is_empty() {
                let mut initial = initial;
                if is_first && !self.config.boost_from_average {
                    initial = self.initial_score(output);
                    self.add_to_all(output, initial);
                }
                self.trees.push(Tree::constant(initial, n_rows));
                continue;
            }
            has_grown = true;
            if self.objective.renews_leaves() {
                self.renew_leaves(&mut tree, output);
            }
            tree.shrink(self.config.learning_rate);
            self.add_to_scores(&tree, output);
            if initial != 0.0 {
                tree.add(initial);
            }
            self.trees.push(tree);
        }
        self.rows = sampler;
        if !has_grown && !is_first {
            self.trees.truncate(self.trees.len() - n_outputs);
        }
        has_grown
    }

    /// Puts in the values that the objective knows better.
    fn renew_leaves(&self, tree: &mut Tree, output: usize) {
        let (objective, targets, partition) = (self.objective, self.targets, &self.grower.partition);
        let n_rows = targets.labels.len();
        let scores = &self.scores[output * n_rows..(output + 1) * n_rows];
        tree.leaves.par_iter_mut().enumerate().for_each(|(leaf, of_tree)| {
            of_tree.value = objective.leaf_value(partition.rows(leaf), scores, targets);
        });
    }

    fn add_to_scores(&mut self, tree: &Tree, output: usize) {
        let n_rows = self.targets.labels.len();
        let scores = of_output_mut(&mut self.scores, output, n_rows);
        for (leaf, value) in tree.leaves.iter().map(|leaf| leaf.value).enumerate() {
            for partition in [&self.grower.partition, &self.grower.outside] {
                for &row in partition.rows(leaf) {
                    scores[row as usize] += value;
                }
            }
        }
        for (scores, evaluation) in self.others.iter_mut().zip(&self.training.evaluations) {
            let n_rows = evaluation.table.nrows();
            add_tree(tree, evaluation.table, of_output_mut(scores, output, n_rows));
        }
    }

    /// Adds a value to each curve.
    fn evaluate(&mut self) {
        let metrics = &self.training.metrics;
        if metrics.is_empty() {
            return;
        }
        let link = self.objective.link();
        let mut curves = self.curves.iter_mut();
        let mut reckon = |scores: &[f64], labels: &[f64], weights: Option<&[f64]>| {
            let predictions = predictions(scores, self.n_outputs, link);
            for (metric, curve) in metrics.iter().zip(&mut curves) {
                curve.values.push(metric.evaluate(predictions.view(), labels, weights));
            }
        };
        if self.training.evaluates_training {
            reckon(&self.scores, self.training.labels, self.training.weights);
        }
        for (scores, evaluation) in self.others.iter().zip(&self.training.evaluations) {
            reckon(scores, evaluation.labels, evaluation.weights);
        }
    }
}

/// The scores of an output.
fn of_output_mut(scores: &mut [f64], output: usize, n_rows: usize) -> &mut [f64] {
    &mut scores[output * n_rows..(output + 1) * n_rows]
}

/// Adds the values of a tree to the scores of the rows of a table.
fn add_tree(tree: &Tree, table: ArrayView2<'_, f64>, scores: &mut [f64]) {
    scores.par_chunks_mut(ROWS).enumerate().for_each(|(chunk, scores)| {
        let mut copy = vec![0.0; table.ncols()];
        for (index, score) in scores.iter_mut().enumerate() {
            let row = table.row(chunk * ROWS + index);
            *score += match row.as_slice() {
                Some(row) => tree.predict(row),
                None => {
                    copy.iter_mut().zip(row).for_each(|(copy, &value)| *copy = value);
                    tree.predict(&copy)
                }
            };
        }
    });
}

/// A row of predictions for each sample.
fn predictions(scores: &[f64], n_outputs: usize, link: Link) -> Array2<f64> {
    let n_rows = scores.len() / n_outputs;
    let mut predictions =
        Array2::from_shape_fn((n_rows, n_outputs), |(row, output)| scores[output * n_rows + row]);
    for mut row in predictions.rows_mut() {
        if let Some(row) = row.as_slice_mut() {
            link.apply(row);
        }
    }
    predictions
}
