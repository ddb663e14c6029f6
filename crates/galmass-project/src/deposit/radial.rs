//! The light of a projected kernel in a pixel, by the distance of the pixel's centre.
//!
//! The mean of a kernel over a square pixel hardly depends on the direction in which the pixel lies. With the distance
//! r, the angle a and the side d of the pixel in units of the support it is
//!
//! ```text
//! mean(r, a, d) = F(r^2, d) + H(r^2, d) cos 4a + ...
//! ```
//!
//! since a square looks the same after a quarter turn. H is of the order of d^4 and the next term, with cos 8a, of d^8: it
//! matters only where a kernel has few pixels. cos 4a = 8 (cos^2 a - 1/2)^2 - 1 takes no root and no arc.
//!
//! F and H are polynomials in r^2 on [rings](N_RINGS), whose coefficients are polynomials in d^2 in each of some ranges
//! of it. The rings are narrow at the centre, where projected splines go with r^4 log r, and wide at the rim, which has
//! no light. Their bounds are numbers of few binary digits, so that the ring and the place in it are bits of r^2.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::lanes::Lanes;
use super::lanes::rings::{self, N_RINGS, Rings};
use crate::kernel::Kernel;
use crate::quadrature::gauss_legendre;

/// Kernels with a support of fewer pixels are not followed.
const FROM_PX: f64 = 6.5;

/// Ranges of the support, in pixels.
const RANGES: [[f64; 2]; 3] = [[FROM_PX, 10.5], [10.5, 48.0], [48.0, f64::INFINITY]];

/// From this range on cos 4a does not count.
const ROUND: usize = 2;

/// Coefficients of F in a ring.
pub(super) const RADIAL: usize = 5;

/// Coefficients of H in a ring.
pub(super) const ANGULAR: usize = 3;

/// Coefficients of each of them as a polynomial in d^2.
const SIDES: usize = 4;

/// Places in a ring where the kernel is asked for.
const PLACES: usize = 7;

/// Points along each side of a pixel.
const POINTS: usize = 6;

/// A projected kernel, averaged over pixels.
pub(super) struct Radial {
    ranges: [Range; RANGES.len()],
}

/// Kernels of about the same width.
struct Range {
    /// The middle of the squares of the sides of pixels and half their range.
    middle: f64,
    half: f64,
    /// `[power of d^2][power of r^2][ring]`.
    radial: [[Rings; RADIAL]; SIDES],
    angular: [[Rings; ANGULAR]; SIDES],
}

/// F - H and 8 H for one side of pixels: `[power][ring]`.
pub(super) struct Profile {
    pub(super) radial: [Rings; RADIAL],
    pub(super) angular: [Rings; ANGULAR],
}

impl Profile {
    pub(super) fn new() -> Self {
        Self { radial: [Rings::default(); RADIAL], angular: [Rings::default(); ANGULAR] }
    }
}

impl Radial {
    /// Averages a kernel, in some milliseconds.
    pub(super) fn of(kernel: Kernel) -> Self {
        Self { ranges: std::array::from_fn(|index| Range::of(kernel, RANGES[index], index >= ROUND)) }
    }

    /// Writes the profile for a support in pixels; whether it needs the angle.
    #[inline(always)]
    pub(super) fn profile<L: Lanes>(&self, support: f64, profile: &mut Profile) -> bool {
        let mut index = 0;
        while index + 1 < RANGES.len() && support >= RANGES[index][1] {
            index += 1;
        }
        let range = &self.ranges[index];
        let side = 1.0 / support;
        let side = L::splat_single(((side * side - range.middle) / range.half) as f32);
        for power in 0..RADIAL {
            evaluate::<RADIAL, L>(&range.radial, power, side, &mut profile.radial[power]);
        }
        if index >= ROUND {
            return false;
        }
        for power in 0..ANGULAR {
            evaluate::<ANGULAR, L>(&range.angular, power, side, &mut profile.angular[power]);
        }
        true
    }
}

/// A coefficient in all rings, by Horner's method.
#[inline(always)]
fn evaluate<const POWERS: usize, L: Lanes>(
    coefficients: &[[Rings; POWERS]; SIDES],
    power: usize,
    side: L::Singles,
    rings: &mut Rings,
) {
    for half in 0..2 {
        let mut value = L::load_singles(&coefficients[SIDES - 1][power].halves[half]);
        for of_side in (0..SIDES - 1).rev() {
            value = L::fma_singles(value, side, L::load_singles(&coefficients[of_side][power].halves[half]));
        }
        L::store_singles(value, &mut rings.halves[half]);
    }
}

impl Range {
    fn of(kernel: Kernel, [narrowest, widest]: [f64; 2], is_round: bool) -> Self {
        let [low, high] = [1.0 / (widest * widest), 1.0 / (narrowest * narrowest)];
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let mut range = Self {
            middle,
            half,
            radial: [[Rings::default(); RADIAL]; SIDES],
            angular: [[Rings::default(); ANGULAR]; SIDES],
        };
        let sides: [f64; SIDES] = nodes().map(|node: f64| (middle + half * node).sqrt());
        for ring in 0..N_RINGS {
            let [start, end] = rings::bounds(ring);
            let of_sides = sides.map(|side| {
                let means: [[f64; 2]; PLACES] = nodes().map(|node: f64| {
                    let r = (0.5 * (start + end + (end - start) * node) - rings::START).max(0.0).sqrt();
                    let straight = mean(kernel, [r, 0.0], side);
                    let aslant = mean(kernel, [r * FRAC_1_SQRT_2; 2], side);
                    if is_round {
                        [0.5 * (straight + aslant), 0.0]
                    } else {
                        [aslant, 4.0 * (straight - aslant)]
                    }
                });
                let [radial, angular] = [0, 1].map(|which| means.map(|mean| mean[which]));
                (in_ring::<RADIAL>(&radial), in_ring::<ANGULAR>(&angular))
            });
            for power in 0..RADIAL {
                let values = polynomial::<SIDES, SIDES>(&of_sides.map(|(radial, _)| radial[power]));
                for (coefficients, value) in range.radial.iter_mut().zip(values) {
                    coefficients[power].set(ring, value as f32);
                }
            }
            for power in 0..ANGULAR {
                let values = polynomial::<SIDES, SIDES>(&of_sides.map(|(_, angular)| angular[power]));
                for (coefficients, value) in range.angular.iter_mut().zip(values) {
                    coefficients[power].set(ring, value as f32);
                }
            }
        }
        range
    }
}

/// The mean over a square pixel.
fn mean(kernel: Kernel, centre: [f64; 2], side: f64) -> f64 {
    let points = gauss_legendre::<POINTS>();
    let mut sum = 0.0;
    for (along_x, weight_x) in points {
        for (along_y, weight_y) in points {
            let [x, y] = [centre[0] + side * (along_x - 0.5), centre[1] + side * (along_y - 0.5)];
            sum += weight_x * weight_y * kernel.projected((x * x + y * y).sqrt());
        }
    }
    sum
}

/// Chebyshev's nodes on \[-1, 1\].
fn nodes<const N: usize>() -> [f64; N] {
    std::array::from_fn(|index| (PI * (index as f64 + 0.5) / N as f64).cos())
}

/// The polynomial, by powers, of the first terms of the Chebyshev series through the values at the nodes.
fn polynomial<const N: usize, const TERMS: usize>(values: &[f64; N]) -> [f64; TERMS] {
    let mut sum = [0.0; TERMS];
    // The powers of the term at hand and of the one before it.
    let (mut term, mut before) = ([0.0; TERMS], [0.0; TERMS]);
    term[0] = 1.0;
    for degree in 0..TERMS {
        let at = |index: usize| (PI * degree as f64 * (index as f64 + 0.5) / N as f64).cos();
        let along: f64 = values.iter().enumerate().map(|(index, value)| value * at(index)).sum();
        let factor = along * if degree == 0 { 1.0 } else { 2.0 } / N as f64;
        sum.iter_mut().zip(&term).for_each(|(sum, term)| *sum += factor * term);
        let twice = if degree == 0 { 1.0 } else { 2.0 };
        let next = std::array::from_fn(|power| {
            let raised = if power == 0 { 0.0 } else { term[power - 1] };
            twice * raised - before[power]
        });
        (before, term) = (term, next);
    }
    sum
}

/// The same, of the place in a ring.
fn in_ring<const TERMS: usize>(values: &[f64; PLACES]) -> [f64; TERMS] {
    let mut powers = polynomial::<PLACES, TERMS>(values);
    let mut scale = 1.0;
    for power in &mut powers {
        *power *= scale;
        scale /= rings::REACH;
    }
    powers
}
