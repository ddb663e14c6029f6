//! Adds particles to the pixels that hold them.
//!
//! Particles are cut into pieces, by their number alone, which are added up side by side and then one after the other:
//! the image has the same bits for any number of threads.

use rayon::prelude::*;

use super::placement::Placement;
use crate::compensated;
use galmass_core::simd::{Work, dispatch};

/// Pieces at most: there is an image for each.
const MOST_PIECES: usize = 32;

/// Particles for each pixel from which another piece pays for its image.
const PARTICLES_PER_PX: usize = 2;

/// Particles whose pixels are found at a time.
const BLOCK: usize = 512;

/// Where a particle lies that lies in no pixel.
const NOWHERE: i32 = -1;

/// The light of a pixel, and what its sum has rounded away.
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    #[inline(always)]
    fn add(&mut self, value: f64) {
        compensated::add(&mut self.sum, &mut self.lost, value);
    }
}

/// Adds up all particles on an image, row by row from the lowest.
pub(super) fn image_of(positions_kpc: &[[f64; 3]], weights: &[f64], placement: &Placement<'_>) -> Vec<f64> {
    let n_pixels = placement.grid().n_px().pow(2);
    let n_pieces = (positions_kpc.len() / (PARTICLES_PER_PX * n_pixels)).clamp(1, MOST_PIECES);
    let length = positions_kpc.len().div_ceil(n_pieces).max(1);
    let pieces: Vec<Vec<Sum>> = (positions_kpc.par_chunks(length), weights.par_chunks(length))
        .into_par_iter()
        .map(|(positions, weights)| piece(positions, weights, placement))
        .collect();
    let mut image = vec![0.0; n_pixels];
    image.par_chunks_mut(BLOCK).enumerate().for_each(|(block, light)| {
        for (light, pixel) in light.iter_mut().zip(block * BLOCK..) {
            let mut total = Sum::default();
            for piece in &pieces {
                total.add(piece[pixel].sum);
                total.lost += piece[pixel].lost;
            }
            *light = total.sum - total.lost;
        }
    });
    image
}

fn piece(positions_kpc: &[[f64; 3]], weights: &[f64], placement: &Placement<'_>) -> Vec<Sum> {
    let grid = placement.grid();
    let n_px = grid.n_px();
    let mut sums = vec![Sum::default(); n_px * n_px];
    if placement.is_plain() {
        let mut pixels = [NOWHERE; BLOCK];
        for (positions, weights) in positions_kpc.chunks(BLOCK).zip(weights.chunks(BLOCK)) {
            dispatch(Locate { positions, placement, pixels: &mut pixels });
            for (&pixel, &weight) in pixels.iter().zip(weights) {
                if pixel != NOWHERE {
                    sums[pixel as usize].add(weight);
                }
            }
        }
    } else {
        for (&position, &weight) in positions_kpc.iter().zip(weights) {
            placement.visit(position, 0.0, |[x, y]| {
                let pixel = pixel_of(x, y, n_px as f64);
                if pixel != NOWHERE {
                    sums[pixel as usize].add(weight);
                }
            });
        }
    }
    sums
}

/// The pixel of a place, which [`PixelGrid`](galmass_core::PixelGrid) would find too: its edges belong to the upper
/// pixel. An image has fewer pixels than an `i32` can count.
#[inline(always)]
fn pixel_of(x: f64, y: f64, n_px: f64) -> i32 {
    let inside = x >= 0.0 && x < n_px && y >= 0.0 && y < n_px;
    let (column, row, width) = if inside { (x, y, n_px) } else { (0.0, 0.0, 0.0) };
    // SAFETY: all three are numbers between 0 and the pixels a side of the largest image. A checked cast takes no
    // vectors, and half of the time of this file.
    let [column, row, width] = unsafe { [column, row, width].map(|x| x.to_int_unchecked::<i32>()) };
    if inside { row * width + column } else { NOWHERE }
}

/// Finds the pixels of up to [`BLOCK`] particles.
struct Locate<'a> {
    positions: &'a [[f64; 3]],
    placement: &'a Placement<'a>,
    pixels: &'a mut [i32; BLOCK],
}

impl Work for Locate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (grid, view) = (self.placement.grid(), *self.placement.view());
        let n_px = grid.n_px() as f64;
        for (pixel, &position) in self.pixels.iter_mut().zip(self.positions) {
            let [x, y] = view.plane(position).map(|coordinate| grid.to_px(coordinate));
            *pixel = pixel_of(x, y, n_px);
        }
    }
}
