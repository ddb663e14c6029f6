//! Where the pixels around the centre are sampled: so finely that their means are right, cusp and all.

use std::ops::Range;

use super::shape::Shape;

/// The part of a pixel's mean that its sampling may be off.
const TOLERANCE: f64 = 2e-6;

/// Pixels fainter than this part of the effective brightness count as that bright.
const FAINT: f64 = 1e-4;

/// The brightness so far from the centre stands for the mean of the pixel that the centre lies in \[px\].
const CENTRAL_PX: f64 = 0.4;

/// Of a square of side 1.
const HALF_DIAGONAL: f64 = 0.71;

/// Squares are halved at most so often.
const DEEPEST: u32 = 20;

/// Gauss and Legendre's nodes on (-1/2, 1/2) and their weights.
const NODES: [f64; 3] = [-0.387_298_334_620_741_7, 0.0, 0.387_298_334_620_741_7];
const WEIGHTS: [f64; 3] = [5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0];

/// The nodes of the pixels near the centre. They stand still while a model moves a little: chi squared is smooth.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) weights: Vec<f64>,
    /// For each row the first of its sampled pixels and the nodes of each, which follow each other.
    rows: Vec<(usize, Vec<Range<usize>>)>,
}

impl Nodes {
    /// For the means of the pixels of a mesh of `rows` x `columns` whose lowest corner is at `corner`. All other
    /// pixels are smooth enough for a mean by the second derivatives.
    pub(super) fn around(shape: &Shape, corner: [f64; 2], rows: usize, columns: usize) -> Self {
        let mut nodes = Self { rows: vec![(0, Vec::new()); rows], ..Self::default() };
        let reach = smooth_from(shape, (rows as f64).hypot(columns as f64));
        let faint = FAINT * shape.brightness(1.0).0;
        let [x0, y0] = shape.centre;
        // The ellipse whose minor axis is the reach: its height, and its chord in a row.
        let square = reach * reach * shape.form.largest();
        let determinant = shape.form.xx * shape.form.yy - shape.form.xy * shape.form.xy;
        let height = (square * shape.form.xx / determinant).sqrt() + 1.0;
        let first_row = (y0 - height - corner[1]).floor().max(0.0) as usize;
        let last_row = ((y0 + height - corner[1]).ceil().max(0.0) as usize).min(rows);
        for row in first_row..last_row {
            let y = corner[1] + row as f64 + 0.5;
            // The row's own y, or the nearest that the ellipse reaches.
            let dy = (y - y0).abs().min(height - 1.0).copysign(y - y0);
            let middle = x0 - shape.form.xy / shape.form.xx * dy;
            let inside = (square - determinant / shape.form.xx * dy * dy).max(0.0) / shape.form.xx;
            let width = inside.sqrt() + 1.0;
            let first = (middle - width - corner[0]).floor().max(0.0) as usize;
            let last = ((middle + width - corner[0]).ceil().max(0.0) as usize).min(columns);
            let mut pixels = Vec::with_capacity(last.saturating_sub(first));
            for column in first..last {
                let x = corner[0] + column as f64 + 0.5;
                let start = nodes.x.len();
                let central = (CENTRAL_PX * CENTRAL_PX) * shape.form.largest();
                let square = shape.form.at(x - x0, y - y0).max(central);
                let bright = shape.brightness(square).0.max(faint);
                nodes.sample(shape, [x, y], 0, bright);
                pixels.push(start..nodes.x.len());
            }
            nodes.rows[row] = (first, pixels);
        }
        nodes
    }

    /// The first sampled pixel of a row, and the nodes of it and its successors.
    pub(super) fn row(&self, row: usize) -> (usize, &[Range<usize>]) {
        self.rows.get(row).map_or((0, &[]), |(first, pixels)| (*first, pixels.as_slice()))
    }

    /// Samples a square, the `depth`th half of a pixel, in whose pixel the model is `bright`; in four quarters where
    /// it is not smooth enough.
    fn sample(&mut self, shape: &Shape, middle: [f64; 2], depth: u32, bright: f64) {
        let side = 0.5_f64.powi(depth as i32);
        if depth < DEEPEST && !is_smooth(shape, middle, side, bright) {
            for (right, up) in [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)] {
                let middle = [middle[0] + right * side, middle[1] + up * side];
                self.sample(shape, middle, depth + 1, bright);
            }
            return;
        }
        for (up, with) in NODES.iter().zip(WEIGHTS) {
            for (right, weight) in NODES.iter().zip(WEIGHTS) {
                self.x.push(middle[0] + right * side);
                self.y.push(middle[1] + up * side);
                self.weights.push(weight * with * side * side);
            }
        }
    }
}

/// Whether nine nodes are enough for a square: the error of Gauss and Legendre's rule, the sixth derivative over two
/// million, of a power law and an exponential of this slope, as bright as the square is where it is nearest.
fn is_smooth(shape: &Shape, middle: [f64; 2], side: f64, bright: f64) -> bool {
    let square = shape.form.at(middle[0] - shape.centre[0], middle[1] - shape.centre[1]);
    let distance = shape.minor_px(square);
    let nearest = (distance - HALF_DIAGONAL * side).max(0.25 * side);
    let share = side * side * shape.brightness(nearest * nearest * shape.form.largest()).0 / bright;
    // With the centre inside or near, nothing but its own size makes a square harmless.
    let error = if distance < side {
        1.0
    } else {
        (((shape.brightness(square).1 + 2.5) * side / distance).powi(6) / 2.0e6).min(1.0)
    };
    share * error < TOLERANCE
}

/// The semi-minor axis \[px\] from which on the second derivatives give the mean of a pixel.
fn smooth_from(shape: &Shape, farthest: f64) -> f64 {
    const STEP: f64 = 1.04;
    let faint = FAINT * shape.brightness(1.0).0;
    let (mut reach, mut distance) = (1.0, 1.0);
    while distance < farthest {
        let at = |distance: f64| shape.brightness(distance * distance * shape.form.largest());
        let (nearest, (brightness, slope)) = (at((distance - HALF_DIAGONAL).max(0.25)).0, at(distance));
        // The mean of the fourth derivatives of a power law and an exponential of this slope.
        let error = ((slope + 1.5) / distance).powi(4) / 1920.0;
        if error * nearest / brightness.max(faint) > TOLERANCE {
            reach = distance * STEP;
        }
        distance *= STEP;
    }
    reach
}
