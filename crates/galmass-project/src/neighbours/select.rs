//! The n-th nearest point of several positions at once.

use super::nearby::Points;
use super::vector::{Vector, WIDTH, square_length};

/// Rounds of counting before distances are looked at one by one.
const ROUGH_ROUNDS: usize = 3;

/// The squared distances of one point from several positions, or of several points from one.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row([f64; WIDTH]);

/// Room to work in, kept from one call to the next.
#[derive(Default)]
pub(super) struct Selector {
    rows: Vec<Row>,
}

/// Where distances are: above `low`, at least `next` and no more than `high`. There are `n_low` points up to `low`,
/// fewer than n, and `n_high` up to `high`, at least n.
#[derive(Clone, Copy)]
struct Bracket<V> {
    n: V,
    low: V,
    next: V,
    high: V,
    n_low: V,
    n_high: V,
}

/// How many distances there are up to some distance, the largest of them, and the smallest of the others.
struct Parted<V> {
    n_up_to: V,
    below: V,
    above: V,
}

impl<V: Vector> Bracket<V> {
    /// Below a limit up to which there are `n_within` of `n_points`, or between it and the farthest point where these
    /// are too few. Where all points are too few there is nothing to look for.
    #[inline(always)]
    fn new(n: usize, limit: f64, n_within: V, n_points: usize, farthest: V) -> Self {
        let too_few = n_points < n;
        let [n, n_points, limit, zero] = [n as f64, n_points as f64, limit, 0.0].map(V::splat);
        let enough = n.is_at_most(n_within);
        let high = farthest.or_where(enough, farthest.min(limit));
        Self {
            n,
            low: limit.or_where(enough, V::splat(-1.0)),
            next: if too_few { V::splat(f64::INFINITY) } else { limit.or_where(enough, zero) },
            high: if too_few { V::splat(f64::INFINITY) } else { high },
            n_low: n_within.or_where(enough, zero),
            n_high: n_points.or_where(enough, n_within),
        }
    }

    /// Where distances are still looked for.
    #[inline(always)]
    fn is_open(&self) -> V::Mask {
        self.next.is_below(self.high)
    }

    /// Where to count next: between two counts as they rise, below the first as a ball of even density fills.
    #[inline(always)]
    fn guess(&self) -> V {
        let aim = self.n.sub(V::splat(0.5));
        let part = aim.sub(self.n_low).div(self.n_high.sub(self.n_low));
        let between = self.low.add(self.high.sub(self.low).mul(part));
        // (n / n_high)^(2/3), nearly.
        let five = V::splat(5.0);
        let shrunk = self.high.mul(five.mul(aim).add(self.n_high).div(aim.add(five.mul(self.n_high))));
        shrunk.or_where(V::splat(0.0).is_below(self.n_low), between)
    }

    /// The same, in the interval and such that something is learnt by it.
    #[inline(always)]
    fn telling(&self, guess: V) -> V {
        let inside = V::both(self.next.is_at_most(guess), guess.is_below(self.high));
        let inside = self.next.or_where(inside, guess);
        let up = inside.or_where(self.n_low.add(V::splat(1.0)).equals(self.n), self.low);
        up.or_where(self.n_high.equals(self.n), self.high)
    }

    /// Learns how many points there are up to a distance.
    #[inline(always)]
    fn count(&mut self, at: V, n_up_to: V) {
        let enough = self.n.is_at_most(n_up_to);
        self.low = at.or_where(enough, self.low);
        self.n_low = n_up_to.or_where(enough, self.n_low);
        self.high = self.high.or_where(enough, at);
        self.n_high = self.n_high.or_where(enough, n_up_to);
    }

    /// Learns what is below and above a distance.
    #[inline(always)]
    fn part(&mut self, at: V, parted: &Parted<V>) {
        let open = self.is_open();
        let enough = self.n.is_at_most(parted.n_up_to);
        let (lower, raise) = (V::both(open, enough), V::without(open, enough));
        let high = self.high.or_where(lower, parted.below);
        let next = self.next.or_where(raise, parted.above);
        // Found from above or from below: nothing is left between.
        let from_above = V::both(lower, parted.n_up_to.equals(self.n));
        let from_below = V::both(raise, parted.n_up_to.add(V::splat(1.0)).equals(self.n));
        self.next = next.or_where(from_above, high);
        self.high = high.or_where(from_below, next);
        self.low = self.low.or_where(raise, at);
        self.n_low = self.n_low.or_where(raise, parted.n_up_to);
        self.n_high = self.n_high.or_where(lower, parted.n_up_to);
    }

    /// Looks until the distances are found, by parting the points where it is told to.
    #[inline(always)]
    fn close(&mut self, part: impl Fn(V) -> Parted<V>) {
        let mut round = 0;
        while V::bits(self.is_open()) != 0 {
            round += 1;
            // Half way in bits every now and then: where distances are like those of no density, this still ends.
            let guess = if round % 4 == 0 { self.next.midpoint_of_bits(self.high) } else { self.guess() };
            let at = self.telling(guess);
            self.part(at, &part(at));
        }
    }
}

impl Selector {
    /// Finds the squared distance from each query to the n-th nearest of some points, the nearest being the first:
    /// infinity where there are fewer. It is found soonest if it is somewhat below `limit`.
    ///
    /// The points up to a distance are counted, for all queries at once, and the distance is led to where there are
    /// n. Every count leaves fewer distances in question, so it ends whatever they are.
    #[inline(always)]
    pub(super) fn nth_nearest<V: Vector>(
        &mut self,
        n: usize,
        queries: Points<'_>,
        points: Points<'_>,
        limit: f64,
    ) -> [f64; WIDTH] {
        let (rows, farthest) = self.fill::<V>(queries, points);
        let n_within = count(rows, V::splat(limit));
        let mut bracket = Bracket::new(n, limit, n_within, points.x.len(), farthest);
        for _ in 0..ROUGH_ROUNDS {
            let at = bracket.guess();
            bracket.count(at, count(rows, at));
        }
        bracket.close(|at| part(rows, at));
        bracket.high.store()
    }

    /// The same for one position.
    #[inline(always)]
    pub(super) fn nth_nearest_of_one<V: Vector>(
        &mut self,
        n: usize,
        position: [f64; 3],
        points: Points<'_>,
        limit: f64,
    ) -> f64 {
        let (rows, farthest) = self.fill_for_one::<V>(position, points);
        let sum = |values: V| V::splat(values.store().iter().sum());
        let largest = |values: V| V::splat(values.store().into_iter().fold(0.0, f64::max));
        let smallest = |values: V| V::splat(values.store().into_iter().fold(f64::INFINITY, f64::min));
        let n_within = sum(count(rows, V::splat(limit)));
        let mut bracket = Bracket::new(n, limit, n_within, points.x.len(), largest(farthest));
        bracket.close(|at| {
            let Parted { n_up_to, below, above } = part(rows, at);
            Parted { n_up_to: sum(n_up_to), below: largest(below), above: smallest(above) }
        });
        bracket.high.store()[0]
    }

    /// Notes the squared distances of each point from all queries, and finds the largest. Where queries are missing
    /// there are some anyhow.
    #[inline(always)]
    fn fill<V: Vector>(&mut self, queries: Points<'_>, points: Points<'_>) -> (&[Row], V) {
        let rows = self.rows(points.x.len());
        let (x, y, z) = (V::load_some(queries.x), V::load_some(queries.y), V::load_some(queries.z));
        let mut farthest = V::splat(0.0);
        for (row, ((px, py), pz)) in rows.iter_mut().zip(points.x.iter().zip(points.y).zip(points.z)) {
            let (dx, dy, dz) = (V::splat(*px).sub(x), V::splat(*py).sub(y), V::splat(*pz).sub(z));
            let square = square_length(dx, dy, dz);
            farthest = farthest.max(square);
            row.0 = square.store();
        }
        (rows, farthest)
    }

    /// Notes the squared distances of all points from one position, several to a row, and finds the largest.
    #[inline(always)]
    fn fill_for_one<V: Vector>(&mut self, position: [f64; 3], points: Points<'_>) -> (&[Row], V) {
        let n_points = points.x.len();
        let rows = self.rows(n_points.div_ceil(WIDTH));
        let [x, y, z] = position.map(V::splat);
        let mut farthest = V::splat(0.0);
        let chunks = points.x.chunks(WIDTH).zip(points.y.chunks(WIDTH)).zip(points.z.chunks(WIDTH));
        for (row, ((px, py), pz)) in rows.iter_mut().zip(chunks) {
            let n_present = px.len();
            let (px, py, pz) = (V::load_some(px), V::load_some(py), V::load_some(pz));
            let square = square_length(px.sub(x), py.sub(y), pz.sub(z));
            row.0 = square.store();
            // What is missing is no number: neither below nor above any distance.
            row.0[n_present..].fill(f64::NAN);
            let square = V::load(&row.0);
            farthest = farthest.max_where(V::splat(0.0).is_at_most(square), square);
        }
        (rows, farthest)
    }

    #[inline(always)]
    fn rows(&mut self, n_rows: usize) -> &mut [Row] {
        if self.rows.len() < n_rows {
            self.grow(n_rows);
        }
        &mut self.rows[..n_rows]
    }

    #[cold]
    fn grow(&mut self, n_rows: usize) {
        self.rows.resize(2 * n_rows, Row([0.0; WIDTH]));
    }
}

/// Counts in each lane the squared distances up to `at`.
#[inline(always)]
fn count<V: Vector>(rows: &[Row], at: V) -> V {
    let (zero, one) = (V::splat(0.0), V::splat(1.0));
    // Several sums, so that one need not wait for the other.
    let mut sums = [zero; 4];
    let (fours, rest) = rows.as_chunks::<4>();
    for four in fours {
        for (sum, row) in sums.iter_mut().zip(four) {
            *sum = sum.add_where(V::load(&row.0).is_at_most(at), one);
        }
    }
    for row in rest {
        sums[0] = sums[0].add_where(V::load(&row.0).is_at_most(at), one);
    }
    sums[0].add(sums[1]).add(sums[2].add(sums[3]))
}

/// Parts in each lane the squared distances at `at`.
#[inline(always)]
fn part<V: Vector>(rows: &[Row], at: V) -> Parted<V> {
    let (zero, one) = (V::splat(0.0), V::splat(1.0));
    let mut both = [(zero, zero, V::splat(f64::INFINITY)); 2];
    let (pairs, rest) = rows.as_chunks::<2>();
    let take = |(n, below, above): &mut (V, V, V), row: &Row| {
        let square = V::load(&row.0);
        let is_below = square.is_at_most(at);
        *n = n.add_where(is_below, one);
        *below = below.max_where(is_below, square);
        *above = above.min_where(at.is_below(square), square);
    };
    for pair in pairs {
        take(&mut both[0], &pair[0]);
        take(&mut both[1], &pair[1]);
    }
    for row in rest {
        take(&mut both[0], row);
    }
    let [(n, below, above), (n_too, below_too, above_too)] = both;
    Parted { n_up_to: n.add(n_too), below: below.max(below_too), above: above.min(above_too) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::vector::Plain;
    use crate::testing::{ball, uniform};

    /// The n-th nearest of points on the x axis, seen from eight places near 0, and from the first of these alone.
    fn assert_selects(x: &[f64], limits: &[f64]) {
        let nothing = vec![0.0; x.len()];
        let points = Points { x, y: &nothing, z: &nothing };
        let at = [0.0, 0.0, 1.0, -1.0, 0.5, 100.0, 1e-3, 7.0];
        let queries = Points { x: &at, y: &[0.0; WIDTH], z: &[0.0; WIDTH] };
        let mut selector = Selector::default();
        for n in (1..=x.len() + 1).filter(|n| n % 7 == 1 || *n >= x.len()) {
            let expected = at.map(|at| {
                let mut squares: Vec<f64> = x.iter().map(|x| (x - at) * (x - at)).collect();
                squares.sort_by(f64::total_cmp);
                squares.get(n - 1).copied().unwrap_or(f64::INFINITY)
            });
            for &limit in limits {
                let found = selector.nth_nearest::<Plain>(n, queries, points, limit);
                assert_eq!(found, expected, "n = {n}, limit = {limit}");
                let found = selector.nth_nearest_of_one::<Plain>(n, [at[0], 0.0, 0.0], points, limit);
                assert_eq!(found, expected[0], "n = {n}, limit = {limit}");
            }
        }
    }

    #[test]
    fn the_nth_of_any_numbers_is_found_from_any_limit() {
        let limits = [0.0, 1e-300, 0.3, 25.0, 1e6, f64::INFINITY];
        assert_selects(&uniform(200, -5.0..5.0, 1), &limits);
        assert_selects(&[2.0; 50], &limits);
        assert_selects(&[], &limits);
        let few: Vec<f64> = (0..90).map(|i| f64::from(i % 4)).collect();
        assert_selects(&few, &limits);
        let wild: Vec<f64> = (0..120).map(|i| 10f64.powi(3 * i - 180)).collect();
        assert_selects(&wild, &limits);
    }

    #[test]
    fn queries_that_are_missing_disturb_nothing() {
        let positions = ball(100, 1.0, 2);
        let axis = |axis: usize| positions.iter().map(|position| position[axis]).collect::<Vec<_>>();
        let (x, y, z) = (axis(0), axis(1), axis(2));
        let points = Points { x: &x, y: &y, z: &z };
        let mut selector = Selector::default();
        let first = |n: usize| Points { x: &x[..n], y: &y[..n], z: &z[..n] };
        let all = selector.nth_nearest::<Plain>(10, first(8), points, 0.1);
        for n_queries in 1..8 {
            let some = selector.nth_nearest::<Plain>(10, first(n_queries), points, 0.1);
            assert_eq!(some[..n_queries], all[..n_queries]);
        }
    }
}
