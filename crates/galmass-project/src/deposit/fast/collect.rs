//! From the meshes that kernels were added to, to the image.

use rayon::prelude::*;

use super::Sheet;
use super::level::{HALO, Level, MARGIN, Meshes};
use super::prolong::{part_columns, part_rows};
use super::scratch::Scratch;
use galmass_core::simd::{Work, dispatch};

/// Rows that one thread fills at a time: an even number.
const ROWS: usize = 32;

/// Adds up each mesh over the sheets, in their order, and each mesh to the finer one below, down to the image.
///
/// Where the shapes leave a little less than nothing, at the rim of kernels, there is nothing; what they leave too much
/// elsewhere, some millionths, is taken from all alike.
pub(super) fn image_of(sheets: &[Sheet], meshes: &Meshes) -> Vec<f64> {
    let highest = sheets.iter().map(|sheet| sheet.highest).max().unwrap_or(0);
    let levels = &meshes.levels()[..=highest];
    let mut coarser = None;
    for pair in levels.windows(2).rev() {
        let [_, level] = pair else { continue };
        let target = Target { level, first: 0, n: level.n_with_halo() };
        let (cells, ..) = target.fill(MESHES.take(target.n * target.n), sheets, coarser.as_ref());
        let Some(Coarser { cells, .. }) = coarser.replace(Coarser { cells, n: target.n }) else { continue };
        MESHES.give_back(cells);
    }
    let image = &levels[0];
    let target = Target { level: image, first: HALO, n: image.n_cells };
    let (mut image, above, below) = target.fill(vec![0.0; target.n * target.n], sheets, coarser.as_ref());
    coarser.into_iter().for_each(|coarser| MESHES.give_back(coarser.cells));
    if below < 0.0 && above + below > 0.0 {
        let factor = (above + below) / above;
        image.par_chunks_mut(ROWS * target.n).for_each(|rows| dispatch(Clear { rows, factor }));
    }
    image
}

static MESHES: Scratch<f64> = Scratch::new();

/// All light of a level and those above it, with its halo, `n` cells a side.
struct Coarser {
    cells: Vec<f64>,
    n: usize,
}

/// A square of cells to fill.
struct Target<'a> {
    level: &'a Level,
    /// Its first cell a side, counted from the first of the halo: even, like all first rows below.
    first: usize,
    /// Its cells a side.
    n: usize,
}

impl Target<'_> {
    /// The cells, filled, and the sums of those above zero and of those below.
    fn fill(&self, mut cells: Vec<f64>, sheets: &[Sheet], coarser: Option<&Coarser>) -> (Vec<f64>, f64, f64) {
        let sums: Vec<(f64, f64)> = cells
            .par_chunks_mut(ROWS * self.n)
            .enumerate()
            .map_init(Vec::new, |parted, (block, rows)| {
                dispatch(Fill {
                    target: self,
                    first_row: self.first + block * ROWS,
                    rows,
                    sheets,
                    coarser,
                    parted,
                })
            })
            .collect();
        let (above, below) = sums.iter().fold((0.0, 0.0), |sums, block| (sums.0 + block.0, sums.1 + block.1));
        (cells, above, below)
    }
}

/// Fills some rows of a target.
struct Fill<'a> {
    target: &'a Target<'a>,
    first_row: usize,
    rows: &'a mut [f64],
    sheets: &'a [Sheet],
    coarser: Option<&'a Coarser>,
    /// Scratch space.
    parted: &'a mut Vec<f64>,
}

impl Work for Fill<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<const FMA: bool>(self) -> (f64, f64) {
        const LANES: usize = 16;
        let Self { target: Target { level, first, n }, first_row, rows, sheets, coarser, parted } = self;
        if let Some(Coarser { cells, n: n_coarse }) = coarser {
            parted.resize(2 * n_coarse, 0.0);
            let (lower, upper) = parted.split_at_mut(*n_coarse);
            for (pair, rows) in rows.chunks_mut(2 * n).enumerate() {
                part_rows(cells, *n_coarse, first_row + 2 * pair, [&mut *lower, &mut *upper]);
                let (lower_row, upper_row) = rows.split_at_mut(*n);
                part_columns(lower, *first, lower_row);
                part_columns(upper, *first, upper_row);
            }
        } else {
            rows.fill(0.0);
        }
        let (mut above, mut below) = ([0.0f64; LANES], [0.0f64; LANES]);
        for (row, cells) in (first_row..).zip(rows.chunks_mut(*n)) {
            let start = level.first + (row + MARGIN - HALO) * level.stride() + first + MARGIN - HALO;
            for sheet in sheets {
                for (cell, &light) in cells.iter_mut().zip(&sheet.cells[start..start + n]) {
                    *cell += sheet.factor * f64::from(light);
                }
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
