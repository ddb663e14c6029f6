//! What in the maps of a galaxy makes its prediction what it is.

use burn::prelude::*;
use burn::tensor::backend::AutodiffBackend;
use galmass_dataset::{Inputs, Normalisation};
use galmass_ops::{FusedBackend, with_running_statistics};
use ndarray::{Array4, ArrayView3, Axis, s};

use crate::tensors::tensor;
use crate::{NetError, Network};

/// Points of a path that go through the network at a time.
const BATCH: usize = 32;

/// What each pixel adds to a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributions {
    /// In the unit of the target: `[sample, channel, row, column]` for each branch.
    pub branches: Vec<Array4<f64>>,
    /// The prediction for each sample.
    pub values: Vec<f64>,
    /// The prediction for a blank sky.
    pub blank_value: f64,
}

impl Attributions {
    /// How much of the difference between each prediction and that for a blank sky its attributions add up to: 1, were the
    /// integral exact.
    pub fn completeness(&self) -> Vec<f64> {
        let sum = |sample: usize| -> f64 {
            self.branches.iter().map(|maps| maps.index_axis(Axis(0), sample).sum()).sum()
        };
        let values = self.values.iter().enumerate();
        values.map(|(sample, value)| sum(sample) / (value - self.blank_value)).collect()
    }
}

/// One sample of no light, no velocity and no dispersion.
pub(crate) fn blank_sky(normalisation: &Normalisation) -> Inputs {
    let branches = normalisation.branches.iter().map(|branch| {
        let shape = (1, branch.channels.len(), branch.n_px, branch.n_px);
        Array4::from_shape_fn(shape, |(_, channel, _, _)| branch.channels[channel].scaling.apply(0.0))
    });
    Inputs { branches: branches.collect() }
}

/// Integrated gradients of one scaled output of a network that is not in training, `[sample, channel, row, column]` for each branch.
pub(crate) fn integrate_gradients<B: FusedBackend + AutodiffBackend>(
    network: &Network<B>,
    inputs: &Inputs,
    blank: &Inputs,
    output: usize,
    n_steps: usize,
    device: &B::Device,
) -> Vec<Array4<f64>> {
    let mut attributions: Vec<_> =
        inputs.branches.iter().map(|maps| Array4::<f64>::zeros(maps.raw_dim())).collect();
    let steps: Vec<f32> = (0..n_steps).map(|step| (step as f32 + 0.5) / n_steps as f32).collect();
    for sample in 0..inputs.n_samples() {
        for steps in steps.chunks(BATCH) {
            let path = inputs.branches.iter().zip(&blank.branches).map(|(maps, blank)| {
                let ends = (blank.index_axis(Axis(0), 0), maps.index_axis(Axis(0), sample));
                tensor::<B, _, 4>(path(ends.0, ends.1, steps).view(), device).require_grad()
            });
            let path: Vec<Tensor<B, 4>> = path.collect();
            let outputs = with_running_statistics(|| network.forward(path.clone()));
            let gradients = outputs.narrow(1, output, 1).sum().backward();
            for (of_branch, points) in attributions.iter_mut().zip(&path) {
                // None where the output does not depend on the branch at all.
                let Some(gradient) = points.grad(&gradients) else { continue };
                let gradient = gradient.into_data();
                // One sample of a new array is contiguous.
                let mut sums = of_branch.index_axis_mut(Axis(0), sample);
                let sums = sums.as_slice_mut().unwrap_or_default();
                let places = (0..sums.len()).cycle();
                for (place, value) in places.zip(gradient.iter::<f64>()) {
                    sums[place] += value;
                }
            }
        }
    }
    for (of_branch, (maps, blank)) in attributions.iter_mut().zip(inputs.branches.iter().zip(&blank.branches))
    {
        let way = maps.mapv(f64::from) - blank.mapv(f64::from);
        *of_branch *= &(way / n_steps as f64);
    }
    attributions
}

/// Points between two sets of maps, `[step, channel, row, column]`.
fn path(from: ArrayView3<'_, f32>, to: ArrayView3<'_, f32>, steps: &[f32]) -> Array4<f32> {
    let (channels, rows, columns) = from.dim();
    let mut points = Array4::zeros((steps.len(), channels, rows, columns));
    for (mut point, &step) in points.outer_iter_mut().zip(steps) {
        point.assign(&(&from + &((&to - &from) * step)));
    }
    points
}

/// The inputs with one ring after the other made blank.
pub(crate) fn occlude_rings(
    inputs: &Inputs,
    blank: &Inputs,
    edges: &[f64],
) -> Result<impl Iterator<Item = Inputs>, NetError> {
    let bad = |value, range| NetError::BadConfig { field: "edges", value, range };
    if edges.len() < 2 {
        return Err(bad(edges.len() as f64, "two or more radii"));
    }
    // Written so that NaN falls.
    if let Some(pair) = edges.windows(2).find(|pair| !(pair[0] < pair[1] && pair[0] >= 0.0)) {
        return Err(bad(pair[1], "rising from 0 or more"));
    }
    Ok(edges.windows(2).map(move |ring| {
        let branches = inputs.branches.iter().zip(&blank.branches);
        let occluded = branches.map(|(maps, blank)| without_ring(maps, blank, [ring[0], ring[1]]));
        Inputs { branches: occluded.collect() }
    }))
}

fn without_ring(maps: &Array4<f32>, blank: &Array4<f32>, [inner, outer]: [f64; 2]) -> Array4<f32> {
    let mut occluded = maps.clone();
    let (_, _, rows, columns) = maps.dim();
    let from_middle = |index: usize, n: usize| (2 * index + 1) as f64 / n as f64 - 1.0;
    for row in 0..rows {
        for column in 0..columns {
            let radius = from_middle(row, rows).hypot(from_middle(column, columns));
            if (inner..outer).contains(&radius) {
                let sky = blank.slice(s![.., .., row, column]);
                occluded.slice_mut(s![.., .., row, column]).assign(&sky);
            }
        }
    }
    occluded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_tile_the_map() {
        let inputs = Inputs { branches: vec![Array4::ones((2, 1, 6, 6)), Array4::ones((2, 2, 4, 4))] };
        let blank =
            Inputs { branches: vec![Array4::zeros((1, 1, 6, 6)), Array4::from_elem((1, 2, 4, 4), 0.5)] };
        let n_blank = |inputs: &Inputs| {
            inputs.branches.iter().map(|maps| maps.iter().filter(|x| **x < 1.0).count()).collect::<Vec<_>>()
        };
        let rings: Vec<_> = occlude_rings(&inputs, &blank, &[0.0, 0.3, 1.0, 1.5]).unwrap().collect();
        // Four pixels in the middle of 6 x 6, all at 0.24, and none of 4 x 4, whose innermost are at 0.35.
        assert_eq!(n_blank(&rings[0]), [2 * 4, 0]);
        let all: usize = rings.iter().map(|ring| n_blank(ring)[0]).sum();
        assert_eq!(all, 2 * 36);
        for edges in [&[1.0][..], &[0.0, 0.5, 0.5], &[-1.0, 1.0], &[0.0, f64::NAN]] {
            assert!(occlude_rings(&inputs, &blank, edges).is_err(), "{edges:?}");
        }
    }
}
