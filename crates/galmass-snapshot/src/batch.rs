//! Particles in physical units, before they are a galaxy.

use std::collections::{BTreeMap, TryReserveError};

use galmass_core::{Particles, Stars};

use crate::error::Place;
use crate::rule::Stored;
use crate::{Field, SnapshotError};

/// The columns of some particles, in physical units.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Batch {
    pub(crate) positions_kpc: Vec<[f64; 3]>,
    /// `None` where they were not asked for.
    pub(crate) velocities_km_s: Option<Vec<[f64; 3]>>,
    /// Columns of one number a particle; ages are under the formation times that they come from.
    pub(crate) scalars: BTreeMap<Stored, Vec<f64>>,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.positions_kpc.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.positions_kpc.is_empty()
    }

    /// Makes room for so many more particles in a column, which is there from now on.
    pub(crate) fn try_reserve(&mut self, stored: Stored, n_rows: usize) -> Result<(), TryReserveError> {
        match stored {
            Stored::Positions => self.positions_kpc.try_reserve(n_rows),
            Stored::Velocities => self.velocities_km_s.get_or_insert_default().try_reserve(n_rows),
            _ => self.scalars.entry(stored).or_default().try_reserve(n_rows),
        }
    }

    /// Puts the particles of two groups together. Columns survive if both have them.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        self.positions_kpc.extend(other.positions_kpc);
        self.velocities_km_s = match (self.velocities_km_s, other.velocities_km_s) {
            (Some(mut ours), Some(theirs)) => {
                ours.extend(theirs);
                Some(ours)
            }
            _ => None,
        };
        self.scalars.retain(|stored, _| other.scalars.contains_key(stored));
        for (stored, theirs) in other.scalars {
            if let Some(ours) = self.scalars.get_mut(&stored) {
                ours.extend(theirs);
            }
        }
        self
    }

    /// Makes particles of them, and returns what remains; `place` is the group that an overflow is blamed on.
    pub(crate) fn into_particles(mut self, place: &Place) -> Result<(Particles, Self), SnapshotError> {
        let n_rows = self.len();
        let positions = std::mem::take(&mut self.positions_kpc);
        let velocities = self.velocities_km_s.take().unwrap_or_else(|| vec![[0.0; 3]; n_rows]);
        let masses = self.take(Stored::Masses).unwrap_or_default();
        let particles = Particles::new(positions, velocities, masses);
        let particles = match self.take(Stored::Potentials) {
            Some(potentials) if n_rows > 0 => {
                particles.and_then(|particles| particles.with_potentials_km2_s2(potentials))
            }
            _ => particles,
        };
        Ok((particles.map_err(|source| place.particles(source))?, self))
    }

    /// Makes stars of them, with the fields that were asked for.
    pub(crate) fn into_stars(self, place: &Place, fields: Option<&[Field]>) -> Result<Stars, SnapshotError> {
        let blame = |source| place.particles(source);
        let (particles, mut rest) = self.into_particles(place)?;
        // Metallicities are read for other columns of gas, too.
        if fields.is_some_and(|fields| !fields.contains(&Field::Metallicities)) {
            rest.take(Stored::Metallicities);
        }
        let mut stars = Stars::new(particles);
        if let Some(values) = rest.take(Stored::FormationTimes) {
            stars = stars.with_ages_gyr(values).map_err(blame)?;
        }
        if let Some(values) = rest.take(Stored::Metallicities) {
            stars = stars.with_metallicities(values).map_err(blame)?;
        }
        if let Some(values) = rest.take(Stored::InitialMasses) {
            stars = stars.with_initial_masses_msun(values).map_err(blame)?;
        }
        if let Some(values) = rest.take(Stored::MagnitudesG) {
            stars = stars.with_magnitudes_g(values).map_err(blame)?;
        }
        if let Some(values) = rest.take(Stored::MagnitudesR) {
            stars = stars.with_magnitudes_r(values).map_err(blame)?;
        }
        Ok(stars)
    }

    pub(crate) fn take(&mut self, stored: Stored) -> Option<Vec<f64>> {
        self.scalars.remove(&stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_particle(mass: f64, potential: Option<f64>) -> Batch {
        let columns = [(Stored::Masses, Some(mass)), (Stored::Potentials, potential)];
        let scalars = columns.into_iter().filter_map(|(stored, value)| Some((stored, vec![value?])));
        Batch {
            positions_kpc: vec![[mass; 3]],
            velocities_km_s: Some(vec![[0.0; 3]]),
            scalars: scalars.collect(),
        }
    }

    #[test]
    fn columns_survive_only_where_all_have_them() {
        let both = one_particle(1.0, Some(-1.0)).and(one_particle(2.0, Some(-2.0)));
        assert_eq!(both.scalars[&Stored::Potentials], [-1.0, -2.0]);
        for (first, second) in [(Some(-1.0), None), (None, Some(-1.0))] {
            let one = one_particle(1.0, first).and(one_particle(2.0, second));
            assert_eq!(one.scalars[&Stored::Masses], [1.0, 2.0]);
            assert!(!one.scalars.contains_key(&Stored::Potentials));
        }
    }

    #[test]
    fn nothing_added_changes_nothing() {
        let alone = one_particle(1.0, Some(-1.0));
        assert_eq!(alone.clone().and(Batch::default()), alone);
        assert_eq!(Batch::default().and(alone.clone()), alone);
    }
}
