//! Grows a tree leaf by leaf: the leaf whose best split gains most is split next.
//!
//! ```text
//! slopes of the rows -> histogram of the root -> its best split
//! until there are enough leaves: split the best leaf -> histogram of the smaller half -> that of the larger is what
//! is left of the parent's -> the best split of each
//! ```

use crate::binning::ZERO;
use crate::config::BoosterConfig;
use crate::dataset::{Bins, Dataset};
use crate::histogram::{self, Layout, Slopes, Sums};
use crate::partition::Partition;
use crate::splitting::{Candidates, LeafSums, Rules, Split, TINY, best_split};
use crate::tree::{Child, Leaf, Missing, Node, Rule, Tree};

/// Grows trees on a data set; its memory is used again from one to the next.
pub(crate) struct Grower<'a> {
    dataset: &'a Dataset,
    rules: Rules,
    num_leaves: usize,
    max_depth: usize,
    layout: Layout,
    /// The features that can be split at all.
    features: Vec<usize>,
    pub(crate) partition: Partition,
    histograms: Vec<Vec<Sums>>,
    candidates: Candidates,
    /// Slopes in the order of the rows of a leaf.
    gradients: Vec<f32>,
    hessians: Vec<f32>,
}

/// A leaf that grows.
struct Growing {
    sums: LeafSums,
    value: f64,
    depth: usize,
    /// The node above, and whether this is its left child.
    parent: Option<(usize, bool)>,
    best: Option<Split>,
    /// The features that can still be split here.
    features: Vec<usize>,
    /// The histogram that belongs to it.
    histogram: usize,
}

impl<'a> Grower<'a> {
    pub(crate) fn new(dataset: &'a Dataset, config: &BoosterConfig) -> Self {
        let layout = Layout::of(dataset);
        let is_splittable =
            |&feature: &usize| !dataset.mappers()[feature].is_trivial(config.min_data_in_leaf);
        Self {
            dataset,
            rules: Rules::of(config),
            num_leaves: config.num_leaves,
            max_depth: if config.max_depth == 0 { usize::MAX } else { config.max_depth },
            features: (0..dataset.n_features()).filter(is_splittable).collect(),
            layout,
            partition: Partition::default(),
            histograms: Vec::new(),
            candidates: Candidates::default(),
            gradients: Vec::new(),
            hessians: Vec::new(),
        }
    }

    /// Grows a tree on all rows; its leaves are those of the partition.
    pub(crate) fn grow(&mut self, slopes: Slopes<'_>) -> Tree {
        self.partition.reset(0..self.dataset.n_rows() as u32);
        let mut nodes: Vec<Node> = Vec::with_capacity(self.num_leaves - 1);
        let mut leaves = vec![self.root(slopes)];
        while leaves.len() < self.num_leaves {
            let Some((leaf, split)) = best_of(&leaves) else { break };
            let node = nodes.len();
            let parent = &leaves[leaf];
            if let Some((above, is_left)) = parent.parent {
                let child = if is_left { &mut nodes[above].left } else { &mut nodes[above].right };
                *child = Child::Node(node);
            }
            nodes.push(self.node(leaf, leaves.len(), parent, &split));
            self.split_rows(leaf, &split);
            let right = leaves.len();
            self.split_leaf(&mut leaves, leaf, node, &split);
            self.find_splits(&mut leaves, leaf, right, slopes);
        }
        let leaves = leaves.iter().map(|leaf| Leaf {
            value: leaf.value,
            weight: leaf.sums.hessians,
            count: leaf.sums.n_rows,
        });
        Tree { nodes, leaves: leaves.collect(), shrinkage: 1.0 }
    }

    fn root(&mut self, slopes: Slopes<'_>) -> Growing {
        let total = |values: &[f32]| values.iter().fold(0.0, |sum, &value| sum + f64::from(value));
        let (gradients, hessians) = match slopes {
            Slopes::Unit(gradients) => (total(gradients), gradients.len() as f64),
            Slopes::Both(gradients, hessians) => (total(gradients), total(hessians)),
        };
        let sums = LeafSums { gradients, hessians, n_rows: self.partition.n_rows(0) };
        let histogram = self.histogram(0);
        histogram::sum_up(
            &mut self.histograms[histogram],
            &self.layout,
            self.dataset,
            None,
            slopes,
            [gradients, hessians],
        );
        let mut root = Growing {
            sums,
            value: self.rules.leaf_value([gradients, hessians]),
            depth: 0,
            parent: None,
            best: None,
            features: self.features.clone(),
            histogram,
        };
        self.find_split(&mut root);
        root
    }

    /// The histogram of this index, made if it is not there.
    fn histogram(&mut self, index: usize) -> usize {
        while self.histograms.len() <= index {
            self.histograms.push(vec![[0.0; 2]; self.layout.len()]);
        }
        index
    }

    fn node(&self, leaf: usize, right: usize, parent: &Growing, split: &Split) -> Node {
        let mapper = &self.dataset.mappers()[split.feature];
        let missing = match (mapper.has_missing(), split.missing_goes_left) {
            (true, true) => Missing::Left,
            (true, false) => Missing::Right,
            (false, default_left) => Missing::AsZero { default_left },
        };
        Node {
            feature: split.feature,
            rule: Rule::UpTo { threshold: mapper.upper_bounds()[split.threshold], missing },
            gain: f64::from(self.rules.whole_gain(split) as f32),
            left: Child::Leaf(leaf),
            right: Child::Leaf(right),
            value: parent.value,
            weight: parent.sums.hessians,
            count: parent.sums.n_rows,
        }
    }

    fn split_rows(&mut self, leaf: usize, split: &Split) {
        let mapper = &self.dataset.mappers()[split.feature];
        let mut goes_left: Vec<bool> = (0..mapper.n_bins()).map(|bin| bin <= split.threshold).collect();
        if let (true, Some(missing)) = (mapper.has_missing(), goes_left.last_mut()) {
            *missing = split.missing_goes_left;
        }
        match &self.dataset.bins {
            Bins::Bytes(bins) => self.partition.split(leaf, &bins.columns[split.feature], &goes_left),
            Bins::Words(bins) => self.partition.split(leaf, &bins.columns[split.feature], &goes_left),
        }
    }

    /// Makes a leaf the left one of a split, and adds the right one.
    fn split_leaf(&self, leaves: &mut Vec<Growing>, leaf: usize, node: usize, split: &Split) {
        let right = leaves.len();
        let depth = leaves[leaf].depth + 1;
        let half = |index: usize, sums: [f64; 2], is_left: bool| Growing {
            sums: LeafSums {
                gradients: sums[0],
                hessians: sums[1] - TINY,
                n_rows: self.partition.n_rows(index),
            },
            value: self.rules.leaf_value(sums),
            depth,
            parent: Some((node, is_left)),
            best: None,
            features: Vec::new(),
            histogram: usize::MAX,
        };
        let new_right = half(right, split.right, false);
        let new_left = half(leaf, split.left, true);
        let parent = std::mem::replace(&mut leaves[leaf], new_left);
        leaves.push(new_right);
        // Both go on with what the parent had, until it is known which of them is the smaller.
        leaves[leaf].features = parent.features;
        leaves[leaf].histogram = parent.histogram;
    }

    /// Finds the best splits of two halves.
    fn find_splits(&mut self, leaves: &mut [Growing], left: usize, right: usize, slopes: Slopes<'_>) {
        let features = std::mem::take(&mut leaves[left].features);
        let of_parent = leaves[left].histogram;
        let n_rows = [left, right].map(|leaf| leaves[leaf].sums.n_rows);
        let has_enough = n_rows.iter().any(|&n_rows| n_rows >= 2 * self.rules.min_data_in_leaf());
        let is_last = leaves.len() == self.num_leaves;
        if !has_enough || is_last || leaves[left].depth >= self.max_depth || features.is_empty() {
            return;
        }
        let (smaller, larger) = if n_rows[0] < n_rows[1] { (left, right) } else { (right, left) };
        let new = self.histogram(right);
        let sums = leaves[smaller].sums;
        let rows = self.partition.rows(smaller);
        let ordered = match slopes {
            Slopes::Unit(gradients) => {
                gather(&mut self.gradients, gradients, rows);
                Slopes::Unit(&self.gradients)
            }
            Slopes::Both(gradients, hessians) => {
                gather(&mut self.gradients, gradients, rows);
                gather(&mut self.hessians, hessians, rows);
                Slopes::Both(&self.gradients, &self.hessians)
            }
        };
        let total = [sums.gradients, sums.hessians];
        let histogram = &mut self.histograms[new];
        histogram::sum_up(histogram, &self.layout, self.dataset, Some(rows), ordered, total);
        let [of_parent_sums, new_sums] =
            self.histograms.get_disjoint_mut([of_parent, new]).unwrap_or_else(|_| {
                unreachable!("the histogram of the new leaf is not that of the leaf that was split")
            });
        histogram::subtract(of_parent_sums, new_sums);
        (leaves[smaller].histogram, leaves[larger].histogram) = (new, of_parent);
        for leaf in [smaller, larger] {
            leaves[leaf].features = features.clone();
            self.find_split(&mut leaves[leaf]);
        }
    }

    /// Finds the best split of a leaf, and drops the features that have none: its children need not try them.
    fn find_split(&mut self, leaf: &mut Growing) {
        let histogram = &self.histograms[leaf.histogram];
        leaf.features.retain(|&feature| {
            let bins = &histogram[self.layout.range(feature)];
            let mapper = &self.dataset.mappers()[feature];
            let split = best_split(feature, bins, mapper, leaf.sums, &self.rules, &mut self.candidates);
            if let Some(split) = split
                && leaf.best.is_none_or(|best| split.is_better_than(&best))
            {
                leaf.best = Some(split);
            }
            split.is_some()
        });
    }
}

/// The values of some rows, in their order.
fn gather(ordered: &mut Vec<f32>, values: &[f32], rows: &[u32]) {
    ordered.clear();
    ordered.extend(rows.iter().map(|&row| values[row as usize]));
}

/// The leaf that gains most by its best split: of those that gain as much that with the lower feature, and then the
/// lower leaf.
fn best_of(leaves: &[Growing]) -> Option<(usize, Split)> {
    let mut best: Option<(usize, Split)> = None;
    for (leaf, growing) in leaves.iter().enumerate() {
        if let Some(split) = growing.best
            && split.gain > 0.0
            && best.is_none_or(|(_, best)| split.is_better_than(&best))
        {
            best = Some((leaf, split));
        }
    }
    best
}

impl Tree {
    /// Multiplies its values; those next to zero become zero.
    pub(crate) fn shrink(&mut self, rate: f64) {
        let shrink = |value: &mut f64| {
            *value *= rate;
            if value.abs() <= ZERO {
                *value = 0.0;
            }
        };
        self.leaves.iter_mut().for_each(|leaf| shrink(&mut leaf.value));
        self.nodes.iter_mut().for_each(|node| shrink(&mut node.value));
        self.shrinkage *= rate;
    }

    /// Adds to all its values.
    pub(crate) fn add(&mut self, bias: f64) {
        self.leaves.iter_mut().for_each(|leaf| leaf.value += bias);
        self.nodes.iter_mut().for_each(|node| node.value += bias);
        // What is added is not shrunk.
        self.shrinkage = 1.0;
    }
}
