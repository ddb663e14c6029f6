//! Heads against closed forms and finite differences, and on densities that are known.

mod closed_forms;
mod learning;

use burn_flex::Flex;
use galmass_core::seed;

use super::{HeadConfig, NetworkHead, ProfileConfig};
use crate::NetworkConfig;
use crate::network::tests::small;

const GAUSSIAN: HeadConfig = HeadConfig::Gaussian;
const MIXTURE: HeadConfig = HeadConfig::Mixture { n_components: 3 };
const PLAIN_FLOW: HeadConfig = HeadConfig::Flow { n_layers: 3, n_hidden: 12, n_components: 1 };
const FLOW: HeadConfig = HeadConfig::Flow { n_layers: 2, n_hidden: 12, n_components: 3 };

fn config(head: HeadConfig, n_outputs: usize, profiles: Option<ProfileConfig>) -> NetworkConfig {
    NetworkConfig { head, n_outputs, profiles, ..small() }
}

fn head(config: &NetworkConfig) -> NetworkHead<Flex> {
    NetworkHead::new(config, &mut seed::generator(3), &Default::default())
}
