//! A mesh that is fine at the centre of a galaxy and coarse far out: a thousand cells in place of all pixels, on which
//! every start of a search can be followed to its end.

use galmass_core::simd::dispatch;

use super::columns::{N_COLUMNS, Points};
use super::data::Data;
use super::shape::Shape;
use super::sums::{Linear, SumRow, Sums, padded};

/// A cell is at least so many of its sides away from the centre.
const DISTANCE: f64 = 5.0;

/// Means of pixels so near to the centre take points inside them \[px\].
const NEAR: f64 = 3.0;

/// Points a side in such a pixel.
const POINTS: usize = 5;

/// What a cell holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// The middle of its usable pixels \[px\].
    pub(super) middle: [f64; 2],
    pub(super) n_pixels: f64,
    /// Their weighted mean.
    pub(super) value: f64,
}

/// The cells: those that are sampled by one point each, then those that take [`POINTS`] a side.
#[derive(Default)]
pub(super) struct Mesh {
    cells: Vec<Cell>,
    values: Vec<f64>,
    weights: Vec<f64>,
    x: Vec<f64>,
    y: Vec<f64>,
    areas_24: Vec<f64>,
    near: Vec<(Cell, f64)>,
}

impl Mesh {
    pub(super) fn around(data: &Data, centre: [f64; 2], means: bool) -> Self {
        let mut mesh = Self::default();
        let side = data.rows.max(data.columns).next_power_of_two();
        mesh.divide(data, centre, means, [0, 0], side);
        for (cell, weight) in std::mem::take(&mut mesh.near) {
            for (i, j) in (0..POINTS * POINTS).map(|k| (k / POINTS, k % POINTS)) {
                let inside = |i: usize| (i as f64 + 0.5) / POINTS as f64 - 0.5;
                mesh.x.push(cell.middle[0] + inside(i));
                mesh.y.push(cell.middle[1] + inside(j));
                mesh.areas_24.push(0.0);
            }
            mesh.values.push(cell.value);
            mesh.weights.push(weight);
            mesh.cells.push(cell);
        }
        mesh
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn divide(&mut self, data: &Data, centre: [f64; 2], means: bool, corner: [usize; 2], side: usize) {
        let [column, row] = corner;
        if column >= data.columns || row >= data.rows {
            return;
        }
        let middle = corner.map(|at| at as f64 + 0.5 * side as f64);
        let distance = (middle[0] - centre[0]).hypot(middle[1] - centre[1]);
        let sticks_out = column + side > data.columns || row + side > data.rows;
        if side > 1 && (sticks_out || distance < DISTANCE * side as f64) {
            let half = side / 2;
            for [right, up] in [[0, 0], [half, 0], [0, half], [half, half]] {
                self.divide(data, centre, means, [column + right, row + up], half);
            }
            return;
        }
        let (mut n_pixels, mut x, mut y, mut weight, mut light) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for above in 0..side {
            let start = (row + above) * data.columns + column;
            let (weights, values) = (&data.weights[start..][..side], &data.values[start..][..side]);
            let mut in_row = 0.0;
            for (right, (w, value)) in weights.iter().zip(values).enumerate() {
                let is_used = f64::from(u8::from(*w > 0.0));
                in_row += is_used;
                x += is_used * right as f64;
                weight += w;
                light += w * value;
            }
            n_pixels += in_row;
            y += in_row * above as f64;
        }
        if n_pixels == 0.0 {
            return;
        }
        let middle = [column as f64 + 0.5 + x / n_pixels, row as f64 + 0.5 + y / n_pixels];
        let cell = Cell { middle, n_pixels, value: light / weight };
        if side == 1 && means && distance < NEAR {
            self.near.push((cell, weight));
            return;
        }
        self.values.push(cell.value);
        self.weights.push(weight);
        self.x.push(middle[0]);
        self.y.push(middle[1]);
        // The second moments of the pixels about the middle of the cell, and those of a pixel.
        let square = (side * side) as f64;
        self.areas_24.push(if means { square } else { square - 1.0 } / 24.0);
        self.cells.push(cell);
    }

    /// The sums of least squares of a shape.
    pub(super) fn sums(&self, shape: &Shape, guess: Linear) -> Sums {
        let (n, n_points) = (self.values.len(), self.x.len());
        let mut columns = vec![0.0; N_COLUMNS * padded(n_points)];
        let (x, y, areas_24) = (&self.x, &self.y, Some(self.areas_24.as_slice()));
        dispatch(Points { shape, x, y, areas_24, into: &mut columns });
        if n < n_points {
            // Of n cells all but `many` have one point.
            let many = (n_points - n) / (POINTS * POINTS - 1);
            let mut means = vec![0.0; N_COLUMNS * padded(n)];
            let pairs = columns.chunks_exact(padded(n_points)).zip(means.chunks_exact_mut(padded(n)));
            for (values, means) in pairs {
                let (single, near) = values[..n_points].split_at(n - many);
                means[..n - many].copy_from_slice(single);
                for (mean, points) in means[n - many..].iter_mut().zip(near.chunks_exact(POINTS * POINTS)) {
                    *mean = points.iter().sum::<f64>() / points.len() as f64;
                }
            }
            columns = means;
        }
        let (data, weights) = (&self.values, &self.weights);
        let scratch = &mut vec![0.0; 4 * padded(n)];
        dispatch(SumRow { columns: &columns, data, weights, guess, scratch })
    }
}
