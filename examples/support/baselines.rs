//! What masses can be told without any learning: a power law of the light, and virial estimators.

use std::error::Error;

use galmass::dataset::{SampleSet, Split};
use galmass::stats::{VirialEstimator, estimate_virial_mass, fit_power_law};

use crate::paper_table::{Measured, PaperRow};
use crate::set_learning::numbers;

/// The projected half-mass radius over the 3-D one: 3/4 to some per cent for most profiles (Wolf et al. 2010).
const PROJECTED_RADIUS: f64 = 0.75;

/// What the paper says of the power law \[dex\].
const POWER_LAW_OF_THE_PAPER: [f64; 2] = [0.00, 0.16];

/// The rows of all baselines that a set has the numbers for, scored on the test part.
pub(crate) fn rows(
    set: &SampleSet,
    split: &Split,
    profile_radii_rhsm: &[f64],
    seed: u64,
) -> Result<Vec<PaperRow>, Box<dyn Error>> {
    let mut rows = vec![power_law(set, split, seed)?];
    let has_dispersions = set.array("velocity_dispersion_km_s").is_ok();
    for estimator in VirialEstimator::ALL.into_iter().filter(|_| has_dispersions) {
        rows.push(virial(estimator, set, &split.test, profile_radii_rhsm, seed)?);
    }
    Ok(rows)
}

/// `log10 M* = a log10 L_r + b`, least squares on the training part.
fn power_law(set: &SampleSet, split: &Split, seed: u64) -> Result<PaperRow, Box<dyn Error>> {
    let light = |samples: &[usize]| numbers(set, "log10_luminosity_r_lsun", samples);
    let mass = |samples: &[usize]| numbers(set, "log10_stellar_mass_msun", samples);
    let linear = |logarithms: Vec<f64>| logarithms.into_iter().map(|x| 10_f64.powf(x)).collect::<Vec<_>>();
    let fitted = fit_power_law(&linear(light(&split.training)?), &linear(mass(&split.training)?));
    let law = fitted.ok_or("the training part has no two luminosities to fit a power law to")?;
    let predicted: Vec<f64> =
        light(&split.test)?.into_iter().map(|light| law.slope * light + law.intercept).collect();
    let ours = Measured::of(&predicted, &mass(&split.test)?, &galaxies(set, &split.test), seed)?;
    Ok(PaperRow {
        label: "4.1, power law".into(),
        inputs: "L".into(),
        target: "M★".into(),
        paper: Some(POWER_LAW_OF_THE_PAPER),
        ours: Some(ours),
    })
}

/// A virial mass beside the total mass inside the same sphere, between the radii of the profile.
fn virial(
    estimator: VirialEstimator,
    set: &SampleSet,
    samples: &[usize],
    radii_rhsm: &[f64],
    seed: u64,
) -> Result<PaperRow, Box<dyn Error>> {
    let dispersions = numbers(set, "velocity_dispersion_km_s", samples)?;
    let half_mass_radii = numbers(set, "half_mass_radius_kpc", samples)?;
    let profiles = set.array("log10_enclosed_total_mass_msun")?;
    let at_rhsm = estimator.radius_factor() * PROJECTED_RADIUS;
    let (mut predicted, mut truth, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for (place, &sample) in samples.iter().enumerate() {
        let radius = PROJECTED_RADIUS * half_mass_radii[place];
        let estimate = estimate_virial_mass(estimator, dispersions[place], radius);
        let inside = between(radii_rhsm, profiles.sample(sample), at_rhsm);
        if let (Some(estimate), Some(inside)) = (estimate, inside) {
            predicted.push(estimate.mass_msun.log10());
            truth.push(inside);
            known.push(sample);
        }
    }
    Ok(PaperRow {
        label: format!("{estimator:?}"),
        inputs: "σ, R".into(),
        target: format!("Mtot(<{at_rhsm:.2}R)"),
        paper: None,
        ours: match known.is_empty() {
            true => None,
            false => Some(Measured::of(&predicted, &truth, &galaxies(set, &known), seed)?),
        },
    })
}

/// A profile at a radius between its own, linear in the logarithms.
fn between(radii: &[f64], profile: &[f32], at: f64) -> Option<f64> {
    let upper = radii.iter().position(|&radius| radius >= at)?;
    let value = |index: usize| profile.get(index).map(|&value| f64::from(value));
    if radii[upper] == at || upper == 0 {
        return value(upper).filter(|value| radii[upper] == at && value.is_finite());
    }
    let part = (at / radii[upper - 1]).ln() / (radii[upper] / radii[upper - 1]).ln();
    let mass = value(upper - 1)? * (1.0 - part) + value(upper)? * part;
    mass.is_finite().then_some(mass)
}

/// The galaxy of each of some samples.
pub(crate) fn galaxies(set: &SampleSet, samples: &[usize]) -> Vec<u64> {
    samples.iter().map(|&sample| set.keys().galaxy_id[sample]).collect()
}
