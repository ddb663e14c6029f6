//! How far away the n-th nearest particle is.

pub(crate) mod reference;
mod tree;

use galmass_core::SupportRadius;
use rayon::prelude::*;

use crate::ProjectError;
use crate::error::check_vectors;
use tree::{Nearest, Tree};

/// The fewest queries that are worth handing to another thread.
const QUERIES_PER_TASK: usize = 256;

/// Measures the distance from each particle to its n-th nearest **other** particle, as the radius at which its
/// smoothing kernel reaches zero.
///
/// Chu et al. (2024) smooth starlight over the 32 nearest stars, and so does `StellarHsml` of IllustrisTNG
/// (32 +- 1): neighbours are sought in three dimensions, among the particles handed in, so hand in one component
/// without wind. The particle itself is not counted.
///
/// `positions_kpc` are N positions \[kpc\]; the result has N radii \[kpc\] in the same order.
///
/// * No particles: no radii. One particle: 0. No more than `n_neighbours` particles: the distance to the farthest
///   other one.
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
/// A k-d tree: N log N to build and about N (n + log N) to ask; memory for some 100 bytes a particle.
///
/// # Examples
/// ```
/// use galmass_project::support_radii;
///
/// let positions = [[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [3.0, 4.0, 0.0]];
/// let radii = support_radii(&positions, 1)?;
/// assert_eq!(radii.iter().map(|radius| radius.kpc()).collect::<Vec<_>>(), [3.0, 3.0, 4.0]);
/// let radii = support_radii(&positions, 32)?;
/// assert_eq!(radii.iter().map(|radius| radius.kpc()).collect::<Vec<_>>(), [5.0, 4.0, 5.0]);
/// # Ok::<(), galmass_project::ProjectError>(())
/// ```
///
/// # References
/// * Friedman, Bentley & Finkel 1977, ACM TOMS 3, 209: the k-d tree with buckets.
pub fn support_radii(
    positions_kpc: &[[f64; 3]],
    n_neighbours: usize,
) -> Result<Vec<SupportRadius>, ProjectError> {
    let Some(n_nearest) = n_nearest(positions_kpc, n_neighbours)? else { return Ok(Vec::new()) };
    let tree = Tree::build(positions_kpc);
    // Asked in the order of the tree, one query finds in the cache what the last one has read.
    let squares: Vec<f64> = (0..positions_kpc.len())
        .into_par_iter()
        .with_min_len(QUERIES_PER_TASK)
        .map_init(
            || Nearest::new(n_nearest),
            |nearest, place| {
                tree.nearest(tree.position(place), nearest);
                nearest.farthest_square()
            },
        )
        .collect();
    let mut radii = vec![SupportRadius::from_nth_neighbour(0.0); positions_kpc.len()];
    for (&index, square) in tree.original_indices().iter().zip(squares) {
        radii[index] = SupportRadius::from_nth_neighbour(square.sqrt());
    }
    Ok(radii)
}

/// How many nearest particles to look for, the particle itself included: it is the nearest of all, or as near as
/// any. `None` where there are no particles.
fn n_nearest(positions_kpc: &[[f64; 3]], n_neighbours: usize) -> Result<Option<usize>, ProjectError> {
    if n_neighbours == 0 {
        return Err(ProjectError::NoNeighbours);
    }
    check_vectors("positions", positions_kpc)?;
    Ok(positions_kpc.len().checked_sub(1).map(|n_others| n_neighbours.min(n_others) + 1))
}

/// The one definition of distance: the same operations in the same order wherever two are compared.
#[inline(always)]
fn square_length(dx: f64, dy: f64, dz: f64) -> f64 {
    dx * dx + dy * dy + dz * dz
}

#[cfg(test)]
mod tests {
    use galmass_core::seed::generator;
    use proptest::prelude::*;
    use rand::RngExt;

    use super::*;
    use crate::testing::{ball, in_threads};

    /// The same bits as brute force, for few neighbours and many.
    fn assert_equals_reference(positions: &[[f64; 3]]) {
        for n_neighbours in [1, 2, 31, 32, 33, 1000, usize::MAX] {
            let fast = support_radii(positions, n_neighbours).unwrap();
            assert_eq!(
                fast,
                reference::support_radii(positions, n_neighbours).unwrap(),
                "n = {n_neighbours}"
            );
        }
    }

    #[test]
    fn random_points_of_any_number_have_the_distances_of_brute_force() {
        for n_particles in [1, 2, 3, 31, 32, 33, 34, 63, 64, 65, 127, 1500] {
            assert_equals_reference(&ball(n_particles, 10.0, n_particles as u64));
        }
    }

    #[test]
    fn a_concentrated_galaxy_has_the_distances_of_brute_force() {
        let concentrated: Vec<_> = ball(1500, 1.0, 5)
            .into_iter()
            .map(|[x, y, z]| {
                let squeeze = (x * x + y * y + z * z).powi(4);
                [x * squeeze, y * squeeze, 0.01 * z * squeeze]
            })
            .collect();
        assert_equals_reference(&concentrated);
    }

    #[test]
    fn coincident_collinear_and_gridded_points_have_the_distances_of_brute_force() {
        assert_equals_reference(&[[1.0, -2.0, 3.0]; 500]);
        let line: Vec<_> = (0..500).map(|i| [f64::from(i % 97), 0.0, 0.0]).collect();
        assert_equals_reference(&line);
        let cube: Vec<_> =
            (0..729).map(|i| [f64::from(i % 9), f64::from(i / 9 % 9), f64::from(i / 81)]).collect();
        assert_equals_reference(&cube);
        let mut two_heaps = vec![[0.0; 3]; 200];
        two_heaps.extend([[1.0, 1.0, 1.0]; 20]);
        assert_equals_reference(&two_heaps);
    }

    #[test]
    fn points_too_far_or_too_near_for_a_square_neither_hang_nor_panic() {
        let mut extremes = ball(40, 1e-200, 1);
        extremes.extend(ball(40, 1e200, 2));
        extremes.extend([[f64::MAX, 0.0, 0.0], [-f64::MAX, 0.0, 0.0], [f64::MIN_POSITIVE, -0.0, 0.0]]);
        assert_equals_reference(&extremes);
    }

    #[test]
    fn none_and_one_particle_have_no_neighbours_and_coincident_ones_no_distance() {
        assert_eq!(support_radii(&[], 32), Ok(vec![]));
        assert_eq!(support_radii(&[[1.0; 3]], 32), Ok(vec![SupportRadius::from_nth_neighbour(0.0)]));
        let same = support_radii(&[[1.0; 3]; 33], 32).unwrap();
        assert!(same.iter().all(|radius| radius.kpc() == 0.0));
    }

    #[test]
    fn bad_calls_are_refused() {
        assert_eq!(support_radii(&[], 0), Err(ProjectError::NoNeighbours));
        let nan = support_radii(&[[0.0; 3], [0.0, f64::NAN, 0.0]], 1).unwrap_err();
        assert!(matches!(nan, ProjectError::NotFinite { column: "positions", index: 1, .. }));
    }

    #[test]
    fn the_number_of_threads_and_the_order_of_particles_do_not_matter() {
        let mut positions = ball(5000, 3.0, 9);
        let alone = in_threads(1, || support_radii(&positions, 32).unwrap());
        for n_threads in [2, 3] {
            assert_eq!(in_threads(n_threads, || support_radii(&positions, 32).unwrap()), alone);
        }
        positions.reverse();
        let mut reversed = support_radii(&positions, 32).unwrap();
        reversed.reverse();
        assert_eq!(reversed, alone);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

        /// Coordinates on a coarse mesh, so that duplicates and equal distances are common.
        #[test]
        fn any_set_of_points_has_the_distances_of_brute_force(
            seed in any::<u64>(), n_particles in 0usize..300, n_cells in 1u32..40, n_neighbours in 1usize..50,
        ) {
            let mut random = generator(seed);
            let mut coordinate = || f64::from(random.random_range(0..n_cells)) * 0.3;
            let positions: Vec<_> = (0..n_particles).map(|_| [coordinate(), coordinate(), coordinate()]).collect();
            prop_assert_eq!(
                support_radii(&positions, n_neighbours),
                reference::support_radii(&positions, n_neighbours)
            );
        }
    }
}
