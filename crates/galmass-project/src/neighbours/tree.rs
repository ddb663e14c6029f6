//! A balanced k-d tree with buckets.
//!
//! Points are halved on the widest side of their box, at a multiple of [`GROUP`] next to their median, until a group
//! is left, and a group is halved further into its buckets. So every group and every bucket is full but the last, and
//! where a node, its children and its points are follows by arithmetic. No point set, not even one of coincident
//! points, can make the tree deep.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::bounds::{BOXES, Bounds, Boxes};
use super::nearby::{Points, near};
use super::vector::Vector;

/// The most points in a bucket: those whose neighbours are looked for in one go, a point in each lane of a vector.
pub(super) const BUCKET: usize = 8;

/// The most points in a group: those that share a walk through the tree.
pub(super) const GROUP: usize = BOXES * BUCKET;

/// The most points in a leaf: those that a walk takes or leaves. More make it shorter, fewer more discerning.
const LEAF: usize = 2 * BUCKET;

/// The leaves of a group.
const LEAVES: usize = GROUP / LEAF;

/// Points from which the two halves of a build are given to two threads.
const PARALLEL_BUILD: usize = 8192;

/// A particle on its way into a bucket: its position and its index in the caller's slice.
type Point = ([f64; 3], usize);

/// The points in buckets, and the boxes around them.
pub(super) struct Tree {
    /// Depth first: a node, its first half, its second half. A node with n groups below it takes 2 n - 1 places.
    nodes: Vec<Bounds>,
    /// The boxes of the leaves of each group.
    leaves: Vec<[Bounds; LEAVES]>,
    n_points: usize,
    /// Up to the end of the last leaf, where there are no points.
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    original_indices: Vec<usize>,
}

impl Tree {
    /// Sorts finite positions into buckets.
    pub(super) fn build(positions: &[[f64; 3]]) -> Self {
        let n_groups = positions.len().div_ceil(GROUP);
        let mut points: Vec<Point> = positions.par_iter().copied().enumerate().map(|(i, p)| (p, i)).collect();
        let mut nodes = vec![Bounds::NOTHING; (2 * n_groups).saturating_sub(1)];
        let mut leaves = vec![[Bounds::NOTHING; LEAVES]; n_groups];
        if n_groups > 0 {
            halve(&mut points, &mut nodes, &mut leaves);
        }
        let axis = |axis: usize| {
            let mut values: Vec<f64> = Vec::with_capacity(n_groups * GROUP);
            points.par_iter().map(|(position, _)| position[axis]).collect_into_vec(&mut values);
            values.resize(n_groups * GROUP, 0.0);
            values
        };
        Self {
            nodes,
            leaves,
            n_points: positions.len(),
            x: axis(0),
            y: axis(1),
            z: axis(2),
            original_indices: points.par_iter().map(|(_, index)| *index).collect(),
        }
    }

    /// The position of the point at a place of the tree.
    #[inline(always)]
    pub(super) fn position(&self, place: usize) -> [f64; 3] {
        [self.x[place], self.y[place], self.z[place]]
    }

    /// The positions of all points.
    pub(super) fn positions(&self) -> impl Iterator<Item = [f64; 3]> {
        (0..self.n_points).map(|place| self.position(place))
    }

    /// The box around the points of a bucket of a group, of which there are so many.
    #[inline(always)]
    pub(super) fn bucket_bounds(&self, group: usize, bucket: usize, n_points: usize) -> Bounds {
        let start = group * GROUP + bucket * BUCKET;
        Bounds::around((start..start + n_points).map(|place| self.position(place)))
    }

    /// Where the point at each place of the tree stood in the caller's slice.
    pub(super) fn original_indices(&self) -> &[usize] {
        &self.original_indices
    }

    /// The points at some places of the tree.
    #[inline(always)]
    pub(super) fn points(&self, start: usize, end: usize) -> Points<'_> {
        Points { x: &self.x[start..end], y: &self.y[start..end], z: &self.z[start..end] }
    }

    fn root(&self) -> Branch {
        Branch { node: 0, group: 0, n_groups: self.leaves.len() }
    }

    /// Lists the leaves that lie within the limits of some boxes when they are moved by `shift`, from the group `home`
    /// outwards. A box that has got more than `n_most` leaves gets no more, and a negative limit.
    #[inline(always)]
    pub(super) fn near_leaves<V: Vector>(
        &self,
        boxes: &mut Boxes,
        shift: [f64; 3],
        home: usize,
        n_most: usize,
        leaves: &mut Vec<NearLeaf>,
    ) {
        leaves.clear();
        let n_most = V::splat(n_most as f64);
        let mut n_leaves = V::splat(0.0);
        // The tree is halved at each level, so that no walk leaves more nodes open than a number has bits.
        let mut open = [self.root(); usize::BITS as usize];
        let mut n_open = usize::from(V::bits(near::<V>(boxes, &self.nodes[0], shift)) != 0);
        while n_open > 0 {
            n_open -= 1;
            let branch = open[n_open];
            if branch.n_groups > 1 {
                let (first, second) = branch.halves();
                let (sooner, later) = if home < second.group { (first, second) } else { (second, first) };
                // Whether a node is near is anyone's guess, so it is computed and not branched upon.
                for half in [later, sooner] {
                    open[n_open] = half;
                    n_open += usize::from(V::bits(near::<V>(boxes, &self.nodes[half.node], shift)) != 0);
                }
                continue;
            }
            for (leaf, bounds) in self.leaves[branch.group].iter().enumerate() {
                let near = near::<V>(boxes, bounds, shift);
                leaves.push(NearLeaf { index: branch.group * LEAVES + leaf, boxes: V::bits(near) });
                n_leaves = n_leaves.add_where(near, V::splat(1.0));
            }
            let limits = V::load(&boxes.limits);
            boxes.limits = limits.or_where(n_most.is_below(n_leaves), V::splat(-1.0)).store();
        }
    }

    #[inline(always)]
    pub(super) fn leaf(&self, index: usize) -> Leaf<'_> {
        Leaf {
            x: &self.x.as_chunks().0[index],
            y: &self.y.as_chunks().0[index],
            z: &self.z.as_chunks().0[index],
            n_points: self.n_points.saturating_sub(index * LEAF).min(LEAF),
        }
    }
}

/// The points of a leaf, so many of them: what comes after these is none.
pub(super) struct Leaf<'a> {
    pub(super) x: &'a [f64; LEAF],
    pub(super) y: &'a [f64; LEAF],
    pub(super) z: &'a [f64; LEAF],
    pub(super) n_points: usize,
}

/// A leaf, and to which boxes it is near: one bit for each.
#[derive(Clone, Copy)]
pub(super) struct NearLeaf {
    pub(super) index: usize,
    pub(super) boxes: u32,
}

/// A node, its first group, and how many groups lie below it.
#[derive(Clone, Copy)]
struct Branch {
    node: usize,
    group: usize,
    n_groups: usize,
}

impl Branch {
    #[inline(always)]
    fn halves(self) -> (Self, Self) {
        let n_first = self.n_groups / 2;
        let n_second = self.n_groups - n_first;
        let first = Self { node: self.node + 1, group: self.group, n_groups: n_first };
        let second = Self { node: self.node + 2 * n_first, group: self.group + n_first, n_groups: n_second };
        (first, second)
    }
}

/// Sorts points into the groups of a node, and notes the boxes of all nodes below it.
fn halve(points: &mut [Point], nodes: &mut [Bounds], leaves: &mut [[Bounds; LEAVES]]) {
    let bounds = bounds_around(points);
    nodes[0] = bounds;
    if let [leaves] = leaves {
        fill_group(points, bounds, GROUP, leaves);
        return;
    }
    let n_points = points.len();
    let n_first = leaves.len() / 2;
    let (first_points, second_points) = divide(points, n_first * GROUP, bounds);
    let (first_nodes, second_nodes) = nodes[1..].split_at_mut(2 * n_first - 1);
    let (first_leaves, second_leaves) = leaves.split_at_mut(n_first);
    let mut first = || halve(first_points, first_nodes, first_leaves);
    let mut second = || halve(second_points, second_nodes, second_leaves);
    if n_points >= PARALLEL_BUILD {
        rayon::join(first, second);
    } else {
        first();
        second();
    }
}

/// Sorts the points of a part of a group, which has room for so many, into its leaves and buckets.
fn fill_group(points: &mut [Point], bounds: Bounds, room: usize, leaves: &mut [Bounds]) {
    if room == LEAF {
        leaves[0] = bounds;
    }
    if room == BUCKET {
        return;
    }
    let room = room / 2;
    let (first_leaves, second_leaves) = leaves.split_at_mut(leaves.len() / 2);
    if points.len() <= room {
        fill_group(points, bounds, room, if room < LEAF { &mut [] } else { first_leaves });
        return;
    }
    let (first, second) = divide(points, room, bounds);
    let (of_first, of_second) = (bounds_around(first), bounds_around(second));
    fill_group(first, of_first, room, first_leaves);
    fill_group(second, of_second, room, second_leaves);
}

/// Puts the `n_first` points that are lowest along the widest side of their box first.
fn divide(points: &mut [Point], n_first: usize, bounds: Bounds) -> (&mut [Point], &mut [Point]) {
    let axis = bounds.widest_side();
    points.select_nth_unstable_by(n_first, |(a, _), (b, _)| {
        a[axis].partial_cmp(&b[axis]).unwrap_or(Ordering::Equal)
    });
    points.split_at_mut(n_first)
}

fn bounds_around(points: &[Point]) -> Bounds {
    Bounds::around(points.iter().map(|(position, _)| *position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::bounds::Boxes;
    use crate::neighbours::vector::Plain;
    use crate::testing::ball;

    #[test]
    fn every_point_is_in_the_tree_once_and_inside_the_boxes_above_it() {
        for n_points in [1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 5000] {
            let positions = ball(n_points, 1.0, 3);
            let tree = Tree::build(&positions);
            let mut seen = vec![0; n_points];
            tree.original_indices().iter().for_each(|&index| seen[index] += 1);
            assert_eq!(seen, vec![1; n_points]);
            assert!(
                tree.positions().zip(tree.original_indices()).all(|(position, &i)| position == positions[i])
            );
            let is_inside = |bounds: &Bounds, place: usize| {
                let position = tree.position(place);
                (0..3).all(|axis| (bounds.low[axis]..=bounds.high[axis]).contains(&position[axis]))
            };
            let mut open = vec![tree.root()];
            while let Some(branch) = open.pop() {
                let end = ((branch.group + branch.n_groups) * GROUP).min(n_points);
                assert!((branch.group * GROUP..end).all(|place| is_inside(&tree.nodes[branch.node], place)));
                if branch.n_groups > 1 {
                    let (first, second) = branch.halves();
                    open.extend([first, second]);
                }
            }
            let leaves = tree.leaves.as_flattened();
            assert!((0..n_points).all(|place| is_inside(&leaves[place / LEAF], place)));
            let n_listed: usize = (0..leaves.len()).map(|leaf| tree.leaf(leaf).n_points).sum();
            assert_eq!(n_listed, n_points);
        }
    }

    #[test]
    fn a_box_is_near_to_the_leaves_within_its_limit_and_to_no_more_than_asked_for() {
        let tree = Tree::build(&ball(5000, 1.0, 4));
        let mut boxes = Boxes::NONE;
        let bounds = tree.leaves[20][1];
        boxes.set(2, &bounds, 0.01);
        let mut near = Vec::new();
        tree.near_leaves::<Plain>(&mut boxes, [0.0; 3], 20, usize::MAX, &mut near);
        near.retain(|leaf| leaf.boxes != 0);
        assert!(near.iter().all(|leaf| leaf.boxes == 1 << 2));
        let is_near = |other: &Bounds| {
            let outside = |axis: usize| {
                (bounds.low[axis] - other.high[axis]).max(other.low[axis] - bounds.high[axis]).max(0.0)
            };
            (0..3).map(|axis| outside(axis).powi(2)).sum::<f64>() <= 0.01
        };
        let n_expected = tree.leaves.as_flattened().iter().filter(|other| is_near(other)).count();
        assert_eq!(near.len(), n_expected);
        assert_eq!(near[0].index / LEAVES, 20, "the walk begins at home");
        assert_eq!(boxes.limits[2], 0.01);
        tree.near_leaves::<Plain>(&mut boxes, [0.0; 3], 20, 3, &mut near);
        assert!(boxes.limits[2] < 0.0);
        assert!(near.iter().filter(|leaf| leaf.boxes != 0).count() < 3 + 2 * LEAVES);
    }
}
