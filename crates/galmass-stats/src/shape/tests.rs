use galmass_core::{Particles, seed};
use rand::RngExt;

use super::*;

/// What is asked of c/a of 1e5 random points: 2.5 times the scatter of an isothermal body, 0.004.
const OF_SAMPLING: f64 = 0.01;
/// The middle axis of a flat body scatters more, by up to 0.007 for 1e5 points.
const OF_SAMPLING_THE_MIDDLE: f64 = 0.02;
/// Sorted, equal axes of 1e5 points differ by 0.015, with a scatter of 0.004.
const OF_SORTING: f64 = 0.03;
/// The default tolerance, which is all that a body without noise leaves.
const OF_ITERATION: f64 = 1e-3;
/// Sums in another order, through an iteration that stops at the same step.
const OF_ROUNDING: f64 = 1e-9;

fn equal_masses(positions: Vec<[f64; 3]>) -> Particles {
    let n = positions.len();
    Particles::new(positions, vec![[0.0; 3]; n], vec![1.0e6; n]).unwrap()
}

/// Points of a body whose surfaces of equal density are ellipsoids of semi-axes `axes`: `fractions` draws the enclosed
/// fraction, the height and the azimuth, `radius` is the ellipsoidal radius of an enclosed fraction.
fn ellipsoid(
    n: usize,
    axes: [f64; 3],
    mut fractions: impl FnMut() -> [f64; 3],
    radius: impl Fn(f64) -> f64,
) -> Vec<[f64; 3]> {
    let mut point = || {
        let [enclosed, height, azimuth] = fractions();
        let (r, height) = (radius(enclosed), 2.0 * height - 1.0);
        let (sine, cosine) = (std::f64::consts::TAU * azimuth).sin_cos();
        let across = (1.0 - height * height).sqrt();
        [axes[0] * r * across * cosine, axes[1] * r * across * sine, axes[2] * r * height]
    };
    (0..n).map(|_| point()).collect()
}

fn random(seed: u64) -> impl FnMut() -> [f64; 3] {
    let mut generator = seed::generator(seed);
    move || std::array::from_fn(|_| generator.random_range(0.0..1.0))
}

/// A body without noise: octahedra at even fractions of the mass, each turned at random. The second moments of an
/// octahedron are those of its sphere, so the ellipsoid of the body is an exact answer.
fn even(n: usize, axes: [f64; 3], radius: impl Fn(f64) -> f64) -> Vec<[f64; 3]> {
    let mut generator = seed::generator(11);
    let mut direction = || unit(std::array::from_fn(|_| generator.random_range(-1.0..1.0)));
    let mut positions = Vec::with_capacity(n);
    for index in 0..n / 6 {
        let r = radius((index as f64 + 0.5) / (n / 6) as f64);
        let (first, other) = (direction(), direction());
        let second = unit(cross(first, other));
        for corner in [first, second, cross(first, second)] {
            for r in [r, -r] {
                positions.push(std::array::from_fn(|k| r * axes[k] * corner[k]));
            }
        }
    }
    positions
}

/// Density `r^-2` out to 1.25 times the radius of 1 kpc at which shapes are measured.
fn isothermal(n: usize, seed: u64, axes: [f64; 3]) -> Vec<[f64; 3]> {
    ellipsoid(n, axes, random(seed), isothermal_radius)
}

fn isothermal_radius(enclosed: f64) -> f64 {
    1.25 * enclosed
}

/// An NFW body of scale radius 0.125 kpc out to 1.25 kpc.
fn nfw(n: usize, seed: u64, axes: [f64; 3]) -> Vec<[f64; 3]> {
    ellipsoid(n, axes, random(seed), nfw_radius)
}

fn nfw_radius(enclosed: f64) -> f64 {
    let mass = |x: f64| x.ln_1p() - x / (1.0 + x);
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if mass(middle) < enclosed * mass(10.0) { low = middle } else { high = middle }
    }
    0.125 * low
}

fn rotate(positions: &[[f64; 3]], rows: [[f64; 3]; 3]) -> Vec<[f64; 3]> {
    let dot = |a: [f64; 3], b: &[f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    positions.iter().map(|position| rows.map(|row| dot(row, position))).collect()
}

/// Half a turn, less a little, about an axis along no edge of the box.
fn tilt() -> [[f64; 3]; 3] {
    let ([x, y, z], (s, c)) = ([2.0 / 7.0, 3.0 / 7.0, 6.0 / 7.0], 2.5_f64.sin_cos());
    let t = 1.0 - c;
    [
        [c + t * x * x, t * x * y - s * z, t * x * z + s * y],
        [t * x * y + s * z, c + t * y * y, t * y * z - s * x],
        [t * x * z - s * y, t * y * z + s * x, c + t * z * z],
    ]
}

fn assert_ratios(shape: &Shape, axes: [f64; 3], tolerances: [f64; 2], what: &str) {
    assert!(!shape.flags.any(), "{what}: {shape:?}");
    assert!((shape.middle_to_major - axes[1]).abs() < tolerances[0], "{what}: {shape:?}");
    assert!((shape.minor_to_major - axes[2]).abs() < tolerances[1], "{what}: {shape:?}");
}

#[test]
fn ellipsoids_of_1e5_points_have_their_axis_ratios() {
    for (index, axes) in [[1.0, 0.8, 0.6], [1.0, 0.7, 0.4], [1.0, 0.5, 0.2]].into_iter().enumerate() {
        let seed = 100 + index as u64;
        let bodies = [("isothermal", isothermal(100_000, seed, axes)), ("NFW", nfw(100_000, seed, axes))];
        for (what, body) in bodies {
            let shape = measure_shape(&equal_masses(body), 1.0, &ShapeConfig::default()).unwrap();
            let tolerances = [OF_SAMPLING_THE_MIDDLE, OF_SAMPLING];
            assert_ratios(&shape, axes, tolerances, &format!("{what}, seed {seed}"));
        }
    }
}

#[test]
fn each_tensor_in_each_region_finds_the_shape_of_a_body_without_noise() {
    for axes in [[1.0, 0.8, 0.6], [1.0, 0.7, 0.4], [1.0, 0.5, 0.2]] {
        let bodies = [
            ("isothermal", equal_masses(even(100_000, axes, isothermal_radius))),
            ("NFW", equal_masses(even(100_000, axes, nfw_radius))),
        ];
        for (what, body) in &bodies {
            for (reduced, held, region) in [
                (true, Held::MajorAxis, Region::Ellipsoid),
                (false, Held::MajorAxis, Region::Ellipsoid),
                (true, Held::Volume, Region::Ellipsoid),
                (false, Held::Volume, Region::Ellipsoid),
                (true, Held::MajorAxis, Region::Shell { inner_fraction: 0.3 }),
                (false, Held::Volume, Region::Shell { inner_fraction: 0.3 }),
            ] {
                let config = ShapeConfig { reduced, held, region, ..ShapeConfig::default() };
                // A volume that is held reaches to (b/a c/a)^(-1/3) radii: end where the others do.
                let radius = if held == Held::Volume { (axes[1] * axes[2]).cbrt() } else { 1.0 };
                let shape = measure_shape(body, radius, &config).unwrap();
                assert_ratios(&shape, axes, [OF_ITERATION; 2], &format!("{what} {config:?}"));
            }
        }
    }
}

#[test]
fn a_shell_has_the_shape_of_its_place() {
    // Inside 0.3 kpc another shape than outside.
    let mut body = even(50_000, [1.0, 0.9, 0.8], |enclosed| 0.3 * enclosed);
    body.extend(even(100_000, [1.0, 0.7, 0.5], |enclosed| 0.6 + 0.6 * enclosed));
    let region = Region::Shell { inner_fraction: 0.65 };
    let config = ShapeConfig { region, ..ShapeConfig::default() };
    let body = equal_masses(body);
    let shell = measure_shape(&body, 1.0, &config).unwrap();
    assert_ratios(&shell, [1.0, 0.7, 0.5], [OF_ITERATION; 2], "shell");
    let inner = measure_shape(&body, 0.25, &ShapeConfig::default()).unwrap();
    assert_ratios(&inner, [1.0, 0.9, 0.8], [OF_ITERATION; 2], "inside");
}

#[test]
fn axes_turn_with_the_body_and_ratios_do_not() {
    let body = isothermal(20_000, 3, [1.0, 0.7, 0.4]);
    let config = ShapeConfig::default();
    let straight = measure_shape(&equal_masses(body.clone()), 1.0, &config).unwrap();
    let tilted = measure_shape(&equal_masses(rotate(&body, tilt())), 1.0, &config).unwrap();
    assert!((straight.middle_to_major - tilted.middle_to_major).abs() < OF_ROUNDING);
    assert!((straight.minor_to_major - tilted.minor_to_major).abs() < OF_ROUNDING);
    assert_eq!(straight.n_particles, tilted.n_particles);
    for (axis, turned) in rotate(&straight.axes, tilt()).into_iter().zip(tilted.axes) {
        let cosine: f64 = axis.iter().zip(turned).map(|(a, b)| a * b).sum();
        assert!((cosine.abs() - 1.0).abs() < OF_ROUNDING, "{axis:?} {turned:?}");
    }
    let [a, b, c] = tilted.axes;
    for (found, expected) in cross(a, b).into_iter().zip(c) {
        assert!((found - expected).abs() < OF_ROUNDING, "right-handed: {:?}", tilted.axes);
    }
}

#[test]
fn coordinates_particles_scales_and_masses_may_be_exchanged() {
    let body = nfw(20_000, 4, [1.0, 0.7, 0.4]);
    let config = ShapeConfig::default();
    let shape = measure_shape(&equal_masses(body.clone()), 1.0, &config).unwrap();
    let mut backwards = body.clone();
    backwards.reverse();
    let n = body.len();
    let large = body.iter().map(|position| position.map(|x| 1000.0 * x)).collect();
    let light = Particles::new(body.clone(), vec![[0.0; 3]; n], vec![1.0e-30; n]).unwrap();
    let others = [
        (equal_masses(body.iter().map(|&[x, y, z]| [z, x, y]).collect()), 1.0, "permuted"),
        (equal_masses(body.iter().map(|&[x, y, z]| [-x, y, z]).collect()), 1.0, "mirrored"),
        (equal_masses(backwards), 1.0, "backwards"),
        (equal_masses(large), 1000.0, "large"),
        (light, 1.0, "light"),
    ];
    for (other, radius, what) in others {
        let found = measure_shape(&other, radius, &config).unwrap();
        assert!((found.middle_to_major - shape.middle_to_major).abs() < OF_ROUNDING, "{what}: {found:?}");
        assert!((found.minor_to_major - shape.minor_to_major).abs() < OF_ROUNDING, "{what}: {found:?}");
    }
}

#[test]
fn equal_axes_are_low_by_their_noise_only() {
    for axes in [[1.0, 1.0, 1.0], [1.0, 1.0, 0.5], [1.0, 0.5, 0.5]] {
        let shape = measure_shape(&equal_masses(isothermal(100_000, 5, axes)), 1.0, &ShapeConfig::default());
        assert_ratios(&shape.unwrap(), axes, [OF_SORTING; 2], &format!("{axes:?}"));
    }
}

#[test]
fn a_disc_is_flat_and_a_line_has_no_width() {
    let config = ShapeConfig::default();
    let disc = rotate(&isothermal(100_000, 6, [1.0, 0.6, 0.0]), tilt());
    let shape = measure_shape(&equal_masses(disc), 1.0, &config).unwrap();
    assert!(shape.flags.degenerate && !shape.flags.not_converged && !shape.flags.too_few, "{shape:?}");
    assert_eq!(shape.minor_to_major, 0.0);
    assert!((shape.middle_to_major - 0.6).abs() < OF_SAMPLING_THE_MIDDLE, "{shape:?}");
    for (found, expected) in shape.axes[2].into_iter().zip(tilt().map(|row| row[2])) {
        assert!((found.abs() - expected.abs()).abs() < OF_ROUNDING, "{shape:?}");
    }

    let along = |t: f64| [0.3 * t, 0.4 * t, 0.5 * t];
    let line = equal_masses((-100..=100).map(|i| along(f64::from(i) / 100.0)).collect());
    for held in [Held::MajorAxis, Held::Volume] {
        let shape = measure_shape(&line, 1.0, &ShapeConfig { held, ..config }).unwrap();
        assert!(shape.flags.degenerate && !shape.flags.too_few, "{shape:?}");
        assert_eq!((shape.middle_to_major, shape.minor_to_major), (0.0, 0.0));
        assert!((shape.axes[0][2] - 0.5 / 0.5_f64.sqrt()).abs() < OF_ROUNDING, "{shape:?}");
    }
}

#[test]
fn a_thin_disc_keeps_its_thickness() {
    let body = rotate(&isothermal(100_000, 9, [1.0, 0.9, 1e-4]), tilt());
    let shape = measure_shape(&equal_masses(body), 1.0, &ShapeConfig::default()).unwrap();
    assert!(!shape.flags.any(), "{shape:?}");
    assert!((shape.minor_to_major / 1e-4 - 1.0).abs() < OF_SAMPLING_THE_MIDDLE, "{shape:?}");
}

#[test]
fn awkward_galaxies_have_flags_and_nan() {
    let config = ShapeConfig::default();
    let n = 200;
    let massless = Particles::new(vec![[0.1; 3]; n], vec![[0.0; 3]; n], vec![0.0; n]).unwrap();
    let too_few = [
        Particles::default(),
        equal_masses(vec![[0.1, 0.2, 0.3]]),
        equal_masses(isothermal(49, 1, [1.0; 3])),
        equal_masses(vec![[5.0; 3]; n]),
        equal_masses(vec![[1e300; 3]; n]),
        equal_masses(vec![[0.0; 3]; n]),
        massless,
    ];
    for (index, galaxy) in too_few.iter().enumerate() {
        for held in [Held::MajorAxis, Held::Volume] {
            let shape = measure_shape(galaxy, 1.0, &ShapeConfig { held, ..config }).unwrap();
            assert!(shape.flags.too_few && shape.flags.any(), "{index} {shape:?}");
            assert!(shape.middle_to_major.is_nan() && shape.minor_to_major.is_nan(), "{index} {shape:?}");
            assert!(shape.axes.iter().flatten().all(|x| x.is_nan()), "{index} {shape:?}");
        }
    }
    let body = equal_masses(isothermal(1000, 1, [1.0; 3]));
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(measure_shape(&body, radius, &config).unwrap().flags.too_few);
    }

    let coincident = measure_shape(&equal_masses(vec![[0.3, 0.0, 0.4]; n]), 1.0, &config).unwrap();
    assert!(coincident.flags.degenerate && coincident.minor_to_major == 0.0, "{coincident:?}");
    let no_minimum = ShapeConfig { min_particles: 0, ..config };
    let nothing = measure_shape(&Particles::default(), 1.0, &no_minimum).unwrap();
    assert!(nothing.flags.degenerate && nothing.minor_to_major.is_nan(), "{nothing:?}");
}

#[test]
fn one_particle_next_to_the_centre_changes_nothing() {
    let body = isothermal(1000, 1, [1.0, 0.6, 0.3]);
    let config = ShapeConfig::default();
    let alone = measure_shape(&equal_masses(body.clone()), 1.0, &config).unwrap();
    for distance in [0.0, 1e-160, 1e-310] {
        let mut with = body.clone();
        with.push([distance, 0.0, distance]);
        assert_eq!(measure_shape(&equal_masses(with), 1.0, &config).unwrap(), alone, "{distance}");
    }
}

#[test]
fn an_iteration_that_is_cut_short_says_so() {
    let body = equal_masses(isothermal(10_000, 2, [1.0, 0.6, 0.3]));
    let config = ShapeConfig { max_iterations: 2, ..ShapeConfig::default() };
    let shape = measure_shape(&body, 1.0, &config).unwrap();
    assert!(shape.flags.not_converged && shape.n_iterations == 2, "{shape:?}");
    assert!(shape.minor_to_major > 0.3 && shape.minor_to_major < 1.0, "on its way: {shape:?}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let check = |config: ShapeConfig| measure_shape(&Particles::default(), 1.0, &config);
    let config = ShapeConfig::default();
    for tolerance in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let found = check(ShapeConfig { tolerance, ..config });
        assert!(matches!(found, Err(StatsError::OutOfRange { name: "tolerance", .. })));
    }
    for inner_fraction in [1.0, -0.1, f64::NAN] {
        let found = check(ShapeConfig { region: Region::Shell { inner_fraction }, ..config });
        assert!(matches!(found, Err(StatsError::OutOfRange { name: "inner_fraction", .. })));
    }
    let found = check(ShapeConfig { max_iterations: 0, ..config });
    assert!(matches!(found, Err(StatsError::OutOfRange { name: "max_iterations", .. })));
}
