//! All trees at once, for predictions.
//!
//! A value is turned into its rank among the thresholds of its feature, once for all trees. Then each node of a tree is
//! looked at, wherever the row stands: if the row would go right there, the leaves on the left are struck off, and the
//! first leaf that is left in the end is that of the row. So there is no guess to be wrong, and 64 rows go side by side
//! in vectors (QuickScorer: Lucchese et al. 2015, SIGIR, 73; its vectors: Lucchese et al. 2016).

mod column;

use ndarray::ArrayView2;
use pulp::{Arch, Simd, WithSimd};

use crate::tree::{Child, Tree};
pub(crate) use column::Rank;
use column::{Column, columns_of};

/// Rows that go side by side.
pub(crate) const ROWS: usize = 64;

/// The trees of a booster, as narrow as their leaves and thresholds allow.
#[derive(Debug)]
pub(crate) enum Forest {
    /// Up to 8 leaves and 254 thresholds a feature.
    Small(Trees<u8, u8>),
    /// Up to 32 leaves.
    Medium(Trees<u8, u32>),
    /// Up to 64 leaves, and 65534 thresholds a feature.
    Large(Trees<u16, u64>),
}

/// What is known of the nodes of trees, whichever numbers they are kept as.
#[derive(Debug)]
pub(crate) struct Trees<R, M> {
    columns: Vec<Column>,
    nodes: Vec<Test<R, M>>,
    /// The end of the nodes of each tree.
    ends: Vec<usize>,
    /// The values of the leaves of each tree from left to right, as many places as a mask has bits.
    values: Vec<f64>,
    by_columns: ByColumns<R, M>,
}

/// The nodes in the order of their columns: a row looks at all those of a column side by side.
#[derive(Debug, Default)]
struct ByColumns<R, M> {
    ranks: Vec<R>,
    masks: Vec<M>,
    /// The end of the nodes of each column.
    ends: Vec<usize>,
    /// Where each node stands here.
    places: Vec<u32>,
}

/// A node: rows with a rank above this one lose the leaves that are not in the mask.
#[derive(Clone, Copy, Debug)]
struct Test<R, M> {
    column: u32,
    rank: R,
    mask: M,
}

/// An unsigned integer with a bit for each leaf.
pub(crate) trait Mask: Copy + Default + Send + Sync {
    const BITS: usize;
    const ALL: Self;

    /// All bits but those of the range.
    fn without(range: std::ops::Range<usize>) -> Self;

    fn and(self, other: Self) -> Self;

    /// The lowest bit that is set.
    fn first(self) -> usize;
}

macro_rules! impl_mask {
    ($($type:ty),*) => {$(
        impl Mask for $type {
            const BITS: usize = <$type>::BITS as usize;
            const ALL: Self = <$type>::MAX;

            fn without(range: std::ops::Range<usize>) -> Self {
                range.fold(Self::MAX, |mask, bit| mask & !(1 << bit))
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self & other
            }

            #[inline(always)]
            fn first(self) -> usize {
                self.trailing_zeros() as usize % Self::BITS as usize
            }
        }
    )*};
}
impl_mask!(u8, u32, u64);

impl Forest {
    /// The forest of some trees; `None` if they have more leaves or thresholds than it can hold, or categories.
    pub(crate) fn of<'a>(trees: impl Iterator<Item = &'a Tree> + Clone) -> Option<Self> {
        let most_leaves = trees.clone().map(|tree| tree.leaves.len()).max().unwrap_or(0);
        let columns = columns_of(trees.clone())?;
        let most_thresholds = columns.iter().map(|column| column.thresholds.len()).max().unwrap_or(0);
        let fits = |most_ranks: usize, bits: usize| most_thresholds < most_ranks && most_leaves <= bits;
        if fits(u8::MOST, u8::BITS as usize) {
            Some(Self::Small(Trees::of(trees, columns)))
        } else if fits(u8::MOST, u32::BITS as usize) {
            Some(Self::Medium(Trees::of(trees, columns)))
        } else if fits(u16::MOST, u64::BITS as usize) {
            Some(Self::Large(Trees::of(trees, columns)))
        } else {
            None
        }
    }

    /// The predictions of all trees for some rows, up to [`ROWS`] of them.
    pub(crate) fn predict_rows(&self, rows: ArrayView2<'_, f64>) -> [f64; ROWS] {
        match self {
            Self::Small(forest) => forest.predict_rows(rows),
            Self::Medium(forest) => forest.predict_rows(rows),
            Self::Large(forest) => forest.predict_rows(rows),
        }
    }

    /// The prediction of all trees for a row.
    pub(crate) fn predict_row(&self, row: &[f64]) -> f64 {
        match self {
            Self::Small(forest) => forest.predict_row(row),
            Self::Medium(forest) => forest.predict_row(row),
            Self::Large(forest) => forest.predict_row(row),
        }
    }
}

impl<R: Rank, M: Mask> Trees<R, M> {
    fn of<'a>(trees: impl Iterator<Item = &'a Tree>, columns: Vec<Column>) -> Self {
        let mut forest = Self {
            columns,
            nodes: Vec::new(),
            ends: Vec::new(),
            values: Vec::new(),
            by_columns: ByColumns::default(),
        };
        for tree in trees {
            let first = forest.values.len();
            let mut leaves = Vec::with_capacity(M::BITS);
            forest.add_below(tree, tree.root(), &mut leaves);
            forest.values.extend(leaves.into_iter().map(|leaf: usize| tree.leaves[leaf].value));
            forest.values.resize(first + M::BITS, 0.0);
            forest.ends.push(forest.nodes.len());
        }
        forest.by_columns = ByColumns::of(&forest.nodes, forest.columns.len());
        forest
    }

    /// Adds the nodes below a child, and appends its leaves from left to right.
    fn add_below(&mut self, tree: &Tree, child: Child, leaves: &mut Vec<usize>) {
        // By hand: trees may be as deep as they have leaves.
        enum Step {
            Down(Child),
            Left(usize, usize),
        }
        let mut steps = vec![Step::Down(child)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Down(Child::Leaf(leaf)) => leaves.push(leaf),
                Step::Down(Child::Node(node)) => {
                    steps.push(Step::Down(tree.nodes[node].right));
                    steps.push(Step::Left(node, leaves.len()));
                    steps.push(Step::Down(tree.nodes[node].left));
                }
                Step::Left(node, first) => self.add_test(tree, node, first..leaves.len()),
            }
        }
    }

    /// Adds a node with some leaves on its left.
    fn add_test(&mut self, tree: &Tree, node: usize, left: std::ops::Range<usize>) {
        let node = &tree.nodes[node];
        let rank_by = |(column, of_column): (usize, &Column)| Some((column, of_column.rank_of(node)?));
        let Some((column, rank)) = self.columns.iter().enumerate().find_map(rank_by) else { return };
        self.nodes.push(Test { column: column as u32, rank, mask: M::without(left) });
    }

    /// The prediction for a row.
    fn predict_row(&self, row: &[f64]) -> f64 {
        let ranks: Vec<R> = self.columns.iter().map(|column| column.rank(row[column.feature])).collect();
        let mut kept = vec![M::ALL; self.nodes.len()];
        Arch::new().dispatch(Keep { by_columns: &self.by_columns, ranks: &ranks, kept: &mut kept });
        let kept = |&place: &u32| kept[place as usize];
        let (mut sum, mut start) = (0.0, 0);
        for (&end, values) in self.ends.iter().zip(self.values.chunks_exact(M::BITS)) {
            // Four nodes that do not wait for each other.
            let (fours, rest) = self.by_columns.places[start..end].as_chunks::<4>();
            let mut mask = rest.iter().fold(M::ALL, |mask, place| mask.and(kept(place)));
            for [a, b, c, d] in fours {
                mask = mask.and(kept(a).and(kept(b)).and(kept(c).and(kept(d))));
            }
            sum += values[mask.first()];
            start = end;
        }
        sum
    }

    /// The predictions for up to [`ROWS`] rows.
    fn predict_rows(&self, rows: ArrayView2<'_, f64>) -> [f64; ROWS] {
        let mut ranks = vec![[R::default(); ROWS]; self.columns.len()];
        for (ranks, column) in ranks.iter_mut().zip(&self.columns) {
            for (rank, &value) in ranks.iter_mut().zip(rows.column(column.feature)) {
                *rank = column.rank(value);
            }
        }
        Arch::new().dispatch(AddUp { forest: self, ranks: &ranks })
    }
}

impl<R: Rank, M: Mask> ByColumns<R, M> {
    fn of(nodes: &[Test<R, M>], n_columns: usize) -> Self {
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        order.sort_by_key(|&node| nodes[node].column);
        let mut places = vec![0; nodes.len()];
        order.iter().enumerate().for_each(|(place, &node)| places[node] = place as u32);
        let end = |column: usize| order.partition_point(|&node| nodes[node].column as usize <= column);
        Self {
            ranks: order.iter().map(|&node| nodes[node].rank).collect(),
            masks: order.iter().map(|&node| nodes[node].mask).collect(),
            ends: (0..n_columns).map(end).collect(),
            places,
        }
    }
}

/// Finds the leaves that each node keeps for a row, by its ranks.
struct Keep<'a, R, M> {
    by_columns: &'a ByColumns<R, M>,
    ranks: &'a [R],
    kept: &'a mut [M],
}

impl<R: Rank, M: Mask> WithSimd for Keep<'_, R, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { by_columns, ranks, kept } = self;
        let mut start = 0;
        for (&end, &of_row) in by_columns.ends.iter().zip(ranks) {
            let nodes = by_columns.ranks[start..end].iter().zip(&by_columns.masks[start..end]);
            for (kept, (&rank, &mask)) in kept[start..end].iter_mut().zip(nodes) {
                *kept = if of_row <= rank { M::ALL } else { mask };
            }
            start = end;
        }
    }
}

/// Adds up the predictions for rows by their ranks.
struct AddUp<'a, R, M> {
    forest: &'a Trees<R, M>,
    ranks: &'a [[R; ROWS]],
}

impl<R: Rank, M: Mask> WithSimd for AddUp<'_, R, M> {
    type Output = [f64; ROWS];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> [f64; ROWS] {
        let Self { forest, ranks } = self;
        let (mut sums, mut start) = ([0.0; ROWS], 0);
        for (&end, values) in forest.ends.iter().zip(forest.values.chunks_exact(M::BITS)) {
            let mut masks = [M::ALL; ROWS];
            for &Test { column, rank, mask } in &forest.nodes[start..end] {
                let ranks = &ranks[column as usize];
                for k in 0..ROWS {
                    let kept = if ranks[k] <= rank { M::ALL } else { mask };
                    masks[k] = masks[k].and(kept);
                }
            }
            for k in 0..ROWS {
                sums[k] += values[masks[k].first()];
            }
            start = end;
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::{BinningConfig, Booster, BoosterConfig, Dataset, Softmax};

    /// Numbers that look random, some of them missing.
    fn table(n_rows: usize, n_features: usize, with_holes: bool) -> Array2<f64> {
        let mut state = 1u64;
        Array2::from_shape_fn((n_rows, n_features), |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 40) as f64 / 2f64.powi(24) - 0.5;
            if with_holes && (state >> 33).is_multiple_of(7) { f64::NAN } else { number }
        })
    }

    #[test]
    fn all_trees_at_once_are_the_trees_one_by_one() {
        for (num_leaves, max_bin, with_holes) in [
            (2, 255, false),
            (5, 255, false),
            (8, 255, true),
            (31, 255, true),
            (31, 1000, false),
            (64, 255, true),
            (100, 255, true),
        ] {
            let x = table(3000, 5, with_holes);
            let y: Vec<f64> = x.rows().into_iter().map(|row| row.iter().map(|x| x.max(0.1)).sum()).collect();
            let binning = BinningConfig { max_bin, ..Default::default() };
            let dataset = Dataset::new(x.view(), &binning).unwrap();
            let config =
                BoosterConfig { num_leaves, num_iterations: 30, min_data_in_leaf: 5, ..Default::default() };
            let booster = Booster::train(&config, &dataset, &y).unwrap();
            // Rows that were not seen, more holes among them.
            let rows = table(ROWS + 1, 5, true);
            let one_by_one: Vec<f64> = rows
                .rows()
                .into_iter()
                .map(|row| booster.trees().iter().map(|tree| tree.predict(&row.to_vec())).sum())
                .collect();
            assert_eq!(booster.predict(rows.view()).unwrap(), one_by_one, "{num_leaves} {max_bin}");
            // Columns of a transposed table are not side by side in memory.
            let turned = rows.t().as_standard_layout().into_owned();
            assert_eq!(booster.predict(turned.t()).unwrap(), one_by_one);
            for (row, expected) in rows.rows().into_iter().zip(&one_by_one) {
                assert_eq!(booster.predict_row(&row.to_vec()), *expected);
            }
            let most_leaves = Forest::of(booster.trees().iter()).map_or(usize::MAX, |forest| match forest {
                Forest::Small(_) => 8,
                Forest::Medium(_) => 32,
                Forest::Large(_) => 64,
            });
            assert!(most_leaves >= num_leaves && (most_leaves == usize::MAX) == (num_leaves > 64));
        }
    }

    #[test]
    fn each_output_has_a_forest() {
        let x = table(600, 4, true);
        let y: Vec<f64> = (0..600).map(|row| f64::from(row % 3)).collect();
        let dataset = Dataset::new(x.view(), &BinningConfig::default()).unwrap();
        let config = BoosterConfig { num_leaves: 6, num_iterations: 10, ..Default::default() };
        let softmax = Softmax { n_classes: 3 };
        let booster = Booster::train_for(&softmax, &config, &dataset, &y).unwrap();
        let scores = booster.predict_raw(x.view()).unwrap();
        let outputs = booster.predict_outputs(x.view()).unwrap();
        for (row, values) in x.rows().into_iter().map(|row| row.to_vec()).enumerate() {
            let mut one_by_one = [0.0; 3];
            for (index, tree) in booster.trees().iter().enumerate() {
                one_by_one[index % 3] += tree.predict(&values);
            }
            assert_eq!(scores.row(row).to_vec(), one_by_one);
            assert_eq!(booster.predict_row(&values), outputs[[row, 0]]);
        }
    }
}
