//! A projected kernel as very few products of polynomials, in single precision.
//!
//! The light in a rectangle is a sum of products of differences of odd primitives a_r (see
//! [`separable`](super::super::separable)), which telescope: however a kernel is cut by pixels, the shares add up to its
//! light.

use crate::deposit::separable::{LowRank, PerKernel};
use crate::kernel::Kernel;

/// A kernel by `RANK` products of odd polynomials of `TERMS` terms.
#[derive(Clone, Debug)]
pub(super) struct Shape<const RANK: usize, const TERMS: usize> {
    /// What each product is multiplied by.
    pub(super) scale: [f32; RANK],
    /// a_r(1): half of the light for the first, which holds the marginal, and nothing for the others.
    pub(super) end: [f32; RANK],
    /// a_r(u) / u as a polynomial in t = 2 u^2 - 1, from the constant term up. Its coefficients are small, where those
    /// of a polynomial in u^2 are large and of both signs: single precision has no digits to lose.
    pub(super) terms: [[f32; TERMS]; RANK],
}

impl<const RANK: usize, const TERMS: usize> Shape<RANK, TERMS> {
    fn of(kernel: Kernel) -> Self {
        let LowRank { factors, odd } = LowRank::<RANK, TERMS>::of(kernel);
        Self {
            scale: factors.map(|factor| factor as f32),
            end: odd.map(|terms| terms.iter().sum::<f64>() as f32),
            terms: odd.map(|terms| in_t(&terms).map(|term| term as f32)),
        }
    }
}

/// A polynomial in u^2 = (1 + t) / 2 as one in t, by Horner's rule.
fn in_t<const TERMS: usize>(terms: &[f64; TERMS]) -> [f64; TERMS] {
    terms.iter().rev().fold([0.0; TERMS], |sum, term| {
        std::array::from_fn(|power| {
            let constant = if power == 0 { *term } else { 0.0 };
            let below = if power == 0 { 0.0 } else { sum[power - 1] };
            0.5 * (sum[power] + below) + constant
        })
    })
}

/// The shapes for windows of each size. Small windows average over more of the kernel: two products would do for the
/// image, but leave corners below zero, and what is cleared there is missing in the light of a kernel that stands alone.
#[derive(Debug)]
pub(super) struct Shapes {
    /// For windows of up to 8 cells, and of up to 16 where kernels are many.
    pub(super) short: Shape<3, 7>,
    /// For windows of up to 16 cells: on levels above the image each kernel has the error of the prolongation too.
    pub(super) medium: Shape<5, 10>,
    pub(super) large: Shape<3, 10>,
    pub(super) special: Shape<4, 9>,
}

impl Shapes {
    /// The shapes of a kernel, which are made when they are first asked for.
    pub(super) fn of(kernel: Kernel) -> std::sync::Arc<Self> {
        static SHAPES: PerKernel<Shapes> = PerKernel::new();
        SHAPES.get(kernel, |_| Self {
            short: Shape::of(kernel),
            medium: Shape::of(kernel),
            large: Shape::of(kernel),
            special: Shape::of(kernel),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_variable_keeps_the_polynomial() {
        let terms = [0.3, -1.0, 2.0, 0.7];
        for u in [0.0f64, 0.3, 1.0] {
            let value = |terms: &[f64], x: f64| terms.iter().rev().fold(0.0, |sum, term| sum * x + term);
            let t = 2.0 * u * u - 1.0;
            assert!((value(&in_t(&terms), t) - value(&terms, u * u)).abs() < 1e-14);
        }
    }

    #[test]
    fn single_precision_keeps_the_light_of_every_kernel() {
        for kernel in Kernel::ALL {
            let shape = Shape::<4, 9>::of(kernel);
            for r in 0..4 {
                let at_the_rim: f32 = shape.terms[r].iter().sum();
                assert!((at_the_rim - shape.end[r]).abs() < 1e-6, "{kernel:?} {r}: {at_the_rim}");
            }
            assert!((shape.end[0] - 0.5).abs() < 1e-7 && shape.scale[0] == 1.0);
        }
    }
}
