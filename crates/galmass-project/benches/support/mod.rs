//! What benches measure on: a galaxy like those that people project.
#![allow(dead_code)] // No bench needs all of it.

use std::f64::consts::TAU;

use galmass_core::seed::generator;
use rand::RngExt;

/// The stars of a galaxy, in no order.
pub(crate) struct Galaxy {
    /// Positions \[kpc\].
    pub(crate) positions: Vec<[f64; 3]>,
    /// Velocities \[km/s\].
    pub(crate) velocities: Vec<[f64; 3]>,
    /// Masses \[Msun\].
    pub(crate) masses: Vec<f64>,
}

/// An exponential disc with a scale length of 3 kpc that turns with 220 km/s, inclined by 60 degrees, and a fifth of
/// its stars in a Hernquist bulge of 0.6 kpc: half-mass radius about 4.5 kpc.
pub(crate) fn galaxy(n: usize, seed: u64) -> Galaxy {
    let mut random = generator(seed);
    let mut galaxy =
        Galaxy { positions: Vec::with_capacity(n), velocities: Vec::with_capacity(n), masses: Vec::new() };
    let (sin, cos) = (TAU / 6.0).sin_cos();
    let incline = |[x, y, z]: [f64; 3]| [x, cos * y - sin * z, sin * y + cos * z];
    for _ in 0..n {
        // From 0, not included, to 1.
        let mut uniform = || 1.0 - random.random_range(0.0..1.0f64);
        let angle = TAU * uniform();
        let mut thermal = |dispersion: f64| dispersion * (uniform() + uniform() + uniform() - 1.5) * 2.0;
        let noise = [0; 3].map(|_| thermal(60.0));
        let (position, velocity) = if uniform() < 0.2 {
            let root = 0.98 * uniform().sqrt();
            let (radius, height) = (0.6 * root / (1.0 - root), 2.0 * uniform() - 1.0);
            let in_plane = radius * (1.0 - height * height).sqrt();
            ([in_plane * angle.cos(), in_plane * angle.sin(), radius * height], noise.map(|v| 2.0 * v))
        } else {
            let radius = -3.0 * (uniform() * uniform()).ln();
            let height = 0.3 * (2.0 * uniform() - 1.0).clamp(-0.999, 0.999).atanh();
            let turning = [-220.0 * angle.sin(), 220.0 * angle.cos(), 0.0];
            let velocity = std::array::from_fn(|axis| turning[axis] + noise[axis]);
            ([radius * angle.cos(), radius * angle.sin(), height], velocity)
        };
        galaxy.positions.push(incline(position));
        galaxy.velocities.push(incline(velocity));
        galaxy.masses.push(1e4 * (0.5 + uniform()));
    }
    galaxy
}
