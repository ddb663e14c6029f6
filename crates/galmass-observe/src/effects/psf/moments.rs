//! The blur of kinematic maps, by their light-weighted moments.

use ndarray::{Array2, Zip};

use super::convolution::{Convolution, Kernel};
use crate::effects::exposure::with_values;
use crate::{Observation, ObserveError};

/// Below this part of the flux of the brightest pixel a pixel is dark.
const DARK: f64 = 1e-12;
/// What rounding leaves of squared weights, as part of their largest value.
const TRACE: f64 = 1e-13;
/// The fewest stars, by their effective number, that have a dispersion.
const MIN_STARS: f64 = 2.0;

/// Blurs velocity, dispersion and flux.
pub(super) fn blur(observation: &mut Observation, kernel: &Kernel) -> Result<(), ObserveError> {
    let Observation { velocity, dispersion, count, flux, .. } = &*observation;
    let n_px = flux.grid().n_px();
    let convolution = Convolution::new(kernel, n_px);
    let lit = Lit::of(observation);

    // Relative to the mean of all light, squares of velocities lose the fewest digits.
    let total = lit.for_velocity.sum();
    let systemic = Zip::from(&lit.for_velocity)
        .and(velocity.values())
        .fold(0.0, |sum, &flux, &v| if flux > 0.0 { sum + flux * v } else { sum })
        / if total > 0.0 { total } else { 1.0 };
    let relative = velocity.values().mapv(|v| v - systemic);

    let mean = Mean::new(&convolution, &lit.for_velocity);
    let mean_for_square = Mean::new(&convolution, &lit.for_dispersion);
    let blurred_velocity = mean.of(&relative);
    let velocity_of_square = mean_for_square.of(&relative);
    // One star, alone in its pixel, has no dispersion that is known, and none to add.
    let squares = Zip::from(&relative)
        .and(dispersion.values())
        .map_collect(|&v, &sigma| v * v + if sigma.is_nan() { 0.0 } else { sigma * sigma });
    let mut blurred_dispersion = mean_for_square.of(&squares);
    blurred_dispersion.zip_mut_with(&velocity_of_square, |square, &v| {
        *square = (*square - v * v).max(0.0).sqrt();
    });

    // The effective number of stars (Kish 1965), those of one pixel taken as equally bright.
    let squared_weights = Zip::from(&lit.for_dispersion)
        .and(count.values())
        .map_collect(|&flux, &count| if flux > 0.0 { flux * flux / count.max(1.0) } else { 0.0 });
    let squared_weights = Convolution::new(&kernel.squared(), n_px).of(&squared_weights);
    let trace = TRACE * squared_weights.fold(0f64, |most, &value| most.max(value));
    Zip::from(&mut blurred_dispersion).and(&squared_weights).and(&mean_for_square.flux).for_each(
        |sigma, &squares, &flux| {
            // A hair below, so that rounding does not take away what was known.
            let is_of_few = flux * flux < (MIN_STARS - 1e-9) * (squares + trace);
            if is_of_few || flux <= mean_for_square.dark {
                *sigma = f64::NAN;
            }
        },
    );

    let blurred_velocity = with_values(velocity, blurred_velocity + systemic)?;
    let blurred_dispersion = with_values(dispersion, blurred_dispersion)?;
    let blurred_flux = with_values(flux, convolution.of(&flux.values().mapv(or_dark)))?;
    observation.velocity = blurred_velocity;
    observation.dispersion = blurred_dispersion;
    observation.flux = blurred_flux;
    Ok(())
}

/// The light whose velocity is known, and that whose contribution to the dispersion is.
struct Lit {
    for_velocity: Array2<f64>,
    for_dispersion: Array2<f64>,
}

impl Lit {
    fn of(observation: &Observation) -> Self {
        let Observation { velocity, dispersion, count, flux, .. } = observation;
        let for_velocity = Zip::from(flux.values())
            .and(velocity.values())
            .map_collect(|&flux, &v| if v.is_finite() { or_dark(flux) } else { 0.0 });
        let for_dispersion = Zip::from(&for_velocity)
            .and(dispersion.values())
            .and(count.values())
            .map_collect(|&flux, &sigma, &count| if sigma.is_finite() || count <= 1.0 { flux } else { 0.0 });
        Self { for_velocity, for_dispersion }
    }
}

/// A flux that is unknown, or below zero after other people's noise, sends no light.
fn or_dark(flux: f64) -> f64 {
    if flux > 0.0 && flux.is_finite() { flux } else { 0.0 }
}

/// Light-weighted means through a blur.
struct Mean<'a> {
    convolution: &'a Convolution,
    weight: &'a Array2<f64>,
    flux: Array2<f64>,
    dark: f64,
}

impl<'a> Mean<'a> {
    fn new(convolution: &'a Convolution, weight: &'a Array2<f64>) -> Self {
        let flux = convolution.of(weight);
        let dark = DARK * flux.fold(0f64, |most, &value| most.max(value));
        Self { convolution, weight, flux, dark }
    }

    /// The blurred mean of a quantity, NaN where no light of known value falls.
    fn of(&self, quantity: &Array2<f64>) -> Array2<f64> {
        let weighted = Zip::from(self.weight)
            .and(quantity)
            .map_collect(|&flux, &value| if flux > 0.0 { flux * value } else { 0.0 });
        let mut mean = self.convolution.of(&weighted);
        Zip::from(&mut mean).and(&self.flux).for_each(|mean, &flux| {
            *mean = if flux > self.dark { *mean / flux } else { f64::NAN };
        });
        mean
    }
}
