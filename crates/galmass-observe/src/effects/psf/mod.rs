//! The point spread function: the blur of the atmosphere and the telescope.

mod convolution;
mod kernel;
mod moments;

use galmass_core::PixelGrid;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::exposure::{AppliedTo, Exposure, with_values};
use super::length::{Length, Scales, check_range};
use crate::ObserveError;
use convolution::{Convolution, Kernel, trimmed};

/// The shape of a point spread function; its total light is 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PsfShape {
    /// A Gaussian, exp(-r^2 / (2 sigma^2)) with sigma = FWHM / sqrt(8 ln 2).
    Gaussian {
        /// The full width at half maximum, positive.
        fwhm: Length,
    },
    /// A Moffat (1969) profile, (1 + r^2 / alpha^2)^-beta with alpha = FWHM / (2 sqrt(2^(1/beta) - 1)): a core with
    /// wings, as seeing has. beta = 4.765 is Kolmogorov turbulence (Trujillo et al. 2001), stars on real detectors
    /// have 2.5 to 4, and a large beta is a Gaussian.
    Moffat {
        /// The full width at half maximum, positive.
        fwhm: Length,
        /// The steepness of the wings, 1.01 to 100: at 1 the wings hold endless light.
        beta: f64,
    },
    /// A measured point spread function. Its cells are squares of even light, shared out among the pixels by area,
    /// so that cells of the size of the pixels are used as they are.
    Array {
        /// The side of a cell, positive.
        cell: Length,
        /// The light of each cell, row 0 the lowest, of any unit: the sum is set to 1. Odd numbers of rows and of
        /// columns, the middle cell being the star itself; at most 4095 each.
        values: Vec<Vec<f64>>,
    },
}

/// A point spread function: light is spread before any of it is measured.
///
/// An image is convolved. Of the kinematic maps the light-weighted moments are, because light mixes and velocities do
/// not: F, F V and F (V^2 + sigma^2) are convolved, and divided again,
///
/// ```text
/// F' = K * F     V' = (K * F V) / F'     sigma'^2 = (K * F (V^2 + sigma^2)) / F' - V'^2
/// ```
///
/// so that a velocity gradient a becomes dispersion: sigma'^2 = sigma^2 + a^2 sigma_psf^2 (beam smearing).
///
/// * K is the light of one pixel in every other one: the profile integrated over pixels, not sampled. It holds all
///   light however narrow the profile, and far below a pixel nothing changes. A Gaussian K has the variance of the
///   Gaussian itself, and a Moffat K, as a mixture of Gaussians, the same of each of its parts: the width of a pixel
///   is not counted twice. An [array](PsfShape::Array) is spread by up to the size of its cells and pixels.
/// * Light that is blurred over the edge is lost, as from a real detector, and none comes in from beyond it. Within
///   some widths of the edge maps are therefore too dark: observe a larger field and [mask](super::FieldMaskConfig)
///   it.
/// * A pixel whose velocity is unknown (NaN) adds no light to the kinematics. A pixel of one star has the dispersion
///   0 in the mixture, though alone it has none.
/// * The velocity is known where more than 1e-12 of the flux of the brightest pixel falls; the dispersion, besides,
///   where the light is that of two stars or more, (sum of w)^2 >= 2 sum of w^2 with w the light that each star sends
///   there (the stars of one pixel taken as equally bright): a lonely star, however blurred, has no dispersion.
/// * The count of stars stays that of the pixels they lie in.
/// * A dark map stays dark.
///
/// A Gaussian takes time in proportion to its width, other shapes a fixed time for each size of the map, by a fast
/// Fourier transform.
///
/// # Examples
/// ```
/// use galmass_observe::{AppliedTo, Effect, Length, PsfConfig, PsfShape};
///
/// let text = r#"{"psf": {"shape": {"moffat": {"fwhm": {"kpc": 1.5}, "beta": 2.5}}, "on": "image"}}"#;
/// let shape = PsfShape::Moffat { fwhm: Length::Kpc(1.5), beta: 2.5 };
/// assert_eq!(
///     serde_json::from_str::<Effect>(text).unwrap(),
///     Effect::Psf(PsfConfig { shape, on: AppliedTo::Image })
/// );
/// ```
///
/// # References
/// * Moffat 1969, A&A 3, 455.
/// * Trujillo et al. 2001, MNRAS 328, 977: Moffat profiles and seeing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PsfConfig {
    /// The shape.
    pub shape: PsfShape,
    /// What is blurred; default both.
    #[serde(default)]
    pub on: AppliedTo,
}

/// The most cells a side of a point spread function given as an array.
const MAX_CELLS: usize = 4095;

impl PsfConfig {
    pub(super) fn check(&self) -> Result<(), ObserveError> {
        match &self.shape {
            PsfShape::Gaussian { fwhm } => fwhm.check("fwhm"),
            PsfShape::Moffat { fwhm, beta } => {
                fwhm.check("fwhm")?;
                check_range("beta", *beta, 1.01, 100.0, "between 1.01 and 100")
            }
            PsfShape::Array { cell, values } => {
                cell.check("cell")?;
                check_array(values)
            }
        }
    }

    pub(super) fn apply(&self, exposure: &mut Exposure, scales: &Scales) -> Result<(), ObserveError> {
        let observation = &mut exposure.observation;
        if self.on.image() {
            let grid = observation.image.grid();
            if let Some(kernel) = self.kernel(grid, scales) {
                let light =
                    observation.image.values().mapv(|light| if light.is_finite() { light } else { 0.0 });
                let blurred = Convolution::new(&kernel, grid.n_px()).of(&light);
                observation.image = with_values(&observation.image, blurred)?;
            }
        }
        if self.on.maps()
            && let Some(kernel) = self.kernel(observation.flux.grid(), scales)
        {
            moments::blur(observation, &kernel)?;
        }
        Ok(())
    }

    /// The kernel on a mesh, or none where its width is unknown because there is no light to measure it by.
    fn kernel(&self, grid: PixelGrid, scales: &Scales) -> Option<Kernel> {
        let in_px = |length: Length| {
            let px = length.kpc(scales) / grid.pixel_size_kpc();
            // A width beyond all measure spreads the light as thinly as one beyond all fields.
            (!px.is_nan()).then(|| px.min(1e12))
        };
        let reach = grid.n_px() - 1;
        Some(match &self.shape {
            PsfShape::Gaussian { fwhm } => {
                Kernel::Separable(kernel::gaussian_shares(kernel::sigma_of(in_px(*fwhm)?), reach))
            }
            PsfShape::Moffat { fwhm, beta } => {
                Kernel::Full(kernel::moffat(in_px(*fwhm)?.max(1e-9), *beta, reach))
            }
            PsfShape::Array { cell, values } => {
                let columns = values.first().map_or(0, Vec::len);
                let sum: f64 = values.iter().flatten().sum();
                let cells =
                    Array2::from_shape_fn((values.len(), columns), |(row, column)| values[row][column] / sum);
                Kernel::Full(trimmed(kernel::resampled(&cells, in_px(*cell)?.max(1e-9), reach), grid.n_px()))
            }
        })
    }
}

fn check_array(values: &[Vec<f64>]) -> Result<(), ObserveError> {
    let (rows, columns) = (values.len(), values.first().map_or(0, Vec::len));
    if rows.is_multiple_of(2) || columns.is_multiple_of(2) {
        return Err(ObserveError::PsfWithoutMiddle { rows, columns });
    }
    let cells = rows.max(columns) as f64;
    check_range("the side of `values`", cells, 1.0, MAX_CELLS as f64, "at most 4095 cells")?;
    if let Some((row, found)) = values.iter().map(Vec::len).enumerate().find(|&(_, found)| found != columns) {
        return Err(ObserveError::PsfRagged { row, expected: columns, found });
    }
    for (row, values) in values.iter().enumerate() {
        if let Some((column, &value)) =
            values.iter().enumerate().find(|&(_, value)| !(*value >= 0.0 && value.is_finite()))
        {
            return Err(ObserveError::PsfValue { row, column, value });
        }
    }
    let sum = values.iter().flatten().sum();
    check_range("the sum of `values`", sum, f64::MIN_POSITIVE, f64::MAX, "positive and finite")
}

#[cfg(test)]
mod tests;
