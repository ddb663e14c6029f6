//! The outline of an ellipsoid on the sky.

use super::Shape;
use crate::sky::Sky;

/// An ellipse on the sky, as [`Shape::projected`] finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProjectedEllipse {
    /// The semi-major axis, in the unit of the ellipsoid's.
    pub semi_major: f64,
    /// The minor over the major axis, in `[0, 1]`.
    pub axis_ratio: f64,
    /// The angle \[rad\] from the direction to the right to the major axis, towards the direction upwards, in
    /// `[-pi/2, pi/2]`.
    pub angle: f64,
}

impl Shape {
    /// The outline, seen from afar, of the ellipsoid of this shape with the given semi-major axis, whose unit is that of
    /// the result. `right` and `up` are the unit vectors of the plane of the sky.
    ///
    /// `None` for a shape that was not measured and for a semi-major axis that is not above 0 and finite.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::Particles;
    /// use galmass_stats::{ShapeConfig, measure_shape};
    ///
    /// let disc = vec![[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]];
    /// let particles = Particles::new(disc, vec![[0.0; 3]; 4], vec![1.0; 4])?;
    /// let config = ShapeConfig { min_particles: 4, ..ShapeConfig::default() };
    /// let shape = measure_shape(&particles, 2.0, &config)?;
    /// // A flat disc inclined by 60 degrees looks half as high as wide.
    /// let (sine, cosine) = 60.0_f64.to_radians().sin_cos();
    /// let seen = shape.projected(3.0, [1.0, 0.0, 0.0], [0.0, cosine, sine]).unwrap();
    /// assert!((seen.semi_major - 3.0).abs() < 1e-9 && (seen.axis_ratio - 0.5).abs() < 1e-9);
    /// assert!(seen.angle.abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn projected(&self, semi_major: f64, right: [f64; 3], up: [f64; 3]) -> Option<ProjectedEllipse> {
        let known = self.minor_to_major.is_finite() && semi_major > 0.0 && semi_major.is_finite();
        if !known {
            return None;
        }
        // The matrix sum a_i^2 e_i e_i^T of the ellipsoid, seen in the plane, is that of its outline.
        let sky = Sky::new(right, up);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (axis, length) in self.axes.iter().zip([1.0, self.middle_to_major, self.minor_to_major]) {
            let [x, y] = sky.plane(axis).map(|x| x * length);
            xx += x * x;
            xy += x * y;
            yy += y * y;
        }
        let (mean, half) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(xy));
        let (major, minor) = ((mean + half).sqrt(), (mean - half).max(0.0).sqrt());
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        Some(ProjectedEllipse {
            semi_major: semi_major * major,
            axis_ratio: if major > 0.0 { minor / major } else { 1.0 },
            angle,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShapeFlags;

    fn shape(axes: [[f64; 3]; 3]) -> Shape {
        Shape {
            middle_to_major: 0.8,
            minor_to_major: 0.3,
            axes,
            n_iterations: 1,
            n_particles: 100,
            flags: ShapeFlags::default(),
        }
    }

    #[test]
    fn along_an_axis_the_other_two_are_seen() {
        let [x, y, z] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let shape = shape([x, y, z]);
        for (right, up, semi_major, axis_ratio, angle) in [
            (x, y, 2.0, 0.8, 0.0),
            (y, x, 2.0, 0.8, std::f64::consts::FRAC_PI_2),
            (y, z, 1.6, 0.375, 0.0),
            (x, z, 2.0, 0.3, 0.0),
        ] {
            let seen = shape.projected(2.0, right, up).unwrap();
            assert!(
                (seen.semi_major - semi_major).abs() < 1e-12 && (seen.axis_ratio - axis_ratio).abs() < 1e-12
            );
            assert!((seen.angle - angle).abs() < 1e-12, "{seen:?}");
        }
    }

    #[test]
    fn the_outline_holds_the_ellipsoid_and_touches_it() {
        let (sine, cosine) = 0.7_f64.sin_cos();
        let axes = [[cosine, sine, 0.0], [-0.6 * sine, 0.6 * cosine, 0.8], [0.8 * sine, -0.8 * cosine, 0.6]];
        let shape = shape(axes);
        let sky = Sky::new([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
        let seen = shape.projected(1.0, [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]).unwrap();
        let (sine, cosine) = seen.angle.sin_cos();
        let mut outermost = 0.0_f64;
        for i in 0..200 {
            for j in 0..400 {
                let (polar, around) = (f64::from(i) * 0.0157, f64::from(j) * 0.0157);
                let on_sphere = [polar.sin() * around.cos(), polar.sin() * around.sin(), polar.cos()];
                let point: [f64; 3] = std::array::from_fn(|k| {
                    let lengths = [1.0, 0.8, 0.3];
                    (0..3).map(|i| on_sphere[i] * lengths[i] * axes[i][k]).sum()
                });
                let [x, y] = sky.plane(&point);
                let (along, across) = (x * cosine + y * sine, y * cosine - x * sine);
                outermost = outermost
                    .max((along / seen.semi_major).hypot(across / seen.semi_major / seen.axis_ratio));
            }
        }
        assert!(outermost < 1.0 + 1e-12 && outermost > 0.999, "{outermost}");
    }

    #[test]
    fn what_was_not_measured_has_no_outline() {
        let [x, y, z] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let unknown = Shape { minor_to_major: f64::NAN, ..shape([x, y, z]) };
        assert_eq!(unknown.projected(1.0, x, y), None);
        for semi_major in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(shape([x, y, z]).projected(semi_major, x, y), None);
        }
    }
}
