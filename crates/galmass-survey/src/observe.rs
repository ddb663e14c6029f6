//! One galaxy to its samples.

use galmass_core::{Galaxy, seed};
use galmass_dataset::{ArrayLayout, Sample, SampleKey, SampleLayout, ShardError};
use galmass_observe::{Frame, FramedGalaxy, GivenFrame, Sightline};
use galmass_project::View;

use crate::SurveyConfig;
use crate::error::GalaxyError;
use crate::feature::{self, GalaxyFeatures};
use crate::flag::Flags;
use crate::maps::Mapper;
use crate::octant::octant;
use crate::quantity::Quantity;
use crate::target::{self, Targets};

/// Which galaxy it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GalaxyIds {
    /// Its number: unlike those of all other galaxies of the survey.
    pub galaxy_id: u64,
    /// The number of the halo or group that it lives in; that of the galaxy, where nothing is known of haloes.
    pub halo_id: u64,
    /// The place of its suite in [`GalaxySource::suites`](crate::GalaxySource::suites).
    pub suite: u16,
    /// The octant of the box that it lies in, from 0 to 7, with bit 0, 1 and 2 for the upper half of x, y and z; `None` to
    /// tell it from the centre, where the galaxy has a box.
    pub octant: Option<u8>,
}

/// A galaxy as it comes from a source.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyGalaxy {
    /// Its particles.
    pub galaxy: Galaxy,
    /// Which galaxy it is.
    pub ids: GalaxyIds,
    /// What is known of its frame.
    pub frame: GivenFrame,
    /// Its redshift, where it has one.
    pub redshift: Option<f64>,
}

/// Observes one galaxy from all sides and measures what a survey stores of it: one sample a line of sight.
///
/// The arrays of each sample are those of [`sample_layout`]: maps, then place and size, targets and features. The centre,
/// the rest frame, the smoothing of stars and of dusty gas, the potential and all that is the same from all sides are found
/// once. The result depends on nothing but the galaxy and the configuration: the same bits for any number of threads.
///
/// The maps of the stars and the Sersic fit to the image are behind the [`effects`](SurveyConfig::effects) of a telescope,
/// where there are any. All else knows no telescope: maps of gas and of surface densities, table 1 and the targets.
///
/// What is not known is NaN, as is the logarithm of no mass; `flags` of the key say what is odd, see
/// [`FLAG_NAMES`](crate::FLAG_NAMES).
///
/// # Errors
/// [`GalaxyError`]: the galaxy has no stars or no extent, a cut leaves it out, its light is asked for and not known, it
/// does not turn and is to be seen face-on; or a setting is out of its range, which
/// [`SurveyConfig::check`] finds beforehand.
///
/// # Examples
/// ```
/// use galmass_mock::{MockGalaxy, MockGalaxyConfig};
/// use galmass_observe::GivenFrame;
/// use galmass_survey::{GalaxyIds, SurveyConfig, SurveyGalaxy, observe_samples, sample_layout};
///
/// let settings = MockGalaxyConfig { n_stars: 1000, n_dark_matter: 1000, ..MockGalaxyConfig::default() };
/// let galaxy = MockGalaxy::sample(&settings, 1)?;
/// let stellar_mass_msun = galaxy.stars.particles().total_mass_msun();
/// let (ids, frame) = (GalaxyIds { galaxy_id: 7, ..GalaxyIds::default() }, GivenFrame::default());
/// let config = SurveyConfig::small();
/// let samples = observe_samples(SurveyGalaxy { galaxy, ids, frame, redshift: None }, &config)?;
/// assert_eq!(samples.len(), 3);
/// assert_eq!((samples[2].key.galaxy_id, samples[2].key.line_of_sight), (7, 2));
///
/// let at = sample_layout(&config)?.position("log10_stellar_mass_msun")?;
/// let inside = samples[0].values[at][0];
/// // Half of the stars are inside the half-mass radius.
/// assert!((f64::from(inside) - (0.5 * stellar_mass_msun).log10()).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn observe_samples(galaxy: SurveyGalaxy, config: &SurveyConfig) -> Result<Vec<Sample>, GalaxyError> {
    let SurveyGalaxy { galaxy, ids, frame, redshift } = galaxy;
    let framed = FramedGalaxy::new(galaxy, &frame)?;
    config.cuts.ask(framed.galaxy())?;
    let Frame { centre_kpc, half_mass_radius_kpc, .. } = *framed.frame();
    let octant = ids.octant.or_else(|| Some(octant(centre_kpc, framed.galaxy().box_size_kpc?)));

    let mut flags = Flags::default();
    let mapper = Mapper::new(&framed, redshift, config, &mut flags)?;
    let targets = Targets::of(&framed, &config.profile_radii_rhsm)?;
    let features = GalaxyFeatures::of(&framed, config)?;
    let stars = framed.galaxy().stars.particles();
    let seed = seed::derive(config.seed, ids.galaxy_id);
    let views = config.lines_of_sight.views(stars, half_mass_radius_kpc, seed)?;
    let sample = |(line_of_sight, view): (u32, &View)| {
        let mut flags = flags;
        let (galaxy_index, view_index) = (ids.galaxy_id, u64::from(line_of_sight));
        let look = mapper.look(view, Sightline { half_mass_radius_kpc, galaxy_index, view_index })?;
        let features = features.measure(view, &look, &mut flags)?;
        let targets = targets.values(view, look.light_r.as_deref());
        let key = SampleKey {
            galaxy_id: ids.galaxy_id,
            halo_id: ids.halo_id,
            line_of_sight,
            suite: ids.suite,
            octant: octant.unwrap_or(SampleKey::NO_OCTANT),
            flags: flags.bits(),
        };
        let place = [vector(view.line_of_sight()), vector(view.up()), vec![half_mass_radius_kpc as f32]];
        let values = look.channels.into_iter().chain(place).chain(targets).chain(features).collect();
        Ok(Sample { key, values })
    };
    (0..).zip(&views).map(sample).collect()
}

/// Describes the arrays of the samples that [`observe_samples`] makes, in their order.
///
/// Maps are `[n, n]`, vectors and profiles `[n]`, single numbers `[]`.
///
/// # Errors
/// [`ShardError`] for meshes without pixels and channels named twice, which [`SurveyConfig::check`] finds too.
pub fn sample_layout(config: &SurveyConfig) -> Result<SampleLayout, ShardError> {
    let maps = config.channels.iter().map(|channel| {
        let observation = &config.observation;
        let n_px = if channel.is_image() { observation.image_px } else { observation.map_px };
        ArrayLayout {
            name: channel.name().into(),
            shape: vec![n_px, n_px],
            unit: channel.unit().into(),
            description: channel.description().into(),
        }
    });
    let vector = |name: &str, description: &str| Quantity {
        name: name.into(),
        shape: vec![3],
        unit: "1".into(),
        description: description.into(),
    };
    let place = [
        vector("line_of_sight", "direction in which the observer looks, in the axes of the box"),
        vector("up", "direction of the upper edge of the maps, in the axes of the box"),
        Quantity::scalar("half_mass_radius_kpc", "kpc", "stellar half-mass radius, the unit of all fields"),
    ];
    let numbers = place
        .into_iter()
        .chain(target::quantities(&config.profile_radii_rhsm))
        .chain(feature::quantities(config))
        .map(|Quantity { name, shape, unit, description }| ArrayLayout { name, shape, unit, description });
    SampleLayout::new(maps.chain(numbers).collect())
}

fn vector(vector: [f64; 3]) -> Vec<f32> {
    vector.iter().map(|&component| component as f32).collect()
}

#[cfg(test)]
mod tests;
