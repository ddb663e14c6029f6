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

use super::Window;
use crate::backend::{Kernels, PoolGradient};
use crate::tensors::{primitive, tensor};

/// Pools, and keeps what the way back needs.
pub(crate) fn pool<B: Backend, S: CheckpointStrategy>(
    kernels: Kernels<B>,
    input: Tensor<Autodiff<B, S>, 4>,
    window: Window,
) -> Tensor<Autodiff<B, S>, 4> {
    let input = primitive(input);
    let output = (kernels.pool)(input.primitive.clone(), window);
    let output = match Step.prepare::<S>([input.node.clone()]).compute_bound().stateful() {
        OpsKind::Tracked(mut node) => {
            // The checkpoint strategy may compute the input again rather than keep it.
            let input = node.checkpoint(&input);
            node.finish(
                State { input, output: output.clone(), window, gradient: kernels.pool_gradient },
                output,
            )
        }
        OpsKind::UnTracked(node) => node.finish(output),
    };
    tensor(output)
}

/// What the way back needs from the way there.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    input: NodeId,
    output: FloatTensor<B>,
    window: Window,
    gradient: PoolGradient<B>,
}

#[derive(Debug)]
struct Step;

impl<B: Backend> Backward<B, 1> for Step {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let of_output = gradients.consume::<B>(&ops.node);
        let State { input, output, window, gradient } = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        if let [Some(node)] = ops.parents {
            gradients.register::<B>(node.id, gradient(of_output, input, output, window));
        }
    }
}
