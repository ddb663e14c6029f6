//! Narrow kernels, tile by tile.

use rayon::prelude::*;

use super::order::{Runs, TILE, cell};
use super::{REACH, Splat};
use crate::deposit::lanes::{Eight, Lanes, N_LANES, Work, dispatch};
use crate::deposit::separable::{Places, Separable};

/// Splats of a tile that are added up by one thread. Sums of so many numbers are good to 1e-12 without compensation.
const PART: usize = 8192;

/// Parts whose buffers are kept at a time: 9 MiB.
const PARTS_AT_A_TIME: usize = 512;

/// Rows of the image that are added up by one thread.
const ROWS: usize = 16;

/// The side of the buffer of a tile, in pixels: kernels begin in the tile and reach beyond it.
const SIDE: usize = TILE + REACH;

/// Adds the narrow kernels to an image.
pub(super) fn add<const BLOCKS: usize>(
    image: &mut [f64],
    n_px: usize,
    runs: &Runs,
    expansion: &Separable<BLOCKS>,
) {
    let mut parts = Vec::new();
    for (tile, n_splats) in runs.occupied() {
        parts.extend((0..n_splats).step_by(PART).map(|skipped| Part { tile, skipped }));
    }
    for parts in parts.chunks(PARTS_AT_A_TIME) {
        let sum = |part: &Part| dispatch(Sum { part, runs, expansion });
        let buffers: Vec<Buffer> = parts.par_iter().map(sum).collect();
        image.par_chunks_mut(ROWS * n_px).enumerate().for_each(|(chunk, image)| {
            for (part, buffer) in parts.iter().zip(&buffers) {
                let [column, row] = runs.tiles.start(part.tile);
                buffer.add_to(image, n_px, chunk * ROWS, [column, row]);
            }
        });
    }
}

/// Some of the splats of a tile.
struct Part {
    tile: usize,
    /// Splats of the tile that come before.
    skipped: usize,
}

/// The light of a part of a tile, row by row.
struct Buffer(Vec<[f64; SIDE]>);

impl Buffer {
    fn new() -> Self {
        Self(vec![[0.0; SIDE]; SIDE])
    }

    /// Adds to some rows of an image, from `first_row` on. The buffer starts at a column and a row counted from
    /// [`REACH`] before the image.
    fn add_to(&self, image: &mut [f64], n_px: usize, first_row: usize, [column, row]: [usize; 2]) {
        let end_row = first_row + image.len() / n_px;
        let skipped = REACH.saturating_sub(column);
        let start = (column + skipped - REACH).min(n_px);
        for (index, light) in self.0.iter().enumerate() {
            let padded = row + index;
            if padded >= REACH + first_row && padded < REACH + end_row {
                let from = (padded - REACH - first_row) * n_px;
                let pixels = &mut image[from + start..from + n_px];
                pixels.iter_mut().zip(&light[skipped..]).for_each(|(pixel, light)| *pixel += light);
            }
        }
    }
}

/// Adds up a part.
struct Sum<'a, const BLOCKS: usize> {
    part: &'a Part,
    runs: &'a Runs,
    expansion: &'a Separable<BLOCKS>,
}

impl<const BLOCKS: usize> Work for Sum<'_, BLOCKS> {
    type Output = Buffer;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Buffer {
        let start = self.runs.tiles.start(self.part.tile);
        let mut buffers = [Buffer::new(), Buffer::new()];
        let [light, rest] = &mut buffers;
        let mut scratch = Scratch { along_y: [[Eight::default(); BLOCKS]; REACH] };
        let (mut skip, mut left) = (self.part.skipped, PART);
        for run in self.runs.of_tile(self.part.tile) {
            let splats = &run[skip.min(run.len())..];
            skip -= skip.min(run.len());
            for splat in splats.iter().take(left) {
                add_splat::<BLOCKS, L>(&mut light.0, &mut rest.0, &mut scratch, splat, start, self.expansion);
            }
            left -= left.min(splats.len());
            if left == 0 {
                break;
            }
        }
        for (light, rest) in light.0.iter_mut().zip(&rest.0) {
            light.iter_mut().zip(rest).for_each(|(light, rest)| *light += rest);
        }
        let [light, _] = buffers;
        light
    }
}

/// A window of the pixels that a kernel reaches along one axis, in a buffer.
struct Window {
    /// The first pixel.
    first: usize,
    n: usize,
    /// The place of the particle, from the first edge.
    at: f64,
}

impl Window {
    #[inline(always)]
    fn new(at: f64, support: f64, start: usize) -> Self {
        let (low, high) = (cell(at - support), cell(at + support));
        // The limits are for the compiler; a narrow kernel keeps within them.
        let n = (high - low + 1).clamp(1, REACH as i32) as usize;
        Self {
            first: (low as usize).saturating_sub(start).min(TILE - 1),
            n,
            at: at + REACH as f64 - f64::from(low),
        }
    }
}

/// What is prepared for a splat.
struct Scratch<const BLOCKS: usize> {
    /// The differences of the primitives between the edges of the rows, times their factors and the weight. They are in
    /// memory, from where each is spread over eight lanes on its way into a product.
    along_y: [[Eight; BLOCKS]; REACH],
}

/// Adds a narrow kernel to the light of a buffer; what is left of its weight to `rest`.
#[inline(always)]
fn add_splat<const BLOCKS: usize, L: Lanes>(
    light: &mut [[f64; SIDE]],
    rest: &mut [[f64; SIDE]],
    scratch: &mut Scratch<BLOCKS>,
    splat: &Splat,
    start: [usize; 2],
    expansion: &Separable<BLOCKS>,
) {
    let columns = Window::new(splat.x, splat.support, start[0]);
    let rows = Window::new(splat.y, splat.support, start[1]);
    let pixel = &mut rest[rows.first + rows.at as usize][columns.first + columns.at as usize];
    if columns.n == 1 && rows.n == 1 {
        *pixel += splat.weight;
    } else {
        let added = if columns.n <= N_LANES {
            add_window::<1, BLOCKS, L>(light, scratch, splat, &columns, &rows, expansion)
        } else {
            add_window::<2, BLOCKS, L>(light, scratch, splat, &columns, &rows, expansion)
        };
        // What the products had where the kernel has nothing, millionths of its light.
        *pixel += splat.weight - added;
    }
}

/// Adds the light of a kernel in its window, of up to `C` times eight columns; returns its sum.
#[inline(always)]
fn add_window<const C: usize, const BLOCKS: usize, L: Lanes>(
    light: &mut [[f64; SIDE]],
    scratch: &mut Scratch<BLOCKS>,
    splat: &Splat,
    columns: &Window,
    rows: &Window,
    expansion: &Separable<BLOCKS>,
) -> f64 {
    let per_px = 1.0 / splat.support;
    let mut along_x = [[[L::splat(0.0); N_LANES]; BLOCKS]; C];
    let mut before = ends::<BLOCKS, L>(-0.5);
    for c in 0..C {
        let edges = Places::of_edges((c * N_LANES + 1) as f64, columns.at, per_px);
        for lane in 0..N_LANES.min(columns.n - c * N_LANES) {
            let after = edge::<BLOCKS, L>(c * N_LANES + lane + 1, columns, &edges, lane, expansion);
            for block in 0..BLOCKS {
                along_x[c][block][lane] = after[block].minus(before[block]);
            }
            before = after;
        }
        for block in 0..BLOCKS {
            along_x[c][block] = L::transpose(along_x[c][block]);
        }
    }
    let square = splat.support * splat.support;
    let mut to_columns = [L::splat(0.0); C];
    for c in 0..C {
        let mut distances = [0.0; N_LANES];
        for lane in 0..N_LANES {
            distances[lane] = nearest((c * N_LANES + lane) as f64, columns.at);
        }
        to_columns[c] = L::load(&distances);
    }
    let mut before = ends::<BLOCKS, L>(-0.5);
    let mut factors = [L::splat(splat.weight); BLOCKS];
    for block in 0..BLOCKS {
        factors[block] = factors[block].times(L::load(&expansion.factors[block].0));
    }
    for first in (0..rows.n).step_by(N_LANES) {
        let edges = Places::of_edges((first + 1) as f64, rows.at, per_px);
        for lane in 0..N_LANES.min(rows.n - first) {
            let after = edge::<BLOCKS, L>(first + lane + 1, rows, &edges, lane, expansion);
            for block in 0..BLOCKS {
                let factor = after[block].minus(before[block]).times(factors[block]);
                factor.store(&mut scratch.along_y[first + lane][block].0);
            }
            before = after;
        }
    }

    let mut sums = [L::splat(0.0); C];
    for row in 0..rows.n {
        // Two sums of every other product, which do not wait for each other.
        let mut shares = [[L::splat(0.0); C]; 2];
        for block in 0..BLOCKS {
            for r in 0..N_LANES {
                let factor = L::splat(scratch.along_y[row][block].0[r]);
                for c in 0..C {
                    shares[r % 2][c] = along_x[c][block][r].fma(factor, shares[r % 2][c]);
                }
            }
        }
        let reach = L::splat(square - nearest(row as f64, rows.at));
        let pixels = &mut light[rows.first + row][columns.first..columns.first + C * N_LANES];
        let (pixels, _) = pixels.as_chunks_mut::<N_LANES>();
        for c in 0..C {
            // Products neither end at the circle nor are all above zero near it; a kernel does and is.
            let share = shares[0][c].plus(shares[1][c]).positive_where_less(to_columns[c], reach);
            sums[c] = sums[c].plus(share);
            L::load(&pixels[c]).plus(share).store(&mut pixels[c]);
        }
    }
    let mut sum = 0.0;
    for c in 0..C {
        sum += sums[c].sum();
    }
    sum
}

/// All primitives at an edge of a window, of which the last lies beyond the kernel.
#[inline(always)]
fn edge<const BLOCKS: usize, L: Lanes>(
    index: usize,
    window: &Window,
    edges: &Places,
    lane: usize,
    expansion: &Separable<BLOCKS>,
) -> [L; BLOCKS] {
    if index == window.n { ends::<BLOCKS, L>(0.5) } else { expansion.primitives::<L>(edges, lane) }
}

/// All primitives beyond the kernel, the first of which is a half.
#[inline(always)]
fn ends<const BLOCKS: usize, L: Lanes>(half: f64) -> [L; BLOCKS] {
    let mut first = [0.0; N_LANES];
    first[0] = half;
    let mut values = [L::splat(0.0); BLOCKS];
    values[0] = L::load(&first);
    values
}

/// The square of the distance from a place to a pixel.
#[inline(always)]
fn nearest(pixel: f64, at: f64) -> f64 {
    let distance = (pixel - at).max(at - (pixel + 1.0)).max(0.0);
    distance * distance
}
