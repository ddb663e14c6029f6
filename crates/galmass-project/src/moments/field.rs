//! Which pixel a particle falls in, many particles at a time.

use galmass_core::PixelGrid;

use super::MomentConfig;
use super::velocity::Velocity;
use crate::View;
use galmass_core::simd::fma;

/// Particles that are placed in one go: small enough that their placing and their counting overlap in the processor,
/// large enough that loops over them are worth their start.
pub(super) const BLOCK: usize = 32;

/// Pixels beside the map for particles outside the field, several so that they do not wait for each other.
pub(super) const N_OUTSIDE: usize = 8;

/// The most pixels a side: pixel numbers fit in 32 bits.
const MAX_PIXELS: usize = 1 << 15;

/// The field of view, ready for its loop.
#[derive(Clone, Copy)]
pub(super) struct Field {
    right: [f64; 3],
    up: [f64; 3],
    line_of_sight: [f64; 3],
    half_width_kpc: f64,
    pixel_size_kpc: f64,
    pixels_per_kpc: f64,
    n_px: i32,
    limits: Option<Limits>,
}

/// What of space is seen.
#[derive(Clone, Copy)]
struct Limits {
    near_kpc: f64,
    far_kpc: f64,
    periodic: Option<Periodic>,
}

/// A periodic box and the point to which the nearest images are taken.
#[derive(Clone, Copy)]
struct Periodic {
    size_kpc: f64,
    centre_kpc: [f64; 3],
}

/// The particles of a block, placed.
pub(super) struct Placed {
    /// The number of the pixel, row by row, or one of the [`N_OUTSIDE`] after the last.
    pub(super) pixels: [u32; BLOCK],
    /// The velocity along the line of sight \[km/s\].
    pub(super) velocities: [f64; BLOCK],
    /// The union of the bits of all weights: the uppermost is set if any is negative, or a negative zero.
    signs: u64,
    /// The largest of the bits of magnitudes that are infinite or NaN where anything is.
    largest: u64,
}

impl Placed {
    pub(super) fn new() -> Self {
        Self { pixels: [0; BLOCK], velocities: [0.0; BLOCK], signs: 0, largest: 0 }
    }

    /// Whether a value placed so far may be infinite, NaN or a negative weight. Never misses one; coordinates near the
    /// largest number and weights of -0 are suspected wrongly.
    pub(super) fn is_suspect(&self) -> bool {
        self.signs >> 63 == 1 || self.largest >= f64::INFINITY.to_bits()
    }
}

impl Field {
    /// Prepares a field, or `None` for meshes that nobody uses: of over 2^15 pixels a side, or with pixels so small or
    /// large that the reciprocal of their size is no longer precise.
    pub(super) fn new(view: &View, grid: PixelGrid, config: &MomentConfig) -> Option<Self> {
        let pixel_size_kpc = grid.pixel_size_kpc();
        let is_usual = grid.n_px() <= MAX_PIXELS && (1e-100..1e100).contains(&pixel_size_kpc);
        is_usual.then(|| Self {
            right: view.right(),
            up: view.up(),
            line_of_sight: view.line_of_sight(),
            half_width_kpc: grid.half_width_kpc(),
            pixel_size_kpc,
            pixels_per_kpc: 1.0 / pixel_size_kpc,
            n_px: grid.n_px() as i32,
            limits: Limits::new(view, config),
        })
    }

    pub(super) fn n_px(&self) -> usize {
        self.n_px as usize
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limits.is_some()
    }

    /// Places the particles of a block; all three slices have its length, [`BLOCK`] at most. `LIMITED` is
    /// [`Field::is_limited`].
    #[inline(always)]
    pub(super) fn place<V: Velocity, const FMA: bool, const LIMITED: bool>(
        &self,
        positions_kpc: &[[f64; 3]],
        velocities_km_s: &[V],
        weights: &[f64],
        placed: &mut Placed,
    ) {
        let len = positions_kpc.len().min(velocities_km_s.len()).min(weights.len()).min(BLOCK);
        let (positions, velocities, weights) =
            (&positions_kpc[..len], &velocities_km_s[..len], &weights[..len]);
        let n_px = f64::from(self.n_px);
        let outside = (self.n_px * self.n_px) as u32;
        let (mut largest, mut signs) = (placed.largest, placed.signs);
        for i in 0..len {
            let (position, within) =
                if LIMITED { self.limit::<FMA>(positions[i]) } else { (positions[i], true) };
            let (x, y) = (dot::<FMA>(position, self.right), dot::<FMA>(position, self.up));
            let velocity = velocities[i].along::<FMA>(self.line_of_sight);
            let (column, row) = (self.px_of::<FMA>(x), self.px_of::<FMA>(y));
            let inside =
                within & (column >= 0.0) & (column < n_px) & (row >= 0.0) & (row < n_px) & (weights[i] > 0.0);
            let column = whole(if inside { column } else { 0.0 });
            let row = whole(if inside { row } else { 0.0 });
            let pixel = (row * self.n_px + column) as u32;
            placed.pixels[i] = if inside { pixel } else { outside + (i % N_OUTSIDE) as u32 };
            placed.velocities[i] = velocity;
            // What is infinite or NaN stays so in every product and sum, with a factor of zero too.
            let magnitude = ((x + y) + (velocity + weights[i])).abs();
            largest = largest.max(magnitude.to_bits());
            signs |= weights[i].to_bits();
        }
        (placed.largest, placed.signs) = (largest, signs);
    }

    /// A position in pixels from the edge: the quotient of [`PixelGrid::to_px`], to the last bit.
    ///
    /// A division costs more than all else in the loop. With fused multiply-adds, the remainder of the quotient by the
    /// reciprocal mends its last bit (Markstein 1990).
    #[inline(always)]
    fn px_of<const FMA: bool>(&self, coordinate_kpc: f64) -> f64 {
        let from_edge = coordinate_kpc + self.half_width_kpc;
        if FMA {
            let quotient = from_edge * self.pixels_per_kpc;
            let remainder = fma::<FMA>(-quotient, self.pixel_size_kpc, from_edge);
            fma::<FMA>(remainder, self.pixels_per_kpc, quotient)
        } else {
            from_edge / self.pixel_size_kpc
        }
    }

    /// The image of a position that is seen, and whether it is.
    #[inline(always)]
    fn limit<const FMA: bool>(&self, position: [f64; 3]) -> ([f64; 3], bool) {
        let Some(limits) = self.limits else { return (position, true) };
        let position = match limits.periodic {
            Some(periodic) => periodic.nearest_image(position),
            None => position,
        };
        let depth = dot::<FMA>(position, self.line_of_sight);
        (position, (depth >= limits.near_kpc) & (depth < limits.far_kpc))
    }
}

impl Limits {
    fn new(view: &View, config: &MomentConfig) -> Option<Self> {
        if config.depth_kpc.is_none() && config.box_size_kpc.is_none() {
            return None;
        }
        let [near_kpc, far_kpc] = config.depth_kpc.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        let middle = config.depth_kpc.map_or(0.0, |[near, far]| near + 0.5 * (far - near));
        let centre_kpc = view.line_of_sight().map(|component| component * middle);
        let periodic = config.box_size_kpc.map(|size_kpc| Periodic { size_kpc, centre_kpc });
        Some(Self { near_kpc, far_kpc, periodic })
    }
}

impl Periodic {
    /// The image of a position that is within half a box of the centre along each axis; of two at the same distance
    /// the lower.
    #[inline(always)]
    fn nearest_image(&self, position: [f64; 3]) -> [f64; 3] {
        let half = 0.5 * self.size_kpc;
        std::array::from_fn(|axis| {
            let from_centre = position[axis] - self.centre_kpc[axis];
            let image = from_centre - self.size_kpc * (from_centre / self.size_kpc + 0.5).floor();
            // Rounding may leave it a last bit outside of the box, and then it would be in no field.
            let image = if image < half { image.max(-half) } else { -half };
            // Not a number stays one, to be found out.
            if from_centre.is_finite() { image + self.centre_kpc[axis] } else { f64::NAN }
        })
    }
}

/// The pixel along one axis of a coordinate inside the field.
#[inline(always)]
fn whole(px: f64) -> i32 {
    // SAFETY: from 0 up to the number of pixels a side, which is far below 2^31. A cast that looks for more costs half
    // of the speed of all.
    unsafe { px.to_int_unchecked() }
}

#[inline(always)]
pub(super) fn dot<const FMA: bool>(a: [f64; 3], b: [f64; 3]) -> f64 {
    fma::<FMA>(a[2], b[2], fma::<FMA>(a[1], b[1], a[0] * b[0]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Axis;

    fn field(grid: PixelGrid) -> Field {
        Field::new(&View::along(Axis::Z), grid, &MomentConfig::default()).unwrap()
    }

    proptest! {
        #[test]
        fn the_quotient_without_a_division_is_that_of_the_mesh(
            n_px in 1usize..2000, half_width in 1e-3..1e4f64, share in -1.5..1.5f64, edge in 0usize..2000,
        ) {
            let grid = PixelGrid::new(n_px, half_width).unwrap();
            let field = field(grid);
            let edge = grid.edge_kpc(edge.min(n_px));
            for x in [share * half_width, edge, edge.next_up(), edge.next_down()] {
                prop_assert_eq!(field.px_of::<true>(x), grid.to_px(x));
                prop_assert_eq!(field.px_of::<false>(x), grid.to_px(x));
            }
        }
    }

    #[test]
    fn the_nearest_image_lies_in_the_box_about_its_centre() {
        let periodic = Periodic { size_kpc: 10.0, centre_kpc: [0.0, 0.0, 20.0] };
        assert_eq!(periodic.nearest_image([5.0, -5.0, 0.0]), [-5.0, -5.0, 20.0]);
        assert_eq!(periodic.nearest_image([12.0, -7.0, 26.0]), [2.0, 3.0, 16.0]);
        assert_eq!(periodic.nearest_image([-5.0 - 1e-16, 4.0, 24.0]), [-5.0, 4.0, 24.0]);
        assert!(periodic.nearest_image([f64::INFINITY, 0.0, 0.0])[0].is_nan());
    }

    #[test]
    fn meshes_beyond_all_measure_are_left_to_the_slow_twin() {
        let view = View::along(Axis::Z);
        for (n_px, half_width) in [(40_000, 1.0), (1, 1e-200), (1, 1e200)] {
            let grid = PixelGrid::new(n_px, half_width).unwrap();
            assert!(Field::new(&view, grid, &MomentConfig::default()).is_none());
        }
    }

    #[test]
    fn what_is_no_number_is_suspected_wherever_it_is() {
        let field = field(PixelGrid::new(4, 1.0).unwrap());
        let is_suspect = |positions: [f64; 3], velocities: [f64; 3], weight: f64| {
            let mut placed = Placed::new();
            field.place::<_, true, false>(&[positions], &[velocities], &[weight], &mut placed);
            placed.is_suspect()
        };
        assert!(!is_suspect([1e300, -3.0, 0.0], [1e3, -1e200, 0.0], 0.0));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for axis in 0..3 {
                let mut vector = [0.0; 3];
                vector[axis] = value;
                assert!(is_suspect(vector, [0.0; 3], 1.0) && is_suspect([0.0; 3], vector, 1.0));
            }
            assert!(is_suspect([0.0; 3], [0.0; 3], value));
        }
        assert!(is_suspect([0.0; 3], [0.0; 3], -1.0));
    }
}
