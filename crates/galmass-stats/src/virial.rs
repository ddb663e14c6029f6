//! The mass that a galaxy's size and velocity dispersion tell.

use galmass_core::units::GRAVITATIONAL_CONSTANT;

/// Which virial estimator: all are `M(<k R_h) = C sigma^2 R_h / G`, with a coefficient C and a radius k R_h of their
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VirialEstimator {
    /// Walker et al. (2009), ApJ 704, 1274: C = 2.5, k = 1, of a Plummer tracer with a flat dispersion profile.
    Walker,
    /// Wolf et al. (2010), MNRAS 406, 1220: C = 4, k = 4/3, near which the anisotropy of the orbits drops out.
    Wolf,
    /// Amorisco & Evans (2012), MNRAS 419, 184: C = 5.8, k = 1.7.
    Amorisco,
    /// Campbell et al. (2017), MNRAS 469, 2335: C = 6, k = 1.8, of the APOSTLE simulations.
    Campbell,
    /// Errani et al. (2018), MNRAS 481, 5073: C = 3.5 x 1.8 = 6.3, k = 1.8, the least sensitive to the profile.
    Errani,
}

/// A mass and the sphere that it is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VirialMass {
    /// The total mass \[Msun\] inside the sphere.
    pub mass_msun: f64,
    /// The radius \[kpc\] of the sphere.
    pub radius_kpc: f64,
}

impl VirialEstimator {
    /// All five, by year.
    pub const ALL: [Self; 5] = [Self::Walker, Self::Wolf, Self::Amorisco, Self::Campbell, Self::Errani];

    /// The coefficient C of `sigma^2 R_h / G`.
    pub fn coefficient(self) -> f64 {
        match self {
            Self::Walker => 2.5,
            Self::Wolf => 4.0,
            Self::Amorisco => 5.8,
            Self::Campbell => 6.0,
            Self::Errani => 3.5 * 1.8,
        }
    }

    /// The radius k, in projected half-mass radii, inside which the mass is estimated.
    pub fn radius_factor(self) -> f64 {
        match self {
            Self::Walker => 1.0,
            Self::Wolf => 4.0 / 3.0,
            Self::Amorisco => 1.7,
            Self::Campbell | Self::Errani => 1.8,
        }
    }
}

/// Estimates the total mass inside `k R_h` from the velocity dispersion and the half-mass radius:
/// `M(<k R_h) = C sigma^2 R_h / G`.
///
/// `dispersion_km_s` is the global dispersion \[km/s\] along the line of sight, of all stars; `half_mass_radius_kpc`
/// the **projected** (2-D) half-mass radius R_h \[kpc\] of the stars, not the 3-D one, which is about 4/3 of it.
///
/// A dispersion of 0 gives a mass of 0. `None` for a negative or non-finite dispersion and for a radius that is not
/// positive and finite.
///
/// # Examples
/// ```
/// use galmass_stats::{VirialEstimator, estimate_virial_mass};
///
/// // 200 km/s and 5 kpc: C x 4.65e10 Msun.
/// let wolf = estimate_virial_mass(VirialEstimator::Wolf, 200.0, 5.0).unwrap();
/// assert!((wolf.mass_msun / 1.8601e11 - 1.0).abs() < 1e-4);
/// assert!((wolf.radius_kpc - 20.0 / 3.0).abs() < 1e-12);
/// assert_eq!(estimate_virial_mass(VirialEstimator::Wolf, f64::NAN, 5.0), None);
/// ```
///
/// # References
/// Those of [`VirialEstimator`].
pub fn estimate_virial_mass(
    estimator: VirialEstimator,
    dispersion_km_s: f64,
    half_mass_radius_kpc: f64,
) -> Option<VirialMass> {
    let valid = dispersion_km_s >= 0.0
        && dispersion_km_s.is_finite()
        && half_mass_radius_kpc > 0.0
        && half_mass_radius_kpc.is_finite();
    valid.then(|| VirialMass {
        mass_msun: estimator.coefficient() * dispersion_km_s * dispersion_km_s * half_mass_radius_kpc
            / GRAVITATIONAL_CONSTANT,
        radius_kpc: estimator.radius_factor() * half_mass_radius_kpc,
    })
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn each_has_its_published_coefficient() {
        let unit = GRAVITATIONAL_CONSTANT.recip();
        let published = [(2.5, 1.0), (4.0, 4.0 / 3.0), (5.8, 1.7), (6.0, 1.8), (6.3, 1.8)];
        for (estimator, (c, k)) in VirialEstimator::ALL.into_iter().zip(published) {
            let found = estimate_virial_mass(estimator, 1.0, 1.0).unwrap();
            assert!((found.mass_msun / (c * unit) - 1.0).abs() < 1e-15, "{estimator:?}");
            assert!((found.radius_kpc - k).abs() < 1e-15);
            let scaled = estimate_virial_mass(estimator, 3.0, 2.0).unwrap();
            assert!((scaled.mass_msun / found.mass_msun - 18.0).abs() < 1e-13);
            assert_eq!(scaled.radius_kpc, 2.0 * found.radius_kpc);
        }
    }

    #[test]
    fn walkers_is_exact_for_a_plummer_tracer_with_a_flat_dispersion() {
        // Jeans: M(<r) = -(d ln n / d ln r) sigma^2 r / G, where n goes as (1 + r^2/a^2)^(-5/2) and R_h = a.
        let (sigma, a) = (80.0_f64, 3.0_f64);
        let slope = 5.0 * a * a / (a * a + a * a);
        let exact = slope * sigma * sigma * a / GRAVITATIONAL_CONSTANT;
        let found = estimate_virial_mass(VirialEstimator::Walker, sigma, a).unwrap();
        assert!((found.mass_msun / exact - 1.0).abs() < 1e-14);
    }

    #[test]
    fn wolfs_is_exact_where_the_tracers_fall_as_the_third_power() {
        let (sigma, radius) = (80.0_f64, 3.0_f64);
        let found = estimate_virial_mass(VirialEstimator::Wolf, sigma, radius).unwrap();
        let exact = 3.0 * sigma * sigma * found.radius_kpc / GRAVITATIONAL_CONSTANT;
        assert!((found.mass_msun / exact - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_self_gravitating_plummer_sphere_is_weighed_within_a_third() {
        // sigma^2 = pi G M / (32 a) from the virial theorem, R_h = a, M(<r) = M (1 + a^2/r^2)^(-3/2).
        let (mass, a) = (1.0e11, 4.0);
        let sigma = (PI * GRAVITATIONAL_CONSTANT * mass / (32.0 * a)).sqrt();
        for estimator in VirialEstimator::ALL {
            let found = estimate_virial_mass(estimator, sigma, a).unwrap();
            let exact = mass * (1.0 + (a / found.radius_kpc).powi(2)).powf(-1.5);
            let ratio = found.mass_msun / exact;
            assert!((0.66..1.05).contains(&ratio), "{estimator:?}: {ratio}");
        }
    }

    #[test]
    fn without_a_size_or_a_dispersion_there_is_no_mass() {
        for (sigma, radius) in
            [(f64::NAN, 1.0), (-1.0, 1.0), (f64::INFINITY, 1.0), (1.0, 0.0), (1.0, -1.0), (1.0, f64::NAN)]
        {
            assert_eq!(estimate_virial_mass(VirialEstimator::Errani, sigma, radius), None);
        }
        assert_eq!(estimate_virial_mass(VirialEstimator::Errani, 0.0, 1.0).unwrap().mass_msun, 0.0);
    }
}
