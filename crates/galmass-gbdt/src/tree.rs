//! A tree and its predictions.

use serde::{Deserialize, Serialize};

/// A child of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Child {
    /// The node of this index.
    Node(usize),
    /// The leaf of this index.
    Leaf(usize),
}

/// A node: rows with `feature <= threshold` go left, others right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The column.
    pub feature: usize,
    /// The largest value that goes left.
    pub threshold: f64,
    /// What happens to NaN.
    pub missing: Missing,
    /// The gain of the split.
    pub gain: f64,
    /// Where rows up to the threshold go.
    pub left: Child,
    /// Where the others go.
    pub right: Child,
    /// The value that the node would have as a leaf.
    pub value: f64,
    /// The sum of the hessians of its rows.
    pub weight: f64,
    /// Its rows in training.
    pub count: usize,
}

/// Where NaN goes at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// There were no missing values in training: as zero does. The flag is where that would have gone by the split.
    AsZero {
        /// Kept for the text of a model only.
        default_left: bool,
    },
    /// To the side that was found best.
    Left,
    /// See [`Missing::Left`].
    Right,
}

/// A leaf.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// What is added to the score of its rows.
    pub value: f64,
    /// The sum of the hessians of its rows.
    pub weight: f64,
    /// Its rows in training.
    pub count: usize,
}

/// A decision tree: its nodes from the root, in the order in which they were made, and its leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) leaves: Vec<Leaf>,
    /// The learning rate that is in the values.
    pub(crate) shrinkage: f64,
}

impl Tree {
    /// A tree of one leaf.
    pub(crate) fn constant(value: f64) -> Self {
        Self { nodes: Vec::new(), leaves: vec![Leaf { value, weight: 0.0, count: 0 }], shrinkage: 1.0 }
    }

    /// Its nodes, the root first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Its leaves.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaf of a row.
    #[inline]
    pub fn leaf_of(&self, row: &[f64]) -> usize {
        let mut child = if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) };
        loop {
            match child {
                Child::Leaf(leaf) => return leaf,
                Child::Node(node) => {
                    let node = &self.nodes[node];
                    child = if node.goes_left(row[node.feature]) { node.left } else { node.right };
                }
            }
        }
    }

    /// The value of the leaf of a row.
    #[inline]
    pub fn predict(&self, row: &[f64]) -> f64 {
        self.leaves[self.leaf_of(row)].value
    }
}

impl Node {
    /// Whether a value of the feature goes left.
    #[inline]
    pub fn goes_left(&self, value: f64) -> bool {
        match self.missing {
            Missing::Left if value.is_nan() => true,
            Missing::Right if value.is_nan() => false,
            Missing::AsZero { .. } if value.is_nan() => 0.0 <= self.threshold,
            _ => value <= self.threshold,
        }
    }
}
