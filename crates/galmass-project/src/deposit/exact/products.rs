//! Wide kernels that are not smooth, row by row, as sums of products.

use std::hint::black_box;
use std::ops::Range;

use super::Splat;
use super::bands::{Spread, nearest};
use super::order::Runs;

use crate::deposit::lanes::{Eight, Lanes, N_LANES, Sixteen};
use crate::deposit::separable::{Mixed, Places};

/// Rows that are worked on together.
const GROUP: usize = 8;

impl<const SIXTEENS: usize> Spread for Mixed<SIXTEENS> {
    #[inline(always)]
    fn add_rows<L: Lanes>(&self, light: &mut [f64], rows: Range<usize>, n_px: usize, runs: &Runs) {
        // An odd number, so that the rows of an image of 1024 pixels do not all compete for one place in the cache.
        let n_eights = n_px.div_ceil(N_LANES) | 1;
        let mut scratch = Scratch::new(n_eights);
        let mut sum = Sum { rows, n_px, light: Vec::new(), n_eights };
        sum.light.resize(sum.rows.len() * n_eights, Eight::default());
        for splat in runs.wide() {
            let rows = splat.rows(n_px);
            let rows = rows.start.max(sum.rows.start)..rows.end.min(sum.rows.end);
            if rows.is_empty() {
                continue;
            }
            sum.add::<SIXTEENS, L>(&mut scratch, splat, rows, self);
        }
        for (pixels, light) in light.chunks_exact_mut(n_px).zip(sum.light.chunks_exact(n_eights)) {
            for (pixels, light) in pixels.chunks_mut(N_LANES).zip(light) {
                pixels.iter_mut().zip(&light.0).for_each(|(pixel, light)| *pixel += light);
            }
        }
    }
}

/// The light of the wide kernels in a band.
struct Sum {
    rows: Range<usize>,
    n_px: usize,
    /// Eights of columns, `n_eights` to a row.
    light: Vec<Eight>,
    n_eights: usize,
}

/// What is prepared for a splat, for each eight columns of the image.
struct Scratch<const SIXTEENS: usize> {
    columns: Vec<Columns<SIXTEENS>>,
    /// The light of a group of rows.
    strips: [Vec<Eight>; GROUP],
}

/// The differences of the primitives between the edges of a row, times their factors and the weight.
#[derive(Clone, Copy)]
struct Factors<const SIXTEENS: usize> {
    leading: Eight,
    pairs: [Sixteen; SIXTEENS],
}

#[derive(Clone)]
struct Columns<const SIXTEENS: usize> {
    /// The differences of the primitives between the edges of the columns: of the first eight `[r][column]`, of the others
    /// `[sixteen][pair][column]`.
    leading: [Eight; N_LANES],
    pairs: [[Sixteen; N_LANES]; SIXTEENS],
    /// The squares of the distances to the nearest point of each column.
    distances: Eight,
}

impl<const SIXTEENS: usize> Scratch<SIXTEENS> {
    fn new(n_eights: usize) -> Self {
        let columns = Columns {
            leading: [Eight::default(); N_LANES],
            pairs: [[Sixteen::default(); N_LANES]; SIXTEENS],
            distances: Eight::default(),
        };
        Self {
            columns: vec![columns; n_eights],
            strips: std::array::from_fn(|_| vec![Eight::default(); n_eights]),
        }
    }

    /// Prepares some columns of an image for a splat, and nothing beside them in their eights.
    #[inline(always)]
    fn prepare<L: Lanes>(&mut self, splat: &Splat, columns: Range<usize>, expansion: &Mixed<SIXTEENS>) {
        let per_px = 1.0 / splat.support;
        let mut before =
            expansion.primitives::<L>(&Places::of_edges(columns.start as f64, splat.x, per_px), 0);
        for eight in columns.start / N_LANES..columns.end.div_ceil(N_LANES) {
            let first = eight * N_LANES;
            let eight = &mut self.columns[eight];
            let edges = Places::of_edges((first + 1) as f64, splat.x, per_px);
            let mut leading = [L::splat(0.0); N_LANES];
            let mut pairs = [[L::splat_single(0.0); N_LANES]; SIXTEENS];
            for lane in columns.start.saturating_sub(first)..N_LANES.min(columns.end - first) {
                let after = expansion.primitives::<L>(&edges, lane);
                leading[lane] = after.0.minus(before.0);
                for index in 0..SIXTEENS {
                    pairs[index][lane] = L::minus_singles(after.1[index], before.1[index]);
                }
                before = after;
            }
            for lane in 0..N_LANES {
                eight.distances.0[lane] = nearest((first + lane) as f64 - splat.x);
            }
            let turned = L::transpose(leading);
            for lane in 0..N_LANES {
                turned[lane].store(&mut eight.leading[lane].0);
            }
            for index in 0..SIXTEENS {
                let turned = L::transpose_pairs(pairs[index]);
                for lane in 0..N_LANES {
                    L::store_singles(turned[lane], &mut eight.pairs[index][lane].0);
                }
            }
        }
    }

    /// Sums up the products in some eights of columns, for the first rows of a group, as far as their reaches go.
    #[inline(always)]
    fn products<const ROWS: usize, L: Lanes>(
        &mut self,
        eights: Range<usize>,
        factors: &[Factors<SIXTEENS>; GROUP],
        reaches: &[f64; GROUP],
    ) -> [f64; GROUP] {
        // Hidden from the compiler, which otherwise unrolls the loops, tears them apart and runs out of registers.
        let n = black_box(N_LANES);
        let mut sums = [L::splat(0.0); ROWS];
        for eight in eights {
            let columns = &self.columns[eight];
            let mut shares = [L::splat(0.0); ROWS];
            let mut pairs = [L::splat_single(0.0); ROWS];
            for r in 0..n {
                let r = r % N_LANES;
                let leading = L::load(&columns.leading[r].0);
                for row in 0..ROWS {
                    shares[row] = leading.fma(L::splat(factors[row].leading.0[r]), shares[row]);
                }
                for sixteen in 0..SIXTEENS {
                    let other = L::load_singles(&columns.pairs[sixteen][r].0);
                    for row in 0..ROWS {
                        let of_row = &factors[row].pairs[sixteen].0;
                        let factor = L::splat_pair([of_row[2 * r], of_row[2 * r + 1]]);
                        pairs[row] = L::fma_singles(other, factor, pairs[row]);
                    }
                }
            }
            let distances = L::load(&columns.distances.0);
            for row in 0..ROWS {
                if row % 2 == 0 {
                    let others = L::add_up([pairs[row], pairs[row + 1]]);
                    shares[row] = shares[row].plus(others[0]);
                    shares[row + 1] = shares[row + 1].plus(others[1]);
                }
                // Products neither end at the circle nor are all above zero near it; a kernel does and is.
                let share = shares[row].positive_where_less(distances, L::splat(reaches[row]));
                sums[row] = sums[row].plus(share);
                share.store(&mut self.strips[row][eight].0);
            }
        }
        let mut totals = [0.0; GROUP];
        for row in 0..ROWS {
            totals[row] = sums[row].sum();
        }
        totals
    }
}

impl Sum {
    /// Adds some rows of a splat.
    #[inline(always)]
    fn add<const SIXTEENS: usize, L: Lanes>(
        &mut self,
        scratch: &mut Scratch<SIXTEENS>,
        splat: &Splat,
        rows: Range<usize>,
        expansion: &Mixed<SIXTEENS>,
    ) {
        let columns = splat.columns(self.n_px);
        let eights = columns.start / N_LANES..columns.end.div_ceil(N_LANES);
        scratch.prepare::<L>(splat, columns.clone(), expansion);
        let is_inside = splat.x - splat.support >= 0.0 && splat.x + splat.support < self.n_px as f64;
        let per_px = 1.0 / splat.support;
        let (leading, others) = expansion.factors();
        let edge = Places::of_edges(rows.start as f64, splat.y, per_px);
        let mut before = expansion.primitives::<L>(&edge, 0);
        let mut light_before = marginal(before.0);
        let mut start = rows.start;
        while start < rows.end {
            let n_rows = GROUP.min(rows.end - start);
            // Rows that are not there have no light, and nothing is within their reach.
            let mut factors =
                [Factors { leading: Eight::default(), pairs: [Sixteen::default(); SIXTEENS] }; GROUP];
            let mut reaches = [0.0; GROUP];
            let mut wholes = [0.0; GROUP];
            let mut reach = 0.0f64;
            let edges = Places::of_edges((start + 1) as f64, splat.y, per_px);
            for index in 0..n_rows {
                let row = start + index;
                let after = expansion.primitives::<L>(&edges, index);
                let difference = after.0.minus(before.0);
                difference.times(L::load(&leading.0)).store(&mut factors[index].leading.0);
                for sixteen in 0..SIXTEENS {
                    let difference = L::minus_singles(after.1[sixteen], before.1[sixteen]);
                    let product = L::times_singles(difference, L::load_singles(&others[sixteen].0));
                    L::store_singles(product, &mut factors[index].pairs[sixteen].0);
                }
                before = after;
                let light_after = marginal(before.0);
                wholes[index] = (light_after - light_before).max(0.0);
                light_before = light_after;
                reaches[index] = splat.support * splat.support - nearest(row as f64 - splat.y);
                reach = reach.max(reaches[index]);
            }
            // The widest chord of the group.
            let half = reach.sqrt();
            let eight_of = |column: f64| column.max(0.0) as usize / N_LANES;
            let end = (eight_of(splat.x + half) + 1).min(eights.end);
            // The chord of a kernel that meets the image with other rows may lie beyond it.
            let chord = eight_of(splat.x - half).clamp(eights.start, end.max(eights.start))..end;
            let sums = if n_rows > GROUP / 2 {
                scratch.products::<GROUP, L>(chord.clone(), &factors, &reaches)
            } else {
                scratch.products::<{ GROUP / 2 }, L>(chord.clone(), &factors, &reaches)
            };
            for index in 0..n_rows {
                let (sum, whole) = (sums[index], wholes[index]);
                let to_whole = if sum > 0.0 && (is_inside || sum > whole) { whole / sum } else { 1.0 };
                let row = (start + index - self.rows.start) * self.n_eights;
                let light = &mut self.light[row..row + self.n_eights];
                let to_whole = L::splat(splat.weight * to_whole);
                for eight in chord.clone() {
                    let share = L::load(&scratch.strips[index][eight].0);
                    share.fma(to_whole, L::load(&light[eight].0)).store(&mut light[eight].0);
                }
                if sum <= 0.0 && is_inside {
                    // All of the little light of a row at the rim was rounded away.
                    light[splat.x as usize / N_LANES].0[splat.x as usize % N_LANES] += splat.weight * whole;
                }
            }
            start += n_rows;
        }
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
