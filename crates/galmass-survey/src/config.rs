//! What a survey measures of each galaxy.

use galmass_core::{Galaxy, Gas, Particles, Stars};
use galmass_observe::{GivenFrame, ObservationConfig, ObservationEffects, Weighting};
use galmass_project::{Fill, Scheme};
use galmass_stats::{CircularityConfig, FeatureConfig, MissingPotentials, SersicImageConfig};
use serde::{Deserialize, Serialize};

use crate::channel::{GasTracer, SurveyChannel};
use crate::cuts::Cuts;
use crate::error::ConfigError;
use crate::lines_of_sight::LinesOfSight;
use crate::{GalaxyIds, SurveyGalaxy, observe_samples};

/// What a survey measures of each galaxy: with the list of galaxies it decides every bit of the set.
///
/// The default is the sample of Chu et al. (2024), [`SurveyConfig::chu2024`], with its table 1 and the occupancy of the
/// maps beside it.
///
/// # Examples
/// ```
/// use galmass_survey::{LinesOfSight, SurveyConfig};
///
/// let config = SurveyConfig { lines_of_sight: LinesOfSight::Fibonacci(8), ..SurveyConfig::small() };
/// config.check()?;
/// assert_eq!(config.lines_of_sight.len(), 8);
/// # Ok::<(), galmass_survey::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurveyConfig {
    /// The seed of all that is random; each galaxy has a stream of its own by its number. Default 0.
    pub seed: u64,
    /// From where each galaxy is seen. Default: along the three axes of the box.
    pub lines_of_sight: LinesOfSight,
    /// Meshes, smoothing, weights and dust. Its `redshift` counts for galaxies that come without one of their own. Its
    /// `scheme` is [`Scheme::Fast`] by default and in all presets: images of galaxies are good to some 1e-4 of the rms pixel,
    /// several times faster, and most of the time of a sample without features goes into its images.
    pub observation: ObservationConfig,
    /// What a telescope does to the image, its colours and the maps of the stars: blur, noise, field, bins and errors,
    /// random from its own seed and from that of the survey, each band and line of sight in its own way. Default:
    /// nothing. The maps must have NaN where nothing is known.
    pub effects: ObservationEffects,
    /// The maps of a sample, in this order and each once. Default: image, colour, velocity, dispersion, occupancy.
    pub channels: Vec<SurveyChannel>,
    /// Which gas the maps of gas show. Default: [`GasTracer::BestKnown`].
    pub gas_tracer: GasTracer,
    /// Whether the features of table 1 of Chu et al. (2024) are measured. Default: yes.
    pub table_1: bool,
    /// How they are measured. The potential of the particles, by tree or by spherical average, is
    /// `circularity.missing_potentials` in here; potentials that a source stores are taken first.
    pub features: FeatureConfig,
    /// Whether a Sersic galaxy is fitted to the image, beside the fit to the profile that table 1 has. Default: yes.
    pub sersic_image: bool,
    /// The fit is to pixels of so many pixels of the image a side, a number that divides `image_px`. Default 2, which saves
    /// a fifth to a third of the time of a sample with all features.
    ///
    /// The model is integrated over its pixels, so that a Sersic galaxy would not notice; a bulge in a disc does. With 2 in
    /// place of 1 the index of 16 mock galaxies of 3e4 stars, each sampled twice, changed edge-on by +0.7 per cent in the
    /// median, two thirds of them by 0 to +1.1, the most by -2.4 and +3.1; face-on by -1.4, -6.7 to +2.5, -27 and +6 per
    /// cent. The other particles of the second sampling moved it by 2 to 6 per cent edge-on and 7 to 13 face-on in the
    /// median, whatever the pixels: that is the error of an index, and the larger one. The formal errors, 0.2 per cent
    /// with 1 and 0.4 with 2, know of pixels alone. Whoever fits smoother images takes 1.
    pub sersic_rebin: usize,
    /// How it is fitted.
    pub sersic_fit: SersicImageConfig,
    /// The radii of the enclosed-mass profiles, in half-mass radii: above 0 and rising, two or more. Default: ten from 0.6
    /// to 2.4, as Sarrato-Alos et al. (2025) have ten.
    pub profile_radii_rhsm: Vec<f64>,
    /// Which galaxies are left out. Default: none.
    pub cuts: Cuts,
    /// The galaxies of a shard, 1 or more; the samples of one shard are held in memory. Default 64.
    pub galaxies_per_shard: usize,
}

impl Default for SurveyConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            lines_of_sight: LinesOfSight::Axes,
            observation: ObservationConfig { scheme: Scheme::Fast, ..ObservationConfig::default() },
            effects: ObservationEffects::default(),
            channels: vec![
                SurveyChannel::ImageR,
                SurveyChannel::ColourGR,
                SurveyChannel::Velocity,
                SurveyChannel::Dispersion,
                SurveyChannel::Occupancy,
            ],
            gas_tracer: GasTracer::BestKnown,
            table_1: true,
            features: FeatureConfig::default(),
            sersic_image: true,
            sersic_rebin: 2,
            sersic_fit: SersicImageConfig::default(),
            profile_radii_rhsm: (3..=12).map(|fifths| f64::from(fifths) / 5.0).collect(),
            cuts: Cuts::default(),
            galaxies_per_shard: 64,
        }
    }
}

impl SurveyConfig {
    /// The sample of Chu et al. (2024), section 2: r and g - r of 300 pixels, velocity and dispersion of 48, along the axes
    /// of the box, of galaxies of more than 5e9 Msun of stars inside 30 kpc and less than 1e14 Msun in all. Light is
    /// behind dust, and galaxies whose light is not known are left out. Features are off: the paper's networks have none.
    pub fn chu2024() -> Self {
        use SurveyChannel::{ColourGR, Dispersion, ImageR, Velocity};
        Self {
            observation: ObservationConfig {
                weighting: Weighting::LuminosityR,
                scheme: Scheme::Fast,
                ..ObservationConfig::default()
            },
            channels: vec![ImageR, ColourGR, Velocity, Dispersion],
            table_1: false,
            sersic_image: false,
            cuts: Cuts::chu2024(),
            ..Self::default()
        }
    }

    /// A sample for tests and first looks: an image of 60 pixels and maps of 24, features with the spherical average for a
    /// potential, no fit to the image.
    pub fn small() -> Self {
        let circularity = CircularityConfig {
            missing_potentials: MissingPotentials::Average,
            ..CircularityConfig::default()
        };
        Self {
            observation: ObservationConfig {
                image_px: 60,
                map_px: 24,
                scheme: Scheme::Fast,
                ..ObservationConfig::default()
            },
            features: FeatureConfig { circularity, ..FeatureConfig::default() },
            sersic_image: false,
            ..Self::default()
        }
    }

    /// Finds settings that no galaxy could be observed with, by observing the smallest galaxy that has everything.
    ///
    /// # Errors
    /// [`ConfigError`] with the setting, or with what a measurement says of its settings.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.lines_of_sight.is_empty() {
            return Err(ConfigError::NoLinesOfSight);
        }
        for (index, channel) in self.channels.iter().enumerate() {
            if self.channels[..index].contains(channel) {
                return Err(ConfigError::ChannelTwice { channel: *channel });
            }
        }
        let radii = &self.profile_radii_rhsm;
        if radii.len() < 2 {
            return Err(ConfigError::FewProfileRadii { found: radii.len() });
        }
        let mut last = 0.0;
        for (index, &value) in radii.iter().enumerate() {
            // Asked this way round, so that NaN is refused too.
            if !(value > last && value.is_finite()) {
                return Err(ConfigError::ProfileRadius { index, value, last });
            }
            last = value;
        }
        let (n_px, factor) = (self.observation.image_px, self.sersic_rebin);
        if self.sersic_image && !n_px.is_multiple_of(factor) {
            return Err(ConfigError::SersicRebin { factor, n_px });
        }
        let ObservationConfig { fill_velocity, fill_dispersion, .. } = self.observation;
        for (name, fill) in [("fill_velocity", fill_velocity), ("fill_dispersion", fill_dispersion)] {
            if fill != Fill::Nan && !self.effects.steps.is_empty() {
                return Err(ConfigError::FilledBeforeEffects { name });
            }
        }
        if self.galaxies_per_shard == 0 {
            return Err(ConfigError::EmptyShards);
        }
        self.cuts.check()?;
        let lines_of_sight = LinesOfSight::Fibonacci(1);
        let probe = Self { cuts: Cuts::default(), lines_of_sight, ..self.clone() };
        observe_samples(smallest_galaxy(), &probe)
            .map_err(|source| ConfigError::Measurement(Box::new(source)))?;
        Ok(())
    }
}

/// Two stars that turn about a third, and gas, with every column that a measurement might want.
fn smallest_galaxy() -> SurveyGalaxy {
    let particles = || {
        Particles::new(
            vec![[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.1]],
            vec![[0.0, 1.0, 0.0], [0.0, -1.0, 0.0], [0.0; 3]],
            vec![1.0; 3],
        )
        .unwrap_or_default()
    };
    let stars = || {
        Stars::new(particles())
            .with_magnitudes_r(vec![4.65; 3])?
            .with_magnitudes_g(vec![5.11; 3])?
            .with_metallicities(vec![0.02; 3])?
            .with_ages_gyr(vec![1.0; 3])
    };
    let gas = || {
        Gas::new(particles())
            .with_metallicities(vec![0.02; 3])?
            .with_temperatures_k(vec![1.0e4; 3])?
            .with_neutral_hydrogen_masses_msun(vec![0.5; 3])
    };
    let galaxy =
        Galaxy { stars: stars().unwrap_or_default(), gas: gas().unwrap_or_default(), ..Galaxy::default() };
    let frame = GivenFrame { centre_kpc: Some([0.0; 3]), half_mass_radius_kpc: Some(1.0) };
    SurveyGalaxy { galaxy, ids: GalaxyIds::default(), frame, redshift: None }
}

#[cfg(test)]
mod tests {
    use galmass_observe::{Effect, NoiseConfig};
    use galmass_stats::StatsError;

    use super::*;
    use crate::GalaxyError;

    #[test]
    fn the_presets_are_sound() {
        for config in [SurveyConfig::default(), SurveyConfig::chu2024(), SurveyConfig::small()] {
            config.check().unwrap();
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<SurveyConfig>(&text).unwrap(), config);
        }
        assert_eq!(SurveyConfig::default().profile_radii_rhsm.first(), Some(&0.6));
        assert_eq!(SurveyConfig::default().profile_radii_rhsm.last(), Some(&2.4));
        assert!(serde_json::from_str::<SurveyConfig>(r#"{"image_px": 3}"#).is_err());
    }

    #[test]
    fn what_no_galaxy_could_be_observed_with_is_found_before_the_first() {
        let refused = |change: fn(&mut SurveyConfig)| {
            let mut config = SurveyConfig::small();
            change(&mut config);
            config.check().unwrap_err()
        };
        assert_eq!(
            refused(|config| config.lines_of_sight = LinesOfSight::Random(0)),
            ConfigError::NoLinesOfSight
        );
        let twice = refused(|config| config.channels.push(SurveyChannel::Velocity));
        assert_eq!(twice, ConfigError::ChannelTwice { channel: SurveyChannel::Velocity });
        assert_eq!(twice.to_string(), "the channel `velocity` is named twice");
        let one = refused(|config| config.profile_radii_rhsm = vec![1.0]);
        assert_eq!(one, ConfigError::FewProfileRadii { found: 1 });
        let falling = refused(|config| config.profile_radii_rhsm = vec![1.0, 0.5]);
        assert_eq!(falling, ConfigError::ProfileRadius { index: 1, value: 0.5, last: 1.0 });
        assert!(matches!(
            refused(|config| config.profile_radii_rhsm = vec![1.0, f64::NAN]),
            ConfigError::ProfileRadius { index: 1, .. }
        ));
        assert!(matches!(
            refused(|config| config.cuts.min_stellar_mass_msun = Some(f64::NAN)),
            ConfigError::Cut { name: "min_stellar_mass_msun", .. }
        ));
        assert_eq!(refused(|config| config.galaxies_per_shard = 0), ConfigError::EmptyShards);
        let uneven = refused(|config| (config.sersic_image, config.sersic_rebin) = (true, 7));
        assert_eq!(uneven, ConfigError::SersicRebin { factor: 7, n_px: 60 });
        let filled = refused(|config| {
            config.observation.fill_dispersion = Fill::Zero;
            config.effects.steps = vec![Effect::Noise(NoiseConfig::default())];
        });
        assert_eq!(filled, ConfigError::FilledBeforeEffects { name: "fill_dispersion" });
        let noisy = refused(|config| {
            let noise = Effect::Noise(NoiseConfig { signal_to_noise: -1.0, ..NoiseConfig::default() });
            config.effects.steps = vec![noise];
        });
        assert!(noisy.to_string().contains("signal_to_noise"), "{noisy}");
        let measured = refused(|config| config.features.aperture_rhsm = -1.0);
        let ConfigError::Measurement(source) = &measured else { panic!("{measured}") };
        assert!(matches!(**source, GalaxyError::Stats(StatsError::OutOfRange { name: "aperture_rhsm", .. })));
        assert!(measured.to_string().contains("`aperture_rhsm` is -1"), "{measured}");
        assert!(refused(|config| config.observation.map_px = 0).to_string().contains("pixel"));
    }
}
