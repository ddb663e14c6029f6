//! Branches side by side and one fully connected layer.

use burn::nn::Linear;
use burn::prelude::*;
use galmass_core::seed;
use galmass_ops::FusedBackend;

use crate::config::NetworkConfig;
use crate::initial::linear;
use crate::{Branch, NetError};

/// The multibranch network: late fusion by concatenation, as in figure 3 of Chu et al. (2024).
#[derive(Module, Debug)]
pub struct Network<B: Backend> {
    branches: Vec<Branch<B>>,
    fc: Linear<B>,
}

impl<B: Backend> Network<B> {
    /// Makes a network with its first weights drawn from `seed`: the same on every backend.
    ///
    /// # Errors
    /// [`NetError::BadConfig`] for a network without branches, channels, features or outputs.
    pub fn new(config: &NetworkConfig, seed: u64, device: &B::Device) -> Result<Self, NetError> {
        config.check()?;
        let mut generator = seed::generator(seed);
        let branches: Vec<_> = config
            .branches
            .iter()
            .map(|branch| Branch::new(branch.n_channels, config.width, config.stem, &mut generator, device))
            .collect();
        let n_features = 8 * config.width * branches.len();
        Ok(Self { branches, fc: linear(n_features, config.n_outputs, &mut generator, device) })
    }
}

impl<B: FusedBackend> Network<B> {
    /// Predicts.
    ///
    /// # Shapes
    /// one `[n, n_channels, n_px, n_px]` a branch -> `[n, n_outputs]`
    pub fn forward(&self, maps: Vec<Tensor<B, 4>>) -> Tensor<B, 2> {
        self.head(self.features(maps))
    }

    /// The features of all branches side by side: what the last layer sees.
    ///
    /// # Shapes
    /// one `[n, n_channels, n_px, n_px]` a branch -> `[n, 8 width n_branches]`
    pub fn features(&self, maps: Vec<Tensor<B, 4>>) -> Tensor<B, 2> {
        let features = self.branches.iter().zip(maps).map(|(branch, maps)| branch.forward(maps)).collect();
        Tensor::cat(features, 1)
    }

    /// The outputs of some features: [`Network::forward`] is this after [`Network::features`].
    pub fn head(&self, features: Tensor<B, 2>) -> Tensor<B, 2> {
        self.fc.forward(features)
    }
}

#[cfg(test)]
mod tests {
    use burn_flex::Flex;

    use super::*;
    use crate::{BranchConfig, Stem};

    pub(crate) fn small() -> NetworkConfig {
        let branch = |name: &str, n_channels| BranchConfig { name: name.into(), n_channels };
        NetworkConfig {
            branches: vec![branch("image", 1), branch("kinematics", 2)],
            width: 4,
            stem: Stem::ResNet,
            n_outputs: 2,
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

    #[test]
    fn impossible_networks_are_refused() {
        for config in [
            NetworkConfig { branches: vec![], ..small() },
            NetworkConfig { width: 0, ..small() },
            NetworkConfig { n_outputs: 0, ..small() },
        ] {
            assert!(matches!(
                Network::<Flex>::new(&config, 1, &Default::default()),
                Err(NetError::BadConfig { .. })
            ));
        }
    }
}
