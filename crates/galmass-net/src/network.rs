//! Branches side by side, one fully connected layer, and a head.

use burn::module::Param;
use burn::nn::Linear;
use burn::prelude::*;
use galmass_core::seed;
use galmass_ops::FusedBackend;
use ndarray::{Array2, ArrayView2};

use crate::config::NetworkConfig;
use crate::head::NetworkHead;
use crate::initial::{linear, parameter};
use crate::{Branch, NetError, Posterior};

/// The multibranch network: late fusion by concatenation, as in figure 3 of Chu et al. (2024).
#[derive(Module, Debug)]
pub struct Network<B: Backend> {
    branches: Vec<Branch<B>>,
    /// What stands for the features of each branch where a sample lacks it; none where no sample may.
    tokens: Vec<Param<Tensor<B, 1>>>,
    fc: Linear<B>,
    head: NetworkHead<B>,
}

impl<B: Backend> Network<B> {
    /// Makes a network with its first weights drawn from `seed`: the same on every backend.
    ///
    /// # Errors
    /// [`NetError::BadConfig`] for a network without branches, channels, features or outputs, or a head, profiles or a
    /// branch dropout that cannot be.
    pub fn new(config: &NetworkConfig, seed: u64, device: &B::Device) -> Result<Self, NetError> {
        config.check()?;
        let mut generator = seed::generator(seed);
        let branches: Vec<_> = config
            .branches
            .iter()
            .map(|branch| Branch::new(branch.n_channels, config, &mut generator, device))
            .collect();
        let n_parameters = config.head.n_parameters(config.n_outputs);
        let mut fc = linear(config.n_features(), n_parameters, &mut generator, device);
        if let Some(biases) = config.head.first_biases(config.n_outputs, &mut generator) {
            fc.bias = Some(parameter(biases, [n_parameters], device));
        }
        let head = NetworkHead::new(config, &mut generator, device);
        let n_tokens = if config.missing.is_some() { branches.len() } else { 0 };
        let n_features = config.backbone.n_features(config.width);
        let token = |_| parameter(vec![0.0; n_features], [n_features], device);
        Ok(Self { branches, tokens: (0..n_tokens).map(token).collect(), fc, head })
    }

    /// How many branches it has.
    pub(crate) fn n_branches(&self) -> usize {
        self.branches.len()
    }

    /// The loss of each sample.
    ///
    /// For a head of points the squared error averaged over the targets; for the others the negative logarithm of the
    /// density of the scaled targets, in natural units, without the Jacobian of the scaling: see
    /// [`Rescaled`](crate::Rescaled) for densities in dex.
    ///
    /// # Shapes
    /// what [`Network::forward`] gave `[n, n_parameters]`, scaled truths `[n, n_outputs]` -> `[n]`
    ///
    /// # Panics
    /// Where the shapes are others.
    pub fn losses(&self, outputs: Tensor<B, 2>, truths: ArrayView2<'_, f32>) -> Tensor<B, 1> {
        self.head.losses(outputs, truths)
    }

    /// What [`Network::forward`] says of each sample, as a density of the scaled targets.
    pub fn posterior(&self, outputs: ArrayView2<'_, f32>) -> Box<dyn Posterior> {
        self.head.posterior(outputs)
    }

    /// As [`Network::posterior`], with widths set right by the factors of [`Network::width_factors`].
    pub(crate) fn calibrated_posterior(
        &self,
        outputs: ArrayView2<'_, f32>,
        width_factors: &[f64],
    ) -> Box<dyn Posterior> {
        self.head.calibrated_posterior(outputs, width_factors)
    }

    /// By how much its posteriors are to be wider to be true to these samples, one entry a target; none for points.
    ///
    /// # Shapes
    /// outputs `[n, n_parameters]`, scaled truths `[n, n_outputs]`
    pub(crate) fn width_factors(
        &self,
        outputs: ArrayView2<'_, f32>,
        truths: ArrayView2<'_, f32>,
    ) -> Vec<f64> {
        self.head.width_factors(outputs, truths)
    }
}

impl<B: FusedBackend> Network<B> {
    /// Computes what the head is made from, for samples that have all branches.
    ///
    /// # Shapes
    /// one `[n, n_channels, n_px, n_px]` a branch, and `[n, n_scalars, 1, 1]` where there are scalars ->
    /// `[n, n_parameters]`: for a head of points the scaled targets themselves
    pub fn forward(&self, maps: Vec<Tensor<B, 4>>) -> Tensor<B, 2> {
        self.outputs(self.features(maps, None))
    }

    /// As [`Network::forward`], for samples of which `present` says `[sample, branch]` what they have. Maps of a branch
    /// that a sample lacks are not looked at, nor do they enter the statistics of batch normalisation.
    pub fn forward_present(&self, maps: Vec<Tensor<B, 4>>, present: &Array2<bool>) -> Tensor<B, 2> {
        self.outputs(self.features(maps, Some(present)))
    }

    /// What the head is made from, of some features: [`Network::forward`] is this after [`Network::features`].
    pub fn outputs(&self, features: Tensor<B, 2>) -> Tensor<B, 2> {
        self.fc.forward(features)
    }

    /// What the fully connected layer is given: the features of all branches, and the scalars.
    ///
    /// # Shapes
    /// as [`Network::forward`] -> `[n, n_features]`
    pub fn features(&self, maps: Vec<Tensor<B, 4>>, present: Option<&Array2<bool>>) -> Tensor<B, 2> {
        let of_input = |(index, maps): (usize, Tensor<B, 4>)| match self.branches.get(index) {
            Some(branch) => match (self.tokens.get(index), present) {
                (Some(token), Some(present)) => {
                    let present: Vec<bool> = present.column(index).to_vec();
                    features_or_token(branch, token.val(), maps, &present)
                }
                _ => branch.forward(maps),
            },
            // What follows the branches are scalars.
            None => maps.flatten(1, 3),
        };
        Tensor::cat(maps.into_iter().enumerate().map(of_input).collect(), 1)
    }
}

/// Features of the samples that have a branch, and the token for the others.
fn features_or_token<B: FusedBackend>(
    branch: &Branch<B>,
    token: Tensor<B, 1>,
    maps: Tensor<B, 4>,
    present: &[bool],
) -> Tensor<B, 2> {
    let mut rows: Vec<usize> = (0..present.len()).filter(|&sample| present[sample]).collect();
    if rows.len() == present.len() {
        return branch.forward(maps);
    }
    let token = token.unsqueeze_dim::<2>(0);
    if rows.is_empty() {
        return token.repeat_dim(0, present.len());
    }
    let device = maps.device();
    // The variance of one value is none: a single sample is its own companion in training.
    if rows.len() == 1 && B::ad_enabled(&device) {
        rows.push(rows[0]);
    }
    let indices = |rows: Vec<usize>| {
        let n_rows = rows.len();
        let rows: Vec<i64> = rows.into_iter().map(|row| row as i64).collect();
        Tensor::<B, 1, Int>::from_data(TensorData::new(rows, [n_rows]), &device)
    };
    let n_present = rows.len();
    let features = branch.forward(maps.select(0, indices(rows)));
    let mut place = 0;
    let places = present.iter().map(|&present| {
        place += usize::from(present);
        if present { place - 1 } else { n_present }
    });
    let places = indices(places.collect());
    Tensor::cat(vec![features, token], 0).select(0, places)
}

#[cfg(test)]
pub(crate) mod tests {
    use burn::backend::Autodiff;
    use burn::module::AutodiffModule;
    use burn_flex::Flex;
    use ndarray::array;

    use super::*;
    use crate::{Backbone, BranchConfig, HeadConfig, MissingConfig, Stem};

    pub(crate) fn small() -> NetworkConfig {
        let branch = |name: &str, n_channels| BranchConfig { name: name.into(), n_channels };
        NetworkConfig {
            branches: vec![branch("image", 1), branch("kinematics", 2)],
            backbone: Backbone::ResNet18,
            width: 4,
            stem: Stem::ResNet,
            n_scalars: 0,
            n_outputs: 2,
            head: HeadConfig::Point,
            profiles: None,
            missing: None,
        }
    }

    fn forward(network: &Network<Flex>) -> Vec<f32> {
        let device = Default::default();
        let ramp = |shape: [usize; 4]| {
            let n: usize = shape.iter().product();
            Tensor::from_data(
                TensorData::new((0..n).map(|i| (i % 17) as f32 / 17.0).collect(), shape),
                &device,
            )
        };
        network.forward(vec![ramp([3, 1, 40, 40]), ramp([3, 2, 24, 24])]).into_data().to_vec().unwrap()
    }

    #[test]
    fn branches_of_unlike_mesh_meet_in_the_outputs() {
        let network = Network::<Flex>::new(&small(), 1, &Default::default()).unwrap();
        assert_eq!(forward(&network).len(), 3 * 2);
    }

    #[test]
    fn the_paper_s_two_branch_network_has_the_paper_s_number_of_weights() {
        let config = NetworkConfig { width: 64, n_outputs: 2, ..small() };
        let network = Network::<Flex>::new(&config, 1, &Default::default()).unwrap();
        // SCIENCE: 22,343,616 + 1024 k + k, beside the running statistics that Burn counts.
        assert_eq!(network.num_params() - 4 * 4_800, 22_343_616 + 1024 * 2 + 2);
    }

    #[test]
    fn the_seed_alone_decides_the_first_weights() {
        let with_seed = |seed| forward(&Network::new(&small(), seed, &Default::default()).unwrap());
        assert_eq!(with_seed(3), with_seed(3));
        assert_ne!(with_seed(3), with_seed(4));
    }

    fn maps<B: Backend>(n_samples: usize, level: f32) -> Vec<Tensor<B, 4>> {
        let ramp = |shape: [usize; 4]| {
            let n: usize = shape.iter().product();
            let values = (0..n).map(|i| level * (i % 23) as f32 / 23.0).collect();
            Tensor::from_data(TensorData::new(values, shape), &Default::default())
        };
        vec![ramp([n_samples, 1, 20, 20]), ramp([n_samples, 2, 12, 12])]
    }

    fn with_tokens() -> NetworkConfig {
        NetworkConfig { missing: Some(MissingConfig::default()), ..small() }
    }

    fn rows(tensor: Tensor<Flex, 2>) -> Vec<Vec<f32>> {
        let width = tensor.dims()[1];
        tensor.into_data().to_vec::<f32>().unwrap().chunks(width).map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn a_missing_branch_is_not_looked_at_and_does_not_touch_the_others() {
        let mut network = Network::<Flex>::new(&with_tokens(), 1, &Default::default()).unwrap();
        network.tokens[1] = parameter(vec![0.5; 32], [32], &Default::default());
        let all = rows(network.features(maps(3, 1.0), None));
        let present = array![[true, true], [true, false], [false, true]];
        let found = rows(network.features(maps(3, 1.0), Some(&present)));
        assert_eq!(found[0], all[0]);
        assert_eq!((&found[1][..32], &found[1][32..]), (&all[1][..32], &[0.5; 32][..]));
        assert_eq!((&found[2][..32], &found[2][32..]), (&[0.0; 32][..], &all[2][32..]));

        let poisoned = maps::<Flex>(3, 1.0).into_iter().zip([2, 1]).map(|(maps, sample)| {
            let factors =
                (0..3).map(|index| if index == sample { f32::NAN } else { 1.0 }).collect::<Vec<_>>();
            maps * Tensor::from_data(TensorData::new(factors, [3, 1, 1, 1]), &Default::default())
        });
        assert_eq!(rows(network.features(poisoned.collect(), Some(&present))), found);
        let none = Array2::from_shape_fn((3, 2), |(_, branch)| branch == 0);
        assert!(rows(network.features(maps(3, 1.0), Some(&none))).iter().all(|row| row[32..] == [0.5; 32]));
    }

    #[test]
    fn tokens_learn_and_lone_samples_leave_finite_statistics() {
        type B = Autodiff<Flex>;
        let network = Network::<B>::new(&with_tokens(), 1, &Default::default()).unwrap();
        // One sample alone has the second branch, whose last maps have one pixel.
        let present = array![[true, false], [true, true], [true, false]];
        let outputs = network.forward_present(maps(3, 1.0), &present);
        let gradients = network.losses(outputs, ndarray::Array2::ones((3, 2)).view()).mean().backward();
        assert!(network.tokens[0].val().grad(&gradients).is_none());
        let of_token: Vec<f32> =
            network.tokens[1].val().grad(&gradients).unwrap().into_data().to_vec().unwrap();
        assert!(of_token.iter().any(|&value| value != 0.0) && of_token.iter().all(|value| value.is_finite()));
        let after = rows(network.valid().forward(maps(2, 1.0)));
        assert!(after.iter().flatten().all(|value| value.is_finite()), "{after:?}");
    }

    #[test]
    fn scalars_join_the_features() {
        let config = NetworkConfig { n_scalars: 2, ..small() };
        let network = Network::<Flex>::new(&config, 1, &Default::default()).unwrap();
        let scalars = Tensor::from_floats([[[[0.25]], [[4.0]]], [[[0.5]], [[8.0]]]], &Default::default());
        let mut inputs = maps(2, 1.0);
        inputs.push(scalars);
        let features = rows(network.features(inputs.clone(), None));
        assert_eq!((&features[0][64..], &features[1][64..]), (&[0.25, 4.0][..], &[0.5, 8.0][..]));
        assert_eq!(network.forward(inputs).dims(), [2, 2]);
    }

    #[test]
    fn heads_have_the_weights_that_they_need() {
        for (head, n_parameters) in [
            (HeadConfig::Point, 3),
            (HeadConfig::Gaussian, 3 + 6),
            (HeadConfig::Mixture { n_components: 2 }, 2 * (1 + 3 + 6)),
            (HeadConfig::Flow { n_layers: 1, n_hidden: 7, n_components: 2 }, 7),
        ] {
            let config = NetworkConfig { n_outputs: 3, head, ..small() };
            let network = Network::<Flex>::new(&config, 1, &Default::default()).unwrap();
            assert_eq!(network.forward(maps(1, 1.0)).dims(), [1, n_parameters], "{:?}", config.head);
        }
    }

    #[test]
    fn impossible_networks_are_refused() {
        for config in [
            NetworkConfig { branches: vec![], ..small() },
            NetworkConfig { width: 0, ..small() },
            NetworkConfig { n_outputs: 0, ..small() },
            NetworkConfig { head: HeadConfig::Mixture { n_components: 0 }, ..small() },
            NetworkConfig { head: HeadConfig::Flow { n_layers: 0, n_hidden: 8, n_components: 1 }, ..small() },
            NetworkConfig { missing: Some(MissingConfig { dropout: 1.0 }), ..small() },
        ] {
            assert!(matches!(
                Network::<Flex>::new(&config, 1, &Default::default()),
                Err(NetError::BadConfig { .. })
            ));
        }
    }
}
