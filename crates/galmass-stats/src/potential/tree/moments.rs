//! What a cell is from afar: its mass, its centre of mass, its quadrupole and how far it reaches.

use super::bodies::Bodies;
use super::order::Cell;

/// The moments of the bodies of a cell, masses in units of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) mass: f64,
    /// The centre of mass.
    pub(super) centre: [f64; 3],
    /// The mean of xx, xy, xz, yy, yz and zz about the centre of mass.
    pub(super) seconds: [f64; 6],
    /// No body is farther than this from the centre of mass.
    pub(super) radius: f64,
    /// The mean square of the softening lengths.
    pub(super) softening_squared: f64,
    /// The smallest and the largest softening length.
    pub(super) softenings: [f64; 2],
    low: [f64; 3],
    high: [f64; 3],
}

impl Moments {
    const NOTHING: Self = Self {
        mass: 0.0,
        centre: [0.0; 3],
        seconds: [0.0; 6],
        radius: 0.0,
        softening_squared: 0.0,
        softenings: [f64::INFINITY, 0.0],
        low: [f64::INFINITY; 3],
        high: [f64::NEG_INFINITY; 3],
    };

    fn of_body(bodies: &Bodies, k: usize) -> Self {
        let (position, softening) = (bodies.positions[k], bodies.softenings[k]);
        Self {
            mass: bodies.masses[k],
            centre: position,
            seconds: [0.0; 6],
            radius: 0.0,
            softening_squared: softening * softening,
            softenings: [softening; 2],
            low: position,
            high: position,
        }
    }

    /// Adds a part without its second moments, which need the centre of mass.
    fn add(&mut self, part: &Self) {
        self.mass += part.mass;
        self.softening_squared += part.mass * part.softening_squared;
        self.softenings[0] = self.softenings[0].min(part.softenings[0]);
        self.softenings[1] = self.softenings[1].max(part.softenings[1]);
        for axis in 0..3 {
            self.centre[axis] += part.mass * part.centre[axis];
            self.low[axis] = self.low[axis].min(part.low[axis]);
            self.high[axis] = self.high[axis].max(part.high[axis]);
        }
    }

    fn end_sum(&mut self) {
        self.softening_squared /= self.mass;
        for axis in 0..3 {
            // In the box, whatever the rounding.
            self.centre[axis] = (self.centre[axis] / self.mass).clamp(self.low[axis], self.high[axis]);
        }
    }

    /// Adds the second moments of a part, and makes room for it.
    fn add_second(&mut self, part: &Self) {
        let [x, y, z] = std::array::from_fn(|axis| part.centre[axis] - self.centre[axis]);
        let weight = part.mass / self.mass;
        let products = [x * x, x * y, x * z, y * y, y * z, z * z];
        for (k, product) in products.into_iter().enumerate() {
            self.seconds[k] += weight * (part.seconds[k] + product);
        }
        self.radius = self.radius.max((x * x + y * y + z * z).sqrt() + part.radius);
    }

    /// The radius is that of the corner of the box that is farthest off, if this is smaller.
    fn bound_by_box(&mut self) {
        let squared: f64 =
            (0..3).map(|k| (self.high[k] - self.centre[k]).max(self.centre[k] - self.low[k]).powi(2)).sum();
        self.radius = self.radius.min(squared.sqrt());
    }
}

/// The moments of all cells.
pub(super) fn moments(cells: &[Cell], bodies: &Bodies) -> Vec<Moments> {
    let mut all = vec![Moments::NOTHING; cells.len()];
    // The parts of a cell come behind it.
    for (k, cell) in cells.iter().enumerate().rev() {
        let mut sum = Moments::NOTHING;
        if cell.skip as usize == k + 1 {
            let each = || cell.range().map(|body| Moments::of_body(bodies, body));
            each().for_each(|part| sum.add(&part));
            sum.end_sum();
            each().for_each(|part| sum.add_second(&part));
        } else {
            let each = || {
                let skip = |part: &usize| cells.get(*part).map(|cell| cell.skip as usize);
                std::iter::successors(Some(k + 1), skip).take_while(|part| *part < cell.skip as usize)
            };
            each().for_each(|part| sum.add(&all[part]));
            sum.end_sum();
            each().for_each(|part| sum.add_second(&all[part]));
            sum.bound_by_box();
        }
        all[k] = sum;
    }
    all
}
