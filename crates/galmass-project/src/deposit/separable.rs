//! The projected kernel as a sum of products.
//!
//! The projected kernel of support 1 is almost a product of a function of x and the same function of y:
//!
//! ```text
//! W(x, y) = sum over r of  s_r v_r(x) v_r(y),      a_r(x) = integral of v_r from 0 to x
//! ```
//!
//! The light in a rectangle is then the sum of s_r times the difference of a_r between its sides times that between its
//! ends: an exact integral of what approximates W, without a square root or a table of two coordinates. Differences
//! telescope, so that shares of rectangles that tile the kernel add up to 1.
//!
//! The first product is that of the marginals, which makes the light of a whole row of pixels exact; no other changes
//! it, since their a_r vanish at the rim as they do at the centre. The others are eigenfunctions of what is left, in the
//! norm of the double primitive, which is the light in rectangles: pixels as wide as a kernel need few of them. Of the
//! cubic spline 16 products leave 1e-7 in pixels an eighth of the support, 32 leave 1e-7 in the smallest.
//!
//! The expansion is that of Schmidt (1907), the best of its rank (Eckart & Young 1936).

#[allow(dead_code)] // For the scheme of few products.
mod low_rank;
mod marginal;
mod mixed;
mod nodes;
mod spectrum;

use std::sync::{Arc, Mutex, PoisonError};

#[allow(unused_imports)]
pub(super) use low_rank::LowRank;
pub(super) use marginal::Marginal;
pub(super) use mixed::Mixed;
use nodes::{Nodes, POINTS, SEGMENTS};

use super::lanes::{Eight, Lanes, N_LANES, Sixteen};
use crate::kernel::Kernel;

/// An expansion in `BLOCKS` times eight products: their factors, and their primitives as quintics on segments of equal
/// length, laid out so that eight primitives are evaluated at once.
pub(super) struct Separable<const BLOCKS: usize> {
    /// s_r.
    pub(super) factors: [Eight; BLOCKS],
    /// `[segment][power][r]`, with one more segment for all that lies beyond the rim.
    segments: Box<[[[Eight; BLOCKS]; POINTS + 1]; SEGMENTS + 1]>,
    error: f64,
}

impl<const BLOCKS: usize> Separable<BLOCKS> {
    /// The first products of a kernel. Takes some milliseconds.
    pub(super) fn of(kernel: Kernel) -> Self {
        let nodes = Nodes::new();
        let (first, remainder) = nodes.split(kernel);
        let (factors, functions) = nodes.products(&remainder, BLOCKS * N_LANES - 1);
        let error = nodes.error(&first, &remainder, &factors, &functions);
        let mut expansion = Self {
            error,
            factors: [Eight::default(); BLOCKS],
            segments: Box::new([[[Eight::default(); BLOCKS]; POINTS + 1]; SEGMENTS + 1]),
        };
        expansion.set(0, 1.0, &nodes.interpolate(&first));
        for (index, (factor, function)) in factors.into_iter().zip(functions).enumerate() {
            expansion.set(index + 1, factor, &nodes.interpolate(&function));
        }
        // Exact, so that no light is lost: the marginal ends at a half, the others where they began.
        expansion.segments[SEGMENTS][0][0].0[0] = 0.5;
        expansion
    }

    /// The rms error of the density over the rms density.
    pub(super) fn error(&self) -> f64 {
        self.error
    }

    fn set(&mut self, rank: usize, factor: f64, densities: &[nodes::Quartic]) {
        let (block, lane) = (rank / N_LANES, rank % N_LANES);
        self.factors[block].0[lane] = factor;
        let mut before = 0.0;
        for (segment, density) in self.segments.iter_mut().zip(densities) {
            segment[0][block].0[lane] = before;
            for (power, coefficient) in density.iter().enumerate() {
                let integral = coefficient / ((power + 1) * SEGMENTS) as f64;
                segment[power + 1][block].0[lane] = integral;
                before += integral;
            }
        }
    }

    /// All a_r at one of eight places. They are odd, and constant from the rim on.
    #[inline(always)]
    pub(super) fn primitives<L: Lanes>(&self, places: &Places, lane: usize) -> [L; BLOCKS] {
        let (t, sign) = (L::splat(places.along.0[lane]), L::splat(places.signs.0[lane]));
        let [a, b, c, d, e, f] = &self.segments[places.segments[lane] as usize];
        let mut values = [L::splat(0.0); BLOCKS];
        for block in 0..BLOCKS {
            // A plain loop: closures would not be compiled for the processor at hand.
            let high = L::load(&f[block].0).fma(t, L::load(&e[block].0)).fma(t, L::load(&d[block].0));
            let low = high.fma(t, L::load(&c[block].0)).fma(t, L::load(&b[block].0));
            values[block] = low.fma(t, L::load(&a[block].0)).times(sign);
        }
        values
    }
}

/// Where eight numbers lie on the segments.
pub(super) struct Places {
    segments: [u32; N_LANES],
    /// How far along its segment each of them is, from 0 to 1, and its sign.
    along: Eight,
    signs: Eight,
    /// The same in single precision, one after the other.
    singles: Sixteen,
}

impl Places {
    /// The places of the edges of pixels, the first of which is `first`, in units of the support from a particle.
    /// None of these numbers may be NaN.
    #[inline(always)]
    pub(super) fn of_edges(first: f64, at: f64, per_px: f64) -> Self {
        let mut places = Self {
            segments: [0; N_LANES],
            along: Eight::default(),
            signs: Eight::default(),
            singles: Sixteen::default(),
        };
        for lane in 0..N_LANES {
            let x = ((first + lane as f64) - at) * per_px;
            let position = x.abs() * SEGMENTS as f64;
            let position = if position < SEGMENTS as f64 { position } else { SEGMENTS as f64 };
            // SAFETY: the number is between 0 and SEGMENTS, which it would also be for NaN.
            let segment = unsafe { position.to_int_unchecked::<i32>() };
            places.segments[lane] = segment as u32;
            places.along.0[lane] = position - f64::from(segment);
            places.signs.0[lane] = 1.0f64.copysign(x);
        }
        for lane in 0..N_LANES {
            places.singles.0[lane] = places.along.0[lane] as f32;
            places.singles.0[N_LANES + lane] = places.signs.0[lane] as f32;
        }
        places
    }
}

/// Something made once for each kernel, at its first use, and kept.
pub(super) struct PerKernel<T>(Mutex<Vec<(Kernel, Arc<T>)>>);

impl<T> PerKernel<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Threads that ask at the same time wait for the first of them. `make` must not wait for other threads of a rayon
    /// pool, since one that helps them could come back here.
    pub(super) fn get(&self, kernel: Kernel, make: impl FnOnce(Kernel) -> T) -> Arc<T> {
        // What is in the list is whole, even if a thread has panicked in `make`.
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = made.iter().find(|(of, _)| *of == kernel) {
            return Arc::clone(found);
        }
        let new = Arc::new(make(kernel));
        made.push((kernel, Arc::clone(&new)));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deposit::lanes::Portable;

    fn primitives<const BLOCKS: usize>(expansion: &Separable<BLOCKS>, x: f64) -> Vec<f64> {
        let mut values = [[0.0; N_LANES]; BLOCKS];
        let places = Places::of_edges(0.0, -x, 1.0);
        for (values, lanes) in values.iter_mut().zip(expansion.primitives::<Portable>(&places, 0)) {
            lanes.store(values);
        }
        values.concat()
    }

    pub(super) fn light<const BLOCKS: usize>(expansion: &Separable<BLOCKS>, x: [f64; 2], y: [f64; 2]) -> f64 {
        let ends = [x[0], x[1], y[0], y[1]].map(|end| primitives(expansion, end));
        let factors = expansion.factors.map(|eight| eight.0).concat();
        (0..factors.len()).map(|r| factors[r] * (ends[1][r] - ends[0][r]) * (ends[3][r] - ends[2][r])).sum()
    }

    #[test]
    fn all_light_is_within_the_rim_and_a_quarter_in_each_quadrant() {
        let expansion = Separable::<4>::of(Kernel::CubicSpline);
        for far in [1.0, 1.5, 1e300, f64::INFINITY] {
            assert_eq!(light(&expansion, [-far, far], [-far, far]), 1.0);
            assert_eq!(light(&expansion, [0.0, far], [-far, 0.0]), 0.25);
        }
    }

    #[test]
    fn products_beyond_the_first_leave_rows_alone() {
        let expansion = Separable::<4>::of(Kernel::CubicSpline);
        let rim = primitives(&expansion, 1.0 - 1e-12);
        for (r, (value, factor)) in
            rim.iter().zip(expansion.factors.map(|eight| eight.0).concat()).enumerate().skip(1)
        {
            // In units of what it would change in a row as long as the first segment.
            assert!((value * factor).abs() < 1e-13, "{r}: {value:e} of {factor:e}");
        }
        assert!((rim[0] - 0.5).abs() < 1e-13, "{:e}", rim[0] - 0.5);
    }

    #[test]
    fn more_products_come_nearer_to_the_kernel() {
        fn error<const BLOCKS: usize>(side: f64) -> f64 {
            let (expansion, all) =
                (Separable::<BLOCKS>::of(Kernel::CubicSpline), Separable::<6>::of(Kernel::CubicSpline));
            let mut largest = 0.0f64;
            for row in 0..40 {
                for column in 0..40 {
                    let [x, y] = [column, row].map(|k| f64::from(k) / 40.0);
                    let of = |light: f64| light / (side * side);
                    let pixel = ([x, x + side], [y, y + side]);
                    let (found, expected) =
                        (light(&expansion, pixel.0, pixel.1), light(&all, pixel.0, pixel.1));
                    largest = largest.max((of(found) - of(expected)).abs());
                }
            }
            largest / Kernel::CubicSpline.projected(0.0)
        }
        // Pixels of an eighth of the support, and far smaller ones.
        for (found, limit) in [
            (error::<1>(0.125), 1e-5),
            (error::<2>(0.125), 2e-7),
            (error::<4>(0.125), 5e-9),
            (error::<3>(1e-3), 5e-7),
            (error::<4>(1e-3), 2e-7),
        ] {
            assert!(found < limit, "{found:e}, not {limit:e}");
        }
    }

    #[test]
    fn a_thing_is_made_once_for_each_kernel() {
        static THINGS: PerKernel<u32> = PerKernel::new();
        assert_eq!(*THINGS.get(Kernel::CubicSpline, |_| 1), 1);
        assert_eq!(*THINGS.get(Kernel::CubicSpline, |_| 2), 1);
    }
}
