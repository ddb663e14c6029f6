//! The points near a box, copied together.

use super::bounds::{Bounds, Boxes};
use super::vector::{Vector, WIDTH, square_length};

/// Coordinates of some points, each axis by itself.
#[derive(Clone, Copy)]
pub(super) struct Points<'a> {
    pub(super) x: &'a [f64],
    pub(super) y: &'a [f64],
    pub(super) z: &'a [f64],
}

/// A list of points, with room for one vector behind its end.
#[derive(Default)]
pub(super) struct Nearby {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    n: usize,
}

impl Nearby {
    pub(super) fn clear(&mut self) {
        self.n = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.n
    }

    #[inline(always)]
    pub(super) fn points(&self) -> Points<'_> {
        Points { x: &self.x[..self.n], y: &self.y[..self.n], z: &self.z[..self.n] }
    }

    /// Appends the points, moved by `shift`, that lie no farther than the root of `limit` from a box.
    ///
    /// Rounding is monotonic, and this is the arithmetic of the distance between two points with each term no larger:
    /// what is computed is never above the *computed* distance of a point from a point of the box, so leaving out what
    /// is farther loses no bit.
    #[inline(always)]
    pub(super) fn keep_near<V: Vector>(
        &mut self,
        points: Points<'_>,
        shift: [f64; 3],
        bounds: &Bounds,
        limit: f64,
    ) {
        self.reserve(points.x.len());
        let chunks = points.x.chunks(WIDTH).zip(points.y.chunks(WIDTH)).zip(points.z.chunks(WIDTH));
        for ((x, y), z) in chunks {
            let n_present = x.len();
            let moved = |values: &[f64], axis: usize| V::load_some(values).add(V::splat(shift[axis]));
            let (x, y, z) = (moved(x, 0), moved(y, 1), moved(z, 2));
            let outside = |position: V, axis: usize| {
                let below = V::splat(bounds.low[axis]).sub(position);
                let above = position.sub(V::splat(bounds.high[axis]));
                below.max(above).max(V::splat(0.0))
            };
            let squares = square_length(outside(x, 0), outside(y, 1), outside(z, 2));
            let near = squares.is_at_most(V::splat(limit));
            let end = self.n + WIDTH;
            for (list, values) in [(&mut self.x, x), (&mut self.y, y), (&mut self.z, z)] {
                if let Some(room) = list[self.n..end].first_chunk_mut() {
                    values.store_chosen(near, room);
                }
            }
            self.n += (V::bits(near) & ((1 << n_present) - 1)).count_ones() as usize;
        }
    }

    /// Makes room for so many more points, and one vector.
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

/// Says to which boxes a node, moved by `shift`, is near: one bit for each, by the arithmetic of
/// [`Nearby::keep_near`].
#[inline(always)]
pub(super) fn near<V: Vector>(boxes: &Boxes, node: &Bounds, shift: [f64; 3]) -> u32 {
    let outside = |axis: usize| {
        let below = V::load(&boxes.low[axis]).sub(V::splat(node.high[axis] + shift[axis]));
        let above = V::splat(node.low[axis] + shift[axis]).sub(V::load(&boxes.high[axis]));
        below.max(above).max(V::splat(0.0))
    };
    let squares = square_length(outside(0), outside(1), outside(2));
    V::bits(squares.is_at_most(V::load(&boxes.limits)))
}
