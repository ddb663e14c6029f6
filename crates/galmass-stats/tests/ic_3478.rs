//! IC 3478 in the r band of SDSS, as imfit's documentation fits it (Erwin 2015, ApJ 799, 226).

use std::env;
use std::f64::consts::FRAC_PI_2;
use std::fs;
use std::path::{Path, PathBuf};

use fitsio_pure::hdu::parse_fits;
use fitsio_pure::image::read_image_physical;
use galmass_stats::{Sampling, SersicImage, SersicImageConfig, SersicImageFit, fit_sersic_image};
use ndarray::Array2;

/// The folder of the images, or `None` where they are absent, after one line on what is skipped.
#[allow(clippy::print_stderr)] // what a test skips must be seen
fn folder() -> Option<PathBuf> {
    let data = env::var_os("GALMASS_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = data.join("images/imfit");
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: no {} (set GALMASS_DATA)", folder.display());
    None
}

fn read(path: &Path, side: usize) -> Array2<f64> {
    let bytes = fs::read(path).unwrap();
    let fits = parse_fits(&bytes).unwrap();
    let values = read_image_physical(&bytes, fits.primary()).unwrap();
    Array2::from_shape_vec((side, side), values).unwrap()
}

/// The published fits take their errors from the data, which biases them a little; to be compared, ours must too.
fn fit(image: &Array2<f64>, mask: Option<&Array2<bool>>, sky: f64) -> SersicImageFit {
    let (gain, read_noise) = (4.725, 4.3);
    let variance = image.mapv(|counts| ((counts + sky) * gain + read_noise * read_noise) / (gain * gain));
    let image = SersicImage {
        variance: Some(variance.view()),
        mask: mask.map(|mask| mask.view()),
        ..SersicImage::new(image.view(), Sampling::PixelMeans)
    };
    fit_sersic_image(&image, &SersicImageConfig::default()).unwrap()
}

#[test]
fn the_published_fit_is_found() {
    let Some(folder) = folder() else { return };
    let image = read(&folder.join("ic3478rss_256.fits"), 256);
    let mask = read(&folder.join("ic3478rss_256_mask.fits"), 256).mapv(|value| value != 0.0);
    let found = fit(&image, Some(&mask), 130.14);
    assert!(!found.flags.any(), "{found:?}");
    // imfit counts pixels from 1 at their middles and angles from +y.
    let pairs = [
        ("x", found.centre_px[0] + 0.5, 128.9321, found.centre_px_error[0], 0.013),
        ("y", found.centre_px[1] + 0.5, 129.0983, found.centre_px_error[1], 0.0155),
        (
            "PA",
            (found.position_angle + FRAC_PI_2).to_degrees(),
            19.0449,
            found.position_angle_error.to_degrees(),
            0.2476,
        ),
        ("ellipticity", 1.0 - found.axis_ratio, 0.221656, found.axis_ratio_error, 0.00172),
        ("n", found.index, 2.3108, found.index_error, 0.00819),
        ("I_e", found.effective_brightness, 22.1351, found.effective_brightness_error, 0.1636),
        ("R_e", found.effective_radius_px, 56.2217, found.effective_radius_px_error, 0.2566),
    ];
    for (name, value, published, error, published_error) in pairs {
        // imfit samples but the innermost pixels at their middles: a twentieth of the error.
        assert!((value - published).abs() < 0.1 * published_error, "{name} is {value}, not {published}");
        assert!((error / published_error - 1.0).abs() < 0.005, "{name}: {error}, not {published_error}");
    }
    let reduced = found.chi_squared / found.degrees_of_freedom as f64;
    assert!((reduced - 1.055366).abs() < 5e-5, "{reduced}");
}

#[test]
fn the_fit_of_the_cutout_is_found() {
    let Some(folder) = folder() else { return };
    let found = fit(&read(&folder.join("ic3478rss_64x64.fits"), 64), None, 130.1);
    assert!(!found.flags.any(), "{found:?}");
    let pairs = [
        (found.centre_px[0] + 0.5, 32.9439, found.centre_px_error[0]),
        (found.centre_px[1] + 0.5, 34.0933, found.centre_px_error[1]),
        ((found.position_angle + FRAC_PI_2).to_degrees(), 18.2612, found.position_angle_error.to_degrees()),
        (1.0 - found.axis_ratio, 0.235989, found.axis_ratio_error),
        (found.index, 2.40028, found.index_error),
        (found.effective_brightness, 20.0094, found.effective_brightness_error),
        (found.effective_radius_px, 60.7612, found.effective_radius_px_error),
    ];
    for (value, published, error) in pairs {
        assert!((value - published).abs() < 0.1 * error, "{value}, not {published}");
    }
    assert_eq!(found.degrees_of_freedom, 4089);
    assert!((found.chi_squared - 4_555.947_654).abs() < 1.0, "{}", found.chi_squared);
}
