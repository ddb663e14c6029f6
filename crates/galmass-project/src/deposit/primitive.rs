//! The double integral of the projected kernel, as a table.
//!
//! With W the projected kernel of support radius 1,
//!
//! ```text
//! G(x, y) = integral over x' from 0 to x and y' from 0 to y of W(x', y')
//! ```
//!
//! is odd in x and in y, symmetric under their exchange, and 1/4 where both reach the support. Light in a rectangle
//! is the second difference of G at its corners. G is kept for 0 <= x, y <= 1 as bicubic Hermite patches: value,
//! both slopes and the mixed derivative (W itself) at each node, so that the interpolated G has a continuous
//! density that follows W to third order in the spacing, however small the rectangle.

use std::sync::OnceLock;

use crate::kernel::Kernel;
use crate::quadrature::gauss_legendre;

/// Patches of the fine table from the centre to the support: the density is then within 3e-8 of its maximum in pixels
/// of any size. The fine table takes 2 MB; the coarse one is every other node of it, a size that a processor keeps at
/// hand, and as good where pixels average over patches.
const PATCHES: usize = 256;

/// Nodes along a side of the fine table.
const SIDE: usize = PATCHES + 1;

/// The spacing of the nodes of the fine table.
const SPACING: f64 = 1.0 / PATCHES as f64;

/// The support in pixels from which the fine table is used. Large kernels walk along their rows of patches and do
/// not mind its size.
const FINE_FROM_PX: f64 = 50.0;

/// G at a node, its two slopes and its mixed derivative, per spacing: `[G, G_x, G_y, G_xy]`.
type Node = [f64; 4];

/// The four cubic Hermite weights at a coordinate, and the patch they belong to.
///
/// The weights are for the value and slope at the lower node and the value and slope at the upper node, all with
/// the sign of the coordinate, since G is odd.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Coordinate {
    patch: usize,
    weights: [f64; 4],
}

/// A table of G.
pub(super) struct Primitive {
    patches: usize,
    /// Rows of `patches + 1` nodes, x along the row.
    nodes: Vec<Node>,
}

impl Primitive {
    /// The table of a kernel whose support is so many pixels.
    ///
    /// Both are made at the first call for a kernel, by one thread: threads of a rayon pool that help each other while one of them
    /// holds the lock would come back to the lock. The 0.8 million evaluations of the kernel take some hundredths of
    /// a second.
    pub(super) fn for_support(kernel: Kernel, support_px: f64) -> &'static Self {
        static TABLES: [OnceLock<[Primitive; 2]>; Kernel::ALL.len()] =
            [const { OnceLock::new() }; Kernel::ALL.len()];
        let [coarse, fine] = TABLES[kernel as usize].get_or_init(|| {
            let fine = Primitive::build(kernel);
            [fine.every_other_node(), fine]
        });
        if support_px < FINE_FROM_PX { coarse } else { fine }
    }

    /// The fine table.
    fn build(kernel: Kernel) -> Self {
        let strips = strips(kernel);
        let masses = patch_masses(kernel);
        let mut nodes = vec![[0.0; 4]; SIDE * SIDE];
        for row in 0..SIDE {
            for column in 0..SIDE {
                let density = kernel.projected((column as f64 * SPACING).hypot(row as f64 * SPACING));
                let slopes = [strips[column * SIDE + row], strips[row * SIDE + column]];
                let [slope_x, slope_y] = slopes.map(|slope| SPACING * slope);
                nodes[row * SIDE + column] = [0.0, slope_x, slope_y, SPACING * SPACING * density];
            }
        }
        for row in 1..SIDE {
            let mut below = 0.0;
            for column in 1..SIDE {
                below += masses[(row - 1) * PATCHES + column - 1];
                nodes[row * SIDE + column][0] = nodes[(row - 1) * SIDE + column][0] + below;
            }
        }
        // A quarter up to the error of the quadrature; made a quarter to the last bit, so that no light is lost.
        let to_a_quarter = 0.25 / nodes[SIDE * SIDE - 1][0];
        nodes.iter_mut().flatten().for_each(|value| *value *= to_a_quarter);
        Self { patches: PATCHES, nodes }
    }

    /// The table of twice the spacing.
    fn every_other_node(&self) -> Self {
        let rows = self.nodes.chunks_exact(self.patches + 1).step_by(2);
        let per_spacing =
            |&[value, slope_x, slope_y, density]: &Node| [value, 2.0 * slope_x, 2.0 * slope_y, 4.0 * density];
        let nodes = rows.flat_map(|row| row.iter().step_by(2).map(per_spacing)).collect();
        Self { patches: self.patches / 2, nodes }
    }

    /// Of a corner at `x` support radii from the particle, any number but NaN; from the support on G is constant.
    #[inline(always)]
    pub(super) fn coordinate(&self, x: f64) -> Coordinate {
        let patches = self.patches as f64;
        let nodes = (x.abs() * patches).min(patches);
        let patch = (nodes as usize).min(self.patches - 1);
        let t = nodes - patch as f64;
        let s = 1.0 - t;
        let weights = [(1.0 + 2.0 * t) * s * s, t * s * s, t * t * (1.0 + 2.0 * s), -s * t * t];
        Coordinate { patch, weights: if x < 0.0 { weights.map(|weight| -weight) } else { weights } }
    }

    /// Writes G at the corners `columns` of the row of corners at `y`.
    #[inline]
    pub(super) fn evaluate(&self, columns: &[Coordinate], y: Coordinate, corners: &mut [f64]) {
        let (lower, upper) = self.rows(y);
        for (corner, x) in corners.iter_mut().zip(columns) {
            let left = across(&lower[x.patch], &upper[x.patch], &y.weights);
            let right = across(&lower[x.patch + 1], &upper[x.patch + 1], &y.weights);
            *corner = (x.weights[0] * left[0] + x.weights[1] * left[1])
                + (x.weights[2] * right[0] + x.weights[3] * right[1]);
        }
    }

    /// G at `y` to the right of the support, not beyond its limits by the error of interpolation.
    #[inline]
    pub(super) fn saturated(&self, y: Coordinate) -> f64 {
        let (lower, upper) = self.rows(y);
        across(&lower[self.patches], &upper[self.patches], &y.weights)[0].clamp(-0.25, 0.25)
    }

    /// The rows of nodes on both sides of a coordinate.
    #[inline(always)]
    fn rows(&self, y: Coordinate) -> (&[Node], &[Node]) {
        let side = self.patches + 1;
        self.nodes[y.patch * side..(y.patch + 2) * side].split_at(side)
    }
}

/// G and its slope in x on the line between two nodes of one column.
#[inline(always)]
fn across(lower: &Node, upper: &Node, weights: &[f64; 4]) -> [f64; 2] {
    std::array::from_fn(|k| {
        (weights[0] * lower[k] + weights[1] * lower[k + 2])
            + (weights[2] * upper[k] + weights[3] * upper[k + 2])
    })
}

/// For each column x of nodes, the integral of W(x, y') from 0 to the node y: the slope of G in x there.
fn strips(kernel: Kernel) -> Vec<f64> {
    let nodes = gauss_legendre::<4>();
    let mut strips = vec![0.0; SIDE * SIDE];
    for (column, strip) in strips.chunks_exact_mut(SIDE).enumerate() {
        let x = column as f64 * SPACING;
        for patch in 0..PATCHES {
            let kernel_at = |t: f64| kernel.projected(x.hypot((patch as f64 + t) * SPACING));
            let mass: f64 = nodes.iter().map(|&(t, weight)| weight * kernel_at(t)).sum();
            strip[patch + 1] = strip[patch] + SPACING * mass;
        }
    }
    strips
}

/// The integral of W over each patch, by quadrature of the patches on one side of the diagonal.
fn patch_masses(kernel: Kernel) -> Vec<f64> {
    let nodes = gauss_legendre::<4>();
    let mut masses = vec![0.0; PATCHES * PATCHES];
    for row in 0..PATCHES {
        for column in 0..=row {
            let mut mass = 0.0;
            for &(s, weight_y) in &nodes {
                let y = (row as f64 + s) * SPACING;
                for &(t, weight_x) in &nodes {
                    let x = (column as f64 + t) * SPACING;
                    mass += weight_x * weight_y * kernel.projected(x.hypot(y));
                }
            }
            masses[row * PATCHES + column] = mass * SPACING * SPACING;
            masses[column * PATCHES + row] = mass * SPACING * SPACING;
        }
    }
    masses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> [&'static Primitive; 2] {
        [1.0, 1e3].map(|support_px| Primitive::for_support(Kernel::CubicSpline, support_px))
    }

    fn g(table: &Primitive, x: f64, y: f64) -> f64 {
        let mut corner = [0.0];
        table.evaluate(&[table.coordinate(x)], table.coordinate(y), &mut corner);
        corner[0]
    }

    #[test]
    fn a_quarter_of_the_light_lies_in_each_quadrant() {
        for table in tables() {
            for far in [1.0, 1.5, 1e300, f64::INFINITY] {
                assert_eq!(g(table, far, far), 0.25);
                assert_eq!(g(table, -far, far), -0.25);
                assert_eq!(g(table, -far, -far), 0.25);
                assert_eq!(table.saturated(table.coordinate(far)), 0.25);
            }
            for y in [0.0, 1e-9, 0.3, -0.7, 1.0] {
                assert_eq!(g(table, 0.0, y), 0.0);
                assert_eq!(g(table, 1.0, y), table.saturated(table.coordinate(y)));
            }
        }
    }

    #[test]
    fn it_is_symmetric_to_rounding() {
        for table in tables() {
            for (x, y) in [(0.1, 0.7), (0.33, 0.34), (0.9, 0.02)] {
                assert!((g(table, x, y) - g(table, y, x)).abs() < 1e-15);
                assert_eq!(g(table, -x, y), -g(table, x, y));
            }
        }
    }

    #[test]
    fn outside_the_support_it_is_the_sum_of_two_marginals() {
        // No light lies beyond both x and y, so that only what lies beyond either is missing from the quarter.
        for table in tables() {
            for (x, y) in [(0.8, 0.61), (0.95, 0.5), (0.72, 0.72)] {
                let marginals = g(table, x, 1.0) + g(table, 1.0, y);
                assert!((g(table, x, y) - (marginals - 0.25)).abs() < 1e-12, "({x}, {y})");
            }
        }
    }

    #[test]
    fn the_two_tables_agree() {
        let [coarse, fine] = tables();
        assert_eq!((coarse.patches, fine.patches), (PATCHES / 2, PATCHES));
        for (x, y) in [(0.1234, 0.71), (0.333, 0.349), (0.91, 0.0234), (0.5, 0.51)] {
            assert!((g(coarse, x, y) - g(fine, x, y)).abs() < 1e-9, "({x}, {y})");
        }
    }

    #[test]
    fn the_quadrature_finds_the_quarter_by_itself() {
        for (kernel, within) in Kernel::ALL.into_iter().zip([1e-13, 1e-13, 1e-13, 1e-13, 1e-13, 1e-7]) {
            let total: f64 = patch_masses(kernel).iter().sum();
            assert!((total - 0.25).abs() < within, "{kernel:?}: {total}");
        }
    }
}
