//! The light of a kernel between two parallel lines.

use std::f64::consts::PI;

use super::nodes::{Nodes, POINTS, SEGMENTS};
use crate::kernel::Kernel;
use crate::quadrature::gauss_legendre;

/// Quadrature points on a piece of a line.
const ALONG: usize = 24;

/// The light of a kernel of support 1 and weight 1 from its middle to a line, as quintics on segments of equal length.
pub(crate) struct Marginal {
    /// `[segment][power]`, with one more segment for all that lies beyond the rim.
    segments: [[f64; POINTS + 1]; SEGMENTS + 1],
}

impl Marginal {
    pub(crate) fn of(kernel: Kernel) -> Self {
        let nodes = Nodes::new();
        let density: Vec<f64> = nodes.x.iter().map(|&x| on_line(kernel, x)).collect();
        // One but for rounding, and for what quintics do not follow.
        let to_one = 0.5 / nodes.integrate(&density);
        let mut segments = [[0.0; POINTS + 1]; SEGMENTS + 1];
        let mut before = 0.0;
        for (segment, quartic) in segments.iter_mut().zip(nodes.interpolate(&density)) {
            segment[0] = before;
            for (power, coefficient) in quartic.iter().enumerate() {
                segment[power + 1] = to_one * coefficient / ((power + 1) * SEGMENTS) as f64;
                before += segment[power + 1];
            }
        }
        segments[SEGMENTS][0] = 0.5;
        Self { segments }
    }

    /// The light from the middle to a line at `x`, negative on the other side. `x` must not be NaN.
    #[inline(always)]
    pub(crate) fn up_to(&self, x: f64) -> f64 {
        let position = x.abs() * SEGMENTS as f64;
        let position = if position < SEGMENTS as f64 { position } else { SEGMENTS as f64 };
        // SAFETY: the number is between 0 and SEGMENTS, which it would also be for NaN.
        let segment = unsafe { position.to_int_unchecked::<i32>() };
        let t = position - f64::from(segment);
        let [a, b, c, d, e, f] = &self.segments[segment as usize];
        let value = a + t * (b + t * (c + t * (d + t * (e + t * f))));
        // Near the rim it errs by some 1e-12, which must not count as light that comes back.
        value.min(0.5).copysign(x)
    }
}

/// The integral of a kernel along a line at a distance from its centre, in the angle of a half circle over each piece, for
/// which the half-integer powers at the ends of pieces are polynomials.
fn on_line(kernel: Kernel, x: f64) -> f64 {
    let ends = kernel.breaks().iter().chain(&[1.0]).filter(|&&radius| radius > x);
    let (mut sum, mut start) = (0.0, 0.0);
    for end in ends.map(|radius| (radius * radius - x * x).sqrt()) {
        let (middle, half) = (0.5 * (start + end), 0.5 * (end - start));
        for (along, weight) in gauss_legendre::<ALONG>() {
            let (sin, cos) = (PI * along).sin_cos();
            sum += weight * PI * half * sin * kernel.projected(x.hypot(middle - half * cos));
        }
        start = end;
    }
    2.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_light_beyond_a_line_is_what_the_profile_across_it_says() {
        for kernel in Kernel::ALL {
            let marginal = Marginal::of(kernel);
            assert_eq!([-2.0, -1.0, 1.0, f64::INFINITY].map(|x| marginal.up_to(x)), [-0.5, -0.5, 0.5, 0.5]);
            assert_eq!(marginal.up_to(0.0), 0.0);
            let (mut sum, n) = (0.0, 4000);
            for k in 0..n {
                let x = (f64::from(k) + 0.5) / f64::from(n);
                sum += on_line(kernel, x) / f64::from(n);
                if k % 400 == 399 {
                    let found = marginal.up_to(f64::from(k + 1) / f64::from(n));
                    assert!((found - sum).abs() < 1e-7, "{kernel:?}, {k}: {found} {sum}");
                }
            }
            assert!((sum - 0.5).abs() < 1e-7, "{kernel:?}: {sum}");
        }
    }
}
