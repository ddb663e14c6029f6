//! Mass inside spheres and circles.

use galmass_core::Particles;

use crate::radius;
use crate::sky::Sky;

/// Which particles are measured; one on the edge is inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aperture {
    /// All of them.
    All,
    /// Those in a sphere about the origin.
    Sphere {
        /// Its radius \[kpc\]; below zero or NaN nothing is inside.
        radius_kpc: f64,
    },
    /// Those in a circle about the origin of the plane of the sky, whatever their depth.
    Circle {
        /// Its radius \[kpc\]; below zero or NaN nothing is inside.
        radius_kpc: f64,
        /// The unit vector to the right in the plane of the sky.
        right: [f64; 3],
        /// The unit vector upwards in the plane of the sky.
        up: [f64; 3],
    },
}

impl Aperture {
    /// Whether a position \[kpc\] is inside.
    pub(crate) fn holds(&self) -> impl Fn(&[f64; 3]) -> bool + use<> {
        let (radius_kpc, sky) = match *self {
            Self::All => (f64::INFINITY, None),
            Self::Sphere { radius_kpc } => (radius_kpc, None),
            Self::Circle { radius_kpc, right, up } => (radius_kpc, Some(Sky::new(right, up))),
        };
        move |position| sky.map_or_else(|| radius(position), |sky| sky.radius(position)) <= radius_kpc
    }
}

/// The mass \[Msun\] inside a sphere of `radius_kpc` about the origin: the target of Chu et al. (2024), section 2.2.
///
/// A particle on the sphere counts as inside. 0 without particles or for a radius below zero or NaN.
///
/// # Examples
/// ```
/// use galmass_core::Particles;
/// use galmass_stats::enclosed_mass_msun;
///
/// let particles = Particles::new(vec![[3.0, 4.0, 0.0]], vec![[0.0; 3]], vec![2.0e6])?;
/// assert_eq!(enclosed_mass_msun(&particles, 5.0), 2.0e6);
/// assert_eq!(enclosed_mass_msun(&particles, 4.9), 0.0);
/// # Ok::<(), galmass_core::ParticleError>(())
/// ```
pub fn enclosed_mass_msun(particles: &Particles, radius_kpc: f64) -> f64 {
    mass_where(particles, Aperture::Sphere { radius_kpc }.holds())
}

/// The mass \[Msun\] inside a circle of `radius_kpc` about the origin of the plane of the sky, whatever its depth:
/// `M_2D` of Chu et al. (2024), section 4.1. `right` and `up` are the unit vectors of the plane.
///
/// # Examples
/// ```
/// use galmass_core::Particles;
/// use galmass_stats::projected_mass_msun;
///
/// let far_behind = Particles::new(vec![[1.0, 0.0, 100.0]], vec![[0.0; 3]], vec![2.0e6])?;
/// assert_eq!(projected_mass_msun(&far_behind, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], 5.0), 2.0e6);
/// # Ok::<(), galmass_core::ParticleError>(())
/// ```
pub fn projected_mass_msun(particles: &Particles, right: [f64; 3], up: [f64; 3], radius_kpc: f64) -> f64 {
    mass_where(particles, Aperture::Circle { radius_kpc, right, up }.holds())
}

fn mass_where(particles: &Particles, inside: impl Fn(&[f64; 3]) -> bool) -> f64 {
    let pairs = particles.positions_kpc().iter().zip(particles.masses_msun());
    // Not `sum()`, which makes -0 of nothing.
    pairs.filter(|(position, _)| inside(position)).fold(0.0, |sum, (_, mass)| sum + mass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_inside_nothing() {
        let none = Particles::default();
        assert_eq!(enclosed_mass_msun(&none, 1.0).to_bits(), 0.0_f64.to_bits(), "not -0");
        let one = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![1.0]).unwrap();
        assert_eq!(enclosed_mass_msun(&one, 0.0), 1.0);
        for radius in [-1.0, f64::NAN] {
            assert_eq!(enclosed_mass_msun(&one, radius), 0.0);
            assert_eq!(projected_mass_msun(&one, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], radius), 0.0);
        }
    }

    #[test]
    fn a_sphere_lies_within_its_cylinder() {
        let positions: Vec<[f64; 3]> =
            (0..1000).map(|i| f64::from(i) * 0.01).map(|t| [t.sin(), t.cos(), t]).collect();
        let n = positions.len();
        let spiral = Particles::new(positions, vec![[0.0; 3]; n], vec![1.0; n]).unwrap();
        let sphere = enclosed_mass_msun(&spiral, 2.0);
        let cylinder = projected_mass_msun(&spiral, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], 2.0);
        assert!(sphere < cylinder && cylinder == n as f64);
    }
}
