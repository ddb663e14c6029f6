//! Which dust, and its settings.

use galmass_core::Gas;
use serde::{Deserialize, Serialize};

use crate::ProjectError;
use crate::kernel::Kernel;
use crate::photometry::Band;

/// The dust between the stars and the observer. In files a table whose `model` is `none`, `resolved-grv87` or `slab`,
/// beside the settings of that model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
pub enum Dust {
    /// No dust.
    None,
    /// For each star the dust that comes with the neutral gas in front of it: the default.
    ResolvedGrv87(ResolvedDust),
    /// For all stars the same: a slab of dust with the mean column of the galaxy's cold gas.
    Slab(SlabDust),
}

impl Default for Dust {
    fn default() -> Self {
        Self::ResolvedGrv87(ResolvedDust::default())
    }
}

impl Dust {
    /// The model that a galaxy's gas allows: what [`DustScreen::new`](super::DustScreen::new) uses.
    ///
    /// * Without gas there is no dust, whatever was asked for.
    /// * Resolved dust needs neutral hydrogen masses and metallicities. Without the former it becomes the slab with the
    ///   same law; without metallicities there is no dust.
    /// * A slab that is asked for stays, and is an error later where the gas has no metallicities.
    pub fn in_effect(&self, gas: &Gas) -> Self {
        match self {
            _ if gas.is_empty() => Self::None,
            Self::ResolvedGrv87(_) if gas.metallicities().is_none() => Self::None,
            Self::ResolvedGrv87(resolved) if gas.neutral_hydrogen_masses_msun().is_none() => {
                Self::Slab(SlabDust { law: resolved.law, ..SlabDust::default() })
            }
            _ => *self,
        }
    }
}

/// Settings of the dust that is resolved star by star.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResolvedDust {
    /// From gas to attenuation.
    pub law: DustLaw,
    /// How the gas is smeared.
    pub gas: GasSmoothing,
}

/// How the mass of a gas cell is spread over the plane of the image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GasSmoothing {
    /// The shape of a cell. Default: [`Kernel::CubicSpline`].
    pub kernel: Kernel,
    /// The kernel of a cell of known density reaches zero at this many radii of the sphere of its volume; above 0,
    /// default 2.5.
    pub cell_radii: f64,
    /// The kernel of gas with neither a support radius nor a density reaches zero at this neighbour; at least 1,
    /// default 32.
    pub n_neighbours: usize,
    /// Narrower kernels are widened to this \[kpc\]: no simulation resolves less, and a column through a point would
    /// have no end. Above 0, default 0.1.
    pub min_support_kpc: f64,
}

impl Default for GasSmoothing {
    fn default() -> Self {
        Self { kernel: Kernel::CubicSpline, cell_radii: 2.5, n_neighbours: 32, min_support_kpc: 0.1 }
    }
}

impl GasSmoothing {
    pub(super) fn check(&self) -> Result<(), ProjectError> {
        check_positive("cell_radii", self.cell_radii)?;
        check_positive("min_support_kpc", self.min_support_kpc)
    }
}

/// Settings of the slab of a whole galaxy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlabDust {
    /// From gas to attenuation.
    pub law: DustLaw,
    /// The path through the slab grows as 1 / cos(inclination) until the cosine is down to this; above 0 and at most
    /// 1, default 0.2.
    pub min_cos_inclination: f64,
    /// Gas up to this temperature is cold \[K\], as is any that forms stars; 0 or more, default 10^4.5.
    pub max_temperature_k: f64,
}

impl Default for SlabDust {
    fn default() -> Self {
        Self { law: DustLaw::default(), min_cos_inclination: 0.2, max_temperature_k: 31_622.776_601_683_792 }
    }
}

impl SlabDust {
    pub(super) fn check(&self) -> Result<(), ProjectError> {
        check_range("min_cos_inclination", self.min_cos_inclination, f64::MIN_POSITIVE, 1.0)?;
        check_range("max_temperature_k", self.max_temperature_k, 0.0, f64::MAX)
    }
}

/// Where the dust is with respect to a star.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Geometry {
    /// Stars and dust are mixed evenly: a star keeps (1 - e^-tau) / tau of its light.
    #[default]
    Internal,
    /// All dust is in front: a star keeps e^-tau of its light.
    Foreground,
}

/// From a column of gas to what remains of the light.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DustLaw {
    /// Where the dust is. Default: [`Geometry::Internal`].
    pub geometry: Geometry,
    /// The metal mass fraction of gas with the dust of the solar neighbourhood; above 0, default 0.0127, that of
    /// IllustrisTNG. With 0.02 the same gas has half the optical depth.
    pub solar_metallicity: f64,
    /// Gas at redshift z has (1 + z) to this power times the dust of gas today; default -0.5.
    pub redshift_exponent: f64,
    /// The effective wavelength of g \[Angstrom\]; from 3031 to 9090, default 4686.
    pub wavelength_g_angstrom: f64,
    /// The effective wavelength of r \[Angstrom\]; from 3031 to 9090, default 6166.
    pub wavelength_r_angstrom: f64,
}

impl Default for DustLaw {
    fn default() -> Self {
        Self {
            geometry: Geometry::Internal,
            solar_metallicity: 0.0127,
            redshift_exponent: -0.5,
            wavelength_g_angstrom: 4686.0,
            wavelength_r_angstrom: 6166.0,
        }
    }
}

impl DustLaw {
    /// The effective wavelength of a band \[Angstrom\].
    pub fn wavelength_angstrom(&self, band: Band) -> f64 {
        match band {
            Band::G => self.wavelength_g_angstrom,
            Band::R => self.wavelength_r_angstrom,
        }
    }

    pub(super) fn check(&self) -> Result<(), ProjectError> {
        check_positive("solar_metallicity", self.solar_metallicity)?;
        check_range("redshift_exponent", self.redshift_exponent, f64::MIN, f64::MAX)
    }
}

fn check_positive(setting: &'static str, value: f64) -> Result<(), ProjectError> {
    check_range(setting, value, f64::MIN_POSITIVE, f64::MAX)
}

/// Asked this way round, so that NaN is refused too.
pub(super) fn check_range(setting: &'static str, value: f64, min: f64, max: f64) -> Result<(), ProjectError> {
    if value >= min && value <= max {
        Ok(())
    } else {
        Err(ProjectError::SettingOutOfRange { setting, value, min, max })
    }
}
