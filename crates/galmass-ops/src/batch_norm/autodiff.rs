//! The node of the graph: forward while training, running statistics, and the way back.

use burn::backend::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::nn::BatchNorm;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;

use super::{Normalised, Statistics, n_values};
use crate::backend::{Kernels, NormaliseGradients};
use crate::tensors::{primitive, tensor};

/// Normalises with the statistics of the input, and lets the running statistics follow.
pub(crate) fn training<B: Backend, S: CheckpointStrategy>(
    kernels: Kernels<B>,
    layer: &BatchNorm<Autodiff<B, S>>,
    input: Tensor<Autodiff<B, S>, 4>,
) -> Tensor<Autodiff<B, S>, 4> {
    let m = n_values(&input);
    let epsilon = layer.epsilon;
    let input = primitive(input);
    let gamma = primitive(layer.gamma.val());
    let beta = primitive(layer.beta.val());

    let parents = [input.node.clone(), gamma.node.clone(), beta.node.clone()];
    let Normalised { output, statistics } =
        (kernels.normalise)(input.primitive.clone(), gamma.primitive.clone(), beta.primitive, epsilon);
    follow(layer, statistics.clone(), m);
    let output = match Step.prepare::<S>(parents).compute_bound().stateful() {
        OpsKind::Tracked(mut node) => {
            // The checkpoint strategy may compute the input again rather than keep it; the others are small.
            let input = node.checkpoint(&input);
            let gradients = kernels.normalise_gradients;
            let state = State { input, gamma: gamma.primitive, statistics, epsilon, gradients };
            node.finish(state, output)
        }
        OpsKind::UnTracked(node) => node.finish(output),
    };
    tensor(output)
}

/// Takes the statistics of a batch of `m` values a channel into the running statistics.
fn follow<B: Backend, S: CheckpointStrategy>(
    layer: &BatchNorm<Autodiff<B, S>>,
    statistics: Statistics<B>,
    m: usize,
) {
    let momentum = layer.momentum;
    let unbiased = if m > 1 { m as f64 / (m - 1) as f64 } else { 1.0 };
    let mean: Tensor<B, 1> = tensor(statistics.mean);
    let variance: Tensor<B, 1> = tensor(statistics.variance);
    // `value` may be one update behind.
    let running_mean = layer.running_mean.value_sync().inner() * (1.0 - momentum) + mean * momentum;
    let running_variance =
        layer.running_var.value_sync().inner() * (1.0 - momentum) + variance * (momentum * unbiased);
    layer.running_mean.update(Tensor::from_inner(running_mean));
    layer.running_var.update(Tensor::from_inner(running_variance));
}

/// What the way back needs from the way there.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    input: NodeId,
    gamma: FloatTensor<B>,
    statistics: Statistics<B>,
    epsilon: f64,
    gradients: NormaliseGradients<B>,
}

#[derive(Debug)]
struct Step;

impl<B: Backend> Backward<B, 3> for Step {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let of_output = gradients.consume::<B>(&ops.node);
        let State { input, gamma, statistics, epsilon, gradients: of_parents } = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let of_parents = of_parents(of_output, input, gamma, statistics, epsilon);
        for (parent, gradient) in ops.parents.into_iter().zip(of_parents) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}
