use galmass_core::{Particles, SupportRadius};
use proptest::prelude::*;

use super::*;
use crate::Axis;
use crate::testing::{ball, in_threads, uniform};

/// Of the largest column that the cells in front could make.
const TABLE_ERROR: f64 = 1e-6;

fn gas(positions: Vec<[f64; 3]>, neutral: Vec<f64>, metallicities: Vec<f64>, support_kpc: &[f64]) -> Gas {
    let n_cells = positions.len();
    let particles = Particles::new(positions, vec![[0.0; 3]; n_cells], neutral.clone()).unwrap();
    Gas::new(particles)
        .with_neutral_hydrogen_masses_msun(neutral)
        .and_then(|gas| gas.with_metallicities(metallicities))
        .and_then(|gas| {
            let radii = support_kpc.iter().map(|&radius| SupportRadius::from_nth_neighbour(radius));
            gas.with_support_radii(radii.collect())
        })
        .unwrap()
}

fn random_gas(n_cells: usize, support_kpc: std::ops::Range<f64>, seed: u64) -> Gas {
    gas(
        ball(n_cells, 5.0, seed),
        uniform(n_cells, 0.0..1e6, seed + 1),
        uniform(n_cells, 0.001..0.04, seed + 2),
        &uniform(n_cells, support_kpc, seed + 3),
    )
}

fn one_cell() -> Gas {
    gas(vec![[1.0, 2.0, 0.0]], vec![3e7], vec![0.02], &[2.0])
}

fn along_z(stars: &[[f64; 3]], gas: &Gas) -> Vec<GasColumn> {
    gas_columns(stars, gas, &View::along(Axis::Z), &GasSmoothing::default()).unwrap()
}

/// Every column is near the definition, measured by the largest column that the gas could make.
#[track_caller]
fn assert_follows_reference(stars: &[[f64; 3]], gas: &Gas, view: &View) {
    let smoothing = GasSmoothing::default();
    let fast = gas_columns(stars, gas, view, &smoothing).unwrap();
    let slow = reference::gas_columns(stars, gas, view, &smoothing).unwrap();
    let cells = gas.neutral_hydrogen_masses_msun().unwrap().iter().zip(gas.support_radii().unwrap());
    let most = ATOMS_CM2_PER_MSUN_KPC2
        * smoothing.kernel.projected(0.0)
        * cells.map(|(mass, radius)| mass / radius.kpc().max(smoothing.min_support_kpc).powi(2)).sum::<f64>();
    for (index, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
        let error = (fast.neutral_hydrogen_cm2 - slow.neutral_hydrogen_cm2).abs();
        assert!(error <= TABLE_ERROR * most, "star {index}: {fast:?} for {slow:?}");
        // Metals of a column that is not all rounding.
        if slow.neutral_hydrogen_cm2 > 1e-3 * most {
            assert!((fast.metallicity / slow.metallicity - 1.0).abs() < 1e-2, "star {index}: {fast:?}");
        }
    }
}

#[test]
fn columns_follow_the_definition_for_kernels_of_all_sizes() {
    let view = View::new([0.6, 0.8, 0.0], [0.0, 0.0, 1.0]).unwrap();
    for (seed, support) in [(1, 0.1..0.3), (2, 0.5..2.0), (3, 0.01..8.0), (4, 20.0..50.0)] {
        let gas = random_gas(2000, support, 10 * seed);
        for n_stars in [1, 7, 64, 65, 1500] {
            assert_follows_reference(&ball(n_stars, 6.0, 100 + seed), &gas, &view);
        }
    }
}

#[test]
fn dense_gas_is_followed_far_better_than_promised() {
    let (stars, gas) = (ball(500, 5.0, 8), random_gas(5000, 0.5..1.0, 9));
    let view = View::along(Axis::Y);
    let fast = gas_columns(&stars, &gas, &view, &GasSmoothing::default()).unwrap();
    let slow = reference::gas_columns(&stars, &gas, &view, &GasSmoothing::default()).unwrap();
    let behind = fast.iter().zip(&slow).filter(|(_, slow)| slow.neutral_hydrogen_cm2 > 1e19);
    let errors: Vec<f64> =
        behind.map(|(fast, slow)| fast.neutral_hydrogen_cm2 / slow.neutral_hydrogen_cm2 - 1.0).collect();
    assert!(errors.len() > 400);
    assert!(errors.iter().all(|error| error.abs() < 1e-5));
}

#[test]
fn stars_and_gas_that_coincide_are_followed_too() {
    let place = [[1.0, -1.0, 0.5]; 300];
    let gas = gas(place.to_vec(), vec![1e5; 300], vec![0.01; 300], &[1.0; 300]);
    assert_follows_reference(&place, &gas, &View::along(Axis::X));
    let behind = [[1.0, -1.0, 0.6]; 300];
    assert_follows_reference(&behind, &gas, &View::along(Axis::Z));
    let columns = along_z(&behind, &gas);
    let expected = 3e7 * 6.0 / std::f64::consts::PI * ATOMS_CM2_PER_MSUN_KPC2;
    assert!(columns.iter().all(|column| (column.neutral_hydrogen_cm2 / expected - 1.0).abs() < 1e-6));
}

#[test]
fn only_gas_in_front_counts() {
    let stars = [[1.0, 2.0, -0.5], [1.0, 2.0, 0.0], [1.0, 2.0, 0.5], [1.0, 2.0, 1e9]];
    let columns = along_z(&stars, &one_cell());
    assert_eq!(columns[0], GasColumn::default(), "in front of it");
    assert_eq!(columns[1], GasColumn::default(), "inside it");
    assert!(columns[2].neutral_hydrogen_cm2 > 0.0);
    assert_eq!(columns[2], columns[3], "right behind and far behind");
    let from_behind = View::new([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).unwrap();
    let columns = gas_columns(&stars, &one_cell(), &from_behind, &GasSmoothing::default()).unwrap();
    assert!(columns[0].neutral_hydrogen_cm2 > 0.0 && columns[2] == GasColumn::default());
}

#[test]
fn a_column_ends_at_the_rim_of_the_kernel() {
    let columns = along_z(&[[2.999, 2.0, 1.0], [3.001, 2.0, 1.0], [1.0, 4.001, 1.0]], &one_cell());
    assert!(columns[0].neutral_hydrogen_cm2 > 0.0);
    assert_eq!(columns[1..], [GasColumn::default(); 2]);
}

#[test]
fn the_gas_in_all_columns_is_the_gas() {
    // A lattice of stars behind everything: the sum of its columns times the area of a cell is the mass.
    let gas = random_gas(300, 1.0..2.0, 77);
    let (n, step) = (160, 0.1);
    let coordinate = |i: usize| (i as f64 - n as f64 / 2.0 + 0.5) * step;
    let lattice: Vec<_> = (0..n * n).map(|i| [coordinate(i % n), coordinate(i / n), 99.0]).collect();
    let columns = along_z(&lattice, &gas);
    let mass: f64 = columns.iter().map(|column| column.neutral_hydrogen_cm2).sum::<f64>() * step * step
        / ATOMS_CM2_PER_MSUN_KPC2;
    let expected: f64 = gas.neutral_hydrogen_masses_msun().unwrap().iter().sum();
    assert!((mass / expected - 1.0).abs() < 1e-4, "{mass} for {expected}");
}

#[test]
fn metallicity_is_the_mean_over_hydrogen() {
    let two = gas(vec![[0.0; 3]; 2], vec![1e6, 3e6], vec![0.01, 0.03], &[1.0; 2]);
    let columns = along_z(&[[0.0, 0.0, 1.0]], &two);
    assert!((columns[0].metallicity - 0.025).abs() < 1e-15);
    let advected = gas(vec![[0.0; 3]; 2], vec![1e6, 1e6], vec![-0.01, 0.03], &[1.0; 2]);
    assert!((along_z(&[[0.0, 0.0, 1.0]], &advected)[0].metallicity - 0.015).abs() < 1e-15);
}

#[test]
fn nothing_makes_no_columns_and_no_gas_makes_empty_ones() {
    assert_eq!(along_z(&[], &one_cell()), []);
    let stars = ball(3, 5.0, 1);
    assert_eq!(along_z(&stars, &Gas::default()), [GasColumn::default(); 3]);
    let ionised = gas(vec![[0.0; 3]; 5], vec![0.0; 5], vec![0.02; 5], &[9.0; 5]);
    assert_eq!(along_z(&stars, &ionised), [GasColumn::default(); 3]);
}

#[test]
fn bad_calls_are_refused() {
    let call = |stars: &[[f64; 3]], gas: &Gas| {
        gas_columns(stars, gas, &View::along(Axis::Z), &GasSmoothing::default()).unwrap_err()
    };
    let nan = call(&[[0.0; 3], [f64::NAN, 0.0, 0.0]], &one_cell());
    assert!(matches!(nan, ProjectError::NotFinite { column: "positions", index: 1, .. }));
    let bare = Gas::new(one_cell().particles().clone());
    let missing = |column| ProjectError::MissingColumn { column };
    assert_eq!(call(&[[0.0; 3]], &bare), missing("neutral hydrogen masses"));
    let without_metals = bare.with_neutral_hydrogen_masses_msun(vec![1.0]).unwrap();
    assert_eq!(call(&[[0.0; 3]], &without_metals), missing("metallicities"));
}

#[test]
fn places_beyond_all_measure_neither_hang_nor_panic() {
    let mut far = ball(200, 5.0, 1);
    far.extend([[f64::MAX, 0.0, f64::MAX], [-f64::MAX, f64::MAX, 0.0], [0.0, 0.0, f64::MAX]]);
    let n_cells = far.len();
    let gas = gas(far.clone(), vec![1e300; n_cells], vec![0.02; n_cells], &vec![1e-300; n_cells]);
    let view = View::new([0.6, 0.8, 0.0], [-0.8, 0.6, 0.0]).unwrap();
    assert_eq!(gas_columns(&far, &gas, &view, &GasSmoothing::default()).unwrap().len(), n_cells);
}

#[test]
fn the_number_of_threads_does_not_matter_and_the_order_of_stars_neither() {
    let (mut stars, gas) = (ball(5000, 5.0, 3), random_gas(3000, 0.2..1.5, 4));
    let alone = in_threads(1, || along_z(&stars, &gas));
    for n_threads in [2, 3] {
        assert_eq!(in_threads(n_threads, || along_z(&stars, &gas)), alone);
    }
    stars.reverse();
    let mut reversed = along_z(&stars, &gas);
    reversed.reverse();
    for (a, b) in alone.iter().zip(&reversed) {
        assert!((a.neutral_hydrogen_cm2 - b.neutral_hydrogen_cm2).abs() <= 1e-12 * b.neutral_hydrogen_cm2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Stars and gas on coarse meshes, so that equal depths and coincident places are common.
    #[test]
    fn any_stars_and_gas_have_the_columns_of_the_definition(
        seed in any::<u64>(), n_stars in 0usize..200, n_cells in 1usize..200, mesh in 1.0f64..20.0, widest in 0.2f64..9.0,
    ) {
        let on_mesh = |points: Vec<[f64; 3]>| -> Vec<_> {
            points.into_iter().map(|point| point.map(|x| (x * mesh).round() / mesh)).collect()
        };
        let support = uniform(n_cells, 0.0..widest, seed ^ 3);
        let gas = gas(
            on_mesh(ball(n_cells, 3.0, seed ^ 1)), uniform(n_cells, 0.0..1e6, seed ^ 2), vec![0.02; n_cells], &support,
        );
        assert_follows_reference(&on_mesh(ball(n_stars, 3.0, seed)), &gas, &View::along(Axis::X));
    }
}
