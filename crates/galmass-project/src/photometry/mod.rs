//! How bright star particles are before any dust.

mod band;
mod fitted;
mod table;
mod table_error;
mod table_text;

use galmass_core::Stars;
use galmass_core::units::luminosity_lsun;
use rayon::prelude::*;

use crate::ProjectError;
pub use band::Band;
pub use fitted::FittedPopulation;
pub use table::PopulationTable;
pub use table_error::PopulationTableError;

/// A model of simple stellar populations: how bright stars are that formed together with one composition.
pub trait StellarPopulation: Sync {
    /// The absolute rest-frame AB magnitude, dust-free, of a population of `age_gyr` \[Gyr\] and metal mass fraction
    /// `metallicity` for which **one solar mass** of stars once formed.
    ///
    /// A model continues to all ages and metallicities of 0 or more, and says how; NaN gives NaN.
    fn magnitude(&self, band: Band, age_gyr: f64, metallicity: f64) -> f64;
}

/// Measures the dust-free luminosity of each star particle in a band, in units of the Sun's in that band.
///
/// A particle with a magnitude of its own has the luminosity that this magnitude says, whatever the model. Where the
/// source has no magnitudes, with M the magnitude of `population` for the age and the metallicity of the particle, and
/// m the mass that formed \[Msun\],
///
/// ```text
/// L = m * 10^(-0.4 (M - M_sun))
/// ```
///
/// The result has one value for each star particle, in order, 0 or more.
///
/// * The mass that formed is the initial mass; where the source has none, it is the present mass, and old populations,
///   which have lost up to 45 per cent of theirs, come out too faint by up to 0.6 mag.
/// * No stars: no luminosities.
///
/// # Errors
/// [`ProjectError::MissingColumn`] where the stars have neither magnitudes in the band nor ages and metallicities.
///
/// # Examples
/// ```
/// use galmass_core::{Particles, Stars};
/// use galmass_project::photometry::{Band, FittedPopulation, luminosities};
///
/// let particles = Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3]; 2], vec![1.0e6; 2])?;
/// let stars = Stars::new(particles);
/// let with_magnitudes = stars.clone().with_magnitudes_r(vec![4.65, 4.65 - 2.5])?;
/// let light = luminosities(&with_magnitudes, Band::R, &FittedPopulation)?;
/// assert!((light[0] - 1.0).abs() < 1e-12 && (light[1] - 10.0).abs() < 1e-12);
///
/// let young_and_old = stars.with_ages_gyr(vec![0.1, 10.0])?.with_metallicities(vec![0.02; 2])?;
/// let light = luminosities(&young_and_old, Band::R, &FittedPopulation)?;
/// assert!(light[0] > 10.0 * light[1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn luminosities(
    stars: &Stars,
    band: Band,
    population: &dyn StellarPopulation,
) -> Result<Vec<f64>, ProjectError> {
    let magnitudes = match band {
        Band::G => stars.magnitudes_g(),
        Band::R => stars.magnitudes_r(),
    };
    if let Some(magnitudes) = magnitudes {
        return Ok(magnitudes.iter().map(|&m| luminosity_lsun(m, band.sun_magnitude())).collect());
    }
    let ages = stars.ages_gyr().ok_or(ProjectError::MissingColumn { column: "ages" })?;
    let metallicities =
        stars.metallicities().ok_or(ProjectError::MissingColumn { column: "metallicities" })?;
    let formed = stars.initial_masses_msun().unwrap_or_else(|| stars.particles().masses_msun());
    let light = (ages, metallicities, formed).into_par_iter().map(|(&age, &metallicity, &mass)| {
        let magnitude = population.magnitude(band, age, metallicity.max(0.0));
        mass * luminosity_lsun(magnitude, band.sun_magnitude())
    });
    Ok(light.collect())
}

#[cfg(test)]
mod tests {
    use galmass_core::Particles;

    use super::*;

    /// As bright as the Sun, one magnitude fainter for each Gyr and each unit of metallicity, a tenth of it in g.
    struct Fading;

    impl StellarPopulation for Fading {
        fn magnitude(&self, band: Band, age_gyr: f64, metallicity: f64) -> f64 {
            let share = if band == Band::G { 0.1 } else { 1.0 };
            band.sun_magnitude() + share * (age_gyr + metallicity)
        }
    }

    fn stars() -> Stars {
        Stars::new(Particles::new(vec![[0.0; 3]; 2], vec![[0.0; 3]; 2], vec![1.0, 3.0]).unwrap())
    }

    #[test]
    fn the_mass_that_formed_shines() {
        let aged =
            stars().with_ages_gyr(vec![0.0, 2.5]).unwrap().with_metallicities(vec![0.0, -1.0]).unwrap();
        let present = luminosities(&aged, Band::R, &Fading).unwrap();
        assert!((present[0] - 1.0).abs() < 1e-15 && (present[1] - 0.3).abs() < 1e-15, "{present:?}");
        let formed = aged.with_initial_masses_msun(vec![2.0, 6.0]).unwrap();
        let light = luminosities(&formed, Band::R, &Fading).unwrap();
        assert!((light[0] - 2.0).abs() < 1e-15 && (light[1] - 0.6).abs() < 1e-15, "{light:?}");
        let bluer = luminosities(&formed, Band::G, &Fading).unwrap();
        assert!((bluer[1] - 6.0 * 10f64.powf(-0.1)).abs() < 1e-12);
    }

    #[test]
    fn a_magnitude_of_its_own_wins_in_its_band_only() {
        let mixed = stars()
            .with_magnitudes_r(vec![Band::R.sun_magnitude(); 2])
            .and_then(|stars| stars.with_ages_gyr(vec![2.5; 2]))
            .and_then(|stars| stars.with_metallicities(vec![0.0; 2]))
            .unwrap();
        assert_eq!(luminosities(&mixed, Band::R, &Fading), Ok(vec![1.0; 2]));
        assert!((luminosities(&mixed, Band::G, &Fading).unwrap()[0] - 10f64.powf(-0.1)).abs() < 1e-15);
    }

    #[test]
    fn what_is_missing_is_named() {
        let bare = luminosities(&stars(), Band::G, &Fading);
        assert_eq!(bare, Err(ProjectError::MissingColumn { column: "ages" }));
        let aged = stars().with_ages_gyr(vec![1.0; 2]).unwrap();
        let error = luminosities(&aged, Band::G, &Fading).unwrap_err();
        assert_eq!(error, ProjectError::MissingColumn { column: "metallicities" });
        assert_eq!(error.to_string(), "the particles have no column `metallicities`, which is needed here");
    }

    #[test]
    fn no_stars_have_no_light() {
        let none = Stars::default().with_ages_gyr(vec![]).unwrap().with_metallicities(vec![]).unwrap();
        assert_eq!(luminosities(&none, Band::R, &Fading), Ok(vec![]));
    }
}
