//! Star particles: particles with a birth and a light.

use crate::Particles;
use crate::column::column;

/// Star particles and what only stars have; a column that the source does not carry is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stars {
    particles: Particles,
    ages_gyr: Option<Vec<f64>>,
    metallicities: Option<Vec<f64>>,
    initial_masses_msun: Option<Vec<f64>>,
    magnitudes_g: Option<Vec<f64>>,
    magnitudes_r: Option<Vec<f64>>,
}

impl Stars {
    /// Stars of which nothing but position, velocity and mass is known.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::{Particles, Stars};
    ///
    /// let particles = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![1.0e6])?;
    /// let stars = Stars::new(particles).with_ages_gyr(vec![7.5])?;
    /// assert_eq!(stars.ages_gyr(), Some(&[7.5][..]));
    /// assert_eq!(stars.magnitudes_r(), None);
    /// # Ok::<(), galmass_core::ParticleError>(())
    /// ```
    pub fn new(particles: Particles) -> Self {
        Self { particles, ..Self::default() }
    }

    /// Positions, velocities and masses.
    pub fn particles(&self) -> &Particles {
        &self.particles
    }

    pub(crate) fn particles_mut(&mut self) -> &mut Particles {
        &mut self.particles
    }

    column!(ages_gyr, with_ages_gyr, "ages", "the age of each star particle \\[Gyr\\]", check_not_negative);
    column!(
        metallicities,
        with_metallicities,
        "metallicities",
        "the metal mass fraction of each star particle"
    );
    column!(
        initial_masses_msun,
        with_initial_masses_msun,
        "initial masses",
        "the mass of each star particle at birth \\[Msun\\]",
        check_not_negative
    );
    column!(
        magnitudes_g,
        with_magnitudes_g,
        "g magnitudes",
        "the absolute rest-frame SDSS g magnitude (AB, dust-free) of each whole star particle"
    );
    column!(
        magnitudes_r,
        with_magnitudes_r,
        "r magnitudes",
        "the absolute rest-frame SDSS r magnitude (AB, dust-free) of each whole star particle"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParticleError;

    #[test]
    fn a_column_must_fit_the_particles() {
        let particles = Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3]; 2], vec![1.0; 2]).unwrap();
        let stars = Stars::new(particles);
        assert!(matches!(
            stars.clone().with_ages_gyr(vec![1.0]),
            Err(ParticleError::LengthMismatch { column: "ages", expected: 2, found: 1 })
        ));
        assert!(matches!(
            stars.clone().with_ages_gyr(vec![1.0, -2.0]),
            Err(ParticleError::Negative { column: "ages", index: 1, .. })
        ));
        assert!(stars.with_magnitudes_r(vec![-8.0, -9.0]).is_ok());
    }
}
