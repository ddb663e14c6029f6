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

use super::{Affine, Ending, Normalised, Statistics, n_values};
use crate::backend::{Kernels, NormaliseGradients};
use crate::fork::Meeting;
use crate::tensors::{primitive, tensor};

/// Normalises with the statistics of the input, and lets the running statistics follow.
pub(crate) fn training<B: Backend, S: CheckpointStrategy>(
    kernels: Kernels<B>,
    layer: &BatchNorm<Autodiff<B, S>>,
    input: Tensor<Autodiff<B, S>, 4>,
    ending: Ending<Tensor<Autodiff<B, S>, 4>>,
    meeting: Option<&Meeting>,
) -> Tensor<Autodiff<B, S>, 4> {
    let m = n_values(&input);
    let input = primitive(input);
    let [gamma, beta] = [layer.gamma.val(), layer.beta.val()].map(primitive);
    let affine =
        Affine { gamma: gamma.primitive.clone(), beta: beta.primitive.clone(), epsilon: layer.epsilon };
    let ending = ending.map(primitive);
    let Normalised { output, statistics } = (kernels.normalise)(
        input.primitive.clone(),
        affine.clone(),
        ending.clone().map(|shortcut| shortcut.primitive),
    );
    follow(layer, statistics.clone(), m);
    let Kernels { normalise_gradients: gradients, add, .. } = kernels;
    let made = Made { output, statistics, affine, gradients, add };
    tensor(match ending {
        Ending::AddRectified(shortcut) => {
            let ending = Ending::AddRectified(made.output.clone());
            let meeting = meeting.filter(|_| shortcut.is_tracked()).cloned();
            made.track::<S, 4>(ending, meeting, [input, gamma, beta, shortcut])
        }
        Ending::Rectified => made.track::<S, 3>(Ending::Rectified, None, [input, gamma, beta]),
        Ending::Nothing => made.track::<S, 3>(Ending::Nothing, None, [input, gamma, beta]),
    })
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

/// What came of the way there.
struct Made<B: Backend> {
    output: FloatTensor<B>,
    statistics: Statistics<B>,
    affine: Affine<B>,
    gradients: NormaliseGradients<B>,
    add: fn(FloatTensor<B>, FloatTensor<B>) -> FloatTensor<B>,
}

impl<B: Backend> Made<B> {
    /// Puts the operation into the graph; the first parent is the input.
    fn track<S: CheckpointStrategy, const N: usize>(
        self,
        ending: Ending<FloatTensor<B>>,
        meeting: Option<Meeting>,
        parents: [FloatTensor<Autodiff<B, S>>; N],
    ) -> FloatTensor<Autodiff<B, S>> {
        let Self { output, statistics, affine, gradients, add } = self;
        let nodes = parents.each_ref().map(|parent| parent.node.clone());
        match Backward::<B, N>::prepare::<S>(Step, nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut node) => {
                // The checkpoint strategy may compute the input again rather than keep it; the others are small, or kept
                // by what follows as well.
                let input = node.checkpoint(&parents[0]);
                meeting.iter().for_each(Meeting::expect_one);
                node.finish(State { input, affine, statistics, ending, gradients, meeting, add }, output)
            }
            OpsKind::UnTracked(node) => node.finish(output),
        }
    }
}

/// What the way back needs from the way there.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    input: NodeId,
    affine: Affine<B>,
    statistics: Statistics<B>,
    /// With the output.
    ending: Ending<FloatTensor<B>>,
    gradients: NormaliseGradients<B>,
    /// Where the gradient of the shortcut goes, if not to the graph at once.
    meeting: Option<Meeting>,
    add: fn(FloatTensor<B>, FloatTensor<B>) -> FloatTensor<B>,
}

#[derive(Debug)]
struct Step;

impl<B: Backend, const N: usize> Backward<B, N> for Step {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let of_output = gradients.consume::<B>(&ops.node);
        let State { input, affine, statistics, ending, gradients: of_parents, meeting, add } = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let [of_input, of_gamma, of_beta, of_shortcut] =
            of_parents(of_output, input, affine, statistics, ending);
        let of_shortcut = of_shortcut.and_then(|gradient| match meeting {
            Some(meeting) => meeting.bring(gradient, add),
            None => Some(gradient),
        });
        let of_parents = [of_input, of_gamma, of_beta, of_shortcut];
        for (parent, gradient) in ops.parents.into_iter().zip(of_parents) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}
