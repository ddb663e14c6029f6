//! Adds particles to an image: each pixel gets the exact integral of each kernel over it.
//!
//! Rows of the image are cut into bands, and each band goes through all particles in their order. A pixel so
//! receives the same numbers in the same order wherever the cuts are, and the image has the same bits for any number
//! of threads, without an image for each of them.

use std::ops::Range;

use rayon::prelude::*;

use super::primitive::{Coordinate, Primitive};
use crate::compensated;
use crate::kernel::Kernel;

/// A support below this many pixels is a point: where it lies in its pixel is not known much better than that.
const POINT_BELOW_PX: f64 = 1e-9;

/// Bands for each thread, so that a thread that is done early finds another one to do.
const BANDS_PER_THREAD: usize = 4;

/// A particle on the mesh: lengths in pixels from the lower left corner of the field.
pub(super) struct Splat {
    x: f64,
    y: f64,
    /// Where the kernel reaches zero; 0 for a point.
    support: f64,
    weight: f64,
    /// The rows that it touches, cut to the image.
    rows: Range<usize>,
}

impl Splat {
    /// Places a particle on an image of `n_px` rows; `None` if it adds nothing to it. Coordinates so large that
    /// they overflowed lie outside.
    pub(super) fn new([x, y]: [f64; 2], support: f64, weight: f64, n_px: usize) -> Option<Self> {
        let support = if support < POINT_BELOW_PX { 0.0 } else { support };
        let rows = cells(y - support, y + support, n_px);
        let columns = cells(x - support, x + support, n_px);
        let adds_light = weight > 0.0 && !rows.is_empty() && !columns.is_empty();
        (adds_light && x.is_finite() && y.is_finite()).then_some(Self { x, y, support, weight, rows })
    }

    /// The pixels of a row that the kernel reaches, and between which of their edges it ends.
    #[inline(always)]
    fn chord(&self, row: usize, n_px: usize) -> Chord {
        let below = row as f64 - self.y;
        let above = self.y - (row + 1) as f64;
        let distance = below.max(above).max(0.0);
        let square = (self.support - distance) * (self.support + distance);
        // Never wider than the support, not even by a rounding error: no corner beyond it is prepared.
        let half = square.max(0.0).sqrt().min(self.support);
        let (left, right) = (self.x - half, self.x + half);
        Chord {
            columns: cells(left, right, n_px),
            starts_inside: left >= 0.0,
            ends_inside: right < n_px as f64,
        }
    }

    /// How long it takes to add one row, in corners.
    fn cost_of_a_row(&self, n_px: usize) -> f64 {
        4.0 + (2.0 * self.support).min(n_px as f64)
    }
}

/// The cells from the one that holds `low` to the one that holds `high`, cut to the image.
#[inline(always)]
fn cells(low: f64, high: f64, n_px: usize) -> Range<usize> {
    // A cast takes what is too large, too small or NaN to the nearest that fits, or to 0.
    let start = (low.max(0.0) as usize).min(n_px);
    let end = if high < 0.0 { 0 } else { (high as usize).saturating_add(1).min(n_px) };
    start..end.max(start)
}

/// The number nearest to `value` between `-limit` and `limit`: a plain comparison, which unlike `clamp` neither
/// panics nor looks after NaN, and so is done several at a time.
#[inline(always)]
fn within(value: f64, limit: f64) -> f64 {
    let below = if value < limit { value } else { limit };
    if below > -limit { below } else { -limit }
}

/// Where a row of pixels cuts a kernel.
struct Chord {
    columns: Range<usize>,
    /// The kernel begins in the first of the columns, not further left.
    starts_inside: bool,
    /// The kernel ends in the last of the columns, not further right.
    ends_inside: bool,
}

/// Adds up all splats of a kernel, in their order, on an image of `n_px` x `n_px` pixels, row by row from the lowest.
pub(super) fn image_of(splats: &[Splat], n_px: usize, kernel: Kernel) -> Vec<f64> {
    let mut image = vec![0.0; n_px * n_px];
    if splats.is_empty() {
        return image;
    }
    bands(&mut image, &cuts(splats, n_px), n_px).into_par_iter().for_each(|(rows, light)| {
        let mut band = Band::new(rows, light, n_px, kernel);
        splats.iter().for_each(|splat| band.add(splat));
    });
    image
}

/// The upper ends of bands of rows that take about equally long.
fn cuts(splats: &[Splat], n_px: usize) -> Vec<usize> {
    let costs = costs_of_rows(splats, n_px);
    let n_bands = BANDS_PER_THREAD * rayon::current_num_threads();
    let share = costs.iter().sum::<f64>() / n_bands as f64;
    let mut cuts = Vec::with_capacity(n_bands + 1);
    let mut cost = 0.0;
    for (row, cost_of_row) in costs.iter().enumerate() {
        cost += cost_of_row;
        if cost >= share {
            cuts.push(row + 1);
            cost = 0.0;
        }
    }
    if cuts.last() != Some(&n_px) {
        cuts.push(n_px);
    }
    cuts
}

fn costs_of_rows(splats: &[Splat], n_px: usize) -> Vec<f64> {
    let mut steps = vec![0.0; n_px + 1];
    for splat in splats {
        let cost = splat.cost_of_a_row(n_px);
        steps[splat.rows.start] += cost;
        steps[splat.rows.end] -= cost;
    }
    let mut cost = 0.0;
    let costs = steps.iter().map(|step| {
        cost += step;
        cost
    });
    costs.take(n_px).collect()
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
    n_px: usize,
    kernel: Kernel,
    rows: Range<usize>,
    /// The light of each pixel so far, and what its sum has rounded away.
    light: &'a mut [f64],
    lost: Vec<f64>,
    /// The corners of all columns, for the splat under work.
    columns: Vec<Coordinate>,
    /// G at the corners below a row and above it, and their difference.
    lower: Vec<f64>,
    upper: Vec<f64>,
    strip: Vec<f64>,
}

impl<'a> Band<'a> {
    fn new(rows: Range<usize>, light: &'a mut [f64], n_px: usize, kernel: Kernel) -> Self {
        let lost = vec![0.0; light.len()];
        let corners = vec![0.0; n_px + 1];
        let columns = vec![Coordinate::default(); n_px + 1];
        Self {
            n_px,
            kernel,
            rows,
            light,
            lost,
            columns,
            lower: corners.clone(),
            upper: corners.clone(),
            strip: corners,
        }
    }

    /// Adds the part of a splat that lies in the band.
    fn add(&mut self, splat: &Splat) {
        let rows = splat.rows.start.max(self.rows.start)..splat.rows.end.min(self.rows.end);
        if rows.is_empty() {
            return;
        }
        if splat.support == 0.0 {
            self.add_point(splat);
        } else {
            self.add_kernel(splat, rows);
        }
    }

    fn add_point(&mut self, splat: &Splat) {
        let pixel = (splat.rows.start - self.rows.start) * self.n_px + splat.x as usize;
        compensated::add(&mut self.light[pixel], &mut self.lost[pixel], splat.weight);
    }

    /// Goes up through the rows of corners, each of which is evaluated once for the pixels on both sides of it.
    fn add_kernel(&mut self, splat: &Splat, rows: Range<usize>) {
        let table = Primitive::for_support(self.kernel, splat.support);
        let per_px = 1.0 / splat.support;
        let widest = cells(splat.x - splat.support, splat.x + splat.support, self.n_px);
        for corner in widest.start..=widest.end {
            self.columns[corner] = table.coordinate((corner as f64 - splat.x) * per_px);
        }
        let y_of = |corner: usize| table.coordinate((corner as f64 - splat.y) * per_px);
        let mut chord = splat.chord(rows.start, self.n_px);
        let mut below = self.evaluate_upper(table, y_of(rows.start), &chord.columns);
        for row in rows {
            std::mem::swap(&mut self.lower, &mut self.upper);
            let next = splat.chord(row + 1, self.n_px);
            let both = chord.columns.start.min(next.columns.start)..chord.columns.end.max(next.columns.end);
            let above = self.evaluate_upper(table, y_of(row + 1), &both);
            self.add_row(row, &chord, above - below, splat.weight);
            (chord, below) = (next, above);
        }
    }

    /// Evaluates G at the corners around some columns into `upper`; returns it to the right of the support.
    fn evaluate_upper(&mut self, table: &Primitive, y: Coordinate, columns: &Range<usize>) -> f64 {
        let corners = columns.start..columns.end + 1;
        table.evaluate(&self.columns[corners.clone()], y, &mut self.upper[corners]);
        table.saturated(y)
    }

    /// Adds the second differences of a row of pixels. `half` is what the whole strip holds on either side of the
    /// particle: the exact value of its ends, where these lie outside the kernel.
    fn add_row(&mut self, row: usize, chord: &Chord, half: f64, weight: f64) {
        let Range { start, end } = chord.columns;
        let strip = &mut self.strip[..end - start + 1];
        for ((strip, lower), upper) in strip.iter_mut().zip(&self.lower[start..]).zip(&self.upper[start..]) {
            // The error of interpolation overshoots at the rim of a large kernel.
            *strip = within(upper - lower, half);
        }
        if chord.starts_inside {
            strip[0] = -half;
        }
        if chord.ends_inside {
            strip[end - start] = half;
        }
        let first = (row - self.rows.start) * self.n_px;
        let light = &mut self.light[first + start..first + end];
        let lost = &mut self.lost[first + start..first + end];
        let edges = strip.iter().zip(&strip[1..]);
        for ((light, lost), (left, right)) in light.iter_mut().zip(lost).zip(edges) {
            let share = right - left;
            // Rounding leaves the rim of a kernel a little below zero here and there; an image is not.
            compensated::add(light, lost, weight * if share > 0.0 { share } else { 0.0 });
        }
    }
}
