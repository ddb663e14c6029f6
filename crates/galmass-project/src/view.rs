//! From where a galaxy is seen.

use std::f64::consts::PI;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ProjectError;

/// How far the axes of a [`View`] may be from unit length and from right angles: above what rotations in double
/// precision leave, below what a factor or a sign forgotten would.
const ORTHONORMAL_WITHIN: f64 = 1e-9;

/// How close to the diagonal of the box, in radians, [`View::towards`] takes a line of sight for the diagonal itself.
const POLE_WITHIN: f64 = 1e-9;

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

    /// Looks along any direction, a vector of any length, with the diagonal (1, 1, 1) of the box pointing to the upper
    /// right corner of the image.
    ///
    /// So the axes of the box all look alike, and a view along one of them is exactly that of [`View::along`]. The image
    /// turns smoothly with the direction, except at the poles of this choice: along the diagonal itself, to within
    /// 1e-9, the z axis points to the upper right corner.
    ///
    /// # Errors
    /// [`ProjectError::NoDirection`] for a vector of zeros, NaN or infinity.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::{Axis, View};
    ///
    /// assert_eq!(View::towards([0.0, 7.0, 0.0])?, View::along(Axis::Y));
    /// assert_eq!(View::towards([0.0, 0.0, -1.0])?.plane([1.0, 2.0, 3.0]), [2.0, 1.0]);
    /// assert!(View::towards([0.0; 3]).is_err());
    /// # Ok::<(), galmass_project::ProjectError>(())
    /// ```
    pub fn towards(direction: [f64; 3]) -> Result<Self, ProjectError> {
        let line_of_sight = unit(direction)?;
        // To the left of the upper right corner, and that corner, at right angles to the line of sight.
        let mut upper_left = cross(line_of_sight, [1.0; 3]);
        if length(upper_left) < POLE_WITHIN {
            upper_left = cross(line_of_sight, [0.0, 0.0, 1.0]);
        }
        // Close to a pole the vector is short, and what rounding leaves of the line of sight in it long beside it.
        for _ in 0..2 {
            let along = dot(upper_left, line_of_sight);
            upper_left = unit(std::array::from_fn(|k| upper_left[k] - along * line_of_sight[k]))?;
        }
        let upper_right = cross(upper_left, line_of_sight);
        let right = unit(std::array::from_fn(|k| upper_right[k] - upper_left[k]))?;
        let up = unit(std::array::from_fn(|k| upper_right[k] + upper_left[k]))?;
        Ok(Self { right, up, line_of_sight })
    }

    /// Looks from `n` directions spread evenly over the sphere, as [`View::towards`] them.
    ///
    /// They are a Fibonacci lattice: direction i has the height z = 1 - (2 i + 1) / n, in the middle of one of n zones of
    /// equal area, and the longitude i pi (3 - sqrt 5), the golden angle further than the one before. 0 gives none.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::View;
    ///
    /// let views = View::fibonacci(100);
    /// assert_eq!(views.len(), 100);
    /// assert!((views[0].line_of_sight()[2] - 0.99).abs() < 1e-15);
    /// ```
    ///
    /// # References
    /// * Swinbank & Purser 2006, Q. J. R. Meteorol. Soc. 132, 1769.
    pub fn fibonacci(n: usize) -> Vec<Self> {
        let golden_angle = PI * (3.0 - 5f64.sqrt());
        let direction = |index: usize| {
            let height = 1.0 - (2 * index + 1) as f64 / n as f64;
            let radius = ((1.0 - height) * (1.0 + height)).sqrt();
            let (sin, cos) = (golden_angle * index as f64).sin_cos();
            // Of unit length, so that it is always a direction.
            Self::towards([radius * cos, radius * sin, height]).unwrap_or(Self::along(Axis::Z))
        };
        (0..n).map(direction).collect()
    }

    /// Looks along the angular momentum of a galaxy, in any unit: the galaxy is seen face-on and **turns counterclockwise
    /// in the image**. This is [`View::towards`] that vector; towards the opposite one is the mirror image.
    ///
    /// # Errors
    /// [`ProjectError::NoDirection`] for a vector of zeros, NaN or infinity: a galaxy that does not turn has no face.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::View;
    ///
    /// // About the z axis, a star at x = 1 moves towards y.
    /// let view = View::face_on([0.0, 0.0, 8.0])?;
    /// assert_eq!(view.plane([1.0, 0.0, 0.0]), [1.0, 0.0]);
    /// assert_eq!(view.plane([0.0, 1.0, 0.0]), [0.0, 1.0]);
    /// # Ok::<(), galmass_project::ProjectError>(())
    /// ```
    pub fn face_on(angular_momentum: [f64; 3]) -> Result<Self, ProjectError> {
        Self::towards(angular_momentum)
    }

    /// Looks at right angles to the angular momentum of a galaxy, in any unit: the galaxy is seen edge-on, its **angular
    /// momentum points up**, and its **right side comes closer**, with a velocity below zero.
    ///
    /// To the right is what is to the right of the [face-on](View::face_on) image, whose upper edge comes to the front.
    ///
    /// # Errors
    /// [`ProjectError::NoDirection`] for a vector of zeros, NaN or infinity.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::View;
    ///
    /// // About the z axis, a star at x = 1 moves towards y.
    /// let view = View::edge_on([0.0, 0.0, 8.0])?;
    /// assert_eq!(view.plane([1.0, 0.0, 0.0]), [1.0, 0.0]);
    /// assert_eq!(view.up(), [0.0, 0.0, 1.0]);
    /// assert_eq!(view.depth([0.0, 200.0, 0.0]), -200.0);
    /// # Ok::<(), galmass_project::ProjectError>(())
    /// ```
    pub fn edge_on(angular_momentum: [f64; 3]) -> Result<Self, ProjectError> {
        let Self { right, up, line_of_sight } = Self::towards(angular_momentum)?;
        // Right x up of the new image, the face-on up axis turned round; subtracted so that zeros keep their sign.
        Ok(Self { right, up: line_of_sight, line_of_sight: up.map(|component| 0.0 - component) })
    }

    /// Turns the camera counterclockwise about the line of sight by an angle \[radians\]: what is seen turns clockwise in
    /// the image. Depths stay what they are.
    ///
    /// # Errors
    /// [`ProjectError::BadAngle`] for NaN and infinity.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::{Axis, View};
    ///
    /// let view = View::along(Axis::Z).rotated_by(std::f64::consts::FRAC_PI_2)?;
    /// let [x, y] = view.plane([0.0, 1.0, 0.0]); // what pointed up
    /// assert!((x - 1.0).abs() < 1e-15 && y.abs() < 1e-15); // points right
    /// # Ok::<(), galmass_project::ProjectError>(())
    /// ```
    pub fn rotated_by(&self, radians: f64) -> Result<Self, ProjectError> {
        if !radians.is_finite() {
            return Err(ProjectError::BadAngle { radians });
        }
        let (sin, cos) = radians.sin_cos();
        let right = std::array::from_fn(|k| cos * self.right[k] + sin * self.up[k]);
        let up = std::array::from_fn(|k| cos * self.up[k] - sin * self.right[k]);
        Ok(Self { right, up, line_of_sight: self.line_of_sight })
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

fn length(vector: [f64; 3]) -> f64 {
    dot(vector, vector).sqrt()
}

/// The vector of length 1 in the same direction.
fn unit(vector: [f64; 3]) -> Result<[f64; 3], ProjectError> {
    // By the largest component first, so that no square leaves the range of numbers.
    let largest = vector.iter().fold(0.0, |largest: f64, component| largest.max(component.abs()));
    let scaled = vector.map(|component| component / largest);
    let length = length(scaled);
    // Asked this way round, so that NaN is refused too; a largest component of infinity makes one.
    if length >= 1.0 {
        Ok(scaled.map(|component| component / length))
    } else {
        Err(ProjectError::NoDirection { vector })
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests;
