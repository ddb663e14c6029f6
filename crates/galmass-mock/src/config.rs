//! The settings of one mock galaxy.

use serde::{Deserialize, Serialize};

use crate::error::{check_count, check_range};
use crate::{HaloResponse, MockError};

/// How the spin axis of a galaxy lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Turned at random, uniformly in SO(3), by the seed.
    #[default]
    Random,
    /// The disc lies in the x-y plane and turns counter-clockwise as seen from +z.
    FaceOn,
}

/// The density profile of the halo, before the baryons have had their way with it. Both are multiplied by
/// `sech(r / r_200)`, which makes their masses finite (McMillan & Dehnen 2007).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HaloProfile {
    /// That of Navarro, Frenk & White (1997).
    #[default]
    Nfw,
    /// That of Einasto (1965), as Navarro et al. (2004) found it in simulations.
    Einasto {
        /// How fast the slope changes, 0.1 to 1; haloes of galaxies have some 0.17 (Gao et al. 2008).
        alpha: f64,
    },
}

/// The density profile of the bulge. Both are multiplied by `sech(r / 50 R_e)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BulgeProfile {
    /// That of Hernquist (1990), which looks much like a Sersic profile of index 4.
    #[default]
    Hernquist,
    /// The deprojected Sersic profile of Prugniel & Simien (1997).
    Sersic {
        /// The Sersic index n, 0.8 to 8.
        index: f64,
    },
}

/// The masses that particles should have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParticleMasses {
    /// Of stars and gas \[Msun\], above 0.
    pub baryons_msun: f64,
    /// Of dark matter \[Msun\], above 0.
    pub dark_matter_msun: f64,
}

impl ParticleMasses {
    /// Those of TNG100-1: 1.4e6 and 7.5e6 Msun.
    pub const TNG100: Self = Self { baryons_msun: 1.4e6, dark_matter_msun: 7.5e6 };
}

/// One galaxy: a bulge, a stellar and a gas disc, a halo and a black hole, and the light of the stars.
///
/// The default is a galaxy like the Milky Way. Fields left out of a file take their defaults.
///
/// # Examples
/// ```
/// use galmass_mock::{MockError, MockGalaxy, MockGalaxyConfig};
///
/// let config =
///     MockGalaxyConfig { n_stars: 100, n_dark_matter: 50, n_gas: 20, ..MockGalaxyConfig::default() };
/// // And a black hole.
/// assert_eq!(MockGalaxy::sample(&config, 1)?.n_particles(), 171);
///
/// let broken = MockGalaxyConfig { bulge_fraction: 1.5, ..config };
/// let error = MockGalaxy::sample(&broken, 1).unwrap_err();
/// assert_eq!(error.to_string(), "`bulge_fraction` is 1.5, not between 0 and 1");
/// # Ok::<(), MockError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MockGalaxyConfig {
    /// The mass of all stars \[Msun\], 1e3 to 1e14; default 5e10. Every star particle has an equal share.
    pub stellar_mass_msun: f64,
    /// The part of the stellar mass in the bulge, 0 (a pure disc) to 1 (a pure spheroid); default 0.25.
    pub bulge_fraction: f64,
    /// The density profile of the bulge; default Hernquist.
    pub bulge_profile: BulgeProfile,
    /// The projected half-mass radius of the bulge \[kpc\], 0.001 to 2000; default 1.1. The cut makes the true
    /// one up to 4 per cent smaller; that in space is some 1.3 times as large.
    pub bulge_effective_radius_kpc: f64,
    /// The scale length Rd of the exponential stellar disc \[kpc\], 0.01 to 1000; default 3.
    pub disc_scale_length_kpc: f64,
    /// The height z0 of the `sech^2(z / z0)` profile over the scale length, 0.001 to 1; default 0.25.
    pub disc_height_ratio: f64,
    /// Toomre's Q of the disc at two scale lengths, 0 (cold) to 10; default 1.5.
    pub disc_toomre_q: f64,
    /// The mass of the gas disc \[Msun\], 0 to 1e14; default 7e9.
    pub gas_mass_msun: f64,
    /// The scale length of the exponential gas disc \[kpc\], 0.01 to 1000; default 6.
    pub gas_scale_length_kpc: f64,
    /// The temperature of the gas \[K\], 10 to 1e6; default 8000, that of the warm neutral medium.
    pub gas_temperature_k: f64,
    /// The turbulent velocity dispersion of the gas \[km/s\], 0 to 200; default 8, with which the default has a line
    /// width of 11 km/s, as nearby discs have (Leroy et al. 2008; Tamburro et al. 2009).
    pub gas_turbulence_km_s: f64,
    /// The dark mass of the halo inside the virial radius \[Msun\], 1e3 to 1e16; default 1.2e12. It sets that radius,
    /// inside which the mean density is 200 times the critical density. The smooth end of the profile adds some 20 to
    /// 30 per cent outside.
    pub halo_mass_msun: f64,
    /// The density profile of the halo; default that of Navarro, Frenk & White.
    pub halo_profile: HaloProfile,
    /// The virial radius over the scale radius of the halo, that of slope -2 but for the end, 1 to 100; default 9.
    pub halo_concentration: f64,
    /// What the baryons have done to the halo; default nothing.
    pub halo_response: HaloResponse,
    /// The mass of the black hole at the centre \[Msun\], 0 (none) to 1e12; default 4e6.
    pub black_hole_mass_msun: f64,
    /// The number of star particles, 1 to 1e9; default 6000.
    pub n_stars: usize,
    /// The number of dark matter particles, 0 to 1e9; default 4000. The halo's gravity does not depend on it.
    pub n_dark_matter: usize,
    /// The number of gas particles, 0 to 1e9; default 1000. The gravity of the gas does not depend on it. A galaxy
    /// without gas mass has none.
    pub n_gas: usize,
    /// The masses that particles should have; where given, the numbers follow from it to the nearest whole particle and
    /// the three fields above are not heeded. Default none.
    pub particle_masses: Option<ParticleMasses>,
    /// The mean age of the stars \[Gyr\], 0.01 to 13.8; default 6.
    pub mean_age_gyr: f64,
    /// The standard deviation of the ages about the mean of their place \[Gyr\], 0 to 10; default 2.
    pub age_spread_gyr: f64,
    /// How much older the bulge is than the disc \[Gyr\], -10 to 10; default 2. The mean over both stays.
    pub bulge_age_excess_gyr: f64,
    /// The change of the mean age of disc stars over one half-mass radius of the disc \[Gyr\], -10 to 10; default -0.6.
    pub disc_age_gradient_gyr: f64,
    /// The median metal mass fraction of the stars, 1e-5 to 0.1; default 0.02, the Sun's in the models of
    /// Bruzual & Charlot (2003). It is that at the half-mass radius of bulge or disc.
    pub median_metallicity: f64,
    /// The standard deviation of the logarithm of the metallicity about that of its place \[dex\], 0 to 1; default
    /// 0.2.
    pub metallicity_spread_dex: f64,
    /// The change of the logarithm of metallicity over one half-mass radius of the disc \[dex\], -1 to 1; default
    /// -0.1. The gas follows it, too.
    pub disc_metallicity_gradient_dex: f64,
    /// The change of the logarithm of metallicity over a factor of ten in radius in the bulge \[dex\], -1 to 1;
    /// default -0.28.
    pub bulge_metallicity_gradient_dex: f64,
    /// The mass of the stars over that which stars of the same light have with the initial mass function of Chabrier
    /// (2003), 0.3 to 5; default 1. That of Salpeter (1955) has 1.7.
    pub imf_factor: f64,
    /// How the spin axis lies; default random.
    pub orientation: Orientation,
}

impl Default for MockGalaxyConfig {
    fn default() -> Self {
        Self {
            stellar_mass_msun: 5.0e10,
            bulge_fraction: 0.25,
            bulge_profile: BulgeProfile::Hernquist,
            bulge_effective_radius_kpc: 1.1,
            disc_scale_length_kpc: 3.0,
            disc_height_ratio: 0.25,
            disc_toomre_q: 1.5,
            gas_mass_msun: 7.0e9,
            gas_scale_length_kpc: 6.0,
            gas_temperature_k: 8.0e3,
            gas_turbulence_km_s: 8.0,
            halo_mass_msun: 1.2e12,
            halo_profile: HaloProfile::Nfw,
            halo_concentration: 9.0,
            halo_response: HaloResponse::None,
            black_hole_mass_msun: 4.0e6,
            n_stars: 6000,
            n_dark_matter: 4000,
            n_gas: 1000,
            particle_masses: None,
            mean_age_gyr: 6.0,
            age_spread_gyr: 2.0,
            bulge_age_excess_gyr: 2.0,
            disc_age_gradient_gyr: -0.6,
            median_metallicity: 0.02,
            metallicity_spread_dex: 0.2,
            disc_metallicity_gradient_dex: -0.1,
            bulge_metallicity_gradient_dex: -0.28,
            imf_factor: 1.0,
            orientation: Orientation::Random,
        }
    }
}

/// The most particles that a component may have.
const MOST_PARTICLES: usize = 1_000_000_000;

impl MockGalaxyConfig {
    /// Checks every field against its documented range, in the order of the fields.
    pub(crate) fn validate(&self) -> Result<(), MockError> {
        let sersic_index = match self.bulge_profile {
            BulgeProfile::Hernquist => 4.0,
            BulgeProfile::Sersic { index } => index,
        };
        let einasto_alpha = match self.halo_profile {
            HaloProfile::Nfw => 0.17,
            HaloProfile::Einasto { alpha } => alpha,
        };
        let [core_radius, core_strength] = match self.halo_response {
            HaloResponse::Core { radius_kpc, strength } => [radius_kpc, strength],
            HaloResponse::None | HaloResponse::Blumenthal | HaloResponse::Gnedin => [1.0, 0.0],
        };
        for (field, value, range) in [
            ("stellar_mass_msun", self.stellar_mass_msun, [1e3, 1e14]),
            ("bulge_fraction", self.bulge_fraction, [0.0, 1.0]),
            ("bulge_profile.sersic.index", sersic_index, [0.8, 8.0]),
            ("bulge_effective_radius_kpc", self.bulge_effective_radius_kpc, [1e-3, 2e3]),
            ("disc_scale_length_kpc", self.disc_scale_length_kpc, [0.01, 1e3]),
            ("disc_height_ratio", self.disc_height_ratio, [1e-3, 1.0]),
            ("disc_toomre_q", self.disc_toomre_q, [0.0, 10.0]),
            ("gas_mass_msun", self.gas_mass_msun, [0.0, 1e14]),
            ("gas_scale_length_kpc", self.gas_scale_length_kpc, [0.01, 1e3]),
            ("gas_temperature_k", self.gas_temperature_k, [10.0, 1e6]),
            ("gas_turbulence_km_s", self.gas_turbulence_km_s, [0.0, 200.0]),
            ("halo_mass_msun", self.halo_mass_msun, [1e3, 1e16]),
            ("halo_profile.einasto.alpha", einasto_alpha, [0.1, 1.0]),
            ("halo_concentration", self.halo_concentration, [1.0, 100.0]),
            ("halo_response.core.radius_kpc", core_radius, [1e-3, 100.0]),
            ("halo_response.core.strength", core_strength, [0.0, 1.0]),
            ("black_hole_mass_msun", self.black_hole_mass_msun, [0.0, 1e12]),
            ("mean_age_gyr", self.mean_age_gyr, [0.01, 13.8]),
            ("age_spread_gyr", self.age_spread_gyr, [0.0, 10.0]),
            ("bulge_age_excess_gyr", self.bulge_age_excess_gyr, [-10.0, 10.0]),
            ("disc_age_gradient_gyr", self.disc_age_gradient_gyr, [-10.0, 10.0]),
            ("median_metallicity", self.median_metallicity, [1e-5, 0.1]),
            ("metallicity_spread_dex", self.metallicity_spread_dex, [0.0, 1.0]),
            ("disc_metallicity_gradient_dex", self.disc_metallicity_gradient_dex, [-1.0, 1.0]),
            ("bulge_metallicity_gradient_dex", self.bulge_metallicity_gradient_dex, [-1.0, 1.0]),
            ("imf_factor", self.imf_factor, [0.3, 5.0]),
        ] {
            check_range(field, value, range)?;
        }
        if let Some(masses) = self.particle_masses {
            check_range("particle_masses.baryons_msun", masses.baryons_msun, [f64::MIN_POSITIVE, 1e16])?;
            check_range(
                "particle_masses.dark_matter_msun",
                masses.dark_matter_msun,
                [f64::MIN_POSITIVE, 1e16],
            )?;
        }
        check_count("n_stars", self.n_star_particles(), 1, MOST_PARTICLES)?;
        check_count("n_gas", self.n_gas_particles(), 0, MOST_PARTICLES)?;
        // The end of the halo adds less than its mass again.
        let dark_matter = self.n_dark_matter_particles(2.0 * self.halo_mass_msun);
        check_count("n_dark_matter", dark_matter, 0, MOST_PARTICLES)
    }

    /// The number of star particles, at least one.
    pub(crate) fn n_star_particles(&self) -> usize {
        match self.particle_masses {
            Some(masses) => (self.stellar_mass_msun / masses.baryons_msun).round().max(1.0) as usize,
            None => self.n_stars,
        }
    }

    /// The number of gas particles.
    pub(crate) fn n_gas_particles(&self) -> usize {
        match self.particle_masses {
            _ if self.gas_mass_msun == 0.0 => 0,
            Some(masses) => (self.gas_mass_msun / masses.baryons_msun).round() as usize,
            None => self.n_gas,
        }
    }

    /// The number of particles of a halo of which the whole mass is known.
    pub(crate) fn n_dark_matter_particles(&self, halo_mass_msun: f64) -> usize {
        match self.particle_masses {
            Some(masses) => (halo_mass_msun / masses.dark_matter_msun).round() as usize,
            None => self.n_dark_matter,
        }
    }

    /// The number of star particles in the bulge: its part of the mass, to the nearest whole particle.
    pub(crate) fn n_bulge_stars(&self) -> usize {
        (self.bulge_fraction * self.n_star_particles() as f64).round() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Spoil = fn(&mut MockGalaxyConfig, f64);

    #[test]
    fn the_default_is_valid() {
        assert_eq!(MockGalaxyConfig::default().validate(), Ok(()));
    }

    #[test]
    fn bad_settings_are_named_with_their_value() {
        let cases: [(&str, Spoil, f64); 13] = [
            ("stellar_mass_msun", |config, x| config.stellar_mass_msun = x, -1e10),
            ("stellar_mass_msun", |config, x| config.stellar_mass_msun = x, f64::NAN),
            ("stellar_mass_msun", |config, x| config.stellar_mass_msun = x, f64::INFINITY),
            ("bulge_fraction", |config, x| config.bulge_fraction = x, -0.01),
            ("bulge_fraction", |config, x| config.bulge_fraction = x, 1.01),
            ("disc_scale_length_kpc", |config, x| config.disc_scale_length_kpc = x, 0.0),
            ("bulge_effective_radius_kpc", |config, x| config.bulge_effective_radius_kpc = x, f64::NAN),
            ("halo_mass_msun", |config, x| config.halo_mass_msun = x, 0.0),
            ("mean_age_gyr", |config, x| config.mean_age_gyr = x, 20.0),
            ("gas_mass_msun", |config, x| config.gas_mass_msun = x, -1.0),
            (
                "bulge_profile.sersic.index",
                |config, index| config.bulge_profile = BulgeProfile::Sersic { index },
                0.1,
            ),
            (
                "halo_profile.einasto.alpha",
                |config, alpha| config.halo_profile = HaloProfile::Einasto { alpha },
                f64::NAN,
            ),
            (
                "halo_response.core.radius_kpc",
                |config, radius_kpc| config.halo_response = HaloResponse::Core { radius_kpc, strength: 0.5 },
                0.0,
            ),
        ];
        for (expected, spoil, bad) in cases {
            let mut config = MockGalaxyConfig::default();
            spoil(&mut config, bad);
            match config.validate() {
                Err(MockError::OutOfRange { field, value, .. }) => {
                    assert_eq!(field, expected);
                    assert!(value == bad || (value.is_nan() && bad.is_nan()));
                }
                other => panic!("{expected} = {bad}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_galaxy_needs_a_star_and_not_too_many() {
        let starless = MockGalaxyConfig { n_stars: 0, ..MockGalaxyConfig::default() };
        let highest = MOST_PARTICLES;
        assert_eq!(
            starless.validate(),
            Err(MockError::CountOutOfRange { field: "n_stars", value: 0, lowest: 1, highest })
        );
        let countless = MockGalaxyConfig { n_gas: usize::MAX, ..MockGalaxyConfig::default() };
        assert_eq!(
            countless.validate(),
            Err(MockError::CountOutOfRange { field: "n_gas", value: usize::MAX, lowest: 0, highest })
        );
        let dust = Some(ParticleMasses { baryons_msun: 1e-300, dark_matter_msun: 1e-300 });
        let finest = MockGalaxyConfig { particle_masses: dust, ..MockGalaxyConfig::default() };
        assert!(matches!(finest.validate(), Err(MockError::CountOutOfRange { field: "n_stars", .. })));
    }

    #[test]
    fn numbers_follow_from_masses_of_particles() {
        let config =
            MockGalaxyConfig { particle_masses: Some(ParticleMasses::TNG100), ..MockGalaxyConfig::default() };
        assert_eq!([config.n_star_particles(), config.n_gas_particles()], [35_714, 5000]);
        assert_eq!(config.n_dark_matter_particles(1.5e12), 200_000);
        let dry = MockGalaxyConfig { gas_mass_msun: 0.0, ..MockGalaxyConfig::default() };
        assert_eq!(dry.n_gas_particles(), 0);
    }

    #[test]
    fn files_may_leave_fields_out_but_not_invent_any() {
        let config: MockGalaxyConfig = serde_json::from_str(r#"{"orientation": "face_on"}"#).unwrap();
        assert_eq!(config.orientation, Orientation::FaceOn);
        assert_eq!(config.n_stars, 6000);
        assert!(serde_json::from_str::<MockGalaxyConfig>(r#"{"bulge_mass": 1.0}"#).is_err());
        let config = MockGalaxyConfig {
            halo_response: HaloResponse::Core { radius_kpc: 2.0, strength: 0.5 },
            halo_profile: HaloProfile::Einasto { alpha: 0.18 },
            particle_masses: Some(ParticleMasses::TNG100),
            ..config
        };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<MockGalaxyConfig>(&text).unwrap(), config);
    }
}
