//! The profile of Sersic: its [scale](sersic_b), its [brightness and flux](SersicProfile) and its
//! [fit](fit_sersic_profile) to a measured profile.

mod fit;
mod levenberg_marquardt;
mod profile;
mod scale;

pub use fit::{SersicFit, SersicFitConfig, SersicFitFlags, fit_sersic_profile};
pub use profile::SersicProfile;
pub use scale::{SERSIC_INDEX_RANGE, sersic_b};
