//! The walk that decides which cells and bodies act on a group of targets.

use super::bodies::Bodies;
use super::evaluate::Lists;
use super::moments::Moments;
use super::order::Cell;
use crate::potential::SofteningKernel;

/// A cell that the spline softens may act as one body if its radius is below the opening angle times this fraction of
/// the support, however near it is: inside the kernel the potential hardly varies.
const SMOOTH: f64 = 0.3;

/// The opening angle of a cell grows with this power of the mass of all over its own.
const MASS_POWER: f64 = 0.05;

/// From where a cell looks larger than this, its quadrupole is not enough, however small its mass.
const LARGEST_ANGLE: f64 = 0.85;

/// As many bodies take longer than the cell that holds them.
const MANY: usize = 3;

/// What the walk asks of a cell, close together in memory.
#[derive(Clone, Copy, Debug)]
struct Node {
    centre: [f64; 3],
    /// Seen from farther than this it acts as one body.
    reach: f32,
    /// Seen from nearer than this, some body of it may be softened by a spline.
    softened: f32,
    skip: u32,
    /// Seen from farther than this it acts as one body though a spline softens it: no target can be one of its bodies.
    /// Infinite where the bodies are not alike, or the spline is not wide.
    smooth: f32,
    /// Whether it holds so many bodies that they take longer than their cell.
    is_many: bool,
}

/// The cells in the order of the walk.
pub(super) struct Tree {
    nodes: Vec<Node>,
    cells: Vec<Cell>,
    moments: Vec<Moments>,
    pub(super) bodies: Bodies,
    kernel: SofteningKernel,
}

/// A box about targets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) centre: [f64; 3],
    pub(super) half: [f64; 3],
}

impl Bounds {
    pub(super) fn of(positions: &[[f64; 3]]) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for position in positions {
            for axis in 0..3 {
                low[axis] = low[axis].min(position[axis]);
                high[axis] = high[axis].max(position[axis]);
            }
        }
        Self {
            centre: std::array::from_fn(|k| 0.5 * low[k] + 0.5 * high[k]),
            half: std::array::from_fn(|k| 0.5 * (high[k] - low[k])),
        }
    }

    /// Half the diagonal.
    pub(super) fn extent(&self) -> f64 {
        self.half.iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    #[inline(always)]
    fn distance_squared(&self, place: &[f64; 3]) -> f64 {
        let axis = |k: usize| {
            let d = ((place[k] - self.centre[k]).abs() - self.half[k]).max(0.0);
            d * d
        };
        axis(0) + axis(1) + axis(2)
    }
}

impl Tree {
    pub(super) fn new(
        cells: Vec<Cell>,
        moments: Vec<Moments>,
        bodies: Bodies,
        kernel: SofteningKernel,
        opening_angle: f64,
    ) -> Self {
        let total = moments.first().map_or(0.0, |root| root.mass);
        let nodes = (cells.iter().zip(&moments))
            .map(|(cell, moments)| {
                let angle = (opening_angle * (moments.mass / total).powf(-MASS_POWER)).min(LARGEST_ANGLE);
                let is_many = cell.range().len() >= MANY;
                let [smallest, largest] = moments.softenings;
                let is_spline = kernel == SofteningKernel::CubicSpline;
                let is_smooth = is_many && smallest == largest && moments.radius <= SMOOTH * angle * largest;
                // Plummer's length acts like a fourth direction.
                let spread = if is_spline { 0.0 } else { (largest * largest - smallest * smallest).sqrt() };
                // A little more than it takes, for the rounding to single precision.
                let round_up = |x: f64| (x * (1.0 + 1e-6)) as f32;
                Node {
                    centre: moments.centre,
                    reach: round_up(moments.radius.max(spread) / angle),
                    softened: if is_spline && largest > 0.0 {
                        round_up(moments.radius + largest)
                    } else {
                        0.0
                    },
                    skip: cell.skip,
                    is_many,
                    smooth: if is_smooth { round_up(moments.radius) } else { f32::INFINITY },
                }
            })
            .collect();
        Self { nodes, cells, moments, bodies, kernel }
    }

    pub(super) fn kernel(&self) -> SofteningKernel {
        self.kernel
    }

    /// Lists what acts on the targets in a box.
    pub(super) fn list(&self, bounds: &Bounds, close_squared: f64, lists: &mut Lists) {
        lists.clear();
        let mut k = 0;
        while let Some(node) = self.nodes.get(k) {
            let squared = bounds.distance_squared(&node.centre);
            let is_softened = squared < f64::from(node.softened) * f64::from(node.softened);
            // Also far enough for single precision.
            let is_far = squared > (f64::from(node.reach) * f64::from(node.reach)).max(close_squared);
            let skip = node.skip as usize;
            if is_far && !is_softened && node.is_many {
                self.push_cell(k, bounds, lists);
                k = skip;
            } else if is_softened && squared > f64::from(node.smooth) * f64::from(node.smooth) {
                self.push_soft_cell(k, bounds, lists);
                k = skip;
            } else {
                if skip == k + 1 {
                    self.push_bodies(k, is_softened, bounds, lists);
                }
                k += 1;
            }
        }
        lists.fill();
    }

    #[inline(always)]
    fn push_cell(&self, k: usize, bounds: &Bounds, lists: &mut Lists) {
        let Moments { mass, centre, seconds, softening_squared, .. } = &self.moments[k];
        let [x, y, z] = relative(centre, bounds);
        let soft = if self.kernel == SofteningKernel::Plummer { *softening_squared as f32 } else { 0.0 };
        let [xx, xy, xz, yy, yz, zz] = seconds.map(|x| x as f32);
        lists.cells.push([x, y, z, *mass as f32, soft, xx, xy, xz, yy, yz, zz]);
    }

    #[inline(always)]
    fn push_soft_cell(&self, k: usize, bounds: &Bounds, lists: &mut Lists) {
        let Moments { mass, centre, seconds, softenings: [support, _], .. } = &self.moments[k];
        let [x, y, z] = relative(centre, bounds);
        let [xx, xy, xz, yy, yz, zz] = seconds.map(|x| (x / (support * support)) as f32);
        let (mass, support, inverse) = (*mass as f32, *support as f32, support.recip() as f32);
        lists.soft_cells.push([x, y, z, mass, support, inverse, xx, xy, xz, yy, yz, zz]);
    }

    #[inline(always)]
    fn push_bodies(&self, k: usize, is_softened: bool, bounds: &Bounds, lists: &mut Lists) {
        for body in self.cells[k].range() {
            let ([x, y, z], mass) =
                (relative(&self.bodies.positions[body], bounds), self.bodies.masses[body] as f32);
            let softening = self.bodies.softenings[body];
            if is_softened && softening > 0.0 {
                let (support, inverse) = (softening as f32, softening.recip() as f32);
                lists.soft_bodies.push([x, y, z, mass, support, inverse]);
                lists.soft_indices.push(body as u32);
            } else {
                let soft = if self.kernel == SofteningKernel::Plummer { softening } else { 0.0 };
                lists.bodies.push([x, y, z, mass, (soft * soft) as f32]);
                lists.body_indices.push(body as u32);
            }
        }
    }
}

/// Relative to the centre of a box: close to it nothing is lost in single precision.
#[inline(always)]
fn relative(place: &[f64; 3], bounds: &Bounds) -> [f32; 3] {
    std::array::from_fn(|k| (place[k] - bounds.centre[k]) as f32)
}

/// The places of targets relative to the centre of the box about them.
pub(super) fn relative_all(places: &[[f64; 3]], bounds: &Bounds, relative_places: &mut Vec<[f32; 3]>) {
    relative_places.clear();
    relative_places.extend(places.iter().map(|place| relative(place, bounds)));
}
