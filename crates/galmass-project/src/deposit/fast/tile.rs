//! Kernels added to a piece of a mesh.
//!
//! A kernel's share of a cell is a sum of products of differences of odd primitives (see [`Shape`]), one factor for the
//! column and one for the row. So a kernel takes the primitives at the edges of its window, along x and along y, and
//! then a multiply-add for each cell and product. Windows are rounded up to a few sizes that fill vectors: beyond
//! the support the primitives are constant, and shares are 0.

use super::shape::{Shape, Shapes};
#[cfg(target_arch = "x86_64")]
use super::window;
use crate::simd::{Work, dispatch, fma_f32, has_avx512};

/// A kernel on its tile: what the loops need of it, in the order of its window's size and place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Splat {
    /// The light to share out.
    pub(super) light: f64,
    /// The first edges of the window from the particle, in support radii: at most -1.
    pub(super) first: [f32; 2],
    /// Support radii per cell.
    pub(super) per_cell: f32,
    /// The place of the window's first cell on the tile.
    pub(super) at: u32,
    /// The cells of the window, columns and rows.
    pub(super) size: [u16; 2],
    /// Whether the window is cut by the end of the mesh, on any side.
    pub(super) is_cut: bool,
}

/// Windows by size: up to 4, 8 and 16 cells a side, and larger ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Size {
    Tiny,
    Small,
    Medium,
    Large,
    Huge,
}

impl Size {
    pub(super) const ALL: [Self; 5] = [Self::Tiny, Self::Small, Self::Medium, Self::Large, Self::Huge];

    /// The size for a window of so many cells a side.
    #[inline(always)]
    pub(super) fn of(n_cells: usize) -> Self {
        // Without a branch: sizes come in no order.
        let steps =
            u8::from(n_cells > 4) + u8::from(n_cells > 8) + u8::from(n_cells > 16) + u8::from(n_cells > 32);
        Self::ALL[usize::from(steps)]
    }
}

/// Adds kernels with windows of one size to a tile, with the widest vectors that there are. The result is the light that
/// should now be on it, in full precision.
pub(super) fn add<'a>(add: AddAll<'a, impl Iterator<Item = &'a Splat>>) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() && add.size != Size::Huge {
        // SAFETY: the processor has all that the function is compiled for.
        return unsafe { add_avx512(add) };
    }
    dispatch(add)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn add_avx512<'a>(add: AddAll<'a, impl Iterator<Item = &'a Splat>>) -> f64 {
    let AddAll { splats, size, shapes, cells, stride } = add;
    match size {
        Size::Tiny => window::add_narrow::<4, 2, 6>(splats, &shapes.tiny, cells, stride),
        Size::Small => window::add_narrow::<8, 3, 7>(splats, &shapes.small, cells, stride),
        Size::Medium => window::add_wide::<1, 3, 8>(splats, &shapes.medium, cells, stride),
        Size::Large | Size::Huge => window::add_wide::<2, 4, 9>(splats, &shapes.large, cells, stride),
    }
}

/// Adds kernels with windows of one size to a tile. The result is the light that should now be on it, in full
/// precision.
pub(super) struct AddAll<'a, I> {
    pub(super) splats: I,
    pub(super) size: Size,
    pub(super) shapes: &'a Shapes,
    /// The cells of the tile, row by row, with as many columns beyond the last window as it is rounded up by.
    pub(super) cells: &'a mut [f32],
    pub(super) stride: usize,
}

impl<'a, I: Iterator<Item = &'a Splat>> Work for AddAll<'a, I> {
    type Output = f64;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> f64 {
        let Self { splats, size, shapes, cells, stride } = self;
        let mut light = 0.0;
        match size {
            Size::Tiny => {
                for splat in splats {
                    add_window::<4, 8, 2, 6, FMA>(splat, &shapes.tiny, cells, stride);
                    light += splat.light;
                }
            }
            Size::Small => {
                for splat in splats {
                    add_window::<8, 16, 3, 7, FMA>(splat, &shapes.small, cells, stride);
                    light += splat.light;
                }
            }
            Size::Medium => {
                for splat in splats {
                    add_window::<16, 32, 3, 8, FMA>(splat, &shapes.medium, cells, stride);
                    light += splat.light;
                }
            }
            Size::Large => {
                for splat in splats {
                    add_window::<32, 64, 4, 9, FMA>(splat, &shapes.large, cells, stride);
                    light += splat.light;
                }
            }
            Size::Huge => {
                let mut scratch = Scratch::default();
                for splat in splats {
                    light += add_huge::<4, 9, FMA>(splat, &shapes.large, cells, stride, &mut scratch);
                }
            }
        }
        light
    }
}

/// The primitive at `N` edges from the second of a window on, x in the first half, y in the second.
#[inline(always)]
fn primitive<const N: usize, const TERMS: usize, const FMA: bool>(
    u: &[f32; N],
    t: &[f32; N],
    terms: &[f32; TERMS],
) -> [f32; N] {
    let mut sum = [terms[TERMS - 1]; N];
    for term in terms[..TERMS - 1].iter().rev() {
        for k in 0..N {
            sum[k] = fma_f32::<FMA>(sum[k], t[k], *term);
        }
    }
    std::array::from_fn(|k| sum[k] * u[k])
}

/// Adds a window of at most `SIDE` cells a side; `BOTH` is twice as many.
#[inline(always)]
fn add_window<
    const SIDE: usize,
    const BOTH: usize,
    const RANK: usize,
    const TERMS: usize,
    const FMA: bool,
>(
    splat: &Splat,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
    stride: usize,
) {
    let mut u = [0.0f32; BOTH];
    for k in 0..SIDE {
        let edges = (k + 1) as f32 * splat.per_cell;
        u[k] = splat.first[0] + edges;
        u[SIDE + k] = splat.first[1] + edges;
    }
    let mut t = [0.0f32; BOTH];
    for k in 0..BOTH {
        let below = if u[k] < 1.0 { u[k] } else { 1.0 };
        u[k] = if below > -1.0 { below } else { -1.0 };
        t[k] = fma_f32::<FMA>(2.0 * u[k], u[k], -1.0);
    }
    let mut columns = [[0.0f32; SIDE]; RANK];
    let mut rows = [[0.0f32; SIDE]; RANK];
    let light = splat.light as f32;
    for r in 0..RANK {
        let edges = primitive::<BOTH, TERMS, FMA>(&u, &t, &shape.terms[r]);
        columns[r][0] = edges[0] + shape.end[r];
        rows[r][0] = edges[SIDE] + shape.end[r];
        for k in 1..SIDE {
            columns[r][k] = edges[k] - edges[k - 1];
            rows[r][k] = edges[SIDE + k] - edges[SIDE + k - 1];
        }
        let factor = shape.scale[r] * light;
        for row in &mut rows[r] {
            *row *= factor;
        }
    }
    let start = splat.at as usize;
    let window = &mut cells[start..];
    let n_rows = usize::from(splat.size[1]).min(SIDE);
    for (j, row) in window.chunks_mut(stride).take(n_rows).enumerate() {
        let Some(row) = row.first_chunk_mut::<SIDE>() else { return };
        let mut sums = *row;
        for r in 0..RANK {
            let factor = rows[r][j];
            for k in 0..SIDE {
                sums[k] = fma_f32::<FMA>(factor, columns[r][k], sums[k]);
            }
        }
        *row = sums;
    }
}

#[derive(Default)]
struct Scratch {
    /// The shares of columns and rows, product by product.
    columns: Vec<f32>,
    rows: Vec<f32>,
}

/// Edges that are taken together.
const LANES: usize = 16;

/// Fills `shares` with the differences of the primitives over a side of a window.
#[inline(always)]
fn shares<const RANK: usize, const TERMS: usize, const FMA: bool>(
    first: f32,
    per_cell: f32,
    shape: &Shape<RANK, TERMS>,
    width: usize,
    shares: &mut Vec<f32>,
    is_cut: bool,
) {
    shares.resize(RANK * width, 0.0);
    // A window that is cut at the lower end of the mesh begins inside the support.
    let mut before: [f32; RANK] = std::array::from_fn(|r| {
        let u = if is_cut { first.clamp(-1.0, 1.0) } else { -1.0 };
        primitive::<1, TERMS, FMA>(&[u], &[2.0 * u * u - 1.0], &shape.terms[r])[0]
    });
    for block in (0..width).step_by(LANES) {
        let mut u = [0.0f32; LANES];
        let mut t = [0.0f32; LANES];
        for k in 0..LANES {
            let edge = fma_f32::<FMA>((block + k + 1) as f32, per_cell, first);
            let below = if edge < 1.0 { edge } else { 1.0 };
            u[k] = if below > -1.0 { below } else { -1.0 };
            t[k] = fma_f32::<FMA>(2.0 * u[k], u[k], -1.0);
        }
        for r in 0..RANK {
            let edges = primitive::<LANES, TERMS, FMA>(&u, &t, &shape.terms[r]);
            let out = &mut shares[r * width + block..r * width + block + LANES];
            out[0] = edges[0] - before[r];
            for k in 1..LANES {
                out[k] = edges[k] - edges[k - 1];
            }
            before[r] = edges[LANES - 1];
        }
    }
}

/// Adds a window of any size.
#[inline(always)]
fn add_huge<const RANK: usize, const TERMS: usize, const FMA: bool>(
    splat: &Splat,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
    stride: usize,
    scratch: &mut Scratch,
) -> f64 {
    let [n_columns, n_rows] = splat.size.map(usize::from);
    let [width, height] = [n_columns, n_rows].map(|n| n.next_multiple_of(LANES));
    let Scratch { columns, rows } = scratch;
    shares::<RANK, TERMS, FMA>(splat.first[0], splat.per_cell, shape, width, columns, splat.is_cut);
    shares::<RANK, TERMS, FMA>(splat.first[1], splat.per_cell, shape, height, rows, splat.is_cut);
    let light = splat.light as f32;
    let start = splat.at as usize;
    for j in 0..n_rows {
        let factors: [f32; RANK] = std::array::from_fn(|r| shape.scale[r] * light * rows[r * height + j]);
        let row = &mut cells[start + j * stride..start + j * stride + width];
        for (block, sums) in row.chunks_exact_mut(LANES).enumerate() {
            let mut kept: [f32; LANES] = std::array::from_fn(|k| sums[k]);
            for r in 0..RANK {
                let column = &columns[r * width + block * LANES..r * width + (block + 1) * LANES];
                for k in 0..LANES {
                    kept[k] = fma_f32::<FMA>(factors[r], column[k], kept[k]);
                }
            }
            sums.copy_from_slice(&kept);
        }
    }
    if splat.is_cut {
        let total = |shares: &[f32]| shares.iter().map(|&share| f64::from(share)).sum::<f64>();
        let of_product = |r: usize| {
            let rows = total(&rows[r * height..r * height + n_rows]);
            f64::from(shape.scale[r]) * total(&columns[r * width..(r + 1) * width]) * rows
        };
        splat.light * (0..RANK).map(of_product).sum::<f64>()
    } else {
        splat.light
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;
    use crate::testing::uniform;

    const STRIDE: usize = 96;

    /// Kernels on a tile of 96 cells a side, with windows of one size.
    fn splats(size: Size) -> Vec<Splat> {
        let (narrowest, widest) = match size {
            Size::Tiny => (0.01, 1.0),
            Size::Small => (1.6, 3.0),
            Size::Medium => (4.1, 7.0),
            Size::Large => (8.1, 15.0),
            Size::Huge => (16.0, 20.0),
        };
        let places = uniform(200, 24.0..60.0, 1);
        let supports = uniform(100, narrowest..widest, 2);
        let kernels = places.chunks(2).zip(&supports).map(|(centre, support)| {
            let low = [0, 1].map(|axis: usize| (centre[axis] - support).floor());
            let size = [0, 1].map(|axis| ((centre[axis] + support).floor() - low[axis]) as u16 + 1);
            Splat {
                light: 0.5 + support,
                first: [0, 1].map(|axis| ((low[axis] - centre[axis]) / support) as f32),
                per_cell: (1.0 / support) as f32,
                at: (low[1] as usize * STRIDE + low[0] as usize) as u32,
                size,
                is_cut: false,
            }
        });
        kernels.collect()
    }

    fn job<'a>(
        splats: &'a [Splat],
        size: Size,
        shapes: &'a Shapes,
        cells: &'a mut [f32],
    ) -> AddAll<'a, std::slice::Iter<'a, Splat>> {
        AddAll { splats: splats.iter(), size, shapes, cells, stride: STRIDE }
    }

    #[test]
    fn loops_for_all_processors_agree() {
        let shapes = Shapes::of(Kernel::CubicSpline);
        for size in Size::ALL {
            let splats = splats(size);
            let [mut widest, mut plain, mut fused] = [0; 3].map(|_| vec![0.0; STRIDE * STRIDE]);
            let light = add(job(&splats, size, &shapes, &mut widest));
            assert!((light / splats.iter().map(|splat| splat.light).sum::<f64>() - 1.0).abs() < 1e-12);
            assert_eq!(job(&splats, size, &shapes, &mut plain).run::<false>(), light);
            assert_eq!(job(&splats, size, &shapes, &mut fused).run::<true>(), light);
            for (widest, (plain, fused)) in widest.iter().zip(plain.iter().zip(&fused)) {
                assert!(
                    (widest - plain).abs() < 3e-5 && (widest - fused).abs() < 3e-5,
                    "{size:?}: {widest} {plain}"
                );
            }
            let total: f64 = plain.iter().map(|&cell| f64::from(cell)).sum();
            assert!((total / light - 1.0).abs() < 1e-5, "{size:?}: {total} {light}");
        }
    }
}
