//! Models of whole images, row by row, and what they leave of the data.

use galmass_core::simd::dispatch;
use rayon::prelude::*;

use super::columns::{N_COLUMNS, Points, Row};
use super::convolve::Convolution;
use super::data::Data;
use super::nodes::Nodes;
use super::shape::Shape;
use super::sums::{Linear, SumRow, Sums, padded};

/// Rows that are summed one after the other; the sums of the groups are added in their order, on any number of threads.
const ROWS_TOGETHER: usize = 8;

/// Fewer pixels than this are not worth other threads.
const FEWEST_PARALLEL: usize = 30_000;

/// Models on the mesh of an image.
pub(super) struct Images<'a> {
    pub(super) data: &'a Data,
    /// Whether pixels are means rather than points.
    pub(super) means: bool,
    pub(super) convolution: Option<Convolution>,
}

impl Images<'_> {
    /// How far the model reaches beyond the image, rows and columns.
    fn margin(&self) -> [usize; 2] {
        self.convolution.as_ref().map_or([0, 0], |convolution| convolution.reach)
    }

    /// The sampling that means of pixels near the centre of a shape need.
    pub(super) fn nodes(&self, shape: &Shape) -> Nodes {
        if !self.means {
            return Nodes::default();
        }
        let [up, right] = self.margin();
        let corner = [-(right as f64), -(up as f64)];
        Nodes::around(shape, corner, self.data.rows + 2 * up, self.data.columns + 2 * right)
    }

    /// The sums of least squares of a shape.
    pub(super) fn sums(&self, shape: &Shape, nodes: &Nodes, guess: Linear) -> Sums {
        let convolved = self.convolution.as_ref().map(|convolution| {
            convolution.convolve(&self.wide(shape, nodes), self.data.rows, self.data.columns)
        });
        let (width, stride) = (self.data.columns, padded(self.data.columns));
        let group = |first: usize| {
            let mut sums = Sums::default();
            let mut scratch = vec![0.0; 4 * stride];
            let mut columns = vec![0.0; N_COLUMNS * stride];
            let mut sampled = Vec::new();
            for row in first..(first + ROWS_TOGETHER).min(self.data.rows) {
                let columns = match &convolved {
                    Some(convolved) => &convolved[row * N_COLUMNS * stride..][..N_COLUMNS * stride],
                    None => {
                        self.fill(shape, nodes, row, &mut columns, &mut sampled);
                        &columns
                    }
                };
                let pixels = row * width..(row + 1) * width;
                let (data, weights) = (&self.data.values[pixels.clone()], &self.data.weights[pixels]);
                sums.add(&dispatch(SumRow { columns, data, weights, guess, scratch: &mut scratch }));
            }
            sums
        };
        let groups = 0..self.data.rows.div_ceil(ROWS_TOGETHER);
        let mut sums = Sums::default();
        if self.data.rows * width < FEWEST_PARALLEL {
            groups.for_each(|k| sums.add(&group(k * ROWS_TOGETHER)));
        } else {
            let parts: Vec<Sums> = groups.into_par_iter().map(|k| group(k * ROWS_TOGETHER)).collect();
            parts.iter().for_each(|part| sums.add(part));
        }
        sums
    }

    /// The brightness of every pixel in units of the shape.
    pub(super) fn brightness(&self, shape: &Shape) -> Vec<f64> {
        let nodes = self.nodes(shape);
        let wide = self.wide(shape, &nodes);
        let (rows, width) = (self.data.rows, self.data.columns);
        let columns = match &self.convolution {
            Some(convolution) => convolution.convolve(&wide, rows, width),
            None => wide,
        };
        (0..rows).flat_map(|row| columns[row * N_COLUMNS * padded(width)..][..width].to_vec()).collect()
    }

    /// The columns of all rows of the image and its margin.
    fn wide(&self, shape: &Shape, nodes: &Nodes) -> Vec<f64> {
        let [up, right] = self.margin();
        let (rows, stride) = (self.data.rows + 2 * up, padded(self.data.columns + 2 * right));
        let mut wide = vec![0.0; rows * N_COLUMNS * stride];
        if wide.is_empty() {
            return wide;
        }
        let fill = |(row, columns): (usize, &mut [f64])| {
            self.fill(shape, nodes, row, columns, &mut Vec::new());
        };
        wide.par_chunks_mut(N_COLUMNS * stride).enumerate().for_each(fill);
        wide
    }

    /// The columns of one row of the image and its margin.
    fn fill(&self, shape: &Shape, nodes: &Nodes, row: usize, columns: &mut [f64], sampled: &mut Vec<f64>) {
        let [up, right] = self.margin();
        let stride = padded(self.data.columns + 2 * right);
        let first = [0.5 - right as f64, row as f64 + 0.5 - up as f64];
        dispatch(Row { shape, first, means: self.means, into: columns });
        let (first_pixel, pixels) = nodes.row(row);
        let (Some(from), Some(to)) = (pixels.first(), pixels.last()) else { return };
        let all = from.start..to.end;
        let n = all.len();
        sampled.clear();
        sampled.resize(N_COLUMNS * padded(n), 0.0);
        let (x, y) = (&nodes.x[all.clone()], &nodes.y[all.clone()]);
        dispatch(Points { shape, x, y, areas_24: None, into: sampled });
        for (k, values) in sampled.chunks_exact(padded(n)).enumerate() {
            for (pixel, range) in pixels.iter().enumerate() {
                let values = &values[range.start - all.start..range.end - all.start];
                let weights = &nodes.weights[range.clone()];
                let mean = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
                columns[k * stride + first_pixel + pixel] = mean;
            }
        }
    }
}
