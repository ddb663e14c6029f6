//! Ages, metallicities and light of star particles.
//!
//! **A simple fit for mocks, not a population synthesis.** It gives galaxies of the right colours and
//! mass-to-light ratios, with the right trends; a single young star particle may be wrong by half a
//! magnitude.

use galmass_core::units::SUN_MAGNITUDE_R;
use rand_chacha::ChaCha8Rng;

use crate::MockGalaxyConfig;
use crate::disc::ExponentialDisc;
use crate::phase_point::PhasePoint;
use crate::random::normal;

/// The metal mass fraction of the Sun in the models of Bruzual & Charlot (2003).
pub(crate) const SOLAR_METALLICITY: f64 = 0.02;

/// The ages \[Gyr\] between which the fit is used: the first supernovae, and the age of the universe.
const AGE_RANGE_GYR: [f64; 2] = [0.01, 13.8];

/// The half-mass radius of a bulge in space over that in projection, of a Hernquist sphere.
const BULGE_HALF_MASS_RADIUS: f64 = 1.33;

/// Where the gradient of a bulge begins and ends, in decades about its half-mass radius: none was measured beyond.
const BULGE_GRADIENT_RANGE: [f64; 2] = [-1.5, 0.7];

/// The mean radius of an exponential disc, 2 Rd, in half-mass radii.
const MEAN_DISC_RADIUS: f64 = 2.0 / ExponentialDisc::HALF_MASS_RADIUS;

/// The columns that only stars have, particle by particle.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StarColumns {
    pub(crate) ages_gyr: Vec<f64>,
    pub(crate) metallicities: Vec<f64>,
    pub(crate) initial_masses_msun: Vec<f64>,
    pub(crate) magnitudes_g: Vec<f64>,
    pub(crate) magnitudes_r: Vec<f64>,
}

impl StarColumns {
    /// Draws the stars of a galaxy at their places, the bulge first.
    pub(crate) fn sample(
        config: &MockGalaxyConfig,
        points: &[PhasePoint],
        generator: &mut ChaCha8Rng,
    ) -> Self {
        let mass = config.stellar_mass_msun / points.len() as f64;
        let excess = config.bulge_age_excess_gyr;
        let bulge_age = config.mean_age_gyr + (1.0 - config.bulge_fraction) * excess;
        let disc_age = config.mean_age_gyr - config.bulge_fraction * excess;
        let disc_radius = ExponentialDisc::HALF_MASS_RADIUS * config.disc_scale_length_kpc;
        let bulge_radius = BULGE_HALF_MASS_RADIUS * config.bulge_effective_radius_kpc;
        let n_bulge = config.n_bulge_stars();
        let mut columns = Self::with_capacity(points.len());
        for (index, point) in points.iter().enumerate() {
            let (mean_age, dex) = if index < n_bulge {
                let [low, high] = BULGE_GRADIENT_RANGE;
                let decades = (point.radius_kpc() / bulge_radius).log10().clamp(low, high);
                (bulge_age, config.bulge_metallicity_gradient_dex * decades)
            } else {
                let x = point.cylindrical_radius_kpc() / disc_radius;
                let older = config.disc_age_gradient_gyr * (x - MEAN_DISC_RADIUS);
                (disc_age + older, config.disc_metallicity_gradient_dex * (x - 1.0))
            };
            let age = reflect(mean_age + config.age_spread_gyr * normal(generator), AGE_RANGE_GYR);
            let dex = dex + config.metallicity_spread_dex * normal(generator);
            let metallicity = config.median_metallicity * 10f64.powf(dex);
            columns.push(mass, age, metallicity, config.imf_factor);
        }
        columns
    }

    fn with_capacity(n: usize) -> Self {
        let column = || Vec::with_capacity(n);
        Self {
            ages_gyr: column(),
            metallicities: column(),
            initial_masses_msun: column(),
            magnitudes_g: column(),
            magnitudes_r: column(),
        }
    }

    fn push(&mut self, mass_msun: f64, age_gyr: f64, metallicity: f64, imf_factor: f64) {
        let colour = colour_g_r(age_gyr, metallicity);
        let log_luminosity_r = (mass_msun / imf_factor).log10() - log_mass_to_light_r(colour);
        let magnitude_r = SUN_MAGNITUDE_R - 2.5 * log_luminosity_r;
        self.ages_gyr.push(age_gyr);
        self.metallicities.push(metallicity.min(1.0));
        self.initial_masses_msun.push(mass_msun / (1.0 - mass_loss(age_gyr)));
        self.magnitudes_g.push(magnitude_r + colour);
        self.magnitudes_r.push(magnitude_r);
    }
}

/// Folds a value back from the ends of a range: no heap of stars gathers there, as clamping would make.
fn reflect(value: f64, [low, high]: [f64; 2]) -> f64 {
    let folded = low + (value - low).abs();
    if folded > high { (2.0 * high - folded).clamp(low, high) } else { folded }
}

/// The g - r colour \[AB mag\] of a population of one age and metallicity:
/// `0.76 + 0.28 log10(t / 10 Gyr) + 0.20 log10(Z / 0.02)`.
///
/// A straight line drawn through the colours of Bruzual & Charlot (2003) with the initial mass function of
/// Chabrier (2003): about 0.5 at 1 Gyr and 0.75 at 10 Gyr for solar metallicity, 0.13 bluer at a fifth of it.
fn colour_g_r(age_gyr: f64, metallicity: f64) -> f64 {
    0.76 + 0.28 * (age_gyr / 10.0).log10() + 0.20 * (metallicity / SOLAR_METALLICITY).log10()
}

/// The logarithm of the stellar mass over the r-band light \[Msun/Lsun\]: `log10(M/L_r) = 1.629 (g - r) - 0.792`
/// (Roediger & Courteau 2015, table 2: models of Bruzual & Charlot, initial mass function of Chabrier).
///
/// The relation was made for whole galaxies; here it is applied to each particle.
fn log_mass_to_light_r(colour_g_r: f64) -> f64 {
    1.629 * colour_g_r - 0.792
}

/// The part of its initial mass that a population has returned: `0.05 ln(1 + t / 1.4 Myr)`
/// (Behroozi, Wechsler & Conroy 2013, eq. 14, for the initial mass function of Chabrier).
fn mass_loss(age_gyr: f64) -> f64 {
    0.05 * (1.0 + age_gyr / 1.4e-3).ln()
}

#[cfg(test)]
mod tests {
    use galmass_core::seed;
    use galmass_core::units::luminosity_lsun;

    use super::*;

    #[test]
    fn old_stars_are_red_and_dim() {
        let [young, old] = [1.0, 10.0].map(|age| colour_g_r(age, SOLAR_METALLICITY));
        assert!((old - 0.76).abs() < 1e-12 && (young - 0.48).abs() < 1e-12);
        assert!((10f64.powf(log_mass_to_light_r(old)) - 2.79).abs() < 0.01);
        assert!(log_mass_to_light_r(young) < 0.0);
        assert!(colour_g_r(10.0, 0.004) < old);
    }

    #[test]
    fn a_tenth_of_the_age_returns_less_of_the_mass() {
        assert_eq!(mass_loss(0.0), 0.0);
        assert!((mass_loss(10.0) - 0.444).abs() < 1e-3);
        assert!(mass_loss(1.0) < mass_loss(10.0));
    }

    #[test]
    fn magnitudes_are_of_the_whole_particle() {
        let mut columns = StarColumns::default();
        columns.push(1.0e6, 10.0, SOLAR_METALLICITY, 1.0);
        columns.push(1.0e6, 10.0, SOLAR_METALLICITY, 1.7);
        let [light, salpeter] = [0, 1].map(|k| luminosity_lsun(columns.magnitudes_r[k], SUN_MAGNITUDE_R));
        assert!((1.0e6 / light - 10f64.powf(log_mass_to_light_r(0.76))).abs() < 1e-9);
        assert!((light / salpeter - 1.7).abs() < 1e-9);
        assert!((columns.magnitudes_g[0] - columns.magnitudes_r[0] - 0.76).abs() < 1e-12);
    }

    #[test]
    fn values_fold_back_from_the_ends() {
        let range = [1.0, 5.0];
        for (value, expected) in [(3.0, 3.0), (0.5, 1.5), (6.0, 4.0), (100.0, 1.0)] {
            assert_eq!(reflect(value, range), expected);
        }
    }

    /// Stars of a bulge of Hernquist's half-mass radius, and of an exponential disc.
    fn points(config: &MockGalaxyConfig) -> Vec<PhasePoint> {
        let disc = ExponentialDisc::new(1.0, config.disc_scale_length_kpc, 0.1);
        let n = config.n_star_particles();
        (0..n)
            .map(|k| {
                let r = if k < config.n_bulge_stars() {
                    config.bulge_effective_radius_kpc * (1.0 + (k % 7) as f64 / 3.0)
                } else {
                    disc.radius_of_fraction((k as f64 * 0.618_033_988_75) % 1.0)
                };
                PhasePoint { position: [r, 0.0, 0.0], velocity: [0.0; 3] }
            })
            .collect()
    }

    #[test]
    fn the_mean_age_is_kept_and_the_bulge_is_older() {
        let config = MockGalaxyConfig { n_stars: 20_000, ..MockGalaxyConfig::default() };
        let ages = StarColumns::sample(&config, &points(&config), &mut seed::generator(5)).ages_gyr;
        let mean = |ages: &[f64]| ages.iter().sum::<f64>() / ages.len() as f64;
        // Four standard errors of 20,000 deviates of 2 Gyr, plus what folding at the ends moves.
        assert!((mean(&ages) - config.mean_age_gyr).abs() < 0.07);
        let (bulge, disc) = ages.split_at(config.n_bulge_stars());
        assert!((mean(bulge) - mean(disc) - config.bulge_age_excess_gyr).abs() < 0.15);
    }

    #[test]
    fn discs_are_younger_and_poorer_outside() {
        let config = MockGalaxyConfig { bulge_fraction: 0.0, n_stars: 20_000, ..MockGalaxyConfig::default() };
        let points = points(&config);
        let columns = StarColumns::sample(&config, &points, &mut seed::generator(6));
        // The slope of a straight line over the radius in half-mass radii.
        let slope = |values: &dyn Fn(usize) -> f64| {
            let unit = ExponentialDisc::HALF_MASS_RADIUS * config.disc_scale_length_kpc;
            let x: Vec<f64> = points.iter().map(|point| point.cylindrical_radius_kpc() / unit).collect();
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            let variance: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
            (0..x.len()).map(|k| (x[k] - mean) * values(k)).sum::<f64>() / variance
        };
        // Standard errors: 2 Gyr and 0.2 dex over the root of 20,000 and the spread of 0.84.
        assert!((slope(&|k| columns.ages_gyr[k]) + 0.6).abs() < 0.07);
        assert!((slope(&|k| columns.metallicities[k].log10()) + 0.1).abs() < 0.007);
    }

    #[test]
    fn bulges_are_poorer_outside() {
        let config = MockGalaxyConfig {
            bulge_fraction: 1.0,
            metallicity_spread_dex: 0.0,
            n_stars: 2,
            ..MockGalaxyConfig::default()
        };
        let points = [1.0, 10.0].map(|r| PhasePoint { position: [0.3 * r, 0.0, 0.0], velocity: [0.0; 3] });
        let columns = StarColumns::sample(&config, &points, &mut seed::generator(7));
        let dex = (columns.metallicities[1] / columns.metallicities[0]).log10();
        assert!((dex + 0.28).abs() < 1e-9, "{dex}");
    }
}
