//! A balanced k-d tree with buckets.
//!
//! Points are halved at their median on the widest side of their box until a bucket holds no more than
//! [`BUCKET`] of them. Halving by number and not by space makes the tree perfect: all buckets lie at one depth, a
//! node with L buckets below it takes 2 L - 1 places in the list of nodes, and where its children and its points
//! are follows by arithmetic. No point set, not even one of coincident points, can make it deep.

use super::square_length;

/// The most points in a bucket: few enough to prune well, enough to fill vector registers.
const BUCKET: usize = 16;

/// Points from which the two halves of a build are given to two threads.
const PARALLEL_BUILD: usize = 8192;

/// A particle on its way into a bucket: its position and its index in the caller's slice.
type Point = ([f64; 3], usize);

/// The box around the points of a node.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    low: [f64; 3],
    high: [f64; 3],
}

impl Bounds {
    const NOTHING: Self = Self { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    fn around(points: &[Point]) -> Self {
        let mut bounds = Self::NOTHING;
        for (position, _) in points {
            for ((low, high), &x) in bounds.low.iter_mut().zip(&mut bounds.high).zip(position) {
                *low = low.min(x);
                *high = high.max(x);
            }
        }
        bounds
    }

    fn widest_side(&self) -> usize {
        let side = |axis: usize| self.high[axis] - self.low[axis];
        let wider = |a: usize, b: usize| if side(b) > side(a) { b } else { a };
        wider(wider(0, 1), 2)
    }

    /// The squared distance from a position to the box, 0 inside.
    ///
    /// Rounding is monotonic, and this is the arithmetic of the distance to a point with each term no larger: the
    /// result is never above the *computed* distance to a point of the box, so pruning by it loses no bit.
    #[inline(always)]
    fn square_distance(&self, position: [f64; 3]) -> f64 {
        let outside = |axis: usize| {
            let below = self.low[axis] - position[axis];
            let above = position[axis] - self.high[axis];
            below.max(above).max(0.0)
        };
        square_length(outside(0), outside(1), outside(2))
    }
}

/// The points in buckets, and the boxes around them.
pub(super) struct Tree {
    /// Depth first: a node, its first half, its second half.
    nodes: Vec<Bounds>,
    n_buckets: usize,
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    original_indices: Vec<usize>,
}

impl Tree {
    /// Sorts finite positions into buckets.
    pub(super) fn build(positions: &[[f64; 3]]) -> Self {
        let n_buckets = positions.len().div_ceil(BUCKET).next_power_of_two();
        let mut points: Vec<Point> = positions.iter().copied().zip(0..).collect();
        let mut nodes = vec![Bounds::NOTHING; 2 * n_buckets - 1];
        halve(&mut points, &mut nodes, n_buckets);
        Self {
            nodes,
            n_buckets,
            x: points.iter().map(|(position, _)| position[0]).collect(),
            y: points.iter().map(|(position, _)| position[1]).collect(),
            z: points.iter().map(|(position, _)| position[2]).collect(),
            original_indices: points.into_iter().map(|(_, index)| index).collect(),
        }
    }

    /// The position of the point at a place of the tree.
    pub(super) fn position(&self, place: usize) -> [f64; 3] {
        [self.x[place], self.y[place], self.z[place]]
    }

    /// Where the point at each place of the tree stood in the caller's slice.
    pub(super) fn original_indices(&self) -> &[usize] {
        &self.original_indices
    }

    /// Fills `nearest` with the squared distances from `position` to the points nearest to it.
    pub(super) fn nearest(&self, position: [f64; 3], nearest: &mut Nearest) {
        nearest.clear();
        let all = Branch { node: 0, n_buckets: self.n_buckets, start: 0, end: self.x.len() };
        self.search(all, position, nearest);
    }

    fn search(&self, branch: Branch, position: [f64; 3], nearest: &mut Nearest) {
        if branch.n_buckets == 1 {
            self.search_bucket(branch, position, nearest);
            return;
        }
        let (first, second) = branch.halves();
        let to_first = self.nodes[first.node].square_distance(position);
        let to_second = self.nodes[second.node].square_distance(position);
        let (near, to_near, far, to_far) = if to_first <= to_second {
            (first, to_first, second, to_second)
        } else {
            (second, to_second, first, to_first)
        };
        if to_near < nearest.farthest_square() {
            self.search(near, position, nearest);
        }
        if to_far < nearest.farthest_square() {
            self.search(far, position, nearest);
        }
    }

    fn search_bucket(&self, bucket: Branch, position: [f64; 3], nearest: &mut Nearest) {
        let places = bucket.start..bucket.end;
        let (x, y, z) = (&self.x[places.clone()], &self.y[places.clone()], &self.z[places]);
        let mut squares = [0.0; BUCKET];
        // Two loops, because the first one has no branch and is done several points at a time.
        for (((square, x), y), z) in squares.iter_mut().zip(x).zip(y).zip(z) {
            *square = square_length(x - position[0], y - position[1], z - position[2]);
        }
        for &square in &squares[..x.len()] {
            nearest.offer(square);
        }
    }
}

/// A node, how many buckets lie below it, and the places of their points.
#[derive(Clone, Copy)]
struct Branch {
    node: usize,
    n_buckets: usize,
    start: usize,
    end: usize,
}

impl Branch {
    fn halves(self) -> (Self, Self) {
        let n_buckets = self.n_buckets / 2;
        let middle = self.start + (self.end - self.start) / 2;
        let first = Self { node: self.node + 1, n_buckets, start: self.start, end: middle };
        let second = Self { node: self.node + 2 * n_buckets, n_buckets, start: middle, end: self.end };
        (first, second)
    }
}

/// Sorts points into the buckets of a node, and notes the boxes of all nodes below it.
fn halve(points: &mut [Point], nodes: &mut [Bounds], n_buckets: usize) {
    let bounds = Bounds::around(points);
    nodes[0] = bounds;
    if n_buckets == 1 {
        return;
    }
    let (n_points, middle) = (points.len(), points.len() / 2);
    let axis = bounds.widest_side();
    points.select_nth_unstable_by(middle, |(a, _), (b, _)| a[axis].total_cmp(&b[axis]));
    let (first_points, second_points) = points.split_at_mut(middle);
    let (first_nodes, second_nodes) = nodes[1..].split_at_mut(n_buckets - 1);
    let mut first = || halve(first_points, first_nodes, n_buckets / 2);
    let mut second = || halve(second_points, second_nodes, n_buckets / 2);
    if n_points >= PARALLEL_BUILD {
        rayon::join(first, second);
    } else {
        first();
        second();
    }
}

/// The smallest of the numbers offered so far, as many as asked for: a heap with the largest of them on top.
pub(super) struct Nearest {
    /// Of an odd length, so that a place has two children or none; one that was not asked for is the lowest of all
    /// and stays at the end.
    heap: Vec<f64>,
    n: usize,
}

impl Nearest {
    /// Keeps the `n` smallest, at least one.
    pub(super) fn new(n: usize) -> Self {
        let n = n.max(1);
        let mut heap = vec![f64::INFINITY; n];
        heap.resize(n | 1, f64::NEG_INFINITY);
        Self { heap, n }
    }

    fn clear(&mut self) {
        self.heap[..self.n].fill(f64::INFINITY);
    }

    /// The largest of those kept: infinite until as many as asked for have been offered.
    #[inline(always)]
    pub(super) fn farthest_square(&self) -> f64 {
        self.heap[0]
    }

    /// Keeps a number if it is below the largest kept.
    #[inline(always)]
    fn offer(&mut self, square: f64) {
        if square < self.heap[0] {
            self.replace_farthest(square);
        }
    }

    /// Lets a smaller number sink from the top to its place.
    fn replace_farthest(&mut self, square: f64) {
        let heap = self.heap.as_mut_slice();
        let mut place = 0;
        while 2 * place + 2 < heap.len() {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            // Which child is larger is anyone's guess, so it is computed and not branched upon.
            let larger = left + usize::from(heap[right] > heap[left]);
            if heap[larger] <= square {
                break;
            }
            heap[place] = heap[larger];
            place = larger;
        }
        heap[place] = square;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ball, uniform};

    #[test]
    fn every_point_lies_in_the_box_of_each_node_above_it_and_no_bucket_overflows() {
        for n_points in [1, 15, 16, 17, 33, 1000] {
            let positions = ball(n_points, 1.0, 3);
            let tree = Tree::build(&positions);
            let mut seen = vec![0; n_points];
            tree.original_indices().iter().for_each(|&index| seen[index] += 1);
            assert_eq!(seen, vec![1; n_points]);
            let mut open = vec![Branch { node: 0, n_buckets: tree.n_buckets, start: 0, end: n_points }];
            while let Some(branch) = open.pop() {
                for place in branch.start..branch.end {
                    assert_eq!(tree.nodes[branch.node].square_distance(tree.position(place)), 0.0);
                    assert_eq!(tree.position(place), positions[tree.original_indices()[place]]);
                }
                if branch.n_buckets > 1 {
                    let (first, second) = branch.halves();
                    open.extend([first, second]);
                } else {
                    assert!(branch.end - branch.start <= BUCKET);
                }
            }
        }
    }

    #[test]
    fn the_heap_keeps_the_smallest_of_any_number() {
        let offers = uniform(200, 0.0..1.0, 8);
        let mut sorted = offers.clone();
        sorted.sort_by(f64::total_cmp);
        for n in 1..=200 {
            let mut nearest = Nearest::new(n);
            for _ in 0..2 {
                nearest.clear();
                assert_eq!(nearest.farthest_square(), f64::INFINITY);
                offers.iter().for_each(|&offer| nearest.offer(offer));
                assert_eq!(nearest.farthest_square(), sorted[n - 1]);
            }
        }
    }
}
