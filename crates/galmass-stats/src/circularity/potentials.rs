//! The potentials of the stars.

use std::cell::OnceCell;

use galmass_core::Galaxy;

use super::config::MissingPotentials;
use crate::{ComponentSoftenings, PotentialConfig, PotentialSources, StatsError, potentials_km2_s2};

/// The potentials of the stars of a galaxy, computed when they are asked for, and once.
pub(crate) struct StarPotentials<'a> {
    galaxy: &'a Galaxy,
    missing: MissingPotentials,
    computed: OnceCell<Vec<f64>>,
}

impl<'a> StarPotentials<'a> {
    pub(crate) fn new(galaxy: &'a Galaxy, missing: MissingPotentials) -> Self {
        Self { galaxy, missing, computed: OnceCell::new() }
    }

    /// The stored ones or those of the tree \[(km/s)^2\]; `None` where neither is.
    pub(super) fn get(&self) -> Result<Option<&[f64]>, StatsError> {
        let stars = self.galaxy.stars.particles();
        if let Some(known) = stars.potentials_km2_s2().or(self.computed.get().map(Vec::as_slice)) {
            return Ok(Some(known));
        }
        let MissingPotentials::Tree { softening_kpc } = self.missing else { return Ok(None) };
        let sources = PotentialSources::of_galaxy(self.galaxy, &ComponentSoftenings::same(softening_kpc))?;
        let computed = potentials_km2_s2(&sources, stars.positions_kpc(), &PotentialConfig::default())?;
        Ok(Some(self.computed.get_or_init(|| computed)))
    }
}
