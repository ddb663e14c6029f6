//! Every distance to every particle: slow, and what the tree is held to.

use galmass_core::SupportRadius;

use super::{NeighbourConfig, Plan, SupportRadii};
use crate::ProjectError;

/// Measures what [`support_radii`](crate::support_radii) measures, by comparing every particle with every other.
///
/// This is the oracle of the tests. The cost is N^2: from some ten thousand particles on use the tree.
///
/// # Errors
/// As [`support_radii`](crate::support_radii).
///
/// # Examples
/// ```
/// use galmass_project::reference;
///
/// let support = reference::support_radii(&[[0.0, 0.0, 0.0], [0.0, 3.0, 4.0]], 1)?;
/// assert_eq!(support[0].kpc(), 5.0);
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
pub fn support_radii(positions_kpc: &[[f64; 3]], n_neighbours: usize) -> Result<SupportRadii, ProjectError> {
    support_radii_with(positions_kpc, &NeighbourConfig { n_neighbours, ..NeighbourConfig::default() })
}

/// Measures what [`support_radii_with`](crate::support_radii_with) measures, by comparing every particle with every
/// other.
///
/// # Errors
/// As [`support_radii_with`](crate::support_radii_with).
pub fn support_radii_with(
    positions_kpc: &[[f64; 3]],
    config: &NeighbourConfig,
) -> Result<SupportRadii, ProjectError> {
    let Plan { space, n_neighbours, too_few } = Plan::new(positions_kpc, config)?;
    let positions: Vec<_> = positions_kpc.iter().map(|position| space.wrapped(*position)).collect();
    let mut squares = vec![0.0; positions.len()];
    let radius_of = |here: &[f64; 3]| {
        for (square, there) in squares.iter_mut().zip(&positions) {
            *square = space.square_distance(*here, *there);
        }
        // The particle itself is the nearest of all, or as near as any.
        let (_, farthest, _) = squares.select_nth_unstable_by(n_neighbours, f64::total_cmp);
        SupportRadius::from_nth_neighbour(farthest.sqrt())
    };
    Ok(SupportRadii { radii: positions.iter().map(radius_of).collect(), n_neighbours, too_few })
}
