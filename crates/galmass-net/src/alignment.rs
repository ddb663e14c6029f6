//! Domain adaptation: features of galaxies whose masses nobody knows are drawn to those of the training galaxies.

use burn::prelude::*;
use serde::{Deserialize, Serialize};

use crate::NetError;

/// How features are aligned: the maximum mean discrepancy between the features of each training batch and of as many
/// unlabelled samples is added to the loss (Long et al. 2015).
///
/// Both halves go through the network as one batch, so that batch normalisation sees, and remembers, the mixture. The
/// bandwidths of the kernel are 1/4, 1/2, 1, 2 and 4 times the mean squared distance between the features of a batch, and the
/// weight rises over the training from 0 as `2 / (1 + exp(-10 t)) - 1` (Ganin & Lempitsky 2015), so that there are features
/// worth aligning first. Losses that are reported are those of the targets alone, and the labelled validation part alone
/// chooses the best epoch.
///
/// # References
/// * Gretton et al. 2012, JMLR 13, 723.
/// * Long, Cao, Wang & Jordan 2015, arXiv:1502.02791.
/// * Ganin & Lempitsky 2015, arXiv:1409.7495.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlignmentConfig {
    /// What a discrepancy of 1 adds to the loss of a sample at the end of the training; 0 or more. Losses of points are of
    /// order 0.01 to 1, those of densities of order 1 a target; discrepancies run from 0 to 2.
    pub weight: f64,
}

/// The bandwidths in mean squared distances.
const BANDWIDTHS: [f32; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// How fast the weight rises.
const STEEPNESS: f64 = 10.0;

impl AlignmentConfig {
    pub(crate) fn check(&self) -> Result<(), NetError> {
        match self.weight {
            weight if weight >= 0.0 && weight.is_finite() => Ok(()),
            value => Err(NetError::BadConfig { field: "alignment.weight", value, range: "0 or more" }),
        }
    }

    /// The weight after a part of the training, from 0 to 1.
    pub(crate) fn weight_at(&self, part: f64) -> f64 {
        self.weight * (2.0 / (1.0 + (-STEEPNESS * part).exp()) - 1.0)
    }
}

/// The squared maximum mean discrepancy between two samples of features: 0 where they are alike, at most 2.
///
/// ```text
/// MMD^2 = <k(a, a')> + <k(b, b')> - 2 <k(a, b)>,   k(x, y) = mean over s of exp(-|x - y|^2 / (s m))
/// ```
///
/// with the means over all pairs, each with itself too (the V-statistic of Gretton et al. 2012, never negative), `m` the mean
/// squared distance of all pairs of both samples together, taken as a constant by the gradient, and `s` from 1/4 to 4.
/// Features that are all the same have a discrepancy of 0.
///
/// # Shapes
/// `[n_a, n_features]`, `[n_b, n_features]` -> `[1]`
///
/// # Panics
/// Where the numbers of features differ, or a sample is empty.
///
/// # Cost
/// `O((n_a + n_b)^2 n_features)`.
///
/// # Examples
/// ```
/// use burn_flex::Flex;
/// use burn::tensor::Tensor;
/// use galmass_net::maximum_mean_discrepancy;
///
/// let near = Tensor::<Flex, 2>::from_floats([[0.0], [1.0]], &Default::default());
/// let far = Tensor::<Flex, 2>::from_floats([[900.0], [901.0]], &Default::default());
/// let of = |a: &Tensor<Flex, 2>, b: &Tensor<Flex, 2>| {
///     maximum_mean_discrepancy(a.clone(), b.clone()).into_scalar()
/// };
/// assert!(of(&near, &near) < 1e-5);
/// assert!(of(&near, &far) > 1.0);
/// ```
pub fn maximum_mean_discrepancy<B: Backend>(a: Tensor<B, 2>, b: Tensor<B, 2>) -> Tensor<B, 1> {
    let n_a = a.dims()[0];
    let distances = squared_distances(Tensor::cat(vec![a, b], 0));
    let scale = distances.clone().detach().mean().clamp_min(f32::MIN_POSITIVE).unsqueeze::<2>();
    discrepancy(distances / scale, n_a, &BANDWIDTHS)
}

/// The squared distance of each row from each.
fn squared_distances<B: Backend>(rows: Tensor<B, 2>) -> Tensor<B, 2> {
    // About their mean, so that the difference of squares below loses no digits where all lie far from the origin.
    let rows = rows.clone() - rows.detach().mean_dim(0);
    let squares = rows.clone().square().sum_dim(1);
    let products = rows.clone().matmul(rows.transpose());
    // Rounding makes small distances negative.
    (squares.clone() + squares.transpose() - products.mul_scalar(2.0)).clamp_min(0.0)
}

/// The discrepancy between the first `n_a` rows and the others, of which all distances are known.
fn discrepancy<B: Backend>(distances: Tensor<B, 2>, n_a: usize, bandwidths: &[f32]) -> Tensor<B, 1> {
    let n = distances.dims()[0];
    let kernels = bandwidths.iter().map(|&bandwidth| distances.clone().div_scalar(-bandwidth).exp());
    let summed = kernels.reduce(|a, b| a + b).unwrap_or(distances);
    let kernel = summed.div_scalar(bandwidths.len() as f32);
    let within_a = kernel.clone().slice([0..n_a, 0..n_a]).mean();
    let within_b = kernel.clone().slice([n_a..n, n_a..n]).mean();
    let between = kernel.slice([0..n_a, n_a..n]).mean();
    within_a + within_b - between.mul_scalar(2.0)
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;
    use burn_flex::Flex;

    use super::*;

    /// The middles of `n` equal parts of a normal distribution: means over them are integrals, without noise.
    fn normal(n: usize, mean: f64, width: f64) -> Vec<f32> {
        let quantile = |level: f64| {
            let (mut low, mut high) = (-9.0, 9.0);
            for _ in 0..60 {
                let middle: f64 = 0.5 * (low + high);
                let below = 0.5 * libm::erfc(-middle / std::f64::consts::SQRT_2);
                if below < level { low = middle } else { high = middle }
            }
            low
        };
        (0..n).map(|part| (mean + width * quantile((part as f64 + 0.5) / n as f64)) as f32).collect()
    }

    fn column<B: Backend>(values: Vec<f32>) -> Tensor<B, 2> {
        let n = values.len();
        Tensor::from_data(TensorData::new(values, [n, 1]), &Default::default())
    }

    #[test]
    fn between_normal_distributions_it_is_what_the_integrals_say() {
        // With k = exp(-(x - y)^2 / h) the mean over x - y of variance v and mean d is
        // sqrt(h / (h + 2 v)) exp(-d^2 / (h + 2 v)).
        let (n, h): (usize, f64) = (400, 1.5);
        let mean_of_kernel = |v: f64, d: f64| (h / (h + 2.0 * v)).sqrt() * (-d * d / (h + 2.0 * v)).exp();
        for (mean, width) in [(0.0, 1.0), (0.5, 1.0), (2.0, 1.0), (0.0, 2.0), (1.0, 0.5)] {
            let (a, b) = (normal(n, 0.0, 1.0), normal(n, mean, width));
            let distances = squared_distances(column::<Flex>([a, b].concat()));
            let found: f32 = discrepancy(distances, n, &[h as f32]).into_scalar();
            let (within_a, within_b) = (mean_of_kernel(2.0, 0.0), mean_of_kernel(2.0 * width * width, 0.0));
            let expected = within_a + within_b - 2.0 * mean_of_kernel(1.0 + width * width, mean);
            // What 400 parts know of the tails.
            let found = f64::from(found);
            assert!((found - expected).abs() < 3e-3, "{mean} {width}: {found}, expected {expected}");
        }
    }

    #[test]
    fn likeness_is_nought_and_scale_does_not_matter() {
        let of = |a: &[f32], b: &[f32]| -> f32 {
            maximum_mean_discrepancy(column::<Flex>(a.to_vec()), column(b.to_vec())).into_scalar()
        };
        let (a, b) = (normal(200, 0.0, 1.0), normal(150, 1.0, 1.0));
        let scaled = |values: &[f32]| values.iter().map(|x| 1000.0 * x - 5e4).collect::<Vec<_>>();
        // Means of order one in single precision, added in another order.
        assert!(of(&a, &a).abs() < 1e-5);
        assert_eq!(of(&[3.0, 3.0], &[3.0]), 0.0, "no width to measure by");
        assert!((of(&a, &b) - of(&b, &a)).abs() < 1e-5);
        assert!((of(&a, &b) / of(&scaled(&a), &scaled(&b)) - 1.0).abs() < 1e-3);
        let farther: Vec<f32> = b.iter().map(|x| x + 1.0).collect();
        assert!(of(&a, &b) > 3.0 * of(&a, &normal(150, 0.0, 1.0)) && of(&a, &farther) > of(&a, &b));
    }

    #[test]
    fn its_gradient_brings_them_together() {
        type B = Autodiff<Flex>;
        let a = column::<B>(normal(50, 0.0, 1.0));
        let b = column::<B>(normal(50, 2.0, 1.0)).require_grad();
        let gradients = maximum_mean_discrepancy(a, b.clone()).backward();
        let gradient: Vec<f32> = b.grad(&gradients).unwrap().into_data().to_vec().unwrap();
        assert!(gradient.iter().all(|value| value.is_finite()));
        // Down the slope is to the left, towards the others.
        assert!(gradient.iter().sum::<f32>() > 0.0);
    }

    #[test]
    fn the_weight_rises_from_nothing() {
        let config = AlignmentConfig { weight: 2.0 };
        assert_eq!(config.weight_at(0.0), 0.0);
        assert!((config.weight_at(0.1) - 2.0 * 0.5_f64.tanh()).abs() < 1e-12);
        assert!(config.weight_at(1.0) > 1.999 && config.check().is_ok());
        assert!(AlignmentConfig { weight: f64::NAN }.check().is_err());
    }
}
