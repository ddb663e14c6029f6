//! Open space, or a periodic box: where the images of a particle are.

use super::square_length;

/// The side whose square is well above the smallest normal number.
const SMALLEST: f64 = 1e-140;

/// What particles are in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Space {
    /// Nothing has an image.
    Open,
    /// Everything comes again on all sides.
    Periodic {
        /// The side of the box.
        side: f64,
    },
}

impl Space {
    /// The same place in the box: from 0 up to its side.
    pub(super) fn wrapped(self, position: [f64; 3]) -> [f64; 3] {
        match self {
            Self::Open => position,
            Self::Periodic { side } => position.map(|x| x.rem_euclid(side)),
        }
    }

    /// By what the images next to each other are moved, along one axis; the box itself comes first.
    fn shifts_of_axis(&self) -> [f64; 3] {
        match self {
            Self::Open => [0.0; 3],
            Self::Periodic { side } => [0.0, -side, *side],
        }
    }

    /// By what the images of the box are moved, its own place first.
    pub(super) fn shifts(self) -> Vec<[f64; 3]> {
        let [x, y, z] = [self.shifts_of_axis(); 3];
        match self {
            Self::Open => vec![[0.0; 3]],
            Self::Periodic { .. } => {
                let mut shifts = Vec::with_capacity(27);
                for x in x {
                    for y in y {
                        shifts.extend(z.map(|z| [x, y, z]));
                    }
                }
                shifts
            }
        }
    }

    /// The squared distance from one wrapped position to the nearest image of another: the smallest of the distances
    /// to its 27 images, because rounding is monotonic.
    pub(super) fn square_distance(self, here: [f64; 3], there: [f64; 3]) -> f64 {
        let nearest = |axis: usize| {
            let image = |shift: f64| ((there[axis] + shift) - here[axis]).abs();
            self.shifts_of_axis().map(image).into_iter().fold(f64::INFINITY, f64::min)
        };
        square_length(nearest(0), nearest(1), nearest(2))
    }

    /// The squared distance up to which no particle has two images: that of half the side, and somewhat less because
    /// of rounding. Negative for a box so small that squares are not rounded to a part of themselves.
    pub(super) fn unique_up_to(self) -> f64 {
        match self {
            Self::Open => f64::INFINITY,
            Self::Periodic { side } if side < SMALLEST => -1.0,
            Self::Periodic { side } => 0.25 * side * side * (1.0 - 1e-12),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_image_is_the_nearest_of_all() {
        let space = Space::Periodic { side: 10.0 };
        let (here, there) = ([0.5, 9.0, 5.0], [9.75, 0.25, 5.5]);
        let squares = space.shifts().into_iter().map(|shift| {
            let distance = |axis: usize| (there[axis] + shift[axis]) - here[axis];
            square_length(distance(0), distance(1), distance(2))
        });
        assert_eq!(space.shifts().len(), 27);
        assert_eq!(squares.fold(f64::INFINITY, f64::min), space.square_distance(here, there));
        assert_eq!(space.square_distance(here, there), 0.75 * 0.75 + 1.25 * 1.25 + 0.25);
    }

    #[test]
    fn a_place_outside_of_the_box_is_one_inside() {
        let space = Space::Periodic { side: 10.0 };
        assert_eq!(space.wrapped([-0.5, 10.0, 25.0]), [9.5, 0.0, 5.0]);
        assert_eq!(Space::Open.wrapped([-0.5, 10.0, 25.0]), [-0.5, 10.0, 25.0]);
        // So little below zero that the sum is rounded to the side itself, which has an image at zero.
        let edge = space.wrapped([-1e-300, 0.0, 0.0]);
        assert_eq!(space.square_distance(edge, [0.0; 3]), 0.0);
    }
}
