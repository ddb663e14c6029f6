//! The usable pixels of an image.

use super::config::{SersicImage, Sky};

/// An image without what cannot be used: such pixels have a weight of 0 and any finite value.
pub(super) struct Data {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Row after row, less the sky where that is held.
    pub(super) values: Vec<f64>,
    /// The inverse of the variance.
    pub(super) weights: Vec<f64>,
    pub(super) n_used: usize,
    /// What rounding of the model leaves of chi squared where the fit is exact.
    pub(super) noise: f64,
}

impl Data {
    pub(super) fn new(image: &SersicImage, sky: Sky) -> Self {
        let (rows, columns) = image.brightness.dim();
        let held = match sky {
            Sky::Held(sky) => sky,
            Sky::Free => 0.0,
        };
        let mut values: Vec<f64> = image.brightness.iter().map(|value| value - held).collect();
        let mut weights = match image.variance {
            None => vec![1.0; values.len()],
            Some(variance) => variance
                .iter()
                .map(|variance| {
                    let weight = variance.recip();
                    if weight > 0.0 && weight.is_finite() { weight } else { 0.0 }
                })
                .collect(),
        };
        if let Some(mask) = image.mask {
            for (weight, is_bad) in weights.iter_mut().zip(mask) {
                if *is_bad {
                    *weight = 0.0;
                }
            }
        }
        let (mut n_used, mut noise) = (0, 0.0);
        for (value, weight) in values.iter_mut().zip(&mut weights) {
            // A square that overflows is as little use as the infinite.
            let part = *weight * *value * *value;
            if !part.is_finite() || *weight == 0.0 {
                (*value, *weight) = (0.0, 0.0);
                continue;
            }
            n_used += 1;
            noise += part * f64::EPSILON * f64::EPSILON;
        }
        Self { rows, columns, values, weights, n_used, noise }
    }

    /// The value of a usable pixel.
    pub(super) fn usable(&self, row: usize, column: usize) -> Option<f64> {
        let at = row * self.columns + column;
        (self.weights[at] > 0.0).then_some(self.values[at])
    }
}
