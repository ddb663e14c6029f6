//! What the network looks like.

use galmass_dataset::Normalisation;
use serde::{Deserialize, Serialize};

use crate::NetError;

/// The first layers of a branch, which decide how much of a small map survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stem {
    /// A 7 x 7 convolution of stride 2 and a 3 x 3 max pool of stride 2: ResNet's own (He et al. 2016) and that of
    /// Chu et al. (2024). A 48 pixel map enters the blocks with 12 pixels a side.
    #[default]
    ResNet,
    /// A 3 x 3 convolution of stride 1 and no pool: a 48 pixel map enters the blocks with 48 pixels a side, at 16
    /// times the cost.
    Small,
}

/// One branch: the maps that share a mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchConfig {
    /// Its name.
    pub name: String,
    /// Its channels.
    pub n_channels: usize,
}

/// A multibranch ResNet-18.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// One entry a branch; at least one.
    pub branches: Vec<BranchConfig>,
    /// Features of the first stage; the four stages have 1, 2, 4 and 8 times as many. The paper's is 64, which makes
    /// 11.2 million weights a branch; 16 makes 0.7 million.
    pub width: usize,
    /// The first layers of each branch.
    pub stem: Stem,
    /// Numbers predicted for each sample.
    pub n_outputs: usize,
}

impl NetworkConfig {
    /// The network of Chu et al. (2024) for samples scaled by `normalisation`: ResNet-18 branches of width 64, one
    /// a mesh, and one output a target. What the paper leaves open: V and sigma share a branch.
    pub fn chu2024(normalisation: &Normalisation) -> Self {
        let branches = normalisation
            .branches
            .iter()
            .map(|branch| BranchConfig { name: branch.name.clone(), n_channels: branch.channels.len() })
            .collect();
        Self { branches, width: 64, stem: Stem::ResNet, n_outputs: normalisation.targets.len() }
    }

    pub(crate) fn check(&self) -> Result<(), NetError> {
        let positive = |field, value: usize| match value {
            0 => Err(NetError::BadConfig { field, value: 0.0, range: "at least 1" }),
            _ => Ok(()),
        };
        positive("branches", self.branches.len())?;
        positive("width", self.width)?;
        positive("n_outputs", self.n_outputs)?;
        self.branches.iter().try_for_each(|branch| positive("n_channels", branch.n_channels))
    }
}
