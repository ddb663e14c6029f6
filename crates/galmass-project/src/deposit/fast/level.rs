//! The meshes that kernels of different widths go to.
//!
//! Level 0 is the image; each further level has cells twice as wide. A wide kernel goes to the level on which it is at
//! most so many cells in radius (see [`Grade`]), so that it touches a bounded number of them, and comes down to the image by a
//! [prolongation](super::prolong) that keeps the light of each cell.

use std::ops::Range;

use super::grade::Grade;

/// Cells around a mesh that are kept beside it: no window that meets the image reaches farther, except for kernels that
/// are wider than the widest mesh is good for.
pub(super) const MARGIN: usize = 24;

/// Cells around a mesh that finer ones need. The prolongation looks 5 cells around those that the next level needs:
/// 5 + 5/2 + 5/4 + ... < 10, and one for the half cell by which a mesh may overhang; and it is even.
pub(super) const HALO: usize = 12;

/// More levels than any image has.
pub(super) const MAX_LEVELS: usize = 32;

/// The cells of a line of the cache.
const CACHE_LINE: usize = 16;

/// One mesh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// Cells a side that cover the image.
    pub(super) n_cells: usize,
    /// The side of a cell in pixels.
    pub(super) cell_px: f64,
    /// Its first cell among those of all meshes.
    pub(super) first: usize,
    /// Where the image ends, in cells: `n_cells`, or half a cell and more below it.
    image_end: f64,
}

impl Level {
    /// Whether it is the image.
    pub(super) fn is_image(&self) -> bool {
        self.first == 0
    }

    /// Rows with the margins.
    pub(super) fn n_rows(&self) -> usize {
        self.n_cells + 2 * MARGIN
    }

    /// Cells from one row to the next: an odd number of cache lines, so that the rows of a window are spread over the cache.
    pub(super) fn stride(&self) -> usize {
        (self.n_rows().div_ceil(CACHE_LINE) | 1) * CACHE_LINE
    }

    /// The cells of a row, counted from the first of the margin, among those of all meshes.
    pub(super) fn row(&self, row: usize) -> Range<usize> {
        let start = self.first + row * self.stride();
        start..start + self.stride()
    }

    /// Cells a side with what finer meshes need around them.
    pub(super) fn n_with_halo(&self) -> usize {
        self.n_cells + 2 * HALO
    }

    /// Whether the image ends with a cell, not within one.
    fn is_aligned(&self) -> bool {
        self.image_end == self.n_cells as f64
    }

    /// Whether a kernel at `centre` and of a `support`, in cells, keeps all its light on its own side of the edge of
    /// the image when it is prolonged. A last cell that only half belongs to the image passes light across.
    fn is_clear(&self, centre: f64, support: f64) -> bool {
        self.is_aligned() || centre + support + (HALO as f64) < self.image_end
    }
}

/// All meshes of an image, the image first, one behind the other in memory, and how they are used.
#[derive(Debug)]
pub(super) struct Meshes {
    pub(super) grade: Grade,
    levels: Vec<Level>,
    tables: Tables,
    /// The highest level on which the image ends with a cell.
    highest_aligned: usize,
}

/// What windows need to know of each level, to be looked up in vectors.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) n_cells: [i32; MAX_LEVELS],
    /// Windows that end before this cell are [clear](Level::is_clear) of the edge.
    pub(super) clear: [i32; MAX_LEVELS],
    pub(super) first: [u32; MAX_LEVELS],
    pub(super) stride: [u32; MAX_LEVELS],
}

impl Meshes {
    /// For an image of `n_px` pixels a side.
    pub(super) fn new(n_px: usize, grade: Grade) -> Self {
        let image = Level { n_cells: n_px, cell_px: 1.0, first: 0, image_end: n_px as f64 };
        let mut levels = vec![image];
        while let Some(last) = levels.last()
            && last.n_cells > 1
        {
            let cell_px = 2.0 * last.cell_px;
            let first = last.first + last.n_rows() * last.stride();
            let n_cells = last.n_cells.div_ceil(2);
            levels.push(Level { n_cells, cell_px, first, image_end: n_px as f64 / cell_px });
        }
        let of_level = |index: usize| levels[index.min(levels.len() - 1)];
        let tables = Tables {
            n_cells: std::array::from_fn(|index| of_level(index).n_cells as i32),
            clear: std::array::from_fn(|index| {
                let level = of_level(index);
                if level.is_aligned() { i32::MAX } else { level.n_cells as i32 - HALO as i32 - 1 }
            }),
            first: std::array::from_fn(|index| of_level(index).first as u32),
            stride: std::array::from_fn(|index| of_level(index).stride() as u32),
        };
        let highest_aligned = levels.iter().take_while(|level| level.is_aligned()).count() - 1;
        Self { grade, levels, tables, highest_aligned }
    }

    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub(super) fn highest_aligned(&self) -> usize {
        self.highest_aligned
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The cells of all meshes, and behind the last one as many as a window may reach beyond it: those that are rounded up
    /// to full vectors, and to some full rows.
    pub(super) fn n_cells(&self) -> usize {
        self.levels.last().map_or(0, |last| last.first + (last.n_rows() + MARGIN + 1) * last.stride())
    }
}

/// The highest level for a kernel at `centre` and of a `support`, both in pixels, that keeps its light from crossing
/// the edge of the image.
#[inline(always)]
pub(super) fn level_of(Meshes { grade, levels, .. }: &Meshes, [x, y]: [f64; 2], support: f64) -> usize {
    let mut level = 0;
    let mut support_in_cells = support;
    while support_in_cells > grade.widest() && level + 1 < levels.len() {
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
        let cells: Vec<usize> =
            Meshes::new(300, Grade::OneByOne).levels.iter().map(|level| level.n_cells).collect();
        assert_eq!(cells, [300, 150, 75, 38, 19, 10, 5, 3, 2, 1]);
        let Meshes { levels, .. } = Meshes::new(300, Grade::OneByOne);
        assert_eq!(levels[3].cell_px, 8.0);
        assert_eq!(levels[3].image_end, 37.5);
        assert_eq!(levels[1].first, 348 * 368);
        assert_eq!(Meshes::new(1, Grade::OneByOne).levels.len(), 1);
    }

    #[test]
    fn wide_kernels_go_up_until_they_are_narrow() {
        let meshes = Meshes::new(1024, Grade::OneByOne);
        for (support, level) in
            [(0.0, 0), (11.5, 0), (11.6, 1), (23.0, 1), (23.1, 2), (180.0, 4), (1e300, 10)]
        {
            assert_eq!(level_of(&meshes, [512.0; 2], support), level, "{support}");
        }
    }

    #[test]
    fn a_kernel_near_half_a_cell_stays_where_edges_agree() {
        let meshes = Meshes::new(300, Grade::OneByOne);
        assert_eq!(level_of(&meshes, [100.0, 100.0], 70.0), 3);
        assert_eq!(level_of(&meshes, [200.0, 100.0], 70.0), 2);
        assert_eq!(level_of(&meshes, [100.0, 290.0], 1e3), 2);
    }
}
