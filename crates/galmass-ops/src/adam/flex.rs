//! The arithmetic, on tensors of Flex.

use burn_flex::FlexTensor;
use galmass_core::simd::{Work, dispatch};
use rayon::prelude::*;

use super::Rates;
use crate::tensors::{contiguous, slice};

/// Weights that are worth a thread.
const GRAIN: usize = 1 << 14;

/// See [`Kernels::adam_step`](crate::Kernels::adam_step): weights and moments, where the gradient and the moments were if
/// they are not shared.
pub(crate) fn step(
    weights: FlexTensor,
    gradient: FlexTensor,
    moments: [FlexTensor; 2],
    rates: Rates,
) -> [FlexTensor; 3] {
    let weights = contiguous(weights);
    let mut gradient = contiguous(gradient);
    let [mut moment_1, mut moment_2] = moments.map(contiguous);
    slice(&weights)
        .par_chunks(GRAIN)
        .zip(gradient.storage_mut::<f32>().par_chunks_mut(GRAIN))
        .zip(moment_1.storage_mut::<f32>().par_chunks_mut(GRAIN))
        .zip(moment_2.storage_mut::<f32>().par_chunks_mut(GRAIN))
        .for_each(|(((weights, gradient), moment_1), moment_2)| {
            dispatch(Step { weights, gradient, moment_1, moment_2, rates });
        });
    [gradient, moment_1, moment_2]
}

struct Step<'a> {
    weights: &'a [f32],
    /// Becomes the weights.
    gradient: &'a mut [f32],
    moment_1: &'a mut [f32],
    moment_2: &'a mut [f32],
    rates: Rates,
}

impl Work for Step<'_> {
    type Output = ();

    /// In the order and with the roundings of Burn's operations.
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { weights, gradient, moment_1, moment_2, rates } = self;
        let Rates { beta_1, beta_2, epsilon, corrections, kept, learning_rate } = rates;
        let (factor_1, factor_2) = (1.0 - beta_1, 1.0 - beta_2);
        let moments = moment_1.iter_mut().zip(moment_2);
        for ((weight, gradient), (moment_1, moment_2)) in weights.iter().zip(gradient).zip(moments) {
            let g = *gradient;
            *moment_1 = *moment_1 * beta_1 + g * factor_1;
            *moment_2 = *moment_2 * beta_2 + g * g * factor_2;
            let step = *moment_1 / corrections[0] / ((*moment_2 / corrections[1]).sqrt() + epsilon);
            *gradient = weight * kept - step * learning_rate;
        }
    }
}
