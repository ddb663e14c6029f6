//! The gravitational potential of all matter.

mod config;
mod direct;
mod kernel;
mod sources;
mod spherical;
#[cfg(test)]
mod tests;
mod tree;

use galmass_core::units::GRAVITATIONAL_CONSTANT;
use galmass_core::{Component, Galaxy};

use crate::StatsError;
pub use config::{ComponentSoftenings, PotentialConfig, PotentialMethod, SofteningKernel};
pub use sources::{PotentialSources, Softenings};

/// Computes the gravitational potential \[(km/s)^2\] of the sources at each target \[kpc\].
pub fn potentials_km2_s2(
    sources: &PotentialSources<'_>,
    targets_kpc: &[[f64; 3]],
    config: &PotentialConfig,
) -> Result<Vec<f64>, StatsError> {
    config.check()?;
    let mut sums = match config.method {
        PotentialMethod::Tree => tree::sum_tree(sources, targets_kpc, config),
        PotentialMethod::Direct => direct::sum_direct(sources, targets_kpc, config.kernel),
        PotentialMethod::Spherical => spherical::sum_spherical(sources, targets_kpc),
    };
    for sum in &mut sums {
        // Not -0 where nothing attracts.
        *sum = 0.0 - GRAVITATIONAL_CONSTANT * *sum;
    }
    Ok(sums)
}

/// The potential of each particle of a galaxy, component by component.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComponentPotentials {
    by_component: [Vec<f64>; 4],
}

impl ComponentPotentials {
    /// The potential at each particle of one component \[(km/s)^2\].
    pub fn of(&self, component: Component) -> &[f64] {
        &self.by_component[component as usize]
    }
}

/// Computes the gravitational potential \[(km/s)^2\] of all matter of a galaxy at each of its particles.
pub fn galaxy_potentials_km2_s2(
    galaxy: &Galaxy,
    softenings: &ComponentSoftenings,
    config: &PotentialConfig,
) -> Result<ComponentPotentials, StatsError> {
    let sources = PotentialSources::of_galaxy(galaxy, softenings)?;
    let mut all = potentials_km2_s2(&sources, sources.positions_kpc(), config)?;
    let mut potentials = ComponentPotentials::default();
    for component in Component::ALL.into_iter().rev() {
        let n_before = all.len() - galaxy.component(component).len();
        potentials.by_component[component as usize] = all.split_off(n_before);
    }
    Ok(potentials)
}
