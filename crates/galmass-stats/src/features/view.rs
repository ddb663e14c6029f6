//! What depends on the line of sight.

use std::borrow::Cow;

use galmass_core::units::{SUN_MAGNITUDE_G, SUN_MAGNITUDE_R, luminosity_lsun};
use galmass_core::{Galaxy, PixelGrid, Stars};

use super::FeatureConfig;
use crate::dispersion::FibreLight;
use crate::light_profile::Annuli;
use crate::photometry::LightSum;
use crate::sky::Sky;
use crate::spin::Binned;
use crate::star_formation::{FormedMass, check_window};
use crate::{
    Brightness, Dispersion, LambdaR, LambdaRFlags, LightProfile, SersicFit, StarFormation, StatsError,
    fit_light_profile, measure_lambda_r,
};

/// From where a galaxy is seen, and what dust leaves of its light on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureView<'a> {
    /// The unit vector to the right in the plane of the sky.
    pub right: [f64; 3],
    /// The unit vector upwards in the plane of the sky; the line of sight is `right` x `up`.
    pub up: [f64; 3],
    /// The luminosity of each star in SDSS g, in units of the Sun's, as seen along this line of sight; `None` for what
    /// the stars' own magnitudes say, free of dust.
    pub luminosities_g_lsun: Option<&'a [f64]>,
    /// The same in SDSS r.
    pub luminosities_r_lsun: Option<&'a [f64]>,
}

impl FeatureView<'_> {
    /// A view without dust.
    pub fn new(right: [f64; 3], up: [f64; 3]) -> Self {
        Self { right, up, luminosities_g_lsun: None, luminosities_r_lsun: None }
    }
}

/// The features of table 1 of Chu et al. (2024) that depend on the line of sight, each as its own statistic gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewFeatures {
    /// Light in SDSS r inside the aperture: M_r.
    pub brightness_r: Brightness,
    /// Light in SDSS g inside the aperture.
    pub brightness_g: Brightness,
    /// Star formation inside the aperture: SFR.
    pub star_formation: StarFormation,
    /// The profile of the light.
    pub light_profile: LightProfile,
    /// The Sersic profile through it: n_Ser.
    pub sersic: SersicFit,
    /// The dispersion of the light inside the aperture: sigma_v.
    pub dispersion: Dispersion,
    /// The spin of the maps inside the aperture: lambda_R.
    pub spin: LambdaR,
    /// No r luminosities are known: profile, dispersion and spin are weighed by mass.
    pub weighed_by_mass: bool,
}

impl ViewFeatures {
    /// The colour g - r \[mag\] of the light inside the aperture.
    pub fn colour_g_r(&self) -> f64 {
        self.brightness_g.colour(&self.brightness_r)
    }
}

/// Measures what depends on the line of sight: see [`measure_features`](crate::measure_features).
///
/// # Errors
/// As [`measure_features`](crate::measure_features).
///
/// Cost: one pass over the stars, and the fit.
pub fn measure_view_features(
    galaxy: &Galaxy,
    half_mass_radius_kpc: f64,
    view: &FeatureView<'_>,
    config: &FeatureConfig,
) -> Result<ViewFeatures, StatsError> {
    config.check()?;
    config.light_profile.check()?;
    check_window(config.star_formation_window_gyr)?;
    check_axes(view)?;
    let stars = &galaxy.stars;
    let given_g = light_of(view.luminosities_g_lsun, stars.magnitudes_g(), SUN_MAGNITUDE_G, stars)?;
    let given_r = light_of(view.luminosities_r_lsun, stars.magnitudes_r(), SUN_MAGNITUDE_R, stars)?;
    let particles = stars.particles();
    let weights = given_r.as_deref().unwrap_or(particles.masses_msun());

    let radius = half_mass_radius_kpc;
    let aperture = config.aperture_rhsm * radius;
    let sky = Sky::new(view.right, view.up);
    let (mut sum_g, mut sum_r, mut fibre) = (LightSum::default(), LightSum::default(), FibreLight::default());
    let mut formed = FormedMass::new(stars, config.star_formation_window_gyr);
    let mut annuli = Annuli::new(config.profile_rhsm * radius, &config.light_profile);
    // A galaxy without extent has no field.
    let mut binned = PixelGrid::new(config.map_px, config.map_half_width_rhsm * radius).ok().map(Binned::new);
    for (index, (position, velocity)) in
        particles.positions_kpc().iter().zip(particles.velocities_km_s()).enumerate()
    {
        let place = sky.plane(position);
        let (on_sky, speed, weight) = (place[0].hypot(place[1]), sky.depth(velocity), weights[index]);
        annuli.add(on_sky, weight);
        if let Some(binned) = &mut binned {
            binned.add(place, weight, speed);
        }
        if on_sky <= aperture {
            fibre.add(weight, speed);
            formed.add(index);
            given_g.iter().for_each(|light| sum_g.add(light[index]));
            given_r.iter().for_each(|light| sum_r.add(light[index]));
        }
    }

    let light_profile = annuli.profile();
    let sersic = fit_light_profile(&light_profile, config.profile_error_floor, &config.sersic)?;
    let maps = binned.and_then(|binned| binned.maps().ok());
    let spin = match &maps {
        Some(maps) => measure_lambda_r(&maps.kinematic(), aperture, &config.spin)?,
        None => LambdaR {
            value: f64::NAN,
            systemic_km_s: f64::NAN,
            n_pixels: 0,
            flags: LambdaRFlags { no_light: true, ..LambdaRFlags::default() },
        },
    };
    Ok(ViewFeatures {
        brightness_r: sum_r.brightness(SUN_MAGNITUDE_R),
        brightness_g: sum_g.brightness(SUN_MAGNITUDE_G),
        star_formation: formed.star_formation(),
        light_profile,
        sersic,
        dispersion: fibre.dispersion(),
        spin,
        weighed_by_mass: given_r.is_none() && !particles.is_empty(),
    })
}

/// The luminosities handed in, or those of the magnitudes that the stars carry.
fn light_of<'a>(
    given: Option<&'a [f64]>,
    magnitudes: Option<&[f64]>,
    sun_magnitude: f64,
    stars: &Stars,
) -> Result<Option<Cow<'a, [f64]>>, StatsError> {
    let expected = stars.particles().len();
    match (given, magnitudes) {
        (Some(light), _) if light.len() != expected => {
            Err(StatsError::LengthMismatch { column: "luminosities", expected, found: light.len() })
        }
        (Some(light), _) => Ok(Some(light.into())),
        (None, Some(magnitudes)) => {
            let light = magnitudes.iter().map(|&magnitude| luminosity_lsun(magnitude, sun_magnitude));
            Ok(Some(light.collect()))
        }
        (None, None) => Ok(None),
    }
}

fn check_axes(view: &FeatureView<'_>) -> Result<(), StatsError> {
    /// Above what rotations in double precision leave.
    const WITHIN: f64 = 1e-9;
    let FeatureView { right, up, .. } = view;
    let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for (name, value, expected, range) in [
        ("length of right", dot(right, right).sqrt(), 1.0, "1"),
        ("length of up", dot(up, up).sqrt(), 1.0, "1"),
        ("cosine between right and up", dot(right, up), 0.0, "0"),
    ] {
        let off = (value - expected).abs();
        if off > WITHIN || off.is_nan() {
            return Err(StatsError::OutOfRange { name, value, range });
        }
    }
    Ok(())
}
