//! What a trained network knows of its own reliability.

use galmass_ops::FusedBackend;
use ndarray::{Array2, Axis, concatenate};

use crate::checks::read_checked;
use crate::inference::infer;
use crate::loader::prepare_ahead;
use crate::{
    FeatureDistribution, HeadConfig, NetError, Network, NetworkConfig, ResidualQuantiles, SampleSource,
};

/// Samples read at a time.
const BATCH: usize = 64;
/// The most samples that the distribution of features is fitted to: they are in memory together.
const MOST_FITTED: usize = 20_000;

/// A trained network over samples that it reads a batch at a time.
pub(crate) struct Reader<'a, B: FusedBackend> {
    pub(crate) network: &'a Network<B>,
    pub(crate) config: &'a NetworkConfig,
    pub(crate) device: &'a B::Device,
}

/// What a network says of itself once it is trained.
pub(crate) struct Reliability {
    /// Residuals of the validation part, for a head of points.
    pub(crate) residuals: Vec<ResidualQuantiles>,
    /// What makes the posteriors of the validation part as wide as they should be, for the other heads.
    pub(crate) width_factors: Vec<f64>,
    /// Features of the training part.
    pub(crate) features: FeatureDistribution,
}

impl<B: FusedBackend> Reader<'_, B> {
    /// Looks at the validation part for errors and at the training part for features.
    pub(crate) fn learn(
        &self,
        training: &dyn SampleSource,
        validation: &dyn SampleSource,
    ) -> Result<Reliability, NetError> {
        let all: Vec<usize> = (0..validation.n_samples()).collect();
        let [_, outputs, targets] = self.read(validation, &all)?;
        let width_factors = self.network.width_factors(outputs.view(), targets.view());
        let residuals = if self.config.head == HeadConfig::Point {
            let predicted = self.network.posterior(outputs.view()).medians();
            ResidualQuantiles::of_all(predicted.view(), targets.view())
        } else {
            Vec::new()
        };
        let n_samples = training.n_samples();
        let n_fitted = n_samples.min(MOST_FITTED);
        let spread: Vec<usize> = (0..n_fitted).map(|index| index * n_samples / n_fitted).collect();
        let [features, ..] = self.read(training, &spread)?;
        let features = FeatureDistribution::fit(features.view());
        Ok(Reliability { residuals, width_factors, features })
    }

    /// Features, outputs and targets of some samples.
    fn read(&self, samples: &dyn SampleSource, indices: &[usize]) -> Result<[Array2<f32>; 3], NetError> {
        let batches: Vec<&[usize]> = indices.chunks(BATCH).collect();
        let mut pieces = [const { Vec::new() }; 3];
        let prepare = |index: usize| read_checked(self.config, samples, batches[index]);
        prepare_ahead(batches.len(), prepare, |_, samples| {
            let (features, outputs) = infer(self.network, &samples.inputs, self.device);
            for (pieces, piece) in pieces.iter_mut().zip([features, outputs, samples.targets]) {
                pieces.push(piece);
            }
            Ok(())
        })?;
        Ok(pieces.map(|pieces| {
            let views: Vec<_> = pieces.iter().map(|piece| piece.view()).collect();
            concatenate(Axis(0), &views).unwrap_or_default()
        }))
    }
}
