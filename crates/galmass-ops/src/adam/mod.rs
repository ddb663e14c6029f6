//! The optimiser of Kingma & Ba (2015) with the weight decay of Loshchilov & Hutter (2019).

pub(crate) mod flex;

use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, LearningRate, SimpleOptimizer};
use burn::tensor::ops::Device;
use burn::tensor::{DType, Tensor};

use crate::FusedBackend;
use crate::tensors::{primitive, tensor};

/// Burn's [`AdamW`], in one pass over the weights: the same steps to the last bit, and the same record.
///
/// With the gradient `g` of a weight `w`, for step `t` counted from 1,
///
/// ```text
/// m <- beta_1 m + (1 - beta_1) g      v <- beta_2 v + (1 - beta_2) g^2
/// w <- (1 - rate decay) w - rate m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
/// ```
///
/// Types other than `f32`, and backends without fused operations, are left to Burn.
///
/// # Examples
/// ```
/// use burn::optim::SimpleOptimizer;
/// use burn::tensor::Tensor;
/// use burn_flex::Flex;
/// use galmass_ops::FusedAdamW;
///
/// // The first step is as long as the learning rate, whatever the gradient.
/// let optimiser = FusedAdamW::new(0.9, 0.999, 0.0, 0.0);
/// let weights = Tensor::<Flex, 1>::from_floats([1.0, 1.0], &Default::default());
/// let gradient = Tensor::from_floats([0.5, -8.0], &Default::default());
/// let (weights, _) = optimiser.step(0.25, weights, gradient, None);
/// for (found, expected) in weights.into_data().to_vec::<f32>().unwrap().iter().zip([0.75, 1.25]) {
///     assert!((found - expected).abs() < 1e-6);
/// }
/// ```
///
/// # References
/// D. P. Kingma & J. Ba 2015, "Adam: A Method for Stochastic Optimization", ICLR; I. Loshchilov & F. Hutter 2019,
/// "Decoupled Weight Decay Regularization", ICLR.
#[derive(Clone)]
pub struct FusedAdamW {
    burn: AdamW,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    weight_decay: f32,
}

impl FusedAdamW {
    /// Decay rates of the two moments, what is added to the root of the second, and the weight decay.
    pub fn new(beta_1: f32, beta_2: f32, epsilon: f32, weight_decay: f32) -> Self {
        let burn = AdamWConfig::new()
            .with_beta_1(beta_1)
            .with_beta_2(beta_2)
            .with_epsilon(epsilon)
            .with_weight_decay(weight_decay)
            .build();
        Self { burn, beta_1, beta_2, epsilon, weight_decay }
    }

    fn rates(&self, learning_rate: LearningRate, step: usize) -> Rates {
        let remaining = |beta: f32| 1.0 - beta.powi(step as i32);
        Rates {
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
            corrections: [remaining(self.beta_1), remaining(self.beta_2)],
            kept: (1.0 - learning_rate * f64::from(self.weight_decay)) as f32,
            learning_rate: learning_rate as f32,
        }
    }
}

/// The numbers of one step.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub(crate) beta_1: f32,
    pub(crate) beta_2: f32,
    pub(crate) epsilon: f32,
    /// What the moments are divided by, as long as they remember that they began with zero.
    pub(crate) corrections: [f32; 2],
    /// What the decay leaves of a weight.
    pub(crate) kept: f32,
    pub(crate) learning_rate: f32,
}

impl<B: FusedBackend> SimpleOptimizer<B> for FusedAdamW {
    type State<const D: usize> = AdamWState<B, D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<B, D>,
        gradient: Tensor<B, D>,
        state: Option<AdamWState<B, D>>,
    ) -> (Tensor<B, D>, Option<AdamWState<B, D>>) {
        let is_f32 = [weights.dtype(), gradient.dtype()] == [DType::F32; 2];
        let keeps_largest = state.as_ref().is_some_and(|state| state.momentum.max_moment_2.is_some());
        let Some(kernels) = B::kernels().filter(|_| is_f32 && !keeps_largest) else {
            return self.burn.step(learning_rate, weights, gradient, state);
        };
        let (time, moments) = match state {
            Some(state) => (state.momentum.time + 1, [state.momentum.moment_1, state.momentum.moment_2]),
            None => (1, [weights.zeros_like(), weights.zeros_like()]),
        };
        let rates = self.rates(learning_rate, time);
        let [weights, moment_1, moment_2] =
            (kernels.adam_step)(primitive(weights), primitive(gradient), moments.map(primitive), rates);
        let (moment_1, moment_2) = (tensor(moment_1), tensor(moment_2));
        let momentum = AdaptiveMomentumState { time, moment_1, moment_2, max_moment_2: None };
        (tensor(weights), Some(AdamWState::new(momentum)))
    }

    fn to_device<const D: usize>(mut state: AdamWState<B, D>, device: &Device<B>) -> AdamWState<B, D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
