//! Particles in the order of the tiles that they lie in.

use std::ops::Range;

use rayon::prelude::*;

use super::{REACH, Splat};

/// The side of a tile, in pixels.
pub(super) const TILE: usize = 32;

/// Particles that are sorted together: a thread keeps so many at hand.
const CHUNK: usize = 1 << 15;

/// Tiles on an image. The pixel that a kernel reaches first, to the left and below, lies up to [`REACH`] pixels before
/// the image; the first tile begins there.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    per_side: usize,
}

impl Tiles {
    fn new(n_px: usize) -> Self {
        Self { per_side: (n_px + REACH).div_ceil(TILE) }
    }

    fn len(self) -> usize {
        self.per_side * self.per_side
    }

    /// The tile of the pixel that a narrow kernel reaches first; past them all, for a wide one, the row of tiles.
    #[inline(always)]
    fn of(self, splat: &Splat) -> u32 {
        if !splat.is_narrow() {
            let row = (splat.y - splat.support).max(0.0) as usize / TILE;
            return (self.len() + row.min(self.per_side - 1)) as u32;
        }
        let [column, row] = [splat.x, splat.y].map(|at| cell(at - splat.support) as usize / TILE);
        (row * self.per_side + column) as u32
    }

    /// The pixel where a tile begins, column and row, counted from [`REACH`] before the image.
    pub(super) fn start(self, tile: usize) -> [usize; 2] {
        [tile % self.per_side * TILE, tile / self.per_side * TILE]
    }
}

/// The pixel that holds a coordinate, counted from [`REACH`] before the image, from where on it is not negative.
#[inline(always)]
pub(super) fn cell(at: f64) -> i32 {
    (at + REACH as f64) as i32
}

/// Chunks of splats, each of them sorted by tiles; their order within a tile of a chunk is as it was.
pub(super) struct Runs {
    pub(super) tiles: Tiles,
    chunks: Vec<Chunk>,
}

struct Chunk {
    splats: Vec<Splat>,
    /// Where the splats of each tile end, and those of wide kernels that begin in each row of tiles.
    ends: Vec<u32>,
}

impl Runs {
    /// Takes the splats of `n_particles` from `place`, which appends those of some of them.
    pub(super) fn sort(
        n_particles: usize,
        n_px: usize,
        place: impl Fn(Range<usize>, &mut Vec<Splat>) + Sync,
    ) -> Self {
        let tiles = Tiles::new(n_px);
        // Not more tiles than particles to a chunk, so that the ends of runs take little memory.
        let length = CHUNK.max(tiles.len());
        let sort = |start: usize| {
            let particles = start..n_particles.min(start + length);
            let mut splats = Vec::with_capacity(particles.len());
            place(particles, &mut splats);
            Chunk::sort(&splats, tiles)
        };
        let chunks =
            (0..n_particles.div_ceil(length)).into_par_iter().map(|chunk| sort(chunk * length)).collect();
        Self { tiles, chunks }
    }

    /// The splats of a tile, run by run.
    pub(super) fn of_tile(&self, tile: usize) -> impl Iterator<Item = &[Splat]> {
        self.chunks.iter().map(move |chunk| &chunk.splats[chunk.run(tile)])
    }

    /// The wide splats, those of each chunk roughly from the lowest row to the highest: so neighbours in the image are
    /// neighbours in time, and a processor has them at hand.
    pub(super) fn wide(&self) -> impl Iterator<Item = &Splat> {
        let start = |chunk: &Chunk| chunk.ends[self.tiles.len() - 1] as usize;
        self.chunks.iter().flat_map(move |chunk| &chunk.splats[start(chunk)..])
    }

    /// All tiles that hold a splat, and how many.
    pub(super) fn occupied(&self) -> Vec<(usize, usize)> {
        let count = |tile| self.chunks.iter().map(|chunk| chunk.run(tile).len()).sum::<usize>();
        (0..self.tiles.len()).map(|tile| (tile, count(tile))).filter(|&(_, n_splats)| n_splats > 0).collect()
    }
}

impl Chunk {
    /// Sorts by counting.
    fn sort(unsorted: &[Splat], tiles: Tiles) -> Self {
        let of: Vec<u32> = unsorted.iter().map(|splat| tiles.of(splat)).collect();
        let mut ends = vec![0u32; tiles.len() + tiles.per_side];
        of.iter().for_each(|&tile| ends[tile as usize] += 1);
        let mut next = 0;
        for end in &mut ends {
            next += std::mem::replace(end, next);
        }
        let mut splats = unsorted.to_vec();
        for (splat, tile) in unsorted.iter().zip(of) {
            let place = &mut ends[tile as usize];
            splats[*place as usize] = *splat;
            *place += 1;
        }
        Self { splats, ends }
    }

    fn run(&self, tile: usize) -> Range<usize> {
        let start = if tile == 0 { 0 } else { self.ends[tile - 1] };
        start as usize..self.ends[tile] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_splat_is_in_the_run_of_its_tile_once_and_in_order() {
        let n_px = 100;
        let splat = |index: usize| {
            let place = [index * 37 % 1130, index * 91 % 1117].map(|at| at as f64 / 10.0 - 6.0);
            let support = [0.0, 0.3, 7.5, 7.6, 5.0][index % 5];
            Splat::new(place, support, 1.0 + index as f64, n_px)
        };
        let runs = Runs::sort(100_000, n_px, |indices, splats| splats.extend(indices.filter_map(splat)));
        let mut n_seen = 0;
        for (tile, n_splats) in runs.occupied() {
            let [column, row] = runs.tiles.start(tile);
            let mut before = 0.0;
            for splat in runs.of_tile(tile).flatten() {
                for (start, at) in [(column, splat.x), (row, splat.y)] {
                    let first = (at - splat.support).floor() + REACH as f64;
                    assert!(first >= start as f64 && first < (start + TILE) as f64);
                }
                assert!(splat.is_narrow() && splat.weight > before);
                before = splat.weight;
            }
            assert_eq!(runs.of_tile(tile).map(<[Splat]>::len).sum::<usize>(), n_splats);
            n_seen += n_splats;
        }
        assert!(runs.wide().all(|splat| splat.support == 7.6));
        assert_eq!(n_seen + runs.wide().count(), (0..100_000).filter_map(splat).count());
    }
}
