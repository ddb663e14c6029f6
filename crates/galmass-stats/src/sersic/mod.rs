//! The profile of Sersic: its [scale](sersic_b), its [brightness and flux](SersicProfile), and its
//! fits to a measured [profile](fit_sersic_profile) and to an [image](fit_sersic_image).

mod fit;
mod image;
mod levenberg_marquardt;
mod profile;
mod scale;

pub use fit::{SersicFit, SersicFitConfig, SersicFitFlags, fit_sersic_profile};
pub use image::{
    Sampling, SersicGalaxy, SersicImage, SersicImageConfig, SersicImageFit, SersicImageFlags, Sky,
    fit_sersic_image,
};
pub use profile::SersicProfile;
pub use scale::{SERSIC_INDEX_RANGE, sersic_b};
