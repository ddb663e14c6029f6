//! Against brute force, over every kind of particle set that has ever broken a tree.

use galmass_core::seed::generator;
use proptest::prelude::*;
use rand::RngExt;

use super::*;
use crate::testing::{ball, in_threads};

/// The same bits as brute force, for few neighbours and many.
fn assert_equals_reference(positions: &[[f64; 3]], box_size_kpc: Option<f64>) {
    for n_neighbours in [1, 2, 31, 32, 33, 1000, usize::MAX] {
        let config = NeighbourConfig { n_neighbours, box_size_kpc };
        let fast = support_radii_with(positions, &config).unwrap();
        assert_eq!(fast, reference::support_radii_with(positions, &config).unwrap(), "{config:?}");
    }
}

#[test]
fn random_points_of_any_number_have_the_distances_of_brute_force() {
    for n_particles in [1, 2, 3, 31, 32, 33, 34, 63, 64, 65, 127, 1500] {
        assert_equals_reference(&ball(n_particles, 10.0, n_particles as u64), None);
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
    assert_equals_reference(&concentrated, None);
}

#[test]
fn coincident_collinear_and_gridded_points_have_the_distances_of_brute_force() {
    assert_equals_reference(&[[1.0, -2.0, 3.0]; 500], None);
    let line: Vec<_> = (0..500).map(|i| [f64::from(i % 97), 0.0, 0.0]).collect();
    assert_equals_reference(&line, None);
    let cube: Vec<_> =
        (0..729).map(|i| [f64::from(i % 9), f64::from(i / 9 % 9), f64::from(i / 81)]).collect();
    assert_equals_reference(&cube, None);
    let mut two_heaps = vec![[0.0; 3]; 200];
    two_heaps.extend([[1.0, 1.0, 1.0]; 20]);
    assert_equals_reference(&two_heaps, None);
}

#[test]
fn points_too_far_or_too_near_for_a_square_neither_hang_nor_panic() {
    let mut extremes = ball(40, 1e-200, 1);
    extremes.extend(ball(40, 1e200, 2));
    extremes.extend([[f64::MAX, 0.0, 0.0], [-f64::MAX, 0.0, 0.0], [f64::MIN_POSITIVE, -0.0, 0.0]]);
    assert_equals_reference(&extremes, None);
}

#[test]
fn none_and_one_particle_have_no_neighbours_and_coincident_ones_no_distance() {
    let none = support_radii(&[], 32).unwrap();
    assert_eq!(none, SupportRadii { radii: vec![], n_neighbours: 0, too_few: true });
    let zero = SupportRadius::from_nth_neighbour(0.0);
    let one = support_radii(&[[1.0; 3]], 32).unwrap();
    assert_eq!(one, SupportRadii { radii: vec![zero], n_neighbours: 0, too_few: true });
    let same = support_radii(&[[1.0; 3]; 33], 32).unwrap();
    assert_eq!(same, SupportRadii { radii: vec![zero; 33], n_neighbours: 32, too_few: false });
}

#[test]
fn too_few_particles_are_flagged_and_reach_the_farthest() {
    let positions = ball(32, 1.0, 4);
    let enough = support_radii(&positions, 31).unwrap();
    assert_eq!((enough.n_neighbours, enough.too_few), (31, false));
    let too_few = support_radii(&positions, 32).unwrap();
    assert_eq!((too_few.n_neighbours, too_few.too_few), (31, true));
    assert_eq!(too_few.radii, enough.radii);
}

#[test]
fn bad_calls_are_refused() {
    assert_eq!(support_radii(&[], 0), Err(ProjectError::NoNeighbours));
    let nan = support_radii(&[[0.0; 3], [0.0, f64::NAN, 0.0]], 1).unwrap_err();
    assert!(matches!(nan, ProjectError::NotFinite { column: "positions", index: 1, .. }));
    for box_size_kpc in [0.0, -1.0, f64::INFINITY] {
        let config = NeighbourConfig { box_size_kpc: Some(box_size_kpc), ..NeighbourConfig::default() };
        assert_eq!(support_radii_with(&[], &config), Err(ProjectError::NoBox { box_size_kpc }));
        assert_eq!(reference::support_radii_with(&[], &config), Err(ProjectError::NoBox { box_size_kpc }));
    }
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
    reversed.radii.reverse();
    assert_eq!(reversed, alone);
}

#[test]
fn a_galaxy_with_a_sparse_halo_has_the_distances_of_brute_force() {
    // From the densest to the sparsest part the density falls by twelve orders: lists are cut, estimates fail.
    let steep: Vec<_> = ball(3000, 1.0, 6)
        .into_iter()
        .map(|position| {
            let [x, y, z] = position;
            let stretch = (x * x + y * y + z * z).powi(6) * 1000.0;
            position.map(|x| x * stretch)
        })
        .collect();
    assert_equals_reference(&steep, None);
    assert_equals_reference(&steep, Some(2500.0));
    let mut clumps: Vec<[f64; 3]> = Vec::new();
    for (clump, centre) in ball(40, 1000.0, 7).into_iter().enumerate() {
        let around = ball(10 + 3 * clump, 0.1 + clump as f64, clump as u64);
        clumps.extend(around.into_iter().map(|x| [x[0] + centre[0], x[1] + centre[1], x[2] + centre[2]]));
    }
    assert_equals_reference(&clumps, None);
    assert_equals_reference(&clumps, Some(2000.0));
}

#[test]
fn sheets_and_needles_have_the_distances_of_brute_force() {
    let points = ball(2000, 1.0, 11);
    for squeeze in [[1.0, 1.0, 0.0], [1.0, 1e-9, 0.0], [1.0, 1e-3, 1e-6]] {
        let flat: Vec<_> =
            points.iter().map(|x| [x[0] * squeeze[0], x[1] * squeeze[1], x[2] * squeeze[2]]).collect();
        assert_equals_reference(&flat, None);
        assert_equals_reference(&flat, Some(1.5));
    }
}

#[test]
fn in_a_box_the_nearest_image_counts_once() {
    let points = ball(1200, 5.0, 12);
    // Full, with some outside; so small that everything is inside several times; and so large that nothing wraps.
    for side in [10.0, 7.3, 0.1, 1e3] {
        assert_equals_reference(&points, Some(side));
    }
    for n_particles in [1, 2, 3, 33, 64, 65] {
        assert_equals_reference(&points[..n_particles], Some(10.0));
    }
    let cube: Vec<_> =
        (0..512).map(|i| [f64::from(i % 8), f64::from(i / 8 % 8), f64::from(i / 64)]).collect();
    assert_equals_reference(&cube, Some(8.0));
    let lattice =
        support_radii_with(&cube, &NeighbourConfig { n_neighbours: 6, box_size_kpc: Some(8.0) }).unwrap();
    assert!(lattice.iter().all(|radius| radius.kpc() == 1.0));
}

#[test]
fn boxes_of_any_size_neither_hang_nor_panic() {
    let mut points = ball(100, 1.0, 13);
    points.extend([[f64::MAX, 0.0, 0.0], [-f64::MAX, 1.0, 0.0], [f64::MIN_POSITIVE, -0.0, 0.0]]);
    for side in [f64::MIN_POSITIVE, 1e-200, 1e-161, 1e-130, 1e200, f64::MAX] {
        assert_equals_reference(&points, Some(side));
    }
}

#[test]
fn moving_everything_through_the_box_changes_no_distance() {
    // Multiples of 1/64 in a side of 8: the sums are exact.
    let on_mesh = |x: f64| (x * 64.0).round() / 64.0;
    let points: Vec<_> = ball(2000, 4.0, 14).into_iter().map(|x| x.map(on_mesh)).collect();
    let config = NeighbourConfig { box_size_kpc: Some(8.0), ..NeighbourConfig::default() };
    let here = support_radii_with(&points, &config).unwrap();
    let moved: Vec<_> = points.iter().map(|x| [x[0] + 3.5, x[1] - 11.25, x[2] + 100.0]).collect();
    assert_eq!(support_radii_with(&moved, &config).unwrap(), here);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Coordinates on a coarse mesh, so that duplicates and equal distances are common.
    #[test]
    fn any_set_of_points_has_the_distances_of_brute_force(
        seed in any::<u64>(), n_particles in 0usize..300, n_cells in 1u32..40, n_neighbours in 1usize..50,
        box_size_kpc in prop::option::of(0.1..20.0f64),
    ) {
        let mut random = generator(seed);
        let mut coordinate = || f64::from(random.random_range(0..n_cells)) * 0.3;
        let positions: Vec<_> = (0..n_particles).map(|_| [coordinate(), coordinate(), coordinate()]).collect();
        let config = NeighbourConfig { n_neighbours, box_size_kpc };
        prop_assert_eq!(
            support_radii_with(&positions, &config),
            reference::support_radii_with(&positions, &config)
        );
    }
}
