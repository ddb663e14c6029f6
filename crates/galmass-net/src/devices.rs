//! Gradients of a batch on several devices of one machine.

use std::panic::resume_unwind;
use std::thread;

use burn::module::{AutodiffModule, Module};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::backend::AutodiffBackend;
use galmass_dataset::ScaledSamples;
use galmass_ops::FusedBackend;

use crate::Network;
use crate::batches::equal_parts;
use crate::gradients::{Unlabelled, gradients_of, scale};

/// The loss of a batch and its gradients, as [`gradients_of`], by a device and its helpers.
///
/// The batch is dealt out among them in equal parts, of two samples or more, which are worked on at the same time, each with
/// a copy of the network; gradients are the mean over the parts, each weighed by its samples. Batch normalisation sees the
/// statistics of one part at a time, and running statistics are those of the part of `device` alone, as in PyTorch's
/// DistributedDataParallel.
pub(crate) fn gradients_on_devices<B: FusedBackend + AutodiffBackend>(
    network: &Network<B>,
    samples: &ScaledSamples,
    unlabelled: Option<&Unlabelled<'_>>,
    largest_piece: Option<usize>,
    device: &B::Device,
    helpers: &[B::Device],
) -> (f32, GradientsParams) {
    let n_samples = samples.n_samples();
    let n_parts = (1 + helpers.len()).min(n_samples / 2);
    if n_parts < 2 {
        return gradients_of(network, samples, unlabelled, largest_piece, device);
    }
    let parts = |n_samples: usize| equal_parts(&(0..n_samples).collect::<Vec<_>>(), n_parts);
    let others = parts(unlabelled.map_or(0, |others| others.inputs.n_samples()));
    let mut parts = parts(n_samples).into_iter().zip(others).map(|(part, others)| {
        let others = unlabelled.map(|all| (all.inputs.select(&others), all.weight));
        (samples.select(&part), others)
    });
    let work = |(part, others): (ScaledSamples, Option<_>), network: &Network<B>, device: &B::Device| {
        let others = others.as_ref().map(|(inputs, weight)| Unlabelled { inputs, weight: *weight });
        let (loss, gradients) = gradients_of(network, &part, others.as_ref(), largest_piece, device);
        (part.n_samples(), loss, gradients)
    };
    let own = parts.next();
    let copies: Vec<_> =
        parts.zip(helpers).map(|(part, helper)| (part, copied(network, helper), helper)).collect();
    // In the order of the devices, whichever is done first: the same bits every time.
    let of_parts: Vec<_> = thread::scope(|scope| {
        let work = &work;
        let helped: Vec<_> = copies
            .into_iter()
            .map(|(part, network, helper)| scope.spawn(move || work(part, &network, helper)))
            .collect();
        let own = own.map(|part| work(part, network, device));
        let helped =
            helped.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        own.into_iter().chain(helped).collect()
    });
    let mut accumulator = GradientsAccumulator::new();
    let mut mean_loss = 0.0;
    for (n_of_part, loss, gradients) in of_parts {
        let share = n_of_part as f32 / n_samples as f32;
        let mut gradients = gradients.to_device::<B, _>(device, network);
        scale(network, &mut gradients, share);
        accumulator.accumulate(network, gradients);
        mean_loss += share * loss;
    }
    (mean_loss, accumulator.grads())
}

/// A copy on another device that shares nothing with the network. Burn's `fork` would take the running statistics of both
/// along.
fn copied<B: AutodiffBackend>(network: &Network<B>, device: &B::Device) -> Network<B> {
    Network::from_inner(network.valid()).fork(device)
}

/// The device itself in place of others: what is tried is who does what, and what becomes of it.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradients::tests::{B, flat, network, twice};

    #[test]
    fn several_devices_find_the_gradients_of_as_many_pieces() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let running = |network: &Network<B>| crate::Weights::of(&network.valid()).unwrap();
        let before = running(&network);
        let (loss, pieces) = gradients_of(&network, &samples, None, Some(5), &device);
        let after_pieces = running(&network);
        let on_two = || gradients_on_devices(&network, &samples, None, None, &device, &[device]);
        let (loss_of_parts, parts) = on_two();
        assert!((loss - loss_of_parts).abs() < 1e-6 * loss, "{loss} {loss_of_parts}");
        let (pieces, parts) = (flat(&network, &pieces), flat(&network, &parts));
        let length = pieces.iter().map(|x| x * x).sum::<f32>().sqrt();
        let apart = pieces.iter().zip(&parts).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!(apart < 1e-5 * length, "{apart} of {length}");
        // Two pieces were taken into the running statistics, and then one part of two.
        let after_parts = running(&network);
        assert!(before != after_pieces && after_pieces != after_parts);
        for _ in 0..3 {
            let (again, gradients) = on_two();
            assert_eq!((again, flat(&network, &gradients)), (loss_of_parts, parts.clone()), "bits");
        }
    }

    #[test]
    fn more_devices_than_pairs_of_samples_leave_some_idle() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let few = samples.select(&[0, 1, 2, 3, 4]);
        let (loss, _) = gradients_on_devices(&network, &few, None, Some(2), &device, &[device; 6]);
        assert!(loss.is_finite());
    }

    #[test]
    fn samples_without_labels_are_dealt_out_too() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let others = twice(4).inputs;
        let unlabelled = Unlabelled { inputs: &others, weight: 1.0 };
        let (loss, pieces) = gradients_of(&network, &samples, Some(&unlabelled), Some(5), &device);
        let (loss_of_parts, parts) =
            gradients_on_devices(&network, &samples, Some(&unlabelled), None, &device, &[device]);
        assert!((loss - loss_of_parts).abs() < 1e-6 * loss, "{loss} {loss_of_parts}");
        let (pieces, parts) = (flat(&network, &pieces), flat(&network, &parts));
        let length = pieces.iter().map(|x| x * x).sum::<f32>().sqrt();
        let apart = pieces.iter().zip(&parts).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!(apart < 1e-5 * length, "{apart} of {length}");
    }
}
