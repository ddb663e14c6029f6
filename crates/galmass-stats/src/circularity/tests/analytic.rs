use super::*;

/// What is asked of the fractions of analytic systems.
const OF_FRACTIONS: f64 = 0.01;
/// The noise of a circular velocity from 1e5 particles, multipoles up to the 16th, and a tree softened by more than the
/// height of the disc.
const OF_CURVE: f64 = 0.04;

/// The methods whose curve comes from all mass, where they are exact.
fn curves(model: Model) -> Vec<CircularityMethod> {
    match model {
        Model::MiyamotoNagai => vec![CircularityMethod::Midplane],
        _ => vec![CircularityMethod::Midplane, CircularityMethod::Spherical],
    }
}

/// Stars on circles in the plane from 1 to 20 kpc, `sense` times as fast as circular orbits are.
fn circles(model: Model, sense: impl Fn(usize) -> f64) -> Particles {
    let n = 2000;
    let (mut positions, mut velocities) = (Vec::new(), Vec::new());
    for index in 0..n {
        let (radius, angle) = (20.0_f64.powf(index as f64 / n as f64), 2.4 * index as f64);
        let speed = sense(index) * model.velocity(radius);
        positions.push([radius * angle.cos(), radius * angle.sin(), 0.0]);
        velocities.push([-speed * angle.sin(), speed * angle.cos(), 0.0]);
    }
    tracers(positions, velocities)
}

#[test]
fn circular_orbits_are_cold_whichever_way_they_turn() {
    for model in Model::ALL {
        let dark_matter = model.dark_matter();
        for method in curves(model) {
            for sense in [1.0, -1.0] {
                let galaxy = galaxy(circles(model, |_| sense), dark_matter.clone());
                let found = measure_circularity(&galaxy, 30.0, &about_z(method)).unwrap();
                for value in &found.values {
                    assert!((value - sense).abs() < OF_CURVE, "{model:?} {method:?}: {value} for {sense}");
                }
                let of_all = if sense > 0.0 { found.fractions.cold } else { found.fractions.counter };
                assert_eq!(of_all, 1.0, "{model:?} {method:?}: {found:?}");
                assert_eq!(found.fractions.bulge_to_total, 1.0 - sense);
                assert!(!found.flags.any() && found.flags.potential_computed, "{:?}", found.flags);

                // Their own axis turns with them.
                let config = CircularityConfig { method, ..CircularityConfig::default() };
                let found = measure_circularity(&galaxy, 30.0, &config).unwrap();
                assert_eq!(found.fractions.cold, 1.0);
                assert!((found.spin_axis[2] - sense).abs() < 1e-12, "{:?}", found.spin_axis);
            }
        }
    }
}

#[test]
fn orbits_inside_the_innermost_particles_follow_the_cusp_or_the_core() {
    // 32 of the 1e5 particles lie within 0.05 kpc of Hernquist's centre, and within 0.2 kpc of Plummer's.
    for (model, smallest, largest) in [(Model::Hernquist, 0.01_f64, 0.05), (Model::Plummer, 0.04, 0.2)] {
        let n = 1000;
        let (mut positions, mut velocities) = (Vec::new(), Vec::new());
        for index in 0..n {
            let radius = smallest * (largest / smallest).powf(index as f64 / n as f64);
            let (sine, cosine) = (2.4 * index as f64).sin_cos();
            let speed = model.velocity(radius);
            positions.push([radius * cosine, radius * sine, 0.0]);
            velocities.push([-speed * sine, speed * cosine, 0.0]);
        }
        let stored = positions.iter().map(|x| model.potential(*x)).collect();
        let stars = tracers(positions, velocities).with_potentials_km2_s2(stored).unwrap();
        let galaxy = galaxy(stars, model.dark_matter());
        let found = measure_circularity(&galaxy, 1.0, &about_z(CircularityMethod::Spherical)).unwrap();
        for (value, x) in found.values.iter().zip(galaxy.stars.particles().positions_kpc()) {
            // The shells of a few particles blur the speed by as much.
            assert!((value - 1.0).abs() < 0.25, "{model:?} {}: {value}", crate::radius(x));
        }
    }
}

#[test]
fn mixed_senses_are_told_apart() {
    // Half with, a quarter against, a quarter at rest, which falls to the centre.
    let sense = |index: usize| [1.0, -1.0, 1.0, 0.0][index % 4];
    for model in Model::ALL {
        for method in curves(model) {
            let galaxy = galaxy(circles(model, sense), model.dark_matter());
            let config = CircularityConfig { method, ..CircularityConfig::default() };
            let found = measure_circularity(&galaxy, 30.0, &config).unwrap();
            let OrbitFractions { cold, warm, hot, counter, bulge_to_total } = found.fractions;
            assert_eq!([cold, warm, hot, counter, bulge_to_total], [0.5, 0.0, 0.25, 0.25, 0.5], "{model:?}");
        }
    }
}

/// Stars of the model's density with directions of motion at random, at fractions of the escape speed that are more
/// often high than low.
fn isotropic(model: Model, n: usize) -> Particles {
    let mut random = seed::generator(7);
    let mut uniform = || random.random_range(0.0..1.0_f64);
    let positions = model.points(n, 2);
    let velocity = |position: &[f64; 3]| {
        let (cosine, angle) = (2.0 * uniform() - 1.0, TAU * uniform());
        let speed = 0.9 * uniform().sqrt() * (-2.0 * model.potential(*position)).sqrt();
        let sine = (1.0 - cosine * cosine).sqrt();
        [speed * sine * angle.cos(), speed * sine * angle.sin(), speed * cosine]
    };
    let velocities = positions.iter().map(velocity).collect();
    tracers(positions, velocities)
}

fn exact(model: Model, stars: &Particles) -> Vec<f64> {
    let pairs = stars.positions_kpc().iter().zip(stars.velocities_km_s());
    pairs
        .map(|(x, v)| {
            let energy = model.potential(*x) + 0.5 * v.iter().map(|v| v * v).sum::<f64>();
            (x[0] * v[1] - x[1] * v[0]) / model.circular(energy)
        })
        .collect()
}

fn assert_fractions(found: OrbitFractions, expected: OrbitFractions, what: &str) {
    let list = |f: OrbitFractions| [f.cold, f.warm, f.hot, f.counter, f.bulge_to_total];
    for (found, expected) in list(found).into_iter().zip(list(expected)) {
        assert!((found - expected).abs() < OF_FRACTIONS, "{what}: {found} for {expected}");
    }
}

#[test]
fn isotropic_systems_have_their_fractions_with_and_without_stored_potentials() {
    for model in Model::ALL {
        let dark_matter = model.dark_matter();
        let stars = isotropic(model, 20_000);
        // Another zero point, as the rest of a simulated universe makes it.
        let stored = stars.positions_kpc().iter().map(|x| model.potential(*x) - 54_321.0).collect();
        let with = galaxy(stars.clone().with_potentials_km2_s2(stored).unwrap(), dark_matter.clone());
        let without = galaxy(stars.clone(), dark_matter);
        let truth = exact(model, &stars);
        for method in curves(model) {
            for (galaxy, what) in [(&with, "stored"), (&without, "computed")] {
                let config = about_z(method);
                let all = measure_circularity(galaxy, f64::INFINITY, &config).unwrap();
                let (expected, _) = fractions::sum(&truth, stars.masses_msun(), &config);
                assert_fractions(all.fractions, expected, &format!("{model:?} {method:?} {what}"));
                assert_eq!(all.flags.potential_computed, what == "computed");
                assert!(all.n_unbound < 200, "{model:?} {method:?} {what}: {}", all.n_unbound);
                // 20,000 stars on either side of 0 scatter by 0.7 per cent.
                assert!((all.fractions.bulge_to_total - 1.0).abs() < 0.03, "{:?}", all.fractions);
            }
        }
    }
}

#[test]
fn stars_that_are_the_mass_themselves_are_no_different() {
    for model in [Model::Plummer, Model::Hernquist] {
        let tracers = isotropic(model, 50_000);
        let truth = exact(model, &tracers);
        let (x, v) = (tracers.positions_kpc().to_vec(), tracers.velocities_km_s().to_vec());
        let n = x.len();
        let stars = Particles::new(x, v, vec![MASS / n as f64; n]).unwrap();
        let config = about_z(CircularityMethod::Spherical);
        let (expected, _) = fractions::sum(&truth, stars.masses_msun(), &config);
        let galaxy = galaxy(stars, Particles::default());
        let found = measure_circularity(&galaxy, f64::INFINITY, &config).unwrap();
        assert_fractions(found.fractions, expected, &format!("{model:?}"));
    }
}

#[test]
fn methods_that_compare_stars_find_the_circles_among_isotropic_ones() {
    // A tenth of the stars, of all energies, are on circles: they set the largest angular momenta.
    let model = Model::Hernquist;
    let hot = isotropic(model, 20_000);
    let cold = circles(model, |_| 1.0);
    let join = |a: &[[f64; 3]], b: &[[f64; 3]]| [a, b].concat();
    let stars = tracers(
        join(hot.positions_kpc(), cold.positions_kpc()),
        join(hot.velocities_km_s(), cold.velocities_km_s()),
    );
    let truth = exact(model, &stars);
    let galaxy = galaxy(stars.clone(), model.dark_matter());
    for (method, tolerance) in [
        (CircularityMethod::RankMaximum, 0.02),
        (CircularityMethod::BinQuantile, 0.1),
        (CircularityMethod::BinMaximum, 0.1),
    ] {
        let config = about_z(method);
        let found = measure_circularity(&galaxy, 15.0, &config).unwrap();
        let inside = |index: usize| crate::radius(&stars.positions_kpc()[index]) <= 15.0;
        let truth: Vec<f64> =
            truth.iter().enumerate().map(|(i, &value)| if inside(i) { value } else { f64::NAN }).collect();
        let (expected, n_inside) = fractions::sum(&truth, stars.masses_msun(), &config);
        assert_eq!(found.n_stars, n_inside);
        for (found, expected) in
            [(found.fractions.hot, expected.hot), (found.fractions.bulge_to_total, expected.bulge_to_total)]
        {
            assert!((found - expected).abs() < tolerance, "{method:?}: {found} for {expected}");
        }
        if method != CircularityMethod::BinQuantile {
            assert!(found.values.iter().all(|value| value.is_nan() || value.abs() <= 1.0 + 1e-12));
        }
    }
}

#[test]
fn speeds_that_are_wrong_count_in_second_order_only() {
    // In the spherical average a disc's circular orbits are slower; their energies in its potential are high by as
    // much as their angular momenta.
    let model = Model::MiyamotoNagai;
    let galaxy = galaxy(circles(model, |_| 1.0), model.dark_matter());
    let mean = |method| {
        let found = measure_circularity(&galaxy, 30.0, &about_z(method)).unwrap();
        found.values.iter().sum::<f64>() / found.values.len() as f64
    };
    assert!((mean(CircularityMethod::Midplane) - 1.0).abs() < 0.01);
    assert!((mean(CircularityMethod::Spherical) - 1.0).abs() < 0.03);
}

#[test]
fn the_tree_knows_what_is_flat_and_the_average_is_near() {
    // Stars of all energies in a disc: held to its potential in closed form.
    let model = Model::MiyamotoNagai;
    let stars = isotropic(model, 20_000);
    let truth = exact(model, &stars);
    let galaxy = galaxy(stars, model.dark_matter());
    let rms = |missing_potentials| {
        let config = CircularityConfig { missing_potentials, ..about_z(CircularityMethod::Spherical) };
        let found = measure_circularity(&galaxy, 30.0, &config).unwrap();
        assert!(found.flags.potential_computed);
        let errors = found.values.iter().zip(&truth).filter(|(value, _)| !value.is_nan());
        let squares: Vec<f64> = errors.map(|(value, truth)| (value - truth).powi(2)).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    };
    let tree = rms(MissingPotentials::Tree { softening_kpc: 0.1 });
    let average = rms(MissingPotentials::Average);
    assert!(tree < 0.03 && tree < 0.8 * average, "{tree} {average}");
}

#[test]
fn the_tree_is_the_same_for_any_number_of_threads() {
    let galaxy = galaxy(isotropic(Model::Hernquist, 3000), Model::Hernquist.dark_matter());
    let measure = || measure_circularity(&galaxy, 30.0, &CircularityConfig::default()).unwrap();
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    let (alone, together) = (pool(1).install(measure), pool(4).install(measure));
    let bits = |found: &Circularity| found.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert!(alone.flags.potential_computed && bits(&alone) == bits(&together));
    for softening_kpc in [-1.0, f64::NAN, f64::INFINITY] {
        let missing_potentials = MissingPotentials::Tree { softening_kpc };
        let config = CircularityConfig { missing_potentials, ..CircularityConfig::default() };
        let refused = measure_circularity(&galaxy, 30.0, &config).unwrap_err();
        assert!(matches!(refused, StatsError::OutOfRange { name: "missing_potentials.tree", .. }));
    }
}
