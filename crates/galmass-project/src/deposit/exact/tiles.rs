//! Narrow kernels, tile by tile.

use rayon::prelude::*;

use super::order::{Runs, TILE};
use super::{REACH, Splat};
use crate::deposit::separable::Separable;
use crate::simd::{Work, dispatch, fma};

/// Products of a narrow kernel.
const RANKS: usize = 16;

/// Columns of a window that needs one vector a row.
const SMALL: usize = 8;

/// Splats of a tile that are added up by one thread. Sums of so many numbers are good to 1e-12 without compensation.
const PART: usize = 8192;

/// Parts whose buffers are kept at a time: 9 MiB.
const PARTS_AT_A_TIME: usize = 512;

/// Rows of the image that are added up by one thread.
const ROWS: usize = 16;

/// The side of the buffer of a tile, in pixels: kernels begin in the tile and reach beyond it.
const SIDE: usize = TILE + REACH;

/// Adds the narrow kernels to an image.
pub(super) fn add(image: &mut [f64], n_px: usize, runs: &Runs, expansion: &Separable<RANKS>) {
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
struct Sum<'a> {
    part: &'a Part,
    runs: &'a Runs<'a>,
    expansion: &'a Separable<RANKS>,
}

impl Work for Sum<'_> {
    type Output = Buffer;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Buffer {
        let start = self.runs.tiles.start(self.part.tile).map(|start| start as f64 - REACH as f64);
        let mut buffers = [Buffer::new(), Buffer::new()];
        let [light, rest] = &mut buffers;
        let (mut skip, mut left) = (self.part.skipped, PART);
        for run in self.runs.of_tile(self.part.tile) {
            let splats = &run[skip.min(run.len())..];
            skip -= skip.min(run.len());
            for splat in splats.iter().take(left) {
                add_splat::<FMA>(&mut light.0, &mut rest.0, splat, start, self.expansion);
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
    fn new(at: f64, support: f64, start: f64) -> Self {
        let low = (at - support).floor();
        let n = ((at + support).floor() - low) as usize + 1;
        // The limits are for the compiler; a narrow kernel keeps within them.
        Self { first: ((low - start) as usize).min(TILE - 1), n: n.min(REACH), at: at - low }
    }
}

/// Adds a narrow kernel to the light of a buffer; what is left of its weight to `rest`.
#[inline(always)]
fn add_splat<const FMA: bool>(
    light: &mut [[f64; SIDE]],
    rest: &mut [[f64; SIDE]],
    splat: &Splat,
    start: [f64; 2],
    expansion: &Separable<RANKS>,
) {
    let columns = Window::new(splat.x, splat.support, start[0]);
    let rows = Window::new(splat.y, splat.support, start[1]);
    let pixel = &mut rest[rows.first + rows.at as usize][columns.first + columns.at as usize];
    if columns.n == 1 && rows.n == 1 {
        *pixel += splat.weight;
    } else {
        let added = if columns.n <= SMALL {
            add_window::<SMALL, FMA>(light, splat, &columns, &rows, expansion)
        } else {
            add_window::<REACH, FMA>(light, splat, &columns, &rows, expansion)
        };
        // What the products had where the kernel has nothing, millionths of its light.
        *pixel += splat.weight - added;
    }
}

/// Adds the light of a kernel in its window; returns its sum. `C` is at least the number of columns.
#[inline(always)]
fn add_window<const C: usize, const FMA: bool>(
    light: &mut [[f64; SIDE]],
    splat: &Splat,
    columns: &Window,
    rows: &Window,
    expansion: &Separable<RANKS>,
) -> f64 {
    let per_px = 1.0 / splat.support;
    let mut along_x = [[0.0; C]; RANKS];
    differences::<FMA>(columns, per_px, expansion, |column, values| {
        for r in 0..RANKS {
            along_x[r][column] = values[r];
        }
    });
    // The squares of the distances to the nearest point of each column, in pixels.
    let square = splat.support * splat.support;
    let mut to_column = [2.0 * square; C];
    for (column, distance) in to_column.iter_mut().enumerate().take(columns.n) {
        *distance = nearest(column, columns.at);
    }
    let factors = expansion.factors.map(|factor| factor * splat.weight);
    let mut sums = [0.0; C];
    let mut row = 0;
    differences::<FMA>(rows, per_px, expansion, |_, values| {
        let mut shares = [0.0; C];
        for r in 0..RANKS {
            let factor = factors[r] * values[r];
            for c in 0..C {
                shares[c] = fma::<FMA>(factor, along_x[r][c], shares[c]);
            }
        }
        let left = square - nearest(row, rows.at);
        let pixels = &mut light[rows.first + row][columns.first..columns.first + C];
        for c in 0..C {
            // Products neither end at the circle nor are all above zero near it; a kernel does.
            let share = if to_column[c] < left && shares[c] > 0.0 { shares[c] } else { 0.0 };
            sums[c] += share;
            pixels[c] += share;
        }
        row += 1;
    });
    sums.iter().sum()
}

/// Visits the differences of all primitives between the edges of each pixel of a window.
#[inline(always)]
fn differences<const FMA: bool>(
    window: &Window,
    per_px: f64,
    expansion: &Separable<RANKS>,
    mut visit: impl FnMut(usize, [f64; RANKS]),
) {
    let mut before = expansion.primitives::<FMA>(-1.0);
    for pixel in 0..window.n {
        // The last edge lies beyond the kernel.
        let edge = if pixel + 1 < window.n { ((pixel + 1) as f64 - window.at) * per_px } else { 1.0 };
        let after = expansion.primitives::<FMA>(edge);
        visit(pixel, std::array::from_fn(|r| after[r] - before[r]));
        before = after;
    }
}

/// The square of the distance from a place to a pixel.
#[inline(always)]
fn nearest(pixel: usize, at: f64) -> f64 {
    let distance = (pixel as f64 - at).max(at - (pixel + 1) as f64).max(0.0);
    distance * distance
}
