//! Gradients of a batch: in pieces where it is too large for the memory, and no longer than they may be.

use std::marker::PhantomData;

use burn::module::{ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use burn::tensor::backend::AutodiffBackend;
use galmass_dataset::{Inputs, ScaledSamples};
use galmass_ops::FusedBackend;
use ndarray::{Axis, concatenate};

use crate::batches::equal_parts;
use crate::tensors::{features_of, outputs_of};
use crate::{Network, maximum_mean_discrepancy};

/// Samples of another domain, and the weight of their discrepancy in the loss.
pub(crate) struct Unlabelled<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) weight: f64,
}

/// The loss of a batch and its gradients.
///
/// With `largest_piece` the batch goes through the network in the fewest pieces no larger than that, of two samples or
/// more, and the gradients are the mean over the pieces, each weighed by its samples: those of the whole batch, were it
/// not for batch normalisation, which sees the statistics of one piece at a time and takes in each of them.
///
/// With `unlabelled` samples, the discrepancy of their features is in the gradients, and not in the loss.
pub(crate) fn gradients_of<B: FusedBackend + AutodiffBackend>(
    network: &Network<B>,
    samples: &ScaledSamples,
    unlabelled: Option<&Unlabelled<'_>>,
    largest_piece: Option<usize>,
    device: &B::Device,
) -> (f32, GradientsParams) {
    let n_samples = samples.n_samples();
    let n_pieces = largest_piece.map_or(1, |largest| n_samples.div_ceil(largest).min(n_samples / 2).max(1));
    if n_pieces == 1 {
        let [loss, minimised] = losses(network, samples, unlabelled, device);
        let gradients = GradientsParams::from_grads(minimised.backward(), network);
        return (loss.into_scalar().elem(), gradients);
    }
    let all: Vec<usize> = (0..n_samples).collect();
    let others: Vec<usize> = (0..unlabelled.map_or(0, |others| others.inputs.n_samples())).collect();
    let mut accumulator = GradientsAccumulator::new();
    let mut mean_loss = 0.0;
    for (piece, others) in equal_parts(&all, n_pieces).into_iter().zip(equal_parts(&others, n_pieces)) {
        let share = piece.len() as f32 / n_samples as f32;
        let inputs = unlabelled.map(|all| (all.inputs.select(&others), all.weight));
        let others = inputs.as_ref().map(|(inputs, weight)| Unlabelled { inputs, weight: *weight });
        let [loss, minimised] = losses(network, &samples.select(&piece), others.as_ref(), device);
        accumulator.accumulate(network, GradientsParams::from_grads((minimised * share).backward(), network));
        mean_loss += share * loss.into_scalar().elem::<f32>();
    }
    (mean_loss, accumulator.grads())
}

/// The loss of the targets, and what is minimised: that and the discrepancy, if any.
fn losses<B: FusedBackend>(
    network: &Network<B>,
    samples: &ScaledSamples,
    unlabelled: Option<&Unlabelled<'_>>,
    device: &B::Device,
) -> [Tensor<B, 1>; 2] {
    let of = |outputs| network.losses(outputs, samples.targets.view()).mean();
    let n_samples = samples.n_samples();
    match unlabelled.filter(|others| others.inputs.n_samples() > 0) {
        None => {
            let loss = of(outputs_of(network, &samples.inputs, device));
            [loss.clone(), loss]
        }
        Some(others) => {
            // As one batch: its normalisation then sees both domains.
            let both = features_of(network, &joined(&samples.inputs, others.inputs), device);
            let n_others = both.dims()[0] - n_samples;
            let own = both.clone().narrow(0, 0, n_samples);
            let loss = of(network.outputs(own.clone()));
            let discrepancy = maximum_mean_discrepancy(own, both.narrow(0, n_samples, n_others));
            [loss.clone(), loss + discrepancy * others.weight as f32]
        }
    }
}

/// The samples of both, which have been checked to fit one network.
fn joined(a: &Inputs, b: &Inputs) -> Inputs {
    let branches = a.branches.iter().zip(&b.branches);
    let join =
        |(a, b): (&ndarray::Array4<f32>, &ndarray::Array4<f32>)| concatenate![Axis(0), a.view(), b.view()];
    Inputs { branches: branches.map(join).collect() }
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
pub(crate) fn scale<B: AutodiffBackend>(network: &Network<B>, gradients: &mut GradientsParams, factor: f32) {
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
pub(crate) mod tests {
    use burn::backend::Autodiff;
    use burn_flex::Flex;
    use galmass_core::seed;
    use ndarray::{Array2, Array4};
    use rand::RngExt;

    use super::*;
    use crate::network::tests::small;
    use crate::{BranchConfig, NetworkConfig, Stem};

    pub(crate) type B = Autodiff<Flex>;

    pub(crate) fn network() -> Network<B> {
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
    pub(crate) fn twice(n_samples: usize) -> ScaledSamples {
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

    pub(crate) fn flat(network: &Network<B>, gradients: &GradientsParams) -> Vec<f32> {
        let mut flat = Flat(gradients, Vec::new());
        network.visit(&mut flat);
        flat.1
    }

    #[test]
    fn pieces_with_the_same_statistics_have_the_gradients_of_the_whole() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let (loss, whole) = gradients_of(&network, &samples, None, None, &device);
        let (loss_of_pieces, pieces) = gradients_of(&network, &samples, None, Some(5), &device);
        let (whole, pieces) = (flat(&network, &whole), flat(&network, &pieces));
        let length = whole.iter().map(|x| x * x).sum::<f32>().sqrt();
        let apart = whole.iter().zip(&pieces).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        // Sums in another order; a sum in place of the mean would be as far off as it is long.
        assert!(apart < 1e-4 * length, "{apart} of {length}");
        assert!((loss - loss_of_pieces).abs() < 1e-5 * loss, "{loss} {loss_of_pieces}");
        // Unequal pieces, none of a single sample.
        assert!(gradients_of(&network, &samples, None, Some(3), &device).0.is_finite());
    }

    #[test]
    fn aligning_moves_the_gradient_and_not_the_loss_that_is_told() {
        let (network, samples, device) = (network(), twice(5), Default::default());
        let others = twice(4).inputs.branches.remove(0).mapv(|value| 1.0 - value * value);
        let others = Inputs { branches: vec![others] };
        let with = |weight, piece| {
            let unlabelled = Unlabelled { inputs: &others, weight };
            let (loss, gradients) = gradients_of(&network, &samples, Some(&unlabelled), piece, &device);
            (loss, flat(&network, &gradients))
        };
        let (loss, nothing) = with(0.0, None);
        // So much that the discrepancy is most of the gradient.
        let (same_loss, some) = with(100.0, None);
        assert_eq!(loss, same_loss);
        let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        let moved = apart(&some, &nothing);
        assert!(moved > 1e-3 && moved.is_finite(), "{moved}");
        // Halves of both have the statistics of the whole, and the discrepancy of the whole.
        let (_, in_pieces) = with(100.0, Some(5));
        assert!(apart(&in_pieces, &some) < 1e-3 * moved, "{} {moved}", apart(&in_pieces, &some));
        // The batch normalisation sees both: that alone is no gradient of the discrepancy.
        assert_ne!(flat(&network, &gradients_of(&network, &samples, None, None, &device).1), nothing);
    }

    #[test]
    fn gradients_are_shortened_as_one_vector() {
        let (network, samples, device) = (network(), twice(3), Default::default());
        let gradients = || gradients_of(&network, &samples, None, None, &device).1;
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
