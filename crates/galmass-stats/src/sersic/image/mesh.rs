//! A mesh that is fine at the centre of a galaxy and coarse far out: a thousand cells in place of all pixels, on which
//! every start of a search can be followed to its end.

use std::ops::Range;

use galmass_core::simd::dispatch;

use super::columns::{N_COLUMNS, Points};
use super::data::Data;
use super::shape::Shape;
use super::sums::{Linear, SumRow, Sums};

/// A cell is at least so many of its sides away from the centre.
const DISTANCE: f64 = 6.0;

/// Means of pixels so near to the centre take points inside them \[px\].
const NEAR: f64 = 3.0;

/// Points a side in such a pixel.
const POINTS: usize = 5;

/// The cells, and the points that sample each.
#[derive(Default)]
pub(super) struct Mesh {
    values: Vec<f64>,
    weights: Vec<f64>,
    points: Vec<Range<usize>>,
    x: Vec<f64>,
    y: Vec<f64>,
    areas_24: Vec<f64>,
}

impl Mesh {
    pub(super) fn around(data: &Data, centre: [f64; 2], means: bool) -> Self {
        let mut mesh = Self::default();
        let side = data.rows.max(data.columns).next_power_of_two();
        mesh.divide(data, centre, means, [0, 0], side);
        mesh
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
        let (mut n, mut x, mut y, mut weight, mut light) = (0, 0.0, 0.0, 0.0, 0.0);
        for row in row..row + side {
            let pixels = row * data.columns + column..row * data.columns + column + side;
            for (k, (w, value)) in data.weights[pixels.clone()].iter().zip(&data.values[pixels]).enumerate() {
                if *w > 0.0 {
                    n += 1;
                    x += (column + k) as f64 + 0.5;
                    y += row as f64 + 0.5;
                    weight += w;
                    light += w * value;
                }
            }
        }
        if n == 0 {
            return;
        }
        self.values.push(light / weight);
        self.weights.push(weight);
        let first = self.x.len();
        if side == 1 && means && distance < NEAR {
            for (i, j) in (0..POINTS * POINTS).map(|k| (k / POINTS, k % POINTS)) {
                self.x.push(x + (i as f64 + 0.5) / POINTS as f64 - 0.5);
                self.y.push(y + (j as f64 + 0.5) / POINTS as f64 - 0.5);
                self.areas_24.push(0.0);
            }
        } else {
            self.x.push(x / f64::from(n));
            self.y.push(y / f64::from(n));
            // The second moments of the pixels about the middle of the cell, and those of a pixel.
            let square = (side * side) as f64;
            self.areas_24.push(if means { square } else { square - 1.0 } / 24.0);
        }
        self.points.push(first..self.x.len());
    }

    /// The sums of least squares of a shape.
    pub(super) fn sums(&self, shape: &Shape, guess: Linear) -> Sums {
        let (n, n_points) = (self.values.len(), self.x.len());
        let mut sampled = vec![0.0; N_COLUMNS * n_points];
        let (x, y, areas_24) = (&self.x, &self.y, Some(self.areas_24.as_slice()));
        dispatch(Points { shape, x, y, areas_24, into: &mut sampled });
        let mut columns = Vec::with_capacity(N_COLUMNS * n);
        for values in sampled.chunks_exact(n_points.max(1)) {
            columns.extend(self.points.iter().map(|range| match range.len() {
                1 => values[range.start],
                many => values[range.clone()].iter().sum::<f64>() / many as f64,
            }));
        }
        let (data, weights) = (&self.values, &self.weights);
        dispatch(SumRow { columns: &columns, data, weights, guess, scratch: &mut vec![0.0; 3 * n] })
    }
}
