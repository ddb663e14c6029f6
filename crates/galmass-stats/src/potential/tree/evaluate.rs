//! What the bodies and cells of the lists of a group do to its targets.

use galmass_core::simd::{Work, fma_f32 as fma};

use super::blocks::{Block, Blocks, LANES};

/// Blocks whose contributions are summed in single precision before they are added in double precision.
const RUN: usize = 16;

/// Far away, in units of the tree: where rows without mass lie.
const FAR: f32 = 1e9;

/// What acts on a group, relative to its centre. Lengths are in units of the tree.
pub(super) struct Lists {
    /// Bodies: x, y, z, mass and the square of the Plummer length.
    pub(super) bodies: Blocks<5>,
    /// Which bodies these are.
    pub(super) body_indices: Vec<u32>,
    /// Bodies within a spline's reach: x, y, z, mass, support and its inverse.
    pub(super) soft_bodies: Blocks<6>,
    /// Which bodies these are.
    pub(super) soft_indices: Vec<u32>,
    /// Cells: x, y, z, mass, the square of the Plummer length, and the second moments.
    pub(super) cells: Blocks<11>,
    /// Cells within a spline's reach: x, y, z, mass, support, its inverse, and the second moments in its units.
    pub(super) soft_cells: Blocks<12>,
}

impl Lists {
    pub(super) fn new() -> Self {
        Self {
            bodies: Blocks::new(),
            body_indices: Vec::new(),
            soft_bodies: Blocks::new(),
            soft_indices: Vec::new(),
            cells: Blocks::new(),
            soft_cells: Blocks::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.bodies.clear();
        self.body_indices.clear();
        self.soft_bodies.clear();
        self.soft_indices.clear();
        self.cells.clear();
        self.soft_cells.clear();
    }

    /// Completes the last blocks.
    pub(super) fn fill(&mut self) {
        self.bodies.fill([FAR, FAR, FAR, 0.0, 0.0]);
        self.soft_bodies.fill([FAR, FAR, FAR, 0.0, 1.0, 1.0]);
        self.cells.fill([FAR, FAR, FAR, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        self.soft_cells.fill([FAR, FAR, FAR, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}

/// What one target feels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Felt {
    /// The sum of m / r, without the bodies that are too close.
    pub(super) sum: f64,
    /// How many bodies are too close.
    pub(super) n_close: u32,
}

/// Sums what the lists do to each target, whose place is relative to the centre of the group.
pub(super) struct Evaluate<'a> {
    pub(super) lists: &'a Lists,
    /// A body is too close for single precision if the square of its distance is not above this.
    pub(super) close_squared: f32,
    pub(super) targets: &'a [[f32; 3]],
    pub(super) felt: &'a mut [Felt],
}

impl Work for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Lists { bodies, soft_bodies, cells, soft_cells, .. } = self.lists;
        let close = self.close_squared;
        for (target, felt) in self.targets.iter().zip(self.felt) {
            let (by_bodies, near) = sum_blocks(bodies.used(), |block: &Block<5>, sums, counts| {
                let [x, y, z, mass, soft] = &block.0;
                for lane in 0..LANES {
                    let squared = distance::<FMA>(target, [x[lane], y[lane], z[lane]]).0;
                    let far = squared > close;
                    counts[lane] += u32::from(!far);
                    let inverse = inverse_root::<FMA>(squared.max(close) + soft[lane]);
                    let mass = if far { mass[lane] } else { 0.0 };
                    sums[lane] = fma::<FMA>(mass, inverse, sums[lane]);
                }
            });
            let (by_soft, nearer) = sum_blocks(soft_bodies.used(), |block: &Block<6>, sums, counts| {
                let [x, y, z, mass, support, inverse] = &block.0;
                for lane in 0..LANES {
                    let squared = distance::<FMA>(target, [x[lane], y[lane], z[lane]]).0;
                    let far = squared > close;
                    counts[lane] += u32::from(!far);
                    let spline = soft_body::<FMA>(squared.max(close), support[lane], inverse[lane]);
                    let mass = if far { mass[lane] } else { 0.0 };
                    sums[lane] = fma::<FMA>(mass, spline, sums[lane]);
                }
            });
            let (by_cells, _) = sum_blocks(cells.used(), |block: &Block<11>, sums, _| {
                let [x, y, z, mass, soft, xx, xy, xz, yy, yz, zz] = &block.0;
                for lane in 0..LANES {
                    let seconds = [xx[lane], xy[lane], xz[lane], yy[lane], yz[lane], zz[lane]];
                    let (squared, d) = distance::<FMA>(target, [x[lane], y[lane], z[lane]]);
                    let inverse = inverse_root::<FMA>(squared + soft[lane]);
                    let shape = cell::<FMA>(d, seconds, inverse);
                    sums[lane] = fma::<FMA>(mass[lane] * inverse, shape, sums[lane]);
                }
            });
            let (by_soft_cells, _) = sum_blocks(soft_cells.used(), |block: &Block<12>, sums, _| {
                let [x, y, z, mass, support, inverse, xx, xy, xz, yy, yz, zz] = &block.0;
                for lane in 0..LANES {
                    let seconds = [xx[lane], xy[lane], xz[lane], yy[lane], yz[lane], zz[lane]];
                    let (squared, d) = distance::<FMA>(target, [x[lane], y[lane], z[lane]]);
                    let d = d.map(|x| x * inverse[lane]);
                    let shape = soft_cell::<FMA>(d, squared, seconds, [support[lane], inverse[lane]]);
                    sums[lane] = fma::<FMA>(mass[lane] * inverse[lane], shape, sums[lane]);
                }
            });
            felt.sum = by_bodies + by_soft + by_cells + by_soft_cells;
            felt.n_close = near + nearer;
        }
    }
}

/// Sums and counts over blocks, a run at a time.
#[inline(always)]
fn sum_blocks<const K: usize>(
    blocks: &[Block<K>],
    mut add: impl FnMut(&Block<K>, &mut [f32; LANES], &mut [u32; LANES]),
) -> (f64, u32) {
    let (mut total, mut counts) = (0.0, [0u32; LANES]);
    for run in blocks.chunks(RUN) {
        let mut sums = [0.0f32; LANES];
        for block in run {
            add(block, &mut sums, &mut counts);
        }
        total += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
    }
    (total, counts.iter().sum())
}

/// The square of the distance, and the way from the target.
#[inline(always)]
fn distance<const FMA: bool>(target: &[f32; 3], place: [f32; 3]) -> (f32, [f32; 3]) {
    let d = [place[0] - target[0], place[1] - target[1], place[2] - target[2]];
    (fma::<FMA>(d[2], d[2], fma::<FMA>(d[1], d[1], d[0] * d[0])), d)
}

/// 1 / sqrt(x) to seven digits, of a normal number: the guess from the bits by Kadlec (2010), and one step of
/// Newton's. The square root and the division of the processor take three times as long.
#[inline(always)]
pub(super) fn inverse_root<const FMA: bool>(x: f32) -> f32 {
    let guess = f32::from_bits(0x5f1f_fff9u32.wrapping_sub(x.to_bits() >> 1));
    let guess = 0.703_952_25 * guess * fma::<FMA>(-x * guess, guess, 2.389_244_6);
    guess * fma::<FMA>(-0.5 * x * guess, guess, 1.5)
}

/// What makes m / r of m times this over r: the monopole, 1, and the quadrupole.
#[inline(always)]
fn cell<const FMA: bool>(d: [f32; 3], seconds: [f32; 6], inverse: f32) -> f32 {
    let d = d.map(|x| x * inverse);
    let (along, trace) = project::<FMA>(d, seconds);
    fma::<FMA>(0.5 * inverse * inverse, fma::<FMA>(3.0, along, -trace), 1.0)
}

/// The second moment along a vector, times its square, and the trace.
#[inline(always)]
fn project<const FMA: bool>([x, y, z]: [f32; 3], [xx, xy, xz, yy, yz, zz]: [f32; 6]) -> (f32, f32) {
    let row_x = fma::<FMA>(xx, x, 2.0 * fma::<FMA>(xy, y, xz * z));
    let row_y = fma::<FMA>(yy, y, 2.0 * yz * z);
    (fma::<FMA>(x, row_x, fma::<FMA>(y, row_y, zz * z * z)), xx + yy + zz)
}

/// The spline in place of 1/r.
#[inline(always)]
fn soft_body<const FMA: bool>(squared: f32, support: f32, inverse_support: f32) -> f32 {
    let inverse = inverse_root::<FMA>(squared);
    let u = squared * inverse * inverse_support;
    let spline = spline::<FMA>(u, inverse * support) * inverse_support;
    if u < 1.0 { spline } else { inverse }
}

/// The spline's inverse distance at `u` supports, where `inverse` is 1 / u.
#[inline(always)]
fn spline<const FMA: bool>(u: f32, inverse: f32) -> f32 {
    let square = u * u;
    let inner = fma::<FMA>(square, fma::<FMA>(square, fma::<FMA>(-6.4, u, 9.6), -16.0 / 3.0), 2.8);
    let curve = fma::<FMA>(u, fma::<FMA>(u, fma::<FMA>(32.0 / 15.0, u, -9.6), 16.0), -32.0 / 3.0);
    let outer = fma::<FMA>(square, curve, fma::<FMA>(-1.0 / 15.0, inverse, 3.2));
    if u < 0.5 { inner } else { outer }
}

/// What makes `m / r` of `m / support` times this: monopole and quadrupole of a cell that the spline softens. All but
/// `squared` is in units of the support.
#[inline(always)]
fn soft_cell<const FMA: bool>(d: [f32; 3], squared: f32, seconds: [f32; 6], support: [f32; 2]) -> f32 {
    // No cell is so near that it matters; only the numbers stay finite.
    let squared = squared.max(1e-8 * support[0] * support[0]);
    let inverse = inverse_root::<FMA>(squared);
    let u = squared * inverse * support[1];
    let inverse = inverse * support[0];
    let inverse_2 = inverse * inverse;
    let inverse_3 = inverse_2 * inverse;
    // -w'/u and (w'/u)'/u of the spline w.
    let inner_1 = fma::<FMA>(u * u, fma::<FMA>(32.0, u, -38.4), 32.0 / 3.0);
    let curve_1 = fma::<FMA>(u, fma::<FMA>(u, fma::<FMA>(-32.0 / 3.0, u, 38.4), -48.0), 64.0 / 3.0);
    let outer_1 = fma::<FMA>(-1.0 / 15.0, inverse_3, curve_1);
    let inner_2 = fma::<FMA>(-96.0, u, 76.8);
    let outer_2 = fma::<FMA>(32.0, u, fma::<FMA>(48.0, inverse, -76.8)) - 0.2 * inverse_3 * inverse_2;
    let (first, second) = if u < 0.5 { (inner_1, inner_2) } else { (outer_1, outer_2) };
    let is_inside = u < 1.0;
    let zeroth = if is_inside { spline::<FMA>(u, inverse) } else { inverse };
    let first = if is_inside { first } else { inverse_3 };
    let second = if is_inside { second } else { 3.0 * inverse_3 * inverse_2 };
    let (along, trace) = project::<FMA>(d, seconds);
    fma::<FMA>(0.5, fma::<FMA>(second, along, -first * trace), zeroth)
}

/// Finds the rows of bodies that are too close to a target, as [`Evaluate`] does, to the bit.
pub(super) struct FindClose<'a> {
    pub(super) lists: &'a Lists,
    pub(super) close_squared: f32,
    pub(super) target: [f32; 3],
    pub(super) found: &'a mut Vec<u32>,
}

impl Work for FindClose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { lists, close_squared, target, found } = self;
        find::<FMA, 5>(lists.bodies.used(), &lists.body_indices, close_squared, &target, found);
        find::<FMA, 6>(lists.soft_bodies.used(), &lists.soft_indices, close_squared, &target, found);
    }
}

#[inline(always)]
fn find<const FMA: bool, const K: usize>(
    blocks: &[Block<K>],
    indices: &[u32],
    close_squared: f32,
    target: &[f32; 3],
    found: &mut Vec<u32>,
) {
    for (k, block) in blocks.iter().enumerate() {
        let squared: [f32; LANES] = std::array::from_fn(|lane| {
            let place = [block.0[0][lane], block.0[1][lane], block.0[2][lane]];
            distance::<FMA>(target, place).0
        });
        let nearest = squared.iter().copied().fold(f32::INFINITY, f32::min);
        if nearest <= close_squared {
            let rows = indices.iter().skip(k * LANES);
            found.extend(rows.zip(squared).filter(|(_, s)| *s <= close_squared).map(|(row, _)| *row));
        }
    }
}
