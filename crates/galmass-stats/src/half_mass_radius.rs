//! The radius that holds half of the mass.

use galmass_core::Particles;

use crate::radius;

/// The radius \[kpc\] of the sphere about the origin that holds half of the mass: the distance of the particle with
/// which the mass, summed outwards, first reaches half of the total.
///
/// This is `SubhaloHalfmassRadType` of the TNG and EAGLE catalogues, for the particles given; where the file is cut,
/// so is the radius. `None` without mass. O(n log n).
///
/// # References
/// Chu et al. (2024), section 2.2, where the stellar half-mass radius frames all images and targets.
pub fn half_mass_radius_kpc(particles: &Particles) -> Option<f64> {
    let masses = particles.masses_msun();
    half_of(particles.positions_kpc().iter().map(radius).zip(masses.iter().copied()).collect())
}

/// The radius that holds half of the mass of shells `(radius, mass)`, in any order.
pub(crate) fn half_of(mut shells: Vec<(f64, f64)>) -> Option<f64> {
    shells.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));

    // Summed in the order of the shells too, so that the last shell reaches the total exactly.
    let total: f64 = shells.iter().map(|shell| shell.1).sum();
    if total <= 0.0 {
        return None;
    }
    let mut enclosed = 0.0;
    shells
        .iter()
        .find(|(_, mass)| {
            enclosed += mass;
            enclosed >= 0.5 * total
        })
        .map(|(radius, _)| *radius)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::enclosed_mass_msun;

    fn on_a_line(radii: &[f64], masses: &[f64]) -> Particles {
        let positions = radii.iter().map(|&r| [0.0, -r, 0.0]).collect();
        Particles::new(positions, vec![[0.0; 3]; radii.len()], masses.to_vec()).unwrap()
    }

    #[test]
    fn without_mass_there_is_no_radius() {
        assert_eq!(half_mass_radius_kpc(&Particles::default()), None);
        assert_eq!(half_mass_radius_kpc(&on_a_line(&[1.0], &[0.0])), None);
    }

    #[test]
    fn one_particle_is_its_own_half() {
        assert_eq!(half_mass_radius_kpc(&on_a_line(&[2.5], &[1.0e6])), Some(2.5));
    }

    proptest! {
        #[test]
        fn half_of_the_mass_is_inside_and_no_smaller_radius_holds_it(
            shells in prop::collection::vec((0.01..100.0_f64, 0.1..10.0_f64), 1..60),
        ) {
            let (radii, masses): (Vec<f64>, Vec<f64>) = shells.into_iter().unzip();
            let particles = on_a_line(&radii, &masses);
            let half = 0.5 * particles.total_mass_msun();
            let radius = half_mass_radius_kpc(&particles).unwrap();
            prop_assert!(enclosed_mass_msun(&particles, radius) >= half * (1.0 - 1e-12));
            prop_assert!(enclosed_mass_msun(&particles, radius * (1.0 - 1e-9)) <= half * (1.0 + 1e-12));
        }
    }
}
