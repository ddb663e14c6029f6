//! Images and calls that no galaxy fits.

use ndarray::{Array2, array};

use super::*;

const BOTH: [Sky; 2] = [Sky::Held(0.0), Sky::Free];

fn fit(image: &Array2<f64>, sky: Sky) -> SersicImageFit {
    let config = SersicImageConfig { sky, ..SersicImageConfig::default() };
    fit_sersic_image(&SersicImage::new(image.view(), Sampling::PixelMeans), &config).unwrap()
}

fn is_nothing(fit: &SersicImageFit) -> bool {
    fit.index.is_nan()
        && fit.effective_radius_px.is_nan()
        && fit.total_flux.is_nan()
        && fit.galaxy().is_none()
}

#[test]
fn without_light_there_is_no_fit() {
    for sky in BOTH {
        for level in [0.0, -3.0] {
            let found = fit(&Array2::from_elem((20, 30), level), sky);
            assert!(found.flags.no_light && is_nothing(&found), "{level}: {found:?}");
        }
        let negative = fit(&Array2::from_shape_fn((20, 20), |(i, j)| -1.0 - (i * j) as f64), Sky::Held(0.0));
        assert!(negative.flags.no_light && is_nothing(&negative));
    }
}

#[test]
fn without_pixels_there_is_no_fit() {
    let (bad, image) = (Array2::from_elem((20, 20), true), Array2::from_elem((20, 20), 1.0));
    for sky in BOTH {
        for image in [Array2::zeros((0, 0)), Array2::zeros((0, 5)), array![[1.0]], Array2::ones((2, 3))] {
            let found = fit(&image, sky);
            assert!(found.flags.too_few_pixels && is_nothing(&found), "{found:?}");
        }
        let found = fit(&Array2::from_elem((20, 20), f64::NAN), sky);
        assert!(found.flags.too_few_pixels && found.n_ignored == 400);
    }
    let plain = SersicImage::new(image.view(), Sampling::PointSampled);
    let masked = SersicImage { mask: Some(bad.view()), ..plain };
    let found = fit_sersic_image(&masked, &SersicImageConfig::default()).unwrap();
    assert!(found.flags.too_few_pixels && is_nothing(&found));
    for worthless in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let variance = Array2::from_elem((20, 20), worthless);
        let weighted = SersicImage { variance: Some(variance.view()), ..plain };
        let found = fit_sersic_image(&weighted, &SersicImageConfig::default()).unwrap();
        assert!(found.flags.too_few_pixels && is_nothing(&found));
    }
}

/// Whatever is found is a galaxy or flagged.
fn is_sane(fit: &SersicImageFit) -> bool {
    fit.flags.any() || (fit.galaxy().is_some() && fit.total_flux.is_finite())
}

#[test]
fn odd_images_are_flagged_or_fitted() {
    let mut images = Vec::new();
    // One bright pixel, inside and in a corner; a line; a step; a plain; a slope; two galaxies; random signs; a hole.
    for at in [[10, 10], [0, 0], [19, 3]] {
        let mut one = Array2::zeros((20, 20));
        one[at] = 1.0;
        images.push(one);
    }
    images.push(Array2::from_shape_fn((20, 20), |(row, _)| f64::from(u8::from(row == 7))));
    images.push(Array2::from_shape_fn((20, 20), |(row, _)| f64::from(u8::from(row < 7))));
    images.push(Array2::ones((20, 20)));
    images.push(Array2::from_shape_fn((20, 20), |(row, column)| (row + column) as f64));
    let bump = |x: f64, y: f64, at: f64| (-0.1 * ((x - at).powi(2) + (y - at).powi(2))).exp();
    images.push(Array2::from_shape_fn((20, 20), |(i, j)| {
        bump(i as f64, j as f64, 4.0) + bump(i as f64, j as f64, 15.0)
    }));
    images.push(Array2::from_shape_fn((20, 20), |(i, j)| ((i * 7919 + j * 104_729) % 13) as f64 - 6.0));
    images.push(Array2::from_shape_fn((20, 20), |(i, j)| 1.0 - bump(i as f64, j as f64, 9.0)));
    images.push(Array2::from_elem((20, 20), 1e200));
    images.push(Array2::from_elem((20, 20), 1e-200));
    // A strip of pixels has no width.
    images.push(Array2::from_shape_fn((1, 40), |(_, j)| (-0.3 * (j as f64 - 20.0).abs()).exp()));
    for (k, image) in images.iter().enumerate() {
        for sky in BOTH {
            let found = fit(image, sky);
            assert!(is_sane(&found), "image {k}, {sky:?}: {found:?}");
        }
    }
}

#[test]
fn a_profile_that_steepens_inwards_hits_the_bound() {
    let image = Array2::from_shape_fn((41, 41), |(i, j)| {
        let r2 = (i as f64 - 20.2).powi(2) + (j as f64 - 20.1).powi(2);
        r2.powf(-1.25) + 0.05 * r2.powf(-0.75)
    });
    let sampled = SersicImage::new(image.view(), Sampling::PointSampled);
    let config = SersicImageConfig { max_index: 8.0, ..SersicImageConfig::default() };
    let found = fit_sersic_image(&sampled, &config).unwrap();
    assert!(found.flags.index_at_bound && found.index == 8.0 && found.index_error.is_nan(), "{found:?}");
}

#[test]
fn impossible_calls_are_refused() {
    let (image, other) = (Array2::<f64>::ones((20, 20)), Array2::<f64>::ones((20, 21)));
    let plain = SersicImage::new(image.view(), Sampling::PixelMeans);
    let config = SersicImageConfig::default();
    let mask = Array2::from_elem((19, 20), false);
    for bad in [
        SersicImage { variance: Some(other.view()), ..plain },
        SersicImage { mask: Some(mask.view()), ..plain },
    ] {
        assert!(matches!(
            fit_sersic_image(&bad, &config),
            Err(StatsError::ImageShape { expected: (20, 20), .. })
        ));
    }
    for function in [Array2::ones((4, 5)), Array2::ones((5, 0)), Array2::zeros((3, 3)), array![[f64::NAN]]] {
        let bad = SersicImage { point_spread: Some(function.view()), ..plain };
        assert!(matches!(fit_sersic_image(&bad, &config), Err(StatsError::OutOfRange { .. })));
    }
    for bad in [
        SersicImageConfig { min_index: 0.01, ..config.clone() },
        SersicImageConfig { max_index: 201.0, ..config.clone() },
        SersicImageConfig { max_index: 0.05, ..config.clone() },
        SersicImageConfig { max_iterations: 0, ..config.clone() },
        SersicImageConfig { sky: Sky::Held(f64::NAN), ..config.clone() },
    ] {
        assert!(matches!(fit_sersic_image(&plain, &bad), Err(StatsError::OutOfRange { .. })), "{bad:?}");
    }
}
