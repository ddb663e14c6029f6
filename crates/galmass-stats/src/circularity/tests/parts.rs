use proptest::prelude::*;

use super::super::cells::{N_SHELLS, edge_squared, shell_of};
use super::super::energy_order::{bin_maximum, bin_quantile, rank_maximum};
use super::super::multipoles::Multipoles;
use super::*;

fn log_radii(n: usize, from: f64, to: f64) -> Vec<f64> {
    (0..n).map(|i| from * (to / from).powf(i as f64 / (n - 1) as f64)).collect()
}

#[test]
fn the_curve_of_closed_forms_is_exact() {
    for model in Model::ALL {
        let potential = |r: f64| model.potential([r, 0.0, 0.0]);
        for (n, tolerance) in [(1000, 1e-6), (100, 1e-4)] {
            let radii = log_radii(n, 1e-2, 1e4);
            let curve = CircularOrbitCurve::from_functions(&radii, |r| model.velocity(r), potential).unwrap();
            for r in log_radii(777, 0.02, 5e3) {
                let (energy, momentum) =
                    (potential(r) + 0.5 * model.velocity(r).powi(2), r * model.velocity(r));
                let found = curve.angular_momentum(energy);
                assert!((found / momentum - 1.0).abs() < tolerance, "{model:?} {n} {r}: {found} {momentum}");
            }
        }
    }
}

#[test]
fn a_core_and_a_point_mass_continue_the_curve() {
    // Uniform inside 1 kpc, nothing outside: both continuations are exact, of a single radius.
    let curve = CircularOrbitCurve::from_samples(&[1.0], &[100.0], &[-1.0e4]).unwrap();
    assert_eq!(curve.escape_energy_km2_s2(), 0.0);
    for r in [0.3, 0.5, 0.9, 1.0] {
        let energy = -1.5e4 + 1.0e4 * r * r;
        assert!((curve.angular_momentum(energy) / (100.0 * r * r) - 1.0).abs() < 1e-5, "{r}");
    }
    for r in [1.0_f64, 2.0, 10.0, 1000.0] {
        let found = curve.angular_momentum(-0.5e4 / r);
        assert!((found / (100.0 * r.sqrt()) - 1.0).abs() < 1e-5, "{r}: {found}");
    }
    for unbound in [0.0, 1.0, f64::INFINITY, f64::NAN] {
        assert_eq!(curve.angular_momentum(unbound), f64::INFINITY);
    }
    assert_eq!(curve.angular_momentum(-1.0e9), curve.angular_momentum(-2.0e4), "deeper than the core");
    assert_eq!(curve.circularities(&[-0.5e4, 1.0], &[50.0, 50.0]).unwrap()[1], 0.0);
}

#[test]
fn enclosed_mass_makes_the_curve_of_its_potential() {
    let model = Model::Hernquist;
    let radii = log_radii(2000, 1e-2, 1e5);
    let masses: Vec<f64> = radii.iter().map(|r| MASS * (r / (r + LENGTH)).powi(2)).collect();
    let curve = CircularOrbitCurve::from_enclosed_mass(&radii, &masses).unwrap();
    for r in [0.1, 1.0, 10.0, 100.0] {
        let energy = model.potential([r, 0.0, 0.0]) + 0.5 * model.velocity(r).powi(2);
        let found = curve.angular_momentum(energy) / (r * model.velocity(r));
        assert!((found - 1.0).abs() < 1e-3, "{r}: {found}");
    }
}

#[test]
fn samples_that_make_no_curve_are_refused() {
    let refused = |radii: &[f64], velocities: &[f64], potentials: &[f64]| {
        CircularOrbitCurve::from_samples(radii, velocities, potentials).unwrap_err()
    };
    assert!(matches!(refused(&[1.0], &[], &[0.0]), StatsError::LengthMismatch { expected: 1, found: 0, .. }));
    for radii in [[0.0, 1.0], [1.0, 1.0], [1.0, f64::NAN], [1.0, f64::INFINITY]] {
        let error = refused(&radii, &[1.0; 2], &[-2.0, -1.0]);
        assert!(matches!(error, StatsError::OutOfRange { name: "radii_kpc", .. }));
    }
    for velocities in [[0.0, 0.0], [f64::NAN; 2], [-1.0, -1.0]] {
        let error = refused(&[1.0, 2.0], &velocities, &[-2.0, -1.0]);
        assert!(matches!(error, StatsError::OutOfRange { name: "circular velocity", .. }));
    }
    assert!(CircularOrbitCurve::from_samples(&[], &[], &[]).is_err());
    let curve = CircularOrbitCurve::from_samples(&[1.0], &[1.0], &[-1.0]).unwrap();
    assert!(curve.circularities(&[0.0], &[]).is_err());
}

proptest! {
    #[test]
    fn noise_never_makes_the_curve_fall(
        noise in prop::collection::vec((-0.3..0.3_f64, -300.0..300.0_f64), 30),
    ) {
        let radii = log_radii(30, 0.1, 100.0);
        let sample = |f: &dyn Fn(usize) -> f64| (0..30).map(f).collect::<Vec<f64>>();
        let velocities = sample(&|i| Model::Hernquist.velocity(radii[i]) * (1.0 + noise[i].0));
        let potentials = sample(&|i| Model::Hernquist.potential([radii[i], 0.0, 0.0]) + noise[i].1);
        let curve = CircularOrbitCurve::from_samples(&radii, &velocities, &potentials).unwrap();
        let end = curve.escape_energy_km2_s2();
        let momenta: Vec<f64> =
            (0..2000).map(|i| curve.angular_momentum(end - 6.0e4 * (1.0 - f64::from(i) / 2000.0))).collect();
        prop_assert!(momenta.windows(2).all(|pair| pair[1] >= pair[0] * (1.0 - 1e-9)));
        prop_assert!(momenta.iter().all(|momentum| *momentum > 0.0));
    }

    #[test]
    fn the_largest_of_a_window_is_that_of_a_plain_search(
        stars in prop::collection::vec((-9..0_i32, 0.0..9.0_f64), 1..80),
        window in 1..30_usize,
    ) {
        let (energies, momenta): (Vec<f64>, Vec<f64>) =
            stars.into_iter().map(|(energy, momentum)| (f64::from(energy), momentum)).unzip();
        let mut order: Vec<usize> = (0..energies.len()).collect();
        order.sort_by(|&a, &b| energies[a].total_cmp(&energies[b]));
        let found = rank_maximum(&energies, &momenta, window);
        for (rank, &star) in order.iter().enumerate() {
            let around = &order[rank.saturating_sub(window)..(rank + window + 1).min(order.len())];
            let largest = around.iter().map(|&other| momenta[other]).fold(0.0, f64::max);
            prop_assert_eq!(found[star], largest);
        }
    }
}

#[test]
fn quantiles_are_linear_between_the_means_of_bins() {
    // Two bins of five: means -8 and -3, medians 2 and 7.
    let energies: Vec<f64> = (0..10).map(|i| -10.0 + f64::from(i)).collect();
    let momenta: Vec<f64> = (0..10).map(f64::from).collect();
    let found = bin_quantile(&energies, &momenta, 5, 0.5);
    assert_eq!(found[..3], [2.0; 3]);
    assert!((found[4] - 4.0).abs() < 1e-12, "{found:?}");
    assert_eq!(found[7..], [7.0; 3]);
    // 0.99 of the way through four steps.
    let one_bin = bin_quantile(&energies[..5], &momenta[..5], 1000, 0.99);
    assert!(one_bin.iter().all(|value| (value - 3.96).abs() < 1e-12), "{one_bin:?}");
}

#[test]
fn the_largest_of_a_bin_is_passed_over_where_it_is_alone() {
    // The deepest has -1; the others share the bin from -0.55 to -0.5.
    let energies = [-100.0, -54.0, -53.0, -52.0, 1.0];
    let close = bin_maximum(&energies, &[1.0, 10.0, 9.95, 5.0, 3.0]);
    assert_eq!((close[0], close[1], close[2], close[3]), (1.0, 10.0, 10.0 - 0.0, 10.0));
    assert!(close[4].is_nan(), "not bound");
    let alone = bin_maximum(&energies, &[1.0, 10.0, 9.0, 5.0, 3.0]);
    assert_eq!((alone[2], alone[3]), (9.0, 9.0));
}

#[test]
fn shells_have_the_radii_that_their_numbers_say() {
    for shell in 1..N_SHELLS {
        let edge = edge_squared(shell);
        assert_eq!(shell_of(edge), shell);
        assert_eq!(shell_of(edge * (1.0 - 1e-15)), shell - 1);
    }
    assert_eq!((shell_of(0.0), shell_of(f64::INFINITY)), (0, N_SHELLS - 1));
}

#[test]
fn multipoles_are_those_of_a_direct_sum() {
    // Few particles, and rings of places at the same angle to the axis, mirrored: what the expansion averages over.
    let axis = [2.0 / 7.0, 3.0 / 7.0, 6.0 / 7.0];
    let model = Model::Hernquist;
    let n = 40;
    let particles = Particles::new(model.points(n, 3), vec![[0.0; 3]; n], vec![MASS / n as f64; n]).unwrap();
    let galaxy = galaxy(Particles::default(), particles.clone());
    let multipoles = Multipoles::new(&galaxy, axis, 64);
    // Perpendicular to the axis, and to both.
    let (first, second) = {
        let a = [3.0 / 13.0_f64.sqrt(), -2.0 / 13.0_f64.sqrt(), 0.0];
        let b: [f64; 3] = std::array::from_fn(|i| {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            axis[j] * a[k] - axis[k] * a[j]
        });
        (a, b)
    };
    let far = |place: [f64; 3]| {
        particles.positions_kpc().iter().all(|x| (crate::radius(x) / crate::radius(&place)).ln().abs() > 0.15)
    };
    let mut n_compared = 0;
    for shell in (shell_of(0.01)..shell_of(1e4)).step_by(3) {
        let radius = edge_squared(shell).sqrt();
        for cosine in [0.0_f64, 0.3, 0.95] {
            let sine = (1.0 - cosine * cosine).sqrt();
            let places: Vec<[f64; 3]> = (0..400)
                .map(|step| {
                    let angle = TAU * f64::from(step / 2) / 200.0;
                    let up = if step % 2 == 0 { cosine } else { -cosine };
                    std::array::from_fn(|i| {
                        radius * (up * axis[i] + sine * (angle.cos() * first[i] + angle.sin() * second[i]))
                    })
                })
                .collect();
            if !far(places[0]) {
                continue;
            }
            let direct = |place: &[f64; 3]| {
                let distance = |x: &[f64; 3]| crate::radius(&std::array::from_fn(|i| x[i] - place[i]));
                particles.positions_kpc().iter().map(|x| -GM / n as f64 / distance(x)).sum::<f64>()
            };
            let exact = places.iter().map(direct).sum::<f64>() / places.len() as f64;
            let found = multipoles.at(&tracers(places[..1].to_vec(), vec![[0.0; 3]]), axis)[0];
            // What is left of the 66th order at a ratio of radii of exp(0.15).
            assert!((found / exact - 1.0).abs() < 1e-5, "{radius} {cosine}: {found} for {exact}");
            if cosine == 0.0 {
                assert!((multipoles.midplane(shell) / found - 1.0).abs() < 1e-12);
                n_compared += 1;
            }
        }
    }
    assert!(n_compared > 10, "{n_compared}");
}

#[test]
fn the_midplane_of_a_thin_disc_turns_as_its_closed_form() {
    let model = Model::MiyamotoNagai;
    let galaxy = galaxy(Particles::default(), model.dark_matter());
    let multipoles = Multipoles::new(&galaxy, [0.0, 0.0, 1.0], 32);
    // Of 1e5 particles 3 per cent are inside 2 kpc: the speed there scatters by 1 to 2 per cent.
    for radius in [2.0_f64, 4.0, 8.0, 16.0] {
        let shell = shell_of(radius * radius);
        assert_eq!(edge_squared(shell), radius * radius);
        let found = multipoles.squares[shell].sqrt() / model.velocity(radius);
        assert!((found - 1.0).abs() < 0.03, "{radius}: {found}");
        let found = multipoles.midplane(shell) / model.potential([radius, 0.0, 0.0]);
        assert!((found - 1.0).abs() < 0.01, "{radius}: {found}");
    }
}

#[test]
fn settings_are_read_and_refused() {
    let read = |text: &str| serde_json::from_str::<CircularityConfig>(text);
    assert_eq!(read("{}").unwrap(), CircularityConfig::default());
    let config = read(r#"{"method": "bin-quantile", "spin_axis": {"within": 3.0}}"#).unwrap();
    assert_eq!((config.method, config.spin_axis), (CircularityMethod::BinQuantile, SpinAxis::Within(3.0)));
    assert!(read(r#"{"methods": "spherical"}"#).is_err());

    let default = CircularityConfig::default();
    for (name, config) in [
        ("hot_below", CircularityConfig { hot_below: 0.0, ..default }),
        ("cold_above", CircularityConfig { cold_above: 0.2, ..default }),
        ("quantile", CircularityConfig { quantile: f64::NAN, ..default }),
        ("max_multipole", CircularityConfig { max_multipole: 31, ..default }),
        ("max_multipole", CircularityConfig { max_multipole: 66, ..default }),
        ("window", CircularityConfig { window: 0, ..default }),
        ("stars_per_bin", CircularityConfig { stars_per_bin: 0, ..default }),
        ("spin_axis.within", CircularityConfig { spin_axis: SpinAxis::Within(0.0), ..default }),
        ("spin_axis.given", CircularityConfig { spin_axis: SpinAxis::Given([0.0; 3]), ..default }),
    ] {
        let found = measure_circularity(&Galaxy::default(), 1.0, &config).unwrap_err();
        assert!(matches!(found, StatsError::OutOfRange { name: found, .. } if found == name), "{found:?}");
    }
}
