//! What in the maps of a galaxy makes its prediction what it is.

use burn::prelude::*;
use burn::tensor::backend::AutodiffBackend;
use galmass_dataset::{Inputs, Normalisation};
use galmass_ops::{FusedBackend, with_running_statistics};
use ndarray::{Array3, Array4, ArrayView3, Axis, s};

use crate::tensors::tensor;
use crate::{NetError, Network};

/// Points of a path that go through the network at a time.
const BATCH: usize = 32;
/// How far the sum of attributions may be from the change of the output, relatively and in standard deviations of the
/// target.
const TOLERANCE: f64 = 0.005;
const LEAST_TOLERANCE: f64 = 0.001;
/// No more steps than this are tried twice as many of.
const MOST_STEPS: usize = 4096;

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

/// One sample of no light, no velocity and no dispersion, and scalars of zero.
pub(crate) fn blank_sky(normalisation: &Normalisation, n_scalars: usize) -> Inputs {
    let branches = normalisation.branches.iter().map(|branch| {
        let shape = (1, branch.channels.len(), branch.n_px, branch.n_px);
        Array4::from_shape_fn(shape, |(_, channel, _, _)| branch.channels[channel].scaling.apply(0.0))
    });
    let scalars = (n_scalars > 0).then(|| Array4::zeros((1, n_scalars, 1, 1)));
    Inputs { branches: branches.chain(scalars).collect() }
}

/// One way from a blank sky to some galaxies, along which an output of a network that is not in training is followed.
pub(crate) struct Paths<'a, B: Backend> {
    pub(crate) network: &'a Network<B>,
    pub(crate) device: &'a B::Device,
    pub(crate) inputs: &'a Inputs,
    pub(crate) blank: &'a Inputs,
    pub(crate) output: usize,
}

impl<B: FusedBackend + AutodiffBackend> Paths<'_, B> {
    /// Integrated gradients, `[channel, row, column]` for each branch of a sample. The number of steps is doubled until
    /// the sum is near enough to `change`, that of the scaled output from one end to the other.
    pub(crate) fn integrate(&self, sample: usize, mut n_steps: usize, change: f64) -> Vec<Array3<f64>> {
        loop {
            let attributions = self.integrate_once(sample, n_steps);
            let sum: f64 = attributions.iter().map(|maps| maps.sum()).sum();
            let is_near = (sum - change).abs() <= TOLERANCE * change.abs() + LEAST_TOLERANCE;
            if is_near || n_steps >= MOST_STEPS {
                return attributions;
            }
            n_steps *= 2;
        }
    }

    fn integrate_once(&self, sample: usize, n_steps: usize) -> Vec<Array3<f64>> {
        let branches = || self.inputs.branches.iter().zip(&self.blank.branches);
        let ends = branches()
            .map(|(maps, blank)| (blank.index_axis(Axis(0), 0), maps.index_axis(Axis(0), sample)))
            .collect::<Vec<_>>();
        let mut sums: Vec<_> = ends.iter().map(|(_, maps)| Array3::<f64>::zeros(maps.raw_dim())).collect();
        let steps: Vec<f32> = (0..n_steps).map(|step| (step as f32 + 0.5) / n_steps as f32).collect();
        for steps in steps.chunks(BATCH) {
            let points: Vec<Tensor<B, 4>> = ends
                .iter()
                .map(|&(from, to)| tensor(points_between(from, to, steps).view(), self.device).require_grad())
                .collect();
            let outputs = with_running_statistics(|| self.network.forward(points.clone()));
            let gradients = outputs.narrow(1, self.output, 1).sum().backward();
            for (sums, points) in sums.iter_mut().zip(&points) {
                // None where the output does not depend on the branch at all.
                let Some(gradient) = points.grad(&gradients) else { continue };
                let gradient = gradient.into_data();
                // A new array is contiguous.
                let sums = sums.as_slice_mut().unwrap_or_default();
                let places = (0..sums.len()).cycle();
                for (place, value) in places.zip(gradient.iter::<f64>()) {
                    sums[place] += value;
                }
            }
        }
        for (sums, (from, to)) in sums.iter_mut().zip(ends) {
            *sums *= &((to.mapv(f64::from) - from.mapv(f64::from)) / n_steps as f64);
        }
        sums
    }
}

/// Points between two sets of maps, `[step, channel, row, column]`.
fn points_between(from: ArrayView3<'_, f32>, to: ArrayView3<'_, f32>, steps: &[f32]) -> Array4<f32> {
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
    // Scalars have no place on the sky.
    if (rows, columns) == (1, 1) {
        return occluded;
    }
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
