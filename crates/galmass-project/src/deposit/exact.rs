//! Adds particles to an image: each pixel gets the exact integral of each kernel over it.
//!
//! A kernel of up to some pixels is [a sum of products](super::separable) of functions of one coordinate, so that a pixel
//! takes one multiplication and addition a product. Such kernels are sorted by [tiles] of the image, whose light is
//! summed up in buffers that a processor keeps at hand. Wider ones go through the image in [bands] of rows. In their
//! pixels the light hardly depends on anything but the distance: they have [profiles](super::radial), by which a pixel
//! takes a dozen operations, and the sum of each row is set to the light between two lines. Kernels that are not
//! smooth enough for that are sums of more products there.
//!
//! Tiles and the parts into which their particles are cut follow from the image and the particles alone, and the parts are
//! added up in their order; each row of the image takes its wide kernels in the order of the particles. So the image
//! has the same bits for any number of threads. Many particles are taken a batch after the other, so that they need not
//! all be in memory twice.

mod bands;
mod order;
mod products;
mod profiles;
mod tiles;

use std::ops::Range;
use std::sync::Arc;

use super::separable::{Mixed, PerKernel, Separable};
use crate::kernel::Kernel;
use order::Runs;
use profiles::Profiles;

/// A support below this many pixels is a point: where it lies in its pixel is not known much better than that.
const POINT_BELOW_PX: f64 = 1e-9;

/// A support above this many pixels leaves less than 1e-190 of a particle in a pixel: nothing. Squares of lengths below it
/// are finite.
const NOTHING_ABOVE_PX: f64 = 1e100;

/// Kernels with a support of up to so many pixels are narrow: they lie within [`REACH`] columns and rows.
const NARROW_TO_PX: f64 = 7.5;

/// Columns and rows that a narrow kernel reaches at the most.
const REACH: usize = 16;

/// Particles that are sorted and added at a time: 32 MiB of them, however many there are.
const BATCH: usize = 1 << 20;

/// A particle on the mesh: lengths in pixels from the lower left corner of the field.
#[derive(Clone, Copy)]
pub(super) struct Splat {
    x: f64,
    y: f64,
    /// Where the kernel reaches zero; 0 for a point.
    support: f64,
    weight: f64,
}

impl Splat {
    /// Places a particle on an image of `n_px` rows; `None` if it adds nothing to it. Coordinates so large that
    /// they overflowed lie outside.
    #[inline]
    pub(super) fn new([x, y]: [f64; 2], support: f64, weight: f64, n_px: usize) -> Option<Self> {
        let support = if support < POINT_BELOW_PX { 0.0 } else { support };
        let meets = |at: f64| at + support >= 0.0 && at - support < n_px as f64;
        let adds_light = weight > 0.0 && support <= NOTHING_ABOVE_PX && meets(x) && meets(y);
        (adds_light && x.is_finite() && y.is_finite()).then_some(Self { x, y, support, weight })
    }

    #[inline(always)]
    fn is_narrow(&self) -> bool {
        self.support <= NARROW_TO_PX
    }

    /// The rows of an image that it reaches.
    #[inline(always)]
    fn rows(&self, n_px: usize) -> Range<usize> {
        cells(self.y - self.support, self.y + self.support, n_px)
    }

    /// The columns of an image that it reaches.
    #[inline(always)]
    fn columns(&self, n_px: usize) -> Range<usize> {
        cells(self.x - self.support, self.x + self.support, n_px)
    }
}

/// The cells from the one that holds `low` to the one that holds `high`, cut to the image.
#[inline(always)]
fn cells(low: f64, high: f64, n_px: usize) -> Range<usize> {
    // A cast takes what is too large, too small or NaN to the nearest that fits, or to 0.
    let start = (low.max(0.0) as usize).min(n_px);
    let end = if high < 0.0 { 0 } else { (high as usize).saturating_add(1).min(n_px) };
    start..end.max(start)
}

/// What narrow kernels take.
enum Narrow {
    /// With smooth edges: 16 products.
    Short(Box<Separable<2>>),
    /// Any other: 32.
    Long(Box<Separable<4>>),
}

/// What wide kernels take.
enum Wide {
    /// Of smooth kernels.
    Profiles(Box<Profiles>),
    /// Of any other: 72 products.
    Products(Box<Mixed<4>>),
}

/// Narrow kernels take few products if the rms error of the density of some more is this much of the rms density.
const ENOUGH: f64 = 2.5e-7;

struct Expansion {
    narrow: Narrow,
    wide: Wide,
}

impl Expansion {
    /// Made at the first call for a kernel, in some tens of milliseconds, by one thread.
    fn of(kernel: Kernel) -> Arc<Self> {
        static EXPANSIONS: PerKernel<Expansion> = PerKernel::new();
        EXPANSIONS.get(kernel, |kernel| {
            let narrow = if Separable::<3>::of(kernel).error() < ENOUGH {
                Narrow::Short(Box::new(Separable::of(kernel)))
            } else {
                Narrow::Long(Box::new(Separable::of(kernel)))
            };
            let wide = if kernel.is_smooth() {
                Wide::Profiles(Box::new(Profiles::of(kernel)))
            } else {
                Wide::Products(Box::new(Mixed::of(&Separable::<9>::of(kernel))))
            };
            Self { narrow, wide }
        })
    }
}

/// Adds up the splats of `n_particles` particles of a kernel on an image of `n_px` x `n_px` pixels, row by row from the
/// lowest. `place` appends the splats of some of the particles.
pub(super) fn image_of(
    n_particles: usize,
    n_px: usize,
    kernel: Kernel,
    place: impl Fn(Range<usize>, &mut Vec<Splat>) + Sync,
) -> Vec<f64> {
    let mut image = vec![0.0; n_px * n_px];
    let expansion = Expansion::of(kernel);
    for start in (0..n_particles).step_by(BATCH) {
        let place =
            |of: Range<usize>, splats: &mut Vec<Splat>| place(start + of.start..start + of.end, splats);
        let runs = Runs::sort(BATCH.min(n_particles - start), n_px, place);
        match &expansion.narrow {
            Narrow::Short(products) => tiles::add(&mut image, n_px, &runs, products),
            Narrow::Long(products) => tiles::add(&mut image, n_px, &runs, products),
        }
        match &expansion.wide {
            Wide::Profiles(profiles) => bands::add(&mut image, n_px, &runs, &**profiles),
            Wide::Products(products) => bands::add(&mut image, n_px, &runs, &**products),
        }
    }
    image
}
