//! The features of a sample: table 1 of Chu et al. (2024), and the Sersic fit to the image.

use galmass_core::{Galaxy, Map};
use galmass_observe::FramedGalaxy;
use galmass_project::{View, rebin};
use galmass_stats::{
    FeatureView, Features, IntrinsicFeatures, Sampling, SersicImage, fit_sersic_image,
    measure_intrinsic_features, measure_view_features,
};

use crate::SurveyConfig;
use crate::error::GalaxyError;
use crate::flag::Flags;
use crate::maps::Look;
use crate::quantity::Quantity;

/// [`Features::values`] but for the half-mass radius, which every sample has: name, unit and symbol.
const TABLE_1: [(&str, &str, &str); 21] = [
    ("magnitude_r", "mag", "M_r"),
    ("colour_g_r", "mag", "g - r"),
    ("star_formation_rate_msun_yr", "Msun/yr", "SFR"),
    ("sersic_index", "1", "n_Ser"),
    ("minor_to_major", "1", "c/a"),
    ("velocity_dispersion_km_s", "km/s", "sigma_v"),
    ("lambda_r", "1", "lambda_R"),
    ("bulge_to_total", "1", "B/T"),
    ("cold_fraction", "1", "f_cold"),
    ("hot_fraction", "1", "f_hot"),
    ("warm_fraction", "1", "f_warm"),
    ("counter_rotating_fraction", "1", "f_counter"),
    ("bulge_to_total_by_rank", "1", "B/T (rank)"),
    ("cold_fraction_by_rank", "1", "f_cold (rank)"),
    ("hot_fraction_by_rank", "1", "f_hot (rank)"),
    ("middle_to_major", "1", "b/a"),
    ("magnitude_g", "mag", "M_g"),
    ("sersic_index_error", "1", "dn_Ser"),
    ("effective_radius_kpc", "kpc", "R_e"),
    ("stellar_mass_msun", "Msun", "M*"),
    ("aperture_stellar_mass_msun", "Msun", "M*(<2R)"),
];

/// The fit to the image.
const SERSIC_IMAGE: [(&str, &str, &str); 6] = [
    ("sersic_image_index", "1", "index of the Sersic galaxy fitted to the image"),
    ("sersic_image_index_error", "1", "error of the index"),
    ("sersic_image_effective_radius_kpc", "kpc", "semi-major effective radius of the fit"),
    ("sersic_image_axis_ratio", "1", "minor over major axis of the fit"),
    ("sersic_image_position_angle", "rad", "major axis of the fit, counter-clockwise from the right"),
    ("sersic_image_total_flux", "Lsun", "flux of the fit to infinity, in the unit of the image"),
];

/// The features of a sample in the order of [`GalaxyFeatures::measure`].
pub(crate) fn quantities(config: &SurveyConfig) -> Vec<Quantity> {
    let mut quantities = Vec::new();
    if config.table_1 {
        quantities.extend(TABLE_1.iter().map(|(name, unit, symbol)| {
            let description = format!("{symbol}, a feature in the manner of Chu et al. (2024), table 1");
            Quantity::scalar(feature_name(name), unit, description)
        }));
    }
    if config.sersic_image {
        let of = |(name, unit, description): &(&str, &str, &str)| Quantity::scalar(*name, unit, *description);
        quantities.extend(SERSIC_IMAGE.iter().map(of));
    }
    quantities
}

/// A feature beside the maps: the colour of the galaxy is not the map of colours.
fn feature_name(name: &str) -> String {
    if name == "colour_g_r" { "aperture_colour_g_r".into() } else { name.into() }
}

/// The features of a galaxy that are the same from all sides.
pub(crate) struct GalaxyFeatures<'a> {
    galaxy: &'a Galaxy,
    config: &'a SurveyConfig,
    half_mass_radius_kpc: f64,
    intrinsic: Option<IntrinsicFeatures>,
}

impl<'a> GalaxyFeatures<'a> {
    pub(crate) fn of(framed: &'a FramedGalaxy, config: &'a SurveyConfig) -> Result<Self, GalaxyError> {
        let (galaxy, half_mass_radius_kpc) = (framed.galaxy(), framed.frame().half_mass_radius_kpc);
        let intrinsic = match config.table_1 {
            true => Some(measure_intrinsic_features(galaxy, half_mass_radius_kpc, &config.features)?),
            false => None,
        };
        Ok(Self { galaxy, config, half_mass_radius_kpc, intrinsic })
    }

    /// All features from one side, and their flags.
    pub(crate) fn measure(
        &self,
        view: &View,
        look: &Look<'_>,
        flags: &mut Flags,
    ) -> Result<Vec<Vec<f32>>, GalaxyError> {
        let mut values = Vec::new();
        if let Some(intrinsic) = &self.intrinsic {
            let seen_from = FeatureView {
                right: view.right(),
                up: view.up(),
                luminosities_g_lsun: look.light_g.as_deref(),
                luminosities_r_lsun: look.light_r.as_deref(),
            };
            let (radius, config) = (self.half_mass_radius_kpc, &self.config.features);
            let view = measure_view_features(self.galaxy, radius, &seen_from, config)?;
            let features = Features { intrinsic: intrinsic.clone(), view };
            flags.set_features(&features);
            let is_new = |name: &str| name != "half_mass_radius_kpc";
            values
                .extend(features.values().iter().filter(|value| is_new(value.name)).map(|value| value.value));
        }
        if self.config.sersic_image {
            match &look.image {
                Some(image) => values.extend(self.fit(image, flags)?),
                None => values.extend([f64::NAN; SERSIC_IMAGE.len()]),
            }
        }
        Ok(values.into_iter().map(|value| vec![value as f32]).collect())
    }

    fn fit(&self, image: &Map, flags: &mut Flags) -> Result<[f64; SERSIC_IMAGE.len()], GalaxyError> {
        // The configuration has been checked; a factor that does not divide is refused by `rebin`.
        let image = rebin(image, image.grid().n_px() / self.config.sersic_rebin.max(1))?;
        let brightness = SersicImage::new(image.values().view(), Sampling::PixelMeans);
        let fit = fit_sersic_image(&brightness, &self.config.sersic_fit)?;
        flags.set_sersic_image(&fit.flags);
        Ok([
            fit.index,
            fit.index_error,
            fit.effective_radius_px * image.grid().pixel_size_kpc(),
            fit.axis_ratio,
            fit.position_angle,
            fit.total_flux,
        ])
    }
}

#[cfg(test)]
mod tests {
    use galmass_stats::{FeatureConfig, measure_features};

    use super::*;

    #[test]
    fn table_1_is_what_the_features_list() {
        let view = FeatureView::new([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        let features = measure_features(&Galaxy::default(), 1.0, &view, &FeatureConfig::default()).unwrap();
        let listed: Vec<_> =
            features.values().iter().map(|value| (value.name, value.unit, value.symbol)).collect();
        let known: Vec<_> = listed.into_iter().filter(|value| value.0 != "half_mass_radius_kpc").collect();
        assert_eq!(known, TABLE_1);
    }
}
