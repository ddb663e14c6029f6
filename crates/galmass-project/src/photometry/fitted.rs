//! The stellar population that is there when the user brings none.

use super::{Band, StellarPopulation};

/// A low-order fit to published simple stellar populations: for mocks and first looks.
///
/// With x = log10(age / Gyr) and y = log10(Z / 0.0152), the magnitude is a polynomial of fourth degree in x and second
/// in y, clamped to 0.01 Gyr to 12.6 Gyr and to Z = 0.00016 to 0.03: younger, older, poorer and richer populations
/// count as the nearest one inside. Beneath it lie the PARSEC + COLIBRI populations of the CMD 3.7 service, a Kroupa
/// initial mass function, AB magnitudes in the g and r of LSST, which differ from those of SDSS by a few hundredths;
/// they end at Z = 0.0095, and go on to 0.03 by the differences between older Padova populations.
///
/// How good it is:
///
/// * It follows these populations to 0.08 mag rms in g, 0.10 in r and 0.06 in g - r. The worst are a few spikes of the
///   asymptotic giant branch, of up to 1 mag, that are left out on purpose.
/// * Populations between 4 and 10 Myr are brighter than this says, by 1 mag in the median and up to 2.5 mag.
/// * Models disagree: the older Padova populations are 0.3 mag fainter in V at 10 Gyr and Z = 0.01. Where a
///   mass-to-light ratio matters, bring a [`PopulationTable`](super::PopulationTable).
///
/// # Examples
/// ```
/// use galmass_project::photometry::{Band, FittedPopulation, StellarPopulation};
///
/// let colour = |age_gyr| {
///     let magnitude = |band| FittedPopulation.magnitude(band, age_gyr, 0.0152);
///     magnitude(Band::G) - magnitude(Band::R)
/// };
/// assert!(colour(0.1) < 0.1 && colour(10.0) > 0.6);
/// ```
///
/// # References
/// * Bressan et al. 2012, MNRAS 427, 127; Marigo et al. 2017, ApJ 835, 77: PARSEC and COLIBRI; CMD 3.7,
///   <http://stev.oapd.inaf.it/cmd>.
/// * Marigo et al. 2008, A&A 482, 883: the metal-rich populations; Jester et al. 2005, AJ 130, 873: from B and V to g
///   and r.
/// * `fits/stellar_population.py` of this crate makes the coefficients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FittedPopulation;

/// The metallicity at which y is 0.
const SOLAR_METALLICITY: f64 = 0.0152;

/// The range of the fit.
const AGES_GYR: [f64; 2] = [0.01, 12.6];
const METALLICITIES: [f64; 2] = [0.000_16, 0.03];

/// The coefficients: rows are powers of x, columns powers of y.
type Coefficients = [[f64; 3]; 5];

const G: Coefficients = [
    [4.8542, 0.5545, 0.1491],
    [2.2594, 0.2704, 0.0049],
    [0.3091, 0.0652, 0.0316],
    [-0.0461, 0.0017, 0.0],
    [-0.0535, 0.0, 0.0],
];

const R: Coefficients = [
    [4.5777, 0.5085, 0.1851],
    [1.7337, 0.1214, -0.0316],
    [0.1440, 0.0354, 0.0185],
    [0.1232, 0.0361, 0.0],
    [0.0300, 0.0, 0.0],
];

impl StellarPopulation for FittedPopulation {
    fn magnitude(&self, band: Band, age_gyr: f64, metallicity: f64) -> f64 {
        let x = age_gyr.clamp(AGES_GYR[0], AGES_GYR[1]).log10();
        let y = (metallicity.clamp(METALLICITIES[0], METALLICITIES[1]) / SOLAR_METALLICITY).log10();
        let coefficients = match band {
            Band::G => &G,
            Band::R => &R,
        };
        coefficients.iter().rev().fold(0.0, |sum, [one, y1, y2]| sum * x + one + y * (y1 + y * y2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Age \[Gyr\], metallicity, g and r of `lsst_ssp.txt` of pynbody 2.8.0, which is CMD 3.7 of 14 May 2024.
    const PUBLISHED: [[f64; 4]; 6] = [
        [10f64, 0.00947, 6.969, 6.39],
        [10f64, 0.00155, 6.69, 6.111],
        [1.0, 0.00947, 4.714, 4.438],
        [1.0, 0.00016, 4.311, 4.299],
        [0.031_62, 0.00947, 1.963, 1.977],
        [0.251_19, 0.00155, 3.39, 3.37],
    ];

    /// Of a single population: two to three times the scatter of the fit.
    const WITHIN_MAG: f64 = 0.19;

    #[test]
    fn it_follows_the_published_populations() {
        for [age, metallicity, g, r] in PUBLISHED {
            for (band, expected) in [(Band::G, g), (Band::R, r)] {
                let found = FittedPopulation.magnitude(band, age, metallicity);
                assert!((found - expected).abs() < WITHIN_MAG, "{band} at {age} Gyr, {metallicity}: {found}");
            }
        }
    }

    #[test]
    fn stars_fade_and_redden_with_age_and_with_metals_when_old() {
        let magnitude = |band, age, metallicity| FittedPopulation.magnitude(band, age, metallicity);
        let ages: Vec<f64> = (0..=30).map(|step| 0.01 * 10f64.powf(0.1 * f64::from(step))).collect();
        for metallicity in [0.0002, 0.002, 0.0152, 0.03] {
            for band in Band::ALL {
                let faded = |pair: &[f64]| {
                    magnitude(band, pair[1], metallicity) > magnitude(band, pair[0], metallicity)
                };
                assert!(ages.windows(2).all(faded), "{band} at Z = {metallicity}");
            }
        }
        let colour =
            |age, metallicity| magnitude(Band::G, age, metallicity) - magnitude(Band::R, age, metallicity);
        assert!(colour(10.0, 0.0152) > colour(1.0, 0.0152) && colour(1.0, 0.0152) > colour(0.1, 0.0152));
        assert!(colour(10.0, 0.03) > colour(10.0, 0.0152) && colour(10.0, 0.0152) > colour(10.0, 0.001));
    }

    #[test]
    fn outside_its_range_it_stays_at_the_edge() {
        for band in Band::ALL {
            let magnitude = |age, metallicity| FittedPopulation.magnitude(band, age, metallicity);
            assert_eq!(magnitude(0.0, 0.01), magnitude(0.01, 0.01));
            assert_eq!(magnitude(14.0, 0.01), magnitude(12.6, 0.01));
            assert_eq!(magnitude(1.0, 0.0), magnitude(1.0, 0.000_16));
            assert_eq!(magnitude(1.0, 0.5), magnitude(1.0, 0.03));
            assert!(magnitude(f64::NAN, 0.01).is_nan() && magnitude(1.0, f64::NAN).is_nan());
        }
    }
}
