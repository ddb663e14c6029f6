//! The galaxy that all benches look at.
#![allow(dead_code, reason = "each bench uses a part of it")]

use std::f64::consts::TAU;

use galmass_core::seed::generator;
use rand::RngExt;

/// The numbers of particles that benches are run with.
pub const SIZES: [(usize, &str); 4] =
    [(10_000, "1e4"), (100_000, "1e5"), (1_000_000, "1e6"), (5_000_000, "5e6")];

/// Particles of a synthetic galaxy, in no order.
pub struct Galaxy {
    /// Positions \[kpc\].
    pub positions_kpc: Vec<[f64; 3]>,
    /// Velocities \[km/s\].
    pub velocities_km_s: Vec<[f64; 3]>,
    /// Luminosities \[Lsun\].
    pub luminosities_lsun: Vec<f64>,
}

/// An exponential disc (scale length 3 kpc, height 0.3 kpc) with a Hernquist bulge (0.6 kpc, a fifth of the
/// particles), seen 60 degrees from face-on along z.
pub fn galaxy(n_particles: usize) -> Galaxy {
    let mut random = generator(20_240_607);
    let mut uniform = || random.random_range(f64::EPSILON..1.0);
    let (sin, cos) = 60f64.to_radians().sin_cos();
    let incline = |[x, y, z]: [f64; 3]| [x, cos * y - sin * z, sin * y + cos * z];
    let mut galaxy = Galaxy {
        positions_kpc: Vec::with_capacity(n_particles),
        velocities_km_s: Vec::with_capacity(n_particles),
        luminosities_lsun: Vec::with_capacity(n_particles),
    };
    for _ in 0..n_particles {
        let (sin_phi, cos_phi) = (TAU * uniform()).sin_cos();
        let thermal = |sigma: f64, a: f64, b: f64| sigma * (-2.0 * a.ln()).sqrt() * (TAU * b).cos();
        let (position, velocity) = if uniform() < 0.2 {
            let root = (uniform() * 0.98).sqrt();
            let radius = 0.6 * root / (1.0 - root);
            let cos_theta = 2.0 * uniform() - 1.0;
            let sin_theta = (1.0 - cos_theta * cos_theta).sqrt();
            let position = [radius * sin_theta * cos_phi, radius * sin_theta * sin_phi, radius * cos_theta];
            (position, [(); 3].map(|()| thermal(120.0, uniform(), uniform())))
        } else {
            let radius = -3.0 * (uniform() * uniform()).ln();
            let height = 0.3 * (2.0 * uniform() - 1.0).atanh();
            let turning = 220.0 * radius.tanh();
            let along = thermal(30.0, uniform(), uniform());
            let velocity = [-turning * sin_phi, turning * cos_phi, along];
            ([radius * cos_phi, radius * sin_phi, height], velocity)
        };
        galaxy.positions_kpc.push(incline(position));
        galaxy.velocities_km_s.push(incline(velocity));
        galaxy.luminosities_lsun.push(5e10 / n_particles as f64 * (-uniform().ln()));
    }
    galaxy
}
