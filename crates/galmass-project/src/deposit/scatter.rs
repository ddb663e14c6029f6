//! Adds kernels to an image as they are at the centres of its pixels.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::bands::bands;
use crate::kernel::Kernel;
use galmass_core::simd::{Work, dispatch, fma};

/// A support below this many pixels is a point, which covers no centre. Where it does, by chance, its light would have
/// no limit.
const POINT_BELOW_PX: f64 = 1e-9;

/// Steps of the square of the radius from the centre to the support: linear interpolation is then good to 1e-6 of the
/// centre.
const STEPS: usize = 4096;

/// What an index is cut to, so that it is known to lie in the table: twice the number of steps, the upper half of which
/// is outside the support and 0.
const ENTRIES: usize = 2 * STEPS;

/// A particle that covers centres of pixels: lengths in pixels from the lower left corner of the field.
pub(super) struct Disc {
    x: f64,
    y: f64,
    support: f64,
    weight: f64,
    first_row: u32,
    end_row: u32,
}

impl Disc {
    /// Places a particle on an image of `n_px` rows; `None` if it covers no centre of a pixel.
    pub(super) fn new([x, y]: [f64; 2], support: f64, weight: f64, n_px: usize) -> Option<Self> {
        let rows = centres(y, support, n_px);
        let columns = centres(x, support, n_px);
        let covers = support >= POINT_BELOW_PX && !rows.is_empty() && !columns.is_empty();
        let (first_row, end_row) = (rows.start as u32, rows.end as u32);
        (covers && weight > 0.0).then_some(Self { x, y, support, weight, first_row, end_row })
    }

    fn rows(&self) -> Range<usize> {
        self.first_row as usize..self.end_row as usize
    }
}

/// The cells with centres within `reach` of a coordinate, cut to the image.
#[inline(always)]
fn centres(middle: f64, reach: f64, n_px: usize) -> Range<usize> {
    // A cast takes what is too large, too small or NaN to the nearest that fits, or to 0.
    let start = ((middle - reach - 0.5).max(0.0).ceil() as usize).min(n_px);
    let end = ((middle + reach + 0.5).max(0.0).floor() as usize).min(n_px);
    start..end.max(start)
}

/// Adds up all discs of a kernel, in their order, on an image of `n_px` x `n_px` pixels, row by row from the lowest.
pub(super) fn image_of(discs: &[Disc], n_px: usize, kernel: Kernel) -> Vec<f64> {
    let mut image = vec![0.0; n_px * n_px];
    let profile = Profile::of(kernel);
    let costs = discs.iter().map(|disc| (disc.rows(), 8.0 + (2.0 * disc.support).min(n_px as f64)));
    bands(&mut image, n_px, costs)
        .into_par_iter()
        .for_each(|(rows, light)| dispatch(Band { discs, profile, n_px, rows, light }));
    image
}

/// The projected kernel as a function of u^2: its value, and how much it changes up to the next entry.
struct Profile([[f64; 2]; ENTRIES]);

impl Profile {
    fn of(kernel: Kernel) -> &'static Self {
        static PROFILES: [OnceLock<Box<Profile>>; Kernel::ALL.len()] =
            [const { OnceLock::new() }; Kernel::ALL.len()];
        PROFILES[kernel as usize].get_or_init(|| {
            let at = |step: usize| kernel.projected((step as f64 / STEPS as f64).sqrt());
            Box::new(Self(std::array::from_fn(|step| [at(step), at(step + 1) - at(step)])))
        })
    }

    /// At the square of a distance in support radii, 0 or more.
    #[inline(always)]
    fn at<const FMA: bool>(&self, square: f64) -> f64 {
        let steps = square * STEPS as f64;
        let steps = if steps < STEPS as f64 { steps } else { STEPS as f64 };
        // SAFETY: a number between 0 and the number of steps, since NaN is not below it either and a square not below 0.
        // A checked cast takes no vectors.
        let step = unsafe { steps.to_int_unchecked::<i32>() };
        let [value, change] = self.0[step as usize & (ENTRIES - 1)];
        fma::<FMA>(steps - f64::from(step), change, value)
    }
}

/// A band of rows with all that may fall on it.
struct Band<'a> {
    discs: &'a [Disc],
    profile: &'static Profile,
    n_px: usize,
    rows: Range<usize>,
    light: &'a mut [f64],
}

impl Work for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for disc in self.discs {
            let rows = disc.rows().start.max(self.rows.start)..disc.rows().end.min(self.rows.end);
            if rows.is_empty() {
                continue;
            }
            let per_support = 1.0 / disc.support;
            let peak = disc.weight * per_support * per_support;
            // The whole square: zeros in its corners cost less than where to begin and to end.
            let columns = centres(disc.x, disc.support, self.n_px);
            let from = columns.start as f64 + 0.5 - disc.x;
            for row in rows {
                let dy = (row as f64 + 0.5 - disc.y) * per_support;
                let first = (row - self.rows.start) * self.n_px;
                let light = &mut self.light[first + columns.start..first + columns.end];
                add_row::<FMA>(light, self.profile, [from, dy * dy, per_support, peak]);
            }
        }
    }
}

/// Adds a row of pixels of a disc: the distance of the first from its middle [px], the square of that of the row in
/// support radii, support radii per pixel, and the factor of the kernel.
///
/// A function of its own, since only of its arguments it is known that they do not overlap.
#[inline(always)]
fn add_row<const FMA: bool>(light: &mut [f64], profile: &Profile, [from, dy2, per_support, peak]: [f64; 4]) {
    for (column, light) in light.iter_mut().enumerate() {
        let dx = (from + column as i32 as f64) * per_support;
        *light = fma::<FMA>(peak, profile.at::<FMA>(fma::<FMA>(dx, dx, dy2)), *light);
    }
}
