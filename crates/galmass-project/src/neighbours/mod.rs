//! How far away the n-th nearest particle is.
//!
//! The particles are sorted into a tree of buckets; what is near a bucket is copied into a list, and the n-th nearest
//! of the list is found for all particles of the bucket at once, a particle in each lane of a vector. How far is near
//! is an estimate that may be wrong: it is compared with the distances found, and a particle for which it was too
//! small is looked at again, as far as the n-th nearest of the list, which cannot be too near.

mod bounds;
mod config;
mod nearby;
pub(crate) mod reference;
mod search;
mod select;
mod space;
mod tree;
mod vector;

use std::ops::Deref;

use galmass_core::SupportRadius;
use rayon::prelude::*;

use crate::ProjectError;
use crate::error::check_vectors;
pub use config::NeighbourConfig;
use search::Search;
use space::Space;
use tree::{GROUP, Tree};

/// The fewest groups of particles that are worth handing to another thread.
const GROUPS_PER_TASK: usize = 8;

/// The radii of some particles, and whether there were enough of these: what [`support_radii`] returns. It reads as a
/// slice of its radii.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportRadii {
    /// One radius a particle, in the order of the particles.
    pub radii: Vec<SupportRadius>,
    /// Which nearest other particle the radii reach: the one asked for, or the farthest one where there are fewer.
    pub n_neighbours: usize,
    /// The flag: there are fewer other particles than neighbours were asked for, so that each radius reaches the
    /// farthest of them and is smaller than it should be.
    pub too_few: bool,
}

impl Deref for SupportRadii {
    type Target = [SupportRadius];

    fn deref(&self) -> &[SupportRadius] {
        &self.radii
    }
}

/// Measures the distance from each particle to its n-th nearest **other** particle, as the radius at which its
/// smoothing kernel reaches zero.
///
/// Chu et al. (2024) smooth starlight over the 32 nearest stars, and so does `StellarHsml` of IllustrisTNG
/// (32 +- 1): neighbours are sought in three dimensions, among the particles handed in, so hand in one component
/// without wind. The particle itself is not counted. In a periodic box, use [`support_radii_with`].
///
/// `positions_kpc` are N positions \[kpc\]; the result has N radii \[kpc\] in the same order.
///
/// * No particles: no radii. One particle: 0. No more than `n_neighbours` particles: the distance to the farthest
///   other one, and the flag [`SupportRadii::too_few`].
/// * Particles at the same place are neighbours like any others; with more than `n_neighbours` of them the radius
///   is 0, which [`deposit`](crate::deposit()) takes for a point.
/// * Distances are exact to the rounding of sqrt(dx^2 + dy^2 + dz^2), the same bits as from
///   [`reference::support_radii`](crate::reference::support_radii), for any number of threads.
///
/// # Errors
/// [`ProjectError::NoNeighbours`] for `n_neighbours` = 0, [`ProjectError::NotFinite`] for a position that is no
/// number.
///
/// # Cost
/// N log N to build a k-d tree and about N n to ask it; memory for some 70 bytes a particle.
///
/// # Examples
/// ```
/// use galmass_project::support_radii;
///
/// let positions = [[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [3.0, 4.0, 0.0]];
/// let support = support_radii(&positions, 1)?;
/// assert_eq!(support.iter().map(|radius| radius.kpc()).collect::<Vec<_>>(), [3.0, 3.0, 4.0]);
/// assert!(!support.too_few);
///
/// let support = support_radii(&positions, 32)?;
/// assert_eq!(support.iter().map(|radius| radius.kpc()).collect::<Vec<_>>(), [5.0, 4.0, 5.0]);
/// assert!(support.too_few);
/// assert_eq!(support.n_neighbours, 2);
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
///
/// # References
/// * Friedman, Bentley & Finkel 1977, ACM TOMS 3, 209: the k-d tree with buckets.
pub fn support_radii(positions_kpc: &[[f64; 3]], n_neighbours: usize) -> Result<SupportRadii, ProjectError> {
    support_radii_with(positions_kpc, &NeighbourConfig { n_neighbours, ..NeighbourConfig::default() })
}

/// Measures what [`support_radii`] measures, as a configuration says: in a periodic box, for one.
///
/// In a box a distance is that to the nearest of all images of a particle, of which each is counted once; positions
/// may lie outside of the box and are taken back into it. A particle is no neighbour of its own images.
///
/// The distance is sqrt(dx^2 + dy^2 + dz^2) from a wrapped position to a wrapped position that is moved by -1, 0 or 1
/// sides along each axis, exact to the rounding of these operations.
///
/// # Errors
/// Those of [`support_radii`], and [`ProjectError::NoBox`] for a side that is not above 0 or not finite.
///
/// # Cost
/// As [`support_radii`], but N for each particle whose n-th neighbour is farther away than half the side.
///
/// # Examples
/// ```
/// use galmass_project::{NeighbourConfig, support_radii_with};
///
/// let positions = [[1.0, 5.0, 5.0], [9.0, 5.0, 5.0], [4.0, 5.0, 5.0]];
/// let config = NeighbourConfig { n_neighbours: 1, box_size_kpc: Some(10.0) };
/// let support = support_radii_with(&positions, &config)?;
/// assert_eq!(support.iter().map(|radius| radius.kpc()).collect::<Vec<_>>(), [2.0, 2.0, 3.0]);
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
pub fn support_radii_with(
    positions_kpc: &[[f64; 3]],
    config: &NeighbourConfig,
) -> Result<SupportRadii, ProjectError> {
    let Plan { space, n_neighbours, too_few } = Plan::new(positions_kpc, config)?;
    let tree = match space {
        Space::Open => Tree::build(positions_kpc),
        Space::Periodic { .. } => {
            Tree::build(&positions_kpc.iter().map(|position| space.wrapped(*position)).collect::<Vec<_>>())
        }
    };
    let mut squares = vec![0.0; positions_kpc.len()];
    squares.par_chunks_mut(GROUP).enumerate().with_min_len(GROUPS_PER_TASK).for_each_init(
        || Search::new(&tree, space, n_neighbours + 1),
        |search, (group, squares)| search.group(group, squares),
    );
    let mut radii = vec![SupportRadius::from_nth_neighbour(0.0); positions_kpc.len()];
    for (&index, square) in tree.original_indices().iter().zip(squares) {
        radii[index] = SupportRadius::from_nth_neighbour(square.sqrt());
    }
    Ok(SupportRadii { radii, n_neighbours, too_few })
}

/// A call that has been found in order.
struct Plan {
    space: Space,
    /// How many other particles to look for, no more than there are.
    n_neighbours: usize,
    too_few: bool,
}

impl Plan {
    fn new(positions_kpc: &[[f64; 3]], config: &NeighbourConfig) -> Result<Self, ProjectError> {
        if config.n_neighbours == 0 {
            return Err(ProjectError::NoNeighbours);
        }
        let space = match config.box_size_kpc {
            None => Space::Open,
            Some(side) if side > 0.0 && side.is_finite() => Space::Periodic { side },
            Some(box_size_kpc) => return Err(ProjectError::NoBox { box_size_kpc }),
        };
        check_vectors("positions", positions_kpc)?;
        let n_others = positions_kpc.len().saturating_sub(1);
        let n_neighbours = config.n_neighbours.min(n_others);
        Ok(Self { space, n_neighbours, too_few: n_others < config.n_neighbours })
    }
}

/// The one definition of distance: the same operations in the same order wherever two are compared.
#[inline(always)]
fn square_length(dx: f64, dy: f64, dz: f64) -> f64 {
    dx * dx + dy * dy + dz * dz
}

#[cfg(test)]
mod tests;
