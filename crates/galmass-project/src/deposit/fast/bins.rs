//! Kernels sorted by the piece of the mesh that they touch and the size of their window.
//!
//! Particles come in no order, and go to cells all over the image. Sorted, those that touch one tile follow each
//! other: the tile stays in the nearest cache, loops of one size run without a wrong guess, and tiles are work for as many
//! threads as there are, each with cells of its own. The sort is stable and its pieces follow from the number of
//! particles and pixels alone, and so do all sums.

use std::ops::Range;

use rayon::prelude::*;

use super::level::{Level, MARGIN, WIDEST, level_of};
use super::tile::{Size, Splat};
use crate::simd::{Work, dispatch};

/// Kernels narrower than this many pixels are widened to it: single precision knows no better where they end.
const NARROWEST_PX: f64 = 1.0 / 1024.0;

/// A support below this many pixels is a point, which belongs to one pixel alone, as in the exact scheme.
const POINT_BELOW_PX: f64 = 1e-9;

/// Where a kernel lies and how far it reaches, in pixels: a point is spread over a part of its pixel.
#[inline(always)]
fn spread(centre: f64, support: f64) -> (f64, f64) {
    let wide = if support > NARROWEST_PX { support } else { NARROWEST_PX };
    let middle = centre.floor() + 0.5;
    if support < POINT_BELOW_PX { (middle, 0.25) } else { (centre, wide) }
}

/// Windows up to this many cells a side stay on one tile; wider ones need the whole mesh.
const WIDEST_WINDOW: usize = 34;

/// Cells that a tile has beyond its side, for windows that begin on it, rounded up to full vectors.
pub(super) const OVERHANG: usize = 48;

/// The side of a tile, where a mesh is cut into tiles, is two to this power.
const TILE_BITS: u32 = 7;

/// Up to so many particles meshes are not cut: to clear and collect the tiles would take longer.
const FEW_PARTICLES: usize = 1 << 16;

/// The particles that are sorted together: their kernels fit into the second cache.
const CHUNK: usize = 1 << 12;

/// A particle on the image: where it is and how wide its kernel is, in pixels, and its light.
#[derive(Clone, Copy, Debug)]
pub(super) struct Particle {
    pub(super) centre: [f64; 2],
    pub(super) support: f64,
    pub(super) light: f64,
}

/// A piece of a mesh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) level: usize,
    /// The first of its bins, one for each size of window; only the last is filled where windows are too wide for tiles.
    pub(super) first_bin: usize,
    /// The first cell of the tile, margins counted, column and row.
    pub(super) first: [usize; 2],
    /// The cells of the tile in a row, and its rows.
    pub(super) stride: usize,
    pub(super) n_rows: usize,
}

/// How one mesh is cut into tiles.
#[derive(Clone, Copy, Debug)]
struct Tiles {
    side: usize,
    /// A cell's place shifted down by so many bits is that of its tile.
    shift: u32,
    /// Tiles a side.
    n_tiles: usize,
    first_bin: usize,
}

/// How meshes are cut into tiles.
#[derive(Debug)]
pub(super) struct Tiling {
    levels: Vec<Level>,
    tiles: Vec<Tiles>,
    pub(super) pieces: Vec<Piece>,
}

impl Tiling {
    pub(super) fn new(levels: Vec<Level>, n_particles: usize) -> Self {
        let (mut pieces, mut tiles) = (Vec::new(), Vec::new());
        for (level, mesh) in levels.iter().enumerate() {
            let n = mesh.n_with_margins();
            let (side, shift) =
                if n_particles <= FEW_PARTICLES { (n, usize::BITS - 1) } else { (1 << TILE_BITS, TILE_BITS) };
            let n_tiles = n.div_ceil(side);
            tiles.push(Tiles { side, shift, n_tiles, first_bin: pieces.len() * Size::ALL.len() });
            for tile in 0..n_tiles * n_tiles {
                let first = [(tile % n_tiles) * side, (tile / n_tiles) * side];
                let (stride, n_rows) = (side + OVERHANG, side + OVERHANG);
                let first_bin = pieces.len() * Size::ALL.len();
                pieces.push(Piece { level, first_bin, first, stride, n_rows });
            }
        }
        // Windows too wide for any tile: one bin a level.
        for (level, mesh) in levels.iter().enumerate() {
            let (stride, n_rows) = (mesh.n_with_margins() + OVERHANG, mesh.n_with_margins());
            let first_bin = pieces.len() * Size::ALL.len();
            pieces.push(Piece { level, first_bin, first: [0; 2], stride, n_rows });
        }
        Self { levels, tiles, pieces }
    }

    fn n_bins(&self) -> usize {
        self.pieces.len() * Size::ALL.len()
    }

    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The bin of a particle and its kernel there; `None` if it adds nothing to the image.
    #[inline(never)]
    fn place(&self, particle: &Particle) -> Option<(u32, Splat)> {
        let [(x, support), (y, _)] = particle.centre.map(|centre| spread(centre, particle.support));
        let n_px = self.levels[0].n_cells as f64;
        let reaches = |centre: f64| centre + support > 0.0 && centre - support < n_px;
        // Written so that NaN, which coordinates that overflowed become, reaches nothing.
        if !(particle.light > 0.0 && reaches(x) && reaches(y)) {
            return None;
        }
        let level = level_of(&self.levels, [x, y], support);
        let mesh = &self.levels[level];
        let per_px = 1.0 / mesh.cell_px;
        let (x, y, support) = (x * per_px, y * per_px, support * per_px);
        let ([left, right], cut_in_x) = window(x, support, mesh.n_cells);
        let ([bottom, top], cut_in_y) = window(y, support, mesh.n_cells);
        let is_cut = cut_in_x || cut_in_y;
        let (n_columns, n_rows) = ((right - left + 1) as usize, (top - bottom + 1) as usize);
        let widest = n_columns.max(n_rows);
        let [column, row] = [left, bottom].map(|cell| (cell + MARGIN as i64) as usize);

        let (bin, tile_column, tile_row, stride) = if widest > WIDEST_WINDOW {
            let piece = self.pieces.len() - self.levels.len() + level;
            let bin = piece * Size::ALL.len() + Size::Huge as usize;
            (bin, column, row, mesh.n_with_margins() + OVERHANG)
        } else {
            let Tiles { side, shift, n_tiles, first_bin } = self.tiles[level];
            let size = if is_cut { Size::Huge } else { Size::of(widest) };
            let (in_x, in_y) = (column >> shift, row >> shift);
            let bin = first_bin + (in_y * n_tiles + in_x) * Size::ALL.len() + size as usize;
            (bin, column - in_x * side, row - in_y * side, side + OVERHANG)
        };
        let per_cell = 1.0 / support;
        let splat = Splat {
            light: particle.light,
            first: [((left as f64 - x) * per_cell) as f32, ((bottom as f64 - y) * per_cell) as f32],
            per_cell: per_cell as f32,
            at: (tile_row * stride + tile_column) as u32,
            size: [n_columns as u16, n_rows as u16],
            is_cut,
        };
        Some((bin as u32, splat))
    }
}

/// The first and last cell that a kernel touches, cut to a mesh with its margins, and whether they were cut.
#[inline(always)]
fn window(centre: f64, support: f64, n_cells: usize) -> ([i64; 2], bool) {
    let (lowest, highest) = (-(MARGIN as f64), (n_cells + MARGIN - 1) as f64);
    let (low, high) = ((centre - support).floor(), (centre + support).floor());
    let is_cut = low < lowest || high > highest;
    let cells = [low.max(lowest).min(highest), high.min(highest).max(lowest)];
    (cells.map(|cell| i64::from(cell as i32)), is_cut)
}

/// The kernels of some particles that follow each other, by bins.
pub(super) struct Chunk {
    splats: Vec<Splat>,
    /// Where each bin begins, and where the last one ends.
    starts: Vec<u32>,
    /// Whether all particles have finite places, supports and light, and neither below zero.
    pub(super) is_sound: bool,
}

impl Chunk {
    pub(super) fn of_bins(&self, bins: Range<usize>) -> &[Splat] {
        &self.splats[self.starts[bins.start] as usize..self.starts[bins.end] as usize]
    }
}

/// Sorts particles, given by their index, into chunks.
pub(super) fn sort(
    tiling: &Tiling,
    n_particles: usize,
    particle: impl Fn(usize) -> Particle + Sync,
) -> Vec<Chunk> {
    let n_chunks = n_particles.div_ceil(CHUNK);
    let chunks = (0..n_chunks).into_par_iter().map_init(Vec::new, |placed, chunk| {
        let indices = chunk * CHUNK..n_particles.min((chunk + 1) * CHUNK);
        dispatch(SortChunk { tiling, indices, particle: &particle, placed })
    });
    chunks.collect()
}

/// Places and sorts the particles of a chunk.
struct SortChunk<'a, P> {
    tiling: &'a Tiling,
    indices: Range<usize>,
    particle: P,
    /// Scratch space.
    placed: &'a mut Vec<(u32, Splat)>,
}

impl<P: Fn(usize) -> Particle> Work for SortChunk<'_, P> {
    type Output = Chunk;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Chunk {
        let Self { tiling, indices, particle, placed } = self;
        placed.resize(indices.len(), (0, Splat::default()));
        let (mut n_placed, mut is_sound) = (0, true);
        let mut block = Block::default();
        let highest = tiling.levels.len() as i64 - 1;
        for start in indices.clone().step_by(BLOCK) {
            let n = BLOCK.min(indices.end - start);
            if n < BLOCK {
                block = Block::default();
            }
            for k in 0..n {
                block.set(k, &particle(start + k));
            }
            is_sound &= block.is_sound();
            block.find_windows(highest);
            for k in 0..n {
                let slot = &mut placed[n_placed];
                if block.is_plain(k, tiling) {
                    block.place(k, tiling, slot);
                    n_placed += 1;
                } else if let Some(bin_and_splat) = tiling.place(&block.particle(k)) {
                    *slot = bin_and_splat;
                    n_placed += 1;
                }
            }
        }
        by_bins(&placed[..n_placed], tiling.n_bins(), is_sound)
    }
}

/// The bits of a double's mantissa, all of them set, and the exponent that means 1.
const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const EXPONENT_OF_ONE: i64 = 1023;

/// Particles that are placed together, several in a vector.
const BLOCK: usize = 64;

/// Particles and their windows on the mesh of their level.
struct Block {
    centre: [[f64; BLOCK]; 2],
    support: [f64; BLOCK],
    light: [f64; BLOCK],
    /// The first and the last cell, as far as they can be told in 32 bits.
    low: [[i32; BLOCK]; 2],
    high: [[i32; BLOCK]; 2],
    first: [[f32; BLOCK]; 2],
    per_cell: [f32; BLOCK],
    level: [i32; BLOCK],
}

impl Default for Block {
    fn default() -> Self {
        Self {
            centre: [[0.0; BLOCK]; 2],
            support: [0.0; BLOCK],
            light: [0.0; BLOCK],
            low: [[0; BLOCK]; 2],
            high: [[0; BLOCK]; 2],
            first: [[0.0; BLOCK]; 2],
            per_cell: [0.0; BLOCK],
            level: [0; BLOCK],
        }
    }
}

impl Block {
    #[inline(always)]
    fn set(&mut self, k: usize, particle: &Particle) {
        self.centre[0][k] = particle.centre[0];
        self.centre[1][k] = particle.centre[1];
        self.support[k] = particle.support;
        self.light[k] = particle.light;
    }

    #[inline(always)]
    fn particle(&self, k: usize) -> Particle {
        let centre = [self.centre[0][k], self.centre[1][k]];
        Particle { centre, support: self.support[k], light: self.light[k] }
    }

    /// Whether all particles have finite places, supports and light, and neither of these below zero.
    #[inline(always)]
    fn is_sound(&self) -> bool {
        const LANES: usize = 16;
        let (mut zeros, mut smallest) = ([0.0f64; LANES], [0.0f64; LANES]);
        for k in 0..BLOCK {
            let (support, light) = (self.support[k], self.light[k]);
            // Stays 0, or becomes NaN as soon as one of them is not finite.
            zeros[k % LANES] +=
                (self.centre[0][k] * 0.0 + self.centre[1][k] * 0.0) + (support * 0.0 + light * 0.0);
            let smaller = if support < light { support } else { light };
            smallest[k % LANES] = if smaller < smallest[k % LANES] { smaller } else { smallest[k % LANES] };
        }
        zeros.iter().sum::<f64>() == 0.0 && smallest.iter().sum::<f64>() == 0.0
    }

    /// Finds the levels and windows of all particles.
    #[inline(always)]
    fn find_windows(&mut self, highest: i64) {
        let mut scale = [0.0f64; BLOCK];
        let mut wide = [0.0f64; BLOCK];
        let mut inverse = [0.0f64; BLOCK];
        for k in 0..BLOCK {
            let (_, support) = spread(0.0, self.support[k]);
            // The power of two that takes the support down to the widest, read off its exponent.
            let ratio = support * (1.0 / WIDEST);
            let exponent = ((ratio.to_bits() + MANTISSA) >> MANTISSA_BITS) as i64 - EXPONENT_OF_ONE;
            let level = if exponent > 0 { exponent } else { 0 };
            let level = if level < highest { level } else { highest };
            self.level[k] = level as i32;
            scale[k] = f64::from_bits(((EXPONENT_OF_ONE - level) as u64) << MANTISSA_BITS);
            wide[k] = support * scale[k];
            inverse[k] = 1.0 / wide[k];
            self.per_cell[k] = inverse[k] as f32;
        }
        for axis in 0..2 {
            let centre = &self.centre[axis];
            for k in 0..BLOCK {
                let at = spread(centre[k], self.support[k]).0 * scale[k];
                let low = (at - wide[k]).floor();
                self.low[axis][k] = low as i32;
                self.high[axis][k] = (at + wide[k]).floor() as i32;
                self.first[axis][k] = ((low - at) * inverse[k]) as f32;
            }
        }
    }

    /// Whether a particle with light reaches the image, and its window is neither wide nor cut nor near an edge that runs
    /// through a cell.
    #[inline(always)]
    fn is_plain(&self, k: usize, tiling: &Tiling) -> bool {
        let level = &tiling.levels[self.level[k] as usize];
        let (n, margin) = (level.n_cells as i32, MARGIN as i32);
        let clear = if level.is_aligned() { n + margin } else { n - margin - 1 };
        let on_mesh = |axis: usize| {
            let (low, high) = (self.low[axis][k], self.high[axis][k]);
            (low >= -margin)
                & (high < clear)
                & (low < n)
                & (high >= 0)
                & (high.wrapping_sub(low) < WIDEST_WINDOW as i32)
        };
        (self.light[k] > 0.0) & on_mesh(0) & on_mesh(1)
    }

    #[inline(always)]
    fn place(&self, k: usize, tiling: &Tiling, (to_bin, splat): &mut (u32, Splat)) {
        let [n_columns, n_rows] = [0, 1].map(|axis| (self.high[axis][k] - self.low[axis][k] + 1) as usize);
        let [column, row] = [0, 1].map(|axis| (self.low[axis][k] + MARGIN as i32) as usize);
        let Tiles { side, shift, n_tiles, first_bin } = tiling.tiles[self.level[k] as usize];
        let (in_x, in_y) = (column >> shift, row >> shift);
        let size = Size::of(n_columns.max(n_rows));
        let bin = first_bin + (in_y * n_tiles + in_x) * Size::ALL.len() + size as usize;
        let stride = side + OVERHANG;
        // Field by field: a kernel put together on the stack would be read back in one piece before it is there.
        *to_bin = bin as u32;
        splat.light = self.light[k];
        splat.first = [self.first[0][k], self.first[1][k]];
        splat.per_cell = self.per_cell[k];
        splat.at = ((row - in_y * side) * stride + column - in_x * side) as u32;
        splat.size = [n_columns as u16, n_rows as u16];
        splat.is_cut = false;
    }
}

/// A counting sort, which keeps the order within a bin.
#[inline(always)]
fn by_bins(placed: &[(u32, Splat)], n_bins: usize, is_sound: bool) -> Chunk {
    let mut starts = vec![0u32; n_bins + 1];
    for (bin, _) in placed {
        starts[*bin as usize + 1] += 1;
    }
    for bin in 0..n_bins {
        starts[bin + 1] += starts[bin];
    }
    let mut next = starts.clone();
    let mut splats = vec![Splat::default(); placed.len()];
    for (bin, splat) in placed {
        let next = &mut next[*bin as usize];
        splats[*next as usize] = *splat;
        *next += 1;
    }
    Chunk { splats, starts, is_sound }
}
