//! Many rays through many kernels.
//!
//! The image plane is cut into tiles of few stars, each time in two halves along the longer side. A list of the cells
//! in front of a tile goes down with it, and each half keeps those whose kernels reach it, so that in the end the stars
//! of a tile look at little more than what their rays cross. Lists keep their order of depth: what is in front of a star
//! is the beginning of its list.
//!
//! How the plane is cut depends on the stars alone, and each star adds up its own list: the same bits come out for any
//! number of threads.

use super::cloud::{Cell, Cloud};
use super::column_of;
use super::kernel_table::KernelTable;
use crate::View;
use crate::dust::GasColumn;
use crate::kernel::Kernel;
use crate::simd::{Work, dispatch, fma};

/// Stars in a tile that is not cut further: enough to make up for gathering its cells, few enough that their rays cross
/// about the same ones.
const STARS_PER_TILE: usize = 64;

/// The fewest stars that are worth handing to another thread.
const STARS_PER_TASK: usize = 1024;

/// Sums that run side by side, so that vectors can hold them.
const LANES: usize = 8;

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
            let dx = outside(cell.x, low[0], high[0]) / cell.support;
            let dy = outside(cell.y, low[1], high[1]) / cell.support;
            dx * dx + dy * dy < 1.0
        };
        candidates[..n_in_front].iter().copied().filter(|&cell| reaches(&self.cells[cell])).collect()
    }

    /// The columns of few stars through few cells.
    fn look(&self, stars: &[Star], cells: &[usize]) -> Vec<(usize, GasColumn)> {
        dispatch(Look {
            stars,
            cells: &Gathered::new(cells.iter().map(|&cell| &self.cells[cell])),
            table: &self.table,
        })
    }
}

/// The corners of the smallest rectangle that holds some stars.
fn bounds(stars: &[Star]) -> ([f64; 2], [f64; 2]) {
    stars.iter().fold(([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]), |(low, high), star| {
        ([low[0].min(star.x), low[1].min(star.y)], [high[0].max(star.x), high[1].max(star.y)])
    })
}

/// The cells of a tile, column by column.
struct Gathered {
    x: Vec<f64>,
    y: Vec<f64>,
    depth: Vec<f64>,
    /// 1 / H^2.
    per_square: Vec<f64>,
    /// Masses over H^2.
    mass: Vec<f64>,
    metals: Vec<f64>,
}

impl Gathered {
    fn new<'a>(cells: impl ExactSizeIterator<Item = &'a Cell> + Clone) -> Self {
        let column = |of: fn(&Cell) -> f64| cells.clone().map(of).collect();
        Self {
            x: column(|cell| cell.x),
            y: column(|cell| cell.y),
            depth: column(|cell| cell.depth),
            per_square: column(|cell| 1.0 / cell.support / cell.support),
            mass: column(|cell| cell.mass / cell.support / cell.support),
            metals: column(|cell| cell.metals / cell.support / cell.support),
        }
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
            let n_in_front = self.cells.depth.partition_point(|&depth| depth < star.depth);
            columns.push((star.index, self.through::<FMA>(star, n_in_front)));
        }
        columns
    }
}

impl Look<'_> {
    /// The column of one star behind the first of the cells.
    #[inline(always)]
    fn through<const FMA: bool>(&self, star: &Star, n_in_front: usize) -> GasColumn {
        let x = &self.cells.x[..n_in_front];
        let y = &self.cells.y[..n_in_front];
        let per_square = &self.cells.per_square[..n_in_front];
        let mass = &self.cells.mass[..n_in_front];
        let metals = &self.cells.metals[..n_in_front];

        let mut masses = [0.0; LANES];
        let mut all_metals = [0.0; LANES];
        let whole = n_in_front - n_in_front % LANES;
        for start in (0..whole).step_by(LANES) {
            for lane in 0..LANES {
                let at = start + lane;
                let share = self.share::<FMA>(star, x[at], y[at], per_square[at]);
                masses[lane] = fma::<FMA>(mass[at], share, masses[lane]);
                all_metals[lane] = fma::<FMA>(metals[at], share, all_metals[lane]);
            }
        }
        for at in whole..n_in_front {
            let share = self.share::<FMA>(star, x[at], y[at], per_square[at]);
            masses[at - whole] = fma::<FMA>(mass[at], share, masses[at - whole]);
            all_metals[at - whole] = fma::<FMA>(metals[at], share, all_metals[at - whole]);
        }
        column_of(masses.iter().sum(), all_metals.iter().sum())
    }

    /// What a star sees of a kernel, in units of 1 / H^2.
    #[inline(always)]
    fn share<const FMA: bool>(&self, star: &Star, x: f64, y: f64, per_square: f64) -> f64 {
        let (dx, dy) = (x - star.x, y - star.y);
        self.table.at_square::<FMA>(fma::<FMA>(dx, dx, dy * dy) * per_square)
    }
}
