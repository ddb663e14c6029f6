//! From values to ranks: those of a feature among all thresholds of the nodes that look at it.

use crate::binning::ZERO;
use crate::tree::{Missing, Node, Rule, Tree};

/// The ranks of a feature, for nodes that do the same with NaN.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) feature: usize,
    missing: Treatment,
    /// All thresholds of these nodes, in their order.
    pub(super) thresholds: Vec<f64>,
}

/// What becomes of missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// NaN is taken for zero.
    AsZero,
    /// NaN goes to a side.
    To(Side),
    /// NaN and zero go to a side.
    WithZeroTo(Side),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// An unsigned integer that counts thresholds.
pub(crate) trait Rank: Copy + Default + PartialOrd + Send + Sync {
    /// The most there can be, above all thresholds.
    const MOST: usize;

    fn from_index(index: usize) -> Self;
}

macro_rules! impl_rank {
    ($($type:ty),*) => {$(
        impl Rank for $type {
            const MOST: usize = <$type>::MAX as usize;

            #[inline(always)]
            fn from_index(index: usize) -> Self {
                index as $type
            }
        }
    )*};
}
impl_rank!(u8, u16);

/// The threshold of a node, and what it does with missing values; `None` if it is one of categories.
fn condition_of(node: &Node) -> Option<(f64, Treatment)> {
    let Rule::UpTo { threshold, missing } = node.rule else { return None };
    let side = |is_left| if is_left { Side::Left } else { Side::Right };
    let treatment = match missing {
        Missing::AsZero { .. } => Treatment::AsZero,
        Missing::Left => Treatment::To(Side::Left),
        Missing::Right => Treatment::To(Side::Right),
        Missing::WithZero { default_left } => Treatment::WithZeroTo(side(default_left)),
    };
    Some((threshold, treatment))
}

/// The columns of ranks that trees ask for; `None` if some of their nodes have no thresholds.
pub(super) fn columns_of<'a>(trees: impl Iterator<Item = &'a Tree>) -> Option<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    for node in trees.flat_map(|tree| &tree.nodes) {
        let (threshold, missing) = condition_of(node)?;
        let is_its = |column: &&mut Column| (column.feature, column.missing) == (node.feature, missing);
        match columns.iter_mut().find(is_its) {
            Some(column) => column.thresholds.push(threshold),
            None => columns.push(Column { feature: node.feature, missing, thresholds: vec![threshold] }),
        }
    }
    for column in &mut columns {
        column.thresholds.sort_unstable_by(f64::total_cmp);
        column.thresholds.dedup();
    }
    Some(columns)
}

impl Column {
    /// The rank of the threshold of a node, if it is one of these nodes.
    pub(super) fn rank_of<R: Rank>(&self, node: &Node) -> Option<R> {
        let (threshold, missing) = condition_of(node)?;
        let is_its = (self.feature, self.missing) == (node.feature, missing);
        is_its.then(|| R::from_index(self.thresholds.partition_point(|&below| below < threshold)))
    }

    /// The number of thresholds below a value.
    #[inline(always)]
    pub(super) fn rank<R: Rank>(&self, value: f64) -> R {
        let (is_missing, side) = match self.missing {
            Treatment::AsZero => (false, Side::Left),
            Treatment::To(side) => (value.is_nan(), side),
            Treatment::WithZeroTo(side) => (value.is_nan() || value.abs() <= ZERO, side),
        };
        if is_missing {
            return R::from_index(if side == Side::Left { 0 } else { R::MOST });
        }
        let value = if value.is_nan() { 0.0 } else { value };
        R::from_index(self.thresholds.partition_point(|&threshold| threshold < value))
    }
}
