//! Functions on \[0, 1\] by their values at Gauss-Legendre nodes, and the projected kernel in products of them.

use super::spectrum::{Columns, Symmetric, dot};
use crate::kernel::Kernel;
use crate::quadrature::gauss_legendre;

/// Pieces of \[0, 1\] from the centre to the rim; even, for a kernel that changes its piece half way.
pub(super) const SEGMENTS: usize = 24;

/// Nodes in a segment: functions are quartic there, their primitives quintic.
pub(super) const POINTS: usize = 5;

/// All nodes.
pub(super) const NODES: usize = SEGMENTS * POINTS;

/// A factor this much smaller than the largest is a rounding error of it.
const ROUNDING: f64 = 1e-14;

/// A polynomial on one segment, by powers of the coordinate that goes from 0 to 1 along it.
pub(super) type Quartic = [f64; POINTS];

/// The nodes of all segments, and what interpolates between them.
pub(super) struct Nodes {
    pub(super) x: Vec<f64>,
    pub(super) weights: Vec<f64>,
    /// The polynomials that are 1 at one node of a segment and 0 at its others.
    basis: [Quartic; POINTS],
    /// The integrals of these from the start of the segment to its nodes: `[node][polynomial]`.
    up_to_node: [[f64; POINTS]; POINTS],
    /// And to its end.
    up_to_end: [f64; POINTS],
}

impl Nodes {
    pub(super) fn new() -> Self {
        let rule = gauss_legendre::<POINTS>();
        let width = 1.0 / SEGMENTS as f64;
        let points = rule.map(|(t, _)| t);
        let basis = std::array::from_fn(|index| lagrange(&points, index));
        let segments = (0..SEGMENTS).flat_map(|segment| rule.map(|(t, weight)| (segment as f64 + t, weight)));
        let (x, weights) = segments.map(|(t, weight)| (t * width, weight * width)).unzip();
        let up_to = |t: f64| basis.map(|polynomial| width * integral(&polynomial, t));
        Self { x, weights, basis, up_to_node: points.map(up_to), up_to_end: up_to(1.0) }
    }

    /// The polynomial of each segment through the values of a function at the nodes.
    pub(super) fn interpolate(&self, values: &[f64]) -> Vec<Quartic> {
        let through = |values: &[f64]| {
            std::array::from_fn(|power| {
                values.iter().zip(&self.basis).map(|(v, basis)| v * basis[power]).sum()
            })
        };
        values.chunks_exact(POINTS).map(through).collect()
    }

    /// The integral from 0 to each node.
    pub(super) fn cumulate(&self, values: &[f64]) -> Vec<f64> {
        let mut before = 0.0;
        let mut primitive = Vec::with_capacity(values.len());
        for segment in values.chunks_exact(POINTS) {
            primitive.extend(self.up_to_node.iter().map(|weights| before + dot(weights, segment)));
            before += dot(&self.up_to_end, segment);
        }
        primitive
    }

    pub(super) fn integrate(&self, values: &[f64]) -> f64 {
        dot(&self.weights, values)
    }

    /// The projected kernel on pairs of nodes, of unit integral, in two parts: `(v, remainder)` with
    /// W(x, y) = v(x) v(y) + remainder(x, y). The integral of v is a half, that of each row of the remainder nothing.
    pub(super) fn split(&self, kernel: Kernel) -> (Vec<f64>, Symmetric) {
        let mut values = vec![0.0; NODES * NODES];
        for (row, y) in self.x.iter().enumerate() {
            for (column, x) in self.x.iter().enumerate().take(row + 1) {
                let value = kernel.projected(x.hypot(*y));
                values[row * NODES + column] = value;
                values[column * NODES + row] = value;
            }
        }
        let marginal: Vec<f64> = values.chunks_exact(NODES).map(|row| self.integrate(row)).collect();
        let quarter = self.integrate(&marginal);
        let first: Vec<f64> = marginal.iter().map(|value| value * (0.5 / quarter)).collect();
        for (row, y) in values.chunks_exact_mut(NODES).zip(&first) {
            row.iter_mut().zip(&first).for_each(|(value, x)| *value = *value * (0.25 / quarter) - x * y);
        }
        (first, Symmetric { n: NODES, values })
    }

    /// The `n_pairs` products that come nearest to the double primitive of a function of two coordinates in the
    /// square: factors s and functions v, such that the function is about the sum of s v(x) v(y).
    pub(super) fn products(&self, function: &Symmetric, n_pairs: usize) -> (Vec<f64>, Columns) {
        let along_x: Columns = function.values.chunks_exact(NODES).map(|row| self.cumulate(row)).collect();
        let roots: Vec<f64> = self.weights.iter().map(|weight| weight.sqrt()).collect();
        let mut primitive = Symmetric { n: NODES, values: vec![0.0; NODES * NODES] };
        for x in 0..NODES {
            let column: Vec<f64> = along_x.iter().map(|row| row[x]).collect();
            for (y, value) in self.cumulate(&column).into_iter().enumerate() {
                primitive.values[y * NODES + x] = roots[x] * roots[y] * value;
            }
        }
        let (factors, vectors) = primitive.leading(n_pairs);
        let largest = factors.first().map_or(0.0, |factor| factor.abs());
        // What the eigenvectors are to the double primitive, these are to the function itself.
        let density = |(vector, factor): (&Vec<f64>, &f64)| {
            let weighted: Vec<f64> = vector.iter().zip(&roots).map(|(value, root)| value * root).collect();
            // Below the rounding errors of the largest there is nothing to find.
            let per_factor = if factor.abs() > ROUNDING * largest { 1.0 / factor } else { 0.0 };
            along_x.iter().map(|row| per_factor * dot(row, &weighted)).collect()
        };
        let functions = vectors.iter().zip(&factors).map(density).collect();
        (factors, functions)
    }

    /// The rms over the square of what is left of a kernel split in two, and then in products, over that of the kernel.
    pub(super) fn error(
        &self,
        first: &[f64],
        remainder: &Symmetric,
        factors: &[f64],
        functions: &Columns,
    ) -> f64 {
        let (mut of_error, mut of_kernel) = (0.0, 0.0);
        for (row, values) in remainder.values.chunks_exact(NODES).enumerate() {
            let along: Vec<f64> = factors.iter().zip(functions).map(|(s, v)| s * v[row]).collect();
            for (column, value) in values.iter().enumerate() {
                let products: f64 = along.iter().zip(functions).map(|(along, v)| along * v[column]).sum();
                let weight = self.weights[row] * self.weights[column];
                of_error += weight * (value - products).powi(2);
                of_kernel += weight * (value + first[row] * first[column]).powi(2);
            }
        }
        (of_error / of_kernel).sqrt()
    }
}

/// The polynomial through 1 at one of the points and 0 at the others.
fn lagrange(points: &[f64; POINTS], index: usize) -> Quartic {
    let mut polynomial = [0.0; POINTS];
    polynomial[0] = 1.0;
    for (_, point) in points.iter().enumerate().filter(|&(other, _)| other != index) {
        let scale = 1.0 / (points[index] - point);
        // Times (t - point) * scale, from the highest power down.
        for power in (0..POINTS).rev() {
            let lower = if power == 0 { 0.0 } else { polynomial[power - 1] };
            polynomial[power] = scale * (lower - point * polynomial[power]);
        }
    }
    polynomial
}

fn integral(polynomial: &Quartic, t: f64) -> f64 {
    polynomial
        .iter()
        .enumerate()
        .map(|(power, value)| value * t.powi(power as i32 + 1) / (power + 1) as f64)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartics_are_interpolated_and_cumulated_to_rounding() {
        let nodes = Nodes::new();
        let cubic = |x: f64| 1.0 - x * (2.0 - x * (0.5 + 3.0 * x));
        let values: Vec<f64> = nodes.x.iter().map(|&x| cubic(x)).collect();
        for (segment, polynomial) in nodes.interpolate(&values).iter().enumerate() {
            for t in [0.0, 0.3, 1.0] {
                let found: f64 = polynomial.iter().rev().fold(0.0, |sum, value| sum * t + value);
                assert!((found - cubic((segment as f64 + t) / SEGMENTS as f64)).abs() < 1e-13);
            }
        }
        let primitive = |x: f64| x - x * x + x.powi(3) / 6.0 + 0.75 * x.powi(4);
        let cumulated = nodes.cumulate(&values);
        assert!(nodes.x.iter().zip(cumulated).all(|(&x, found)| (found - primitive(x)).abs() < 1e-14));
        assert!((nodes.integrate(&values) - primitive(1.0)).abs() < 1e-14);
    }

    #[test]
    fn the_remainder_of_a_kernel_has_no_marginals() {
        let nodes = Nodes::new();
        let (first, remainder) = nodes.split(Kernel::CubicSpline);
        assert!((nodes.integrate(&first) - 0.5).abs() < 1e-14);
        assert!(remainder.values.chunks_exact(NODES).all(|row| nodes.integrate(row).abs() < 1e-14));
        let (x, y) = (nodes.x[17], nodes.x[50]);
        let sum = first[17] * first[50] + remainder.values[17 * NODES + 50];
        let kernel = Kernel::CubicSpline.projected(x.hypot(y));
        assert!((sum - kernel).abs() < 1e-8, "{sum} {kernel}");
    }
}
