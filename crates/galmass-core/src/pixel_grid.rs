//! The square mesh of an image: the one place that says what a pixel is.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A mesh that cannot be.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GridError {
    /// A mesh needs a pixel.
    #[error("a pixel grid needs at least one pixel a side")]
    NoPixels,
    /// The half width is not a positive, finite length.
    #[error("the half width of a pixel grid is {half_width_kpc} kpc, not a positive length")]
    BadHalfWidth {
        /// What was asked for.
        half_width_kpc: f64,
    },
}

/// A square mesh of `n_px` x `n_px` cells over `[-half_width, half_width]` in both directions, in kpc.
///
/// * A pixel is a **cell**, closed below and open above: pixel `k` covers `[edge(k), edge(k + 1))`, its centre lies
///   half a pixel above its lower edge. The last cell holds no point of its upper edge.
/// * Arrays on the mesh are indexed `[row, column]`: **axis 0 is up** (the second axis of the view), **axis 1 is
///   right** (the first). Row 0 is the lowest, so a picture is drawn with its last row on top.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Stated")]
pub struct PixelGrid {
    n_px: usize,
    half_width_kpc: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    n_px: usize,
    half_width_kpc: f64,
}

impl TryFrom<Stated> for PixelGrid {
    type Error = GridError;

    fn try_from(stated: Stated) -> Result<Self, GridError> {
        Self::new(stated.n_px, stated.half_width_kpc)
    }
}

impl PixelGrid {
    /// Makes a mesh of `n_px` x `n_px` pixels over +-`half_width_kpc`.
    ///
    /// # Errors
    /// [`GridError`] for no pixel, or a half width that is not positive and finite.
    ///
    /// # Examples
    /// The 48 pixel kinematic map of Chu et al. (2024) over +-3 half-mass radii, here of 1 kpc:
    /// ```
    /// use galmass_core::PixelGrid;
    ///
    /// let grid = PixelGrid::new(48, 3.0)?;
    /// assert_eq!(grid.pixel_size_kpc(), 0.125);
    /// assert_eq!(grid.pixel_of(0.0625), Some(24));
    /// assert_eq!(grid.centre_kpc(24), 0.0625);
    /// assert_eq!(grid.pixel_of(-3.0), Some(0));
    /// assert_eq!(grid.pixel_of(3.0), None);
    /// # Ok::<(), galmass_core::GridError>(())
    /// ```
    pub fn new(n_px: usize, half_width_kpc: f64) -> Result<Self, GridError> {
        if n_px == 0 {
            return Err(GridError::NoPixels);
        }
        if !(half_width_kpc > 0.0 && half_width_kpc.is_finite()) {
            return Err(GridError::BadHalfWidth { half_width_kpc });
        }
        Ok(Self { n_px, half_width_kpc })
    }

    /// The number of pixels a side.
    pub fn n_px(&self) -> usize {
        self.n_px
    }

    /// Half the side of the field \[kpc\].
    pub fn half_width_kpc(&self) -> f64 {
        self.half_width_kpc
    }

    /// The side of a pixel \[kpc\].
    pub fn pixel_size_kpc(&self) -> f64 {
        2.0 * self.half_width_kpc / self.n_px as f64
    }

    /// The lower edge of pixel `index` \[kpc\]; `edge_kpc(n_px)` is the upper edge of the field.
    pub fn edge_kpc(&self, index: usize) -> f64 {
        self.half_width_kpc * (2.0 * index as f64 - self.n_px as f64) / self.n_px as f64
    }

    /// The centre of pixel `index` \[kpc\].
    pub fn centre_kpc(&self, index: usize) -> f64 {
        self.half_width_kpc * ((2 * index + 1) as f64 - self.n_px as f64) / self.n_px as f64
    }

    /// A position in pixels from the lower edge of the field: 0 at its lower, `n_px` at its upper edge.
    pub fn to_px(&self, position_kpc: f64) -> f64 {
        (position_kpc + self.half_width_kpc) / self.pixel_size_kpc()
    }

    /// The pixel that holds a coordinate, or `None` outside the field and for NaN.
    pub fn pixel_of(&self, position_kpc: f64) -> Option<usize> {
        let px = self.to_px(position_kpc);
        (px >= 0.0 && px < self.n_px as f64).then_some(px as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_centre_lies_in_its_own_pixel_between_its_edges() {
        for (n_px, half_width) in [(1, 1.0), (48, 3.0), (300, 22.76), (7, 1e-3)] {
            let grid = PixelGrid::new(n_px, half_width).unwrap();
            for index in 0..n_px {
                assert_eq!(grid.pixel_of(grid.centre_kpc(index)), Some(index));
                assert!(grid.edge_kpc(index) < grid.centre_kpc(index));
                assert!(grid.centre_kpc(index) < grid.edge_kpc(index + 1));
            }
            assert_eq!(grid.edge_kpc(0), -half_width);
            assert_eq!(grid.edge_kpc(n_px), half_width);
        }
    }

    #[test]
    fn outside_and_nan_have_no_pixel() {
        let grid = PixelGrid::new(10, 1.0).unwrap();
        for outside in [-1.0 - 1e-12, 1.0, 2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(grid.pixel_of(outside), None, "{outside}");
        }
    }

    #[test]
    fn impossible_meshes_are_refused() {
        assert_eq!(PixelGrid::new(0, 1.0), Err(GridError::NoPixels));
        for half_width_kpc in [0.0, -1.0, f64::INFINITY] {
            assert_eq!(PixelGrid::new(4, half_width_kpc), Err(GridError::BadHalfWidth { half_width_kpc }));
        }
        assert!(PixelGrid::new(4, f64::NAN).is_err());
    }
}
