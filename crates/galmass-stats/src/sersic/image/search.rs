//! The search for the best shape: several starts on a coarse mesh, the best of them over all pixels.

use super::super::levenberg_marquardt::{Minimum, Normal, Search, minimise};
use super::config::{SersicImageConfig, Sky};
use super::mesh::Mesh;
use super::model::Images;
use super::moments::Moments;
use super::shape::{CENTRE, Frame, LOG_RADIUS, N_SHAPE, SHEAR, Shape};
use super::sums::{Linear, Sums};

/// The indices to start from: cores, discs, bulges, ellipticals and cusps.
const STARTS: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 8.0, 30.0];

/// Further starts over all pixels where a point spread function hides the index: it may be this, at a radius that the
/// function does not widen.
const STARTS_BEHIND_POINT_SPREAD: [f64; 3] = [1.0, 2.5, 5.0];

/// The least circularised radius \[px\]: a point.
const LEAST_RADIUS_PX: f64 = 0.01;

/// The largest, in sides of the image.
const LARGEST_RADIUS: f64 = 100.0;

/// Of each component of the shear: an axis ratio of 1 to 100.
const LARGEST_SHEAR: f64 = 4.605_170_185_988_092;

/// All starts take so many steps on the mesh, the best of them so many more; and a start over all pixels.
const FIRST_STEPS_ON_MESH: usize = 8;
const STEPS_ON_MESH: usize = 60;
const BEST_ON_MESH: usize = 2;
const STEPS_OF_START: usize = 6;

/// The part of chi squared whose promised reduction no longer matters over all pixels: for a million of them a hundredth
/// of a standard error, of which the last step leaves little.
const LAST_DIGITS: f64 = 1e-10;

/// The sampling of the pixels near the centre stands still in a search, and is made anew until the search moves less:
/// \[px\] or logarithms.
const MOVED: f64 = 0.003;
const MOST_ROUNDS: usize = 5;

/// A shape and its brightness: what a search ends with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) minimum: Minimum<N_SHAPE>,
    pub(super) frame: Frame,
    /// The effective brightness and the sky.
    pub(super) linear: Linear,
    /// The sums there, of a guess close to the brightness and the sky.
    pub(super) sums: Sums,
    pub(super) lower: [f64; N_SHAPE],
    pub(super) upper: [f64; N_SHAPE],
}

impl Found {
    pub(super) fn shape(&self) -> Shape {
        Shape::new(&self.minimum.parameters, &self.frame)
    }
}

/// Where to start from.
#[derive(Clone, Copy, Debug)]
struct Start {
    parameters: [f64; N_SHAPE],
    /// A guess, in units of the effective brightness; none is as good as any, but rounds.
    linear: Linear,
}

/// Where following a start ended.
struct End {
    minimum: Minimum<N_SHAPE>,
    linear: Linear,
    sums: Sums,
    /// Chi squared at the start.
    from: f64,
}

impl End {
    fn chi_squared(&self) -> f64 {
        self.minimum.normal.chi_squared
    }

    fn again(&self) -> Start {
        Start { parameters: self.minimum.parameters, linear: self.linear }
    }
}

/// The limits of the search, in a frame.
struct Limits {
    frame: Frame,
    free_sky: bool,
    lower: [f64; N_SHAPE],
    upper: [f64; N_SHAPE],
    noise: f64,
}

impl Limits {
    fn search(&self, tolerance: f64, damping: f64, max_iterations: usize) -> Search<N_SHAPE> {
        let between = Search::between(self.lower, self.upper, self.noise, max_iterations);
        Search { tolerance, damping, ..between }
    }

    /// Follows the sums of a family of models to the least chi squared of brightness, sky and shape.
    fn follow(
        &self,
        sums_of: impl Fn(&Shape, Linear) -> Sums,
        start: &Start,
        search: &Search<N_SHAPE>,
    ) -> Option<End> {
        // In units that do not change with the shape, and better at each step: chi squared is summed from residuals,
        // of which nothing but the last improvement is subtracted.
        let mut guess = start.linear;
        let mut from = None;
        let mut best = (f64::INFINITY, guess, Sums::default());
        let minimum = minimise(
            |parameters| {
                let shape = Shape::new(parameters, &self.frame);
                let unit = shape.log_unit().exp();
                let in_units = Linear { amplitude: guess.amplitude * unit, sky: guess.sky };
                let sums = sums_of(&shape, in_units);
                let nothing = Normal {
                    chi_squared: f64::INFINITY,
                    descent: [0.0; N_SHAPE],
                    curvature: [[0.0; N_SHAPE]; N_SHAPE],
                };
                let Some((change, chi_squared)) = sums.best(self.free_sky) else { return nothing };
                let amplitude = in_units.amplitude + change.amplitude;
                if amplitude.is_nan() || amplitude <= 0.0 {
                    return nothing;
                }
                guess = Linear { amplitude: amplitude / unit, sky: guess.sky + change.sky };
                from.get_or_insert(chi_squared);
                if chi_squared < best.0 {
                    best = (chi_squared, guess, sums);
                }
                sums.projected(change, chi_squared, amplitude, self.free_sky)
            },
            start.parameters,
            search,
        )?;
        Some(End { minimum, linear: best.1, sums: best.2, from: from? })
    }
}

/// The best shape for an image with these moments.
pub(super) fn search(
    images: &Images,
    moments: &Moments,
    mesh: &Mesh,
    config: &SersicImageConfig,
) -> Option<Found> {
    let data = images.data;
    let frame = Frame { origin: moments.centre, unit_px: moments.radius };
    let shear = LARGEST_SHEAR;
    let side = data.rows.max(data.columns) as f64;
    let limit = |at: f64, axis: usize| (at - frame.origin[axis]) / frame.unit_px;
    let lower = [LEAST_RADIUS_PX.ln(), -shear, -shear, limit(0.0, 0), limit(0.0, 1), config.min_index.ln()];
    let upper = [
        (LARGEST_RADIUS * side).ln(),
        shear,
        shear,
        limit(data.columns as f64, 0),
        limit(data.rows as f64, 1),
        config.max_index.ln(),
    ];
    let free_sky = config.sky == Sky::Free;
    let limits = Limits { frame, free_sky, lower, upper, noise: data.noise };

    let start_at = |index: f64, radius: f64, shear: [f64; 2], centre: [f64; 2]| {
        let start = [radius.ln(), shear[0], shear[1], centre[0], centre[1], index.ln()];
        let parameters = std::array::from_fn(|i| f64::clamp(start[i], lower[i], upper[i]));
        Start { parameters, linear: Linear::default() }
    };
    let on_mesh = |start: &Start, tolerance: f64, steps: usize| {
        let sums = |shape: &Shape, guess| mesh.sums(shape, guess);
        limits.follow(sums, start, &limits.search(tolerance, 1e-2, steps))
    };
    let starts: Vec<Start> =
        STARTS.iter().map(|index| start_at(*index, moments.radius, moments.shear, [0.0; 2])).collect();
    let mut first: Vec<End> =
        starts.iter().filter_map(|start| on_mesh(start, 1e-3, FIRST_STEPS_ON_MESH)).collect();
    first.sort_by(|a, b| a.chi_squared().total_cmp(&b.chi_squared()));
    first.truncate(BEST_ON_MESH);
    let best = first
        .iter()
        .filter_map(|end| on_mesh(&end.again(), 1e-6, STEPS_ON_MESH))
        .min_by(|a, b| a.chi_squared().total_cmp(&b.chi_squared()));
    let mut candidates = best.map_or(starts, |end| vec![end.again()]);
    if let Some(convolution) = &images.convolution {
        let seen = candidates[0].parameters;
        let shear = SHEAR.map(|i| seen[i]);
        let radius = seen[LOG_RADIUS].exp();
        let intrinsic = (radius * radius - convolution.width_px.powi(2)).max(0.1 * radius * radius).sqrt();
        let centre = CENTRE.map(|i| seen[i]);
        let behind = STARTS_BEHIND_POINT_SPREAD.map(|index| start_at(index, intrinsic, shear, centre));
        candidates.extend(behind);
    }
    let start = if candidates.len() == 1 {
        candidates[0]
    } else {
        let rough = limits.search(1e-2, 1e-3, STEPS_OF_START);
        let ends = candidates.iter().filter_map(|start| {
            let nodes = images.nodes(&Shape::new(&start.parameters, &frame));
            limits.follow(|shape, guess| images.sums(shape, &nodes, guess), start, &rough)
        });
        ends.min_by(|a, b| a.chi_squared().total_cmp(&b.chi_squared()))?.again()
    };
    polish(images, &limits, start, config.max_iterations)
}

/// Follows the best start over all pixels to the last digits.
fn polish(images: &Images, limits: &Limits, start: Start, max_iterations: usize) -> Option<Found> {
    let (mut start, mut n_iterations) = (start, 0);
    for round in 0.. {
        let nodes = images.nodes(&Shape::new(&start.parameters, &limits.frame));
        let left = (max_iterations - n_iterations).max(1);
        let search = limits.search(LAST_DIGITS, 1e-6, left);
        let sums = |shape: &Shape, guess| images.sums(shape, &nodes, guess);
        let End { mut minimum, linear, sums, from } = limits.follow(sums, &start, &search)?;
        n_iterations = (n_iterations + minimum.n_iterations).min(max_iterations);
        let moved = (0..N_SHAPE).fold(0.0, |farthest: f64, i| {
            let unit = if CENTRE.contains(&i) { limits.frame.unit_px } else { 1.0 };
            farthest.max(unit * (minimum.parameters[i] - start.parameters[i]).abs())
        });
        // Within the noise the cusp need not be followed.
        let gained = from - minimum.normal.chi_squared;
        let is_noise = gained * (images.data.n_used as f64) < minimum.normal.chi_squared;
        let is_last = !images.means || moved < MOVED || is_noise || round == MOST_ROUNDS;
        if is_last || n_iterations == max_iterations {
            minimum.n_iterations = n_iterations;
            minimum.converged &= is_last;
            let Limits { frame, lower, upper, .. } = *limits;
            return Some(Found { minimum, frame, linear, sums, lower, upper });
        }
        start = Start { parameters: minimum.parameters, linear };
    }
    None
}
