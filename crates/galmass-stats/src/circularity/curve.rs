//! Circular orbits: their speed, potential, energy and angular momentum by radius.

use galmass_core::simd::{Work, dispatch};
use galmass_core::units::GRAVITATIONAL_CONSTANT;

use super::lookup::Lookup;
use crate::StatsError;

/// Inside the first radius `J_c` is followed down to this fraction of its first value.
const CORE: f64 = 1.0 / 16.0;
/// Beyond the last radius `J_c` is followed up to this multiple of its last value.
const BEYOND: f64 = 64.0;

/// The circular orbits of a potential, and the inverse that circularities need: the angular momentum `J_c` of the
/// circular orbit of an energy.
///
/// Of each radius \[kpc\] it knows the circular velocity \[km/s\] and the potential \[(km/s)^2\], so that `E = v_c^2
/// / 2 + Phi` and `J_c = r v_c`. On circular orbits `dE / dJ_c = v_c / r`: the slopes are known too, and a monotonic
/// cubic (Fritsch & Carlson 1980) of `ln J_c` goes through all points with them. Inside the first radius the density
/// counts as uniform, beyond the last all mass as inside: both continue `J_c` with its slope. Radii that do not raise
/// both `E` and `J_c`, as noise has it, are left out.
///
/// ```
/// use galmass_core::units::GRAVITATIONAL_CONSTANT;
/// use galmass_stats::CircularOrbitCurve;
///
/// // Around a point mass J_c = G M / sqrt(-2 E).
/// let gm = GRAVITATIONAL_CONSTANT * 1.0e10;
/// let radii: Vec<f64> = (0..100).map(|i| 0.1 * 1.1_f64.powi(i)).collect();
/// let curve = CircularOrbitCurve::from_functions(&radii, |r| (gm / r).sqrt(), |r| -gm / r)?;
/// let energy = -0.5 * gm / 5.0;
/// assert!((curve.angular_momentum(energy) / (gm * 5.0).sqrt() - 1.0).abs() < 1e-6);
/// assert_eq!(curve.angular_momentum(0.1), f64::INFINITY);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CircularOrbitCurve {
    radii_kpc: Vec<f64>,
    velocities_km_s: Vec<f64>,
    potentials_km2_s2: Vec<f64>,
    lookup: Lookup,
}

impl CircularOrbitCurve {
    /// Makes the curve from circular velocities \[km/s\] and potentials \[(km/s)^2\] at increasing radii \[kpc\].
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] for columns of unlike length, [`StatsError::OutOfRange`] for radii that do not
    /// increase from above 0, and where at no radius the velocity is above 0.
    pub fn from_samples(
        radii_kpc: &[f64],
        velocities_km_s: &[f64],
        potentials_km2_s2: &[f64],
    ) -> Result<Self, StatsError> {
        let expected = radii_kpc.len();
        for (column, found) in
            [("circular velocities", velocities_km_s.len()), ("potentials", potentials_km2_s2.len())]
        {
            if found != expected {
                return Err(StatsError::LengthMismatch { column, expected, found });
            }
        }
        check_radii(radii_kpc)?;
        let samples = radii_kpc.iter().zip(velocities_km_s).zip(potentials_km2_s2);
        let curve = Self::through(samples.map(|((&r, &v), &phi)| [r, v, phi]));
        curve.ok_or(StatsError::OutOfRange {
            name: "circular velocity",
            value: velocities_km_s.first().copied().unwrap_or(f64::NAN),
            range: "above 0 at any radius",
        })
    }

    /// Makes the curve from functions of the radius \[kpc\]: the circular velocity \[km/s\] and the potential
    /// \[(km/s)^2\].
    ///
    /// # Errors
    /// Those of [`Self::from_samples`].
    pub fn from_functions(
        radii_kpc: &[f64],
        velocity: impl Fn(f64) -> f64,
        potential: impl Fn(f64) -> f64,
    ) -> Result<Self, StatsError> {
        let at = |f: &dyn Fn(f64) -> f64| radii_kpc.iter().map(|&r| f(r)).collect::<Vec<_>>();
        Self::from_samples(radii_kpc, &at(&velocity), &at(&potential))
    }

    /// Makes the curve of a spherical galaxy from the mass \[Msun\] inside each of increasing radii \[kpc\]: between
    /// two of them it grows as a power of the radius, beyond the last no more, and the potential is 0 far away.
    ///
    /// # Errors
    /// Those of [`Self::from_samples`].
    pub fn from_enclosed_mass(radii_kpc: &[f64], masses_msun: &[f64]) -> Result<Self, StatsError> {
        let (expected, found) = (radii_kpc.len(), masses_msun.len());
        if expected != found {
            return Err(StatsError::LengthMismatch { column: "enclosed masses", expected, found });
        }
        let squares: Vec<f64> =
            radii_kpc.iter().zip(masses_msun).map(|(r, mass)| GRAVITATIONAL_CONSTANT * mass / r).collect();
        let velocities: Vec<f64> = squares.iter().map(|square| square.sqrt()).collect();
        let mut potentials: Vec<f64> = squares.iter().map(|square| -square).collect();
        // The integral of v^2 = r dPhi/dr, a power of r, from one radius to the next.
        for i in (0..expected.saturating_sub(1)).rev() {
            let (low, high, span) = (squares[i], squares[i + 1], (radii_kpc[i + 1] / radii_kpc[i]).ln());
            let growth = (high / low).ln();
            let mean = if growth.abs() < 1e-6 { 0.5 * (low + high) } else { (high - low) / growth };
            let mean = if mean.is_finite() { mean } else { 0.5 * (low + high) };
            potentials[i] = potentials[i + 1] - mean * span;
        }
        Self::from_samples(radii_kpc, &velocities, &potentials)
    }

    /// The curve through points `[radius, velocity, potential]`, or `None` where none is of use.
    pub(super) fn through(points: impl Iterator<Item = [f64; 3]>) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        for point in points {
            let node = Node::new(point);
            let rises = nodes.last().is_none_or(|last| {
                // By more than rounding, or no slope could be told.
                node.energy - last.energy > 1e-12 * last.energy.abs()
                    && node.angular_momentum > last.angular_momentum
            });
            if node.is_of_use() && rises {
                nodes.push(node);
            }
        }
        let lookup = invert(&nodes)?;
        Some(Self {
            radii_kpc: nodes.iter().map(|node| node.radius).collect(),
            velocities_km_s: nodes.iter().map(|node| node.velocity).collect(),
            potentials_km2_s2: nodes.iter().map(|node| node.potential).collect(),
            lookup,
        })
    }

    /// The radii \[kpc\] of the orbits that were kept.
    pub fn radii_kpc(&self) -> &[f64] {
        &self.radii_kpc
    }

    /// Their circular velocities \[km/s\].
    pub fn velocities_km_s(&self) -> &[f64] {
        &self.velocities_km_s
    }

    /// Their potentials \[(km/s)^2\].
    pub fn potentials_km2_s2(&self) -> &[f64] {
        &self.potentials_km2_s2
    }

    /// The energy \[(km/s)^2\] from which on no orbit is bound, were all mass inside the last radius.
    pub fn escape_energy_km2_s2(&self) -> f64 {
        self.lookup.escape()
    }

    /// The angular momentum \[kpc km/s\] of the circular orbit of an energy \[(km/s)^2\]; infinite where no orbit is
    /// bound and for NaN. Deeper than the middle of the core it is a sixteenth of that at the first radius.
    pub fn angular_momentum(&self, energy_km2_s2: f64) -> f64 {
        self.lookup.inverse::<false>(energy_km2_s2).recip()
    }

    /// The circularities of orbits of the given energies \[(km/s)^2\] and angular momenta about the axis \[kpc
    /// km/s\]; 0 where the energy is not bound.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] where there are not as many of one as of the other.
    pub fn circularities(
        &self,
        energies_km2_s2: &[f64],
        angular_momenta_kpc_km_s: &[f64],
    ) -> Result<Vec<f64>, StatsError> {
        let (expected, found) = (energies_km2_s2.len(), angular_momenta_kpc_km_s.len());
        if expected != found {
            return Err(StatsError::LengthMismatch { column: "angular momenta", expected, found });
        }
        let mut values = vec![0.0; expected];
        dispatch(Divide {
            lookup: &self.lookup,
            energies: energies_km2_s2,
            momenta: angular_momenta_kpc_km_s,
            values: &mut values,
        });
        Ok(values)
    }

    pub(super) fn lookup(&self) -> &Lookup {
        &self.lookup
    }
}

struct Divide<'a> {
    lookup: &'a Lookup,
    energies: &'a [f64],
    momenta: &'a [f64],
    values: &'a mut [f64],
}

impl Work for Divide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for ((value, &energy), momentum) in self.values.iter_mut().zip(self.energies).zip(self.momenta) {
            *value = momentum * self.lookup.inverse::<FMA>(energy);
        }
    }
}

fn check_radii(radii: &[f64]) -> Result<(), StatsError> {
    let mut last = 0.0;
    for &value in radii {
        if !(value > last && value.is_finite()) {
            return Err(StatsError::OutOfRange {
                name: "radii_kpc",
                value,
                range: "above the one before it",
            });
        }
        last = value;
    }
    Ok(())
}

/// One circular orbit.
#[derive(Clone, Copy, Debug)]
struct Node {
    radius: f64,
    velocity: f64,
    potential: f64,
    energy: f64,
    angular_momentum: f64,
}

impl Node {
    fn new([radius, velocity, potential]: [f64; 3]) -> Self {
        let energy = 0.5 * velocity * velocity + potential;
        Self { radius, velocity, potential, energy, angular_momentum: radius * velocity }
    }

    fn is_of_use(&self) -> bool {
        self.velocity > 0.0 && self.energy.is_finite() && self.angular_momentum.is_normal()
    }
}

/// The cells of the inverse of a curve, or `None` without orbits.
fn invert(nodes: &[Node]) -> Option<Lookup> {
    let (&inner, &outer) = (nodes.first()?, nodes.last()?);
    let square = |node: Node| node.velocity * node.velocity;
    let (bottom, escape) = (inner.potential - 0.5 * square(inner), outer.potential + square(outer));
    let well = escape - bottom;
    let to_u = |energy: f64| (energy - bottom) / (escape - energy);

    // ln J against ln u, with the slopes that dE / dJ = v / r gives.
    let points: Vec<[f64; 3]> = nodes
        .iter()
        .map(|node| {
            let u = to_u(node.energy);
            let slope = well * u / ((1.0 + u) * (1.0 + u)) / square(*node);
            [u.ln(), node.angular_momentum.ln(), slope]
        })
        .collect();
    if points.iter().flatten().any(|value| !value.is_finite()) {
        return None;
    }

    let (first, last) = (to_u(inner.energy), to_u(outer.energy));
    let mut segment = 0;
    let inverse = |u: f64| {
        let (momentum, slope) = if u <= first {
            // J grows as E above the bottom.
            (inner.angular_momentum * (u / first) * (1.0 + first) / (1.0 + u), 1.0 / (1.0 + u))
        } else if u >= last {
            // J falls as the square root of the depth.
            (outer.angular_momentum * ((1.0 + u) / (1.0 + last)).sqrt(), 0.5 * u / (1.0 + u))
        } else {
            let x = u.ln();
            while segment + 2 < points.len() && points[segment + 1][0] < x {
                segment += 1;
            }
            let [log, slope] = monotonic_cubic(points[segment], points[segment + 1], x);
            (log.exp(), slope)
        };
        [momentum.recip(), -slope / (u * momentum)]
    };
    let ends = [to_u(bottom + CORE * square(inner)), BEYOND * BEYOND * (1.0 + last)];
    Some(Lookup::new(bottom, escape, ends, inverse))
}

/// The value and the slope at `x` of the cubic between two points `[x, y, slope]`, its slopes limited so that it never
/// falls.
fn monotonic_cubic([x0, y0, m0]: [f64; 3], [x1, y1, m1]: [f64; 3], x: f64) -> [f64; 2] {
    let width = x1 - x0;
    let secant = (y1 - y0) / width;
    let (m0, m1) = (m0.min(3.0 * secant), m1.min(3.0 * secant));
    let t = (x - x0) / width;
    let (c2, c3) = (3.0 * secant - 2.0 * m0 - m1, m0 + m1 - 2.0 * secant);
    [y0 + width * t * (m0 + t * (c2 + t * c3)), m0 + t * (2.0 * c2 + 3.0 * t * c3)]
}
