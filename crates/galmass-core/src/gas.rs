//! Gas: particles or cells with a density, a state and metals.

use crate::column::column;
use crate::particles::{check_finite, check_length, check_not_negative};
use crate::{ParticleError, Particles, SupportRadius};

/// Gas cells or particles and what only gas has; a column that the source does not carry is `None`.
///
/// Wind that travels as particles is counted as gas; where it is, the reader gives it values for every column or
/// leaves the column out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gas {
    particles: Particles,
    metallicities: Option<Vec<f64>>,
    neutral_hydrogen_masses_msun: Option<Vec<f64>>,
    densities_msun_kpc3: Option<Vec<f64>>,
    star_formation_rates_msun_yr: Option<Vec<f64>>,
    temperatures_k: Option<Vec<f64>>,
    support_radii: Option<Vec<SupportRadius>>,
}

impl Gas {
    /// Gas of which nothing but position, velocity and mass is known.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::{Gas, Particles, SupportRadius};
    ///
    /// let particles = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![1.0e6])?;
    /// let gas = Gas::new(particles)
    ///     .with_metallicities(vec![0.02])?
    ///     .with_neutral_hydrogen_masses_msun(vec![7.0e5])?
    ///     .with_support_radii(vec![SupportRadius::from_nth_neighbour(0.5)])?;
    /// assert_eq!(gas.neutral_hydrogen_masses_msun(), Some(&[7.0e5][..]));
    /// assert_eq!(gas.densities_msun_kpc3(), None);
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

    /// The number of cells or particles.
    pub fn len(&self) -> usize {
        self.particles.len()
    }

    /// Whether there is no gas at all.
    pub fn is_empty(&self) -> bool {
        self.particles.is_empty()
    }

    column!(metallicities, with_metallicities, "metallicities", "the metal mass fraction of each gas cell");
    column!(
        neutral_hydrogen_masses_msun,
        with_neutral_hydrogen_masses_msun,
        "neutral hydrogen masses",
        "the mass of neutral hydrogen, atomic and molecular, of each whole gas cell \\[Msun\\]",
        check_not_negative
    );
    column!(
        densities_msun_kpc3,
        with_densities_msun_kpc3,
        "densities",
        "the mass density of each gas cell \\[Msun/kpc^3\\]",
        check_not_negative
    );
    column!(
        star_formation_rates_msun_yr,
        with_star_formation_rates_msun_yr,
        "star formation rates",
        "the star formation rate of each whole gas cell \\[Msun/yr\\]",
        check_not_negative
    );
    column!(
        temperatures_k,
        with_temperatures_k,
        "temperatures",
        "the temperature of each gas cell \\[K\\], for star-forming gas that of its effective equation of state",
        check_not_negative
    );

    /// Adds the radius at which the smoothing kernel of each gas particle reaches zero.
    ///
    /// # Errors
    /// [`ParticleError`] where the length differs, or a radius is negative or not finite.
    pub fn with_support_radii(mut self, radii: Vec<SupportRadius>) -> Result<Self, ParticleError> {
        check_length("support radii", self.len(), radii.len())?;
        let in_kpc: Vec<f64> = radii.iter().map(|radius| radius.kpc()).collect();
        check_finite("support radii", &in_kpc)?;
        check_not_negative("support radii", &in_kpc)?;
        self.support_radii = Some(radii);
        Ok(self)
    }

    /// Returns the radius at which the smoothing kernel of each gas particle reaches zero, where the source has it.
    pub fn support_radii(&self) -> Option<&[SupportRadius]> {
        self.support_radii.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Gas {
        Gas::new(Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3]; 2], vec![1.0; 2]).unwrap())
    }

    #[test]
    fn a_column_must_fit_the_gas() {
        assert!(matches!(
            two().with_metallicities(vec![0.1]),
            Err(ParticleError::LengthMismatch { column: "metallicities", expected: 2, found: 1 })
        ));
        assert!(matches!(
            two().with_neutral_hydrogen_masses_msun(vec![1.0, -2.0]),
            Err(ParticleError::Negative { column: "neutral hydrogen masses", index: 1, value: -2.0 })
        ));
        assert!(matches!(
            two().with_temperatures_k(vec![f64::NAN, 1.0]),
            Err(ParticleError::NotFinite { column: "temperatures", index: 0, .. })
        ));
    }

    #[test]
    fn a_support_radius_is_a_length() {
        let radii =
            |values: &[f64]| values.iter().map(|&kpc| SupportRadius::from_nth_neighbour(kpc)).collect();
        assert!(matches!(
            two().with_support_radii(radii(&[1.0])),
            Err(ParticleError::LengthMismatch { column: "support radii", expected: 2, found: 1 })
        ));
        assert!(matches!(
            two().with_support_radii(radii(&[1.0, -1.0])),
            Err(ParticleError::Negative { column: "support radii", index: 1, .. })
        ));
        assert!(matches!(
            two().with_support_radii(radii(&[f64::INFINITY, 1.0])),
            Err(ParticleError::NotFinite { column: "support radii", index: 0, .. })
        ));
        let gas = two().with_support_radii(radii(&[1.0, 0.0])).unwrap();
        assert_eq!(gas.support_radii().map(|radii| radii[0].kpc()), Some(1.0));
    }
}
