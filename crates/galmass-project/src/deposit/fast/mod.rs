//! Kernels integrated over pixels, to a thousandth and many times faster.
//!
//! ```text
//! particles -> blocks (windows by size) -> meshes (separable shapes) -> prolongation -> image
//! ```
//!
//! Four things make it fast. A kernel is a [few products](shape) of one-dimensional primitives, so that its integral
//! over a pixel takes a few multiply-adds and no square root. Wide kernels go to [coarser meshes](level), where they
//! touch no more cells than narrow ones. Kernels that overlap [share their errors](grade). And windows are found and
//! listed by their size [in blocks](block), so that the loops over them run in vectors and without a wrong guess.
//! Particles are not sorted: narrow kernels lie where particles are dense, on few pixels, and wide ones go to small
//! meshes, so that the cells in use stay in the cache by themselves.
//!
//! Shares telescope and the prolongation parts cells without loss, so that light is kept. Cells are added up in single
//! precision; the rounding of the total is taken out at the end.

mod add;
mod block;
mod collect;
mod grade;
mod level;
mod precision;
mod prolong;
mod scratch;
mod shape;
mod special;

use std::ops::Range;

use galmass_core::SupportRadius;
use rayon::prelude::*;

use super::placement::Placement;
use crate::kernel::Kernel;
use add::Adder;
use block::{BLOCK, Block, Particle};
use galmass_core::simd::{Work, dispatch};
use grade::Grade;
use level::Meshes;
use scratch::Scratch;
use shape::Shapes;

/// Sheets per particle for each cell of a sheet: to clear a sheet and to collect it takes a tenth of the time that its
/// particles take, or less.
const SHEETS_PER_PARTICLE_AND_CELL: usize = 2;

/// From so many particles for each cell of a sheet on there are two sheets, for two threads: a second one costs a
/// twelfth of the time or less.
const ENOUGH_FOR_TWO: f64 = 1.0 / 32.0;

/// The particles of a sheet are at most this many: few enough for single precision to add up.
const MOST_PARTICLES: usize = 1 << 21;

/// With fewer particles the exact scheme is fast enough.
const FEWEST_PARTICLES: usize = 4096;

/// The cells of larger images are too many for 32 bits.
const MOST_PX: usize = 1 << 15;

/// Whether the scheme keeps its promise and is worth it. Other kernels than the spline are less separable: as many
/// products leave up to three times as much of them.
pub(super) fn is_for(n_particles: usize, n_px: usize, kernel: Kernel) -> bool {
    n_particles >= FEWEST_PARTICLES && n_px <= MOST_PX && kernel == Kernel::CubicSpline
}

/// Makes the image of smoothed particles; `None` if a value is not finite, a support or weight below zero, or a weight
/// so large or small that single precision does not hold it.
pub(super) fn image_of(
    positions_kpc: &[[f64; 3]],
    weights: &[f64],
    support: &[SupportRadius],
    placement: &Placement,
    kernel: Kernel,
) -> Option<Vec<f64>> {
    let (view, grid) = (placement.view(), placement.grid());
    let (half_width_kpc, px_per_kpc) = (grid.half_width_kpc(), 1.0 / grid.pixel_size_kpc());
    if placement.is_plain() {
        let particles = |range: Range<usize>| {
            let columns = (&positions_kpc[range.clone()], &weights[range.clone()], &support[range]);
            let in_px = move |coordinate| (coordinate + half_width_kpc) * px_per_kpc;
            (columns.0.iter().zip(columns.1).zip(columns.2)).map(move |((&position, &light), support)| {
                Particle {
                    centre: view.plane(position).map(in_px),
                    support: support.kpc() * px_per_kpc,
                    light,
                }
            })
        };
        let kernels = |range: Range<usize>| {
            let columns = weights[range.clone()].iter().zip(&support[range]);
            columns.map(|(&light, support)| [light, support.kpc() * px_per_kpc])
        };
        let grade = Grade::of(weights.len(), kernels, grid.n_px());
        return image_of_particles(positions_kpc.len(), particles, Meshes::new(grid.n_px(), grade), kernel);
    }
    let particle = |centre, support, light| Some(Particle { centre, support, light });
    let placed = placement.collect(positions_kpc, weights, support, particle);
    let kernels =
        |range: Range<usize>| placed[range].iter().map(|particle| [particle.light, particle.support]);
    let grade = Grade::of(placed.len(), kernels, grid.n_px());
    let particles = |range: Range<usize>| placed[range].iter().copied();
    image_of_particles(placed.len(), particles, Meshes::new(grid.n_px(), grade), kernel)
}

fn image_of_particles<P: ExactSizeIterator<Item = Particle>>(
    n_particles: usize,
    particles: impl Fn(Range<usize>) -> P + Sync,
    meshes: Meshes,
    kernel: Kernel,
) -> Option<Vec<f64>> {
    let shapes = Shapes::of(kernel);
    // What follows from the numbers of particles and pixels alone is the same on any number of threads.
    let worth_it = SHEETS_PER_PARTICLE_AND_CELL * n_particles / meshes.n_cells();
    let fewest = 1 + usize::from(n_particles as f64 >= ENOUGH_FOR_TWO * meshes.n_cells() as f64);
    let n_sheets = worth_it.max(n_particles.div_ceil(MOST_PARTICLES)).max(fewest);
    let end_of = |sheet: usize| (n_particles * sheet).div_ceil(n_sheets);
    let sheets: Option<Vec<Sheet>> = (0..n_sheets)
        .into_par_iter()
        .map(|sheet| {
            let range = end_of(sheet)..end_of(sheet + 1);
            dispatch(Fill { range, particles: &particles, meshes: &meshes, shapes: &shapes })
        })
        .collect();
    let sheets = sheets?;
    let image = collect::image_of(&sheets, &meshes);
    sheets.into_iter().for_each(|sheet| SHEETS.give_back(sheet.cells));
    Some(image)
}

static SHEETS: Scratch<f32> = Scratch::new();

/// All meshes with the light of some particles.
struct Sheet {
    cells: Vec<f32>,
    /// The light of the particles, which single precision has rounded on the cells.
    light: f64,
    /// The highest level with light on it.
    highest: usize,
}

/// Fills a sheet with particles; `None` if they are not [sound](Block::is_sound).
struct Fill<'a, F> {
    range: Range<usize>,
    particles: &'a F,
    meshes: &'a Meshes,
    shapes: &'a Shapes,
}

impl<P: ExactSizeIterator<Item = Particle>, F: Fn(Range<usize>) -> P> Work for Fill<'_, F> {
    type Output = Option<Sheet>;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Option<Sheet> {
        let Self { range, particles, meshes, shapes } = self;
        let mut cells = SHEETS.take_zeros(meshes.n_cells());
        let (mut light, mut highest) = (0.0, 0);
        let mut block = Block::default();
        let mut adder = Adder::new(shapes, meshes.grade);
        for start in range.clone().step_by(BLOCK) {
            block.fill(particles(start..range.end.min(start + BLOCK)));
            if !block.is_sound() {
                return None;
            }
            let summary = block.find_windows(meshes);
            adder.add::<FMA>(&block, &mut cells);
            (light, highest) = (light + summary.light, highest.max(summary.highest));
            for window in block.special_windows(meshes) {
                light += adder.add_special::<FMA>(&window, &mut cells);
                highest = highest.max(window.level);
            }
        }
        Some(Sheet { cells, light, highest })
    }
}

#[cfg(test)]
mod tests;
