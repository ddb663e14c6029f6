//! How the network is trained.

use galmass_dataset::Augmentation;
use serde::{Deserialize, Serialize};

use crate::{AlignmentConfig, NetError, Schedule};

/// Settings of a training run. [`TrainingConfig::recommended`] is what we would start with,
/// [`TrainingConfig::chu2024`] what the paper did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training samples; at least 1.
    pub n_epochs: usize,
    /// Samples a step, at least 2 (a batch normalisation of one sample is nothing). An epoch is cut into the fewest
    /// batches no larger than this, as equal in size as can be, so that no epoch ends with a tiny batch.
    pub batch_size: usize,
    /// The first learning rate of Adam; positive.
    pub learning_rate: f64,
    /// How it falls from epoch to epoch.
    pub schedule: Schedule,
    /// Epochs over which the learning rate first rises linearly to its full value, step by step. 0 is none.
    pub n_warmup_epochs: usize,
    /// Decoupled weight decay (Loshchilov & Hutter 2019); 0 makes AdamW plain Adam.
    pub weight_decay: f64,
    /// The largest length of the gradient of all weights together; a longer one is scaled down to it, and one that is no
    /// number ends the run, naming its batch. Positive; `None` leaves gradients as they are.
    #[serde(default)]
    pub largest_gradient: Option<f64>,
    /// Samples that go through the network at once, at least 2; a larger batch goes in pieces, and the step is taken with
    /// the mean of their gradients. That needs the memory of one piece, and differs from the whole batch only in batch
    /// normalisation, which sees the statistics of one piece at a time. `None` is the whole batch.
    #[serde(default)]
    pub micro_batch_size: Option<usize>,
    /// Training ends after this many epochs in a row without a lower validation loss, at least 1. `None` is never: the
    /// cosine brings most runs to their best epoch at the very end.
    #[serde(default)]
    pub patience: Option<usize>,
    /// What is done to the maps of each batch.
    pub augmentation: Augmentation,
    /// How the features of another domain are drawn to those of the training samples; `None`, the default, is not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignment: Option<AlignmentConfig>,
    /// Decides the first weights, the shuffles and the augmentation.
    pub seed: u64,
}

impl TrainingConfig {
    /// The settings of Chu et al. (2024), table 2: Adam (betas 0.9 and 0.999, epsilon 1e-8), 200 epochs, batches of
    /// 40, learning rate 1e-4 falling by a cosine, no augmentation, no weight decay. The paper leaves its seed open:
    /// here 1.
    pub fn chu2024() -> Self {
        Self {
            n_epochs: 200,
            batch_size: 40,
            learning_rate: 1e-4,
            schedule: Schedule::Cosine,
            n_warmup_epochs: 0,
            weight_decay: 0.0,
            largest_gradient: None,
            micro_batch_size: None,
            patience: None,
            augmentation: Augmentation::None,
            alignment: None,
            seed: 1,
        }
    }

    /// Settings for a thousand galaxies or a few: fewer epochs at a higher rate, weight decay, one epoch of warm-up,
    /// and the 16 symmetries.
    pub fn recommended() -> Self {
        Self {
            n_epochs: 30,
            learning_rate: 1e-3,
            n_warmup_epochs: 1,
            weight_decay: 0.01,
            augmentation: Augmentation::Symmetries,
            ..Self::chu2024()
        }
    }

    /// The learning rate of one step: the schedule of its epoch, with the warm-up on top.
    pub(crate) fn learning_rate_at(&self, epoch: usize, batch: usize, n_batches: usize) -> f64 {
        let n_warmup_steps = self.n_warmup_epochs * n_batches;
        let step = epoch * n_batches + batch;
        let warmup = if step < n_warmup_steps { (step + 1) as f64 / n_warmup_steps as f64 } else { 1.0 };
        self.learning_rate * self.schedule.factor(epoch, self.n_epochs) * warmup
    }

    /// Whether every setting is in its range. Training asks this first; a program may ask before it begins to work.
    ///
    /// # Errors
    /// [`NetError::BadConfig`] naming the first setting that is not.
    pub fn check(&self) -> Result<(), NetError> {
        let check = |field, value: f64, sensible, range| {
            if sensible { Ok(()) } else { Err(NetError::BadConfig { field, value, range }) }
        };
        let rate = self.learning_rate;
        let decay = self.weight_decay;
        check("n_epochs", self.n_epochs as f64, self.n_epochs >= 1, "at least 1")?;
        check("batch_size", self.batch_size as f64, self.batch_size >= 2, "at least 2")?;
        check("learning_rate", rate, rate > 0.0 && rate.is_finite(), "positive")?;
        check("weight_decay", decay, (0.0..1.0).contains(&decay), "in [0, 1)")?;
        let longest = self.largest_gradient.unwrap_or(1.0);
        check("largest_gradient", longest, longest > 0.0 && longest.is_finite(), "positive")?;
        let piece = self.micro_batch_size.unwrap_or(2);
        check("micro_batch_size", piece as f64, piece >= 2, "at least 2")?;
        let patience = self.patience.unwrap_or(1);
        check("patience", patience as f64, patience >= 1, "at least 1")?;
        self.alignment.iter().try_for_each(AlignmentConfig::check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warm_up_rises_to_the_schedule() {
        let config = TrainingConfig { n_epochs: 10, n_warmup_epochs: 1, ..TrainingConfig::chu2024() };
        assert_eq!(config.learning_rate_at(0, 0, 4), 0.25e-4);
        assert_eq!(config.learning_rate_at(0, 3, 4), 1e-4);
        assert_eq!(config.learning_rate_at(5, 0, 4), 1e-4 * Schedule::Cosine.factor(5, 10));
    }

    #[test]
    fn senseless_settings_are_refused_by_name() {
        let recommended = TrainingConfig::recommended;
        assert!(recommended().check().is_ok());
        for (config, field) in [
            (TrainingConfig { n_epochs: 0, ..recommended() }, "n_epochs"),
            (TrainingConfig { batch_size: 1, ..recommended() }, "batch_size"),
            (TrainingConfig { learning_rate: f64::NAN, ..recommended() }, "learning_rate"),
            (TrainingConfig { weight_decay: -1.0, ..recommended() }, "weight_decay"),
            (TrainingConfig { largest_gradient: Some(0.0), ..recommended() }, "largest_gradient"),
            (TrainingConfig { micro_batch_size: Some(1), ..recommended() }, "micro_batch_size"),
            (TrainingConfig { patience: Some(0), ..recommended() }, "patience"),
            (
                TrainingConfig { alignment: Some(AlignmentConfig { weight: -1.0 }), ..recommended() },
                "alignment.weight",
            ),
        ] {
            assert!(config.check().unwrap_err().to_string().contains(field));
        }
    }
}
