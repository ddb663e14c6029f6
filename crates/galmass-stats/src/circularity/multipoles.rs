//! The potential of the mass averaged over azimuth, in even Legendre polynomials of the angle to the spin axis.
//!
//! Summed shell by shell, the potential at the radius R is
//!
//! ```text
//! Phi(R, mu) = -G/R sum_l P_l(mu) (A_l + B_l) ,   A_l = sum_{r<R} m (r/R)^l P_l(mu_i) ,
//! B_l = sum_{r>R} m (R/r)^(l+1) P_l(mu_i)
//! ```
//!
//! and the square of the circular velocity in the midplane `G/R sum_l P_l(0) ((l + 1) A_l - l B_l)` (Binney & Tremaine
//! 2008, section 2.4). Odd orders have no part in the midplane: above and below count alike.

use galmass_core::simd::{Work, dispatch, fma};
use galmass_core::units::GRAVITATIONAL_CONSTANT;
use galmass_core::{Component, Galaxy, Particles};

use super::cells::{N_SHELLS, edge_squared, shell_of};
use super::config::LAST_MULTIPOLE;

/// Even orders from 0 on, at most.
const MAX_ORDERS: usize = LAST_MULTIPOLE / 2 + 1;
/// Particles whose polynomials are computed together.
const LANES: usize = 16;

/// `P_{l+2} = (scale x^2 - shift) P_l - back P_{l-2}`.
#[derive(Clone, Copy, Debug)]
struct Step {
    scale: f64,
    shift: f64,
    back: f64,
}

/// The steps from each even order to the next.
fn steps(n_orders: usize) -> Vec<Step> {
    let step = |k: usize| {
        let l = 2.0 * k as f64;
        let up = (l + 1.0) * (l + 2.0) / ((2.0 * l + 1.0) * (2.0 * l + 3.0));
        let down = l * (l - 1.0) / ((2.0 * l + 1.0) * (2.0 * l - 1.0));
        let stay = ((l + 1.0) * (l + 1.0) / (2.0 * l + 3.0) + l * l / (2.0 * l - 1.0)) / (2.0 * l + 1.0);
        Step { scale: up.recip(), shift: stay / up, back: down / up }
    };
    (0..n_orders).map(step).collect()
}

/// The multipoles of a galaxy at the radii between the shells.
pub(super) struct Multipoles {
    n_orders: usize,
    steps: Vec<Step>,
    /// `-G/R (A_l + B_l)` at the inner radius of each shell, the orders of one radius together; at the centre
    /// what is at the first radius.
    potentials: Vec<f64>,
    /// The squares of the circular velocities in the midplane at the inner radius of each shell.
    pub(super) squares: Vec<f64>,
}

impl Multipoles {
    /// Expands the potential of all particles about an axis, a unit vector, up to an even order.
    pub(super) fn new(galaxy: &Galaxy, axis: [f64; 3], max_multipole: usize) -> Self {
        let n_orders = (max_multipole / 2 + 1).min(MAX_ORDERS);
        let steps = steps(n_orders);
        let mut inside = vec![0.0; N_SHELLS * n_orders];
        let mut outside = inside.clone();
        for component in Component::ALL {
            let particles = galaxy.component(component);
            let (inside, outside) = (&mut inside, &mut outside);
            dispatch(Expand { particles, axis, n_orders, steps: &steps, inside, outside });
        }

        // From radius to radius, outwards what is inside, inwards what is outside.
        let ratio = |shell: usize| edge_squared(shell - 1) / edge_squared(shell);
        for shell in 2..N_SHELLS {
            let (before, here) = inside.split_at_mut((shell - 1) * n_orders);
            let (last, ratio) = (&before[(shell - 2) * n_orders..], ratio(shell));
            let mut power = 1.0;
            for (sum, last) in here.iter_mut().zip(last) {
                *sum += power * last;
                power *= ratio;
            }
        }
        for shell in (1..N_SHELLS - 1).rev() {
            let (here, after) = outside.split_at_mut((shell + 1) * n_orders);
            let (here, ratio) = (&mut here[shell * n_orders..], ratio(shell + 1));
            let mut power = ratio.sqrt();
            for (sum, next) in here.iter_mut().zip(after) {
                *sum += power * *next;
                power *= ratio;
            }
        }

        let mut multipoles = Self {
            n_orders,
            steps,
            potentials: vec![0.0; N_SHELLS * n_orders],
            squares: vec![0.0; N_SHELLS],
        };
        let midplane = multipoles.polynomials(0.0);
        for shell in 1..N_SHELLS {
            let scale = GRAVITATIONAL_CONSTANT / edge_squared(shell).sqrt();
            for (k, legendre) in midplane.iter().enumerate().take(n_orders) {
                let (a, b) = (inside[(shell - 1) * n_orders + k], outside[shell * n_orders + k]);
                let l = 2.0 * k as f64;
                multipoles.potentials[shell * n_orders + k] = -scale * (a + b);
                multipoles.squares[shell] += scale * legendre * ((l + 1.0) * a - l * b);
            }
        }
        multipoles.potentials.copy_within(n_orders..2 * n_orders, 0);
        multipoles
    }

    fn polynomials(&self, cosine: f64) -> [f64; MAX_ORDERS] {
        let mut values = [0.0; MAX_ORDERS];
        let (mut last, mut here) = (0.0, 1.0);
        for (value, step) in values.iter_mut().zip(&self.steps) {
            *value = here;
            (last, here) = (here, (step.scale * cosine * cosine - step.shift) * here - step.back * last);
        }
        values
    }

    /// The potential in the midplane \[(km/s)^2\] at the inner radius of a shell.
    pub(super) fn midplane(&self, shell: usize) -> f64 {
        let terms = &self.potentials[shell * self.n_orders..][..self.n_orders];
        terms.iter().zip(self.polynomials(0.0)).map(|(term, legendre)| term * legendre).sum()
    }

    /// The potentials at the positions of the particles \[(km/s)^2\].
    pub(super) fn at(&self, particles: &Particles, axis: [f64; 3]) -> Vec<f64> {
        let mut values = vec![0.0; particles.len()];
        dispatch(Evaluate {
            multipoles: self,
            positions: particles.positions_kpc(),
            axis,
            values: &mut values,
        });
        values
    }
}

struct Expand<'a> {
    particles: &'a Particles,
    axis: [f64; 3],
    n_orders: usize,
    steps: &'a [Step],
    inside: &'a mut [f64],
    outside: &'a mut [f64],
}

impl Work for Expand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { n_orders, steps, .. } = self;
        let mut terms = [[[0.0; LANES]; 2]; MAX_ORDERS];
        let blocks =
            self.particles.positions_kpc().chunks(LANES).zip(self.particles.masses_msun().chunks(LANES));
        for (positions, masses) in blocks {
            let mut cosines = [0.0; LANES];
            let (mut inner, mut outer) = ([0.0; LANES], [0.0; LANES]);
            let (mut grow, mut fall) = ([0.0; LANES], [0.0; LANES]);
            let mut shells = [0; LANES];
            for (lane, (x, &mass)) in positions.iter().zip(masses).enumerate() {
                let square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
                let height = x[0] * self.axis[0] + x[1] * self.axis[1] + x[2] * self.axis[2];
                let shell = shell_of(square);
                let (below, above) = (edge_squared(shell), edge_squared(shell + 1));
                shells[lane] = shell;
                cosines[lane] = if square > 0.0 { height * height / square } else { 0.0 };
                grow[lane] = square / above;
                // Outside the first shell nothing asks for what lies in it, and 1/r has no end there.
                fall[lane] = if shell > 0 { below / square } else { 0.0 };
                inner[lane] = mass;
                outer[lane] = mass * fall[lane].sqrt();
            }
            let (mut last, mut here) = ([0.0; LANES], [1.0; LANES]);
            for (step, [into, beyond]) in steps.iter().zip(&mut terms) {
                for lane in 0..LANES {
                    into[lane] = inner[lane] * here[lane];
                    beyond[lane] = outer[lane] * here[lane];
                    inner[lane] *= grow[lane];
                    outer[lane] *= fall[lane];
                    let factor = fma::<FMA>(step.scale, cosines[lane], -step.shift);
                    let next = fma::<FMA>(factor, here[lane], -step.back * last[lane]);
                    last[lane] = here[lane];
                    here[lane] = next;
                }
            }
            for (lane, &shell) in shells.iter().enumerate().take(masses.len()) {
                let row = shell * n_orders..(shell + 1) * n_orders;
                let rows = self.inside[row.clone()].iter_mut().zip(&mut self.outside[row]);
                for ((inside, outside), [into, beyond]) in rows.zip(&terms) {
                    *inside += into[lane];
                    *outside += beyond[lane];
                }
            }
        }
    }
}

struct Evaluate<'a> {
    multipoles: &'a Multipoles,
    positions: &'a [[f64; 3]],
    axis: [f64; 3],
    values: &'a mut [f64],
}

impl Work for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Multipoles { n_orders, ref steps, ref potentials, .. } = *self.multipoles;
        let mut legendre = [[0.0; LANES]; MAX_ORDERS];
        for (positions, values) in self.positions.chunks(LANES).zip(self.values.chunks_mut(LANES)) {
            let (mut cosines, mut within) = ([0.0; LANES], [0.0; LANES]);
            let mut shells = [0; LANES];
            for (lane, x) in positions.iter().enumerate() {
                let square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
                let height = x[0] * self.axis[0] + x[1] * self.axis[1] + x[2] * self.axis[2];
                let shell = shell_of(square);
                shells[lane] = shell;
                cosines[lane] = if square > 0.0 { height * height / square } else { 0.0 };
                // Straight lines in 1/r, as potentials are where no mass is; to 0 behind the last radius.
                let (below, above) = (edge_squared(shell).sqrt(), edge_squared(shell + 1).sqrt());
                let next = if shell + 1 < N_SHELLS { below / above } else { 0.0 };
                let here = if shell > 0 { below / square.sqrt() } else { 1.0 };
                within[lane] = (1.0 - here) / (1.0 - next);
            }
            let (mut last, mut here) = ([0.0; LANES], [1.0; LANES]);
            for (step, legendre) in steps.iter().zip(&mut legendre) {
                for lane in 0..LANES {
                    legendre[lane] = here[lane];
                    let factor = fma::<FMA>(step.scale, cosines[lane], -step.shift);
                    let next = fma::<FMA>(factor, here[lane], -step.back * last[lane]);
                    last[lane] = here[lane];
                    here[lane] = next;
                }
            }
            for (lane, value) in values.iter_mut().enumerate() {
                let below = &potentials[shells[lane] * n_orders..][..n_orders];
                let above = potentials.get((shells[lane] + 1) * n_orders..).unwrap_or_default();
                let mut sums = [0.0; 2];
                for (k, (term, legendre)) in below.iter().zip(&legendre).enumerate() {
                    sums[0] = fma::<FMA>(*term, legendre[lane], sums[0]);
                    sums[1] = fma::<FMA>(above.get(k).copied().unwrap_or(0.0), legendre[lane], sums[1]);
                }
                *value = sums[0] + within[lane] * (sums[1] - sums[0]);
            }
        }
    }
}
