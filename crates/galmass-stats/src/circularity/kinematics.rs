//! Passes over the stars: their angular momentum, and their circularities by a curve.

use galmass_core::Particles;
use galmass_core::simd::{Work, dispatch};

use super::Aperture;
use super::lookup::Lookup;

/// Stars that are looked at together.
const BLOCK: usize = 256;
/// Sums side by side, so that their order, and every bit, is the same on each machine.
const LANES: usize = 8;
/// A total this much smaller than what circular orbits of the same radii and speeds would have is rounding.
const CANCELLED: f64 = 1e-12;

/// The total angular momentum \[Msun kpc km/s\] of the stars inside an aperture, or `None` where it is no more than the
/// rounding of radial orbits, or of orbits that cancel.
pub(super) fn angular_momentum(stars: &Particles, aperture: Aperture) -> Option<[f64; 3]> {
    let (momentum, largest) = dispatch(Turn { stars, aperture });
    (crate::radius(&momentum) > CANCELLED * largest).then_some(momentum)
}

struct Turn<'a> {
    stars: &'a Particles,
    aperture: Aperture,
}

impl Work for Turn<'_> {
    type Output = ([f64; 3], f64);

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let mut sums = [[0.0; LANES]; 4];
        let pairs = self.stars.positions_kpc().chunks(LANES).zip(self.stars.velocities_km_s().chunks(LANES));
        for ((positions, velocities), masses) in pairs.zip(self.stars.masses_msun().chunks(LANES)) {
            for (lane, ((x, v), &mass)) in positions.iter().zip(velocities).zip(masses).enumerate() {
                let mass = if self.aperture.holds(x) { mass } else { 0.0 };
                let [a, b, c] = cross(x, v);
                let squares =
                    (x[0] * x[0] + x[1] * x[1] + x[2] * x[2], v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
                for (sum, term) in sums.iter_mut().zip([a, b, c, squares.0.sqrt() * squares.1.sqrt()]) {
                    sum[lane] += mass * term;
                }
            }
        }
        let [x, y, z, largest] = sums.map(|lanes| lanes.iter().sum());
        ([x, y, z], largest)
    }
}

/// The specific angular momenta about the axis \[kpc km/s\] of all stars.
pub(super) fn axial_momenta(stars: &Particles, axis: [f64; 3]) -> Vec<f64> {
    let pairs = stars.positions_kpc().iter().zip(stars.velocities_km_s());
    pairs.map(|(x, v)| along(x, v, axis)).collect()
}

/// The lengths of the specific angular momenta \[kpc km/s\] of all stars.
pub(super) fn total_momenta(stars: &Particles) -> Vec<f64> {
    let pairs = stars.positions_kpc().iter().zip(stars.velocities_km_s());
    pairs.map(|(x, v)| crate::radius(&cross(x, v))).collect()
}

/// The energies \[(km/s)^2\] of all stars in the given potentials.
pub(super) fn energies(stars: &Particles, potentials: &[f64]) -> Vec<f64> {
    let pairs = stars.velocities_km_s().iter().zip(potentials);
    pairs.map(|(v, &potential)| energy_of(v, potential)).collect()
}

/// The circularities of the stars inside the aperture, NaN outside, and the number of those that no orbit binds.
pub(super) fn circularities(
    stars: &Particles,
    potentials: &[f64],
    axis: [f64; 3],
    aperture: Aperture,
    lookup: &Lookup,
) -> (Vec<f64>, usize) {
    let mut values = vec![0.0; stars.len()];
    let n_unbound = dispatch(Evaluate { stars, potentials, axis, aperture, lookup, values: &mut values });
    (values, n_unbound)
}

struct Evaluate<'a> {
    stars: &'a Particles,
    potentials: &'a [f64],
    axis: [f64; 3],
    aperture: Aperture,
    lookup: &'a Lookup,
    values: &'a mut [f64],
}

impl Work for Evaluate<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> usize {
        let stars = self.stars.positions_kpc().chunks(BLOCK).zip(self.stars.velocities_km_s().chunks(BLOCK));
        let columns = self.potentials.chunks(BLOCK).zip(self.values.chunks_mut(BLOCK));
        let mut energies = [0.0; BLOCK];
        let mut n_unbound = 0;
        for ((positions, velocities), (potentials, values)) in stars.zip(columns) {
            let pairs = positions.iter().zip(velocities).zip(potentials);
            let results = energies.iter_mut().zip(values.iter_mut());
            for (((x, v), potential), (energy, value)) in pairs.zip(results) {
                *energy = energy_of(v, *potential);
                *value = if self.aperture.holds(x) { along(x, v, self.axis) } else { f64::NAN };
            }
            for (value, &energy) in values.iter_mut().zip(&energies) {
                let inverse = self.lookup.inverse::<FMA>(energy);
                n_unbound += usize::from(inverse == 0.0 && !value.is_nan());
                *value *= inverse;
            }
        }
        n_unbound
    }
}

#[inline(always)]
fn energy_of(v: &[f64; 3], potential: f64) -> f64 {
    0.5 * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) + potential
}

#[inline(always)]
fn along(x: &[f64; 3], v: &[f64; 3], axis: [f64; 3]) -> f64 {
    let [a, b, c] = cross(x, v);
    a * axis[0] + b * axis[1] + c * axis[2]
}

#[inline(always)]
fn cross(x: &[f64; 3], v: &[f64; 3]) -> [f64; 3] {
    [x[1] * v[2] - x[2] * v[1], x[2] * v[0] - x[0] * v[2], x[0] * v[1] - x[1] * v[0]]
}
