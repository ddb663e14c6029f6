//! How fast a galaxy moves as a whole.

use galmass_core::Particles;

use crate::radius;

/// The mass-weighted mean velocity \[km/s\] of the particles within `radius_kpc` of the origin, or `None` where no
/// mass is. Of the stars within a half-mass radius this is the systemic velocity; the mean of a whole subhalo would
/// be that of its dark matter.
///
/// # Examples
/// ```
/// use galmass_core::Particles;
/// use galmass_stats::mean_velocity_km_s;
///
/// let pair = Particles::new(
///     vec![[0.0; 3], [9.0, 0.0, 0.0]],
///     vec![[100.0, 0.0, 0.0], [0.0, 40.0, 0.0]],
///     vec![1.0e6, 3.0e6],
/// )?;
/// assert_eq!(mean_velocity_km_s(&pair, 1.0), Some([100.0, 0.0, 0.0]));
/// assert_eq!(mean_velocity_km_s(&pair, 10.0), Some([25.0, 30.0, 0.0]));
/// # Ok::<(), galmass_core::ParticleError>(())
/// ```
pub fn mean_velocity_km_s(particles: &Particles, radius_kpc: f64) -> Option<[f64; 3]> {
    let mut momentum = [0.0; 3];
    let mut total = 0.0;
    let inside =
        particles.positions_kpc().iter().zip(particles.velocities_km_s()).zip(particles.masses_msun());
    for ((_, velocity), &mass) in inside.filter(|((position, _), _)| radius(position) <= radius_kpc) {
        total += mass;
        for (sum, v) in momentum.iter_mut().zip(velocity) {
            *sum += mass * v;
        }
    }
    (total > 0.0).then(|| momentum.map(|sum| sum / total))
}
