//! The shape of a galaxy: axis ratios of the ellipsoid that its mass fills.

mod columns;
mod config;
mod projected;
#[cfg(test)]
mod tests;

use galmass_core::Particles;

use crate::StatsError;
use crate::eigen::eigen_symmetric;
use columns::Columns;
pub use config::{Held, Region, ShapeConfig};
pub use projected::ProjectedEllipse;

/// An axis shorter than this fraction of the longest counts as zero: its particles lie in a plane.
const FLAT: f64 = 1e-6;

/// The error left is estimated as if no iteration made it smaller by less than this: two steps that are by chance
/// alike say nothing about the limit.
const SLOWEST: f64 = 0.95;

/// The ellipsoid found by [`measure_shape`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// b/a, the middle axis over the longest, in `[0, 1]`; NaN where nothing was measured.
    pub middle_to_major: f64,
    /// c/a, the shortest axis over the longest, in `[0, 1]`; NaN where nothing was measured.
    pub minor_to_major: f64,
    /// The unit vectors along the longest, the middle and the shortest axis, right-handed. An axis has no direction:
    /// the largest component of the first two is positive. NaN where nothing was measured.
    pub axes: [[f64; 3]; 3],
    /// The number of iterations made.
    pub n_iterations: usize,
    /// The number of particles in the ellipsoid of the last iteration.
    pub n_particles: usize,
    /// What is wrong with the galaxy, if anything.
    pub flags: ShapeFlags,
}

/// What can be wrong with a galaxy whose shape is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShapeFlags {
    /// An iteration found fewer than `min_particles`: all values are NaN.
    pub too_few: bool,
    /// The axis ratios still changed after `max_iterations`; they are the last ones.
    pub not_converged: bool,
    /// The particles lie in a plane or on a line through the centre (the axis ratios concerned are 0), or all at
    /// the centre itself (all values are NaN).
    pub degenerate: bool,
}

impl ShapeFlags {
    /// Whether any flag is up.
    pub fn any(&self) -> bool {
        self.too_few || self.not_converged || self.degenerate
    }
}

/// Measures the axis ratios b/a and c/a of the mass about the origin from its inertia tensor, iterated in the
/// ellipsoid that it defines (Allgood et al. 2006, section 2; c/a of Chu et al. 2024, table 1, with `radius_kpc`
/// three half-mass radii of the stars):
///
/// ```text
/// S_ij = sum_k m_k x_i x_j / r_e^2 ,   r_e^2 = x^2 + (y a/b)^2 + (z a/c)^2 ,   b/a = sqrt(l2/l1) ,   c/a =
/// sqrt(l3/l1)
/// ```
///
/// with the eigenvalues `l1 >= l2 >= l3` of `S` and the coordinates along its eigenvectors. The first region is the
/// sphere of `radius_kpc` \[kpc\]; [`ShapeConfig`] says what follows. Positions \[kpc\] are relative to the centre,
/// masses \[Msun\] only weigh. A sphere has 1 and 1, a disc c/a = 0, a line 0 and 0.
///
/// Massless particles and one at the very centre do not count. A radius that is not a positive, finite length has no
/// particles. Too few particles have NaN and a flag, as does mass that is all at the centre; see [`ShapeFlags`].
/// Noise separates equal axes: b/a and c/a of a sphere of n particles are low by some `1 / sqrt(n)`. Inside a body of
/// uniform density the reduced tensor keeps whatever shape the iteration began with.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a setting out of range; never for a galaxy.
///
/// Cost: one pass over the particles an iteration, ten to thirty iterations.
///
/// # Examples
/// ```
/// use galmass_core::Particles;
/// use galmass_stats::{ShapeConfig, measure_shape};
///
/// // Pairs on the axes, twice as far along x as along y, four times as far as along z.
/// let positions = vec![
///     [0.8, 0.0, 0.0], [-0.8, 0.0, 0.0], [0.0, 0.4, 0.0], [0.0, -0.4, 0.0], [0.0, 0.0, 0.2], [0.0, 0.0, -0.2],
/// ];
/// let particles = Particles::new(positions, vec![[0.0; 3]; 6], vec![1.0e6; 6])?;
/// let config = ShapeConfig { reduced: false, min_particles: 6, ..ShapeConfig::default() };
/// let shape = measure_shape(&particles, 1.0, &config)?;
/// assert!((shape.middle_to_major - 0.5).abs() < 1e-12);
/// assert!((shape.minor_to_major - 0.25).abs() < 1e-12);
/// assert_eq!(shape.axes[0], [1.0, 0.0, 0.0]);
/// assert!(measure_shape(&particles, 1.0, &ShapeConfig::default())?.flags.too_few);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Allgood et al. (2006), MNRAS 367, 1781; Zemp et al. (2011), ApJS 197, 30, for shells; Chu et al. (2024).
pub fn measure_shape(
    particles: &Particles,
    radius_kpc: f64,
    config: &ShapeConfig,
) -> Result<Shape, StatsError> {
    config.check()?;
    let mut state = State::sphere();
    if !(radius_kpc > 0.0 && radius_kpc.is_finite()) {
        return Ok(state.nothing(ShapeFlags { too_few: true, ..ShapeFlags::default() }));
    }
    // Inside a major axis that is held, no particle from outside the first sphere ever counts. The margin is for
    // the rounding of rotations.
    let reach = (config.held == Held::MajorAxis).then_some(1.0 + 1e-9);
    let columns = Columns::gather(particles, radius_kpc, reach);

    let mut last_step = None;
    while state.n_iterations < config.max_iterations {
        state.n_iterations += 1;
        let (rows, inner) = (state.rows(config.held), config.inner_fraction());
        let sums =
            if config.reduced { columns.sum::<true>(rows, inner) } else { columns.sum::<false>(rows, inner) };
        state.n_particles = sums.n_particles;
        if sums.n_particles < config.min_particles {
            return Ok(state.nothing(ShapeFlags { too_few: true, ..ShapeFlags::default() }));
        }
        let Some(step) = state.follow(sums.tensor) else {
            return Ok(state.nothing(ShapeFlags { degenerate: true, ..ShapeFlags::default() }));
        };
        // Convergence is linear: the steps to come form a geometric series.
        let shrinks = last_step.map_or(SLOWEST, |last: f64| (step / last).min(SLOWEST));
        if step == 0.0 || step.max(step * shrinks / (1.0 - shrinks)) < config.tolerance {
            return Ok(state.shape(false));
        }
        last_step = Some(step);
    }
    Ok(state.shape(true))
}

/// The ellipsoid of an iteration.
struct State {
    axes: [[f64; 3]; 3],
    /// Relative lengths of the axes, the first 1, none below [`FLAT`].
    lengths: [f64; 3],
    n_iterations: usize,
    n_particles: usize,
}

impl State {
    fn sphere() -> Self {
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Self { axes, lengths: [1.0; 3], n_iterations: 0, n_particles: 0 }
    }

    /// The axes over the semi-axes in units of the radius: they map the ellipsoid onto the unit sphere.
    fn rows(&self, held: Held) -> [[f64; 3]; 3] {
        let major = match held {
            Held::MajorAxis => 1.0,
            Held::Volume => (self.lengths[1] * self.lengths[2]).cbrt().recip(),
        };
        std::array::from_fn(|i| self.axes[i].map(|x| x / (major * self.lengths[i])))
    }

    /// Takes the shape of a tensor that was summed in the frame of [`Self::rows`], and returns the larger relative
    /// change of the two axis ratios, or `None` where the tensor has no longest axis.
    fn follow(&mut self, tensor: [[f64; 3]; 3]) -> Option<f64> {
        // Along the axes it is graded as the axes are, and a thin one keeps its digits.
        let along_axes = std::array::from_fn(|i| {
            std::array::from_fn(|j| tensor[i][j] * self.lengths[i] * self.lengths[j])
        });
        let (values, vectors) = eigen_symmetric(along_axes);
        if !(values[0] > 0.0 && values[0].is_finite()) {
            return None;
        }
        let ratio = |value: f64| (value.max(0.0) / values[0]).sqrt().max(FLAT);
        let lengths = [1.0, ratio(values[1]), ratio(values[2])];
        let step = (1..3).map(|i| (lengths[i] / self.lengths[i] - 1.0).abs()).fold(0.0, f64::max);

        let old = self.axes;
        let in_box =
            |vector: [f64; 3]| std::array::from_fn(|k| (0..3).map(|j| vector[j] * old[j][k]).sum::<f64>());
        let major = unit(in_box(vectors[0]));
        let minor = unit(cross(major, in_box(vectors[1])));
        self.axes = [major, cross(minor, major), minor];
        self.lengths = lengths;
        Some(step)
    }

    fn shape(&self, not_converged: bool) -> Shape {
        let length = |axis: usize| if self.lengths[axis] > FLAT { self.lengths[axis] } else { 0.0 };
        let (major, middle) = (upwards(self.axes[0]), upwards(self.axes[1]));
        Shape {
            middle_to_major: length(1),
            minor_to_major: length(2),
            axes: [major, middle, cross(major, middle)],
            n_iterations: self.n_iterations,
            n_particles: self.n_particles,
            flags: ShapeFlags { too_few: false, not_converged, degenerate: length(2) == 0.0 },
        }
    }

    fn nothing(&self, flags: ShapeFlags) -> Shape {
        Shape {
            middle_to_major: f64::NAN,
            minor_to_major: f64::NAN,
            axes: [[f64::NAN; 3]; 3],
            n_iterations: self.n_iterations,
            n_particles: self.n_particles,
            flags,
        }
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(vector: [f64; 3]) -> [f64; 3] {
    let length = crate::radius(&vector);
    vector.map(|x| x / length)
}

/// The same axis with its largest component positive.
fn upwards(axis: [f64; 3]) -> [f64; 3] {
    let largest =
        axis.iter().copied().fold(0.0, |largest: f64, x| if x.abs() > largest.abs() { x } else { largest });
    if largest < 0.0 { axis.map(|x| -x) } else { axis }
}
