//! From the tiles of all levels to the image.

use rayon::prelude::*;

use super::Tile;
use super::level::{Level, MARGIN};
use super::prolong::{part_row, part_rows};
use crate::simd::{Work, dispatch};

/// Rows that one thread fills at a time.
const ROWS: usize = 16;

/// Adds up the tiles of each mesh, in their order, and each mesh to the finer one below, down to the image.
///
/// Where the shapes leave a little less than nothing, at the rim of kernels, there is nothing; what they leave too much
/// elsewhere, some millionths, is taken from all alike.
pub(super) fn image_of(tiles: &[Tile], levels: &[Level]) -> Vec<f64> {
    let highest = tiles.iter().map(|tile| tile.piece.level).max().unwrap_or(0);
    let mut coarser = None;
    for level in (1..=highest).rev() {
        let n = levels[level].n_with_margins();
        let target = Target { first: 0, n, level };
        coarser = Some((fill(&target, tiles, coarser.as_ref()).0, n));
    }
    let target = Target { first: MARGIN, n: levels[0].n_cells, level: 0 };
    let (mut image, above, below) = fill(&target, tiles, coarser.as_ref());
    if below < 0.0 && above + below > 0.0 {
        let factor = (above + below) / above;
        image.par_chunks_mut(ROWS * target.n).for_each(|rows| dispatch(Clear { rows, factor }));
    }
    image
}

/// A square of cells to fill.
struct Target {
    /// Its first cell a side, margins counted.
    first: usize,
    /// Its cells a side.
    n: usize,
    level: usize,
}

/// The cells of a target, and the sums of those above zero and of those below.
fn fill(target: &Target, tiles: &[Tile], coarser: Option<&(Vec<f64>, usize)>) -> (Vec<f64>, f64, f64) {
    let Target { first, n, .. } = *target;
    let parted = coarser.map(|(cells, n_coarse)| {
        let mut parted = vec![0.0; n_coarse * n];
        parted.par_chunks_mut(ROWS * n).zip(cells.par_chunks(ROWS * n_coarse)).for_each(|(fine, coarse)| {
            dispatch(Part { coarse, n_coarse: *n_coarse, fine, n_fine: n, first });
        });
        parted
    });
    let mut cells = vec![0.0; n * n];
    let tiles: Vec<&Tile> = tiles.iter().filter(|tile| tile.piece.level == target.level).collect();
    let sums: Vec<(f64, f64)> = cells
        .par_chunks_mut(ROWS * n)
        .enumerate()
        .map(|(block, rows)| {
            let first_row = first + block * ROWS;
            dispatch(Fill { rows, n, first_row, first, tiles: &tiles, parted: parted.as_deref() })
        })
        .collect();
    let (above, below) = sums.iter().fold((0.0, 0.0), |sums, block| (sums.0 + block.0, sums.1 + block.1));
    (cells, above, below)
}

/// Parts the cells of some rows of a mesh.
struct Part<'a> {
    coarse: &'a [f64],
    n_coarse: usize,
    fine: &'a mut [f64],
    n_fine: usize,
    first: usize,
}

impl Work for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (coarse, fine) in self.coarse.chunks(self.n_coarse).zip(self.fine.chunks_mut(self.n_fine)) {
            part_row(coarse, self.first, fine);
        }
    }
}

/// Fills some rows of a target.
struct Fill<'a> {
    rows: &'a mut [f64],
    n: usize,
    /// The first row and column of the rows, margins counted.
    first_row: usize,
    first: usize,
    tiles: &'a [&'a Tile],
    parted: Option<&'a [f64]>,
}

impl Work for Fill<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<const FMA: bool>(self) -> (f64, f64) {
        const LANES: usize = 16;
        let (mut above, mut below) = ([0.0f64; LANES], [0.0f64; LANES]);
        for (index, cells) in self.rows.chunks_mut(self.n).enumerate() {
            let row = self.first_row + index;
            if let Some(parted) = self.parted {
                part_rows(parted, self.n, row, cells);
            }
            for tile in self.tiles {
                add_tile_row(tile, row, self.first, cells);
            }
            let whole = cells.chunks_exact(LANES);
            for (k, &light) in whole.remainder().iter().enumerate() {
                above[k] += if light > 0.0 { light } else { 0.0 };
                below[k] += if light < 0.0 { light } else { 0.0 };
            }
            for cells in whole {
                for k in 0..LANES {
                    let light = cells[k];
                    above[k] += if light > 0.0 { light } else { 0.0 };
                    below[k] += if light < 0.0 { light } else { 0.0 };
                }
            }
        }
        (above.iter().sum(), below.iter().sum())
    }
}

/// Adds the cells of a tile to a row of a mesh that begins with column `first`.
#[inline(always)]
fn add_tile_row(tile: &Tile, row: usize, first: usize, cells: &mut [f64]) {
    let [first_column, first_row] = tile.piece.first;
    let Some(own_row) = row.checked_sub(first_row).filter(|&own| own < tile.piece.n_rows) else { return };
    let own = &tile.cells[own_row * tile.piece.stride..(own_row + 1) * tile.piece.stride];
    let skipped = first.saturating_sub(first_column).min(own.len());
    let from = first_column.saturating_sub(first).min(cells.len());
    let factor = tile.factor;
    for (cell, &light) in cells[from..].iter_mut().zip(&own[skipped..]) {
        *cell += factor * f64::from(light);
    }
}

/// Clears what is below zero and scales the rest.
struct Clear<'a> {
    rows: &'a mut [f64],
    factor: f64,
}

impl Work for Clear<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for light in self.rows {
            *light = self.factor * if *light > 0.0 { *light } else { 0.0 };
        }
    }
}
