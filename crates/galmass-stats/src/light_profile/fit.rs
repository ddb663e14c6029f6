//! A Sersic profile through the light of particles.

use super::{LightProfile, areas};
use crate::{SersicFit, SersicFitConfig, SersicProfile, StatsError, fit_sersic_profile};

/// The errors follow the fit, and the fit the errors, until the index changes by less than this.
const SETTLED: f64 = 1e-6;
/// The most rounds; some five are enough.
const MOST_ROUNDS: usize = 20;

/// Fits a Sersic profile to the light of particles: n_Ser of Chu et al. (2024), table 1.
///
/// Each annulus weighs `1 / (relative Poisson error + error_floor)^2`, with the error that is **expected** of the fit
/// itself and found in a few rounds: errors of the data, which call a low count certain, would bias the index. What a
/// particle is worth in an annulus is `sum L^2 / sum L`, and no annulus is more certain than one particle makes it, so
/// that empty annuli are data too. The brightness compared is that of the annulus, not that at its middle: the fit of
/// an exact profile is exact for annuli of any width.
///
/// `error_floor`, 0 or more, is the relative error of annuli of many particles: how far galaxies are from Sersic
/// profiles. With 0 the bright middle decides alone. Radii of the fit are in kpc, brightnesses in the unit of those of
/// the profile.
///
/// The flags are those of [`fit_sersic_profile`]; a profile without annuli has too few points.
/// [`not_converged`](crate::SersicFitFlags::not_converged) is up too where the rounds did not settle.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a floor that is not 0 or more and finite, or a setting out of range.
///
/// # Examples
/// ```
/// use galmass_stats::{LightProfile, LightProfileFlags, SersicFitConfig, SersicProfile, fit_light_profile};
///
/// // Three annuli as wide as a disc is long, and their exact light.
/// let disc = SersicProfile::new(1.0, 5.0, 1.0e7)?;
/// let edges_kpc = vec![0.5, 2.0, 8.0, 32.0];
/// let light = |r: &[f64]| disc.enclosed_flux(r[1]) - disc.enclosed_flux(r[0]);
/// let area = |r: &[f64]| std::f64::consts::PI * (r[1] * r[1] - r[0] * r[0]);
/// let profile = LightProfile {
///     radii_kpc: vec![1.0, 4.0, 16.0],
///     brightnesses: edges_kpc.windows(2).map(|r| light(r) / area(r)).collect(),
///     relative_errors: vec![0.01; 3],
///     counts: vec![10_000; 3],
///     edges_kpc,
///     flags: LightProfileFlags::default(),
/// };
/// let fit = fit_light_profile(&profile, 0.05, &SersicFitConfig::default())?;
/// assert!((fit.index - 1.0).abs() < 1e-4 && (fit.effective_radius - 5.0).abs() < 1e-3);
/// # Ok::<(), galmass_stats::StatsError>(())
/// ```
///
/// # References
/// Chu et al. (2024), table 1.
pub fn fit_light_profile(
    profile: &LightProfile,
    error_floor: f64,
    config: &SersicFitConfig,
) -> Result<SersicFit, StatsError> {
    if !(error_floor >= 0.0 && error_floor.is_finite()) {
        let (name, value) = ("error_floor", error_floor);
        return Err(StatsError::OutOfRange { name, value, range: "a finite number, 0 or more" });
    }
    let areas: Vec<f64> = areas(&profile.edges_kpc).collect();
    let grains = grains(profile, &areas);
    let mut expected = smoothed(&profile.brightnesses);
    let mut data = profile.brightnesses.clone();
    let mut before: Option<f64> = None;
    let mut round = 0;
    loop {
        let errors: Vec<f64> = expected
            .iter()
            .zip(&grains)
            .map(|(&mean, &grain)| {
                let mean = mean.max(grain);
                mean * ((grain / mean).sqrt() + error_floor)
            })
            .collect();
        let mut fit = fit_sersic_profile(&profile.radii_kpc, &data, &errors, config)?;
        let Some(model) = fit.profile() else { return Ok(fit) };
        let settled = before.is_some_and(|before| (fit.index / before - 1.0).abs() < SETTLED);
        round += 1;
        if settled || round == MOST_ROUNDS {
            fit.flags.not_converged |= !settled;
            return Ok(fit);
        }
        before = Some(fit.index);
        expected = means_of(&model, &profile.edges_kpc, &areas);
        for (index, value) in data.iter_mut().enumerate() {
            let middle_over_mean = model.brightness(profile.radii_kpc[index]) / expected[index];
            // Where a steep model has no light at all there is nothing to correct.
            let factor = if middle_over_mean.is_finite() { middle_over_mean } else { 1.0 };
            *value = profile.brightnesses[index] * factor;
        }
    }
}

/// The brightness that one particle gives to each annulus.
fn grains(profile: &LightProfile, areas: &[f64]) -> Vec<f64> {
    let annuli = || profile.brightnesses.iter().zip(&profile.relative_errors).zip(areas);
    // Both sums of an annulus follow from its brightness and error.
    let (light, squares) = annuli().fold((0.0, 0.0), |(light, squares), ((brightness, error), area)| {
        let sum = brightness * area;
        if sum > 0.0 { (light + sum, squares + (sum * error).powi(2)) } else { (light, squares) }
    });
    let of_all = squares / light;
    annuli()
        .map(
            |((&brightness, error), area)| {
                if brightness > 0.0 { brightness * error * error } else { of_all / area }
            },
        )
        .collect()
}

/// Means over each annulus and its neighbours: what is expected before there is a fit.
fn smoothed(brightnesses: &[f64]) -> Vec<f64> {
    let last = brightnesses.len().saturating_sub(1);
    (0..brightnesses.len())
        .map(|index| {
            let near = &brightnesses[index.saturating_sub(1)..=(index + 1).min(last)];
            near.iter().sum::<f64>() / near.len() as f64
        })
        .collect()
}

/// The mean brightnesses of a profile in annuli.
fn means_of(model: &SersicProfile, edges_kpc: &[f64], areas: &[f64]) -> Vec<f64> {
    let enclosed: Vec<f64> = edges_kpc.iter().map(|&edge| model.enclosed_flux(edge)).collect();
    enclosed
        .windows(2)
        .zip(edges_kpc.windows(2))
        .zip(areas)
        .map(|((flux, edges), area)| {
            let between = flux[1] - flux[0];
            // Far out the difference of two whole fluxes has no digits left.
            if between > 1e-6 * flux[1] {
                between / area
            } else {
                model.brightness((edges[0] * edges[1]).sqrt())
            }
        })
        .collect()
}
