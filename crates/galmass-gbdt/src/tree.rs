//! A tree and its predictions.

use serde::{Deserialize, Serialize};

use crate::binning::ZERO;
use crate::{CategorySet, any_number};

/// A child of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Child {
    /// The node of this index.
    Node(usize),
    /// The leaf of this index.
    Leaf(usize),
}

/// A node: rows that its rule holds for go left, others right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The column.
    pub feature: usize,
    /// Which of its values go left.
    pub rule: Rule,
    /// The gain of the split.
    #[serde(with = "any_number")]
    pub gain: f64,
    /// Where rows go that the rule holds for.
    pub left: Child,
    /// Where the others go.
    pub right: Child,
    /// The value that the node would have as a leaf.
    #[serde(with = "any_number")]
    pub value: f64,
    /// The sum of the hessians of its rows.
    #[serde(with = "any_number")]
    pub weight: f64,
    /// Its rows in training.
    pub count: usize,
}

/// Which values of a feature go left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// Those up to a threshold.
    UpTo {
        /// The largest value that goes left; infinite where only missing values go right.
        #[serde(with = "any_number")]
        threshold: f64,
        /// What happens to missing values.
        missing: Missing,
    },
    /// Some categories. NaN and negative numbers go right, and so do categories that training has not seen.
    OneOf {
        /// The categories.
        categories: CategorySet,
        /// Kept for the text of a model only.
        missing: Missing,
    },
}

/// Where missing values go at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// There were no missing values in training: NaN goes as zero does. The flag is where that would have gone by the
    /// split.
    AsZero {
        /// Kept for the text of a model only.
        default_left: bool,
    },
    /// NaN goes to the side that was found best.
    Left,
    /// See [`Missing::Left`].
    Right,
    /// Zero is a missing value, as NaN is: both go to the side that was found best.
    WithZero {
        /// Whether that is the left one.
        default_left: bool,
    },
}

/// A leaf.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// What is added to the score of its rows.
    pub value: f64,
    /// The sum of the hessians of its rows.
    #[serde(with = "any_number")]
    pub weight: f64,
    /// Its rows in training.
    pub count: usize,
}

/// A decision tree: its nodes from the root, in the order in which they were made, and its leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) leaves: Vec<Leaf>,
    /// The learning rate that is in the values.
    pub(crate) shrinkage: f64,
}

/// A tree that may be none.
#[derive(Deserialize)]
struct Parts {
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    shrinkage: f64,
}

/// Why nodes and leaves are no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeFault {
    /// A binary tree has one leaf more than it has nodes.
    #[error("{n_leaves} leaves do not fit {n_nodes} nodes")]
    Leaves {
        /// The number of nodes.
        n_nodes: usize,
        /// The number of leaves.
        n_leaves: usize,
    },
    /// A child that is not there.
    #[error("node {node} has a child that is not there")]
    NoSuchChild {
        /// The node.
        node: usize,
    },
    /// A node or leaf with two parents, or a root with one.
    #[error("a child of node {node} is that of another node too")]
    TwoParents {
        /// The node.
        node: usize,
    },
}

impl TryFrom<Parts> for Tree {
    type Error = TreeFault;

    fn try_from(Parts { nodes, leaves, shrinkage }: Parts) -> Result<Self, TreeFault> {
        Self::new(nodes, leaves, shrinkage)
    }
}

impl Tree {
    /// Puts a tree together, after a look whether each node and each leaf can be reached from the root in one way.
    pub(crate) fn new(nodes: Vec<Node>, leaves: Vec<Leaf>, shrinkage: f64) -> Result<Self, TreeFault> {
        let (n_nodes, n_leaves) = (nodes.len(), leaves.len());
        if n_leaves != n_nodes + 1 {
            return Err(TreeFault::Leaves { n_nodes, n_leaves });
        }
        let (mut node_is_seen, mut leaf_is_seen) = (vec![false; n_nodes], vec![false; n_leaves]);
        // As many nodes and leaves as there are children: if none is reached twice, all are reached from the root.
        let mut to_visit = Vec::new();
        if let Some(root) = node_is_seen.first_mut() {
            *root = true;
            to_visit.push(0);
        }
        while let Some(node) = to_visit.pop() {
            for child in [nodes[node].left, nodes[node].right] {
                let is_seen = match child {
                    Child::Node(child) => node_is_seen.get_mut(child),
                    Child::Leaf(child) => leaf_is_seen.get_mut(child),
                };
                let is_seen = is_seen.ok_or(TreeFault::NoSuchChild { node })?;
                if std::mem::replace(is_seen, true) {
                    return Err(TreeFault::TwoParents { node });
                }
                if let Child::Node(child) = child {
                    to_visit.push(child);
                }
            }
        }
        match node_is_seen.iter().position(|is_seen| !is_seen) {
            // A ring of nodes that the root does not lead to: each has a parent among them.
            Some(node) => Err(TreeFault::TwoParents { node }),
            None => Ok(Self { nodes, leaves, shrinkage }),
        }
    }

    /// A tree of one leaf, with so many rows.
    pub(crate) fn constant(value: f64, count: usize) -> Self {
        Self { nodes: Vec::new(), leaves: vec![Leaf { value, weight: 0.0, count }], shrinkage: 1.0 }
    }

    /// Its nodes, the root first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Its leaves.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Where all rows begin.
    pub(crate) fn root(&self) -> Child {
        if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) }
    }

    /// The leaf of a row.
    #[inline]
    pub fn leaf_of(&self, row: &[f64]) -> usize {
        let mut child = self.root();
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
        self.rule.holds(value)
    }
}

impl Rule {
    /// Whether it holds for a value.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{Missing, Rule};
    ///
    /// let rule = Rule::UpTo { threshold: -1.0, missing: Missing::Left };
    /// assert_eq!([-2.0, 0.0, f64::NAN].map(|value| rule.holds(value)), [true, false, true]);
    /// let rule = Rule::UpTo { threshold: -1.0, missing: Missing::WithZero { default_left: true } };
    /// assert_eq!([-2.0, 0.0, f64::NAN].map(|value| rule.holds(value)), [true, true, true]);
    /// ```
    #[inline]
    pub fn holds(&self, value: f64) -> bool {
        match self {
            Self::UpTo { threshold, missing } => match missing {
                Missing::AsZero { .. } => (if value.is_nan() { 0.0 } else { value }) <= *threshold,
                Missing::Left => value <= *threshold || value.is_nan(),
                Missing::Right => value <= *threshold,
                Missing::WithZero { default_left } if value.is_nan() || value.abs() <= ZERO => *default_left,
                Missing::WithZero { .. } => value <= *threshold,
            },
            Self::OneOf { categories, .. } => categories.contains(value),
        }
    }

    /// The largest value that goes left; `None` for categories.
    pub fn threshold(&self) -> Option<f64> {
        match self {
            Self::UpTo { threshold, .. } => Some(*threshold),
            Self::OneOf { .. } => None,
        }
    }

    /// What happens to missing values.
    pub fn missing(&self) -> Missing {
        match self {
            Self::UpTo { missing, .. } | Self::OneOf { missing, .. } => *missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(left: Child, right: Child) -> Node {
        let rule = Rule::UpTo { threshold: 0.0, missing: Missing::Right };
        Node { feature: 0, rule, gain: 1.0, left, right, value: 0.0, weight: 1.0, count: 1 }
    }

    fn tree(children: &[[Child; 2]]) -> Result<Tree, TreeFault> {
        let nodes: Vec<Node> = children.iter().map(|&[left, right]| node(left, right)).collect();
        let leaves = vec![Leaf { value: 0.0, weight: 1.0, count: 1 }; nodes.len() + 1];
        Tree::new(nodes, leaves, 1.0)
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        use Child::{Leaf, Node};
        assert!(tree(&[]).is_ok());
        assert!(tree(&[[Node(1), Leaf(0)], [Leaf(1), Leaf(2)]]).is_ok());
        // Leaves beyond the last, a leaf twice, a way back to the root, and a ring beside it.
        assert_eq!(tree(&[[Leaf(0), Leaf(2)]]), Err(TreeFault::NoSuchChild { node: 0 }));
        assert_eq!(tree(&[[Leaf(1), Leaf(1)]]), Err(TreeFault::TwoParents { node: 0 }));
        assert_eq!(tree(&[[Node(0), Leaf(1)]]), Err(TreeFault::TwoParents { node: 0 }));
        assert_eq!(tree(&[[Leaf(0), Leaf(1)], [Node(1), Leaf(2)]]), Err(TreeFault::TwoParents { node: 1 }));
        let lonely = Tree::new(vec![], vec![], 1.0);
        assert_eq!(lonely, Err(TreeFault::Leaves { n_nodes: 0, n_leaves: 0 }));
    }

    #[test]
    fn trees_in_json_are_looked_at_too() {
        let good = tree(&[[Child::Leaf(0), Child::Leaf(1)]]).unwrap();
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<Tree>(&text).unwrap(), good);
        let ring = text.replace(r#"{"Leaf":0}"#, r#"{"Node":0}"#);
        assert_ne!(ring, text);
        let error = serde_json::from_str::<Tree>(&ring).unwrap_err();
        assert!(error.to_string().contains("node 0"), "{error}");
    }
}
