//! Every rung of the ladder, with every kernel, against the reference, over one table of cases.
//!
//! A new scheme or kernel is a row here, a new trouble a case; neither is code.

use ndarray::Array2;

use super::*;
use crate::kernel::Kernel;
use crate::testing::{ball, in_threads, uniform};
use crate::{Axis, reference};

/// What a scheme promises.
struct Rung {
    scheme: Scheme,
    /// The rms difference from the reference over the rms pixel.
    within: f64,
    /// The same where there is a crowd.
    within_in_crowds: f64,
    /// The loss of light of particles wholly inside; `None` if the scheme does not promise to keep it.
    conserved_within: Option<f64>,
}

const LADDER: &[Rung] = &[
    // Sums in another order.
    Rung { scheme: Scheme::Nearest, within: 1e-15, within_in_crowds: 1e-15, conserved_within: Some(1e-12) },
    // Linear interpolation of the profile, which is relative to the centre of the kernel; the rim sees more of it.
    Rung { scheme: Scheme::Scatter, within: 2e-6, within_in_crowds: 2e-6, conserved_within: None },
    // Cubic interpolation of the primitive; the Gaussian ends with a kink.
    Rung { scheme: Scheme::Exact, within: 3e-7, within_in_crowds: 3e-7, conserved_within: Some(1e-12) },
    // With few particles the fast scheme is the exact one, and in a crowd what it promises of the cubic spline.
    Rung { scheme: Scheme::Fast, within: 3e-7, within_in_crowds: 1e-3, conserved_within: Some(1e-12) },
];

/// From where a case is seen.
#[derive(Clone, Copy)]
enum Look {
    Along(Axis),
    Towards([f64; 3]),
}

impl Look {
    fn view(self) -> View {
        match self {
            Self::Along(axis) => View::along(axis),
            Self::Towards(direction) => View::towards(direction).unwrap(),
        }
    }
}

/// Particles before a mesh; lengths in kpc.
struct Case {
    name: &'static str,
    /// What goes wrong where this case does.
    why: &'static str,
    positions: &'static [[f64; 3]],
    weights: &'static [f64],
    support: &'static [f64],
    look: Look,
    n_px: usize,
    half_width: f64,
    box_size: Option<f64>,
    depth: Option<[f64; 2]>,
    /// Random particles beside those, of which [`CROWD_INSIDE`] are near the field and the others far from it.
    crowd: usize,
}

/// Four pixels of 1 kpc a side and nothing in them; cases say how they differ.
const EMPTY: Case = Case {
    name: "empty",
    why: "no particle is a valid input",
    positions: &[],
    weights: &[],
    support: &[],
    look: Look::Along(Axis::Z),
    n_px: 4,
    half_width: 2.0,
    box_size: None,
    depth: None,
    crowd: 0,
};

const CASES: &[Case] = &[
    EMPTY,
    Case {
        name: "narrow",
        why: "kernels far smaller than a pixel, alone and across an edge and a corner",
        positions: &[[0.3, -1.4, 0.0], [1.0004, 0.5, 0.0], [-1.0, 1.0, 3.0]],
        weights: &[1.0, 2.0, 3.0],
        support: &[1e-3, 1e-3, 2e-3],
        ..EMPTY
    },
    Case {
        name: "pixel-sized",
        why: "supports about the size of a pixel, where point samples fail",
        positions: &[[0.31, -0.17, 0.0], [0.5, 0.02, 0.0], [-0.9, 0.6, 0.0]],
        weights: &[1.0, 0.0, 3.0],
        support: &[0.6, 0.9, 1.05],
        n_px: 6,
        half_width: 3.0,
        ..EMPTY
    },
    Case {
        name: "wide",
        why: "a kernel of many pixels, and its rim in the field",
        positions: &[[0.4, 0.7, 0.0], [-1.0, 3.0, 0.0]],
        weights: &[1.0, 4.0],
        support: &[4.3, 3.1],
        n_px: 10,
        half_width: 5.0,
        ..EMPTY
    },
    Case {
        name: "enormous",
        why: "kernels larger than the image, the second from outside it",
        positions: &[[0.3, 0.2, 0.0], [20.0, -9.0, 0.0]],
        weights: &[1.0, 7.0],
        support: &[60.0, 55.0],
        ..EMPTY
    },
    Case {
        name: "straddling",
        why: "kernels across each edge of the image and one beyond a corner",
        positions: &[[-2.2, 0.3, 0.0], [2.1, -0.6, 0.0], [0.1, 2.4, 0.0], [0.7, -1.9, 0.0], [2.3, 2.3, 0.0]],
        weights: &[1.0, 2.0, 3.0, 4.0, 5.0],
        support: &[0.9, 1.3, 0.8, 0.7, 0.35],
        ..EMPTY
    },
    Case {
        name: "points on edges",
        why: "an edge belongs to the pixel above it, the upper edge of the field to none",
        positions: &[[0.0, 0.0, 0.0], [-2.0, -1.0, 0.0], [2.0, 0.5, 0.0], [0.5, 2.0, 0.0], [1.0, -2.0, 0.0]],
        weights: &[1.0, 2.0, 4.0, 8.0, 16.0],
        support: &[0.0; 5],
        ..EMPTY
    },
    Case {
        name: "tilted",
        why: "a line of sight that is no axis of the box",
        positions: &[[0.3, 1.2, -0.4], [-0.8, 0.1, 0.9]],
        weights: &[1.0, 2.0],
        support: &[0.8, 1.7],
        look: Look::Towards([1.0, -2.0, 0.5]),
        ..EMPTY
    },
    Case {
        name: "slab",
        why: "limits of depth, the near one included and the far one not",
        positions: &[[0.3, 0.2, 1.0], [-0.6, 0.9, 2.0], [0.1, -0.7, 1.999], [1.2, 1.3, 0.999]],
        weights: &[1.0, 2.0, 4.0, 8.0],
        support: &[0.8; 4],
        depth: Some([1.0, 2.0]),
        ..EMPTY
    },
    Case {
        name: "periodic",
        why: "a field as wide as the box: what leaves it on one side enters on the other",
        positions: &[[1.9, 0.3, 0.5], [-1.7, 1.8, 9.0], [0.1, -2.0, -3.0]],
        weights: &[1.0, 2.0, 4.0],
        support: &[0.9, 0.7, 0.0],
        look: Look::Along(Axis::X),
        box_size: Some(4.0),
        ..EMPTY
    },
    Case {
        name: "tiled",
        why: "a field of several boxes, with positions outside the first one and kernels wider than a box",
        positions: &[[7.3, -3.1, 0.4], [0.2, 0.3, 0.9]],
        weights: &[1.0, 2.0],
        support: &[0.4, 1.2],
        box_size: Some(1.1),
        ..EMPTY
    },
    Case {
        name: "periodic slab",
        why: "an image may lie in the range of depths where its particle does not",
        positions: &[[0.4, 0.7, 0.5], [1.8, -0.3, 2.5]],
        weights: &[1.0, 2.0],
        support: &[0.6, 0.5],
        box_size: Some(3.0),
        depth: Some([5.0, 9.2]),
        ..EMPTY
    },
    Case {
        name: "tilted box",
        why: "images of a box that is seen at an angle, one side deep",
        positions: &[[0.4, 0.7, 0.5], [1.8, -0.3, 2.5], [-1.2, 0.2, -0.1]],
        weights: &[1.0, 2.0, 3.0],
        support: &[0.6, 0.5, 0.9],
        look: Look::Towards([0.4, 0.3, -0.7]),
        box_size: Some(2.9),
        ..EMPTY
    },
    Case {
        name: "crowd",
        why: "particles enough for the loops that only many particles see, and one kernel wider than the field",
        positions: &[[0.4, 0.7, 0.5], [9.0, -2.0, 0.0]],
        weights: &[100.0, 1000.0],
        support: &[2.5, 30.0],
        look: Look::Along(Axis::Y),
        n_px: 16,
        half_width: 3.0,
        crowd: CROWD,
        ..EMPTY
    },
];

/// Above the fewest of the fast scheme, and no multiple of any block.
const CROWD: usize = 4321;

/// Few, because the reference is slow.
const CROWD_INSIDE: usize = 20;

impl Case {
    fn run(&self, config: &DepositConfig, reference: bool) -> Array2<f64> {
        let mut crowd = ball(self.crowd, 4.0, 42);
        crowd.iter_mut().skip(CROWD_INSIDE).for_each(|[x, ..]| *x += 100.0);
        let positions = [self.positions, &crowd].concat();
        let weights = [self.weights, &uniform(self.crowd, 0.0..2.0, 43)].concat();
        let powers = uniform(self.crowd, -1.6..0.4, 44);
        let radii = self.support.iter().copied().chain(powers.iter().map(|power| 10f64.powf(*power)));
        let support: Vec<_> = radii.map(SupportRadius::from_nth_neighbour).collect();
        let grid = PixelGrid::new(self.n_px, self.half_width).unwrap();
        let config = DepositConfig { box_size_kpc: self.box_size, depth_kpc: self.depth, ..*config };
        let run = if reference { reference::deposit } else { deposit };
        run(&positions, &weights, &support, &self.look.view(), grid, Unit::SolarMass, &config)
            .unwrap()
            .into_values()
    }
}

fn rms(values: &Array2<f64>) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn every_scheme_and_kernel_follows_the_reference_in_every_case() {
    for rung in LADDER {
        for kernel in Kernel::ALL {
            for case in CASES {
                let config = DepositConfig { scheme: rung.scheme, kernel, ..DepositConfig::default() };
                let (found, expected) = (case.run(&config, false), case.run(&config, true));
                let error = rms(&(&found - &expected));
                let within = if case.crowd > 0 { rung.within_in_crowds } else { rung.within };
                assert!(
                    error <= within * rms(&expected),
                    "{:?}, {kernel:?}, {} ({}): {:e}\n{found}\n{expected}",
                    rung.scheme,
                    case.name,
                    case.why,
                    error / rms(&expected),
                );
                assert!(
                    found.iter().all(|&pixel| pixel >= 0.0),
                    "{:?}, {kernel:?}, {}",
                    rung.scheme,
                    case.name
                );
            }
        }
    }
}

#[test]
fn the_crowd_is_large_enough_to_be_fast() {
    for (scheme, kernel, is_fast) in [
        (Scheme::Fast, Kernel::CubicSpline, true),
        (Scheme::Fast, Kernel::WendlandC2, false),
        (Scheme::Exact, Kernel::CubicSpline, false),
    ] {
        let crowd = CASES.iter().find(|case| case.name == "crowd").unwrap();
        let of = |scheme| crowd.run(&DepositConfig { scheme, kernel, ..DepositConfig::default() }, false);
        assert_eq!(of(scheme) != of(Scheme::Exact), is_fast, "{scheme:?}, {kernel:?}");
    }
}

#[test]
fn no_case_but_the_empty_one_is_empty() {
    let config = DepositConfig::default();
    for case in CASES {
        assert_eq!(case.run(&config, true).sum() > 0.0, case.name != "empty", "{}", case.name);
    }
}

#[test]
fn schemes_that_keep_light_keep_it_with_every_kernel() {
    let n = 5000;
    let (positions, weights) = (ball(n, 10.0, 31), uniform(n, 0.0..10.0, 32));
    let sizes = uniform(n, -5.0..0.99, 33);
    let support: Vec<_> = sizes.iter().map(|x| SupportRadius::from_nth_neighbour(10f64.powf(*x))).collect();
    let (view, grid) = (View::towards([0.3, -0.2, 0.9]).unwrap(), PixelGrid::new(40, 20.0).unwrap());
    let total: f64 = weights.iter().sum();
    for rung in LADDER {
        let Some(within) = rung.conserved_within else { continue };
        for kernel in Kernel::ALL {
            let config = DepositConfig { scheme: rung.scheme, kernel, ..DepositConfig::default() };
            let map = deposit(&positions, &weights, &support, &view, grid, Unit::SolarMass, &config).unwrap();
            let lost = 1.0 - map.sum() / total;
            assert!(lost.abs() < within, "{:?}, {kernel:?}: {lost:e}", rung.scheme);
        }
    }
}

#[test]
fn every_scheme_gives_the_same_bits_in_any_number_of_threads() {
    // More particles than pixels, so that each scheme has something to share out.
    let n = 20_000;
    let (positions, weights) = (ball(n, 8.0, 34), uniform(n, 0.0..1.0, 35));
    let sizes = uniform(n, -3.0..0.3, 36);
    let support: Vec<_> = sizes.iter().map(|x| SupportRadius::from_nth_neighbour(10f64.powf(*x))).collect();
    let (view, grid) = (View::along(Axis::Y), PixelGrid::new(33, 6.0).unwrap());
    for rung in LADDER {
        for (box_size_kpc, depth_kpc) in [(None, None), (None, Some([-2.0, 5.0])), (Some(11.0), None)] {
            let config =
                DepositConfig { scheme: rung.scheme, box_size_kpc, depth_kpc, ..DepositConfig::default() };
            let run =
                || deposit(&positions, &weights, &support, &view, grid, Unit::SolarMass, &config).unwrap();
            let alone = in_threads(1, run);
            for n_threads in [2, 5] {
                assert_eq!(in_threads(n_threads, run), alone, "{config:?}");
            }
        }
    }
}

#[test]
fn no_scheme_makes_nan_of_places_and_sizes_beyond_all_measure() {
    let n = 1000;
    let powers = |seed| uniform(n, -320.0..308.0, seed).into_iter().map(|power| 10f64.powf(power));
    let signs = uniform(3 * n, -1.0..1.0, 37);
    let coordinates: Vec<_> = powers(38).chain(powers(39)).chain(powers(40)).collect();
    let coordinate = |index: usize| coordinates[index] * signs[index];
    let positions: Vec<_> =
        (0..n).map(|k| [coordinate(k), coordinate(k + n), coordinate(k + 2 * n)]).collect();
    let support: Vec<_> = powers(41).map(SupportRadius::from_nth_neighbour).collect();
    let weights = vec![1.0; n];
    for rung in LADDER {
        for half_width in [1e-300, 3.0, 1e300] {
            let (view, grid) =
                (View::towards([1.0, 2.0, 3.0]).unwrap(), PixelGrid::new(7, half_width).unwrap());
            let config = DepositConfig { scheme: rung.scheme, ..DepositConfig::default() };
            let map = deposit(&positions, &weights, &support, &view, grid, Unit::SolarMass, &config).unwrap();
            assert!(map.values().iter().all(|&pixel| pixel >= 0.0), "{config:?}: {}", map.values());
        }
    }
}
