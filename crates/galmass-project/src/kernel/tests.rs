//! What all kernels must be.

use std::f64::consts::PI;

use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::*;
use crate::quadrature::gauss_legendre;

/// The integral of a function between two ends, cut into the pieces on which kernels are smooth and, towards both ends
/// of each, into ever smaller ones that no root or logarithm there can spoil.
fn integral(low: f64, high: f64, cuts: &[f64], function: impl Fn(f64) -> f64) -> f64 {
    let nodes = gauss_legendre::<20>();
    let mut ends = vec![low, high];
    ends.extend(cuts.iter().copied().filter(|&cut| low < cut && cut < high));
    ends.sort_by(f64::total_cmp);
    let over = |low: f64, high: f64| -> f64 {
        let width = high - low;
        width * nodes.iter().map(|&(t, weight)| weight * function(low + width * t)).sum::<f64>()
    };
    let graded = |low: f64, high: f64| -> f64 {
        let middle = 0.5 * (low + high);
        let (mut sum, mut width) = (0.0, middle - low);
        for _ in 0..30 {
            sum += over(low + 0.5 * width, low + width) + over(high - width, high - 0.5 * width);
            width *= 0.5;
        }
        sum + over(low, low + width) + over(high - width, high)
    };
    ends.windows(2).map(|piece| graded(piece[0], piece[1])).sum()
}

#[test]
fn each_holds_one_in_the_plane_and_in_space() {
    for kernel in Kernel::ALL {
        let plane = integral(0.0, 1.0, kernel.breaks(), |u| 2.0 * PI * u * kernel.projected(u));
        assert!((plane - 1.0).abs() < 1e-12, "{kernel:?}: {:e}", plane - 1.0);
        if kernel.spatial(0.0).is_some() {
            let at = |u: f64| kernel.spatial(u).unwrap();
            let space = integral(0.0, 1.0, kernel.breaks(), |u| 4.0 * PI * u * u * at(u));
            assert!((space - 1.0).abs() < 1e-12, "{kernel:?}: {:e}", space - 1.0);
        }
    }
}

#[test]
fn each_projection_is_the_integral_over_depth() {
    let mut n_projections = 0;
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.spatial(0.0).is_some()) {
        n_projections += 1;
        for u in [0.0f64, 1e-300, 1e-8, 0.01, 0.2, 0.2999, 0.3001, 0.499, 0.5, 0.501, 0.8, 0.99] {
            // Where the ray crosses the spheres at which the pieces meet.
            let cuts: Vec<f64> = kernel.breaks().iter().map(|r| (r * r - u * u).max(0.0).sqrt()).collect();
            let rim = ((1.0 - u) * (1.0 + u)).sqrt();
            let ray = 2.0 * integral(0.0, rim, &cuts, |z| kernel.spatial(u.hypot(z)).unwrap());
            let error = (kernel.projected(u) - ray).abs();
            assert!(error < 1e-12 * kernel.projected(0.0), "{kernel:?} at {u}: {error:e}");
        }
    }
    assert_eq!(n_projections, Kernel::ALL.len() - 1);
}

#[test]
fn the_widths_are_the_documented_ones() {
    let documented = [0.27, 0.28, 0.26, 0.23, 0.20, 0.31];
    for (kernel, expected) in Kernel::ALL.into_iter().zip(documented) {
        let square = integral(0.0, 1.0, kernel.breaks(), |u| PI * u.powi(3) * kernel.projected(u));
        assert!((square.sqrt() - expected).abs() <= 0.005, "{kernel:?}: {}", square.sqrt());
    }
}

#[test]
fn none_is_negative_or_grows_outwards() {
    for kernel in Kernel::ALL {
        let rounding = 1e-12 * kernel.projected(0.0);
        let (mut plane, mut space) = (f64::INFINITY, f64::INFINITY);
        for step in 0..=20_000 {
            let u = f64::from(step) * 5e-5;
            let here = kernel.projected(u);
            assert!(here >= 0.0 && here <= plane + rounding, "{kernel:?} at {u}: {here} after {plane}");
            plane = here;
            if let Some(here) = kernel.spatial(u) {
                assert!(here >= 0.0 && here <= space, "{kernel:?} at {u}: {here} after {space}");
                space = here;
            }
        }
        assert_eq!(plane, 0.0, "{kernel:?}");
    }
}

#[test]
fn the_sign_does_not_matter_nothing_lies_outside_and_nan_stays_nan() {
    for kernel in Kernel::ALL {
        assert_eq!(kernel.projected(-0.3), kernel.projected(0.3));
        assert_eq!(kernel.spatial(-0.3), kernel.spatial(0.3));
        for outside in [1.0, 1.0 + 1e-15, 2.0, -7.0, 1e300, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(kernel.projected(outside), 0.0, "{kernel:?} at {outside}");
            assert!(kernel.spatial(outside).is_none_or(|value| value == 0.0), "{kernel:?} at {outside}");
        }
        assert!(kernel.projected(f64::NAN).is_nan());
        assert!(kernel.spatial(f64::NAN).is_none_or(f64::is_nan));
    }
}

#[test]
fn configurations_name_them_in_kebab_case() {
    let names = [
        "cubic-spline",
        "cubic-spline-2d",
        "wendland-c2",
        "wendland-c4",
        "wendland-c6",
        "truncated-gaussian",
    ];
    for (kernel, name) in Kernel::ALL.into_iter().zip(names) {
        let read = Kernel::deserialize(IntoDeserializer::<Error>::into_deserializer(name));
        assert_eq!(read, Ok(kernel));
    }
    assert!(Kernel::deserialize(IntoDeserializer::<Error>::into_deserializer("CubicSpline")).is_err());
}
