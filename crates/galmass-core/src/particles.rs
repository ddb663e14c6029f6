//! Positions, velocities and masses of the particles of one component.

use thiserror::Error;

/// A set of particles that cannot be: columns of unlike length, or a value that is no number.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ParticleError {
    /// Two columns describe different numbers of particles.
    #[error("column `{column}` has {found} rows where the positions have {expected}")]
    LengthMismatch {
        /// The column that does not fit.
        column: &'static str,
        /// The number of positions.
        expected: usize,
        /// The number of rows found.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("column `{column}` holds {value} at index {index}")]
    NotFinite {
        /// The column of the value.
        column: &'static str,
        /// The first particle concerned.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A value is below zero where only zero and above make sense.
    #[error("column `{column}` holds the negative value {value} at index {index}")]
    Negative {
        /// The column of the value.
        column: &'static str,
        /// The first particle concerned.
        index: usize,
        /// What was found.
        value: f64,
    },
}

/// Particles of one component: positions \[kpc\], velocities \[km/s\] and masses \[Msun\], all physical.
///
/// Every value is finite and no mass is negative: [`Particles::new`] sees to it, so nothing downstream asks again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Particles {
    positions_kpc: Vec<[f64; 3]>,
    velocities_km_s: Vec<[f64; 3]>,
    masses_msun: Vec<f64>,
    potentials_km2_s2: Option<Vec<f64>>,
}

impl Particles {
    /// Makes a set of particles from its columns; all empty is a valid, empty set.
    ///
    /// # Errors
    /// [`ParticleError`] where the columns differ in length, a value is not finite, or a mass is negative; the
    /// first index concerned is named.
    ///
    /// # Examples
    /// ```
    /// use galmass_core::{ParticleError, Particles};
    ///
    /// let lonely = Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![1.0e6])?;
    /// assert_eq!(lonely.len(), 1);
    ///
    /// let broken = Particles::new(vec![[0.0; 3], [0.0, f64::NAN, 0.0]], vec![[0.0; 3]; 2], vec![1.0e6; 2]);
    /// assert!(matches!(broken, Err(ParticleError::NotFinite { column: "positions", index: 1, .. })));
    /// # Ok::<(), ParticleError>(())
    /// ```
    pub fn new(
        positions_kpc: Vec<[f64; 3]>,
        velocities_km_s: Vec<[f64; 3]>,
        masses_msun: Vec<f64>,
    ) -> Result<Self, ParticleError> {
        let expected = positions_kpc.len();
        check_length("velocities", expected, velocities_km_s.len())?;
        check_length("masses", expected, masses_msun.len())?;
        check_finite_vectors("positions", &positions_kpc)?;
        check_finite_vectors("velocities", &velocities_km_s)?;
        check_finite("masses", &masses_msun)?;
        check_not_negative("masses", &masses_msun)?;
        Ok(Self { positions_kpc, velocities_km_s, masses_msun, potentials_km2_s2: None })
    }

    /// Adds the gravitational potential of each particle \[(km/s)^2\], as the simulation stored it.
    ///
    /// # Errors
    /// [`ParticleError`] where the length differs or a value is not finite.
    pub fn with_potentials_km2_s2(mut self, potentials: Vec<f64>) -> Result<Self, ParticleError> {
        check_length("potentials", self.len(), potentials.len())?;
        check_finite("potentials", &potentials)?;
        self.potentials_km2_s2 = Some(potentials);
        Ok(self)
    }

    /// The number of particles.
    pub fn len(&self) -> usize {
        self.masses_msun.len()
    }

    /// Whether there is no particle at all.
    pub fn is_empty(&self) -> bool {
        self.masses_msun.is_empty()
    }

    /// Positions \[physical kpc\].
    pub fn positions_kpc(&self) -> &[[f64; 3]] {
        &self.positions_kpc
    }

    /// Velocities \[peculiar km/s\].
    pub fn velocities_km_s(&self) -> &[[f64; 3]] {
        &self.velocities_km_s
    }

    /// Masses \[Msun\].
    pub fn masses_msun(&self) -> &[f64] {
        &self.masses_msun
    }

    /// Stored potentials \[(km/s)^2\], where the source has them.
    pub fn potentials_km2_s2(&self) -> Option<&[f64]> {
        self.potentials_km2_s2.as_deref()
    }

    /// The sum of the masses \[Msun\]; 0 for an empty set.
    pub fn total_mass_msun(&self) -> f64 {
        // Not `sum()`, which makes -0 of nothing.
        self.masses_msun.iter().fold(0.0, |sum, mass| sum + mass)
    }

    /// Moves the origin to `centre_kpc`, the rest frame to `velocity_km_s`, and, in a periodic box of side
    /// `box_size_kpc`, each particle to the image nearest to the new origin.
    pub(crate) fn recentre(
        &mut self,
        centre_kpc: [f64; 3],
        velocity_km_s: [f64; 3],
        box_size_kpc: Option<f64>,
    ) {
        for position in &mut self.positions_kpc {
            for (x, centre) in position.iter_mut().zip(centre_kpc) {
                *x -= centre;
                if let Some(side) = box_size_kpc {
                    *x -= side * (*x / side).round();
                }
            }
        }
        for velocity in &mut self.velocities_km_s {
            for (v, systemic) in velocity.iter_mut().zip(velocity_km_s) {
                *v -= systemic;
            }
        }
    }
}

pub(crate) fn check_length(column: &'static str, expected: usize, found: usize) -> Result<(), ParticleError> {
    if expected == found { Ok(()) } else { Err(ParticleError::LengthMismatch { column, expected, found }) }
}

pub(crate) fn check_finite(column: &'static str, values: &[f64]) -> Result<(), ParticleError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ParticleError::NotFinite { column, index, value: values[index] }),
        None => Ok(()),
    }
}

pub(crate) fn check_not_negative(column: &'static str, values: &[f64]) -> Result<(), ParticleError> {
    match values.iter().position(|&value| value < 0.0) {
        Some(index) => Err(ParticleError::Negative { column, index, value: values[index] }),
        None => Ok(()),
    }
}

fn check_finite_vectors(column: &'static str, vectors: &[[f64; 3]]) -> Result<(), ParticleError> {
    for (index, vector) in vectors.iter().enumerate() {
        if let Some(&value) = vector.iter().find(|value| !value.is_finite()) {
            return Err(ParticleError::NotFinite { column, index, value });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Particles {
        Particles::new(vec![[99.0, 1.0, 50.0], [1.0, 99.0, 50.0]], vec![[10.0, 0.0, 0.0]; 2], vec![1.0; 2])
            .unwrap()
    }

    #[test]
    fn columns_of_unlike_length_are_refused_with_both_lengths() {
        let error = Particles::new(vec![[0.0; 3]; 3], vec![[0.0; 3]; 2], vec![1.0; 3]).unwrap_err();
        assert_eq!(error, ParticleError::LengthMismatch { column: "velocities", expected: 3, found: 2 });
        assert_eq!(error.to_string(), "column `velocities` has 2 rows where the positions have 3");
    }

    #[test]
    fn values_that_are_no_numbers_are_refused_with_their_index() {
        let infinite =
            Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3], [0.0, f64::INFINITY, 0.0]], vec![1.0; 2]);
        assert!(matches!(infinite, Err(ParticleError::NotFinite { column: "velocities", index: 1, .. })));
        let negative = Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3]; 2], vec![1.0, -1.0]);
        assert!(matches!(negative, Err(ParticleError::Negative { column: "masses", index: 1, .. })));
        let potentials = pair().with_potentials_km2_s2(vec![-1.0, f64::NAN]);
        assert!(matches!(potentials, Err(ParticleError::NotFinite { column: "potentials", index: 1, .. })));
    }

    #[test]
    fn recentring_takes_the_nearest_image_in_a_periodic_box() {
        let mut particles = pair();
        particles.recentre([0.0, 0.0, 50.0], [10.0, 0.0, 0.0], Some(100.0));
        assert_eq!(particles.positions_kpc(), [[-1.0, 1.0, 0.0], [1.0, -1.0, 0.0]]);
        assert_eq!(particles.velocities_km_s(), [[0.0; 3]; 2]);
    }

    #[test]
    fn recentring_without_a_box_only_shifts() {
        let mut particles = pair();
        particles.recentre([0.0, 0.0, 50.0], [0.0; 3], None);
        assert_eq!(particles.positions_kpc(), [[99.0, 1.0, 0.0], [1.0, 99.0, 0.0]]);
    }
}
