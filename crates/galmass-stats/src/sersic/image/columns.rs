//! The brightness of a model and its derivatives, at points and as means of pixels.

use galmass_core::simd::{Work, fma};

use super::elementary::{exp, ln};
use super::shape::{CENTRE, LEAST_SQUARE, LOG_INDEX, LOG_RADIUS, N_SHAPE, SHEAR, Shape};

/// The brightness and its derivatives by the parameters of the shape, for a central brightness that gives the unit of
/// [`Shape::shift`] and is held where the effective brightness is.
pub(super) const N_COLUMNS: usize = 1 + N_SHAPE;

/// The derivatives by the centre diverge with `1/r`; nearer than this part of the effective radius they do not.
const LEAST_SQUARE_OF_DERIVATIVES: f64 = 1e-24;

/// Points that are done together: a multiple of the length of all vectors. Columns are padded to whole blocks.
pub(super) const BLOCK: usize = 32;

/// One number for each column.
pub(super) type Columns = [f64; N_COLUMNS];

/// Constants of a shape, taken out of the loops.
#[derive(Clone, Copy)]
struct Constants {
    shape: Shape,
    /// 1 / 2n.
    g: f64,
    /// The relative change of b with ln n.
    b_change: f64,
    trace: f64,
    by_shear_trace: [f64; 2],
}

impl Constants {
    #[inline(always)]
    fn new(shape: &Shape) -> Self {
        Self {
            shape: *shape,
            g: 0.5 / shape.index,
            b_change: shape.b_by_log_index / shape.b,
            trace: shape.form.trace(),
            by_shear_trace: shape.by_shear.map(|form| form.trace()),
        }
    }

    /// The mean over a square pixel about `(x, y)` from the centre, of which `area_24` is the area over 24, 0 for the
    /// brightness at the point itself: the mean is `I + area/24 laplacian(I)` to the fourth order.
    ///
    /// With s the squared elliptical radius, `beta = -d ln I / d ln s`, `P = |grad s|^2 / s^2` and
    /// `Q = laplacian(s) / s` the Laplacian is `I (P (beta^2 + (1 - g) beta) - Q beta)`.
    #[inline(always)]
    fn mean_at<const FMA: bool>(&self, x: f64, y: f64, area_24: f64) -> Columns {
        let shape = &self.shape;
        let square = shape.form.at(x, y);
        let inverse = square.max(LEAST_SQUARE_OF_DERIVATIVES).recip();
        let t = self.g * ln::<FMA>(square.max(LEAST_SQUARE));
        let u = exp::<FMA>(t);
        let bu = shape.b * u;
        let brightness = exp::<FMA>(shape.shift - bu);
        let beta = self.g * bu;

        let [gx, gy] = shape.form.times(x, y);
        let steep = 4.0 * (gx * gx + gy * gy) * inverse * inverse;
        let curved = 2.0 * self.trace * inverse;
        let bend = beta * (beta + 1.0 - self.g);
        let laplacian = fma::<FMA>(steep, bend, -curved * beta);
        let mean = fma::<FMA>(area_24, laplacian, 1.0);

        // The laplacian changes with beta, the square, |grad s|^2 and the trace of the form.
        let by_beta = fma::<FMA>(steep, 2.0 * beta + 1.0 - self.g, -curved);
        let by_square = fma::<FMA>(by_beta, self.g * beta, curved * beta - 2.0 * steep * bend);
        let by_square = brightness * fma::<FMA>(area_24, by_square, -beta * mean);
        let by_gradient = brightness * area_24 * bend * inverse * inverse;
        let by_trace = -2.0 * brightness * area_24 * beta * inverse;

        let mut columns = [0.0; N_COLUMNS];
        columns[0] = brightness * mean;
        columns[1 + LOG_RADIUS] =
            -2.0 * (by_square + by_trace * self.trace) - 16.0 * by_gradient * (gx * gx + gy * gy);
        for k in 0..2 {
            let form = shape.by_shear[k];
            let [dx, dy] = form.times(x, y);
            let relative = (x * dx + y * dy) * inverse;
            let gradient = 8.0 * (gx * dx + gy * dy);
            columns[1 + SHEAR[k]] = fma::<FMA>(
                by_square,
                relative,
                fma::<FMA>(by_gradient, gradient, by_trace * self.by_shear_trace[k]),
            );
        }
        let [hx, hy] = shape.form.times(gx, gy);
        columns[1 + CENTRE[0]] =
            -shape.unit_px * fma::<FMA>(by_square, 2.0 * gx * inverse, 8.0 * by_gradient * hx);
        columns[1 + CENTRE[1]] =
            -shape.unit_px * fma::<FMA>(by_square, 2.0 * gy * inverse, 8.0 * by_gradient * hy);
        let by_index = fma::<FMA>(bu, t, -shape.b_by_log_index * (u - 1.0));
        let beta_by_index = beta * (self.b_change - 1.0 - t);
        let laplacian_by_index = fma::<FMA>(by_beta, beta_by_index, steep * beta * self.g);
        columns[1 + LOG_INDEX] = brightness * fma::<FMA>(by_index, mean, area_24 * laplacian_by_index);
        columns
    }

    /// The brightness at the point.
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: f64, y: f64) -> Columns {
        let shape = &self.shape;
        let square = shape.form.at(x, y);
        let inverse = square.max(LEAST_SQUARE_OF_DERIVATIVES).recip();
        let t = self.g * ln::<FMA>(square.max(LEAST_SQUARE));
        let u = exp::<FMA>(t);
        let bu = shape.b * u;
        let brightness = exp::<FMA>(shape.shift - bu);
        let by_square = -self.g * bu * brightness;
        let over_square = by_square * inverse;
        let [gx, gy] = shape.form.times(x, y);
        let mut columns = [0.0; N_COLUMNS];
        columns[0] = brightness;
        columns[1 + LOG_RADIUS] = -2.0 * by_square;
        for k in 0..2 {
            columns[1 + SHEAR[k]] = over_square * shape.by_shear[k].at(x, y);
        }
        columns[1 + CENTRE[0]] = -2.0 * shape.unit_px * over_square * gx;
        columns[1 + CENTRE[1]] = -2.0 * shape.unit_px * over_square * gy;
        columns[1 + LOG_INDEX] = brightness * fma::<FMA>(bu, t, -shape.b_by_log_index * (u - 1.0));
        columns
    }
}

#[inline(always)]
fn put(block: &mut [[f64; BLOCK]; N_COLUMNS], lane: usize, columns: &Columns) {
    for (into, column) in block.iter_mut().zip(columns) {
        into[lane] = *column;
    }
}

/// A row of pixels: their columns, one after the other in `into`, each as long as the row.
pub(super) struct Row<'a> {
    pub(super) shape: &'a Shape,
    /// The middle of the first pixel \[px\].
    pub(super) first: [f64; 2],
    /// Whether the means of the pixels are wanted rather than the brightness in their middle.
    pub(super) means: bool,
    /// [`N_COLUMNS`] columns of whole blocks: as many pixels as there are.
    pub(super) into: &'a mut [f64],
}

impl Work for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let constants = Constants::new(self.shape);
        let x = self.first[0] - self.shape.centre[0];
        let y = self.first[1] - self.shape.centre[1];
        let length = self.into.len() / N_COLUMNS;
        for start in (0..length).step_by(BLOCK) {
            let mut block = [[0.0; BLOCK]; N_COLUMNS];
            // Two loops: points need none of what means need.
            if self.means {
                for lane in 0..BLOCK {
                    let columns = constants.mean_at::<FMA>(x + (start + lane) as f64, y, 1.0 / 24.0);
                    put(&mut block, lane, &columns);
                }
            } else {
                for lane in 0..BLOCK {
                    let columns = constants.at::<FMA>(x + (start + lane) as f64, y);
                    put(&mut block, lane, &columns);
                }
            }
            for (k, column) in block.iter().enumerate() {
                self.into[k * length + start..][..BLOCK].copy_from_slice(column);
            }
        }
    }
}

/// Points anywhere, or squares of any size about them: their columns, one after the other in `into`.
pub(super) struct Points<'a> {
    pub(super) shape: &'a Shape,
    /// Their coordinates \[px\].
    pub(super) x: &'a [f64],
    pub(super) y: &'a [f64],
    /// The areas of the squares over 24; without them the brightness is that at the points.
    pub(super) areas_24: Option<&'a [f64]>,
    /// [`N_COLUMNS`] columns of so many points, padded to whole blocks.
    pub(super) into: &'a mut [f64],
}

impl Work for Points<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let constants = Constants::new(self.shape);
        let [x0, y0] = self.shape.centre;
        let length = self.into.len() / N_COLUMNS;
        for start in (0..length).step_by(BLOCK) {
            let n = BLOCK.min(self.x.len() - start);
            let (mut x, mut y, mut areas) = ([1.0; BLOCK], [1.0; BLOCK], [0.0; BLOCK]);
            x[..n].copy_from_slice(&self.x[start..start + n]);
            y[..n].copy_from_slice(&self.y[start..start + n]);
            let mut block = [[0.0; BLOCK]; N_COLUMNS];
            if let Some(given) = self.areas_24 {
                areas[..n].copy_from_slice(&given[start..start + n]);
                for lane in 0..BLOCK {
                    let columns = constants.mean_at::<FMA>(x[lane] - x0, y[lane] - y0, areas[lane]);
                    put(&mut block, lane, &columns);
                }
            } else {
                for lane in 0..BLOCK {
                    let columns = constants.at::<FMA>(x[lane] - x0, y[lane] - y0);
                    put(&mut block, lane, &columns);
                }
            }
            for (k, column) in block.iter().enumerate() {
                self.into[k * length + start..][..BLOCK].copy_from_slice(column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::simd::dispatch;

    use super::super::shape::Frame;
    use super::*;

    const FRAME: Frame = Frame { origin: [5.0, 6.0], unit_px: 3.0 };

    /// `ln I_e`'s unit brightness changes with the shape: what is compared is the brightness over the effective one.
    fn columns(parameters: &[f64; N_SHAPE], at: [f64; 2], area: f64) -> Columns {
        let shape = Shape::new(parameters, &FRAME);
        let mut into = [0.0; N_COLUMNS * BLOCK];
        let areas = [area / 24.0];
        let (x, y) = ([at[0]], [at[1]]);
        dispatch(Points {
            shape: &shape,
            x: &x,
            y: &y,
            areas_24: (area > 0.0).then_some(&areas),
            into: &mut into,
        });
        std::array::from_fn(|k| into[k * BLOCK] * shape.log_unit().exp())
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        for n in [0.3_f64, 0.5, 1.0, 4.0, 20.0] {
            let parameters = [2.0, 0.4, -0.3, 0.1, -0.2, n.ln()];
            for at in [[5.5, 6.5], [9.0, 2.0], [20.0, 30.0], [-3.0, 6.2]] {
                for area in [0.0, 1.0, 4.0] {
                    let here = columns(&parameters, at, area);
                    for k in 0..N_SHAPE {
                        let moved = |step: f64| {
                            let mut parameters = parameters;
                            parameters[k] += step;
                            columns(&parameters, at, area)[0]
                        };
                        let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                        let scale = here[0].abs() + expected.abs();
                        assert!(
                            (here[1 + k] - expected).abs() < 3e-6 * scale,
                            "n = {n}, {at:?}, area {area}, parameter {k}: {} not {expected}",
                            here[1 + k]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_is_its_points() {
        let shape = Shape::new(&[2.0, 0.4, -0.3, 0.1, -0.2, 0.9], &FRAME);
        for means in [false, true] {
            let length = 2 * BLOCK;
            let mut row = vec![0.0; N_COLUMNS * length];
            let first = [0.5, 8.5];
            dispatch(Row { shape: &shape, first, means, into: &mut row });
            let x: Vec<f64> = (0..length).map(|i| first[0] + i as f64).collect();
            let (y, areas) = (vec![8.5; length], vec![1.0 / 24.0; length]);
            let mut points = vec![0.0; N_COLUMNS * length];
            let areas_24 = means.then_some(areas.as_slice());
            dispatch(Points { shape: &shape, x: &x, y: &y, areas_24, into: &mut points });
            for (row, points) in row.iter().zip(&points) {
                assert!((row - points).abs() <= 1e-14 * points.abs().max(1.0));
            }
        }
    }
}
