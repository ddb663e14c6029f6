//! Views along axes, directions and angular momenta.

use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::*;
use crate::testing::ball;

#[test]
fn all_views_along_an_axis_are_right_handed() {
    for axis in Axis::ALL {
        let view = View::along(axis);
        assert_eq!(cross(view.right(), view.up()), view.line_of_sight());
        assert_eq!(View::new(view.right(), view.up()), Ok(view));
    }
}

#[test]
fn the_axes_anti_aligned_with_the_box_are_a_view_too() {
    let view = View::new([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).unwrap();
    assert_eq!(view.line_of_sight(), [0.0, 0.0, -1.0]);
    assert_eq!(view.depth([0.0, 0.0, 5.0]), -5.0);
}

#[test]
fn axes_are_named_in_lower_case() {
    let read = |name: &'static str| Axis::deserialize(IntoDeserializer::<Error>::into_deserializer(name));
    assert_eq!(["x", "y", "z"].map(read), Axis::ALL.map(Ok));
    assert!(read("X").is_err());
}

#[test]
fn a_turned_view_keeps_lengths() {
    let (sin, cos) = 0.7f64.sin_cos();
    let view = View::new([cos, sin, 0.0], [0.0, 0.0, 1.0]).unwrap();
    let [x, y] = view.plane([1.0, 2.0, 3.0]);
    let z = view.depth([1.0, 2.0, 3.0]);
    assert!((x * x + y * y + z * z - 14.0).abs() < 1e-14);
}

#[test]
fn axes_that_are_not_orthonormal_are_refused_with_what_they_are() {
    let skew = View::new([1.0, 0.0, 0.0], [0.6, 0.8, 0.0]).unwrap_err();
    assert_eq!(skew, ProjectError::NotOrthonormal { right_length: 1.0, up_length: 1.0, cosine: 0.6 });
    assert!(View::new([0.0; 3], [0.0, 1.0, 0.0]).is_err());
    assert!(View::new([f64::NAN, 0.0, 0.0], [0.0, 1.0, 0.0]).is_err());
    assert!(View::new([1.0, 0.0, 0.0], [0.0, f64::INFINITY, 0.0]).is_err());
}

/// The six directions along and against the axes of the box.
const AXES: [[f64; 3]; 6] =
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];

fn assert_right_handed(view: &View) {
    let (right, up, line_of_sight) = (view.right(), view.up(), view.line_of_sight());
    for (a, b, product) in [
        (right, right, 1.0),
        (up, up, 1.0),
        (line_of_sight, line_of_sight, 1.0),
        (right, up, 0.0),
        (right, line_of_sight, 0.0),
        (up, line_of_sight, 0.0),
    ] {
        assert!((dot(a, b) - product).abs() < 1e-15, "{view:?}");
    }
    assert!((dot(cross(right, up), line_of_sight) - 1.0).abs() < 1e-14, "{view:?}");
}

#[test]
fn towards_an_axis_is_the_view_along_it_to_the_last_bit() {
    for (axis, direction) in Axis::ALL.into_iter().zip(AXES) {
        for length in [1.0, 3.7, 1e-300, 5e-324, 1e300, f64::MAX] {
            assert_eq!(View::towards(direction.map(|x| x * length)), Ok(View::along(axis)));
        }
    }
}

#[test]
fn against_an_axis_the_image_is_the_mirror_image() {
    for (axis, direction) in Axis::ALL.into_iter().zip(&AXES[3..]) {
        let (front, back) = (View::along(axis), View::towards(*direction).unwrap());
        assert_eq!((back.right(), back.up()), (front.up(), front.right()));
        assert_eq!(back.depth([1.0, 2.0, 3.0]), -front.depth([1.0, 2.0, 3.0]));
        assert_eq!(View::new(back.right(), back.up()), Ok(back));
    }
}

#[test]
fn any_direction_is_right_handed_and_has_the_diagonal_at_the_upper_right() {
    for direction in ball(1000, 5.0, 1).into_iter().chain(AXES) {
        let view = View::towards(direction).unwrap();
        assert_right_handed(&view);
        assert!((view.depth(direction) - length(direction)).abs() < 1e-14);
        let [x, y] = view.plane([1.0; 3]);
        assert!(x > 0.0 && (x - y).abs() < 1e-14, "{direction:?}: {x} {y}");
    }
}

#[test]
fn the_poles_are_directions_too() {
    for sign in [1.0, -1.0] {
        for off in [0.0, 1e-300, 1e-16, 1e-12, 1e-9, 2e-9, 1e-8, 1e-7, 1e-4] {
            assert_right_handed(&View::towards([sign, sign + off, sign - 0.3 * off]).unwrap());
        }
        let [x, y] = View::towards([sign; 3]).unwrap().plane([0.0, 0.0, 1.0]);
        assert!(x > 0.0 && (x - y).abs() < 1e-15);
    }
}

#[test]
fn the_image_turns_smoothly_away_from_the_poles() {
    for direction in ball(1000, 1.0, 2) {
        let view = View::towards(direction).unwrap();
        let from_pole = length(cross(view.line_of_sight(), [1.0; 3]));
        let near =
            View::towards(std::array::from_fn(|k| view.line_of_sight()[k] + 1e-6 * view.up()[k])).unwrap();
        let turned = dot(near.right(), view.up()).abs();
        assert!(turned < 1e-5 / from_pole, "{direction:?}: {turned}");
    }
}

#[test]
fn vectors_without_a_direction_are_refused() {
    for vector in [[0.0; 3], [f64::INFINITY, 0.0, 0.0], [0.0, f64::NEG_INFINITY, 1.0], [-0.0; 3]] {
        let expected = Err(ProjectError::NoDirection { vector });
        assert_eq!(View::towards(vector), expected);
        assert_eq!(View::face_on(vector), expected);
        assert_eq!(View::edge_on(vector), expected);
    }
    for vector in [[f64::NAN, 0.0, 0.0], [0.0, f64::NAN, 1.0], [f64::NAN; 3]] {
        assert!(matches!(View::towards(vector), Err(ProjectError::NoDirection { .. })));
    }
    let error = View::towards([0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "the vector (0, 0, 0) has no direction");
}

#[test]
fn the_directions_of_a_fibonacci_sphere_are_spread_evenly() {
    assert_eq!(View::fibonacci(0), []);
    assert_right_handed(&View::fibonacci(1)[0]);
    for n in [10, 100, 1000] {
        let views = View::fibonacci(n);
        assert_eq!(views.len(), n);
        views.iter().for_each(assert_right_handed);
        let directions: Vec<_> = views.iter().map(View::line_of_sight).collect();
        // The mean of the directions is 0 and that of their squares a third of unity, as over the sphere.
        for axis in 0..3 {
            let mean = directions.iter().map(|d| d[axis]).sum::<f64>() / n as f64;
            let square = directions.iter().map(|d| d[axis] * d[axis]).sum::<f64>() / n as f64;
            assert!(mean.abs() < 1.0 / n as f64, "{n}: {mean}");
            assert!((square - 1.0 / 3.0).abs() < 1.0 / n as f64, "{n}: {square}");
        }
        // No two are much closer than in a square lattice of as many to the area of the sphere.
        let spacing = (4.0 * PI / n as f64).sqrt();
        for (index, a) in directions.iter().enumerate() {
            for b in &directions[..index] {
                let apart = length(std::array::from_fn(|k| a[k] - b[k]));
                assert!(apart > 0.75 * spacing, "{n}: {apart} of {spacing}");
            }
        }
    }
}

#[test]
fn face_on_a_galaxy_turns_counterclockwise_and_edge_on_its_right_side_comes_closer() {
    for spin in ball(200, 3.0, 3).into_iter().chain(AXES) {
        let (face_on, edge_on) = (View::face_on(spin).unwrap(), View::edge_on(spin).unwrap());
        assert_right_handed(&face_on);
        assert_right_handed(&edge_on);
        assert!((dot(face_on.line_of_sight(), spin) - length(spin)).abs() < 1e-14);
        let [x, y] = edge_on.plane(spin);
        assert!(x.abs() < 1e-14 && (y - length(spin)).abs() < 1e-14);
        // A star to the right in both images, and its velocity on a circle about the spin.
        let star = face_on.right();
        let velocity = cross(spin, star);
        let [towards_right, towards_up] = face_on.plane(velocity);
        assert!(towards_right.abs() < 1e-14 && towards_up > 0.0);
        assert!(face_on.depth(velocity).abs() < 1e-14);
        assert!(edge_on.plane(star)[0] > 0.999 && edge_on.depth(velocity) < 0.0);
    }
}

#[test]
fn a_rotated_view_turns_what_is_seen_clockwise_and_keeps_depths() {
    let view = View::towards([0.3, -2.0, 0.7]).unwrap();
    let star = [1.0, 2.0, 3.0];
    let [x, y] = view.plane(star);
    for angle in [-3.0f64, 0.0, 0.4, 1e6] {
        let turned = view.rotated_by(angle).unwrap();
        assert_right_handed(&turned);
        assert_eq!(turned.depth(star), view.depth(star));
        let (sin, cos) = angle.sin_cos();
        let [right, up] = turned.plane(star);
        assert!((right - (cos * x + sin * y)).abs() < 1e-14 && (up - (cos * y - sin * x)).abs() < 1e-14);
    }
    assert_eq!(view.rotated_by(0.0), Ok(view));
    assert_eq!(view.rotated_by(f64::INFINITY), Err(ProjectError::BadAngle { radians: f64::INFINITY }));
    assert!(view.rotated_by(f64::NAN).is_err());
}
