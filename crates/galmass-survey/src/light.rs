//! What stars and gas count for.

use galmass_core::{Gas, Stars, Unit};
use galmass_observe::{ObserveError, Weighting};
use galmass_project::ProjectError;
use galmass_project::photometry::{Band, FittedPopulation, luminosities};

use crate::channel::GasTracer;
use crate::error::GalaxyError;
use crate::flag::{Flags, SampleFlag};

/// Gas up to this temperature is cold \[K\]: 10^4.5, as in the dust of a slab.
const COLD_K: f64 = 31_622.776_601_683_792;

/// What the stars of a galaxy count for, before the dust.
pub(crate) struct Starlight {
    /// Luminosities in g and r \[Lsun\], where they are known.
    pub(crate) g: Option<Vec<f64>>,
    pub(crate) r: Option<Vec<f64>>,
    /// What stars count for in the image and in the moments, where that is not their r luminosity.
    pub(crate) other: Option<(Vec<f64>, Unit)>,
}

impl Starlight {
    /// Weights follow `galmass_observe::Observer`: the best known are r luminosities only where there are magnitudes.
    pub(crate) fn of(stars: &Stars, weighting: Weighting) -> Result<Self, GalaxyError> {
        let (g, r) = (in_band(stars, Band::G)?, in_band(stars, Band::R)?);
        let particles = stars.particles();
        let other = match weighting {
            Weighting::LuminosityR if r.is_none() => return Err(ObserveError::NoMagnitudes.into()),
            Weighting::LuminosityR => None,
            Weighting::BestKnown if stars.magnitudes_r().is_some() => None,
            Weighting::BestKnown | Weighting::Mass => {
                Some((particles.masses_msun().to_vec(), Unit::SolarMass))
            }
            Weighting::Number => Some((vec![1.0; particles.len()], Unit::Count)),
        };
        Ok(Self { g, r, other })
    }
}

/// Luminosities in a band, `None` where nothing tells them.
fn in_band(stars: &Stars, band: Band) -> Result<Option<Vec<f64>>, GalaxyError> {
    match luminosities(stars, band, &FittedPopulation) {
        Ok(values) => Ok(Some(values)),
        Err(ProjectError::MissingColumn { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The mass of each gas cell that the maps of gas show \[Msun\]; the flags say what it is.
pub(crate) fn gas_weights(gas: &Gas, tracer: GasTracer, flags: &mut Flags) -> Vec<f64> {
    let all = || gas.particles().masses_msun().to_vec();
    let neutral = || gas.neutral_hydrogen_masses_msun().map(<[f64]>::to_vec);
    let found = match tracer {
        GasTracer::NeutralHydrogen => neutral(),
        GasTracer::Cold => cold(gas),
        GasTracer::All => Some(all()),
        GasTracer::BestKnown => neutral().or_else(|| cold(gas)),
    };
    match found {
        Some(weights) => weights,
        None if tracer == GasTracer::BestKnown => {
            flags.set(SampleFlag::GasIsAllGas, !gas.is_empty());
            all()
        }
        None => {
            flags.set(SampleFlag::GasTracerUnknown, !gas.is_empty());
            vec![0.0; gas.len()]
        }
    }
}

fn cold(gas: &Gas) -> Option<Vec<f64>> {
    let (temperatures, formation) = (gas.temperatures_k(), gas.star_formation_rates_msun_yr());
    if temperatures.is_none() && formation.is_none() {
        return None;
    }
    let is_cold = |cell: usize| {
        temperatures.is_some_and(|kelvin| kelvin[cell] <= COLD_K)
            || formation.is_some_and(|rates| rates[cell] > 0.0)
    };
    let masses = gas.particles().masses_msun().iter().enumerate();
    Some(masses.map(|(cell, mass)| if is_cold(cell) { *mass } else { 0.0 }).collect())
}

#[cfg(test)]
mod tests {
    use galmass_core::Particles;

    use super::*;
    use crate::flag_names;

    fn particles(n: usize) -> Particles {
        Particles::new(vec![[0.0; 3]; n], vec![[0.0; 3]; n], vec![2.0; n]).unwrap()
    }

    #[test]
    fn gas_counts_for_the_best_that_is_known_of_it() {
        let weigh = |gas: &Gas, tracer| {
            let mut flags = Flags::default();
            (gas_weights(gas, tracer, &mut flags), flag_names(flags.bits()))
        };
        let bare = Gas::new(particles(3));
        assert_eq!(weigh(&bare, GasTracer::BestKnown), (vec![2.0; 3], vec!["gas_is_all_gas"]));
        assert_eq!(weigh(&bare, GasTracer::All), (vec![2.0; 3], vec![]));
        for tracer in [GasTracer::Cold, GasTracer::NeutralHydrogen] {
            assert_eq!(weigh(&bare, tracer), (vec![0.0; 3], vec!["gas_tracer_unknown"]));
        }
        assert_eq!(weigh(&Gas::default(), GasTracer::Cold), (vec![], vec![]));

        let states = bare
            .with_temperatures_k(vec![1.0e4, 1.0e6, 1.0e6])
            .and_then(|gas| gas.with_star_formation_rates_msun_yr(vec![0.0, 0.0, 0.1]))
            .unwrap();
        assert_eq!(weigh(&states, GasTracer::BestKnown), (vec![2.0, 0.0, 2.0], vec![]));
        let neutral = states.with_neutral_hydrogen_masses_msun(vec![1.0, 0.5, 0.0]).unwrap();
        assert_eq!(weigh(&neutral, GasTracer::BestKnown), (vec![1.0, 0.5, 0.0], vec![]));
        assert_eq!(weigh(&neutral, GasTracer::Cold), (vec![2.0, 0.0, 2.0], vec![]));
    }

    #[test]
    fn stars_without_light_count_for_their_mass_or_fail() {
        let dark = Stars::new(particles(2));
        let best = Starlight::of(&dark, Weighting::BestKnown).unwrap();
        assert_eq!(best.other, Some((vec![2.0; 2], Unit::SolarMass)));
        assert!(best.r.is_none() && best.g.is_none());
        let error = Starlight::of(&dark, Weighting::LuminosityR).err().unwrap();
        assert!(error.to_string().contains("r magnitudes"), "{error}");
        let aged = dark.with_ages_gyr(vec![5.0; 2]).and_then(|stars| stars.with_metallicities(vec![0.02; 2]));
        let light = Starlight::of(&aged.unwrap(), Weighting::LuminosityR).unwrap();
        assert!(light.other.is_none() && light.r.is_some() && light.g.is_some());
        let counted = Starlight::of(&Stars::default(), Weighting::Number).unwrap();
        assert_eq!(counted.other, Some((vec![], Unit::Count)));
    }
}
