//! What a fit to an image found.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::config::{Sampling, SersicImage, SersicImageConfig, Sky};
use super::convolve::Convolution;
use super::covariance::{ANGLE, AXIS_RATIO, BRIGHTNESS, FLUX, INDEX, RADIUS, Reported, SKY, X, Y};
use super::data::Data;
use super::model::Images;
use super::search::Found;
use super::shape::{CENTRE, Frame, LOG_INDEX, LOG_RADIUS, SHEAR, Shape};
use super::sums::N_ALL;
use crate::{SersicProfile, StatsError};

/// What went wrong in a fit that the galaxy is to blame for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SersicImageFlags {
    /// No more usable pixels than parameters: no fit, all values are NaN.
    pub too_few_pixels: bool,
    /// Nothing is brighter than the sky, or no model with light fits: no fit, all values are NaN.
    pub no_light: bool,
    /// The search did not end in a minimum within the steps allowed.
    pub not_converged: bool,
    /// The index lies at an end of its range; it has no error then, and the others' are those for that index.
    pub index_at_bound: bool,
    /// The galaxy is smaller than a hundredth of a pixel or larger than a hundred images.
    pub radius_at_bound: bool,
    /// The axis ratio is about 1 to 100 or less.
    pub axis_ratio_at_bound: bool,
    /// The centre lies on the edge of the image.
    pub centre_at_bound: bool,
    /// The data do not tell the parameters apart: errors are NaN.
    pub no_covariance: bool,
}

impl SersicImageFlags {
    /// Whether any is set.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// A Sersic galaxy on an image: what is fitted, and what is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SersicGalaxy {
    /// Index, semi-major effective radius \[px\], effective brightness and axis ratio.
    pub profile: SersicProfile,
    /// The centre, x and y \[px\], from the lower left corner of the image: pixel `[row, column]` covers the square
    /// from `(column, row)` to `(column + 1, row + 1)`, and its middle is half a pixel above.
    pub centre_px: [f64; 2],
    /// The direction of the major axis, counter-clockwise from +x, the direction of growing columns.
    pub position_angle: f64,
    /// A constant under the galaxy, in the unit of brightness.
    pub sky: f64,
}

impl SersicGalaxy {
    /// Draws the galaxy on as many rows and columns as `like` has, with its sampling and its point spread function.
    ///
    /// Means of pixels are right to 1e-5 of each pixel, or of 1e-4 of the effective brightness where it is fainter. Light beyond the image comes in as far as the point spread
    /// function reaches.
    ///
    /// # Errors
    /// [`StatsError`] for a point spread function of even sides or without a positive sum, and for a mask or variances
    /// of another shape.
    ///
    /// # Examples
    /// ```
    /// use galmass_stats::{Sampling, SersicGalaxy, SersicImage, SersicProfile};
    /// use ndarray::Array2;
    ///
    /// let profile = SersicProfile::new(1.0, 3.0, 10.0)?;
    /// let galaxy = SersicGalaxy { profile, centre_px: [40.0, 40.0], position_angle: 0.0, sky: 0.0 };
    /// let blank = Array2::zeros((80, 80));
    /// let image = galaxy.draw(&SersicImage::new(blank.view(), Sampling::PixelMeans))?;
    /// assert!((image.sum() / profile.total_flux() - 1.0).abs() < 1e-6);
    /// # Ok::<(), galmass_stats::StatsError>(())
    /// ```
    pub fn draw(&self, like: &SersicImage) -> Result<Array2<f64>, StatsError> {
        like.check()?;
        let (rows, columns) = like.brightness.dim();
        let data = Data { rows, columns, values: Vec::new(), weights: Vec::new(), n_used: 0, noise: 0.0 };
        let images = Images {
            data: &data,
            means: like.sampling == Sampling::PixelMeans,
            convolution: like.point_spread.map(|function| Convolution::new(function, rows, columns)),
        };
        let frame = Frame { origin: self.centre_px, unit_px: 1.0 };
        let ratio = self.profile.axis_ratio();
        let (log, (sine, cosine)) = (-ratio.ln(), (2.0 * self.position_angle).sin_cos());
        let mut parameters = [0.0; 6];
        parameters[LOG_RADIUS] = (self.profile.effective_radius() * ratio.sqrt()).ln();
        parameters[SHEAR[0]] = log * cosine;
        parameters[SHEAR[1]] = log * sine;
        parameters[LOG_INDEX] = self.profile.index().ln();
        let shape = Shape::new(&parameters, &frame);
        let unit = self.profile.effective_brightness() * shape.log_unit().exp();
        let pixels = images.brightness(&shape).into_iter().map(|value| self.sky + unit * value);
        let mut image = Array2::zeros((rows, columns));
        image.iter_mut().zip(pixels).for_each(|(into, value)| *into = value);
        Ok(image)
    }
}

/// The best Sersic galaxy for an image. Errors are standard errors, NaN where a value is held or at a bound.
#[derive(Clone, Debug, PartialEq)]
pub struct SersicImageFit {
    /// The index n.
    pub index: f64,
    /// Its error.
    pub index_error: f64,
    /// The semi-major effective radius \[px\].
    pub effective_radius_px: f64,
    /// Its error.
    pub effective_radius_px_error: f64,
    /// The brightness at the effective radius, in the unit of the image.
    pub effective_brightness: f64,
    /// Its error.
    pub effective_brightness_error: f64,
    /// Minor over major axis, at most 1.
    pub axis_ratio: f64,
    /// Its error.
    pub axis_ratio_error: f64,
    /// The direction of the major axis, counter-clockwise from +x (growing columns), above -pi/2 and at most pi/2.
    pub position_angle: f64,
    /// Its error; NaN for a perfectly round galaxy.
    pub position_angle_error: f64,
    /// The centre, x and y \[px\], from the lower left corner of the image: the middle of pixel `[row, column]` is at
    /// `(column + 0.5, row + 0.5)`.
    pub centre_px: [f64; 2],
    /// The errors of both.
    pub centre_px_error: [f64; 2],
    /// The constant under the galaxy, fitted or held.
    pub sky: f64,
    /// Its error.
    pub sky_error: f64,
    /// The flux of the model out to infinity, in the unit of brightness times square pixels.
    pub total_flux: f64,
    /// Its error.
    pub total_flux_error: f64,
    /// The covariance of effective brightness, effective radius, index, axis ratio, position angle, x, y and sky.
    pub covariance: [[f64; 8]; 8],
    /// The sum of `(image - model)^2 / variance`, with a variance of 1 where none is given.
    pub chi_squared: f64,
    /// Pixels fitted less parameters.
    pub degrees_of_freedom: usize,
    /// Pixels left out: masked, not finite or without a positive finite variance.
    pub n_ignored: usize,
    /// Steps over the whole image.
    pub n_iterations: usize,
    /// What went wrong.
    pub flags: SersicImageFlags,
}

impl SersicImageFit {
    /// The fitted galaxy; `None` where there is none.
    pub fn galaxy(&self) -> Option<SersicGalaxy> {
        let profile = SersicProfile::new(self.index, self.effective_radius_px, self.effective_brightness);
        let profile = profile.and_then(|profile| profile.with_axis_ratio(self.axis_ratio)).ok()?;
        let (centre_px, position_angle, sky) = (self.centre_px, self.position_angle, self.sky);
        Some(SersicGalaxy { profile, centre_px, position_angle, sky })
    }

    pub(super) fn failed(n_ignored: usize, flags: SersicImageFlags) -> Self {
        Self::from_reported(&[f64::NAN; 9], None, n_ignored, flags)
    }

    /// From the end of a search.
    pub(super) fn report(
        data: &Data,
        found: &Found,
        config: &SersicImageConfig,
        has_variance: bool,
        n_ignored: usize,
    ) -> Self {
        let (parameters, free_sky) = (&found.minimum.parameters, config.sky == Sky::Free);
        let free = std::array::from_fn(|i| parameters[i] > found.lower[i] && parameters[i] < found.upper[i]);
        let shape = found.shape();
        let chi_squared = found.minimum.normal.chi_squared;
        let n_parameters = N_ALL - usize::from(!free_sky);
        let degrees_of_freedom = data.n_used.saturating_sub(n_parameters);
        // Without variances the scatter tells them.
        let scale = if has_variance { 1.0 } else { chi_squared / degrees_of_freedom as f64 };
        let flux = SersicProfile::new(shape.index, parameters[LOG_RADIUS].exp(), found.linear.amplitude)
            .map_or(f64::NAN, |profile| profile.total_flux());
        let mut reported = Reported::new(found, free, free_sky, flux, scale);
        // The exponential of the logarithm of a bound is not always the bound.
        reported.values[INDEX] = match parameters[LOG_INDEX] {
            log if log <= found.lower[LOG_INDEX] => config.min_index,
            log if log >= found.upper[LOG_INDEX] => config.max_index,
            _ => shape.index.clamp(config.min_index, config.max_index),
        };
        if let Sky::Held(sky) = config.sky {
            reported.values[SKY] = sky;
        }
        let held = |i: usize| !free[i];
        let flags = SersicImageFlags {
            not_converged: !found.minimum.converged,
            index_at_bound: held(LOG_INDEX),
            radius_at_bound: held(LOG_RADIUS),
            axis_ratio_at_bound: SHEAR.into_iter().any(held),
            centre_at_bound: CENTRE.into_iter().any(held),
            no_covariance: reported.covariance.is_none(),
            ..SersicImageFlags::default()
        };
        Self {
            chi_squared,
            degrees_of_freedom,
            n_iterations: found.minimum.n_iterations,
            ..Self::from_reported(&reported.values, reported.covariance.as_ref(), n_ignored, flags)
        }
    }

    fn from_reported(
        values: &[f64; 9],
        covariance: Option<&[[f64; 9]; 9]>,
        n_ignored: usize,
        flags: SersicImageFlags,
    ) -> Self {
        let error = |i: usize| covariance.map_or(f64::NAN, |matrix| matrix[i][i].sqrt());
        Self {
            index: values[INDEX],
            index_error: error(INDEX),
            effective_radius_px: values[RADIUS],
            effective_radius_px_error: error(RADIUS),
            effective_brightness: values[BRIGHTNESS],
            effective_brightness_error: error(BRIGHTNESS),
            axis_ratio: values[AXIS_RATIO],
            axis_ratio_error: error(AXIS_RATIO),
            position_angle: values[ANGLE],
            position_angle_error: error(ANGLE),
            centre_px: [values[X], values[Y]],
            centre_px_error: [error(X), error(Y)],
            sky: values[SKY],
            sky_error: error(SKY),
            total_flux: values[FLUX],
            total_flux_error: error(FLUX),
            covariance: std::array::from_fn(|i| {
                std::array::from_fn(|j| covariance.map_or(f64::NAN, |matrix| matrix[i][j]))
            }),
            chi_squared: f64::NAN,
            degrees_of_freedom: 0,
            n_ignored,
            n_iterations: 0,
            flags,
        }
    }
}
