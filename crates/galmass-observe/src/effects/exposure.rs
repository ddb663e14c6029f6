//! What comes out of a telescope, and where it looked.

use galmass_core::Map;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::length::{Scales, half_light_radius_kpc};
use crate::effects::voronoi::VoronoiBins;
use crate::{Observation, ObserveError};

/// Which galaxy is seen along which line of sight: what the effects must know beside the maps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sightline {
    /// The three-dimensional stellar half-mass radius R \[kpc\]: the unit of [`Length::HalfMassRadii`](super::Length).
    pub half_mass_radius_kpc: f64,
    /// The number of the galaxy in its sample. The random effects of a galaxy depend on the seed, on this number and
    /// on `view_index`, and on nothing else.
    pub galaxy_index: u64,
    /// The number of the line of sight.
    pub view_index: u64,
}

/// Which of the products of an observation an effect acts on: a survey often takes its images with one instrument
/// and its spectra with another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppliedTo {
    /// The image and the kinematic maps.
    #[default]
    Both,
    /// The image alone.
    Image,
    /// The kinematic maps alone: velocity, dispersion, count and flux.
    Maps,
}

impl AppliedTo {
    pub(super) fn image(self) -> bool {
        self != Self::Maps
    }

    pub(super) fn maps(self) -> bool {
        self != Self::Image
    }
}

/// An observation through a telescope, and what is known of its errors, its field and its bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// The maps.
    pub observation: Observation,
    /// The standard deviation of the noise in each pixel of the image, in the unit of the image; after a noise
    /// effect on it. NaN outside the field, or where no light sets the scale of the noise.
    pub image_noise: Option<Map>,
    /// The same for the flux of the kinematic maps; of the whole bin, for each of its pixels an equal share, after
    /// binning.
    pub flux_noise: Option<Map>,
    /// The signal-to-noise ratio of each pixel of the kinematic maps, of its whole bin after binning: the flux before
    /// noise over `flux_noise`. An observer knows it nearly as well, from all channels of a spectrum together. NaN
    /// where there is no noise.
    pub signal_to_noise: Option<Map>,
    /// The standard deviation of the error of each velocity \[km/s\]; after kinematic errors.
    pub velocity_error: Option<Map>,
    /// The standard deviation of the error of each dispersion \[km/s\]; after kinematic errors.
    pub dispersion_error: Option<Map>,
    /// Which pixels of the image the field covers; after a field mask on it.
    pub image_field: Option<Array2<bool>>,
    /// Which pixels of the kinematic maps the field covers; after a field mask on them.
    pub map_field: Option<Array2<bool>>,
    /// The bin of each pixel of the kinematic maps; after Voronoi binning.
    pub bins: Option<VoronoiBins>,
}

impl From<Observation> for Exposure {
    /// An observation that nothing has happened to.
    fn from(observation: Observation) -> Self {
        Self {
            observation,
            image_noise: None,
            flux_noise: None,
            signal_to_noise: None,
            velocity_error: None,
            dispersion_error: None,
            image_field: None,
            map_field: None,
            bins: None,
        }
    }
}

impl Exposure {
    /// The flux of the kinematic maps before noise, and its noise; none before a noise effect.
    pub(super) fn noiseless_flux(&self) -> Option<(Array2<f64>, Array2<f64>)> {
        let noise = self.flux_noise.as_ref()?.values();
        Some((self.signal_to_noise.as_ref()?.values() * noise, noise.clone()))
    }
}

/// The same mesh and unit with other values.
pub(super) fn with_values(map: &Map, values: Array2<f64>) -> Result<Map, ObserveError> {
    Ok(Map::new(map.grid(), map.unit(), values)?)
}

impl Sightline {
    pub(super) fn scales(&self, image: &Map) -> Result<Scales, ObserveError> {
        let half_mass_radius_kpc = self.half_mass_radius_kpc;
        if !(half_mass_radius_kpc > 0.0 && half_mass_radius_kpc.is_finite()) {
            return Err(ObserveError::BadFrame {
                what: "half-mass radius",
                value: half_mass_radius_kpc,
                expected: "a positive length in kpc",
            });
        }
        Ok(Scales { half_mass_radius_kpc, half_light_radius_kpc: half_light_radius_kpc(image) })
    }
}

/// Refuses kinematic maps that do not lie on one mesh.
pub(super) fn check_meshes(observation: &Observation) -> Result<(), ObserveError> {
    let expected = observation.flux.grid();
    for (map, grid) in [
        ("velocity", observation.velocity.grid()),
        ("dispersion", observation.dispersion.grid()),
        ("count", observation.count.grid()),
    ] {
        if grid != expected {
            return Err(ObserveError::MeshMismatch {
                map,
                rows: grid.n_px(),
                columns: grid.n_px(),
                other: "flux",
                expected_rows: expected.n_px(),
                expected_columns: expected.n_px(),
            });
        }
    }
    Ok(())
}
