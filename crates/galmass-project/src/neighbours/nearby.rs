//! The points near a box, copied together.

use super::bounds::{BOXES, Bounds, Boxes};
use super::tree::{Leaf, NearLeaf, Tree};
use super::vector::{Vector, WIDTH, square_length};

/// How many points at least a leaf is taken to have near a box that it is near to, on an average.
const POINTS_PER_LEAF: usize = 4;

/// Coordinates of some points, each axis by itself.
#[derive(Clone, Copy)]
pub(super) struct Points<'a> {
    pub(super) x: &'a [f64],
    pub(super) y: &'a [f64],
    pub(super) z: &'a [f64],
}

/// For each of some boxes the points that are near, and room to work in, kept from one call to the next.
#[derive(Default)]
pub(super) struct NearPoints {
    lists: [List; BOXES],
    leaves: Vec<NearLeaf>,
    places: Vec<usize>,
}

impl NearPoints {
    /// The points that were found near a box.
    #[inline(always)]
    pub(super) fn of(&self, index: usize) -> Points<'_> {
        let List { x, y, z, n } = &self.lists[index];
        Points { x: &x[..*n], y: &y[..*n], z: &z[..*n] }
    }

    /// Finds for each box the points, moved by any of `shifts`, that lie within its limit, from the group `home`
    /// outwards. Where there are more than about `n_most` of them the search is cut short, and the limit is made
    /// negative.
    #[inline(always)]
    pub(super) fn find<V: Vector>(
        &mut self,
        tree: &Tree,
        boxes: &mut Boxes,
        shifts: &[[f64; 3]],
        home: usize,
        n_most: usize,
    ) {
        self.lists.iter_mut().for_each(|list| list.n = 0);
        for shift in shifts {
            let limits = boxes.limits;
            tree.near_leaves::<V>(boxes, *shift, home, n_most / POINTS_PER_LEAF, &mut self.leaves);
            for (index, list) in self.lists.iter_mut().enumerate() {
                if limits[index] < 0.0 {
                    continue;
                }
                let nearness = Nearness::<V>::new(&boxes.bounds(index), limits[index], *shift);
                for &leaf in near_to(index, &self.leaves, &mut self.places) {
                    list.keep_near(&tree.leaf(leaf), &nearness);
                    if list.n > n_most {
                        boxes.limits[index] = -1.0;
                        break;
                    }
                }
            }
        }
    }
}

/// The leaves that are near to one box, listed in `places`.
#[inline(always)]
fn near_to<'a>(index: usize, leaves: &[NearLeaf], places: &'a mut Vec<usize>) -> &'a [usize] {
    if places.len() < leaves.len() {
        places.resize(2 * leaves.len(), 0);
    }
    let mut n_near = 0;
    for leaf in leaves {
        // Written in any case and counted if near: there is no branch to guess.
        places[n_near] = leaf.index;
        n_near += ((leaf.boxes >> index) & 1) as usize;
    }
    &places[..n_near]
}

/// What is near to a box: a point that is moved by `shift` and then no farther than the root of `limit`.
///
/// Rounding is monotonic, and this is the arithmetic of the distance between two points with each term no larger: what
/// is computed is never above the *computed* distance of a point from a point of the box, so leaving out what is
/// farther loses no bit.
struct Nearness<V> {
    shift: [V; 3],
    low: [V; 3],
    high: [V; 3],
    limit: V,
}

impl<V: Vector> Nearness<V> {
    #[inline(always)]
    fn new(bounds: &Bounds, limit: f64, shift: [f64; 3]) -> Self {
        let [shift, low, high] = [shift, bounds.low, bounds.high].map(|values| values.map(V::splat));
        Self { shift, low, high, limit: V::splat(limit) }
    }

    #[inline(always)]
    fn is_near(&self, position: [V; 3]) -> V::Mask {
        let outside = |axis: usize| {
            let (below, above) = (self.low[axis].sub(position[axis]), position[axis].sub(self.high[axis]));
            below.max(above).max(V::splat(0.0))
        };
        square_length(outside(0), outside(1), outside(2)).is_at_most(self.limit)
    }
}

/// Says to which boxes a node, moved by `shift`, is near, by the arithmetic of [`Nearness`].
#[inline(always)]
pub(super) fn near<V: Vector>(boxes: &Boxes, node: &Bounds, shift: [f64; 3]) -> V::Mask {
    let outside = |axis: usize| {
        let below = V::load(&boxes.low[axis]).sub(V::splat(node.high[axis] + shift[axis]));
        let above = V::splat(node.low[axis] + shift[axis]).sub(V::load(&boxes.high[axis]));
        below.max(above).max(V::splat(0.0))
    };
    square_length(outside(0), outside(1), outside(2)).is_at_most(V::load(&boxes.limits))
}

/// Points, with room for one vector behind their end.
#[derive(Default)]
struct List {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    n: usize,
}

impl List {
    /// Appends those points of a leaf, moved, that are near.
    #[inline(always)]
    fn keep_near<V: Vector>(&mut self, leaf: &Leaf<'_>, nearness: &Nearness<V>) {
        self.reserve(leaf.n_points);
        let mut present = (1 << leaf.n_points) - 1;
        let chunks = leaf.x.as_chunks().0.iter().zip(leaf.y.as_chunks().0).zip(leaf.z.as_chunks().0);
        for ((x, y), z) in chunks {
            let moved = |values: &[f64; WIDTH], axis: usize| V::load(values).add(nearness.shift[axis]);
            let (x, y, z) = (moved(x, 0), moved(y, 1), moved(z, 2));
            let near = nearness.is_near([x, y, z]);
            for (list, values) in [(&mut self.x, x), (&mut self.y, y), (&mut self.z, z)] {
                if let Some(room) = list[self.n..self.n + WIDTH].first_chunk_mut() {
                    values.store_chosen(near, room);
                }
            }
            // Those that are not present come last, and are overwritten.
            self.n += (V::bits(near) & present & ((1 << WIDTH) - 1)).count_ones() as usize;
            present >>= WIDTH;
        }
    }

    #[inline(always)]
    fn reserve(&mut self, n_more: usize) {
        let needed = self.n + n_more + WIDTH;
        if needed > self.x.len() {
            self.grow(needed);
        }
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        for axis in [&mut self.x, &mut self.y, &mut self.z] {
            axis.resize(2 * needed, 0.0);
        }
    }
}
