//! Some of the features for a tree, and some of those for a leaf.

use crate::binning::Lcg;
use crate::config::BoosterConfig;

/// Draws features, in their order.
#[derive(Debug)]
pub(crate) struct FeatureSampler {
    /// Those that can be split at all.
    features: Vec<usize>,
    /// Those of the tree.
    of_tree: Vec<usize>,
    fraction: f64,
    fraction_by_node: f64,
    generator: Lcg,
}

impl FeatureSampler {
    pub(crate) fn new(config: &BoosterConfig, features: Vec<usize>) -> Self {
        let mut sampler = Self {
            of_tree: features.clone(),
            features,
            fraction: config.feature_fraction,
            fraction_by_node: config.feature_fraction_bynode,
            generator: Lcg::new(config.feature_fraction_seed),
        };
        // LightGBM draws once before the first tree.
        sampler.draw_tree();
        sampler
    }

    /// Whether the next tree can be unlike this one.
    pub(crate) fn is_random(&self) -> bool {
        self.fraction < 1.0 || self.draws_by_node()
    }

    pub(crate) fn draws_by_node(&self) -> bool {
        self.fraction_by_node < 1.0
    }

    /// Draws the features of a tree.
    pub(crate) fn draw_tree(&mut self) -> &[usize] {
        if self.fraction < 1.0 {
            self.of_tree = draw(&mut self.generator, &self.features, self.fraction);
        }
        &self.of_tree
    }

    /// Draws the features of a leaf; `None` for all those of the tree.
    pub(crate) fn draw_node(&mut self) -> Option<Vec<usize>> {
        self.draws_by_node().then(|| draw(&mut self.generator, &self.of_tree, self.fraction_by_node))
    }
}

fn draw(generator: &mut Lcg, features: &[usize], fraction: f64) -> Vec<usize> {
    let n = features.len();
    let n_drawn = ((n as f64 * fraction + 0.5) as usize).max(n.min(1));
    generator.sample(n, n_drawn).into_iter().map(|index| features[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_a_leaf_are_some_of_those_of_the_tree() {
        let config =
            BoosterConfig { feature_fraction: 0.5, feature_fraction_bynode: 0.4, ..BoosterConfig::default() };
        let mut sampler = FeatureSampler::new(&config, (10..30).collect());
        let trees: Vec<Vec<usize>> = (0..20)
            .map(|_| {
                let of_tree = sampler.draw_tree().to_vec();
                assert!(of_tree.len() == 10 && of_tree.windows(2).all(|pair| pair[0] < pair[1]));
                let of_node = sampler.draw_node().unwrap();
                assert!(of_node.len() == 4 && of_node.iter().all(|feature| of_tree.contains(feature)));
                of_tree
            })
            .collect();
        assert!(trees.windows(2).any(|pair| pair[0] != pair[1]));
        assert!((10..30).all(|feature| trees.iter().any(|tree| tree.contains(&feature))));
    }

    #[test]
    fn at_least_one_feature_is_drawn() {
        let config = BoosterConfig { feature_fraction: 0.01, ..BoosterConfig::default() };
        assert_eq!(FeatureSampler::new(&config, vec![3]).draw_tree(), [3]);
        assert_eq!(FeatureSampler::new(&config, vec![]).draw_tree(), [0; 0]);
        assert_eq!(FeatureSampler::new(&config, vec![1, 5]).draw_tree().len(), 1);
    }
}
