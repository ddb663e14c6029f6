//! How much less a thick disc pulls in its plane than a thin one.

use std::f64::consts::LN_10;
use std::sync::OnceLock;

use libm::j1;

/// Where the pull of a thick disc is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// In its plane.
    InThePlane,
    /// By its own matter: the mean over its height.
    InTheDisc,
}

/// `v_c^2` of an exponential disc of `sech^2(z / z0)` over that of the thin disc, as a function of `x = R / Rd`.
///
/// ```text
/// v_c^2 = (G M / Rd) x * integral over k of k (1 + k^2)^(-3/2) J1(k x) I(k z0 / Rd)
/// ```
///
/// (Casertano 1983, with the factor I of the vertical profile.) In the plane, `I(p)` is the integral of
/// `sech^2(t) exp(-p t)` over positive t. The mean over the disc itself has the profile's correlation with itself in its
/// place: `I(p)` is twice the integral of `(t coth t - 1) / sinh^2(t) exp(-p t)`. Both are 1 for a thin disc. The ratio
/// depends on two numbers only and is tabulated once a process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weakening {
    /// The ratio at the radii of the table.
    ratios: [f64; N_RADII],
}

const N_RADII: usize = 37;
const N_HEIGHTS: usize = 15;

type Table = [[f64; N_RADII]; N_HEIGHTS];

/// The ends of the table in `ln x` and `ln(z0 / Rd)`, evenly filled.
const LOG_RADII: [f64; 2] = [-2.0 * LN_10, LN_10];
const LOG_HEIGHTS: [f64; 2] = [-3.0 * LN_10, 0.0];

/// Steps in k of the quadrature, and where it ends: what is left is some 1e-5 of the speed squared.
const K_STEP: f64 = 0.05;
const N_K: usize = 1200;

impl Weakening {
    /// The ratios of a disc with `height = z0 / Rd`; thinner discs than the table has are thin.
    pub(crate) fn of_height(height: f64, place: Where) -> Self {
        static TABLES: OnceLock<[Table; 2]> = OnceLock::new();
        let tables = TABLES.get_or_init(tabulate);
        let table = match place {
            Where::InThePlane => &tables[0],
            Where::InTheDisc => &tables[1],
        };
        let (row, t) = cell(height.ln(), LOG_HEIGHTS, N_HEIGHTS);
        Self { ratios: std::array::from_fn(|k| table[row][k] + t * (table[row + 1][k] - table[row][k])) }
    }

    /// The ratio at `x = R / Rd`, by a cubic through four nodes (Catmull & Rom 1974).
    pub(crate) fn at(&self, x: f64) -> f64 {
        let (k, t) = cell(x.ln(), LOG_RADII, N_RADII);
        let node = |offset: isize| self.ratios[k.saturating_add_signed(offset).min(N_RADII - 1)];
        let (rise, s) = (node(1) - node(0), 1.0 - t);
        let [left, right] = [0.5 * (node(1) - node(-1)) - rise, rise - 0.5 * (node(2) - node(0))];
        node(0) + t * (rise + s * (s * left + t * right))
    }
}

/// The cell of a value among `n` nodes spread evenly over a range, and where in it the value lies.
fn cell(value: f64, [low, high]: [f64; 2], n: usize) -> (usize, f64) {
    let place = ((value - low) / (high - low) * (n - 1) as f64).max(0.0);
    let cell = (place as usize).min(n - 2);
    (cell, (place - cell as f64).min(1.0))
}

fn node(k: usize, [low, high]: [f64; 2], n: usize) -> f64 {
    (low + (high - low) * k as f64 / (n - 1) as f64).exp()
}

fn tabulate() -> [Table; 2] {
    let k = |step: usize| K_STEP * step as f64;
    let correlation = correlation();
    let losses_of = |factor: &dyn Fn(f64) -> f64| -> Vec<Vec<f64>> {
        (0..N_HEIGHTS)
            .map(|row| {
                let height = node(row, LOG_HEIGHTS, N_HEIGHTS);
                (1..=N_K).map(|step| 1.0 - factor(k(step) * height)).collect()
            })
            .collect()
    };
    let losses = [losses_of(&plane_factor), losses_of(&|p| disc_factor(p, &correlation))];
    let mut tables = [[[0.0; N_RADII]; N_HEIGHTS]; 2];
    for column in 0..N_RADII {
        let x = node(column, LOG_RADII, N_RADII);
        // Simpson's rule; at k = 0 there is nothing.
        let integrand: Vec<f64> = (1..=N_K)
            .map(|step| {
                let simpson = if step == N_K {
                    1.0
                } else if step % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                simpson * K_STEP / 3.0 * k(step) * (1.0 + k(step) * k(step)).powf(-1.5) * j1(k(step) * x)
            })
            .collect();
        let thin = thin_disc(x);
        for (table, losses) in tables.iter_mut().zip(&losses) {
            for (row, loss) in losses.iter().enumerate() {
                let lost: f64 = integrand.iter().zip(loss).map(|(value, loss)| value * loss).sum();
                table[row][column] = 1.0 - x * lost / thin;
            }
        }
    }
    tables
}

/// Steps of the profile's correlation with itself, and how many there are.
const CORRELATION_STEP: f64 = 0.05;
const N_CORRELATION: usize = 240;

/// The part of the loss that is known: beyond this `p` a series is used.
const LARGE_P: f64 = 20.0;

/// `2 (t coth t - 1) / sinh^2(t)` in steps of t, weighted by Simpson's rule.
fn correlation() -> Vec<f64> {
    (0..=N_CORRELATION)
        .map(|k| {
            let t = CORRELATION_STEP * k as f64;
            let simpson = if k == 0 || k == N_CORRELATION {
                1.0
            } else if k % 2 == 1 {
                4.0
            } else {
                2.0
            };
            let value = if t < 0.2 {
                let square = t * t;
                2.0 / 3.0 - square * (4.0 / 15.0 - square * 4.0 / 63.0)
            } else {
                2.0 * (t / t.tanh() - 1.0) / t.sinh().powi(2)
            };
            CORRELATION_STEP / 3.0 * simpson * value
        })
        .collect()
}

/// The vertical factor of the mean over the disc.
fn disc_factor(p: f64, correlation: &[f64]) -> f64 {
    if p > LARGE_P {
        return 2.0 / (3.0 * p) - 8.0 / (15.0 * p.powi(3));
    }
    let (ratio, mut power, mut sum) = ((-p * CORRELATION_STEP).exp(), 1.0, 0.0);
    for value in correlation {
        sum += value * power;
        power *= ratio;
    }
    sum
}

/// `v_c^2 Rd / (G M)` of the thin disc.
fn thin_disc(x: f64) -> f64 {
    let bessel = crate::bessel::ModifiedBessel::at(0.5 * x);
    0.5 * x * x * (bessel.i0 * bessel.k0 - bessel.i1 * bessel.k1)
}

/// The vertical factor in the plane: `I(p) = (p / 2) [psi(p / 4 + 1 / 2) - psi(p / 4)] - 1`, psi being the digamma function.
fn plane_factor(p: f64) -> f64 {
    // Both functions are moved to arguments where their asymptotic series holds.
    let series = |x: f64| {
        let y = 1.0 / (x * x);
        x.ln() - 0.5 / x - y * (1.0 / 12.0 - y * (1.0 / 120.0 - y / 252.0))
    };
    let x = 0.25 * p;
    let (mut difference, mut low) = (0.0, x);
    while low < 10.0 {
        difference += 0.5 / (low * (low + 0.5));
        low += 1.0;
    }
    0.5 * p * (difference + series(low + 0.5) - series(low)) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vertical_factor_is_its_integral() {
        for p in [0.01, 0.5, 3.0, 40.0] {
            // Simpson's rule over t from 0 to 20.
            let step = 1e-3;
            let integrand = |k: u32| {
                let t = step * f64::from(k);
                (-p * t).exp() / t.cosh().powi(2)
            };
            let inner: f64 = (1..20_000).map(|k| integrand(k) * if k % 2 == 1 { 4.0 } else { 2.0 }).sum();
            let expected = step / 3.0 * (integrand(0) + inner + integrand(20_000));
            assert!((plane_factor(p) / expected - 1.0).abs() < 1e-8, "{p}: {}", plane_factor(p));
        }
    }

    #[test]
    fn the_factor_of_the_disc_is_the_mean_over_two_heights() {
        let correlation = correlation();
        assert!((disc_factor(0.0, &correlation) - 1.0).abs() < 1e-5);
        for p in [0.3, 2.0, 19.0, 21.0] {
            // Heights in steps of equal mass.
            let heights: Vec<f64> =
                (0..1000).map(|k| ((2.0 * f64::from(k) + 1.0) / 1000.0 - 1.0).atanh()).collect();
            let mean: f64 = heights
                .iter()
                .map(|a| heights.iter().map(|b| (-p * (a - b).abs()).exp()).sum::<f64>())
                .sum::<f64>()
                / 1e6;
            let found = disc_factor(p, &correlation);
            assert!((found / mean - 1.0).abs() < 0.01, "{p}: {found} {mean}");
        }
    }

    #[test]
    fn the_ratio_is_that_of_rings_added_up() {
        // The pull of a thick disc by brute force: rings of points in the plane z of the source, x = 1, z0 / Rd = 0.3.
        let (x, height) = (1.0, 0.3);
        let mut pull = 0.0;
        let [n_r, n_phi, n_z] = [300, 200, 40];
        for i in 0..n_r {
            let r = 12.0 * (f64::from(i) + 0.5) / f64::from(n_r);
            let mass = r * (-r).exp() * 12.0 / f64::from(n_r);
            for j in 0..n_z {
                let z = height * ((f64::from(j) + 0.5) / f64::from(n_z)).atanh();
                for k in 0..n_phi {
                    let phi = std::f64::consts::PI * (f64::from(k) + 0.5) / f64::from(n_phi);
                    let along = x - r * phi.cos();
                    let distance_squared = along * along + (r * phi.sin()).powi(2) + z * z;
                    pull += mass * along / distance_squared.powf(1.5) / f64::from(n_z * n_phi);
                }
            }
        }
        let found = Weakening::of_height(height, Where::InThePlane).at(x) * thin_disc(x);
        assert!((found / (x * pull) - 1.0).abs() < 5e-3, "{found} {}", x * pull);
    }

    #[test]
    fn thin_discs_are_thin_and_far_ones_points() {
        let thin = Weakening::of_height(1e-3, Where::InTheDisc);
        assert!([0.1, 1.0, 9.0].iter().all(|&x| (thin.at(x) - 1.0).abs() < 0.02));
        assert!((Weakening::of_height(0.5, Where::InThePlane).at(1e3) - 1.0).abs() < 0.03);
        assert_eq!(Weakening::of_height(1e-9, Where::InTheDisc), thin);
    }
}
