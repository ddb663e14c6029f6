//! Running statistics on backends that keep gradients.

use std::cell::Cell;

use burn::nn::BatchNorm;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

thread_local! {
    static IS_FROZEN: Cell<bool> = const { Cell::new(false) };
}

/// Calls `forward` with all layers of [`batch_norm`](crate::batch_norm()) on this thread taking their running statistics,
/// and leaving them alone, on backends that keep gradients too: for gradients of a network that is not in training, such
/// as those of its inputs. Nothing changes on other backends.
///
/// # Examples
/// ```
/// use burn::backend::Autodiff;
/// use burn::nn::{BatchNorm, BatchNormConfig};
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
/// use galmass_ops::{batch_norm, with_running_statistics};
///
/// // The running statistics of a new layer are mean 0 and variance 1: outputs, and gradients, are halved.
/// let device = Default::default();
/// let layer: BatchNorm<Autodiff<Flex>> = BatchNormConfig::new(1).with_epsilon(3.0).init(&device);
/// let input = Tensor::<Autodiff<Flex>, 4>::from_floats([[[[2.0, -8.0]]]], &device).require_grad();
/// let output = with_running_statistics(|| batch_norm(&layer, input.clone()));
/// assert_eq!(output.to_data().to_vec::<f32>().unwrap(), [1.0, -4.0]);
/// let gradient = input.grad(&output.sum().backward()).unwrap();
/// assert_eq!(gradient.to_data().to_vec::<f32>().unwrap(), [0.5, 0.5]);
/// ```
pub fn with_running_statistics<T>(forward: impl FnOnce() -> T) -> T {
    /// Puts things back, after a panic too.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_FROZEN.set(self.0);
        }
    }
    let _restore = Restore(IS_FROZEN.replace(true));
    forward()
}

pub(super) fn is_frozen() -> bool {
    IS_FROZEN.get()
}

/// Normalises with the running statistics, by operations that pass gradients on.
pub(super) fn normalise<B: Backend>(layer: &BatchNorm<B>, input: Tensor<B, 4>) -> Tensor<B, 4> {
    let [_, n_channels, _, _] = input.dims();
    let shape = [1, n_channels, 1, 1];
    let scale = layer.gamma.val() / (layer.running_var.value_sync() + layer.epsilon).sqrt();
    let shift = layer.beta.val() - layer.running_mean.value_sync() * scale.clone();
    input * scale.reshape(shape) + shift.reshape(shape)
}
