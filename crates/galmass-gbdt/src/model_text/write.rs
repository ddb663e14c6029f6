//! From boosters to text.

use std::fmt::{Display, Write};

use super::{CATEGORICAL, bits_of, number};
use crate::feature::Domain;
use crate::link;
use crate::{Booster, Child, Feature, Leaf, Node, Rule, Tree};

/// Digits with which a number can be read again to the last bit, and those of numbers for the eye.
const EXACT: usize = 17;
const SHORT: usize = 6;

pub(super) fn booster(booster: &Booster) -> String {
    let trees: Vec<String> =
        booster.trees.iter().enumerate().map(|(index, tree)| tree_text(index, tree)).collect();
    let mut text = String::from("tree\nversion=v4\n");
    let features = &booster.features;
    line(&mut text, "num_class", [booster.n_classes]);
    line(&mut text, "num_tree_per_iteration", [booster.n_outputs]);
    line(&mut text, "label_index", [booster.label_index]);
    line(&mut text, "max_feature_idx", [features.len() as i64 - 1]);
    if link::is_known(&booster.objective) {
        line(&mut text, "objective", [&booster.objective]);
    }
    if booster.is_averaged {
        text.push_str("average_output\n");
    }
    line(&mut text, "feature_names", features.iter().map(|feature| &feature.name));
    if features.iter().any(|feature| feature.monotone != 0) {
        line(&mut text, "monotone_constraints", features.iter().map(|feature| feature.monotone));
    }
    line(&mut text, "feature_infos", features.iter().map(domain));
    line(&mut text, "tree_sizes", trees.iter().map(String::len));
    text.push('\n');
    trees.iter().for_each(|tree| text.push_str(tree));
    text.push_str("end of trees\n\nfeature_importances:\n");
    // The most frequent first.
    let mut order: Vec<(usize, &Feature)> = booster
        .importance_by_split()
        .into_iter()
        .zip(features)
        .filter(|(n_splits, _)| *n_splits > 0)
        .collect();
    order.sort_by_key(|(n_splits, _)| std::cmp::Reverse(*n_splits));
    for (n_splits, feature) in order {
        line(&mut text, &feature.name, [n_splits]);
    }
    if !booster.parameters.is_empty() {
        text.push_str("\nparameters:\n");
        text.push_str(&booster.parameters);
        text.push_str("\n\nend of parameters\n");
    }
    text
}

fn domain(feature: &Feature) -> String {
    match &feature.domain {
        Domain::Unused => "none".to_owned(),
        Domain::Range(low, high) => format!("[{}:{}]", exact(*low), exact(*high)),
        Domain::Categories(categories) => {
            let words: Vec<String> = categories.iter().map(i32::to_string).collect();
            words.join(":")
        }
    }
}

fn tree_text(index: usize, tree: &Tree) -> String {
    let mut text = String::new();
    let nodes = |value: fn(&Node) -> String| tree.nodes.iter().map(value);
    let leaves = |value: fn(&Leaf) -> String| tree.leaves.iter().map(value);
    // The words of all sets, one after the other, and where each begins.
    let (mut words, mut boundaries, mut thresholds) = (Vec::<u32>::new(), vec![0], Vec::new());
    for node in &tree.nodes {
        match &node.rule {
            Rule::UpTo { threshold, .. } => thresholds.push(exact(*threshold)),
            Rule::OneOf { categories, .. } => {
                thresholds.push((boundaries.len() - 1).to_string());
                words.extend(categories.words());
                boundaries.push(words.len());
            }
        }
    }
    let n_sets = boundaries.len() - 1;

    line(&mut text, "Tree", [index]);
    line(&mut text, "num_leaves", [tree.leaves.len()]);
    line(&mut text, "num_cat", [n_sets]);
    line(&mut text, "split_feature", nodes(|node| node.feature.to_string()));
    line(&mut text, "split_gain", nodes(|node| short(node.gain)));
    line(&mut text, "threshold", thresholds);
    line(&mut text, "decision_type", nodes(|node| decision_type(node).to_string()));
    line(&mut text, "left_child", nodes(|node| child(node.left).to_string()));
    line(&mut text, "right_child", nodes(|node| child(node.right).to_string()));
    line(&mut text, "leaf_value", leaves(|leaf| exact(leaf.value)));
    // A single leaf has no weight there.
    let weights = leaves(|leaf| exact(leaf.weight)).take(if tree.nodes.is_empty() { 0 } else { usize::MAX });
    line(&mut text, "leaf_weight", weights);
    line(&mut text, "leaf_count", leaves(|leaf| leaf.count.to_string()));
    line(&mut text, "internal_value", nodes(|node| short(node.value)));
    line(&mut text, "internal_weight", nodes(|node| short(node.weight)));
    line(&mut text, "internal_count", nodes(|node| node.count.to_string()));
    if n_sets > 0 {
        line(&mut text, "cat_boundaries", boundaries);
        line(&mut text, "cat_threshold", words);
    }
    text.push_str("is_linear=0\n");
    line(&mut text, "shrinkage", [short(tree.shrinkage)]);
    text.push_str("\n\n");
    text
}

fn decision_type(node: &Node) -> u8 {
    let is_categorical = matches!(node.rule, Rule::OneOf { .. });
    bits_of(node.rule.missing()) | if is_categorical { CATEGORICAL } else { 0 }
}

fn child(child: Child) -> i64 {
    match child {
        Child::Node(node) => node as i64,
        Child::Leaf(leaf) => -1 - leaf as i64,
    }
}

fn exact(value: f64) -> String {
    let mut text = String::new();
    number::push(&mut text, value, EXACT);
    text
}

fn short(value: f64) -> String {
    let mut text = String::new();
    number::push(&mut text, value, SHORT);
    text
}

/// Adds a key and its values.
fn line<T: Display>(text: &mut String, key: &str, values: impl IntoIterator<Item = T>) {
    text.push_str(key);
    let mut before = '=';
    for value in values {
        text.push(before);
        // A string takes all that is written to it.
        let _ = write!(text, "{value}");
        before = ' ';
    }
    if before == '=' {
        text.push('=');
    }
    text.push('\n');
}
