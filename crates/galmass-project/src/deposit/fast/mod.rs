//! Kernels integrated over pixels, to a thousandth and many times faster.
//!
//! ```text
//! particles -> bins (level, tile, window size) -> tiles (separable shapes) -> levels -> prolongation -> image
//! ```
//!
//! Three things make it fast. A kernel is a [few products](shape) of one-dimensional primitives, so that its integral
//! over a pixel takes a few multiply-adds and no square root. Wide kernels go to [coarser meshes](level), where they
//! touch no more cells than narrow ones. And kernels are [sorted](bins), so that the loops over windows run in the cache
//! and in vectors.
//!
//! Shares telescope and the prolongation parts cells without loss, so that light is kept. Cells are added up in single
//! precision on small tiles; the rounding of each tile's total is taken out when it is added to its mesh.

mod bins;
mod collect;
mod level;
mod prolong;
mod shape;
mod tile;
#[cfg(target_arch = "x86_64")]
mod window;

use std::ops::Range;

use galmass_core::SupportRadius;
use rayon::prelude::*;

use super::placement::Placement;
use crate::kernel::Kernel;
use crate::simd::{Work, dispatch};
use bins::{Chunk, Particle, Piece, Tiling, sort};
use shape::Shapes;
use tile::{AddAll, Size};

/// The kernels that a tile takes before its light goes to the mesh: many enough to be worth it, few enough to leave work
/// for other threads, and for single precision to add up.
const KERNELS_PER_TASK: usize = 1 << 15;

/// With fewer particles the exact scheme is fast enough.
const FEWEST_PARTICLES: usize = 4096;

/// Whether the scheme keeps its promise and is worth it. Other kernels than the spline are less separable: as many
/// products leave up to three times as much of them.
pub(super) fn is_for(n_particles: usize, kernel: Kernel) -> bool {
    n_particles >= FEWEST_PARTICLES && kernel == Kernel::CubicSpline
}

/// Makes the image of smoothed particles; `None` if a value is not finite, or a support or weight below zero.
pub(super) fn image_of(
    positions_kpc: &[[f64; 3]],
    weights: &[f64],
    support: &[SupportRadius],
    placement: &Placement,
    kernel: Kernel,
) -> Option<Vec<f64>> {
    let (view, grid) = (placement.view(), placement.grid());
    let (half_width_kpc, pixel_size_kpc) = (grid.half_width_kpc(), grid.pixel_size_kpc());
    if placement.is_plain() {
        let particle = |index: usize| Particle {
            centre: view
                .plane(positions_kpc[index])
                .map(|coordinate| (coordinate + half_width_kpc) / pixel_size_kpc),
            support: support[index].kpc() / pixel_size_kpc,
            light: weights[index],
        };
        return image_of_particles(positions_kpc.len(), particle, grid.n_px(), kernel);
    }
    let particle = |centre, support, light| Some(Particle { centre, support, light });
    let particles = placement.collect(positions_kpc, weights, support, particle);
    image_of_particles(particles.len(), |index| particles[index], grid.n_px(), kernel)
}

fn image_of_particles(
    n_particles: usize,
    particle: impl Fn(usize) -> Particle + Sync,
    n_px: usize,
    kernel: Kernel,
) -> Option<Vec<f64>> {
    let tiling = Tiling::new(level::levels(n_px), n_particles);
    let chunks = sort(&tiling, n_particles, particle);
    if !chunks.iter().all(|chunk| chunk.is_sound) {
        return None;
    }
    let tasks = tasks(&tiling, &chunks);
    let shapes = Shapes::of(kernel);
    let tiles: Vec<Tile> = tasks.into_par_iter().map(|task| task.run(&chunks, &shapes)).collect();
    Some(collect::image_of(&tiles, tiling.levels()))
}

/// Kernels of one piece, from some chunks of them.
struct Task {
    piece: Piece,
    chunks: Range<usize>,
}

/// A piece of a mesh with its light.
struct Tile {
    piece: Piece,
    cells: Vec<f32>,
    /// What cells are multiplied by.
    factor: f64,
}

/// Shares the chunks of each piece out to tasks.
fn tasks(tiling: &Tiling, chunks: &[Chunk]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for &piece in &tiling.pieces {
        let (mut first, mut n_kernels) = (0, 0);
        for (index, chunk) in chunks.iter().enumerate() {
            n_kernels += chunk.of_bins(piece.first_bin..piece.first_bin + Size::ALL.len()).len();
            let is_last = index + 1 == chunks.len();
            if n_kernels >= KERNELS_PER_TASK || is_last && n_kernels > 0 {
                tasks.push(Task { piece, chunks: first..index + 1 });
                (first, n_kernels) = (index + 1, 0);
            }
        }
    }
    tasks
}

impl Task {
    fn run(self, chunks: &[Chunk], shapes: &Shapes) -> Tile {
        let Self { piece, chunks: range } = self;
        let mut cells = vec![0.0f32; piece.stride * piece.n_rows];
        let mut light = 0.0;
        for size in Size::ALL {
            let bin = piece.first_bin + size as usize;
            let splats = chunks[range.clone()].iter().flat_map(|chunk| chunk.of_bins(bin..bin + 1));
            light += tile::add(AddAll { splats, size, shapes, cells: &mut cells, stride: piece.stride });
        }
        let found = dispatch(Total(&cells));
        Tile { piece, cells, factor: if found > 0.0 { light / found } else { 1.0 } }
    }
}

/// The sum of all cells.
struct Total<'a>(&'a [f32]);

impl Work for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> f64 {
        let mut sums = [0.0f64; 32];
        for cells in self.0.chunks_exact(sums.len()) {
            for (sum, &cell) in sums.iter_mut().zip(cells) {
                *sum += f64::from(cell);
            }
        }
        let rest = self.0.chunks_exact(sums.len()).remainder();
        sums.iter().sum::<f64>() + rest.iter().map(|&cell| f64::from(cell)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests;
