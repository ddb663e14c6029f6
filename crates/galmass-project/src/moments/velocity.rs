//! Velocities in space, or along the line of sight alone.

use super::field::dot;
use crate::error::{check_finite, check_vectors};
use crate::{ProjectError, View};

/// What a particle tells of its velocity \[km/s\].
pub(super) trait Velocity: Copy + Sync {
    /// The component along a unit vector.
    fn along<const FMA: bool>(self, line_of_sight: [f64; 3]) -> f64;

    /// The same, as the slow twin has it.
    fn seen_from(self, view: &View) -> f64;

    /// Finds the first that is infinite or NaN.
    fn check(velocities: &[Self]) -> Result<(), ProjectError>;
}

/// Along the three axes of the box.
impl Velocity for [f64; 3] {
    #[inline(always)]
    fn along<const FMA: bool>(self, line_of_sight: [f64; 3]) -> f64 {
        dot::<FMA>(self, line_of_sight)
    }

    fn seen_from(self, view: &View) -> f64 {
        view.depth(self)
    }

    fn check(velocities: &[Self]) -> Result<(), ProjectError> {
        check_vectors("velocities", velocities)
    }
}

/// Along the line of sight, whichever it is.
impl Velocity for f64 {
    #[inline(always)]
    fn along<const FMA: bool>(self, _: [f64; 3]) -> f64 {
        self
    }

    fn seen_from(self, _: &View) -> f64 {
        self
    }

    fn check(velocities: &[Self]) -> Result<(), ProjectError> {
        check_finite("velocities", velocities)
    }
}
