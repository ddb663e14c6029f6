//! Periodic boxes and limits of depth: what space that repeats itself must do.

use ndarray::Array2;

use super::*;
use crate::Axis;
use crate::testing::{ball, uniform};

const SIDE_KPC: f64 = 8.0;

/// Schemes whose light can be counted.
const KEEP_LIGHT: [Scheme; 2] = [Scheme::Nearest, Scheme::Exact];

struct Sample {
    positions: Vec<[f64; 3]>,
    weights: Vec<f64>,
    support: Vec<SupportRadius>,
}

impl Sample {
    fn new(n: usize, seed: u64) -> Self {
        let sizes = uniform(n, 0.0..1.5, seed + 2).into_iter();
        Self {
            positions: ball(n, 0.9 * SIDE_KPC, seed),
            weights: uniform(n, 0.0..1.0, seed + 1),
            support: sizes.map(SupportRadius::from_nth_neighbour).collect(),
        }
    }

    fn moved(&self, by: [f64; 3]) -> Self {
        let positions =
            self.positions.iter().map(|p| std::array::from_fn(|axis| p[axis] + by[axis])).collect();
        Self { positions, weights: self.weights.clone(), support: self.support.clone() }
    }

    fn map(&self, view: &View, grid: PixelGrid, config: &DepositConfig) -> Result<Array2<f64>, ProjectError> {
        deposit(&self.positions, &self.weights, &self.support, view, grid, Unit::SolarMass, config)
            .map(Map::into_values)
    }
}

fn periodic(scheme: Scheme) -> DepositConfig {
    DepositConfig { scheme, box_size_kpc: Some(SIDE_KPC), ..DepositConfig::default() }
}

fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn a_field_of_one_box_holds_all_light_along_each_axis() {
    let sample = Sample::new(3000, 50);
    let total: f64 = sample.weights.iter().sum();
    let grid = PixelGrid::new(20, 0.5 * SIDE_KPC).unwrap();
    for scheme in KEEP_LIGHT {
        for axis in Axis::ALL {
            let light = sample.map(&View::along(axis), grid, &periodic(scheme)).unwrap();
            assert!((light.sum() / total - 1.0).abs() < 1e-12, "{scheme:?} along {axis}");
        }
    }
}

#[test]
fn a_field_of_nine_boxes_is_one_box_nine_times() {
    let sample = Sample::new(300, 53);
    for scheme in [Scheme::Nearest, Scheme::Scatter, Scheme::Exact] {
        let map = |n_boxes: usize| {
            let grid = PixelGrid::new(16 * n_boxes, 0.5 * SIDE_KPC * n_boxes as f64).unwrap();
            sample.map(&View::along(Axis::Z), grid, &periodic(scheme)).unwrap()
        };
        let (one, nine) = (map(1), map(3));
        let tiled = Array2::from_shape_fn((48, 48), |(row, column)| one[[row % 16, column % 16]]);
        assert!(largest_difference(&nine, &tiled) < 1e-12 * one.sum(), "{scheme:?}");
    }
}

#[test]
fn moving_everything_by_a_box_changes_nothing_and_by_a_pixel_wraps_the_map() {
    let sample = Sample::new(1000, 56);
    let grid = PixelGrid::new(16, 0.5 * SIDE_KPC).unwrap();
    for scheme in [Scheme::Nearest, Scheme::Scatter, Scheme::Exact] {
        let map = |by| sample.moved(by).map(&View::along(Axis::Z), grid, &periodic(scheme)).unwrap();
        let here = map([0.0; 3]);
        assert!(largest_difference(&map([SIDE_KPC, -3.0 * SIDE_KPC, 0.3]), &here) < 1e-11 * here.sum());
        let moved = map([3.0 * grid.pixel_size_kpc(), -5.0 * grid.pixel_size_kpc(), 0.0]);
        let wrapped =
            Array2::from_shape_fn((16, 16), |(row, column)| here[[(row + 5) % 16, (column + 13) % 16]]);
        assert!(largest_difference(&moved, &wrapped) < 1e-11 * here.sum(), "{scheme:?}");
    }
}

#[test]
fn slabs_that_follow_each_other_add_up_to_all() {
    let sample = Sample::new(2000, 59);
    let grid = PixelGrid::new(12, 3.0).unwrap();
    let cuts = [f64::NEG_INFINITY, -2.0, -0.1, 0.0, 3.3, f64::INFINITY];
    for scheme in KEEP_LIGHT {
        for view in [View::along(Axis::X), View::towards([1.0, 2.0, -3.0]).unwrap()] {
            let config = DepositConfig { scheme, ..DepositConfig::default() };
            let all = sample.map(&view, grid, &config).unwrap();
            let mut sum = Array2::zeros((12, 12));
            for limits in cuts.windows(2) {
                let config = DepositConfig { depth_kpc: Some([limits[0], limits[1]]), ..config };
                let slab = sample.map(&view, grid, &config).unwrap();
                assert!(slab.sum() > 0.0);
                sum += &slab;
            }
            assert!(largest_difference(&sum, &all) < 1e-12 * all.sum(), "{scheme:?}");
        }
    }
}

#[test]
fn a_periodic_slab_of_a_whole_box_is_the_box_wherever_it_begins() {
    let sample = Sample::new(1000, 62);
    let grid = PixelGrid::new(12, 3.0).unwrap();
    let view = View::along(Axis::Y);
    let all = sample.map(&view, grid, &periodic(Scheme::Exact)).unwrap();
    for near in [-31.7, -0.4, 0.0, 100.1] {
        let config = DepositConfig { depth_kpc: Some([near, near + SIDE_KPC]), ..periodic(Scheme::Exact) };
        let slab = sample.map(&view, grid, &config).unwrap();
        assert!(largest_difference(&slab, &all) < 1e-11 * all.sum(), "{near}");
        let config = DepositConfig { depth_kpc: Some([near, near + 3.0 * SIDE_KPC]), ..config };
        let thrice = sample.map(&view, grid, &config).unwrap();
        assert!(largest_difference(&thrice, &(3.0 * &all)) < 1e-11 * all.sum(), "{near}");
    }
}

#[test]
fn at_an_angle_a_deep_field_has_the_mean_density_of_the_box() {
    // A hundred boxes deep, at a direction that no lattice plane is near to.
    let sample = Sample::new(400, 65);
    let total: f64 = sample.weights.iter().sum();
    let view = View::towards([1.0, 2f64.sqrt(), 3f64.sqrt()]).unwrap();
    let grid = PixelGrid::new(1, 0.4 * SIDE_KPC).unwrap();
    let config = DepositConfig { depth_kpc: Some([0.0, 10.0 * SIDE_KPC]), ..periodic(Scheme::Exact) };
    let light = sample.map(&view, grid, &config).unwrap().sum();
    let volume_in_boxes = 0.8 * 0.8 * 10.0;
    assert!((light / (total * volume_in_boxes) - 1.0).abs() < 0.02, "{}", light / (total * volume_in_boxes));
}

#[test]
fn settings_that_mean_nothing_are_refused() {
    let sample = Sample::new(3, 68);
    let (view, grid) = (View::along(Axis::Z), PixelGrid::new(4, 1.0).unwrap());
    let refusal = |box_size_kpc, depth_kpc| {
        let config = DepositConfig { box_size_kpc, depth_kpc, ..DepositConfig::default() };
        let support = &sample.support;
        let reference = reference::deposit(
            &sample.positions,
            &sample.weights,
            support,
            &view,
            grid,
            Unit::SolarMass,
            &config,
        );
        let error = sample.map(&view, grid, &config).unwrap_err();
        assert_eq!(reference.unwrap_err().to_string(), error.to_string());
        error
    };
    for box_size_kpc in [0.0, -8.0, f64::INFINITY] {
        assert_eq!(refusal(Some(box_size_kpc), None), ProjectError::BadBoxSize { box_size_kpc });
    }
    assert!(matches!(refusal(Some(f64::NAN), None), ProjectError::BadBoxSize { .. }));
    for [near_kpc, far_kpc] in [[1.0, -1.0], [2.0, 2.0], [f64::INFINITY, f64::INFINITY]] {
        assert_eq!(refusal(None, Some([near_kpc, far_kpc])), ProjectError::BadDepth { near_kpc, far_kpc });
    }
    for limits in [[f64::NAN, 1.0], [0.0, f64::NAN]] {
        assert!(matches!(refusal(None, Some(limits)), ProjectError::BadDepth { .. }));
    }
    assert_eq!(refusal(None, Some([1.0, -1.0])).to_string(), "the depth from 1 to -1 kpc is not a range");
}

#[test]
fn more_images_than_make_sense_are_refused() {
    let sample = Sample::new(3, 69);
    let config = |box_size_kpc, depth_kpc| DepositConfig {
        box_size_kpc: Some(box_size_kpc),
        depth_kpc,
        ..DepositConfig::default()
    };
    let refused = |half_width, config| {
        let grid = PixelGrid::new(4, half_width).unwrap();
        let error = sample.map(&View::along(Axis::Z), grid, &config).unwrap_err();
        let ProjectError::TooManyImages { n_images, limit } = error else { panic!("{error}") };
        assert!(n_images > limit as f64, "{error}");
    };
    refused(1e6, config(SIDE_KPC, None));
    refused(1.0, config(1e-300, None));
    refused(f64::MAX, config(1.0, None));
    refused(1.0, config(SIDE_KPC, Some([0.0, f64::INFINITY])));
    refused(1.0, config(SIDE_KPC, Some([f64::NEG_INFINITY, f64::INFINITY])));
    refused(1.0, config(SIDE_KPC, Some([-f64::MAX, f64::MAX])));
    // Sixty boxes a side are not.
    let grid = PixelGrid::new(4, 30.0 * SIDE_KPC).unwrap();
    let light = sample.map(&View::along(Axis::Z), grid, &config(SIDE_KPC, None)).unwrap();
    assert!((light.sum() / (3600.0 * sample.weights.iter().sum::<f64>()) - 1.0).abs() < 1e-12);
}

#[test]
fn a_mesh_larger_than_memory_is_refused() {
    let sample = Sample::new(3, 72);
    for n_px in [32_769, usize::MAX] {
        let grid = PixelGrid::new(n_px, 1.0).unwrap();
        let refusal = sample.map(&View::along(Axis::Z), grid, &DepositConfig::default());
        assert_eq!(refusal, Err(ProjectError::TooManyPixels { n_px, limit: 32_768 }));
    }
}

#[test]
fn particles_at_no_finite_distance_of_boxes_leave_no_nan() {
    let far = [1e308, -1e308, 1e300];
    let sample = Sample {
        positions: vec![far, [0.0, 1e-320, -1e17], [0.1; 3]],
        weights: vec![1.0; 3],
        support: vec![SupportRadius::from_nth_neighbour(0.3); 3],
    };
    for scheme in [Scheme::Nearest, Scheme::Scatter, Scheme::Exact] {
        for side in [1e-3f64, 4.0, 1e308] {
            let config = DepositConfig { scheme, box_size_kpc: Some(side), ..DepositConfig::default() };
            let grid = PixelGrid::new(2, 1e-3).unwrap();
            let view = View::towards([0.3, 0.4, 0.5]).unwrap();
            if let Ok(light) = sample.map(&view, grid, &config) {
                assert!(light.iter().all(|&pixel| pixel >= 0.0), "{config:?}: {light}");
            }
        }
    }
}
