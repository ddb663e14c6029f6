//! The softened inverse distance in double precision, which all else is held to.

use super::SofteningKernel;

/// The support of the cubic spline whose centre is as deep as that of a Plummer sphere of unit softening length.
pub(super) const SPLINE_SUPPORT: f64 = 2.8;

/// What takes the place of 1/r at the distance whose square is given; infinite where both are 0.
pub(super) fn inverse_distance(kernel: SofteningKernel, squared: f64, softening: f64) -> f64 {
    match kernel {
        SofteningKernel::Plummer => (squared + softening * softening).sqrt().recip(),
        SofteningKernel::CubicSpline => {
            let (distance, support) = (squared.sqrt(), SPLINE_SUPPORT * softening);
            if distance >= support { distance.recip() } else { spline(distance / support) / support }
        }
    }
}

/// The spline's inverse distance in units of its support, inside of it (Springel, Yoshida & White 2001, appendix A).
fn spline(u: f64) -> f64 {
    if u < 0.5 {
        14.0 / 5.0 - u * u * (16.0 / 3.0 - u * u * (48.0 / 5.0 - 32.0 / 5.0 * u))
    } else {
        let inner = 32.0 / 3.0 - u * (16.0 - u * (48.0 / 5.0 - 32.0 / 15.0 * u));
        16.0 / 5.0 - 1.0 / (15.0 * u) - u * u * inner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kernels_have_the_depth_of_plummer_s_sphere() {
        for kernel in [SofteningKernel::Plummer, SofteningKernel::CubicSpline] {
            assert!((inverse_distance(kernel, 0.0, 0.25) - 4.0).abs() < 1e-14);
            assert_eq!(inverse_distance(kernel, 4.0, 0.0), 0.5);
        }
    }

    #[test]
    fn the_spline_is_the_potential_of_its_own_density() {
        // Poisson's equation: the mass inside u is -u^2 dw/du, and that of the spline is known in closed form.
        let inside = |u: f64| {
            let step = 1e-5;
            -u * u * (spline(u + step) - spline(u - step)) / (2.0 * step)
        };
        let mass = |u: f64| {
            if u < 0.5 {
                u.powi(3) * (32.0 / 3.0 - 192.0 / 5.0 * u * u + 32.0 * u.powi(3))
            } else {
                let outer = 64.0 / 3.0 - 48.0 * u + 192.0 / 5.0 * u * u - 32.0 / 3.0 * u.powi(3);
                outer * u.powi(3) - 1.0 / 15.0
            }
        };
        for u in [0.1, 0.3, 0.49, 0.51, 0.7, 0.95] {
            assert!((inside(u) - mass(u)).abs() < 1e-8, "{u}: {} {}", inside(u), mass(u));
        }
        assert!((spline(0.5) - spline(0.5 - 1e-12)).abs() < 1e-10);
        assert!((spline(1.0) - 1.0).abs() < 1e-14);
    }
}
