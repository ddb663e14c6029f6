//! Where particles, and their images in a periodic box, lie on the mesh.

use galmass_core::{PixelGrid, SupportRadius};
use rayon::prelude::*;

use super::DepositConfig;
use crate::{ProjectError, View};

/// Images of the box that are tried for each particle: enough for a field of sixty boxes along an axis, or of eight
/// at an angle. What needs more is a mistake in a unit.
const MAX_IMAGES: usize = 4096;

/// Limits are widened by this, so that rounding leaves no image out.
const SLACK: f64 = 1.0 + 1e-12;

/// Particles that a thread places at a time.
const CHUNK: usize = 4096;

/// How a position becomes a place on the mesh: none, one, or one for each image in a periodic box.
pub(super) struct Placement<'a> {
    view: &'a View,
    grid: PixelGrid,
    depth_kpc: Option<[f64; 2]>,
    lattice: Option<Lattice>,
}

/// The images of a periodic box.
struct Lattice {
    side_kpc: f64,
    /// The middle of the volume that is seen. Particles start from their image nearest to it.
    middle_kpc: [f64; 3],
    /// From there to the images that may be seen, to the right, upwards and away \[kpc\].
    shifts_kpc: Vec<[f64; 3]>,
}

impl<'a> Placement<'a> {
    /// Prepares for kernels of support radii of up to `widest_kpc`.
    pub(super) fn new(
        view: &'a View,
        grid: PixelGrid,
        config: &DepositConfig,
        widest_kpc: f64,
    ) -> Result<Self, ProjectError> {
        config.check()?;
        let plain = Self { view, grid, depth_kpc: config.depth_kpc, lattice: None };
        let Some(side_kpc) = config.box_size_kpc else { return Ok(plain) };
        let along_an_axis = view.line_of_sight().iter().filter(|&&component| component != 0.0).count() == 1;
        let half = 0.5 * side_kpc;
        // Along an axis of the box, the images of a particle lie behind each other: one of them is enough.
        let depth_kpc = config.depth_kpc.or((!along_an_axis).then_some([-half, half]));
        let lattice = Lattice::new(view, side_kpc, grid.half_width_kpc() + widest_kpc, depth_kpc)?;
        Ok(Self { depth_kpc, lattice: Some(lattice), ..plain })
    }

    pub(super) fn view(&self) -> &View {
        self.view
    }

    pub(super) fn grid(&self) -> PixelGrid {
        self.grid
    }

    /// Whether each particle has exactly one place.
    pub(super) fn is_plain(&self) -> bool {
        self.lattice.is_none() && self.depth_kpc.is_none()
    }

    /// Visits the places of a particle, in pixels from the lower left corner of the field.
    #[inline(always)]
    pub(super) fn visit(&self, position_kpc: [f64; 3], support_kpc: f64, mut visit: impl FnMut([f64; 2])) {
        let Some(lattice) = &self.lattice else {
            if self.sees(self.view.depth(position_kpc)) {
                visit(self.view.plane(position_kpc).map(|coordinate| self.grid.to_px(coordinate)));
            }
            return;
        };
        let nearest = lattice.nearest(position_kpc);
        let ([x, y], depth) = (self.view.plane(nearest), self.view.depth(nearest));
        let reach = self.grid.half_width_kpc() + support_kpc;
        for &[right, up, away] in &lattice.shifts_kpc {
            let plane = [x + right, y + up];
            if plane.iter().all(|coordinate| coordinate.abs() <= reach) && self.sees(depth + away) {
                visit(plane.map(|coordinate| self.grid.to_px(coordinate)));
            }
        }
    }

    /// Makes something of each place, its support radius in pixels and its weight, in the order of the particles.
    pub(super) fn collect<T: Send>(
        &self,
        positions_kpc: &[[f64; 3]],
        weights: &[f64],
        support: &[SupportRadius],
        make: impl Fn([f64; 2], f64, f64) -> Option<T> + Sync,
    ) -> Vec<T> {
        let pixel_size_kpc = self.grid.pixel_size_kpc();
        if self.is_plain() {
            let place = |(&position, &weight, support): (&[f64; 3], &f64, &SupportRadius)| {
                let in_px = self.view.plane(position).map(|coordinate| self.grid.to_px(coordinate));
                make(in_px, support.kpc() / pixel_size_kpc, weight)
            };
            return (positions_kpc, weights, support).into_par_iter().filter_map(place).collect();
        }
        let chunks = (positions_kpc.par_chunks(CHUNK), weights.par_chunks(CHUNK), support.par_chunks(CHUNK));
        let place_chunk = |(positions, weights, support): (&[[f64; 3]], &[f64], &[SupportRadius])| {
            let mut made = Vec::new();
            for ((&position, &weight), support) in positions.iter().zip(weights).zip(support) {
                let in_px = support.kpc() / pixel_size_kpc;
                self.visit(position, support.kpc(), |place| made.extend(make(place, in_px, weight)));
            }
            made
        };
        chunks.into_par_iter().flat_map_iter(place_chunk).collect()
    }

    #[inline(always)]
    fn sees(&self, depth: f64) -> bool {
        self.depth_kpc.is_none_or(|[near, far]| near <= depth && depth < far)
    }
}

impl Lattice {
    /// Finds the images that may come within `reach_kpc` of the middle of the field, to either side, and into the
    /// range of depths, if there is one.
    fn new(
        view: &View,
        side_kpc: f64,
        reach_kpc: f64,
        depth_kpc: Option<[f64; 2]>,
    ) -> Result<Self, ProjectError> {
        let axes = [view.right(), view.up(), view.line_of_sight()];
        let (middle_of_depth, half_depth) = match depth_kpc {
            Some([near, far]) => (0.5 * near + 0.5 * far, 0.5 * far - 0.5 * near),
            None => (0.0, 0.0),
        };
        // A particle starts up to half a side from the middle along each axis of the box.
        let reaches: [f64; 3] = std::array::from_fn(|axis| {
            let start = 0.5 * side_kpc * axes[axis].iter().map(|component| component.abs()).sum::<f64>();
            let reach = match (axis, depth_kpc) {
                (2, None) => 0.0,
                (2, Some(_)) => half_depth + start,
                _ => reach_kpc + start,
            };
            SLACK * reach
        });
        // The volume of these half widths along the axes of the view, as a range along each axis of the box.
        let ranges: [f64; 3] = std::array::from_fn(|axis| {
            let extent: f64 = reaches.iter().zip(axes).map(|(reach, along)| reach * along[axis].abs()).sum();
            (SLACK * extent / side_kpc).floor()
        });
        let n_images = ranges.iter().map(|range| 2.0 * range + 1.0).product::<f64>();
        // Infinity times the zeros of a view along an axis is NaN.
        let n_images = if n_images.is_nan() { f64::INFINITY } else { n_images };
        if n_images > MAX_IMAGES as f64 {
            return Err(ProjectError::TooManyImages { n_images, limit: MAX_IMAGES });
        }
        let [to_x, to_y, to_z] = ranges.map(|range| range as i32);
        let mut shifts_kpc = Vec::new();
        for x in -to_x..=to_x {
            for y in -to_y..=to_y {
                for z in -to_z..=to_z {
                    let shift = [x, y, z].map(|steps| side_kpc * f64::from(steps));
                    let [right, up] = view.plane(shift);
                    let away = view.depth(shift);
                    let matters = right.abs() <= reaches[0] && up.abs() <= reaches[1];
                    if matters && (depth_kpc.is_none() || away.abs() <= reaches[2]) {
                        shifts_kpc.push([right, up, away]);
                    }
                }
            }
        }
        let middle_kpc = view.line_of_sight().map(|component| middle_of_depth * component);
        Ok(Self { side_kpc, middle_kpc, shifts_kpc })
    }

    /// The image of a particle nearest to the middle.
    #[inline(always)]
    fn nearest(&self, position_kpc: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|axis| {
            let steps = ((position_kpc[axis] - self.middle_kpc[axis]) / self.side_kpc).round();
            position_kpc[axis] - self.side_kpc * steps
        })
    }
}
