//! Many rays through many kernels.
//!
//! The image plane is cut into tiles of few stars, each time in two halves along the longer side. A list of the cells
//! in front of a tile goes down with it, and each half keeps those whose kernels reach it, so that in the end the stars
//! of a tile look at little more than what their rays cross. Lists keep their order of depth: what is in front of a star
//! is the beginning of its list.
//!
//! How the plane is cut depends on the stars alone, and each star adds up its own list: the same bits come out for any
//! number of threads.

use std::array::from_fn;

use super::cloud::{Cell, Cloud};
use super::column_of;
use super::kernel_table::{KernelTable, LANES};
use crate::View;
use crate::dust::GasColumn;
use crate::kernel::Kernel;
use galmass_core::simd::{Work, dispatch, fma};

/// Stars in a tile that is not cut further: enough to make up for gathering its cells, few enough that their rays cross
/// about the same ones.
const STARS_PER_TILE: usize = 128;

/// The fewest stars that are worth handing to another thread.
const STARS_PER_TASK: usize = 1024;

#[derive(Clone, Copy, Debug)]
struct Star {
    x: f64,
    y: f64,
    depth: f64,
    index: usize,
}

/// The columns in front of all stars, in their order.
pub(super) fn columns(
    positions_kpc: &[[f64; 3]],
    cloud: &Cloud,
    view: &View,
    kernel: Kernel,
) -> Vec<GasColumn> {
    let mut columns = vec![GasColumn::default(); positions_kpc.len()];
    let mut stars: Vec<Star> = positions_kpc
        .iter()
        .enumerate()
        .map(|(index, &position)| {
            let [x, y] = view.plane(position);
            Star { x, y, depth: view.depth(position), index }
        })
        // So far away that its coordinates overflow, a star has nothing in front.
        .filter(|star| star.x.is_finite() && star.y.is_finite() && !star.depth.is_nan())
        .collect();
    if stars.is_empty() || cloud.cells.is_empty() {
        return columns;
    }
    let tiling = Tiling { cells: &cloud.cells, table: KernelTable::new(kernel) };
    let all: Vec<usize> = (0..cloud.cells.len()).collect();
    for (index, column) in tiling.cut(&mut stars, &all) {
        columns[index] = column;
    }
    columns
}

struct Tiling<'a> {
    cells: &'a [Cell],
    table: KernelTable,
}

impl Tiling<'_> {
    /// The columns of the stars of a tile, given cells among which are all that reach it.
    fn cut(&self, stars: &mut [Star], candidates: &[usize]) -> Vec<(usize, GasColumn)> {
        let (low, high) = bounds(stars);
        let reaching = self.reaching(stars, low, high, candidates);
        if reaching.is_empty() {
            return Vec::new();
        }
        if stars.len() <= STARS_PER_TILE || low == high {
            return self.look(stars, &reaching);
        }
        let middle = stars.len() / 2;
        let wider =
            if high[0] - low[0] >= high[1] - low[1] { |star: &Star| star.x } else { |star: &Star| star.y };
        // The index decides between equals, so that the halves are always the same.
        stars
            .select_nth_unstable_by(middle, |a, b| wider(a).total_cmp(&wider(b)).then(a.index.cmp(&b.index)));
        let large = stars.len() >= STARS_PER_TASK;
        let (left, right) = stars.split_at_mut(middle);
        let (mut done, rest) = if large {
            rayon::join(|| self.cut(left, &reaching), || self.cut(right, &reaching))
        } else {
            (self.cut(left, &reaching), self.cut(right, &reaching))
        };
        done.extend(rest);
        done
    }

    /// Those of the candidates, in their order, that lie in front of some star of a tile and reach into it.
    fn reaching(&self, stars: &[Star], low: [f64; 2], high: [f64; 2], candidates: &[usize]) -> Vec<usize> {
        let farthest = stars.iter().fold(f64::NEG_INFINITY, |farthest, star| farthest.max(star.depth));
        let n_in_front = candidates.partition_point(|&cell| self.cells[cell].depth < farthest);
        let outside = |x: f64, low: f64, high: f64| (low - x).max(x - high).max(0.0);
        let reaches = |cell: &Cell| {
            let (dx, dy) = (outside(cell.x, low[0], high[0]), outside(cell.y, low[1], high[1]));
            dx * dx + dy * dy < cell.support * cell.support
        };
        candidates[..n_in_front].iter().copied().filter(|&cell| reaches(&self.cells[cell])).collect()
    }

    /// The columns of few stars through few cells.
    fn look(&self, stars: &[Star], cells: &[usize]) -> Vec<(usize, GasColumn)> {
        dispatch(Look { stars, cells: &Gathered::new(self.cells, cells), table: &self.table })
    }
}

/// The corners of the smallest rectangle that holds some stars.
fn bounds(stars: &[Star]) -> ([f64; 2], [f64; 2]) {
    stars.iter().fold(([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]), |(low, high), star| {
        ([low[0].min(star.x), low[1].min(star.y)], [high[0].max(star.x), high[1].max(star.y)])
    })
}

/// The cells of a tile in order of depth, a vector's width side by side.
struct Gathered {
    depths: Vec<f64>,
    blocks: Vec<Block>,
}

#[derive(Clone, Copy, Default)]
struct Block {
    x: [f64; LANES],
    y: [f64; LANES],
    /// 1 / H^2.
    per_square: [f64; LANES],
    /// Masses over H^2; 0 where there is no cell.
    masses: [f64; LANES],
    metals: [f64; LANES],
}

impl Gathered {
    fn new(cells: &[Cell], indices: &[usize]) -> Self {
        let block = |indices: &[usize]| {
            let mut block = Block::default();
            for (lane, &index) in indices.iter().enumerate() {
                let cell = &cells[index];
                let per_square = 1.0 / cell.support / cell.support;
                (block.x[lane], block.y[lane], block.per_square[lane]) = (cell.x, cell.y, per_square);
                (block.masses[lane], block.metals[lane]) = (cell.mass * per_square, cell.metals * per_square);
            }
            block
        };
        Self {
            depths: indices.iter().map(|&index| cells[index].depth).collect(),
            blocks: indices.chunks(LANES).map(block).collect(),
        }
    }
}

impl Block {
    /// Only the first of its cells.
    fn first(mut self, n_cells: usize) -> Self {
        self.masses[n_cells..].fill(0.0);
        self.metals[n_cells..].fill(0.0);
        self
    }
}

/// Stars looking through all cells of their tile.
struct Look<'a> {
    stars: &'a [Star],
    cells: &'a Gathered,
    table: &'a KernelTable,
}

impl Work for Look<'_> {
    type Output = Vec<(usize, GasColumn)>;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let mut columns = Vec::with_capacity(self.stars.len());
        for star in self.stars {
            let n_in_front = self.cells.depths.partition_point(|&depth| depth < star.depth);
            let mut sums = Sums::default();
            for block in &self.cells.blocks[..n_in_front / LANES] {
                sums.add::<FMA>(star, block, self.table);
            }
            if n_in_front % LANES > 0 {
                let last = self.cells.blocks[n_in_front / LANES].first(n_in_front % LANES);
                sums.add::<FMA>(star, &last, self.table);
            }
            columns.push((star.index, column_of(sums.masses.iter().sum(), sums.metals.iter().sum())));
        }
        columns
    }
}

/// What a star has in front of it, lane by lane.
#[derive(Default)]
struct Sums {
    masses: [f64; LANES],
    metals: [f64; LANES],
}

impl Sums {
    #[inline(always)]
    fn add<const FMA: bool>(&mut self, star: &Star, block: &Block, table: &KernelTable) {
        let squares = from_fn(|lane| {
            let (dx, dy) = (block.x[lane] - star.x, block.y[lane] - star.y);
            fma::<FMA>(dx, dx, dy * dy) * block.per_square[lane]
        });
        let shares = table.at_squares::<FMA>(&squares);
        self.masses = from_fn(|lane| fma::<FMA>(block.masses[lane], shares[lane], self.masses[lane]));
        self.metals = from_fn(|lane| fma::<FMA>(block.metals[lane], shares[lane], self.metals[lane]));
    }
}
