//! What an image is, and how it is fitted.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::super::scale::SERSIC_INDEX_RANGE;
use crate::StatsError;

/// What the value of a pixel is. A model of the one kind fitted to an image of the other is biased: with n = 4 and
/// R_e = 20 px the effective radius by 3 per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// The mean brightness over the pixel, as a detector counts and as particles are binned.
    PixelMeans,
    /// The brightness in the middle of the pixel.
    PointSampled,
}

/// The constant that lies under the galaxy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sky {
    /// It is known, in the unit of the image: 0 for images without.
    Held(f64),
    /// It is fitted with the rest.
    Free,
}

/// An image with what is known of it. All arrays are indexed `[row, column]`, row 0 lowest.
#[derive(Clone, Copy, Debug)]
pub struct SersicImage<'a> {
    /// The brightness, in counts per pixel or any other unit. Values that are not finite are left out.
    pub brightness: ArrayView2<'a, f64>,
    /// What the value of a pixel is.
    pub sampling: Sampling,
    /// The variance expected of each pixel, in the square of the unit of brightness: that of a smooth model, with the
    /// noise of sky and detector, never that of the noisy data, with which bright fluctuations weigh less than faint
    /// ones and all is biased (n = 4 by -0.7). Pixels whose variance is not positive and finite are left out. Without
    /// it all pixels weigh the same, and errors come from the scatter about the best model.
    pub variance: Option<ArrayView2<'a, f64>>,
    /// The pixels to leave out are `true`.
    pub mask: Option<ArrayView2<'a, bool>>,
    /// The image of a point, on pixels of the same size: an odd number of rows and of columns, the point in the middle
    /// of the middle one. It is scaled to a sum of 1.
    pub point_spread: Option<ArrayView2<'a, f64>>,
}

impl<'a> SersicImage<'a> {
    /// An image of which nothing more is known: no mask, equal weights, no point spread function.
    pub fn new(brightness: ArrayView2<'a, f64>, sampling: Sampling) -> Self {
        Self { brightness, sampling, variance: None, mask: None, point_spread: None }
    }

    pub(super) fn check(&self) -> Result<(), StatsError> {
        let expected = self.brightness.dim();
        let variance = self.variance.map(|array| ("variance", array.dim()));
        let mask = self.mask.map(|array| ("mask", array.dim()));
        for (image, found) in [variance, mask].into_iter().flatten() {
            if found != expected {
                return Err(StatsError::ImageShape { image, expected, found });
            }
        }
        if let Some(function) = self.point_spread {
            let (rows, columns) = function.dim();
            for (name, side) in [("point_spread rows", rows), ("point_spread columns", columns)] {
                if side % 2 == 0 {
                    return Err(StatsError::OutOfRange { name, value: side as f64, range: "an odd number" });
                }
            }
            let sum = function.sum();
            if !(sum > 0.0 && sum.is_finite()) {
                let (name, range) = ("point_spread sum", "positive and finite");
                return Err(StatsError::OutOfRange { name, value: sum, range });
            }
        }
        Ok(())
    }
}

/// How an image is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SersicImageConfig {
    /// The least index allowed, at least 0.05, the default.
    pub min_index: f64,
    /// The largest index allowed, at most 200, the default: as for profiles, so that the galaxies that Chu et al. (2024)
    /// drop for their n can be told.
    pub max_index: f64,
    /// The sky: 0 and held by default.
    pub sky: Sky,
    /// The most steps over the whole image, 100 by default.
    pub max_iterations: usize,
}

impl Default for SersicImageConfig {
    fn default() -> Self {
        let (min_index, max_index) = SERSIC_INDEX_RANGE.into_inner();
        Self { min_index, max_index, sky: Sky::Held(0.0), max_iterations: 100 }
    }
}

impl SersicImageConfig {
    pub(super) fn check(&self) -> Result<(), StatsError> {
        let bad = |name, value, range| Err(StatsError::OutOfRange { name, value, range });
        if !SERSIC_INDEX_RANGE.contains(&self.min_index) {
            return bad("min_index", self.min_index, "from 0.05 to 200");
        }
        if !SERSIC_INDEX_RANGE.contains(&self.max_index) || self.max_index <= self.min_index {
            return bad("max_index", self.max_index, "above min_index and at most 200");
        }
        if self.max_iterations == 0 {
            return bad("max_iterations", 0.0, "at least 1");
        }
        match self.sky {
            Sky::Held(sky) if !sky.is_finite() => bad("sky", sky, "finite"),
            _ => Ok(()),
        }
    }
}
