//! What a population is made of.

use serde::{Deserialize, Serialize};

use crate::config::ParticleMasses;
use crate::disc::fraction_inside;
use crate::error::check_range;
use crate::log_grid::LogGrid;
use crate::potential::bulge_profile;
use crate::sphere::Sphere;
use crate::{MockError, MockGalaxyConfig, Orientation, Suite};

/// Which galaxies belong to the sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleCuts {
    /// The least stellar mass inside a sphere of 30 kpc \[Msun\]; default 5e9.
    pub lowest_stellar_mass_msun: f64,
    /// The most mass of all components \[Msun\], the dark matter inside the virial radius; default 1e14.
    pub highest_total_mass_msun: f64,
}

impl Default for SampleCuts {
    fn default() -> Self {
        Self::chu2024()
    }
}

impl SampleCuts {
    /// The cuts of Chu et al. (2024), section 2.1.
    pub const fn chu2024() -> Self {
        Self { lowest_stellar_mass_msun: 5e9, highest_total_mass_msun: 1e14 }
    }

    pub(super) fn pass(&self, config: &MockGalaxyConfig) -> bool {
        let baryons = config.stellar_mass_msun + config.gas_mass_msun + config.black_hole_mass_msun;
        baryons + config.halo_mass_msun < self.highest_total_mass_msun
            && stellar_mass_inside_30_kpc(config) > self.lowest_stellar_mass_msun
    }
}

pub(super) fn stellar_mass_inside_30_kpc(config: &MockGalaxyConfig) -> f64 {
    let profile = bulge_profile(config);
    let [core, end] = profile.extent();
    let grid = LogGrid::new(core.min(1.0), end.max(60.0));
    let bulge = Sphere::of_profile(&grid, &profile, config.bulge_fraction, f64::INFINITY);
    let disc = (1.0 - config.bulge_fraction) * fraction_inside(30.0 / config.disc_scale_length_kpc);
    config.stellar_mass_msun * (bulge.enclosed_mass(&grid, 30.0) + disc)
}

/// How heavy the stars of a light are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImfRelation {
    /// As with the initial mass function of Chabrier (2003) in all galaxies: what most simulations assume.
    #[default]
    Chabrier,
    /// Rising with the dispersion of the galaxy, with scatter (Cappellari et al. 2013).
    Cappellari2013,
}

/// What a population is made of. The default is the small preset of the examples.
///
/// # Examples
/// ```
/// use galmass_mock::{PopulationConfig, Suite};
///
/// let config = PopulationConfig { n_galaxies: 12, suite: Suite::Cored, ..PopulationConfig::default() };
/// assert_eq!(config.log10_stellar_mass_range, [9.7, 11.5]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PopulationConfig {
    /// The number of galaxies; default 300. None is a valid, empty population.
    pub n_galaxies: usize,
    /// The seed of the whole population; default 0.
    pub seed: u64,
    /// The physics; default [`Suite::Contracted`].
    pub suite: Suite,
    /// The lowest and highest stellar mass \[log10 Msun\], both within 6 and 12.5; default 9.7 to 11.5.
    /// Masses are spread evenly over it, not as the universe has them: a training set wants each mass equally
    /// often.
    pub log10_stellar_mass_range: [f64; 2],
    /// Which galaxies belong to the sample; others are drawn again. Default those of Chu et al. (2024).
    pub cuts: Option<SampleCuts>,
    /// How heavy the stars of a light are; default as with the initial mass function of Chabrier.
    pub imf: ImfRelation,
    /// Star particles a galaxy, 1 or more; default 6000.
    pub n_stars: usize,
    /// Dark matter particles a galaxy, 0 or more; default 4000.
    pub n_dark_matter: usize,
    /// Gas particles a galaxy, 0 or more; default 1000.
    pub n_gas: usize,
    /// The masses that particles should have, in place of their numbers; default none.
    pub particle_masses: Option<ParticleMasses>,
    /// How the spin axes lie; default random.
    pub orientation: Orientation,
}

impl Default for PopulationConfig {
    fn default() -> Self {
        Self {
            n_galaxies: 300,
            seed: 0,
            suite: Suite::Contracted,
            log10_stellar_mass_range: [9.7, 11.5],
            cuts: Some(SampleCuts::chu2024()),
            imf: ImfRelation::Chabrier,
            n_stars: 6000,
            n_dark_matter: 4000,
            n_gas: 1000,
            particle_masses: None,
            orientation: Orientation::Random,
        }
    }
}

impl PopulationConfig {
    pub(super) fn validate(&self) -> Result<(), MockError> {
        let [lowest, highest] = self.log10_stellar_mass_range;
        check_range("log10_stellar_mass_range[0]", lowest, [6.0, 12.5])?;
        check_range("log10_stellar_mass_range[1]", highest, [lowest, 12.5])?;
        if let Some(cuts) = self.cuts {
            check_range("cuts.lowest_stellar_mass_msun", cuts.lowest_stellar_mass_msun, [0.0, 1e14])?;
            check_range("cuts.highest_total_mass_msun", cuts.highest_total_mass_msun, [0.0, 1e17])?;
        }
        self.particles_of(MockGalaxyConfig::default()).validate()
    }

    /// The same galaxy with the particles of the population.
    pub(super) fn particles_of(&self, config: MockGalaxyConfig) -> MockGalaxyConfig {
        MockGalaxyConfig {
            n_stars: self.n_stars,
            n_dark_matter: self.n_dark_matter,
            n_gas: self.n_gas,
            particle_masses: self.particle_masses,
            orientation: self.orientation,
            ..config
        }
    }
}
