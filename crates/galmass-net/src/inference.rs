//! A trained model at work: masses with their intervals, and galaxies that it does not know.

use burn::module::Module;
use burn::tensor::backend::AutodiffBackend;
use galmass_dataset::Inputs;
use galmass_ops::FusedBackend;
use ndarray::{Array2, Array3, Array4, Axis, concatenate};

use crate::checks::check_inputs;
use crate::explain::{Attributions, Paths, blank_sky, occlude_rings};
use crate::missing::{check_values, presence};
use crate::tensors::{matrix, tensors};
use crate::{HeadConfig, Model, NetError, Network, NetworkConfig, Posterior, Rescaled};

/// The quantiles of [`Predictions`]: the median, and the ends of the central 68 and 95 per cent.
pub const QUANTILES: [f64; 5] = [0.025, 0.16, 0.5, 0.84, 0.975];

/// The median among them.
const MEDIAN: usize = 2;

/// Samples that go through the network at a time.
const BATCH: usize = 64;

/// What a model says of some galaxies, in the units of its targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// What the network was trained to say, `[sample, target]`: the mean, for a head of points and its squared error;
    /// the median of each target where the head is a density.
    pub values: Array2<f64>,
    /// [`QUANTILES`] of each target, `[sample, target, quantile]`.
    pub quantiles: Array3<f64>,
    /// How far the features of each galaxy are from those of the training galaxies.
    pub distances: Vec<f64>,
    /// Whether that is beyond the [threshold](crate::FeatureDistribution::threshold) of the model.
    pub is_outlier: Vec<bool>,
}

/// A model on a device, ready for any number of batches.
pub trait Predictor {
    /// Predicts the targets of maps that were scaled by the normalisation of the model.
    ///
    /// Where the head is a density, its quantiles are those of the density, with the
    /// [widths](crate::Model::width_factors) that the validation part has set right. For a head of points they are the prediction
    /// and the [residuals](crate::ResidualQuantiles) of the validation part.
    ///
    /// # Errors
    /// [`NetError`] naming what does not fit: branches, channels, mesh, values that are no numbers.
    fn predict(&self, inputs: &Inputs) -> Result<Predictions, NetError>;

    /// The joint density of the targets of each sample, in their own units, with draws and quantiles.
    ///
    /// # Errors
    /// As [`Predictor::predict`].
    fn posterior(&self, inputs: &Inputs) -> Result<Box<dyn Posterior>, NetError>;

    /// Which pixels make the prediction what it is, by integrated gradients (Sundararajan et al. 2017) along the straight
    /// path from a blank sky: no light, no velocity, no dispersion.
    ///
    /// ```text
    /// a_i = (x_i - b_i) integral_0^1 df/dx_i (b + t (x - b)) dt,   sum_i a_i = f(x) - f(b)
    /// ```
    ///
    /// The integral is a sum over the middles of `n_steps` equal steps, which are doubled for each sample until its
    /// attributions add up to within half a per cent and a thousandth of the scatter of the target, or there are 4096;
    /// [`Attributions::completeness`] says how near they came. 64 are a good beginning: a network is smooth but for its
    /// rectifiers, the fewer of them the rougher.
    ///
    /// # Shapes
    /// inputs `[sample, channel, row, column]` a branch -> attributions of the same shape, in the unit of the target
    ///
    /// # Errors
    /// As [`Predictor::predict`]; also for samples that lack a branch. [`NetError::BadConfig`] for a target that the model
    /// has not or no steps, [`NetError::NoPoint`] for a head whose outputs are not the targets themselves.
    ///
    /// # Cost
    /// One step of training a sample and step.
    fn integrate_gradients(
        &self,
        inputs: &Inputs,
        target: usize,
        n_steps: usize,
    ) -> Result<Attributions, NetError>;

    /// What a prediction owes to each ring: its change when all maps of a galaxy are blank there, as seen minus blanked, in
    /// the units of the targets.
    ///
    /// `edges` are radii in half widths of the maps, rising: 1 is the nearest point of the border, 1.42 the corner. A pixel
    /// belongs to a ring if its centre does, the inner edge included.
    ///
    /// # Shapes
    /// inputs, m + 1 edges -> `[sample, ring, target]` of m rings
    ///
    /// # Errors
    /// As [`Predictor::predict`], also for samples that lack a branch, and [`NetError::BadConfig`] for fewer than two edges
    /// or such as do not rise.
    ///
    /// # Cost
    /// One prediction a ring.
    fn occlude_rings(&self, inputs: &Inputs, edges: &[f64]) -> Result<Array3<f64>, NetError>;
}

/// A model on a device of some backend.
pub(crate) struct Opened<'a, B: AutodiffBackend> {
    model: &'a Model,
    device: B::Device,
    network: Network<B::InnerBackend>,
}

impl<'a, B> Opened<'a, B>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    pub(crate) fn new(model: &'a Model, device: &B::Device) -> Result<Self, NetError> {
        let mut network = Network::<B::InnerBackend>::new(&model.network, 0, device)?;
        model.weights.apply_to(&mut network)?;
        Ok(Self { model, device: device.clone(), network })
    }

    fn check(&self, inputs: &Inputs) -> Result<(), NetError> {
        check_inputs(&self.model.network, inputs)?;
        for (fitted, maps) in self.model.normalisation.branches.iter().zip(&inputs.branches) {
            let (_, _, rows, columns) = maps.dim();
            if (rows, columns) != (fitted.n_px, fitted.n_px) {
                let (branch, expected) = (fitted.name.clone(), fitted.n_px);
                return Err(NetError::MeshDiffers { branch, expected, found: [rows, columns] });
            }
        }
        Ok(())
    }

    /// Predictions with the residuals of the validation part.
    fn quantiles_of_points(&self, values: &Array2<f64>) -> Array3<f64> {
        let targets = &self.model.normalisation.targets;
        let (n_samples, n_targets) = values.dim();
        Array3::from_shape_fn((n_samples, n_targets, QUANTILES.len()), |(sample, target, quantile)| {
            let residuals = &self.model.residuals[target];
            residuals.quantile(values[[sample, target]], QUANTILES[quantile], &targets[target])
        })
    }

    /// As [`Opened::check`], and that no sample lacks a branch.
    fn check_whole(&self, inputs: &Inputs) -> Result<(), NetError> {
        self.check(inputs)?;
        check_values(&NetworkConfig { missing: None, ..self.model.network.clone() }, inputs)
    }

    fn infer(&self, inputs: &Inputs) -> (Array2<f32>, Array2<f32>) {
        infer(&self.network, inputs, &self.device)
    }

    /// What some outputs say, in the units of the targets.
    fn rescaled(&self, outputs: &Array2<f32>) -> Rescaled {
        let scaled = self.network.calibrated_posterior(outputs.view(), &self.model.width_factors);
        Rescaled::new(scaled, &self.model.normalisation)
    }

    fn values(&self, inputs: &Inputs) -> Array2<f64> {
        let posterior: &dyn Posterior = &self.rescaled(&self.infer(inputs).1);
        posterior.medians()
    }
}

/// Features `[sample, feature]` and outputs `[sample, output]` of any number of samples, a batch at a time.
pub(crate) fn infer<B: FusedBackend>(
    network: &Network<B>,
    inputs: &Inputs,
    device: &B::Device,
) -> (Array2<f32>, Array2<f32>) {
    let samples: Vec<usize> = (0..inputs.n_samples()).collect();
    let (mut features, mut outputs) = (Vec::new(), Vec::new());
    for batch in samples.chunks(BATCH) {
        let inputs = inputs.select(batch);
        let present = presence(&inputs, network.n_branches());
        let of_batch = network.features(tensors(&inputs, device), Some(&present));
        outputs.push(matrix(network.outputs(of_batch.clone())));
        features.push(matrix(of_batch));
    }
    let joined = |pieces: &[Array2<f32>]| {
        let pieces: Vec<_> = pieces.iter().map(|piece| piece.view()).collect();
        concatenate(Axis(0), &pieces).unwrap_or_default()
    };
    (joined(&features), joined(&outputs))
}

impl<B> Predictor for Opened<'_, B>
where
    B: FusedBackend + AutodiffBackend<InnerBackend: FusedBackend>,
{
    fn predict(&self, inputs: &Inputs) -> Result<Predictions, NetError> {
        self.check(inputs)?;
        let (features, outputs) = self.infer(inputs);
        let posterior: &dyn Posterior = &self.rescaled(&outputs);
        let (values, quantiles) = if self.model.network.head == HeadConfig::Point {
            let values = posterior.medians();
            let quantiles = self.quantiles_of_points(&values);
            (values, quantiles)
        } else {
            let quantiles = posterior.all_quantiles(&QUANTILES)?.permuted_axes([0, 2, 1]);
            (quantiles.index_axis(Axis(2), MEDIAN).to_owned(), quantiles.as_standard_layout().into_owned())
        };
        let distances = self.model.features.distances(features.view());
        let threshold = self.model.features.threshold();
        let is_outlier = distances.iter().map(|&distance| distance > threshold).collect();
        Ok(Predictions { values, quantiles, distances, is_outlier })
    }

    fn posterior(&self, inputs: &Inputs) -> Result<Box<dyn Posterior>, NetError> {
        self.check(inputs)?;
        Ok(Box::new(self.rescaled(&self.infer(inputs).1)))
    }

    fn integrate_gradients(
        &self,
        inputs: &Inputs,
        target: usize,
        n_steps: usize,
    ) -> Result<Attributions, NetError> {
        self.check_whole(inputs)?;
        let config = &self.model.network;
        if config.head != HeadConfig::Point || config.profiles.is_some() {
            return Err(NetError::NoPoint);
        }
        let targets = &self.model.normalisation.targets;
        let bad = |field, value: usize, range| NetError::BadConfig { field, value: value as f64, range };
        let scaling = targets.get(target).ok_or(bad("target", target, "below the number of targets"))?;
        if n_steps == 0 {
            return Err(bad("n_steps", 0, "at least 1"));
        }
        let mut network = Network::<B>::new(&self.model.network, 0, &self.device)?;
        self.model.weights.apply_to(&mut network)?;
        // The weights need no gradients, only the maps do.
        let network = network.no_grad();
        let blank = blank_sky(&self.model.normalisation, config.n_scalars);
        let paths = Paths { network: &network, device: &self.device, inputs, blank: &blank, output: target };
        let values = self.values(inputs).column(target).to_vec();
        let blank_value = self.values(&blank)[[0, target]];
        let unit = scaling.standard_deviation;
        let mut branches: Vec<_> =
            inputs.branches.iter().map(|maps| Array4::<f64>::zeros(maps.raw_dim())).collect();
        for (sample, value) in values.iter().enumerate() {
            let maps = paths.integrate(sample, n_steps, (value - blank_value) / unit);
            for (branch, maps) in branches.iter_mut().zip(maps) {
                branch.index_axis_mut(Axis(0), sample).assign(&(maps * unit));
            }
        }
        Ok(Attributions { branches, values, blank_value })
    }

    fn occlude_rings(&self, inputs: &Inputs, edges: &[f64]) -> Result<Array3<f64>, NetError> {
        self.check_whole(inputs)?;
        let blank = blank_sky(&self.model.normalisation, self.model.network.n_scalars);
        let whole = self.values(inputs);
        let n_rings = edges.len().saturating_sub(1);
        let mut changes = Array3::zeros((whole.nrows(), n_rings, whole.ncols()));
        for (ring, occluded) in occlude_rings(inputs, &blank, edges)?.enumerate() {
            changes.index_axis_mut(Axis(1), ring).assign(&(&whole - &self.values(&occluded)));
        }
        Ok(changes)
    }
}
