//! Kernels added to their mesh.
//!
//! A kernel's share of a cell is a sum of products of differences of odd primitives (see [`Shape`]), one factor for the
//! column and one for the row. So a kernel takes the primitives at the edges of its window, along x and along y, and
//! then a multiply-add for each cell and product. Windows are rounded up to a few sizes that fill vectors: beyond
//! the support the primitives are constant, and shares are 0. So it does no harm that a window in the last columns of a
//! mesh reaches into the next row.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::block::{Block, Class, Window};
use super::grade::Grade;
use super::shape::{Shape, Shapes};
use super::special::SpecialWindow;
use galmass_core::simd::fma_f32;

/// What adds kernels to meshes.
pub(super) struct Adder<'a> {
    shapes: &'a Shapes,
    grade: Grade,
    scratch: Scratch,
}

impl<'a> Adder<'a> {
    pub(super) fn new(shapes: &'a Shapes, grade: Grade) -> Self {
        Self { shapes, grade, scratch: Scratch::default() }
    }

    /// Adds all windows of a block but the special ones, class by class.
    #[inline(always)]
    pub(super) fn add<const FMA: bool>(&self, block: &Block, cells: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if galmass_core::simd::has_avx512() {
            // SAFETY: the processor has all that the function is compiled for.
            unsafe { x86::add(block, self.shapes, self.grade, cells) };
            return;
        }
        self.add_plainly::<FMA>(block, cells);
    }

    /// The same in plain loops.
    #[inline(always)]
    fn add_plainly<const FMA: bool>(&self, block: &Block, cells: &mut [f32]) {
        let Shapes { short, medium, large, .. } = self.shapes;
        for window in block.windows(Class::Tiny) {
            add_window::<4, 8, 3, 7, FMA>(&window, short, cells);
        }
        for window in block.windows(Class::Small) {
            add_window::<8, 16, 3, 7, FMA>(&window, short, cells);
        }
        for window in block.windows(Class::Medium) {
            match self.grade {
                Grade::OneByOne => add_window::<16, 32, 5, 10, FMA>(&window, medium, cells),
                Grade::Together => add_window::<16, 32, 3, 7, FMA>(&window, short, cells),
            }
        }
        for window in block.windows(Class::Large) {
            add_window::<24, 48, 3, 10, FMA>(&window, large, cells);
        }
    }

    /// Adds a special window; the result is the light that is within it.
    #[inline(always)]
    pub(super) fn add_special<const FMA: bool>(&mut self, window: &SpecialWindow, cells: &mut [f32]) -> f64 {
        add_special::<4, 9, FMA>(window, &self.shapes.special, cells, &mut self.scratch)
    }
}

/// An edge, not beyond the support, and the argument of the polynomials there.
#[inline(always)]
fn argument<const FMA: bool>(edge: f32) -> (f32, f32) {
    let below = if edge < 1.0 { edge } else { 1.0 };
    let u = if below > -1.0 { below } else { -1.0 };
    (u, fma_f32::<FMA>(2.0 * u, u, -1.0))
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
    window: &Window,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
) {
    let mut u = [0.0f32; BOTH];
    for k in 0..SIDE {
        let edge = (k + 1) as f32;
        u[k] = fma_f32::<FMA>(edge, window.per_cell, window.first[0]);
        u[SIDE + k] = fma_f32::<FMA>(edge, window.per_cell, window.first[1]);
    }
    let mut t = [0.0f32; BOTH];
    for k in 0..BOTH {
        (u[k], t[k]) = argument::<FMA>(u[k]);
    }
    let mut columns = [[0.0f32; SIDE]; RANK];
    let mut rows = [[0.0f32; SIDE]; RANK];
    for r in 0..RANK {
        let edges = primitive::<BOTH, TERMS, FMA>(&u, &t, &shape.terms[r]);
        columns[r][0] = edges[0] + shape.end[r];
        rows[r][0] = edges[SIDE] + shape.end[r];
        for k in 1..SIDE {
            columns[r][k] = edges[k] - edges[k - 1];
            rows[r][k] = edges[SIDE + k] - edges[SIDE + k - 1];
        }
        let factor = shape.scale[r] * window.light;
        for row in &mut rows[r] {
            *row *= factor;
        }
    }
    let (stride, n_rows) = (window.stride as usize, SIDE.min(window.n_rows as usize));
    for (j, row) in cells[window.at as usize..].chunks_mut(stride).take(n_rows).enumerate() {
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
            (u[k], t[k]) = argument::<FMA>(fma_f32::<FMA>((block + k + 1) as f32, per_cell, first));
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

/// Adds a window of any size; the result is the light that is within it.
#[inline(always)]
fn add_special<const RANK: usize, const TERMS: usize, const FMA: bool>(
    window: &SpecialWindow,
    shape: &Shape<RANK, TERMS>,
    cells: &mut [f32],
    scratch: &mut Scratch,
) -> f64 {
    let [n_columns, n_rows] = window.size;
    let [width, height] = [n_columns, n_rows].map(|n| n.next_multiple_of(LANES));
    let Scratch { columns, rows } = scratch;
    shares::<RANK, TERMS, FMA>(window.first[0], window.per_cell, shape, width, columns, window.is_cut);
    shares::<RANK, TERMS, FMA>(window.first[1], window.per_cell, shape, height, rows, window.is_cut);
    let light = window.light as f32;
    for j in 0..n_rows {
        let factors: [f32; RANK] = std::array::from_fn(|r| shape.scale[r] * light * rows[r * height + j]);
        let start = window.at + j * window.stride;
        let row = &mut cells[start..start + n_columns];
        for r in 0..RANK {
            for (cell, column) in row.iter_mut().zip(&columns[r * width..]) {
                *cell = fma_f32::<FMA>(factors[r], *column, *cell);
            }
        }
    }
    if window.is_cut {
        let total = |shares: &[f32]| shares.iter().map(|&share| f64::from(share)).sum::<f64>();
        let of_product = |r: usize| {
            let rows = total(&rows[r * height..r * height + n_rows]);
            f64::from(shape.scale[r]) * total(&columns[r * width..r * width + n_columns]) * rows
        };
        window.light * (0..RANK).map(of_product).sum::<f64>()
    } else {
        window.light
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deposit::fast::block::{BLOCK, Particle};
    use crate::deposit::fast::level::Meshes;
    use crate::kernel::Kernel;
    use crate::testing::uniform;

    /// Kernels of all widths that stay on the image and the meshes above it.
    fn block(meshes: &Meshes) -> (Block, f64) {
        let places = uniform(2 * BLOCK, 70.0..130.0, 1);
        let widths = uniform(BLOCK, -4.0..5.5, 2);
        let particles = places.chunks(2).zip(&widths).map(|(xy, width)| Particle {
            centre: [xy[0], xy[1]],
            support: width.exp2(),
            light: 0.5 + width.exp2(),
        });
        let mut block = Block::default();
        block.fill(particles.collect::<Vec<_>>().into_iter());
        let light = block.find_windows(meshes).light;
        (block, light)
    }

    #[test]
    fn loops_for_all_processors_agree() {
        for grade in [Grade::OneByOne, Grade::Together] {
            let (meshes, shapes) = (Meshes::new(200, grade), Shapes::of(Kernel::CubicSpline));
            let (block, light) = block(&meshes);
            let adder = Adder::new(&shapes, grade);
            let [mut widest, mut plain, mut fused] = [0; 3].map(|_| vec![0.0; meshes.n_cells()]);
            adder.add::<false>(&block, &mut widest);
            adder.add_plainly::<false>(&block, &mut plain);
            adder.add_plainly::<true>(&block, &mut fused);
            for (widest, (plain, fused)) in widest.iter().zip(plain.iter().zip(&fused)) {
                assert!((widest - plain).abs() < 3e-5 && (widest - fused).abs() < 3e-5, "{widest} {plain}");
            }
            #[cfg(target_arch = "x86_64")]
            if galmass_core::simd::has_avx512() {
                assert!(widest == fused);
            }
            let total: f64 = plain.iter().map(|&cell| f64::from(cell)).sum();
            assert!((total / light - 1.0).abs() < 1e-6, "{total} {light}");
        }
    }

    #[test]
    fn special_windows_are_those_of_the_loops_for_their_size() {
        let (meshes, shapes) = (Meshes::new(200, Grade::OneByOne), Shapes::of(Kernel::CubicSpline));
        let particle = Particle { centre: [90.3, 77.7], support: 10.9, light: 3.0 };
        let mut block = Block::default();
        block.fill([particle].into_iter());
        block.find_windows(&meshes);
        let mut adder = Adder::new(&shapes, Grade::OneByOne);
        let [mut large, mut special] = [0; 2].map(|_| vec![0.0; meshes.n_cells()]);
        adder.add::<false>(&block, &mut large);
        let Some(window) = block.windows(Class::Large).next() else { panic!("no window") };
        let window = SpecialWindow {
            light: f64::from(window.light),
            first: window.first,
            per_cell: window.per_cell,
            at: window.at as usize,
            stride: window.stride as usize,
            size: [23, window.n_rows as usize],
            is_cut: false,
            level: 0,
        };
        assert_eq!(adder.add_special::<false>(&window, &mut special), 3.0);
        let square = |of: &dyn Fn(usize) -> f32| (0..large.len()).map(|k| of(k).powi(2)).sum::<f32>();
        let rms = (square(&|k| large[k] - special[k]) / square(&|k| large[k])).sqrt();
        assert!(rms < 1e-3, "{rms:e}");
    }
}
