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

impl<B: FusedBackend> Reader<'_, B> {
    /// The residuals of the validation part, for a head of points, and the features of the training part.
    pub(crate) fn learn(
        &self,
        training: &dyn SampleSource,
        validation: &dyn SampleSource,
    ) -> Result<(Vec<ResidualQuantiles>, FeatureDistribution), NetError> {
        let residuals = if self.config.head == HeadConfig::Point {
            let all: Vec<usize> = (0..validation.n_samples()).collect();
            let [_, outputs, targets] = self.read(validation, &all)?;
            let predicted = self.network.posterior(outputs.view()).medians();
            ResidualQuantiles::of_all(predicted.view(), targets.view())
        } else {
            Vec::new()
        };
        let n_samples = training.n_samples();
        let n_fitted = n_samples.min(MOST_FITTED);
        let spread: Vec<usize> = (0..n_fitted).map(|index| index * n_samples / n_fitted).collect();
        let [features, ..] = self.read(training, &spread)?;
        Ok((residuals, FeatureDistribution::fit(features.view())))
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
