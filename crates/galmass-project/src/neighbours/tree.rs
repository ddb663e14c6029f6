//! A balanced k-d tree with buckets.
//!
//! Points are halved on the widest side of their box, at a multiple of [`GROUP`] next to their median, until a group
//! is left, and a group is halved further into its buckets. So every group and every bucket is full but the last, and
//! where a node, its children and its points are follows by arithmetic. No point set, not even one of coincident
//! points, can make the tree deep.

use rayon::prelude::*;

use super::bounds::{BOXES, Bounds, Boxes};
use super::nearby::{Nearby, Points, near};
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
        Self {
            nodes,
            leaves,
            x: points.par_iter().map(|(position, _)| position[0]).collect(),
            y: points.par_iter().map(|(position, _)| position[1]).collect(),
            z: points.par_iter().map(|(position, _)| position[2]).collect(),
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
        self.x.iter().zip(&self.y).zip(&self.z).map(|((&x, &y), &z)| [x, y, z])
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

    /// The points of a leaf: none where the points end before it.
    #[inline(always)]
    fn leaf(&self, group: usize, leaf: usize) -> Points<'_> {
        let start = group * GROUP + leaf * LEAF;
        let place = |place: usize| place.min(self.x.len());
        self.points(place(start), place(start + LEAF))
    }

    fn root(&self) -> Branch {
        Branch { node: 0, group: 0, n_groups: self.leaves.len() }
    }

    /// Appends to the list of each box the points, moved by `shift`, that lie within the limit of the box, from the
    /// group `home` outwards. A list that has got more than `n_most` points is left as it is.
    #[inline(always)]
    pub(super) fn gather<V: Vector>(
        &self,
        boxes: &mut Boxes,
        shift: [f64; 3],
        home: usize,
        n_most: usize,
        nearby: &mut [Nearby; BOXES],
    ) {
        // The tree is halved at each level, so that no walk leaves more nodes open than a number has bits.
        let mut open = [self.root(); usize::BITS as usize];
        let mut n_open = usize::from(near::<V>(boxes, &self.nodes[0], shift) != 0);
        while n_open > 0 {
            n_open -= 1;
            let branch = open[n_open];
            if branch.n_groups > 1 {
                let (first, second) = branch.halves();
                let (sooner, later) = if home < second.group { (first, second) } else { (second, first) };
                // Whether a node is near is anyone's guess, so it is computed and not branched upon.
                for half in [later, sooner] {
                    open[n_open] = half;
                    n_open += usize::from(near::<V>(boxes, &self.nodes[half.node], shift) != 0);
                }
                continue;
            }
            for (leaf, bounds) in self.leaves[branch.group].iter().enumerate() {
                let mut is_near = near::<V>(boxes, bounds, shift);
                let points = self.leaf(branch.group, leaf);
                while is_near != 0 {
                    let index = is_near.trailing_zeros() as usize % BOXES;
                    let list = &mut nearby[index];
                    list.keep_near::<V>(points, shift, &boxes.bounds(index), boxes.limits[index]);
                    if list.len() > n_most {
                        boxes.limits[index] = -1.0;
                    }
                    is_near &= is_near - 1;
                }
            }
        }
    }
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
    points.select_nth_unstable_by(n_first, |(a, _), (b, _)| a[axis].total_cmp(&b[axis]));
    points.split_at_mut(n_first)
}

fn bounds_around(points: &[Point]) -> Bounds {
    Bounds::around(points.iter().map(|(position, _)| *position))
}
