//! How much a score changes among galaxies drawn anew.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::MetricsError;
use crate::percentile::ordered;

/// A score of all samples of as many galaxies as there are, drawn with replacement, again and again.
///
/// `galaxies` names the galaxy of each sample: all lines of sight of a galaxy are drawn together or not at all, since
/// they are no independent measurements. `score` is called with the indices of the samples drawn, `n_resamples` times.
/// The scores are returned in rising order; their standard deviation is the error of the score, their percentiles are
/// its intervals. The same seed gives the same draws.
///
/// # Errors
/// [`MetricsError::Empty`] without samples.
///
/// # References
/// Efron (1979); Davison & Hinkley (1997), section 3.8, for groups.
///
/// # Examples
/// ```
/// use galmass_metrics::{Residuals, bootstrap_over_galaxies, percentile};
///
/// // Three lines of sight of each of 100 galaxies, whose residuals agree.
/// let galaxies: Vec<u64> = (0..300).map(|sample| sample / 3).collect();
/// let residuals: Vec<f64> = galaxies.iter().map(|galaxy| if galaxy % 2 == 0 { 0.1 } else { -0.1 }).collect();
/// let scores = bootstrap_over_galaxies(&galaxies, 500, 1, |drawn| {
///     drawn.iter().map(|sample| residuals[*sample]).sum::<f64>() / drawn.len() as f64
/// })?;
/// // The error of the mean is 0.1 / sqrt(100), not 0.1 / sqrt(300).
/// let error = 0.5 * (percentile(&scores, 0.84) - percentile(&scores, 0.16));
/// assert!((error - 0.01).abs() < 0.002);
/// # Ok::<(), galmass_metrics::MetricsError>(())
/// ```
pub fn bootstrap_over_galaxies(
    galaxies: &[u64],
    n_resamples: usize,
    seed: u64,
    mut score: impl FnMut(&[usize]) -> f64,
) -> Result<Vec<f64>, MetricsError> {
    if galaxies.is_empty() {
        return Err(MetricsError::Empty);
    }
    let mut samples_of: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (sample, galaxy) in galaxies.iter().enumerate() {
        samples_of.entry(*galaxy).or_default().push(sample);
    }
    let groups: Vec<Vec<usize>> = samples_of.into_values().collect();
    let generator = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(galaxies.len());
    let scores: Vec<f64> = (0..n_resamples)
        .map(|_| {
            drawn.clear();
            for _ in 0..groups.len() {
                drawn.extend_from_slice(&groups[generator.random_range(0..groups.len())]);
            }
            score(&drawn)
        })
        .collect();
    Ok(ordered(&scores))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_sight_stay_together_and_galaxies_count_once() {
        let galaxies = [7, 7, 9, 7, 9, 11];
        let mut n_calls = 0;
        let scores = bootstrap_over_galaxies(&galaxies, 40, 3, |drawn| {
            n_calls += 1;
            let of = |galaxy| drawn.iter().filter(|sample| galaxies[**sample] == galaxy).count();
            assert!(of(7) % 3 == 0 && of(9) % 2 == 0);
            assert_eq!(of(7) / 3 + of(9) / 2 + of(11), 3);
            drawn.len() as f64
        })
        .unwrap();
        assert_eq!((n_calls, scores.len()), (40, 40));
        assert!(scores.is_sorted() && scores[0] < scores[39]);
    }

    #[test]
    fn a_seed_decides_the_draws_and_nothing_cannot_be_drawn_from() {
        let galaxies: Vec<u64> = (0..50).collect();
        let at = |seed| {
            bootstrap_over_galaxies(&galaxies, 5, seed, |drawn| drawn.iter().sum::<usize>() as f64).unwrap()
        };
        assert_eq!(at(1), at(1));
        assert_ne!(at(1), at(2));
        assert_eq!(bootstrap_over_galaxies(&[], 5, 1, |_| 0.0), Err(MetricsError::Empty));
        assert_eq!(bootstrap_over_galaxies(&galaxies, 0, 1, |_| 0.0), Ok(Vec::new()));
    }
}
