//! Wide kernels, in bands of rows.

use std::ops::Range;

use rayon::prelude::*;

use super::order::Runs;
use crate::deposit::lanes::{Lanes, Work, dispatch};

/// Bands for each thread, so that a thread that is done early finds another one to do.
const BANDS_PER_THREAD: usize = 4;

/// Pixels of a band, at the most: 1 MiB, which a processor keeps at hand while all kernels pass by.
const PIXELS_OF_A_BAND: usize = 1 << 17;

/// How the light of wide kernels is spread over pixels.
pub(super) trait Spread: Sync {
    /// Adds the wide kernels to some rows of an image, each row for itself. Must be `#[inline(always)]`.
    fn add_rows<L: Lanes>(&self, light: &mut [f64], rows: Range<usize>, n_px: usize, runs: &Runs);
}

/// Adds the wide kernels to an image, in bands of rows that take about equally long. Each row takes them in the same
/// order wherever the cuts are.
pub(super) fn add(image: &mut [f64], n_px: usize, runs: &Runs, spread: &impl Spread) {
    let costs = costs_of_rows(runs, n_px);
    if costs.iter().any(|&cost| cost > 0.0) {
        bands(image, &cuts(&costs), n_px).into_par_iter().for_each(|(rows, light)| {
            dispatch(Band { rows, light, n_px, runs, spread });
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
    let n_px = costs.len();
    let mut cuts = Vec::new();
    let (mut start, mut cost) = (0, 0.0);
    for (row, cost_of_row) in costs.iter().enumerate() {
        cost += cost_of_row;
        let end = row + 1;
        if cost >= share || end == n_px || (end + 1 - start) * n_px > PIXELS_OF_A_BAND {
            cuts.push(end);
            (start, cost) = (end, 0.0);
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
struct Band<'a, S> {
    rows: Range<usize>,
    light: &'a mut [f64],
    n_px: usize,
    runs: &'a Runs,
    spread: &'a S,
}

impl<S: Spread> Work for Band<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        self.spread.add_rows::<L>(self.light, self.rows, self.n_px, self.runs);
    }
}

/// The square of the distance to a pixel that begins at `low`.
#[inline(always)]
pub(super) fn nearest(low: f64) -> f64 {
    let distance = low.max(-1.0 - low).max(0.0);
    distance * distance
}
