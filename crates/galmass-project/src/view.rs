//! From where a galaxy is seen.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ProjectError;

/// How far the axes of a [`View`] may be from unit length and from right angles: above what rotations in double
/// precision leave, below what a factor or a sign forgotten would.
const ORTHONORMAL_WITHIN: f64 = 1e-9;

/// An axis of the simulation box; `x`, `y` or `z` in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The first coordinate.
    X,
    /// The second coordinate.
    Y,
    /// The third coordinate.
    Z,
}

impl Axis {
    /// All three, in order: the three projections of a galaxy in Chu et al. (2024).
    pub const ALL: [Self; 3] = [Self::X, Self::Y, Self::Z];
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X => "x",
            Self::Y => "y",
            Self::Z => "z",
        })
    }
}

/// Three axes of unit length at right angles: `right` and `up` span the image, and the line of sight
/// `right` x `up` leaves it.
///
/// The observer sits at minus infinity on the line of sight and looks along it: a larger [depth](View::depth) is
/// farther away, and a **positive line-of-sight velocity recedes**. That makes the image the mirror image of what
/// this observer's eye would see, as usual for maps of simulations; no light, mass or moment depends on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    right: [f64; 3],
    up: [f64; 3],
    line_of_sight: [f64; 3],
}

impl View {
    /// Looks along an axis of the box. The image plane follows in cyclic order, so that all three views are
    /// right-handed: along x it is (y, z), along y (z, x) and along z (x, y).
    ///
    /// # Examples
    /// ```
    /// use galmass_project::{Axis, View};
    ///
    /// let position = [1.0, 2.0, 3.0];
    /// assert_eq!(View::along(Axis::X).plane(position), [2.0, 3.0]);
    /// assert_eq!(View::along(Axis::Y).plane(position), [3.0, 1.0]);
    /// assert_eq!(View::along(Axis::Z).plane(position), [1.0, 2.0]);
    /// assert_eq!(View::along(Axis::Z).depth(position), 3.0);
    /// ```
    pub fn along(axis: Axis) -> Self {
        const X: [f64; 3] = [1.0, 0.0, 0.0];
        const Y: [f64; 3] = [0.0, 1.0, 0.0];
        const Z: [f64; 3] = [0.0, 0.0, 1.0];
        let (right, up, line_of_sight) = match axis {
            Axis::X => (Y, Z, X),
            Axis::Y => (Z, X, Y),
            Axis::Z => (X, Y, Z),
        };
        Self { right, up, line_of_sight }
    }

    /// Makes a view from the two axes of its image; the line of sight is `right` x `up`. The axes are taken as
    /// they are, not adjusted.
    ///
    /// # Errors
    /// [`ProjectError::NotOrthonormal`] where a length differs from 1, or the scalar product from 0, by more than
    /// 1e-9, and for NaN.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::{Axis, View};
    ///
    /// assert_eq!(View::new([0.0, 1.0, 0.0], [0.0, 0.0, 1.0])?, View::along(Axis::X));
    /// assert!(View::new([0.0, 2.0, 0.0], [0.0, 0.0, 1.0]).is_err());
    /// # Ok::<(), galmass_project::ProjectError>(())
    /// ```
    pub fn new(right: [f64; 3], up: [f64; 3]) -> Result<Self, ProjectError> {
        let (right_length, up_length) = (dot(right, right).sqrt(), dot(up, up).sqrt());
        let cosine = dot(right, up);
        let errors = [right_length - 1.0, up_length - 1.0, cosine];
        // Asked this way round, so that NaN is refused too.
        if !errors.iter().all(|error| error.abs() <= ORTHONORMAL_WITHIN) {
            return Err(ProjectError::NotOrthonormal { right_length, up_length, cosine });
        }
        Ok(Self { right, up, line_of_sight: cross(right, up) })
    }

    /// The axis of the image that points right, axis 1 of its array.
    pub fn right(&self) -> [f64; 3] {
        self.right
    }

    /// The axis of the image that points up, axis 0 of its array.
    pub fn up(&self) -> [f64; 3] {
        self.up
    }

    /// The direction in which the observer looks.
    pub fn line_of_sight(&self) -> [f64; 3] {
        self.line_of_sight
    }

    /// The components of a vector to the right and upwards, in the unit of the vector.
    pub fn plane(&self, vector: [f64; 3]) -> [f64; 2] {
        [dot(vector, self.right), dot(vector, self.up)]
    }

    /// The component of a vector along the line of sight, in the unit of the vector: of a position, how much
    /// farther than the origin; of a velocity, how fast it recedes.
    pub fn depth(&self, vector: [f64; 3]) -> f64 {
        dot(vector, self.line_of_sight)
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::*;

    #[test]
    fn all_views_along_an_axis_are_right_handed() {
        for axis in Axis::ALL {
            let view = View::along(axis);
            assert_eq!(cross(view.right(), view.up()), view.line_of_sight());
            assert_eq!(View::new(view.right(), view.up()), Ok(view));
        }
    }

    #[test]
    fn the_axes_anti_aligned_with_the_box_are_a_view_too() {
        let view = View::new([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).unwrap();
        assert_eq!(view.line_of_sight(), [0.0, 0.0, -1.0]);
        assert_eq!(view.depth([0.0, 0.0, 5.0]), -5.0);
    }

    #[test]
    fn axes_are_named_in_lower_case() {
        let read = |name: &'static str| Axis::deserialize(IntoDeserializer::<Error>::into_deserializer(name));
        assert_eq!(["x", "y", "z"].map(read), Axis::ALL.map(Ok));
        assert!(read("X").is_err());
    }

    #[test]
    fn a_turned_view_keeps_lengths() {
        let (sin, cos) = 0.7f64.sin_cos();
        let view = View::new([cos, sin, 0.0], [0.0, 0.0, 1.0]).unwrap();
        let [x, y] = view.plane([1.0, 2.0, 3.0]);
        let z = view.depth([1.0, 2.0, 3.0]);
        assert!((x * x + y * y + z * z - 14.0).abs() < 1e-14);
    }

    #[test]
    fn axes_that_are_not_orthonormal_are_refused_with_what_they_are() {
        let skew = View::new([1.0, 0.0, 0.0], [0.6, 0.8, 0.0]).unwrap_err();
        assert_eq!(skew, ProjectError::NotOrthonormal { right_length: 1.0, up_length: 1.0, cosine: 0.6 });
        assert!(View::new([0.0; 3], [0.0, 1.0, 0.0]).is_err());
        assert!(View::new([f64::NAN, 0.0, 0.0], [0.0, 1.0, 0.0]).is_err());
        assert!(View::new([1.0, 0.0, 0.0], [0.0, f64::INFINITY, 0.0]).is_err());
    }
}
