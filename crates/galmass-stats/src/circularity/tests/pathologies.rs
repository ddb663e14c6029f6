use super::*;

fn all_methods() -> [CircularityConfig; 5] {
    CircularityMethod::ALL.map(|method| CircularityConfig { method, ..CircularityConfig::default() })
}

fn averaged(config: CircularityConfig) -> CircularityConfig {
    CircularityConfig { missing_potentials: MissingPotentials::Average, ..config }
}

fn is_nothing(found: &Circularity) -> bool {
    let OrbitFractions { cold, warm, hot, counter, bulge_to_total } = found.fractions;
    [cold, warm, hot, counter, bulge_to_total].iter().chain(&found.values).all(|value| value.is_nan())
}

#[test]
fn no_stars_have_a_flag() {
    let dark_matter = Model::Plummer.dark_matter();
    let far = tracers(vec![[50.0, 0.0, 0.0]; 3], vec![[0.0, 1.0, 0.0]; 3]);
    for config in all_methods() {
        for (galaxy, radius) in [
            (Galaxy::default(), 1.0),
            (galaxy(Particles::default(), dark_matter.clone()), 1.0),
            (galaxy(far.clone(), dark_matter.clone()), 1.0),
            (galaxy(far.clone(), dark_matter.clone()), -1.0),
            (galaxy(far.clone(), dark_matter.clone()), f64::NAN),
        ] {
            let found = measure_circularity(&galaxy, radius, &config).unwrap();
            assert!(found.flags.no_stars && found.flags.any() && found.n_stars == 0, "{found:?}");
            assert!(is_nothing(&found) && found.values.len() == galaxy.stars.particles().len());
        }
    }
}

#[test]
fn no_rotation_has_a_flag() {
    let at_rest = tracers(vec![[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]], vec![[0.0; 3]; 2]);
    let radial = tracers(vec![[1.0, 0.3, 0.2], [0.0, 2.0, 0.0]], vec![[10.0, 3.0, 2.0], [0.0, -7.0, 0.0]]);
    let cancelled =
        tracers(vec![[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], vec![[0.0, 10.0, 0.0], [0.0, 10.0, 0.0]]);
    let coincident = tracers(vec![[0.0; 3]; 100], vec![[0.0, 10.0, 0.0]; 100]);
    for stars in [at_rest, radial, cancelled, coincident] {
        for config in all_methods() {
            let galaxy = galaxy(stars.clone(), Model::Plummer.dark_matter());
            let found = measure_circularity(&galaxy, 10.0, &config).unwrap();
            assert!(found.flags.no_rotation && found.flags.any() && is_nothing(&found), "{found:?}");
            assert!(found.spin_axis.iter().all(|x| x.is_nan()) && found.n_stars > 0);
        }
    }
}

#[test]
fn without_mass_there_is_nothing_to_orbit() {
    let stars = Particles::new(vec![[1.0, 0.0, 0.0]; 2], vec![[0.0, 5.0, 0.0]; 2], vec![0.0; 2]).unwrap();
    let galaxy = galaxy(stars, Particles::default());
    for config in all_methods() {
        let config = CircularityConfig { spin_axis: SpinAxis::Given([0.0, 0.0, 2.0]), ..config };
        let found = measure_circularity(&galaxy, 10.0, &config).unwrap();
        assert!(found.flags.no_curve && found.flags.any() && is_nothing(&found), "{found:?}");
        assert_eq!(found.spin_axis, [0.0, 0.0, 1.0]);
    }
}

#[test]
fn one_star_is_measured() {
    for config in all_methods() {
        // In the halo of a galaxy, on a circle; and alone, where nothing holds it.
        let star = tracers(vec![[5.0, 0.0, 0.0]], vec![[0.0, Model::Plummer.velocity(5.0), 0.0]]);
        let found = measure_circularity(&galaxy(star.clone(), Model::Plummer.dark_matter()), 9.0, &config);
        let found = found.unwrap();
        assert!((found.values[0] - 1.0).abs() < 0.03 && found.fractions.cold == 1.0, "{config:?} {found:?}");
        let by_mass = matches!(config.method, CircularityMethod::Midplane | CircularityMethod::Spherical);
        assert_eq!(found.flags.too_few, !by_mass);

        let found = measure_circularity(&galaxy(star, Particles::default()), 9.0, &config).unwrap();
        assert_eq!(found.n_stars, 1);
        if by_mass {
            assert!(found.flags.unbound && found.n_unbound == 1 && found.values == [0.0], "{found:?}");
        } else {
            assert!(found.flags.too_few, "{found:?}");
        }
    }
}

#[test]
fn stars_that_nothing_binds_are_hot() {
    let speeds = [1.0, 1.0, 1.0, 5.0];
    let velocity = |factor: f64| [0.0, factor * Model::Plummer.velocity(5.0), 0.0];
    let stars = tracers(vec![[5.0, 0.0, 0.0]; 4], speeds.map(velocity).to_vec());
    for method in [CircularityMethod::Midplane, CircularityMethod::Spherical] {
        let galaxy = galaxy(stars.clone(), Model::Plummer.dark_matter());
        let found = measure_circularity(&galaxy, 9.0, &about_z(method)).unwrap();
        assert!(found.flags.unbound && found.n_unbound == 1 && found.values[3] == 0.0, "{found:?}");
        assert_eq!((found.fractions.cold, found.fractions.hot), (0.75, 0.25));
    }
}

#[test]
fn extreme_numbers_do_not_panic() {
    let dark_matter =
        Particles::new(Model::Plummer.points(300, 1), vec![[0.0; 3]; 300], vec![1.0e8; 300]).unwrap();
    let odd = [1e-300, 1e-5, 1.0, 1e5, 1e160, 1e300];
    for &distance in &odd {
        for &speed in &odd {
            let stars = tracers(vec![[distance, 0.0, 0.0], [0.0; 3]], vec![[0.0, speed, 0.0]; 2]);
            let stored = stars.clone().with_potentials_km2_s2(vec![-speed, 1e300]).unwrap();
            for stars in [stars, stored] {
                for config in all_methods().into_iter().chain(all_methods().map(averaged)) {
                    let galaxy = galaxy(stars.clone(), dark_matter.clone());
                    let found = measure_circularity(&galaxy, f64::INFINITY, &config).unwrap();
                    assert_eq!(found.values.len(), 2);
                    assert!(found.values.iter().all(|value| !value.is_infinite()), "{config:?} {found:?}");
                }
            }
        }
    }
}

#[test]
fn turned_and_reordered_galaxies_have_the_same_fractions() {
    let turn = |[x, y, z]: [f64; 3]| {
        let (s, c) = 0.9_f64.sin_cos();
        let [x, y, z] = [c * x - s * y, s * x + c * y, z];
        [c * x - s * z, y, s * x + c * z]
    };
    let model = Model::MiyamotoNagai;
    let n = 5000;
    let positions = model.points(n, 9);
    let velocities: Vec<[f64; 3]> = positions
        .iter()
        .map(|[x, y, z]| {
            let speed = 0.8 * model.velocity(x.hypot(*y));
            [-speed * y / x.hypot(*y), speed * x / x.hypot(*y), 20.0 * z.sin()]
        })
        .collect();
    let masses = vec![MASS / n as f64; n];
    let stars = |positions, velocities| Particles::new(positions, velocities, masses.clone()).unwrap();
    let straight = galaxy(stars(positions.clone(), velocities.clone()), Particles::default());
    let turned = galaxy(
        stars(
            positions.iter().rev().map(|x| turn(*x)).collect(),
            velocities.iter().rev().map(|v| turn(*v)).collect(),
        ),
        Particles::default(),
    );
    // The cells of a tree do not turn.
    for config in all_methods().map(averaged) {
        let one = measure_circularity(&straight, 10.0, &config).unwrap();
        let other = measure_circularity(&turned, 10.0, &config).unwrap();
        assert_eq!(one.n_stars, other.n_stars);
        for (a, b) in one.values.iter().zip(other.values.iter().rev()) {
            assert!(a.is_nan() && b.is_nan() || (a - b).abs() < 1e-6, "{config:?}: {a} {b}");
        }
        for (a, b) in other.spin_axis.into_iter().zip(turn(one.spin_axis)) {
            assert!((a - b).abs() < 1e-12);
        }
        let OrbitFractions { cold, warm, hot, counter, .. } = one.fractions;
        assert!((cold + warm + hot + counter - 1.0).abs() < 1e-12);
    }
}

#[test]
fn histograms_hold_all_the_mass() {
    let n = 1000;
    let found = Circularity {
        values: (0..n)
            .map(|i| if i == 0 { f64::NAN } else { -2.0 + 4.0 * f64::from(i) / f64::from(n) })
            .collect(),
        spin_axis: [0.0, 0.0, 1.0],
        fractions: OrbitFractions::NONE,
        n_stars: 1000,
        n_unbound: 0,
        flags: CircularityFlags::default(),
    };
    let masses = vec![2.0e6; 1000];
    let histogram = found.histogram(&masses, 6).unwrap();
    assert_eq!(histogram.edges, [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]);
    assert!((histogram.below - 124.0 / 999.0).abs() < 1e-12, "{histogram:?}");
    assert!((histogram.above - 125.0 / 999.0).abs() < 1e-12, "{histogram:?}");
    assert!(histogram.fractions.iter().all(|fraction| (fraction - 125.0 / 999.0).abs() < 1e-12));
    assert!(matches!(found.histogram(&masses, 0), Err(StatsError::OutOfRange { name: "n_bins", .. })));
    assert!(matches!(found.histogram(&masses[1..], 6), Err(StatsError::LengthMismatch { .. })));
    let nothing = Circularity { values: vec![f64::NAN; 2], ..found };
    assert!(nothing.histogram(&[1.0; 2], 3).unwrap().fractions.iter().all(|fraction| fraction.is_nan()));
}
