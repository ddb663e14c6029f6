//! The n-th nearest points of one group after the other.

use super::bounds::{BOXES, Bounds, Boxes};
use super::nearby::Nearby;
use super::select::Selector;
use super::space::Space;
use super::square_length;
use super::tree::{BUCKET, GROUP, Tree};
#[cfg(target_arch = "x86_64")]
use super::vector::Avx512;
use super::vector::{Plain, Vector};
use crate::simd::{Work, dispatch};

/// The squared distance to the n-th nearest point of even density, in squared sizes of a bucket and for n = 1: such
/// that it is enough for most points of most buckets. More of it costs more time for these, less of it for the others.
const EXPECTED: f64 = 0.12;

/// How often the search around a point is cut short where it finds too many.
const CUTS: usize = 2;

/// Looks for the n-th nearest points of the points in a tree, each being its own first.
pub(super) struct Search<'a> {
    tree: &'a Tree,
    space: Space,
    shifts: Vec<[f64; 3]>,
    unique_up_to: f64,
    n: usize,
    /// The points from which on a list is cut short: so many are not near.
    n_most: usize,
    /// The squared distance to the n-th nearest point that is expected, in squared sizes of a bucket.
    expected: f64,
    nearby: [Nearby; BOXES],
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
        Self {
            tree,
            space,
            shifts: space.shifts(),
            unique_up_to: space.unique_up_to(),
            n,
            n_most: 16 * n + 200,
            expected: EXPECTED * (n as f64).powf(2.0 / 3.0),
            nearby: Default::default(),
            selector: Selector::default(),
            missing: Vec::new(),
            all_squares: Vec::new(),
        }
    }

    /// Fills `squares` with the squared distances from the points of a group to their n-th nearest.
    pub(super) fn group(&mut self, group: usize, squares: &mut [f64]) {
        #[cfg(target_arch = "x86_64")]
        if crate::simd::has_avx512() {
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
        self.gather::<V>(&mut boxes, group, self.n_most);
        for (index, squares) in squares.chunks_mut(BUCKET).enumerate() {
            let place = group * GROUP + index * BUCKET;
            let queries = self.tree.points(place, place + squares.len());
            let near = self.nearby[index].points();
            let nth = self.selector.nth_nearest::<V>(self.n, queries, near, limits[index]);
            for (lane, square) in squares.iter_mut().enumerate() {
                *square = nth[lane];
                // Beyond the limit there may be points that are nearer than those of the list.
                if nth[lane] > boxes.limits[index] {
                    self.missing.push(Missing { place: place + lane, limit: nth[lane], n_cuts: 0 });
                }
            }
        }
        while !self.missing.is_empty() {
            self.search_missing::<V>(group, squares);
        }
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
            let position = self.tree.position(missing.place);
            boxes.set(index, &Bounds::of(position), missing.limit.min(self.unique_up_to));
        }
        let limits = boxes.limits;
        let cut = few.iter().all(|missing| missing.n_cuts < CUTS);
        self.gather::<V>(&mut boxes, group, if cut { self.n_most } else { usize::MAX });
        for (index, missing) in few.iter().enumerate() {
            let position = self.tree.position(missing.place);
            let near = self.nearby[index].points();
            let nth = self.selector.nth_nearest_of_one::<V>(self.n, position, near, limits[index]);
            let square = &mut squares[missing.place - group * GROUP];
            if nth <= boxes.limits[index] {
                *square = nth;
            } else if boxes.limits[index] < limits[index] {
                self.missing.push(Missing { limit: nth, n_cuts: missing.n_cuts + 1, ..*missing });
            } else {
                *square = self.nth_of_all(position);
            }
        }
    }

    /// Copies for each box what is near it; where this was cut short the limit is negative afterwards.
    #[inline(always)]
    fn gather<V: Vector>(&mut self, boxes: &mut Boxes, group: usize, n_most: usize) {
        self.nearby.iter_mut().for_each(Nearby::clear);
        for shift in &self.shifts {
            self.tree.gather::<V>(boxes, *shift, group, n_most, &mut self.nearby);
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

/// The least cube root of the volume of a box, in its diagonals, that tells something.
const FLATTEST: f64 = 0.2;

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
