//! What a star particle counts for in an image and in the moments of its velocity.

use galmass_core::units::{SUN_MAGNITUDE_R, luminosity_lsun};
use galmass_core::{Stars, Unit};
use galmass_project::ProjectError;
use galmass_project::photometry::{Band, FittedPopulation, luminosities};
use serde::{Deserialize, Serialize};

use crate::ObserveError;

/// How star particles are weighed: `best-known`, `luminosity-r`, `mass` or `number` in configurations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// By r-band luminosity where the stars have magnitudes, else by mass.
    #[default]
    #[serde(alias = "best_known")]
    BestKnown,
    /// By SDSS r luminosity: that of [`FittedPopulation`] where the stars have no magnitudes, and an error where they
    /// have neither these nor ages and metallicities.
    #[serde(alias = "luminosity_r")]
    LuminosityR,
    /// By mass.
    Mass,
    /// Every star particle counts 1.
    Number,
}

/// The weights of all stars and what they are.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) values: Vec<f64>,
    pub(crate) unit: Unit,
    /// What was chosen in the end: never [`Weighting::BestKnown`].
    pub(crate) chosen: Weighting,
}

impl Weights {
    pub(crate) fn of(stars: &Stars, weighting: Weighting) -> Result<Self, ObserveError> {
        match (weighting, stars.magnitudes_r()) {
            (Weighting::Mass, _) | (Weighting::BestKnown, None) => Ok(Self {
                values: stars.particles().masses_msun().to_vec(),
                unit: Unit::SolarMass,
                chosen: Weighting::Mass,
            }),
            (Weighting::Number, _) => Ok(Self {
                values: vec![1.0; stars.particles().len()],
                unit: Unit::Count,
                chosen: Weighting::Number,
            }),
            (Weighting::BestKnown | Weighting::LuminosityR, Some(magnitudes)) => Ok(Self {
                values: magnitudes.iter().map(|&m| luminosity_lsun(m, SUN_MAGNITUDE_R)).collect(),
                unit: Unit::SolarLuminosity,
                chosen: Weighting::LuminosityR,
            }),
            (Weighting::LuminosityR, None) => match luminosities(stars, Band::R, &FittedPopulation) {
                Ok(values) => {
                    Ok(Self { values, unit: Unit::SolarLuminosity, chosen: Weighting::LuminosityR })
                }
                Err(ProjectError::MissingColumn { .. }) => Err(ObserveError::NoMagnitudes),
                Err(error) => Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use galmass_core::Particles;

    use super::*;

    #[test]
    fn magnitudes_decide_where_nothing_else_does() {
        let dark = Stars::new(Particles::new(vec![[0.0; 3]], vec![[0.0; 3]], vec![3.0]).unwrap());
        let lit = dark.clone().with_magnitudes_r(vec![SUN_MAGNITUDE_R - 2.5]).unwrap();
        assert_eq!(Weights::of(&dark, Weighting::BestKnown).unwrap().values, [3.0]);
        assert_eq!(Weights::of(&lit, Weighting::Mass).unwrap().values, [3.0]);
        let counted = Weights::of(&lit, Weighting::Number).unwrap();
        assert_eq!((counted.values.as_slice(), counted.unit), ([1.0].as_slice(), Unit::Count));
        let bright = Weights::of(&lit, Weighting::BestKnown).unwrap();
        assert!((bright.values[0] - 10.0).abs() < 1e-12 && bright.chosen == Weighting::LuminosityR);
        assert_eq!(Weights::of(&dark, Weighting::LuminosityR).unwrap_err(), ObserveError::NoMagnitudes);
        let aged = dark.with_ages_gyr(vec![5.0]).unwrap().with_metallicities(vec![0.02]).unwrap();
        let fitted = Weights::of(&aged, Weighting::LuminosityR).unwrap();
        assert!(fitted.unit == Unit::SolarLuminosity && (0.3..3.0).contains(&fitted.values[0]));
    }

    #[test]
    fn choices_are_named_in_kebab_case_and_once_were_in_snake_case() {
        let named = |name: &str| serde_json::from_value::<Weighting>(name.into()).ok();
        for (name, weighting) in [
            ("best-known", Weighting::BestKnown),
            ("luminosity-r", Weighting::LuminosityR),
            ("mass", Weighting::Mass),
            ("number", Weighting::Number),
        ] {
            assert_eq!(named(name), Some(weighting));
            assert_eq!(named(&name.replace('-', "_")), Some(weighting));
            assert_eq!(serde_json::to_value(weighting).unwrap(), name);
        }
        assert_eq!(named("light"), None);
    }
}
