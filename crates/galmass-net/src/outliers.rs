//! Whether a galaxy is like those that a network has learnt from.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

/// The share of training galaxies that count as familiar.
const FAMILIAR: f64 = 0.99;
/// The least share of the sphere in the covariance: features that never vary must not divide by zero.
const LEAST_SHRINKAGE: f64 = 1e-4;
/// Rows of a piece of the covariance.
const PIECE: usize = 1024;

/// Where the features of the training galaxies lie: mean and covariance of the numbers that the last layer of the network
/// sees, and how far from their middle a galaxy is still familiar.
///
/// The covariance is shrunk towards a sphere by the share that Ledoit & Wolf (2004, equation 14) estimate, at least 1e-4:
/// there may be as many features as galaxies. The distance is that of Mahalanobis (1936),
///
/// ```text
/// d^2 = (f - mean)^T covariance^-1 (f - mean)
/// ```
///
/// and [`FeatureDistribution::threshold`] is the 99th percentile of the distances of the training galaxies, each taken
/// from the mean and covariance of all the others: a galaxy that took part in both would be too near. About one in a
/// hundred galaxies like those of the training part is beyond it; rather more where the network knows its training
/// galaxies better than others.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureDistribution {
    pub(crate) summary: FeatureSummary,
    /// `[feature]`
    pub(crate) mean: Array1<f64>,
    /// The lower triangle of Cholesky: `[feature, feature]`.
    pub(crate) factor: Array2<f64>,
}

/// The numbers of a distribution that fit a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureSummary {
    pub(crate) threshold: f64,
    pub(crate) shrinkage: f64,
    pub(crate) n_samples: usize,
}

impl FeatureDistribution {
    /// The distance beyond which a galaxy is unlike 99 per cent of the training galaxies.
    pub fn threshold(&self) -> f64 {
        self.summary.threshold
    }

    /// The share of the sphere in the covariance, 0 to 1.
    pub fn shrinkage(&self) -> f64 {
        self.summary.shrinkage
    }

    /// The training galaxies it was fitted to.
    pub fn n_samples(&self) -> usize {
        self.summary.n_samples
    }

    /// The distance of each row of `features`.
    ///
    /// # Shapes
    /// `[sample, feature]` -> one number a sample; NaN where a feature is
    ///
    /// # Panics
    /// Where there are not as many features as the distribution has.
    ///
    /// # Cost
    /// The square of the number of features, a sample.
    pub fn distances(&self, features: ArrayView2<'_, f32>) -> Vec<f64> {
        let squared = |row: ArrayView1<'_, f32>| self.squared_distance(row);
        features.outer_iter().map(|row| squared(row).sqrt()).collect()
    }

    fn squared_distance(&self, features: ArrayView1<'_, f32>) -> f64 {
        let centred = features.mapv(f64::from) - &self.mean;
        solve_lower(&self.factor, centred).iter().map(|x| x * x).sum()
    }

    /// Fits mean, covariance and threshold to the features of training galaxies `[sample, feature]`.
    pub(crate) fn fit(features: ArrayView2<'_, f32>) -> Self {
        let (n_samples, n_features) = features.dim();
        let n = n_samples.max(1) as f64;
        let mut mean = Array1::zeros(n_features);
        features.outer_iter().for_each(|row| mean += &row.mapv(f64::from));
        mean /= n;

        let mut covariance = Array2::<f64>::zeros((n_features, n_features));
        let mut fourth_powers = 0.0;
        for piece in features.axis_chunks_iter(Axis(0), PIECE) {
            let centred = piece.mapv(f64::from) - &mean;
            fourth_powers += centred.outer_iter().map(|row| row.dot(&row).powi(2)).sum::<f64>();
            covariance += &centred.t().dot(&centred);
        }
        covariance /= n;
        let (shrinkage, radius) = shrinkage_of(&covariance, fourth_powers / n, n);
        covariance *= 1.0 - shrinkage;
        covariance.diag_mut().mapv_inplace(|x| x + shrinkage * radius);

        let summary = FeatureSummary { threshold: f64::INFINITY, shrinkage, n_samples };
        let mut fitted = Self { summary, mean, factor: cholesky(covariance) };
        fitted.summary.threshold = fitted.threshold_of(features);
        fitted
    }

    /// The quantile of the distances, each galaxy from the distribution of the others.
    fn threshold_of(&self, features: ArrayView2<'_, f32>) -> f64 {
        let n = features.nrows() as f64;
        if n < 2.0 {
            return f64::INFINITY;
        }
        // Without galaxy x the mean moves by -x / (n - 1), and the covariance loses x x^T (1 - shrinkage) / (n - 1), to
        // first order in 1 / n; Sherman & Morrison (1950) invert it.
        let lost = (1.0 - self.summary.shrinkage) / (n - 1.0);
        let from_others = |row| {
            let with_itself = self.squared_distance(row);
            let rest = (1.0 - lost * with_itself).max(f64::EPSILON);
            n / (n - 1.0) * (with_itself / rest).sqrt()
        };
        let mut distances: Vec<f64> = features.outer_iter().map(from_others).collect();
        distances.sort_unstable_by(f64::total_cmp);
        distances[((FAMILIAR * n).ceil() as usize).clamp(1, distances.len()) - 1]
    }
}

/// How much of a sphere to mix into a covariance of `n` samples, and the variance of that sphere. `fourth_power` is the
/// mean fourth power of the length of a centred sample.
fn shrinkage_of(covariance: &Array2<f64>, fourth_power: f64, n: f64) -> (f64, f64) {
    let n_features = covariance.nrows().max(1) as f64;
    let radius = covariance.diag().sum() / n_features;
    let squares = covariance.iter().map(|x| x * x).sum::<f64>();
    let from_sphere = (squares / n_features - radius * radius).max(0.0);
    let of_noise = ((fourth_power - squares) / (n * n_features)).clamp(0.0, from_sphere);
    // All equal, or a sphere already.
    let shrinkage = if from_sphere > 0.0 { of_noise / from_sphere } else { 1.0 };
    (shrinkage.max(LEAST_SHRINKAGE), radius.max(f64::MIN_POSITIVE.sqrt()))
}

/// The lower triangle L of a positive definite matrix L L^T.
fn cholesky(mut matrix: Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    for row in 0..n {
        let (above, mut rest) = matrix.view_mut().split_at(Axis(0), row);
        let mut this = rest.row_mut(0);
        for column in 0..row {
            let other = above.row(column);
            let sum = this.slice(s![..column]).dot(&other.slice(s![..column]));
            this[column] = (this[column] - sum) / other[column];
        }
        let sum = this.slice(s![..row]).dot(&this.slice(s![..row]));
        // Rounding alone can bring it to zero: the sphere keeps it above.
        this[row] = (this[row] - sum).max(f64::MIN_POSITIVE).sqrt();
        this.slice_mut(s![row + 1..]).fill(0.0);
    }
    matrix
}

/// x of L x = b.
fn solve_lower(factor: &Array2<f64>, mut b: Array1<f64>) -> Array1<f64> {
    for row in 0..b.len() {
        let sum = factor.slice(s![row, ..row]).dot(&b.slice(s![..row]));
        b[row] = (b[row] - sum) / factor[[row, row]];
    }
    b
}

#[cfg(test)]
mod tests {
    use galmass_core::seed;
    use ndarray::array;
    use rand::RngExt;

    use super::*;

    /// Correlated numbers, of which the last never varies.
    fn features(n_samples: usize, n_features: usize, seed: u64) -> Array2<f32> {
        let mut generator = seed::generator(seed);
        let mut features = Array2::zeros((n_samples, n_features));
        for mut row in features.outer_iter_mut() {
            let common = generator.random_range(-3.0..3.0_f32);
            row.mapv_inplace(|_: f32| {
                common + (0..4).map(|_| generator.random_range(-0.5..0.5_f32)).sum::<f32>()
            });
            row[n_features - 1] = 2.0;
        }
        features
    }

    #[test]
    fn distances_are_those_of_the_covariance() {
        // Four points with the covariance diag(4, 1): no share of a sphere but the estimate.
        let points = array![[2.0_f32, 1.0], [2.0, -1.0], [-2.0, 1.0], [-2.0, -1.0]];
        let fitted = FeatureDistribution::fit(points.view());
        let (share, radius) = (fitted.shrinkage(), 2.5);
        let variances = [4.0, 1.0].map(|variance| (1.0 - share) * variance + share * radius);
        let expected = (9.0 / variances[0] + 1.0 / variances[1]).sqrt();
        let found = fitted.distances(array![[3.0_f32, -1.0]].view())[0];
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    /// The short cut against fits without the galaxy; both to first order in 1 / n.
    #[test]
    fn the_threshold_is_that_of_galaxies_which_took_no_part() {
        let features = features(120, 6, 3);
        let fitted = FeatureDistribution::fit(features.view());
        let mut distances: Vec<f64> = (0..120)
            .map(|left_out| {
                let others: Vec<usize> = (0..120).filter(|&other| other != left_out).collect();
                let others = FeatureDistribution::fit(features.select(Axis(0), &others).view());
                others.distances(features.slice(s![left_out..=left_out, ..]))[0]
            })
            .collect();
        distances.sort_unstable_by(f64::total_cmp);
        let expected = distances[118];
        assert!((fitted.threshold() / expected - 1.0).abs() < 0.02, "{} {expected}", fitted.threshold());
    }

    #[test]
    fn few_of_the_same_kind_and_all_of_another_are_outliers() {
        let fitted = FeatureDistribution::fit(features(300, 40, 1).view());
        let share_beyond = |features: Array2<f32>| {
            let distances = fitted.distances(features.view());
            distances.iter().filter(|distance| **distance > fitted.threshold()).count() as f64 / 500.0
        };
        let of_the_same = share_beyond(features(500, 40, 2));
        assert!(of_the_same < 0.05, "{of_the_same}");
        // Each feature within its range, but they do not move together any more.
        let mut generator = seed::generator(9);
        let mut unlike = Array2::from_shape_fn((500, 40), |_| generator.random_range(-3.0..3.0_f32));
        unlike.column_mut(39).fill(2.0);
        assert_eq!(share_beyond(unlike), 1.0);
    }

    #[test]
    fn features_without_any_spread_do_no_harm() {
        let fitted = FeatureDistribution::fit(Array2::from_elem((5, 3), 1.0).view());
        assert_eq!(fitted.distances(array![[1.0_f32, 1.0, 1.0]].view()), [0.0]);
        assert!(fitted.distances(array![[1.0_f32, 1.5, 1.0]].view())[0] > fitted.threshold());
        let lone = FeatureDistribution::fit(array![[1.0_f32]].view());
        assert_eq!(lone.threshold(), f64::INFINITY);
    }
}
