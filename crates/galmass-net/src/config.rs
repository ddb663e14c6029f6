//! What the network looks like.

use galmass_dataset::Normalisation;
use serde::{Deserialize, Serialize};

use crate::{HeadConfig, MissingConfig, NetError, ProfileConfig};

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

/// The residual blocks of a branch (He et al. 2016, table 1), in four stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backbone {
    /// 2, 2, 2 and 2 blocks of two 3 x 3 convolutions: that of Chu et al. (2024).
    #[default]
    #[serde(rename = "resnet18")]
    ResNet18,
    /// 3, 4, 6 and 3 blocks of two 3 x 3 convolutions.
    #[serde(rename = "resnet34")]
    ResNet34,
    /// 3, 4, 6 and 3 bottlenecks, which end with four times the features. The stride is on the 3 x 3 convolution, as
    /// torchvision has it, and not on the first 1 x 1 convolution, as the paper has it.
    #[serde(rename = "resnet50")]
    ResNet50,
}

impl Backbone {
    /// Blocks in each of the four stages.
    pub(crate) fn n_blocks(self) -> [usize; 4] {
        match self {
            Self::ResNet18 => [2, 2, 2, 2],
            Self::ResNet34 | Self::ResNet50 => [3, 4, 6, 3],
        }
    }

    /// Whether its blocks narrow before their 3 x 3 convolution and widen after it.
    pub(crate) fn has_bottlenecks(self) -> bool {
        self == Self::ResNet50
    }

    /// Features of a map after the last stage, where the first stage has `width`.
    pub(crate) fn n_features(self, width: usize) -> usize {
        8 * width * if self.has_bottlenecks() { crate::block::EXPANSION } else { 1 }
    }
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

/// A multibranch residual network with a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// One entry a branch; at least one.
    pub branches: Vec<BranchConfig>,
    /// The residual blocks of each branch.
    #[serde(default)]
    pub backbone: Backbone,
    /// Features of the first stage; the four stages have 1, 2, 4 and 8 times as many. The paper's is 64, which makes
    /// 11.2 million weights a branch of ResNet-18; 16 makes 0.7 million.
    pub width: usize,
    /// The first layers of each branch.
    pub stem: Stem,
    /// Numbers beside the maps, such as the logarithm of a radius, which join the features of the branches; default 0.
    /// Samples bring them as one further branch, the last, of meshes of one pixel: `[sample, scalar, 1, 1]`, of order
    /// one.
    #[serde(default)]
    pub n_scalars: usize,
    /// Numbers predicted for each sample: the targets.
    pub n_outputs: usize,
    /// What the network says about them: default a number each.
    #[serde(default)]
    pub head: HeadConfig,
    /// Which targets rise from one to the next, such as the masses within growing radii; default none.
    #[serde(default)]
    pub profiles: Option<ProfileConfig>,
    /// Whether samples may lack branches; default no.
    #[serde(default)]
    pub missing: Option<MissingConfig>,
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
        Self {
            branches,
            backbone: Backbone::ResNet18,
            width: 64,
            stem: Stem::ResNet,
            n_scalars: 0,
            n_outputs: normalisation.targets.len(),
            head: HeadConfig::Point,
            profiles: None,
            missing: None,
        }
    }

    /// Features that reach the fully connected layer.
    pub(crate) fn n_features(&self) -> usize {
        self.backbone.n_features(self.width) * self.branches.len() + self.n_scalars
    }

    /// Name and channels of everything that samples bring: the branches, and the scalars where there are any.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&str, usize)> {
        let branches = self.branches.iter().map(|branch| (branch.name.as_str(), branch.n_channels));
        branches.chain((self.n_scalars > 0).then_some(("scalars", self.n_scalars)))
    }

    /// Whether every setting is in its range. Making a network asks this first.
    ///
    /// # Errors
    /// [`NetError::BadConfig`] naming the first setting that is not.
    pub fn check(&self) -> Result<(), NetError> {
        let positive = |field, value: usize| match value {
            0 => Err(NetError::BadConfig { field, value: 0.0, range: "at least 1" }),
            _ => Ok(()),
        };
        positive("branches", self.branches.len())?;
        positive("width", self.width)?;
        positive("n_outputs", self.n_outputs)?;
        self.branches.iter().try_for_each(|branch| positive("n_channels", branch.n_channels))?;
        self.head.check()?;
        self.profiles.iter().try_for_each(|profiles| profiles.check(self.n_outputs))?;
        self.missing.iter().try_for_each(MissingConfig::check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_described_before_there_were_heads_is_still_read() {
        let old = r#"{
            "branches": [{"name": "image", "n_channels": 1}],
            "width": 64, "stem": "res_net", "n_outputs": 2
        }"#;
        let config: NetworkConfig = serde_json::from_str(old).unwrap();
        assert_eq!((config.backbone, config.head.clone()), (Backbone::ResNet18, HeadConfig::Point));
        let again: NetworkConfig = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);
    }
}
