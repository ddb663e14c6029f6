//! The functions of Wendland (1995), in space and in projection.

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::quadrature::gauss_legendre;

/// From here outwards the projection is a quadrature, inside a closed form. The closed form is a difference of large
/// terms, which leaves no digits near the rim; the quadrature would need too many points near the centre. Here both
/// are good to 1e-12.
const CLOSED_FORM_BELOW: f64 = 0.3;

/// Points of the quadrature along half a ray.
const POINTS: usize = 16;

/// One of the functions: `normalisation (1 - u)^power f(u)` up to u = 1, and 0 from there on.
pub(super) struct Wendland {
    normalisation: f64,
    power: i32,
    /// The coefficients of f, from the constant up.
    factor: &'static [f64],
    /// Those of (1 - u)^power f(u). Odd powers below `power` / 2 + 1 are missing, which makes the function smooth.
    expanded: &'static [f64],
}

pub(super) static C2: Wendland = Wendland {
    normalisation: 21.0 / (2.0 * PI),
    power: 4,
    factor: &[1.0, 4.0],
    expanded: &[1.0, 0.0, -10.0, 20.0, -15.0, 4.0],
};

pub(super) static C4: Wendland = Wendland {
    normalisation: 495.0 / (32.0 * PI),
    power: 6,
    factor: &[1.0, 6.0, 35.0 / 3.0],
    expanded: &[1.0, 0.0, -28.0 / 3.0, 0.0, 70.0, -448.0 / 3.0, 140.0, -64.0, 35.0 / 3.0],
};

pub(super) static C6: Wendland = Wendland {
    normalisation: 1365.0 / (64.0 * PI),
    power: 8,
    factor: &[1.0, 8.0, 25.0, 32.0],
    expanded: &[1.0, 0.0, -11.0, 0.0, 66.0, 0.0, -462.0, 1056.0, -1155.0, 704.0, -231.0, 32.0],
};

impl Wendland {
    /// The function at `u = r / H`, in units of 1 / H^3.
    pub(super) fn spatial(&self, u: f64) -> f64 {
        let u = u.abs();
        if u >= 1.0 { 0.0 } else { self.normalisation * self.shape(u, 1.0 - u) }
    }

    /// The function integrated along the line of sight, at `u = R / H`, in units of 1 / H^2.
    pub(super) fn projected(&self, u: f64) -> f64 {
        let u = u.abs();
        if u >= 1.0 {
            return 0.0;
        }
        let half_ray = if u < CLOSED_FORM_BELOW { self.half_ray_near_centre(u) } else { self.half_ray(u) };
        2.0 * self.normalisation * half_ray
    }

    /// The function without its normalisation at a radius whose distance from the rim is known.
    fn shape(&self, r: f64, to_rim: f64) -> f64 {
        let factor = self.factor.iter().rev().fold(0.0, |value, coefficient| value * r + coefficient);
        to_rim.powi(self.power) * factor
    }

    /// The integral of the expanded function over half the ray, power by power.
    ///
    /// With Z = sqrt(1 - u^2) the integrals of r^n dz from 0 to Z are, by parts,
    ///
    /// ```text
    /// I_0 = Z      I_1 = (Z + u^2 ln((1 + Z) / u)) / 2      I_n = (Z + n u^2 I_(n-2)) / (n + 1)
    /// ```
    fn half_ray_near_centre(&self, u: f64) -> f64 {
        let square = u * u;
        let depth = ((1.0 - u) * (1.0 + u)).sqrt();
        // The logarithm comes with a power of u, so that through the centre it adds nothing.
        let log = if u == 0.0 { 0.0 } else { ((1.0 + depth) / u).ln() };
        let mut powers = [0.5 * (depth + square * log), depth];
        let mut sum = self.expanded[0] * powers[1] + self.expanded[1] * powers[0];
        for (n, coefficient) in self.expanded.iter().enumerate().skip(2) {
            let n_th = n as f64;
            // The integral two powers below lies where the integral of this power goes.
            let power = &mut powers[(n + 1) % 2];
            *power = (depth + n_th * square * *power) / (n_th + 1.0);
            sum += coefficient * *power;
        }
        sum
    }

    /// The same by quadrature over z = Z t. With 1 - r = Z^2 (1 - t^2) / (1 + r) no term is negative and none is a
    /// difference, so that all digits are good up to the rim.
    fn half_ray(&self, u: f64) -> f64 {
        static NODES: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(gauss_legendre::<POINTS>);
        let depth_square = (1.0 - u) * (1.0 + u);
        let at = |t: f64| {
            let beyond = depth_square * (1.0 - t * t);
            let r = (1.0 - beyond).sqrt();
            self.shape(r, beyond / (1.0 + r))
        };
        depth_square.sqrt() * NODES.iter().map(|&(t, weight)| weight * at(t)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&Wendland; 3] = [&C2, &C4, &C6];

    #[test]
    fn the_expanded_function_is_the_product() {
        for kernel in ALL {
            for u in [0.0, 0.1, 0.5, 0.9, 1.0] {
                let expanded =
                    kernel.expanded.iter().rev().fold(0.0, |value, coefficient| value * u + coefficient);
                assert!((expanded - kernel.shape(u, 1.0 - u)).abs() < 1e-12, "{u}: {expanded}");
            }
        }
    }

    #[test]
    fn the_closed_form_and_the_quadrature_agree_where_they_meet() {
        for kernel in ALL {
            for u in [CLOSED_FORM_BELOW, 0.32, 0.35, 0.4] {
                let ratio = kernel.half_ray_near_centre(u) / kernel.half_ray(u);
                assert!((ratio - 1.0).abs() < 2e-12, "{u}: {:e}", ratio - 1.0);
            }
        }
    }

    #[test]
    fn they_have_the_values_of_a_computer_algebra_system() {
        // mpmath 1.3.0 at 40 digits.
        let table = [
            (0.0, [2.2281692, 2.9178406, 3.620775]),
            (0.1, [2.0723521, 2.6680602, 3.2439251]),
            (0.5, [0.4089918, 0.29511881, 0.1983411]),
            (0.9, [0.00053837156, 2.2968252e-5, 9.095126e-7]),
            (0.9999, [1.9204522e-17, 8.862954e-25, 3.7951434e-32]),
        ];
        for (u, expected) in table {
            for (kernel, expected) in ALL.into_iter().zip(expected) {
                let ratio: f64 = kernel.projected(u) / expected;
                assert!((ratio - 1.0).abs() < 2e-7, "{u}: {ratio}");
            }
        }
    }
}
