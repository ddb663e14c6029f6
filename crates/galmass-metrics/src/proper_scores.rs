//! Scores that only the true distribution minimises.

use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

use libm::{erf, exp, log};

use crate::percentile::ordered;
use crate::{MetricsError, Posteriors};

/// The continuous ranked probability score of each galaxy in one dimension, from its samples: `E|s - t| - E|s - s'| / 2`
/// (Gneiting & Raftery 2007, equation 21), in the unit of the samples.
///
/// 0 is perfect; a single sample in place of a posterior would have the absolute error. The second mean runs over pairs
/// of unlike samples, so the score does not depend on their number, on average ("fair", Ferro 2014); the best posterior
/// may get below 0 by chance. Cost: a sort of the samples.
///
/// # Errors
/// [`MetricsError::NoSuchDimension`], and [`MetricsError::TooFewSamples`] below two.
///
/// # Examples
/// ```
/// use galmass_metrics::{Posteriors, ranked_probability_scores};
///
/// let posteriors = Posteriors::new(&[1.0, 3.0], &[2.0], 2, 1)?;
/// assert_eq!(ranked_probability_scores(&posteriors, 0)?, [0.0]); // a mean distance of 1, less 2 / 2
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn ranked_probability_scores(
    posteriors: &Posteriors<'_>,
    dimension: usize,
) -> Result<Vec<f64>, MetricsError> {
    posteriors.check_dimension(dimension)?;
    posteriors.check_samples(2)?;
    let n = posteriors.n_samples() as f64;
    let score = |galaxy: usize| {
        let truth = posteriors.truth(galaxy)[dimension];
        let samples = ordered(&posteriors.marginal(galaxy, dimension).collect::<Vec<_>>());
        let to_truth = samples.iter().map(|sample| (sample - truth).abs()).sum::<f64>() / n;
        // In order, sample i is the larger one of i pairs and the smaller one of the others.
        let pairs: f64 = samples
            .iter()
            .enumerate()
            .map(|(i, sample)| (2.0 * i as f64 - (n - 1.0)) * (sample - truth))
            .sum();
        to_truth - pairs / (n * (n - 1.0))
    };
    Ok((0..posteriors.n_galaxies()).map(score).collect())
}

/// The energy score of each galaxy over all dimensions: `E|s - t| - E|s - s'| / 2` with Euclidean distances (Gneiting &
/// Raftery 2007, equation 22).
///
/// In one dimension the [continuous ranked probability score](ranked_probability_scores). Dimensions of unlike units or
/// widths are to be scaled before. Cost: all pairs of samples of each galaxy; some hundred samples are enough.
///
/// # Errors
/// [`MetricsError::TooFewSamples`] below two.
///
/// # Examples
/// ```
/// use galmass_metrics::{Posteriors, energy_scores};
///
/// let posteriors = Posteriors::new(&[0.0, 0.0, 3.0, 4.0], &[3.0, 0.0], 2, 2)?;
/// assert_eq!(energy_scores(&posteriors)?, [1.0]); // (3 + 4) / 2 - 5 / 2
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn energy_scores(posteriors: &Posteriors<'_>) -> Result<Vec<f64>, MetricsError> {
    posteriors.check_samples(2)?;
    let n = posteriors.n_samples() as f64;
    let score = |galaxy: usize| {
        let truth = posteriors.truth(galaxy);
        let to_truth: f64 = posteriors.samples(galaxy).map(|sample| distance(sample, truth)).sum();
        let pairs: f64 = posteriors
            .samples(galaxy)
            .enumerate()
            .map(|(i, a)| posteriors.samples(galaxy).take(i).map(|b| distance(a, b)).sum::<f64>())
            .sum();
        to_truth / n - pairs / (n * (n - 1.0))
    };
    Ok((0..posteriors.n_galaxies()).map(score).collect())
}

/// The continuous ranked probability score of a Gaussian prediction in closed form (Gneiting et al. 2005, equation 5),
/// in the unit of the truth.
///
/// # Errors
/// [`MetricsError::OutOfRange`] for a width that is not above 0, a mean or truth that is not finite.
///
/// # Examples
/// ```
/// use galmass_metrics::gaussian_ranked_probability_score;
///
/// assert!((gaussian_ranked_probability_score(0.0, 1.0, 0.0)? - 0.233_695).abs() < 1e-6);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn gaussian_ranked_probability_score(mean: f64, width: f64, truth: f64) -> Result<f64, MetricsError> {
    let z = standard_score(mean, width, truth)?;
    let density = exp(-0.5 * z * z) / TAU.sqrt();
    Ok(width * (z * erf(z * FRAC_1_SQRT_2) + 2.0 * density - PI.sqrt().recip()))
}

/// Minus the logarithm of the density that a Gaussian prediction gives the truth, `z^2 / 2 + ln(width sqrt(2 pi))`.
///
/// # Errors
/// As [`gaussian_ranked_probability_score`].
///
/// # Examples
/// ```
/// use galmass_metrics::gaussian_negative_log_likelihood;
///
/// assert!((gaussian_negative_log_likelihood(1.0, 1.0, 1.0)? - 0.918_938_533).abs() < 1e-9);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn gaussian_negative_log_likelihood(mean: f64, width: f64, truth: f64) -> Result<f64, MetricsError> {
    let z = standard_score(mean, width, truth)?;
    Ok(0.5 * z * z + log(width) + 0.5 * log(TAU))
}

fn standard_score(mean: f64, width: f64, truth: f64) -> Result<f64, MetricsError> {
    for (name, value) in [("mean", mean), ("truth", truth)] {
        if !value.is_finite() {
            return Err(MetricsError::OutOfRange { name, value, range: "a finite number" });
        }
    }
    if !(width > 0.0 && width.is_finite()) {
        return Err(MetricsError::OutOfRange {
            name: "width",
            value: width,
            range: "a finite number above 0",
        });
    }
    Ok((truth - mean) / width)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussians::Gaussians;
    use crate::percentile::mean;

    /// `E|x - x'| / 2` of a standard normal in d dimensions: `Gamma((d + 1) / 2) / Gamma(d / 2)`.
    fn of_exact(n_dimensions: usize) -> f64 {
        let d = n_dimensions as f64;
        exp(libm::lgamma(0.5 * (d + 1.0)) - libm::lgamma(0.5 * d))
    }

    #[test]
    fn exact_gaussians_have_the_analytic_scores() {
        for n_dimensions in [1, 2, 10] {
            let gaussians = Gaussians::draw(3000, 30, n_dimensions, 1.0, 0.0);
            let found = mean(&energy_scores(&gaussians.posteriors()).unwrap());
            assert!((found / of_exact(n_dimensions) - 1.0).abs() < 0.03, "{n_dimensions}: {found}");
        }
    }

    #[test]
    fn a_ranked_probability_score_is_an_energy_score_in_one_dimension() {
        let gaussians = Gaussians::draw(20, 30, 1, 0.7, 0.2);
        let (ranked, energy) = (
            ranked_probability_scores(&gaussians.posteriors(), 0).unwrap(),
            energy_scores(&gaussians.posteriors()).unwrap(),
        );
        assert!(ranked.iter().zip(&energy).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn the_samples_of_a_gaussian_have_its_score() {
        let gaussians = Gaussians::draw(1, 20_000, 1, 1.0, 0.0);
        let posteriors = gaussians.posteriors();
        let centre = mean(&posteriors.marginal(0, 0).collect::<Vec<_>>());
        let closed = gaussian_ranked_probability_score(centre, 1.0, posteriors.truth(0)[0]).unwrap();
        assert!((ranked_probability_scores(&posteriors, 0).unwrap()[0] - closed).abs() < 0.01);
    }

    #[test]
    fn wrong_widths_and_biases_cost() {
        let energy = |narrowed, shift| {
            mean(&energy_scores(&Gaussians::draw(500, 30, 4, narrowed, shift).posteriors()).unwrap())
        };
        let exact = energy(1.0, 0.0);
        assert!(energy(0.5, 0.0) > exact && energy(2.0, 0.0) > exact && energy(1.0, 0.5) > exact);
    }

    #[test]
    fn what_is_missing_is_named() {
        let one = Posteriors::new(&[1.0], &[1.0], 1, 1).unwrap();
        assert_eq!(energy_scores(&one), Err(MetricsError::TooFewSamples { n_samples: 1, lowest: 2 }));
        assert!(ranked_probability_scores(&one, 0).is_err());
        let error = gaussian_negative_log_likelihood(0.0, 0.0, 1.0).unwrap_err();
        assert_eq!(error.to_string(), "`width` is 0, not a finite number above 0");
        assert!(gaussian_ranked_probability_score(f64::NAN, 1.0, 1.0).is_err());
    }
}
