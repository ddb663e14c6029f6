//! Grows a tree leaf by leaf: the leaf whose best split gains most is split next.
//!
//! ```text
//! slopes of the rows -> histogram of the root -> its best split
//! until there are enough leaves: split the best leaf -> histogram of the smaller half -> that of the larger is what
//! is left of the parent's -> the best split of each
//! ```

use crate::CategorySet;
use crate::binning::ZERO;
use crate::categorical::{CategoryRules, OfLeaf};
use crate::config::BoosterConfig;
use crate::constrained::{Constraints, Place};
use crate::dataset::{Bins, Dataset};
use crate::histogram::{self, Layout, Rows, Slopes, Sums};
use crate::partition::Partition;
use crate::sampling::{Bag, FeatureSampler};
use crate::splitting::{BestSplit, Candidates, LeafSums, Rules, Split, TINY};
use crate::tree::{Child, Leaf, Missing, Node, Rule, Tree};

/// Grows trees on a data set; its memory is used again from one to the next.
pub(crate) struct Grower<'a> {
    dataset: &'a Dataset,
    rules: Rules,
    constraints: Option<Constraints>,
    category_rules: CategoryRules,
    num_leaves: usize,
    max_depth: usize,
    layout: Layout,
    pub(crate) features: FeatureSampler,
    /// The rows that trees are grown on.
    pub(crate) partition: Partition,
    /// The rows of each leaf that it is not grown on.
    pub(crate) outside: Partition,
    histograms: Vec<Vec<Sums>>,
    candidates: Candidates,
}

/// A leaf that grows.
struct Growing {
    sums: LeafSums,
    value: f64,
    /// What the values of leaves below lie between.
    bounds: [f64; 2],
    depth: usize,
    /// The node above, and whether this is its left child.
    parent: Option<(usize, bool)>,
    best: Option<Split>,
    /// The bins that go left by it, where they are categories.
    taken: Vec<u32>,
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
            constraints: Constraints::of(config),
            category_rules: CategoryRules::of(config),
            num_leaves: config.num_leaves,
            max_depth: if config.max_depth == 0 { usize::MAX } else { config.max_depth },
            features: FeatureSampler::new(config, (0..dataset.n_features()).filter(is_splittable).collect()),
            layout,
            partition: Partition::default(),
            outside: Partition::default(),
            histograms: Vec::new(),
            candidates: Candidates::default(),
        }
    }

    /// Grows a tree on the rows of a bag or on all; its leaves are those of the partitions.
    pub(crate) fn grow(&mut self, slopes: Slopes<'_>, bag: Option<&Bag>) -> Tree {
        let n_rows = self.dataset.n_rows();
        match bag {
            None => {
                self.partition.start_from_all(n_rows);
                self.outside.start_from(n_rows, &[]);
            }
            Some(bag) => {
                self.partition.start_from(n_rows, &bag.inside);
                self.outside.start_from(n_rows, &bag.outside);
            }
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(self.num_leaves - 1);
        let mut leaves = vec![self.root(slopes, bag)];
        while leaves.len() < self.num_leaves {
            let Some((leaf, split)) = best_of(&leaves) else { break };
            let node = nodes.len();
            let parent = &leaves[leaf];
            if let Some((above, is_left)) = parent.parent {
                let child = if is_left { &mut nodes[above].left } else { &mut nodes[above].right };
                *child = Child::Node(node);
            }
            nodes.push(self.node(leaf, leaves.len(), parent, &split));
            let right = leaves.len();
            let goes_on = right + 1 < self.num_leaves && parent.depth + 1 < self.max_depth;
            let smaller = if split.left[1] < split.right[1] { leaf } else { right };
            self.split_rows(leaf, &split, &parent.taken, goes_on.then_some((smaller, slopes)));
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

    fn root(&mut self, slopes: Slopes<'_>, bag: Option<&Bag>) -> Growing {
        let is_unit = slopes.are_unit();
        let rows = match bag {
            None => Rows::All(slopes),
            Some(_) => {
                self.partition.gather(0, slopes);
                Rows::Gathered(&self.partition, self.partition.total())
            }
        };
        let histogram = 0;
        make_histogram(&mut self.histograms, &self.layout, histogram);
        let [gradients, hessians] =
            histogram::sum_up(&mut self.histograms[histogram], &self.layout, self.dataset, rows);
        let sums = LeafSums { gradients, hessians, n_rows: self.partition.n_rows(0) };
        let mut root = Growing {
            sums,
            value: match &self.constraints {
                None => self.rules.leaf_value([gradients, hessians]),
                Some(constraints) => constraints.root_value([gradients, hessians], &self.rules),
            },
            bounds: Place::UNBOUNDED,
            depth: 0,
            parent: None,
            best: None,
            taken: Vec::new(),
            features: self.features.draw_tree().to_vec(),
            histogram,
        };
        self.find_split(&mut root, is_unit);
        root
    }

    fn node(&self, leaf: usize, right: usize, parent: &Growing, split: &Split) -> Node {
        let mapper = &self.dataset.mappers()[split.feature];
        let missing = match (mapper.has_missing(), split.missing_goes_left) {
            (true, true) => Missing::Left,
            (true, false) => Missing::Right,
            (false, default_left) => Missing::AsZero { default_left },
        };
        let rule = match mapper.categories() {
            None => Rule::UpTo { threshold: mapper.upper_bounds()[split.threshold], missing },
            Some(categories) => {
                let taken = parent.taken.iter().map(|&bin| categories[bin as usize] as u32);
                Rule::OneOf { categories: CategorySet::new(taken), missing }
            }
        };
        Node {
            feature: split.feature,
            rule,
            gain: f64::from(self.rules.whole_gain(split) as f32),
            left: Child::Leaf(leaf),
            right: Child::Leaf(right),
            value: parent.value,
            weight: parent.sums.hessians,
            count: parent.sums.n_rows,
        }
    }

    /// Splits the rows of a leaf; `gathered` is the half whose slopes will be asked for, as far as one can tell.
    fn split_rows(
        &mut self,
        leaf: usize,
        split: &Split,
        taken: &[u32],
        gathered: Option<(usize, Slopes<'_>)>,
    ) {
        let mapper = &self.dataset.mappers()[split.feature];
        let mut goes_left: Vec<bool> = (0..mapper.n_bins()).map(|bin| bin <= split.threshold).collect();
        if mapper.is_categorical() {
            goes_left.fill(false);
            taken.iter().for_each(|&bin| goes_left[bin as usize] = true);
        } else if let (true, Some(missing)) = (mapper.has_missing(), goes_left.last_mut()) {
            *missing = split.missing_goes_left;
        }
        let (feature, most_frequent) = (split.feature, mapper.most_frequent_bin());
        let by_code = match &self.dataset.bins {
            Bins::Bytes(bins) => bins.by_code(feature, most_frequent, &goes_left),
            Bins::Words(bins) => bins.by_code(feature, most_frequent, &goes_left),
        };
        for (partition, gathered) in [(&mut self.partition, gathered), (&mut self.outside, None)] {
            match &self.dataset.bins {
                Bins::Bytes(bins) => partition.split(leaf, bins.codes(feature), &by_code, gathered),
                Bins::Words(bins) => partition.split(leaf, bins.codes(feature), &by_code, gathered),
            }
        }
    }

    /// Makes a leaf the left one of a split, and adds the right one.
    fn split_leaf(&self, leaves: &mut Vec<Growing>, leaf: usize, node: usize, split: &Split) {
        let right = leaves.len();
        let depth = leaves[leaf].depth + 1;
        let sides = [split.left, split.right];
        let values = split.values.unwrap_or(sides.map(|sums| self.rules.leaf_value(sums)));
        let bounds = leaves[leaf].bounds;
        let bounds = match &self.constraints {
            None => [bounds; 2],
            Some(_) if self.dataset.mappers()[split.feature].is_categorical() => [bounds; 2],
            Some(constraints) => constraints.bounds_below(split.feature, bounds, values),
        };
        let half = |index: usize, side: usize| Growing {
            sums: LeafSums {
                gradients: sides[side][0],
                hessians: sides[side][1] - TINY,
                n_rows: self.partition.n_rows(index),
            },
            value: values[side],
            bounds: bounds[side],
            depth,
            parent: Some((node, side == 0)),
            best: None,
            taken: Vec::new(),
            features: Vec::new(),
            histogram: usize::MAX,
        };
        let [new_left, new_right] = [half(leaf, 0), half(right, 1)];
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
        // With draws for each leaf one is made all the same.
        let is_hopeless = features.is_empty() && !self.features.draws_by_node();
        if !has_enough || is_last || leaves[left].depth >= self.max_depth || is_hopeless {
            return;
        }
        let (smaller, larger) = if n_rows[0] < n_rows[1] { (left, right) } else { (right, left) };
        let new = right;
        make_histogram(&mut self.histograms, &self.layout, new);
        let sums = leaves[smaller].sums;
        self.partition.gather(smaller, slopes);
        let rows = Rows::Gathered(&self.partition, [sums.gradients, sums.hessians]);
        histogram::sum_up(&mut self.histograms[new], &self.layout, self.dataset, rows);
        let [of_parent_sums, new_sums] =
            self.histograms.get_disjoint_mut([of_parent, new]).unwrap_or_else(|_| {
                unreachable!("the histogram of the new leaf is not that of the leaf that was split")
            });
        histogram::subtract(of_parent_sums, new_sums);
        (leaves[smaller].histogram, leaves[larger].histogram) = (new, of_parent);
        for leaf in [smaller, larger] {
            leaves[leaf].features = features.clone();
            self.find_split(&mut leaves[leaf], slopes.are_unit());
        }
    }

    /// Finds the best split of a leaf, and drops the features that have none: its children need not try them.
    fn find_split(&mut self, leaf: &mut Growing, is_unit: bool) {
        // Features that are not drawn are tried all the same: they may be drawn for the children.
        let drawn = self.features.draw_node();
        let is_drawn = |feature| drawn.as_ref().is_none_or(|drawn| drawn.binary_search(&feature).is_ok());
        let histogram = &self.histograms[leaf.histogram];
        let place = Place { value: leaf.value, bounds: leaf.bounds, depth: leaf.depth };
        leaf.features.retain(|&feature| {
            let bins = &histogram[self.layout.range(feature)];
            let mapper = &self.dataset.mappers()[feature];
            let mut taken = Vec::new();
            let split = match &self.constraints {
                _ if mapper.is_categorical() => {
                    let constraints = self.constraints.as_ref();
                    let leaf = OfLeaf { sums: leaf.sums, place, rules: &self.rules, constraints };
                    self.category_rules.best_split(feature, bins, leaf).map(|(split, bins)| {
                        taken = bins;
                        split
                    })
                }
                None => {
                    let (leaf, rules, candidates) = (leaf.sums, self.rules, &mut self.candidates);
                    BestSplit { feature, bins, mapper, leaf, is_unit, rules, candidates }.find()
                }
                Some(constraints) => {
                    constraints.best_split(feature, bins, mapper, leaf.sums, place, &self.rules)
                }
            };
            if let Some(split) = split
                && leaf.best.is_none_or(|best| split.is_better_than(&best))
                && is_drawn(feature)
            {
                (leaf.best, leaf.taken) = (Some(split), taken);
            }
            split.is_some()
        });
    }
}

/// Makes the histogram of this index if it is not there.
fn make_histogram(histograms: &mut Vec<Vec<Sums>>, layout: &Layout, index: usize) {
    while histograms.len() <= index {
        histograms.push(vec![[0.0; 2]; layout.len()]);
    }
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
