//! The n-th nearest points of one group after the other.

use super::bounds::{BOXES, Bounds, Boxes};
use super::nearby::NearPoints;
use super::select::Selector;
use super::space::Space;
use super::square_length;
use super::tree::{BUCKET, GROUP, Tree};
#[cfg(target_arch = "x86_64")]
use super::vector::Avx512;
use super::vector::{Plain, Vector};
use galmass_core::simd::{Work, dispatch};

/// The squared distance to the n-th nearest point of even density, in squared sizes of a bucket and for n = 1: such
/// that it is enough for most points of most buckets. More of it costs more time for these, less of it for the others.
const EXPECTED: f64 = 0.12;

/// By how much the expectation is changed from one group to the next, and the most that it grows to.
const MORE: f64 = 1.05;
const LESS: f64 = 0.98;
const MOST: f64 = 40.0;

/// The points of a group whose neighbours are farther away than expected, from which on that is often.
const OFTEN: usize = GROUP / 3;

/// The least cube root of the volume of a box, in its diagonals, that tells something.
const FLATTEST: f64 = 0.2;

/// The points from which on a list is cut short: so many times n, and a few more. So many are seldom near.
const MANY_TIMES: usize = 16;
const MANY: usize = 200;

/// How often the search around a point is cut short where it finds too many.
const CUTS: usize = 2;

/// Looks for the n-th nearest points of the points in a tree, each being its own first.
pub(super) struct Search<'a> {
    tree: &'a Tree,
    space: Space,
    /// By what the images of the points are moved.
    shifts: Vec<[f64; 3]>,
    /// The squared distance up to which no point has two images.
    unique_up_to: f64,
    n: usize,
    /// The points from which on a list is cut short.
    n_most: usize,
    /// The squared distance to the n-th nearest point that is expected, in squared sizes of a bucket.
    expected: f64,
    expected_at_first: f64,
    near: NearPoints,
    selector: Selector,
    missing: Vec<Missing>,
    all_squares: Vec<f64>,
}

/// A point whose n-th nearest is not yet found.
#[derive(Clone, Copy, Default)]
struct Missing {
    place: usize,
    /// The squared distance within which it is.
    limit: f64,
    n_cuts: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(tree: &'a Tree, space: Space, n: usize) -> Self {
        let expected = EXPECTED * (n as f64).powf(2.0 / 3.0);
        Self {
            tree,
            space,
            shifts: space.shifts(),
            unique_up_to: space.unique_up_to(),
            n,
            n_most: MANY_TIMES * n + MANY,
            expected,
            expected_at_first: expected,
            near: NearPoints::default(),
            selector: Selector::default(),
            missing: Vec::new(),
            all_squares: Vec::new(),
        }
    }

    /// Fills `squares` with the squared distances from the points of a group to their n-th nearest.
    pub(super) fn group(&mut self, group: usize, squares: &mut [f64]) {
        #[cfg(target_arch = "x86_64")]
        if galmass_core::simd::has_avx512() {
            // SAFETY: the processor has all the features that the function is compiled for.
            unsafe { self.group_avx512(group, squares) };
            return;
        }
        dispatch(Group { search: self, group, squares });
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512cd,fma,avx2,bmi1,bmi2,popcnt,lzcnt")]
    fn group_avx512(&mut self, group: usize, squares: &mut [f64]) {
        self.search::<Avx512>(group, squares);
    }

    #[inline(always)]
    fn search<V: Vector>(&mut self, group: usize, squares: &mut [f64]) {
        let mut boxes = Boxes::NONE;
        for (index, squares) in squares.chunks(BUCKET).enumerate() {
            let bounds = self.tree.bucket_bounds(group, index, squares.len());
            boxes.set(index, &bounds, (self.expected * square_size(&bounds)).min(self.unique_up_to));
        }
        let limits = boxes.limits;
        self.near.find::<V>(self.tree, &mut boxes, &self.shifts, group, self.n_most);
        let (mut n_too_little, mut n_too_much) = (0, 0);
        for (index, squares) in squares.chunks_mut(BUCKET).enumerate() {
            let place = group * GROUP + index * BUCKET;
            let queries = self.tree.points(place, place + squares.len());
            let nth = self.selector.nth_nearest::<V>(self.n, queries, self.near.of(index), limits[index]);
            for (lane, square) in squares.iter_mut().enumerate() {
                *square = nth[lane];
                // Beyond the limit there may be points that are nearer than those of the list.
                if nth[lane] > boxes.limits[index] {
                    let was_cut = boxes.limits[index] < 0.0;
                    n_too_much += usize::from(was_cut);
                    n_too_little += usize::from(!was_cut);
                    self.missing.push(Missing { place: place + lane, limit: nth[lane], n_cuts: 0 });
                }
            }
        }
        self.adapt(n_too_little, n_too_much);
        while !self.missing.is_empty() {
            self.search_missing::<V>(group, squares);
        }
    }

    /// Expects more where it was often too little, and less where it was seldom so, or where it was too much.
    #[inline(always)]
    fn adapt(&mut self, n_too_little: usize, n_too_much: usize) {
        let more = n_too_little > OFTEN.max(n_too_much);
        let expected = self.expected * if more { MORE } else { LESS };
        self.expected = expected.clamp(self.expected_at_first, MOST * self.expected_at_first);
    }

    /// Looks around a few of the points that are missing.
    #[inline(always)]
    fn search_missing<V: Vector>(&mut self, group: usize, squares: &mut [f64]) {
        let n_left = self.missing.len().saturating_sub(BOXES);
        let mut few = [Missing::default(); BOXES];
        let n_few = self.missing.len() - n_left;
        few[..n_few].copy_from_slice(&self.missing[n_left..]);
        self.missing.truncate(n_left);
        let few = &few[..n_few];

        let mut boxes = Boxes::NONE;
        for (index, missing) in few.iter().enumerate() {
            // Only points that are nearer can say more than is known; there may be any number just as far.
            let nearer = missing.limit.next_down().min(self.unique_up_to);
            boxes.set(index, &Bounds::of(self.tree.position(missing.place)), nearer);
        }
        let limits = boxes.limits;
        let may_cut = few.iter().all(|missing| missing.n_cuts < CUTS);
        let n_most = if may_cut { self.n_most } else { usize::MAX };
        self.near.find::<V>(self.tree, &mut boxes, &self.shifts, group, n_most);
        for (index, missing) in few.iter().enumerate() {
            let position = self.tree.position(missing.place);
            let nth =
                self.selector.nth_nearest_of_one::<V>(self.n, position, self.near.of(index), limits[index]);
            let square = &mut squares[missing.place - group * GROUP];
            if boxes.limits[index] < limits[index] {
                let limit = nth.min(missing.limit);
                self.missing.push(Missing { limit, n_cuts: missing.n_cuts + 1, ..*missing });
            } else if nth <= limits[index] {
                *square = nth;
            } else if missing.limit <= self.unique_up_to {
                *square = missing.limit;
            } else {
                *square = self.nth_of_all(position);
            }
        }
    }

    /// Compares with every point: where the n-th nearest is so far away that images of one point would count twice.
    #[cold]
    fn nth_of_all(&mut self, position: [f64; 3]) -> f64 {
        self.all_squares.clear();
        let squares = self.tree.positions().map(|there| self.space.square_distance(position, there));
        self.all_squares.extend(squares);
        *self.all_squares.select_nth_unstable_by(self.n - 1, f64::total_cmp).1
    }
}

/// The square of a size of a box that tells best how far the neighbours of its points are: the mean of its diagonal,
/// which does for a flat one, and the cube root of its volume, which does for one drawn out by a lonely point.
fn square_size(bounds: &Bounds) -> f64 {
    let sides = bounds.sides();
    let diagonal = square_length(sides[0], sides[1], sides[2]).sqrt();
    let root_of_volume = (sides[0] * sides[1] * sides[2]).cbrt();
    diagonal * root_of_volume.max(FLATTEST * diagonal)
}

/// A group to be searched by plain loops.
struct Group<'s, 'a> {
    search: &'s mut Search<'a>,
    group: usize,
    squares: &'s mut [f64],
}

impl Work for Group<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        self.search.search::<Plain>(self.group, self.squares);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::NeighbourConfig;
    use crate::neighbours::reference;
    use crate::testing::ball;

    /// The squares that the search finds with one kind of vectors.
    fn squares<V: Vector>(positions: &[[f64; 3]], space: Space, n: usize) -> Vec<f64> {
        let tree = Tree::build(positions);
        let mut search = Search::new(&tree, space, n);
        let mut squares = vec![0.0; positions.len()];
        for (group, squares) in squares.chunks_mut(GROUP).enumerate() {
            search.search::<V>(group, squares);
        }
        let mut in_order = squares.clone();
        tree.original_indices().iter().zip(squares).for_each(|(&index, square)| in_order[index] = square);
        in_order
    }

    #[test]
    fn vectors_of_every_kind_find_the_same() {
        let mut positions = ball(3000, 1.0, 21);
        positions.extend(ball(100, 40.0, 22));
        positions.extend([[0.25; 3]; 60]);
        positions.iter_mut().for_each(|position| *position = position.map(|x| x + 50.0));
        for (space, box_size_kpc) in [(Space::Open, None), (Space::Periodic { side: 100.0 }, Some(100.0))] {
            let config = NeighbourConfig { n_neighbours: 32, box_size_kpc };
            let slow = reference::support_radii_with(&positions, &config).unwrap();
            let slow: Vec<f64> = slow.iter().map(|radius| radius.kpc()).collect();
            let plain: Vec<f64> =
                squares::<Plain>(&positions, space, 33).into_iter().map(f64::sqrt).collect();
            assert_eq!(plain, slow);
            #[cfg(target_arch = "x86_64")]
            if galmass_core::simd::has_avx512() {
                let wide: Vec<f64> =
                    squares::<Avx512>(&positions, space, 33).into_iter().map(f64::sqrt).collect();
                assert_eq!(wide, slow);
            }
        }
    }

    #[test]
    fn the_size_of_a_box_is_between_its_diagonal_and_the_root_of_its_volume() {
        let size = |x: f64, y: f64, z: f64| square_size(&Bounds { low: [0.0; 3], high: [x, y, z] });
        assert!((size(1.0, 1.0, 1.0) - 3f64.sqrt()).abs() < 1e-15);
        assert!((size(3.0, 4.0, 0.0) - FLATTEST * 25.0).abs() < 1e-14);
        assert_eq!(size(0.0, 0.0, 0.0), 0.0);
        assert_eq!(size(f64::INFINITY, 0.0, 1.0), f64::INFINITY);
    }
}
