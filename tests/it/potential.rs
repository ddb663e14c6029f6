//! The potential of a real galaxy, against the one that its simulation stored.

use galmass::prelude::*;
use galmass::stats::{ComponentSoftenings, PotentialConfig, PotentialMethod, galaxy_potentials_km2_s2};

use crate::data;

/// The softening length of stars and dark matter in TNG100-1 at z = 0: 0.5 kpc/h.
const SOFTENING_KPC: f64 = 0.738;

/// A quarter of it is the least that gas has.
const GAS_SOFTENING_KPC: f64 = 0.185;

/// How far the two potentials are apart once their medians agree, over the depth of the stored one. The file holds the
/// matter within three half-mass radii alone; what lies farther out is no sphere, and adds more than a constant.
const RESIDUAL: f64 = 0.02;

#[test]
fn the_potential_of_394242_is_the_stored_one_but_for_a_constant() {
    let Some(path) = data::file("tng100_394242/gal394242.h5") else { return };
    let galaxy = read_galaxy(&path, None).unwrap().galaxy;
    let softenings =
        ComponentSoftenings { gas_kpc: GAS_SOFTENING_KPC, ..ComponentSoftenings::same(SOFTENING_KPC) };
    let components = [Component::Stars, Component::Gas, Component::DarkMatter];
    let stored: Vec<f64> = components
        .iter()
        .flat_map(|&component| galaxy.component(component).potentials_km2_s2().unwrap())
        .copied()
        .collect();
    let with = |config: &PotentialConfig| -> Vec<f64> {
        let found = galaxy_potentials_km2_s2(&galaxy, &softenings, config).unwrap();
        components.iter().flat_map(|&component| found.of(component).to_vec()).collect()
    };
    let found = with(&PotentialConfig::default());
    assert_eq!(found.len(), 57_284);
    let mut differences: Vec<f64> = found.iter().zip(&stored).map(|(found, stored)| found - stored).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let median = differences[differences.len() / 2];
    // The matter that the file lacks makes the stored potential deeper.
    assert!(median > 0.0, "{median}");
    let depth = stored.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        - stored.iter().copied().fold(f64::INFINITY, f64::min);
    let square = differences.iter().map(|d| (d - median).powi(2)).sum::<f64>() / differences.len() as f64;
    assert!(square.sqrt() / depth < RESIDUAL, "{} of {depth}", square.sqrt());

    let exact = with(&PotentialConfig { method: PotentialMethod::Direct, ..PotentialConfig::default() });
    let error = found.iter().zip(&exact).map(|(a, b)| (a / b - 1.0).powi(2)).sum::<f64>();
    assert!((error / exact.len() as f64).sqrt() < 3e-4, "{error}");
}
