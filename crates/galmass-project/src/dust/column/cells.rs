//! Gas cells as the rays of a tile meet them.
//!
//! Places are in two singles each, the nearest to a coordinate and what that leaves, so that a distance is the sum of two
//! differences and as good as any in single precision, wherever in the galaxy it is. So a vector holds twice as many as of
//! doubles. Masses and sums are doubles.

use std::array::from_fn;

use super::cloud::Cell;
use super::kernel_table::{KernelTable, N_TOGETHER, value_if};
use galmass_core::simd::{Work, dispatch, fma, fma_f32};

#[cfg(target_arch = "x86_64")]
mod x86;

/// Cells that are looked through side by side: a vector of singles.
const LANES: usize = 2 * N_TOGETHER;

/// The rank of lanes without a cell.
const NO_CELL: u32 = u32::MAX;

/// A kernel that ends so close to a tile might, but for rounding, reach it: the square of R / H.
const NEARLY_REACHING: f32 = 1.0001;

/// The nearest single, and the one nearest to what it leaves.
pub(super) fn in_singles(value: f64) -> [f32; 2] {
    let nearest = value as f32;
    [nearest, (value - f64::from(nearest)) as f32]
}

/// Cells, the nearest to the observer first, column by column.
///
/// All columns are of one length, a multiple of [`LANES`]; behind the last cell they are filled up with cells of no mass
/// that are in front of nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cells {
    /// Coordinates on the image plane in two singles \[kpc\].
    x: Vec<f32>,
    x_rest: Vec<f32>,
    y: Vec<f32>,
    y_rest: Vec<f32>,
    /// 1 / H^2.
    per_square: Vec<f32>,
    /// How many of all cells come before.
    ranks: Vec<u32>,
    /// Masses over H^2.
    masses: Vec<f64>,
    metals: Vec<f64>,
}

/// The smallest rectangle that surely holds some stars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub(super) low: [f32; 2],
    pub(super) high: [f32; 2],
    /// Above the ranks of all cells that are in front of some of the stars.
    pub(super) end: u32,
}

impl Tile {
    /// The axis along which it is longer.
    pub(super) fn longer_side(&self) -> usize {
        let width = |axis: usize| self.high[axis] - self.low[axis];
        usize::from(width(0) < width(1))
    }
}

/// The line of sight to a star.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ray {
    /// In two singles \[kpc\].
    pub(super) x: [f32; 2],
    pub(super) y: [f32; 2],
    /// Above the ranks of the cells in front of the star.
    pub(super) end: u32,
}

/// The sums over the kernels in front of a star: of m W, and of m W Z.
pub(super) type Sums = [f64; 2];

impl Cells {
    /// Fewer than 2^31 cells in their order.
    pub(super) fn new(cells: &[Cell]) -> Self {
        let mut columns = Self::default();
        for (rank, cell) in (0..).zip(cells) {
            let per_square = 1.0 / cell.support / cell.support;
            // Not infinite, which were no number for a star in its very middle.
            columns.push(cell, (per_square as f32).min(f32::MAX), rank, per_square);
        }
        columns.fill_up();
        columns
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    fn push(&mut self, cell: &Cell, single_per_square: f32, rank: u32, per_square: f64) {
        let ([x, x_rest], [y, y_rest]) = (in_singles(cell.x), in_singles(cell.y));
        self.x.push(x);
        self.x_rest.push(x_rest);
        self.y.push(y);
        self.y_rest.push(y_rest);
        self.per_square.push(single_per_square);
        self.ranks.push(rank);
        self.masses.push(cell.mass * per_square);
        self.metals.push(cell.metals * per_square);
    }

    fn fill_up(&mut self) {
        let n_lanes = self.ranks.len().next_multiple_of(LANES);
        for column in self.singles_mut() {
            column.resize(n_lanes, 0.0);
        }
        self.ranks.resize(n_lanes, NO_CELL);
        for column in self.doubles_mut() {
            column.resize(n_lanes, 0.0);
        }
    }

    fn singles(&self) -> [&Vec<f32>; 5] {
        [&self.x, &self.x_rest, &self.y, &self.y_rest, &self.per_square]
    }

    fn singles_mut(&mut self) -> [&mut Vec<f32>; 5] {
        [&mut self.x, &mut self.x_rest, &mut self.y, &mut self.y_rest, &mut self.per_square]
    }

    fn doubles(&self) -> [&Vec<f64>; 2] {
        [&self.masses, &self.metals]
    }

    fn doubles_mut(&mut self) -> [&mut Vec<f64>; 2] {
        [&mut self.masses, &mut self.metals]
    }

    /// Those, in their order, that lie in front of some star of a tile and may reach into it.
    pub(super) fn reaching(&self, tile: &Tile) -> Self {
        #[cfg(target_arch = "x86_64")]
        if galmass_core::simd::has_avx512() {
            // SAFETY: the processor has all that the function is compiled for.
            return unsafe { x86::reaching(self, tile) };
        }
        self.reaching_plainly(tile)
    }

    /// The same in plain loops.
    fn reaching_plainly(&self, tile: &Tile) -> Self {
        let n_in_front = self.ranks.partition_point(|&rank| rank < tile.end);
        let kept: Vec<usize> = (0..n_in_front).filter(|&cell| self.may_reach(cell, tile)).collect();
        let mut found =
            Self { ranks: kept.iter().map(|&cell| self.ranks[cell]).collect(), ..Self::default() };
        for (to, from) in found.singles_mut().into_iter().zip(self.singles()) {
            to.extend(kept.iter().map(|&cell| from[cell]));
        }
        for (to, from) in found.doubles_mut().into_iter().zip(self.doubles()) {
            to.extend(kept.iter().map(|&cell| from[cell]));
        }
        found.fill_up();
        found
    }

    #[inline(always)]
    fn may_reach(&self, cell: usize, Tile { low, high, .. }: &Tile) -> bool {
        let outside = |from: f32, rest: f32, low: f32, high: f32| {
            let (before, behind) = ((low - from) - rest, (from - high) + rest);
            before.max(behind).max(0.0)
        };
        let dx = outside(self.x[cell], self.x_rest[cell], low[0], high[0]);
        let dy = outside(self.y[cell], self.y_rest[cell], low[1], high[1]);
        (dx * dx + dy * dy) * self.per_square[cell] < NEARLY_REACHING
    }

    /// Looks along rays through all cells.
    pub(super) fn look(&self, rays: &[Ray], table: &KernelTable, sums: &mut [Sums]) {
        #[cfg(target_arch = "x86_64")]
        if let (true, Some(powers)) = (galmass_core::simd::has_avx512(), &table.powers) {
            // SAFETY: the processor has all that the function is compiled for.
            unsafe { x86::look(self, rays, table, powers, sums) };
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            unsafe { x86::look_narrowly(self, rays, table, sums) };
            return;
        }
        dispatch(Look { cells: self, rays, table, sums });
    }
}

/// Rays through cells, in plain loops.
struct Look<'a> {
    cells: &'a Cells,
    rays: &'a [Ray],
    table: &'a KernelTable,
    sums: &'a mut [Sums],
}

impl Work for Look<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (ray, sums) in self.rays.iter().zip(self.sums) {
            let mut halves = [[[0.0; N_TOGETHER]; 2]; 2];
            for first in (0..self.cells.ranks.len()).step_by(LANES) {
                if self.cells.ranks[first] >= ray.end {
                    break;
                }
                let [low, high] = &mut halves;
                self.cells.add::<FMA>(first, ray, self.table, low);
                self.cells.add::<FMA>(first + N_TOGETHER, ray, self.table, high);
            }
            let [low, high] = halves;
            *sums = from_fn(|k| sum(low[k], high[k]));
        }
    }
}

impl Cells {
    /// Adds what a ray finds in some cells, lane by lane: masses and metals.
    #[inline(always)]
    fn add<const FMA: bool>(
        &self,
        first: usize,
        ray: &Ray,
        table: &KernelTable,
        [masses, metals]: &mut [[f64; N_TOGETHER]; 2],
    ) {
        let lanes = first..first + N_TOGETHER;
        let (x, x_rest) = (&self.x[lanes.clone()], &self.x_rest[lanes.clone()]);
        let (y, y_rest) = (&self.y[lanes.clone()], &self.y_rest[lanes.clone()]);
        let (per_square, ranks) = (&self.per_square[lanes.clone()], &self.ranks[lanes.clone()]);
        let mut squares = [0.0; N_TOGETHER];
        for lane in 0..N_TOGETHER {
            let dx = (x[lane] - ray.x[0]) + (x_rest[lane] - ray.x[1]);
            let dy = (y[lane] - ray.y[0]) + (y_rest[lane] - ray.y[1]);
            squares[lane] = fma_f32::<FMA>(dx, dx, dy * dy) * per_square[lane];
        }
        let shares = table.at_squares::<FMA>(&squares);
        let (mass, metal) = (&self.masses[lanes.clone()], &self.metals[lanes]);
        for lane in 0..N_TOGETHER {
            let share = f64::from(value_if(ranks[lane] < ray.end, shares[lane]));
            masses[lane] = fma::<FMA>(mass[lane], share, masses[lane]);
            metals[lane] = fma::<FMA>(metal[lane], share, metals[lane]);
        }
    }
}

/// The sum over the lanes of both halves, always in the same order.
#[inline(always)]
fn sum(low: [f64; N_TOGETHER], high: [f64; N_TOGETHER]) -> f64 {
    let eight: [f64; N_TOGETHER] = from_fn(|lane| low[lane] + high[lane]);
    let four: [f64; 4] = from_fn(|lane| eight[lane] + eight[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

#[cfg(test)]
mod tests;
