//! Wide kernels, row by row.

use std::ops::Range;

use rayon::prelude::*;

use super::order::Runs;
use super::{Expansions, MIDDLE_TO_PX, Splat, cells};
use crate::deposit::separable::Separable;
use crate::simd::{Work, dispatch, fma};

/// Bands for each thread, so that a thread that is done early finds another one to do.
const BANDS_PER_THREAD: usize = 4;

/// Columns that are worked on together.
const LANES: usize = 8;

/// Rows that are worked on together.
const GROUP: usize = 4;

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
    let share = costs.iter().sum::<f64>() / (BANDS_PER_THREAD * rayon::current_num_threads()) as f64;
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
    fn run<const FMA: bool>(mut self) {
        let (mut middle, mut wide) = (Scratch::new(self.n_px), Scratch::new(self.n_px));
        for splat in self.runs.wide() {
            if splat.support <= MIDDLE_TO_PX {
                self.add::<24, FMA>(&mut middle, splat, &self.expansions.middle);
            } else {
                self.add::<32, FMA>(&mut wide, splat, &self.expansions.wide);
            }
        }
    }
}

/// What is prepared for a splat.
struct Scratch<const RANKS: usize> {
    /// The differences of the primitives between the edges of the columns: `[block of columns][r][column]`.
    along_x: Vec<[[f64; LANES]; RANKS]>,
    /// The light of a group of rows.
    strips: [Vec<[f64; LANES]>; GROUP],
}

impl<const RANKS: usize> Scratch<RANKS> {
    fn new(n_px: usize) -> Self {
        let n_blocks = n_px.div_ceil(LANES) + 1;
        Self {
            along_x: vec![[[0.0; LANES]; RANKS]; n_blocks],
            strips: std::array::from_fn(|_| vec![[0.0; LANES]; n_blocks]),
        }
    }
}

impl Band<'_> {
    /// Adds the part of a splat that lies in the band.
    #[inline(always)]
    fn add<const RANKS: usize, const FMA: bool>(
        &mut self,
        scratch: &mut Scratch<RANKS>,
        splat: &Splat,
        expansion: &Separable<RANKS>,
    ) {
        let rows = splat.rows(self.n_px);
        let rows = rows.start.max(self.rows.start)..rows.end.min(self.rows.end);
        if rows.is_empty() {
            return;
        }
        let per_px = 1.0 / splat.support;
        let columns = splat.columns(self.n_px);
        let edge = |pixel: usize, at: f64| expansion.primitives::<FMA>((pixel as f64 - at) * per_px);
        let mut before = edge(columns.start, splat.x);
        for (index, column) in columns.clone().enumerate() {
            let after = edge(column + 1, splat.x);
            let block = &mut scratch.along_x[index / LANES];
            for r in 0..RANKS {
                block[r][index % LANES] = after[r] - before[r];
            }
            before = after;
        }

        let factors = expansion.factors.map(|factor| factor * splat.weight);
        let mut before = edge(rows.start, splat.y);
        let mut start = rows.start;
        while start < rows.end {
            let end = rows.end.min(start + GROUP);
            let mut along_y = [[0.0; GROUP]; RANKS];
            let mut chords: [Range<usize>; GROUP] = std::array::from_fn(|_| 0..0);
            let (mut first, mut last) = (columns.end, columns.start);
            for row in start..end {
                let after = edge(row + 1, splat.y);
                for r in 0..RANKS {
                    along_y[r][row - start] = factors[r] * (after[r] - before[r]);
                }
                before = after;
                let chord = splat.chord(row, &columns);
                (first, last) = (first.min(chord.start), last.max(chord.end));
                chords[row - start] = chord.start - columns.start..chord.end - columns.start;
            }
            if first < last {
                let blocks = (first - columns.start) / LANES..(last - columns.start).div_ceil(LANES);
                products::<RANKS, FMA>(&along_y, scratch, blocks);
            }
            for (index, chord) in chords.into_iter().enumerate().take(end - start) {
                // The first product alone has the light of the whole row, which is twice its half.
                let whole = along_y[0][index];
                let middle = (splat.x as usize).clamp(columns.start, columns.end - 1) - columns.start;
                let strip = &mut scratch.strips[index].as_flattened_mut()[..columns.len()];
                let is_inside = splat.x - splat.support >= 0.0 && splat.x + splat.support < self.n_px as f64;
                let from = (start + index - self.rows.start) * self.n_px + columns.start;
                let light = &mut self.light[from..from + columns.len()];
                add_row(light, strip, chord, middle, whole, is_inside);
            }
            start = end;
        }
    }
}

impl Splat {
    /// The pixels of a row that the kernel reaches, among its columns.
    #[inline(always)]
    fn chord(&self, row: usize, columns: &Range<usize>) -> Range<usize> {
        let below = row as f64 - self.y;
        let above = self.y - (row + 1) as f64;
        let distance = below.max(above).max(0.0);
        let square = (self.support - distance) * (self.support + distance);
        let half = square.max(0.0).sqrt();
        let chord = cells(self.x - half, self.x + half, columns.end);
        chord.start.max(columns.start)..chord.end.max(columns.start)
    }
}

/// Sums up the products in some blocks of columns of a group of rows.
#[inline(always)]
fn products<const RANKS: usize, const FMA: bool>(
    along_y: &[[f64; GROUP]; RANKS],
    scratch: &mut Scratch<RANKS>,
    blocks: Range<usize>,
) {
    for block in blocks {
        let along_x = &scratch.along_x[block];
        let mut shares = [[0.0; LANES]; GROUP];
        for r in 0..RANKS {
            for (shares, factor) in shares.iter_mut().zip(along_y[r]) {
                for lane in 0..LANES {
                    shares[lane] = fma::<FMA>(factor, along_x[r][lane], shares[lane]);
                }
            }
        }
        for (strip, shares) in scratch.strips.iter_mut().zip(shares) {
            strip[block] = shares;
        }
    }
}

/// Adds a row of shares within the chord, which together have the light of the whole row if all of it is seen.
#[inline(always)]
fn add_row(
    light: &mut [f64],
    strip: &mut [f64],
    chord: Range<usize>,
    middle: usize,
    whole: f64,
    is_inside: bool,
) {
    let strip = &mut strip[chord.clone()];
    let mut lanes = [0.0; LANES];
    let mut chunks = strip.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (sum, share) in lanes.iter_mut().zip(chunk) {
            // Products are not all above zero near the rim; a kernel is.
            *share = if *share > 0.0 { *share } else { 0.0 };
            *sum += *share;
        }
    }
    for (sum, share) in lanes.iter_mut().zip(chunks.into_remainder()) {
        *share = if *share > 0.0 { *share } else { 0.0 };
        *sum += *share;
    }
    let sum: f64 = lanes.iter().sum();
    if sum > 0.0 {
        let to_whole = if is_inside || sum > whole { whole / sum } else { 1.0 };
        for (light, share) in light[chord].iter_mut().zip(strip) {
            *light += to_whole * *share;
        }
    } else if is_inside {
        light[middle] += whole;
    }
}
