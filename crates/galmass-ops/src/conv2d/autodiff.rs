//! The node of the graph: forward, and the way back.

use burn::backend::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;

use super::Geometry;
use crate::backend::{ConvolveGradients, Kernels};
use crate::fork::Meeting;
use crate::tensors::{primitive, tensor};

/// Convolves, and keeps what the way back needs.
pub(crate) fn convolve<B: Backend, S: CheckpointStrategy>(
    kernels: Kernels<B>,
    input: Tensor<Autodiff<B, S>, 4>,
    weight: Tensor<Autodiff<B, S>, 4>,
    geometry: Geometry,
    meeting: Option<&Meeting>,
) -> Tensor<Autodiff<B, S>, 4> {
    let (input, weight) = (primitive(input), primitive(weight));
    let parents = [input.node.clone(), weight.node.clone()];
    let is_tracked = input.is_tracked();
    let output = (kernels.convolve)(input.primitive.clone(), weight.primitive.clone(), geometry);
    let output = match Step.prepare::<S>(parents).compute_bound().stateful() {
        OpsKind::Tracked(mut node) => {
            // The checkpoint strategy may compute the input again rather than keep it.
            let input = node.checkpoint(&input);
            let Kernels { convolve_gradients: gradients, add, .. } = kernels;
            let weight = weight.primitive;
            let meeting = meeting.filter(|_| is_tracked).cloned();
            meeting.iter().for_each(Meeting::expect_one);
            node.finish(State { input, weight, geometry, gradients, meeting, add }, output)
        }
        OpsKind::UnTracked(node) => node.finish(output),
    };
    tensor(output)
}

/// What the way back needs from the way there.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    input: NodeId,
    weight: FloatTensor<B>,
    geometry: Geometry,
    gradients: ConvolveGradients<B>,
    /// Where the gradient of the input goes, if not to the graph at once.
    meeting: Option<Meeting>,
    add: fn(FloatTensor<B>, FloatTensor<B>) -> FloatTensor<B>,
}

#[derive(Debug)]
struct Step;

impl<B: Backend> Backward<B, 2> for Step {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let of_output = gradients.consume::<B>(&ops.node);
        let State { input, weight, geometry, gradients: of_parents, meeting, add } = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let [input_node, weight_node] = ops.parents;
        let (of_input, of_weight) = of_parents(of_output, input, weight, geometry, input_node.is_some());
        let of_input = of_input.and_then(|gradient| match meeting {
            Some(meeting) => meeting.bring(gradient, add),
            None => Some(gradient),
        });
        if let (Some(node), Some(gradient)) = (input_node, of_input) {
            gradients.register::<B>(node.id, gradient);
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, of_weight);
        }
    }
}
