//! Gradients of a batch: in pieces where it is too large for the memory, on several devices where there are such, and no
//! longer than they may be.

use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::thread;

use burn::module::{AutodiffModule, ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use burn::tensor::backend::AutodiffBackend;
use galmass_dataset::ScaledSamples;
use galmass_ops::FusedBackend;

use crate::Network;
use crate::batches::equal_parts;
use crate::tensors::outputs_of;

/// The loss of a batch and its gradients.
///
/// With `largest_piece` the batch goes through the network in the fewest pieces no larger than that, of two samples or
/// more, and the gradients are the mean over the pieces, each weighed by its samples: those of the whole batch, were it
/// not for batch normalisation, which sees the statistics of one piece at a time and takes in each of them.
///
/// `helpers` are further devices. The batch is dealt out among all of them and `device` in equal parts, of two samples or
/// more, which are worked on at the same time, each with a copy of the network. Each part is a piece in the sense above;
/// running statistics are those of the part of `device` alone, as in PyTorch's DistributedDataParallel.
pub(crate) fn gradients_of<B: FusedBackend + AutodiffBackend>(
    network: &Network<B>,
    samples: &ScaledSamples,
    largest_piece: Option<usize>,
    device: &B::Device,
    helpers: &[B::Device],
) -> (f32, GradientsParams) {
    let n_samples = samples.n_samples();
    let n_parts = (1 + helpers.len()).min(n_samples / 2);
    if n_parts < 2 {
        return gradients_of_part(network, samples, largest_piece, device);
    }
    let all: Vec<usize> = (0..n_samples).collect();
    let mut parts = equal_parts(&all, n_parts).into_iter().map(|part| samples.select(&part));
    let own = parts.next();
    let parts: Vec<_> = parts.zip(helpers).map(|(part, helper)| (part, helper, copied(network, helper))).collect();
    // In the order of the devices, whichever is done first: the same bits every time.
    let of_parts: Vec<_> = thread::scope(|scope| {
        let work = |part: ScaledSamples, network: &Network<B>, device: &B::Device| {
            let (loss, gradients) = gradients_of_part(network, &part, largest_piece, device);
            (part.n_samples(), loss, gradients)
        };
        let helped: Vec<_> = parts
            .into_iter()
            .map(|(part, helper, network)| scope.spawn(move || work(part, &network, helper)))
            .collect();
        let own = own.map(|part| work(part, network, device));
        let helped = helped.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
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

/// [`gradients_of`] on one device.
fn gradients_of_part<B: FusedBackend + AutodiffBackend>(
    network: &Network<B>,
    samples: &ScaledSamples,
    largest_piece: Option<usize>,
    device: &B::Device,
) -> (f32, GradientsParams) {
    let n_samples = samples.n_samples();
    let n_pieces = largest_piece.map_or(1, |largest| n_samples.div_ceil(largest).min(n_samples / 2).max(1));
    if n_pieces == 1 {
        let loss = loss(network, samples, device);
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        return (loss.into_scalar().elem(), gradients);
    }
    let all: Vec<usize> = (0..n_samples).collect();
    let mut accumulator = GradientsAccumulator::new();
    let mut mean_loss = 0.0;
    for piece in equal_parts(&all, n_pieces) {
        let share = piece.len() as f32 / n_samples as f32;
        let loss = loss(network, &samples.select(&piece), device) * share;
        accumulator.accumulate(network, GradientsParams::from_grads(loss.backward(), network));
        mean_loss += loss.into_scalar().elem::<f32>();
    }
    (mean_loss, accumulator.grads())
}

fn loss<B: FusedBackend>(network: &Network<B>, samples: &ScaledSamples, device: &B::Device) -> Tensor<B, 1> {
    network.losses(outputs_of(network, &samples.inputs, device), samples.targets.view()).mean()
}

/// The length of all gradients together, taken as one vector, and the gradients scaled down to `largest` where it is more
/// (Pascanu et al. 2013). Burn's own clipping looks at each parameter by itself, and so changes the direction.
pub(crate) fn clip<B: AutodiffBackend>(
    network: &Network<B>,
    mut gradients: GradientsParams,
    largest: f64,
) -> (f32, GradientsParams) {
    let mut squares = Squares::<B> { gradients: &gradients, sums: Vec::new() };
    network.visit(&mut squares);
    if squares.sums.is_empty() {
        return (0.0, gradients);
    }
    let norm: f32 = Tensor::cat(squares.sums, 0).sum().sqrt().into_scalar().elem();
    if f64::from(norm) > largest && norm.is_finite() {
        scale(network, &mut gradients, (largest / f64::from(norm)) as f32);
    }
    (norm, gradients)
}

/// Sums of squares, in the order of the parameters.
struct Squares<'a, B: AutodiffBackend> {
    gradients: &'a GradientsParams,
    sums: Vec<Tensor<B::InnerBackend, 1>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Squares<'_, B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        if let Some(gradient) = self.gradients.get::<B::InnerBackend, D>(parameter.id) {
            self.sums.push(gradient.square().sum());
        }
    }
}

/// Multiplies all gradients by a factor.
fn scale<B: AutodiffBackend>(network: &Network<B>, gradients: &mut GradientsParams, factor: f32) {
    network.visit(&mut Scale::<B> { gradients, factor, backend: PhantomData });
}

struct Scale<'a, B> {
    gradients: &'a mut GradientsParams,
    factor: f32,
    backend: PhantomData<B>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Scale<'_, B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        if let Some(gradient) = self.gradients.remove::<B::InnerBackend, D>(parameter.id) {
            self.gradients.register(parameter.id, gradient * self.factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;
    use burn_flex::Flex;
    use galmass_core::seed;
    use galmass_dataset::Inputs;
    use ndarray::{Array2, Array4, Axis, concatenate};
    use rand::RngExt;

    use super::*;
    use crate::network::tests::small;
    use crate::{BranchConfig, NetworkConfig, Stem};

    type B = Autodiff<Flex>;

    fn network() -> Network<B> {
        let config = NetworkConfig {
            branches: vec![BranchConfig { name: "image".into(), n_channels: 1 }],
            width: 2,
            stem: Stem::Small,
            n_outputs: 1,
            ..small()
        };
        Network::new(&config, 1, &Default::default()).unwrap()
    }

    /// The same samples twice: each half has the statistics of the whole.
    fn twice(n_samples: usize) -> ScaledSamples {
        let mut generator = seed::generator(7);
        let maps = Array4::from_shape_fn((n_samples, 1, 12, 12), |_| generator.random_range(0.0..1.0_f32));
        let targets = Array2::from_shape_fn((n_samples, 1), |_| generator.random_range(-1.0..1.0_f32));
        let maps = concatenate![Axis(0), maps, maps];
        ScaledSamples {
            inputs: Inputs { branches: vec![maps] },
            targets: concatenate![Axis(0), targets, targets],
        }
    }

    struct Flat<'a>(&'a GradientsParams, Vec<f32>);

    impl ModuleVisitor<B> for Flat<'_> {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
            if let Some(gradient) = self.0.get::<Flex, D>(parameter.id) {
                self.1.extend(gradient.into_data().iter::<f32>());
            }
        }
    }

    fn flat(network: &Network<B>, gradients: &GradientsParams) -> Vec<f32> {
        let mut flat = Flat(gradients, Vec::new());
        network.visit(&mut flat);
        flat.1
    }

    #[test]
    fn pieces_with_the_same_statistics_have_the_gradients_of_the_whole() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let (loss, whole) = gradients_of(&network, &samples, None, &device, &[]);
        let (loss_of_pieces, pieces) = gradients_of(&network, &samples, Some(5), &device, &[]);
        let (whole, pieces) = (flat(&network, &whole), flat(&network, &pieces));
        let length = whole.iter().map(|x| x * x).sum::<f32>().sqrt();
        let apart = whole.iter().zip(&pieces).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        // Sums in another order; a sum in place of the mean would be as far off as it is long.
        assert!(apart < 1e-4 * length, "{apart} of {length}");
        assert!((loss - loss_of_pieces).abs() < 1e-5 * loss, "{loss} {loss_of_pieces}");
        // Unequal pieces, none of a single sample.
        assert!(gradients_of(&network, &samples, Some(3), &device, &[]).0.is_finite());
    }

    /// The device itself in place of others: what is tried is who does what, and what becomes of it.
    #[test]
    fn several_devices_find_the_gradients_of_as_many_pieces() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let running = |network: &Network<B>| crate::Weights::of(&network.valid()).unwrap();
        let before = running(&network);
        let (loss, pieces) = gradients_of(&network, &samples, Some(5), &device, &[]);
        let after_pieces = running(&network);
        let (loss_of_parts, parts) = gradients_of(&network, &samples, None, &device, &[device]);
        assert!((loss - loss_of_parts).abs() < 1e-6 * loss, "{loss} {loss_of_parts}");
        let (pieces, flat_parts) = (flat(&network, &pieces), flat(&network, &parts));
        let length = pieces.iter().map(|x| x * x).sum::<f32>().sqrt();
        let apart = pieces.iter().zip(&flat_parts).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!(apart < 1e-5 * length, "{apart} of {length}");
        // Two pieces were taken into the running statistics, and then one part of two.
        let after_parts = running(&network);
        assert!(before != after_pieces && after_pieces != after_parts);
        for _ in 0..3 {
            let (again, gradients) = gradients_of(&network, &samples, None, &device, &[device]);
            assert_eq!((again, flat(&network, &gradients)), (loss_of_parts, flat_parts.clone()), "bits");
        }
        // More devices than pairs of samples: some have nothing to do.
        let few = samples.select(&[0, 1, 2, 3, 4]);
        let (loss, _) = gradients_of(&network, &few, Some(2), &device, &[device; 6]);
        assert!(loss.is_finite());
    }

    #[test]
    fn gradients_are_shortened_as_one_vector() {
        let (network, samples, device) = (network(), twice(3), Default::default());
        let gradients = || gradients_of(&network, &samples, None, &device, &[]).1;
        let whole = flat(&network, &gradients());
        let length = whole.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let (norm, clipped) = clip(&network, gradients(), 0.25 * length);
        assert!((f64::from(norm) / length - 1.0).abs() < 1e-5, "{norm} {length}");
        for (before, after) in whole.iter().zip(flat(&network, &clipped)) {
            assert!((0.25 * before - after).abs() < 1e-6 * (1.0 + before.abs()), "{before} {after}");
        }
        let (_, untouched) = clip(&network, gradients(), 2.0 * length);
        assert_eq!(flat(&network, &untouched), whole);
    }
}
