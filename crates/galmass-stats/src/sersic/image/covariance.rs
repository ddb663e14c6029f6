//! From the parameters of the search and their covariance to those that are reported.

use std::f64::consts::FRAC_PI_2;

use statrs::function::gamma::digamma;

use super::super::levenberg_marquardt::invert;
use super::search::Found;
use super::shape::{CENTRE, LOG_INDEX, LOG_RADIUS, N_SHAPE, SHEAR, Shape};
use super::sums::N_ALL;

/// Reported parameters: I_e, R_e, n, q, position angle, x, y and sky, and the total flux, which follows from them.
const N_REPORTED: usize = N_ALL + 1;

/// Where the reported stand.
pub(super) const BRIGHTNESS: usize = 0;
pub(super) const RADIUS: usize = 1;
pub(super) const INDEX: usize = 2;
pub(super) const AXIS_RATIO: usize = 3;
pub(super) const ANGLE: usize = 4;
pub(super) const X: usize = 5;
pub(super) const Y: usize = 6;
pub(super) const SKY: usize = 7;
pub(super) const FLUX: usize = 8;

/// Values in the order of the constants above, and their covariance.
pub(super) struct Reported {
    pub(super) values: [f64; N_REPORTED],
    pub(super) covariance: Option<[[f64; N_REPORTED]; N_REPORTED]>,
}

impl Reported {
    /// From the end of a search; `scale` multiplies the covariance, `flux` is the total flux.
    pub(super) fn new(found: &Found, free: [bool; N_SHAPE], free_sky: bool, flux: f64, scale: f64) -> Self {
        let shape = found.shape();
        let parameters = &found.minimum.parameters;
        let shear = SHEAR.map(|i| parameters[i]);
        let log = shear[0].hypot(shear[1]);
        let radius = (parameters[LOG_RADIUS] + 0.5 * log).exp();
        let ratio = (-log).exp();
        let angle = 0.5 * shear[1].atan2(shear[0]);
        // Of the two ends of the same axis.
        let angle = if angle <= -FRAC_PI_2 { FRAC_PI_2 } else { angle };
        let [x, y] = shape.centre;
        let index = shape.index;
        let values = [found.linear.amplitude, radius, index, ratio, angle, x, y, found.linear.sky, flux];

        // By (ln I_e, the six of the shape, sky): in this order the sums have them.
        let sky = N_ALL - 1;
        let mut by = [[0.0; N_ALL]; N_REPORTED];
        let of = |i: usize| 1 + i;
        by[BRIGHTNESS][0] = found.linear.amplitude;
        by[RADIUS][of(LOG_RADIUS)] = radius;
        by[INDEX][of(LOG_INDEX)] = index;
        // A round galaxy may become long in any direction; its angle is unknown.
        let along = if log > 0.0 { shear.map(|part| part / log) } else { [1.0, 0.0] };
        let across = if log > 0.0 { [-along[1] / log, along[0] / log] } else { [f64::NAN; 2] };
        for k in 0..2 {
            by[RADIUS][of(SHEAR[k])] = 0.5 * radius * along[k];
            by[AXIS_RATIO][of(SHEAR[k])] = -ratio * along[k];
            by[ANGLE][of(SHEAR[k])] = 0.5 * across[k];
        }
        by[X][of(CENTRE[0])] = shape.unit_px;
        by[Y][of(CENTRE[1])] = shape.unit_px;
        by[SKY][sky] = 1.0;
        by[FLUX][0] = flux;
        by[FLUX][of(LOG_RADIUS)] = 2.0 * flux;
        by[FLUX][of(LOG_INDEX)] = flux * flux_by_log_index(&shape);

        let covariance = invert_all(found, free, free_sky).map(|inner| {
            std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let mut sum = 0.0;
                    // Held parameters have no covariance: not even 0 times theirs may enter.
                    for k in (0..N_ALL).filter(|&k| by[i][k] != 0.0) {
                        for l in (0..N_ALL).filter(|&l| by[j][l] != 0.0) {
                            sum += by[i][k] * inner[k][l] * by[j][l];
                        }
                    }
                    scale * sum
                })
            })
        });
        Self { values, covariance }
    }
}

/// The covariance by (ln I_e, shape, sky), NaN where held.
fn invert_all(found: &Found, free: [bool; N_SHAPE], free_sky: bool) -> Option<[[f64; N_ALL]; N_ALL]> {
    let unit = found.linear.amplitude * found.shape().log_unit().exp();
    let of_sky = N_ALL - 1;
    let scale = |i: usize| if i == of_sky { 1.0 } else { unit };
    let curvature =
        std::array::from_fn(|i| std::array::from_fn(|j| found.sums.product(i, j) * scale(i) * scale(j)));
    let mut all = [true; N_ALL];
    all[1..=N_SHAPE].copy_from_slice(&free);
    all[of_sky] = free_sky;
    invert(&curvature, all)
}

/// `d ln L / d ln n` of the total flux `2 pi n R_e^2 q I_e e^b b^(-2n) Gamma(2n)`.
fn flux_by_log_index(shape: &Shape) -> f64 {
    let (n, b, change) = (shape.index, shape.b, shape.b_by_log_index);
    1.0 + change - 2.0 * n * b.ln() - 2.0 * n * change / b + 2.0 * n * digamma(2.0 * n)
}
