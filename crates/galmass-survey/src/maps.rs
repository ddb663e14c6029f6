//! The maps of one galaxy: what is the same from all sides is found once.

use std::borrow::Cow;

use galmass_core::{Galaxy, Gas, Map, Particles, PixelGrid, Unit};
use galmass_observe::{FramedGalaxy, Sightline};
use galmass_project::dust::{Dust, DustScreen, gas_support_radii};
use galmass_project::photometry::Band;
use galmass_project::{
    ColourConfig, DepositConfig, MomentConfig, Moments, SupportRadii, View, colour, deposit, nearest_moments,
    support_radii,
};

use crate::SurveyConfig;
use crate::channel::SurveyChannel;
use crate::error::GalaxyError;
use crate::flag::{Flags, SampleFlag};
use crate::light::{Starlight, gas_weights};
use crate::telescope::{Exposed, Telescope};

/// A galaxy made ready to be mapped from many sides.
pub(crate) struct Mapper<'a> {
    galaxy: &'a Galaxy,
    config: &'a SurveyConfig,
    redshift: f64,
    image_grid: PixelGrid,
    map_grid: PixelGrid,
    light: Starlight,
    support: SupportRadii,
    /// With support radii, so that no view has to find them.
    dusty_gas: Cow<'a, Gas>,
    gas_weights: Vec<f64>,
}

/// What is seen from one side.
pub(crate) struct Look<'a> {
    /// The light of each star behind the dust \[Lsun\], where it is known.
    pub(crate) light_g: Option<Cow<'a, [f64]>>,
    pub(crate) light_r: Option<Cow<'a, [f64]>>,
    /// Where it is asked for, or a channel needs it.
    pub(crate) image: Option<Map>,
    /// One array a channel, in the order of the configuration.
    pub(crate) channels: Vec<Vec<f32>>,
}

impl<'a> Mapper<'a> {
    pub(crate) fn new(
        framed: &'a FramedGalaxy,
        redshift: Option<f64>,
        config: &'a SurveyConfig,
        flags: &mut Flags,
    ) -> Result<Self, GalaxyError> {
        let observation = &config.observation;
        let half_width = observation.half_width_rhsm * framed.frame().half_mass_radius_kpc;
        let (galaxy, stars) = (framed.galaxy(), framed.galaxy().stars.particles());
        let light = Starlight::of(&galaxy.stars, observation.weighting)?;
        let support = support_radii(stars.positions_kpc(), observation.n_neighbours)?;
        flags.set(SampleFlag::ImageIsMass, light.other.is_some());
        flags.set(SampleFlag::ColourUnknown, light.g.is_none() || light.r.is_none());
        flags.set(SampleFlag::TooFewStars, support.too_few);
        flags.set(SampleFlag::NoGas, galaxy.gas.is_empty());
        let gas_weights = match config.channels.iter().any(shows_gas) {
            true => gas_weights(&galaxy.gas, config.gas_tracer, flags),
            false => Vec::new(),
        };
        Ok(Self {
            galaxy,
            config,
            redshift: redshift.unwrap_or(observation.redshift),
            image_grid: PixelGrid::new(observation.image_px, half_width)?,
            map_grid: PixelGrid::new(observation.map_px, half_width)?,
            dusty_gas: dusty_gas(&galaxy.gas, &observation.dust)?,
            light,
            support,
            gas_weights,
        })
    }

    /// Maps the galaxy from one side.
    pub(crate) fn look(&self, view: &View, sightline: Sightline) -> Result<Look<'_>, GalaxyError> {
        let observation = &self.config.observation;
        let positions = self.stars().positions_kpc();
        let screen = DustScreen::new(positions, &self.dusty_gas, view, &observation.dust)?;
        let light_g = self.behind(&screen, self.light.g.as_deref(), Band::G)?;
        let light_r = self.behind(&screen, self.light.r.as_deref(), Band::R)?;
        let (weights, unit) = match (&self.light.other, &light_r) {
            (Some((weights, unit)), _) => (weights.as_slice(), *unit),
            (None, Some(light)) => (&**light, Unit::SolarLuminosity),
            // Without luminosities stars have other weights: `Starlight` sees to it.
            (None, None) => (&[][..], Unit::SolarLuminosity),
        };
        let channels = &self.config.channels;
        let has = |is_one: fn(&SurveyChannel) -> bool| channels.iter().any(is_one);
        let shows_image = self.config.sersic_image || has(|channel| channel.is_image());
        let image = || self.image(view, weights, unit);
        let moments = || self.moments(view, weights, self.stars());
        let telescope = match Telescope::is_between(self.config) && (shows_image || has(is_stellar_moment)) {
            true => Some(Telescope::new(self.config, sightline, moments()?)),
            false => None,
        };
        let (image, stellar) = match &telescope {
            Some(telescope) => {
                let (image, moments) = telescope.expose(Exposed::Image, image()?)?;
                (Some(image), Some(moments))
            }
            None => (if_so(shows_image, image)?, if_so(has(is_stellar_moment), moments)?),
        };
        let gas =
            if_so(has(is_gas_moment), || self.moments(view, &self.gas_weights, self.galaxy.gas.particles()))?;
        let known = |moments: &Option<Moments>, of: fn(&Moments) -> &Map| {
            moments.as_ref().map_or_else(Vec::new, |moments| singles(of(moments)))
        };
        let mut arrays = Vec::with_capacity(channels.len());
        for channel in channels {
            arrays.push(match channel {
                SurveyChannel::ImageR => image.as_ref().map_or_else(Vec::new, singles),
                SurveyChannel::ColourGR => {
                    self.colour(view, image.as_ref(), telescope.as_ref(), &light_g, &light_r)?
                }
                SurveyChannel::Velocity => known(&stellar, |moments| &moments.mean),
                SurveyChannel::Dispersion => known(&stellar, |moments| &moments.dispersion),
                SurveyChannel::Occupancy => known(&stellar, |moments| &moments.occupancy),
                SurveyChannel::GasVelocity => known(&gas, |moments| &moments.mean),
                SurveyChannel::GasDispersion => known(&gas, |moments| &moments.dispersion),
                SurveyChannel::GasOccupancy => known(&gas, |moments| &moments.occupancy),
                SurveyChannel::StellarSurfaceDensity => {
                    self.surface_density(view, self.stars(), self.stars().masses_msun())?
                }
                SurveyChannel::GasSurfaceDensity => {
                    self.surface_density(view, self.galaxy.gas.particles(), &self.gas_weights)?
                }
                SurveyChannel::DarkMatterSurfaceDensity => {
                    let matter = &self.galaxy.dark_matter;
                    self.surface_density(view, matter, matter.masses_msun())?
                }
            });
        }
        Ok(Look { light_g, light_r, image, channels: arrays })
    }

    fn stars(&self) -> &Particles {
        self.galaxy.stars.particles()
    }

    /// What the dust leaves of the light.
    fn behind<'b>(
        &self,
        screen: &DustScreen,
        light: Option<&'b [f64]>,
        band: Band,
    ) -> Result<Option<Cow<'b, [f64]>>, GalaxyError> {
        match light {
            Some(light) if *screen.model() == Dust::None => Ok(Some(Cow::Borrowed(light))),
            Some(light) => Ok(Some(Cow::Owned(screen.attenuate(light, band, self.redshift)?))),
            None => Ok(None),
        }
    }

    fn image(&self, view: &View, weights: &[f64], unit: Unit) -> Result<Map, GalaxyError> {
        let observation = &self.config.observation;
        let config = DepositConfig {
            scheme: observation.scheme,
            kernel: observation.kernel,
            ..DepositConfig::default()
        };
        let positions = self.stars().positions_kpc();
        Ok(deposit(positions, weights, &self.support, view, self.image_grid, unit, &config)?)
    }

    fn colour(
        &self,
        view: &View,
        image: Option<&Map>,
        telescope: Option<&Telescope>,
        light_g: &Option<Cow<'_, [f64]>>,
        light_r: &Option<Cow<'_, [f64]>>,
    ) -> Result<Vec<f32>, GalaxyError> {
        let (Some(light_g), Some(light_r)) = (light_g, light_r) else {
            return Ok(vec![f32::NAN; self.image_grid.n_px().pow(2)]);
        };
        let in_band = |exposed, light: &[f64]| {
            let image = self.image(view, light, Unit::SolarLuminosity)?;
            match telescope {
                Some(telescope) => Ok::<_, GalaxyError>(telescope.expose(exposed, image)?.0),
                None => Ok(image),
            }
        };
        let blue = in_band(Exposed::Blue, light_g)?;
        let config = ColourConfig::default();
        let map = match image.filter(|image| image.unit() == Unit::SolarLuminosity) {
            Some(red) => colour(&blue, red, &config)?,
            None => colour(&blue, &in_band(Exposed::Red, light_r)?, &config)?,
        };
        Ok(singles(&map))
    }

    fn moments(&self, view: &View, weights: &[f64], particles: &Particles) -> Result<Moments, GalaxyError> {
        let observation = &self.config.observation;
        let config = MomentConfig {
            min_count_mean: observation.min_count_velocity,
            min_count_dispersion: observation.min_count_dispersion,
            blanking: observation.blanking,
            fill_mean: observation.fill_velocity,
            fill_dispersion: observation.fill_dispersion,
            ..MomentConfig::default()
        };
        let (positions, velocities) = (particles.positions_kpc(), particles.velocities_km_s());
        Ok(nearest_moments(positions, velocities, weights, view, self.map_grid, &config)?)
    }

    /// Mass per area \[log10 Msun/kpc2\].
    fn surface_density(
        &self,
        view: &View,
        particles: &Particles,
        masses: &[f64],
    ) -> Result<Vec<f32>, GalaxyError> {
        let (positions, velocities) = (particles.positions_kpc(), particles.velocities_km_s());
        let config = MomentConfig::default();
        let moments = nearest_moments(positions, velocities, masses, view, self.map_grid, &config)?;
        let area = self.map_grid.pixel_size_kpc().powi(2);
        Ok(moments.weight.iter().map(|mass| log10(mass / area) as f32).collect())
    }
}

/// What is asked for, if it is.
fn if_so<T>(asked: bool, make: impl FnOnce() -> Result<T, GalaxyError>) -> Result<Option<T>, GalaxyError> {
    if asked { make().map(Some) } else { Ok(None) }
}

/// The logarithm, of nothing NaN.
pub(crate) fn log10(value: f64) -> f64 {
    if value > 0.0 { value.log10() } else { f64::NAN }
}

fn singles(map: &Map) -> Vec<f32> {
    map.values().iter().map(|&value| value as f32).collect()
}

fn shows_gas(channel: &SurveyChannel) -> bool {
    is_gas_moment(channel) || *channel == SurveyChannel::GasSurfaceDensity
}

fn is_gas_moment(channel: &SurveyChannel) -> bool {
    use SurveyChannel::{GasDispersion, GasOccupancy, GasVelocity};
    matches!(channel, GasVelocity | GasDispersion | GasOccupancy)
}

fn is_stellar_moment(channel: &SurveyChannel) -> bool {
    use SurveyChannel::{Dispersion, Occupancy, Velocity};
    matches!(channel, Velocity | Dispersion | Occupancy)
}

/// The gas with its support radii, where the dust is resolved and would look for them from each side.
fn dusty_gas<'a>(gas: &'a Gas, dust: &Dust) -> Result<Cow<'a, Gas>, GalaxyError> {
    match dust.in_effect(gas) {
        Dust::ResolvedGrv87(resolved) if gas.support_radii().is_none() => {
            let radii = gas_support_radii(gas, &resolved.gas)?;
            Ok(Cow::Owned(gas.clone().with_support_radii(radii)?))
        }
        _ => Ok(Cow::Borrowed(gas)),
    }
}
