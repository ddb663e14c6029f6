//! What the network says about the targets: the outputs of its fully connected layer as a number each, or as a
//! density.

mod flow;
mod gaussian;
mod made;
mod mixture;
mod point;
mod profile;
#[cfg(test)]
mod tests;

pub use flow::{Flow, FlowHead};
pub use gaussian::GaussianHead;
pub use made::Made;
pub use mixture::MixtureHead;
pub use point::PointHead;
pub use profile::ProfileConfig;

pub(crate) use flow::LARGEST_LOG_SCALE;
pub(crate) use made::{PlainContext, PlainMade};

use burn::prelude::*;
use ndarray::{ArrayView2, aview1};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::posterior::{RisingProfiles, Widened, width_factors};
use crate::{NetError, NetworkConfig, Posterior};

/// What the network says about the targets of a galaxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum HeadConfig {
    /// A number for each target, with the mean squared error as the loss: as in Chu et al. (2024).
    #[default]
    Point,
    /// A Gaussian with any covariance.
    Gaussian,
    /// A mixture of Gaussians, each with any covariance.
    Mixture {
        /// How many; at least 1.
        n_components: usize,
    },
    /// A masked autoregressive flow (Papamakarios, Pavlakou & Murray 2017). Its last layer, the base, makes each
    /// number a mixture of Gaussians whose weights, means and widths depend on those before it: without that a flow
    /// of affine layers is a mere Gaussian in one dimension, and has to bend its way to two modes in several.
    Flow {
        /// Affine layers, with the order of the targets reversed from one to the next; at least 1, 4 are common.
        n_layers: usize,
        /// Units in each of the two hidden layers of each, and numbers that the fully connected layer hands to the
        /// flow; at least 1, 64 are common.
        n_hidden: usize,
        /// Gaussians of the base; 1 makes it a standard normal distribution, and the flow the plain one; 4 are enough.
        n_components: usize,
    },
}

impl HeadConfig {
    pub(crate) fn check(&self) -> Result<(), NetError> {
        let positive = |field, value: usize| match value {
            0 => Err(NetError::BadConfig { field, value: 0.0, range: "at least 1" }),
            _ => Ok(()),
        };
        match *self {
            Self::Point | Self::Gaussian => Ok(()),
            Self::Mixture { n_components } => positive("n_components", n_components),
            Self::Flow { n_layers, n_hidden, n_components } => {
                positive("n_layers", n_layers)?;
                positive("n_hidden", n_hidden)?;
                positive("n_components", n_components)
            }
        }
    }

    /// Numbers that the fully connected layer hands to the head.
    pub(crate) fn n_parameters(&self, n_outputs: usize) -> usize {
        match *self {
            Self::Point => n_outputs,
            Self::Gaussian => mixture::n_parameters_of_gaussian(n_outputs),
            Self::Mixture { n_components } => {
                n_components * (1 + mixture::n_parameters_of_gaussian(n_outputs))
            }
            Self::Flow { n_hidden, .. } => n_hidden,
        }
    }

    /// The first biases of the fully connected layer, where they are not drawn like its weights: widths of 1, which
    /// z-scored targets have, and means of components that are apart, since components that start alike stay alike.
    pub(crate) fn first_biases(&self, n_outputs: usize, generator: &mut ChaCha8Rng) -> Option<Vec<f32>> {
        match *self {
            Self::Point | Self::Flow { .. } => None,
            Self::Gaussian => Some(mixture::first_biases_of_gaussian(n_outputs)),
            Self::Mixture { n_components } => Some(mixture::first_biases(n_outputs, n_components, generator)),
        }
    }
}

/// What turns the outputs of the fully connected layer into a loss and into a posterior.
pub trait Head<B: Backend> {
    /// The loss of each sample: the mean squared error, or the negative logarithm of the density at the truth.
    ///
    /// # Shapes
    /// outputs `[n, n_parameters]`, truths `[n, n_outputs]` in the numbers that the head speaks of -> `[n]`
    fn losses(&self, outputs: Tensor<B, 2>, truths: Tensor<B, 2>) -> Tensor<B, 1>;

    /// What the outputs `[n, n_parameters]` say of each sample, in the numbers that the head speaks of.
    fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior>;
}

/// The head that a configuration names, with its weights, and the profiles around it.
#[derive(Module, Debug)]
pub struct NetworkHead<B: Backend> {
    flow: Option<Flow<B>>,
    #[module(skip)]
    config: HeadConfig,
    #[module(skip)]
    profiles: Option<ProfileConfig>,
    #[module(skip)]
    n_outputs: usize,
}

impl<B: Backend> NetworkHead<B> {
    pub(crate) fn new(config: &NetworkConfig, generator: &mut ChaCha8Rng, device: &B::Device) -> Self {
        let n_outputs = config.n_outputs;
        let flow = match config.head {
            HeadConfig::Flow { n_layers, n_hidden, n_components } => {
                Some(Flow::new(n_outputs, n_layers, n_hidden, n_components, generator, device))
            }
            _ => None,
        };
        Self { flow, config: config.head.clone(), profiles: config.profiles.clone(), n_outputs }
    }

    fn head(&self) -> Box<dyn Head<B> + '_> {
        let n_outputs = self.n_outputs;
        match (&self.config, &self.flow) {
            (_, Some(flow)) => Box::new(FlowHead { flow }),
            (HeadConfig::Gaussian, None) => Box::new(GaussianHead { n_outputs }),
            (&HeadConfig::Mixture { n_components }, None) => {
                Box::new(MixtureHead { n_outputs, n_components })
            }
            // `new` has made a flow where one is named.
            (HeadConfig::Point | HeadConfig::Flow { .. }, None) => Box::new(PointHead),
        }
    }

    /// The loss of each sample with the scaled targets `[n, n_outputs]` as truths.
    pub(crate) fn losses(&self, outputs: Tensor<B, 2>, truths: ArrayView2<'_, f32>) -> Tensor<B, 1> {
        let device = outputs.device();
        let n = truths.nrows();
        let on_device = |values: Vec<f32>| {
            Tensor::<B, 2>::from_data(TensorData::new(values, [n, self.n_outputs]), &device)
        };
        match (&self.profiles, &self.config) {
            (None, _) => self.head().losses(outputs, on_device(truths.iter().copied().collect())),
            // Errors are those of the targets, not of the free numbers.
            (Some(profiles), HeadConfig::Point) => {
                let outputs = profiles.to_scaled_tensor(outputs);
                self.head().losses(outputs, on_device(truths.iter().copied().collect()))
            }
            (Some(profiles), _) => {
                let (mut free, mut log_volumes) = (Vec::with_capacity(truths.len()), Vec::with_capacity(n));
                for truth in truths.rows() {
                    let scaled: Vec<f64> = truth.iter().map(|&value| value.into()).collect();
                    let (values, log_volume) = profiles.to_free(&scaled);
                    free.extend(values.into_iter().map(|value| value as f32));
                    log_volumes.push(log_volume as f32);
                }
                let log_volumes = Tensor::from_data(TensorData::new(log_volumes, [n]), &device);
                self.head().losses(outputs, on_device(free)) - log_volumes
            }
        }
    }

    /// What the outputs `[n, n_parameters]` say of the scaled targets.
    pub(crate) fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior> {
        self.calibrated_posterior(outputs, &[])
    }

    /// The same with the free numbers spread by `width_factors`; as they are where there are none.
    pub(crate) fn calibrated_posterior(
        &self,
        outputs: ArrayView2<'_, f32>,
        width_factors: &[f64],
    ) -> Box<dyn Posterior> {
        let mut free = self.head().posterior(outputs);
        if !width_factors.is_empty() {
            free = Box::new(Widened::new(free, width_factors.to_vec()));
        }
        match &self.profiles {
            Some(profiles) => Box::new(RisingProfiles { free, profiles: profiles.clone() }),
            None => free,
        }
    }

    /// The factors that set the widths of the free numbers right for these truths `[n, n_outputs]`; none for a head of
    /// points, which has no widths.
    pub(crate) fn width_factors(
        &self,
        outputs: ArrayView2<'_, f32>,
        truths: ArrayView2<'_, f32>,
    ) -> Vec<f64> {
        if self.config == HeadConfig::Point {
            return Vec::new();
        }
        let mut free = truths.mapv(f64::from);
        if let Some(profiles) = &self.profiles {
            for mut truth in free.rows_mut() {
                let (values, _) = profiles.to_free(&truth.to_vec());
                truth.assign(&aview1(&values));
            }
        }
        width_factors(&*self.head().posterior(outputs), free.view())
    }
}
