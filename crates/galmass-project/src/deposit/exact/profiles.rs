//! Wide kernels, row by row, by their profiles.

use std::ops::Range;

use super::Splat;
use super::bands::{Spread, nearest};
use super::order::Runs;
use crate::deposit::lanes::rings;
use crate::deposit::lanes::{Lanes, N_LANES};
use crate::deposit::radial::{ANGULAR, Profile, RADIAL, Radial};
use crate::deposit::separable::Marginal;
use crate::kernel::Kernel;

/// Columns that are worked on together.
const STEP: usize = 2 * N_LANES;

/// What keeps 0 / 0 away.
const TINY: f64 = 1e-12;

/// Pixels that a kernel reaches by less than this, of the square of its support, have less light than can be told from
/// none; so no pixel beyond its reach has any.
const WITHIN: f64 = 5e-7;

/// Rows of a wide window that take the same columns.
const GROUP: usize = 8;

/// A kernel by its profiles.
pub(super) struct Profiles {
    radial: Radial,
    marginal: Marginal,
}

impl Profiles {
    pub(super) fn of(kernel: Kernel) -> Self {
        Self { radial: Radial::of(kernel), marginal: Marginal::of(kernel) }
    }
}

impl Spread for Profiles {
    #[inline(always)]
    fn add_rows<L: Lanes>(&self, light: &mut [f64], rows: Range<usize>, n_px: usize, runs: &Runs) {
        let mut sum = Sum::new(rows, n_px);
        let mut scratch = Scratch::new(n_px);
        for splat in runs.wide() {
            let rows = splat.rows(n_px);
            let rows = rows.start.max(sum.rows.start)..rows.end.min(sum.rows.end);
            if rows.is_empty() {
                continue;
            }
            scratch.prepare::<L>(splat, rows.clone(), n_px, &self.radial, &self.marginal);
            sum.add::<L>(&scratch, splat, rows);
        }
        let summed = sum.light[sum.skipped..].chunks_exact(sum.stride);
        for (pixels, light) in light.chunks_exact_mut(n_px).zip(summed) {
            pixels.iter_mut().zip(light).for_each(|(pixel, light)| *pixel += light);
        }
    }
}

/// The light of the wide kernels in a band.
struct Sum {
    rows: Range<usize>,
    n_px: usize,
    light: Vec<f64>,
    /// What lies before the first cache line.
    skipped: usize,
    /// From one row to the next.
    stride: usize,
    /// The light of a row under work.
    strip: Vec<f64>,
}

/// What is prepared for a splat.
struct Scratch {
    profile: Profile,
    has_angle: bool,
    /// For each column the square of the distance to its centre, in units of the support, and that to its nearest point.
    squares: Vec<f32>,
    nearest: Vec<f32>,
    rows: Rows,
}

/// For each row of a window.
struct Rows {
    /// The square of the distance to its centre, and what the nearest point leaves of that of the support.
    squares: Vec<f64>,
    reaches: Vec<f64>,
    /// The light up to its edges.
    edges: Vec<f64>,
}

impl Rows {
    /// The light in all of a row, if no column is beyond the image.
    #[inline(always)]
    fn whole(&self, index: usize) -> f64 {
        (self.edges[index + 1] - self.edges[index]).max(0.0)
    }
}

impl Scratch {
    fn new(n_px: usize) -> Self {
        let length = n_px + 5 * STEP;
        Self {
            profile: Profile::new(),
            has_angle: false,
            squares: vec![0.0; length],
            nearest: vec![0.0; length],
            rows: Rows { squares: vec![0.0; n_px], reaches: vec![0.0; n_px], edges: vec![0.0; n_px + 1] },
        }
    }

    /// Prepares the profile of a splat and the rows and columns of its window.
    #[inline(always)]
    fn prepare<L: Lanes>(
        &mut self,
        splat: &Splat,
        rows: Range<usize>,
        n_px: usize,
        radial: &Radial,
        marginal: &Marginal,
    ) {
        self.has_angle = radial.profile::<L>(splat.support, &mut self.profile);
        let per_px = 1.0 / splat.support;
        let per_area = per_px * per_px;
        let columns = splat.columns(n_px);
        let columns = columns.start / STEP * STEP..columns.end + 4 * STEP;
        let squares = &mut self.squares[columns.clone()];
        let nearests = &mut self.nearest[columns.clone()];
        let first = columns.start as f64 - splat.x;
        for (index, (square, to_nearest)) in squares.iter_mut().zip(&mut *nearests).enumerate() {
            let low = first + index as f64;
            *square = ((low + 0.5) * (low + 0.5) * per_area) as f32;
            *to_nearest = (nearest(low) * per_area) as f32;
        }
        // Those beyond the image lie beyond any reach.
        nearests[n_px.saturating_sub(columns.start).min(columns.len())..].fill(f32::INFINITY);

        let first = rows.start as f64 - splat.y;
        let squares = &mut self.rows.squares[..rows.len()];
        let reaches = &mut self.rows.reaches[..rows.len()];
        for (index, (square, reach)) in squares.iter_mut().zip(reaches).enumerate() {
            let low = first + index as f64;
            *square = (low + 0.5) * (low + 0.5) * per_area;
            *reach = 1.0 - nearest(low) * per_area;
        }
        let edges = &mut self.rows.edges[..rows.len() + 1];
        for (index, edge) in edges.iter_mut().enumerate() {
            *edge = marginal.up_to((first + index as f64) * per_px);
        }
    }
}

/// A profile in registers.
struct Tables<'a, L: Lanes> {
    radial: [L::Table<'a>; RADIAL],
    angular: [L::Table<'a>; ANGULAR],
}

impl<'a, L: Lanes> Tables<'a, L> {
    #[inline(always)]
    fn of(profile: &'a Profile) -> Self {
        let mut radial = [L::table(&profile.radial[0]); RADIAL];
        for power in 1..RADIAL {
            radial[power] = L::table(&profile.radial[power]);
        }
        let mut angular = [L::table(&profile.angular[0]); ANGULAR];
        for power in 1..ANGULAR {
            angular[power] = L::table(&profile.angular[power]);
        }
        Self { radial, angular }
    }

    /// The light in a step of columns of a row, times the square of the support in pixels.
    #[inline(always)]
    fn shares<const HAS_ANGLE: bool>(
        &self,
        squares: &[f32; STEP],
        nearest: &[f32; STEP],
        row: &Row<L>,
    ) -> [L; 2] {
        let square = L::load_singles(squares);
        let (ring, place) = L::find(L::plus_singles(square, row.start));
        let mut value = L::look_up(self.radial[RADIAL - 1], ring);
        for power in (0..RADIAL - 1).rev() {
            value = L::fma_singles(value, place, L::look_up(self.radial[power], ring));
        }
        if HAS_ANGLE {
            let mut factor = L::look_up(self.angular[ANGULAR - 1], ring);
            for power in (0..ANGULAR - 1).rev() {
                factor = L::fma_singles(factor, place, L::look_up(self.angular[power], ring));
            }
            // The square of the cosine, less a half.
            let inverse = L::about_inverse(L::plus_singles(square, row.square));
            let cosine = L::fma_singles(square, inverse, L::splat_single(-0.5));
            value = L::fma_singles(factor, L::times_singles(cosine, cosine), value);
        }
        // Profiles neither end at the circle nor are all above zero near it; a kernel does and is.
        L::widen(L::positive_where_less_singles(value, L::load_singles(nearest), row.reach))
    }
}

/// A row of a window.
struct Row<L: Lanes> {
    /// The square of the distance to its centre, and what it begins with in the search for a ring.
    square: L::Singles,
    start: L::Singles,
    reach: L::Singles,
}

impl<L: Lanes> Row<L> {
    #[inline(always)]
    fn new(rows: &Rows, index: usize) -> Self {
        let square = rows.squares[index];
        Self {
            square: L::splat_single((square + TINY) as f32),
            start: L::splat_single((square + rings::START) as f32),
            reach: L::splat_single((rows.reaches[index] - WITHIN) as f32),
        }
    }
}

impl Sum {
    fn new(rows: Range<usize>, n_px: usize) -> Self {
        // Room for the last steps of a row; an odd number of cache lines, so that the rows of an image of 1024 pixels do
        // not all compete for one place in the cache.
        let stride = N_LANES * ((n_px + 4 * STEP).div_ceil(N_LANES) | 1);
        let light = vec![0.0; rows.len() * stride + N_LANES];
        let skipped = light.as_ptr().align_offset(N_LANES * size_of::<f64>()).min(N_LANES);
        Self { rows, n_px, light, skipped, stride, strip: vec![0.0; n_px + 2 * STEP] }
    }

    /// Adds some rows of a splat.
    #[inline(always)]
    fn add<L: Lanes>(&mut self, scratch: &Scratch, splat: &Splat, rows: Range<usize>) {
        let n_columns = splat.columns(self.n_px).len();
        if !scratch.has_angle {
            self.add_wide::<false, L>(scratch, splat, rows);
        } else if n_columns <= 2 * STEP {
            self.add_narrow::<2, L>(scratch, splat, rows);
        } else if n_columns <= 3 * STEP {
            self.add_narrow::<3, L>(scratch, splat, rows);
        } else if n_columns <= 4 * STEP {
            self.add_narrow::<4, L>(scratch, splat, rows);
        } else {
            self.add_wide::<true, L>(scratch, splat, rows);
        }
    }

    /// Adds rows of `STEPS` steps, all in registers.
    #[inline(always)]
    fn add_narrow<const STEPS: usize, L: Lanes>(
        &mut self,
        scratch: &Scratch,
        splat: &Splat,
        rows: Range<usize>,
    ) {
        let tables = Tables::<L>::of(&scratch.profile);
        let start = splat.columns(self.n_px).start;
        let (squares, _) = scratch.squares[start..start + STEPS * STEP].as_chunks::<STEP>();
        let (nearest, _) = scratch.nearest[start..start + STEPS * STEP].as_chunks::<STEP>();
        let scales = Scales::of(splat, self.n_px);
        for index in 0..rows.len() {
            let row = Row::<L>::new(&scratch.rows, index);
            let mut shares = [[L::splat(0.0); 2]; STEPS];
            let mut sum = L::splat(0.0);
            for step in 0..STEPS {
                shares[step] = tables.shares::<true>(&squares[step], &nearest[step], &row);
                sum = sum.plus(shares[step][0].plus(shares[step][1]));
            }
            let (sum, whole) = (sum.sum(), scratch.rows.whole(index));
            let scale = L::splat(scales.of_row(sum, whole));
            let from = self.skipped + (rows.start - self.rows.start + index) * self.stride;
            let light = &mut self.light[from + start..from + start + STEPS * STEP];
            let (light, _) = light.as_chunks_mut::<N_LANES>();
            for step in 0..STEPS {
                for half in 0..2 {
                    let light = &mut light[2 * step + half];
                    shares[step][half].fma(scale, L::load(light)).store(light);
                }
            }
            if sum <= 0.0 {
                self.light[from + (splat.x as usize).min(self.n_px)] += scales.left_over(whole);
            }
        }
    }

    /// Adds rows by way of memory, the chord of each group of them.
    #[inline(always)]
    fn add_wide<const HAS_ANGLE: bool, L: Lanes>(
        &mut self,
        scratch: &Scratch,
        splat: &Splat,
        rows: Range<usize>,
    ) {
        let tables = Tables::<L>::of(&scratch.profile);
        let columns = splat.columns(self.n_px);
        let scales = Scales::of(splat, self.n_px);
        let n_rows = rows.len();
        let mut group = 0;
        while group < n_rows {
            let group_end = ((rows.start + group) / GROUP * GROUP + GROUP - rows.start).min(n_rows);
            let mut reach = 0.0f64;
            for index in group..group_end {
                reach = reach.max(scratch.rows.reaches[index]);
            }
            let half = reach.sqrt() * splat.support;
            let end = ((splat.x + half).max(0.0) as usize).saturating_add(1).min(columns.end);
            // The chord of a kernel that meets the image with other rows may lie beyond it.
            let start = ((splat.x - half).max(0.0) as usize).clamp(columns.start, end.max(columns.start));
            // Sums of a row take the same numbers in the same order, whatever rows are in its group.
            let start = start / STEP * STEP;
            let length = (end.max(start) - start).next_multiple_of(STEP);
            let (squares, _) = scratch.squares[start..start + length].as_chunks::<STEP>();
            let (nearest, _) = scratch.nearest[start..start + length].as_chunks::<STEP>();
            let (strip, _) = self.strip[..length].as_chunks_mut::<STEP>();
            for index in group..group_end {
                let row = Row::<L>::new(&scratch.rows, index);
                let mut sums = [L::splat(0.0); 2];
                for ((squares, nearest), strip) in squares.iter().zip(nearest).zip(&mut *strip) {
                    let [first, last] = tables.shares::<HAS_ANGLE>(squares, nearest, &row);
                    sums = [sums[0].plus(first), sums[1].plus(last)];
                    let (eights, _) = strip.as_chunks_mut::<N_LANES>();
                    first.store(&mut eights[0]);
                    last.store(&mut eights[1]);
                }
                let (sum, whole) = (sums[0].plus(sums[1]).sum(), scratch.rows.whole(index));
                let scale = L::splat(scales.of_row(sum, whole));
                let from = self.skipped + (rows.start - self.rows.start + index) * self.stride;
                let (light, _) = self.light[from + start..from + start + length].as_chunks_mut::<STEP>();
                for (light, strip) in light.iter_mut().zip(&*strip) {
                    let (light, _) = light.as_chunks_mut::<N_LANES>();
                    let (strip, _) = strip.as_chunks::<N_LANES>();
                    L::load(&strip[0]).fma(scale, L::load(&light[0])).store(&mut light[0]);
                    L::load(&strip[1]).fma(scale, L::load(&light[1])).store(&mut light[1]);
                }
                if sum <= 0.0 {
                    self.light[from + (splat.x as usize).min(self.n_px)] += scales.left_over(whole);
                }
            }
            group = group_end;
        }
    }
}

/// What the shares of a splat are multiplied by.
struct Scales {
    weight: f64,
    per_area: f64,
    is_inside: bool,
}

impl Scales {
    #[inline(always)]
    fn of(splat: &Splat, n_px: usize) -> Self {
        let per_px = 1.0 / splat.support;
        let is_inside = splat.x - splat.support >= 0.0 && splat.x + splat.support < n_px as f64;
        Self { weight: splat.weight, per_area: per_px * per_px, is_inside }
    }

    /// That of a row, by the sum of its shares and its light.
    #[inline(always)]
    fn of_row(&self, sum: f64, whole: f64) -> f64 {
        let is_whole = sum > 0.0 && (self.is_inside || sum * self.per_area > whole);
        self.weight * if is_whole { whole / sum } else { self.per_area }
    }

    /// All of the little light of a row at the rim, where it was rounded away.
    #[inline(always)]
    fn left_over(&self, whole: f64) -> f64 {
        if self.is_inside { self.weight * whole } else { 0.0 }
    }
}
