//! Particles and the windows of their kernels, some hundreds at a time.
//!
//! Windows are found in vectors, and then listed by their size: the loops over windows of one size run without a
//! wrong guess, and all that they read is in the nearest cache.

use super::grade::Grade;
use super::level::{MARGIN, MAX_LEVELS, Meshes};
use super::special::{SpecialWindow, special_window};

/// Particles that are placed together: as many as a byte can count.
pub(super) const BLOCK: usize = 128;

/// Kernels narrower than this many pixels are widened to it: single precision knows no better where they end.
const NARROWEST_PX: f64 = 1.0 / 1024.0;

/// A support below this many pixels is a point, which belongs to one pixel alone, as in the exact scheme.
const POINT_BELOW_PX: f64 = 1e-9;

/// Light beyond these limits, in the unit of the caller, is left to the exact scheme: single precision does not hold it.
const FAINTEST: f64 = 1e-30;
const BRIGHTEST: f64 = 1e30;

/// Where a kernel lies and how far it reaches, in pixels: a point is spread over a part of its pixel.
#[inline(always)]
pub(super) fn spread(centre: f64, support: f64) -> (f64, f64) {
    let wide = if support > NARROWEST_PX { support } else { NARROWEST_PX };
    let middle = centre.floor() + 0.5;
    if support < POINT_BELOW_PX { (middle, 0.25) } else { (centre, wide) }
}

/// A particle on the image: where it is and how wide its kernel is, in pixels, and its light.
#[derive(Clone, Copy, Debug)]
pub(super) struct Particle {
    pub(super) centre: [f64; 2],
    pub(super) support: f64,
    pub(super) light: f64,
}

/// What becomes of a particle: windows by size, up to 4, 8, 16 and 24 cells a side; those that need care one by one;
/// and those that add nothing to the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    Tiny,
    Small,
    Medium,
    Large,
    Special,
    Unseen,
}

impl Class {
    const COUNT: usize = Self::Unseen as usize + 1;

    /// The most cells a side of a large window.
    const LARGEST: i32 = 24;
}

/// The window of a kernel on its mesh, for the loops that add it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Window {
    /// The light to share out.
    pub(super) light: f32,
    /// The first edges of the window from the particle, in support radii: at most -1.
    pub(super) first: [f32; 2],
    /// Support radii per cell.
    pub(super) per_cell: f32,
    /// The first cell, among those of all meshes.
    pub(super) at: u32,
    /// Cells from one row to the next.
    pub(super) stride: u32,
    pub(super) n_rows: u32,
}

/// Particles, their windows on the mesh of their level, and which of them are of each class.
pub(super) struct Block {
    centre: [[f64; BLOCK]; 2],
    support: [f64; BLOCK],
    light: [f64; BLOCK],
    found: Found,
    class: [u8; BLOCK],
    members: [[u8; BLOCK]; Class::COUNT],
    n_members: [usize; Class::COUNT],
}

/// The windows of all particles of a block; those of the last two classes mean nothing.
struct Found {
    light: [f32; BLOCK],
    first: [[f32; BLOCK]; 2],
    per_cell: [f32; BLOCK],
    at: [u32; BLOCK],
    stride: [u32; BLOCK],
    n_rows: [u32; BLOCK],
}

/// Where kernels go: the level, how many of its cells a pixel is wide, and the support in cells and its inverse.
struct Places {
    level: [i32; BLOCK],
    scale: [f64; BLOCK],
    support: [f64; BLOCK],
    per_cell: [f64; BLOCK],
}

/// The first and the last cell of each kernel, column and row.
struct Edges {
    low: [[i32; BLOCK]; 2],
    high: [[i32; BLOCK]; 2],
}

/// The light of the classes that have windows, and the highest level that they reach.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Summary {
    pub(super) light: f64,
    pub(super) highest: usize,
}

/// Lanes in which sums over a block are taken: any number that fills vectors.
const LANES: usize = 16;

/// The smaller of two numbers that are none of them NaN, as one instruction.
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The cell of an edge; one far away for edges that are farther, or no number.
#[inline(always)]
fn cell(edge: f64) -> i32 {
    const FAR: f64 = 1e9;
    let edge = if edge > -FAR { edge } else { -FAR };
    let edge = smaller(edge, FAR);
    // SAFETY: between the limits, and neither of them NaN. A cast that looks for that itself is not vectorised.
    unsafe { edge.to_int_unchecked() }
}

impl Default for Block {
    fn default() -> Self {
        let found = Found {
            light: [0.0; BLOCK],
            first: [[0.0; BLOCK]; 2],
            per_cell: [0.0; BLOCK],
            at: [0; BLOCK],
            stride: [0; BLOCK],
            n_rows: [0; BLOCK],
        };
        Self {
            centre: [[0.0; BLOCK]; 2],
            support: [0.0; BLOCK],
            light: [0.0; BLOCK],
            found,
            class: [0; BLOCK],
            members: [[0; BLOCK]; Class::COUNT],
            n_members: [0; Class::COUNT],
        }
    }
}

impl Block {
    /// Takes up to [`BLOCK`] particles in.
    #[inline(always)]
    pub(super) fn fill(&mut self, particles: impl ExactSizeIterator<Item = Particle>) {
        for k in particles.len()..BLOCK {
            self.set(k, &Particle { centre: [0.0; 2], support: 0.0, light: 0.0 });
        }
        for (k, particle) in particles.enumerate().take(BLOCK) {
            self.set(k, &particle);
        }
    }

    #[inline(always)]
    fn set(&mut self, k: usize, particle: &Particle) {
        self.centre[0][k] = particle.centre[0];
        self.centre[1][k] = particle.centre[1];
        self.support[k] = particle.support;
        self.light[k] = particle.light;
    }

    /// Whether all particles have finite places, supports and light, neither of these below zero, and light that single
    /// precision can hold.
    #[inline(always)]
    pub(super) fn is_sound(&self) -> bool {
        let (mut zeros, mut smallest) = ([0.0f64; LANES], [0.0f64; LANES]);
        let (mut faintest, mut brightest) = ([1.0f64; LANES], [1.0f64; LANES]);
        for start in (0..BLOCK).step_by(LANES) {
            for lane in 0..LANES {
                let k = start + lane;
                let (support, light) = (self.support[k], self.light[k]);
                // Stays 0, or becomes NaN as soon as one of them is not finite.
                zeros[lane] +=
                    (self.centre[0][k] * 0.0 + self.centre[1][k] * 0.0) + (support * 0.0 + light * 0.0);
                smallest[lane] = smaller(smallest[lane], smaller(support, light));
                let seen = if light > 0.0 { light } else { 1.0 };
                faintest[lane] = smaller(faintest[lane], seen);
                brightest[lane] = -smaller(-brightest[lane], -seen);
            }
        }
        zeros.iter().sum::<f64>() == 0.0
            && smallest.iter().sum::<f64>() == 0.0
            && faintest.iter().all(|&light| light > FAINTEST)
            && brightest.iter().all(|&light| light < BRIGHTEST)
    }

    /// Finds the windows of all particles and lists them by class.
    #[inline(always)]
    pub(super) fn find_windows(&mut self, meshes: &Meshes) -> Summary {
        let places = self.find_levels(meshes);
        let edges = self.find_edges(&places);
        self.classify(meshes, &places, &edges);
        self.list();
        self.summary(&places)
    }

    /// The level of each kernel, and its support there.
    #[inline(always)]
    fn find_levels(&mut self, meshes: &Meshes) -> Places {
        let highest = meshes.levels().len() as i64 - 1;
        let per_widest = 1.0 / meshes.grade.widest();
        let aligned = meshes.highest_aligned() as i64;
        let widest_aligned = Grade::OneByOne.widest() * meshes.levels()[meshes.highest_aligned()].cell_px;
        let mut places =
            Places { level: [0; BLOCK], scale: [0.0; BLOCK], support: [0.0; BLOCK], per_cell: [0.0; BLOCK] };
        for k in 0..BLOCK {
            let (_, support) = spread(0.0, self.support[k]);
            // The power of two that takes the support down to the widest, read off its exponent.
            let ratio = support * per_widest;
            let exponent = ((ratio.to_bits() + MANTISSA) >> MANTISSA_BITS) as i64 - EXPONENT_OF_ONE;
            let level = if exponent > 0 { exponent } else { 0 };
            let level = if level < highest { level } else { highest };
            // On the last mesh that ends with the image kernels may be as wide as any window: on the next, those that
            // are wholly within the image may lose light across its edge.
            let stays = (level == aligned + 1) & (support <= widest_aligned);
            let level = if stays { aligned } else { level };
            places.level[k] = level as i32;
            places.scale[k] = f64::from_bits(((EXPONENT_OF_ONE - level) as u64) << MANTISSA_BITS);
            places.support[k] = support * places.scale[k];
            places.per_cell[k] = 1.0 / places.support[k];
            self.found.per_cell[k] = places.per_cell[k] as f32;
            self.found.light[k] = self.light[k] as f32;
        }
        places
    }

    /// The first and the last cell of each kernel, column and row.
    #[inline(always)]
    fn find_edges(&mut self, places: &Places) -> Edges {
        let mut edges = Edges { low: [[0; BLOCK]; 2], high: [[0; BLOCK]; 2] };
        for axis in 0..2 {
            let centre = &self.centre[axis];
            for k in 0..BLOCK {
                let at = spread(centre[k], self.support[k]).0 * places.scale[k];
                let first = (at - places.support[k]).floor();
                edges.low[axis][k] = cell(first);
                edges.high[axis][k] = cell((at + places.support[k]).floor());
                self.found.first[axis][k] = ((first - at) * places.per_cell[k]) as f32;
            }
        }
        edges
    }

    /// The class of each kernel, and where its window begins.
    #[inline(always)]
    fn classify(&mut self, meshes: &Meshes, places: &Places, Edges { low, high }: &Edges) {
        const MARGIN_I32: i32 = MARGIN as i32;
        let tables = meshes.tables();
        for k in 0..BLOCK {
            let level = places.level[k] as usize % MAX_LEVELS;
            let (n, clear) = (tables.n_cells[level], tables.clear[level]);
            let [left, bottom] = [low[0][k], low[1][k]];
            let [right, top] = [high[0][k], high[1][k]];
            let is_unseen = (right < 0) | (top < 0) | (left >= n) | (bottom >= n) | (self.light[k] <= 0.0);
            let crosses = (left < 0) | (bottom < 0) | (right >= n) | (top >= n);
            let is_clear = (right < clear) & (top < clear);
            let (across, along) = (right.wrapping_sub(left), top.wrapping_sub(bottom));
            let cells = (if across > along { across } else { along }).wrapping_add(1);
            let is_special = !(crosses | is_clear) | (cells > Class::LARGEST);
            let size = i32::from(cells > 4) + i32::from(cells > 8) + i32::from(cells > 16);
            let class = if is_special { Class::Special as i32 } else { size };
            self.class[k] = if is_unseen { Class::Unseen as i32 } else { class } as u8;
            let (column, row) = (left.wrapping_add(MARGIN_I32), bottom.wrapping_add(MARGIN_I32));
            let stride = tables.stride[level];
            self.found.at[k] = (tables.first[level] as i32)
                .wrapping_add(row.wrapping_mul(stride as i32))
                .wrapping_add(column) as u32;
            self.found.stride[k] = stride;
            self.found.n_rows[k] = along.wrapping_add(1) as u32;
        }
    }

    #[inline(always)]
    fn list(&mut self) {
        // All counts in one register, a byte each: in memory, each would wait for the one before.
        const { assert!(BLOCK < 1 << 8 && Class::COUNT <= 8) };
        let mut counts = 0u64;
        for k in 0..BLOCK {
            let class = usize::from(self.class[k]).min(Class::COUNT - 1);
            let n = (counts >> (8 * class)) as usize % BLOCK;
            self.members[class][n] = k as u8;
            counts += 1 << (8 * class);
        }
        self.n_members = std::array::from_fn(|class| (counts >> (8 * class)) as usize & 0xff);
    }

    #[inline(always)]
    fn summary(&self, places: &Places) -> Summary {
        let (mut sums, mut highest) = ([0.0f64; LANES], [0i32; LANES]);
        for start in (0..BLOCK).step_by(LANES) {
            for lane in 0..LANES {
                let k = start + lane;
                let has_window = self.class[k] < Class::Special as u8;
                sums[lane] += if has_window { self.light[k] } else { 0.0 };
                let level = if has_window { places.level[k] } else { 0 };
                highest[lane] = if level > highest[lane] { level } else { highest[lane] };
            }
        }
        Summary { light: sums.iter().sum(), highest: highest.into_iter().max().unwrap_or(0) as usize }
    }

    /// The windows of a class that has them.
    #[inline(always)]
    pub(super) fn windows(&self, class: Class) -> impl Iterator<Item = Window> {
        let found = &self.found;
        self.members(class).map(|k| Window {
            light: found.light[k],
            first: [found.first[0][k], found.first[1][k]],
            per_cell: found.per_cell[k],
            at: found.at[k],
            stride: found.stride[k],
            n_rows: found.n_rows[k],
        })
    }

    /// The windows that are looked at one by one, as far as they add to the image.
    pub(super) fn special_windows(&self, meshes: &Meshes) -> impl Iterator<Item = SpecialWindow> {
        self.members(Class::Special).filter_map(|k| {
            let centre = [self.centre[0][k], self.centre[1][k]];
            special_window(&Particle { centre, support: self.support[k], light: self.light[k] }, meshes)
        })
    }

    #[inline(always)]
    fn members(&self, class: Class) -> impl Iterator<Item = usize> {
        let class = class as usize;
        self.members[class][..self.n_members[class].min(BLOCK)].iter().map(|&k| usize::from(k))
    }
}

/// The bits of a double's mantissa, all of them set, and the exponent that means 1.
const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const EXPONENT_OF_ONE: i64 = 1023;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::uniform;

    #[test]
    fn windows_found_together_are_those_found_one_by_one() {
        let meshes = Meshes::new(300, Grade::OneByOne);
        let places = uniform(2 * BLOCK, -30.0..330.0, 1);
        let widths = uniform(BLOCK, -3.0..6.0, 2);
        let particles: Vec<Particle> = places
            .chunks(2)
            .zip(&widths)
            .map(|(xy, width)| Particle { centre: [xy[0], xy[1]], support: width.exp2(), light: 2.0 })
            .collect();
        let mut block = Block::default();
        block.fill(particles.iter().copied());
        assert!(block.is_sound());
        let summary = block.find_windows(&meshes);
        let mut n_windows = 0;
        for class in [Class::Tiny, Class::Small, Class::Medium, Class::Large] {
            for (k, window) in block.members(class).zip(block.windows(class)) {
                n_windows += 1;
                let alone = special_window(&particles[k], &meshes).unwrap();
                let level = &meshes.levels()[alone.level];
                // Kernels that cross the edge may go higher than those that must keep their light within it.
                if level.first <= window.at as usize && alone.stride == window.stride as usize {
                    assert_eq!((window.first, window.per_cell), (alone.first, alone.per_cell));
                    assert_eq!((window.at as usize, window.n_rows as usize), (alone.at, alone.size[1]));
                    assert!(!alone.is_cut);
                } else {
                    let crosses = |c: f64| c < particles[k].support || c + particles[k].support > 300.0;
                    assert!(particles[k].centre.into_iter().any(crosses), "{:?}", particles[k]);
                }
            }
        }
        assert!(n_windows > BLOCK / 2);
        assert_eq!(summary.light, 2.0 * n_windows as f64);
        let unseen: Vec<usize> = block.members(Class::Unseen).collect();
        assert!(!unseen.is_empty());
        for k in unseen {
            assert!(special_window(&particles[k], &meshes).is_none(), "{:?}", particles[k]);
        }
    }

    #[test]
    fn what_single_precision_does_not_hold_is_seen() {
        let mut block = Block::default();
        let with = |block: &mut Block, light: f64| {
            block.fill([Particle { centre: [1.0; 2], support: 1.0, light }].into_iter());
            block.is_sound()
        };
        for light in [0.0, 1e-29, 1.0, 1e29] {
            assert!(with(&mut block, light), "{light}");
        }
        for light in [-1.0, f64::NAN, f64::INFINITY, 1e-31, 1e31] {
            assert!(!with(&mut block, light), "{light}");
        }
    }
}
