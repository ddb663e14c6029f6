//! Every distance to every particle: slow, and what the tree is held to.

use galmass_core::SupportRadius;

use super::{n_nearest, square_length};
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
/// let radii = reference::support_radii(&[[0.0, 0.0, 0.0], [0.0, 3.0, 4.0]], 1)?;
/// assert_eq!(radii[0].kpc(), 5.0);
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
pub fn support_radii(
    positions_kpc: &[[f64; 3]],
    n_neighbours: usize,
) -> Result<Vec<SupportRadius>, ProjectError> {
    let Some(n_nearest) = n_nearest(positions_kpc, n_neighbours)? else { return Ok(Vec::new()) };
    let mut squares = vec![0.0; positions_kpc.len()];
    let radius_of = |here: &[f64; 3]| {
        for (square, there) in squares.iter_mut().zip(positions_kpc) {
            *square = square_length(there[0] - here[0], there[1] - here[1], there[2] - here[2]);
        }
        let (_, farthest, _) = squares.select_nth_unstable_by(n_nearest - 1, f64::total_cmp);
        SupportRadius::from_nth_neighbour(farthest.sqrt())
    };
    Ok(positions_kpc.iter().map(radius_of).collect())
}
