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
///
/// ```text
/// phi(x) = -G sum_j m_j w(|x - x_j|, e_j)
/// ```
///
/// with `w = 1/r` for a point and the kernel of [`SofteningKernel`] for a source of softening length `e_j`: that of the
/// source alone, where Gadget and AREPO take the larger one of the pair. [`PotentialMethod`] says how the sum is done:
///
/// * by an octree (Barnes & Hut 1986) whose cells act with their mass and quadrupole, inside the spline of their bodies
///   too. Targets that lie together share one walk, which keeps to the opening angle for each of them. Of 1e5 particles
///   of a galaxy the relative error at the default angle of 0.7 is 1.2e-4 (root mean square), of 0.5 4e-5; of a
///   thousand bodies, or where a few have most of the mass, it is some times larger.
/// * directly, in double precision: the reference.
/// * of the enclosed mass, `-G (M(<=r) / r + sum_{r_j > r} m_j / r_j)`: each source spread over the sphere on which it
///   lies about the origin, which must be the centre of the galaxy. A source nearer to it than its softening length is
///   moved out to there, where its potential at the centre is that of both kernels; the kernel does not matter.
///
/// **A target that is a source** does not act on itself. Sources are known by their place: of those exactly at the
/// place of a target the mean one is taken for the target itself. So a lone one adds nothing, and a particle with a
/// twin at its place feels the twin, as deep as the kernel is, `-G m / e`; a twin without softening adds nothing. The
/// spherical potential belongs to the profile and not to the particle: it counts all sources.
///
/// The potential is 0 where nothing attracts and at infinity, and NaN at a target with a NaN coordinate; nowhere
/// positive. Massless sources do not act. The result is the same for any number of threads.
///
/// # Errors
/// [`StatsError::OutOfRange`] for an opening angle out of range. [`PotentialSources`] refuses what cannot attract.
///
/// Cost: tree and spherical `n log n`; a million bodies take a second or two on one core by the tree. Direct: sources
/// times targets.
///
/// # Examples
/// ```
/// use galmass_core::units::GRAVITATIONAL_CONSTANT;
/// use galmass_stats::{PotentialConfig, PotentialSources, Softenings, potentials_km2_s2};
///
/// // 1e10 and 2e10 Msun, 5 kpc apart.
/// let (positions, masses) = ([[0.0; 3], [0.0, 3.0, 4.0]], [1e10, 2e10]);
/// let sources = PotentialSources::new(&positions, &masses, Softenings::Same(0.0))?;
/// let potentials = potentials_km2_s2(&sources, &positions, &PotentialConfig::default())?;
/// assert!((potentials[0] / (-GRAVITATIONAL_CONSTANT * 2e10 / 5.0) - 1.0).abs() < 1e-6);
/// assert!((potentials[1] / (-GRAVITATIONAL_CONSTANT * 1e10 / 5.0) - 1.0).abs() < 1e-6);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
///
/// # References
/// Barnes & Hut (1986), Nature 324, 446; Monaghan & Lattanzio (1985), A&A 149, 135; Springel, Yoshida & White (2001),
/// New Astronomy 6, 79, for the spline's potential; Dehnen (2002), J. Comput. Phys. 179, 27, for opening angles that
/// depend on the mass.
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
///
/// The definition, the ends and the cost are those of [`potentials_km2_s2`], with all four components as sources and as
/// targets. Matter that the galaxy does not hold (what a cutout leaves out) is missing: a sphere of it would add a
/// constant. The periodic box is not heeded; [`Galaxy::recentre`] makes a galaxy whole. A galaxy without particles has
/// no potentials.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a setting or a softening length out of range; never for a galaxy.
///
/// # Examples
/// ```
/// use galmass_core::{Component, Galaxy, Particles, Stars};
/// use galmass_stats::{ComponentSoftenings, PotentialConfig, galaxy_potentials_km2_s2};
///
/// let at = |x: f64| Particles::new(vec![[x, 0.0, 0.0]], vec![[0.0; 3]], vec![1e10]);
/// let galaxy = Galaxy { stars: Stars::new(at(1.0)?), dark_matter: at(-1.0)?, ..Galaxy::default() };
/// let softenings = ComponentSoftenings::same(0.5);
/// let potentials = galaxy_potentials_km2_s2(&galaxy, &softenings, &PotentialConfig::default())?;
/// // G M / r, two kiloparsecs apart and so beyond 2.8 softening lengths.
/// let [star] = potentials.of(Component::Stars) else { panic!() };
/// assert!((star / -21_504.55 - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
