//! Boxes around points.

/// A box along the axes, its surface included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) low: [f64; 3],
    pub(super) high: [f64; 3],
}

impl Bounds {
    /// Around no point: infinitely far from everything.
    pub(super) const NOTHING: Self = Self { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    /// Around a single point.
    #[inline(always)]
    pub(super) fn of(position: [f64; 3]) -> Self {
        Self { low: position, high: position }
    }

    #[inline(always)]
    pub(super) fn around(positions: impl Iterator<Item = [f64; 3]>) -> Self {
        positions.fold(Self::NOTHING, |bounds, position| {
            // Comparisons, where `f64::min` has to think of NaN.
            let low = |axis: usize| {
                if position[axis] < bounds.low[axis] { position[axis] } else { bounds.low[axis] }
            };
            let high = |axis: usize| {
                if position[axis] > bounds.high[axis] { position[axis] } else { bounds.high[axis] }
            };
            Self { low: [low(0), low(1), low(2)], high: [high(0), high(1), high(2)] }
        })
    }

    #[inline(always)]
    pub(super) fn sides(&self) -> [f64; 3] {
        std::array::from_fn(|axis| self.high[axis] - self.low[axis])
    }

    pub(super) fn widest_side(&self) -> usize {
        let sides = self.sides();
        let wider = |a: usize, b: usize| if sides[b] > sides[a] { b } else { a };
        wider(wider(0, 1), 2)
    }
}

/// How many boxes are asked about together.
pub(super) const BOXES: usize = 8;

/// Boxes, each with the squared distance up to which something is near.
pub(super) struct Boxes {
    pub(super) low: [[f64; BOXES]; 3],
    pub(super) high: [[f64; BOXES]; 3],
    pub(super) limits: [f64; BOXES],
}

impl Boxes {
    /// No box: nothing is near.
    pub(super) const NONE: Self = Self {
        low: [[f64::INFINITY; BOXES]; 3],
        high: [[f64::NEG_INFINITY; BOXES]; 3],
        limits: [-1.0; BOXES],
    };

    #[inline(always)]
    pub(super) fn set(&mut self, index: usize, bounds: &Bounds, limit: f64) {
        for axis in 0..3 {
            self.low[axis][index] = bounds.low[axis];
            self.high[axis][index] = bounds.high[axis];
        }
        self.limits[index] = limit;
    }

    #[inline(always)]
    pub(super) fn bounds(&self, index: usize) -> Bounds {
        let of = |sides: &[[f64; BOXES]; 3]| [sides[0][index], sides[1][index], sides[2][index]];
        Bounds { low: of(&self.low), high: of(&self.high) }
    }
}
