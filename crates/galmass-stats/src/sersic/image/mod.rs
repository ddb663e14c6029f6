//! A Sersic galaxy through an image.
//!
//! [`Data`] keeps what of an image can be used. [`moments`] give a first centre, size and direction, from which a
//! [`search`] follows several indices on a coarse [`mesh`] and the best of them over all pixels, on which [`nodes`]
//! sample the centre. At each step [`columns`] are the model and its derivatives by its [`shape`], if need be
//! [convolved](convolve), and [`sums`] what they leave of the data; [`covariance`] turns the end into what is reported.

mod columns;
mod config;
mod convolve;
mod covariance;
mod data;
mod elementary;
mod mesh;
mod model;
mod moments;
mod nodes;
#[cfg(test)]
mod pathologies;
mod result;
mod search;
mod shape;
mod sums;
#[cfg(test)]
mod tests;

pub use config::{Sampling, SersicImage, SersicImageConfig, Sky};
pub use result::{SersicGalaxy, SersicImageFit, SersicImageFlags};

use convolve::Convolution;
use data::Data;
use model::Images;
use sums::N_ALL;

use crate::StatsError;

/// Fits a Sersic galaxy to an image: the effective brightness, effective radius, index, axis ratio, position angle,
/// centre and, if it is [free](Sky::Free), sky of the least `chi^2 = sum (image - model)^2 / variance`.
///
/// The model is `sky + I_e exp(-b_n ((R/R_e)^(1/n) - 1))` on ellipses, at the middle of each pixel or as its mean, as
/// the image [says](Sampling), convolved with the point spread function if there is one. Means near the centre are
/// sampled as finely as the cusp asks for, those farther out follow from the second derivatives; both are right to
/// 1e-5 of each pixel, or of 1e-4 of the effective brightness where it is fainter. The sky is not convolved.
///
/// `image` is in any unit of brightness, indexed `[row, column]`; lengths are in pixels. x grows with the column and y
/// with the row from the lower left corner: the middle of pixel `[row, column]` is at `(column + 0.5, row + 0.5)`.
/// The position angle is counter-clockwise from +x, in radians.
///
/// Variances should be those expected, never those of the data; without any, all pixels weigh the same and the
/// covariance is scaled by chi^2 per degree of freedom. Masked pixels, and those with a value or a variance that is of
/// no use, are left out and counted. Too few pixels, no light (an image of zeros, of NaN or negative), a bound that was
/// hit, no convergence and parameters that cannot be told apart are [flags](SersicImageFlags), with NaN where there is
/// no value. The result does not depend on the number of threads.
///
/// # Errors
/// [`StatsError::ImageShape`] for variances or a mask of another shape than the image, [`StatsError::OutOfRange`]
/// for a point spread function of even sides or without a positive sum, and for a configuration out of its ranges.
///
/// # Cost
/// About five models of the image, of which each is two exponentials and a logarithm a pixel, and as much again for
/// the start. With a point spread function a model takes eight Fourier transforms more, and there are some thirty.
///
/// # Examples
/// ```
/// use galmass_stats::{
///     Sampling, SersicGalaxy, SersicImage, SersicImageConfig, SersicProfile, fit_sersic_image,
/// };
/// use ndarray::Array2;
///
/// let profile = SersicProfile::new(2.5, 8.0, 50.0)?.with_axis_ratio(0.6)?;
/// let truth = SersicGalaxy { profile, centre_px: [30.2, 33.7], position_angle: 0.5, sky: 0.0 };
/// let blank = Array2::zeros((64, 60));
/// let image = truth.draw(&SersicImage::new(blank.view(), Sampling::PixelMeans))?;
///
/// let image = SersicImage::new(image.view(), Sampling::PixelMeans);
/// let fit = fit_sersic_image(&image, &SersicImageConfig::default())?;
/// assert!(!fit.flags.any());
/// assert!((fit.index - 2.5).abs() < 1e-4);
/// assert!((fit.effective_radius_px - 8.0).abs() < 1e-4);
/// assert!((fit.position_angle - 0.5).abs() < 1e-4);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
///
/// # References
/// Peng et al. (2002), AJ 124, 266; Erwin (2015), ApJ 799, 226. Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413,
/// for brightness and sky, which follow the shape in each step.
pub fn fit_sersic_image(
    image: &SersicImage,
    config: &SersicImageConfig,
) -> Result<SersicImageFit, StatsError> {
    config.check()?;
    image.check()?;
    let data = Data::new(image, config.sky);
    let n_ignored = data.values.len() - data.n_used;
    let free_sky = config.sky == Sky::Free;
    if data.n_used <= N_ALL - usize::from(!free_sky) {
        let flags = SersicImageFlags { too_few_pixels: true, ..SersicImageFlags::default() };
        return Ok(SersicImageFit::failed(n_ignored, flags));
    }
    let level = if free_sky { moments::edge_level(&data) } else { 0.0 };
    let images = Images {
        data: &data,
        means: image.sampling == Sampling::PixelMeans,
        convolution: image.point_spread.map(|function| Convolution::new(function, data.rows, data.columns)),
    };
    let start = moments::measure(&data, level, images.means);
    let found = start.and_then(|(moments, mesh)| search::search(&images, &moments, &mesh, config));
    let Some(found) = found else {
        let flags = SersicImageFlags { no_light: true, ..SersicImageFlags::default() };
        return Ok(SersicImageFit::failed(n_ignored, flags));
    };
    Ok(SersicImageFit::report(&data, &found, config, image.variance.is_some(), n_ignored))
}
