//! The fast way held to its slow twin.

use proptest::prelude::*;
use rand::RngExt;

use galmass_core::PixelGrid;
use galmass_core::seed::generator;

use super::bins::{Bins, Particles};
use super::field::Field;
use super::{MomentConfig, Moments, line_of_sight_moments, nearest_moments, reference};
use crate::testing::{in_threads, uniform};
use crate::{Axis, ProjectError, View};

/// How far the two may differ: in the dispersion relative to itself, where ten bits may cancel, and in both moments
/// relative to the largest velocity, whose last bit is rounded differently along an oblique line of sight.
const DISPERSION_WITHIN: f64 = 1e-12;
const VELOCITY_WITHIN: f64 = 1e-15;
/// Of sums of a hundred thousand, compensated in both.
const WEIGHT_WITHIN: f64 = 1e-15;

#[derive(Clone, Debug, Default)]
struct Sample {
    positions: Vec<[f64; 3]>,
    velocities: Vec<[f64; 3]>,
    weights: Vec<f64>,
}

impl Sample {
    /// A cloud of random particles, a tenth of them without weight, the others of weights over six decades.
    fn random(n: usize, mean_velocity: f64, dispersion: f64, seed: u64) -> Self {
        let mut random = generator(seed);
        let mut sample = Self::default();
        for _ in 0..n {
            sample.positions.push(std::array::from_fn(|_| random.random_range(-1.3..1.3)));
            sample
                .velocities
                .push(std::array::from_fn(|_| mean_velocity + dispersion * random.random_range(-1.0..1.0)));
            let is_dark = random.random_range(0..10) == 0;
            sample.weights.push(if is_dark { 0.0 } else { 10f64.powf(random.random_range(-3.0..3.0)) });
        }
        sample
    }

    /// From velocities along the line of sight alone.
    fn measure_projected(
        &self,
        view: &View,
        grid: PixelGrid,
        config: &MomentConfig,
    ) -> Result<Moments, ProjectError> {
        let velocities: Vec<f64> = self.velocities.iter().map(|velocity| view.depth(*velocity)).collect();
        line_of_sight_moments(&self.positions, &velocities, &self.weights, view, grid, config)
    }

    fn measure(&self, view: &View, grid: PixelGrid, config: &MomentConfig) -> Result<Moments, ProjectError> {
        nearest_moments(&self.positions, &self.velocities, &self.weights, view, grid, config)
    }

    /// The largest component of a velocity.
    fn fastest(&self) -> f64 {
        self.velocities.iter().flatten().fold(0.0, |fastest, v| fastest.max(v.abs()))
    }

    fn assert_ladder(&self, view: &View, grid: PixelGrid, config: &MomentConfig) {
        let (positions, velocities) = (&self.positions, &self.velocities);
        let slow =
            reference::nearest_moments(positions, velocities, &self.weights, view, grid, config).unwrap();
        self.assert_alike(&self.measure(view, grid, config).unwrap(), &slow);
        self.assert_alike(&self.measure_projected(view, grid, config).unwrap(), &slow);
    }

    fn assert_alike(&self, fast: &Moments, slow: &Moments) {
        assert_eq!(fast.count, slow.count);
        assert_eq!(fast.occupancy, slow.occupancy);
        for (fast, slow) in fast.weight.iter().zip(&slow.weight) {
            assert!((fast - slow).abs() <= WEIGHT_WITHIN * slow, "weight {fast} {slow}");
        }
        let fastest = self.fastest();
        for (fast, slow) in fast.mean.values().iter().zip(slow.mean.values()) {
            let both_unknown = fast.is_nan() && slow.is_nan();
            assert!(
                both_unknown || (fast - slow).abs() <= 4.0 * VELOCITY_WITHIN * fastest,
                "mean {fast} {slow}"
            );
        }
        for (fast, slow) in fast.dispersion.values().iter().zip(slow.dispersion.values()) {
            let both_unknown = fast.is_nan() && slow.is_nan();
            let within = DISPERSION_WITHIN * slow + 4.0 * VELOCITY_WITHIN * fastest;
            assert!(both_unknown || (fast - slow).abs() <= within, "dispersion {fast} {slow}");
        }
    }
}

fn oblique() -> View {
    let (sin, cos) = 0.7f64.sin_cos();
    View::new([cos, sin, 0.0], [-0.6 * sin, 0.6 * cos, 0.8]).unwrap()
}

fn views() -> impl Strategy<Value = View> {
    prop::sample::select(vec![
        View::along(Axis::X),
        View::along(Axis::Y),
        View::along(Axis::Z),
        View::new([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).unwrap(),
        oblique(),
    ])
}

proptest! {
    #[test]
    fn the_fast_moments_are_the_slow_ones(
        n in 0usize..300, seed in any::<u64>(), view in views(), n_px in 1usize..9,
        mean in prop::sample::select(vec![0.0, 200.0, -1e6]),
        dispersion in prop::sample::select(vec![0.0, 1e-3, 1.0, 250.0]),
        min_count_mean in 0u32..4, min_count_dispersion in 0u32..4,
        depth_kpc in prop::option::of((-1.0..0.0f64, 0.0..1.0f64).prop_map(|(near, far)| [near, far + 1e-3])),
        box_size_kpc in prop::option::of(2.01..3.0f64),
    ) {
        let grid = PixelGrid::new(n_px, 1.0).unwrap();
        let config = MomentConfig {
            min_count_mean, min_count_dispersion, depth_kpc, box_size_kpc, ..MomentConfig::default()
        };
        Sample::random(n, mean, dispersion, seed).assert_ladder(&view, grid, &config);
    }

    #[test]
    fn a_bad_value_anywhere_is_named_as_the_slow_twin_names_it(
        n in 1usize..200, seed in any::<u64>(), index in any::<prop::sample::Index>(), column in 0usize..7,
        value in prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0]),
    ) {
        let mut sample = Sample::random(n, 0.0, 1.0, seed);
        let row = index.index(n);
        match column {
            0..3 => sample.positions[row][column] = value,
            3..6 => sample.velocities[row][column - 3] = value,
            _ => sample.weights[row] = value,
        }
        let grid = PixelGrid::new(3, 1.0).unwrap();
        let config = MomentConfig::default();
        let found = sample.measure(&oblique(), grid, &config).err().map(|error| error.to_string());
        let Sample { positions, velocities, weights } = &sample;
        let slow = reference::nearest_moments(positions, velocities, weights, &oblique(), grid, &config);
        prop_assert_eq!(found, slow.err().map(|error| error.to_string()));
        if column < 3 || column == 6 {
            let found = sample.measure_projected(&oblique(), grid, &config).err().map(|error| error.to_string());
            let slow = reference::nearest_moments(positions, velocities, weights, &oblique(), grid, &config);
            prop_assert_eq!(found, slow.err().map(|error| error.to_string()));
        }
    }
}

/// Enough for three chunks, the last one short.
const SEVERAL_CHUNKS: usize = (1 << 19) + 1001;

#[test]
fn chunks_and_threads_leave_no_trace() {
    let sample = Sample::random(SEVERAL_CHUNKS, 200.0, 250.0, 5);
    let grid = PixelGrid::new(12, 1.0).unwrap();
    let config = MomentConfig::default();
    sample.assert_ladder(&View::along(Axis::Z), grid, &config);
    let alone = in_threads(1, || sample.measure(&oblique(), grid, &config).unwrap());
    for n_threads in [2, 3, 8] {
        let together = in_threads(n_threads, || sample.measure(&oblique(), grid, &config).unwrap());
        assert!(alone == together, "{n_threads} threads");
    }
}

#[test]
fn a_bad_value_in_a_late_chunk_is_found() {
    let mut sample = Sample::random(SEVERAL_CHUNKS, 0.0, 1.0, 6);
    sample.weights[SEVERAL_CHUNKS - 1] = -2.0;
    let found = sample.measure(&oblique(), PixelGrid::new(3, 1.0).unwrap(), &MomentConfig::default());
    let index = SEVERAL_CHUNKS - 1;
    assert_eq!(found, Err(ProjectError::Negative { column: "weights", index, value: -2.0 }));
}

#[test]
fn a_first_particle_far_from_all_others_takes_no_digit_from_them() {
    // First of all, and first of the second chunk: a velocity a million dispersions away, of next to no weight.
    for outlier in [0, 1 << 18] {
        let n = outlier + 5000;
        let mut sample = Sample {
            positions: vec![[0.0; 3]; n],
            velocities: uniform(n, -1.0..1.0, 8).into_iter().map(|v| [0.0, 0.0, 1e6 + v]).collect(),
            weights: uniform(n, 0.5..2.0, 9),
        };
        sample.velocities[outlier] = [0.0; 3];
        sample.weights[outlier] = 1e-30;
        let grid = PixelGrid::new(1, 1.0).unwrap();
        sample.assert_ladder(&View::along(Axis::Z), grid, &MomentConfig::default());
        let dispersion =
            sample.measure(&View::along(Axis::Z), grid, &MomentConfig::default()).unwrap().dispersion;
        assert!((dispersion.values()[[0, 0]] - 3f64.sqrt().recip()).abs() < 0.02);
    }
}

#[test]
fn two_particles_of_unlike_weight_keep_their_digits() {
    let sample = Sample {
        positions: vec![[0.0; 3]; 2],
        velocities: vec![[0.0, 0.0, 10.0], [0.0, 0.0, 13.0]],
        weights: vec![1.0, 1e12],
    };
    let grid = PixelGrid::new(1, 1.0).unwrap();
    let moments = sample.measure(&View::along(Axis::Z), grid, &MomentConfig::default()).unwrap();
    // sigma^2 = w1 w2 / (w1 + w2)^2 times the square of the difference.
    let expected = 3.0 * 1e6 / (1.0 + 1e12);
    assert!((moments.dispersion.values()[[0, 0]] / expected - 1.0).abs() < 1e-12);
}

#[test]
fn all_processors_gather_the_same_sums_along_an_axis() {
    let sample = Sample::random(1000, 200.0, 250.0, 7);
    let Sample { positions, velocities, weights } = &sample;
    let particles = Particles { positions_kpc: positions, velocities_km_s: velocities, weights };
    let grid = PixelGrid::new(5, 1.0).unwrap();
    let config = MomentConfig { depth_kpc: Some([-0.7, 0.8]), ..MomentConfig::default() };
    for config in [MomentConfig::default(), config] {
        let field = Field::new(&View::along(Axis::Z), grid, &config).unwrap();
        let (mut widest, mut oldest) = (Bins::new(5, None), Bins::new(5, None));
        widest.add(&field, particles);
        oldest.add_portably(&field, particles);
        assert!(widest.bins.iter().zip(&oldest.bins).all(|(a, b)| a.sums() == b.sums()));
    }
}

#[test]
fn what_is_suspected_wrongly_is_measured_all_the_same() {
    let mut sample = Sample::random(100, 200.0, 250.0, 10);
    sample.weights[3] = -0.0;
    sample.positions[5] = [f64::MAX; 3];
    sample.assert_ladder(&View::along(Axis::X), PixelGrid::new(2, 1.0).unwrap(), &MomentConfig::default());
}

#[test]
fn meshes_beyond_all_measure_are_measured_slowly() {
    let sample = Sample::random(100, 200.0, 250.0, 11);
    let grid = PixelGrid::new(2, 1e200).unwrap();
    let moments = sample.measure(&View::along(Axis::X), grid, &MomentConfig::default()).unwrap();
    assert_eq!(moments.count.sum(), sample.weights.iter().filter(|w| **w > 0.0).count() as f64);
}
