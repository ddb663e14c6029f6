//! The ways to all leaves of a tree, and what was found for the rows that took some of them.

use std::ops::Range;

use super::game::{LeafGame, Step};
use crate::{Child, Tree};

/// The most conditions of a tree that are listed, and features on a way.
const CONDITIONS: usize = 1 << 14;
const FEATURES: usize = 64;

/// What a node asks of the rows that go to a leaf.
struct Condition {
    node: usize,
    is_left: bool,
    /// Which of the features of the way it is of.
    place: usize,
}

struct Path {
    value: f64,
    conditions: Range<usize>,
    features: Range<usize>,
    /// `None` where there are more sets of features than rows make worth it.
    table: Option<Table>,
}

/// What was found for each set of missed features: the values of all features of the way.
struct Table {
    values: Vec<f64>,
    is_known: Vec<bool>,
}

pub(super) struct Paths<'a> {
    tree: &'a Tree,
    goes_left: Vec<bool>,
    conditions: Vec<Condition>,
    /// Each feature of a way, with the share of the training that goes it.
    features: Vec<(usize, f64)>,
    paths: Vec<Path>,
    steps: Vec<Step>,
    values: Vec<f64>,
    game: LeafGame,
}

impl<'a> Paths<'a> {
    /// Lists the ways of a tree, to be used for so many rows; `None` if they are too long.
    pub(super) fn new(tree: &'a Tree, n_rows: usize) -> Option<Self> {
        let n_nodes = tree.nodes.len();
        let mut above = [vec![None; n_nodes], vec![None; n_nodes + 1]];
        for (index, node) in tree.nodes.iter().enumerate() {
            for (child, is_left) in [(node.left, true), (node.right, false)] {
                match child {
                    Child::Node(child) => above[0][child] = Some((index, is_left)),
                    Child::Leaf(child) => above[1][child] = Some((index, is_left)),
                }
            }
        }
        let mut conditions: Vec<Condition> = Vec::new();
        let mut features: Vec<(usize, f64)> = Vec::new();
        let mut paths = Vec::with_capacity(tree.leaves.len());
        for (index, leaf) in tree.leaves.iter().enumerate() {
            let (first_condition, first_feature) = (conditions.len(), features.len());
            let mut child = Child::Leaf(index);
            let mut next = above[1][index];
            while let Some((node, is_left)) = next {
                if conditions.len() >= CONDITIONS {
                    return None;
                }
                let feature = tree.nodes[node].feature;
                let share = tree.count(child) as f64 / tree.nodes[node].count as f64;
                let of_path = &mut features[first_feature..];
                let place = of_path.iter().position(|known| known.0 == feature);
                match place {
                    Some(place) => of_path[place].1 *= share,
                    None => features.push((feature, share)),
                }
                let place = place.unwrap_or(features.len() - 1 - first_feature);
                if place >= FEATURES {
                    return None;
                }
                conditions.push(Condition { node, is_left, place });
                child = Child::Node(node);
                next = above[0][node];
            }
            let n_features = features.len() - first_feature;
            // Each set of features is worth a place where a few rows can share it.
            let is_worth_it = n_features < 16 && n_rows >= 4 << n_features;
            let table = is_worth_it.then(|| Table {
                values: vec![0.0; n_features << n_features],
                is_known: vec![false; 1 << n_features],
            });
            let (conditions, features) = (first_condition..conditions.len(), first_feature..features.len());
            paths.push(Path { value: leaf.value, conditions, features, table });
        }
        let (goes_left, steps) = (vec![false; n_nodes], Vec::new());
        let (values, game) = (Vec::new(), LeafGame::default());
        Some(Self { tree, goes_left, conditions, features, paths, steps, values, game })
    }

    /// Adds the contributions to the value of the tree.
    pub(super) fn add(&mut self, row: &[f64], found: &mut [f64]) {
        for (goes_left, node) in self.goes_left.iter_mut().zip(&self.tree.nodes) {
            *goes_left = node.goes_left(row[node.feature]);
        }
        for path in &mut self.paths {
            let mut missed = 0u64;
            for condition in &self.conditions[path.conditions.clone()] {
                let is_missed = self.goes_left[condition.node] != condition.is_left;
                missed |= u64::from(is_missed) << condition.place;
            }
            let features = &self.features[path.features.clone()];
            let n = features.len();
            let mut fill = |values: &mut [f64]| {
                let step = |(feature, &(_, share)): (usize, &(usize, f64))| Step {
                    feature,
                    share,
                    is_taken: missed >> feature & 1 == 0,
                };
                self.steps.clear();
                self.steps.extend(features.iter().enumerate().map(step));
                values.fill(0.0);
                self.game.add(path.value, &self.steps, values);
            };
            let values = match &mut path.table {
                Some(table) => {
                    let set = missed as usize;
                    let values = &mut table.values[set * n..(set + 1) * n];
                    if !std::mem::replace(&mut table.is_known[set], true) {
                        fill(values);
                    }
                    values
                }
                None => {
                    self.values.resize(n, 0.0);
                    fill(&mut self.values);
                    &mut self.values[..]
                }
            };
            for (&(feature, _), value) in features.iter().zip(values) {
                found[feature] += *value;
            }
        }
    }
}
