//! The meshes that kernels of different widths go to.
//!
//! Level 0 is the image; each further level has cells twice as wide. A wide kernel goes to the level on which it is at
//! most [`WIDEST`] cells in radius, so that it touches a bounded number of them, and comes down to the image by a
//! [prolongation](super::prolong) that keeps the light of each cell.

/// The largest support in cells before a kernel goes one level up. Down to half of it the prolongation is good to
/// 1e-3 of a pixel's light rms: its error falls with the fourth power of the support.
pub(super) const WIDEST: f64 = 16.4;

/// Cells around a mesh that are kept beside it. The prolongation looks 3 cells around those that the next level needs:
/// 3 + 3/2 + 3/4 + ... < 6, and one for the half cell by which a mesh may overhang.
pub(super) const MARGIN: usize = 8;

/// Meshes below this many cells a side have no coarser ones.
const FEWEST_CELLS: usize = 20;

/// One mesh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// Cells a side that cover the image.
    pub(super) n_cells: usize,
    /// The side of a cell in pixels.
    pub(super) cell_px: f64,
    /// Where the image ends, in cells: `n_cells`, or half a cell and more below it.
    image_end: f64,
}

impl Level {
    /// Cells a side with the margins.
    pub(super) fn n_with_margins(&self) -> usize {
        self.n_cells + 2 * MARGIN
    }

    /// Whether the image ends with a cell, not within one.
    #[inline(always)]
    pub(super) fn is_aligned(&self) -> bool {
        self.image_end == self.n_cells as f64
    }

    /// Whether a kernel at `centre` and of a `support`, in cells, keeps all its light on its own side of the edge of
    /// the image when it is prolonged. A last cell that only half belongs to the image passes light across.
    fn is_clear(&self, centre: f64, support: f64) -> bool {
        self.is_aligned() || centre + support + (MARGIN as f64) < self.image_end
    }
}

/// All meshes of an image of `n_px` pixels a side, the image first.
pub(super) fn levels(n_px: usize) -> Vec<Level> {
    let mut levels = vec![Level { n_cells: n_px, cell_px: 1.0, image_end: n_px as f64 }];
    while let Some(&Level { n_cells, cell_px, .. }) = levels.last()
        && n_cells >= FEWEST_CELLS
    {
        let cell_px = 2.0 * cell_px;
        levels.push(Level { n_cells: n_cells.div_ceil(2), cell_px, image_end: n_px as f64 / cell_px });
    }
    levels
}

/// The level for a kernel at `centre` and of a `support`, both in pixels.
#[inline(always)]
pub(super) fn level_of(levels: &[Level], [x, y]: [f64; 2], support: f64) -> usize {
    let mut level = 0;
    let mut support_in_cells = support;
    while support_in_cells > WIDEST && level + 1 < levels.len() {
        let next = &levels[level + 1];
        support_in_cells *= 0.5;
        if !next.is_clear(x.max(y) / next.cell_px, support_in_cells) {
            break;
        }
        level += 1;
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mesh_covers_the_image_with_cells_twice_as_wide() {
        let cells: Vec<usize> = levels(300).iter().map(|level| level.n_cells).collect();
        assert_eq!(cells, [300, 150, 75, 38, 19]);
        assert_eq!(levels(300)[3].cell_px, 8.0);
        assert_eq!(levels(300)[3].image_end, 37.5);
        assert_eq!(levels(1).len(), 1);
    }

    #[test]
    fn wide_kernels_go_up_until_they_are_narrow() {
        let levels = levels(1024);
        for (support, level) in [(0.0, 0), (16.0, 0), (17.0, 1), (32.0, 1), (33.0, 2), (200.0, 4), (1e300, 6)]
        {
            assert_eq!(level_of(&levels, [512.0; 2], support), level, "{support}");
        }
    }

    #[test]
    fn a_kernel_near_half_a_cell_stays_where_edges_agree() {
        let levels = levels(300);
        assert_eq!(level_of(&levels, [100.0, 100.0], 70.0), 3);
        assert_eq!(level_of(&levels, [200.0, 100.0], 70.0), 2);
        assert_eq!(level_of(&levels, [100.0, 290.0], 1e3), 2);
    }
}
