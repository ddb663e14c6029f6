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
use crate::early_stopping::EarlyStopping;
use crate::grower::Grower;
use crate::histogram::Slopes;
use crate::objective::{Objective, Targets};
use crate::partition::BLOCK;
use crate::predict::side_by_side;
use crate::sampling::{Bag, RowSampler};
use crate::splitting::TINY;
use crate::training::{Curve, Round, Trained, Training};
use crate::tree::Tree;
use crate::{Booster, Link, Metric, threads};

/// Rows that one thread takes at a time.
const ROWS: usize = 1024;

/// The state of training.
pub(crate) struct Boosting<'a, 't> {
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
    pub(crate) fn new(
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

    pub(crate) fn run(mut self) -> Trained {
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
        let (Training { dataset, .. }, config) = (self.training, self.config);
        let booster = Booster::new(trees, dataset, config, self.objective.name(), self.n_outputs);
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
                grow(&mut self.grower, slopes, bag)
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
            of_tree.value = objective.leaf_value(&partition.rows(leaf), scores, targets);
        });
    }

    fn add_to_scores(&mut self, tree: &Tree, output: usize) {
        let n_rows = self.targets.labels.len();
        let scores = of_output_mut(&mut self.scores, output, n_rows);
        let partitions = [&self.grower.partition, &self.grower.outside];
        // Some rows at a time, so that their scores stay at hand from one leaf to the next.
        let add = |(index, scores): (usize, &mut [f64])| {
            let first = index * BLOCK;
            for block in partitions.map(|partition| &partition.blocks()[index]) {
                for (leaf, of_tree) in tree.leaves.iter().enumerate() {
                    for &row in block.rows(leaf) {
                        scores[row as usize - first] += of_tree.value;
                    }
                }
            }
        };
        if threads::are_worth(n_rows) {
            scores.par_chunks_mut(BLOCK).enumerate().for_each(add);
        } else {
            scores.chunks_mut(BLOCK).enumerate().for_each(add);
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

/// Grows a tree on a thread of the pool, if that has several: to hand over each of its histograms takes longer.
fn grow(grower: &mut Grower<'_>, slopes: Slopes<'_>, bag: Option<&Bag>) -> Tree {
    if rayon::current_num_threads() == 1 {
        grower.grow(slopes, bag)
    } else {
        rayon::scope(|_| grower.grow(slopes, bag))
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
            *score += tree.predict(side_by_side(row, &mut copy));
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
