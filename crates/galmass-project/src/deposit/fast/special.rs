//! Kernels that need care one by one: those that no mesh is coarse enough for, and those within the image that would lose
//! light across its edge on the mesh that they are wide enough for.

use super::block::{Particle, spread};
use super::level::{Level, MARGIN, Meshes, level_of};

/// The window of a kernel that is wide, or cut by the end of its mesh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SpecialWindow {
    pub(super) light: f64,
    pub(super) first: [f32; 2],
    pub(super) per_cell: f32,
    pub(super) at: usize,
    pub(super) stride: usize,
    /// Its columns and rows.
    pub(super) size: [usize; 2],
    /// Whether the end of the mesh cuts it, on any side.
    pub(super) is_cut: bool,
    pub(super) level: usize,
}

/// The window of a particle on the mesh that keeps its light on its own side of the edge; `None` if it adds nothing to
/// the image.
pub(super) fn special_window(particle: &Particle, meshes: &Meshes) -> Option<SpecialWindow> {
    let [(x, support), (y, _)] = particle.centre.map(|centre| spread(centre, particle.support));
    let levels = meshes.levels();
    let n_px = levels[0].n_cells as f64;
    let reaches = |centre: f64| centre + support > 0.0 && centre - support < n_px;
    // Written so that NaN, which coordinates that overflowed become, reaches nothing.
    if !(particle.light > 0.0 && reaches(x) && reaches(y)) {
        return None;
    }
    let level = level_of(meshes, [x, y], support);
    let mesh = &levels[level];
    let per_px = 1.0 / mesh.cell_px;
    let (x, y, support) = (x * per_px, y * per_px, support * per_px);
    let ([left, right], cut_in_x) = cells(x, support, mesh);
    let ([bottom, top], cut_in_y) = cells(y, support, mesh);
    let [column, row] = [left, bottom].map(|cell| (cell + MARGIN as i64) as usize);
    let per_cell = 1.0 / support;
    Some(SpecialWindow {
        light: particle.light,
        first: [((left as f64 - x) * per_cell) as f32, ((bottom as f64 - y) * per_cell) as f32],
        per_cell: per_cell as f32,
        at: mesh.first + row * mesh.stride() + column,
        stride: mesh.stride(),
        size: [(right - left + 1) as usize, (top - bottom + 1) as usize],
        is_cut: cut_in_x || cut_in_y,
        level,
    })
}

/// The first and last cell that a kernel touches, cut to a mesh with its margins, and whether they were cut.
fn cells(centre: f64, support: f64, mesh: &Level) -> ([i64; 2], bool) {
    let (lowest, highest) = (-(MARGIN as f64), (mesh.n_cells + MARGIN - 1) as f64);
    let (low, high) = ((centre - support).floor(), (centre + support).floor());
    let is_cut = low < lowest || high > highest;
    let cells = [low.max(lowest).min(highest), high.min(highest).max(lowest)];
    (cells.map(|cell| i64::from(cell as i32)), is_cut)
}
