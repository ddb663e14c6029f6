//! Maps of bins from maps of pixels.

use galmass_core::Map;
use ndarray::Array2;

use super::VoronoiBins;
use crate::effects::exposure::{Exposure, with_values};
use crate::{Observation, ObserveError};

/// The sums over the pixels of a bin.
#[derive(Clone, Copy, Default)]
struct Sums {
    n_pixels: f64,
    flux: f64,
    signal: f64,
    noise_square: f64,
    count: f64,
    /// Of the pixels of known velocity.
    stars: f64,
    lit: f64,
    lit_velocity: f64,
    /// Of the pixels of known velocity whose dispersion is known, or that hold one star.
    sharp: f64,
    sharp_velocity: f64,
    sharp_square: f64,
    has_dispersion: bool,
}

impl Sums {
    fn velocity(&self) -> f64 {
        if self.lit > 0.0 { self.lit_velocity / self.lit } else { f64::NAN }
    }

    fn dispersion(&self) -> f64 {
        if self.sharp > 0.0 && (self.has_dispersion || self.stars >= 2.0) {
            (self.sharp_square / self.sharp).sqrt()
        } else {
            f64::NAN
        }
    }
}

/// Makes each pixel show its bin.
pub(super) fn show_bins(exposure: &mut Exposure, bins: &VoronoiBins) -> Result<(), ObserveError> {
    let sums = sums(exposure, bins);
    let shown = |map: &Map, value: &dyn Fn(&Sums) -> f64, outside: &dyn Fn(f64) -> f64| {
        let values = map.values();
        let of_bin = Array2::from_shape_fn(values.dim(), |pixel| {
            bins.bin_of(pixel).map_or_else(|| outside(values[pixel]), |bin| value(&sums[bin]))
        });
        with_values(map, of_bin)
    };
    let (keep, lose) = (|value: f64| value, |_: f64| f64::NAN);
    let observation = &exposure.observation;
    let velocity = shown(&observation.velocity, &Sums::velocity, &lose)?;
    let dispersion = shown(&observation.dispersion, &Sums::dispersion, &lose)?;
    let count = shown(&observation.count, &|sums| sums.count / sums.n_pixels, &keep)?;
    let flux = shown(&observation.flux, &|sums| sums.flux / sums.n_pixels, &keep)?;
    let noise = |noise| shown(noise, &|sums: &Sums| sums.noise_square.sqrt() / sums.n_pixels, &keep);
    let flux_noise = exposure.flux_noise.as_ref().map(noise).transpose()?;
    let ratio = |map| shown(map, &|sums: &Sums| sums.signal / sums.noise_square.sqrt(), &keep);
    let signal_to_noise = exposure.signal_to_noise.as_ref().map(ratio).transpose()?;
    let Observation { image, occupancy, .. } = exposure.observation.clone();
    exposure.observation = Observation { image, velocity, dispersion, count, occupancy, flux };
    exposure.flux_noise = flux_noise;
    exposure.signal_to_noise = signal_to_noise;
    Ok(())
}

/// Two passes, so that the spread inside a bin keeps its digits beside the mean.
fn sums(exposure: &Exposure, bins: &VoronoiBins) -> Vec<Sums> {
    let Observation { velocity, dispersion, count, flux, .. } = &exposure.observation;
    let noiseless = exposure.noiseless_flux();
    let (signal, noise) = match &noiseless {
        Some((signal, noise)) => (signal, Some(noise)),
        None => (flux.values(), None),
    };
    let mut sums = vec![Sums::default(); bins.n_bins()];
    let binned = || bins.numbers().indexed_iter().filter_map(|(pixel, bin)| Some((pixel, (*bin)? as usize)));
    // A pixel's light, if it is any and its velocity is known, and whether its dispersion is as good as known.
    let light = |pixel| {
        let (f, v, sigma): (f64, f64, f64) =
            (signal[pixel], velocity.values()[pixel], dispersion.values()[pixel]);
        let is_sharp = !sigma.is_nan() || count.values()[pixel] <= 1.0;
        (f > 0.0 && !v.is_nan()).then_some((f, v, sigma, is_sharp))
    };
    for (pixel, bin) in binned() {
        let sums = &mut sums[bin];
        sums.n_pixels += 1.0;
        sums.flux += flux.values()[pixel];
        sums.count += count.values()[pixel];
        sums.signal += signal[pixel];
        sums.noise_square += noise.map_or(0.0, |noise| noise[pixel].powi(2));
        if let Some((f, v, sigma, is_sharp)) = light(pixel) {
            sums.lit += f;
            sums.lit_velocity += f * v;
            sums.stars += count.values()[pixel];
            sums.has_dispersion |= !sigma.is_nan();
            if is_sharp {
                sums.sharp += f;
                sums.sharp_velocity += f * v;
            }
        }
    }
    for (pixel, bin) in binned() {
        let sums = &mut sums[bin];
        if let Some((f, v, sigma, true)) = light(pixel) {
            let sigma = if sigma.is_nan() { 0.0 } else { sigma };
            sums.sharp_square += f * (sigma * sigma + (v - sums.sharp_velocity / sums.sharp).powi(2));
        }
    }
    sums
}
