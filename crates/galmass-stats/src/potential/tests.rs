//! The potentials of points, spheres and clusters, and of what is no galaxy at all.

use galmass_core::seed::generator;
use galmass_core::units::GRAVITATIONAL_CONSTANT as G;
use galmass_core::{Component, Galaxy, Gas, Particles, Stars};
use proptest::prelude::*;
use rand::RngExt;

use super::*;

const TREE: PotentialConfig = PotentialConfig {
    method: PotentialMethod::Tree,
    opening_angle: 0.7,
    kernel: SofteningKernel::CubicSpline,
};
/// Few bodies, or few that have most of the mass, are no smooth mass: their cells need a smaller angle.
const NARROW: PotentialConfig = PotentialConfig { opening_angle: 0.4, ..TREE };
const DIRECT: PotentialConfig = PotentialConfig { method: PotentialMethod::Direct, ..TREE };
const SPHERICAL: PotentialConfig = PotentialConfig { method: PotentialMethod::Spherical, ..TREE };
const KERNELS: [SofteningKernel; 2] = [SofteningKernel::CubicSpline, SofteningKernel::Plummer];

/// What the sums in single precision cost at an opening angle of 0, relative.
const SINGLE_PRECISION: f64 = 2e-6;

/// A Plummer sphere of unit scale length about a point, cut at 30.
fn plummer(n: usize, centre: [f64; 3], scale: f64, seed: u64) -> Vec<[f64; 3]> {
    let mut random = generator(seed);
    let mut body = || loop {
        let r = (random.random_range(1e-9..1.0f64).powf(-2.0 / 3.0) - 1.0).sqrt().recip();
        let direction: [f64; 3] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
        let length = crate::radius(&direction);
        if r < 30.0 && length > 0.1 && length < 1.0 {
            return std::array::from_fn(|k| centre[k] + scale * r * direction[k] / length);
        }
    };
    (0..n).map(|_| body()).collect()
}

/// The potential of bodies of 1 Msun at their own places.
fn own(positions: &[[f64; 3]], softening_kpc: f64, config: &PotentialConfig) -> Vec<f64> {
    let masses = vec![1.0; positions.len()];
    let sources = PotentialSources::new(positions, &masses, Softenings::Same(softening_kpc)).unwrap();
    potentials_km2_s2(&sources, positions, config).unwrap()
}

fn rms(found: &[f64], expected: &[f64]) -> f64 {
    let squares = found.iter().zip(expected).map(|(a, b)| (a / b - 1.0).powi(2));
    (squares.sum::<f64>() / found.len() as f64).sqrt()
}

fn in_threads<T: Send>(n_threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(run)
}

#[test]
fn two_bodies_feel_each_other_and_not_themselves() {
    let positions = [[0.0; 3], [0.0, 3.0, 4.0]];
    let sources = PotentialSources::new(&positions, &[1e10, 2e10], Softenings::Same(0.0)).unwrap();
    for config in [TREE, DIRECT] {
        let found = potentials_km2_s2(&sources, &positions, &config).unwrap();
        for (found, mass) in found.iter().zip([2e10, 1e10]) {
            assert!((found / (-G * mass / 5.0) - 1.0).abs() < SINGLE_PRECISION, "{config:?}: {found}");
        }
    }
    let softened = PotentialSources::new(&positions, &[1e10, 2e10], Softenings::Same(12.0)).unwrap();
    for method in [PotentialMethod::Tree, PotentialMethod::Direct] {
        let config = PotentialConfig { method, kernel: SofteningKernel::Plummer, ..TREE };
        let found = potentials_km2_s2(&softened, &positions, &config).unwrap();
        assert!((found[1] / (-G * 1e10 / 13.0) - 1.0).abs() < SINGLE_PRECISION);
    }
}

#[test]
fn particles_of_a_plummer_sphere_have_its_potential() {
    let n = 20_000;
    let positions = plummer(n, [0.0; 3], 1.0, 1);
    let analytic: Vec<f64> = positions
        .iter()
        .map(|p| -G * n as f64 / (1.0 + p.iter().map(|x| x * x).sum::<f64>()).sqrt())
        .collect();
    // The scatter of 20,000 particles is 1 / sqrt(n) and less; the part beyond the cut is 0.2 per cent of the mass.
    for config in [TREE, SPHERICAL] {
        let error = rms(&own(&positions, 0.0, &config), &analytic);
        assert!(error < 0.01, "{config:?}: {error}");
    }
}

#[test]
fn the_error_of_the_tree_falls_with_the_angle() {
    let positions = plummer(6_000, [3.0, -2.0, 1.0], 1.0, 2);
    for softening in [0.0, 0.03, 0.5, 20.0] {
        for kernel in KERNELS {
            let with = |config| own(&positions, softening, &PotentialConfig { kernel, ..config });
            let exact = with(DIRECT);
            let error = |opening_angle| rms(&with(PotentialConfig { opening_angle, ..TREE }), &exact);
            let (none, small, default, large) = (error(0.0), error(0.35), error(0.7), error(1.0));
            let case = format!("{softening} {kernel:?}: {none:e} {small:e} {default:e} {large:e}");
            assert!(none < SINGLE_PRECISION && small < 5e-5 && default < 3e-4, "{case}");
            assert!(none < small && small < default && default <= large, "{case}");
        }
    }
}

#[test]
fn softenings_of_many_lengths_and_masses_are_heeded() {
    let positions = plummer(4_000, [0.0; 3], 1.0, 3);
    let mut random = generator(4);
    let masses: Vec<f64> = positions.iter().map(|_| 10f64.powf(random.random_range(3.0..6.0))).collect();
    let softenings: Vec<f64> = positions.iter().map(|_| random.random_range(0.0..0.6)).collect();
    let sources =
        PotentialSources::new(&positions, &masses, Softenings::Each(softenings.as_slice().into())).unwrap();
    let elsewhere = plummer(500, [0.5, 0.0, 0.0], 2.0, 5);
    for kernel in KERNELS {
        for targets in [&positions, &elsewhere] {
            let with =
                |config| potentials_km2_s2(&sources, targets, &PotentialConfig { kernel, ..config }).unwrap();
            let error = rms(&with(NARROW), &with(DIRECT));
            assert!(error < 3e-4, "{kernel:?}: {error}");
        }
    }
}

#[test]
fn clusters_of_a_trillionth_of_their_distance_are_resolved() {
    let mut positions = plummer(700, [0.0; 3], 1e-6, 6);
    positions.extend(plummer(700, [1e6, 2e5, -3e5], 1.0, 7));
    positions.extend(plummer(700, [-1e6, 0.0, 0.0], 1e3, 8));
    for softening in [0.0, 1e-7, 1e-2] {
        let (tree, exact) = (own(&positions, softening, &NARROW), own(&positions, softening, &DIRECT));
        assert!(rms(&tree, &exact) < 3e-4, "{softening}: {}", rms(&tree, &exact));
    }
}

#[test]
fn a_close_pair_among_many_keeps_its_digits() {
    let mut positions = plummer(3_000, [0.0; 3], 1.0, 9);
    for k in 0..40 {
        let offset = 10f64.powi(-3 - k / 4);
        positions.push([
            positions[k as usize][0] + offset,
            positions[k as usize][1],
            positions[k as usize][2],
        ]);
    }
    let (tree, exact) = (own(&positions, 0.0, &TREE), own(&positions, 0.0, &DIRECT));
    for (k, (tree, exact)) in tree.iter().zip(&exact).enumerate() {
        assert!((tree / exact - 1.0).abs() < 3e-3, "{k}: {tree} {exact}");
    }
    for k in (0..40).chain(3_000..3_040) {
        assert!((tree[k] / exact[k] - 1.0).abs() < 5e-4, "{k}: {} {}", tree[k], exact[k]);
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let positions = plummer(20_000, [0.0; 3], 1.0, 10);
    for config in [TREE, DIRECT, SPHERICAL] {
        let targets = &positions[..if config.method == PotentialMethod::Direct { 200 } else { 20_000 }];
        let masses = vec![1.0; positions.len()];
        let sources = PotentialSources::new(&positions, &masses, Softenings::Same(0.01)).unwrap();
        let alone = in_threads(1, || potentials_km2_s2(&sources, targets, &config).unwrap());
        for n_threads in [2, 3, 5] {
            let found = in_threads(n_threads, || potentials_km2_s2(&sources, targets, &config).unwrap());
            assert_eq!(found, alone, "{config:?}");
        }
    }
}

#[test]
fn targets_anywhere_feel_the_sources() {
    let positions = plummer(2_000, [0.0; 3], 1.0, 11);
    let masses = vec![1.0; 2_000];
    let sources = PotentialSources::new(&positions, &masses, Softenings::Same(0.02)).unwrap();
    let mut targets = plummer(300, [1.0, 0.0, 0.0], 3.0, 12);
    // On sources, far off, very far off, and the same place twice.
    targets.extend_from_slice(&positions[..50]);
    targets.extend([[1e4, 0.0, 0.0], [0.0, -1e9, 0.0], [1e40, 1e40, 0.0], [1.0; 3], [1.0; 3]]);
    let found = potentials_km2_s2(&sources, &targets, &TREE).unwrap();
    let exact = potentials_km2_s2(&sources, &targets, &DIRECT).unwrap();
    assert!(rms(&found, &exact) < 3e-4, "{}", rms(&found, &exact));
    assert_eq!(found[found.len() - 1], found[found.len() - 2]);
    let swapped: Vec<[f64; 3]> = targets.iter().rev().copied().collect();
    let mut reversed = potentials_km2_s2(&sources, &swapped, &TREE).unwrap();
    reversed.reverse();
    assert_eq!(reversed, found, "the order of the targets does not matter");
}

#[test]
fn coincident_bodies_act_with_the_depth_of_their_kernel() {
    let n = 100_000;
    let positions = vec![[1.0, 2.0, 3.0]; n];
    for kernel in KERNELS {
        for config in [TREE, DIRECT] {
            let config = PotentialConfig { kernel, ..config };
            let targets = &positions[..if config.method == PotentialMethod::Direct { 3 } else { n }];
            let masses = vec![2.0; n];
            let sources = PotentialSources::new(&positions, &masses, Softenings::Same(0.5)).unwrap();
            let found = potentials_km2_s2(&sources, targets, &config).unwrap();
            let expected = -G * 2.0 * (n - 1) as f64 / 0.5;
            assert!(found.iter().all(|phi| (phi / expected - 1.0).abs() < 1e-12), "{config:?}: {}", found[0]);
            let bare = PotentialSources::new(&positions, &masses, Softenings::Same(0.0)).unwrap();
            assert_eq!(potentials_km2_s2(&bare, &targets[..3], &config).unwrap(), [0.0; 3]);
        }
    }
}

#[test]
fn many_coincident_bodies_beside_others_do_not_hang() {
    let mut positions = vec![[0.0; 3]; 20_000];
    positions.extend(vec![[5.0, 0.0, 0.0]; 20_000]);
    positions.extend(plummer(2_000, [0.0; 3], 1.0, 13));
    for softening in [0.0, 0.1] {
        let masses = vec![1.0; positions.len()];
        let sources = PotentialSources::new(&positions, &masses, Softenings::Same(softening)).unwrap();
        let tree = potentials_km2_s2(&sources, &positions, &TREE).unwrap();
        let targets: Vec<[f64; 3]> = positions.iter().step_by(400).copied().collect();
        let exact = potentials_km2_s2(&sources, &targets, &DIRECT).unwrap();
        let found: Vec<f64> = tree.iter().step_by(400).copied().collect();
        assert!(rms(&found, &exact) < 3e-4, "{softening}: {}", rms(&found, &exact));
    }
}

#[test]
fn nothing_and_one_body_have_no_potential() {
    for config in [TREE, DIRECT, SPHERICAL] {
        assert_eq!(own(&[], 0.1, &config), [0.0; 0]);
        let nothing = PotentialSources::new(&[], &[], Softenings::Same(0.1)).unwrap();
        let targets = [[1.0, 2.0, 3.0], [f64::NAN, 0.0, 0.0]];
        let found = potentials_km2_s2(&nothing, &targets, &config).unwrap();
        assert!(found[0] == 0.0 && found[0].is_sign_positive() && found[1].is_nan(), "{config:?}");
    }
    for config in [TREE, DIRECT] {
        assert_eq!(own(&[[1.0, 2.0, 3.0]], 0.1, &config), [0.0]);
        let massless = PotentialSources::new(&[[1.0; 3]; 2], &[0.0; 2], Softenings::Same(0.1)).unwrap();
        assert_eq!(potentials_km2_s2(&massless, &[[1.0; 3]], &config).unwrap(), [0.0]);
    }
}

#[test]
fn a_target_at_no_place_has_no_number() {
    let positions = plummer(100, [0.0; 3], 1.0, 14);
    let masses = vec![1.0; 100];
    let sources = PotentialSources::new(&positions, &masses, Softenings::Same(0.1)).unwrap();
    let targets = [[f64::NAN, 0.0, 0.0], [0.0, f64::INFINITY, 0.0], [0.0; 3], [f64::NAN, f64::INFINITY, 0.0]];
    for config in [TREE, DIRECT, SPHERICAL] {
        let found = potentials_km2_s2(&sources, &targets, &config).unwrap();
        assert!(found[0].is_nan() && found[3].is_nan(), "{config:?}: {found:?}");
        assert!(found[1] == 0.0 && found[2] < 0.0, "{config:?}: {found:?}");
    }
}

#[test]
fn sources_that_cannot_be_are_refused() {
    let refused = |positions: &[[f64; 3]], masses: &[f64], softening| {
        PotentialSources::new(positions, masses, Softenings::Same(softening)).unwrap_err()
    };
    let lost = refused(&[[0.0; 3], [0.0, f64::NAN, 0.0]], &[1.0; 2], 0.0);
    assert!(
        matches!(lost, StatsError::BadSource { column: "positions_kpc", index: 1, value } if value.is_nan())
    );
    let negative = refused(&[[0.0; 3]], &[-1.0], 0.0);
    assert_eq!(negative, StatsError::BadSource { column: "masses_msun", index: 0, value: -1.0 });
    assert!(matches!(
        refused(&[[0.0; 3]], &[1.0], f64::INFINITY),
        StatsError::BadSource { column: "softenings_kpc", .. }
    ));
    let short = refused(&[[0.0; 3]], &[], 0.0);
    assert_eq!(short, StatsError::LengthMismatch { column: "masses_msun", expected: 1, found: 0 });
    let nothing = PotentialSources::new(&[], &[], Softenings::Same(0.0)).unwrap();
    for opening_angle in [-0.1, 1.1, f64::NAN] {
        let config = PotentialConfig { opening_angle, ..TREE };
        assert!(matches!(potentials_km2_s2(&nothing, &[], &config), Err(StatsError::OutOfRange { .. })));
    }
    let softenings = ComponentSoftenings { gas_kpc: -1.0, ..ComponentSoftenings::default() };
    assert!(PotentialSources::of_galaxy(&Galaxy::default(), &softenings).is_err());
}

#[test]
fn all_components_of_a_galaxy_attract() {
    let at = |x: f64, mass| Particles::new(vec![[x, 0.0, 0.0]], vec![[0.0; 3]], vec![mass]).unwrap();
    let galaxy = Galaxy {
        gas: Gas::new(at(0.0, 1e9)),
        dark_matter: at(4.0, 8e9),
        stars: Stars::new(at(1.0, 2e9)),
        ..Galaxy::default()
    };
    let softenings = ComponentSoftenings::default();
    let found = galaxy_potentials_km2_s2(&galaxy, &softenings, &TREE).unwrap();
    let expected = [
        (Component::Gas, -G * (8e9 / 4.0 + 2e9)),
        (Component::DarkMatter, -G * (1e9 / 4.0 + 2e9 / 3.0)),
        (Component::Stars, -G * (1e9 + 8e9 / 3.0)),
    ];
    for (component, expected) in expected {
        let [potential] = found.of(component) else { panic!("{component} has one particle") };
        assert!((potential / expected - 1.0).abs() < SINGLE_PRECISION, "{component}: {potential}");
    }
    assert!(found.of(Component::BlackHoles).is_empty());
}

#[test]
fn shells_have_the_potential_of_newton_s_theorem() {
    // 3 Msun at 1 kpc and 2 Msun at 2 kpc, wherever on their spheres.
    let positions = [[1.0, 0.0, 0.0], [0.0, 0.0, -2.0]];
    let sources = PotentialSources::new(&positions, &[3.0, 2.0], Softenings::Same(0.5)).unwrap();
    let targets = [[0.0; 3], [0.0, 1.5, 0.0], [4.0, 0.0, 0.0], [1.0, 0.0, 0.0]];
    let found = potentials_km2_s2(&sources, &targets, &SPHERICAL).unwrap();
    for (found, expected) in found.iter().zip([4.0, 3.0, 1.25, 4.0]) {
        assert!((found / (-G * expected) - 1.0).abs() < 1e-14, "{found} {expected}");
    }
    // A body at the centre is as deep as its softening says, or a point.
    for (softening, expected) in [(0.5, 2.0), (0.0, 0.0)] {
        let sources = PotentialSources::new(&[[0.0; 3]], &[1.0], Softenings::Same(softening)).unwrap();
        let found = potentials_km2_s2(&sources, &[[0.0; 3], [2.0, 0.0, 0.0]], &SPHERICAL).unwrap();
        assert!((found[0] + G * expected).abs() < 1e-18 && (found[1] + G * 0.5).abs() < 1e-18);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_tree_holds_to_the_direct_sum_wherever_bodies_are(
        bodies in prop::collection::vec((prop::array::uniform3(-3i32..3), -8i32..8, 0.0..1e9f64), 1..200),
        softening in prop::sample::select(vec![0.0, 1e-3, 1.0]),
        plummer in any::<bool>(),
    ) {
        // A lattice at scales from 1e-8 to 1e7: many coincide.
        let positions: Vec<[f64; 3]> =
            bodies.iter().map(|(cell, scale, _)| cell.map(|x| f64::from(x) * 10f64.powi(*scale))).collect();
        let masses: Vec<f64> = bodies.iter().map(|body| body.2).collect();
        let sources = PotentialSources::new(&positions, &masses, Softenings::Same(softening)).unwrap();
        let kernel = KERNELS[usize::from(plummer)];
        let with = |config| potentials_km2_s2(&sources, &positions, &PotentialConfig { kernel, ..config });
        let (tree, exact) = (with(PotentialConfig { opening_angle: 0.2, ..TREE }).unwrap(), with(DIRECT).unwrap());
        for (tree, exact) in tree.iter().zip(exact) {
            prop_assert!((tree - exact).abs() <= 5e-3 * exact.abs(), "{tree} {exact}");
        }
    }
}
