//! The cubic spline, in space, in projection, and in the plane.

use std::f64::consts::PI;

/// Evaluates the three-dimensional cubic spline of Monaghan (1992) at `u = r / H`, in units of 1 / H^3.
///
/// With q = r / h = 2 u,
///
/// ```text
/// W(r, h) = 1 / (pi h^3) * { 1 - 3/2 q^2 + 3/4 q^3   for 0 <= q < 1
///                            1/4 (2 - q)^3           for 1 <= q < 2
///                            0                       from there on }
/// ```
///
/// Its integral over space is 1. The sign of `u` does not matter; NaN stays NaN.
///
/// # Examples
/// ```
/// use galmass_project::kernel::cubic_spline;
///
/// assert_eq!(cubic_spline(0.0), 8.0 / std::f64::consts::PI);
/// assert_eq!(cubic_spline(0.5), 2.0 / std::f64::consts::PI);
/// assert_eq!(cubic_spline(1.0), 0.0);
/// ```
pub fn cubic_spline(u: f64) -> f64 {
    8.0 / PI * spline(u)
}

/// Evaluates the native two-dimensional cubic spline at `u = R / H`, in units of 1 / H^2: 10 / (7 pi h^2) times the
/// polynomials of [`cubic_spline`], which makes its integral over the plane 1.
///
/// It is the projection of nothing, 5 per cent lower in the centre than [`projected_cubic_spline`]; many programs use
/// it in its place, and it exists here to compare with them.
///
/// # Examples
/// ```
/// use galmass_project::kernel::cubic_spline_2d;
///
/// assert_eq!(cubic_spline_2d(0.0), 40.0 / (7.0 * std::f64::consts::PI)); // h = H / 2
/// assert_eq!(cubic_spline_2d(1.0), 0.0);
/// ```
pub fn cubic_spline_2d(u: f64) -> f64 {
    40.0 / (7.0 * PI) * spline(u)
}

/// The polynomials of the spline, 1 in the centre.
fn spline(u: f64) -> f64 {
    let q = 2.0 * u.abs();
    if q < 1.0 {
        1.0 - q * q * (1.5 - 0.75 * q)
    } else if q >= 2.0 {
        0.0
    } else {
        0.25 * (2.0 - q).powi(3)
    }
}

/// Evaluates the cubic spline **integrated along the line of sight** at the projected distance `u = R / H`, in
/// units of 1 / H^2.
///
/// This is the closed form of the integral of [`cubic_spline`] over depth. With b = R / h = 2 u, the lengths
/// z1 = sqrt(1 - b^2) (0 from b = 1 on) and z2 = sqrt(4 - b^2) at which the ray leaves the inner and the outer
/// sphere, and I_n the integral of r^n dz,
///
/// ```text
/// W(R, h) = 2 / (pi h^2) * { [I0 - 3/2 I2 + 3/4 I3] from 0 to z1
///                          + [2 I0 - 3 I1 + 3/2 I2 - 1/4 I3] from z1 to z2 }
/// ```
///
/// Its integral over the plane is 1. It is 5 per cent higher in the centre than the two-dimensional spline that is
/// often used in its place. The sign of `u` does not matter; NaN stays NaN. The absolute error is near 1e-16, so
/// that the relative error grows where the kernel goes to zero.
///
/// # Examples
/// ```
/// use galmass_project::kernel::projected_cubic_spline;
///
/// let centre = projected_cubic_spline(0.0);
/// assert!((centre - 6.0 / std::f64::consts::PI).abs() < 1e-15); // 3 / (2 pi h^2) with h = H / 2
/// assert_eq!(projected_cubic_spline(1.0), 0.0);
/// ```
pub fn projected_cubic_spline(u: f64) -> f64 {
    let b = 2.0 * u.abs();
    if b >= 2.0 {
        return 0.0;
    }
    let far = Powers::along_the_ray(b, ((2.0 - b) * (2.0 + b)).sqrt(), 2.0);
    let shape = if b < 1.0 {
        let near = Powers::along_the_ray(b, ((1.0 - b) * (1.0 + b)).sqrt(), 1.0);
        near.inner() + (far.outer() - near.outer())
    } else {
        far.outer()
    };
    // A rounding error below zero at the rim is not passed on; written so that NaN is.
    if shape < 0.0 { 0.0 } else { 8.0 / PI * shape }
}

/// The integrals of 1, r, r^2 and r^3 over the ray at impact parameter b, from its middle to depth z.
struct Powers {
    i0: f64,
    i1: f64,
    i2: f64,
    i3: f64,
}

impl Powers {
    /// `r` is the distance sqrt(z^2 + b^2) from the centre, which every caller knows exactly.
    fn along_the_ray(b: f64, z: f64, r: f64) -> Self {
        let b2 = b * b;
        // The logarithm comes with a power of b, so that through the centre it adds nothing.
        let log = if b == 0.0 { 0.0 } else { ((z + r) / b).ln() };
        Self {
            i0: z,
            i1: 0.5 * (z * r + b2 * log),
            i2: z * (z * z / 3.0 + b2),
            i3: 0.25 * z * r * r * r + 0.375 * b2 * (z * r + b2 * log),
        }
    }

    /// The integral of the spline's inner piece.
    fn inner(&self) -> f64 {
        self.i0 - 1.5 * self.i2 + 0.75 * self.i3
    }

    /// The integral of the spline's outer piece.
    fn outer(&self) -> f64 {
        2.0 * self.i0 - 3.0 * self.i1 + 1.5 * self.i2 - 0.25 * self.i3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel of h = 1 at R = b: the support is 2, the unit of the kernel 1 / 4.
    fn of_monaghan_h(b: f64) -> f64 {
        projected_cubic_spline(b / 2.0) / 4.0
    }

    #[test]
    fn the_projection_has_its_tabulated_values() {
        // To the digits of the table.
        for (b, expected, within) in [
            (0.0, 1.5 / PI, 1e-15),
            (0.25, 0.438260, 1e-6),
            (0.5, 0.338753, 1e-6),
            (1.0, 0.111036, 1e-6),
            (1.5, 0.0114423, 1e-7),
            (1.9, 4.5046e-5, 1e-9),
            (2.0, 0.0, 0.0),
            (3.0, 0.0, 0.0),
        ] {
            assert!((of_monaghan_h(b) - expected).abs() <= within, "b = {b}: {}", of_monaghan_h(b));
        }
    }

    #[test]
    fn the_spline_of_the_plane_has_its_tabulated_values() {
        for (b, expected, within) in [
            (0.0, 0.454728, 1e-6),
            (0.25, 0.417426, 1e-6),
            (0.5, 0.326836, 1e-6),
            (1.0, 0.113682, 1e-6),
            (1.5, 0.0142103, 1e-7),
            (1.9, 1.1368e-4, 1e-8),
            (2.0, 0.0, 0.0),
        ] {
            let found = cubic_spline_2d(b / 2.0) / 4.0;
            assert!((found - expected).abs() <= within, "b = {b}: {found}");
        }
    }
}
