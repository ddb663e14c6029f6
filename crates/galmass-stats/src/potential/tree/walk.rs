//! The walk that decides which cells and bodies act on a group of targets.

use galmass_core::simd::Work;

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

/// What the walk asks of a cell, close together in memory. Squares are those of distances from the centre of mass, and
/// may be 0 where they are too small for single precision: `Listing` does not come so near.
#[derive(Clone, Copy, Debug)]
struct Node {
    centre: [f64; 3],
    /// Seen from farther than this it acts as one body; infinite where its bodies take no longer.
    reach_squared: f32,
    /// Seen from nearer than this, some body of it may be softened by a spline.
    softened_squared: f32,
    /// Seen from farther than this it acts as one body though a spline softens it: no target can be one of its bodies.
    /// Infinite where the bodies are not alike, or the spline is not wide.
    smooth_squared: f32,
    skip: u32,
}

/// What a cell, or a body, does to targets.
#[derive(Clone, Copy, Debug)]
struct Action {
    mass: f32,
    /// The square of the Plummer length, or the support of the spline.
    soft: f32,
}

/// The cells in the order of the walk.
pub(super) struct Tree {
    nodes: Vec<Node>,
    cells: Vec<Cell>,
    cell_actions: Vec<(Action, [f32; 6])>,
    body_actions: Vec<Action>,
    pub(super) bodies: Bodies,
    pub(super) kernel: SofteningKernel,
}

/// A box about targets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    centre: [f64; 3],
    half: [f64; 3],
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
            let d = (place[k] - self.centre[k]).abs() - self.half[k];
            let d = if d > 0.0 { d } else { 0.0 };
            d * d
        };
        axis(0) + axis(1) + axis(2)
    }

    /// Where a place is relative to the centre: close to it nothing is lost in single precision.
    #[inline(always)]
    pub(super) fn relative(&self, place: &[f64; 3]) -> [f32; 3] {
        std::array::from_fn(|k| (place[k] - self.centre[k]) as f32)
    }
}

impl Tree {
    pub(super) fn new(
        cells: &[Cell],
        moments: &[Moments],
        bodies: Bodies,
        kernel: SofteningKernel,
        opening_angle: f64,
    ) -> Self {
        let total = moments.first().map_or(0.0, |root| root.mass);
        let is_spline = kernel == SofteningKernel::CubicSpline;
        let node = |(cell, moments): (&Cell, &Moments)| {
            let angle = (opening_angle * (moments.mass / total).powf(-MASS_POWER)).min(LARGEST_ANGLE);
            let is_many = cell.range().len() >= MANY;
            let [smallest, largest] = moments.softenings;
            let is_small = moments.radius <= SMOOTH * angle * largest;
            // Plummer's length acts like a fourth direction.
            let spread = if is_spline { 0.0 } else { (largest * largest - smallest * smallest).sqrt() };
            // A little more than it takes, for the rounding to single precision.
            let square = |x: f64| (x * x * (1.0 + 1e-6)) as f32;
            let square_if = |is: bool, x: f64| if is { square(x) } else { f32::INFINITY };
            let reach = square_if(is_many, moments.radius.max(spread) / angle);
            let smooth = if is_small { square_if(is_many, moments.radius) } else { reach };
            let softened = if is_spline && largest > 0.0 { moments.radius + largest } else { 0.0 };
            Node {
                centre: moments.centre,
                reach_squared: reach,
                softened_squared: square(softened),
                smooth_squared: if smallest == largest {
                    smooth.max(f32::MIN_POSITIVE)
                } else {
                    f32::INFINITY
                },
                skip: cell.skip,
            }
        };
        let cell_action = |moments: &Moments| {
            let [support, _] = moments.softenings;
            // In units of the support only where it is that of all bodies.
            let soft = if is_spline { support } else { moments.softening_squared };
            (Action { mass: moments.mass as f32, soft: soft as f32 }, moments.seconds.map(|x| x as f32))
        };
        let body_action = |(mass, softening): (&f64, &f64)| {
            let soft = if is_spline { *softening } else { softening * softening };
            Action { mass: *mass as f32, soft: soft as f32 }
        };
        Self {
            nodes: cells.iter().zip(moments).map(node).collect(),
            cell_actions: moments.iter().map(cell_action).collect(),
            body_actions: bodies.masses.iter().zip(&bodies.softenings).map(body_action).collect(),
            cells: cells.to_vec(),
            bodies,
            kernel,
        }
    }
}

/// Lists what acts on the targets in a box, of the cells at `from` and all in them.
pub(super) struct Listing<'a> {
    pub(super) tree: &'a Tree,
    pub(super) bounds: Bounds,
    /// Single precision does for what is farther off than this.
    pub(super) close_squared: f64,
    pub(super) from: &'a [u32],
    /// Cells too near to act as one body that are seen so from no farther than this are left for later, with all leaves
    /// that are too near; nothing is left where there is no `later`.
    pub(super) small_squared: f32,
    pub(super) later: Option<&'a mut Vec<u32>>,
    pub(super) lists: &'a mut Lists,
}

impl Work for Listing<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        self.lists.clear();
        let mut later = self.later.take();
        for from in self.from {
            let (mut k, end) = (*from as usize, self.tree.nodes[*from as usize].skip as usize);
            while k < end {
                let node = &self.tree.nodes[k];
                let squared = self.bounds.distance_squared(&node.centre);
                let is_softened = squared < f64::from(node.softened_squared);
                let is_far = squared > f64::from(node.reach_squared) && squared > self.close_squared;
                let skip = node.skip as usize;
                if is_far && !is_softened {
                    self.push_cell(k, &node.centre);
                    k = skip;
                } else if is_softened && squared > f64::from(node.smooth_squared) {
                    self.push_soft_cell(k, &node.centre);
                    k = skip;
                } else if let Some(later) = &mut later
                    && (skip == k + 1 || node.reach_squared < self.small_squared)
                {
                    later.push(k as u32);
                    k = skip;
                } else {
                    if skip == k + 1 {
                        self.push_bodies(k, is_softened);
                    }
                    k += 1;
                }
            }
        }
        self.lists.fill();
    }
}

impl Listing<'_> {
    #[inline(always)]
    fn push_cell(&mut self, k: usize, centre: &[f64; 3]) {
        let [x, y, z] = self.bounds.relative(centre);
        let (Action { mass, soft }, [xx, xy, xz, yy, yz, zz]) = self.tree.cell_actions[k];
        let soft = if self.tree.kernel == SofteningKernel::Plummer { soft } else { 0.0 };
        self.lists.cells.push([x, y, z, mass, soft, xx, xy, xz, yy, yz, zz]);
    }

    #[inline(always)]
    fn push_soft_cell(&mut self, k: usize, centre: &[f64; 3]) {
        let [x, y, z] = self.bounds.relative(centre);
        let (Action { mass, soft }, seconds) = self.tree.cell_actions[k];
        let inverse = soft.recip();
        let [xx, xy, xz, yy, yz, zz] = seconds.map(|x| x * inverse * inverse);
        self.lists.soft_cells.push([x, y, z, mass, soft, inverse, xx, xy, xz, yy, yz, zz]);
    }

    #[inline(always)]
    fn push_bodies(&mut self, k: usize, is_softened: bool) {
        let Self { tree, bounds, lists, .. } = self;
        let range = tree.cells[k].range();
        let bodies = tree.bodies.positions[range.clone()].iter().zip(&tree.body_actions[range.clone()]);
        let is_plummer = tree.kernel == SofteningKernel::Plummer;
        for (body, (position, Action { mass, soft })) in range.zip(bodies) {
            let [x, y, z] = bounds.relative(position);
            if is_softened && *soft > 0.0 {
                lists.soft_bodies.push([x, y, z, *mass, *soft, soft.recip()]);
                lists.soft_indices.push(body as u32);
            } else {
                lists.bodies.push([x, y, z, *mass, if is_plummer { *soft } else { 0.0 }]);
                lists.body_indices.push(body as u32);
            }
        }
    }
}
