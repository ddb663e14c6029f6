//! From the meshes that kernels were added to, to the image.

use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use super::Sheet;
use super::level::{HALO, Level, MARGIN, Meshes};
use super::precision::Precision;
use super::prolong::{part_columns, part_rows};
use galmass_core::simd::{Work, dispatch};

/// Rows that one thread fills at a time: an even number.
const ROWS: usize = 32;

/// Cells that one thread hands over at a time.
const CELLS: usize = 1 << 14;

/// Adds up each mesh over the sheets, in their order, and each mesh to the finer one below, down to the image.
///
/// Where the shapes leave a little less than nothing, at the rim of kernels, there is nothing; what they leave too much
/// elsewhere, some millionths, is taken from all alike. So is what single precision has rounded: cells share their
/// light among those below them, so that the light within the image is known in double precision from the meshes
/// that end with it. Meshes that end within a cell share theirs out in double precision, down to the first that does not.
pub(super) fn image_of(sheets: &[Sheet], meshes: &Meshes) -> Vec<f64> {
    let highest = sheets.iter().map(|sheet| sheet.highest).max().unwrap_or(0);
    let aligned = meshes.highest_aligned();
    let (single, double) = match meshes.levels() {
        levels if highest <= aligned => (&levels[..=highest], &[][..]),
        levels => (&levels[..aligned], &levels[aligned..=highest]),
    };
    let (coarse, of_coarse) = collect::<f64>(double, sheets, None);
    let of_coarse = Sums { inside: coarse.as_ref().map_or(0.0, Collected::inside), ..of_coarse };
    let (image, of_fine) = collect::<f32>(single, sheets, coarse.map(Collected::rounded));
    let Some(image) = image else { return Vec::new() };

    let light: f64 = sheets.iter().map(|sheet| sheet.light).sum();
    let (found, inside) = (of_coarse.found + of_fine.found, of_coarse.inside + of_fine.inside);
    let above = if single.is_empty() { image.above() } else { of_fine.above };
    let factor = if found > 0.0 && above > 0.0 { light / found * (inside / above) } else { 1.0 };
    let cells = scaled(&image.cells, factor);
    f32::give_back(image.cells);
    cells
}

/// The light of all cells, without what is below zero.
fn scaled(cells: &[f32], factor: f64) -> Vec<f64> {
    let mut scaled = Vec::with_capacity(cells.len());
    let room = &mut scaled.spare_capacity_mut()[..cells.len()];
    room.par_chunks_mut(CELLS).zip(cells.par_chunks(CELLS)).for_each(|(scaled, cells)| {
        dispatch(Scale { cells, factor, scaled });
    });
    // SAFETY: `Scale` has written to each cell of the room, which is as long as `cells`, as their chunks are.
    unsafe { scaled.set_len(cells.len()) };
    scaled
}

/// Collects all levels, from the highest down to the first of them, on top of what there is above; with the sums over
/// the levels, but for what is above zero, which is of the first alone.
fn collect<T: Precision>(
    levels: &[Level],
    sheets: &[Sheet],
    mut coarser: Option<Collected<T>>,
) -> (Option<Collected<T>>, Sums) {
    let mut sums = Sums::default();
    for level in levels.iter().rev() {
        let (collected, of_level) = Collected::fill(level, sheets, coarser.as_ref());
        sums = Sums { above: of_level.above, ..sums.plus(of_level) };
        if let Some(Collected { cells, .. }) = coarser.replace(collected) {
            T::give_back(cells);
        }
    }
    (coarser, sums)
}

/// All light of a level and those above it: with its halo, or the image alone.
struct Collected<T> {
    cells: Vec<T>,
    /// The first cell a side, counted from the first of the halo: even, like all first rows below.
    first: usize,
    /// Cells a side.
    n: usize,
    /// Cells a side that belong to the image.
    n_inside: usize,
}

impl<T: Precision> Collected<T> {
    fn fill(level: &Level, sheets: &[Sheet], coarser: Option<&Self>) -> (Self, Sums) {
        let (first, n) = if level.is_image() { (HALO, level.n_cells) } else { (0, level.n_with_halo()) };
        let mut cells = T::take(n * n);
        let blocks =
            cells.par_chunks_mut(ROWS * n).enumerate().map_init(Default::default, |scratch, block| {
                let first_row = first + block.0 * ROWS;
                dispatch(Fill { level, first, n, first_row, rows: block.1, sheets, coarser, scratch })
            });
        let blocks: Vec<Sums> = blocks.collect();
        let mut sums = blocks.into_iter().fold(Sums::default(), Sums::plus);
        let first_row = MARGIN - HALO + first;
        for rows in [0..first_row, first_row + n..level.n_rows()] {
            sums.found += dispatch(Total { level, rows, sheets });
        }
        (Self { cells, first, n, n_inside: level.n_cells }, sums)
    }

    /// The light within the image.
    fn inside(&self) -> f64 {
        let mut columns = Columns::default();
        for row in self.cells.chunks_exact(self.n).skip(HALO - self.first).take(self.n_inside) {
            columns.add(row, T::into);
        }
        columns.sum(HALO - self.first..HALO - self.first + self.n_inside)
    }

    /// The light of the cells above zero.
    fn above(&self) -> f64 {
        let mut columns = Columns::default();
        self.cells.chunks_exact(self.n).for_each(|row| columns.add(row, above_zero));
        columns.sum(0..self.n)
    }

    /// The same in single precision.
    fn rounded(self) -> Collected<f32> {
        let Self { cells, first, n, n_inside } = self;
        let mut rounded = f32::take(cells.len());
        for (rounded, cell) in rounded.iter_mut().zip(&cells) {
            *rounded = (*cell).into() as f32;
        }
        T::give_back(cells);
        Collected { cells: rounded, first, n, n_inside }
    }
}

/// Sums over the cells of a mesh.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// The light that was added to the mesh itself.
    found: f64,
    /// As much of it as is within the image.
    inside: f64,
    /// The light above zero on the image, that of coarser meshes with it.
    above: f64,
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        let (found, inside) = (self.found + other.found, self.inside + other.inside);
        Self { found, inside, above: self.above + other.above }
    }
}

/// Fills some rows of a level.
struct Fill<'a, T> {
    level: &'a Level,
    first: usize,
    n: usize,
    first_row: usize,
    rows: &'a mut [T],
    sheets: &'a [Sheet],
    coarser: Option<&'a Collected<T>>,
    scratch: &'a mut FillScratch<T>,
}

#[derive(Default)]
struct FillScratch<T> {
    /// Two rows, parted from a coarse one.
    parted: Vec<T>,
    /// The sum of a row over the sheets.
    summed: Vec<f32>,
    /// Sums of the rows within the image and beside it, and of what is above zero.
    within: Columns,
    beside: Columns,
    above: Columns,
}

impl<T: Precision> Work for Fill<'_, T> {
    type Output = Sums;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Sums {
        let Self { level, first, n, first_row, rows, sheets, coarser, scratch } = self;
        let FillScratch { parted, summed, within, beside, above } = scratch;
        if let Some(Collected { cells, n: n_coarse, .. }) = coarser {
            parted.resize(2 * n_coarse, T::default());
            let (lower, upper) = parted.split_at_mut(*n_coarse);
            for (pair, rows) in rows.chunks_mut(2 * n).enumerate() {
                part_rows(cells, *n_coarse, first_row + 2 * pair, [&mut *lower, &mut *upper]);
                let (lower_row, upper_row) = rows.split_at_mut(n);
                part_columns(lower, first, lower_row);
                part_columns(upper, first, upper_row);
            }
        } else {
            rows.fill(T::default());
        }
        [&mut *within, &mut *beside, &mut *above].into_iter().for_each(Columns::clear);
        for (row, cells) in (first_row..).zip(rows.chunks_mut(n)) {
            let range = level.row(row + MARGIN - HALO);
            let own = match sheets {
                [] => continue,
                [sheet] => &sheet.cells[range],
                [sheet, other, others @ ..] => {
                    let (one, other) = (&sheet.cells[range.clone()], &other.cells[range.clone()]);
                    summed.clear();
                    summed.extend(one.iter().zip(other).map(|(one, other)| one + other));
                    for sheet in others {
                        summed
                            .iter_mut()
                            .zip(&sheet.cells[range.clone()])
                            .for_each(|(sum, light)| *sum += light);
                    }
                    &summed[..]
                }
            };
            let is_within = (HALO..HALO + level.n_cells).contains(&row);
            if is_within { &mut *within } else { &mut *beside }.add(own, f64::from);
            for (cell, &light) in cells.iter_mut().zip(&own[MARGIN - HALO + first..][..n]) {
                *cell = *cell + T::from(light);
            }
            if level.is_image() {
                above.add(cells, above_zero);
            }
        }
        let all = 0..level.stride();
        Sums {
            found: within.sum(all.clone()) + beside.sum(all),
            inside: within.sum(MARGIN..MARGIN + level.n_cells),
            above: above.sum(0..n),
        }
    }
}

/// The light on some rows of all sheets.
struct Total<'a> {
    level: &'a Level,
    rows: Range<usize>,
    sheets: &'a [Sheet],
}

impl Work for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> f64 {
        let Self { level, rows, sheets } = self;
        let mut columns = Columns::default();
        for sheet in sheets {
            for row in rows.clone() {
                columns.add(&sheet.cells[level.row(row)], f64::from);
            }
        }
        columns.sum(0..level.stride())
    }
}

/// Writes the light of cells, without what is below zero.
struct Scale<'a> {
    cells: &'a [f32],
    factor: f64,
    scaled: &'a mut [MaybeUninit<f64>],
}

impl Work for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (scaled, &light) in self.scaled.iter_mut().zip(self.cells) {
            scaled.write(self.factor * above_zero(light));
        }
    }
}

/// Sums of rows in double precision, column by column: what compilers make vectors of.
#[derive(Default)]
struct Columns(Vec<f64>);

impl Columns {
    #[inline(always)]
    fn add<T: Precision>(&mut self, row: &[T], of: impl Fn(T) -> f64) {
        self.0.resize(row.len(), 0.0);
        for (sum, &cell) in self.0.iter_mut().zip(row) {
            *sum += of(cell);
        }
    }

    /// The sum over some columns.
    #[inline(always)]
    fn sum(&self, columns: Range<usize>) -> f64 {
        const LANES: usize = 8;
        let mut sums = [0.0; LANES];
        for columns in self.0.get(columns).unwrap_or_default().chunks(LANES) {
            sums.iter_mut().zip(columns).for_each(|(sum, column)| *sum += column);
        }
        sums.iter().sum()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// The light of a cell above zero.
#[inline(always)]
fn above_zero<T: Precision>(light: T) -> f64 {
    let light = light.into();
    if light > 0.0 { light } else { 0.0 }
}
