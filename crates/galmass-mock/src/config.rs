//! The settings of one mock galaxy.

use serde::{Deserialize, Serialize};

use crate::MockError;
use crate::error::{check_count, check_range};

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

/// One galaxy: a bulge, a disc and a halo, their stars and their light.
///
/// The default is a galaxy like the Milky Way. Fields left out of a file take their defaults.
///
/// # Examples
/// ```
/// use galmass_mock::{MockError, MockGalaxy, MockGalaxyConfig};
///
/// let config = MockGalaxyConfig { n_stars: 100, n_dark_matter: 50, ..MockGalaxyConfig::default() };
/// assert_eq!(MockGalaxy::sample(&config, 1)?.n_particles(), 150);
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
    /// The scale length Rd of the exponential disc \[kpc\], 0.01 to 1000; default 3.
    pub disc_scale_length_kpc: f64,
    /// The height z0 of the `sech^2(z / z0)` profile over the scale length, 0.001 to 1; default 0.25.
    pub disc_height_ratio: f64,
    /// Toomre's Q of the disc at two scale lengths, 0 (cold) to 10; default 1.5.
    pub disc_toomre_q: f64,
    /// The scale radius a of the Hernquist bulge \[kpc\], 0.01 to 1000; default 0.6. Its projected half-mass
    /// radius is 1.815 a, its half-mass radius in space 2.26 a.
    pub bulge_scale_kpc: f64,
    /// The mass of the halo \[Msun\], 1e3 to 1e16; default 1.2e12. It sets the virial radius, inside which
    /// the mean density is 200 times the critical density.
    pub halo_mass_msun: f64,
    /// The concentration of the NFW halo that the Hernquist halo stands for, 1 to 100; default 9.
    pub halo_concentration: f64,
    /// The number of star particles, 1 or more; default 6000.
    pub n_stars: usize,
    /// The number of dark matter particles, 0 or more; default 4000. The halo's gravity does not depend on
    /// it.
    pub n_dark_matter: usize,
    /// The mean age of the stars \[Gyr\], 0.01 to 13.8; default 6.
    pub mean_age_gyr: f64,
    /// The standard deviation of the ages about the mean of bulge or disc \[Gyr\], 0 to 10; default 2.
    pub age_spread_gyr: f64,
    /// How much older the bulge is than the disc \[Gyr\], -10 to 10; default 2. The mean over both stays.
    pub bulge_age_excess_gyr: f64,
    /// The median metal mass fraction of the stars, 1e-5 to 0.1; default 0.02, the Sun's in the models of
    /// Bruzual & Charlot (2003).
    pub median_metallicity: f64,
    /// The standard deviation of the logarithm of the metallicity \[dex\], 0 to 1; default 0.2.
    pub metallicity_spread_dex: f64,
    /// How the spin axis lies; default random.
    pub orientation: Orientation,
}

impl Default for MockGalaxyConfig {
    fn default() -> Self {
        Self {
            stellar_mass_msun: 5.0e10,
            bulge_fraction: 0.25,
            disc_scale_length_kpc: 3.0,
            disc_height_ratio: 0.25,
            disc_toomre_q: 1.5,
            bulge_scale_kpc: 0.6,
            halo_mass_msun: 1.2e12,
            halo_concentration: 9.0,
            n_stars: 6000,
            n_dark_matter: 4000,
            mean_age_gyr: 6.0,
            age_spread_gyr: 2.0,
            bulge_age_excess_gyr: 2.0,
            median_metallicity: 0.02,
            metallicity_spread_dex: 0.2,
            orientation: Orientation::Random,
        }
    }
}

impl MockGalaxyConfig {
    /// Checks every field against its documented range, in the order of the fields.
    pub(crate) fn validate(&self) -> Result<(), MockError> {
        for (field, value, range) in [
            ("stellar_mass_msun", self.stellar_mass_msun, [1e3, 1e14]),
            ("bulge_fraction", self.bulge_fraction, [0.0, 1.0]),
            ("disc_scale_length_kpc", self.disc_scale_length_kpc, [0.01, 1e3]),
            ("disc_height_ratio", self.disc_height_ratio, [1e-3, 1.0]),
            ("disc_toomre_q", self.disc_toomre_q, [0.0, 10.0]),
            ("bulge_scale_kpc", self.bulge_scale_kpc, [0.01, 1e3]),
            ("halo_mass_msun", self.halo_mass_msun, [1e3, 1e16]),
            ("halo_concentration", self.halo_concentration, [1.0, 100.0]),
            ("mean_age_gyr", self.mean_age_gyr, [0.01, 13.8]),
            ("age_spread_gyr", self.age_spread_gyr, [0.0, 10.0]),
            ("bulge_age_excess_gyr", self.bulge_age_excess_gyr, [-10.0, 10.0]),
            ("median_metallicity", self.median_metallicity, [1e-5, 0.1]),
            ("metallicity_spread_dex", self.metallicity_spread_dex, [0.0, 1.0]),
        ] {
            check_range(field, value, range)?;
        }
        check_count("n_stars", self.n_stars, 1)
    }

    /// The number of star particles in the bulge: its part of the mass, to the nearest whole particle.
    pub(crate) fn n_bulge_stars(&self) -> usize {
        (self.bulge_fraction * self.n_stars as f64).round() as usize
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
        let cases: [(&str, Spoil, f64); 9] = [
            ("stellar_mass_msun", |config, x| config.stellar_mass_msun = x, -1e10),
            ("stellar_mass_msun", |config, x| config.stellar_mass_msun = x, f64::NAN),
            ("stellar_mass_msun", |config, x| config.stellar_mass_msun = x, f64::INFINITY),
            ("bulge_fraction", |config, x| config.bulge_fraction = x, -0.01),
            ("bulge_fraction", |config, x| config.bulge_fraction = x, 1.01),
            ("disc_scale_length_kpc", |config, x| config.disc_scale_length_kpc = x, 0.0),
            ("bulge_scale_kpc", |config, x| config.bulge_scale_kpc = x, f64::NAN),
            ("halo_mass_msun", |config, x| config.halo_mass_msun = x, 0.0),
            ("mean_age_gyr", |config, x| config.mean_age_gyr = x, 20.0),
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
    fn a_galaxy_needs_a_star() {
        let starless = MockGalaxyConfig { n_stars: 0, ..MockGalaxyConfig::default() };
        assert_eq!(starless.validate(), Err(MockError::TooFew { field: "n_stars", value: 0, lowest: 1 }));
    }

    #[test]
    fn files_may_leave_fields_out_but_not_invent_any() {
        let config: MockGalaxyConfig = serde_json::from_str(r#"{"orientation": "face_on"}"#).unwrap();
        assert_eq!(config.orientation, Orientation::FaceOn);
        assert_eq!(config.n_stars, 6000);
        assert!(serde_json::from_str::<MockGalaxyConfig>(r#"{"bulge_mass": 1.0}"#).is_err());
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<MockGalaxyConfig>(&text).unwrap(), config);
    }
}
