//! The columns of gas that follow from those that files have.

use std::f64::consts::PI;

use galmass_core::{Gas, SupportRadius};

use crate::batch::Batch;
use crate::error::Place;
use crate::rule::{Kind, Stored};
use crate::{Field, SnapshotError};

/// The mass fraction of hydrogen in primordial gas, where a file says none.
pub(crate) const PRIMORDIAL_HYDROGEN: f64 = 0.76;

/// The adiabatic index of a monatomic gas.
pub(crate) const ADIABATIC_INDEX: f64 = 5.0 / 3.0;

/// The mass of a proton over Boltzmann's constant \[K / (km/s)^2\].
pub(crate) const KELVIN_PER_KM2_S2: f64 = 1.672_621_923_69e-24 / 1.380_649e-16 * 1e10;

/// How far the kernel of a cell of a mesh reaches, in radii of the sphere of its volume.
const CELL_RADII: f64 = 2.5;

/// Completes the gas of one type. Neutral hydrogen replaces the neutral fraction, and is its product with mass and
/// hydrogen fraction; temperatures are T = (gamma - 1) u mu m_p / k, mu = 4 / (1 + 3 X + 4 X x_e), where none are
/// stored; the kernel of a cell of volume V reaches to 2.5 (3 V / 4 pi)^(1/3).
pub(crate) fn of_type(mut gas: Batch, kind: &Kind) -> Batch {
    let masses = gas.scalars.get(&Stored::Masses).cloned().unwrap_or_default();
    let hydrogen = gas.take(Stored::HydrogenFractions);
    let helium = gas.take(Stored::HeliumFractions);
    let metals = gas.scalars.get(&Stored::Metallicities);
    let hydrogen_of = |row: usize| match (&hydrogen, &helium, metals) {
        (Some(hydrogen), ..) => hydrogen[row],
        (None, Some(helium), Some(metals)) => 1.0 - helium[row] - metals[row],
        _ => PRIMORDIAL_HYDROGEN,
    };
    let neutral = gas.scalars.get(&Stored::NeutralFractions).map(|fractions| {
        let mass = |(row, fraction): (usize, &f64)| masses[row] * hydrogen_of(row) * fraction;
        fractions.iter().enumerate().map(mass).collect::<Vec<_>>()
    });
    let energies = (gas.scalars.get(&Stored::InternalEnergies), gas.scalars.get(&Stored::ElectronAbundances));
    let temperatures = match energies {
        (Some(energies), Some(electrons)) if !gas.scalars.contains_key(&Stored::Temperatures) => {
            let temperature = |(row, (energy, electrons)): (usize, (&f64, &f64))| {
                let hydrogen = hydrogen_of(row);
                let mean_weight = 4.0 / (1.0 + 3.0 * hydrogen + 4.0 * hydrogen * electrons);
                (ADIABATIC_INDEX - 1.0) * energy * mean_weight * KELVIN_PER_KM2_S2
            };
            Some(energies.iter().zip(electrons).enumerate().map(temperature).collect::<Vec<_>>())
        }
        _ => None,
    };
    let cells = gas.scalars.get(&Stored::Densities).filter(|_| kind.has_cells).map(|densities| {
        let reach = |(mass, density): (&f64, &f64)| {
            if *mass == 0.0 { 0.0 } else { CELL_RADII * (3.0 * mass / (4.0 * PI * density)).cbrt() }
        };
        masses.iter().zip(densities).map(reach).collect::<Vec<_>>()
    });
    gas.take(Stored::InternalEnergies);
    gas.take(Stored::ElectronAbundances);
    for (stored, column) in [
        (Stored::NeutralFractions, neutral),
        (Stored::Temperatures, temperatures),
        (Stored::SmoothingLengths, cells),
    ] {
        if let Some(column) = column {
            gas.scalars.insert(stored, column);
        }
    }
    gas
}

/// Completes wind, which forms no stars and is taken for ionised. Its density and temperature are not known.
pub(crate) fn of_wind(mut wind: Batch) -> Batch {
    let none = vec![0.0; wind.len()];
    wind.scalars.insert(Stored::NeutralFractions, none.clone());
    wind.scalars.insert(Stored::StarFormationRates, none);
    wind
}

/// Makes gas of a completed batch, with the fields that were asked for.
pub(crate) fn into_gas(batch: Batch, place: &Place, fields: Option<&[Field]>) -> Result<Gas, SnapshotError> {
    let blame = |source| place.particles(source);
    let (particles, mut rest) = batch.into_particles(place)?;
    let mut wanted = |field: Field, stored: Stored| {
        let values = rest.take(stored);
        values.filter(|_| fields.is_none_or(|fields| fields.contains(&field)))
    };
    let mut gas = Gas::new(particles);
    if let Some(values) = wanted(Field::Metallicities, Stored::Metallicities) {
        gas = gas.with_metallicities(values).map_err(blame)?;
    }
    if let Some(values) = wanted(Field::NeutralHydrogen, Stored::NeutralFractions) {
        gas = gas.with_neutral_hydrogen_masses_msun(values).map_err(blame)?;
    }
    if let Some(values) = wanted(Field::Densities, Stored::Densities) {
        gas = gas.with_densities_msun_kpc3(values).map_err(blame)?;
    }
    if let Some(values) = wanted(Field::StarFormationRates, Stored::StarFormationRates) {
        gas = gas.with_star_formation_rates_msun_yr(values).map_err(blame)?;
    }
    if let Some(values) = wanted(Field::Temperatures, Stored::Temperatures) {
        gas = gas.with_temperatures_k(values).map_err(blame)?;
    }
    if let Some(values) = wanted(Field::SupportRadii, Stored::SmoothingLengths) {
        // All suites store, or are given here, the radius at which the kernel reaches zero.
        let radii = values.into_iter().map(SupportRadius::from_nth_neighbour).collect();
        gas = gas.with_support_radii(radii).map_err(blame)?;
    }
    Ok(gas)
}
