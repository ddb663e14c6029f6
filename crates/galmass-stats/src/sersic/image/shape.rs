//! The shape of a model: its parameters and the ellipses that they make.

use super::super::scale::{slope, solve};

/// How many parameters the shape has: `(ln R_c, e_1, e_2, x, y, ln n)`.
pub(super) const N_SHAPE: usize = 6;

/// Where each stands.
pub(super) const LOG_RADIUS: usize = 0;
pub(super) const SHEAR: [usize; 2] = [1, 2];
pub(super) const CENTRE: [usize; 2] = [3, 4];
pub(super) const LOG_INDEX: usize = 5;

/// Squared elliptical radii, in those of the effective ellipse, below this count as this: the logarithm stays finite.
pub(super) const LEAST_SQUARE: f64 = 1e-290;

/// The brightness is given relative to that so far from the centre \[px\]: central brightnesses overflow for large n.
const BRIGHT_PX: f64 = 0.05;

/// A quadratic form `xx x^2 + 2 xy x y + yy y^2`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Form {
    pub(super) xx: f64,
    pub(super) xy: f64,
    pub(super) yy: f64,
}

impl Form {
    #[inline(always)]
    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        x * (self.xx * x + 2.0 * self.xy * y) + self.yy * y * y
    }

    /// The matrix times a vector: half of the gradient.
    #[inline(always)]
    pub(super) fn times(&self, x: f64, y: f64) -> [f64; 2] {
        [self.xx * x + self.xy * y, self.xy * x + self.yy * y]
    }

    pub(super) fn trace(&self) -> f64 {
        self.xx + self.yy
    }

    /// The larger eigenvalue: the inverse square of the minor axis.
    pub(super) fn largest(&self) -> f64 {
        0.5 * self.trace() + (0.5 * (self.xx - self.yy)).hypot(self.xy)
    }
}

/// What the loops need of the parameters.
///
/// The ellipse is that of the circularised radius `R_c = R_e sqrt(q)` sheared by `(e_1, e_2) = -ln q (cos 2 PA,
/// sin 2 PA)`: in these two numbers a round galaxy is a point like any other, where an axis ratio is at its end and a
/// position angle means nothing. The squared elliptical radius over the squared effective one is `d A d` with
/// `A = exp(-[[e_1, e_2], [e_2, -e_1]]) / R_c^2`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The centre, x and y \[px\].
    pub(super) centre: [f64; 2],
    /// A.
    pub(super) form: Form,
    /// Its derivatives by the two components of the shear.
    pub(super) by_shear: [Form; 2],
    /// Pixels to a unit of the two parameters of the centre.
    pub(super) unit_px: f64,
    pub(super) index: f64,
    pub(super) b: f64,
    /// n db/dn.
    pub(super) b_by_log_index: f64,
    /// The logarithm of the unit of brightness over the central brightness, plus b.
    pub(super) shift: f64,
}

/// What the parameters of the centre are measured from and in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) origin: [f64; 2],
    pub(super) unit_px: f64,
}

impl Frame {
    pub(super) fn centre(&self, parameters: &[f64; N_SHAPE]) -> [f64; 2] {
        std::array::from_fn(|axis| self.origin[axis] + self.unit_px * parameters[CENTRE[axis]])
    }
}

impl Shape {
    pub(super) fn new(parameters: &[f64; N_SHAPE], frame: &Frame) -> Self {
        let index = parameters[LOG_INDEX].exp();
        let b = solve(index);
        let area = (-2.0 * parameters[LOG_RADIUS]).exp();
        let [e1, e2] = SHEAR.map(|i| parameters[i]);
        let [even, odd, next] = hyperbolic(e1 * e1 + e2 * e2);
        let form = Form { xx: area * (even - odd * e1), xy: -area * odd * e2, yy: area * (even + odd * e1) };
        let by_shear = [
            Form {
                xx: area * (odd * e1 - odd - next * e1 * e1),
                xy: -area * next * e1 * e2,
                yy: area * (odd * e1 + odd + next * e1 * e1),
            },
            Form {
                xx: area * (odd * e2 - next * e2 * e1),
                xy: -area * (odd + next * e2 * e2),
                yy: area * (odd * e2 + next * e2 * e1),
            },
        ];
        let bright = (BRIGHT_PX * BRIGHT_PX * area).powf(0.5 / index);
        Self {
            centre: frame.centre(parameters),
            form,
            by_shear,
            unit_px: frame.unit_px,
            index,
            b,
            b_by_log_index: index * slope(index, b),
            shift: b * bright.min(1.0),
        }
    }

    /// The logarithm of the unit of brightness over the effective brightness.
    pub(super) fn log_unit(&self) -> f64 {
        self.b - self.shift
    }

    /// The brightness, in units, at a squared elliptical radius, and its slope `-d ln I / d ln r`.
    pub(super) fn brightness(&self, square: f64) -> (f64, f64) {
        let power = self.b * square.max(LEAST_SQUARE).powf(0.5 / self.index);
        ((self.shift - power).exp(), power / self.index)
    }

    /// The semi-minor axis \[px\] of the ellipse of a squared elliptical radius.
    pub(super) fn minor_px(&self, square: f64) -> f64 {
        (square / self.form.largest()).sqrt()
    }
}

/// `cosh h`, `sinh h / h` and the latter's derivative over h, of `h^2`: series of terms of one sign.
fn hyperbolic(square: f64) -> [f64; 3] {
    let [mut even, mut odd, mut next] = [0.0; 3];
    // h^(2k) / (2k)!
    let (mut term, mut k) = (1.0, 0.0);
    while term > f64::EPSILON * 0.01 * even {
        even += term;
        odd += term / (2.0 * k + 1.0);
        let following = term / ((2.0 * k + 1.0) * (2.0 * k + 2.0));
        k += 1.0;
        next += following * 2.0 * k / (2.0 * k + 1.0);
        term = following * square;
    }
    [even, odd, next]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { origin: [3.0, 4.0], unit_px: 2.0 };

    #[test]
    fn the_ellipse_has_the_axes_that_were_asked_for() {
        for (q, angle) in [(1.0_f64, 0.0_f64), (0.7, 0.5), (0.2, -1.2), (0.01, 1.5)] {
            let (log, (sine, cosine)) = (-q.ln(), (2.0 * angle).sin_cos());
            let radius = 7.0 * q.sqrt();
            let parameters = [radius.ln(), log * cosine, log * sine, 0.5, -1.0, 0.0];
            let shape = Shape::new(&parameters, &FRAME);
            assert_eq!(shape.centre, [4.0, 2.0]);
            let (sine, cosine) = angle.sin_cos();
            for (axis, [x, y]) in [(7.0, [cosine, sine]), (7.0 * q, [-sine, cosine])] {
                let square = shape.form.at(axis * x, axis * y);
                // Along the major axis the squares of the minor cancel.
                assert!((square - 1.0).abs() < 1e-14 / (q * q), "{q} {angle}: {square}");
            }
            assert!((shape.minor_px(1.0) / (7.0 * q) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_derivatives_by_the_shear_are_those_of_differences() {
        for shear in [[0.0, 0.0], [1e-6, 0.0], [0.3, -0.2], [-1.5, 2.0]] {
            for (k, &part) in SHEAR.iter().enumerate() {
                let at = |step: f64| {
                    let mut parameters = [0.2, shear[0], shear[1], 0.0, 0.0, 0.0];
                    parameters[part] += step;
                    Shape::new(&parameters, &FRAME)
                };
                let (more, less, here) = (at(1e-5).form, at(-1e-5).form, at(0.0).by_shear[k]);
                for (more, less, here) in
                    [(more.xx, less.xx, here.xx), (more.xy, less.xy, here.xy), (more.yy, less.yy, here.yy)]
                {
                    assert!(((more - less) / 2e-5 - here).abs() < 1e-8 * (1.0 + here.abs()), "{shear:?} {k}");
                }
            }
        }
    }
}
