//! Wide kernels, row by row.

use std::ops::Range;

use rayon::prelude::*;

use super::order::Runs;
use super::{Expansions, FEW_TO_PX, Splat};
use crate::deposit::lanes::{Lanes, N_LANES, Work, dispatch};
use crate::deposit::separable::Separable;

/// Bands for each thread, so that a thread that is done early finds another one to do.
const BANDS_PER_THREAD: usize = 4;

/// Rows that are worked on together.
const GROUP: usize = 4;

/// Blocks of eight columns that are worked on together: as many numbers as registers hold.
const PAIR: usize = 2;

/// Adds the wide kernels to an image, in bands of rows that take about equally long. Each row takes them in the same
/// order wherever the cuts are.
pub(super) fn add(image: &mut [f64], n_px: usize, runs: &Runs, expansions: &Expansions) {
    let costs = costs_of_rows(runs, n_px);
    if costs.iter().any(|&cost| cost > 0.0) {
        bands(image, &cuts(&costs), n_px).into_par_iter().for_each(|(rows, light)| {
            dispatch(Band { rows, light, n_px, runs, expansions });
        });
    }
}

fn costs_of_rows(runs: &Runs, n_px: usize) -> Vec<f64> {
    let mut steps = vec![0.0; n_px + 1];
    for splat in runs.wide() {
        let rows = splat.rows(n_px);
        let cost = splat.columns(n_px).len() as f64;
        steps[rows.start] += cost;
        steps[rows.end] -= cost;
    }
    let rows = steps[..n_px].iter().scan(0.0, |cost, step| {
        *cost += step;
        Some(*cost)
    });
    rows.collect()
}

/// The upper ends of bands.
fn cuts(costs: &[f64]) -> Vec<usize> {
    let n_threads = rayon::current_num_threads();
    let n_bands = if n_threads == 1 { 1 } else { BANDS_PER_THREAD * n_threads };
    let share = costs.iter().sum::<f64>() / n_bands as f64;
    let mut cuts = Vec::new();
    let mut cost = 0.0;
    for (row, cost_of_row) in costs.iter().enumerate() {
        cost += cost_of_row;
        if cost >= share || row + 1 == costs.len() {
            cuts.push(row + 1);
            cost = 0.0;
        }
    }
    cuts
}

/// Cuts an image into its bands: their rows and their pixels.
fn bands<'a>(mut image: &'a mut [f64], cuts: &[usize], n_px: usize) -> Vec<(Range<usize>, &'a mut [f64])> {
    let mut start = 0;
    let mut bands = Vec::with_capacity(cuts.len());
    for &end in cuts {
        let (band, rest) = image.split_at_mut((end - start) * n_px);
        bands.push((start..end, band));
        (image, start) = (rest, end);
    }
    bands
}

/// A band of rows under work.
struct Band<'a> {
    rows: Range<usize>,
    light: &'a mut [f64],
    n_px: usize,
    runs: &'a Runs<'a>,
    expansions: &'a Expansions,
}

impl Work for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let (mut few, mut many) = (Scratch::new(self.n_px), Scratch::new(self.n_px));
        for splat in self.runs.wide() {
            let rows = splat.rows(self.n_px);
            let rows = rows.start.max(self.rows.start)..rows.end.min(self.rows.end);
            if rows.is_empty() {
                continue;
            }
            if splat.support <= FEW_TO_PX {
                self.add::<2, L>(&mut few, splat, rows, &self.expansions.few);
            } else {
                self.add::<3, L>(&mut many, splat, rows, &self.expansions.many);
            }
        }
    }
}

/// What is prepared for a splat, for each eight columns that it reaches.
struct Scratch<const BLOCKS: usize> {
    columns: Vec<Columns<BLOCKS>>,
    /// The light of a group of rows.
    strips: [Vec<[f64; N_LANES]>; GROUP],
}

#[derive(Clone)]
struct Columns<const BLOCKS: usize> {
    /// The differences of the primitives between the edges of the columns: `[block][r][column]`.
    differences: [[[f64; N_LANES]; N_LANES]; BLOCKS],
    /// The squares of the distances to the nearest point of each column; infinite beyond the image.
    distances: [f64; N_LANES],
}

impl<const BLOCKS: usize> Scratch<BLOCKS> {
    fn new(n_px: usize) -> Self {
        let n = n_px.div_ceil(PAIR * N_LANES) * PAIR;
        let columns =
            Columns { differences: [[[0.0; N_LANES]; N_LANES]; BLOCKS], distances: [f64::INFINITY; N_LANES] };
        Self { columns: vec![columns; n], strips: std::array::from_fn(|_| vec![[0.0; N_LANES]; n]) }
    }

    /// Prepares the columns of a splat, from its first on; returns their number, in pairs of eights.
    #[inline(always)]
    fn prepare<L: Lanes>(
        &mut self,
        splat: &Splat,
        first: usize,
        n: usize,
        expansion: &Separable<BLOCKS>,
    ) -> usize {
        let per_px = 1.0 / splat.support;
        let n_pairs = n.div_ceil(PAIR * N_LANES);
        let mut before = expansion.primitives::<L>((first as f64 - splat.x) * per_px);
        let mut n_done = 0;
        for columns in &mut self.columns[..n_pairs * PAIR] {
            let mut differences = [[L::splat(0.0); N_LANES]; BLOCKS];
            for lane in 0..N_LANES {
                if n_done < n {
                    columns.distances[lane] = nearest((first + n_done) as f64 - splat.x);
                    n_done += 1;
                    let after = expansion.primitives::<L>(((first + n_done) as f64 - splat.x) * per_px);
                    for block in 0..BLOCKS {
                        differences[block][lane] = after[block].minus(before[block]);
                    }
                    before = after;
                } else {
                    columns.distances[lane] = f64::INFINITY;
                }
            }
            for block in 0..BLOCKS {
                let turned = L::transpose(differences[block]);
                for lane in 0..N_LANES {
                    turned[lane].store(&mut columns.differences[block][lane]);
                }
            }
        }
        n_pairs
    }
}

impl Band<'_> {
    /// Adds the part of a splat that lies in the band.
    #[inline(always)]
    fn add<const BLOCKS: usize, L: Lanes>(
        &mut self,
        scratch: &mut Scratch<BLOCKS>,
        splat: &Splat,
        rows: Range<usize>,
        expansion: &Separable<BLOCKS>,
    ) {
        let columns = splat.columns(self.n_px);
        let n_pairs = scratch.prepare::<L>(splat, columns.start, columns.len(), expansion);
        let is_inside = splat.x - splat.support >= 0.0 && splat.x + splat.support < self.n_px as f64;
        let per_px = 1.0 / splat.support;
        let weight = L::splat(splat.weight);
        let mut before = expansion.primitives::<L>((rows.start as f64 - splat.y) * per_px);
        let mut light_before = marginal(before[0]);
        let mut start = rows.start;
        while start < rows.end {
            let n_rows = GROUP.min(rows.end - start);
            // Rows that are not there have no light, and nothing is within their reach.
            let mut factors = [[[0.0; N_LANES]; BLOCKS]; GROUP];
            let mut reaches = [0.0; GROUP];
            let mut wholes = [0.0; GROUP];
            let mut reach = 0.0f64;
            for index in 0..n_rows {
                let row = start + index;
                let after = expansion.primitives::<L>(((row + 1) as f64 - splat.y) * per_px);
                for block in 0..BLOCKS {
                    let factor = L::load(&expansion.factors[block]).times(weight);
                    after[block].minus(before[block]).times(factor).store(&mut factors[index][block]);
                }
                before = after;
                let light_after = marginal(before[0]);
                wholes[index] = splat.weight * (light_after - light_before).max(0.0);
                light_before = light_after;
                reaches[index] = splat.support * splat.support - nearest(row as f64 - splat.y);
                reach = reach.max(reaches[index]);
            }
            // The widest chord of the group, in pairs.
            let half = reach.sqrt();
            let from_start = splat.x - columns.start as f64;
            let pair_of = |column: f64| column.max(0.0) as usize / (PAIR * N_LANES);
            let end_pair = (pair_of(from_start + half) + 1).min(n_pairs);
            // The chord of a kernel that meets the image with other rows may lie beyond it.
            let first_pair = pair_of(from_start - half).min(end_pair);
            let sums = scratch.products::<L>(first_pair, end_pair, &factors, &reaches);
            for index in 0..n_rows {
                let (sum, whole) = (sums[index], wholes[index]);
                let to_whole = if sum > 0.0 && (is_inside || sum > whole) { whole / sum } else { 1.0 };
                let row = (start + index - self.rows.start) * self.n_px;
                let light = &mut self.light[row + columns.start..row + columns.end];
                let first = first_pair * PAIR * N_LANES;
                let strip = &scratch.strips[index][first_pair * PAIR..end_pair * PAIR];
                add_scaled::<L>(&mut light[first.min(columns.len())..], strip, to_whole);
                if sum <= 0.0 && is_inside {
                    // All of the little light of a row at the rim was rounded away.
                    light[from_start as usize] += whole;
                }
            }
            start += n_rows;
        }
    }
}

impl<const BLOCKS: usize> Scratch<BLOCKS> {
    /// Sums up the products in some pairs of eights of columns, for a group of rows, and what lies within their reaches.
    #[inline(always)]
    fn products<L: Lanes>(
        &mut self,
        first_pair: usize,
        end_pair: usize,
        factors: &[[[f64; N_LANES]; BLOCKS]; GROUP],
        reaches: &[f64; GROUP],
    ) -> [f64; GROUP] {
        let mut sums = [L::splat(0.0); GROUP];
        for pair in first_pair..end_pair {
            let columns = &self.columns[pair * PAIR..(pair + 1) * PAIR];
            let mut shares = [[L::splat(0.0); PAIR]; GROUP];
            for block in 0..BLOCKS {
                for r in 0..N_LANES {
                    let left = L::load(&columns[0].differences[block][r]);
                    let right = L::load(&columns[1].differences[block][r]);
                    for row in 0..GROUP {
                        let factor = L::splat(factors[row][block][r]);
                        shares[row][0] = left.fma(factor, shares[row][0]);
                        shares[row][1] = right.fma(factor, shares[row][1]);
                    }
                }
            }
            for row in 0..GROUP {
                let reach = L::splat(reaches[row]);
                for index in 0..PAIR {
                    // Products neither end at the circle nor are all above zero near it; a kernel does and is.
                    let distances = L::load(&columns[index].distances);
                    let share = shares[row][index].positive_where_less(distances, reach);
                    sums[row] = sums[row].plus(share);
                    share.store(&mut self.strips[row][pair * PAIR + index]);
                }
            }
        }
        let mut totals = [0.0; GROUP];
        for row in 0..GROUP {
            totals[row] = sums[row].sum();
        }
        totals
    }
}

/// The light from the middle to an edge, by the first of the primitives there: no other changes that of a whole row. Near
/// the rim it errs by some 1e-12, which must not count as light that comes back.
#[inline(always)]
fn marginal<L: Lanes>(first: L) -> f64 {
    let mut values = [0.0; N_LANES];
    first.store(&mut values);
    values[0].clamp(-0.5, 0.5)
}

/// Adds a strip to a row of light, as far as that goes.
#[inline(always)]
fn add_scaled<L: Lanes>(light: &mut [f64], strip: &[[f64; N_LANES]], factor: f64) {
    let (chunks, rest) = light.as_chunks_mut::<N_LANES>();
    let factors = L::splat(factor);
    for (light, shares) in chunks.iter_mut().zip(strip) {
        L::load(shares).fma(factors, L::load(light)).store(light);
    }
    if let Some(shares) = strip.get(chunks.len()) {
        for (light, share) in rest.iter_mut().zip(shares) {
            *light += factor * share;
        }
    }
}

/// The square of the distance to a pixel that begins at `low`.
#[inline(always)]
fn nearest(low: f64) -> f64 {
    let distance = low.max(-1.0 - low).max(0.0);
    distance * distance
}
