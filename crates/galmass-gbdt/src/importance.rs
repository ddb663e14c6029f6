//! How much each feature matters: by its splits, by their gain, and by what predictions lose without it.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::shuffle::Shuffler;
use crate::{Booster, GbdtError, Iterations, Node};

/// How features are permuted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PermutationConfig {
    /// How often each is, from 1 on. Default: 5.
    pub n_repeats: usize,
    /// The seed of the permutations. Default: 1.
    pub seed: u64,
}

impl Default for PermutationConfig {
    fn default() -> Self {
        Self { n_repeats: 5, seed: 1 }
    }
}

/// What permuting some features does to the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PermutationImportance {
    /// The features that were permuted together.
    pub features: Vec<usize>,
    /// By how much the loss rose, in each repeat.
    pub increases: Vec<f64>,
}

impl PermutationImportance {
    /// The mean over the repeats.
    pub fn mean(&self) -> f64 {
        self.increases.iter().sum::<f64>() / self.increases.len() as f64
    }

    /// The standard deviation over the repeats (divided by their number less one); NaN for a single one.
    pub fn standard_deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.increases.iter().map(|increase| (increase - mean) * (increase - mean)).sum();
        (squares / (self.increases.len() as f64 - 1.0)).sqrt()
    }
}

impl Booster {
    /// Counts the splits by each feature. As in LightGBM, splits that gain nothing do not count.
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset};
    /// use ndarray::Array2;
    ///
    /// // The label follows the first column; the second is constant.
    /// let table = Array2::from_shape_fn((100, 2), |(row, feature)| if feature == 0 { row as f64 } else { 1.0 });
    /// let labels: Vec<f64> = (0..100).map(|row| f64::from(row / 50)).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig::default())?;
    /// let config = BoosterConfig { num_leaves: 2, num_iterations: 3, ..Default::default() };
    /// let booster = Booster::train(&config, &dataset, &labels)?;
    /// assert_eq!(booster.importance_by_split(), [3, 0]);
    /// assert!(booster.importance_by_gain()[0] > 0.0);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    pub fn importance_by_split(&self) -> Vec<usize> {
        self.iterations(..).importance_by_split()
    }

    /// Adds up the gains of the splits by each feature.
    pub fn importance_by_gain(&self) -> Vec<f64> {
        self.iterations(..).importance_by_gain()
    }

    /// Measures by how much a loss rises when sets of features are permuted among the rows of a table, which parts them
    /// from the labels (Breiman 2001, section 10; Fisher, Rudin & Dominici 2019, eq. 3, as a difference).
    ///
    /// The features of a set keep together: those that tell the same are judged fairly only so. `None` is for each
    /// feature by itself. `loss` is given the predictions of the rows in their order. The result has the order of the
    /// sets, and is the same for any number of threads; it can be negative.
    ///
    /// The table is copied once. Each repeat predicts it once.
    ///
    /// # Errors
    /// [`GbdtError::OutOfRange`] for no repeats, [`GbdtError::NoSuchFeature`] in a set, and those of
    /// [`Booster::predict`].
    ///
    /// # Examples
    /// ```
    /// use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset, PermutationConfig};
    /// use ndarray::Array2;
    ///
    /// let table = Array2::from_shape_fn((100, 2), |(row, feature)| if feature == 0 { row as f64 } else { 1.0 });
    /// let labels: Vec<f64> = (0..100).map(|row| f64::from(row / 50)).collect();
    /// let dataset = Dataset::new(table.view(), &BinningConfig::default())?;
    /// let booster = Booster::train(&BoosterConfig::default(), &dataset, &labels)?;
    /// let loss = |predictions: &[f64]| {
    ///     predictions.iter().zip(&labels).map(|(found, label)| (found - label).powi(2)).sum::<f64>() / 100.0
    /// };
    /// let config = PermutationConfig::default();
    /// let importance = booster.importance_by_permutation(table.view(), None, &config, loss)?;
    /// // Half of the rows get a label that is off by one.
    /// assert!((importance[0].mean() - 0.5).abs() < 0.1);
    /// assert_eq!(importance[1].mean(), 0.0);
    /// # Ok::<(), galmass_gbdt::GbdtError>(())
    /// ```
    ///
    /// # References
    /// Breiman (2001), Mach. Learn. 45, 5; Fisher, Rudin & Dominici (2019), JMLR 20, 177.
    pub fn importance_by_permutation(
        &self,
        table: ArrayView2<'_, f64>,
        sets: Option<&[Vec<usize>]>,
        config: &PermutationConfig,
        loss: impl Fn(&[f64]) -> f64,
    ) -> Result<Vec<PermutationImportance>, GbdtError> {
        if config.n_repeats == 0 {
            let (setting, value) = ("n_repeats", 0.0);
            return Err(GbdtError::OutOfRange { setting, value, allowed: "from 1 on" });
        }
        let n_features = self.n_features();
        let singles: Vec<Vec<usize>>;
        let sets = match sets {
            Some(sets) => sets,
            None => {
                singles = (0..n_features).map(|feature| vec![feature]).collect();
                &singles
            }
        };
        if let Some(&feature) = sets.iter().flatten().find(|&&feature| feature >= n_features) {
            return Err(GbdtError::NoSuchFeature { feature, n_features });
        }
        let least = loss(&self.predict(table)?);
        let mut permuted: Array2<f64> = table.to_owned();
        let mut importance = Vec::with_capacity(sets.len());
        for (set, features) in sets.iter().enumerate() {
            let mut increases = Vec::with_capacity(config.n_repeats);
            for repeat in 0..config.n_repeats {
                let stream = (set * config.n_repeats + repeat) as u64;
                let mut rows: Vec<usize> = (0..table.nrows()).collect();
                Shuffler::new(config.seed, stream).shuffle(&mut rows);
                for &feature in features {
                    let column = table.column(feature);
                    let places = permuted.column_mut(feature);
                    places.into_iter().zip(&rows).for_each(|(place, &row)| *place = column[row]);
                }
                increases.push(loss(&self.predict(permuted.view())?) - least);
            }
            for &feature in features {
                permuted.column_mut(feature).assign(&table.column(feature));
            }
            importance.push(PermutationImportance { features: features.clone(), increases });
        }
        Ok(importance)
    }
}

impl Iterations<'_> {
    /// See [`Booster::importance_by_split`].
    pub fn importance_by_split(&self) -> Vec<usize> {
        let mut importance = vec![0; self.booster().n_features()];
        self.splits().for_each(|node| importance[node.feature] += 1);
        importance
    }

    /// See [`Booster::importance_by_gain`].
    pub fn importance_by_gain(&self) -> Vec<f64> {
        let mut importance = vec![0.0; self.booster().n_features()];
        self.splits().for_each(|node| importance[node.feature] += node.gain);
        importance
    }

    /// The nodes that gain something.
    fn splits(&self) -> impl Iterator<Item = &Node> {
        self.trees().iter().flat_map(|tree| tree.nodes()).filter(|node| node.gain > 0.0)
    }
}
